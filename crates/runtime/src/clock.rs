//! Time as an argument: the only place of the workspace that reads the machine's clocks.

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// Displays as RFC 3339 with milliseconds.
///
/// ```
/// use floe_runtime::clock::Timestamp;
/// let at = Timestamp::from_millis(1_754_527_489_007);
/// assert_eq!(at.to_string(), "2025-08-07T00:44:49.007Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes a timestamp of milliseconds since the Unix epoch.
    ///
    /// ```
    /// assert_eq!(floe_runtime::clock::Timestamp::from_millis(5).as_millis(), 5);
    /// ```
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    ///
    /// ```
    /// assert_eq!(floe_runtime::clock::Timestamp::default().as_millis(), 0);
    /// ```
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, or zero when `earlier` is later.
    ///
    /// ```
    /// use floe_runtime::clock::Timestamp;
    /// let (a, b) = (Timestamp::from_millis(1_000), Timestamp::from_millis(3_500));
    /// assert_eq!(b.since(a).as_millis(), 2_500);
    /// assert_eq!(a.since(b).as_millis(), 0);
    /// ```
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the timestamp that is `time` later; it stays at the largest value on overflow.
    ///
    /// ```
    /// use floe_runtime::clock::Timestamp;
    /// let later = Timestamp::from_millis(1).after(std::time::Duration::from_secs(1));
    /// assert_eq!(later.as_millis(), 1_001);
    /// ```
    pub fn after(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1_000, self.0 % 1_000);
        let (days, of_day) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// Turns days since 1970-01-01 into year, month and day of the Gregorian calendar.
///
/// The arithmetic counts years from March so that the leap day comes last; eras of 400 years
/// all have 146 097 days.
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// A source of time, given to everything that needs one.
///
/// ```
/// use floe_runtime::clock::{Clock, ManualClock, SystemClock};
/// let clocks: [Box<dyn Clock>; 2] = [Box::new(SystemClock), Box::new(ManualClock::default())];
/// assert!(clocks.iter().all(|clock| clock.now().as_millis() > 0));
/// ```
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the wall-clock time; it may jump when somebody sets the clock.
    fn now(&self) -> Timestamp;

    /// Returns the time since a fixed but arbitrary point; it never runs backwards.
    fn monotonic(&self) -> Duration;
}

/// The machine's own clocks.
///
/// ```
/// use floe_runtime::clock::{Clock, SystemClock};
/// let earlier = SystemClock.monotonic();
/// assert!(SystemClock.monotonic() >= earlier);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            // A clock set before 1970 is a machine that was never set; the epoch is as good.
            .unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn monotonic(&self) -> Duration {
        // One anchor for the whole process, so that two values of this type agree.
        static ANCHOR: OnceLock<std::time::Instant> = OnceLock::new();
        ANCHOR.get_or_init(std::time::Instant::now).elapsed()
    }
}

/// A clock that moves only when told, for simulations and tests.
///
/// The default starts at 2025-01-01T00:00:00Z, so that "no time" and "the beginning" differ.
///
/// ```
/// use floe_runtime::clock::{Clock, ManualClock};
/// use std::time::Duration;
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_millis(250));
/// assert_eq!(clock.now().since(before), Duration::from_millis(250));
/// assert_eq!(clock.monotonic(), Duration::from_millis(250));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    inner: Mutex<Manual>,
}

#[derive(Debug, Default)]
struct Manual {
    passed: Duration,
    waiting: Vec<Waker>,
}

impl ManualClock {
    /// Makes a clock that stands at `start`.
    ///
    /// ```
    /// use floe_runtime::clock::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::new(Timestamp::from_millis(42));
    /// assert_eq!(clock.now().as_millis(), 42);
    /// ```
    pub fn new(start: Timestamp) -> Self {
        Self {
            start,
            inner: Mutex::default(),
        }
    }

    /// Moves the clock forward and wakes every task that asked for it.
    ///
    /// ```
    /// use floe_runtime::clock::{Clock, ManualClock};
    /// let clock = ManualClock::default();
    /// clock.advance(std::time::Duration::from_secs(3));
    /// assert_eq!(clock.monotonic().as_secs(), 3);
    /// ```
    pub fn advance(&self, time: Duration) {
        let waiting = {
            let mut inner = self.lock();
            inner.passed = inner.passed.saturating_add(time);
            std::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Registers a task to be woken by the next [`advance`](Self::advance), once.
    ///
    /// Futures that wait for simulated time call this before they return pending.
    ///
    /// ```
    /// use floe_runtime::clock::ManualClock;
    /// use std::task::Waker;
    /// let clock = ManualClock::default();
    /// clock.wake_on_advance(Waker::noop());
    /// clock.wake_on_advance(Waker::noop());
    /// assert_eq!(clock.waiting(), 1, "the same task is registered once");
    /// ```
    pub fn wake_on_advance(&self, waker: &Waker) {
        let mut inner = self.lock();
        if !inner.waiting.iter().any(|known| known.will_wake(waker)) {
            inner.waiting.push(waker.clone());
        }
    }

    /// Returns how many tasks wait for the clock to move.
    ///
    /// ```
    /// assert_eq!(floe_runtime::clock::ManualClock::default().waiting(), 0);
    /// ```
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Manual> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_millis(1_735_689_600_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start.after(self.lock().passed)
    }

    fn monotonic(&self) -> Duration {
        self.lock().passed
    }
}
