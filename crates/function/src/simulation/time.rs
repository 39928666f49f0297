//! Time that passes only when nothing else is to be done.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// A clock with its timers; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Time {
    start: Instant,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Duration,
    timers: BTreeMap<(Duration, u64), Waker>,
    made: u64,
}

impl Time {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            state: Arc::default(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.state().now
    }

    pub(super) fn now(&self) -> Instant {
        self.start + self.elapsed()
    }

    pub(super) fn sleep(&self, delay: Duration) -> Sleep {
        let mut state = self.state();
        state.made += 1;
        Sleep {
            state: Arc::clone(&self.state),
            key: (state.now.saturating_add(delay), state.made),
        }
    }

    /// Runs `future` to its end. Whenever it waits, the time of the next timer comes at once.
    pub(super) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut future = pin!(future);
        loop {
            while woken.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return value;
                }
            }
            let (key, timer) = self
                .state()
                .timers
                .pop_first()
                .expect("nothing will ever happen again");
            self.state().now = key.0;
            timer.wake();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Sleep {
    state: Arc<Mutex<State>>,
    /// When it ends, and a number that tells timers of the same time apart.
    key: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if state.now >= self.key.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.state.lock().unwrap().timers.remove(&self.key);
    }
}
