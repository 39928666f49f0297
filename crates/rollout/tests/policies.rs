//! What a policy can ask for beyond the usual upgrade: partitions, pauses, deadlines, failures that
//! are tolerated, and restarts for maintenance.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "scenarios/hand.rs"]
mod hand;

use std::time::Duration;

use floe_rollout::{Event, InstanceCount, Millis, Notice, Phase, Policy, Revision, plan};
use hand::{A, B, C, Hand, none};

fn below(partition: u32) -> Policy {
    Policy {
        partition,
        ..Policy::default()
    }
}

fn tolerating(max_failures: u32) -> Policy {
    Policy {
        max_failures,
        ..Policy::default()
    }
}

#[test]
fn instances_below_the_partition_keep_their_revision() {
    let mut hand = Hand::running(below(2), 3);
    assert_eq!(hand.target(B, 3), ["stop 2"]);
    assert_eq!(hand.gone(2), ["start 2 r2"]);
    assert_eq!(hand.ready(2), none());
    assert!(!hand.service.is_upgrading());
    assert_eq!(hand.revisions(), [A, A, B]);
}

#[test]
fn an_instance_below_the_partition_comes_back_with_the_revision_it_had() {
    let mut hand = Hand::running(below(2), 3);
    hand.target(B, 3);
    assert_eq!(hand.gone(0), ["start 0 r1"]);
    hand.send(Event::Suspend);
    for id in [0, 1, 2] {
        hand.gone(id);
    }
    assert_eq!(
        hand.send(Event::Resume),
        ["start 0 r1", "start 1 r1", "start 2 r2"]
    );
}

#[test]
fn a_new_instance_below_the_partition_starts_with_what_all_had_last() {
    let mut hand = Hand::running(below(9), 2);
    assert_eq!(hand.target(B, 3), ["start 2 r1"]);
}

#[test]
fn lowering_the_partition_goes_on_with_the_upgrade() {
    let mut hand = Hand::running(below(2), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.ready(2);
    hand.service.set_policy(below(1));
    assert!(hand.service.is_upgrading());
    assert_eq!(hand.service.floor(), Some(2));
    assert_eq!(hand.wait(0), ["stop 1"]);
    hand.gone(1);
    hand.ready(1);
    hand.service.set_policy(below(0));
    assert_eq!(hand.wait(0), ["stop 0"]);
}

#[test]
fn raising_the_partition_ends_the_upgrade_above_it() {
    let mut hand = Hand::running(below(0), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.service.set_policy(below(2));
    assert_eq!(hand.ready(2), none());
    assert!(!hand.service.is_upgrading());
    assert_eq!(hand.revisions(), [A, A, B]);
}

#[test]
fn a_paused_upgrade_replaces_nothing_until_it_is_resumed() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    assert_eq!(hand.send(Event::PauseUpgrade), none());
    assert_eq!(hand.gone(2), ["start 2 r2"], "what was begun is finished");
    assert_eq!(hand.ready(2), none());
    assert!(hand.service.status().is_paused);
    assert_eq!(hand.send(Event::ResumeUpgrade), ["stop 1"]);
}

#[test]
fn in_a_pause_an_instance_that_dies_comes_back_as_it_was() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.send(Event::PauseUpgrade);
    assert_eq!(hand.gone(0), ["start 0 r1"]);
    assert_eq!(hand.observed(0, Phase::Failed), none());
    assert_eq!(hand.send(Event::ResumeUpgrade), ["stop 0"]);
}

#[test]
fn a_pause_holds_no_rollback() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.observed(2, Phase::Failed);
    hand.send(Event::PauseUpgrade);
    assert_eq!(hand.target(A, 3), ["stop 2"]);
    assert!(!hand.service.status().is_paused);
}

#[test]
fn without_an_upgrade_there_is_nothing_to_pause() {
    let mut hand = Hand::running(Policy::default(), 3);
    hand.send(Event::PauseUpgrade);
    assert!(!hand.service.status().is_paused);
    assert_eq!(hand.target(B, 3), ["stop 2"]);
}

#[test]
fn an_upgrade_without_progress_is_stalled_and_every_proved_instance_is_progress() {
    let policy = Policy {
        progress_deadline: Some(Duration::from_secs(60)),
        ..Policy::default()
    };
    let mut hand = Hand::running(policy, 2);
    hand.target(B, 2);
    hand.wait(59);
    assert!(!hand.service.status().is_stalled);
    hand.gone(1);
    hand.ready(1);
    assert_eq!(hand.service.next_wakeup(), Some(Millis(hand.now + 35_000)));
    hand.gone(0);
    assert_eq!(hand.service.next_wakeup(), Some(Millis(hand.now + 60_000)));
    hand.wait(60);
    assert!(hand.service.status().is_stalled);
    assert_eq!(hand.service.rollback_due(), None, "it is off by default");
    hand.ready(0);
    assert!(!hand.service.status().is_stalled);
}

#[test]
fn a_stalled_upgrade_asks_to_be_rolled_back_and_a_stalled_rollback_does_not() {
    let policy = Policy {
        progress_deadline: Some(Duration::from_secs(60)),
        auto_rollback: true,
        ..Policy::default()
    };
    let mut hand = Hand::running(policy, 2);
    hand.target(B, 2);
    hand.gone(1);
    hand.wait(60);
    assert_eq!(hand.service.rollback_due(), Some(A));
    assert_eq!(hand.target(C, 2), ["stop 1"]);
    assert_eq!(
        hand.service.rollback_due(),
        None,
        "a new target begins anew"
    );
    hand.gone(1);
    hand.wait(60);
    assert_eq!(
        hand.service.rollback_due(),
        Some(A),
        "A is what all ran last"
    );
    hand.target(A, 2);
    hand.gone(1);
    hand.wait(60);
    assert!(hand.service.status().is_stalled);
    assert_eq!(hand.service.rollback_due(), None);
}

#[test]
fn a_paused_upgrade_is_not_stalled() {
    let policy = Policy {
        progress_deadline: Some(Duration::from_secs(60)),
        ..Policy::default()
    };
    let mut hand = Hand::running(policy, 2);
    hand.target(B, 2);
    hand.gone(1);
    hand.send(Event::PauseUpgrade);
    hand.wait(600);
    assert!(!hand.service.status().is_stalled);
    hand.send(Event::ResumeUpgrade);
    hand.wait(59);
    assert!(!hand.service.status().is_stalled);
}

#[test]
fn a_tolerated_failure_is_passed_over_and_the_next_one_stops_the_upgrade() {
    let mut hand = Hand::running(tolerating(1), 4);
    hand.target(B, 4);
    assert_eq!(hand.service.floor(), Some(2));
    hand.gone(3);
    assert_eq!(hand.observed(3, Phase::Failed), ["stop 2"]);
    assert_eq!(hand.service.status().failed, 1);
    hand.gone(2);
    assert_eq!(hand.observed(2, Phase::Failed), none());
    assert_eq!(hand.wait(3_600), none());
    assert_eq!(hand.service.status().ready, 2, "the floor holds");
    assert_eq!(hand.target(A, 4), ["stop 3", "stop 2"]);
}

#[test]
fn an_instance_that_was_passed_over_may_still_come_back() {
    let mut hand = Hand::running(tolerating(1), 3);
    hand.target(B, 3);
    hand.gone(2);
    hand.observed(2, Phase::Failed);
    assert_eq!(hand.ready(2), none(), "1 is being replaced meanwhile");
    assert_eq!(hand.service.status().failed, 0);
    hand.gone(1);
    assert_eq!(hand.observed(1, Phase::Failed), ["stop 0"]);
    hand.gone(0);
    hand.ready(0);
    assert!(hand.service.is_upgrading(), "1 is still waited for");
    hand.ready(1);
    assert!(!hand.service.is_upgrading());
}

#[test]
fn a_restart_replaces_half_of_the_instances_at_once_by_the_same_revision() {
    let mut hand = Hand::running(Policy::default(), 5);
    let before = hand.service.next_attempt();
    assert_eq!(hand.send(Event::Restart { before }), ["stop 4", "stop 3"]);
    assert!(hand.service.status().is_restarting);
    assert!(!hand.service.is_upgrading());
    assert_eq!(hand.gone(4), ["start 4 r1"]);
    assert_eq!(hand.ready(4), ["stop 2"]);
    assert_eq!(hand.send(Event::Restart { before }), none(), "it is known");
    for (id, next) in [
        (3, vec!["stop 1"]),
        (2, vec!["stop 0"]),
        (1, vec![]),
        (0, vec![]),
    ] {
        hand.gone(id);
        assert_eq!(hand.ready(id), next);
    }
    assert!(!hand.service.status().is_restarting);
    assert_eq!(hand.revisions(), [A; 5]);
}

#[test]
fn a_single_instance_is_restarted_too() {
    let mut hand = Hand::running(Policy::default(), 1);
    let before = hand.service.next_attempt();
    assert_eq!(hand.send(Event::Restart { before }), ["stop 0"]);
}

#[test]
fn a_restart_below_the_partition_keeps_the_revision() {
    let mut hand = Hand::running(below(1), 2);
    hand.target(B, 2);
    hand.gone(1);
    hand.ready(1);
    let before = hand.service.next_attempt();
    assert_eq!(hand.send(Event::Restart { before }), ["stop 1"]);
    assert_eq!(hand.gone(1), ["start 1 r2"]);
    assert_eq!(hand.ready(1), ["stop 0"]);
    assert_eq!(hand.gone(0), ["start 0 r1"]);
}

#[test]
fn a_restart_during_an_upgrade_keeps_to_the_limits_of_the_upgrade() {
    let mut hand = Hand::running(Policy::default(), 4);
    hand.target(B, 4);
    hand.gone(3);
    let before = hand.service.next_attempt();
    assert_eq!(
        hand.send(Event::Restart { before }),
        ["stop 3"],
        "not READY yet"
    );
    assert_eq!(hand.gone(3), ["start 3 r2"]);
    assert_eq!(hand.ready(3), ["stop 2"]);
    assert!(hand.service.is_upgrading());
}

#[test]
fn an_upgrade_takes_over_from_a_restart_with_the_limits_of_an_upgrade() {
    let mut hand = Hand::running(Policy::default(), 4);
    let before = hand.service.next_attempt();
    assert_eq!(hand.send(Event::Restart { before }), ["stop 3", "stop 2"]);
    assert_eq!(hand.target(B, 4), none());
    assert_eq!(hand.service.floor(), Some(3));
    assert_eq!(hand.gone(3), ["start 3 r2"]);
    assert_eq!(hand.ready(3), none(), "2 is still down");
    assert_eq!(hand.gone(2), ["start 2 r2"]);
    assert_eq!(hand.ready(2), ["stop 1"]);
    assert_eq!(hand.revisions()[2], Revision(2));
}

#[test]
fn plans_know_the_policy() {
    let mut hand = Hand::running(below(1), 2);
    let kept = plan(&hand.service, B, InstanceCount::new(2).unwrap());
    assert_eq!(kept.steps.len(), 2);
    assert!(kept.notices.contains(&Notice::Partitioned { partition: 1 }));
    hand.target(B, 2);
    hand.send(Event::PauseUpgrade);
    let paused = plan(&hand.service, B, InstanceCount::new(2).unwrap());
    assert_eq!(paused.notices.last(), Some(&Notice::Paused));
    let back = plan(&hand.service, A, InstanceCount::new(2).unwrap());
    assert!(
        !back.notices.contains(&Notice::Paused),
        "a new target ends it"
    );
}

#[test]
fn a_restart_is_planned_with_half_of_the_instances_down() {
    let hand = Hand::running(Policy::default(), 4);
    let plan = hand.service.plan_restart().unwrap();
    assert_eq!(
        (plan.steps.len(), plan.lowest_available, plan.floor),
        (8, 2, Some(2))
    );
}
