//! What the batches for one endpoint know of each other: extensions that the original does not
//! have, and that are off unless asked for.
//!
//! A batch alone cannot see that its retries are one of thousands, or that the last hundred sends
//! of others failed. A [`RetryBudget`] bounds retries to a share of the first sends, so that a
//! service in trouble is not given several times its load; a [`Breaker`] stops sending to a service
//! that does not work, except for one batch now and then that finds out whether it works again.
//! Both are plain state machines that take the time as an argument.
//!
//! ```
//! use floe_function::endpoint::{BreakerLimits, BudgetLimits, Endpoint, EndpointLimits};
//!
//! let limits = EndpointLimits {
//!     retry_budget: Some(BudgetLimits { percent: 10, ..Default::default() }),
//!     breaker: Some(BreakerLimits::default()),
//! };
//! // One for all functions that call the same endpoint of a service.
//! let endpoint = Endpoint::new(limits);
//! assert_eq!(endpoint.clone().limits().retry_budget.as_ref().unwrap().percent, 10);
//! assert_eq!(Endpoint::default().limits(), &EndpointLimits::default());
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

mod breaker;
mod budget;

pub use breaker::{Admission, Breaker, BreakerLimits, Change, WhenOpen};
pub use budget::{BudgetLimits, RetryBudget};

/// Which of the extensions an endpoint has; none by default.
///
/// ```
/// use floe_function::endpoint::EndpointLimits;
///
/// let limits = EndpointLimits::default();
/// assert!(limits.retry_budget.is_none() && limits.breaker.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointLimits {
    /// How many retries there may be beside the first sends.
    pub retry_budget: Option<BudgetLimits>,
    /// When nothing is sent because nothing would come of it.
    pub breaker: Option<BreakerLimits>,
}

/// One endpoint of a service, shared by the functions that call it; cheap to clone.
///
/// See the [module](self) for an example.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    limits: EndpointLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the endpoint was used first: its time zero.
    epoch: Option<Instant>,
    budget: Option<RetryBudget>,
    breaker: Option<Breaker>,
}

impl Endpoint {
    /// An endpoint that nothing is known of yet.
    ///
    /// ```
    /// use floe_function::endpoint::Endpoint;
    ///
    /// assert!(Endpoint::new(Default::default()).limits().breaker.is_none());
    /// ```
    #[must_use]
    pub fn new(limits: EndpointLimits) -> Self {
        let state = State {
            epoch: None,
            budget: limits.retry_budget.clone().map(RetryBudget::new),
            breaker: limits.breaker.clone().map(Breaker::new),
        };
        Self {
            inner: Arc::new(Inner {
                limits,
                state: Mutex::new(state),
            }),
        }
    }

    /// The limits it was made with.
    ///
    /// ```
    /// use floe_function::endpoint::{Endpoint, EndpointLimits};
    ///
    /// assert_eq!(Endpoint::default().limits(), &EndpointLimits::default());
    /// ```
    pub fn limits(&self) -> &EndpointLimits {
        &self.inner.limits
    }

    /// Whether a batch may be sent now; what is admitted is to be reported or dropped.
    pub(crate) fn admit(&self, now: Instant) -> Result<Admitted<'_>, Duration> {
        self.with(now, |state, now| {
            let probe = match state.breaker.as_mut().map(|breaker| breaker.admit(now)) {
                None | Some(Admission::Send) => None,
                Some(Admission::Probe { ticket }) => Some(ticket),
                Some(Admission::Hold { at_least }) => return Err(at_least),
            };
            Ok(Admitted {
                endpoint: self,
                probe,
            })
        })
    }

    /// Whether batches fail while the breaker is open, instead of waiting.
    pub(crate) fn fails_when_open(&self) -> bool {
        let breaker = self.inner.limits.breaker.as_ref();
        breaker.is_some_and(|limits| limits.when_open == WhenOpen::Fail)
    }

    /// Takes note of the first send of a batch.
    pub(crate) fn first_send(&self, now: Instant) {
        self.with(now, |state, now| {
            if let Some(budget) = &mut state.budget {
                budget.first_send(now);
            }
        });
    }

    /// Whether there may be one more retry; if so, it is counted.
    pub(crate) fn may_retry(&self, now: Instant) -> bool {
        self.with(now, |state, now| {
            let budget = state.budget.as_mut();
            budget.is_none_or(|budget| budget.take(now))
        })
    }

    /// Takes note of what became of a request.
    pub(crate) fn outcome(&self, probe: Option<u64>, works: bool, now: Instant) -> Option<Change> {
        self.with(now, |state, now| {
            let breaker = state.breaker.as_mut()?;
            breaker.outcome(probe, works, now)
        })
    }

    fn with<T>(&self, now: Instant, what: impl FnOnce(&mut State, Duration) -> T) -> T {
        let mut state = self
            .inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let epoch = *state.epoch.get_or_insert(now);
        what(&mut state, now.saturating_duration_since(epoch))
    }
}

/// Leave to send one batch. Dropped without an outcome it lets another batch find out.
#[derive(Debug)]
pub(crate) struct Admitted<'a> {
    endpoint: &'a Endpoint,
    probe: Option<u64>,
}

impl Admitted<'_> {
    pub(crate) fn outcome(mut self, works: bool, now: Instant) -> Option<Change> {
        self.endpoint.outcome(self.probe.take(), works, now)
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let Some(ticket) = self.probe else { return };
        let state = &self.endpoint.inner.state;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = &mut state.breaker {
            breaker.abandon(ticket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_is_dropped_gives_its_place_to_another() {
        let breaker = BreakerLimits {
            least: 1,
            ..BreakerLimits::default()
        };
        let endpoint = Endpoint::new(EndpointLimits {
            breaker: Some(breaker),
            ..EndpointLimits::default()
        });
        let start = Instant::now();
        assert_eq!(endpoint.outcome(None, false, start), Some(Change::Opened));
        let later = start + Duration::from_secs(1);
        let probe = endpoint.admit(later).unwrap();
        assert_eq!(endpoint.admit(later).unwrap_err(), Duration::ZERO);
        drop(probe);
        let probe = endpoint.admit(later).unwrap();
        assert_eq!(probe.outcome(true, later), Some(Change::Closed));
        assert!(endpoint.admit(later).is_ok());
    }
}
