//! Every state of four instances, and that mistakes are found.

use floe_model_check::{Budget, Mistake, Upgrades, check, scopes};

#[test]
fn every_state_of_four_instances_keeps_the_rules_and_finds_its_way() {
    for model in scopes(false) {
        let outcome = check(&model);
        println!("{model}: {}", outcome.line());
        assert!(outcome.found.is_empty(), "{model}: {:#?}", outcome.found);
        assert!(
            outcome.states > 1_000,
            "{model} looks at {}",
            outcome.states
        );
    }
}

/// Each mistake with the property that is to find it.
const FOUND_BY: [(Mistake, &str); 10] = [
    (Mistake::Ascending, "replaces in descending order"),
    (Mistake::OneMoreAtOnce, "at most max_unavailable down"),
    (Mistake::FloorOffByOne, "keeps the floor"),
    (Mistake::OldReadiness, "at most max_unavailable down"),
    (Mistake::RollbackWaits, "rolls back"),
    (Mistake::StaleTrusted, "one attempt alive"),
    (Mistake::StopNeverAgain, "reaches its target"),
    (Mistake::TargetIgnored, "starts what is wanted"),
    (Mistake::StartBeforeEnd, "one attempt alive"),
    (Mistake::AnyAttempt, "at most max_unavailable down"),
];

#[test]
fn every_mistake_is_found_by_the_property_that_is_to_find_it() {
    for (mistake, property) in FOUND_BY {
        // Three instances suffice: the smallest scope in which each mistake has room to show.
        let restarts = u32::from(mistake == Mistake::StaleTrusted);
        let model = Upgrades {
            instances: 3,
            max_unavailable: 1,
            budget: Budget {
                faults: 1 - restarts,
                targets: 2 - restarts,
                restarts,
                wakes: 1,
            },
            mistake: Some(mistake),
        };
        let outcome = check(&model);
        let found: Vec<&str> = outcome.found.iter().map(|(name, _)| *name).collect();
        println!("{mistake:?}: {found:?}, {}", outcome.line());
        assert!(found.contains(&property), "{mistake:?}: {found:?}");
    }
}

#[test]
fn every_mistake_has_a_property() {
    let listed: Vec<Mistake> = FOUND_BY.iter().map(|(mistake, _)| *mistake).collect();
    assert_eq!(listed, Mistake::ALL);
}
