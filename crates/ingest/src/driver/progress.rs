//! How far a stream is.

use std::fmt;

use floe_notify::StreamId;
use floe_notify::clock::Timestamp;

use super::{FileStream, StreamError};
use crate::{Ledger, Marks, Metrics};

/// How far a stream is, in the words of "Structured Streaming metrics" of Databricks.
///
/// ```
/// use floe_ingest::{Founding, Marks, Metrics, Progress, VersionRule};
/// use floe_notify::{StreamId, clock::Timestamp};
/// let founding = Founding {
///     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
///     path: "/srv/in".to_owned(),
///     rule: VersionRule::KeyAlone,
///     options: Default::default(),
///     defaults: Default::default(),
/// };
/// let marks = Marks::new(founding, Timestamp::default());
/// let metrics = Metrics { files_outstanding: 3, bytes_outstanding: 120, ..Metrics::default() };
/// let progress = Progress::new(marks, metrics, Some(7));
/// assert_eq!(progress.description(), "CloudFilesSource[/srv/in]");
/// let pairs = progress.pairs();
/// assert_eq!(pairs[0], ("numFilesOutstanding", Some("3".to_owned())));
/// assert_eq!(pairs[2], ("approximateQueueSize", Some("7".to_owned())));
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The stream.
    pub stream: StreamId,
    /// Files that are known and not committed (`numFilesOutstanding`).
    pub files_outstanding: u64,
    /// Their bytes (`numBytesOutstanding`).
    pub bytes_outstanding: u64,
    /// Messages in the queue, about, where it tells (`approximateQueueSize`).
    pub queue_size: Option<u64>,
    /// Files that are known.
    pub files_known: u64,
    /// The number of the newest file of the log, in the order of discovery (`seqNum`).
    pub seq_num: u64,
    /// When the last listing of the whole path was asked for (`lastBackfillStartTimeMs`).
    pub backfill_started: Option<Timestamp>,
    /// When one came to its end (`lastBackfillFinishTimeMs`).
    pub backfill_finished: Option<Timestamp>,
    /// The path of the last run (`lastInputPath`).
    pub path: String,
    /// The newest batch that was formed.
    pub last_batch: Option<u64>,
    /// Batches that are formed and not committed.
    pub open_batches: u64,
    /// Listings that are due or under way.
    pub listings: u64,
    /// Messages that were put aside.
    pub quarantined: u64,
}

/// The version of the words of [`Progress::pairs`], which is not that of the ledger's file.
const SOURCE_VERSION: u32 = 1;

impl Progress {
    /// Puts together what a ledger and a queue tell.
    #[must_use]
    pub fn new(marks: Marks, metrics: Metrics, queue_size: Option<u64>) -> Self {
        Self {
            stream: marks.founding.stream,
            files_outstanding: metrics.files_outstanding,
            bytes_outstanding: metrics.bytes_outstanding,
            queue_size,
            files_known: metrics.files_known,
            seq_num: metrics.seq_num.map_or(0, |seq| seq.0),
            backfill_started: marks.backfill_started,
            backfill_finished: marks.backfill_finished,
            path: marks.path,
            last_batch: metrics.last_batch.map(|batch| batch.0),
            open_batches: metrics.open_batches,
            listings: metrics.listings,
            quarantined: metrics.quarantined,
        }
    }

    /// Asks a ledger.
    ///
    /// # Errors
    /// What the ledger says, [`LedgerError::NotFounded`](crate::LedgerError::NotFounded) among it.
    pub async fn of(ledger: &dyn Ledger, queue_size: Option<u64>) -> Result<Self, StreamError> {
        let (marks, metrics) = (ledger.marks().await?, ledger.metrics().await?);
        Ok(Self::new(marks, metrics, queue_size))
    }

    /// Returns what the original calls the source.
    #[must_use]
    pub fn description(&self) -> String {
        format!("CloudFilesSource[{}]", self.path)
    }

    /// Returns names and values, in the order in which they are shown; numbers and times in
    /// milliseconds are written as decimal digits, as in the progress of a Spark query.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, Option<String>)> {
        let number = |number: u64| Some(number.to_string());
        let time = |at: Option<Timestamp>| at.map(|at| at.as_millis().to_string());
        vec![
            ("numFilesOutstanding", number(self.files_outstanding)),
            ("numBytesOutstanding", number(self.bytes_outstanding)),
            ("approximateQueueSize", self.queue_size.and_then(number)),
            ("seqNum", number(self.seq_num)),
            ("sourceVersion", Some(SOURCE_VERSION.to_string())),
            ("lastBackfillStartTimeMs", time(self.backfill_started)),
            ("lastBackfillFinishTimeMs", time(self.backfill_finished)),
            ("lastInputPath", Some(self.path.clone())),
            ("numFilesKnown", number(self.files_known)),
            ("lastBatchId", self.last_batch.and_then(number)),
            ("numOpenBatches", number(self.open_batches)),
            ("numListings", number(self.listings)),
            ("numQuarantined", number(self.quarantined)),
            ("streamId", Some(self.stream.to_string())),
        ]
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} of {} files outstanding",
            self.description(),
            self.files_outstanding,
            self.files_known
        )
    }
}

impl FileStream {
    /// Tells how far the stream is, also beside a run of it.
    ///
    /// # Errors
    /// What the ledger says; a queue that does not answer is a size that is not known.
    pub async fn progress(&self) -> Result<Progress, StreamError> {
        let marks = self.ledger.marks().await?;
        let queue = match &self.provider {
            Some(provider) => {
                let stream = &marks.founding.stream;
                let open = provider
                    .open(&*self.clock, stream, marks.queue.as_ref())
                    .await;
                open.ok().flatten()
            }
            None => None,
        };
        let size = match queue {
            Some(queue) => queue.approximate_size().await.ok().flatten(),
            None => None,
        };
        Ok(Progress::new(marks, self.ledger.metrics().await?, size))
    }
}
