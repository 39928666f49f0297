//! How long an ended container waits for its restart.

use std::time::Duration;

/// Wait before the first restart.
///
/// The original does not document its back-off. One second lets a laptop recover from a slip
/// quickly, and doubling keeps a broken container from burning the machine.
pub const FIRST_DELAY: Duration = Duration::from_secs(1);

/// Longest wait before a restart, the cap that Kubernetes documents for its own back-off.
pub const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// A container that ran this long has recovered; its next restart waits [`FIRST_DELAY`] again.
pub const RECOVERED_AFTER: Duration = Duration::from_secs(600);

/// The wait before each restart of one container: it doubles, up to [`LONGEST_DELAY`].
///
/// ```
/// use floe_runtime::restart::{Backoff, RECOVERED_AFTER};
/// use std::time::Duration;
/// let mut backoff = Backoff::default();
/// let crash = Duration::from_millis(20);
/// let waits: Vec<u64> = (0..11).map(|_| backoff.delay_after(crash).as_secs()).collect();
/// assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
/// assert_eq!(backoff.delay_after(RECOVERED_AFTER).as_secs(), 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    latest: Option<Duration>,
}

impl Backoff {
    /// Returns how long to wait, given how long the container had run before it ended.
    ///
    /// ```
    /// use floe_runtime::restart::{Backoff, FIRST_DELAY};
    /// let wait = Backoff::default().delay_after(std::time::Duration::ZERO);
    /// assert_eq!(wait, FIRST_DELAY);
    /// ```
    pub fn delay_after(&mut self, ran_for: Duration) -> Duration {
        let delay = match self.latest {
            Some(latest) if ran_for < RECOVERED_AFTER => latest.saturating_mul(2),
            _ => FIRST_DELAY,
        };
        let delay = delay.min(LONGEST_DELAY);
        self.latest = Some(delay);
        delay
    }
}
