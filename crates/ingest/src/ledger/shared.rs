//! The ledger of many machines: objects in a store that honours conditions.

mod error;
mod flight;
mod format;
mod handle;
mod images;
mod job;
mod probe;
mod state;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use floe_notify::clock::{Clock, Timestamp};
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, MessageId};
use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::lock::Mutex;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::memory::replica::{
    Action, Archive, Commit, Discharge, Expire, FinishListing, Found, Join, Leave, MarkIt,
    NextBatch, NextListing, Quarantine, Record, Release, Renew, Replica, RequestListing,
};
use crate::{
    ArchiveMode, ArchiveOutcome, Batch, BatchId, Claim, CommitOutcome, Discovery, Expired, FileId,
    Founded, Founding, Ledger, LedgerError, Listing, ListingId, ListingProgress, ListingRequest,
    Mark, Marks, Metrics, Poison, Recorded, Role, StateRow,
};

pub use error::SharedError;

use flight::Flight;
use handle::{Bounds, Core};
use job::{Act, Job, Look, Queue};
use state::State;
use store::Store;

/// What a person finds beside the objects of a ledger.
const ABOUT: &str = "The objects beside this one are the ledger of a stream of files that Floe \
                     keeps. Do not change or delete any of them while the stream is wanted.\n";

/// A ledger in an object store, for consumers on many machines.
///
/// A clone is the same handle. Each machine opens one of its own; every handle has the whole state
/// in memory and keeps it up by reading what others did. What is done at the same time by
/// consumers of one handle becomes one change of the store. `shared-ledger.md` in the crate gives
/// the reasons.
///
/// # Guarantees
/// - As [`Ledger`], over all handles of all machines: transactions have one order, which is that in
///   which one small object, the head, was changed. It is changed by compare-and-swap alone.
/// - Whatever a method answers was so at some moment between its call and its answer: what looks
///   only asks the store first whether there is anything new.
/// - A consumer that was paused and comes back can do no harm, however long it was: what it sends
///   is for a head that is not there any more. Nor can a request that arrives late.
/// - What the store did not answer is looked up. If that cannot be told, it is an error
///   ([`SharedError::Unknown`]), and repeating the call does no harm.
/// - An object that is gone, cut off or changed is an error and never an empty ledger.
///
/// # Assumptions
/// - The store honours conditions (this is tried out at each [`open`](Self::open)) and reads what
///   was written last, as S3, Azure and Cloud Storage promise. An older head is noticed.
/// - All machines run versions with the same format of the ledger; a newer one is refused, and a
///   state that comes out differently is noticed.
///
/// # Cost
/// A call that changes something is one conditional write of the head, of some 16 KiB on average;
/// every 32 KiB of changes another object is written beside it. A call that changes nothing is one
/// conditional read without content, if nobody else changed anything. A lost race costs one read
/// and one write more. Images of the whole are written for each half of their length of changes.
///
/// # Caveats
/// - Each handle takes `K + 130·k + K_o + 60·o` bytes of memory and what the other parts of the
///   state take, with the words of the formula in the crate's `design.md` and *K_o* for the bytes
///   of outstanding identities; while an image is written or read, its length more, which is about
///   `K' + 30·k` with *K'* what names do not have in common with the one before.
/// - The head is one object: a few dozen changes a second are what a cloud takes, whatever the
///   number of consumers. Changes of one handle share one.
/// - The calls of one handle wait for one another. The one that is at it works for all.
/// - Objects are written in one request, so an image must fit into what the store takes at once
///   (5 GiB for S3).
///
/// ```
/// use floe_ingest::{Founding, Ledger, Role, SharedLedger, VersionRule};
/// use floe_notify::clock::{Clock, ManualClock};
/// use floe_notify::StreamId;
/// use object_store::memory::InMemory;
/// use std::sync::Arc;
///
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "s3://landing/orders".to_owned(),
///     rule: VersionRule::EntityTag,
///     options: Default::default(),
///     defaults: Default::default(),
/// };
/// let (store, clock) = (Arc::new(InMemory::new()), Arc::new(ManualClock::default()));
/// let now = clock.now();
/// clock.run(async {
///     let here = SharedLedger::open(store.clone(), "state/orders", clock.clone()).await?;
///     let there = SharedLedger::open(store, "state/orders", clock.clone()).await?;
///     assert!(here.found(&founding, now).await?.created);
///     assert!(!there.found(&founding, now).await?.created);
///     let (role, other) = (Role::new("consumer-0")?, Role::new("consumer-1")?);
///     assert_eq!(here.join(&role, now).await?.epoch(), 1);
///     assert_eq!(there.join(&other, now).await?.epoch(), 2);
///     Ok::<(), Box<dyn std::error::Error>>(())
/// }).unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedLedger(Arc<Shared>);

/// What all clones share.
struct Shared {
    name: String,
    queue: Arc<Queue>,
    core: Mutex<Core>,
}

impl fmt::Debug for SharedLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedLedger").field(&self.0.name).finish()
    }
}

impl SharedLedger {
    /// Opens the ledger under a prefix of a store, or makes it when there is none, and reads its
    /// state. The prefix is the ledger's alone.
    ///
    /// It takes nine requests, one or two more the first time, and those that read the state.
    ///
    /// # Errors
    /// [`SharedError::NoConditions`] for a store that cannot hold a shared ledger,
    /// [`SharedError::Damaged`], [`SharedError::NewerFormat`] and [`SharedError::Lost`] for objects
    /// that are not a whole ledger of this version, [`SharedError::Denied`],
    /// [`SharedError::Store`] and [`SharedError::Contended`].
    ///
    /// ```
    /// use floe_ingest::{SharedError, SharedLedger};
    /// use floe_notify::clock::ManualClock;
    /// use object_store::memory::InMemory;
    /// use object_store::ObjectStoreExt;
    /// use std::sync::Arc;
    /// let (store, clock) = (Arc::new(InMemory::new()), Arc::new(ManualClock::default()));
    /// clock.run(async {
    ///     SharedLedger::open(store.clone(), "state/orders", clock.clone()).await?;
    ///     store.delete(&"state/orders/head".into()).await.unwrap();
    ///     let again = SharedLedger::open(store, "state/orders", clock.clone()).await;
    ///     let error = again.unwrap_err();
    ///     assert!(matches!(error, SharedError::Lost { .. }), "it is no empty ledger: {error}");
    ///     Ok::<(), SharedError>(())
    /// }).unwrap()?;
    /// # Ok::<(), SharedError>(())
    /// ```
    pub async fn open(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SharedError> {
        Self::open_with(store, prefix, clock, Bounds::default()).await
    }

    async fn open_with(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        clock: Arc<dyn Clock>,
        bounds: Bounds,
    ) -> Result<Self, SharedError> {
        let store = Store::new(store, Path::from(prefix), clock);
        let mut core = Core {
            store,
            state: State::new(),
            flight: Flight::default(),
            bounds,
            heard: Timestamp::default(),
        };
        core.enter().await?;
        probe::probe(&core.store).await?;
        let about = core.store.about_path();
        core.store
            .create(&about, Bytes::from_static(ABOUT.as_bytes()))
            .await?;
        core.refresh().await?;
        Ok(Self(Arc::new(Shared {
            name: core.store.name(),
            queue: Arc::default(),
            core: Mutex::new(core),
        })))
    }

    /// One transaction that may change something.
    fn act<A: Action>(&self, action: A) -> Answer<'_, A::Answer> {
        let (reply, answer) = oneshot::channel();
        self.call(Box::new(Act { action, reply }), answer)
    }

    fn look<'a, T: Send + 'static>(
        &'a self,
        look: impl FnOnce(&Replica) -> Result<T, LedgerError> + Send + 'static,
    ) -> Answer<'a, T> {
        let (reply, answer) = oneshot::channel();
        self.call(Box::new(Look { look, reply }), answer)
    }

    /// Waits until the job is answered: by whoever is at it, or by doing it.
    fn call<T: Send + 'static>(
        &self,
        job: Box<dyn Job>,
        mut answer: oneshot::Receiver<Result<T, LedgerError>>,
    ) -> Answer<'_, T> {
        let shared = &*self.0;
        Box::pin(async move {
            shared.queue.push(job);
            loop {
                match select(&mut answer, shared.core.lock()).await {
                    Either::Left((Ok(answer), _)) => return answer,
                    Either::Left((Err(oneshot::Canceled), _)) => {
                        let ledger = shared.name.clone();
                        return Err(LedgerError::driver(SharedError::Unknown { ledger }));
                    }
                    Either::Right((mut core, _)) => core.serve(&shared.queue).await,
                }
            }
        })
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, LedgerError>>;

impl Ledger for SharedLedger {
    fn found<'a>(&'a self, founding: &'a Founding, now: Timestamp) -> Answer<'a, Founded> {
        let founding = founding.clone();
        self.act(Found { founding, now })
    }

    fn join<'a>(&'a self, role: &'a Role, _now: Timestamp) -> Answer<'a, Claim> {
        let role = role.clone();
        self.act(Join { role })
    }

    fn leave<'a>(&'a self, claim: &'a Claim) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.act(Leave { claim })
    }

    fn record<'a>(
        &'a self,
        claim: &'a Claim,
        discoveries: &'a [Discovery],
        progress: Option<&'a ListingProgress>,
        now: Timestamp,
    ) -> Answer<'a, Vec<Recorded>> {
        self.act(Record {
            claim: claim.clone(),
            discoveries: discoveries.to_vec(),
            progress: progress.cloned(),
            now,
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
        self.act(NextBatch {
            claim,
            bounds,
            lease,
            now,
        })
    }

    fn renew<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.act(Renew {
            claim,
            batch,
            lease,
            now,
        })
    }

    fn release<'a>(&'a self, claim: &'a Claim, batch: BatchId) -> Answer<'a, ()> {
        let claim = claim.clone();
        self.act(Release { claim, batch })
    }

    fn commit<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> Answer<'a, CommitOutcome> {
        let claim = claim.clone();
        self.act(Commit { claim, batch, now })
    }

    fn quarantine<'a>(&'a self, claim: &'a Claim, poison: &'a Poison) -> Answer<'a, ()> {
        let (claim, poison) = (claim.clone(), poison.clone());
        self.act(Quarantine { claim, poison })
    }

    fn quarantined<'a>(
        &'a self,
        after: Option<&'a MessageId>,
        limit: usize,
    ) -> Answer<'a, Vec<Poison>> {
        let after = after.cloned();
        self.look(move |replica| replica.quarantined(after.as_ref(), limit))
    }

    fn discharge<'a>(&'a self, message: &'a MessageId) -> Answer<'a, bool> {
        let message = message.clone();
        self.act(Discharge { message })
    }

    fn request_listing<'a>(
        &'a self,
        claim: &'a Claim,
        request: &'a ListingRequest,
        now: Timestamp,
    ) -> Answer<'a, ListingId> {
        self.act(RequestListing {
            claim: claim.clone(),
            request: request.clone(),
            now,
        })
    }

    fn next_listing<'a>(
        &'a self,
        claim: &'a Claim,
        lease: Duration,
        now: Timestamp,
    ) -> Answer<'a, Option<Listing>> {
        let claim = claim.clone();
        self.act(NextListing { claim, lease, now })
    }

    fn finish_listing<'a>(
        &'a self,
        claim: &'a Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> Answer<'a, bool> {
        let claim = claim.clone();
        self.act(FinishListing {
            claim,
            listing,
            round,
            now,
        })
    }

    fn archive<'a>(
        &'a self,
        claim: &'a Claim,
        files: &'a [FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> Answer<'a, Vec<ArchiveOutcome>> {
        let (claim, files) = (claim.clone(), files.to_vec());
        self.act(Archive {
            claim,
            files,
            mode,
            now,
        })
    }

    fn mark<'a>(&'a self, claim: &'a Claim, mark: &'a Mark, _now: Timestamp) -> Answer<'a, ()> {
        let (claim, mark) = (claim.clone(), mark.clone());
        self.act(MarkIt { claim, mark })
    }

    fn expire<'a>(
        &'a self,
        claim: &'a Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'a, Expired> {
        let claim = claim.clone();
        self.act(Expire {
            claim,
            age,
            limit,
            now,
        })
    }

    /// Writes an image of the state, and deletes objects that no head will name again.
    fn compact(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let mut core = self.0.core.lock().await;
            let mut compacted = core.refresh().await;
            if compacted.is_ok() {
                core.state.replica.founded()?;
                compacted = core.make_image().await;
            }
            compacted.map_err(|error| {
                core.give_up(&error);
                LedgerError::driver(error)
            })
        })
    }

    fn marks(&self) -> Answer<'_, Marks> {
        self.look(Replica::marks)
    }

    fn metrics(&self) -> Answer<'_, Metrics> {
        self.look(Replica::metrics)
    }

    fn unknown<'a>(&'a self, ids: &'a [FileId]) -> Answer<'a, Vec<bool>> {
        let ids = ids.to_vec();
        self.look(move |replica| replica.unknown(&ids))
    }

    fn rows<'a>(&'a self, after: Option<&'a FileId>, limit: usize) -> Answer<'a, Vec<StateRow>> {
        let after = after.cloned();
        self.look(move |replica| replica.rows(after.as_ref(), limit))
    }
}
