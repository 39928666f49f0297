//! The contract of [`Ledger`], as a public test suite.
//!
//! The author of a ledger implements [`LedgerFactory`] and calls [`ledger_contract`] from a test.
//! Each case takes a fresh ledger and opens it again where something has to be durable; a broken
//! promise panics with the promise in words. The reference in memory passes through
//! [`MemoryLedgers`], the example of an implementation.
//!
//! ```
//! use floe_ingest::contract::{MemoryLedgers, ledger_contract};
//! use floe_notify::clock::ManualClock;
//! ManualClock::default().run(ledger_contract(&MemoryLedgers)).unwrap();
//! ```

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, StreamId};

use crate::memory::MemoryLedger;
use crate::{
    Batch, Claim, Discovery, FileId, Founding, Ledger, LedgerError, Recorded, Role, Sighting,
    VersionRule,
};

mod age;
mod archive;
mod batches;
mod claims;
mod files;
mod keeping;
mod listings;
#[cfg(feature = "driver")]
pub mod source;

pub use age::*;
pub use archive::*;
pub use batches::*;
pub use claims::*;
pub use files::*;
pub use keeping::*;
pub use listings::*;

/// What the suite needs to know of a kind of ledger.
///
/// ```
/// use floe_ingest::contract::{LedgerFactory, MemoryLedgers};
/// use floe_notify::clock::ManualClock;
/// let bench = ManualClock::default().run(MemoryLedgers.ledger()).unwrap();
/// let ledger = ManualClock::default().run(bench.open()).unwrap();
/// assert!(ManualClock::default().run(ledger.marks()).unwrap().is_err(), "nothing is founded");
/// ```
pub trait LedgerFactory: Send + Sync {
    /// Makes an empty ledger.
    fn ledger(&self) -> BoxFuture<'_, Box<dyn LedgerBench>>;
}

/// One ledger under test.
///
/// ```
/// use floe_ingest::contract::{LedgerBench, MemoryLedgers};
/// use floe_ingest::memory::MemoryLedger;
/// use floe_notify::clock::ManualClock;
/// let bench = MemoryLedger::default();
/// assert!(ManualClock::default().run(LedgerBench::open(&bench)).is_some());
/// ```
pub trait LedgerBench: Send + Sync {
    /// Opens the ledger, from what is durable; the suite has dropped what was opened before.
    fn open(&self) -> BoxFuture<'_, Arc<dyn Ledger>>;
}

/// Makes ledgers in memory that never fail.
///
/// ```
/// use floe_ingest::contract::{MemoryLedgers, a_file_is_new_once};
/// use floe_notify::clock::ManualClock;
/// assert_eq!(ManualClock::default().run(a_file_is_new_once(&MemoryLedgers)), Some(()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryLedgers;

impl LedgerFactory for MemoryLedgers {
    fn ledger(&self) -> BoxFuture<'_, Box<dyn LedgerBench>> {
        Box::pin(async { Box::new(MemoryLedger::default()) as Box<dyn LedgerBench> })
    }
}

impl LedgerBench for MemoryLedger {
    fn open(&self) -> BoxFuture<'_, Arc<dyn Ledger>> {
        Box::pin(async { Arc::new(self.clone()) as Arc<dyn Ledger> })
    }
}

/// Runs every case of the contract of ledgers; see the [module](self).
///
/// # Panics
/// When the ledger breaks a promise.
pub async fn ledger_contract(factory: &dyn LedgerFactory) {
    a_stream_is_founded_once(factory).await;
    nothing_works_before_the_stream_is_founded(factory).await;
    marks_change_one_at_a_time_and_stay(factory).await;
    a_newer_claim_fences_the_older(factory).await;
    who_has_left_is_fenced(factory).await;
    epochs_rise_for_ever(factory).await;
    a_file_is_new_once(factory).await;
    numbers_of_the_log_have_no_gaps(factory).await;
    a_seen_file_is_new_when_an_event_tells_of_it(factory).await;
    versions_of_one_path_are_different_files(factory).await;
    too_many_files_change_nothing(factory).await;
    rows_come_in_the_order_of_identities(factory).await;
    unknown_files_are_told_from_known_ones(factory).await;
    batches_hold_the_log_in_its_order(factory).await;
    the_last_short_batch_is_handed_out(factory).await;
    a_large_file_is_a_batch_by_itself(factory).await;
    a_held_batch_is_not_handed_out_again(factory).await;
    an_unfinished_batch_comes_back_the_same(factory).await;
    a_fenced_consumers_batch_is_free_at_once(factory).await;
    a_released_batch_is_free_at_once(factory).await;
    a_renewed_batch_stays_held(factory).await;
    a_commit_counts_once_whoever_makes_it(factory).await;
    a_batch_that_never_was_cannot_be_committed(factory).await;
    batches_commit_in_any_order(factory).await;
    states_and_metrics_follow_a_file(factory).await;
    open_batches_are_bounded(factory).await;
    a_due_listing_is_kept_until_it_is_finished(factory).await;
    a_page_and_its_progress_are_one(factory).await;
    a_listing_asked_for_again_starts_again(factory).await;
    the_first_listing_is_asked_for_once(factory).await;
    what_lands_after_the_first_listing_is_not_seen(factory).await;
    no_other_listing_goes_before_the_first(factory).await;
    a_listing_is_shared_like_a_batch(factory).await;
    only_whole_listings_move_the_marks(factory).await;
    poison_is_kept_and_discharged(factory).await;
    committed_files_are_forgotten_by_age(factory).await;
    what_is_not_committed_is_never_forgotten(factory).await;
    what_was_forgotten_does_not_come_back(factory).await;
    a_young_stream_takes_files_of_any_age(factory).await;
    committed_files_are_archived_once(factory).await;
    what_is_not_committed_is_never_archived(factory).await;
    archiving_changes_nothing_else(factory).await;
    archived_files_are_forgotten_by_age(factory).await;
    compaction_changes_no_answer(factory).await;
}

/// How long the suite's leases are.
const LEASE: Duration = Duration::from_secs(60);

/// A ledger under test with one consumer.
struct Bench {
    ledger: Box<dyn LedgerBench>,
    open: Arc<dyn Ledger>,
    claim: Claim,
}

impl Bench {
    async fn new(factory: &dyn LedgerFactory) -> Self {
        let ledger = factory.ledger().await;
        let open = ledger.open().await;
        good(open.found(&founding(), at(0)).await);
        let claim = good(open.join(&role("one"), at(0)).await);
        Self {
            ledger,
            open,
            claim,
        }
    }

    /// Goes on with what is durable.
    async fn reopen(self) -> Self {
        let Self {
            ledger,
            open,
            claim,
        } = self;
        drop(open);
        let open = ledger.open().await;
        Self {
            ledger,
            open,
            claim,
        }
    }

    async fn join(&self, name: &str) -> Claim {
        good(self.open.join(&role(name), at(0)).await)
    }

    /// Records files of one byte at time 0.
    async fn put(&self, names: &[&str]) -> Vec<Recorded> {
        let files: Vec<_> = names.iter().map(|name| file(name, 1)).collect();
        self.record(&files, 0).await
    }

    async fn record(&self, files: &[Discovery], now: u64) -> Vec<Recorded> {
        good(self.open.record(&self.claim, files, None, at(now)).await)
    }

    async fn next(&self, most: u64, now: u64) -> Option<Batch> {
        self.next_for(&self.claim, most, now).await
    }

    async fn next_for(&self, claim: &Claim, most: u64, now: u64) -> Option<Batch> {
        let bounds = BatchBounds {
            max_files: most,
            max_bytes: None,
        };
        good(self.open.next_batch(claim, bounds, LEASE, at(now)).await)
    }

    async fn expect(&self, most: u64, now: u64) -> Batch {
        match self.next(most, now).await {
            Some(batch) => batch,
            None => broken("what waits is handed out"),
        }
    }
}

fn founding() -> Founding {
    let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10");
    Founding {
        stream: good(stream),
        path: "/in".to_owned(),
        rule: VersionRule::EntityTag,
        options: [("cloudFiles.format".to_owned(), "json".to_owned())].into(),
        defaults: [(
            "cloudFiles.includeExistingFiles".to_owned(),
            "true".to_owned(),
        )]
        .into(),
    }
}

fn role(name: &str) -> Role {
    good(Role::new(name))
}

/// Seconds of the suite's time, which begins on 2025-01-01.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_735_689_600_000 + seconds * 1_000)
}

fn id(name: &str) -> FileId {
    good(FileId::new(format!("/in/{name}").as_bytes(), None))
}

fn file(name: &str, size: u64) -> Discovery {
    Discovery {
        id: id(name),
        size,
        created: at(0),
        sighting: Sighting::Event,
    }
}

/// The names of the files of a batch.
fn names(batch: &Batch) -> Vec<String> {
    let paths = batch.files.iter().map(|file| file.id.path());
    let name = |path: Vec<u8>| String::from_utf8_lossy(&path).replace("/in/", "");
    paths.map(name).collect()
}

fn good<T, E: std::fmt::Debug>(answer: Result<T, E>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => broken(&format!(
            "a call that nothing is wrong with succeeds: {error:?}"
        )),
    }
}

#[track_caller]
fn is_fenced<T: std::fmt::Debug>(answer: Result<T, LedgerError>) {
    let fenced = matches!(answer, Err(LedgerError::Fenced { .. }));
    assert!(fenced, "an older claim is refused: {answer:?}");
}

#[expect(
    clippy::panic,
    reason = "a suite tells what is broken by a panic, as assertions do"
)]
#[track_caller]
fn broken(promise: &str) -> ! {
    panic!("{promise}")
}
