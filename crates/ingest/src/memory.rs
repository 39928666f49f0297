//! The reference ledger: everything in memory, durable for as long as the process lives.

mod batches;
mod book;
mod files;
mod listings;
#[cfg(feature = "object-store")]
pub(crate) mod replica;
#[cfg(feature = "driver")]
mod source;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, DriverError, MessageId};

use crate::{
    ArchiveMode, ArchiveOutcome, Batch, BatchId, Claim, CommitOutcome, Discovery, Expired, FileId,
    Founded, Founding, Ledger, LedgerError, Listing, ListingId, ListingProgress, ListingRequest,
    Mark, Marks, Metrics, Poison, Recorded, Role, StateRow,
};

use book::Book;
#[cfg(feature = "driver")]
pub use source::MemorySource;

/// A ledger in memory. Clones share it, as consumers of one process do.
///
/// It is the reference of [`Ledger`]: short, and as it is promised; for tests and for streams that
/// need not outlive their process. It can be told to fail.
///
/// ```
/// use floe_ingest::memory::MemoryLedger;
/// use floe_ingest::{Discovery, FileId, Founding, Ledger, Recorded, Role, Seq, Sighting};
/// use floe_ingest::VersionRule;
/// use floe_notify::clock::{Clock, ManualClock};
/// use floe_notify::{Options, StreamId};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let (options, now) = (Options::default(), clock.now());
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "/in".to_owned(),
///     rule: VersionRule::KeyAlone,
///     options: options.keep().given,
///     defaults: options.keep().defaults,
/// };
/// let id = FileId::new(b"/in/a", None)?;
/// let file = Discovery { id, size: 7, created: now, sighting: Sighting::Event };
/// let ledger = MemoryLedger::default();
/// clock.run(async {
///     ledger.found(&founding, now).await?;
///     let claim = ledger.join(&Role::new("consumer-0")?, now).await?;
///     let twice = [file.clone(), file];
///     let recorded = ledger.record(&claim, &twice, None, now).await?;
///     assert_eq!(recorded, [Recorded::New(Seq(1)), Recorded::Known]);
///     let lease = Duration::from_secs(60);
///     let batch = ledger.next_batch(&claim, options.batch_bounds(), lease, now).await?.unwrap();
///     assert_eq!(batch.files[0].id.path(), b"/in/a");
///     ledger.commit(&claim, batch.id, now).await
/// }).unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    book: Book,
    fault: Option<Fault>,
}

/// How a transaction of a [`MemoryLedger`] fails.
///
/// ```
/// assert_ne!(floe_ingest::memory::Fault::Before, floe_ingest::memory::Fault::After);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of it took place.
    Before,
    /// It took place, and the answer was lost.
    After,
}

impl MemoryLedger {
    /// Lets the next transaction that may change something fail; `None` takes that back.
    ///
    /// ```
    /// use floe_ingest::memory::{Fault, MemoryLedger};
    /// use floe_ingest::{Ledger, Role};
    /// use floe_notify::clock::{ManualClock, Timestamp};
    /// let ledger = MemoryLedger::default();
    /// ledger.fail_next(Some(Fault::Before));
    /// let role = Role::new("a")?;
    /// let joined = ManualClock::default().run(ledger.join(&role, Timestamp::default())).unwrap();
    /// assert!(joined.unwrap_err().is_retryable());
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    pub fn fail_next(&self, fault: Option<Fault>) {
        self.lock().fault = fault;
    }

    /// Returns a ledger of its own with the same content.
    ///
    /// ```
    /// use floe_ingest::memory::MemoryLedger;
    /// let copy = MemoryLedger::default().copy();
    /// assert_eq!(format!("{copy:?}"), format!("{:?}", MemoryLedger::default()));
    /// ```
    #[must_use]
    pub fn copy(&self) -> Self {
        let book = self.lock().book.clone();
        let shared = Shared { book, fault: None };
        Self {
            shared: Arc::new(Mutex::new(shared)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // What panics while the lock is held does so before it changes anything.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction that may change something.
    fn write<'a, T: Send + 'a>(
        &self,
        change: impl FnOnce(&mut Book) -> Result<T, LedgerError>,
    ) -> BoxFuture<'a, Result<T, LedgerError>> {
        let mut shared = self.lock();
        let answer = match shared.fault.take() {
            None => change(&mut shared.book),
            Some(Fault::Before) => Err(LedgerError::driver(Told)),
            Some(Fault::After) => {
                change(&mut shared.book).and_then(|_| Err(LedgerError::driver(Told)))
            }
        };
        Box::pin(std::future::ready(answer))
    }

    fn read<'a, T: Send + 'a>(
        &self,
        look: impl FnOnce(&Book) -> Result<T, LedgerError>,
    ) -> BoxFuture<'a, Result<T, LedgerError>> {
        Box::pin(std::future::ready(look(&self.lock().book)))
    }
}

/// The error of a ledger that was told to fail.
#[derive(Debug, thiserror::Error)]
#[error("the ledger in memory was told to fail; try again")]
struct Told;

impl DriverError for Told {
    fn code(&self) -> &'static str {
        "FLOE-INGEST-0016"
    }

    fn is_retryable(&self) -> bool {
        true
    }
}

/// An answer of a ledger that comes later.
type Answer<'a, T> = BoxFuture<'a, Result<T, LedgerError>>;

impl Ledger for MemoryLedger {
    fn found<'a>(&'a self, founding: &'a Founding, now: Timestamp) -> Answer<'a, Founded> {
        self.write(|book| book.found(founding, now))
    }

    fn join<'a>(&'a self, role: &'a Role, _now: Timestamp) -> Answer<'a, Claim> {
        self.write(|book| book.join(role))
    }

    fn leave<'a>(&'a self, claim: &'a Claim) -> Answer<'a, ()> {
        self.write(|book| book.leave(claim))
    }

    fn record<'a>(
        &'a self,
        claim: &'a Claim,
        discoveries: &'a [Discovery],
        progress: Option<&'a ListingProgress>,
        now: Timestamp,
    ) -> Answer<'a, Vec<Recorded>> {
        self.write(|book| book.record(claim, discoveries, progress, now))
    }

    fn next_batch<'a>(
        &'a self,
        claim: &'a Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, Option<Batch>> {
        self.write(|book| book.next_batch(claim, bounds, lease, now))
    }

    fn renew<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        self.write(|book| book.renew(claim, batch, lease, now))
    }

    fn release<'a>(&'a self, claim: &'a Claim, batch: BatchId) -> Answer<'a, ()> {
        self.write(|book| book.release(claim, batch))
    }

    fn commit<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> Answer<'a, CommitOutcome> {
        self.write(|book| book.commit(claim, batch, now))
    }

    fn archive<'a>(
        &'a self,
        claim: &'a Claim,
        files: &'a [FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> Answer<'a, Vec<ArchiveOutcome>> {
        self.write(|book| book.archive(claim, files, mode, now))
    }

    fn quarantine<'a>(&'a self, claim: &'a Claim, poison: &'a Poison) -> Answer<'a, ()> {
        self.write(|book| book.quarantine(claim, poison))
    }

    fn quarantined<'a>(
        &'a self,
        after: Option<&'a MessageId>,
        limit: usize,
    ) -> Answer<'a, Vec<Poison>> {
        self.read(|book| book.quarantined(after, limit))
    }

    fn discharge<'a>(&'a self, message: &'a MessageId) -> Answer<'a, bool> {
        self.write(|book| book.discharge(message))
    }

    fn request_listing<'a>(
        &'a self,
        claim: &'a Claim,
        request: &'a ListingRequest,
        now: Timestamp,
    ) -> Answer<'a, ListingId> {
        self.write(|book| book.request_listing(claim, request, now))
    }

    fn next_listing<'a>(
        &'a self,
        claim: &'a Claim,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, Option<Listing>> {
        self.write(|book| book.next_listing(claim, lease, now))
    }

    fn finish_listing<'a>(
        &'a self,
        claim: &'a Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        self.write(|book| book.finish_listing(claim, listing, round, now))
    }

    fn mark<'a>(&'a self, claim: &'a Claim, mark: &'a Mark, _now: Timestamp) -> Answer<'a, ()> {
        self.write(|book| book.mark(claim, mark))
    }

    fn expire<'a>(
        &'a self,
        claim: &'a Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'a, Expired> {
        self.write(|book| book.expire(claim, age, limit, now))
    }

    fn compact(&self) -> Answer<'_, ()> {
        self.write(|book| book.founded().map(|_| ()))
    }

    fn marks(&self) -> Answer<'_, Marks> {
        self.read(|book| book.founded().cloned())
    }

    fn metrics(&self) -> Answer<'_, Metrics> {
        self.read(Book::metrics)
    }

    fn unknown<'a>(&'a self, ids: &'a [FileId]) -> Answer<'a, Vec<bool>> {
        self.read(|book| book.unknown(ids))
    }

    fn rows<'a>(&'a self, after: Option<&'a FileId>, limit: usize) -> Answer<'a, Vec<StateRow>> {
        self.read(|book| book.rows(after, limit))
    }
}

#[cfg(all(test, feature = "contract"))]
mod tests {
    use floe_notify::clock::ManualClock;

    use crate::contract::{MemoryLedgers, ledger_contract};

    #[test]
    fn the_reference_keeps_the_contract() {
        ManualClock::default()
            .run(ledger_contract(&MemoryLedgers))
            .unwrap();
    }
}
