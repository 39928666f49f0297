//! Stores that cannot hold a shared ledger, or may not.

use std::sync::Arc;

use floe_notify::DriverError as _;
use floe_notify::clock::ManualClock;

use super::super::{SharedError, SharedLedger};
use super::faulty::{Faulty, Refusal};
use super::{TIGHT, at, founding, open};
use crate::{Ledger, Role};

fn opened(refusal: Refusal) -> SharedError {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(0, &clock));
    store.refuse(refusal);
    let own = Arc::<ManualClock>::clone(&clock);
    let opened = clock
        .run(SharedLedger::open_with(store, "p", own, TIGHT))
        .unwrap();
    opened.unwrap_err()
}

#[test]
fn a_store_that_ignores_a_condition_is_refused_with_what_it_did() {
    let created = opened(Refusal::IgnoresCreate);
    assert_eq!(created.code(), "FLOE-INGEST-0050");
    assert!(
        created.to_string().contains("over one that is there"),
        "{created}"
    );
    let changed = opened(Refusal::IgnoresUpdate);
    assert_eq!(changed.code(), "FLOE-INGEST-0050");
    assert!(
        changed.to_string().contains("has changed since"),
        "{changed}"
    );
    assert!(changed.to_string().contains("Faulty"), "{changed}");
    let unknown = opened(Refusal::KnowsNoUpdate);
    assert_eq!(unknown.code(), "FLOE-INGEST-0050");
    assert!(
        unknown.to_string().contains("directory of one machine"),
        "{unknown}"
    );
}

#[test]
fn a_store_that_denies_is_told_as_it_tells_and_not_asked_again() {
    let error = opened(Refusal::Denies);
    assert_eq!(error.code(), "FLOE-INGEST-0057");
    assert!(error.to_string().contains("no policy allows it"), "{error}");
    assert!(!error.is_retryable());
}

#[test]
fn a_denial_that_comes_later_ends_with_the_permission() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(0, &clock));
    clock
        .run(async {
            let ledger = open(&store, &clock).await;
            ledger.found(&founding(), at(0)).await.unwrap();
            let role = Role::new("one").unwrap();
            store.refuse(Refusal::Denies);
            let error = ledger.join(&role, at(0)).await.unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0057");
            assert!(ledger.marks().await.is_ok(), "it may still read");
            store.refuse(Refusal::Proper);
            assert_eq!(ledger.join(&role, at(0)).await.unwrap().epoch(), 1);
        })
        .unwrap();
}

#[test]
fn a_connection_that_stays_broken_is_an_error_that_may_pass() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(0, &clock));
    clock
        .run(async {
            let ledger = open(&store, &clock).await;
            ledger.found(&founding(), at(0)).await.unwrap();
            store.set(100).await;
            let role = Role::new("one").unwrap();
            for _ in 0..5 {
                let error = ledger.join(&role, at(0)).await.unwrap_err();
                assert_eq!(error.code(), "FLOE-INGEST-0053", "{error}");
                assert!(error.is_retryable());
                assert!(ledger.metrics().await.is_err());
            }
            store.set(0).await;
            let epoch = ledger.join(&role, at(0)).await.unwrap().epoch();
            assert!((1..=6).contains(&epoch), "each took place once at most");
        })
        .unwrap();
}
