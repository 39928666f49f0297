//! Starts, ends, restarts, probes and graces.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use floe_runtime::clock::{Clock, SystemClock};
use floe_runtime::{
    ContainerStatus, InstancePhase, InstanceState, Need, NeedKind, Runtime, message,
};

use crate::world::{self, GRACE, World, key, plan};

fn first_status(state: &InstanceState) -> ContainerStatus {
    state.containers[0].status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_missing_fails_with_the_reason_and_starts_once_it_is_there() {
    let world = World::loopback();
    let mut plan = world.script(&key(1), "");
    plan.containers[0].argv = vec!["/app/late".to_owned()];
    world.start(plan).await;
    let state = world
        .eventually(&key(1), "failed", |state| {
            first_status(state) == ContainerStatus::Failed
        })
        .await;
    let container = &state.containers[0];
    let words = &container.message;
    assert!(words.starts_with(message::START_FAILED), "{words}");
    assert!(words.contains("`/app/late` cannot be found"), "{words}");
    assert_eq!(
        (state.phase, container.started),
        (InstancePhase::Failed, None)
    );
    assert_eq!(container.last_exit_code, None);

    let late = world.image().join("app/late");
    std::fs::write(&late, "#!/bin/sh\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&late, std::fs::Permissions::from_mode(0o755)).unwrap();
    let state = world.ready(&key(1)).await;
    assert!(state.containers[0].restart_count >= 1);
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_run_fails_with_the_reason() {
    let world = World::loopback();
    let broken = world.image().join("app/broken");
    std::fs::write(&broken, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut plan = world.script(&key(1), "");
    plan.containers[0].argv = vec!["/app/broken".to_owned()];
    world.start(plan).await;
    let failed = |state: &InstanceState| first_status(state) == ContainerStatus::Failed;
    let state = world.eventually(&key(1), "failed", failed).await;
    assert!(
        state.containers[0].message.contains("No such file"),
        "{state:#?}"
    );
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_counts_as_128_and_its_number() {
    let world = World::loopback();
    world.start(world.script(&key(1), "kill -KILL $$")).await;
    let failed = |state: &InstanceState| first_status(state) == ContainerStatus::Failed;
    let state = world.eventually(&key(1), "failed", failed).await;
    assert_eq!(state.containers[0].last_exit_code, Some(137));
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarts_wait_longer_each_time() {
    let world = World::loopback();
    let began = SystemClock.monotonic();
    world.start(world.script(&key(1), "exit 1")).await;
    let twice = |state: &InstanceState| state.containers[0].restart_count == 2;
    world
        .eventually(&key(1), "started twice again", twice)
        .await;
    // One second, then two.
    let took = SystemClock.monotonic().saturating_sub(began);
    assert!(took >= Duration::from_secs(3), "{took:?}");
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_in_its_grace_may_finish_its_work() {
    let world = World::loopback();
    let script =
        "trap 'sleep 0.5; echo finished; exit 0' TERM; echo up; while :; do sleep 0.1; done";
    world.start(world.script(&key(1), script)).await;
    world.printed(&key(1), |text| text == "up\n").await;
    world.stop(&key(1)).await;
    // The next attempt of the instance has the output of the earlier one.
    world.start(world.script(&key(2), "exec sleep 600")).await;
    let text = world.runtime.logs(&key(2), "main", None).await.unwrap();
    assert_eq!(text, "up\nfinished\n");
    world.stop(&key(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_with_a_shorter_grace_overtakes_a_longer_one() {
    let world = World::loopback();
    world
        .start(world.script(&key(1), "trap '' TERM; echo deaf; sleep 600; sleep 600"))
        .await;
    world.printed(&key(1), |text| text == "deaf\n").await;
    let key = key(1);
    let began = SystemClock.monotonic();
    let patient = world.runtime.stop(&key, Duration::from_secs(3_600));
    let hasty = world.runtime.stop(&key, Duration::ZERO);
    let (patient, hasty) = tokio::join!(patient, hasty);
    assert!(patient.is_ok() && hasty.is_ok());
    let took = SystemClock.monotonic().saturating_sub(began);
    assert!(took < Duration::from_secs(600), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_goes_on_when_its_future_is_dropped() {
    let world = World::loopback();
    world.start(world.script(&key(1), "exec sleep 600")).await;
    world.ready(&key(1)).await;
    let key = key(1);
    {
        let mut stop = world.runtime.stop(&key, GRACE);
        let polled = futures::poll!(&mut stop);
        assert!(polled.is_pending());
    }
    let look = async || match world.runtime.observe().await {
        states if states.is_empty() => Ok(()),
        states => Err(states),
    };
    world::eventually("gone", look).await;
    assert_eq!(world.processes(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_lost_and_won_again() {
    let world = World::loopback();
    let unready = world.directory.path().join("unready");
    let mut plan = world.server(&key(1), 8_000);
    let file = unready.to_str().unwrap().to_owned();
    plan.containers[0]
        .env
        .push((crate::server::UNREADY_FILE.to_owned(), file));
    world.start(plan).await;
    world.ready(&key(1)).await;

    std::fs::write(&unready, "").unwrap();
    let pending = |state: &InstanceState| state.phase == InstancePhase::Pending;
    let state = world.eventually(&key(1), "not ready", pending).await;
    assert_eq!(
        state.containers[0].message,
        message::probe_failing("/ready", 8_000)
    );
    assert_eq!(
        state.containers[0].restart_count, 0,
        "a readiness probe restarts nothing"
    );

    std::fs::remove_file(&unready).unwrap();
    world.ready(&key(1)).await;
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_status_200_is_ready() {
    let world = World::loopback();
    let mut plan = world.server(&key(1), 8_000);
    plan.containers[0].readiness.as_mut().unwrap().path = "/almost".to_owned();
    world.start(plan).await;
    let failing = |state: &InstanceState| {
        state.containers[0].message == message::probe_failing("/almost", 8_000)
    };
    world
        .eventually(&key(1), "failing its probe", failing)
        .await;
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_container_that_fails_fails_the_instance_and_leaves_its_sibling_running() {
    let world = World::loopback();
    let image = world.image();
    let stable = world::server("stable", &image, 8_000);
    let fragile = world::shell("fragile", &image, "exit 5");
    world.start(plan(&key(1), vec![stable, fragile])).await;
    let state = world
        .eventually(&key(1), "failed beside a ready sibling", |state| {
            state.phase == InstancePhase::Failed && first_status(state) == ContainerStatus::Ready
        })
        .await;
    assert_eq!(state.containers[0].restart_count, 0);
    world.stop(&key(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_need_is_refused() {
    let world = World::loopback();
    let kinds = [
        NeedKind::Gpu,
        NeedKind::BlockVolume,
        NeedKind::StageVolume,
        NeedKind::MemoryVolume,
        NeedKind::LocalVolume,
        NeedKind::Secret,
        NeedKind::LivenessProbe,
        NeedKind::ResourceLimit,
        NeedKind::SessionToken,
    ];
    for kind in kinds {
        let mut plan = world.script(&key(1), "exit");
        plan.containers[0]
            .needs
            .push(Need::new(kind.clone(), "spec.containers[0].some"));
        let error = world.runtime.check(&plan).unwrap_err();
        assert_eq!(error.code(), "FLOE-RUNTIME-0001");
        let words = error.to_string();
        assert!(words.contains("process runtime") && words.contains("spec.containers[0].some"));
        assert!(words.contains(&kind.to_string()), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_container_and_its_children_burn_is_measured() {
    let world = World::loopback();
    // The loop runs in a child, whose time counts as well.
    let busy = "(while :; do :; done) & wait";
    world.start(world.script(&key(1), busy)).await;
    world.start(world.script(&key(2), "exec sleep 600")).await;
    let used = async |number| {
        let times = world.runtime.cpu_times().await;
        let found = times
            .into_iter()
            .find(|(measured, _)| *measured == key(number));
        found.map(|(_, time)| time).unwrap_or_default()
    };
    let clock = SystemClock;
    let end = clock.monotonic() + world::PATIENCE;
    while used(1).await < Duration::from_millis(200) {
        assert!(clock.monotonic() < end, "nothing is measured");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(
        used(2).await < Duration::from_millis(200),
        "the other one sleeps"
    );
    world.stop(&key(1)).await;
    world.stop(&key(2)).await;
    assert_eq!(world.runtime.cpu_times().await, []);
}
