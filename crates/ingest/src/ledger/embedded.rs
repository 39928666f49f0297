//! The durable ledger of one process: a file in a directory.

mod archive;
mod batches;
mod block;
mod code;
mod disk;
mod error;
mod fault;
mod files;
mod job;
mod known;
mod listings;
mod lock;
mod log;
mod records;
mod store;
#[cfg(test)]
mod tests;
mod txn;
mod view;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, MessageId};

use crate::lane::{self, Lane};
use crate::{
    ArchiveMode, ArchiveOutcome, Batch, BatchId, Claim, CommitOutcome, Discovery, Expired, FileId,
    Founded, Founding, Ledger, LedgerError, Listing, ListingId, ListingProgress, ListingRequest,
    Mark, Marks, Metrics, Poison, Recorded, Role, StateRow,
};

pub use error::EmbeddedError;
#[cfg(test)]
pub(crate) use tests::SimDisk;

use disk::{Disk, FileDisk};
use fault::Fault;
use job::{Change, LookJob};
use lock::Lock;
use store::Store;
use txn::Txn;
use view::View;

/// A ledger in a directory, for the consumers of one process.
///
/// A clone is the same ledger. Two threads of its own do the work, so no method blocks an async
/// runtime: one writes, the other looks things up meanwhile. Transactions that come while the disk
/// is busy are made durable together.
///
/// # Guarantees
/// - As [`Ledger`]: what was answered with Ok is on the disk, also when the process is killed or
///   the machine loses its power, as far as the disk keeps what it confirmed.
/// - One process has a ledger at a time; the kernel frees it when that process ends.
/// - A file that is cut off, changed or somebody else's is an error and never an empty ledger:
///   every byte that counts is checked when the file is opened.
/// - After a disk that was full or failed to write, the ledger goes on by itself once that is over.
///
/// # Caveats
/// - [`open`](Self::open) reads the whole file, and so does the first call after a fault.
/// - After a disk that failed to *confirm* ([`EmbeddedError::Unconfirmed`]) nothing goes on before
///   the ledger is opened anew.
/// - Dropping the last clone waits until everything that was asked is done.
/// - An empty directory is a new stream. Where the directory is a mount, see to it that it is
///   mounted.
///
/// # Room
/// Names are kept in order, some dozens of files to a record, and what a name has in common with
/// the one before is not written again. Names that come in their order, as names with dates and
/// numbers do, fill the pages of the file; others fill them to seven tenths.
///
/// ```
/// use floe_ingest::{EmbeddedLedger, Founding, Ledger, Role, VersionRule};
/// use floe_notify::{StreamId, clock::Timestamp};
/// # fn block_on<T>(future: impl Future<Output = T>) -> T {
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     let mut future = std::pin::pin!(future);
/// #     loop {
/// #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
/// #             return value;
/// #         }
/// #         std::thread::yield_now();
/// #     }
/// # }
/// let directory = tempfile::tempdir()?;
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "/srv/in".to_owned(),
///     rule: VersionRule::KeyAlone,
///     options: Default::default(),
///     defaults: Default::default(),
/// };
/// let now = Timestamp::from_millis(1_000);
/// let ledger = EmbeddedLedger::open(directory.path())?;
/// assert!(block_on(ledger.found(&founding, now))?.created);
/// drop(ledger);
/// let ledger = EmbeddedLedger::open(directory.path())?;
/// assert!(!block_on(ledger.found(&founding, now))?.created);
/// assert_eq!(block_on(ledger.join(&Role::new("consumer-0")?, now))?.epoch(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddedLedger(Arc<Shared>);

/// What all clones share.
#[derive(Debug)]
struct Shared {
    path: PathBuf,
    changes: Arc<Lane<Change>>,
    looks: Arc<Lane<Box<dyn LookJob>>>,
    threads: Vec<JoinHandle<()>>,
}

impl EmbeddedLedger {
    /// The file that a ledger is, in its directory.
    pub const FILE: &'static str = "ledger.redb";

    /// The file beside it by which one process has the ledger.
    const LOCK: &'static str = "ledger.lock";

    /// What a ledger is called while it is being made.
    const UNFINISHED: &'static str = "ledger.redb.new";

    /// Opens the ledger of a directory that is there, or makes it when there is none.
    ///
    /// It works on the calling thread and reads the whole file: about a second for each gigabyte
    /// that is in memory, otherwise as fast as the disk.
    ///
    /// # Errors
    /// [`EmbeddedError::Held`], [`EmbeddedError::BadPath`] for what is no directory,
    /// [`EmbeddedError::NotALedger`], [`EmbeddedError::Damaged`] and
    /// [`EmbeddedError::NewerFormat`] for a file that is no ledger of this version,
    /// [`EmbeddedError::Io`], [`EmbeddedError::NoRoom`] and [`EmbeddedError::Unconfirmed`].
    ///
    /// ```
    /// use floe_ingest::{EmbeddedError, EmbeddedLedger};
    /// let directory = tempfile::tempdir()?;
    /// let ledger = EmbeddedLedger::open(directory.path())?;
    /// let second = EmbeddedLedger::open(directory.path()).unwrap_err();
    /// assert!(matches!(second, EmbeddedError::Held { .. }));
    /// drop(ledger);
    /// std::fs::write(directory.path().join(EmbeddedLedger::FILE), "something else")?;
    /// let foreign = EmbeddedLedger::open(directory.path()).unwrap_err();
    /// assert_eq!(foreign.code(), "FLOE-INGEST-0022");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(directory: &Path) -> Result<Self, EmbeddedError> {
        match fs::metadata(directory) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(bad(directory, "it is no directory")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(bad(directory, "there is no such directory; make it first"));
            }
            Err(error) => return Err(EmbeddedError::io(directory, error)),
        }
        let lock = Lock::take(directory, &directory.join(Self::LOCK))?;
        let path = directory.join(Self::FILE);
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => return Err(bad(&path, "it is a directory")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(directory)?,
            Err(error) => return Err(EmbeddedError::io(&path, error)),
        }
        Self::start(Box::new(FileDisk(path)), Some(lock))
    }

    /// Opens a ledger that is there and starts its threads.
    fn start(disk: Box<dyn Disk>, lock: Option<Lock>) -> Result<Self, EmbeddedError> {
        let path = disk.path().to_owned();
        let store = Arc::new(Store::open(disk, lock)?);
        let (changes, looks) = (Arc::new(Lane::new()), Arc::new(Lane::new()));
        let mut shared = Shared {
            path,
            changes: Arc::clone(&changes),
            looks: Arc::clone(&looks),
            threads: Vec::new(),
        };
        let writes = Arc::clone(&store);
        shared.spawn("floe-ledger-write", move || job::write(&writes, &changes))?;
        shared.spawn("floe-ledger-read", move || job::read(&store, &looks))?;
        Ok(Self(Arc::new(shared)))
    }

    fn change<'a, T: Send + 'static>(
        &'a self,
        files: usize,
        work: impl FnOnce(&mut Txn<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Answer<'a, T> {
        let (job, answer) = job::step(files, work);
        Box::pin(async move {
            self.0.changes.push(job).await;
            answer.await.unwrap_or_else(|| Err(self.closed()))
        })
    }

    fn look<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&View) -> Result<T, Fault> + Send + 'static,
    ) -> Answer<'a, T> {
        let (job, answer) = job::look(work);
        Box::pin(async move {
            self.0.looks.push(job).await;
            answer.await.unwrap_or_else(|| Err(self.closed()))
        })
    }

    fn closed(&self) -> LedgerError {
        let path = self.0.path.clone();
        LedgerError::driver(EmbeddedError::Closed { path })
    }
}

impl Shared {
    fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), EmbeddedError> {
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work);
        let thread = thread.map_err(|error| EmbeddedError::io(&self.path, error))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.changes.close();
        self.looks.close();
        let own = std::thread::current().id();
        for thread in self.threads.drain(..) {
            // An answer may drop the last clone on the thread that gives it.
            if thread.thread().id() != own {
                drop(thread.join());
            }
        }
    }
}

fn bad(path: &Path, reason: &'static str) -> EmbeddedError {
    EmbeddedError::BadPath {
        path: path.to_owned(),
        reason,
    }
}

/// Makes an empty ledger. It gets its name once it is whole, so that a file of that name is never
/// the beginning of one.
fn make(directory: &Path) -> Result<(), EmbeddedError> {
    let path = directory.join(EmbeddedLedger::UNFINISHED);
    let failed = |error| EmbeddedError::io(&path, error);
    File::create(&path).map_err(failed)?;
    Store::create(&FileDisk(path.clone()))?;
    let sync = |path: &Path| File::open(path)?.sync_all();
    sync(&path).map_err(failed)?;
    fs::rename(&path, directory.join(EmbeddedLedger::FILE)).map_err(failed)?;
    sync(directory).map_err(failed)
}

type Answer<'a, T> = BoxFuture<'a, Result<T, LedgerError>>;

impl Ledger for EmbeddedLedger {
    fn found<'a>(&'a self, founding: &'a Founding, now: Timestamp) -> Answer<'a, Founded> {
        let founding = founding.clone();
        self.change(0, move |txn| txn.found(&founding, now))
    }

    fn join<'a>(&'a self, role: &'a Role, _now: Timestamp) -> Answer<'a, Claim> {
        let role = role.clone();
        self.change(0, move |txn| txn.join(&role))
    }

    fn leave<'a>(&'a self, claim: &'a Claim) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.leave(&claim))
    }

    fn record<'a>(
        &'a self,
        claim: &'a Claim,
        discoveries: &'a [Discovery],
        progress: Option<&'a ListingProgress>,
        now: Timestamp,
    ) -> Answer<'a, Vec<Recorded>> {
        let (claim, discoveries) = (claim.clone(), discoveries.to_vec());
        let progress = progress.cloned();
        self.change(discoveries.len(), move |txn| {
            txn.record(&claim, &discoveries, progress.as_ref(), now)
        })
    }

    fn next_batch<'a>(
        &'a self,
        claim: &'a Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, Option<Batch>> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.next_batch(&claim, bounds, lease, now))
    }

    fn renew<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.renew(&claim, batch, lease, now))
    }

    fn release<'a>(&'a self, claim: &'a Claim, batch: BatchId) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.release(&claim, batch))
    }

    fn commit<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> Answer<'a, CommitOutcome> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.commit(&claim, batch, now))
    }

    fn archive<'a>(
        &'a self,
        claim: &'a Claim,
        files: &'a [FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> Answer<'a, Vec<ArchiveOutcome>> {
        let (claim, files) = (claim.clone(), files.to_vec());
        self.change(files.len(), move |txn| {
            txn.archive(&claim, &files, mode, now)
        })
    }

    fn quarantine<'a>(&'a self, claim: &'a Claim, poison: &'a Poison) -> Answer<'a, ()> {
        let (claim, poison) = (claim.clone(), poison.clone());
        self.change(0, move |txn| txn.quarantine(&claim, &poison))
    }

    fn quarantined<'a>(
        &'a self,
        after: Option<&'a MessageId>,
        limit: usize,
    ) -> Answer<'a, Vec<Poison>> {
        let after = after.cloned();
        self.look(move |view| view.quarantined(after.as_ref(), limit))
    }

    fn discharge<'a>(&'a self, message: &'a MessageId) -> Answer<'a, bool> {
        let message = message.clone();
        self.change(0, move |txn| txn.discharge(&message))
    }

    fn request_listing<'a>(
        &'a self,
        claim: &'a Claim,
        request: &'a ListingRequest,
        now: Timestamp,
    ) -> Answer<'a, ListingId> {
        let (claim, request) = (claim.clone(), request.clone());
        self.change(0, move |txn| txn.request_listing(&claim, &request, now))
    }

    fn next_listing<'a>(
        &'a self,
        claim: &'a Claim,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, Option<Listing>> {
        let claim = claim.clone();
        self.change(0, move |txn| txn.next_listing(&claim, lease, now))
    }

    fn finish_listing<'a>(
        &'a self,
        claim: &'a Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        let claim = claim.clone();
        self.change(0, move |txn| {
            txn.finish_listing(&claim, listing, round, now)
        })
    }

    fn mark<'a>(&'a self, claim: &'a Claim, mark: &'a Mark, _now: Timestamp) -> Answer<'a, ()> {
        let (claim, mark) = (claim.clone(), mark.clone());
        self.change(0, move |txn| txn.mark(&claim, &mark))
    }

    fn expire<'a>(
        &'a self,
        claim: &'a Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'a, Expired> {
        let claim = claim.clone();
        self.change(limit.min(crate::MAX_PAGE), move |txn| {
            txn.expire(&claim, age, limit, now)
        })
    }

    fn compact(&self) -> Answer<'_, ()> {
        let (reply, answer) = lane::reply();
        Box::pin(async move {
            self.0.changes.push(Change::Compact(reply)).await;
            answer.await.unwrap_or_else(|| Err(self.closed()))
        })
    }

    fn marks(&self) -> Answer<'_, Marks> {
        self.look(View::marks)
    }

    fn metrics(&self) -> Answer<'_, Metrics> {
        self.look(View::metrics)
    }

    fn unknown<'a>(&'a self, ids: &'a [FileId]) -> Answer<'a, Vec<bool>> {
        let ids = ids.to_vec();
        self.look(move |view| view.unknown(&ids))
    }

    fn rows<'a>(&'a self, after: Option<&'a FileId>, limit: usize) -> Answer<'a, Vec<StateRow>> {
        let after = after.cloned();
        self.look(move |view| view.rows(after.as_ref(), limit))
    }
}
