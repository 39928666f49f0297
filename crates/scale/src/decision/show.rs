//! Decisions and reasons as people read them: one plain sentence, with its numbers.

use std::fmt;
use std::time::Duration;

use super::{Decision, Evidence, Kind, Limit, Reason, Rule};
use crate::rules::{COOLDOWN, CPU_THRESHOLD};
use crate::types::Direction;

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, after, .. } = self;
        match self.kind() {
            Kind::Keep => write!(f, "keep {after}: {}", self.reason),
            kind => write!(f, "{kind} {before} → {after}: {}", self.reason),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Keep => "keep",
            Self::ScaleUp => "scale up",
            Self::ScaleDown => "scale down",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cpu => "CPU",
            Self::ScaleUp => "scaleUp",
            Self::ScaleDown => "scaleDown",
            Self::Suspend => "suspend",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { evidence, period } => {
                write!(f, "{evidence} throughout {}", Secs(*period))
            }
            Self::Idle { idle, limit } => write!(
                f,
                "no query has used the service for {}, more than AUTO_SUSPEND_SECS = {}",
                Secs(*idle),
                limit.as_secs()
            ),
            Self::Bounds(bounds) => write!(
                f,
                "MIN_INSTANCES is now {} and MAX_INSTANCES {}",
                bounds.min(),
                bounds.max()
            ),
            Self::AskedToSuspend => f.write_str("the user suspended the service"),
            Self::AskedToResume => f.write_str("resumed, beginning with MIN_INSTANCES"),
            Self::Suspended => f.write_str("the service is suspended"),
            Self::NotSuspended => f.write_str("the service is not suspended"),
            Self::NoRules => f.write_str("no CPU request, no policies, no AUTO_SUSPEND_SECS"),
            Self::NoChoice { count } => {
                write!(f, "MIN_INSTANCES and MAX_INSTANCES are both {count}")
            }
            other => waiting(other, f),
        }
    }
}

/// Reasons to keep the number although, or because, a rule says something.
fn waiting(reason: &Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match reason {
        Reason::Settling {
            current,
            target,
            waits,
        } => {
            if let Some(evidence) = waits {
                write!(f, "{evidence}, but ")?;
            }
            write!(
                f,
                "{current} of {target} instances are there: the last change is still under way"
            )
        }
        Reason::CoolingDown { waits, ago } => write!(
            f,
            "{waits}, but the last change was {} ago, and {} must lie between two",
            Secs(*ago),
            Secs(COOLDOWN)
        ),
        Reason::Turning {
            waits,
            last,
            ago,
            period,
        } => write!(
            f,
            "{waits}, but instances were {} {} ago, and {} must lie between a change and its \
             reverse",
            match last {
                Direction::Up => "added",
                Direction::Down => "removed",
            },
            Secs(*ago),
            Secs(*period)
        ),
        Reason::AtBound {
            evidence,
            direction,
            bound,
        } => write!(
            f,
            "{evidence}, but {bound} is {}",
            match direction {
                Direction::Up => "MAX_INSTANCES",
                Direction::Down => "MIN_INSTANCES",
            }
        ),
        Reason::Enough { evidence, count } => {
            write!(f, "{evidence}, and asks for the {count} that there are")
        }
        Reason::Gathering { evidence, held } => write!(
            f,
            "{evidence} for {} of {}",
            held.as_secs(),
            Secs(evidence.window)
        ),
        other => quiet(other, f),
    }
}

/// Reasons to keep the number because no rule holds.
fn quiet(reason: &Reason, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match reason {
        Reason::Missing { evidence } => missing(evidence, f),
        Reason::WouldSwing { share, without_one } => write!(
            f,
            "CPU is at {} of the request, but would be at {} with one instance fewer, not below {}",
            Percent(*share),
            Percent(*without_one),
            Percent(CPU_THRESHOLD)
        ),
        Reason::Steady { evidence } => {
            measured(evidence, f)?;
            write!(f, ", not {}", evidence.limit)
        }
        Reason::InUse { idle, limit } => write!(
            f,
            "no query has used the service for {} of AUTO_SUSPEND_SECS = {}",
            idle.as_secs(),
            limit.as_secs()
        ),
        // All others are written by the functions above.
        _ => Ok(()),
    }
}

fn missing(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Evidence {
        rule,
        metric,
        missing,
        observed,
        ..
    } = evidence;
    match (observed, missing) {
        (None, _) => write!(f, "{rule}: no value of {metric} is known"),
        (Some(_), 1) => write!(f, "{rule}: 1 value of {metric} is missing"),
        (Some(_), _) => write!(f, "{rule}: {missing} values of {metric} are missing"),
    }?;
    f.write_str(", and what is not known changes nothing")
}

/// `scaleUp: avg container.cpu.usage is 0.91, at least 0.8`.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        measured(self, f)?;
        if let Limit::ShareBelow { without_one, .. } = self.limit {
            write!(
                f,
                " and would be at {} with one instance fewer",
                Percent(without_one)
            )?;
        }
        write!(f, ", {}", self.limit)
    }
}

fn measured(evidence: &Evidence, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let observed = evidence.observed.unwrap_or(0.0);
    match evidence.aggregation {
        None => write!(f, "CPU is at {} of the request", Percent(observed)),
        Some(aggregation) => write!(
            f,
            "{}: {aggregation} {} is {}",
            evidence.rule,
            evidence.metric,
            Number(observed)
        ),
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AtLeast(value) => write!(f, "at least {}", Number(value)),
            Self::AtMost(value) => write!(f, "at most {}", Number(value)),
            Self::Within { lower, upper } => match (lower, upper) {
                (Some(lower), Some(upper)) => {
                    write!(f, "within {} and below {}", Number(lower), Number(upper))
                }
                (Some(lower), None) => write!(f, "at least {}", Number(lower)),
                (None, Some(upper)) => write!(f, "below {}", Number(upper)),
                (None, None) => f.write_str("within the steps"),
            },
            Self::ShareAbove(value) => write!(f, "above {}", Percent(value)),
            Self::ShareBelow { threshold, .. } => write!(f, "below {}", Percent(threshold)),
        }
    }
}

/// A number as people read it: four digits that count, no zeros after them.
pub(crate) struct Number(pub(crate) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero makes a negative zero a plain one.
        let value = self.0 + 0.0;
        let size = value.abs();
        // Beyond these sizes digits would be zeros that nobody counts.
        if size != 0.0 && !(1e-4..1e15).contains(&size) {
            return f.pad(&format!("{value:.3e}"));
        }
        let decimals = match size {
            size if size >= 1_000.0 => 0,
            size if size >= 100.0 => 1,
            size if size >= 10.0 => 2,
            size if size >= 0.1 => 3,
            _ => 5,
        };
        let text = format!("{value:.decimals$}");
        let short = match text.split_once('.') {
            Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
            None => text.as_str(),
        };
        f.pad(short)
    }
}

/// A number with a letter where it is large: `20M`.
pub(crate) struct Scaled(pub(crate) f64);

impl fmt::Display for Scaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")];
        let Some((size, letter)) = letters.iter().find(|(size, _)| self.0.abs() >= *size) else {
            return Number(self.0).fmt(f);
        };
        // Thousands have a letter from ten of them on.
        let size = if *letter == "k" { 1e3 } else { *size };
        f.pad(&format!("{}{letter}", Number(self.0 / size)))
    }
}

/// A share as a percentage.
pub(crate) struct Percent(pub(crate) f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} %", Number(self.0 * 100.0)))
    }
}

struct Secs(Duration);

impl fmt::Display for Secs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0.as_secs())
    }
}
