//! Rules that were checked: what the decider follows.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{PolicyProblem, ScaleError};
use crate::policy::{Aggregation, MAX_CONDITIONS, Metric, MetricCondition, Policies, Scaling};

/// Shortest idle time that AUTO_SUSPEND_SECS may ask for (*CREATE SERVICE* of the Snowflake
/// documentation).
pub const MIN_AUTO_SUSPEND_SECS: u32 = 300;
/// Share of the CPU request above which the CPU rule adds an instance (*Scaling services*).
pub const CPU_THRESHOLD: f64 = 0.8;
/// How long CPU usage must stay on one side (*Scaling services*: a five-minute window).
pub const CPU_WINDOW: Duration = Duration::from_secs(300);
/// Least time between two changes of the number of instances (*Scaling services*).
pub const COOLDOWN: Duration = Duration::from_secs(120);
/// How often metrics are to be looked at (*Scaling services*: currently every 30 seconds).
pub const EVALUATION_INTERVAL: Duration = Duration::from_secs(30);
/// Longest time between two evaluations that counts as none lost: half an interval late is a
/// slow timer, a whole one is a lost evaluation.
pub const MAX_EVALUATION_GAP: Duration = Duration::from_secs(45);

/// What the CPU rule looks at.
pub(crate) const CPU_METRIC: &str = "container.cpu.usage";

/// What a user asked for, as plain data; [`Rules::new`] checks it.
///
/// ```
/// use floe_scale::{Rules, Settings};
///
/// let settings = Settings { cpu_request: Some(0.5), ..Settings::default() };
/// assert!(Rules::new(&settings)?.follows_cpu());
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// `autoScalingPolicies` of the specification.
    pub policies: Policies,
    /// CPU request of one instance in cores, all its containers together; `None` when the
    /// specification gives none, and then there is no CPU rule.
    pub cpu_request: Option<f64>,
    /// AUTO_SUSPEND_SECS; 0 is never.
    pub auto_suspend_secs: u32,
    /// What the service is.
    pub facts: Facts,
}

/// What a service is, as far as rules depend on it.
///
/// ```
/// assert!(!floe_scale::Facts::default().job);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Facts {
    /// It is a job.
    pub job: bool,
    /// One of its endpoints is public.
    pub public_endpoint: bool,
}

/// Rules that were checked and can be followed.
///
/// ```
/// use floe_scale::{Facts, Rules, Settings};
///
/// let job = Facts { job: true, ..Facts::default() };
/// let settings = Settings { auto_suspend_secs: 600, facts: job, ..Settings::default() };
/// assert_eq!(Rules::new(&settings).unwrap_err().code(), "FLOE-SCALE-0004");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    pub(crate) up: Option<Vec<Condition>>,
    pub(crate) down: Option<Vec<Condition>>,
    pub(crate) suspend: Option<Vec<Condition>>,
    /// `None` where a policy to scale takes its place.
    pub(crate) cpu: Option<CpuRule>,
    pub(crate) auto_suspend: Option<Duration>,
}

/// A condition with what the decider says about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) metric: Metric,
    /// The metric as it is shown, shared by all decisions about it.
    pub(crate) shown: Arc<str>,
    pub(crate) aggregation: Aggregation,
    pub(crate) window: Duration,
    pub(crate) scaling: Scaling,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CpuRule {
    /// Cores that one instance asks for; more than zero.
    pub(crate) request: f64,
    pub(crate) shown: Arc<str>,
}

impl Rules {
    /// Checks what a user asked for.
    ///
    /// The CPU rule rests where there is a policy to scale up or down; a policy to suspend alone
    /// leaves it on.
    ///
    /// # Errors
    ///
    /// [`ScaleError`]: a policy that cannot be followed, a policy or AUTO_SUSPEND_SECS that the
    /// kind of service does not allow, a CPU request that is none.
    ///
    /// ```
    /// use floe_scale::{Policies, Rules, Settings};
    ///
    /// let policies = Policies { suspend: Some(vec![]), ..Policies::default() };
    /// let settings = Settings { policies, ..Settings::default() };
    /// let error = Rules::new(&settings).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-SCALE-0007");
    /// ```
    pub fn new(settings: &Settings) -> Result<Self, ScaleError> {
        let policies = &settings.policies;
        if settings.facts.job && !policies.is_empty() {
            return Err(ScaleError::PoliciesOfJob);
        }
        if let Some(cores) = settings.cpu_request
            && !(cores.is_finite() && cores > 0.0)
        {
            return Err(ScaleError::BadCpuRequest { cores });
        }
        let scales = policies.scale_up.is_some() || policies.scale_down.is_some();
        let request = settings
            .cpu_request
            .filter(|_| !scales && !settings.facts.job);
        Ok(Self {
            up: conditions("scaleUp.anyConditions", policies.scale_up.as_deref(), false)?,
            down: conditions(
                "scaleDown.allConditions",
                policies.scale_down.as_deref(),
                false,
            )?,
            suspend: conditions("suspend.allConditions", policies.suspend.as_deref(), true)?,
            cpu: request.map(|request| CpuRule {
                request,
                shown: Arc::from(CPU_METRIC),
            }),
            auto_suspend: auto_suspend(settings.auto_suspend_secs, settings.facts)?,
        })
    }

    /// Whether the CPU rule is among them; it only acts while MAX_INSTANCES is greater than
    /// MIN_INSTANCES.
    ///
    /// ```
    /// assert!(!floe_scale::Rules::default().follows_cpu());
    /// ```
    #[must_use]
    pub fn follows_cpu(&self) -> bool {
        self.cpu.is_some()
    }

    /// The metrics that the policies look at, each once; the CPU rule's own reading is
    /// [`Observation::cpu`](crate::Observation::cpu).
    ///
    /// ```
    /// assert!(floe_scale::Rules::default().metrics().is_empty());
    /// ```
    #[must_use]
    pub fn metrics(&self) -> Vec<&Metric> {
        let mut metrics: Vec<&Metric> = self.conditions().map(|c| &c.metric).collect();
        metrics.sort();
        metrics.dedup();
        metrics
    }

    /// Whether there is nothing to follow at all: no policy, no CPU request, no AUTO_SUSPEND_SECS.
    ///
    /// ```
    /// use floe_scale::{Rules, Settings};
    /// assert!(Rules::default().is_empty());
    /// let idle = Settings { auto_suspend_secs: 600, ..Settings::default() };
    /// assert!(!Rules::new(&idle)?.is_empty());
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.conditions().next().is_none() && self.cpu.is_none() && self.auto_suspend.is_none()
    }

    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let policies = [&self.up, &self.suspend, &self.down];
        policies.into_iter().flatten().flatten()
    }
}

/// Checks AUTO_SUSPEND_SECS: the idle time after which a service is suspended, `None` for never.
///
/// Public source: *CREATE SERVICE* and *Working with services* of the Snowflake documentation.
///
/// # Errors
///
/// [`ScaleError::AutoSuspendTooShort`], [`ScaleError::AutoSuspendOfJob`] or
/// [`ScaleError::AutoSuspendOfPublic`].
///
/// ```
/// use floe_scale::{Facts, auto_suspend};
/// use std::time::Duration;
///
/// let service = Facts::default();
/// assert_eq!(auto_suspend(0, service)?, None);
/// assert_eq!(auto_suspend(300, service)?, Some(Duration::from_secs(300)));
/// assert_eq!(auto_suspend(299, service).unwrap_err().code(), "FLOE-SCALE-0003");
///
/// let public = Facts { public_endpoint: true, ..service };
/// assert_eq!(auto_suspend(300, public).unwrap_err().code(), "FLOE-SCALE-0005");
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn auto_suspend(secs: u32, facts: Facts) -> Result<Option<Duration>, ScaleError> {
    match secs {
        0 => Ok(None),
        secs if secs < MIN_AUTO_SUSPEND_SECS => Err(ScaleError::AutoSuspendTooShort { secs }),
        secs if facts.job => Err(ScaleError::AutoSuspendOfJob { secs }),
        secs if facts.public_endpoint => Err(ScaleError::AutoSuspendOfPublic { secs }),
        secs => Ok(Some(Duration::from_secs(u64::from(secs)))),
    }
}

fn conditions(
    list: &str,
    conditions: Option<&[MetricCondition]>,
    suspends: bool,
) -> Result<Option<Vec<Condition>>, ScaleError> {
    let Some(conditions) = conditions else {
        return Ok(None);
    };
    if conditions.is_empty() || conditions.len() > MAX_CONDITIONS {
        return Err(ScaleError::BadPolicy {
            place: list.to_owned(),
            problem: PolicyProblem::Conditions,
        });
    }
    let checked = conditions.iter().enumerate().map(|(number, condition)| {
        condition
            .check(suspends)
            .map_err(|problem| ScaleError::BadPolicy {
                place: format!("{list}[{number}]"),
                problem,
            })?;
        Ok(Condition {
            metric: condition.metric.clone(),
            shown: Arc::from(condition.metric.to_string()),
            aggregation: condition.aggregation,
            window: Duration::from_secs(u64::from(condition.stabilization_period_secs)),
            scaling: condition.scaling.clone(),
        })
    });
    checked.collect::<Result<_, _>>().map(Some)
}
