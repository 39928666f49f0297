//! Cases about what is forgotten.

use std::time::Duration;

use super::{Bench, LedgerFactory, at, file, good};
use crate::{AGE_MARGIN, CommitOutcome, Discovery, Recorded, Sighting};

/// How long the suite's files count.
const AGE: Duration = Duration::from_secs(1_000);

/// Seconds after which a file that was found at 0 is forgotten.
pub(super) const OLD: u64 = 1_001 + AGE_MARGIN.as_secs();

/// Sweeps that the suite grants to a ledger until it has looked at a handful of files.
const MAX_SWEEPS: usize = 100;

impl Bench {
    pub(super) async fn commit_all(&self, now: u64) {
        while let Some(batch) = self.next(1_000, now).await {
            good(self.open.commit(&self.claim, batch.id, at(now)).await);
        }
    }

    /// Sweeps once through everything, and answers how much was forgotten.
    pub(super) async fn sweep(&self, now: u64) -> usize {
        let mut forgotten = 0;
        for _ in 0..MAX_SWEEPS {
            let expired = good(self.open.expire(&self.claim, AGE, 2, at(now)).await);
            forgotten += expired.forgotten;
            if expired.is_done {
                return forgotten;
            }
        }
        super::broken("a sweep comes to its end")
    }
}

/// Committed and seen files are forgotten once they are old, not before.
pub async fn committed_files_are_forgotten_by_age(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b", "c"]).await;
    let seen = Discovery {
        sighting: Sighting::Existing,
        ..file("s", 1)
    };
    bench.record(&[seen], 0).await;
    bench.commit_all(1).await;
    assert_eq!(
        bench.sweep(OLD - 1).await,
        0,
        "not before its time, and an hour more"
    );
    assert_eq!(good(bench.open.marks().await).horizon, None);
    assert_eq!(bench.sweep(OLD).await, 4);
    let bench = bench.reopen().await;
    assert_eq!(good(bench.open.metrics().await).files_known, 0);
    assert_eq!(
        good(bench.open.marks().await).horizon,
        Some(at(OLD - AGE.as_secs()))
    );
    assert_eq!(bench.sweep(OLD).await, 0);
    let late = bench
        .open
        .commit(&bench.claim, crate::BatchId(1), at(OLD))
        .await;
    assert_eq!(
        good(late),
        CommitOutcome::Already,
        "also when its files are forgotten"
    );
}

/// Waiting files and those of open batches stay, however old.
pub async fn what_is_not_committed_is_never_forgotten(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a", "b"]).await;
    let batch = bench.expect(1, 0).await;
    assert_eq!(bench.sweep(OLD * 10).await, 0);
    let bench = bench.reopen().await;
    let again = bench.expect(1, OLD * 10).await;
    assert_eq!(again.files, batch.files);
    assert_eq!(bench.expect(1, OLD * 10).await.files.len(), 1);
}

/// A redelivered message of a forgotten file does not make it new.
pub async fn what_was_forgotten_does_not_come_back(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.put(&["a"]).await;
    bench.commit_all(1).await;
    assert_eq!(bench.sweep(OLD).await, 1);
    let bench = bench.reopen().await;
    for sighting in [Sighting::Event, Sighting::Listing, Sighting::Existing] {
        let again = Discovery {
            sighting,
            ..file("a", 1)
        };
        assert_eq!(
            bench.record(&[again], OLD).await,
            [Recorded::TooOld],
            "{sighting:?}"
        );
    }
    let young = Discovery {
        created: at(OLD),
        ..file("a", 1)
    };
    let recorded = bench.record(&[young], OLD).await;
    assert!(
        matches!(recorded[..], [Recorded::New(_)]),
        "a file of the same name that is young"
    );
}

/// As long as nothing was forgotten, nothing is too old.
pub async fn a_young_stream_takes_files_of_any_age(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let ancient = |name| Discovery {
        created: floe_notify::clock::Timestamp::from_millis(1),
        sighting: Sighting::Listing,
        ..file(name, 1)
    };
    let recorded = bench.record(&[ancient("a")], 0).await;
    assert!(matches!(recorded[..], [Recorded::New(_)]));
    bench.commit_all(1).await;
    assert_eq!(bench.sweep(2).await, 0, "its discovery is young");
    let recorded = bench.record(&[ancient("b")], 3).await;
    assert!(matches!(recorded[..], [Recorded::New(_)]), "{recorded:?}");
}
