//! The exactly-once file stream: every file that an event or a listing tells of is handed over
//! once, in batches with stable ids.
//!
//! - [`FileId`] says which sightings are of the same file, whatever told of it.
//! - [`Reader`] takes what a message says, [`stream`] decides what to do about it.
//! - [`form`] says how many of the files that wait are a batch.
//! - [`Ledger`] keeps what is known, in which order it was found, and what became of it;
//!   [`memory`] is the reference, `EmbeddedLedger` (the feature `embedded`) keeps it in a file,
//!   `SharedLedger` (the feature `object-store`) in objects that many machines share, and
//!   `contract` (a feature) is what every ledger passes.
//!
//! The crate opens no socket, and no file but that of the embedded ledger; it reads no clock and
//! draws no random number: what it needs of them are arguments. `design.md` beside it gives the
//! reasons and the limits in numbers.
//!
//! ```
//! use floe_ingest::{EntityTags, FileId, Home, VersionRule};
//! use floe_notify::{Location, decode};
//!
//! let location = Location::parse("s3://landing/orders")?;
//! let home = Home::new(&location);
//! let body = br#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3",
//!     "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "landing"},
//!     "object": {"key": "orders/a+b.csv", "size": 7, "eTag": "0f3e"}}}]}"#;
//! let decoded = decode(None, body);
//! let event = &decoded.events[0];
//! let told = FileId::of_event(&home, VersionRule::EntityTag, event)?;
//! // A listing of the same object spells key and tag in its own way.
//! let listed = EntityTags { etag: Some("\"0f3e\""), ..EntityTags::default() };
//! let listed = FileId::of_listing(&home, VersionRule::EntityTag, b"orders/a b.csv", &listed)?;
//! assert_eq!(told, listed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "driver")]
mod clean;
#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "driver")]
mod driver;
mod filter;
mod former;
mod identity;
#[cfg(any(feature = "embedded", feature = "driver"))]
mod lane;
mod ledger;
pub mod memory;
mod news;
#[cfg(test)]
mod simulation;
#[cfg(feature = "driver")]
mod sink;
#[cfg(feature = "driver")]
mod source;
pub mod stream;

#[cfg(feature = "driver")]
pub use clean::{CleanError, CleanPolicy, Cleaned, Cleaner};
#[cfg(feature = "driver")]
pub use driver::{
    Batches, FileStream, FileStreamBuilder, GivenQueue, ManagedQueue, Observer, Progress,
    PulledStream, QueueProvider, Stopper, StreamError, StreamEvent, Summary, Trigger,
};
pub use filter::{Filter, Glob};
pub use floe_notify;
pub use former::{AGE_MARGIN, MAX_BATCH_FILES, form};
pub use identity::{
    EntityTags, FileId, Home, IdentityError, MAX_ID_BYTES, MAX_TOKEN_BYTES, VersionRule,
};
pub use ledger::{
    ArchiveMode, ArchiveOutcome, Batch, BatchId, Claim, CommitOutcome, Discovery, Expired,
    FileEntry, Founded, Founding, Ledger, LedgerError, Listing, ListingId, ListingProgress,
    ListingReason, ListingRequest, LogState, MAX_BODY_KEPT, MAX_DISCOVERIES, MAX_LISTINGS,
    MAX_OPEN_BATCHES, MAX_PAGE, MAX_QUARANTINED, MAX_ROLE_BYTES, MAX_ROLES, Mark, Marks, Metrics,
    Poison, Recorded, Role, Seq, Sighting, StateRow,
};
#[cfg(feature = "embedded")]
pub use ledger::{EmbeddedError, EmbeddedLedger};
#[cfg(feature = "object-store")]
pub use ledger::{SharedError, SharedLedger};
pub use news::{Ask, News, Reader};
#[cfg(feature = "object-store")]
pub use object_store;
#[cfg(feature = "driver")]
pub use sink::{Sink, SinkError};
#[cfg(feature = "driver")]
pub use source::{DirectorySource, FileSource, ListedObjects, Object, SourceError};
#[cfg(feature = "object-store")]
pub use source::{OpenError, StoreSource, open_store};
