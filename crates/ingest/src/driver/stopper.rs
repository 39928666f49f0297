//! How a stream is told to stop.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::task::AtomicWaker;

/// Stops a stream from anywhere; clones stop the same one.
///
/// ```
/// let stopper = floe_ingest::Stopper::default();
/// stopper.clone().stop();
/// assert!(stopper.is_stopped());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_stopped: AtomicBool,
    waker: AtomicWaker,
}

impl Stopper {
    /// Asks the stream to stop: what it has in hand is brought to its end or given back. A stream
    /// that was stopped does not start again.
    ///
    /// ```
    /// floe_ingest::Stopper::default().stop();
    /// ```
    pub fn stop(&self) {
        self.0.is_stopped.store(true, Ordering::Release);
        self.0.waker.wake();
    }

    /// Whether somebody asked.
    ///
    /// ```
    /// assert!(!floe_ingest::Stopper::default().is_stopped());
    /// ```
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped.load(Ordering::Acquire)
    }

    /// Waits until somebody asks.
    pub(super) async fn stopped(&self) {
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            match self.is_stopped() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}
