//! Cases about the stream as a whole, and about who may change it.

use floe_notify::QueueId;

use super::{Bench, LEASE, LedgerFactory, at, file, founding, good, is_fenced, role};
use crate::{BatchId, LedgerError, ListingId, ListingReason, ListingRequest, Mark};

/// Who founds a stream is told so, once; what the first one said stays.
pub async fn a_stream_is_founded_once(factory: &dyn LedgerFactory) {
    let ledger = factory.ledger().await;
    let open = ledger.open().await;
    let first = good(open.found(&founding(), at(5)).await);
    assert!(first.created, "who makes the stream is told so");
    assert_eq!(
        first.marks.founding,
        founding(),
        "what was said first is kept"
    );
    drop(open);
    let open = ledger.open().await;
    let mut other = founding();
    other.path = "/elsewhere".to_owned();
    let second = good(open.found(&other, at(9)).await);
    assert!(!second.created, "a stream is made once");
    assert_eq!(second.marks, first.marks, "the first start is what counts");
    assert_eq!(
        good(open.marks().await),
        first.marks,
        "marks are what founding said"
    );
}

/// Without a stream there is nothing to join, and nothing to read.
pub async fn nothing_works_before_the_stream_is_founded(factory: &dyn LedgerFactory) {
    let open = factory.ledger().await.open().await;
    let answers = [
        open.join(&role("one"), at(0)).await.err(),
        open.marks().await.err(),
        open.metrics().await.err(),
        open.rows(None, 1).await.err(),
    ];
    for answer in answers {
        let refused = matches!(answer, Some(LedgerError::NotFounded));
        assert!(
            refused,
            "an empty ledger is not an empty stream: {answer:?}"
        );
    }
}

/// Each mark is set by itself, is durable, and the time of a poll never falls.
pub async fn marks_change_one_at_a_time_and_stay(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let (a, b) = (good(QueueId::new("a")), good(QueueId::new("b")));
    let polled = |queue: &QueueId, seconds| Mark::Polled {
        queue: queue.clone(),
        at: at(seconds),
    };
    for mark in [
        polled(&a, 10),
        polled(&a, 7),
        Mark::Moved {
            path: "/in/deep".to_owned(),
        },
    ] {
        good(bench.open.mark(&bench.claim, &mark, at(11)).await);
    }
    let bench = bench.reopen().await;
    let marks = good(bench.open.marks().await);
    assert_eq!(
        marks.last_poll,
        Some(at(10)),
        "the time of a poll never falls"
    );
    assert_eq!(
        (marks.queue, marks.path.as_str()),
        (Some(a), "/in/deep"),
        "marks are durable"
    );
    assert_eq!(marks.founding.path, "/in", "the first path stays known");
    good(
        bench
            .open
            .mark(&bench.claim, &Mark::QueueLost, at(12))
            .await,
    );
    good(bench.open.mark(&bench.claim, &polled(&b, 8), at(12)).await);
    let bench = bench.reopen().await;
    let marks = good(bench.open.marks().await);
    assert_eq!(
        (marks.last_poll, marks.queue),
        (Some(at(8)), Some(b)),
        "another queue begins anew"
    );
}

/// After a newer claim of the role every call of the older one is refused and changes nothing.
pub async fn a_newer_claim_fences_the_older(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a"]).await;
    let batch = bench.expect(10, 0).await;
    let newer = bench.join("one").await;
    let old = bench.claim.clone();
    let bench = bench.reopen().await;
    let open = &bench.open;
    is_fenced(open.record(&old, &[file("b", 1)], None, at(1)).await);
    is_fenced(open.commit(&old, batch.id, at(1)).await);
    is_fenced(open.renew(&old, batch.id, LEASE, at(1)).await);
    is_fenced(open.release(&old, batch.id).await);
    let request = ListingRequest {
        reason: ListingReason::Renamed,
        prefix: b"in/".to_vec(),
    };
    is_fenced(open.request_listing(&old, &request, at(1)).await);
    is_fenced(open.next_listing(&old, LEASE, at(1)).await);
    is_fenced(open.finish_listing(&old, ListingId(1), 1, at(1)).await);
    is_fenced(
        open.mark(
            &old,
            &Mark::Moved {
                path: "/x".to_owned(),
            },
            at(1),
        )
        .await,
    );
    is_fenced(open.expire(&old, LEASE, 10, at(1)).await);
    is_fenced(open.leave(&old).await);
    let metrics = good(open.metrics().await);
    assert_eq!(
        (metrics.files_known, metrics.open_batches, metrics.listings),
        (1, 1, 0)
    );
    good(open.commit(&newer, batch.id, at(1)).await);
}

/// Leaving is for good; the role can be claimed again.
pub async fn who_has_left_is_fenced(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    good(bench.open.leave(&bench.claim).await);
    let bench = bench.reopen().await;
    is_fenced(
        bench
            .open
            .record(&bench.claim, &[file("a", 1)], None, at(1))
            .await,
    );
    let again = bench.join("one").await;
    assert!(
        again.epoch() > bench.claim.epoch(),
        "a role that was left has no old claims"
    );
    good(
        bench
            .open
            .record(&again, &[file("a", 1)], None, at(1))
            .await,
    );
    let other = bench.open.commit(&again, BatchId(1), at(1)).await;
    assert!(
        matches!(other, Err(LedgerError::NoSuchBatch { .. })),
        "{other:?}"
    );
}

/// Epochs rise across roles and restarts, and two roles do not fence each other.
pub async fn epochs_rise_for_ever(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    let bench = bench.reopen().await;
    let three = bench.join("three").await;
    let epochs = [bench.claim.epoch(), two.epoch(), three.epoch()];
    assert!(epochs.is_sorted_by(|a, b| a < b), "epochs rise: {epochs:?}");
    for claim in [&bench.claim, &two, &three] {
        good(bench.open.record(claim, &[file("a", 1)], None, at(0)).await);
    }
}
