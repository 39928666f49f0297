//! When the number of instances changes (`resourceManagement.autoScalingPolicies`).

use crate::Decimal;

/// The policies; at most one of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ScalingPolicies {
    /// Conditions of which one must hold to add instances.
    pub scale_up: Option<Vec<MetricCondition>>,
    /// Conditions that must all hold to remove instances.
    pub scale_down: Option<Vec<MetricCondition>>,
    /// Conditions that must all hold to suspend the service.
    pub suspend: Option<Vec<MetricCondition>>,
}

impl ScalingPolicies {
    /// Whether there is none.
    ///
    /// ```
    /// assert!(floe_spec::ScalingPolicies::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scale_up.is_none() && self.scale_down.is_none() && self.suspend.is_none()
    }
}

/// A condition on one metric.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricCondition {
    /// A platform metric, or one of the service's own.
    pub metric_name: String,
    /// Attributes that a sample must have.
    pub labels: Vec<(String, String)>,
    /// The container that is looked at.
    pub container_name: Option<String>,
    /// How the values of all instances become one.
    pub aggregation: Aggregation,
    /// Seconds in which all samples must agree.
    pub stabilization_period_secs: u32,
    /// How far to go.
    pub scaling: Scaling,
}

/// How the values of all instances become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// The smallest.
    Min,
    /// The greatest.
    Max,
    /// The mean.
    Avg,
}

/// How far to go when a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scaling {
    /// To the number at which each instance would be at this value.
    Target(Decimal),
    /// By the step whose bounds hold the value.
    Steps {
        /// What the adjustments of the steps mean.
        adjustment: Adjustment,
        /// The steps, at least one.
        steps: Vec<ScalingStep>,
    },
}

/// What the adjustment of a step means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adjustment {
    /// So many more or fewer.
    ChangeCount,
    /// Exactly so many.
    ExactCount,
    /// So many hundredths more or fewer.
    PercentChange,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScalingStep {
    /// The step holds from this value on.
    pub lower_bound: Option<Decimal>,
    /// The step holds below this value.
    pub upper_bound: Option<Decimal>,
    /// By how much, or to which number; the policy says whether up or down.
    pub target_adjustment: u32,
}
