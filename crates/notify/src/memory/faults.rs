//! What a queue may do wrong without breaking its promises, and what it may not.

use std::time::Duration;

/// How often a [`MemoryQueue`](super::MemoryQueue) misbehaves, in parts of a thousand.
///
/// All but `lost` and `forgotten` are things that a consumer must survive without any help. Lost
/// events are found by listing. The default misbehaves never.
///
/// ```
/// use floe_notify::memory::Faults;
/// let faults = Faults { duplicated: 100, ..Faults::default() };
/// assert_eq!(faults.lost, 0);
/// assert!(Faults::cloud().duplicated > 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Messages that never arrive, although they were sent.
    pub lost: u16,
    /// Messages that arrive twice, as two messages.
    pub duplicated: u16,
    /// Messages that overtake others: any visible one is handed out, not the oldest.
    pub reordered: u16,
    /// Messages that are handed out and stay visible as if they had not been.
    pub handed_out_twice: u16,
    /// Messages that come again although their acknowledgement was confirmed.
    pub forgotten: u16,
    /// Calls that fail; in every second of them, what was asked is done all the same.
    pub failing: u16,
    /// The longest time that a message takes from being sent to being visible.
    pub delay: Duration,
}

impl Faults {
    /// Returns faults as a bad day of a cloud has them: everything but loss, and a minute late.
    ///
    /// ```
    /// use floe_notify::memory::Faults;
    /// assert_eq!(Faults::cloud().lost, 0);
    /// ```
    #[must_use]
    pub const fn cloud() -> Self {
        Self {
            lost: 0,
            duplicated: 50,
            reordered: 300,
            handed_out_twice: 50,
            forgotten: 20,
            failing: 100,
            // S3 says "typically seconds, sometimes a minute or longer".
            delay: Duration::from_secs(90),
        }
    }
}

/// How often a [`MemoryQueue`](super::MemoryQueue) has misbehaved so far.
///
/// ```
/// use floe_notify::memory::{FaultCounts, MemoryQueue};
/// assert_eq!(MemoryQueue::default().fault_counts(), FaultCounts::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Messages that never arrived.
    pub lost: u64,
    /// Messages that arrived twice.
    pub duplicated: u64,
    /// Messages that overtook others.
    pub reordered: u64,
    /// Messages that were handed out and stayed visible.
    pub handed_out_twice: u64,
    /// Confirmed acknowledgements that were forgotten.
    pub forgotten: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Messages that nobody acknowledged before they were too old.
    pub expired: u64,
}
