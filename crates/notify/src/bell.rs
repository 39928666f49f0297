//! How a waiting receive learns that there is something to receive.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::BoxFuture;

/// Wakes everybody who waits, for authors of queues: no async runtime, any number of threads.
///
/// A waiter notes how often the bell has [rung](Self::rung), looks, and waits for one ring more;
/// a ring between the looking and the waiting is not missed.
///
/// ```
/// use floe_notify::{Bell, clock::{Clock, ManualClock}};
/// use std::time::Duration;
/// let (clock, bell) = (ManualClock::default(), Bell::default());
/// let (before, seen) = (clock.now(), bell.rung());
/// bell.ring();
/// clock.run(bell.wait(seen, clock.sleep(Duration::from_secs(9)))).unwrap();
/// assert_eq!(clock.now(), before, "it had rung already");
///
/// clock.run(bell.wait(bell.rung(), clock.sleep(Duration::from_secs(9)))).unwrap();
/// assert_eq!(clock.now().since(before).as_secs(), 9, "nobody rang");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Bell {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    rung: u64,
    next: u64,
    waiting: BTreeMap<u64, Waker>,
}

impl Bell {
    /// Returns how often the bell has rung.
    ///
    /// ```
    /// let bell = floe_notify::Bell::default();
    /// bell.ring();
    /// assert_eq!(bell.rung(), 1);
    /// ```
    #[must_use]
    pub fn rung(&self) -> u64 {
        self.lock().rung
    }

    /// Wakes everybody who waits.
    ///
    /// ```
    /// let bell = floe_notify::Bell::default();
    /// bell.clone().ring();
    /// assert_eq!(bell.rung(), 1, "a clone is the same bell");
    /// ```
    pub fn ring(&self) {
        let waiting = {
            let mut shared = self.lock();
            shared.rung += 1;
            std::mem::take(&mut shared.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Waits until the bell has rung more often than `seen` times, or until `sleep` is over.
    ///
    /// # Cancel safety
    /// Safe: nothing is consumed.
    ///
    /// ```
    /// use floe_notify::{Bell, clock::ManualClock};
    /// let bell = Bell::default();
    /// bell.ring();
    /// let waited = bell.wait(0, Box::pin(std::future::pending()));
    /// assert_eq!(ManualClock::default().run(waited), Some(()));
    /// ```
    pub async fn wait(&self, seen: u64, mut sleep: BoxFuture<'_, ()>) {
        let place = self.take_place();
        poll_fn(|context| {
            if place.has_rung_since(seen, context.waker()) {
                return Poll::Ready(());
            }
            sleep.as_mut().poll(context)
        })
        .await;
    }

    fn take_place(&self) -> Place<'_> {
        let mut shared = self.lock();
        let number = shared.next;
        shared.next += 1;
        Place { bell: self, number }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One waiter's place among the waiting; it is given up when the waiter is dropped.
struct Place<'a> {
    bell: &'a Bell,
    number: u64,
}

impl Place<'_> {
    fn has_rung_since(&self, seen: u64, waker: &Waker) -> bool {
        let mut shared = self.bell.lock();
        if shared.rung > seen {
            return true;
        }
        shared.waiting.insert(self.number, waker.clone());
        false
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.bell.lock().waiting.remove(&self.number);
    }
}
