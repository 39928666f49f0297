//! What the simulated runtime does beyond the contract.

use std::time::Duration;

use floe_runtime::sim::{Script, SimulatedRuntime, sample_plan};
use floe_runtime::{ContainerStatus, InstanceKey, InstancePhase, Runtime, clock::Clock, message};
use futures::executor::block_on;

fn key(attempt: u64) -> InstanceKey {
    InstanceKey::new("S", 0, attempt)
}

#[test]
fn restarts_back_off_and_lie_at_the_moments_they_were_due() {
    block_on(async {
        let runtime = SimulatedRuntime::default();
        let crash = Script {
            exits: Some((Duration::from_secs(1), 9)),
            ..Script::default()
        };
        runtime.script("/db/schema/repo/sample:latest", crash);
        let began = runtime.clock().now();
        runtime.start(sample_plan(key(1))).await.unwrap();
        // Ends at 1, restarts at 2, ends at 3, restarts at 5, ends at 6, restarts at 10.
        runtime.clock().advance(Duration::from_millis(10_500));
        let container = runtime.observe().await[0].containers[0].clone();
        assert_eq!(container.restart_count, 3);
        assert_eq!(
            container.last_restart,
            Some(began.after(Duration::from_secs(10)))
        );
        assert_eq!(container.last_exit_code, Some(9));
    });
}

#[test]
fn a_stop_waits_for_a_slow_container_but_not_longer_than_the_grace() {
    for (takes, grace, expected) in [(2, 30, 2), (60, 30, 30)] {
        let runtime = SimulatedRuntime::default();
        let slow = Script {
            stop_after: Duration::from_secs(takes),
            ..Script::default()
        };
        runtime.script_all(|_| Script::default());
        runtime.script("/db/schema/repo/sample:latest", slow);
        block_on(runtime.start(sample_plan(key(1)))).unwrap();
        let key = key(1);
        let mut stop = runtime.stop(&key, Duration::from_secs(grace));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(stop.as_mut().poll(&mut context).is_pending());
        runtime
            .clock()
            .advance(Duration::from_secs(expected) - Duration::from_millis(1));
        assert!(stop.as_mut().poll(&mut context).is_pending());
        let phase = block_on(runtime.observe())[0].phase;
        assert_eq!(phase, InstancePhase::Terminating);
        runtime.clock().advance(Duration::from_millis(1));
        assert!(stop.as_mut().poll(&mut context).is_ready());
    }
}

#[test]
fn a_dropped_stop_goes_on() {
    let runtime = SimulatedRuntime::default();
    let slow = Script {
        stop_after: Duration::from_secs(5),
        ..Script::default()
    };
    runtime.script("/db/schema/repo/sample:latest", slow);
    block_on(runtime.start(sample_plan(key(1)))).unwrap();
    let key = key(1);
    let mut stop = runtime.stop(&key, Duration::from_secs(30));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(stop.as_mut().poll(&mut context).is_pending());
    drop(stop);
    runtime.clock().advance(Duration::from_secs(5));
    assert!(block_on(runtime.observe()).is_empty());
}

#[test]
fn a_probe_that_fails_again_takes_the_instance_back_to_pending() {
    block_on(async {
        let runtime = SimulatedRuntime::default();
        runtime.start(sample_plan(key(1))).await.unwrap();
        runtime.clock().advance(Duration::from_secs(1));
        assert_eq!(runtime.observe().await[0].phase, InstancePhase::Ready);
        let seen = runtime.changed(0).await;
        assert!(runtime.force_ready(&key(1), "main", Some(false)));
        assert_ne!(runtime.changed(0).await, seen);
        let state = runtime.observe().await.remove(0);
        assert_eq!(state.phase, InstancePhase::Pending);
        assert_eq!(state.containers[0].status, ContainerStatus::Pending);
        assert_eq!(
            state.containers[0].message,
            message::probe_failing("/healthcheck", 8000)
        );
    });
}

#[test]
fn output_survives_an_attempt() {
    block_on(async {
        let runtime = SimulatedRuntime::default();
        let chatty = Script {
            output: vec!["hello".to_owned()],
            ..Script::default()
        };
        runtime.script("/db/schema/repo/sample:latest", chatty);
        runtime.start(sample_plan(key(1))).await.unwrap();
        runtime.stop(&key(1), Duration::ZERO).await.unwrap();
        runtime.start(sample_plan(key(2))).await.unwrap();
        assert_eq!(
            runtime.logs(&key(2), "main", None).await.unwrap(),
            "hello\nhello\n"
        );
        assert_eq!(
            runtime.logs(&key(2), "main", Some(1)).await.unwrap(),
            "hello\n"
        );
    });
}
