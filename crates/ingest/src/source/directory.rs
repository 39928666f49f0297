//! A directory of this machine.

mod files;
mod root;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};

use crate::lane::{self, Lane};
use crate::{FileSource, ListedObjects, Object, SourceError};

use root::Root;
use walk::Walk;

/// Threads that wait for the file system: as many files are read at the same time.
const THREADS: usize = 4;

/// Listings that are kept open between their pages.
const MAX_WALKS: usize = 4;

/// How long a listing is kept open for its next page. It is less than any lease of a listing, so
/// what is kept open is never older than a listing that somebody else began meanwhile.
const MAX_IDLE: Duration = Duration::from_secs(10);

/// A directory of this machine with all that lies below it.
///
/// Keys are absolute paths as they are, which begin with the path that the directory was given by
/// and a slash: what a watcher of the same path tells of has the same keys.
///
/// # Guarantees
/// - Threads of its own wait for the file system, so no method blocks an async runtime.
/// - A listing holds the names in one directory of each depth, sorted, and keeps them for the next
///   page. What is gone by the time of its page is left out. A directory that may not be read ends
///   the listing with [`SourceError::Denied`], after everything that comes before it.
/// - A link to a file is the file. Links to directories are not followed, and a key that leads
///   through one is refused, as is every path that does not lie below the directory.
///
/// # Limits
/// A key has at most 4,096 bytes, as paths do. What is neither a file nor a link to one, such as a
/// pipe, is not there.
///
/// ```
/// use floe_ingest::{DirectorySource, FileSource};
/// use floe_notify::clock::ManualClock;
/// use std::sync::Arc;
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("a.csv"), "1,2")?;
/// let source = DirectorySource::new(folder.path(), Arc::new(ManualClock::default()))?;
/// let key = folder.path().join("a.csv").into_os_string().into_encoded_bytes();
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// assert_eq!(runtime.block_on(source.read(&key, Some(0..1)))?, "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DirectorySource {
    shared: Arc<Shared>,
    destination: Option<Root>,
    lane: Arc<Lane<Job>>,
}

type Job = Box<dyn FnOnce() + Send>;

struct Shared {
    root: Root,
    clock: Arc<dyn Clock>,
    walks: Mutex<Vec<Kept>>,
}

/// A listing that is open between two pages.
struct Kept {
    prefix: Vec<u8>,
    /// The last key of the page before.
    last: Vec<u8>,
    walk: Walk,
    since: Timestamp,
}

impl DirectorySource {
    /// Takes a directory by its absolute path. The clock tells how long a listing waits for its
    /// next page.
    ///
    /// # Errors
    /// [`SourceError::Outside`] for a relative path, [`SourceError::Unavailable`] when the machine
    /// starts no thread. That the directory is not there is told by what is asked of it.
    ///
    /// ```
    /// use floe_ingest::DirectorySource;
    /// use floe_notify::clock::ManualClock;
    /// use std::{path::Path, sync::Arc};
    /// let answer = DirectorySource::new(Path::new("in"), Arc::new(ManualClock::default()));
    /// assert_eq!(answer.unwrap_err().code(), "FLOE-INGEST-0034");
    /// ```
    pub fn new(root: &Path, clock: Arc<dyn Clock>) -> Result<Self, SourceError> {
        let lane = Arc::new(Lane::new());
        let source = Self {
            shared: Arc::new(Shared {
                root: Root::new(root)?,
                clock,
                walks: Mutex::new(Vec::new()),
            }),
            destination: None,
            lane: Arc::clone(&lane),
        };
        for _ in 0..THREADS {
            let lane = Arc::clone(&lane);
            let thread = std::thread::Builder::new().name("floe-directory".to_owned());
            let started = thread.spawn(move || work(&lane));
            started.map_err(|error| files::failed("starting a thread for", root, &error))?;
        }
        Ok(source)
    }

    /// Lets files be renamed into another directory, too, which may be in another file system.
    ///
    /// # Errors
    /// [`SourceError::Outside`] for a relative path.
    ///
    /// ```
    /// use floe_ingest::DirectorySource;
    /// use floe_notify::clock::ManualClock;
    /// use std::{path::Path, sync::Arc};
    /// let source = DirectorySource::new(Path::new("/srv/in"), Arc::new(ManualClock::default()))?;
    /// assert!(source.with_destination(Path::new("/srv/done")).is_ok());
    /// # Ok::<(), floe_ingest::SourceError>(())
    /// ```
    pub fn with_destination(mut self, directory: &Path) -> Result<Self, SourceError> {
        self.destination = Some(Root::new(directory)?);
        Ok(self)
    }

    /// Lets a thread do something that may wait.
    fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Shared) -> Result<T, SourceError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, SourceError>> {
        let (reply, answer) = lane::reply();
        let shared = Arc::clone(&self.shared);
        let job: Job = Box::new(move || reply.send(job(&shared)));
        Box::pin(async move {
            self.lane.push(job).await;
            answer.await.unwrap_or_else(|| Err(self.ended()))
        })
    }

    fn ended(&self) -> SourceError {
        SourceError::Unavailable {
            what: format!("work in {}", self.shared.root.path().display()),
            reason: "the thread that did it ended".to_owned(),
        }
    }
}

impl FileSource for DirectorySource {
    fn list<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        max: usize,
    ) -> BoxFuture<'a, Result<ListedObjects, SourceError>> {
        let (prefix, after) = (prefix.to_vec(), after.unwrap_or_default().to_vec());
        self.run(move |shared| shared.list(prefix, after, max.max(1)))
    }

    fn head<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Object>, SourceError>> {
        let key = key.to_vec();
        self.run(move |shared| {
            let path = shared.root.file(&key)?;
            let object = path.map(|path| files::look(&path)).transpose()?.flatten();
            if object.is_none() {
                shared.root.check()?;
            }
            Ok(object)
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a [u8],
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        let key = key.to_vec();
        self.run(move |shared| {
            let path = shared.root.file(&key)?;
            let content = path.map(|path| files::read(&path, range)).transpose()?;
            if let Some(content) = content.flatten() {
                return Ok(content);
            }
            shared.root.check()?;
            Err(SourceError::NotFound {
                key: key.escape_ascii().to_string(),
            })
        })
    }

    fn remove<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
        let key = key.to_vec();
        self.run(move |shared| {
            let path = shared.root.file(&key)?;
            let removed = path.map(|path| files::remove(&path)).transpose()?;
            if removed != Some(true) {
                shared.root.check()?;
            }
            Ok(removed == Some(true))
        })
    }

    fn rename<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, SourceError>> {
        let (from, to) = (from.to_vec(), to.to_vec());
        let destination = self.destination.clone();
        self.run(move |shared| {
            let from = shared.root.file(&from)?;
            let is_there = from.as_deref().map(files::look).transpose()?.flatten();
            let Some(from) = from.filter(|_| is_there.is_some()) else {
                shared.root.check()?;
                return Ok(false);
            };
            // Directories are made only for what is there.
            let elsewhere = destination.as_ref().filter(|root| root.holds(&to));
            let to = elsewhere.unwrap_or(&shared.root).new_file(&to)?;
            files::rename(&from, &to)
        })
    }
}

impl Shared {
    fn list(
        &self,
        prefix: Vec<u8>,
        after: Vec<u8>,
        max: usize,
    ) -> Result<ListedObjects, SourceError> {
        let mut walk = match self.take(&prefix, &after) {
            Some(walk) => walk,
            None => Walk::start(&self.root, &prefix, &after)?,
        };
        let page = walk.page(&self.root, max)?;
        if let Some(last) = page.objects.last().filter(|_| !page.is_last) {
            self.keep(prefix, last.key.clone(), walk);
        }
        Ok(page)
    }

    /// The listing whose next page this is, if it is still open.
    fn take(&self, prefix: &[u8], after: &[u8]) -> Option<Walk> {
        let now = self.clock.now();
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        walks.retain(|kept| now.since(kept.since) <= MAX_IDLE);
        let place = walks
            .iter()
            .position(|kept| kept.last == after && kept.prefix == prefix)?;
        Some(walks.swap_remove(place).walk)
    }

    fn keep(&self, prefix: Vec<u8>, last: Vec<u8>, walk: Walk) {
        let since = self.clock.now();
        let mut walks = self.walks.lock().unwrap_or_else(PoisonError::into_inner);
        // An older listing that stopped at the same place has seen less.
        walks.retain(|kept| kept.last != last || kept.prefix != prefix);
        if walks.len() >= MAX_WALKS {
            let oldest = (0..walks.len()).min_by_key(|place| walks.get(*place).map(|w| w.since));
            oldest.map(|place| walks.swap_remove(place));
        }
        walks.push(Kept {
            prefix,
            last,
            walk,
            since,
        });
    }
}

impl Drop for DirectorySource {
    fn drop(&mut self) {
        self.lane.close();
    }
}

impl fmt::Debug for DirectorySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectorySource")
            .field("root", &self.shared.root.path())
            .field("destination", &self.destination.as_ref().map(Root::path))
            .finish_non_exhaustive()
    }
}

fn work(lane: &Lane<Job>) {
    // One at a time, so that the other threads get theirs.
    while let Some(jobs) = lane.take(0, |_| 1) {
        for job in jobs {
            job();
        }
    }
}
