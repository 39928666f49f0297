use std::time::Duration;

use floe_rollout::{Command, InstanceCount, InstanceId, Millis, Phase, Policy, Revision};
use floe_scale::{Bounds, Reading, Rules, Settings};

use super::{Answer, Change, Controller, Happening, Input, Wanted};

fn at(seconds: u64) -> Millis {
    Millis(seconds * 1000)
}

fn wanted(revision: u64, auto_suspend_secs: u32) -> Wanted {
    let settings = Settings {
        auto_suspend_secs,
        ..Settings::default()
    };
    Wanted {
        revision: Revision(revision),
        bounds: Bounds::new(1, 1).unwrap(),
        count: InstanceCount::new(1).unwrap(),
        min_ready: 1,
        suspended: false,
        upgrading: false,
        rules: Rules::new(&settings).unwrap(),
    }
}

fn tell(controller: &mut Controller, wanted: Wanted, seconds: u64) -> Answer {
    controller.decide(Input::Wanted(Box::new(wanted)), at(seconds))
}

/// A controller of one instance that is READY.
fn ready(wanted: Wanted) -> Controller {
    let mut controller = Controller::new(Policy::default());
    assert_eq!(tell(&mut controller, wanted, 0).commands.len(), 1);
    becomes_ready(&mut controller, 1, 0);
    controller
}

fn becomes_ready(controller: &mut Controller, attempt: u64, seconds: u64) -> Answer {
    let (id, phase) = (InstanceId(0), Phase::Ready);
    controller.decide(Input::Observed { id, attempt, phase }, at(seconds))
}

fn upgraded(controller: &mut Controller) -> Answer {
    let upgrading = Wanted {
        upgrading: true,
        ..wanted(2, 0)
    };
    tell(controller, upgrading, 10);
    let (id, attempt) = (InstanceId(0), 1);
    let answer = controller.decide(Input::Gone { id, attempt }, at(11));
    assert!(matches!(answer.commands[..], [Command::Start { .. }]));
    becomes_ready(controller, 2, 20)
}

#[test]
fn an_upgrade_is_over_for_people_once_that_is_on_record() {
    let mut controller = ready(wanted(1, 0));
    let answer = upgraded(&mut controller);
    let revision = Revision(2);
    assert_eq!(answer.change, Some(Change::UpgradeDone { revision }));
    assert!(!answer.happened.contains(&Happening::Upgraded));
    let answer = tell(&mut controller, wanted(2, 0), 21);
    assert_eq!(answer.happened, [Happening::Upgraded]);
    assert_eq!(answer.change, None);
}

#[test]
fn a_change_that_nobody_confirms_is_asked_for_again() {
    let mut controller = ready(wanted(1, 0));
    let change = upgraded(&mut controller).change;
    let tick =
        |controller: &mut Controller, seconds| controller.decide(Input::Tick, at(seconds)).change;
    assert_eq!(tick(&mut controller, 29), None);
    assert_eq!(controller.next_wakeup(), Some(at(30)));
    assert_eq!(tick(&mut controller, 30), change);
    assert_eq!(tick(&mut controller, 31), None);
}

fn look(controller: &mut Controller, seconds: u64) -> Option<Change> {
    let cpu = Reading::default();
    controller.decide(Input::Looked { cpu }, at(seconds)).change
}

/// A controller that has asked for the suspension of its idle service, after 330 seconds.
fn idle() -> Controller {
    let mut controller = ready(wanted(1, 300));
    for seconds in (0..=300).step_by(30) {
        assert_eq!(controller.next_look(), Some(at(seconds)));
        assert_eq!(look(&mut controller, seconds), None);
    }
    assert_eq!(look(&mut controller, 330), Some(Change::Suspend));
    controller
}

#[test]
fn an_idle_service_is_suspended_once_that_is_on_record() {
    let mut controller = idle();
    assert!(!controller.rollout().status().is_suspended);
    let suspended = Wanted {
        suspended: true,
        ..wanted(1, 300)
    };
    let answer = tell(&mut controller, suspended, 331);
    assert!(matches!(answer.commands[..], [Command::Stop { .. }]));
    assert!(matches!(answer.happened[0], Happening::Suspending { .. }));
    assert_eq!(controller.next_look(), None, "there is nothing to look at");
}

#[test]
fn a_query_that_comes_before_the_suspension_is_on_record_prevents_it() {
    let mut controller = idle();
    let answer = controller.decide(Input::QueryBegan, at(331));
    assert_eq!(answer.change, None);
    assert_eq!(look(&mut controller, 360), None);
    let ended = controller.decide(Input::QueryEnded, at(361));
    assert_eq!((ended.change, controller.queries()), (None, 0));
}

#[test]
fn a_change_says_what_it_starts_from_so_that_it_is_void_when_that_is_gone() {
    let mut controller = Controller::new(Policy {
        progress_deadline: Some(Duration::from_secs(60)),
        auto_rollback: true,
        ..Policy::default()
    });
    tell(&mut controller, wanted(1, 0), 0);
    becomes_ready(&mut controller, 1, 0);
    let upgrading = Wanted {
        upgrading: true,
        ..wanted(2, 0)
    };
    tell(&mut controller, upgrading.clone(), 10);
    let (from, to) = (Revision(2), Revision(1));
    let stalled = controller.decide(Input::Tick, at(70));
    assert_eq!(stalled.change, Some(Change::RollBack { from, to }));
    assert!(stalled.happened.contains(&Happening::Stalled));
    // The user was faster.
    let newer = Wanted {
        revision: Revision(3),
        ..upgrading
    };
    let answer = tell(&mut controller, newer, 71);
    assert!(
        answer
            .happened
            .iter()
            .all(|it| !matches!(it, Happening::RollingBack { .. }))
    );
    assert_eq!(answer.change, None);
}
