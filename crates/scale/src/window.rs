//! How long evaluations have agreed, and the most that they asked for meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use crate::types::{MAX_INSTANCES, Millis};

/// Most samples that one window keeps. Only those are kept that a later one may not replace, and
/// these ask for fewer and fewer instances: no more than there are counts.
pub const MAX_SAMPLES: usize = MAX_INSTANCES as usize + 1;

/// The stabilisation window of one condition.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    period: Duration,
    /// The moment from which on every evaluation agreed.
    since: Option<Millis>,
    /// Counts that were asked for within the period, each with its moment: later ones are
    /// smaller, so that the first one is the greatest of the window.
    peaks: VecDeque<(Millis, u32)>,
}

impl Window {
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            period,
            since: None,
            peaks: VecDeque::new(),
        }
    }

    /// Takes in one evaluation: the count that it asks for, or `None` when it asks for no change.
    ///
    /// An evaluation speaks for the time since the one before it, `from`; for its own moment only
    /// when none is before it, or too long ago.
    pub(crate) fn record(&mut self, now: Millis, from: Option<Millis>, vote: Option<u32>) {
        if from.is_none() || vote.is_none() {
            self.restart();
        }
        let Some(count) = vote else { return };
        self.since.get_or_insert(from.unwrap_or(now));
        while self.peaks.back().is_some_and(|(_, last)| *last <= count) {
            self.peaks.pop_back();
        }
        self.peaks.push_back((now, count));
        // The newest entry is never too old, so one always stays.
        while self.peaks.len() > 1 && self.is_old(now) {
            self.peaks.pop_front();
        }
        assert!(
            self.peaks.len() <= MAX_SAMPLES,
            "counts in a window fall strictly, so {} of them are a bug",
            self.peaks.len()
        );
    }

    fn is_old(&self, now: Millis) -> bool {
        self.peaks
            .front()
            .is_some_and(|(at, _)| now.since(*at) >= self.period)
    }

    /// Forgets everything.
    pub(crate) fn restart(&mut self) {
        self.since = None;
        self.peaks.clear();
    }

    pub(crate) fn period(&self) -> Duration {
        self.period
    }

    /// How long evaluations have agreed without a break; `None` when the last one did not.
    pub(crate) fn agreed_for(&self, now: Millis) -> Option<Duration> {
        self.since.map(|since| now.since(since))
    }

    /// The greatest count asked for within the period, once all of it agreed.
    pub(crate) fn verdict(&self, now: Millis) -> Option<u32> {
        let agreed = self.agreed_for(now)?;
        let (_, count) = self.peaks.front().filter(|_| agreed >= self.period)?;
        Some(*count)
    }
}
