//! A specification as a map from paths with names in them to single values.
//!
//! Here is also what a change of each field does: the effect stands where the field is read.

use super::Effect::{InPlace, Refused, Restart};
use super::effect::Breaks;
use super::scaling::scaling;
use super::{Effect, Entries};
use crate::model::{
    BlockConfig, Container, CorsSettings, Endpoint, Port, Probe, ResourceList, Resources,
    SecretSource, SecretTarget, SecretUse, ServiceRole, SessionTokenConfig, Volume, VolumeSource,
};
use crate::{Context, Retention, ValidSpec, keys};

/// One value of a specification.
pub(super) struct Entry {
    /// The value for people, as it is written where it is written.
    pub(super) shown: String,
    /// Equal exactly when two values mean the same.
    pub(super) meaning: String,
    /// What a change of it does to a running service.
    pub(super) effect: Effect,
    /// Who relies on it.
    pub(super) breaks: Breaks,
    /// Path of the item that it is part of, when that may come and go as a whole.
    pub(super) item: Option<String>,
}

/// All values, the defaults of those that are not written among them.
pub(super) fn flatten(spec: &ValidSpec) -> Entries {
    let mut flat = Flat::default();
    for item in &spec.containers {
        let path = format!("spec.containers[{}]", item.name);
        flat.item(&path, &item.image, Restart, Breaks::Nobody, |flat| {
            container(flat, &path, item);
        });
    }
    for item in &spec.endpoints {
        let path = format!("spec.endpoints[{}]", item.name);
        let breaks = Breaks::Endpoint(item.name.clone());
        flat.item(&path, &port(item.port), InPlace, breaks, |flat| {
            endpoint(flat, &path, item);
        });
    }
    for item in &spec.volumes {
        let path = format!("spec.volumes[{}]", item.name);
        flat.item(
            &path,
            source(&item.source),
            settled(item),
            Breaks::Nobody,
            |flat| {
                volume(flat, &path, item);
            },
        );
    }
    for item in &spec.service_roles {
        service_role(&mut flat, item);
    }
    let path = "capabilities.securityContext";
    let capabilities = &spec.capabilities;
    for (name, value, breaks) in [
        (
            "executeAsCaller",
            capabilities.execute_as_caller,
            Breaks::Caller,
        ),
        (
            "enableCustomCredentials",
            capabilities.enable_custom_credentials,
            Breaks::Nobody,
        ),
    ] {
        flat.relied(
            format!("{path}.{name}"),
            &value.to_string(),
            Restart,
            breaks,
        );
    }
    observability(&mut flat, spec);
    scaling(&mut flat, spec);
    flat.entries
}

fn container(flat: &mut Flat, path: &str, item: &Container) {
    let mut put = |name: &str, value: &str| flat.put(format!("{path}.{name}"), value, Restart);
    put("image", &item.image);
    for (name, list) in [("command", &item.command), ("args", &item.args)] {
        if let Some(list) = list {
            // The form of Rust's debug output is unambiguous, and near to a YAML flow list.
            put(name, &format!("{list:?}"));
        }
    }
    for (name, value) in &item.env {
        put(&format!("env.{name}"), value);
    }
    put("mountSessionToken", &item.mount_session_token.to_string());
    session_token(flat, path, item.session_token.as_ref());
    for (name, value) in [
        ("readinessProbe", &item.readiness_probe),
        ("livenessProbe", &item.liveness_probe),
    ] {
        if let Some(value) = value {
            probe(flat, &format!("{path}.{name}"), value);
        }
    }
    resources(flat, path, &item.resources);
    for mount in &item.volume_mounts {
        let directory = mount.mount_path.trim_end_matches('/');
        flat.put(
            format!("{path}.volumeMounts[{directory}]"),
            &mount.name,
            Restart,
        );
    }
    for item in &item.secrets {
        secret(flat, path, item);
    }
}

fn session_token(flat: &mut Flat, path: &str, config: Option<&SessionTokenConfig>) {
    let directory = config.and_then(|config| config.path.as_deref());
    let permission = config.and_then(|config| config.permission.as_deref());
    let connection = config.is_some_and(|config| config.mount_connection_config);
    for (name, value) in [
        (
            "path",
            directory.unwrap_or(SessionTokenConfig::DEFAULT_PATH),
        ),
        (
            "permission",
            permission.unwrap_or(SessionTokenConfig::DEFAULT_PERMISSION),
        ),
        (
            "mountConnectionConfig",
            if connection { "true" } else { "false" },
        ),
    ] {
        flat.put(format!("{path}.sessionTokenConfig.{name}"), value, Restart);
    }
}

fn probe(flat: &mut Flat, path: &str, item: &Probe) {
    flat.item(
        path,
        &format!(":{}{}", item.port, item.path),
        Restart,
        Breaks::Nobody,
        |flat| {
            for (name, value) in [
                ("port", item.port.to_string()),
                ("path", item.path.clone()),
                ("periodSeconds", item.period_seconds.to_string()),
                ("failureThreshold", item.failure_threshold.to_string()),
            ] {
                flat.put(format!("{path}.{name}"), &value, Restart);
            }
        },
    );
}

fn resources(flat: &mut Flat, path: &str, resources: &Resources) {
    for (side, list) in [
        ("requests", &resources.requests),
        ("limits", &resources.limits),
    ] {
        let ResourceList { cpu, memory, gpu } = list;
        let path = format!("{path}.resources.{side}");
        if let Some(cpu) = cpu {
            let millis = cpu.millis().to_string();
            flat.meant(format!("{path}.cpu"), &cpu.to_string(), millis, Restart);
        }
        if let Some(memory) = memory {
            let bytes = memory.bytes().to_string();
            flat.meant(
                format!("{path}.memory"),
                &memory.to_string(),
                bytes,
                Restart,
            );
        }
        if let Some(gpu) = gpu {
            flat.put(format!("{path}.{}", keys::GPU), &gpu.to_string(), Restart);
        }
    }
}

/// A secret goes by the place where it appears, which is what the container knows of it.
fn secret(flat: &mut Flat, path: &str, item: &SecretUse) {
    let (SecretSource::Object(secret) | SecretSource::Reference(secret)) = &item.secret;
    let mut shown = match &item.secret {
        SecretSource::Object(_) => secret.clone(),
        SecretSource::Reference(_) => format!("reference {secret}"),
    };
    let name = match &item.target {
        SecretTarget::Env { name, key } => {
            if let Some(key) = key {
                shown = format!("{} of {shown}", key.word());
            }
            name
        }
        SecretTarget::Directory(directory) => directory,
        SecretTarget::Unstated => secret,
    };
    flat.put(format!("{path}.secrets[{name}]"), &shown, Restart);
}

fn endpoint(flat: &mut Flat, path: &str, item: &Endpoint) {
    let protocol = item.protocol.word();
    let name = || item.name.clone();
    for (field, value, breaks) in [
        ("port", port(item.port), Breaks::Port(name())),
        ("public", item.public.to_string(), Breaks::Public(name())),
        ("protocol", protocol.to_owned(), Breaks::Protocol(name())),
    ] {
        flat.relied(format!("{path}.{field}"), &value, InPlace, breaks);
    }
    if let Some(settings) = &item.cors {
        cors(flat, &format!("{path}.corsSettings"), settings, &item.name);
    }
}

fn port(port: Port) -> String {
    match port {
        Port::Single(port) => port.to_string(),
        Port::Range(low, high) => format!("{low}-{high}"),
    }
}

/// Lists of CORS are sets: what stands in them counts, not where.
fn cors(flat: &mut Flat, path: &str, settings: &CorsSettings, endpoint: &str) {
    let none = Vec::new();
    let headers = settings.allow_headers.as_ref().unwrap_or(&none);
    let exposed = settings.expose_headers.as_ref().unwrap_or(&none);
    let methods = settings.allow_methods.as_ref().unwrap_or(&none);
    type Kind = fn(String) -> Breaks;
    for (name, list, breaks, folded) in [
        (
            "Access-Control-Allow-Origin",
            &settings.allow_origin,
            Breaks::Origin as Kind,
            false,
        ),
        (
            "Access-Control-Allow-Methods",
            methods,
            Breaks::Method,
            false,
        ),
        ("Access-Control-Allow-Headers", headers, Breaks::Sent, true),
        ("Access-Control-Expose-Headers", exposed, Breaks::Read, true),
    ] {
        for text in list {
            // Names of headers mean the same in any letter case.
            let key = if folded {
                text.to_ascii_lowercase()
            } else {
                text.clone()
            };
            flat.member(
                format!("{path}.{name}[{key}]"),
                text,
                breaks(endpoint.to_owned()),
            );
        }
    }
}

fn volume(flat: &mut Flat, path: &str, item: &Volume) {
    let settled = settled(item);
    flat.put(format!("{path}.source"), source(&item.source), settled);
    let sized = matches!(item.source, VolumeSource::Memory | VolumeSource::Block);
    if let Some(size) = item.size.as_ref().filter(|_| sized) {
        let bytes = size.bytes().to_string();
        flat.meant(format!("{path}.size"), &size.to_string(), bytes, settled);
    }
    let owned = matches!(
        item.source,
        VolumeSource::Block | VolumeSource::Stage { .. }
    );
    for (name, id) in [("uid", item.uid), ("gid", item.gid)] {
        if let Some(id) = id.filter(|_| owned) {
            flat.put(format!("{path}.{name}"), &id.to_string(), Restart);
        }
    }
    if item.source == VolumeSource::Block {
        block(
            flat,
            &format!("{path}.blockConfig"),
            &item.block.clone().unwrap_or_default(),
        );
    }
    if let Some(config) = &item.stage {
        let path = format!("{path}.stageConfig");
        flat.put(format!("{path}.name"), &config.name, Restart);
        if let Some(time) = &config.metadata_cache {
            let seconds = time.seconds().to_string();
            flat.meant(
                format!("{path}.metadataCache"),
                &time.to_string(),
                seconds,
                Restart,
            );
        }
        resources(flat, &path, &config.resources);
    }
}

fn source(source: &VolumeSource) -> &str {
    match source {
        VolumeSource::Local => "local",
        VolumeSource::Memory => "memory",
        VolumeSource::Block => "block",
        VolumeSource::Stage { path } => path.as_deref().unwrap_or("stage"),
    }
}

/// What it takes to change what a volume is made of.
fn settled(volume: &Volume) -> Effect {
    match volume.source {
        VolumeSource::Block => Refused,
        VolumeSource::Local | VolumeSource::Memory | VolumeSource::Stage { .. } => Restart,
    }
}

/// Speeds have no default that holds on every cloud, so one that is written is a difference.
fn block(flat: &mut Flat, path: &str, config: &BlockConfig) {
    if let Some(snapshot) = &config.from_snapshot {
        flat.put(
            format!("{path}.initialContents.fromSnapshot"),
            snapshot,
            Refused,
        );
    }
    for (name, speed) in [("iops", config.iops), ("throughput", config.throughput)] {
        if let Some(speed) = speed {
            flat.put(format!("{path}.{name}"), &speed.to_string(), Refused);
        }
    }
    let encryption = config.encryption.unwrap_or_default().word();
    flat.put(format!("{path}.encryption"), encryption, Refused);
    // Only services are altered; jobs have another default.
    let taken = config.snapshots_on_delete(Context::Service).to_string();
    flat.put(format!("{path}.snapshotOnDelete"), &taken, InPlace);
    let kept = config.snapshot_delete_after.unwrap_or(Retention::DEFAULT);
    let hours = kept.hours().to_string();
    flat.meant(
        format!("{path}.snapshotDeleteAfter"),
        &kept.to_string(),
        hours,
        InPlace,
    );
}

fn service_role(flat: &mut Flat, item: &ServiceRole) {
    let path = format!("serviceRoles[{}]", item.name);
    let breaks = Breaks::Role(item.name.clone());
    flat.item(&path, &item.endpoints.join(", "), InPlace, breaks, |flat| {
        for endpoint in &item.endpoints {
            let breaks = Breaks::RoleEndpoint(item.name.clone());
            flat.member(format!("{path}.endpoints[{endpoint}]"), endpoint, breaks);
        }
    });
}

fn observability(flat: &mut Flat, spec: &ValidSpec) {
    let level = spec.observability.log_level.unwrap_or_default().word();
    flat.put(
        "spec.logExporters.eventTableConfig.logLevel".to_owned(),
        level,
        InPlace,
    );
    for group in &spec.observability.metric_groups {
        let group = group.word();
        let path = format!("spec.platformMonitor.metricConfig.groups[{group}]");
        flat.member(path, group, Breaks::Nobody);
    }
}

/// Collects entries; those that are put inside an item belong to it.
#[derive(Default)]
pub(super) struct Flat {
    entries: Entries,
    item: Option<String>,
}

impl Flat {
    /// A value whose text is its meaning.
    pub(super) fn put(&mut self, path: String, value: &str, effect: Effect) {
        self.meant(path, value, value.to_owned(), effect);
    }

    /// A value that may be written in several ways.
    pub(super) fn meant(&mut self, path: String, shown: &str, meaning: String, effect: Effect) {
        self.add(path, shown, meaning, effect, Breaks::Nobody);
    }

    /// A value that callers may rely on.
    pub(super) fn relied(&mut self, path: String, value: &str, effect: Effect, breaks: Breaks) {
        self.add(path, value, value.to_owned(), effect, breaks);
    }

    /// A member of a set, which has no other meaning than to be there.
    pub(super) fn member(&mut self, path: String, shown: &str, breaks: Breaks) {
        if !self.entries.contains_key(&path) {
            self.add(path, shown, String::new(), InPlace, breaks);
        }
    }

    /// An item that may come or go as a whole, and what is put inside.
    pub(super) fn item(
        &mut self,
        path: &str,
        shown: &str,
        effect: Effect,
        breaks: Breaks,
        inside: impl FnOnce(&mut Flat),
    ) {
        self.add(path.to_owned(), shown, String::new(), effect, breaks);
        let outer = self.item.replace(path.to_owned());
        inside(self);
        self.item = outer;
    }

    fn add(&mut self, path: String, shown: &str, meaning: String, effect: Effect, breaks: Breaks) {
        // Secrets may share their place; such values count together, in their order.
        if let Some(entry) = self.entries.get_mut(&path) {
            entry.shown = format!("{}, {shown}", entry.shown);
            entry.meaning = format!("{}\n{meaning}", entry.meaning);
            return;
        }
        let entry = Entry {
            shown: shown.to_owned(),
            meaning,
            effect,
            breaks,
            item: self.item.clone(),
        };
        self.entries.insert(path, entry);
    }
}
