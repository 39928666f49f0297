//! Plans and notices as people read them.

use std::fmt;

use super::{Action, Notice, Plan};

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Terminate => "terminate",
            Self::Remove => "remove",
            Self::Redeploy => "redeploy",
            Self::Start => "start",
            Self::Await => "await",
        })
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowMinReady { lowest, min_ready } => write!(
                f,
                "the service will not be ready for a while: {lowest} available, but \
                 MIN_READY_INSTANCES is {min_ready}; requests are denied meanwhile"
            ),
            Self::NotReadyNow { ready, min_ready } => write!(
                f,
                "the service is not ready now: {ready} available, but MIN_READY_INSTANCES is \
                 {min_ready}"
            ),
            Self::NoneAvailable => f.write_str("for a while no instance is available at all"),
            Self::BrokenFirst { ids } => {
                f.write_str("replaced at once, because not READY:")?;
                ids.iter().try_for_each(|id| write!(f, " {id}"))
            }
            Self::ReplacesUpgrade => {
                f.write_str("an upgrade is under way; this target takes its place")
            }
            Self::Suspended => f.write_str("suspended: takes effect when the service is resumed"),
            Self::NothingToDo => f.write_str("nothing to do"),
            Self::Paused => {
                f.write_str("the upgrade is paused; nothing is replaced until it goes on")
            }
            Self::Partitioned { partition } => {
                write!(
                    f,
                    "instances below {partition} keep the revision that they have"
                )
            }
            Self::Other { text, .. } => f.write_str(text),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.steps.is_empty() {
            writeln!(f, "step  action     instance  available")?;
        }
        for (number, step) in self.steps.iter().enumerate() {
            let (number, available) = (number + 1, step.available_after);
            writeln!(
                f,
                "{number:>4}  {:<9}  {:>8}  {available:>9}",
                step.action, step.id
            )?;
        }
        let Self {
            lowest_available: lowest,
            available_now: now,
            ..
        } = self;
        write!(f, "available: {now} now, {lowest} at the lowest")?;
        self.notices
            .iter()
            .try_for_each(|notice| write!(f, "\nnote: {notice}"))
    }
}
