//! What a decider is told, and what it asks for.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{MessageId, QueueId};

use crate::{
    Batch, BatchId, Discovery, FileId, Listing, ListingId, ListingProgress, ListingRequest, Mark,
    Marks, Metrics, News,
};

/// What one consumer is to do; it does not change while it runs.
///
/// ```
/// use floe_ingest::stream::Settings;
/// let settings = Settings::new("s3://landing/in", b"in/");
/// assert!(settings.notifications && settings.include_existing);
/// assert_eq!((settings.receivers, settings.bounds.max_files), (1, 1_000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The path of the stream.
    pub path: String,
    /// What the keys below it begin with; what a listing of the whole path lists.
    pub prefix: Vec<u8>,
    /// Whether there is a queue (`useNotifications`).
    pub notifications: bool,
    /// Whether files that were there before are wanted (`includeExistingFiles`).
    pub include_existing: bool,
    /// How much goes into a batch.
    pub bounds: BatchBounds,
    /// How often the path is listed: `backfillInterval`, or without notifications the time
    /// between two polls; `None` for never.
    pub list_every: Option<Duration>,
    /// After which age files are forgotten (`maxFileAge`); `None` for never.
    pub max_file_age: Option<Duration>,
    /// Requests to the queue at a time (`fetchParallelism`).
    pub receivers: usize,
    /// Most messages that are held at a time. SQS hands out 120,000 per queue at most ("Amazon
    /// SQS standard queue quotas"), to all consumers together.
    pub max_held: usize,
    /// A message that still cannot be dealt with when it was received so often goes into
    /// quarantine.
    pub receive_cap: u32,
    /// How long batches and listings are held; they are renewed at half of it.
    pub lease: Duration,
    /// How often a consumer without work looks for batches and listings of others.
    pub look_every: Duration,
    /// Whether it takes what is there and then ends by itself (`Trigger.AvailableNow`): what the
    /// queue hands out, and what is outstanding in the ledger, whoever works on it. Without
    /// notifications it lists the path once, from its start on. `list_every` counts once, at the
    /// start. See [`is_at_rest`](super::Stream::is_at_rest) for when it ends: beside consumers
    /// that go on, in the first moment in which nothing is outstanding.
    pub available_now: bool,
    /// How long after its queue was set up files may still land without an event.
    pub settling: Duration,
}

impl Settings {
    /// The settings that hold where nothing else is said.
    ///
    /// ```
    /// assert_eq!(floe_ingest::stream::Settings::new("/in", b"in/").list_every, None);
    /// ```
    #[must_use]
    pub fn new(path: impl Into<String>, prefix: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            prefix: prefix.into(),
            notifications: true,
            include_existing: true,
            bounds: BatchBounds {
                max_files: 1_000,
                max_bytes: None,
            },
            list_every: None,
            max_file_age: None,
            receivers: 1,
            max_held: 10_000,
            receive_cap: 5,
            lease: Duration::from_secs(300),
            look_every: Duration::from_secs(10),
            available_now: false,
            settling: Duration::ZERO,
        }
    }
}

/// The number of a message in the hands of one consumer; the driver keeps the delivery under it.
///
/// ```
/// assert!(floe_ingest::stream::HeldId(1) < floe_ingest::stream::HeldId(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldId(pub u64);

/// The number of a question to the store.
///
/// ```
/// assert_ne!(floe_ingest::stream::AskId(1), floe_ingest::stream::AskId(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub u64);

/// A queue that is ready to be read.
///
/// ```
/// use floe_ingest::stream::QueueStart;
/// let id = floe_notify::QueueId::new("q")?;
/// let queue = QueueStart { id, largest_receive: 10, retention: None };
/// assert_eq!(queue.largest_receive, 10);
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStart {
    /// Its name.
    pub id: QueueId,
    /// The most messages of one receive.
    pub largest_receive: usize,
    /// How long it keeps messages; `None` for ever.
    pub retention: Option<Duration>,
}

/// One message that was received.
///
/// ```
/// use floe_ingest::News;
/// use floe_ingest::stream::{Arrival, HeldId};
/// use floe_notify::{MessageId, clock::Timestamp};
/// let arrival = Arrival {
///     held: HeldId(1),
///     message: MessageId::new("m"),
///     deadline: Timestamp::from_millis(30_000),
///     receive_count: Some(1),
///     news: News::default(),
/// };
/// assert!(arrival.news.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The number that the driver keeps the delivery under.
    pub held: HeldId,
    /// The message.
    pub message: MessageId,
    /// Until when it is ours.
    pub deadline: Timestamp,
    /// How often it was received, where the queue counts.
    pub receive_count: Option<u32>,
    /// What it says.
    pub news: News,
}

/// How a receive failed.
///
/// ```
/// use floe_ingest::stream::ReceiveFailure;
/// assert_ne!(ReceiveFailure::Later, ReceiveFailure::Lost);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveFailure {
    /// It may go better later.
    Later,
    /// There is no such queue any more.
    Lost,
}

/// What became of a heartbeat.
///
/// ```
/// use floe_ingest::stream::Extension;
/// assert_ne!(Extension::Gone, Extension::Failed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// It is ours until then.
    Until(Timestamp),
    /// Somebody else has it, or it is acknowledged.
    Gone,
    /// The queue did not answer; it may be tried again.
    Failed,
}

/// What the store says of a file.
///
/// ```
/// assert_ne!(floe_ingest::stream::AskAnswer::Missing, floe_ingest::stream::AskAnswer::Failed);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskAnswer {
    /// It is there.
    Found(Discovery),
    /// It is not there any more.
    Missing,
    /// The store did not answer.
    Failed,
}

/// A page of a listing.
///
/// ```
/// use floe_ingest::stream::ListedPage;
/// let page = ListedPage { files: Vec::new(), asks: Vec::new(), last: None, is_last: true };
/// assert!(page.is_last);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPage {
    /// The files that the stream wants and that are told of completely; at most
    /// [`MAX_DISCOVERIES`](crate::MAX_DISCOVERIES) with the asks.
    pub files: Vec<Discovery>,
    /// Files that the store has to be asked about.
    pub asks: Vec<crate::Ask>,
    /// The last key of the page, of wanted files and others; none when there is none.
    pub last: Option<Vec<u8>>,
    /// There is no further page.
    pub is_last: bool,
}

/// What a decider is told. Every command but those that say otherwise is answered by exactly one
/// input, or by [`Input::Fenced`].
///
/// ```
/// use floe_ingest::stream::Input;
/// assert_ne!(Input::Tick, Input::Stop);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The stream is founded, the role claimed, and it was looked for the queue, if the stream
    /// uses one. A queue that is missing must *not* be set up before
    /// [`Command::SetUpQueue`] says so: that it was missing has to be noted first.
    Joined {
        /// What the ledger keeps of the stream.
        marks: Box<Marks>,
        /// The queue, if it is there.
        queue: Option<QueueStart>,
    },
    /// Answers [`Command::SetUpQueue`]: it is there again.
    QueueReady(QueueStart),
    /// Answers [`Command::SetUpQueue`]: not yet.
    QueueNotReady,
    /// Answers [`Command::Receive`].
    Received {
        /// When the queue was asked.
        asked: Timestamp,
        /// What it handed out.
        arrivals: Vec<Arrival>,
    },
    /// Answers [`Command::Receive`].
    ReceiveFailed(ReceiveFailure),
    /// Answers [`Command::Extend`].
    Extended {
        /// Which message.
        held: HeldId,
        /// How it went.
        extension: Extension,
    },
    /// Answers [`Command::Acknowledge`], however it went: what was not acknowledged comes again.
    Acknowledged,
    /// Answers [`Command::Quarantine`]: it is durable.
    Quarantined {
        /// Which message.
        held: HeldId,
    },
    /// Answers [`Command::Quarantine`]: the ledger did not take it.
    NotQuarantined {
        /// Which message.
        held: HeldId,
    },
    /// Answers [`Command::AskStore`].
    Answered {
        /// The question.
        ask: AskId,
        /// The answer.
        answer: AskAnswer,
    },
    /// Answers [`Command::Record`]: it is durable.
    Recorded,
    /// Answers [`Command::Record`].
    NotRecorded,
    /// Answers [`Command::RequestListing`]: it is durable.
    ListingRequested,
    /// Answers [`Command::RequestListing`].
    ListingNotRequested,
    /// Answers [`Command::NextListing`].
    NextListing(Option<Listing>),
    /// Answers [`Command::List`].
    Listed(ListedPage),
    /// Answers [`Command::NextListing`], [`Command::List`] and [`Command::FinishListing`].
    ListingFailed,
    /// Answers [`Command::FinishListing`]: it is finished, or has to be done again.
    ListingFinished(bool),
    /// Answers [`Command::ReadMarks`].
    MarksRead(Box<Marks>),
    /// Answers [`Command::ReadMarks`].
    MarksNotRead,
    /// Answers [`Command::ReadMetrics`].
    MetricsRead(Metrics),
    /// Answers [`Command::ReadMetrics`].
    MetricsNotRead,
    /// Answers [`Command::FindUnknown`], for each in its order; nothing when the ledger failed.
    UnknownFound(Vec<bool>),
    /// Answers [`Command::NextBatch`].
    NextBatch(Option<Arc<Batch>>),
    /// Answers [`Command::NextBatch`]: the ledger failed.
    NoBatch,
    /// Answers [`Command::Deliver`]: the sink has it, durably.
    Delivered,
    /// Answers [`Command::Deliver`]: not, or nobody knows.
    NotDelivered,
    /// Answers [`Command::Commit`]: it is durable.
    Committed,
    /// Answers [`Command::Commit`].
    NotCommitted,
    /// Answers [`Command::Renew`], however it went.
    Renewed,
    /// Answers [`Command::Mark`]: it is durable.
    Marked,
    /// Answers [`Command::Mark`].
    NotMarked,
    /// Answers [`Command::Expire`].
    Expired {
        /// All files were looked at.
        is_done: bool,
    },
    /// Answers [`Command::Expire`].
    NotExpired,
    /// The user wants it to stop.
    Stop,
    /// Somebody else has the role; answers any command to the ledger.
    Fenced,
    /// Answers [`Command::Leave`], however it went.
    Left,
    /// Nothing but time has passed ([`Stream::next_wakeup`](super::Stream::next_wakeup)).
    Tick,
}

/// What is to be done.
///
/// ```
/// use floe_ingest::stream::Command;
/// assert_ne!(Command::Leave, Command::Stopped);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Receive up to so many messages.
    Receive {
        /// The most that there is room for.
        max: usize,
        /// Whether to wait for messages as long as the queue lets one. Without, an empty answer
        /// is to come soon, but it has to be a true one: Amazon SQS asks only some of its servers
        /// when it is told not to wait at all ("Amazon SQS short and long polling"), so wait for
        /// a second there.
        wait: bool,
    },
    /// Hold a message for another visibility time-out.
    Extend(HeldId),
    /// Acknowledge these; they are out of the decider's hands.
    Acknowledge(Vec<HeldId>),
    /// Give these back; they are out of the decider's hands. There is no answer.
    Release(Vec<HeldId>),
    /// Forget these; they come again when their time runs out. There is no answer.
    Drop(Vec<HeldId>),
    /// Keep a message aside in the ledger.
    Quarantine {
        /// Which message.
        held: HeldId,
        /// What is wrong with it.
        reason: String,
    },
    /// Ask the store about a file.
    AskStore {
        /// The question.
        ask: AskId,
        /// The file.
        file: crate::Ask,
    },
    /// Record in the ledger.
    Record {
        /// The files.
        discoveries: Arc<Vec<Discovery>>,
        /// How far a listing has come by them.
        progress: Option<ListingProgress>,
    },
    /// Note in the ledger that a prefix has to be listed.
    RequestListing(ListingRequest),
    /// Take a listing that is due from the ledger, for the [lease](Settings::lease).
    NextListing,
    /// List a page.
    List {
        /// What the listing is.
        listing: Arc<Listing>,
        /// The key behind which the page begins; none for the first.
        after: Option<Vec<u8>>,
    },
    /// Note in the ledger that a listing is finished.
    FinishListing {
        /// Which.
        listing: ListingId,
        /// Its round.
        round: u64,
    },
    /// Ask the ledger which of these it does [not know](crate::Ledger::unknown).
    FindUnknown(Vec<FileId>),
    /// Read the marks from the ledger.
    ReadMarks,
    /// Read from the ledger how much is left.
    ReadMetrics,
    /// Take a batch from the ledger, for the [lease](Settings::lease).
    NextBatch,
    /// Hand a batch to the sink, and let the sink commit it under the stream and its id.
    Deliver(Arc<Batch>),
    /// Commit a batch in the ledger.
    Commit(BatchId),
    /// Hold a batch for another lease.
    Renew(BatchId),
    /// Give a batch back in the ledger. There is no answer.
    ReleaseBatch(BatchId),
    /// Change a mark in the ledger.
    Mark(Mark),
    /// Forget old files in the ledger, a part of them.
    Expire {
        /// How old.
        age: Duration,
    },
    /// Set the queue up, with what sends events to it.
    SetUpQueue,
    /// Leave the role.
    Leave,
    /// It is over; nothing will be answered any more. There is no answer.
    Stopped,
}
