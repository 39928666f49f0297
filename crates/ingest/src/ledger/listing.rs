//! Listings that are due: noted durably, so that what asked for them may be forgotten.

use std::fmt;
use std::time::Duration;

/// Most unfinished listings: renames of directories that come faster than they can be listed are
/// refused, and their messages come again.
pub const MAX_LISTINGS: usize = 10_000;

/// The number of a listing in its stream.
///
/// ```
/// assert_eq!(floe_ingest::ListingId(2).to_string(), "2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListingId(pub u64);

impl fmt::Display for ListingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why something has to be listed.
///
/// ```
/// use floe_ingest::ListingReason;
/// assert!(ListingReason::Backfill.is_whole() && !ListingReason::Renamed.is_whole());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ListingReason {
    /// The first start: files are there already.
    Initial,
    /// The first start of a stream that does not want what is there already.
    Existing,
    /// It is time again (`backfillInterval`), or there are no notifications.
    Backfill,
    /// Events may have been lost: the stream stood still for too long, the queue was lost or is
    /// new, or the watcher says so.
    Fallback,
    /// The path of the stream is another one.
    Moved,
    /// A directory is there under a new name.
    Renamed,
}

impl ListingReason {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::Initial,
        Self::Existing,
        Self::Backfill,
        Self::Fallback,
        Self::Moved,
        Self::Renamed,
    ];

    /// Whether it is the whole path of the stream that is listed, so that the marks of backfills
    /// are moved by it.
    ///
    /// ```
    /// assert!(floe_ingest::ListingReason::Initial.is_whole());
    /// ```
    #[must_use]
    pub const fn is_whole(self) -> bool {
        !matches!(self, Self::Renamed)
    }

    /// Whether it is a first listing that a stream has only once: a second one would take for old
    /// what is new by then. A second [`Initial`](Self::Initial) does no harm.
    ///
    /// ```
    /// use floe_ingest::ListingReason;
    /// assert!(ListingReason::Existing.is_first() && !ListingReason::Backfill.is_first());
    /// ```
    #[must_use]
    pub const fn is_first(self) -> bool {
        matches!(self, Self::Existing)
    }

    /// Returns the name that ledgers keep.
    ///
    /// ```
    /// assert_eq!(floe_ingest::ListingReason::Moved.as_str(), "moved");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Existing => "existing",
            Self::Backfill => "backfill",
            Self::Fallback => "fallback",
            Self::Moved => "moved",
            Self::Renamed => "renamed",
        }
    }

    /// Takes back a name that a ledger kept.
    ///
    /// ```
    /// use floe_ingest::ListingReason;
    /// assert_eq!(ListingReason::from_name("backfill"), Some(ListingReason::Backfill));
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// What has to be listed.
///
/// ```
/// use floe_ingest::{ListingReason, ListingRequest};
/// let request = ListingRequest { reason: ListingReason::Renamed, prefix: b"in/day=1/".to_vec() };
/// assert!(!request.reason.is_whole());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListingRequest {
    /// Why.
    pub reason: ListingReason,
    /// What the keys begin with, as the store has them; empty for a whole container.
    pub prefix: Vec<u8>,
}

/// A listing that is to be done now.
///
/// ```
/// use floe_ingest::{Listing, ListingId, ListingReason};
/// let listing = Listing {
///     id: ListingId(1),
///     round: 1,
///     reason: ListingReason::Initial,
///     prefix: b"in/".to_vec(),
///     after: None,
/// };
/// assert!(listing.after.is_none(), "it starts at the beginning");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its number.
    pub id: ListingId,
    /// How often it started from the beginning; progress of an earlier round counts for nothing.
    pub round: u64,
    /// Why.
    pub reason: ListingReason,
    /// What the keys begin with.
    pub prefix: Vec<u8>,
    /// The last key that is known already; none at the beginning.
    pub after: Option<Vec<u8>>,
}

/// How far a listing has come.
///
/// ```
/// use floe_ingest::{ListingId, ListingProgress};
/// use std::time::Duration;
/// let lease = Duration::from_secs(60);
/// let at = ListingProgress { listing: ListingId(1), round: 1, after: b"k".to_vec(), lease };
/// assert_eq!(at.listing, ListingId(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingProgress {
    /// Which listing.
    pub listing: ListingId,
    /// Its round.
    pub round: u64,
    /// The last key of the page; everything before it is known.
    pub after: Vec<u8>,
    /// How long the listing stays held, from this transaction on.
    pub lease: Duration,
}
