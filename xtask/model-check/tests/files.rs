//! Every state of a file stream of two consumers, and that mistakes are found.

use floe_model_check::{Files, Limits, Slip, check_files, file_scopes};

#[test]
fn every_state_of_two_consumers_keeps_the_rules_and_ends_with_every_file() {
    for model in file_scopes(false) {
        let outcome = check_files(&model);
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
const FOUND_BY: [(Slip, &str); 3] = [
    (Slip::AcknowledgesAtOnce, "acknowledges what is durable"),
    (Slip::CutsABatchAnew, "a batch stays the same"),
    (Slip::DropsABatch, "in the end every file is committed"),
];

#[test]
fn every_mistake_is_found_by_the_property_that_is_to_find_it() {
    for (slip, property) in FOUND_BY {
        let model = Files {
            limits: Limits {
                crashes: 1,
                redeliveries: 0,
                switches: 0,
            },
            slip: Some(slip),
        };
        let outcome = check_files(&model);
        let found: Vec<&str> = outcome.found.iter().map(|(name, _)| *name).collect();
        println!("{slip:?}: {found:?}, {}", outcome.line());
        assert!(found.contains(&property), "{slip:?}: {found:?}");
    }
}

#[test]
fn every_mistake_has_a_property() {
    let listed: Vec<Slip> = FOUND_BY.iter().map(|(slip, _)| *slip).collect();
    assert_eq!(listed, Slip::ALL);
}
