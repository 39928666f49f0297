//! One revision of a service, ready to be put on a runtime.

use std::path::PathBuf;
use std::time::Duration;

use floe_image::{Digest, ImageConfig, ImageError, ImageStore};
use floe_runtime::{
    ContainerPlan, ImageRoot, InstanceKey, InstancePlan, Need, NeedKind, PortPlan, Probe,
};
use floe_scale::{Rules, ScaleError};
use floe_spec::{Container, Context, Port, ValidSpec, VolumeSource};

use crate::catalog::{DATABASE, RevisionRecord, SCHEMA};
use crate::{scaling, support};

/// Account locator that containers see; the engine is its own account.
const ACCOUNT: &str = "FLOE";

/// A specification with its images pinned.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) service: String,
    pub(crate) spec: ValidSpec,
    pub(crate) record: RevisionRecord,
}

/// An image a container runs, unpacked.
struct Rooted {
    digest: Digest,
    config: ImageConfig,
    root: PathBuf,
}

impl Deployment {
    /// The plan of one instance. Unpacks images that are not unpacked yet, so
    /// it reads and writes files.
    ///
    /// # Errors
    ///
    /// Those of the image store: a pinned image that is gone, a damaged layer.
    pub(crate) fn plan(
        &self,
        key: InstanceKey,
        images: &ImageStore,
    ) -> Result<InstancePlan, ImageError> {
        let mut containers = Vec::new();
        for (index, container) in self.spec.containers().iter().enumerate() {
            let image = self.root(container, images)?;
            containers.push(self.container(index, container, image));
        }
        Ok(InstancePlan {
            name: format!("{}/{}", self.service, key.instance),
            key,
            containers,
            ports: self.ports(),
        })
    }

    /// The plan without touching any image: enough for a runtime to say
    /// whether it could honour the specification.
    pub(crate) fn outline(&self) -> InstancePlan {
        let containers = self.spec.containers().iter().enumerate();
        let containers = containers
            .map(|(index, container)| {
                let image = Rooted {
                    digest: Digest::of(b""),
                    config: ImageConfig {
                        entrypoint: vec!["/bin/true".to_owned()],
                        ..ImageConfig::default()
                    },
                    root: PathBuf::from("/"),
                };
                self.container(index, container, image)
            })
            .collect();
        InstancePlan {
            key: InstanceKey::new(self.service.clone(), 0, 0),
            name: self.service.clone(),
            containers,
            ports: self.ports(),
        }
    }

    /// The port of an endpoint that service functions can call: not a range.
    pub(crate) fn port(&self, endpoint: &str) -> Option<u16> {
        let mut endpoints = self.spec.endpoints().iter();
        let found = endpoints.find(|found| found.name == endpoint)?;
        match found.port {
            Port::Single(port) => Some(port),
            Port::Range(..) => None,
        }
    }

    /// By which rules the service is scaled and suspended.
    ///
    /// # Errors
    ///
    /// When AUTO_SUSPEND_SECS and the specification contradict each other.
    pub(crate) fn rules(&self, auto_suspend_secs: u64) -> Result<Rules, ScaleError> {
        let secs = u32::try_from(auto_suspend_secs).unwrap_or(u32::MAX);
        Rules::new(&scaling::settings(&self.spec, Context::Service, secs))
    }

    /// The digest an image of the specification is pinned to.
    pub(crate) fn pin(&self, written: &str) -> Option<&str> {
        let pin = self
            .record
            .images
            .iter()
            .find(|pin| pin.written == written)?;
        Some(&pin.digest)
    }

    fn root(&self, container: &Container, images: &ImageStore) -> Result<Rooted, ImageError> {
        let digest = Digest::parse(self.pin(&container.image).unwrap_or_default())?;
        let image = images.by_digest(&digest)?;
        let root = images.unpack(&digest)?;
        Ok(Rooted {
            digest,
            config: image.config,
            root,
        })
    }

    fn container(&self, index: usize, container: &Container, image: Rooted) -> ContainerPlan {
        let mut env = image.config.env.clone();
        env.extend(self.platform_env());
        env.extend(container.env.iter().cloned());
        ContainerPlan {
            name: container.name.clone(),
            argv: argv(container, &image.config),
            env,
            working_dir: image.config.working_dir.clone(),
            readiness: container.readiness_probe.as_ref().map(|probe| Probe {
                port: probe.port,
                path: probe.path.clone(),
                period: Duration::from_secs(u64::from(probe.period_seconds)),
                failure_threshold: probe.failure_threshold,
            }),
            needs: self.needs(index, container),
            image: ImageRoot {
                reference: container.image.clone(),
                digest: image.digest.to_string(),
                root: image.root,
            },
        }
    }

    /// Variables that every container gets (Snowflake documentation, "Working
    /// with services"). The specification's own `env` may override them.
    fn platform_env(&self) -> Vec<(String, String)> {
        [
            ("SNOWFLAKE_ACCOUNT", ACCOUNT),
            ("SNOWFLAKE_DATABASE", DATABASE),
            ("SNOWFLAKE_SCHEMA", SCHEMA),
            ("SNOWFLAKE_SERVICE_NAME", &self.service),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn needs(&self, index: usize, container: &Container) -> Vec<Need> {
        let mut needs = Vec::new();
        for (at, mount) in container.volume_mounts.iter().enumerate() {
            let volume = self
                .spec
                .volumes()
                .iter()
                .find(|volume| volume.name == mount.name);
            let kind = match volume.map(|volume| &volume.source) {
                Some(VolumeSource::Local) => NeedKind::LocalVolume,
                Some(VolumeSource::Memory) => NeedKind::MemoryVolume,
                Some(VolumeSource::Block) => NeedKind::BlockVolume,
                Some(_) => NeedKind::StageVolume,
                None => NeedKind::Other("volumes that the specification does not have".to_owned()),
            };
            needs.push(Need::new(
                kind,
                format!("spec.containers[{index}].volumeMounts[{at}]"),
            ));
        }
        let prefix = format!("spec.containers[{index}].");
        needs.extend(support::needs(&self.spec).into_iter().filter(|need| {
            // What is not about one container is asked once, by the first.
            let elsewhere = need.field.starts_with("spec.containers[");
            need.field.starts_with(&prefix) || (index == 0 && !elsewhere)
        }));
        needs
    }

    fn ports(&self) -> Vec<PortPlan> {
        self.spec
            .endpoints()
            .iter()
            .filter_map(|endpoint| match endpoint.port {
                Port::Single(port) => Some(PortPlan {
                    name: endpoint.name.clone(),
                    port,
                }),
                // A range is the servers' own to open, port by port.
                Port::Range(..) => None,
            })
            .collect()
    }
}

/// `command` replaces ENTRYPOINT and with it CMD; `args` replaces CMD
/// (Snowflake documentation, "Service specification reference").
fn argv(container: &Container, config: &ImageConfig) -> Vec<String> {
    match (&container.command, &container.args) {
        (Some(command), args) => command
            .iter()
            .chain(args.iter().flatten())
            .cloned()
            .collect(),
        (None, Some(args)) => config.entrypoint.iter().chain(args).cloned().collect(),
        (None, None) => config
            .entrypoint
            .iter()
            .chain(&config.cmd)
            .cloned()
            .collect(),
    }
}
