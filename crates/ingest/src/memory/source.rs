//! Files in memory.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use floe_notify::BoxFuture;
use floe_notify::clock::Clock;

use crate::{FileSource, ListedObjects, Object, SourceError};

/// Files in memory, for tests and examples. Clones share them.
///
/// ```
/// use floe_ingest::{FileSource, memory::MemorySource};
/// use floe_notify::clock::ManualClock;
/// let (clock, source) = (ManualClock::default(), MemorySource::default());
/// source.put(b"in/a.csv", "1,2\n", &clock);
/// let read = clock.run(source.read(b"in/a.csv", Some(2..100))).unwrap()?;
/// assert_eq!(read, "2\n");
/// # Ok::<(), floe_ingest::SourceError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemorySource(Arc<Mutex<Files>>);

#[derive(Debug, Default)]
struct Files {
    by_key: BTreeMap<Vec<u8>, (Object, Bytes)>,
    writes: u64,
}

impl MemorySource {
    /// Writes a file, in place of another one of the same key.
    ///
    /// ```
    /// use floe_ingest::{FileSource, memory::MemorySource};
    /// use floe_notify::clock::ManualClock;
    /// let (clock, source) = (ManualClock::default(), MemorySource::default());
    /// source.put(b"a", "old", &clock);
    /// let old = clock.run(source.head(b"a")).unwrap()?.unwrap();
    /// source.put(b"a", "new", &clock);
    /// assert_ne!(clock.run(source.head(b"a")).unwrap()?.unwrap().etag, old.etag);
    /// # Ok::<(), floe_ingest::SourceError>(())
    /// ```
    pub fn put(&self, key: &[u8], content: impl Into<Bytes>, clock: &dyn Clock) {
        let content = content.into();
        let mut files = self.files();
        files.writes += 1;
        let mut object = Object::new(key, content.len() as u64, clock.now());
        object.etag = Some(format!("\"{:x}\"", files.writes));
        object.version = Some(files.writes.to_string());
        files.by_key.insert(key.to_vec(), (object, content));
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, SourceError>>;

impl FileSource for MemorySource {
    fn list<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        max: usize,
    ) -> Answer<'a, ListedObjects> {
        Box::pin(async move {
            let files = self.files();
            let from = match after.filter(|after| *after >= prefix) {
                Some(after) => Bound::Excluded(after),
                None => Bound::Included(prefix),
            };
            let range = files.by_key.range::<[u8], _>((from, Bound::Unbounded));
            let mut rest = range.take_while(|(key, _)| key.starts_with(prefix));
            let page = rest.by_ref().take(max.max(1));
            let objects = page.map(|(_, (object, _))| object.clone()).collect();
            Ok(ListedObjects {
                objects,
                is_last: rest.next().is_none(),
            })
        })
    }

    fn head<'a>(&'a self, key: &'a [u8]) -> Answer<'a, Option<Object>> {
        Box::pin(async move {
            Ok(self
                .files()
                .by_key
                .get(key)
                .map(|(object, _)| object.clone()))
        })
    }

    fn read<'a>(&'a self, key: &'a [u8], range: Option<Range<u64>>) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let files = self.files();
            let Some((_, content)) = files.by_key.get(key) else {
                let key = String::from_utf8_lossy(key).into_owned();
                return Err(SourceError::NotFound { key });
            };
            let Some(range) = range else {
                return Ok(content.clone());
            };
            let end = range.end.min(content.len() as u64);
            let start = range.start.min(end);
            // Both lie within the content, so they fit.
            let [start, end] = [start, end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
            Ok(content.slice(start..end))
        })
    }

    fn remove<'a>(&'a self, key: &'a [u8]) -> Answer<'a, bool> {
        Box::pin(async move { Ok(self.files().by_key.remove(key).is_some()) })
    }

    fn rename<'a>(&'a self, from: &'a [u8], to: &'a [u8]) -> Answer<'a, bool> {
        Box::pin(async move {
            let mut files = self.files();
            let Some((mut object, content)) = files.by_key.remove(from) else {
                return Ok(false);
            };
            object.key = to.to_vec();
            files.by_key.insert(to.to_vec(), (object, content));
            Ok(true)
        })
    }
}
