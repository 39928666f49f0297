//! Streams over directories of this machine.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use floe_ingest::{DirectorySource, EmbeddedLedger, Ledger, ManagedQueue, QueueProvider};
use floe_notify::clock::Clock;
use floe_notify::options::keys;
use floe_notify::{BoxFuture, EventQueue, QueueError, QueueId, Store};
use floe_notify_local::{
    LocalError, LocalQueue, LocalResourceManager, QueueOptions, SystemClock, WatchOptions, Watcher,
};

use super::{StreamHost, StreamPlace, StreamRequest};
use crate::error::{Diagnostic, EngineError};

/// Reaches directories of this machine: files by the file system, events by its kernel, the ledger
/// in the directory of the checkpoint, and the queue below it.
///
/// ```
/// use floe_engine::streams::{LocalHost, StreamHost};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let directory = tempfile::tempdir().unwrap();
/// let checkpoint = directory.path().join("state");
/// let ledger = LocalHost.ledger(checkpoint.to_str().unwrap()).await.unwrap();
/// assert!(ledger.marks().await.is_err(), "no stream was started yet");
/// assert!(LocalHost.ledger("s3://bucket/state").await.is_err());
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalHost;

impl StreamHost for LocalHost {
    fn ledger<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, Diagnostic>> {
        Box::pin(async move {
            if checkpoint.contains("://") {
                return Err(unreached(checkpoint));
            }
            let directory = PathBuf::from(checkpoint);
            let opened = tokio::task::spawn_blocking(move || {
                let made = std::fs::create_dir_all(&directory);
                made.map_err(|error| (directory.clone(), error))?;
                Ok(EmbeddedLedger::open(&directory))
            });
            match opened.await {
                Ok(Ok(Ok(ledger))) => Ok(Arc::new(ledger) as Arc<dyn Ledger>),
                Ok(Ok(Err(error))) => Err(Diagnostic::error(error.code(), error.to_string())),
                Ok(Err((path, source))) => {
                    Err(Diagnostic::from(&EngineError::Checkpoint { path, source }))
                }
                Err(_) => Err(Diagnostic::from(&EngineError::ShuttingDown)),
            }
        })
    }

    fn place<'a>(
        &'a self,
        request: StreamRequest<'a>,
    ) -> BoxFuture<'a, Result<StreamPlace, Diagnostic>> {
        // Boxed on its way only: an answer is large beside what it answers.
        Box::pin(std::future::ready(place(request).map_err(|error| *error)))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}

fn place(request: StreamRequest<'_>) -> Result<StreamPlace, Box<Diagnostic>> {
    if request.location.store() != &Store::Local {
        return Err(Box::new(unreached(&request.location.to_string())));
    }
    let root = PathBuf::from(request.location.key_prefix());
    let refused =
        |error: floe_ingest::SourceError| Diagnostic::error(error.code(), error.to_string());
    let mut source = DirectorySource::new(&root, Arc::new(SystemClock)).map_err(refused)?;
    if let Some(moved) = request.options.find(keys::CLEAN_SOURCE_MOVE_DESTINATION) {
        source = source
            .with_destination(Path::new(&moved))
            .map_err(refused)?;
    }
    let notifies = request.options.get(keys::USE_NOTIFICATIONS);
    if notifies && request.checkpoint.contains("://") {
        let what = "the queue of a directory lies in its checkpoint: give a directory as \
                    `checkpoint`, or list instead of `useNotifications`";
        return Err(Box::new(Diagnostic::from(&EngineError::StreamNeeds {
            what,
        })));
    }
    let provider = notifies.then(|| {
        let queues = Path::new(request.checkpoint).join("queues");
        Arc::new(local_queue(&root, &queues, &request.suffix())) as Arc<dyn QueueProvider>
    });
    Ok(StreamPlace {
        source: Arc::new(source),
        provider,
    })
}

/// A queue in a directory, with a watcher that sends what lands in `directory` into it for as long
/// as the provider lives.
///
/// ```
/// use floe_ingest::QueueProvider;
/// use floe_notify::StreamId;
/// use floe_notify_local::SystemClock;
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let (landing, queues) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
/// let provider = floe_engine::streams::local_queue(landing.path(), queues.path(), "orders");
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
/// let queue = provider.set_up(&SystemClock, &stream).await.unwrap();
/// assert!(queue.id().as_str().ends_with("-orders"));
/// # });
/// ```
#[must_use]
pub fn local_queue(directory: &Path, queues: &Path, suffix: &str) -> ManagedQueue {
    let manager = LocalResourceManager::new(queues).with_path(directory);
    let watched: Arc<Mutex<Option<(LocalQueue, Watcher)>>> = Arc::default();
    let directory = directory.to_owned();
    ManagedQueue::new(Arc::new(manager), suffix, move |id| {
        let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &*watched {
            Some((queue, _)) if queue.id() == &id => Ok(queue.clone()),
            _ => open(&id, &directory).map(|(queue, watcher)| {
                *watched = Some((queue.clone(), watcher));
                queue
            }),
        };
        Box::pin(std::future::ready(match opened {
            Ok(queue) => Ok(Arc::new(queue) as Arc<dyn EventQueue>),
            Err(_) if !Path::new(id.as_str()).exists() => {
                Err(QueueError::NoSuchQueue { queue: id })
            }
            Err(error) => Err(QueueError::driver(id, error)),
        }))
    })
}

/// Opens a queue, and watches the directory for it: the first event asks for a listing.
fn open(id: &QueueId, directory: &Path) -> Result<(LocalQueue, Watcher), LocalError> {
    let queue = LocalQueue::open(Path::new(id.as_str()), QueueOptions::default())?;
    let clock = Arc::new(SystemClock);
    let watcher = Watcher::start(&queue, directory, clock, WatchOptions::default())?;
    Ok((queue, watcher))
}

fn unreached(place: &str) -> Diagnostic {
    Diagnostic::from(&EngineError::NotReached {
        place: place.to_owned(),
    })
}
