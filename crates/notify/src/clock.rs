//! Time as an argument: what queues and resource managers need of a clock, and one for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::BoxFuture;

/// Most polls of [`ManualClock::run`] without any time passing, before it takes the future for
/// one that spins: a thousand times more than any future of the contract suites needs.
const MAX_IDLE_POLLS: u32 = 1_000_000;

/// A point in time: milliseconds since the Unix epoch, UTC; displays as RFC 3339.
///
/// ```
/// use floe_notify::clock::Timestamp;
/// let at = Timestamp::from_millis(1_709_210_096_789);
/// assert_eq!(at.to_string(), "2024-02-29T12:34:56.789Z");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Makes a timestamp of milliseconds since the Unix epoch.
    ///
    /// ```
    /// assert_eq!(floe_notify::clock::Timestamp::from_millis(5).as_millis(), 5);
    /// ```
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    ///
    /// ```
    /// assert_eq!(floe_notify::clock::Timestamp::default().as_millis(), 0);
    /// ```
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, or zero when `earlier` is later.
    ///
    /// ```
    /// use floe_notify::clock::Timestamp;
    /// let (a, b) = (Timestamp::from_millis(1_000), Timestamp::from_millis(3_500));
    /// assert_eq!(b.since(a).as_millis(), 2_500);
    /// assert_eq!(a.since(b).as_millis(), 0);
    /// ```
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the timestamp that is `time` later, in whole milliseconds; it stays at the largest
    /// value on overflow.
    ///
    /// ```
    /// use floe_notify::clock::Timestamp;
    /// let later = Timestamp::from_millis(1).after(std::time::Duration::from_secs(1));
    /// assert_eq!(later.as_millis(), 1_001);
    /// ```
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1_000, self.0 % 1_000);
        let (minutes, second) = (seconds / 60, seconds % 60);
        let (hours, minute) = (minutes / 60, minutes % 60);
        let (year, month, day) = date(hours / 24);
        let hour = hours % 24;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// The date that lies this many days after 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March on, so that the day that leap years add is the last one.
fn date(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01 on; 400 years always have 146 097 days.
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March, and from August, have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    (cycle * 400 + year + u64::from(is_next_year), month, day)
}

/// A source of time, given to everything that needs one.
///
/// ```
/// use floe_notify::clock::{Clock, ManualClock};
/// use std::time::Duration;
/// let clock: Box<dyn Clock> = Box::new(ManualClock::default());
/// assert!(clock.now().as_millis() > 0);
/// ```
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the wall-clock time; it may jump when somebody sets the clock.
    fn now(&self) -> Timestamp;

    /// Returns a future that is ready once `time` has passed since this call, never earlier.
    ///
    /// # Cancel safety
    /// Safe: dropping the future forgets the waiting and nothing else.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// A clock that moves only when told, for simulations and tests.
///
/// The default starts at 2025-01-01T00:00:00Z, so that "no time" and "the beginning" differ.
///
/// ```
/// use floe_notify::clock::{Clock, ManualClock};
/// use std::time::Duration;
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_millis(250));
/// assert_eq!(clock.now().since(before), Duration::from_millis(250));
/// ```
#[derive(Debug)]
pub struct ManualClock {
    shared: Arc<Mutex<Manual>>,
}

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    next: u64,
    sleepers: BTreeMap<u64, Sleeper>,
}

#[derive(Debug)]
struct Sleeper {
    until: Timestamp,
    waker: Waker,
}

impl ManualClock {
    /// Makes a clock that stands at `start`.
    ///
    /// ```
    /// use floe_notify::clock::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::new(Timestamp::from_millis(42));
    /// assert_eq!(clock.now().as_millis(), 42);
    /// ```
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        let manual = Manual {
            now: start,
            next: 0,
            sleepers: BTreeMap::new(),
        };
        Self {
            shared: Arc::new(Mutex::new(manual)),
        }
    }

    /// Moves the clock forward and wakes every sleep that has ended.
    ///
    /// ```
    /// use floe_notify::clock::{Clock, ManualClock, Timestamp};
    /// let clock = ManualClock::new(Timestamp::default());
    /// clock.advance(std::time::Duration::from_secs(3));
    /// assert_eq!(clock.now().as_millis(), 3_000);
    /// ```
    pub fn advance(&self, time: Duration) {
        let now = lock(&self.shared).now.after(time);
        self.advance_to(now);
    }

    /// Polls `future` to its end; whenever it waits, the clock moves to the end of the next sleep.
    ///
    /// So simulated hours take no time, and every run of the same future is the same. `None` means
    /// that the future waits for something that no passing of time brings, or that it spins.
    /// What waits for another thread cannot be run this way.
    ///
    /// ```
    /// use floe_notify::clock::{Clock, ManualClock};
    /// use std::time::Duration;
    /// let clock = ManualClock::default();
    /// let before = clock.now();
    /// assert_eq!(clock.run(clock.sleep(Duration::from_secs(3_600))), Some(()));
    /// assert_eq!(clock.now().since(before).as_secs(), 3_600);
    /// assert_eq!(clock.run(std::future::pending::<()>()), None);
    /// ```
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        let mut idle_polls = 0;
        while idle_polls < MAX_IDLE_POLLS {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Some(value);
            }
            idle_polls += 1;
            if !woken.0.swap(false, Ordering::Relaxed) {
                let next = self.next_end()?;
                self.advance_to(next);
                idle_polls = 0;
            }
        }
        None
    }

    fn next_end(&self) -> Option<Timestamp> {
        let shared = lock(&self.shared);
        shared.sleepers.values().map(|sleeper| sleeper.until).min()
    }

    fn advance_to(&self, now: Timestamp) {
        let ended: Vec<Sleeper> = {
            let mut shared = lock(&self.shared);
            shared.now = shared.now.max(now);
            let all = std::mem::take(&mut shared.sleepers);
            let (ended, still) = all.into_iter().partition(|(_, s)| s.until <= now);
            shared.sleepers = still;
            BTreeMap::into_values(ended).collect()
        };
        ended.into_iter().for_each(|sleeper| sleeper.waker.wake());
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_millis(1_735_689_600_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        lock(&self.shared).now
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let mut shared = lock(&self.shared);
        let id = shared.next;
        shared.next += 1;
        // What is less than a millisecond still takes one: a sleep never ends early.
        let whole = time.saturating_add(Duration::from_nanos(999_999));
        Box::pin(Sleep {
            shared: Arc::clone(&self.shared),
            id,
            until: shared.now.after(whole),
        })
    }
}

/// Remembers that a task was woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Sleep {
    shared: Arc<Mutex<Manual>>,
    id: u64,
    until: Timestamp,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.shared);
        if shared.now >= self.until {
            shared.sleepers.remove(&self.id);
            return Poll::Ready(());
        }
        let sleeper = Sleeper {
            until: self.until,
            waker: context.waker().clone(),
        };
        shared.sleepers.insert(self.id, sleeper);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        lock(&self.shared).sleepers.remove(&self.id);
    }
}

fn lock(shared: &Mutex<Manual>) -> MutexGuard<'_, Manual> {
    // Nothing panics while the lock is held, so a poisoned state is still a whole one.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
