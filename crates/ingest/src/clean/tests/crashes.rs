//! Failures and crashes at every call of the store and at every transaction of the ledger.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::bucket::Trouble;
use super::{Cleaned, Cleaner, World, block_on, days, deleting, moving};
use crate::memory::Fault;
use crate::{ArchiveMode, CleanPolicy, LedgerError};

const NAMES: [&str; 4] = ["in/a", "in/b", "in/c/d", "in/e"];
const MOVED: [&str; 4] = ["done/a", "done/b", "done/c/d", "done/e"];

/// Takes a step, which may never come back: then it is dropped, as when the process dies.
fn step(world: &World, cleaner: &mut Cleaner) -> Option<Result<Cleaned, LedgerError>> {
    let (ledger, claim) = (&world.ledger, &world.claim);
    let step = cleaner.step(ledger, claim, &world.bucket, &world.home, days(30));
    let mut context = Context::from_waker(Waker::noop());
    // Nothing in these worlds takes time: what is not ready never will be.
    match pin!(step).poll(&mut context) {
        Poll::Ready(cleaned) => Some(cleaned),
        Poll::Pending => None,
    }
}

/// What has to be true at any time: what is marked is not there, and what is not there is either
/// marked or will be.
fn check(world: &World, mode: ArchiveMode) {
    let keys = world.bucket.keys();
    for (path, marked) in world.marks() {
        assert_eq!(marked, mode);
        let key = path.strip_prefix('/').unwrap().to_owned();
        assert!(!keys.contains(&key), "{path} is marked and still there");
    }
    if mode == ArchiveMode::Move {
        for (from, to) in NAMES.iter().zip(MOVED) {
            let somewhere = keys.iter().any(|key| key == from || key == to);
            assert!(somewhere, "{from} is lost");
        }
    }
}

/// Sweeps while something happens at the `at`th call, then sweeps on without trouble, and returns
/// whether it happened.
fn live(policy: &CleanPolicy, at: u64, trouble: Trouble) -> bool {
    let mode = policy.mode().unwrap();
    let world = World::with(&NAMES);
    world.bucket.trouble_at(at, trouble);
    let mut cleaner = Cleaner::new(policy.clone());
    let first = step(&world, &mut cleaner);
    let happened = world.bucket.asked() >= at;
    let stops = matches!(trouble, Trouble::StopsBefore | Trouble::StopsAfter);
    if let Some(cleaned) = first {
        assert!(!(stops && happened), "a dead process does not answer");
        let cleaned = cleaned.unwrap();
        assert_eq!(cleaned.failed, usize::from(happened), "{trouble:?}");
        assert_eq!(cleaned.failure.is_some(), happened);
        assert_eq!(
            world.marks().len(),
            4 - cleaned.failed,
            "what failed is not marked"
        );
    }
    check(&world, mode);
    world.bucket.calm();
    let cleaned = world.sweep(policy, days(30));
    assert_eq!((cleaned.failed, cleaned.changed), (0, 0));
    let expected: &[&str] = if mode == ArchiveMode::Move {
        &MOVED
    } else {
        &[]
    };
    assert_eq!(world.bucket.keys(), expected, "{trouble:?} at {at}");
    assert_eq!(world.marks().len(), 4, "{trouble:?} at {at}");
    let asked = world.bucket.asked();
    let nothing = world.sweep(policy, days(31));
    assert_eq!((nothing.deleted, nothing.moved, nothing.gone), (0, 0, 0));
    assert_eq!(
        world.bucket.asked(),
        asked,
        "what is marked is not asked about"
    );
    happened
}

#[test]
fn a_crash_or_a_failure_at_any_call_of_the_store_is_made_good() {
    for policy in [moving(), deleting()] {
        for trouble in [
            Trouble::Fails,
            Trouble::Unanswered,
            Trouble::StopsBefore,
            Trouble::StopsAfter,
            Trouble::HalfMoved,
        ] {
            let calls = (1..20).take_while(|at| live(&policy, *at, trouble)).count();
            assert_eq!(calls, 8, "a question and an answer for each of four files");
        }
    }
}

#[test]
fn a_failure_of_the_ledger_is_made_good() {
    for policy in [moving(), deleting()] {
        for fault in [Fault::Before, Fault::After] {
            let world = World::with(&NAMES);
            world.ledger.fail_next(Some(fault));
            let mut cleaner = Cleaner::new(policy.clone());
            let failed = step(&world, &mut cleaner).unwrap();
            assert!(failed.unwrap_err().is_retryable());
            let marked = if fault == Fault::After { 4 } else { 0 };
            assert_eq!(world.marks().len(), marked);
            check(&world, policy.mode().unwrap());
            let again = step(&world, &mut cleaner).unwrap().unwrap();
            assert_eq!(again.seen, 4, "the same page comes again");
            assert_eq!((again.gone, world.marks().len()), (4 - marked, 4));
        }
    }
}

#[test]
fn who_is_fenced_marks_nothing() {
    let world = World::with(&NAMES);
    let role = world.claim.role().clone();
    use crate::Ledger as _;
    block_on(world.ledger.join(&role, days(1))).unwrap();
    let fenced = step(&world, &mut Cleaner::new(deleting())).unwrap();
    assert!(matches!(fenced, Err(LedgerError::Fenced { .. })));
    assert_eq!(world.marks().len(), 0);
}
