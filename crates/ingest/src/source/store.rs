//! Files in an object store.

mod address;
mod ahead;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
mod exact;
mod failure;
mod open;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
mod pages;
#[cfg(test)]
mod tests;
mod whole;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _};

use crate::{FileSource, ListedObjects, Object, SourceError};

pub use open::{OpenError, open_store};

use address::{Address, Keys};
use ahead::Shelf;
use failure::{failed, is_missing};

/// The files of an object store.
///
/// Keys are the keys of the store as bytes. Those by which files cannot be asked for are listed as
/// they are, and [`SourceError::Unaddressable`] when something is done with one: see
/// [`open`](Self::open).
///
/// # Guarantees
/// - A store that [`open`](Self::open) made lists by pages, in the order of the bytes of keys; a
///   store that turns out to list in another order is an error, or is read as a whole, as accounts
///   of Azure with a hierarchical namespace are.
/// - A store that was handed over with [`new`](Self::new) is read as a whole and sorted, of which
///   up to 65,536 files are kept in memory for the next pages.
/// - [`rename`](FileSource::rename) copies and then removes. S3 copies up to 5 GiB in one go.
///
/// ```
/// use floe_ingest::object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
/// use floe_ingest::{FileSource, StoreSource};
/// use floe_notify::clock::ManualClock;
/// use std::sync::Arc;
/// let clock = Arc::new(ManualClock::default());
/// let answer = clock.run(async {
///     let store = Arc::new(InMemory::new());
///     store.put(&Path::from("in/a.csv"), "1,2".into()).await?;
///     let source = StoreSource::new(store, clock.clone());
///     let page = source.list(b"in/", None, 10).await?;
///     assert_eq!((page.objects[0].key.as_slice(), page.is_last), (b"in/a.csv".as_slice(), true));
///     assert_eq!(source.read(b"in/a.csv", None).await?, "1,2");
///     Ok::<(), Box<dyn std::error::Error>>(())
/// });
/// answer.unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StoreSource {
    store: Arc<dyn ObjectStore>,
    lister: Lister,
    shelf: Shelf,
}

#[derive(Debug)]
enum Lister {
    /// The store's own listing, which loses some keys.
    Whole,
    #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
    Pages(pages::Pages),
}

impl StoreSource {
    /// Takes any store, for what it lists by itself. The clock tells how long what was read ahead
    /// is good for.
    ///
    /// Stores of `object_store` drop slashes at the ends of keys and fail at empty parts such as
    /// that of `a//b`; for those of the clouds there is [`open`](Self::open).
    ///
    /// ```
    /// use floe_ingest::{StoreSource, object_store::memory::InMemory};
    /// use floe_notify::clock::ManualClock;
    /// use std::sync::Arc;
    /// let clock = Arc::new(ManualClock::default());
    /// let source = StoreSource::new(Arc::new(InMemory::new()), clock);
    /// assert_eq!(source.store().to_string(), "InMemory");
    /// ```
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            lister: Lister::Whole,
            shelf: Shelf::new(clock),
        }
    }

    /// Returns the store, for what else is to be done with it.
    ///
    /// ```
    /// use floe_ingest::{StoreSource, object_store::memory::InMemory};
    /// use floe_notify::clock::ManualClock;
    /// use std::sync::Arc;
    /// let clock = Arc::new(ManualClock::default());
    /// let store = StoreSource::new(Arc::new(InMemory::new()), clock).store();
    /// assert_eq!(Arc::strong_count(&store), 1);
    /// ```
    #[must_use]
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    fn address(&self, key: &[u8]) -> Result<Address, SourceError> {
        let keys = match &self.lister {
            Lister::Whole => Keys::Parts,
            #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
            Lister::Pages(pages) => pages.keys(),
        };
        Address::of(key, keys)
    }

    async fn page(
        &self,
        prefix: &[u8],
        after: &[u8],
        max: usize,
    ) -> Result<ListedObjects, SourceError> {
        if let Some(page) = self.shelf.take(prefix, after, max) {
            return Ok(page);
        }
        let ahead = match &self.lister {
            Lister::Whole => whole::of_store(&*self.store, prefix, after, max).await?,
            #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
            Lister::Pages(pages) => match pages.page(prefix, after, max).await? {
                pages::Answer::Page(page) => return Ok(page),
                pages::Answer::Whole(ahead) => ahead,
            },
        };
        Ok(self.shelf.put(prefix, after, ahead, max))
    }

    async fn look(&self, key: &[u8]) -> Result<Option<Object>, SourceError> {
        let address = self.address(key)?;
        match self.store.head(address.path()).await {
            Ok(meta) => Ok(Some(object(key.to_vec(), &meta))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(failed("asking about", key, &error)),
        }
    }

    async fn fetch(&self, key: &[u8], range: Option<Range<u64>>) -> Result<Bytes, SourceError> {
        let address = self.address(key)?;
        let is_empty = range.as_ref().is_some_and(|range| range.is_empty());
        let asked = range.clone().filter(|_| !is_empty).map(GetRange::Bounded);
        let options = GetOptions {
            range: asked,
            head: is_empty,
            ..GetOptions::default()
        };
        let got = match self.store.get_opts(address.path(), options).await {
            Ok(_) if is_empty => return Ok(Bytes::new()),
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(content) => Ok(content),
            Err(error) if is_missing(&error) => Err(not_found(key)),
            Err(error) => {
                // Stores refuse parts that begin behind the end.
                if let Some(range) = range
                    && let Some(there) = self.look(key).await?
                    && there.size <= range.start
                {
                    return Ok(Bytes::new());
                }
                Err(failed("reading", key, &error))
            }
        }
    }

    async fn delete(&self, key: &[u8]) -> Result<bool, SourceError> {
        let address = self.address(key)?;
        // S3 says that it deleted what was not there.
        if self.look(key).await?.is_none() {
            return Ok(false);
        }
        match self.store.delete(address.path()).await {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(failed("deleting", key, &error)),
        }
    }

    async fn move_to(&self, from: &[u8], to: &[u8]) -> Result<bool, SourceError> {
        let (source, target) = (self.address(from)?, self.address(to)?);
        if from == to {
            return Ok(self.look(from).await?.is_some());
        }
        match self.store.copy(source.path(), target.path()).await {
            Ok(()) => {}
            // Not every store says why it copies nothing.
            Err(error) => match self.look(from).await? {
                None => return Ok(false),
                Some(_) => return Err(failed("copying", from, &error)),
            },
        }
        match self.store.delete(source.path()).await {
            Ok(()) => Ok(true),
            Err(error) if is_missing(&error) => Ok(true),
            Err(error) => Err(failed("deleting", from, &error)),
        }
    }
}

impl FileSource for StoreSource {
    fn list<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        max: usize,
    ) -> BoxFuture<'a, Result<ListedObjects, SourceError>> {
        Box::pin(self.page(prefix, after.unwrap_or_default(), max.max(1)))
    }

    fn head<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Object>, SourceError>> {
        Box::pin(self.look(key))
    }

    fn read<'a>(
        &'a self,
        key: &'a [u8],
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        Box::pin(self.fetch(key, range))
    }

    fn remove<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(self.delete(key))
    }

    fn rename<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, SourceError>> {
        Box::pin(self.move_to(from, to))
    }
}

fn object(key: Vec<u8>, meta: &ObjectMeta) -> Object {
    // Before 1970 nothing was written.
    let modified = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or_default();
    let mut object = Object::new(key, meta.size, Timestamp::from_millis(modified));
    object.etag.clone_from(&meta.e_tag);
    object.version.clone_from(&meta.version);
    object
}

fn not_found(key: &[u8]) -> SourceError {
    SourceError::NotFound {
        key: key.escape_ascii().to_string(),
    }
}
