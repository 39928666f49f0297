//! What a runtime is asked to run.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::RuntimeError;

/// Longest name of a container in characters (the rule of the service specification).
const NAME_LIMIT: usize = 63;

/// Names one deployment of one instance; ordered by service, instance number and attempt.
///
/// ```
/// use floe_runtime::InstanceKey;
/// let key = InstanceKey::new("ECHO_SERVICE", 1, 7);
/// assert_eq!(key.to_string(), "ECHO_SERVICE/1#7");
/// assert!(key < InstanceKey::new("ECHO_SERVICE", 1, 8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceKey {
    /// The service; any text that is unique among the services of one runtime.
    pub service: String,
    /// The instance number, from 0.
    pub instance: u32,
    /// Counts the deployments of this instance, so that late news of an older deployment is
    /// never mistaken for news of the current one.
    pub attempt: u64,
}

impl InstanceKey {
    /// Makes a key.
    ///
    /// ```
    /// assert_eq!(floe_runtime::InstanceKey::new("S", 0, 1).attempt, 1);
    /// ```
    pub fn new(service: impl Into<String>, instance: u32, attempt: u64) -> Self {
        Self {
            service: service.into(),
            instance,
            attempt,
        }
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}#{}", self.service, self.instance, self.attempt)
    }
}

/// Everything a runtime needs to start one instance.
///
/// ```
/// use floe_runtime::{InstanceKey, sim::sample_plan};
/// let plan = sample_plan(InstanceKey::new("ECHO_SERVICE", 1, 1));
/// assert_eq!(plan.name, "ECHO_SERVICE/1");
/// assert_eq!(plan.containers.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstancePlan {
    /// Which deployment this is.
    pub key: InstanceKey,
    /// What messages call it, for example `ECHO_SERVICE/1`.
    pub name: String,
    /// The containers; all of them share one network identity.
    pub containers: Vec<ContainerPlan>,
    /// The ports that the containers are going to listen on.
    pub ports: Vec<PortPlan>,
}

impl InstancePlan {
    /// Proves that the plan is whole: at least one container, names that are unique and usable
    /// as file names, a program for each, environment names that a process can have, no port 0.
    ///
    /// Runtimes call it first in their `check`.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, sim::sample_plan};
    /// let mut plan = sample_plan(InstanceKey::new("ECHO_SERVICE", 0, 1));
    /// assert!(plan.validate().is_ok());
    /// plan.containers[0].argv.clear();
    /// assert_eq!(plan.validate().unwrap_err().code(), "FLOE-RUNTIME-0002");
    /// ```
    ///
    /// # Errors
    /// [`RuntimeError::InvalidPlan`], naming the first field that is wrong.
    pub fn validate(&self) -> Result<(), RuntimeError> {
        if self.containers.is_empty() {
            return Err(self.invalid("containers".into(), "at least one container is needed"));
        }
        let mut names = BTreeSet::new();
        for (index, container) in self.containers.iter().enumerate() {
            if !names.insert(container.name.as_str()) {
                let field = format!("containers[{index}].name");
                return Err(self.invalid(field, "another container has the same name"));
            }
            container.find_fault().map_or(Ok(()), |(field, reason)| {
                Err(self.invalid(format!("containers[{index}].{field}"), reason))
            })?;
        }
        match self.ports.iter().position(|port| port.port == 0) {
            Some(index) => Err(self.invalid(format!("ports[{index}].port"), "0 is no port")),
            None => Ok(()),
        }
    }

    /// Returns the first need of the plan that `honours` says no to, as the error to refuse with.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, Need, NeedKind, sim::sample_plan};
    /// let mut plan = sample_plan(InstanceKey::new("ECHO_SERVICE", 0, 1));
    /// assert!(plan.refuse_needs("paper", |_| false).is_ok());
    /// plan.containers[0].needs.push(Need::new(NeedKind::Gpu, "spec.containers[0].resources"));
    /// let error = plan.refuse_needs("paper", |need| need.kind != NeedKind::Gpu).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-RUNTIME-0001");
    /// assert!(error.to_string().contains("spec.containers[0].resources"));
    /// ```
    ///
    /// # Errors
    /// [`RuntimeError::Unsupported`], naming the field of the specification and the runtime.
    pub fn refuse_needs(
        &self,
        runtime: &str,
        honours: impl Fn(&Need) -> bool,
    ) -> Result<(), RuntimeError> {
        let needs = self
            .containers
            .iter()
            .flat_map(|container| &container.needs);
        match needs.into_iter().find(|need| !honours(need)) {
            None => Ok(()),
            Some(need) => Err(RuntimeError::Unsupported {
                instance: self.name.clone(),
                runtime: runtime.to_owned(),
                field: need.field.clone(),
                need: need.kind.clone(),
            }),
        }
    }

    fn invalid(&self, field: String, reason: &'static str) -> RuntimeError {
        RuntimeError::InvalidPlan {
            instance: self.name.clone(),
            field,
            reason,
        }
    }
}

/// One container of an instance.
///
/// ```
/// use floe_runtime::{InstanceKey, sim::sample_plan};
/// let plan = sample_plan(InstanceKey::new("ECHO_SERVICE", 0, 1));
/// assert_eq!(plan.containers[0].name, "main");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerPlan {
    /// The name, unique in the instance: lower-case letters, digits and `-`, at most 63.
    pub name: String,
    /// The image it runs.
    pub image: ImageRoot,
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// The environment, in order; a later value of the same name wins.
    pub env: Vec<(String, String)>,
    /// The working directory inside the image; none means the image's root.
    pub working_dir: Option<String>,
    /// How to ask whether the container is ready; none means ready as soon as it has started.
    pub readiness: Option<Probe>,
    /// What the specification asks that not every runtime can honour.
    pub needs: Vec<Need>,
}

impl ContainerPlan {
    /// Returns the environment with every name once, the last value of each.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, sim::sample_plan};
    /// let mut plan = sample_plan(InstanceKey::new("S", 0, 1));
    /// let container = &mut plan.containers[0];
    /// container.env = [("A", "1"), ("B", "2"), ("A", "3")]
    ///     .map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    /// assert_eq!(container.final_env(), [("A", "3"), ("B", "2")]);
    /// ```
    pub fn final_env(&self) -> Vec<(&str, &str)> {
        let mut last = std::collections::BTreeMap::new();
        for (name, value) in &self.env {
            last.insert(name.as_str(), value.as_str());
        }
        last.into_iter().collect()
    }

    fn find_fault(&self) -> Option<(&'static str, &'static str)> {
        if !is_container_name(&self.name) {
            return Some((
                "name",
                "use 1 to 63 of a-z, 0-9 and `-`, starting with a letter",
            ));
        }
        if self.argv.first().is_none_or(String::is_empty) {
            return Some(("argv", "the program to run is missing"));
        }
        if self.argv.iter().any(|argument| argument.contains('\0')) {
            return Some(("argv", "an argument cannot hold a NUL character"));
        }
        let bad_name = |name: &str| name.is_empty() || name.contains(['=', '\0']);
        if self.env.iter().any(|(name, _)| bad_name(name)) {
            return Some((
                "env",
                "a name cannot be empty or hold `=` or a NUL character",
            ));
        }
        if self.env.iter().any(|(_, value)| value.contains('\0')) {
            return Some(("env", "a value cannot hold a NUL character"));
        }
        match &self.readiness {
            Some(probe) => probe.find_fault(),
            None => None,
        }
    }
}

fn is_container_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.len() <= NAME_LIMIT
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(inner)
}

/// An image that lies unpacked on this machine.
///
/// ```
/// let image = floe_runtime::ImageRoot {
///     reference: "/db/schema/repo/echo:latest".into(),
///     digest: "sha256:00".into(),
///     root: "/var/lib/floe/roots/00".into(),
/// };
/// assert!(image.root.is_absolute());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRoot {
    /// The image as the user wrote it.
    pub reference: String,
    /// The digest that the reference meant when the service was created, `sha256:` and hex.
    pub digest: String,
    /// The directory that holds the unpacked layers.
    pub root: PathBuf,
}

/// A port that the instance listens on.
///
/// ```
/// let port = floe_runtime::PortPlan { name: "echoendpoint".into(), port: 8000 };
/// assert_eq!(port.port, 8000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortPlan {
    /// The endpoint's name.
    pub name: String,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// A readiness probe: HTTP GET on the instance's own address; the answer 200 means ready.
///
/// ```
/// use std::time::Duration;
/// let probe = floe_runtime::Probe::new(8000, "/healthcheck");
/// assert_eq!((probe.period, probe.failure_threshold), (Duration::from_secs(5), 3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The port, 1 to 65535; it need not be one of the plan's ports.
    pub port: u16,
    /// The path with its leading slash, and the query if any.
    pub path: String,
    /// The time between two probes; not zero.
    pub period: Duration,
    /// How many failures in a row make a ready container not ready; not zero.
    pub failure_threshold: u32,
}

impl Probe {
    /// Makes a probe with the defaults of the service specification: every 5 s, 3 failures.
    ///
    /// ```
    /// assert_eq!(floe_runtime::Probe::new(8000, "/").port, 8000);
    /// ```
    pub fn new(port: u16, path: impl Into<String>) -> Self {
        Self {
            port,
            path: path.into(),
            period: Duration::from_secs(5),
            failure_threshold: 3,
        }
    }

    fn find_fault(&self) -> Option<(&'static str, &'static str)> {
        if self.port == 0 {
            return Some(("readiness.port", "0 is no port"));
        }
        if !self.path.starts_with('/') || self.path.contains(|c: char| c <= ' ' || c == '\x7f') {
            let reason = "use a path that starts with `/` and has no spaces";
            return Some(("readiness.path", reason));
        }
        if self.period.is_zero() {
            return Some((
                "readiness.period",
                "the time between two probes cannot be zero",
            ));
        }
        (self.failure_threshold == 0).then_some((
            "readiness.failure_threshold",
            "at least one failure is needed",
        ))
    }
}

/// Something the specification asks that not every runtime can honour.
///
/// ```
/// use floe_runtime::{Need, NeedKind};
/// let need = Need::new(NeedKind::Gpu, "spec.containers[0].resources.requests");
/// assert_eq!(need.kind.to_string(), "GPUs");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What is asked.
    pub kind: NeedKind,
    /// The field of the specification that asks it.
    pub field: String,
}

impl Need {
    /// Makes a need.
    ///
    /// ```
    /// use floe_runtime::{Need, NeedKind};
    /// assert_eq!(Need::new(NeedKind::Secret, "spec").field, "spec");
    /// ```
    pub fn new(kind: NeedKind, field: impl Into<String>) -> Self {
        Self {
            kind,
            field: field.into(),
        }
    }
}

/// The kinds of [`Need`]; displayed as the plural noun that messages use.
///
/// ```
/// use floe_runtime::NeedKind;
/// assert_eq!(NeedKind::StageVolume.to_string(), "stage volumes");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NeedKind {
    /// `nvidia.com/gpu` in the resources.
    Gpu,
    /// A volume with `source: block`.
    BlockVolume,
    /// A volume whose source is a stage.
    StageVolume,
    /// A volume with `source: memory`.
    MemoryVolume,
    /// A volume with `source: local`.
    LocalVolume,
    /// A secret given as environment variable or file.
    Secret,
    /// A liveness probe.
    LivenessProbe,
    /// A cap on memory or processor time that must be enforced.
    ResourceLimit,
    /// The session token file or its settings.
    SessionToken,
    /// Anything else, as the plural noun that messages use.
    Other(String),
}

impl fmt::Display for NeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpu => "GPUs",
            Self::BlockVolume => "block volumes",
            Self::StageVolume => "stage volumes",
            Self::MemoryVolume => "memory volumes",
            Self::LocalVolume => "local volumes",
            Self::Secret => "secrets",
            Self::LivenessProbe => "liveness probes",
            Self::ResourceLimit => "enforced resource limits",
            Self::SessionToken => "session token settings",
            Self::Other(noun) => noun,
        })
    }
}
