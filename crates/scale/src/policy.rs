//! Autoscaling policies as plain data, one for one as specifications have them.
//!
//! Public source of all of it: *Scaling services* of the Snowflake documentation.

use std::fmt;

use crate::error::PolicyProblem;

/// Conditions of one policy; the documentation names no limit, specifications have this one.
pub const MAX_CONDITIONS: usize = 100;
/// Steps of one condition; the documentation names no limit, specifications have this one.
pub const MAX_STEPS: usize = 100;
/// Longest stabilisation period: a week, as in specifications; the documentation names none.
pub const MAX_STABILIZATION_SECS: u32 = 604_800;

/// The label that `containerName` of a condition stands for.
const CONTAINER_LABEL: &str = "snow.service.container.name";

/// `autoScalingPolicies`: at most one of each kind.
///
/// ```
/// use floe_scale::{Aggregation, Metric, MetricCondition, Policies, Scaling};
///
/// let busy = MetricCondition {
///     metric: Metric::new("container.cpu.usage"),
///     aggregation: Aggregation::Avg,
///     stabilization_period_secs: 60,
///     scaling: Scaling::Target(0.8),
/// };
/// let policies = Policies { scale_up: Some(vec![busy]), ..Policies::default() };
/// assert!(!policies.is_empty() && policies.scale_down.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policies {
    /// Conditions of which one must hold to add instances (`scaleUp.anyConditions`).
    pub scale_up: Option<Vec<MetricCondition>>,
    /// Conditions that must all hold to remove instances (`scaleDown.allConditions`).
    pub scale_down: Option<Vec<MetricCondition>>,
    /// Conditions that must all hold to suspend the service (`suspend.allConditions`).
    pub suspend: Option<Vec<MetricCondition>>,
}

impl Policies {
    /// Whether there is none.
    ///
    /// ```
    /// assert!(floe_scale::Policies::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scale_up.is_none() && self.scale_down.is_none() && self.suspend.is_none()
    }
}

/// `metricCondition`: a condition on one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCondition {
    /// Which values are looked at (`metricName`, `labels`, `containerName`).
    pub metric: Metric,
    /// How the values of all instances become one (`aggregationType`).
    pub aggregation: Aggregation,
    /// Seconds in which all evaluations must agree (`stabilizationPeriodSecs`).
    pub stabilization_period_secs: u32,
    /// How far to go.
    pub scaling: Scaling,
}

/// Which values a condition looks at: a name, and labels that they must have.
///
/// ```
/// use floe_scale::Metric;
///
/// let cpu = Metric::new("container.cpu.usage").in_container("main");
/// assert_eq!(cpu.to_string(), "container.cpu.usage{snow.service.container.name=main}");
/// let of_main = cpu.clone().with_label("snow.region", "eu");
/// assert!(cpu.selects(&of_main) && !of_main.selects(&cpu));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric {
    name: String,
    /// Sorted, without equal pairs.
    labels: Vec<(String, String)>,
}

impl Metric {
    /// A metric without labels.
    ///
    /// ```
    /// assert_eq!(floe_scale::Metric::new("network.ingress.cps").name(), "network.ingress.cps");
    /// ```
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            labels: Vec::new(),
        }
    }

    /// The same with one more label that values must have.
    ///
    /// ```
    /// use floe_scale::Metric;
    /// let metric = Metric::new("network.ingress.cps").with_label("snow.endpoint.name", "echo");
    /// assert_eq!(metric.labels().count(), 1);
    /// ```
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let label = (name.into(), value.into());
        if let Err(at) = self.labels.binary_search(&label) {
            self.labels.insert(at, label);
        }
        self
    }

    /// The same for one container of the service (`containerName`): the label
    /// `snow.service.container.name`.
    ///
    /// ```
    /// use floe_scale::Metric;
    /// let metric = Metric::new("container.cpu.usage").in_container("main");
    /// assert_eq!(metric.labels().next(), Some(("snow.service.container.name", "main")));
    /// ```
    #[must_use]
    pub fn in_container(self, name: impl Into<String>) -> Self {
        self.with_label(CONTAINER_LABEL, name)
    }

    /// Its name.
    ///
    /// ```
    /// assert_eq!(floe_scale::Metric::new("queue.length").name(), "queue.length");
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its labels, ascending by name.
    ///
    /// ```
    /// assert_eq!(floe_scale::Metric::new("queue.length").labels().count(), 0);
    /// ```
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// Whether values of `series` are meant: it has the same name, and all the labels.
    ///
    /// ```
    /// use floe_scale::Metric;
    /// let of_main = Metric::new("container.cpu.usage").in_container("main");
    /// assert!(Metric::new("container.cpu.usage").selects(&of_main));
    /// ```
    #[must_use]
    pub fn selects(&self, series: &Self) -> bool {
        let has = |label| series.labels.binary_search(label).is_ok();
        self.name == series.name && self.labels.iter().all(has)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (number, (name, value)) in self.labels.iter().enumerate() {
            let before = if number == 0 { "{" } else { "," };
            write!(f, "{before}{name}={value}")?;
        }
        f.write_str(if self.labels.is_empty() { "" } else { "}" })
    }
}

/// How the values of all instances become one (`aggregationType`).
///
/// ```
/// assert_eq!(floe_scale::Aggregation::Avg.to_string(), "avg");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregation {
    /// The smallest.
    Min,
    /// The greatest.
    Max,
    /// The mean.
    Avg,
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
        })
    }
}

/// How far to go when a condition holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Scaling {
    /// To the number at which each instance would be at this value
    /// (`targetScaling.targetValue`).
    Target(f64),
    /// By the step whose bounds hold the value (`stepScaling`).
    Steps {
        /// What the adjustments of the steps mean.
        adjustment: Adjustment,
        /// The steps; of two that hold a value the first one counts.
        steps: Vec<Step>,
    },
}

/// What the adjustment of a step means (`adjustmentType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adjustment {
    /// So many more or fewer (`changeInstanceCount`).
    ChangeCount,
    /// Exactly so many (`exactInstanceCount`).
    ExactCount,
    /// So many hundredths more or fewer, one at least (`percentChangeInstanceCount`).
    PercentChange,
}

/// One item of `scalingSteps`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The step holds from this value on.
    pub lower_bound: Option<f64>,
    /// The step holds below this value.
    pub upper_bound: Option<f64>,
    /// By how much, or to which number; the policy says whether up or down.
    pub target_adjustment: u32,
}

impl Step {
    /// Whether the step holds for this value.
    ///
    /// ```
    /// use floe_scale::Step;
    /// let step = Step { lower_bound: Some(0.6), upper_bound: Some(0.8), target_adjustment: 1 };
    /// assert!(step.holds(0.6) && step.holds(0.79) && !step.holds(0.8));
    /// ```
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        let from = self.lower_bound.is_none_or(|lower| value >= lower);
        from && self.upper_bound.is_none_or(|upper| value < upper)
    }
}

impl MetricCondition {
    /// Finds what makes the condition impossible to follow.
    pub(crate) fn check(&self, suspends: bool) -> Result<(), PolicyProblem> {
        if !(1..=MAX_STABILIZATION_SECS).contains(&self.stabilization_period_secs) {
            return Err(PolicyProblem::Window);
        }
        match &self.scaling {
            Scaling::Target(value) if !value.is_finite() || *value < 0.0 => {
                Err(PolicyProblem::Number)
            }
            Scaling::Target(_) => Ok(()),
            Scaling::Steps { .. } if suspends => Err(PolicyProblem::SuspendSteps),
            Scaling::Steps { steps, .. } if steps.is_empty() || steps.len() > MAX_STEPS => {
                Err(PolicyProblem::Steps)
            }
            Scaling::Steps { steps, .. } => steps.iter().try_for_each(Step::check),
        }
    }
}

impl Step {
    fn check(&self) -> Result<(), PolicyProblem> {
        let bounds = [self.lower_bound, self.upper_bound];
        if bounds.iter().flatten().any(|bound| !bound.is_finite()) {
            return Err(PolicyProblem::Number);
        }
        match bounds {
            [None, None] => Err(PolicyProblem::Bounds),
            [Some(lower), Some(upper)] if lower >= upper => Err(PolicyProblem::Bounds),
            _ => Ok(()),
        }
    }
}
