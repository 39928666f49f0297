//! The trait.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::{InstanceKey, InstancePlan, InstanceState, RuntimeError};

/// A boxed future of std types, which any async runtime can poll.
///
/// ```
/// let future: floe_runtime::BoxFuture<'_, u32> = Box::pin(async { 7 });
/// assert_eq!(futures::executor::block_on(future), 7);
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Most bytes that [`Runtime::logs`] returns; the limit of the original's log function.
pub const LOG_BYTES: usize = 100 * 1024;

/// Runs instances of services somewhere.
///
/// A controller decides *what* should run; a runtime knows *how*. It restarts containers that
/// end, probes them for readiness and reports what it sees; it never starts or stops a whole
/// instance by its own decision.
///
/// # Expected flow
/// [`check`](Self::check) a plan before it is stored, [`start`](Self::start) it, follow
/// [`changed`](Self::changed) and read [`observe`](Self::observe), [`stop`](Self::stop) it.
///
/// # Guarantees
/// - Keys are independent: nothing done to one attempt of an instance touches another attempt.
/// - When `stop` returns Ok, nothing of the instance is left: no process, no address, no port.
/// - A change is visible to `observe` before `changed` reports it, so that the loop
///   `seen = changed(seen); observe()` misses nothing.
///
/// # Caveats
/// `observe` is a snapshot: an instance may end right after it was reported ready.
///
/// ```
/// use floe_runtime::{InstanceKey, Runtime, sim::{SimulatedRuntime, sample_plan}};
/// # futures::executor::block_on(async {
/// let runtime: Box<dyn Runtime> = Box::new(SimulatedRuntime::default());
/// runtime.start(sample_plan(InstanceKey::new("ECHO_SERVICE", 0, 1))).await.unwrap();
/// assert_eq!(runtime.observe().await.len(), 1);
/// runtime.shutdown(std::time::Duration::ZERO).await;
/// assert!(runtime.observe().await.is_empty());
/// # });
/// ```
pub trait Runtime: Send + Sync + Debug {
    /// Returns the name that messages use, for example `process`.
    fn name(&self) -> &str;

    /// Says whether this runtime could honour the plan, without starting anything.
    ///
    /// # Errors
    /// [`RuntimeError::InvalidPlan`] and [`RuntimeError::Unsupported`].
    fn check(&self, plan: &InstancePlan) -> Result<(), RuntimeError>;

    /// Starts an instance; returns when it is accepted. Its progress is observed.
    ///
    /// # Guarantees
    /// After Ok the instance is in [`observe`](Self::observe) until it is stopped, even when
    /// its program cannot be started: that is a state of its container. After an error nothing
    /// of it is left.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), [`RuntimeError::AlreadyStarted`] for a key that is
    /// there, [`RuntimeError::Stopped`] when a stop overtook it, [`RuntimeError::ShutDown`],
    /// and [`RuntimeError::Driver`].
    ///
    /// # Cancel safety
    /// A start that is dropped half-way may or may not have happened; `stop` the key.
    fn start(&self, plan: InstancePlan) -> BoxFuture<'_, Result<(), RuntimeError>>;

    /// Stops an instance: SIGTERM to its containers, up to `grace`, then SIGKILL; returns when
    /// all of it is gone. A key that is not there is Ok.
    ///
    /// # Guarantees
    /// Idempotent, and safe beside another stop or start of the same key: every stop returns
    /// only when the instance is gone. The shortest grace of concurrent stops wins.
    ///
    /// # Errors
    /// [`RuntimeError::Driver`] when something of the instance could not be removed.
    ///
    /// # Cancel safety
    /// A stop that was polled once goes on when its future is dropped.
    fn stop<'a>(
        &'a self,
        key: &'a InstanceKey,
        grace: Duration,
    ) -> BoxFuture<'a, Result<(), RuntimeError>>;

    /// Returns every instance as it is now, ordered by key; a stopped one is gone.
    fn observe(&self) -> BoxFuture<'_, Vec<InstanceState>>;

    /// Waits until the version of the state differs from `seen`, and returns it.
    ///
    /// Versions start at 1, so that a first call with 0 returns at once.
    ///
    /// # Cancel safety
    /// Safe: nothing is consumed.
    fn changed(&self, seen: u64) -> BoxFuture<'_, u64>;

    /// Returns the newest output lines of a container, oldest first, at most `lines` of them
    /// and at most [`LOG_BYTES`]; every line ends with a newline.
    ///
    /// The output of earlier processes of the container, and where the runtime can keep it of
    /// earlier attempts, is included.
    ///
    /// # Errors
    /// [`RuntimeError::UnknownInstance`], [`RuntimeError::UnknownContainer`] and
    /// [`RuntimeError::Driver`].
    fn logs<'a>(
        &'a self,
        key: &'a InstanceKey,
        container: &'a str,
        lines: Option<usize>,
    ) -> BoxFuture<'a, Result<String, RuntimeError>>;

    /// Returns the processor time that instances have used since they were started, all their
    /// containers together; an instance that cannot be measured now is left out.
    ///
    /// A runtime that measures nothing answers nothing, and then its services are never scaled
    /// by what they use.
    ///
    /// # Caveats
    /// The time goes back when a container is restarted, because that of its earlier processes
    /// is forgotten.
    fn cpu_times(&self) -> BoxFuture<'_, Vec<(InstanceKey, Duration)>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Stops every instance, in parallel, and refuses every later start.
    fn shutdown(&self, grace: Duration) -> BoxFuture<'_, ()>;
}
