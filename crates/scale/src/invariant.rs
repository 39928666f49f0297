//! What the decider must never do, as plain predicates.
//!
//! Each predicate looks at the state before ([`View`]), the decision, and the state after. The
//! decider asserts [`check`] on every call; tests and [`replay`](crate::replay()) call the same
//! functions, and so may any other controller that wants to be judged by them.
//! [`turns_once_per_window`] judges a whole log of decisions from outside.
//!
//! ```
//! use floe_scale::invariant::{View, check};
//! use floe_scale::{Bounds, Decision, Millis, Reason};
//!
//! let bounds = Bounds::new(1, 3)?;
//! let before = View { target: 3, current: 3, ..View::new(bounds) };
//! let after = View { target: 4, ..before };
//! let reason = Reason::NoRules;
//! let decision = Decision { at: Millis(0), before: 3, after: 4, reason };
//! let violation = check(&before, &decision, &after).unwrap_err();
//! assert_eq!(violation.to_string(), "4 instances are outside of 1 to 3");
//! # Ok::<(), floe_scale::ScaleError>(())
//! ```

use std::time::Duration;

use crate::decision::{Decision, Reason};
use crate::rules::COOLDOWN;
use crate::scaler::Turn;
use crate::types::{Bounds, Direction, Millis};

/// The state of a service's autoscaling as the predicates see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The latest moment that the decider was told.
    pub now: Millis,
    /// MIN_INSTANCES and MAX_INSTANCES.
    pub bounds: Bounds,
    /// How many instances there are to be; 0 while suspended.
    pub target: u32,
    /// Whether the service is suspended.
    pub suspended: bool,
    /// How many instances there were when it was last looked at.
    pub current: u32,
    /// When the number of instances changed last, whoever changed it.
    pub last_change: Option<Millis>,
    /// The last change that autoscaling made by itself.
    pub last_turn: Option<Turn>,
}

impl View {
    /// A service that was never looked at, with MIN_INSTANCES.
    ///
    /// ```
    /// use floe_scale::{Bounds, invariant::View};
    /// assert_eq!(View::new(Bounds::new(2, 3)?).target, 2);
    /// # Ok::<(), floe_scale::ScaleError>(())
    /// ```
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            now: Millis(0),
            bounds,
            target: bounds.min(),
            suspended: false,
            current: 0,
            last_change: None,
            last_turn: None,
        }
    }
}

/// A rule that was broken: a bug of the decider, never of its user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The number of instances is outside of MIN_INSTANCES and MAX_INSTANCES.
    #[error("{target} instances are outside of {} to {}", bounds.min(), bounds.max())]
    OutOfBounds {
        /// The number.
        target: u32,
        /// The bounds.
        bounds: Bounds,
    },
    /// A decision does not say what was done, or its reason does not justify it.
    #[error("from {before} to {after} instances because of `{word}`")]
    Unjustified {
        /// How many there were to be.
        before: u32,
        /// How many there are to be.
        after: u32,
        /// The word of the reason.
        word: &'static str,
    },
    /// Autoscaling changed the number again too soon.
    #[error("a change {} s after the last one", ago.as_secs())]
    TooSoon {
        /// Time since the last change.
        ago: Duration,
    },
    /// Autoscaling changed the number while the last change was under way.
    #[error("a change while {current} of {target} instances were there")]
    Unsettled {
        /// Instances that exist.
        current: u32,
        /// Instances that were to exist.
        target: u32,
    },
    /// Autoscaling turned round within one stabilisation window.
    #[error(
        "{direction} {} s after the opposite, within a window of {} s",
        ago.as_secs(),
        period.as_secs()
    )]
    TurnedTooSoon {
        /// Where it went now.
        direction: Direction,
        /// Time since it went the other way.
        ago: Duration,
        /// How long it had to be.
        period: Duration,
    },
    /// Instances were removed although values were missing.
    #[error("instances were removed although {missing} values were missing")]
    RemovedBlindly {
        /// How many values.
        missing: u32,
    },
}

impl Violation {
    /// The stable code of a broken rule; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_scale::invariant::Violation;
    /// let violation = Violation::RemovedBlindly { missing: 1 };
    /// assert_eq!(violation.code(), "FLOE-SCALE-0020");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        "FLOE-SCALE-0020"
    }
}

/// All predicates about one decision.
///
/// # Errors
///
/// The first [`Violation`] found.
///
/// ```
/// use floe_scale::invariant::{View, check};
/// use floe_scale::{Bounds, Decision, Millis, Reason};
///
/// let view = View::new(Bounds::new(1, 3)?);
/// let reason = Reason::NoRules;
/// let keep = Decision { at: Millis(0), before: 1, after: 1, reason };
/// assert!(check(&view, &keep, &view).is_ok());
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn check(before: &View, decision: &Decision, after: &View) -> Result<(), Violation> {
    stays_in_bounds(after)?;
    is_justified(before, decision, after)?;
    is_settled(before, decision)?;
    waits_for_cooldown(before, decision)?;
    turns_late_enough(before, decision)?;
    removes_on_whole_readings(decision)
}

/// A suspended service has no instances, any other as many as its bounds allow.
///
/// # Errors
///
/// [`Violation::OutOfBounds`].
///
/// ```
/// use floe_scale::Bounds;
/// use floe_scale::invariant::{View, stays_in_bounds};
/// let view = View::new(Bounds::new(2, 3)?);
/// assert!(stays_in_bounds(&view).is_ok());
/// assert!(stays_in_bounds(&View { target: 0, ..view }).is_err());
/// assert!(stays_in_bounds(&View { target: 0, suspended: true, ..view }).is_ok());
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn stays_in_bounds(after: &View) -> Result<(), Violation> {
    let View {
        target,
        bounds,
        suspended,
        ..
    } = *after;
    let allowed = if suspended {
        target == 0
    } else {
        target == bounds.clamp(target)
    };
    if allowed {
        return Ok(());
    }
    Err(Violation::OutOfBounds { target, bounds })
}

/// A decision says what was done, and its reason is one that does it: a rule that held, the user,
/// or idle time. A suspended service only comes back when it is resumed.
///
/// # Errors
///
/// [`Violation::Unjustified`].
///
/// ```
/// use floe_scale::invariant::{View, is_justified};
/// use floe_scale::{Bounds, Decision, Millis, Reason};
/// let before = View::new(Bounds::new(1, 3)?);
/// let after = View { target: 2, ..before };
/// let decision = |reason| Decision { at: Millis(0), before: 1, after: 2, reason };
/// assert!(is_justified(&before, &decision(Reason::Suspended), &after).is_err());
/// let bounds = Reason::Bounds(Bounds::new(2, 3)?);
/// assert!(is_justified(&before, &decision(bounds), &after).is_ok());
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn is_justified(before: &View, decision: &Decision, after: &View) -> Result<(), Violation> {
    let told = decision.before == before.target && decision.after == after.target;
    let (from, to) = (before.target, after.target);
    let reasoned = match &decision.reason {
        Reason::Held { .. } => from != to && from > 0,
        Reason::Idle { idle, limit } => from > 0 && to == 0 && idle > limit,
        Reason::AskedToSuspend => from > 0 && to == 0,
        Reason::AskedToResume => from == 0 && to > 0,
        Reason::Bounds(_) => (from == 0) == (to == 0),
        _ => from == to,
    };
    if told && reasoned {
        return Ok(());
    }
    Err(Violation::Unjustified {
        before: from,
        after: to,
        word: decision.reason.word(),
    })
}

/// Autoscaling changes the number only when as many instances exist as are to exist.
///
/// # Errors
///
/// [`Violation::Unsettled`].
///
/// ```
/// use floe_scale::invariant::{View, is_settled};
/// use floe_scale::{Bounds, Decision, Millis, Reason};
/// let view = View::new(Bounds::new(2, 3)?);
/// let reason = Reason::NoRules;
/// let keep = Decision { at: Millis(0), before: 2, after: 2, reason };
/// assert!(is_settled(&view, &keep).is_ok(), "nothing changed");
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn is_settled(before: &View, decision: &Decision) -> Result<(), Violation> {
    let View {
        current, target, ..
    } = *before;
    if decision.turn().is_some() && current != target {
        return Err(Violation::Unsettled { current, target });
    }
    Ok(())
}

/// Autoscaling waits [`COOLDOWN`] after every change.
///
/// # Errors
///
/// [`Violation::TooSoon`].
///
/// ```
/// use floe_scale::invariant::{View, waits_for_cooldown};
/// use floe_scale::{Bounds, Decision, Millis, Reason};
/// let view = View { last_change: Some(Millis(0)), ..View::new(Bounds::new(2, 3)?) };
/// let reason = Reason::AskedToSuspend;
/// let suspend = Decision { at: Millis(1), before: 2, after: 0, reason };
/// assert!(waits_for_cooldown(&view, &suspend).is_ok(), "the user need not wait");
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn waits_for_cooldown(before: &View, decision: &Decision) -> Result<(), Violation> {
    let (Some(_), Some(last)) = (decision.turn(), before.last_change) else {
        return Ok(());
    };
    let ago = decision.at.since(last);
    if ago < COOLDOWN {
        return Err(Violation::TooSoon { ago });
    }
    Ok(())
}

/// Autoscaling turns round only when the rule's whole stabilisation period, and [`COOLDOWN`],
/// lie after its last change.
///
/// # Errors
///
/// [`Violation::TurnedTooSoon`].
///
/// ```
/// use floe_scale::invariant::{View, turns_late_enough};
/// use floe_scale::{Bounds, Decision, Millis, Reason};
/// let view = View::new(Bounds::new(2, 3)?);
/// let reason = Reason::NoRules;
/// let keep = Decision { at: Millis(0), before: 2, after: 2, reason };
/// assert!(turns_late_enough(&view, &keep).is_ok());
/// # Ok::<(), floe_scale::ScaleError>(())
/// ```
pub fn turns_late_enough(before: &View, decision: &Decision) -> Result<(), Violation> {
    match before.last_turn {
        Some(last) => turned(last, decision),
        None => Ok(()),
    }
}

/// Instances are removed only on values of which none was missing.
///
/// # Errors
///
/// [`Violation::RemovedBlindly`].
///
/// ```
/// use floe_scale::invariant::removes_on_whole_readings;
/// use floe_scale::{Decision, Millis, Reason};
/// let reason = Reason::AskedToSuspend;
/// let suspend = Decision { at: Millis(1), before: 2, after: 0, reason };
/// assert!(removes_on_whole_readings(&suspend).is_ok(), "the user may");
/// ```
pub fn removes_on_whole_readings(decision: &Decision) -> Result<(), Violation> {
    let missing = match decision.reason.evidence() {
        Some(evidence) if decision.turn() == Some(Direction::Down) => evidence.missing,
        _ => 0,
    };
    if missing > 0 {
        return Err(Violation::RemovedBlindly { missing });
    }
    Ok(())
}

/// A whole log, judged from outside: between two changes of autoscaling in opposite directions
/// lies the stabilisation period of the rule that turned, and [`COOLDOWN`]. Changes by the user
/// and by AUTO_SUSPEND_SECS do not count.
///
/// # Errors
///
/// [`Violation::TurnedTooSoon`] for the first turn that came too soon.
///
/// ```
/// assert!(floe_scale::invariant::turns_once_per_window(&[]).is_ok());
/// ```
pub fn turns_once_per_window<'a>(
    log: impl IntoIterator<Item = &'a Decision>,
) -> Result<(), Violation> {
    let mut last: Option<Turn> = None;
    for decision in log {
        if let Some(last) = last {
            turned(last, decision)?;
        }
        if let Some(direction) = decision.turn() {
            last = Some(Turn {
                at: decision.at,
                direction,
            });
        }
    }
    Ok(())
}

fn turned(last: Turn, decision: &Decision) -> Result<(), Violation> {
    let (Some(direction), Reason::Held { period, .. }) = (decision.turn(), &decision.reason) else {
        return Ok(());
    };
    let (ago, period) = (decision.at.since(last.at), COOLDOWN.max(*period));
    if direction != last.direction && ago < period {
        return Err(Violation::TurnedTooSoon {
            direction,
            ago,
            period,
        });
    }
    Ok(())
}
