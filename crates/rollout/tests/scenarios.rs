//! Upgrades one can follow with a finger: every rule once, in the words of a user.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "scenarios/hand.rs"]
mod hand;

use std::num::NonZeroU32;
use std::time::Duration;

use floe_rollout::{
    Action, Event, InstanceCount, InstanceId, Millis, Notice, Phase, Policy, Revision, Service,
    plan,
};
use hand::{A, B, C, Hand, none};

fn at_most(down: u32) -> Policy {
    Policy {
        max_unavailable: NonZeroU32::new(down).unwrap(),
        ..Policy::default()
    }
}

fn count(count: u32) -> InstanceCount {
    InstanceCount::new(count).unwrap()
}

#[test]
fn missing_instances_are_started_in_ascending_order() {
    let mut hand = Hand {
        service: Service::new(Policy::default()),
        now: 0,
    };
    assert_eq!(
        hand.target(A, 3),
        ["start 0 r1", "start 1 r1", "start 2 r1"]
    );
    assert!(
        !hand.service.is_upgrading(),
        "a first start is not an upgrade"
    );
}

#[test]
fn an_upgrade_replaces_one_instance_at_a_time_highest_id_first() {
    let mut hand = Hand::running(Policy::default(), 3);
    assert_eq!(hand.target(B, 3), ["stop 2"]);
    assert_eq!(hand.service.floor(), Some(2));
    assert_eq!(hand.gone(2), ["start 2 r2"]);
    assert_eq!(
        hand.observed(2, Phase::Pending),
        none(),
        "it waits for READY"
    );
    assert_eq!(hand.ready(2), ["stop 1"]);
    assert_eq!(hand.gone(1), ["start 1 r2"]);
    assert_eq!(hand.ready(1), ["stop 0"]);
    assert_eq!(hand.gone(0), ["start 0 r2"]);
    assert!(hand.service.is_upgrading());
    assert_eq!(hand.ready(0), none());
    assert!(!hand.service.is_upgrading());
    assert_eq!(hand.revisions(), [B, B, B]);
}

#[test]
fn max_unavailable_two_replaces_two_at_a_time() {
    let mut hand = Hand::running(at_most(2), 4);
    assert_eq!(hand.target(B, 4), ["stop 3", "stop 2"]);
    assert_eq!(hand.gone(2), ["start 2 r2"]);
    assert_eq!(hand.ready(2), ["stop 1"], "one slot became free");
    assert_eq!(hand.service.status().ready, 2);
}

#[test]
fn surplus_instances_are_removed_highest_id_first() {
    let mut hand = Hand::running(Policy::default(), 4);
    assert_eq!(hand.target(A, 2), ["stop 3", "stop 2"]);
    assert!(
        !hand.service.is_upgrading(),
        "fewer instances are not an upgrade"
    );
    assert_eq!(hand.gone(3), none());
    assert_eq!(hand.gone(2), none());
    assert_eq!(hand.service.status().current, 2);
}

#[test]
fn a_failing_revision_stops_at_the_first_instance() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    assert_eq!(hand.observed(2, Phase::Failed), none());
    assert_eq!(
        hand.wait(3_600),
        none(),
        "the others are left alone, however long it takes"
    );
    assert_eq!(hand.revisions(), [A, A, B]);
    assert_eq!(hand.service.status().ready, 2);
}

#[test]
fn a_rollback_proceeds_past_an_instance_that_never_becomes_ready() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.observed(2, Phase::Failed);
    assert_eq!(hand.target(A, 3), ["stop 2"], "it costs no availability");
    assert_eq!(hand.gone(2), ["start 2 r1"]);
    assert_eq!(hand.ready(2), none());
    assert!(!hand.service.is_upgrading());
    assert_eq!(hand.revisions(), [A, A, A]);
}

#[test]
fn a_rollback_proceeds_while_the_first_instance_is_still_terminating() {
    let mut hand = Hand::running(Policy::default(), 2);
    hand.target(B, 2);
    assert_eq!(hand.target(A, 2), none());
    assert_eq!(hand.gone(1), ["start 1 r1"]);
    assert_eq!(hand.ready(1), none());
    assert!(!hand.service.is_upgrading());
}

#[test]
fn a_rollback_proceeds_past_an_instance_that_broke_by_itself_mid_upgrade() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    // Instance 1 dies, is started with the new revision, and never becomes ready.
    assert_eq!(hand.gone(1), ["start 1 r2"]);
    assert_eq!(
        hand.ready(2),
        none(),
        "stopping 0 would leave fewer than the floor of 2"
    );
    assert_eq!(
        hand.target(A, 3),
        ["stop 1", "stop 2"],
        "its floor is 1: the crash was not ours"
    );
    assert_eq!(hand.service.floor(), Some(1));
}

#[test]
fn one_failing_target_after_another_costs_one_instance_in_all() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    assert_eq!(
        hand.target(C, 3),
        ["stop 2"],
        "only the one that is down already"
    );
    assert_eq!(hand.gone(2), ["start 2 r3"]);
    assert_eq!(hand.target(Revision(4), 3), ["stop 2"]);
    assert_eq!(hand.service.status().ready, 2);
    assert_eq!(hand.service.floor(), Some(2));
}

#[test]
fn a_service_that_is_broken_altogether_is_replaced_at_once() {
    let mut hand = Hand {
        service: Service::new(Policy::default()),
        now: 0,
    };
    hand.target(A, 3);
    assert_eq!(hand.target(B, 3), ["stop 2", "stop 1", "stop 0"]);
}

#[test]
fn a_moment_of_failing_probes_mid_upgrade_replaces_nothing_out_of_turn() {
    let mut hand = Hand::running(Policy::default(), 4);
    hand.target(B, 4);
    hand.gone(3);
    for id in [0, 1, 2] {
        assert_eq!(
            hand.observed(id, Phase::Pending),
            none(),
            "it was READY under this target"
        );
    }
    for id in [0, 1, 2] {
        assert_eq!(hand.ready(id), none());
    }
    assert_eq!(hand.ready(3), ["stop 2"]);
}

#[test]
fn an_old_instance_that_breaks_for_good_is_replaced_before_ready_ones() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.observed(0, Phase::Failed);
    assert_eq!(
        hand.ready(2),
        ["stop 0"],
        "READY instance 1 is at the floor, 0 costs nothing"
    );
}

#[test]
fn min_ready_time_delays_the_next_instance() {
    let policy = Policy {
        min_ready_time: Duration::from_secs(10),
        ..Policy::default()
    };
    let mut hand = Hand::running(policy, 2);
    hand.target(B, 2);
    hand.gone(1);
    assert_eq!(hand.ready(1), none());
    assert_eq!(hand.service.next_wakeup(), Some(Millis(hand.now + 10_000)));
    assert_eq!(hand.wait(9), none());
    hand.observed(1, Phase::Pending);
    hand.ready(1);
    assert_eq!(hand.wait(9), none(), "the time counts from the last READY");
    assert_eq!(hand.wait(1), ["stop 0"]);
}

#[test]
fn an_instance_that_is_broken_before_the_upgrade_is_replaced_at_once() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.observed(0, Phase::Failed);
    assert_eq!(hand.target(B, 3), ["stop 0", "stop 2"]);
    assert_eq!(hand.service.floor(), Some(1));
}

#[test]
fn what_a_suspension_took_down_is_not_held_against_the_next_upgrade() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.send(Event::Suspend);
    assert!(!hand.service.is_upgrading());
    for id in 0..3 {
        hand.gone(id);
    }
    assert_eq!(
        hand.send(Event::Resume),
        ["start 0 r2", "start 1 r2", "start 2 r2"]
    );
    hand.ready(0);
    hand.ready(1);
    assert_eq!(hand.target(C, 3), ["stop 2", "stop 1"]);
}

#[test]
fn suspend_stops_everything_and_resume_starts_the_same_revision() {
    let mut hand = Hand::running(Policy::default(), 2);
    assert_eq!(hand.send(Event::Suspend), ["stop 1", "stop 0"]);
    assert_eq!(hand.service.status().target, 0);
    assert_eq!(hand.gone(1), none());
    assert_eq!(
        hand.send(Event::Resume),
        ["start 1 r1"],
        "0 is not gone yet"
    );
    assert_eq!(hand.gone(0), ["start 0 r1"]);
}

#[test]
fn a_target_of_a_suspended_service_takes_effect_when_it_is_resumed() {
    let mut hand = Hand::running(Policy::default(), 1);
    hand.send(Event::Suspend);
    assert_eq!(hand.target(B, 1), none());
    assert_eq!(hand.gone(0), none());
    assert_eq!(hand.send(Event::Resume), ["start 0 r2"]);
    assert!(!hand.service.is_upgrading());
}

#[test]
fn late_and_repeated_news_of_an_earlier_attempt_change_nothing() {
    let mut hand = Hand::running(Policy::default(), 1);
    let old = hand.attempt(0);
    hand.target(B, 1);
    let ready = Event::Observed {
        id: InstanceId(0),
        attempt: old,
        phase: Phase::Ready,
    };
    assert_eq!(hand.send(ready), none());
    assert_eq!(
        hand.service.status().ready,
        0,
        "a terminating instance does not serve"
    );
    assert_eq!(hand.gone(0), ["start 0 r2"]);
    assert_eq!(
        hand.send(Event::Gone {
            id: InstanceId(0),
            attempt: old
        }),
        none()
    );
    assert_eq!(hand.send(ready), none());
    assert_eq!(hand.service.status().ready, 0);
}

#[test]
fn a_stop_that_is_not_answered_is_asked_for_again() {
    let mut hand = Hand::running(Policy::default(), 1);
    assert_eq!(hand.send(Event::Suspend), ["stop 0"]);
    assert_eq!(hand.wait(34), none());
    assert_eq!(hand.wait(1), ["stop 0"]);
    assert_eq!(hand.wait(1), none());
}

#[test]
fn an_instance_that_keeps_vanishing_is_started_with_growing_delays() {
    let mut hand = Hand::running(Policy::default(), 1);
    assert_eq!(hand.gone(0), ["start 0 r1"], "the first time at once");
    assert_eq!(hand.gone(0), none());
    assert_eq!(hand.wait(10), ["start 0 r1"]);
    hand.gone(0);
    assert_eq!(hand.wait(19), none());
    assert_eq!(hand.wait(1), ["start 0 r1"]);
    for _ in 0..40 {
        hand.gone(0);
        hand.wait(300);
    }
    assert_eq!(
        hand.service.status().current,
        1,
        "300 seconds are the longest delay"
    );
    hand.ready(0);
    hand.wait(600);
    assert_eq!(
        hand.gone(0),
        ["start 0 r1"],
        "ten minutes in READY forgive the past"
    );
}

#[test]
fn a_new_target_does_not_wait_for_a_restart_delay() {
    let mut hand = Hand::running(Policy::default(), 1);
    hand.gone(0);
    assert_eq!(hand.gone(0), none());
    assert_eq!(hand.target(B, 1), ["start 0 r2"]);
}

#[test]
fn an_instance_that_ends_by_itself_is_not_counted_as_available_and_comes_back() {
    let mut hand = Hand::running(Policy::default(), 1);
    assert_eq!(hand.observed(0, Phase::Terminating), none());
    assert_eq!(hand.service.status().ready, 0);
    assert_eq!(hand.gone(0), ["start 0 r1"]);
}

#[test]
fn more_and_newer_instances_at_once_start_new_ones_first_with_the_new_revision() {
    let mut hand = Hand::running(Policy::default(), 2);
    assert_eq!(hand.target(B, 3), ["stop 1", "start 2 r2"]);
}

#[test]
fn fewer_instances_mid_upgrade_lower_the_floor_with_them() {
    let mut hand = Hand::running(Policy::default(), 4);
    hand.target(B, 4);
    hand.gone(3);
    assert_eq!(hand.service.floor(), Some(3));
    let commands = hand.target(B, 2);
    assert_eq!(
        commands,
        ["stop 3", "stop 2", "stop 1"],
        "two are surplus, one is replaced"
    );
    assert_eq!(hand.service.floor(), Some(1));
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut hand = Hand::running(Policy::default(), 1);
    hand.send(Event::Suspend);
    hand.now = 0;
    assert_eq!(hand.send(Event::Tick), none());
    assert_eq!(hand.service.next_wakeup(), Some(Millis(45_000)));
}

#[test]
fn a_plan_reads_as_a_table() {
    let hand = Hand::running(
        Policy {
            min_ready_instances: 2,
            ..Policy::default()
        },
        2,
    );
    let shown = plan(&hand.service, B, count(2)).to_string();
    let expected = "\
step  action     instance  available
   1  terminate         1          1
   2  redeploy          1          2
   3  terminate         0          1
   4  redeploy          0          2
available: 2 now, 1 at the lowest
note: the service will not be ready for a while: 1 available, but MIN_READY_INSTANCES is 2; \
requests are denied meanwhile";
    assert_eq!(shown, expected);
}

#[test]
fn a_plan_of_a_single_instance_says_that_none_will_be_available() {
    let hand = Hand::running(Policy::default(), 1);
    let plan = plan(&hand.service, B, count(1));
    assert_eq!(plan.lowest_available, 0);
    assert!(plan.notices.contains(&Notice::NoneAvailable));
    assert!(plan.below_min_ready);
}

#[test]
fn a_plan_says_what_a_running_upgrade_still_has_to_do() {
    let mut hand = Hand::running(Policy::default(), 2);
    hand.target(B, 2);
    hand.gone(1);
    let onward = plan(&hand.service, B, count(2));
    let actions: Vec<_> = onward
        .steps
        .iter()
        .map(|step| (step.action, step.id.0))
        .collect();
    let rest = [
        (Action::Await, 1),
        (Action::Terminate, 0),
        (Action::Redeploy, 0),
    ];
    assert_eq!(actions, rest);
    let back = plan(&hand.service, A, count(2));
    let actions: Vec<_> = back
        .steps
        .iter()
        .map(|step| (step.action, step.id.0))
        .collect();
    assert_eq!(actions, [(Action::Terminate, 1), (Action::Redeploy, 1)]);
    assert_eq!(
        back.notices[1],
        Notice::BrokenFirst {
            ids: vec![InstanceId(1)]
        }
    );
}

#[test]
fn a_plan_changes_nothing() {
    let hand = Hand::running(Policy::default(), 3);
    let before = hand.service.view();
    let _ = plan(&hand.service, B, count(5));
    assert_eq!(hand.service.view(), before);
}

#[test]
fn plans_without_steps_say_why() {
    let mut hand = Hand::running(Policy::default(), 1);
    assert_eq!(
        plan(&hand.service, A, count(1)).notices,
        [Notice::NothingToDo]
    );
    hand.send(Event::Suspend);
    let suspended = plan(&hand.service, B, count(1));
    assert_eq!(suspended.notices, [Notice::Suspended]);
    let expected = "available: 0 now, 0 at the lowest\n\
                    note: suspended: takes effect when the service is resumed";
    assert_eq!(suspended.to_string(), expected);
}

#[test]
fn keep_ready_refuses_before_anything_is_stopped_but_never_a_way_back() {
    let policy = Policy {
        keep_ready: true,
        min_ready_instances: 2,
        ..Policy::default()
    };
    let mut hand = Hand::running(policy.clone(), 2);
    let error = hand.service.admit(B, count(2)).unwrap_err();
    assert_eq!(error.code(), "FLOE-ROLLOUT-0001");
    assert!(error.to_string().contains("1 of 2 instances"), "{error}");

    // A third instance makes the same upgrade possible.
    hand.target(A, 3);
    hand.ready(2);
    assert!(hand.service.admit(B, count(3)).is_ok());

    // In the middle of an upgrade the way back is open, whatever it costs.
    hand.target(B, 3);
    hand.gone(2);
    hand.ready(2);
    assert!(hand.service.is_upgrading());
    assert!(hand.service.admit(A, count(3)).is_ok());
}

#[test]
fn keep_ready_lets_an_upgrade_mend_a_service_that_is_not_ready() {
    let policy = Policy {
        keep_ready: true,
        min_ready_instances: 2,
        ..Policy::default()
    };
    let mut hand = Hand::running(policy, 2);
    hand.observed(0, Phase::Failed);
    let plan = hand.service.admit(B, count(2)).unwrap();
    assert!(plan.notices.contains(&Notice::NotReadyNow {
        ready: 1,
        min_ready: 2
    }));
}
