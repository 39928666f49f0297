//! The HTTP client that functions share.

use std::sync::Arc;
use std::time::Duration;

use crate::attempt::AttemptLimits;
use crate::exchange::Http;
#[cfg(test)]
use crate::exchange::World;
use crate::pace::FlightLimits;
use crate::{Backoff, Compression, FunctionSpec};

/// Limits and delays of a [`Client`].
///
/// ```
/// use floe_function::ClientOptions;
/// use std::time::Duration;
///
/// let patience = Some(Duration::from_secs(5));
/// let options = ClientOptions { try_timeout: patience, ..Default::default() };
/// assert_eq!(options.response_limit, 10 * 1024 * 1024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The largest answer that is read, in bytes (10 MiB); of one that came compressed, what it was
    /// before.
    pub response_limit: usize,
    /// Whether batches are sent compressed, and answers asked for in that form (no).
    pub compression: Compression,
    /// The time for one request and its answer; what is left of BATCH_TIMEOUT_SECS unless given.
    pub try_timeout: Option<Duration>,
    /// The time to connect (5 s), part of `try_timeout`.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept: 4 s, since common servers (Node.js, uvicorn) close
    /// theirs after 5 s, and a request that meets the close is lost.
    pub pool_idle_timeout: Duration,
    /// How many unused connections are kept for one instance (32).
    pub pool_max_idle_per_host: usize,
    /// The most that [`Function::in_flight`](crate::Function::in_flight) advises (64).
    pub max_in_flight: usize,
    /// The seed of the jitter in all delays; with the same seed a batch waits the same times.
    pub jitter_seed: u64,
    /// Delay after a lost connection (from 10 ms).
    pub after_lost: Backoff,
    /// Delay after 429, 5xx or a try that took too long (from 250 ms).
    pub after_failed: Backoff,
    /// Delay before asking again for a target when none is ready (20 ms to 500 ms).
    pub after_no_target: Backoff,
    /// Delay before asking for a result after a 202 (100 ms to 5 s).
    pub before_poll: Backoff,
}

impl Default for ClientOptions {
    fn default() -> Self {
        let AttemptLimits {
            try_timeout,
            after_lost,
            after_failed,
            after_no_target,
            before_poll,
            ..
        } = AttemptLimits::default();
        Self {
            response_limit: 10 * 1024 * 1024,
            compression: Compression::None,
            try_timeout,
            connect_timeout: Duration::from_secs(5),
            pool_idle_timeout: Duration::from_secs(4),
            pool_max_idle_per_host: 32,
            max_in_flight: FlightLimits::default().most,
            jitter_seed: 0,
            after_lost,
            after_failed,
            after_no_target,
            before_poll,
        }
    }
}

impl ClientOptions {
    pub(crate) fn limits(&self, spec: &FunctionSpec) -> AttemptLimits {
        AttemptLimits {
            retries: spec.max_batch_retries,
            batch_timeout: spec.batch_timeout,
            try_timeout: self.try_timeout,
            after_lost: self.after_lost,
            after_failed: self.after_failed,
            after_no_target: self.after_no_target,
            before_poll: self.before_poll,
            divisible: false,
        }
    }
}

/// A pool of keep-alive connections over plain HTTP/1.1; cheap to clone.
///
/// Make one for all functions. It opens no connection before the first call.
///
/// ```
/// use floe_function::{Client, ClientOptions};
///
/// let client = Client::new(ClientOptions { jitter_seed: 7, ..Default::default() });
/// assert_eq!(client.clone().options().jitter_seed, 7);
/// ```
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    options: ClientOptions,
}

impl Client {
    /// A client without connections.
    ///
    /// ```
    /// let client = floe_function::Client::new(Default::default());
    /// assert_eq!(client.options().connect_timeout.as_secs(), 5);
    /// ```
    pub fn new(options: ClientOptions) -> Self {
        let http = Http::new(&options);
        Self {
            inner: Arc::new(Inner { http, options }),
        }
    }

    /// A client in a simulated world.
    #[cfg(test)]
    pub(crate) fn simulated(options: ClientOptions, world: Box<dyn World>) -> Self {
        let http = Http::over(world);
        Self {
            inner: Arc::new(Inner { http, options }),
        }
    }

    /// The options it was made with.
    ///
    /// ```
    /// let client = floe_function::Client::new(Default::default());
    /// assert_eq!(client.options(), &floe_function::ClientOptions::default());
    /// ```
    pub fn options(&self) -> &ClientOptions {
        &self.inner.options
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }
}
