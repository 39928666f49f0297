//! What a ledger keeps of a stream beside its files.

use std::collections::BTreeMap;

use floe_notify::clock::Timestamp;
use floe_notify::{QueueId, StreamId};

use super::{BatchId, Seq};
use crate::VersionRule;

/// What is fixed with the first start.
///
/// The path may have [`floe_notify::MAX_KEY_BYTES`] bytes, the options 1,024 entries of up to
/// 65,536 bytes each.
///
/// ```
/// use floe_ingest::{Founding, VersionRule};
/// use floe_notify::StreamId;
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "s3://landing/orders".to_owned(),
///     rule: VersionRule::KeyAlone,
///     options: [("cloudFiles.format".to_owned(), "json".to_owned())].into(),
///     defaults: Default::default(),
/// };
/// assert_eq!(founding.options.len(), 1);
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// The id of the stream; sinks are idempotent by it and the batch.
    pub stream: StreamId,
    /// The path that it reads; empty when it takes whatever its queue tells of.
    pub path: String,
    /// What tells two contents of one path apart.
    pub rule: VersionRule,
    /// The options that were given ([`floe_notify::options::Kept::given`]).
    pub options: BTreeMap<String, String>,
    /// The defaults that held ([`floe_notify::options::Kept::defaults`]).
    pub defaults: BTreeMap<String, String>,
}

impl Founding {
    /// Most entries of the options, and of the defaults.
    pub const MAX_OPTIONS: usize = 1024;
    /// Most bytes of one entry, name and value together.
    pub const MAX_OPTION_BYTES: usize = 65_536;
}

/// The answer of [`Ledger::found`](super::Ledger::found).
///
/// ```
/// use floe_ingest::{Founded, Founding, Marks, VersionRule};
/// use floe_notify::{StreamId, clock::Timestamp};
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "/srv/in".to_owned(),
///     rule: VersionRule::Stat,
///     options: Default::default(),
///     defaults: Default::default(),
/// };
/// let founded = Founded { created: true, marks: Marks::new(founding, Timestamp::default()) };
/// assert!(founded.marks.last_poll.is_none());
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founded {
    /// The stream was made by this very call.
    pub created: bool,
    /// What is kept of it.
    pub marks: Marks,
}

/// What a ledger keeps of a stream beside its files.
///
/// ```
/// use floe_ingest::{Founding, Marks, VersionRule};
/// use floe_notify::{StreamId, clock::Timestamp};
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "/srv/in".to_owned(),
///     rule: VersionRule::KeyAlone,
///     options: Default::default(),
///     defaults: Default::default(),
/// };
/// let marks = Marks::new(founding.clone(), Timestamp::from_millis(5));
/// assert_eq!((marks.path.as_str(), marks.horizon), ("/srv/in", None));
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// What the first start fixed; its path is that of the first start.
    pub founding: Founding,
    /// When that was.
    pub founded: Timestamp,
    /// The path of the last start.
    pub path: String,
    /// When the last backfill began.
    pub backfill_started: Option<Timestamp>,
    /// When the last backfill that came to its end did.
    pub backfill_finished: Option<Timestamp>,
    /// When a queue was asked for the last time, or somewhat earlier, never later.
    pub last_poll: Option<Timestamp>,
    /// The queue that was asked then.
    pub queue: Option<QueueId>,
    /// The queue was found to be gone, and the listing that this needs is not noted yet.
    pub queue_is_lost: bool,
    /// Files that were created then or before and are not known are too old; none as long as
    /// nothing was ever forgotten.
    pub horizon: Option<Timestamp>,
}

impl Marks {
    /// The marks of a stream that begins; ledgers call this.
    ///
    /// ```
    /// use floe_ingest::{Founding, Marks, VersionRule};
    /// use floe_notify::{StreamId, clock::Timestamp};
    /// let founding = Founding {
    ///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
    ///     path: String::new(),
    ///     rule: VersionRule::KeyAlone,
    ///     options: Default::default(),
    ///     defaults: Default::default(),
    /// };
    /// assert!(Marks::new(founding, Timestamp::default()).queue.is_none());
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn new(founding: Founding, now: Timestamp) -> Self {
        Self {
            path: founding.path.clone(),
            founding,
            founded: now,
            backfill_started: None,
            backfill_finished: None,
            last_poll: None,
            queue: None,
            queue_is_lost: false,
            horizon: None,
        }
    }
}

/// One change of the marks.
///
/// ```
/// use floe_ingest::Mark;
/// assert_ne!(Mark::Moved { path: "/a".into() }, Mark::Moved { path: "/b".into() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mark {
    /// The queue was asked at this time, and what it handed out then is recorded. An earlier time
    /// than is noted for the same queue changes nothing.
    Polled {
        /// Which queue.
        queue: QueueId,
        /// When.
        at: Timestamp,
    },
    /// The queue is gone, with everything in it. Noted before it is set up again: afterwards
    /// nobody could see that it was gone.
    QueueLost,
    /// The queue is there again, and a listing is [requested](super::Ledger::request_listing)
    /// since.
    QueueBack,
    /// The stream reads another path from now on. The listing that this needs is requested
    /// [before](super::Ledger::request_listing).
    Moved {
        /// The path.
        path: String,
    },
}

/// How much is known, waits and is under way.
///
/// ```
/// use floe_ingest::{Metrics, Seq};
/// let metrics = Metrics { files_outstanding: 3, ..Metrics::default() };
/// assert_eq!((metrics.files_outstanding, metrics.seq_num), (3, None::<Seq>));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Files that wait or are in open batches (`numFilesOutstanding`).
    pub files_outstanding: u64,
    /// Their bytes (`numBytesOutstanding`).
    pub bytes_outstanding: u64,
    /// Files that are known, seen and committed ones included.
    pub files_known: u64,
    /// The last number of the log (`seqNum`).
    pub seq_num: Option<Seq>,
    /// The number up to which the log is in batches.
    pub batched_up_to: Option<Seq>,
    /// The last batch that was formed.
    pub last_batch: Option<BatchId>,
    /// Batches that are formed and not committed.
    pub open_batches: u64,
    /// Listings that are not finished.
    pub listings: u64,
    /// Messages in quarantine.
    pub quarantined: u64,
}
