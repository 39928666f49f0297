//! What the tests share.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};
use floe_notify_local::SystemClock;

/// So much faster than the machine's own clock does this one run.
const FACTOR: u32 = 5;

/// A clock that runs faster, so that time-outs pass sooner, on threads of any number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastClock;

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() * u64::from(FACTOR))
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let until = self.now().after(time + Duration::from_millis(1));
        Box::pin(async move {
            // The two clocks of the machine need not agree to the millisecond.
            while self.now() < until {
                let left = until.since(self.now());
                SystemClock
                    .sleep(left.max(Duration::from_millis(1)) / FACTOR)
                    .await;
            }
        })
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}
