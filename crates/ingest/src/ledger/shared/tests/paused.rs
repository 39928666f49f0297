//! A consumer that is paused in the middle of a change, and comes back.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::{Clock, ManualClock};
use floe_notify::options::BatchBounds;
use futures::future::{Either, select};
use object_store::memory::InMemory;

use super::super::SharedLedger;
use super::faulty::Faulty;
use super::{at, file, founding, open};
use crate::{Batch, Claim, Ledger, LedgerError, Recorded, Role};

const LEASE: Duration = Duration::from_secs(60);

const ANY: BatchBounds = BatchBounds {
    max_files: 2,
    max_bytes: None,
};

async fn start(ledger: &SharedLedger) -> Claim {
    ledger.found(&founding(), at(0)).await.unwrap();
    let claim = ledger.join(&role(), at(0)).await.unwrap();
    let files: Vec<_> = (0..6).map(|n| file(&format!("{n}"))).collect();
    ledger.record(&claim, &files, None, at(0)).await.unwrap();
    claim
}

fn role() -> Role {
    Role::new("consumer-0").unwrap()
}

async fn next(
    ledger: &SharedLedger,
    claim: &Claim,
    now: u64,
) -> Result<Option<Batch>, LedgerError> {
    ledger.next_batch(claim, ANY, LEASE, at(now)).await
}

#[test]
fn a_consumer_that_was_paused_for_a_day_is_fenced() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(InMemory::new());
    clock
        .run(async {
            let paused = open(&store, &clock).await;
            let old = start(&paused).await;
            let held = next(&paused, &old, 0).await.unwrap().unwrap();
            // Meanwhile another machine takes the role, and goes so far that the state of the
            // first is behind all that is listed.
            let other = open(&store, &clock).await;
            let claim = other.join(&role(), at(0)).await.unwrap();
            let day = 86_400_000;
            assert_eq!(
                next(&other, &claim, day).await.unwrap().unwrap().files,
                held.files
            );
            for number in 0..40 {
                let files = [file(&format!("more-{number:030}"))];
                other.record(&claim, &files, None, at(day)).await.unwrap();
                other.compact().await.unwrap();
            }
            other.commit(&claim, held.id, at(day)).await.unwrap();
            clock.advance(Duration::from_secs(86_400));
            for answer in [
                paused.commit(&old, held.id, at(day)).await.map(|_| ()),
                paused.renew(&old, held.id, LEASE, at(day)).await,
                next(&paused, &old, day).await.map(|_| ()),
                paused.leave(&old).await,
            ] {
                assert!(answer.unwrap_err().is_fenced());
            }
            let metrics = paused.metrics().await.unwrap();
            assert_eq!((metrics.files_known, metrics.files_outstanding), (46, 44));
        })
        .unwrap();
}

#[test]
fn a_change_that_was_given_up_half_way_is_in_or_not_and_the_next_call_knows() {
    // The call is dropped after each of its first milliseconds.
    let mut took_place = [0, 0];
    for patience in 0..60 {
        let clock = Arc::new(ManualClock::default());
        let store = Arc::new(Faulty::new(patience, &clock));
        clock
            .run(async {
                let ledger = open(&store, &clock).await;
                let claim = start(&ledger).await;
                let half = Box::pin(next(&ledger, &claim, 0));
                let time = clock.sleep(Duration::from_millis(patience));
                let given_up = match select(half, time).await {
                    Either::Left(_) => false,
                    Either::Right(_) => true,
                };
                let other = open(&store, &clock).await;
                let batch = next(&ledger, &claim, 0).await.unwrap().unwrap();
                let before = u64::from(batch.id.0 > 1);
                assert!(batch.id.0 <= 2 && (given_up || before == 1));
                took_place[before as usize] += 1;
                let metrics = other.metrics().await.unwrap();
                assert_eq!(metrics.open_batches, before + 1, "both know the same");
                assert_eq!(metrics, ledger.metrics().await.unwrap());
            })
            .unwrap();
    }
    assert!(took_place.iter().all(|count| *count > 5), "{took_place:?}");
}

#[test]
fn a_role_that_two_machines_claim_is_held_by_the_later_one() {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(Faulty::new(7, &clock));
    clock
        .run(async {
            let here = open(&store, &clock).await;
            start(&here).await;
            let there = open(&store, &clock).await;
            let (role, now) = (role(), at(0));
            let both = futures::future::join(here.join(&role, now), there.join(&role, now)).await;
            let (one, two) = (both.0.unwrap(), both.1.unwrap());
            assert_ne!(one.epoch(), two.epoch());
            let (old, new) = if one.epoch() < two.epoch() {
                (one, two)
            } else {
                (two, one)
            };
            let files = [file("x")];
            let answer = here.record(&old, &files, None, now).await;
            assert!(answer.unwrap_err().is_fenced());
            let answer = there.record(&new, &files, None, now).await.unwrap();
            assert!(matches!(answer[..], [Recorded::New(_)]));
        })
        .unwrap();
}
