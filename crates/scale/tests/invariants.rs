//! The checker itself: deciders with a planted bug are caught by the predicates.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::time::Duration;

use floe_scale::invariant::{View, Violation, check, turns_once_per_window};
use floe_scale::{
    Aggregation, Bounds, Decision, Direction, Evidence, Limit, Millis, Reason, Rule, Turn,
};

fn held(period: u64, missing: u32) -> Reason {
    let evidence = Evidence {
        rule: Rule::ScaleUp,
        metric: "queue".into(),
        aggregation: Some(Aggregation::Avg),
        observed: Some(3.0),
        missing,
        limit: Limit::AtLeast(2.0),
        window: Duration::from_secs(period),
    };
    Reason::Held {
        evidence,
        period: Duration::from_secs(period),
    }
}

/// What happens when a decider goes from a service with 2 instances, last changed at 1000 s by a
/// step up, to `after` instances at `seconds`.
fn verdict(seconds: u64, current: u32, after: u32, reason: Reason) -> Result<(), Violation> {
    let at = Millis::secs(1_000);
    let before = View {
        now: Millis::secs(seconds),
        target: 2,
        current,
        last_change: Some(at),
        last_turn: Some(Turn {
            at,
            direction: Direction::Up,
        }),
        ..View::new(Bounds::new(1, 4).unwrap())
    };
    let decision = Decision {
        at: Millis::secs(seconds),
        before: 2,
        after,
        reason,
    };
    let after = View {
        target: after,
        suspended: after == 0,
        ..before
    };
    check(&before, &decision, &after)
}

#[test]
fn a_decider_without_a_bug_passes() {
    assert_eq!(verdict(1_120, 2, 3, held(60, 0)), Ok(()));
    assert_eq!(verdict(1_300, 2, 1, held(300, 0)), Ok(()));
    assert_eq!(verdict(1_300, 2, 0, held(300, 0)), Ok(()));
    assert_eq!(verdict(1_001, 1, 0, Reason::AskedToSuspend), Ok(()));
}

#[test]
fn a_number_outside_of_the_bounds_is_caught() {
    assert!(matches!(
        verdict(1_120, 2, 5, held(60, 0)),
        Err(Violation::OutOfBounds { target: 5, .. })
    ));
}

#[test]
fn a_change_within_the_cooldown_is_caught() {
    let ago = Duration::from_secs(119);
    assert_eq!(
        verdict(1_119, 2, 3, held(60, 0)),
        Err(Violation::TooSoon { ago })
    );
}

#[test]
fn a_change_while_another_is_under_way_is_caught() {
    assert_eq!(
        verdict(1_120, 1, 3, held(60, 0)),
        Err(Violation::Unsettled {
            current: 1,
            target: 2
        })
    );
}

#[test]
fn a_reverse_within_the_window_is_caught() {
    let error = verdict(1_299, 2, 1, held(300, 0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "down 299 s after the opposite, within a window of 300 s"
    );
    assert!(
        verdict(1_299, 2, 0, held(300, 0)).is_err(),
        "suspending is a way down"
    );
}

#[test]
fn a_removal_on_missing_values_is_caught() {
    assert_eq!(
        verdict(1_300, 2, 1, held(300, 1)),
        Err(Violation::RemovedBlindly { missing: 1 })
    );
}

#[test]
fn a_change_for_a_reason_that_changes_nothing_is_caught() {
    assert!(matches!(
        verdict(1_300, 2, 1, Reason::NoRules),
        Err(Violation::Unjustified { .. })
    ));
    assert!(matches!(
        verdict(1_300, 2, 2, held(60, 0)),
        Err(Violation::Unjustified { .. })
    ));
    let (idle, limit) = (Duration::from_secs(300), Duration::from_secs(300));
    assert!(verdict(1_300, 2, 0, Reason::Idle { idle, limit }).is_err());
}

#[test]
fn a_log_that_turns_too_soon_is_caught_from_outside() {
    let step = |seconds, before, after, reason| Decision {
        at: Millis::secs(seconds),
        before,
        after,
        reason,
    };
    let up = step(0, 1, 2, held(60, 0));
    let asked = step(10, 2, 0, Reason::AskedToSuspend);
    let resumed = step(20, 0, 1, Reason::AskedToResume);
    let soon = step(299, 2, 1, held(300, 0));
    let late = step(300, 2, 1, held(300, 0));
    assert!(turns_once_per_window([&up, &soon]).is_err());
    assert!(turns_once_per_window([&up, &late]).is_ok());
    assert!(turns_once_per_window([&up, &asked, &resumed, &late]).is_ok());
    assert!(turns_once_per_window([&up, &asked, &resumed, &soon]).is_err());
}
