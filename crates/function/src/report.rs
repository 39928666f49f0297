//! What calls cost and what became of their rows.

use std::collections::BTreeMap;

/// Counters of one call, or of many added together.
///
/// A NULL in a result column comes from the service, from a STRICT row (`rows_held_back`) or from a
/// failed batch (`nulls_from_failures`): the report tells them apart, so that nothing turns NULL
/// silently.
///
/// ```
/// use floe_function::CallReport;
///
/// let mut sum = CallReport { batches: 1, retries: 2, ..CallReport::default() };
/// let other = CallReport {
///     batches: 1,
///     nulls_from_failures: 10,
///     first_failure: Some("answered 500".to_owned()),
///     ..CallReport::default()
/// };
/// sum.add(&other);
/// assert_eq!((sum.batches, sum.retries, sum.nulls_from_failures), (2, 2, 10));
/// assert_eq!(sum.first_failure.as_deref(), Some("answered 500"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallReport {
    /// Batches that were to be called, sent or not.
    pub batches: u64,
    /// Rows in them.
    pub rows: u64,
    /// Rows that were not sent because the function is STRICT and an argument is NULL.
    pub rows_held_back: u64,
    /// Requests with a batch in them, first sends and retries.
    pub sends: u64,
    /// Sends after the first of a batch.
    pub retries: u64,
    /// Requests for the result of a batch that was accepted with 202.
    pub polls: u64,
    /// Waits because no instance was ready.
    pub target_waits: u64,
    /// Times that a circuit breaker held a batch back (an extension).
    pub holds: u64,
    /// Parts that failed batches were cut into, each a batch of its own (an extension).
    pub parts: u64,
    /// Batches that failed for good, wholly or in part.
    pub failed_batches: u64,
    /// Batches whose call was dropped before it ended; what they were answered is not counted.
    pub cancelled_batches: u64,
    /// Rows that are NULL because their batch failed: by ON_BATCH_FAILURE = RETURN_NULL, or beside
    /// a column of errors.
    pub nulls_from_failures: u64,
    /// Why the first of the failed batches failed.
    pub first_failure: Option<String>,
    /// Rows answered, by the label of the target that answered.
    pub rows_per_target: BTreeMap<String, u64>,
}

impl CallReport {
    /// Adds the counters of `other`; the first failure is kept.
    ///
    /// ```
    /// use floe_function::CallReport;
    ///
    /// let mut sum = CallReport::default();
    /// let mut one = CallReport::default();
    /// one.rows_per_target.insert("ECHO_SERVICE/0".to_owned(), 5);
    /// sum.add(&one);
    /// sum.add(&one);
    /// assert_eq!(sum.rows_per_target["ECHO_SERVICE/0"], 10);
    /// ```
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.batches, other.batches),
            (&mut self.rows, other.rows),
            (&mut self.rows_held_back, other.rows_held_back),
            (&mut self.sends, other.sends),
            (&mut self.retries, other.retries),
            (&mut self.polls, other.polls),
            (&mut self.target_waits, other.target_waits),
            (&mut self.holds, other.holds),
            (&mut self.parts, other.parts),
            (&mut self.failed_batches, other.failed_batches),
            (&mut self.cancelled_batches, other.cancelled_batches),
            (&mut self.nulls_from_failures, other.nulls_from_failures),
        ] {
            *mine = mine.saturating_add(theirs);
        }
        if self.first_failure.is_none() {
            self.first_failure.clone_from(&other.first_failure);
        }
        for (label, rows) in &other.rows_per_target {
            self.count_rows(label, *rows);
        }
    }

    pub(crate) fn count_rows(&mut self, label: &str, rows: u64) {
        match self.rows_per_target.get_mut(label) {
            Some(count) => *count = count.saturating_add(rows),
            None => {
                self.rows_per_target.insert(label.to_owned(), rows);
            }
        }
    }
}
