//! A durable queue in a directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use floe_notify::clock::{Clock, Timestamp};
use floe_notify::router::EventSink;
use floe_notify::{
    Bell, BoxFuture, Delivery, EventQueue, Message, QueueError, QueueId, QueueProperties, Receipt,
};

use crate::LocalError;
use crate::manager::{foreign_file, marker::Marker};

mod lock;
mod log;
mod record;
mod registry;
mod reply;
mod store;
mod worker;

pub(crate) use lock::{LOCK_FILE, Lock};
pub(crate) use log::{is_own, sync_folder};
use reply::{Reply, reply};
use store::Store;
use worker::{Job, Worker};

/// Most messages in a queue; the index in memory takes about 200 bytes for each.
pub const MAX_MESSAGES: usize = 1 << 20;

/// Most bytes of a message, attributes included; as much as SQS takes.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// How a consumer wants a queue to behave for it.
///
/// ```
/// let options = floe_notify_local::QueueOptions::default();
/// assert_eq!(options.visibility.as_secs(), 300);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// How long a received message is its consumer's.
    pub visibility: Duration,
    /// Most messages that one receive returns.
    pub largest_receive: usize,
}

impl Default for QueueOptions {
    /// Five minutes, as file streams commonly ask of SQS, and a thousand messages: nothing is sent
    /// over a network here, and acknowledging many at once costs one sync of the disk.
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(300),
            largest_receive: 1_000,
        }
    }
}

/// What was found when a queue was opened.
///
/// ```
/// assert!(!floe_notify_local::Recovery::default().is_damaged());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// Messages that are not acknowledged.
    pub messages: usize,
    /// Bytes at the end that were not written completely, because the machine or the process went
    /// down; what they say had not been confirmed to anybody.
    pub torn_bytes: u64,
    /// Bytes in the middle that cannot be read. The files are kept with the ending `.damaged`, and
    /// the queue holds an event that asks for a listing.
    pub damaged_bytes: u64,
}

impl Recovery {
    /// Returns true when messages may have been lost that had been confirmed.
    ///
    /// ```
    /// assert!(!floe_notify_local::Recovery::default().is_damaged());
    /// ```
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        self.damaged_bytes > 0
    }
}

/// A consumer of a durable queue in a directory, and what a watcher sends with.
///
/// A clone is another consumer; so is a queue that is opened once more in the same process. A
/// thread of its own reads and writes the files, so no method blocks an async runtime.
///
/// # Guarantees
/// - A message is on the disk before [`send`](Self::send) returns, and an acknowledgement before
///   [`acknowledge`](EventQueue::acknowledge) does. Neither is lost when the process is killed or
///   the machine loses its power, as far as the disk keeps what it confirmed.
/// - After a restart everything that is not acknowledged is visible at once, whatever its deadline
///   was: the consumers are gone. Its receive count stays; after a loss of power the newest counts
///   may be missing.
/// - One process has a queue at a time; the kernel frees it when that process ends.
///
/// # Caveats
/// - Dropping the last consumer waits for the thread to finish what it was asked.
/// - Deadlines follow the clock that is given: when somebody sets it forward, messages come again
///   early, and when somebody sets it back, late.
///
/// ```
/// use floe_notify::clock::{Clock, ManualClock};
/// use floe_notify::{EventQueue, Message};
/// use floe_notify_local::{LocalQueue, QueueOptions};
/// use std::time::Duration;
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
/// let directory = tempfile::tempdir().unwrap();
/// let clock = ManualClock::default();
/// let queue = LocalQueue::open(directory.path(), QueueOptions::default())?;
/// block_on(async {
///     queue.send(&clock, vec![Message::new("a")]).await.unwrap();
///     let deliveries = queue.receive(&clock, 10, Duration::ZERO).await?;
///     let results = queue.acknowledge(&[deliveries[0].receipt().clone()]).await;
///     assert!(results[0].is_ok());
///     assert_eq!(queue.approximate_size().await?, Some(0));
///     Ok::<(), floe_notify::QueueError>(())
/// }).unwrap();
/// # Ok::<(), floe_notify_local::LocalError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LocalQueue {
    id: QueueId,
    options: QueueOptions,
    shared: Arc<Shared>,
}

/// What all consumers of a queue in this process share.
#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    bell: Bell,
    recovery: Recovery,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl LocalQueue {
    /// Opens the queue in a directory that is there; an empty one is an empty queue, and one with
    /// other files in it is none.
    ///
    /// Reads the whole log on the calling thread: a few hundred thousand messages a second.
    ///
    /// # Errors
    /// [`LocalError::BadPath`] for what is no directory, [`LocalError::Held`],
    /// [`LocalError::NotAQueue`], [`LocalError::Io`] and [`LocalError::NoRoom`].
    ///
    /// ```
    /// use floe_notify_local::{LocalError, LocalQueue, QueueOptions};
    /// let directory = tempfile::tempdir().unwrap();
    /// let missing = LocalQueue::open(&directory.path().join("q"), QueueOptions::default());
    /// assert!(matches!(missing, Err(LocalError::BadPath { .. })));
    /// ```
    pub fn open(directory: &Path, options: QueueOptions) -> Result<Self, LocalError> {
        let bad = |reason| LocalError::BadPath {
            path: directory.to_owned(),
            reason,
        };
        let folder = match directory.canonicalize() {
            Ok(folder) if folder.is_dir() => folder,
            Ok(_) => return Err(bad("a queue is a directory")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(bad("there is no such directory; set the queue up first"));
            }
            Err(error) => return Err(LocalError::io("open", directory, error)),
        };
        let text = folder.to_str().ok_or_else(|| bad("it must be UTF-8"))?;
        let id = QueueId::new(text);
        let id = id.map_err(|_| bad("it is too long, or holds control characters"))?;
        let shared = registry::get(&folder, || Shared::open(&folder))?;
        Ok(Self {
            id,
            options,
            shared,
        })
    }

    /// Returns what was found when this process opened the queue.
    ///
    /// ```
    /// use floe_notify_local::{LocalQueue, QueueOptions, Recovery};
    /// let directory = tempfile::tempdir().unwrap();
    /// let queue = LocalQueue::open(directory.path(), QueueOptions::default())?;
    /// assert_eq!(queue.recovery(), Recovery::default());
    /// # Ok::<(), floe_notify_local::LocalError>(())
    /// ```
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.shared.recovery
    }

    /// Puts messages into the queue, all or none.
    ///
    /// # Guarantees
    /// After Ok they are on the disk.
    ///
    /// # Errors
    /// [`LocalError::TooLarge`], [`LocalError::Full`], [`LocalError::NoRoom`] and
    /// [`LocalError::Io`], after which none of them is there; [`LocalError::Broken`] and
    /// [`LocalError::Gone`], after which some may be.
    ///
    /// # Cancel safety
    /// A future that was polled once sends, even when it is dropped.
    ///
    /// ```
    /// use floe_notify::{EventQueue, Message, clock::ManualClock};
    /// use floe_notify_local::{LocalError, LocalQueue, MAX_MESSAGE_BYTES, QueueOptions};
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
    /// let directory = tempfile::tempdir().unwrap();
    /// let queue = LocalQueue::open(directory.path(), QueueOptions::default())?;
    /// let large = vec![Message::new("a"), Message::new(vec![0; MAX_MESSAGE_BYTES + 1])];
    /// let sent = block_on(queue.send(&ManualClock::default(), large));
    /// assert!(matches!(sent, Err(LocalError::TooLarge { .. })));
    /// assert_eq!(block_on(queue.approximate_size()).unwrap(), Some(0));
    /// # Ok::<(), floe_notify_local::LocalError>(())
    /// ```
    pub fn send<'a>(
        &'a self,
        clock: &'a dyn Clock,
        messages: Vec<Message>,
    ) -> BoxFuture<'a, Result<(), LocalError>> {
        Box::pin(async move {
            let now = clock.now();
            let job = |reply| Job::Send {
                now,
                messages,
                reply,
            };
            self.ask(job).await
        })
    }

    /// Gives the thread a job and waits for its answer.
    async fn ask<T>(
        &self,
        job: impl FnOnce(Reply<Result<T, LocalError>>) -> Job,
    ) -> Result<T, LocalError> {
        let (to, from) = reply();
        if let Some(jobs) = &self.shared.jobs {
            // A thread that is gone drops the job, and with it the place of the answer.
            drop(jobs.send(job(to)));
        }
        let broken = || LocalError::Broken {
            path: self.shared.folder.clone(),
            reason: "its thread has ended".to_owned(),
        };
        from.await.unwrap_or_else(|| Err(broken()))
    }

    async fn results(
        &self,
        batch: &[Receipt],
        job: impl FnOnce(Vec<Receipt>, Reply<Result<Vec<bool>, LocalError>>) -> Job,
    ) -> Vec<Result<(), QueueError>> {
        if batch.is_empty() {
            return Vec::new();
        }
        let found = self.ask(|reply| job(batch.to_vec(), reply)).await;
        match found.map_err(|error| self.queue_error("change messages", error)) {
            Ok(found) => {
                let results = batch.iter().zip(found);
                results
                    .map(|(one, found)| gone_unless(one, found))
                    .collect()
            }
            Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn queue_error(&self, action: &'static str, error: LocalError) -> QueueError {
        let queue = self.id.clone();
        match error {
            LocalError::Gone { .. } => QueueError::NoSuchQueue { queue },
            error if error.is_permission() => QueueError::Denied {
                queue,
                action,
                reason: error.to_string(),
            },
            error => QueueError::driver(queue, error),
        }
    }
}

impl EventSink for LocalQueue {
    /// The log takes all in one write; of those that are too large each fails by itself.
    fn send_all<'a>(
        &'a self,
        clock: &'a dyn Clock,
        messages: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let sent = self.send(clock, messages.to_vec()).await;
            if !matches!(sent, Err(LocalError::TooLarge { .. })) {
                let sent = sent.map_err(|error| self.queue_error("send messages", error));
                return messages.iter().map(|_| sent.clone()).collect();
            }
            let mut results = Vec::with_capacity(messages.len());
            for message in messages {
                let sent = self.send(clock, vec![message.clone()]).await;
                results.push(sent.map_err(|error| self.queue_error("send messages", error)));
            }
            results
        })
    }
}

fn gone_unless(receipt: &Receipt, found: bool) -> Result<(), QueueError> {
    if found {
        return Ok(());
    }
    let message = receipt.message().clone();
    Err(QueueError::ReceiptGone { message })
}

impl EventQueue for LocalQueue {
    fn id(&self) -> &QueueId {
        &self.id
    }

    fn properties(&self) -> QueueProperties {
        QueueProperties::new(self.options.visibility, self.options.largest_receive)
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        Box::pin(async move {
            let end = clock.now().after(wait);
            let QueueOptions {
                visibility,
                largest_receive,
            } = self.options;
            let max = max.min(largest_receive);
            loop {
                // What rings after this line is not missed below.
                let seen = self.shared.bell.rung();
                let now = clock.now();
                let job = |reply| Job::Receive {
                    now,
                    max,
                    visibility,
                    reply,
                };
                let taken = self.ask(job).await;
                let taken = taken.map_err(|error| self.queue_error("receive messages", error))?;
                if !taken.deliveries.is_empty() || now >= end || max == 0 {
                    return Ok(taken.deliveries);
                }
                let until = taken.next.map_or(end, |next| next.min(end));
                let sleep = clock.sleep(until.since(now));
                self.shared.bell.wait(seen, sleep).await;
            }
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.results(batch, |batch, reply| Job::Acknowledge { batch, reply }))
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let until: Timestamp = clock.now().after(time);
            let receipt = delivery.receipt().clone();
            let job = |reply| Job::Extend {
                receipt,
                until,
                reply,
            };
            let found = self.ask(job).await;
            let found = found.map_err(|error| self.queue_error("extend messages", error))?;
            gone_unless(delivery.receipt(), found)?;
            let token = delivery.receipt().token().to_owned();
            delivery.renew(token, until);
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.results(batch, |batch, reply| Job::Release { batch, reply }))
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async move {
            let size = self.ask(|reply| Job::Size { reply }).await;
            let size = size.map_err(|error| self.queue_error("count messages", error))?;
            Ok(u64::try_from(size).ok())
        })
    }
}

impl Shared {
    fn open(folder: &Path) -> Result<Self, LocalError> {
        let marker = Marker::read(folder)?;
        if let (None, Some(file)) = (&marker, foreign_file(folder)?) {
            return Err(LocalError::NotAQueue {
                path: folder.to_owned(),
                reason: format!("it holds '{file}'"),
            });
        }
        let lock = Lock::take(folder)?;
        let (store, recovery) = Store::open(folder)?;
        let bell = Bell::default();
        let worker = Worker {
            folder: folder.to_owned(),
            store,
            bell: bell.clone(),
            watched: marker
                .and_then(|marker| marker.path)
                .unwrap_or_else(|| PathBuf::from("/")),
            owes_rescan: recovery.is_damaged(),
            now: Timestamp::default(),
            _lock: lock,
        };
        let (jobs, from) = channel();
        let thread = std::thread::Builder::new().name("floe-notify queue".to_owned());
        let thread = thread.spawn(move || worker.run(&from));
        let thread = thread.map_err(|error| LocalError::io("start a thread for", folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            bell,
            recovery,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Without anybody who could ask, the thread ends after its last job.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        registry::closed(&self.folder);
    }
}
