//! Finds the rows that a batch failed for: an extension that the original does not have.
//!
//! A batch that failed for good is cut in two, each half is sent as a batch of its own, and what
//! fails again is cut again, until the rows that fail alone are known. The others get answers.
//! With k bad rows among n that takes at most 2·k·log₂(n) further batches, rounded up.
//!
//! ```
//! use floe_function::isolate::{Isolation, IsolationLimits};
//!
//! // Row 5 of 8 is poison.
//! let mut isolation = Isolation::new(8, &IsolationLimits::default());
//! let (mut sent, mut alone) = (0, Vec::new());
//! while let Some(part) = isolation.next() {
//!     sent += 1;
//!     isolation.sent(1);
//!     if part.contains(&5) && !isolation.divide(part.clone()) {
//!         alone.push(part);
//!     }
//! }
//! assert_eq!((alone, sent), (vec![5..6], 6));
//! ```

use std::ops::Range;

/// Bounds on what is done to find the rows that a batch failed for.
///
/// ```
/// assert_eq!(floe_function::isolate::IsolationLimits::default().most_sends, 100);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsolationLimits {
    /// The most further sends for one batch, retries among them (100). What is not found out by
    /// then fails.
    pub most_sends: u32,
}

impl Default for IsolationLimits {
    fn default() -> Self {
        Self { most_sends: 100 }
    }
}

/// The parts of one failed batch that are still to be sent, in the order of their rows.
///
/// See the [module](self) for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Isolation {
    /// The next one is the last.
    todo: Vec<Range<usize>>,
    sends_left: u32,
}

impl Isolation {
    /// For a batch of so many rows that failed.
    ///
    /// ```
    /// use floe_function::isolate::{Isolation, IsolationLimits};
    ///
    /// let mut one = Isolation::new(1, &IsolationLimits::default());
    /// assert_eq!(one.next(), None, "a row that failed alone is not sent again");
    /// ```
    #[must_use]
    pub fn new(rows: usize, limits: &IsolationLimits) -> Self {
        let mut isolation = Self {
            todo: Vec::new(),
            sends_left: limits.most_sends,
        };
        isolation.divide(0..rows);
        isolation
    }

    /// The next part to be sent; none when all are or when there are no sends left.
    ///
    /// ```
    /// use floe_function::isolate::{Isolation, IsolationLimits};
    ///
    /// let mut isolation = Isolation::new(5, &IsolationLimits { most_sends: 1 });
    /// assert_eq!(isolation.next(), Some(0..2));
    /// isolation.sent(1);
    /// assert_eq!(isolation.next(), None);
    /// assert_eq!(isolation.rest(), Some(2..5));
    /// ```
    #[expect(
        clippy::should_implement_trait,
        reason = "parts are added between the calls, so this is no iterator to be adapted"
    )]
    pub fn next(&mut self) -> Option<Range<usize>> {
        if self.sends_left == 0 {
            return None;
        }
        self.todo.pop()
    }

    /// Takes note of so many sends for a part.
    ///
    /// ```
    /// use floe_function::isolate::{Isolation, IsolationLimits};
    ///
    /// let mut isolation = Isolation::new(2, &IsolationLimits { most_sends: 3 });
    /// isolation.sent(2);
    /// assert_eq!(isolation.sends_left(), 1);
    /// ```
    pub fn sent(&mut self, sends: u32) {
        self.sends_left = self.sends_left.saturating_sub(sends);
    }

    /// How many sends there may still be.
    ///
    /// See [`Isolation::sent`] for an example.
    #[must_use]
    pub fn sends_left(&self) -> u32 {
        self.sends_left
    }

    /// Cuts a part that failed in two, which come next; false when it is one row and cannot be cut.
    ///
    /// ```
    /// use floe_function::isolate::{Isolation, IsolationLimits};
    ///
    /// let mut isolation = Isolation::new(4, &IsolationLimits::default());
    /// assert!(isolation.divide(0..3));
    /// assert_eq!(isolation.next(), Some(0..1));
    /// assert!(!isolation.divide(0..1));
    /// ```
    pub fn divide(&mut self, part: Range<usize>) -> bool {
        if part.len() < 2 {
            return false;
        }
        let middle = part.start + part.len() / 2;
        self.todo.push(middle..part.end);
        self.todo.push(part.start..middle);
        true
    }

    /// Everything that is still to be sent, as one range: parts come in the order of their rows.
    ///
    /// See [`Isolation::next`] for an example.
    #[must_use]
    pub fn rest(&self) -> Option<Range<usize>> {
        Some(self.todo.last()?.start..self.todo.first()?.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backoff::mix;

    #[test]
    fn every_row_is_decided_once_and_in_order_with_few_sends() {
        for seed in 0..2000 {
            let random = |n: u64| mix(mix(seed) ^ n);
            let rows = 2 + (random(0) % 500) as usize;
            // The batch as a whole failed, so there is one bad row at least.
            let count = 1 + random(1) % 4;
            let bad: Vec<_> = (0..count)
                .map(|n| (random(2 + n) % rows as u64) as usize)
                .collect();
            let mut isolation = Isolation::new(rows, &IsolationLimits { most_sends: 10_000 });
            let (mut next, mut sends, mut dead) = (0, 0, Vec::new());
            while let Some(part) = isolation.next() {
                assert_eq!(part.start, next, "seed {seed}: in order");
                assert_eq!(isolation.rest().map(|rest| rest.end).unwrap_or(rows), rows);
                sends += 1;
                isolation.sent(1);
                let fails = bad.iter().any(|row| part.contains(row));
                if fails && isolation.divide(part.clone()) {
                    continue;
                }
                if fails {
                    dead.push(part.start);
                }
                next = part.end;
            }
            assert_eq!(next, rows, "seed {seed}: every row");
            let mut expected = bad.clone();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(dead, expected, "seed {seed}");
            let most = 2.0 * expected.len() as f64 * (rows as f64).log2().ceil();
            assert!(f64::from(sends) <= most, "seed {seed}: {sends} > {most}");
        }
    }

    #[test]
    fn when_sends_are_used_up_the_rest_is_one_range() {
        let mut isolation = Isolation::new(1000, &IsolationLimits { most_sends: 3 });
        for part in [0..500, 0..250] {
            assert_eq!(isolation.next(), Some(part.clone()));
            isolation.sent(1);
            isolation.divide(part);
        }
        assert_eq!(isolation.next(), Some(0..125));
        isolation.sent(1);
        assert_eq!(
            (isolation.next(), isolation.rest()),
            (None, Some(125..1000))
        );
    }
}
