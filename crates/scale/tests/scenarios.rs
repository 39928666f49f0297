//! Decisions one can follow with a finger: every rule once, in the words of a user.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "scenarios/hand.rs"]
mod hand;

use floe_scale::{
    Adjustment, Autoscaler, Bounds, Event, Millis, Observation, Past, Policies, Reading, Rules,
    Scaling, Settings,
};
use hand::{Hand, cpu, queue, steps, up_and_down};

// === the CPU rule ===

#[test]
fn the_cpu_rule_adds_one_instance_after_ten_looks_above_80_percent() {
    let mut hand = Hand::new(&cpu(), 1, 3);
    hand.cores = Some(0.5);
    assert_eq!(
        hand.look(),
        "keep 1: CPU is at 50 % of the request, not above 80 %"
    );
    hand.cores = Some(0.9);
    assert_eq!(
        hand.until_change(),
        (
            300,
            "scale up 1 → 2: CPU is at 90 % of the request, above 80 % throughout 300 s".into()
        )
    );
}

#[test]
fn exactly_80_percent_is_neither_above_nor_below() {
    let mut hand = Hand::new(&cpu(), 1, 3);
    hand.cores = Some(0.8);
    assert_eq!(hand.until_change().1, "nothing");
    assert_eq!(
        hand.look(),
        "keep 1: CPU is at 80 % of the request, not above 80 %"
    );
}

#[test]
fn a_steady_load_does_not_swing_between_two_numbers() {
    // As documented, this load swings for ever: two instances are at 50 %, one is at 100 %.
    let mut hand = Hand::new(&cpu(), 1, 3);
    hand.cores = Some(1.0);
    assert_eq!(hand.until_change().0, 330);
    hand.cores = Some(0.5);
    assert_eq!(hand.until_change().1, "nothing");
    assert_eq!(
        hand.look(),
        "keep 2: CPU is at 50 % of the request, but would be at 100 % with one instance fewer, \
         not below 80 %"
    );
}

#[test]
fn an_instance_is_removed_when_the_others_can_bear_its_load() {
    let mut hand = Hand::new(&cpu(), 2, 3);
    hand.tell(&Event::Bounds(Bounds::new(3, 3).unwrap()));
    hand.tell(&Event::Bounds(Bounds::new(2, 3).unwrap()));
    hand.cores = Some(0.5);
    assert_eq!(
        hand.until_change(),
        (
            300,
            "scale down 3 → 2: CPU is at 50 % of the request and would be at 75 % with one \
             instance fewer, below 80 % throughout 300 s"
                .into()
        )
    );
}

#[test]
fn the_cpu_rule_takes_a_whole_window_for_each_step() {
    let mut hand = Hand::new(&cpu(), 1, 4);
    hand.cores = Some(2.0);
    let steps: Vec<u64> = (0..3).map(|_| hand.until_change().0).collect();
    // The first look has none before it, so it speaks for its own moment only.
    assert_eq!((steps, hand.target()), (vec![330, 300, 300], 4));
    assert_eq!(hand.until_change().1, "nothing");
    assert_eq!(
        hand.look(),
        "keep 4: CPU is at 200 % of the request, above 80 %, but 4 is MAX_INSTANCES"
    );
}

#[test]
fn the_cpu_rule_has_no_choice_when_min_is_max_and_rests_without_a_request() {
    let mut hand = Hand::new(&cpu(), 2, 2);
    hand.cores = Some(2.0);
    assert_eq!(
        hand.look(),
        "keep 2: MIN_INSTANCES and MAX_INSTANCES are both 2"
    );
    let mut hand = Hand::new(&Settings::default(), 1, 3);
    hand.cores = Some(2.0);
    assert_eq!(
        hand.look(),
        "keep 1: no CPU request, no policies, no AUTO_SUSPEND_SECS"
    );
}

#[test]
fn a_policy_to_scale_takes_the_place_of_the_cpu_rule_and_one_to_suspend_does_not() {
    let scales = Settings {
        policies: Policies {
            scale_down: queue(60, Scaling::Target(0.0)),
            ..Policies::default()
        },
        ..cpu()
    };
    assert!(!Rules::new(&scales).unwrap().follows_cpu());
    let suspends = Settings {
        policies: Policies {
            suspend: queue(60, Scaling::Target(0.0)),
            ..Policies::default()
        },
        ..cpu()
    };
    assert!(Rules::new(&suspends).unwrap().follows_cpu());
}

// === policies ===

#[test]
fn a_target_is_reached_in_one_step() {
    // The documentation's own example: 3 instances, a target of 2, observed 4: 6 instances.
    let mut hand = Hand::with_policies(up_and_down(2.0, 60, 0.5, 60), 3, 10);
    hand.queue = Some(1.0);
    hand.look();
    hand.queue = Some(4.0);
    assert_eq!(
        hand.until_change(),
        (
            60,
            "scale up 3 → 6: scaleUp: avg queue is 4, at least 2 throughout 60 s".into()
        )
    );
}

#[test]
fn rounding_errors_add_no_instance() {
    // 3 × 0.4 ÷ 0.2 is 6.000000000000001 in floating-point numbers.
    let mut hand = Hand::with_policies(up_and_down(0.2, 60, 0.0, 60), 3, 10);
    hand.queue = Some(0.4);
    hand.until_change();
    assert_eq!(hand.target(), 6);
}

#[test]
fn one_look_that_does_not_agree_begins_the_window_anew() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 300, 0.5, 300), 1, 10);
    hand.queue = Some(3.0);
    for _ in 0..9 {
        hand.look();
    }
    hand.queue = Some(1.9);
    assert_eq!(
        hand.look(),
        "keep 1: scaleUp: avg queue is 1.9, not at least 2"
    );
    hand.queue = Some(3.0);
    assert_eq!(hand.until_change().0, 300);
}

#[test]
fn two_minutes_lie_between_two_changes_in_one_direction() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 30, 0.5, 30), 1, 100);
    hand.queue = Some(3.0);
    assert_eq!(hand.until_change().0, 60);
    assert_eq!(
        hand.look(),
        "keep 2: scaleUp: avg queue is 3, at least 2, but the last change was 30 s ago, and \
         120 s must lie between two"
    );
    assert_eq!(hand.until_change().0, 90);
}

#[test]
fn the_most_that_the_window_asked_for_is_taken() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 120, 0.5, 120), 1, 100);
    for queue in [1.0, 4.0, 9.0, 4.0, 4.0] {
        hand.queue = Some(queue);
        hand.look();
    }
    assert_eq!(
        hand.target(),
        5,
        "ceil(1 × 9 ÷ 2), although 4 was seen last"
    );
}

#[test]
fn a_reverse_waits_for_the_whole_period_of_the_rule_that_reverses() {
    // Both hold at once, so the reverse is ready as soon as the way up is not.
    let policies = up_and_down(2.0, 30, 5.0, 600);
    let mut hand = Hand::with_policies(policies, 1, 10);
    hand.tell(&Event::Bounds(Bounds::new(2, 10).unwrap()));
    hand.queue = Some(2.5);
    for _ in 0..19 {
        hand.look();
    }
    assert_eq!(hand.target(), 7, "several steps up");
    let added_at = hand.scaler.past().last_change.unwrap();
    hand.queue = Some(1.0);
    assert_eq!(
        hand.look(),
        "keep 7: scaleDown: avg queue is 1, at most 5, but instances were added 120 s ago, and \
         600 s must lie between a change and its reverse"
    );
    assert_eq!(hand.until_change().0, 480);
    assert_eq!(
        hand.scaler
            .past()
            .last_change
            .unwrap()
            .since(added_at)
            .as_secs(),
        600
    );
}

#[test]
fn scale_up_goes_before_suspend_and_suspend_before_scale_down() {
    let all = |up: f64| Policies {
        scale_up: queue(60, Scaling::Target(up)),
        scale_down: queue(60, Scaling::Target(5.0)),
        suspend: queue(60, Scaling::Target(5.0)),
    };
    let mut hand = Hand::with_policies(all(2.0), 1, 3);
    hand.queue = Some(4.0);
    assert!(hand.until_change().1.starts_with("scale up 1 → 2"));
    let mut hand = Hand::with_policies(all(4.5), 1, 3);
    hand.queue = Some(4.0);
    assert!(hand.until_change().1.starts_with("suspend 1 → 0"));
    assert_eq!(hand.look(), "keep 0: the service is suspended");
}

#[test]
fn scale_up_that_is_at_its_bound_still_holds_back_the_others() {
    let policies = Policies {
        suspend: queue(60, Scaling::Target(5.0)),
        ..up_and_down(2.0, 60, 5.0, 60)
    };
    let mut hand = Hand::with_policies(policies, 1, 1);
    hand.queue = Some(4.0);
    assert_eq!(hand.until_change().1, "nothing");
    assert_eq!(
        hand.look(),
        "keep 1: scaleUp: avg queue is 4, at least 2, but 1 is MAX_INSTANCES"
    );
}

#[test]
fn nothing_changes_while_the_last_change_is_under_way() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 30, 0.5, 30), 1, 100);
    hand.queue = Some(3.0);
    hand.until_change();
    hand.current = Some(1);
    for _ in 0..20 {
        hand.look();
    }
    assert_eq!(
        hand.look(),
        "keep 2: scaleUp: avg queue is 3, at least 2, and asks for the 2 that there are"
    );
    hand.queue = Some(9.0);
    hand.look();
    assert_eq!(
        hand.look(),
        "keep 2: scaleUp: avg queue is 9, at least 2, but 1 of 2 instances are there: the last \
         change is still under way"
    );
    hand.current = None;
    assert!(hand.look().starts_with("scale up 2 → 9"));
}

#[test]
fn steps_change_by_a_count_to_a_count_or_by_a_share() {
    let up = |adjustment, by| Policies {
        scale_up: queue(60, steps(adjustment, &[(0.6, 0.8, by), (0.8, 2.0, 2 * by)])),
        ..Policies::default()
    };
    for (adjustment, by, low, high) in [
        (Adjustment::ChangeCount, 1, 5, 6),
        (Adjustment::ExactCount, 5, 5, 10),
        (Adjustment::PercentChange, 25, 5, 6),
        (Adjustment::PercentChange, 1, 5, 5),
    ] {
        for (value, expected) in [(0.6, low), (0.8, high)] {
            let mut hand = Hand::with_policies(up(adjustment, by), 4, 20);
            hand.queue = Some(value);
            hand.until_change();
            assert_eq!(hand.target(), expected, "{adjustment:?} {by} at {value}");
        }
    }
    let mut hand = Hand::with_policies(up(Adjustment::ChangeCount, 1), 4, 20);
    hand.queue = Some(2.0);
    assert_eq!(
        hand.look(),
        "keep 4: scaleUp: avg queue is 2, not within 0.6 and below 2"
    );
}

#[test]
fn steps_down_remove_one_at_least_and_exact_ones_never_add() {
    let down = |adjustment, by| Policies {
        scale_down: queue(60, steps(adjustment, &[(0.0, 1.0, by)])),
        ..Policies::default()
    };
    for (adjustment, by, expected) in [
        (Adjustment::PercentChange, 25, 2),
        (Adjustment::PercentChange, 50, 2),
        (Adjustment::ChangeCount, 9, 1),
        (Adjustment::ExactCount, 1, 1),
        (Adjustment::ExactCount, 9, 3),
    ] {
        let mut hand = Hand::with_policies(down(adjustment, by), 3, 20);
        hand.tell(&Event::Bounds(Bounds::new(1, 20).unwrap()));
        hand.queue = Some(0.5);
        hand.until_change();
        assert_eq!(hand.target(), expected, "{adjustment:?} {by}");
    }
}

// === what is missing ===

#[test]
fn missing_values_change_nothing_and_begin_the_window_anew() {
    let mut hand = Hand::with_policies(up_and_down(9.0, 60, 1.0, 300), 1, 5);
    hand.tell(&Event::Bounds(Bounds::new(3, 5).unwrap()));
    hand.tell(&Event::Bounds(Bounds::new(1, 5).unwrap()));
    assert_eq!(hand.until_change().1, "nothing");
    assert_eq!(
        hand.look(),
        "keep 3: scaleUp: no value of queue is known, and what is not known changes nothing"
    );
    hand.queue = Some(0.0);
    assert_eq!(hand.until_change().0, 300);
}

#[test]
fn a_lost_look_begins_the_window_anew_and_a_late_one_does_not() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 300, 0.0, 300), 1, 5);
    hand.queue = Some(3.0);
    for _ in 0..9 {
        hand.look_after(35);
    }
    assert_eq!(
        hand.look_after(60),
        "keep 1: scaleUp: avg queue is 3, at least 2 for 0 of 300 s"
    );
    assert_eq!(hand.until_change().0, 300);
}

// === auto-suspend ===

#[test]
fn an_idle_service_is_suspended_and_one_in_use_is_not() {
    let settings = Settings {
        auto_suspend_secs: 300,
        ..Settings::default()
    };
    let mut hand = Hand::new(&settings, 2, 2);
    assert_eq!(hand.until_change().1, "nothing");
    hand.queries = 0;
    assert_eq!(
        hand.until_change(),
        (
            360,
            "suspend 2 → 0: no query has used the service for 330 s, more than \
             AUTO_SUSPEND_SECS = 300"
                .into()
        )
    );
    assert_eq!(
        hand.tell(&Event::Resume),
        "resume 0 → 2: resumed, beginning with MIN_INSTANCES"
    );
}

#[test]
fn a_short_query_begins_the_idle_time_anew_and_so_does_a_service_that_is_not_running() {
    let settings = Settings {
        auto_suspend_secs: 300,
        ..Settings::default()
    };
    let mut hand = Hand::new(&settings, 2, 2);
    hand.queries = 0;
    for _ in 0..10 {
        hand.look();
    }
    hand.queries = 1;
    assert_eq!(
        hand.look(),
        "keep 2: no query has used the service for 0 of AUTO_SUSPEND_SECS = 300"
    );
    hand.queries = 0;
    for _ in 0..10 {
        hand.look();
    }
    hand.current = Some(0);
    hand.look();
    hand.current = None;
    assert_eq!(hand.until_change().0, 360);
}

// === the user, and the past ===

#[test]
fn new_bounds_hold_at_once_and_begin_the_windows_anew() {
    let mut hand = Hand::with_policies(up_and_down(2.0, 300, 0.0, 300), 1, 5);
    hand.queue = Some(3.0);
    for _ in 0..10 {
        hand.look();
    }
    let bounds = Event::Bounds(Bounds::new(4, 8).unwrap());
    assert_eq!(
        hand.tell(&bounds),
        "scale up 1 → 4: MIN_INSTANCES is now 4 and MAX_INSTANCES 8"
    );
    assert_eq!(hand.until_change().0, 300);
}

#[test]
fn suspending_twice_and_resuming_twice_changes_nothing() {
    let mut hand = Hand::new(&Settings::default(), 2, 3);
    assert_eq!(
        hand.tell(&Event::Resume),
        "keep 2: the service is not suspended"
    );
    hand.tell(&Event::Suspend);
    assert_eq!(
        hand.tell(&Event::Suspend),
        "keep 0: the service is suspended"
    );
    let bounds = Event::Bounds(Bounds::new(3, 3).unwrap());
    assert_eq!(
        hand.tell(&bounds),
        "keep 0: MIN_INSTANCES is now 3 and MAX_INSTANCES 3"
    );
    assert_eq!(
        hand.tell(&Event::Resume),
        "resume 0 → 3: resumed, beginning with MIN_INSTANCES"
    );
}

#[test]
fn a_controller_that_restarts_keeps_the_distance_to_the_last_change() {
    let rules = Rules::new(&Settings {
        policies: up_and_down(2.0, 30, 0.5, 30),
        ..Settings::default()
    });
    let past = Past {
        count: 3,
        suspended: false,
        last_change: Some(Millis::secs(990)),
    };
    let mut hand = Hand::with_policies(Policies::default(), 1, 5);
    hand.scaler = Autoscaler::continuing(rules.unwrap(), hand.scaler.bounds(), past);
    hand.now = 1_000_000;
    hand.queue = Some(0.0);
    assert_eq!(
        hand.until_change().0,
        120,
        "110 s after 1000 s, at the next look"
    );
}

#[test]
fn new_rules_begin_with_empty_windows() {
    let mut hand = Hand::new(&cpu(), 1, 3);
    hand.cores = Some(0.9);
    for _ in 0..10 {
        hand.look();
    }
    hand.scaler.set_rules(Rules::new(&cpu()).unwrap());
    assert_eq!(hand.until_change().0, 330);
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut hand = Hand::new(&cpu(), 1, 3);
    hand.cores = Some(0.9);
    hand.look_after(1_000);
    hand.now = 0;
    let seen = Observation {
        current: 1,
        cpu: Reading::same(Some(0.9), 1),
        ..Observation::default()
    };
    let decision = hand.scaler.decide(&Event::Observed(seen), Millis(0));
    assert_eq!(decision.at, Millis::secs(1_000));
}
