//! How many retries there may be.

use std::time::Duration;

/// Bounds on the retries of all batches for one endpoint.
///
/// ```
/// use floe_function::endpoint::BudgetLimits;
///
/// let limits = BudgetLimits::default();
/// assert_eq!((limits.percent, limits.per_second, limits.most), (20, 10, 100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Retries for every hundred first sends.
    pub percent: u32,
    /// Retries for every second, so that few batches can be retried too.
    pub per_second: u32,
    /// The most retries that can be saved up; as many are there at the beginning.
    pub most: u32,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self {
            percent: 20,
            per_second: 10,
            most: 100,
        }
    }
}

/// One retry, counted in billionths, so that a nanosecond and a hundredth are whole numbers.
const RETRY: u64 = 1_000_000_000;

/// A bucket of retries: first sends and time fill it, retries empty it.
///
/// However the events come, there are never more retries than `percent` of the first sends, and
/// `per_second` for every second, and `most`.
///
/// ```
/// use std::time::Duration;
/// use floe_function::endpoint::{BudgetLimits, RetryBudget};
///
/// let limits = BudgetLimits { percent: 50, per_second: 1, most: 2 };
/// let mut budget = RetryBudget::new(limits);
/// let start = Duration::ZERO;
/// assert!(budget.take(start) && budget.take(start), "what is there at the beginning");
/// assert!(!budget.take(start));
/// budget.first_send(start);
/// budget.first_send(start);
/// assert!(budget.take(start), "one for two first sends");
/// assert!(budget.take(Duration::from_secs(1)), "one for a second");
/// assert!(!budget.take(Duration::from_secs(1)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryBudget {
    limits: BudgetLimits,
    /// What is there, in billionths of a retry.
    left: u64,
    /// Up to when time has been counted.
    filled: Duration,
}

impl RetryBudget {
    /// A full bucket.
    ///
    /// ```
    /// use std::time::Duration;
    /// use floe_function::endpoint::{BudgetLimits, RetryBudget};
    ///
    /// let none = BudgetLimits { percent: 0, per_second: 0, most: 0 };
    /// assert!(!RetryBudget::new(none).take(Duration::from_secs(100)));
    /// ```
    #[must_use]
    pub fn new(limits: BudgetLimits) -> Self {
        let mut budget = Self {
            limits,
            left: 0,
            filled: Duration::ZERO,
        };
        budget.add(u64::MAX);
        budget
    }

    /// Takes note of the first send of a batch. See [`RetryBudget`] for an example.
    pub fn first_send(&mut self, now: Duration) {
        self.fill(now);
        self.add(u64::from(self.limits.percent).saturating_mul(RETRY / 100));
    }

    /// Takes one retry out, if one is there. See [`RetryBudget`] for an example.
    pub fn take(&mut self, now: Duration) -> bool {
        self.fill(now);
        match self.left.checked_sub(RETRY) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    fn fill(&mut self, now: Duration) {
        let nanos = now.saturating_sub(self.filled).as_nanos();
        self.filled = self.filled.max(now);
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.add(nanos.saturating_mul(u64::from(self.limits.per_second)));
    }

    fn add(&mut self, more: u64) {
        let most = u64::from(self.limits.most).saturating_mul(RETRY);
        self.left = self.left.saturating_add(more).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::mix;

    #[test]
    fn retries_never_exceed_the_share_and_the_floor_and_what_is_saved() {
        for seed in 0..300 {
            let random = |n: u64| mix(mix(seed).wrapping_add(n));
            let limits = BudgetLimits {
                percent: (random(1) % 200) as u32,
                per_second: (random(2) % 5) as u32,
                most: (random(3) % 20) as u32,
            };
            let mut budget = RetryBudget::new(limits.clone());
            let (mut first, mut retries, mut now) = (0, 0, Duration::ZERO);
            for n in 10..1000 {
                now += Duration::from_millis(random(n) % 20);
                if random(n + 5000) % 3 == 0 {
                    budget.first_send(now);
                    first += 1;
                } else if budget.take(now) {
                    retries += 1;
                }
                let allowed = f64::from(limits.most)
                    + f64::from(limits.percent) * f64::from(first) / 100.0
                    + f64::from(limits.per_second) * now.as_secs_f64();
                assert!(f64::from(retries) <= allowed + 1e-6, "seed {seed}");
            }
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_gives_nothing_twice() {
        let limits = BudgetLimits {
            percent: 0,
            per_second: 1,
            most: 1,
        };
        let mut budget = RetryBudget::new(limits);
        assert!(budget.take(Duration::from_secs(5)));
        assert!(!budget.take(Duration::from_secs(4)));
        assert!(!budget.take(Duration::from_secs(5)));
        assert!(budget.take(Duration::MAX));
    }
}
