//! Files as a ledger is told of them, hands them out and shows them.

use std::fmt;

use floe_notify::clock::Timestamp;

use super::{ArchiveMode, BatchId};
use crate::FileId;

/// Most discoveries of one transaction: ten pages of a listing, or a thousand full receives.
pub const MAX_DISCOVERIES: usize = 10_000;

/// Most rows of one page of anything that a ledger shows.
pub const MAX_PAGE: usize = 10_000;

/// The place of a file in the order of discovery: 1, 2, 3 and so on.
///
/// ```
/// assert!(floe_ingest::Seq(2) > floe_ingest::Seq(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What told of a file.
///
/// ```
/// assert_ne!(floe_ingest::Sighting::Event, floe_ingest::Sighting::Listing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sighting {
    /// An event: somebody wrote it after the notifications were set up.
    Event,
    /// A listing.
    Listing,
    /// The first listing of a stream that does not want files that were there before.
    Existing,
}

/// A file that an event or a listing told of.
///
/// ```
/// use floe_ingest::{Discovery, FileId, Sighting};
/// use floe_notify::clock::Timestamp;
/// let file = Discovery {
///     id: FileId::new(b"/in/a", None)?,
///     size: 7,
///     created: Timestamp::from_millis(1_000),
///     sighting: Sighting::Event,
/// };
/// assert_eq!(file.id.path(), b"/in/a");
/// # Ok::<(), floe_ingest::IdentityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Which file.
    pub id: FileId,
    /// Its length in bytes.
    pub size: u64,
    /// When it was written, as the event or the listing says; used for its age alone.
    pub created: Timestamp,
    /// What told of it.
    pub sighting: Sighting,
}

/// What became of a discovery.
///
/// ```
/// use floe_ingest::{Recorded, Seq};
/// assert_eq!(Recorded::New(Seq(1)).seq(), Some(Seq(1)));
/// assert_eq!(Recorded::Known.seq(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the log under this number.
    New(Seq),
    /// It is known: it waits, is in a batch, is committed, or was seen.
    Known,
    /// It was there before the stream: known, and not to be handed over.
    Seen,
    /// It is older than what the ledger remembers, so it may have been committed long ago.
    TooOld,
    /// Told of as having been there before, when that listing was over already: it may be newer,
    /// so it stays unknown for an event or another listing to tell of.
    Late,
}

impl Recorded {
    /// Returns the number of what is new.
    ///
    /// ```
    /// assert_eq!(floe_ingest::Recorded::TooOld.seq(), None);
    /// ```
    #[must_use]
    pub const fn seq(self) -> Option<Seq> {
        match self {
            Self::New(seq) => Some(seq),
            _ => None,
        }
    }
}

/// One file of a batch.
///
/// ```
/// use floe_ingest::{FileEntry, FileId, Seq};
/// use floe_notify::clock::Timestamp;
/// let (created, discovered) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
/// let id = FileId::new(b"/in/a", None)?;
/// let file = FileEntry { seq: Seq(1), id, size: 7, created, discovered };
/// assert_eq!(file.discovered.since(file.created).as_millis(), 1);
/// # Ok::<(), floe_ingest::IdentityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its place in the log.
    pub seq: Seq,
    /// Which file.
    pub id: FileId,
    /// Its length in bytes when it was discovered.
    pub size: u64,
    /// When it was written, as what discovered it said.
    pub created: Timestamp,
    /// When it was recorded.
    pub discovered: Timestamp,
}

/// What has become of a known file.
///
/// ```
/// use floe_ingest::{BatchId, LogState};
/// assert_eq!(LogState::Committed(BatchId(3)).batch(), Some(BatchId(3)));
/// assert_eq!(LogState::Waiting.batch(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogState {
    /// It was there before the stream and is not handed over.
    Seen,
    /// It waits for a batch.
    Waiting,
    /// It is in a batch that is not committed.
    Open(BatchId),
    /// It is committed.
    Committed(BatchId),
}

impl LogState {
    /// Returns the batch that the file is in.
    ///
    /// ```
    /// assert_eq!(floe_ingest::LogState::Seen.batch(), None);
    /// ```
    #[must_use]
    pub const fn batch(self) -> Option<BatchId> {
        match self {
            Self::Open(batch) | Self::Committed(batch) => Some(batch),
            Self::Seen | Self::Waiting => None,
        }
    }
}

/// A known file as people see it.
///
/// ```
/// use floe_ingest::{FileId, LogState, Seq, StateRow};
/// use floe_notify::clock::Timestamp;
/// let row = StateRow {
///     id: FileId::new(b"/in/a", None)?,
///     seq: Some(Seq(1)),
///     size: 7,
///     created: Timestamp::from_millis(1),
///     discovered: Timestamp::from_millis(2),
///     state: LogState::Waiting,
///     processed: None,
///     committed: None,
///     archived: None,
/// };
/// assert!(row.committed.is_none());
/// # Ok::<(), floe_ingest::IdentityError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateRow {
    /// Which file.
    pub id: FileId,
    /// Its place in the log; none for what was only seen.
    pub seq: Option<Seq>,
    /// Its length in bytes when it was discovered.
    pub size: u64,
    /// When it was written, as what discovered it said.
    pub created: Timestamp,
    /// When it was recorded.
    pub discovered: Timestamp,
    /// What has become of it.
    pub state: LogState,
    /// When its batch was handed out last.
    pub processed: Option<Timestamp>,
    /// When its batch was committed; after [`Ledger::compact`](super::Ledger::compact) possibly
    /// when a later batch was.
    pub committed: Option<Timestamp>,
    /// When and how it was cleaned away.
    pub archived: Option<(Timestamp, ArchiveMode)>,
}

/// What one call of [`Ledger::expire`](super::Ledger::expire) did.
///
/// ```
/// let expired = floe_ingest::Expired { forgotten: 3, is_done: true };
/// assert!(expired.is_done);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// So many files were forgotten.
    pub forgotten: usize,
    /// All files were looked at since the sweep began.
    pub is_done: bool,
}
