//! The canonical text: the same specification is always the same bytes.
//!
//! The layout is that of the `spec` column of DESCRIBE SERVICE in the Snowflake documentation:
//! a `---` line, two blanks of indentation, dashes not indented below their key, every text in
//! double quotes, keys bare, and of optional fields only what was written and is no default.

pub(crate) mod writer;

use crate::model::{
    BlockConfig, Capabilities, Container, CorsSettings, Encryption, Endpoint, MetricCondition,
    Observability, Port, Probe, Protocol, ResourceList, Resources, Scaling, ScalingPolicies,
    SecretKey, SecretSource, SecretTarget, SecretUse, ServiceRole, SessionTokenConfig, StageConfig,
    Volume, VolumeSource,
};
use crate::{ValidSpec, keys};
use writer::Writer;

impl ValidSpec {
    /// The specification in canonical form, ending with a newline.
    ///
    /// `digests` gives the content digest (`sha256:…`) of an image as it is written in the
    /// specification; where it knows one, the container shows it. Only fields that were written
    /// appear; nothing is derived from a machine. The text can be read again and then has the
    /// same canonical text.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// let text = "spec: {container: [{name: echo, image: /d/s/r/echo, env: {PORT: 8000}}]}";
    /// let spec = parse(text, &ParseOptions::default()).spec.expect("valid");
    /// let digest = |image: &str| (image == "/d/s/r/echo").then(|| "sha256:d04a".to_owned());
    /// assert_eq!(
    ///     spec.canonical_text(&digest),
    ///     r#"---
    /// spec:
    ///   containers:
    ///   - name: "echo"
    ///     image: "/d/s/r/echo"
    ///     sha256: "@sha256:d04a"
    ///     env:
    ///       PORT: "8000"
    /// "#,
    /// );
    /// ```
    #[must_use]
    pub fn canonical_text(&self, digests: &dyn Fn(&str) -> Option<String>) -> String {
        let mut out = Writer::new();
        out.open("spec");
        out.items("containers", &self.containers, |out, item| {
            container(out, item, digests)
        });
        out.items("endpoints", &self.endpoints, endpoint);
        out.items("volumes", &self.volumes, volume);
        observability(&mut out, &self.observability);
        scaling(&mut out, &self.scaling);
        if let Some(allowed) = self.allow_internet_egress {
            out.open("networkPolicyConfig");
            out.bare("allowInternetEgress", &allowed.to_string());
            out.close();
        }
        out.close();
        capabilities(&mut out, &self.capabilities);
        out.items("serviceRoles", &self.service_roles, service_role);
        out.finish()
    }
}

fn container(out: &mut Writer, item: &Container, digests: &dyn Fn(&str) -> Option<String>) {
    out.quoted("name", &item.name);
    out.quoted("image", &item.image);
    if let Some(digest) = digests(&item.image) {
        out.quoted("sha256", &format!("@{digest}"));
    }
    for (key, list) in [("command", &item.command), ("args", &item.args)] {
        if let Some(list) = list {
            out.texts(key, list);
        }
    }
    if !item.env.is_empty() {
        out.open("env");
        for (name, value) in &item.env {
            out.quoted(name, value);
        }
        out.close();
    }
    let seconds = Probe::DEFAULT_PERIOD_SECONDS;
    probe(
        out,
        "readinessProbe",
        item.readiness_probe.as_ref(),
        seconds,
    );
    let seconds = Probe::DEFAULT_LIVENESS_PERIOD_SECONDS;
    probe(out, "livenessProbe", item.liveness_probe.as_ref(), seconds);
    resources(out, &item.resources);
    out.items("volumeMounts", &item.volume_mounts, |out, mount| {
        out.quoted("name", &mount.name);
        out.quoted("mountPath", &mount.mount_path);
    });
    if !item.mount_session_token {
        out.bare("mountSessionToken", "false");
    }
    if let Some(config) = &item.session_token {
        session_token(out, config);
    }
    out.items("secrets", &item.secrets, secret);
}

fn probe(out: &mut Writer, key: &str, probe: Option<&Probe>, period: u32) {
    let Some(probe) = probe else {
        return;
    };
    out.open(key);
    out.bare("port", &probe.port.to_string());
    out.quoted("path", &probe.path);
    if probe.period_seconds != period {
        out.bare("periodSeconds", &probe.period_seconds.to_string());
    }
    if probe.failure_threshold != Probe::DEFAULT_FAILURE_THRESHOLD {
        out.bare("failureThreshold", &probe.failure_threshold.to_string());
    }
    out.close();
}

fn session_token(out: &mut Writer, config: &SessionTokenConfig) {
    out.open("sessionTokenConfig");
    out.quoted_if("path", config.path.as_deref());
    out.quoted_if("permission", config.permission.as_deref());
    // The map must hold a field, so a default that stands alone is shown.
    if config.mount_connection_config || config.path.is_none() {
        let value = config.mount_connection_config.to_string();
        out.bare("mountConnectionConfig", &value);
    }
    out.close();
}

fn secret(out: &mut Writer, item: &SecretUse) {
    out.open("snowflakeSecret");
    match &item.secret {
        SecretSource::Object(name) => out.quoted("objectName", name),
        SecretSource::Reference(name) => out.quoted("objectReference", name),
    }
    out.close();
    match &item.target {
        SecretTarget::Env { name, key } => {
            out.quoted("envVarName", name);
            out.quoted_if("secretKeyRef", key.map(SecretKey::word));
        }
        SecretTarget::Directory(path) => out.quoted("directoryPath", path),
        SecretTarget::Unstated => {}
    }
}

fn resources(out: &mut Writer, resources: &Resources) {
    if resources.is_empty() {
        return;
    }
    out.open("resources");
    amounts(out, "limits", &resources.limits);
    amounts(out, "requests", &resources.requests);
    out.close();
}

fn amounts(out: &mut Writer, key: &str, list: &ResourceList) {
    if list.is_empty() {
        return;
    }
    out.open(key);
    if let Some(memory) = &list.memory {
        out.quoted("memory", &memory.to_string());
    }
    if let Some(cpu) = &list.cpu {
        out.quoted("cpu", &cpu.to_string());
    }
    if let Some(gpu) = list.gpu {
        out.quoted(keys::GPU, &gpu.to_string());
    }
    out.close();
}

fn endpoint(out: &mut Writer, item: &Endpoint) {
    out.quoted("name", &item.name);
    match item.port {
        Port::Single(port) => out.bare("port", &port.to_string()),
        Port::Range(low, high) => out.quoted("portRange", &format!("{low}-{high}")),
    }
    if item.public {
        out.bare("public", "true");
    }
    if item.protocol != Protocol::default() {
        out.quoted("protocol", item.protocol.word());
    }
    if let Some(settings) = &item.cors {
        cors(out, settings);
    }
}

fn cors(out: &mut Writer, settings: &CorsSettings) {
    out.open("corsSettings");
    out.texts("Access-Control-Allow-Origin", &settings.allow_origin);
    for (key, list) in [
        ("Access-Control-Allow-Methods", &settings.allow_methods),
        ("Access-Control-Allow-Headers", &settings.allow_headers),
        ("Access-Control-Expose-Headers", &settings.expose_headers),
    ] {
        if let Some(list) = list {
            out.texts(key, list);
        }
    }
    out.close();
}

fn volume(out: &mut Writer, item: &Volume) {
    out.quoted("name", &item.name);
    out.quoted(
        "source",
        match &item.source {
            VolumeSource::Local => "local",
            VolumeSource::Memory => "memory",
            VolumeSource::Block => "block",
            VolumeSource::Stage { path: None } => "stage",
            VolumeSource::Stage { path: Some(path) } => path,
        },
    );
    if let Some(size) = &item.size {
        out.quoted("size", &size.to_string());
    }
    out.bare_if("uid", item.uid);
    out.bare_if("gid", item.gid);
    if let Some(config) = item
        .block
        .as_ref()
        .filter(|c| **c != BlockConfig::default())
    {
        block(out, config);
    }
    if let Some(config) = &item.stage {
        stage(out, config);
    }
}

fn block(out: &mut Writer, config: &BlockConfig) {
    out.open("blockConfig");
    if let Some(snapshot) = &config.from_snapshot {
        out.open("initialContents");
        out.quoted("fromSnapshot", snapshot);
        out.close();
    }
    out.bare_if("iops", config.iops);
    out.bare_if("throughput", config.throughput);
    out.quoted_if("encryption", config.encryption.map(Encryption::word));
    out.bare_if("snapshotOnDelete", config.snapshot_on_delete);
    let after = config.snapshot_delete_after.map(|time| time.to_string());
    out.quoted_if("snapshotDeleteAfter", after.as_deref());
    out.close();
}

fn stage(out: &mut Writer, config: &StageConfig) {
    out.open("stageConfig");
    out.quoted("name", &config.name);
    let cache = config.metadata_cache.as_ref().map(ToString::to_string);
    out.quoted_if("metadataCache", cache.as_deref());
    resources(out, &config.resources);
    out.close();
}

fn observability(out: &mut Writer, observability: &Observability) {
    if let Some(level) = observability.log_level {
        out.open("logExporters");
        out.open("eventTableConfig");
        out.quoted("logLevel", level.word());
        out.close();
        out.close();
    }
    if !observability.metric_groups.is_empty() {
        let groups: Vec<String> = observability
            .metric_groups
            .iter()
            .map(|group| group.word().to_owned())
            .collect();
        out.open("platformMonitor");
        out.open("metricConfig");
        out.texts("groups", &groups);
        out.close();
        out.close();
    }
}

fn scaling(out: &mut Writer, policies: &ScalingPolicies) {
    if policies.is_empty() {
        return;
    }
    out.open("resourceManagement");
    out.open("autoScalingPolicies");
    for (key, list, conditions) in [
        ("scaleUp", "anyConditions", &policies.scale_up),
        ("scaleDown", "allConditions", &policies.scale_down),
        ("suspend", "allConditions", &policies.suspend),
    ] {
        if let Some(conditions) = conditions {
            out.open(key);
            out.items(list, conditions, condition);
            out.close();
        }
    }
    out.close();
    out.close();
}

fn condition(out: &mut Writer, item: &MetricCondition) {
    out.open("metricCondition");
    out.quoted("metricName", &item.metric_name);
    if !item.labels.is_empty() {
        out.open("labels");
        for (name, value) in &item.labels {
            out.quoted(name, value);
        }
        out.close();
    }
    out.quoted_if("containerName", item.container_name.as_deref());
    out.quoted("aggregationType", item.aggregation.word());
    out.bare(
        "stabilizationPeriodSecs",
        &item.stabilization_period_secs.to_string(),
    );
    match &item.scaling {
        Scaling::Target(value) => {
            out.open("targetScaling");
            out.bare("targetValue", &value.to_string());
            out.close();
        }
        Scaling::Steps { adjustment, steps } => {
            out.open("stepScaling");
            out.quoted("adjustmentType", adjustment.word());
            out.items("scalingSteps", steps, |out, step| {
                out.bare_if("lowerBound", step.lower_bound.as_ref());
                out.bare_if("upperBound", step.upper_bound.as_ref());
                out.bare("targetAdjustment", &step.target_adjustment.to_string());
            });
            out.close();
        }
    }
    out.close();
}

fn capabilities(out: &mut Writer, capabilities: &Capabilities) {
    if *capabilities == Capabilities::default() {
        return;
    }
    out.open("capabilities");
    out.open("securityContext");
    for (key, value) in [
        ("executeAsCaller", capabilities.execute_as_caller),
        (
            "enableCustomCredentials",
            capabilities.enable_custom_credentials,
        ),
    ] {
        if value {
            out.bare(key, "true");
        }
    }
    out.close();
    out.close();
}

fn service_role(out: &mut Writer, role: &ServiceRole) {
    out.quoted("name", &role.name);
    out.texts("endpoints", &role.endpoints);
}
