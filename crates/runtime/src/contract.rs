//! The contract that every [`Runtime`] keeps, as a public test suite.
//!
//! A runtime's author implements [`RuntimeFactory`] and calls [`runtime_contract`] from a test.
//! Each case takes a fresh runtime and shuts it down at its end; a broken promise panics with
//! the promise in words. [`SimulatedRuntime`](crate::sim::SimulatedRuntime) passes through
//! [`SimulatedFactory`], the example of an implementation.
//!
//! ```
//! use floe_runtime::contract::{SimulatedFactory, runtime_contract};
//! let factory = SimulatedFactory::default();
//! let clock = factory.clock();
//! futures::executor::block_on(runtime_contract(&factory, clock.as_ref()));
//! ```

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use crate::clock::Clock;
use crate::{BoxFuture, InstanceKey, InstancePlan, InstanceState, Need, Runtime};

pub mod cases;
mod simulated;

pub use simulated::SimulatedFactory;

/// The pace at which the suite looks again at something that should happen.
const STEP: Duration = Duration::from_millis(20);

/// The line that [`Behaviour::IgnoresSigterm`] prints when SIGTERM can no longer end it.
pub const DEAF: &str = "deaf to SIGTERM";

/// What a container of a plan of [`RuntimeFactory::plan`] does.
///
/// ```
/// use floe_runtime::contract::Behaviour;
/// assert_ne!(Behaviour::ReadySoon, Behaviour::ExitsWith(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Its readiness probe answers 200 soon after the start; it ends on SIGTERM.
    ReadySoon,
    /// It has a readiness probe that never answers 200; it ends on SIGTERM.
    NeverReady,
    /// It has no readiness probe and ends at once with this exit code, each time.
    ExitsWith(i32),
    /// It has no readiness probe, ignores SIGTERM, and prints [`DEAF`] once it does.
    IgnoresSigterm,
    /// It has no readiness probe, prints these lines and then runs until SIGTERM.
    Prints(Vec<String>),
}

/// What the suite needs to know of a runtime.
///
/// ```
/// use floe_runtime::contract::{Behaviour, RuntimeFactory, SimulatedFactory};
/// use floe_runtime::InstanceKey;
/// let factory = SimulatedFactory::default();
/// let plan = factory.plan(InstanceKey::new("S", 0, 1), &[Behaviour::NeverReady]);
/// assert!(plan.containers[0].readiness.is_some());
/// ```
pub trait RuntimeFactory: Send + Sync {
    /// Makes a fresh runtime that runs nothing.
    fn runtime(&self) -> BoxFuture<'_, Arc<dyn Runtime>>;

    /// Makes a plan with one container per behaviour, named `c0`, `c1` and so on.
    fn plan(&self, key: InstanceKey, behaviours: &[Behaviour]) -> InstancePlan;

    /// Returns a need that the runtime does not honour.
    fn unsupported_need(&self) -> Need;

    /// Lets this much time pass on the clock of the runtime.
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()>;

    /// Returns how long the suite waits for something that should happen.
    fn patience(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// Runs every case of the contract; see the [module](self).
///
/// # Panics
/// When the runtime breaks a promise.
pub async fn runtime_contract(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    cases::a_started_instance_becomes_ready(factory, clock).await;
    cases::an_instance_is_ready_only_when_all_its_containers_are(factory, clock).await;
    cases::a_stopped_instance_is_gone(factory, clock).await;
    cases::stopping_what_is_not_there_is_ok(factory, clock).await;
    cases::stopping_twice_is_ok(factory, clock).await;
    cases::a_stop_ends_what_ignores_sigterm(factory, clock).await;
    cases::a_stop_during_the_start_leaves_nothing(factory, clock).await;
    cases::attempts_of_one_instance_are_independent(factory, clock).await;
    cases::the_same_key_starts_once(factory, clock).await;
    cases::instances_are_observed_in_the_order_of_their_keys(factory, clock).await;
    cases::an_exit_raises_the_restart_count(factory, clock).await;
    cases::an_exit_with_zero_is_restarted_too(factory, clock).await;
    cases::what_is_never_ready_stays_pending(factory, clock).await;
    cases::a_change_wakes_the_waiting(factory, clock).await;
    cases::output_can_be_read(factory, clock).await;
    cases::output_of_what_is_not_there_is_refused(factory, clock).await;
    cases::a_plan_that_cannot_be_honoured_is_refused(factory, clock).await;
    cases::what_is_measured_is_there_and_grows(factory, clock).await;
    cases::a_shutdown_leaves_nothing(factory, clock).await;
}

/// One runtime under test.
struct Bench<'a> {
    factory: &'a dyn RuntimeFactory,
    clock: &'a dyn Clock,
    runtime: Arc<dyn Runtime>,
}

impl<'a> Bench<'a> {
    async fn new(factory: &'a dyn RuntimeFactory, clock: &'a dyn Clock) -> Self {
        Self {
            factory,
            clock,
            runtime: factory.runtime().await,
        }
    }

    /// Starts an instance; the suite cannot go on without it.
    async fn start(&self, key: &InstanceKey, behaviours: &[Behaviour]) {
        let plan = self.factory.plan(key.clone(), behaviours);
        let started = self.runtime.start(plan).await;
        assert!(started.is_ok(), "{key} should start, but: {started:?}");
    }

    async fn stop(&self, key: &InstanceKey, grace: Duration) {
        let stopped = self.run(self.runtime.stop(key, grace)).await;
        assert!(stopped.is_ok(), "{key} should stop, but: {stopped:?}");
    }

    /// Polls `future` while time passes.
    async fn run<T>(&self, future: impl Future<Output = T>) -> T {
        let started = self.clock.monotonic();
        let mut future = pin!(future);
        loop {
            match select(future.as_mut(), self.factory.pass(STEP)).await {
                Either::Left((value, _)) => return value,
                Either::Right(_) => {
                    let waited = self.clock.monotonic().saturating_sub(started);
                    assert!(waited < self.factory.patience(), "a call has not returned");
                }
            }
        }
    }

    /// Looks again and again until `holds`, letting time pass in between.
    async fn eventually(
        &self,
        what: &str,
        holds: impl Fn(&[InstanceState]) -> bool,
    ) -> Vec<InstanceState> {
        let started = self.clock.monotonic();
        loop {
            let states = self.runtime.observe().await;
            if holds(&states) {
                return states;
            }
            let waited = self.clock.monotonic().saturating_sub(started);
            assert!(
                waited < self.factory.patience(),
                "never {what}; last seen: {states:#?}"
            );
            self.factory.pass(STEP).await;
        }
    }

    /// Reads the output of the container `c0` until `holds`, letting time pass in between.
    async fn printed(
        &self,
        key: &InstanceKey,
        lines: Option<usize>,
        holds: impl Fn(&str) -> bool,
    ) -> String {
        let started = self.clock.monotonic();
        loop {
            let text = self.runtime.logs(key, "c0", lines).await;
            assert!(
                text.is_ok(),
                "the output of {key} can be read, but: {text:?}"
            );
            let text = text.unwrap_or_default();
            if holds(&text) {
                return text;
            }
            let waited = self.clock.monotonic().saturating_sub(started);
            assert!(
                waited < self.factory.patience(),
                "never printed that; last read: {text}"
            );
            self.factory.pass(STEP).await;
        }
    }

    /// Stops everything; every case ends with it.
    async fn close(self) {
        self.run(self.runtime.shutdown(Duration::ZERO)).await;
        let left = self.runtime.observe().await;
        assert!(left.is_empty(), "a shutdown leaves nothing, but: {left:#?}");
    }
}
