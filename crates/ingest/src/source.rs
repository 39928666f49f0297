//! Where files lie: what a stream needs of a store.

mod directory;
mod error;
mod object;
mod sight;
#[cfg(feature = "object-store")]
mod store;

use std::fmt::Debug;
use std::ops::Range;

use bytes::Bytes;
use floe_notify::BoxFuture;

pub use directory::DirectorySource;
pub use error::SourceError;
pub use object::{ListedObjects, Object};
#[cfg(feature = "object-store")]
pub use store::{OpenError, StoreSource, open_store};

/// A directory or a bucket, as a stream lists, asks about and reads what lies in it.
///
/// Keys are what events call the same files: absolute paths of a directory of this machine,
/// keys of an object store. They are bytes, and are never normalised.
///
/// # Assumptions
/// The caller may drop a future of it at any time, and may call from several tasks at once.
pub trait FileSource: Send + Sync + Debug {
    /// Returns files whose keys begin with `prefix` and come after `after`, in the order of the
    /// bytes of their keys.
    ///
    /// # Guarantees
    /// - Pages that are asked for one after another, each from behind the last key of the page
    ///   before, hold every file once that was there from the first page to the last.
    /// - A page holds about `max` files, and at least one unless it is the last.
    /// - A prefix that nothing lies under is an empty last page, not an error.
    ///
    /// # Errors
    /// [`SourceError::Denied`], [`SourceError::Unavailable`], [`SourceError::Unaddressable`],
    /// [`SourceError::Outside`], [`SourceError::Unordered`] and [`SourceError::Driver`].
    fn list<'a>(
        &'a self,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        max: usize,
    ) -> BoxFuture<'a, Result<ListedObjects, SourceError>>;

    /// Returns what the store tells of one file; `None` when it is not there.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    fn head<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Object>, SourceError>>;

    /// Reads a file, or the part of it between two positions; a part that reaches beyond the end
    /// stops there.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when it is not there, otherwise as [`list`](Self::list).
    fn read<'a>(
        &'a self,
        key: &'a [u8],
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>>;

    /// Removes a file for good; false when it is not there, which is no error.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    fn remove<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>>;

    /// Gives a file another key in the same store; false when it is not there, which is no error.
    ///
    /// # Guarantees
    /// At no time is the content under neither key. On a store that has to copy, both may be there
    /// when the call fails half-way; calling it again brings it to its end.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    fn rename<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, SourceError>>;
}
