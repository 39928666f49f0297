//! The contract of [`FileSource`], as a public test suite.
//!
//! The author of a source implements [`SourceFactory`] and calls [`source_contract`] from a test.
//! Each case takes a fresh place for files; a broken promise panics with the promise in words.
//!
//! ```
//! use floe_ingest::contract::source::{SourceBench, SourceFactory, source_contract};
//! use floe_ingest::object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
//! use floe_ingest::{FileSource, StoreSource};
//! use floe_notify::{BoxFuture, clock::ManualClock};
//! use std::sync::Arc;
//!
//! struct Stores;
//! struct Bench(Arc<StoreSource>);
//!
//! impl SourceFactory for Stores {
//!     fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>> {
//!         let clock = Arc::new(ManualClock::default());
//!         let source = StoreSource::new(Arc::new(InMemory::new()), clock);
//!         Box::pin(async { Box::new(Bench(Arc::new(source))) as Box<dyn SourceBench> })
//!     }
//! }
//!
//! impl SourceBench for Bench {
//!     fn source(&self) -> Arc<dyn FileSource> { self.0.clone() }
//!     fn prefix(&self) -> Vec<u8> { b"in/".to_vec() }
//!     fn put<'a>(&'a self, key: &'a [u8], content: &'a [u8]) -> BoxFuture<'a, bool> {
//!         Box::pin(async move {
//!             // Keys that this store cannot have are not put.
//!             let Ok(Ok(path)) = std::str::from_utf8(key).map(Path::parse) else { return false };
//!             let fits = path.as_ref().as_bytes() == key;
//!             fits && self.0.store().put(&path, content.to_vec().into()).await.is_ok()
//!         })
//!     }
//! }
//!
//! ManualClock::default().run(source_contract(&Stores)).unwrap();
//! ```

use std::sync::Arc;

use floe_notify::BoxFuture;

use crate::{FileSource, ListedObjects, Object, SourceError, VersionRule};

use super::broken;

mod deeds;
mod listings;
mod odd;

pub use deeds::*;
pub use listings::*;
pub use odd::*;

/// What the suite needs to know of a kind of source.
///
/// The [module](self) has an example.
pub trait SourceFactory: Send + Sync {
    /// Makes a place without files.
    fn bench(&self) -> BoxFuture<'_, Box<dyn SourceBench>>;
}

/// One source under test, and a way to put files there that goes past it.
///
/// The [module](self) has an example.
pub trait SourceBench: Send + Sync {
    /// Returns the source, always the same one.
    fn source(&self) -> Arc<dyn FileSource>;

    /// Returns what the keys of the bench begin with; it ends with a slash.
    fn prefix(&self) -> Vec<u8>;

    /// Puts a file, in place of one of the same key; false when the store can have none of such a
    /// key, which is never so for keys of letters, digits, dots, dashes and single slashes.
    fn put<'a>(&'a self, key: &'a [u8], content: &'a [u8]) -> BoxFuture<'a, bool>;

    /// Whether files can be renamed here; false for an emulator that copies nothing.
    fn can_rename(&self) -> bool {
        true
    }
}

/// Runs every case of the contract of sources; see the [module](self).
///
/// # Panics
/// When the source breaks a promise.
pub async fn source_contract(factory: &dyn SourceFactory) {
    a_listing_is_in_the_order_of_bytes(factory).await;
    pages_hold_every_file_once(factory).await;
    a_listing_goes_on_behind_any_key(factory).await;
    a_prefix_is_what_keys_begin_with(factory).await;
    a_prefix_that_nothing_lies_under_is_an_empty_last_page(factory).await;
    what_stays_is_listed_once_whatever_comes_and_goes(factory).await;
    two_listings_do_not_disturb_each_other(factory).await;
    a_listing_and_a_head_are_of_the_same_file(factory).await;
    another_content_is_another_version(factory).await;
    what_is_not_there_is_told_as_such(factory).await;
    a_part_of_a_file_is_read(factory).await;
    a_removed_file_is_gone(factory).await;
    a_renamed_file_keeps_its_content(factory).await;
    calls_that_are_given_up_do_no_harm(factory).await;
    odd_keys_are_taken_as_they_are_or_refused(factory).await;
}

/// A place with files in it.
struct Place {
    bench: Box<dyn SourceBench>,
    source: Arc<dyn FileSource>,
    prefix: Vec<u8>,
}

impl Place {
    async fn new(factory: &dyn SourceFactory, names: &[&str]) -> Self {
        let bench = factory.bench().await;
        let place = Self {
            source: bench.source(),
            prefix: bench.prefix(),
            bench,
        };
        for name in names {
            place.put(name, name).await;
        }
        place
    }

    fn key(&self, name: &str) -> Vec<u8> {
        [self.prefix.as_slice(), name.as_bytes()].concat()
    }

    async fn put(&self, name: &str, content: &str) {
        let is_put = self.bench.put(&self.key(name), content.as_bytes()).await;
        assert!(is_put, "a store can have a plain key: {name}");
    }

    async fn page(&self, below: &str, after: Option<&[u8]>, max: usize) -> ListedObjects {
        let prefix = self.key(below);
        let page = good(self.source.list(&prefix, after, max).await);
        let is_empty = page.objects.is_empty();
        assert!(!is_empty || page.is_last, "only the last page may be empty");
        let keys: Vec<_> = page.objects.iter().map(|it| &it.key).collect();
        assert!(
            keys.is_sorted_by(|a, b| a < b),
            "pages are sorted: {page:?}"
        );
        let is_below = keys.iter().all(|key| key.starts_with(&prefix));
        assert!(is_below, "what is listed begins with the prefix: {page:?}");
        let first = keys.first().map(|key| key.as_slice());
        let is_later = after.is_none() || first.is_none_or(|first| Some(first) > after);
        assert!(is_later, "what is listed comes after {after:?}: {page:?}");
        page
    }

    /// Everything, page by page.
    async fn all(&self, below: &str, max: usize) -> Vec<Object> {
        self.rest(below, None, max).await
    }

    async fn rest(&self, below: &str, after: Option<&[u8]>, max: usize) -> Vec<Object> {
        let (mut objects, mut after) = (Vec::new(), after.map(<[u8]>::to_vec));
        loop {
            let page = self.page(below, after.as_deref(), max).await;
            after = page.objects.last().map(|it| it.key.clone()).or(after);
            objects.extend(page.objects);
            assert!(objects.len() < 10_000, "a listing comes to its end");
            if page.is_last {
                return objects;
            }
        }
    }

    fn names(&self, objects: &[Object]) -> Vec<String> {
        let below = |it: &Object| it.key.get(self.prefix.len()..).unwrap_or_default().to_vec();
        let names = objects.iter().map(below);
        names
            .map(|name| String::from_utf8_lossy(&name).into_owned())
            .collect()
    }

    async fn head(&self, name: &str) -> Option<Object> {
        good(self.source.head(&self.key(name)).await)
    }

    async fn read(&self, name: &str) -> Vec<u8> {
        good(self.source.read(&self.key(name), None).await).to_vec()
    }
}

/// What tells this content from others, by whatever the source tells.
fn tokens(object: &Object) -> Vec<Option<String>> {
    let rules = [
        VersionRule::EntityTag,
        VersionRule::Generation,
        VersionRule::Stat,
    ];
    let tags = object.tags();
    rules
        .map(|rule| rule.token(&tags).map(std::borrow::Cow::into_owned))
        .to_vec()
}

#[track_caller]
fn good<T>(answer: Result<T, SourceError>) -> T {
    match answer {
        Ok(value) => value,
        Err(error) => broken(&format!(
            "a call that nothing is wrong with succeeds: {error:?}"
        )),
    }
}
