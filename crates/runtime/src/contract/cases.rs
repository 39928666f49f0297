//! The cases of the contract, one promise each.
//!
//! Every function panics when the runtime breaks the promise that its name states.
//!
//! ```
//! use floe_runtime::contract::{SimulatedFactory, cases};
//! let factory = SimulatedFactory::default();
//! let clock = factory.clock();
//! let case = cases::a_stopped_instance_is_gone(&factory, clock.as_ref());
//! futures::executor::block_on(case);
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join;

use super::{Behaviour, Bench, DEAF, RuntimeFactory};
use crate::clock::Clock;
use crate::{
    ContainerStatus, InstanceKey, InstancePhase, InstancePlan, InstanceState, LOG_BYTES,
    RuntimeError, message,
};

/// A grace that is long enough for whatever obeys SIGTERM.
const GRACE: Duration = Duration::from_secs(30);

fn key(instance: u32, attempt: u64) -> InstanceKey {
    InstanceKey::new("CONTRACT", instance, attempt)
}

fn phase(states: &[InstanceState], key: &InstanceKey) -> Option<InstancePhase> {
    states
        .iter()
        .find(|state| state.key == *key)
        .map(|state| state.phase)
}

fn is_ready(states: &[InstanceState], key: &InstanceKey) -> bool {
    phase(states, key) == Some(InstancePhase::Ready)
}

/// A started instance is pending first, then ready, with an address of its own and its times.
pub async fn a_started_instance_becomes_ready(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let before = clock.now();
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    bench.start(&key(1, 1), &[Behaviour::ReadySoon]).await;
    let states = bench
        .eventually("both ready", |states| {
            states.len() == 2 && (0..2).all(|n| is_ready(states, &key(n, 1)))
        })
        .await;
    let addresses: BTreeSet<_> = states.iter().filter_map(|state| state.ip).collect();
    assert_eq!(
        addresses.len(),
        2,
        "each instance has an address of its own: {states:#?}"
    );
    for state in &states {
        assert!(
            state.created >= before,
            "created after the start was asked: {state:#?}"
        );
        assert!(
            state.started >= Some(state.created),
            "started after it was created: {state:#?}"
        );
        let container = state.container("c0");
        let seen = container.map(|c| (c.status, c.message.as_str(), c.restart_count));
        assert_eq!(
            seen,
            Some((ContainerStatus::Ready, message::RUNNING, 0)),
            "{state:#?}"
        );
    }
    bench.close().await;
}

/// One container that is not ready keeps the instance pending; the others are ready.
pub async fn an_instance_is_ready_only_when_all_its_containers_are(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let behaviours = [
        Behaviour::Prints(vec!["hello".to_owned()]),
        Behaviour::NeverReady,
    ];
    bench.start(&key(0, 1), &behaviours).await;
    let states = bench
        .eventually("the first container ready", |states| {
            let ready = |state: &InstanceState| {
                state
                    .container("c0")
                    .is_some_and(|c| c.status == ContainerStatus::Ready)
            };
            states.iter().any(ready)
        })
        .await;
    assert_eq!(
        phase(&states, &key(0, 1)),
        Some(InstancePhase::Pending),
        "{states:#?}"
    );
    let names: Vec<_> = states
        .iter()
        .flat_map(|s| &s.containers)
        .map(|c| &c.name)
        .collect();
    assert_eq!(
        names,
        ["c0", "c1"],
        "containers come in the order of the plan"
    );
    bench.close().await;
}

/// A stop returns when the instance is gone, and its key may be used again.
pub async fn a_stopped_instance_is_gone(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    bench
        .eventually("ready", |states| is_ready(states, &key(0, 1)))
        .await;
    bench.stop(&key(0, 1), GRACE).await;
    assert_eq!(
        bench.runtime.observe().await,
        [],
        "a stopped instance is gone"
    );
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    bench
        .eventually("ready again", |states| is_ready(states, &key(0, 1)))
        .await;
    bench.close().await;
}

/// A key that was never started stops at once.
pub async fn stopping_what_is_not_there_is_ok(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.stop(&key(7, 1), GRACE).await;
    bench.close().await;
}

/// Two stops at a time, and one more afterwards, all return Ok.
pub async fn stopping_twice_is_ok(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    let key = key(0, 1);
    join(bench.stop(&key, GRACE), bench.stop(&key, GRACE)).await;
    assert_eq!(
        bench.runtime.observe().await,
        [],
        "a stopped instance is gone"
    );
    bench.stop(&key, GRACE).await;
    bench.close().await;
}

/// What ignores SIGTERM is terminating during the grace and gone after it.
pub async fn a_stop_ends_what_ignores_sigterm(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let behaviours = [Behaviour::IgnoresSigterm, Behaviour::ReadySoon];
    bench.start(&key(0, 1), &behaviours).await;
    let deaf = |text: &str| text.lines().any(|line| line == DEAF);
    bench.printed(&key(0, 1), None, deaf).await;
    let grace = Duration::from_secs(1);
    let asked = clock.monotonic();
    let key = key(0, 1);
    let seen = bench.eventually("terminating", |states| {
        phase(states, &key) == Some(InstancePhase::Terminating)
    });
    let ((), seen) = join(bench.stop(&key, grace), seen).await;
    let containers = seen.iter().flat_map(|state| &state.containers);
    let terminating = |status| status == ContainerStatus::Terminating;
    assert!(
        containers.map(|c| c.status).all(terminating),
        "containers follow: {seen:#?}"
    );
    let took = clock.monotonic().saturating_sub(asked);
    assert!(
        took >= grace,
        "the grace was granted, but it took only {took:?}"
    );
    assert_eq!(bench.runtime.observe().await, [], "killed after the grace");
    bench.close().await;
}

/// A stop beside a start returns, and one more stop leaves nothing whoever was first.
pub async fn a_stop_during_the_start_leaves_nothing(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let key = key(0, 1);
    let plan = factory.plan(key.clone(), &[Behaviour::ReadySoon]);
    let (started, ()) = join(bench.runtime.start(plan), bench.stop(&key, GRACE)).await;
    if let Err(error) = started {
        let overtaken = matches!(error, RuntimeError::Stopped { .. });
        assert!(
            overtaken,
            "a start that was overtaken says so, but: {error:?}"
        );
    }
    bench.stop(&key, GRACE).await;
    assert_eq!(bench.runtime.observe().await, [], "nothing is left");
    bench.close().await;
}

/// A stop of an old attempt, even late, leaves the new attempt alone.
pub async fn attempts_of_one_instance_are_independent(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::NeverReady]).await;
    bench.stop(&key(0, 1), GRACE).await;
    bench.start(&key(0, 2), &[Behaviour::ReadySoon]).await;
    bench.stop(&key(0, 1), GRACE).await;
    let states = bench
        .eventually("attempt 2 ready", |states| is_ready(states, &key(0, 2)))
        .await;
    assert_eq!(
        states.len(),
        1,
        "nothing of attempt 1 is reported: {states:#?}"
    );
    bench.close().await;
}

/// A key that is there cannot be started; the running instance does not notice.
pub async fn the_same_key_starts_once(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    bench
        .eventually("ready", |states| is_ready(states, &key(0, 1)))
        .await;
    let plan = factory.plan(key(0, 1), &[Behaviour::ReadySoon]);
    let again = bench.runtime.start(plan).await;
    let refused = matches!(again, Err(RuntimeError::AlreadyStarted { .. }));
    assert!(refused, "the second start is refused, but: {again:?}");
    let states = bench.runtime.observe().await;
    assert!(
        states.len() == 1 && is_ready(&states, &key(0, 1)),
        "{states:#?}"
    );
    bench.close().await;
}

/// Observations are ordered by service, instance number and attempt.
pub async fn instances_are_observed_in_the_order_of_their_keys(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let later = InstanceKey::new("CONTRACT_B", 0, 1);
    for key in [&later, &key(10, 1), &key(2, 1)] {
        bench.start(key, &[Behaviour::Prints(Vec::new())]).await;
    }
    let states = bench.runtime.observe().await;
    let keys: Vec<_> = states.into_iter().map(|state| state.key).collect();
    assert_eq!(keys, [key(2, 1), key(10, 1), later]);
    bench.close().await;
}

/// A container that fails is failed, keeps its exit code, and is started again.
pub async fn an_exit_raises_the_restart_count(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ExitsWith(3)]).await;
    let states = bench
        .eventually("failed after a restart", |states| {
            states
                .iter()
                .flat_map(|state| &state.containers)
                .any(|container| {
                    container.restart_count >= 1 && container.status == ContainerStatus::Failed
                })
        })
        .await;
    assert_eq!(
        phase(&states, &key(0, 1)),
        Some(InstancePhase::Failed),
        "{states:#?}"
    );
    let container = states.iter().find_map(|state| state.container("c0"));
    let seen = container.map(|c| (c.last_exit_code, c.message.as_str()));
    assert_eq!(seen, Some((Some(3), message::USER_ERROR)));
    let restarted = container.map(|c| (c.last_restart.is_some(), c.last_restart == c.started));
    assert_eq!(
        restarted,
        Some((true, true)),
        "the restart has a time: {container:#?}"
    );
    bench.close().await;
}

/// A container of a service that ends with 0 is done, and is started again as well.
pub async fn an_exit_with_zero_is_restarted_too(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ExitsWith(0)]).await;
    let states = bench
        .eventually("done after a restart", |states| {
            states
                .iter()
                .flat_map(|state| &state.containers)
                .any(|container| {
                    container.restart_count >= 1 && container.status == ContainerStatus::Done
                })
        })
        .await;
    let container = states.iter().find_map(|state| state.container("c0"));
    let seen = container.map(|c| (c.last_exit_code, c.message.as_str()));
    assert_eq!(seen, Some((Some(0), message::COMPLETED)));
    bench.close().await;
}

/// A container whose probe never answers 200 says so, with the path and the port.
pub async fn what_is_never_ready_stays_pending(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let plan = factory.plan(key(0, 1), &[Behaviour::NeverReady]);
    let probe = plan
        .containers
        .iter()
        .find_map(|container| container.readiness.clone());
    let words = probe.map(|probe| message::probe_failing(&probe.path, probe.port));
    assert!(words.is_some(), "the factory's plan has a probe");
    bench.start(&key(0, 1), &[Behaviour::NeverReady]).await;
    let failing = |states: &[InstanceState]| {
        let container = states.iter().find_map(|state| state.container("c0"));
        container.is_some_and(|container| {
            container.status == ContainerStatus::Pending
                && Some(&container.message) == words.as_ref()
        })
    };
    bench.eventually("failing its probe", failing).await;
    factory.pass(Duration::from_secs(2)).await;
    let states = bench.runtime.observe().await;
    assert!(failing(&states), "it stays so: {states:#?}");
    assert_eq!(phase(&states, &key(0, 1)), Some(InstancePhase::Pending));
    bench.close().await;
}

/// Versions start above 0, and a change resolves a waiting call after it can be observed.
pub async fn a_change_wakes_the_waiting(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let mut seen = bench.runtime.changed(0).await;
    assert_ne!(seen, 0, "a first call with 0 returns at once");
    let waiting = bench.run(bench.runtime.changed(seen));
    let (next, ()) = join(waiting, bench.start(&key(0, 1), &[Behaviour::ReadySoon])).await;
    assert_ne!(next, seen, "the version differs from what was seen");
    // Nothing but the versions decides when to look: a missed wake-up would hang here.
    while !is_ready(&bench.runtime.observe().await, &key(0, 1)) {
        seen = bench.run(bench.runtime.changed(seen)).await;
    }
    let key = key(0, 1);
    let gone = async {
        let mut seen = bench.runtime.changed(0).await;
        while !bench.runtime.observe().await.is_empty() {
            seen = bench.run(bench.runtime.changed(seen)).await;
        }
    };
    join(bench.stop(&key, GRACE), gone).await;
    bench.close().await;
}

/// The lines of a container can be read, the newest ones, within the limits.
pub async fn output_can_be_read(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let lines: Vec<String> = (0..2_000)
        .map(|n| format!("line {n} {}", "x".repeat(80)))
        .collect();
    bench
        .start(&key(0, 1), &[Behaviour::Prints(lines.clone())])
        .await;
    let newest = [&lines[1_998], &lines[1_999]];
    let is_newest = |text: &str| text.lines().eq(newest);
    let two = bench.printed(&key(0, 1), Some(2), is_newest).await;
    let all = bench.printed(&key(0, 1), None, |_| true).await;
    assert!(all.len() <= LOG_BYTES, "{} bytes are too many", all.len());
    assert!(all.ends_with(&two), "the newest lines come last");
    let whole: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    assert!(
        all.lines().all(|line| whole.contains(line)),
        "only whole lines are returned"
    );
    assert!(all.len() > LOG_BYTES / 2, "as many as fit: {}", all.len());
    bench.close().await;
}

/// Reading the output of an unknown container or instance is refused by name.
pub async fn output_of_what_is_not_there_is_refused(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench
        .start(&key(0, 1), &[Behaviour::Prints(Vec::new())])
        .await;
    let stranger = bench.runtime.logs(&key(0, 1), "stranger", None).await;
    let refused = matches!(&stranger, Err(RuntimeError::UnknownContainer { known, .. })
        if known == "c0");
    assert!(
        refused,
        "it names the containers that exist, but: {stranger:?}"
    );
    let absent = bench.runtime.logs(&key(9, 1), "c0", None).await;
    let refused = matches!(absent, Err(RuntimeError::UnknownInstance { .. }));
    assert!(refused, "an unknown instance is refused, but: {absent:?}");
    bench.close().await;
}

/// What a runtime cannot honour is refused by `check` and by `start`, and nothing is left.
pub async fn a_plan_that_cannot_be_honoured_is_refused(
    factory: &dyn RuntimeFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let good = factory.plan(key(0, 1), &[Behaviour::ReadySoon]);
    let checked = bench.runtime.check(&good);
    assert!(checked.is_ok(), "a good plan passes, but: {checked:?}");

    let mut greedy = good.clone();
    let need = factory.unsupported_need();
    let field = need.field.clone();
    greedy
        .containers
        .iter_mut()
        .for_each(|container| container.needs.push(need.clone()));
    let error = refusal(&bench, greedy).await;
    assert!(error.contains(&field), "the field is named: {error}");
    assert!(
        error.contains(bench.runtime.name()),
        "the runtime is named: {error}"
    );

    let mut empty = good.clone();
    empty
        .containers
        .iter_mut()
        .for_each(|container| container.argv.clear());
    let error = refusal(&bench, empty).await;
    assert!(error.contains("argv"), "the field is named: {error}");
    bench.close().await;
}

/// Returns the words with which `check` and `start` refuse the plan.
async fn refusal(bench: &Bench<'_>, plan: InstancePlan) -> String {
    let words = |refused: Result<(), RuntimeError>| {
        let refused = refused.err().map(|error| (error.code(), error.to_string()));
        assert!(refused.is_some(), "the plan is refused");
        refused.unwrap_or_default()
    };
    let checked = words(bench.runtime.check(&plan));
    let started = words(bench.runtime.start(plan).await);
    assert_eq!(checked, started, "check and start refuse alike");
    assert_eq!(
        bench.runtime.observe().await,
        [],
        "a refused start leaves nothing"
    );
    checked.1
}

/// The processor time is that of instances that are there, and it does not go back while their
/// containers live; a runtime that measures nothing answers nothing.
pub async fn what_is_measured_is_there_and_grows(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.start(&key(0, 1), &[Behaviour::ReadySoon]).await;
    bench
        .eventually("READY", |states| is_ready(states, &key(0, 1)))
        .await;
    let first = bench.runtime.cpu_times().await;
    factory.pass(Duration::from_secs(1)).await;
    let second = bench.runtime.cpu_times().await;
    for (measured, time) in &second {
        assert_eq!(*measured, key(0, 1), "only what is there is measured");
        let before = first.iter().find(|(key, _)| key == measured);
        let grows = before.is_none_or(|(_, before)| before <= time);
        assert!(grows, "it goes back: {before:?}, then {time:?}");
    }
    bench.stop(&key(0, 1), GRACE).await;
    let left = bench.runtime.cpu_times().await;
    assert_eq!(left, [], "what is gone is not measured");
    bench.close().await;
}

/// A shutdown stops everything, whatever state it is in, and later starts are refused.
pub async fn a_shutdown_leaves_nothing(factory: &dyn RuntimeFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let behaviours = [
        Behaviour::ReadySoon,
        Behaviour::NeverReady,
        Behaviour::ExitsWith(1),
        Behaviour::IgnoresSigterm,
    ];
    for (number, behaviour) in (0u32..).zip(behaviours) {
        bench.start(&key(number, 1), &[behaviour]).await;
    }
    bench
        .run(bench.runtime.shutdown(Duration::from_millis(200)))
        .await;
    assert_eq!(
        bench.runtime.observe().await,
        [],
        "a shutdown leaves nothing"
    );
    let late = bench
        .runtime
        .start(factory.plan(key(0, 2), &[Behaviour::ReadySoon]))
        .await;
    let refused = matches!(late, Err(RuntimeError::ShutDown { .. }));
    assert!(refused, "a late start is refused, but: {late:?}");
    bench.close().await;
}
