//! The checker itself: deciders with a planted bug are caught by the predicates.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use floe_rollout::invariant::{Rest, Seen, View, Violation, check};
use floe_rollout::{Command, InstanceId, Phase, Revision};

/// Four READY instances of revision 1 on their way to revision 2, one at a time.
fn upgrading() -> View {
    let instances = (0..4).map(|id| Seen {
        id: InstanceId(id),
        revision: Revision(1),
        attempt: u64::from(id) + 1,
        phase: Phase::Ready,
    });
    View {
        desired: Some(Revision(2)),
        count: 4,
        floor: Some(3),
        max_unavailable: 1,
        instances: instances.collect(),
        ..View::default()
    }
}

/// A decider that replaces outdated READY instances in the order `pick` says, as long as it
/// thinks it may: the real one in small, so that bugs can be planted.
fn toy(view: &View, slots: usize, pick: impl Fn(&[InstanceId]) -> Option<InstanceId>) -> Step {
    let mut after = view.clone();
    let mut commands = Vec::new();
    while after.slots.len() < slots {
        let waiting: Vec<InstanceId> = after
            .instances
            .iter()
            .filter(|i| Some(i.revision) != view.desired && i.phase == Phase::Ready)
            .map(|i| i.id)
            .collect();
        let Some(id) = pick(&waiting) else { break };
        let instance = after.instances.iter_mut().find(|i| i.id == id).unwrap();
        instance.phase = Phase::Terminating;
        commands.push(Command::Stop {
            id,
            attempt: instance.attempt,
        });
        after.slots.push(id);
    }
    Step { commands, after }
}

struct Step {
    commands: Vec<Command>,
    after: View,
}

/// The verdict over all instances, which must be that over those which the commands name.
fn verdict(before: &View, step: &Step) -> Result<(), Violation> {
    let whole = check(before, &step.commands, &step.after);
    let (before, after) = (
        part(before, &step.commands),
        part(&step.after, &step.commands),
    );
    assert_eq!(check(&before, &step.commands, &after), whole);
    whole
}

/// The same state, listing only what the commands name.
fn part(view: &View, commands: &[Command]) -> View {
    let named = |id: InstanceId| {
        commands.iter().any(|command| match command {
            Command::Start { id: named, .. } | Command::Stop { id: named, .. } => *named == id,
        })
    };
    let (instances, others): (Vec<Seen>, Vec<Seen>) =
        view.instances.iter().partition(|seen| named(seen.id));
    let slots: Vec<InstanceId> = view.slots.iter().copied().filter(|id| named(*id)).collect();
    let waits = |seen: &&Seen| {
        let outdated = Some(seen.revision) != view.desired || seen.attempt < view.restart_before;
        seen.phase == Phase::Ready && outdated && seen.id.0 >= view.partition
    };
    let rest = Rest {
        available: others
            .iter()
            .filter(|seen| seen.phase == Phase::Ready)
            .count() as u32,
        slots: view.slots.len() - slots.len(),
        highest_attempt: others.iter().map(|seen| seen.attempt).max().unwrap_or(0),
        first_waiting: others.iter().filter(waits).map(|seen| seen.id).max(),
    };
    View {
        instances,
        slots,
        rest,
        ..view.clone()
    }
}

fn highest(ids: &[InstanceId]) -> Option<InstanceId> {
    ids.last().copied()
}

fn lowest(ids: &[InstanceId]) -> Option<InstanceId> {
    ids.first().copied()
}

#[test]
fn the_right_order_passes() {
    let before = upgrading();
    let step = toy(&before, 1, highest);
    assert_eq!(
        step.commands,
        [Command::Stop {
            id: InstanceId(3),
            attempt: 4
        }]
    );
    assert_eq!(verdict(&before, &step), Ok(()));
}

#[test]
fn a_decider_that_replaces_ascending_is_caught() {
    let before = upgrading();
    let caught = verdict(&before, &toy(&before, 1, lowest)).unwrap_err();
    let expected = Violation::OutOfOrder {
        stopped: InstanceId(0),
        first: InstanceId(3),
    };
    assert_eq!(caught, expected);
}

#[test]
fn a_decider_that_stops_one_too_many_is_caught_by_the_floor() {
    let before = upgrading();
    let caught = verdict(&before, &toy(&before, 2, highest)).unwrap_err();
    assert_eq!(caught, Violation::BelowFloor { after: 2, floor: 3 });
}

#[test]
fn a_decider_that_stops_one_too_many_is_caught_by_the_count_when_the_floor_is_low() {
    let before = View {
        floor: Some(0),
        ..upgrading()
    };
    let caught = verdict(&before, &toy(&before, 2, highest)).unwrap_err();
    assert_eq!(
        caught,
        Violation::TooManyDown {
            down: 2,
            allowed: 1
        }
    );
}

#[test]
fn a_decider_that_forgets_what_it_took_down_is_caught() {
    let before = upgrading();
    let mut step = toy(&before, 1, highest);
    step.after.slots.clear();
    let caught = verdict(&before, &step).unwrap_err();
    assert_eq!(caught, Violation::Uncounted { id: InstanceId(3) });
}

#[test]
fn a_decider_that_starts_before_the_old_one_is_gone_is_caught() {
    let mut before = upgrading();
    before.instances[3].phase = Phase::Terminating;
    let start = Command::Start {
        id: InstanceId(3),
        attempt: 9,
        revision: Revision(2),
    };
    let caught = check(&before, &[start], &before).unwrap_err();
    assert_eq!(
        caught,
        Violation::TwoAttempts {
            id: InstanceId(3),
            attempt: 9
        }
    );
}

#[test]
fn a_decider_that_uses_an_attempt_number_twice_is_caught() {
    let mut before = upgrading();
    before.instances.pop();
    let start = Command::Start {
        id: InstanceId(3),
        attempt: 3,
        revision: Revision(2),
    };
    let caught = check(&before, &[start], &before).unwrap_err();
    assert_eq!(
        caught,
        Violation::TwoAttempts {
            id: InstanceId(3),
            attempt: 3
        }
    );
}

#[test]
fn a_decider_that_starts_while_suspended_or_with_an_old_revision_is_caught() {
    let mut before = upgrading();
    before.instances.pop();
    let start = |revision| {
        [Command::Start {
            id: InstanceId(3),
            attempt: 9,
            revision,
        }]
    };
    let caught = check(&before, &start(Revision(1)), &before).unwrap_err();
    assert_eq!(caught, Violation::Unwanted { id: InstanceId(3) });
    let suspended = View {
        suspended: true,
        floor: None,
        ..before
    };
    let caught = check(&suspended, &start(Revision(2)), &suspended).unwrap_err();
    assert_eq!(caught, Violation::Unwanted { id: InstanceId(3) });
}

#[test]
fn a_decider_that_stops_what_is_wanted_or_unknown_is_caught() {
    let view = View {
        desired: Some(Revision(1)),
        floor: None,
        ..upgrading()
    };
    let stop = |attempt| {
        [Command::Stop {
            id: InstanceId(3),
            attempt,
        }]
    };
    let caught = check(&view, &stop(4), &view).unwrap_err();
    assert_eq!(caught, Violation::Uncounted { id: InstanceId(3) });
    let counted = View {
        slots: vec![InstanceId(3)],
        ..view.clone()
    };
    let caught = check(&counted, &stop(4), &counted).unwrap_err();
    assert_eq!(caught, Violation::NeedlessStop { id: InstanceId(3) });
    let caught = check(&view, &stop(5), &view).unwrap_err();
    assert!(matches!(
        caught,
        Violation::UnknownStop { .. } | Violation::Uncounted { .. }
    ));
}

#[test]
fn a_decider_that_removes_surplus_ascending_is_caught() {
    let before = View {
        count: 0,
        floor: None,
        ..upgrading()
    };
    let stops = [0, 1].map(|id| Command::Stop {
        id: InstanceId(id),
        attempt: u64::from(id) + 1,
    });
    let caught = check(&before, &stops, &before).unwrap_err();
    assert_eq!(caught, Violation::Unsorted { id: InstanceId(1) });
}

#[test]
fn a_decider_that_replaces_below_the_partition_is_caught() {
    let before = View {
        partition: 4,
        ..upgrading()
    };
    let caught = verdict_of_stop(&before).unwrap_err();
    assert_eq!(caught, Violation::NeedlessStop { id: InstanceId(3) });
}

#[test]
fn a_decider_that_replaces_in_a_pause_is_caught() {
    let before = View {
        paused: true,
        ..upgrading()
    };
    let caught = verdict_of_stop(&before).unwrap_err();
    assert_eq!(caught, Violation::Paused { id: InstanceId(3) });
}

fn verdict_of_stop(before: &View) -> Result<(), Violation> {
    let step = toy(before, 1, highest);
    verdict(before, &step)
}

#[test]
fn a_decider_that_restarts_more_than_half_is_caught() {
    let before = View {
        desired: Some(Revision(1)),
        floor: Some(0),
        restarting: true,
        restart_before: 9,
        ..upgrading()
    };
    let stops = |ids: &[u32]| {
        let mut after = before.clone();
        let commands = ids.iter().map(|id| {
            after.instances[*id as usize].phase = Phase::Terminating;
            after.slots.insert(0, InstanceId(*id));
            Command::Stop {
                id: InstanceId(*id),
                attempt: u64::from(*id) + 1,
            }
        });
        Step {
            commands: commands.collect(),
            after,
        }
    };
    assert_eq!(verdict(&before, &stops(&[3, 2])), Ok(()));
    let caught = verdict(&before, &stops(&[3, 2, 1])).unwrap_err();
    let (down, allowed) = (3, 2);
    assert_eq!(caught, Violation::TooManyDown { down, allowed });
}

#[test]
fn a_decider_that_starts_below_the_partition_with_the_new_revision_is_caught() {
    let mut before = View {
        partition: 4,
        stable: Some(Revision(1)),
        ..upgrading()
    };
    before.instances.pop();
    let start = |revision| {
        let (id, attempt) = (InstanceId(3), 9);
        [Command::Start {
            id,
            attempt,
            revision: Revision(revision),
        }]
    };
    assert_eq!(check(&before, &start(1), &before), Ok(()));
    let caught = check(&before, &start(2), &before).unwrap_err();
    assert_eq!(caught, Violation::Unwanted { id: InstanceId(3) });
}

#[test]
fn a_decider_that_passes_over_too_many_failures_is_caught() {
    let (failed, max_failures) = (2, 1);
    let view = View {
        failed,
        max_failures,
        ..upgrading()
    };
    let caught = check(&view, &[], &view).unwrap_err();
    assert_eq!(
        caught,
        Violation::TooManyFailed {
            failed: 2,
            allowed: 1
        }
    );
}
