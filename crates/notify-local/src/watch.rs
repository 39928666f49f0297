//! A watcher that writes what lands in a directory into a queue.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use floe_notify::EventQueue as _;
use floe_notify::clock::Clock;

use crate::block::block_on;
use crate::{LocalError, LocalQueue};

mod inbox;
mod keeper;
mod seen;
mod tree;

use inbox::Inbox;
use keeper::Keeper;
use tree::Tree;

/// How a directory is watched.
///
/// ```
/// let options = floe_notify_local::WatchOptions::default();
/// assert_eq!(options.settle.as_secs(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchOptions {
    /// How long a file that nobody saw being closed must stay the same before it counts as
    /// complete: one that a listing found, or that had no name before.
    ///
    /// Files whose closing was seen are complete at once.
    pub settle: Duration,
    /// How long to wait before something that failed is tried again: writing into the queue when
    /// there is no room, watching a directory that is gone.
    pub retry: Duration,
}

impl Default for WatchOptions {
    /// Two seconds, longer than programs commonly pause between two writes, and one second.
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(2),
            retry: Duration::from_secs(1),
        }
    }
}

/// Watches a directory and all below it, and sends a [`LocalEvent`](crate::LocalEvent) for every
/// file that lands there, until it is dropped.
///
/// # Expected flow
/// Open a queue, start a watcher, list the directory once, receive. The first event asks for that
/// listing, because nobody knows what landed while nobody watched; the same event comes whenever
/// events may have been lost, and whoever consumes the queue must follow it.
///
/// # Guarantees
/// - A file that is written and closed, moved in, or moved within the directory leads to at least
///   one event under its name; so does a file below a directory that is created or moved in.
/// - Events are on the disk before the watcher forgets them; while the queue takes none, they are
///   kept and tried again. What cannot be kept is replaced by an event that asks for a listing.
/// - What happened is told in the order in which it was seen; the same file may be told of several
///   times.
///
/// # Assumptions
/// Whoever writes files below this directory does so on this machine: the kernel tells nothing of
/// what others do on a shared file system.
///
/// # Caveats
/// - Hidden and temporary names are told of like all others; leaving them out is up to the stream.
///   Writing under a temporary name and renaming gives an event for each name.
/// - The path is resolved once, at the start; a symbolic link in it that leads elsewhere later is
///   not followed.
/// - Symbolic links below it are neither followed nor told of. A file that is only cut short by
///   name, or changed through a memory map and never closed, is not told of. Neither is one whose
///   times change. A regular listing finds them.
/// - A file without a name (`O_TMPFILE`) that gets one, and is opened by somebody else before
///   [`WatchOptions::settle`] has passed, looks like one that is being written and is not told of.
///   A regular listing finds it, too.
/// - A file that a listing finds while it is written very slowly, with pauses longer than
///   [`WatchOptions::settle`], is told of too early, and again when it is closed.
///
/// ```
/// use floe_notify::EventQueue;
/// use floe_notify_local::{How, LocalEvent, LocalQueue, QueueOptions, SystemClock};
/// use floe_notify_local::{WatchOptions, Watcher};
/// use std::{sync::Arc, time::Duration};
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
/// let (landing, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
/// let queue = LocalQueue::open(folder.path(), QueueOptions::default())?;
/// let clock = Arc::new(SystemClock);
/// let options = WatchOptions::default();
/// let watcher = Watcher::start(&queue, landing.path(), clock.clone(), options)?;
/// std::fs::write(landing.path().join("a.csv"), "1,2").unwrap();
///
/// let mut events = Vec::new();
/// while events.len() < 2 {
///     let received = block_on(queue.receive(clock.as_ref(), 10, Duration::from_secs(60)));
///     for delivery in received.unwrap() {
///         events.push(LocalEvent::parse(delivery.message().body())?);
///     }
/// }
/// assert!(matches!(events[0], LocalEvent::RescanNeeded { .. }));
/// assert!(matches!(events[1], LocalEvent::Landed { how: How::Written, size: 3, .. }));
/// assert!(watcher.problem().is_none());
/// # Ok::<(), floe_notify_local::LocalError>(())
/// ```
#[derive(Debug)]
pub struct Watcher {
    path: PathBuf,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the watcher and its thread share.
#[derive(Debug, Default)]
struct Shared {
    inbox: Inbox,
    stopped: AtomicBool,
    problem: Mutex<Option<LocalError>>,
}

impl Watcher {
    /// Watches `directory` and sends into `queue`; returns when all of it is watched.
    ///
    /// # Errors
    /// [`LocalError::BadPath`] for what is no directory, or has the queue in it, and
    /// [`LocalError::Unwatchable`] or [`LocalError::Io`] when the kernel refuses, for example
    /// because this user may not watch so many directories. Directories below that this user may
    /// not read are left out, and told of by [`problem`](Self::problem).
    ///
    /// ```
    /// use floe_notify_local::{LocalError, LocalQueue, QueueOptions, SystemClock};
    /// use floe_notify_local::{WatchOptions, Watcher};
    /// let folder = tempfile::tempdir().unwrap();
    /// let queue = LocalQueue::open(folder.path(), QueueOptions::default())?;
    /// let missing = folder.path().join("missing");
    /// let clock = std::sync::Arc::new(SystemClock);
    /// let watcher = Watcher::start(&queue, &missing, clock, WatchOptions::default());
    /// assert!(matches!(watcher, Err(LocalError::BadPath { .. })));
    /// # Ok::<(), floe_notify_local::LocalError>(())
    /// ```
    pub fn start(
        queue: &LocalQueue,
        directory: &Path,
        clock: Arc<dyn Clock>,
        options: WatchOptions,
    ) -> Result<Self, LocalError> {
        let bad = |reason| LocalError::BadPath {
            path: directory.to_owned(),
            reason,
        };
        let path = directory.canonicalize();
        let path = path.map_err(|_| bad("there is no such directory, or it may not be read"))?;
        if !path.is_dir() {
            return Err(bad("only directories are watched"));
        }
        if Path::new(queue.id().as_str()).starts_with(&path) {
            return Err(bad(
                "the queue must not lie in the directory that is watched",
            ));
        }
        let shared = Arc::new(Shared::default());
        let mut tree = Tree::new(&path, &shared)?;
        // What is there already is up to the listing that the first event asks for.
        let mut there = Vec::new();
        tree.cover(&path, &mut there)?;
        *shared.problem() = tree.take_closed();
        let keeper = Keeper::new(queue.clone(), tree, Arc::clone(&shared), clock, options);
        let thread = std::thread::Builder::new().name("floe-notify watcher".to_owned());
        let thread = thread.spawn(move || block_on(keeper.run()));
        let thread = thread.map_err(|error| LocalError::io("start a thread for", &path, error))?;
        Ok(Self {
            path,
            shared,
            thread: Some(thread),
        })
    }

    /// Returns the directory that is watched, without symbolic links in it.
    ///
    /// ```
    /// use floe_notify_local::{LocalQueue, QueueOptions, SystemClock, WatchOptions, Watcher};
    /// let (landing, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    /// let queue = LocalQueue::open(folder.path(), QueueOptions::default())?;
    /// let clock = std::sync::Arc::new(SystemClock);
    /// let watcher = Watcher::start(&queue, landing.path(), clock, WatchOptions::default())?;
    /// assert_eq!(watcher.path(), landing.path().canonicalize().unwrap());
    /// # Ok::<(), floe_notify_local::LocalError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what keeps the watcher from doing all it should, as long as that lasts.
    ///
    /// It goes on trying; what is missed meanwhile leads to an event that asks for a listing.
    ///
    /// ```
    /// use floe_notify_local::{LocalQueue, QueueOptions, SystemClock, WatchOptions, Watcher};
    /// let (landing, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    /// let queue = LocalQueue::open(folder.path(), QueueOptions::default())?;
    /// let clock = std::sync::Arc::new(SystemClock);
    /// let watcher = Watcher::start(&queue, landing.path(), clock, WatchOptions::default())?;
    /// assert!(watcher.problem().is_none());
    /// # Ok::<(), floe_notify_local::LocalError>(())
    /// ```
    #[must_use]
    pub fn problem(&self) -> Option<LocalError> {
        self.shared.problem().clone()
    }
}

impl Drop for Watcher {
    /// Waits for what is being written; what was seen later is left to the next start.
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Release);
        self.shared.inbox.wake();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn problem(&self) -> MutexGuard<'_, Option<LocalError>> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
