//! Many threads, one ledger.

use std::collections::BTreeSet;
use std::time::Duration;

use floe_ingest::{Ledger, LedgerError, Recorded};
use floe_notify::options::BatchBounds;

use crate::{block_on, join, now, open, record};

const THREADS: u64 = 16;
const ROUNDS: u64 = 12;

#[test]
fn many_threads_record_at_once_and_every_file_is_new_once() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let numbers: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let ledger = ledger.clone();
                scope.spawn(move || {
                    let claim = join(&ledger, &format!("consumer-{thread}"));
                    let rounds = (0..ROUNDS).flat_map(|round| {
                        // Two threads each are told of the same files.
                        let name = |n: u64| format!("{}-{round}-{n}", thread / 2);
                        record(&ledger, &claim, &(0..10).map(name).collect::<Vec<_>>())
                    });
                    rounds
                        .filter_map(Recorded::seq)
                        .map(|seq| seq.0)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let count = THREADS / 2 * ROUNDS * 10;
    assert_eq!(numbers.len() as u64, count, "each is new to one thread");
    assert!(
        numbers
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .eq(1..=count)
    );
    let metrics = block_on(ledger.metrics()).unwrap();
    assert_eq!(
        (metrics.files_known, metrics.files_outstanding),
        (count, count)
    );
    drop(ledger);
    let metrics = block_on(open(directory.path()).metrics()).unwrap();
    assert_eq!(metrics.seq_num.unwrap().0, count, "after a restart, too");
}

#[test]
fn threads_take_batches_that_have_no_file_in_common() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let claim = join(&ledger, "first");
    record(
        &ledger,
        &claim,
        &(0..1_000).map(|n| n.to_string()).collect::<Vec<_>>(),
    );
    let taken: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let ledger = ledger.clone();
                scope.spawn(move || {
                    let claim = join(&ledger, &format!("consumer-{thread}"));
                    let mut numbers = Vec::new();
                    loop {
                        let bounds = BatchBounds {
                            max_files: 17,
                            max_bytes: None,
                        };
                        let lease = Duration::from_secs(60);
                        let next = ledger.next_batch(&claim, bounds, lease, now());
                        let Some(batch) = block_on(next).unwrap() else {
                            return numbers;
                        };
                        numbers.extend(batch.files.iter().map(|file| file.seq.0));
                        block_on(ledger.commit(&claim, batch.id, now())).unwrap();
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(taken.len(), 1_000);
    assert!(
        taken
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .eq(1..=1_000)
    );
    assert_eq!(block_on(ledger.metrics()).unwrap().files_outstanding, 0);
}

#[test]
fn a_role_taken_through_one_clone_fences_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let older = open(directory.path());
    let newer = older.clone();
    let claim = join(&older, "one");
    join(&newer, "one");
    let refused = block_on(older.record(&claim, &[crate::file("a")], None, now()));
    assert!(
        matches!(refused, Err(LedgerError::Fenced { .. })),
        "{refused:?}"
    );
    assert_eq!(block_on(newer.metrics()).unwrap().files_known, 0);
}

#[test]
fn one_refused_caller_of_a_group_does_not_touch_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let claim = join(&ledger, "one");
    let fenced = join(&ledger, "two");
    join(&ledger, "two");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ledger, claim, fenced) = (ledger.clone(), claim.clone(), fenced.clone());
            scope.spawn(move || {
                let file = [crate::file(&thread.to_string())];
                let claim = if thread % 2 == 0 { claim } else { fenced };
                let answer = block_on(ledger.record(&claim, &file, None, now()));
                assert_eq!(answer.is_ok(), thread % 2 == 0, "{answer:?}");
            });
        }
    });
    assert_eq!(block_on(ledger.metrics()).unwrap().files_known, THREADS / 2);
}

#[test]
fn what_was_asked_is_done_although_nobody_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let ledger = open(directory.path());
    let claim = join(&ledger, "one");
    let files = [crate::file("a")];
    let mut asked = ledger.record(&claim, &files, None, now());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = asked.as_mut().poll(&mut context);
    drop(asked);
    drop(ledger);
    assert_eq!(
        block_on(open(directory.path()).metrics())
            .unwrap()
            .files_known,
        1
    );
}
