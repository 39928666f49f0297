//! One look at one metric: what it asks for.

use crate::observation::Observation;
use crate::policy::{Adjustment, Scaling, Step};
use crate::rules::{CPU_THRESHOLD, Condition};
use crate::types::{Direction, MAX_INSTANCES};

/// Fractions this small, relative to the number, are errors of floating-point arithmetic:
/// `3 × 0.4 ÷ 0.2` is a little more than 6 and must not become 7.
const ROUNDING: f64 = 1e-9;

/// What one evaluation of a condition saw.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sighting {
    /// The value, in the unit of the metric; a share of the request for the CPU rule.
    pub(super) observed: Option<f64>,
    /// How many values are missing.
    pub(super) missing: u32,
    /// The bounds of the step that holds.
    pub(super) step: Option<Step>,
    /// The share of the CPU request with one instance fewer.
    pub(super) without_one: Option<f64>,
    /// How many instances the evaluation asks for; `None` when it asks for no change.
    pub(super) vote: Option<u32>,
}

/// Looks at the metric of a policy's condition.
///
/// A value that is missing counts as zero where it could add instances, and changes nothing where
/// it could remove them.
pub(super) fn at_metric(
    condition: &Condition,
    direction: Direction,
    seen: &Observation,
) -> Sighting {
    let reading = seen
        .metrics
        .get(&condition.metric)
        .copied()
        .unwrap_or_default();
    let missing = reading.missing();
    let observed = match direction {
        Direction::Up => reading.at_least(condition.aggregation),
        Direction::Down => reading.known(condition.aggregation),
    };
    let mut sighting = Sighting {
        observed,
        missing,
        ..Sighting::default()
    };
    let unknown = direction == Direction::Down && missing > 0;
    let Some(value) = observed.filter(|_| !unknown && seen.current > 0) else {
        return sighting;
    };
    sighting.vote = match &condition.scaling {
        Scaling::Target(target) => {
            let holds = match direction {
                Direction::Up => value >= *target,
                Direction::Down => value <= *target,
            };
            holds.then(|| proportional(seen.current, value, *target))
        }
        Scaling::Steps { adjustment, steps } => {
            sighting.step = steps.iter().find(|step| step.holds(value)).copied();
            let by = sighting.step.map(|step| step.target_adjustment);
            by.map(|by| stepped(seen.current, *adjustment, by, direction))
        }
    };
    sighting
}

/// Looks at CPU usage.
///
/// Up: the share is above the threshold. Down: it would be below the threshold with one instance
/// fewer, so that the instance is not started again at once.
pub(super) fn at_cpu(request: f64, direction: Direction, seen: &Observation) -> Sighting {
    let current = seen.current;
    let unread = current.saturating_sub(seen.cpu.count());
    let missing = seen.cpu.missing().max(unread);
    let share = |instances: u32| seen.cpu.sum() / (f64::from(instances) * request);
    let known = current > 0 && seen.cpu.count() > 0;
    let without_one = (known && current > 1).then(|| share(current - 1));
    let vote = match direction {
        Direction::Up => {
            let holds = known && share(current) > CPU_THRESHOLD;
            holds.then(|| current.saturating_add(1).min(MAX_INSTANCES))
        }
        Direction::Down => {
            let holds = missing == 0 && without_one.is_some_and(|share| share < CPU_THRESHOLD);
            holds.then(|| current - 1)
        }
    };
    Sighting {
        observed: known.then(|| share(current)),
        missing,
        step: None,
        without_one,
        vote,
    }
}

/// `ceil(current × observed ÷ target)`, the formula of *Scaling services*. Without any load no
/// instance is needed, and with load none is enough for a target of zero.
fn proportional(current: u32, observed: f64, target: f64) -> u32 {
    if observed <= 0.0 {
        return 0;
    }
    if target <= 0.0 {
        return MAX_INSTANCES;
    }
    let exact = f64::from(current) * observed / target;
    let count = (exact * (1.0 - ROUNDING)).ceil();
    if count >= f64::from(MAX_INSTANCES) {
        return MAX_INSTANCES;
    }
    // Between zero and MAX_INSTANCES, without a fraction: the conversion loses nothing.
    count as u32
}

fn stepped(current: u32, adjustment: Adjustment, by: u32, direction: Direction) -> u32 {
    let change = match adjustment {
        Adjustment::ExactCount => return by.min(MAX_INSTANCES),
        Adjustment::ChangeCount => u64::from(by),
        Adjustment::PercentChange => {
            let hundredths = u64::from(current) * u64::from(by);
            // More is rounded up and fewer down, but a step that says so changes one at least.
            match direction {
                Direction::Up => hundredths.div_ceil(100),
                Direction::Down => (hundredths / 100).max(u64::from(by.min(1))),
            }
        }
    };
    let changed = match direction {
        Direction::Up => u64::from(current).saturating_add(change),
        Direction::Down => u64::from(current).saturating_sub(change),
    };
    u32::try_from(changed).map_or(MAX_INSTANCES, |count| count.min(MAX_INSTANCES))
}
