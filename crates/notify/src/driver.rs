//! What traits that cross a floor are made of.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;

/// A boxed future of std types, which any async runtime can poll.
///
/// ```
/// use floe_notify::{BoxFuture, clock::ManualClock};
/// let future: BoxFuture<'_, u32> = Box::pin(async { 7 });
/// assert_eq!(ManualClock::default().run(future), Some(7));
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An error of the world that a driver stands for, with a stable code of its own.
///
/// ```
/// # #[derive(Debug, thiserror::Error)]
/// # #[error("busy")]
/// # struct Busy;
/// use floe_notify::DriverError;
/// impl DriverError for Busy {
///     fn code(&self) -> &'static str { "PAPER-0002" }
/// }
/// assert!(!Busy.is_retryable());
/// ```
pub trait DriverError: Error + Send + Sync + 'static {
    /// Returns the stable code, for example `FLOE-LOCAL-0003`.
    fn code(&self) -> &'static str;

    /// Returns true when the same request may succeed later; false unless the driver knows.
    fn is_retryable(&self) -> bool {
        false
    }
}

/// The most causes that [`words_of`] goes through.
const MAX_CAUSES: usize = 8;

/// Returns the words of an error and of all that caused it, each once.
///
/// ```
/// #[derive(Debug, thiserror::Error)]
/// #[error("the request failed")]
/// struct Failed(#[source] std::fmt::Error);
/// let words = floe_notify::words_of(&Failed(std::fmt::Error));
/// assert!(words.starts_with("the request failed: an error occurred"));
/// ```
#[must_use]
pub fn words_of(error: &(dyn Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        let text = error.to_string();
        if !words.ends_with(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        cause = error.source();
    }
    words
}
