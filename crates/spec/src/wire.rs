//! The format as serde types, for programs that write or read specifications as data.
//!
//! These types mirror the keys of the format and prove nothing: numbers may be texts, names may be
//! wrong, references may lead nowhere. [`crate::ServiceSpec`] is made from them, and
//! [`crate::ServiceSpec::validate`] proves it. Any serde format reads and writes them; unknown
//! keys are refused by all.
//!
//! ```
//! use floe_spec::{ParseOptions, ServiceSpec, wire};
//!
//! let text = "spec: {containers: [{name: echo, image: /d/s/repo/echo:1, env: {PORT: 8000}}]}";
//! let document: wire::Document = serde_yaml::from_str(text).unwrap();
//! assert_eq!(document.spec.containers[0].env["PORT"], wire::Scalar::from(8000_u32));
//!
//! let parsed = ServiceSpec::from(document).validate(&ParseOptions::default());
//! assert_eq!(parsed.spec.unwrap().containers()[0].env, [("PORT".to_owned(), "8000".to_owned())]);
//! ```

mod scalar;
mod settings;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use scalar::{Scalar, ScalarMap};
pub use settings::{
    AutoScalingPolicies, BlockConfig, Capabilities, Condition, Conditions, CorsSettings,
    EventTableConfig, InitialContents, LogExporters, MetricCondition, MetricConfig,
    NetworkPolicyConfig, PlatformMonitor, ResourceManagement, ScalingStep, SecurityContext,
    StageConfig, StepScaling, TargetScaling,
};

/// A whole specification.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// `spec`.
    pub spec: Spec,
    /// `capabilities`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// `serviceRoles`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_roles: Vec<ServiceRole>,
}

/// What stands under `spec`; the singular forms of lists are read, too.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// `containers`.
    #[serde(alias = "container")]
    pub containers: Vec<Container>,
    /// `endpoints`.
    #[serde(default, alias = "endpoint", skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// `volumes`.
    #[serde(default, alias = "volume", skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// `logExporters`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_exporters: Option<LogExporters>,
    /// `platformMonitor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_monitor: Option<PlatformMonitor>,
    /// `resourceManagement`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_management: Option<ResourceManagement>,
    /// `networkPolicyConfig`, a leftover that does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy_config: Option<NetworkPolicyConfig>,
}

/// One item of `containers`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Container {
    /// `name`.
    pub name: String,
    /// `image`.
    pub image: String,
    /// `sha256`, which only the system writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<Scalar>>,
    /// `args`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<Scalar>>,
    /// `env`.
    #[serde(default, skip_serializing_if = "ScalarMap::is_empty")]
    pub env: ScalarMap,
    /// `readinessProbe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<Probe>,
    /// `livenessProbe`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness_probe: Option<Probe>,
    /// `resources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// `volumeMounts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
    /// `mountSessionToken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_session_token: Option<bool>,
    /// `sessionTokenConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_token_config: Option<SessionTokenConfig>,
    /// `secrets`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
}

/// `readinessProbe` and `livenessProbe`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// `port`.
    pub port: u32,
    /// `path`.
    pub path: String,
    /// `periodSeconds`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<u32>,
    /// `failureThreshold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<u32>,
}

/// `resources`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// `limits`; amounts by their names, such as `memory`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Scalar>,
    /// `requests`; amounts by their names, such as `cpu`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Scalar>,
}

/// One item of `volumeMounts`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeMount {
    /// `name`.
    pub name: String,
    /// `mountPath`.
    pub mount_path: String,
}

/// `sessionTokenConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SessionTokenConfig {
    /// `path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `permission`, four octal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// `mountConnectionConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_connection_config: Option<bool>,
}

/// One item of `secrets`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Secret {
    /// `snowflakeSecret`.
    pub snowflake_secret: SecretName,
    /// `envVarName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_var_name: Option<String>,
    /// `directoryPath`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_path: Option<String>,
    /// `secretKeyRef`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<String>,
}

/// `snowflakeSecret`: a name, or a map that says the same with more words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SecretName {
    /// The name alone.
    Name(String),
    /// A name or a reference.
    Object {
        /// `objectName`.
        #[serde(
            default,
            rename = "objectName",
            skip_serializing_if = "Option::is_none"
        )]
        object_name: Option<String>,
        /// `objectReference`.
        #[serde(
            default,
            rename = "objectReference",
            skip_serializing_if = "Option::is_none"
        )]
        object_reference: Option<String>,
    },
}

impl Default for SecretName {
    fn default() -> Self {
        SecretName::Name(String::new())
    }
}

/// One item of `endpoints`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// `name`.
    pub name: String,
    /// `port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// `portRange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_range: Option<String>,
    /// `public`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// `protocol`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// `corsSettings`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_settings: Option<CorsSettings>,
}

/// One item of `volumes`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// `name`.
    pub name: String,
    /// `source`.
    pub source: String,
    /// `size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Scalar>,
    /// `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// `gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// `blockConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_config: Option<BlockConfig>,
    /// `stageConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_config: Option<StageConfig>,
}

/// One item of `serviceRoles`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceRole {
    /// `name`.
    pub name: String,
    /// `endpoints`.
    pub endpoints: Vec<String>,
}
