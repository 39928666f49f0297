//! What a stream remembers: the trait of ledgers, and the words it is written in.

mod archive;
mod batch;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod file;
mod listing;
mod marks;
mod poison;
mod role;
#[cfg(feature = "object-store")]
mod shared;

use std::fmt::Debug;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, MessageId};

use crate::FileId;

pub use archive::{ArchiveMode, ArchiveOutcome};
pub use batch::{Batch, BatchId, CommitOutcome, MAX_OPEN_BATCHES};
#[cfg(all(test, feature = "embedded"))]
pub(crate) use embedded::SimDisk;
#[cfg(feature = "embedded")]
pub use embedded::{EmbeddedError, EmbeddedLedger};
pub use error::LedgerError;
pub use file::{
    Discovery, Expired, FileEntry, LogState, MAX_DISCOVERIES, MAX_PAGE, Recorded, Seq, Sighting,
    StateRow,
};
pub use listing::{
    Listing, ListingId, ListingProgress, ListingReason, ListingRequest, MAX_LISTINGS,
};
pub use marks::{Founded, Founding, Mark, Marks, Metrics};
pub use poison::{MAX_BODY_KEPT, MAX_QUARANTINED, Poison};
pub use role::{Claim, MAX_ROLE_BYTES, MAX_ROLES, Role};
#[cfg(feature = "object-store")]
pub use shared::{SharedError, SharedLedger};

/// The memory of one stream: which files are known, in which order they were found, which batch
/// each is in, and what has been committed.
///
/// Several consumers, in one process or many where the implementation says so, may share one
/// ledger. Each method is one transaction.
///
/// # Expected flow
/// [`found`](Self::found) once at every start, then [`join`](Self::join). What events and
/// listings tell of is [recorded](Self::record), and only then acknowledged.
/// [`next_batch`](Self::next_batch) hands out work; the sink commits it under the stream and the
/// id of the batch; then [`commit`](Self::commit). A consumer that stops [leaves](Self::leave).
///
/// # Guarantees
/// - Every transaction is atomic, and all of them have one order, which every consumer sees.
/// - What changed is durable before the future is ready with Ok. A crash at any point leaves the
///   state after some transaction, with all those that were answered Ok before it.
/// - After an error either the whole transaction took place or nothing of it, and nobody is told
///   which. Every method can be repeated, so that this does no harm.
/// - A method that takes a [`Claim`] changes nothing and answers [`LedgerError::Fenced`] once a
///   newer claim of the same role was given out. That is checked within the transaction.
/// - Safety does not depend on `now`: clocks that differ, jump or stand still may make work be
///   done twice, or late, and never make a file be forgotten or be in two batches. The one
///   exception is [`expire`](Self::expire), which forgets by time and says so.
///
/// # Assumptions
/// Sinks are idempotent by stream and batch: a batch is handed out again as often as it takes.
///
/// # Caveats
/// Implementations may serialise all transactions. Slices beyond the limits of a method are
/// refused ([`LedgerError::TooMany`]), not cut.
///
/// # Errors
/// All methods: [`LedgerError::Driver`] with the code and the words of the implementation, and
/// [`LedgerError::NotFounded`] before [`found`](Self::found) succeeded for the first time in the
/// life of the ledger. Beside these each names its own.
///
/// # Cancel safety
/// All methods: a future that is dropped leaves the transaction done or not done, as an error
/// does.
pub trait Ledger: Send + Sync + Debug {
    /// Makes the stream when the ledger is empty; otherwise says what it is.
    ///
    /// # Guarantees
    /// - `created` is true exactly when this transaction made the stream. A ledger that cannot be
    ///   read is an error, never an empty one: who misreads a failure as a first start ingests
    ///   everything again.
    /// - Of a stream that is there nothing is changed, whatever `founding` says. The caller
    ///   compares.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond the limits of [`Founding`].
    fn found<'a>(
        &'a self,
        founding: &'a Founding,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Founded, LedgerError>>;

    /// Claims a role, and fences every older claim of it.
    ///
    /// # Guarantees
    /// - Claims have rising [epochs](Claim::epoch) over the whole life of the ledger, also across
    ///   roles and after [`leave`](Self::leave).
    /// - Batches and listings that an older claim of the role held are free at once.
    /// - A claim does not run out by time.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] when [`MAX_ROLES`] other roles are claimed.
    fn join<'a>(
        &'a self,
        role: &'a Role,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Claim, LedgerError>>;

    /// Gives a role up: what it held is free at once, and the claim is worth nothing any more.
    ///
    /// # Errors
    /// [`LedgerError::Fenced`], also when it was given up before; nothing is left to do.
    fn leave<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Makes known what events or a listing told of, and says of each, in order, what it is.
    ///
    /// # Guarantees
    /// For each discovery, as if they came one after another, with the horizon that
    /// [`expire`](Self::expire) left:
    /// - its identity is known: [`Recorded::Known`], and nothing changes, not even its size;
    ///   but for one that was only [seen](Recorded::Seen) and of which now an event tells, which
    ///   becomes [`Recorded::New`];
    /// - unknown, and created at or before the horizon: [`Recorded::TooOld`], and nothing
    ///   changes;
    /// - unknown, and [`Sighting::Existing`]: [`Recorded::Seen`]; it is known from now on and is
    ///   never part of a batch, unless an event tells of it. Once the
    ///   [first](ListingReason::is_first) listing is over it is [`Recorded::Late`], and nothing
    ///   changes: whoever still works on that listing, having lost its lease, may come upon files
    ///   that landed since;
    /// - unknown otherwise: [`Recorded::New`] with the next number of the log. Numbers begin with
    ///   1, have no gaps, and are never given again.
    ///
    /// `progress`, if there is any, is part of the same transaction: either the listing has moved
    /// on *and* the files of its page are known, or neither. A listing that is finished, that
    /// began again since (another round) or that somebody else holds by now moves nothing and is
    /// no error; the discoveries count.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond [`MAX_DISCOVERIES`], [`LedgerError::Fenced`].
    fn record<'a>(
        &'a self,
        claim: &'a Claim,
        discoveries: &'a [Discovery],
        progress: Option<&'a ListingProgress>,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<Recorded>, LedgerError>>;

    /// Hands out a batch: the oldest open one that nobody holds, or else a new one.
    ///
    /// # Guarantees
    /// - Held is a batch whose lease has not run out at `now`, by a claim that was neither
    ///   fenced nor given up. The caller's own count, too: who asks twice gets two batches.
    /// - A new batch is the next files of the log, as many as
    ///   [`form`](crate::form) takes, with the next id. Ids begin with 1 and have no gaps.
    /// - A batch that was handed out once has the same files in the same order for ever, whatever
    ///   `bounds` are by then; every file of the log is in at most one batch, and batches in the
    ///   order of their ids hold the log in its order.
    /// - Whatever waits is enough for a batch: the last files are not held back for a full one.
    /// - `None` means that nothing waits, or that [`MAX_OPEN_BATCHES`] are open and held.
    ///
    /// # Errors
    /// [`LedgerError::Fenced`].
    fn next_batch<'a>(
        &'a self,
        claim: &'a Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Batch>, LedgerError>>;

    /// Holds a batch until `lease` from now.
    ///
    /// # Errors
    /// [`LedgerError::NotHeld`] when somebody else holds it by now or it is committed: stop
    /// working on it, though going on does no harm. [`LedgerError::NoSuchBatch`],
    /// [`LedgerError::Fenced`].
    fn renew<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Gives a batch back unfinished, so that anybody gets it at once. One that somebody else
    /// holds, or that is committed, stays as it is.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchBatch`], [`LedgerError::Fenced`].
    fn release<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Notes that the sink has a batch: its files are never handed out again.
    ///
    /// # Expected flow
    /// After the sink's own commit is durable, never before.
    ///
    /// # Guarantees
    /// - Whoever's claim is good may commit, also when somebody else holds the batch by now: what
    ///   the sink has is a fact.
    /// - A batch that is committed already is [`CommitOutcome::Already`], also when the ledger has
    ///   forgotten its files.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchBatch`] for an id that was never given out, [`LedgerError::Fenced`].
    fn commit<'a>(
        &'a self,
        claim: &'a Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<CommitOutcome, LedgerError>>;

    /// Notes that committed files were cleaned away: deleted, or moved to another place; and says
    /// of each, in order, what became of it.
    ///
    /// # Expected flow
    /// After the file is gone from where it was, never before, so that a crash in between leaves
    /// a mark that is missing and no mark that lies.
    ///
    /// # Guarantees
    /// For each file, as if they came one after another:
    /// - committed and without a mark: [`ArchiveOutcome::Now`], and
    ///   [`StateRow::archived`] is `now` and `mode` from then on;
    /// - marked before: [`ArchiveOutcome::Already`]; the first mark is the one;
    /// - not committed, or not known: that is told, and nothing changes.
    ///
    /// Nothing else of a file changes: it stays known, and is forgotten as if it had no mark.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond [`MAX_DISCOVERIES`], [`LedgerError::Fenced`].
    fn archive<'a>(
        &'a self,
        claim: &'a Claim,
        files: &'a [FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Vec<ArchiveOutcome>, LedgerError>>;

    /// Keeps a message that cannot be read or that came too often, so that it can be acknowledged
    /// and looked at. One of the same message takes the place of the older one.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond [`MAX_QUARANTINED`] messages, or for a body longer than
    /// [`MAX_BODY_KEPT`]; [`LedgerError::Fenced`].
    fn quarantine<'a>(
        &'a self,
        claim: &'a Claim,
        poison: &'a Poison,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Returns quarantined messages in the order of their ids, from the one behind `after` on, at
    /// most `limit` and at most [`MAX_PAGE`].
    fn quarantined<'a>(
        &'a self,
        after: Option<&'a MessageId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Poison>, LedgerError>>;

    /// Forgets a quarantined message, for somebody who has dealt with it; true when it was there.
    ///
    /// It needs no claim, because it is done by hand, beside running consumers.
    fn discharge<'a>(&'a self, message: &'a MessageId) -> BoxFuture<'a, Result<bool, LedgerError>>;

    /// Notes durably that a prefix has to be listed, so that what asked for it may be forgotten.
    ///
    /// # Guarantees
    /// - An unfinished listing of the same prefix and reason that has not begun is the same one:
    ///   its id is returned. One that has begun may have passed what the new request is about, so
    ///   it starts again from the beginning, under its old id and with its lease.
    /// - The [first](ListingReason::is_first) listing is asked for once in the life of a stream. If
    ///   [`Marks::backfill_started`] is set, a request for it changes nothing, and answers the id
    ///   of the unfinished one, or 0, which no listing has. Two consumers that start together both
    ///   ask; a second listing of what was there before would take for old what is new by then.
    /// - The marks of backfills ([`Marks::backfill_started`]) are set in the same transaction for
    ///   a [reason](ListingReason::is_whole) that lists the whole path.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond [`MAX_LISTINGS`] or for a prefix longer than
    /// [`floe_notify::MAX_KEY_BYTES`]; [`LedgerError::Fenced`].
    fn request_listing<'a>(
        &'a self,
        claim: &'a Claim,
        request: &'a ListingRequest,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<ListingId, LedgerError>>;

    /// Hands out the oldest unfinished listing that nobody holds, and holds it until `lease` from
    /// now; every [progress](Self::record) holds it for as long again. Held means the same as for
    /// [`next_batch`](Self::next_batch). From now on it has begun.
    ///
    /// # Guarantees
    /// No other listing is handed out while the [first](ListingReason::is_first) one is
    /// unfinished: what was there before would be new to it.
    ///
    /// # Errors
    /// [`LedgerError::Fenced`].
    fn next_listing<'a>(
        &'a self,
        claim: &'a Claim,
        lease: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<Listing>, LedgerError>>;

    /// Notes that a listing has come to its end, and sets [`Marks::backfill_finished`] when it was
    /// of the whole path. `round` is that of the [`Listing`]: one that was asked for again since
    /// is not finished by this.
    ///
    /// True when it is finished by this or was before; false when it has to be done again, and is
    /// free for anybody at once.
    ///
    /// # Errors
    /// [`LedgerError::Fenced`].
    fn finish_listing<'a>(
        &'a self,
        claim: &'a Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<bool, LedgerError>>;

    /// Changes one of the marks.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] for texts beyond the limits of [`Founding`];
    /// [`LedgerError::Fenced`].
    fn mark<'a>(
        &'a self,
        claim: &'a Claim,
        mark: &'a Mark,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<(), LedgerError>>;

    /// Forgets committed and merely seen files that are older than `age`, a part at a time.
    ///
    /// # Expected flow
    /// From time to time, again and again until [`Expired::is_done`].
    ///
    /// # Guarantees
    /// - A file is forgotten only when it is committed or seen, and the later of its creation and
    ///   its discovery lies before `now − age −` [`AGE_MARGIN`](crate::AGE_MARGIN). What waits or
    ///   is in an open batch is never forgotten.
    /// - The horizon is raised to `now − age` in the same transaction in which the first file is
    ///   forgotten, or earlier, and never falls. It is not raised while nothing has ever been
    ///   forgotten and nothing is: a young stream takes files of any age.
    /// - About `limit` files are looked at, in an order of the implementation's choice that reaches
    ///   all of them.
    ///
    /// # Caveats
    /// A file that is older than the horizon and not known is [too old](Recorded::TooOld) from
    /// then on: nobody can tell whether it was committed long ago.
    ///
    /// # Errors
    /// [`LedgerError::Fenced`].
    fn expire<'a>(
        &'a self,
        claim: &'a Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Expired, LedgerError>>;

    /// Gives room back that forgotten things took, where the implementation keeps it. It may take
    /// long and needs no claim; nothing that any method answers changes, but for
    /// [`StateRow::committed`], which may become that of a later batch.
    fn compact(&self) -> BoxFuture<'_, Result<(), LedgerError>>;

    /// Returns the marks of the stream.
    fn marks(&self) -> BoxFuture<'_, Result<Marks, LedgerError>>;

    /// Returns how much is known, waits and is under way. Its cost does not grow with the number
    /// of known files.
    fn metrics(&self) -> BoxFuture<'_, Result<Metrics, LedgerError>>;

    /// Says of each identity, in order, whether [`record`](Self::record) would change anything for
    /// a [`Sighting::Listing`] of it that is not too old: true when it is not known. Fastest when
    /// they are sorted, as listings are.
    ///
    /// # Errors
    /// [`LedgerError::TooMany`] beyond [`MAX_DISCOVERIES`].
    fn unknown<'a>(&'a self, ids: &'a [FileId]) -> BoxFuture<'a, Result<Vec<bool>, LedgerError>>;

    /// Returns known files in the order of their identities, from the one behind `after` on, at
    /// most `limit` and at most [`MAX_PAGE`]; fewer only at the end. Each page is a state between
    /// two transactions; two pages need not be the same one.
    fn rows<'a>(
        &'a self,
        after: Option<&'a FileId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StateRow>, LedgerError>>;
}
