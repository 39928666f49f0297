//! Cases about batches.

use floe_notify::options::BatchBounds;

use super::{Bench, LEASE, LedgerFactory, at, file, good, names};
use crate::{BatchId, CommitOutcome, LedgerError, LogState, MAX_OPEN_BATCHES, Seq};

/// Batches are the log, cut into parts, with ids that begin with 1.
pub async fn batches_hold_the_log_in_its_order(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["d", "b", "a", "c"]).await;
    let first = bench.expect(3, 0).await;
    assert_eq!((first.id, first.attempt), (BatchId(1), 1));
    assert_eq!(names(&first), ["d", "b", "a"], "in the order of discovery");
    let bench = bench.reopen().await;
    bench.put(&["e"]).await;
    let second = bench.expect(3, 0).await;
    assert_eq!(
        (second.id, names(&second)),
        (BatchId(2), vec!["c".into(), "e".into()])
    );
    let file = &second.files[0];
    assert_eq!(
        (file.seq, file.size, file.created),
        (Seq(4), 1, at(0)),
        "a file is whole"
    );
}

/// Fewer files than a batch may have are a batch, too, at once.
pub async fn the_last_short_batch_is_handed_out(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b", "c"]).await;
    assert_eq!(bench.expect(2, 0).await.files.len(), 2);
    assert_eq!(
        names(&bench.expect(2, 0).await),
        ["c"],
        "nothing is held back for a full one"
    );
    assert!(bench.next(2, 0).await.is_none(), "a batch is never empty");
}

/// The bound on bytes is soft: the file that passes it is in.
pub async fn a_large_file_is_a_batch_by_itself(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench
        .record(
            &[file("a", 99), file("b", 3), file("c", 8), file("d", 1)],
            0,
        )
        .await;
    let bounds = BatchBounds {
        max_files: 10,
        max_bytes: Some(10),
    };
    let mut found = Vec::new();
    for _ in 0..3 {
        let next = bench
            .open
            .next_batch(&bench.claim, bounds, LEASE, at(0))
            .await;
        found.push(good(next).map(|batch| names(&batch).concat()));
    }
    let expected = ["a", "bc", "d"].map(|names| Some(names.to_owned()));
    assert_eq!(found, expected);
}

/// Two consumers get different batches for as long as leases last, and so does one that asks twice.
pub async fn a_held_batch_is_not_handed_out_again(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a", "b"]).await;
    assert_eq!(names(&bench.expect(1, 0).await), ["a"]);
    let other = bench.next_for(&two, 1, 0).await;
    assert_eq!(other.map(|batch| batch.id), Some(BatchId(2)));
    assert!(
        bench.next(1, 59).await.is_none(),
        "both are held until their leases run out"
    );
}

/// What was handed out once has the same files for ever, whatever is asked for later.
pub async fn an_unfinished_batch_comes_back_the_same(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a", "b", "c"]).await;
    let first = bench.expect(2, 0).await;
    let bench = bench.reopen().await;
    bench.put(&["d"]).await;
    let again = bench.next_for(&two, 1, 60).await;
    let Some(again) = again else {
        super::broken("a lease runs out at its end")
    };
    assert_eq!((again.id, again.attempt), (first.id, 2), "the oldest first");
    assert_eq!(again.files, first.files, "the same files in the same order");
}

/// Who takes a role gets what the older claim held, without waiting.
pub async fn a_fenced_consumers_batch_is_free_at_once(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a"]).await;
    let first = bench.expect(1, 0).await;
    let newer = bench.join("one").await;
    let bench = bench.reopen().await;
    let again = bench.next_for(&newer, 1, 1).await;
    assert_eq!(again.map(|batch| batch.files), Some(first.files));
    good(bench.open.leave(&newer).await);
    let two = bench.join("two").await;
    let again = bench.next_for(&two, 1, 2).await;
    assert_eq!(
        again.map(|batch| batch.id),
        Some(first.id),
        "so it is after leaving"
    );
}

/// A release frees the caller's own batch and no other.
pub async fn a_released_batch_is_free_at_once(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a"]).await;
    let first = bench.expect(1, 0).await;
    good(bench.open.release(&two, first.id).await);
    assert!(
        bench.next_for(&two, 1, 1).await.is_none(),
        "somebody else's stays held"
    );
    good(bench.open.release(&bench.claim, first.id).await);
    let bench = bench.reopen().await;
    let again = bench.next_for(&two, 1, 1).await;
    assert_eq!(again.map(|batch| batch.id), Some(first.id));
}

/// Renewing holds on; what is lost or committed cannot be renewed.
pub async fn a_renewed_batch_stays_held(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a"]).await;
    let first = bench.expect(1, 0).await;
    good(
        bench
            .open
            .renew(&bench.claim, first.id, LEASE, at(50))
            .await,
    );
    let bench = bench.reopen().await;
    assert!(
        bench.next_for(&two, 1, 109).await.is_none(),
        "held from the renewal on"
    );
    assert!(bench.next_for(&two, 1, 110).await.is_some());
    let lost = bench
        .open
        .renew(&bench.claim, first.id, LEASE, at(111))
        .await;
    assert!(matches!(lost, Err(LedgerError::NotHeld { .. })), "{lost:?}");
    good(bench.open.commit(&two, first.id, at(111)).await);
    let done = bench.open.renew(&two, first.id, LEASE, at(112)).await;
    assert!(matches!(done, Err(LedgerError::NotHeld { .. })), "{done:?}");
}

/// A commit counts, also of somebody who lost the lease, and a second one does nothing.
pub async fn a_commit_counts_once_whoever_makes_it(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a"]).await;
    let first = bench.expect(1, 0).await;
    assert!(bench.next_for(&two, 1, 61).await.is_some());
    let outcome = good(bench.open.commit(&bench.claim, first.id, at(62)).await);
    assert_eq!(outcome, CommitOutcome::Now, "what the sink has is a fact");
    let bench = bench.reopen().await;
    let outcome = good(bench.open.commit(&two, first.id, at(63)).await);
    assert_eq!(outcome, CommitOutcome::Already);
    assert!(
        bench.next_for(&two, 1, 999).await.is_none(),
        "what is committed never comes again"
    );
    let rows = good(bench.open.rows(None, 1).await);
    assert_eq!(
        rows[0].committed,
        Some(at(62)),
        "the first commit is the one"
    );
}

/// A number that was never given out is an error, not a success.
pub async fn a_batch_that_never_was_cannot_be_committed(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a"]).await;
    for batch in [BatchId(0), BatchId(1), BatchId(u64::MAX)] {
        let answer = bench.open.commit(&bench.claim, batch, at(0)).await;
        assert!(
            matches!(answer, Err(LedgerError::NoSuchBatch { .. })),
            "{answer:?}"
        );
    }
}

/// A batch that somebody else holds is not passed over by later commits.
pub async fn batches_commit_in_any_order(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.put(&["a", "b", "c"]).await;
    let held = bench.next_for(&two, 1, 0).await;
    for _ in 0..2 {
        let batch = bench.expect(1, 0).await;
        good(bench.open.commit(&bench.claim, batch.id, at(0)).await);
    }
    let bench = bench.reopen().await;
    assert!(bench.next(1, 1).await.is_none(), "it is still held");
    let back = bench.next(1, 60).await;
    assert_eq!(back.map(|batch| batch.files), held.map(|batch| batch.files));
}

/// Rows and metrics tell where a file is.
pub async fn states_and_metrics_follow_a_file(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.record(&[file("a", 5), file("b", 7)], 1).await;
    let metrics = good(bench.open.metrics().await);
    assert_eq!(
        (metrics.files_outstanding, metrics.bytes_outstanding),
        (2, 12)
    );
    assert_eq!(
        (metrics.seq_num, metrics.batched_up_to),
        (Some(Seq(2)), None)
    );
    let batch = bench.expect(1, 2).await;
    let bench = bench.reopen().await;
    let states = |rows: Vec<crate::StateRow>| rows.iter().map(|row| row.state).collect::<Vec<_>>();
    let rows = good(bench.open.rows(None, 9).await);
    assert_eq!(rows[0].processed, Some(at(2)));
    assert_eq!(states(rows), [LogState::Open(batch.id), LogState::Waiting]);
    assert_eq!(
        good(bench.open.metrics().await).bytes_outstanding,
        12,
        "open is outstanding"
    );
    good(bench.open.commit(&bench.claim, batch.id, at(3)).await);
    let bench = bench.reopen().await;
    let rows = good(bench.open.rows(None, 9).await);
    assert_eq!(
        (rows[0].processed, rows[0].committed),
        (Some(at(2)), Some(at(3)))
    );
    assert_eq!(
        states(rows),
        [LogState::Committed(batch.id), LogState::Waiting]
    );
    let metrics = good(bench.open.metrics().await);
    assert_eq!(
        (metrics.files_outstanding, metrics.bytes_outstanding),
        (1, 7)
    );
    assert_eq!((metrics.files_known, metrics.open_batches), (2, 0));
    assert_eq!(
        (metrics.last_batch, metrics.batched_up_to),
        (Some(batch.id), Some(Seq(1)))
    );
}

/// A consumer that never commits does not grow the ledger without end.
pub async fn open_batches_are_bounded(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let files: Vec<_> = (0..=MAX_OPEN_BATCHES)
        .map(|n| file(&format!("{n:05}"), 1))
        .collect();
    bench.record(&files, 0).await;
    for _ in 0..MAX_OPEN_BATCHES {
        bench.expect(1, 0).await;
    }
    assert!(
        bench.next(1, 0).await.is_none(),
        "the bound on open batches holds"
    );
    good(bench.open.commit(&bench.claim, BatchId(7), at(0)).await);
    assert!(bench.next(1, 0).await.is_some(), "a commit makes room");
}
