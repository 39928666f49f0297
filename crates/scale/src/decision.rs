//! What was decided, and why.

mod show;

pub(crate) use show::{Number, Percent, Scaled};

use std::sync::Arc;
use std::time::Duration;

use crate::policy::Aggregation;
use crate::types::{Bounds, Direction, Millis};

/// One decision about the number of instances; most of them are to keep it.
///
/// It reads as one sentence:
///
/// ```
/// use floe_scale::{Autoscaler, Bounds, Event, Kind, Millis, Rules};
///
/// let mut scaler = Autoscaler::new(Rules::default(), Bounds::new(1, 3)?);
/// let decision = scaler.decide(&Event::Bounds(Bounds::new(2, 3)?), Millis(0));
/// assert_eq!((decision.before, decision.after, decision.kind()), (1, 2, Kind::ScaleUp));
/// assert_eq!(
///     decision.to_string(),
///     "scale up 1 → 2: MIN_INSTANCES is now 2 and MAX_INSTANCES 3",
/// );
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// When it was taken.
    pub at: Millis,
    /// How many instances there were to be before; 0 while suspended.
    pub before: u32,
    /// How many instances there are to be now (`target_instances`); 0 while suspended.
    pub after: u32,
    /// Why.
    pub reason: Reason,
}

/// What a decision changes.
///
/// ```
/// assert_eq!(floe_scale::Kind::ScaleUp.to_string(), "scale up");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing.
    Keep,
    /// More instances.
    ScaleUp,
    /// Fewer instances.
    ScaleDown,
    /// No instance any more.
    Suspend,
    /// Instances again.
    Resume,
}

/// Why a decision was taken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// A rule held for its whole window: the number of instances changes.
    Held {
        /// What the rule saw; of several conditions the one that asks for the most instances.
        evidence: Evidence,
        /// The stabilisation period of the rule: the longest one where all conditions must hold.
        period: Duration,
    },
    /// No query used the service for longer than AUTO_SUSPEND_SECS: it is suspended.
    Idle {
        /// How long none did.
        idle: Duration,
        /// AUTO_SUSPEND_SECS.
        limit: Duration,
    },
    /// The user set MIN_INSTANCES or MAX_INSTANCES.
    Bounds(Bounds),
    /// The user suspended the service.
    AskedToSuspend,
    /// The service was resumed, and starts with MIN_INSTANCES.
    AskedToResume,
    /// A suspended service stays suspended.
    Suspended,
    /// The service was to be resumed and is not suspended.
    NotSuspended,
    /// Nothing is there to be followed.
    NoRules,
    /// The CPU rule has no choice: MIN_INSTANCES equals MAX_INSTANCES.
    NoChoice {
        /// Both of them.
        count: u32,
    },
    /// The last change is still under way; see [`Evidence`] for what waits for its end.
    Settling {
        /// Instances that exist.
        current: u32,
        /// Instances that are to exist.
        target: u32,
        /// The rule that would change something, if one would.
        waits: Option<Evidence>,
    },
    /// A rule holds, but the last change was too short a time ago.
    CoolingDown {
        /// What the rule saw.
        waits: Evidence,
        /// How long ago the last change was.
        ago: Duration,
    },
    /// A rule holds that goes the other way than the last one, too short a time ago.
    Turning {
        /// What the rule saw.
        waits: Evidence,
        /// Where the last change went.
        last: Direction,
        /// How long ago it was.
        ago: Duration,
        /// How long it must have been.
        period: Duration,
    },
    /// A rule holds, but MIN_INSTANCES or MAX_INSTANCES is reached.
    AtBound {
        /// What the rule saw.
        evidence: Evidence,
        /// Which way it would go.
        direction: Direction,
        /// The bound.
        bound: u32,
    },
    /// A rule holds, and asks for the number that there is.
    Enough {
        /// What the rule saw.
        evidence: Evidence,
        /// That number.
        count: u32,
    },
    /// A rule holds, but not for its whole window yet.
    Gathering {
        /// What the rule saw.
        evidence: Evidence,
        /// For how long it has held.
        held: Duration,
    },
    /// Values are missing, and what is not known changes nothing.
    Missing {
        /// What the rule saw.
        evidence: Evidence,
    },
    /// CPU usage is below its threshold, but would not be with one instance fewer.
    WouldSwing {
        /// Used share of the CPU request.
        share: f64,
        /// What that share would be with one instance fewer.
        without_one: f64,
    },
    /// No rule holds; the first one says why.
    Steady {
        /// What it saw.
        evidence: Evidence,
    },
    /// Nothing but idle time is looked at.
    InUse {
        /// How long no query has used the service.
        idle: Duration,
        /// AUTO_SUSPEND_SECS.
        limit: Duration,
    },
}

/// Which rule says something.
///
/// ```
/// assert_eq!(floe_scale::Rule::ScaleUp.to_string(), "scaleUp");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// The CPU rule.
    Cpu,
    /// The policy to scale up.
    ScaleUp,
    /// The policy to scale down.
    ScaleDown,
    /// The policy to suspend.
    Suspend,
}

/// What a rule saw in one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Which rule.
    pub rule: Rule,
    /// The metric, with its labels.
    pub metric: Arc<str>,
    /// How values became one; `None` for the CPU rule, which adds them up.
    pub aggregation: Option<Aggregation>,
    /// The value; a share of the request for the CPU rule. `None` when no value is known.
    pub observed: Option<f64>,
    /// How many values are missing.
    pub missing: u32,
    /// What it is compared with.
    pub limit: Limit,
    /// The stabilisation period of the condition.
    pub window: Duration,
}

/// What a value is compared with.
///
/// ```
/// assert_eq!(floe_scale::Limit::AtLeast(0.8).to_string(), "at least 0.8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// `targetValue` of a policy to scale up.
    AtLeast(f64),
    /// `targetValue` of a policy to scale down or suspend.
    AtMost(f64),
    /// The bounds of a step; of all steps together when none holds.
    Within {
        /// The step holds from here on.
        lower: Option<f64>,
        /// And below this.
        upper: Option<f64>,
    },
    /// The CPU rule, up.
    ShareAbove(f64),
    /// The CPU rule, down: the share with one instance fewer must be below the threshold.
    ShareBelow {
        /// The threshold.
        threshold: f64,
        /// The share with one instance fewer.
        without_one: f64,
    },
}

impl Limit {
    /// The number that a plot draws as a line; the nearer bound of a step.
    ///
    /// ```
    /// use floe_scale::Limit;
    /// assert_eq!(Limit::Within { lower: Some(2.0), upper: None }.number(), Some(2.0));
    /// ```
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match *self {
            Self::AtLeast(value) | Self::AtMost(value) | Self::ShareAbove(value) => Some(value),
            Self::ShareBelow { threshold, .. } => Some(threshold),
            Self::Within { lower, upper } => lower.or(upper),
        }
    }
}

impl Decision {
    /// What the decision changes.
    ///
    /// ```
    /// use floe_scale::{Decision, Kind, Millis, Reason};
    /// let decision = Decision { at: Millis(0), before: 0, after: 0, reason: Reason::Suspended };
    /// assert_eq!(decision.kind(), Kind::Keep);
    /// ```
    #[must_use]
    pub fn kind(&self) -> Kind {
        match (self.before, self.after) {
            (before, after) if before == after => Kind::Keep,
            (0, _) => Kind::Resume,
            (_, 0) => Kind::Suspend,
            (before, after) if after > before => Kind::ScaleUp,
            _ => Kind::ScaleDown,
        }
    }

    /// Which way autoscaling went; `None` when nothing changed, or when the user or idle time
    /// changed it.
    ///
    /// ```
    /// use floe_scale::{Decision, Millis, Reason};
    /// let reason = Reason::AskedToSuspend;
    /// assert_eq!(Decision { at: Millis(0), before: 2, after: 0, reason }.turn(), None);
    /// ```
    #[must_use]
    pub fn turn(&self) -> Option<Direction> {
        if !matches!(self.reason, Reason::Held { .. }) {
            return None;
        }
        match self.after.cmp(&self.before) {
            std::cmp::Ordering::Greater => Some(Direction::Up),
            std::cmp::Ordering::Less => Some(Direction::Down),
            std::cmp::Ordering::Equal => None,
        }
    }
}

impl Reason {
    /// What a rule saw, where the decision is about a rule.
    ///
    /// ```
    /// assert_eq!(floe_scale::Reason::Suspended.evidence(), None);
    /// ```
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        match self {
            Self::Held { evidence, .. }
            | Self::AtBound { evidence, .. }
            | Self::Enough { evidence, .. }
            | Self::Gathering { evidence, .. }
            | Self::Missing { evidence }
            | Self::Steady { evidence } => Some(evidence),
            Self::CoolingDown { waits, .. } | Self::Turning { waits, .. } => Some(waits),
            Self::Settling { waits, .. } => waits.as_ref(),
            _ => None,
        }
    }

    /// A short name of the kind of reason, for programs: `held`, `idle`, `gathering`, …
    ///
    /// ```
    /// assert_eq!(floe_scale::Reason::NoRules.word(), "no_rules");
    /// ```
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Idle { .. } => "idle",
            Self::Bounds(_) => "bounds",
            Self::AskedToSuspend => "asked_to_suspend",
            Self::AskedToResume => "asked_to_resume",
            Self::Suspended => "suspended",
            Self::NotSuspended => "not_suspended",
            Self::NoRules => "no_rules",
            Self::NoChoice { .. } => "no_choice",
            Self::Settling { .. } => "settling",
            Self::CoolingDown { .. } => "cooling_down",
            Self::Turning { .. } => "turning",
            Self::AtBound { .. } => "at_bound",
            Self::Enough { .. } => "enough",
            Self::Gathering { .. } => "gathering",
            Self::Missing { .. } => "missing",
            Self::WouldSwing { .. } => "would_swing",
            Self::Steady { .. } => "steady",
            Self::InUse { .. } => "in_use",
        }
    }
}
