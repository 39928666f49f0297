//! The decider beside a slow and obvious model, which keeps the whole history and works every
//! window out from its beginning at every step, in whole numbers.
//!
//! Both decide for thousands of random services: with any rules, values that go missing,
//! evaluations that come late, twice or not at all, instances that never arrive, and users who
//! change their minds. They must agree on the number of instances and on the kind of reason.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "model/lives.rs"]
mod lives;
#[path = "model/slow.rs"]
mod slow;

use std::collections::BTreeSet;

use floe_scale::invariant::turns_once_per_window;
use floe_scale::{Autoscaler, COOLDOWN, Decision, Direction, Kind, Reason};
use lives::{Life, life};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// What the decider decides in a life.
fn decisions(life: &Life) -> Vec<Decision> {
    let mut scaler = Autoscaler::new(life.rules(), life.bounds());
    let mut log = Vec::new();
    life.live(|moment, now| {
        log.push(scaler.decide(&moment.event(), now));
        scaler.target()
    });
    log
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_decider_decides_what_the_slow_model_decides(life in life()) {
        let mut scaler = Autoscaler::new(life.rules(), life.bounds());
        let mut model = slow::Model::new(&life);
        let mut step = 0;
        life.live(|moment, now| {
            let decision = scaler.decide(&moment.event(), now);
            let (before, after, word) = model.decide(moment, now.0);
            assert_eq!(
                (decision.before, decision.after, decision.reason.word()),
                (before, after, word),
                "step {step} at {now:?}: {moment:?}: {decision}"
            );
            step += 1;
            scaler.target()
        });
    }

    #[test]
    fn autoscaling_turns_at_most_once_per_window(life in life()) {
        let log = decisions(&life);
        prop_assert_eq!(turns_once_per_window(&log), Ok(()));

        // The same again without the predicate that the decider itself asserts.
        let turns: Vec<_> = log.iter().filter(|d| d.turn().is_some()).collect();
        for pair in turns.windows(2) {
            let (one, next) = (pair[0], pair[1]);
            let Reason::Held { period, .. } = &next.reason else { unreachable!() };
            let apart = next.at.since(one.at);
            prop_assert!(apart >= COOLDOWN, "{one} and {next}");
            let turned = one.turn() != next.turn();
            prop_assert!(!turned || apart >= *period, "{one} and {next}");
        }
    }

    #[test]
    fn missing_values_never_remove_an_instance(life in life().prop_map(Life::without_values)) {
        for decision in decisions(&life) {
            prop_assert_ne!(decision.turn(), Some(Direction::Down), "{}", decision);
        }
    }

    #[test]
    fn one_missing_value_in_each_evaluation_never_removes_an_instance(
        life in life().prop_map(Life::with_one_value_missing)
    ) {
        for decision in decisions(&life) {
            prop_assert_ne!(decision.turn(), Some(Direction::Down), "{}", decision);
        }
    }

    #[test]
    fn every_decision_reads_as_one_sentence(life in life()) {
        for decision in decisions(&life) {
            let text = decision.to_string();
            prop_assert!(!text.contains('\n') && !text.contains("NaN"), "{}", text);
            let (_, reason) = text.split_once(": ").unwrap();
            prop_assert!(!reason.is_empty() && !reason.ends_with('.'), "{}", text);
        }
    }

    #[test]
    fn the_same_life_is_decided_in_the_same_way(life in life()) {
        prop_assert_eq!(decisions(&life), decisions(&life));
    }

    #[test]
    fn a_restart_of_the_controller_brings_no_two_changes_closer(
        life in life(),
        restart_after in 1_usize..200
    ) {
        let mut scaler = Autoscaler::new(life.rules(), life.bounds());
        let mut log: Vec<Decision> = Vec::new();
        life.live(|moment, now| {
            if log.len() == restart_after {
                let past = scaler.past();
                scaler = Autoscaler::continuing(life.rules(), scaler.bounds(), past);
            }
            log.push(scaler.decide(&moment.event(), now));
            scaler.target()
        });
        prop_assert_eq!(turns_once_per_window(&log), Ok(()));
        let turns: Vec<_> = log.iter().filter(|d| d.turn().is_some()).collect();
        for pair in turns.windows(2) {
            prop_assert!(pair[1].at.since(pair[0].at) >= COOLDOWN);
        }
    }
}

/// A property says nothing about what never happens: random lives must meet every reason.
#[test]
fn random_lives_meet_every_reason_and_every_kind_of_change() {
    let mut runner = TestRunner::deterministic();
    let mut words = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for _ in 0..2_000 {
        let life = life().new_tree(&mut runner).unwrap().current();
        for decision in decisions(&life) {
            words.insert(decision.reason.word());
            let turned = decision.turn().is_some();
            kinds.insert((decision.kind().to_string(), turned));
        }
    }
    let expected = [
        "asked_to_resume",
        "asked_to_suspend",
        "at_bound",
        "bounds",
        "cooling_down",
        "enough",
        "gathering",
        "held",
        "idle",
        "in_use",
        "missing",
        "no_choice",
        "no_rules",
        "not_suspended",
        "settling",
        "steady",
        "suspended",
        "turning",
        "would_swing",
    ];
    assert_eq!(words.into_iter().collect::<Vec<_>>(), expected);
    for kind in [Kind::ScaleUp, Kind::ScaleDown, Kind::Suspend] {
        assert!(
            kinds.contains(&(kind.to_string(), true)),
            "{kind} by a rule"
        );
        assert!(
            kinds.contains(&(kind.to_string(), false)),
            "{kind} by the user"
        );
    }
}
