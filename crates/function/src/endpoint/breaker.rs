//! When nothing is sent because nothing would come of it.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// When a breaker opens, and for how long.
///
/// ```
/// use floe_function::endpoint::{BreakerLimits, WhenOpen};
///
/// let limits = BreakerLimits::default();
/// assert_eq!((limits.least, limits.percent), (20, 50));
/// assert_eq!(limits.when_open, WhenOpen::Wait);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerLimits {
    /// The time that is looked back (10 s).
    pub window: Duration,
    /// So many requests must have ended in that time before anything is concluded.
    pub least: u32,
    /// Failures among a hundred of them that open the breaker.
    pub percent: u32,
    /// How long it stays open before one batch finds out whether the service works again; doubled
    /// every time it does not (1 s).
    pub open: Duration,
    /// The longest that it stays open (30 s).
    pub longest: Duration,
    /// How long that one batch is waited for before another one goes (30 s).
    pub probe: Duration,
    /// What batches do meanwhile.
    pub when_open: WhenOpen,
}

impl Default for BreakerLimits {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(10),
            least: 20,
            percent: 50,
            open: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            probe: Duration::from_secs(30),
            when_open: WhenOpen::default(),
        }
    }
}

/// What batches do while the breaker is open.
///
/// ```
/// use floe_function::endpoint::WhenOpen;
///
/// assert_eq!(WhenOpen::default(), WhenOpen::Wait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenOpen {
    /// They wait, within BATCH_TIMEOUT_SECS; waiting uses no retry.
    #[default]
    Wait,
    /// They fail.
    Fail,
}

/// Whether a batch may be sent.
///
/// ```
/// use std::time::Duration;
/// use floe_function::endpoint::{Admission, Breaker, BreakerLimits};
///
/// let mut breaker = Breaker::new(BreakerLimits::default());
/// assert_eq!(breaker.admit(Duration::ZERO), Admission::Send);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Send,
    /// It may, and what becomes of it decides for the others.
    Probe {
        /// What to name in [`Breaker::outcome`].
        ticket: u64,
    },
    /// It may not; asking again makes sense after this time.
    Hold {
        /// Zero when another batch is finding out, since nobody knows how long that takes.
        at_least: Duration,
    },
}

/// That the breaker has changed.
///
/// ```
/// use floe_function::endpoint::Change;
///
/// assert_ne!(Change::Opened, Change::Closed);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing is sent from now on, until a probe succeeds.
    Opened,
    /// Everything is sent again.
    Closed,
}

/// The time that is looked back is counted in so many parts.
const SLOTS: usize = 10;
/// Doubling the open time more often than this changes nothing: it is far past any bound.
const MOST_DOUBLINGS: u32 = 20;

/// Opens when too many requests fail, and closes when one succeeds afterwards.
///
/// ```
/// use std::time::Duration;
/// use floe_function::endpoint::{Admission, Breaker, BreakerLimits, Change};
///
/// let limits = BreakerLimits { least: 2, ..Default::default() };
/// let mut breaker = Breaker::new(limits);
/// let start = Duration::ZERO;
/// assert_eq!(breaker.outcome(None, false, start), None, "one failure says little");
/// assert_eq!(breaker.outcome(None, false, start), Some(Change::Opened));
/// let wait = Duration::from_secs(1);
/// assert_eq!(breaker.admit(start), Admission::Hold { at_least: wait });
/// // A second later one batch may find out, and only one.
/// let Admission::Probe { ticket } = breaker.admit(wait) else { panic!("no probe") };
/// assert_eq!(breaker.admit(wait), Admission::Hold { at_least: Duration::ZERO });
/// assert_eq!(breaker.outcome(Some(ticket), true, wait), Some(Change::Closed));
/// assert_eq!(breaker.admit(wait), Admission::Send);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    limits: BreakerLimits,
    state: State,
    /// What was counted while it is closed.
    slots: [Slot; SLOTS],
    tickets: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: Duration,
        /// How often in a row it has opened before.
        before: u32,
    },
    HalfOpen {
        /// The probe that is under way, and since when.
        probe: Option<(u64, Duration)>,
        before: u32,
    },
}

/// Requests that ended in one part of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Slot {
    number: u128,
    worked: u32,
    failed: u32,
}

impl Breaker {
    /// A closed breaker.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::endpoint::{Admission, Breaker};
    ///
    /// let mut breaker = Breaker::new(Default::default());
    /// assert_eq!(breaker.admit(Duration::from_secs(9)), Admission::Send);
    /// ```
    #[must_use]
    pub fn new(limits: BreakerLimits) -> Self {
        Self {
            limits,
            state: State::Closed,
            slots: [Slot::default(); SLOTS],
            tickets: 0,
        }
    }

    /// Whether a batch may be sent now. See [`Breaker`] for an example.
    pub fn admit(&mut self, now: Duration) -> Admission {
        match self.state {
            State::Closed => Admission::Send,
            State::Open { until, .. } if now < until => Admission::Hold {
                at_least: until.saturating_sub(now),
            },
            State::Open { before, .. } => self.probe(before, now),
            State::HalfOpen {
                probe: Some((_, since)),
                ..
            } if now < since.saturating_add(self.limits.probe) => Admission::Hold {
                at_least: Duration::ZERO,
            },
            State::HalfOpen { before, .. } => self.probe(before, now),
        }
    }

    /// Takes note of what became of a request: whether the service `works`, and the ticket when it
    /// was a probe. While the breaker is not closed only probes count, and a success counts even
    /// when the probe was given up on. See [`Breaker`] for an example.
    pub fn outcome(&mut self, probe: Option<u64>, works: bool, now: Duration) -> Option<Change> {
        match (&mut self.state, probe) {
            (State::Closed, _) => {
                let slot = (self.limits.window / SLOTS as u32).as_nanos().max(1);
                let number = now.as_nanos() / slot;
                if count(&mut self.slots, number, works, &self.limits) {
                    self.open(0, now);
                    return Some(Change::Opened);
                }
                None
            }
            (State::Open { .. } | State::HalfOpen { .. }, Some(_)) if works => {
                self.state = State::Closed;
                self.slots = [Slot::default(); SLOTS];
                Some(Change::Closed)
            }
            (
                State::HalfOpen {
                    probe: Some((ticket, _)),
                    before,
                },
                Some(probe),
            ) if *ticket == probe => {
                let before = before.saturating_add(1);
                self.open(before, now);
                Some(Change::Opened)
            }
            (State::Open { .. } | State::HalfOpen { .. }, _) => None,
        }
    }

    /// Takes note of a probe that found nothing out: it was not sent, or its call was dropped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::endpoint::{Admission, Breaker, BreakerLimits};
    ///
    /// let mut breaker = Breaker::new(BreakerLimits { least: 1, ..Default::default() });
    /// breaker.outcome(None, false, Duration::ZERO);
    /// let later = Duration::from_secs(1);
    /// let Admission::Probe { ticket } = breaker.admit(later) else { panic!("no probe") };
    /// breaker.abandon(ticket);
    /// assert!(matches!(breaker.admit(later), Admission::Probe { .. }), "another one may go");
    /// ```
    pub fn abandon(&mut self, ticket: u64) {
        if let State::HalfOpen { probe, .. } = &mut self.state {
            *probe = probe.filter(|(under_way, _)| *under_way != ticket);
        }
    }

    fn probe(&mut self, before: u32, now: Duration) -> Admission {
        self.tickets = self.tickets.wrapping_add(1);
        let ticket = self.tickets;
        let probe = Some((ticket, now));
        self.state = State::HalfOpen { probe, before };
        Admission::Probe { ticket }
    }

    fn open(&mut self, before: u32, now: Duration) {
        let doubled = 1_u32 << before.min(MOST_DOUBLINGS);
        let open = self.limits.open.saturating_mul(doubled);
        let until = now.saturating_add(open.min(self.limits.longest));
        self.state = State::Open { until, before };
    }
}

/// Counts a request in the part of the window with that number; whether that is one too many.
fn count(slots: &mut [Slot; SLOTS], number: u128, works: bool, limits: &BreakerLimits) -> bool {
    let place = usize::try_from(number % SLOTS as u128).unwrap_or(0);
    if let Some(slot) = slots.get_mut(place) {
        if slot.number != number {
            *slot = Slot {
                number,
                ..Slot::default()
            };
        }
        let count = if works {
            &mut slot.worked
        } else {
            &mut slot.failed
        };
        *count = count.saturating_add(1);
    }
    let recent = slots
        .iter()
        .filter(|slot| slot.number.saturating_add(SLOTS as u128) > number);
    let (worked, failed) = recent.fold((0_u64, 0_u64), |(worked, failed), slot| {
        (
            worked + u64::from(slot.worked),
            failed + u64::from(slot.failed),
        )
    });
    let all = worked + failed;
    !works
        && all >= u64::from(limits.least)
        && failed.saturating_mul(100) >= all.saturating_mul(u64::from(limits.percent))
}
