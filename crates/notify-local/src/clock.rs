//! The clock of the machine, with sleeps that need no async runtime.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};

/// The longest time that the timer waits at once; it wakes and waits again.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// The machine's own clock; one thread, started by the first sleep, wakes all sleepers.
///
/// A program that has an async runtime may rather give a clock of its own, over that runtime's
/// timers.
///
/// ```
/// use floe_notify::clock::Clock;
/// use floe_notify_local::SystemClock;
/// assert!(SystemClock.now().as_millis() > 1_735_689_600_000, "2025 has begun");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place of the crate that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        // A clock set before 1970 is a machine that was never set; the epoch is as good.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::default().after(since)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        // What cannot be represented lies beyond the life of the process.
        let until = now().checked_add(time);
        let until = until.unwrap_or_else(|| now() + Duration::from_secs(u64::from(u32::MAX)));
        Box::pin(Sleep { until, place: None })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place of the crate that reads the clock"
)]
fn now() -> Instant {
    Instant::now()
}

struct Sleep {
    until: Instant,
    place: Option<(Instant, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now() >= self.until {
            return Poll::Ready(());
        }
        let timer = timer();
        if !timer.runs {
            // Without a thread there is nobody to wake this future: late is right, early is not.
            std::thread::sleep(self.until.saturating_duration_since(now()));
            return Poll::Ready(());
        }
        let mut sleepers = timer.lock();
        let number = self.place.map_or(sleepers.next, |(_, number)| number);
        sleepers.next = sleepers.next.max(number + 1);
        let place = (self.until, number);
        self.place = Some(place);
        sleepers.waiting.insert(place, context.waker().clone());
        timer.earlier.notify_one();
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            timer().lock().waiting.remove(&place);
        }
    }
}

struct Timer {
    runs: bool,
    sleepers: Mutex<Sleepers>,
    /// Notified when somebody may sleep for less long than all others.
    earlier: Condvar,
}

#[derive(Default)]
struct Sleepers {
    next: u64,
    waiting: BTreeMap<(Instant, u64), Waker>,
}

/// The timer of this process, with its thread.
fn timer() -> &'static Timer {
    static TIMER: OnceLock<Timer> = OnceLock::new();
    TIMER.get_or_init(|| {
        let thread = std::thread::Builder::new().name("floe-notify timer".to_owned());
        Timer {
            runs: thread.spawn(|| timer().run()).is_ok(),
            sleepers: Mutex::default(),
            earlier: Condvar::new(),
        }
    })
}

impl Timer {
    fn run(&self) {
        let mut sleepers = self.lock();
        loop {
            let still = sleepers.waiting.split_off(&(now(), 0));
            let ended = std::mem::replace(&mut sleepers.waiting, still);
            if !ended.is_empty() {
                drop(sleepers);
                ended.into_values().for_each(Waker::wake);
                sleepers = self.lock();
                continue;
            }
            let next = sleepers.waiting.keys().next();
            let wait = next.map_or(LONGEST_WAIT, |(until, _)| {
                until.saturating_duration_since(now())
            });
            let waited = self.earlier.wait_timeout(sleepers, wait.min(LONGEST_WAIT));
            (sleepers, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sleepers> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
