//! Thousands of random lives of a service against a runtime that crashes, flaps, answers late,
//! twice, out of order, or not at all. A failure names its seed; running it again with
//! that seed alone repeats it exactly.
//!
//! Safety is judged from outside the decider, with books of its own, at every step. When the
//! faults stop, the service must reach its target within a bounded number of steps.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "simulation/books.rs"]
mod books;
#[path = "simulation/world.rs"]
mod world;

use floe_rollout::{Event, Phase, plan};
use world::{BAD, GOOD, World};

/// Enough for every rule to meet every fault; about two seconds in a debug build.
const SEEDS: std::ops::Range<u64> = 0..3_000;

/// Steps of trouble in each life.
const TROUBLE: u32 = 200;

/// A life with faults; then they stop.
fn after_trouble(seed: u64) -> World {
    let mut world = World::new(seed);
    for _ in 0..TROUBLE {
        world.trouble();
    }
    world.end_faults();
    world
}

#[test]
fn after_faults_stop_every_service_reaches_its_target() {
    for seed in SEEDS {
        let mut world = after_trouble(seed);
        world.decide(Event::Resume);
        let count = world.some_count();
        world.target(GOOD, count);
        world.run_until_quiet();
        world.assert_reached(GOOD, count);
    }
}

/// Large services are checked by the instances of each step; the books here look at all of them.
#[test]
fn large_services_reach_their_targets_too() {
    for seed in SEEDS.step_by(30) {
        let mut world = World::with_most(seed, 60);
        for _ in 0..10 * TROUBLE {
            world.trouble();
        }
        world.end_faults();
        world.decide(Event::Resume);
        let count = world.some_count();
        world.target(GOOD, count);
        world.run_until_quiet();
        world.assert_reached(GOOD, count);
    }
}

#[test]
fn a_rollback_always_proceeds_past_a_revision_that_never_becomes_ready() {
    for seed in SEEDS {
        let mut world = after_trouble(seed);
        world.decide(Event::Resume);
        let count = world.some_count();
        world.target(GOOD, count);
        world.run_until_quiet();

        world.target(BAD, count);
        world.run_for(seed % 40);
        let down = count.min(world.max_unavailable());
        let left = world.service.status().ready;
        let failures = world.service.policy().max_failures;
        assert!(
            left + failures >= count - down,
            "seed {seed}: {left} of {count} are left"
        );

        world.target(GOOD, count);
        world.run_until_quiet();
        world.assert_reached(GOOD, count);
    }
}

#[test]
fn an_upgrade_without_faults_never_has_fewer_available_than_its_plan_predicts() {
    for seed in SEEDS {
        let mut world = after_trouble(seed);
        world.decide(Event::Resume);
        let before = world.some_count();
        world.target(GOOD, before);
        world.run_until_quiet();

        let count = world.some_count();
        let revision = world.other_good_revision();
        let plan = plan(&world.service, revision, count.try_into().unwrap());
        world.target(revision, count);
        let lowest = world.run_until_quiet();
        world.assert_reached(revision, count);
        let predicted = plan.lowest_available;
        assert!(
            lowest >= predicted,
            "seed {seed}: {lowest} available, predicted {predicted}"
        );
    }
}

#[test]
fn every_state_can_be_planned_from() {
    for seed in SEEDS.step_by(10) {
        let mut world = World::new(seed);
        for _ in 0..TROUBLE {
            world.trouble();
            let count = world.some_count();
            let plan = plan(&world.service, GOOD, count.try_into().unwrap());
            assert!(plan.lowest_available <= plan.available_now, "seed {seed}");
        }
    }
}

#[test]
fn repeating_every_event_changes_nothing() {
    for seed in SEEDS.step_by(10) {
        let mut world = World::new(seed);
        for _ in 0..TROUBLE {
            world.trouble();
            let Some(event) = world.last_event() else {
                continue;
            };
            let again = world.service.clone().decide(event, world.now());
            let ready = matches!(
                event,
                Event::Observed {
                    phase: Phase::Ready,
                    ..
                }
            );
            assert!(
                again.is_empty() || ready,
                "seed {seed}: {event:?} again gave {again:?}"
            );
        }
    }
}

#[test]
fn one_seed_is_one_history() {
    let history = |seed| {
        let world = after_trouble(seed);
        (world.service.view(), world.service.next_attempt())
    };
    assert_eq!(history(7), history(7));
    assert_ne!(history(7), history(8));
}
