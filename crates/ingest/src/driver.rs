//! The stream at work: what carries out the commands of the [decider](crate::stream).

mod builder;
mod deeds;
mod error;
mod observer;
mod progress;
mod provider;
mod pull;
mod stopper;
mod work;

use std::sync::Arc;

use floe_notify::clock::Clock;
use floe_notify::options::Kept;
use floe_notify::{EventQueue, Finding, Location, StreamId};

use crate::stream::{QueueStart, Settings};
use crate::{Claim, CleanPolicy, Cleaner, FileSource, Home, Ledger, Marks, Reader, Role, Sink};

pub use builder::{FileStreamBuilder, Trigger};
pub use error::StreamError;
pub use observer::{Observer, StreamEvent};
pub use progress::Progress;
pub use provider::{GivenQueue, ManagedQueue, QueueProvider};
pub use pull::{Batches, PulledStream};
pub use stopper::Stopper;

use builder::Shape;
use work::Work;

/// One consumer of an exactly-once stream of files.
///
/// # Expected flow
/// Make one with a [builder](Self::builder), give it a [`Sink`] and [`run`](Self::run) it until it
/// is stopped; or take batches from it one by one, with [`pull`](Self::pull). Start it again with
/// the same ledger after a crash, on this machine or, where the ledger can be reached from there,
/// on another one. Several consumers with different roles share the work.
///
/// # Guarantees
/// Every file that the options want, and that an event or a listing tells of, is delivered in a
/// batch until the sink has it, and in no other batch. A batch has the same id and the same files
/// whenever it is delivered. A message is acknowledged only after what it tells is durable.
///
/// # Assumptions
/// The sink takes a batch that it has already for done. The ledger keeps what it answered.
///
/// ```
/// use std::sync::Arc;
/// use floe_ingest::memory::{MemoryLedger, MemorySource};
/// use floe_ingest::{Batch, FileStream, Sink, SinkError, Trigger};
/// use floe_notify::{BoxFuture, StreamId, clock::ManualClock};
///
/// #[derive(Debug)]
/// struct Print;
/// impl Sink for Print {
///     fn deliver<'a>(&'a self, _: &'a StreamId, batch: &'a Batch)
///     -> BoxFuture<'a, Result<(), SinkError>> {
///         println!("batch {} has {} files", batch.id, batch.files.len());
///         Box::pin(std::future::ready(Ok(())))
///     }
/// }
///
/// let clock = Arc::new(ManualClock::default());
/// let source = Arc::new(MemorySource::default());
/// source.put(b"in/a.csv", "1,2\n", &*clock);
/// source.put(b"in/b.csv", "3,4\n", &*clock);
/// let stream = FileStream::builder("s3://landing/in")
///     .ledger(Arc::new(MemoryLedger::default()))
///     .source(source)
///     .clock(clock.clone())
///     .stream(StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?)
///     .trigger(Trigger::AvailableNow)
///     .build()?;
/// let summary = clock.run(stream.run(&Print)).unwrap()?;
/// assert_eq!((summary.batches, summary.files, summary.bytes), (1, 2, 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FileStream {
    shape: Shape,
    ledger: Arc<dyn Ledger>,
    source: Arc<dyn FileSource>,
    clock: Arc<dyn Clock>,
    id: StreamId,
    provider: Option<Arc<dyn QueueProvider>>,
    role: Role,
    moves: bool,
    observer: Arc<dyn Observer>,
    findings: Vec<Finding>,
    stopper: Stopper,
}

/// What one run of a stream did.
///
/// ```
/// assert_eq!(floe_ingest::Summary::default().files, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Batches that this run committed.
    pub batches: u64,
    /// Their files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a start found out.
struct Opened {
    id: StreamId,
    claim: Claim,
    marks: Marks,
    queue: Option<Arc<dyn EventQueue>>,
    reader: Reader,
    settings: Settings,
    cleaner: Option<Cleaner>,
}

impl FileStream {
    /// Begins to make a stream of the files under a path: `s3://bucket/in`,
    /// `abfss://container@account.dfs.core.windows.net/in`, `gs://bucket/in`, or an absolute path
    /// of this machine without symbolic links in it.
    ///
    /// ```
    /// use floe_ingest::{FileStream, StreamError};
    /// let error = FileStream::builder("ftp://host/in").build().unwrap_err();
    /// assert!(matches!(error, StreamError::Options { .. }));
    /// ```
    pub fn builder(path: impl Into<String>) -> FileStreamBuilder {
        FileStreamBuilder::new(path.into())
    }

    /// Returns what is doubtful about the options, and no error.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the path.
    #[must_use]
    pub fn location(&self) -> &Location {
        &self.shape.location
    }

    /// Returns the container that identities are relative to: [`Home::key_of`] turns the path of a
    /// [file](crate::FileEntry) of a batch into its key in the [source](crate::FileSource).
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.shape.home
    }

    /// Returns what stops this stream.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Runs until the stream is stopped, or until its [trigger](Trigger) says that it is over.
    ///
    /// # Expected flow
    /// Await it; to end it, use the [stopper](Self::stopper): messages that are in hand are given
    /// back, and the batch that the sink is at is brought to its end.
    ///
    /// # Errors
    /// What cannot pass by itself: options that do not go with the ledger, a path that changed,
    /// refusals of store, queue and ledger, and errors of the sink that are not
    /// [retryable](crate::SinkError::is_retryable). What is in hand is given back before it
    /// returns. [`StreamError::is_fenced`] when another consumer took the role.
    ///
    /// # Cancel safety
    /// Dropping it is like a crash: nothing is lost, messages come again after their time.
    pub async fn run(&self, sink: &dyn Sink) -> Result<Summary, StreamError> {
        let opened = self.open().await?;
        Work::new(self, opened, sink).run().await
    }

    async fn open(&self) -> Result<Opened, StreamError> {
        let founding = self.shape.founding(self.id.clone());
        let founded = self.ledger.found(&founding, self.clock.now()).await?;
        let marks = founded.marks;
        let mut shape = self.shape.clone();
        if !founded.created {
            self.take_up(&mut shape, &marks)?;
        }
        let mut settings = shape.settings();
        if let Some(provider) = &self.provider {
            settings.settling = provider.settling();
        }
        let policy = CleanPolicy::new(&shape.options, &shape.location)?;
        let id = marks.founding.stream.clone();
        let queue = match &self.provider {
            Some(provider) if settings.notifications => {
                let known = marks.queue.as_ref();
                provider.open(&*self.clock, &id, known).await?
            }
            _ => None,
        };
        let claim = self.ledger.join(&self.role, self.clock.now()).await?;
        Ok(Opened {
            id,
            claim,
            queue,
            reader: Reader {
                home: shape.home.clone(),
                rule: shape.rule,
                filter: shape.filter(),
                rewrites: shape.rewrites(),
            },
            settings,
            cleaner: policy.mode().map(|_| Cleaner::new(policy)),
            marks,
        })
    }

    /// Keeps what a first start has fixed.
    fn take_up(&self, shape: &mut Shape, marks: &Marks) -> Result<(), StreamError> {
        let kept = Kept {
            given: marks.founding.options.clone(),
            defaults: marks.founding.defaults.clone(),
        };
        let findings = shape.options.restart(&kept);
        if findings.iter().any(Finding::is_error) {
            return Err(StreamError::Options { findings });
        }
        shape.rule = marks.founding.rule;
        let (was, is) = (marks.path.clone(), shape.path());
        let same = Location::parse(&was).is_ok_and(|was| Home::new(&was).is_same(&shape.home));
        if was != is && !(same && self.moves) {
            return Err(StreamError::PathChanged { was, is });
        }
        Ok(())
    }
}

fn queue_start(queue: &dyn EventQueue) -> QueueStart {
    let properties = queue.properties();
    QueueStart {
        id: queue.id().clone(),
        largest_receive: properties.largest_receive(),
        retention: properties.retention(),
    }
}
