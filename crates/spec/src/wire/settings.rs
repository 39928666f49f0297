//! Settings of volumes, endpoints and of the whole service.

use serde::{Deserialize, Serialize};

use super::{Resources, Scalar, ScalarMap};

/// `corsSettings`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsSettings {
    /// `Access-Control-Allow-Origin`.
    #[serde(rename = "Access-Control-Allow-Origin")]
    pub allow_origin: Vec<String>,
    /// `Access-Control-Allow-Methods`.
    #[serde(
        default,
        rename = "Access-Control-Allow-Methods",
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_methods: Option<Vec<String>>,
    /// `Access-Control-Allow-Headers`.
    #[serde(
        default,
        rename = "Access-Control-Allow-Headers",
        skip_serializing_if = "Option::is_none"
    )]
    pub allow_headers: Option<Vec<String>>,
    /// `Access-Control-Expose-Headers`.
    #[serde(
        default,
        rename = "Access-Control-Expose-Headers",
        skip_serializing_if = "Option::is_none"
    )]
    pub expose_headers: Option<Vec<String>>,
}

/// `blockConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockConfig {
    /// `initialContents`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_contents: Option<InitialContents>,
    /// `iops`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iops: Option<u32>,
    /// `throughput`, in MiB a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<u32>,
    /// `encryption`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<String>,
    /// `snapshotOnDelete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_on_delete: Option<bool>,
    /// `snapshotDeleteAfter`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_delete_after: Option<String>,
}

/// `initialContents`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitialContents {
    /// `fromSnapshot`.
    pub from_snapshot: String,
}

/// `stageConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageConfig {
    /// `name`.
    pub name: String,
    /// `metadataCache`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_cache: Option<String>,
    /// `resources`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
}

/// `logExporters`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogExporters {
    /// `eventTableConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_table_config: Option<EventTableConfig>,
}

/// `eventTableConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventTableConfig {
    /// `logLevel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
}

/// `platformMonitor`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlatformMonitor {
    /// `metricConfig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_config: Option<MetricConfig>,
}

/// `metricConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricConfig {
    /// `groups`.
    pub groups: Vec<String>,
}

/// `networkPolicyConfig`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkPolicyConfig {
    /// `allowInternetEgress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_internet_egress: Option<bool>,
}

/// `capabilities`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capabilities {
    /// `securityContext`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_context: Option<SecurityContext>,
}

/// `securityContext`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecurityContext {
    /// `executeAsCaller`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execute_as_caller: Option<bool>,
    /// `enableCustomCredentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_custom_credentials: Option<bool>,
}

/// `resourceManagement`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceManagement {
    /// `autoScalingPolicies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scaling_policies: Option<AutoScalingPolicies>,
}

/// `autoScalingPolicies`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoScalingPolicies {
    /// `scaleUp`, with `anyConditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<Conditions>,
    /// `scaleDown`, with `allConditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<Conditions>,
    /// `suspend`, with `allConditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<Conditions>,
}

/// The conditions of one policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Conditions {
    /// `anyConditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any_conditions: Option<Vec<Condition>>,
    /// `allConditions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all_conditions: Option<Vec<Condition>>,
}

/// One item of `anyConditions` or `allConditions`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// `metricCondition`.
    pub metric_condition: MetricCondition,
}

/// `metricCondition`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricCondition {
    /// `metricName`.
    pub metric_name: String,
    /// `labels`.
    #[serde(default, skip_serializing_if = "ScalarMap::is_empty")]
    pub labels: ScalarMap,
    /// `containerName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// `aggregationType`.
    pub aggregation_type: String,
    /// `stabilizationPeriodSecs`.
    pub stabilization_period_secs: u32,
    /// `targetScaling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_scaling: Option<TargetScaling>,
    /// `stepScaling`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_scaling: Option<StepScaling>,
}

/// `targetScaling`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TargetScaling {
    /// `targetValue`.
    pub target_value: Scalar,
}

/// `stepScaling`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepScaling {
    /// `adjustmentType`.
    pub adjustment_type: String,
    /// `scalingSteps`.
    pub scaling_steps: Vec<ScalingStep>,
}

/// One item of `scalingSteps`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScalingStep {
    /// `lowerBound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<Scalar>,
    /// `upperBound`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper_bound: Option<Scalar>,
    /// `targetAdjustment`.
    pub target_adjustment: u32,
}
