//! How a stream comes to its queue.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, EventQueue, QueueError, QueueId, ResourceManager, StreamId};

use crate::StreamError;

/// Opens the queue that a stream's events arrive in, and sets it up.
///
/// A stream looks for its queue when it starts. If there is none, it notes in its ledger that it
/// may have lost events, has the queue set up, and lists its path.
pub trait QueueProvider: Send + Sync + Debug {
    /// Opens the queue if it is there; changes nothing. `known` is the name under which the stream
    /// polled a queue last.
    ///
    /// # Errors
    /// What kept it from finding out.
    fn open<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        known: Option<&'a QueueId>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn EventQueue>>, StreamError>>;

    /// Sets the queue up, with everything that brings events into it, and opens it.
    ///
    /// # Guarantees
    /// What is there already is used. After Ok every file that lands leads to an event in the
    /// queue.
    ///
    /// # Errors
    /// What kept it from doing so. One that is [retryable](StreamError::is_retryable) is tried
    /// again; any other ends the stream.
    fn set_up<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, StreamError>>;

    /// Returns how long after a set-up files may still land without an event: the path is listed
    /// once more when that has passed. Nothing, unless the provider says otherwise.
    fn settling(&self) -> Duration {
        Duration::ZERO
    }
}

/// A queue that somebody else set up and looks after (`queueUrl`, `queueName`, `subscription`).
///
/// ```
/// use floe_ingest::{GivenQueue, QueueProvider};
/// use floe_notify::{StreamId, clock::ManualClock, memory::MemoryQueue};
/// use std::sync::Arc;
/// let given = GivenQueue::new(Arc::new(MemoryQueue::default()));
/// let clock = ManualClock::default();
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// assert!(clock.run(given.open(&clock, &stream, None)).unwrap()?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GivenQueue(Arc<dyn EventQueue>);

impl GivenQueue {
    /// Takes a queue.
    ///
    /// ```
    /// use floe_notify::memory::MemoryQueue;
    /// let queue = std::sync::Arc::new(MemoryQueue::default());
    /// assert!(format!("{:?}", floe_ingest::GivenQueue::new(queue)).contains("GivenQueue"));
    /// ```
    #[must_use]
    pub fn new(queue: Arc<dyn EventQueue>) -> Self {
        Self(queue)
    }
}

impl QueueProvider for GivenQueue {
    fn open<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        _stream: &'a StreamId,
        _known: Option<&'a QueueId>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn EventQueue>>, StreamError>> {
        Box::pin(if_there(Arc::clone(&self.0)))
    }

    fn set_up<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        _stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, StreamError>> {
        Box::pin(async move {
            // It is not ours to make; somebody may have put it there since.
            self.0.approximate_size().await?;
            Ok(Arc::clone(&self.0))
        })
    }
}

/// Whether a queue that can be opened is there, too.
async fn if_there(queue: Arc<dyn EventQueue>) -> Result<Option<Arc<dyn EventQueue>>, StreamError> {
    match queue.approximate_size().await {
        Ok(_) => Ok(Some(queue)),
        Err(QueueError::NoSuchQueue { .. }) => Ok(None),
        // Whether it is there will show when something is received from it.
        Err(error) if error.is_retryable() => Ok(Some(queue)),
        Err(error) => Err(error.into()),
    }
}

/// Opens a queue by its name.
type Opener =
    dyn Fn(QueueId) -> BoxFuture<'static, Result<Arc<dyn EventQueue>, QueueError>> + Send + Sync;

/// A queue that a [`ResourceManager`] sets up, with everything that brings events into it.
///
/// ```
/// use floe_ingest::{ManagedQueue, QueueProvider};
/// use floe_notify::{EventQueue, QueueError, StreamId};
/// use floe_notify::{clock::ManualClock, memory::MemoryCloud};
/// use std::sync::Arc;
/// let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
/// let queues = cloud.clone();
/// let managed = ManagedQueue::new(Arc::new(cloud.manager("bucket", "in/")), "orders", move |id| {
///     let queue = queues.queue(&id).map(|queue| Arc::new(queue) as Arc<dyn EventQueue>);
///     Box::pin(std::future::ready(queue.ok_or(QueueError::NoSuchQueue { queue: id })))
/// });
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// assert!(clock.run(managed.open(&clock, &stream, None)).unwrap()?.is_none());
/// let queue = clock.run(managed.set_up(&clock, &stream)).unwrap()?;
/// let known = Some(queue.id());
/// assert!(clock.run(managed.open(&clock, &stream, known)).unwrap()?.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ManagedQueue {
    manager: Arc<dyn ResourceManager>,
    suffix: String,
    opener: Box<Opener>,
    settling: Duration,
}

impl ManagedQueue {
    /// Takes what sets the queue up, the resource suffix that its name ends with, and what opens a
    /// queue by its name.
    #[must_use]
    pub fn new(
        manager: Arc<dyn ResourceManager>,
        suffix: impl Into<String>,
        opener: impl Fn(QueueId) -> BoxFuture<'static, Result<Arc<dyn EventQueue>, QueueError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            manager,
            suffix: suffix.into(),
            opener: Box::new(opener),
            settling: Duration::ZERO,
        }
    }

    /// Says how long after a set-up files may still land without an event.
    ///
    /// ```
    /// use floe_ingest::{ManagedQueue, QueueProvider};
    /// use floe_notify::{QueueError, memory::MemoryCloud};
    /// use std::{sync::Arc, time::Duration};
    /// let manager = Arc::new(MemoryCloud::default().manager("bucket", "in/"));
    /// let managed = ManagedQueue::new(manager, "orders", |queue| {
    ///     Box::pin(std::future::ready(Err(QueueError::NoSuchQueue { queue })))
    /// });
    /// let managed = managed.with_settling(Duration::from_secs(300));
    /// assert_eq!(managed.settling().as_secs(), 300);
    /// ```
    #[must_use]
    pub fn with_settling(mut self, settling: Duration) -> Self {
        self.settling = settling;
        self
    }
}

impl Debug for ManagedQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedQueue")
            .field("manager", &self.manager)
            .field("suffix", &self.suffix)
            .finish_non_exhaustive()
    }
}

impl QueueProvider for ManagedQueue {
    fn open<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        _stream: &'a StreamId,
        known: Option<&'a QueueId>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn EventQueue>>, StreamError>> {
        Box::pin(async move {
            let Some(known) = known else {
                return Ok(None);
            };
            match (self.opener)(known.clone()).await {
                Ok(queue) => if_there(queue).await,
                Err(QueueError::NoSuchQueue { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn set_up<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, StreamError>> {
        Box::pin(async move {
            let manager = &self.manager;
            let queue = manager.set_up_notification_services(clock, stream, &self.suffix);
            Ok((self.opener)(queue.await?).await?)
        })
    }

    fn settling(&self) -> Duration {
        self.settling
    }
}
