//! File notification: events of three clouds as one type, what their plumbing is made of, and the
//! traits of those who set it up and read from it.
//!
//! - [`decode`] reads the messages of S3, Event Grid and Cloud Storage into [`FileEvent`]s.
//! - [`aws`], [`azure`] and [`gcp`] hold names, policies, filters and configurations; [`Options`]
//!   what users write; [`ResourceName`], [`Tags`] and [`Location`] what all clouds share.
//! - [`router`] splits one queue of a whole bucket into one for each directory.
//! - [`ResourceManager`] and [`EventQueue`] are implemented by drivers; [`memory`] is the reference
//!   and `contract` (a feature) what every driver passes.
//!
//! The crate opens no socket and no file and reads no clock.
//!
//! ```
//! use floe_notify::{EventKind, decode};
//!
//! let body = br#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3",
//!     "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "landing"},
//!     "object": {"key": "day=1/a+b.csv", "size": 7}}}]}"#;
//! let decoded = decode(None, body);
//! assert!(decoded.is_complete());
//! assert_eq!(decoded.events[0].kind, EventKind::Created);
//! ```
#![forbid(unsafe_code)]

pub mod aws;
pub mod azure;
mod bell;
pub mod clock;
pub mod codes;
#[cfg(feature = "contract")]
pub mod contract;
mod driver;
mod event;
mod finding;
pub mod gcp;
mod ids;
mod json;
mod location;
mod manager;
pub mod memory;
mod names;
pub mod options;
mod permission;
mod queue;
pub mod router;
mod secret;
mod suggest;
mod tags;

pub use bell::Bell;
pub use driver::{BoxFuture, DriverError, words_of};
pub use event::{
    Decoded, Dialect, EventCloud, EventError, EventFinding, EventKind, EventSeverity, EventTime,
    FileEvent, MAX_BODY_BYTES, MAX_ENVELOPES, MAX_KEY_BYTES, MAX_RECORDS, ObjectKey, Overwrite,
    Place, Sequencer, Source, Version, decode, decode_message,
};
pub use finding::{Finding, Level};
pub use ids::{IdError, MAX_QUEUE_ID_BYTES, QueueId, StreamId};
pub use location::{Cloud, Location, LocationError, Store};
pub use manager::{
    Action, Conflict, NotificationService, Origin, Plan, ResourceError, ResourceKind,
    ResourceManager, Step, TearDown,
};
pub use names::{
    AUTO_INGEST_PREFIX, AZURE_PREFIX, MAX_AWS_NAME, MAX_AZURE_NAME, MAX_GCP_NAME, NameError,
    ResourceName, default_prefix, has_prefix,
};
pub use options::Options;
pub use permission::MissingPermission;
pub use queue::{Delivery, EventQueue, Message, MessageId, QueueError, QueueProperties, Receipt};
pub use secret::{HIDDEN, Secret};
pub use tags::{
    CHECKPOINT_LOCATION, MARK, MARK_VALUE, PATH, RESERVED_KEYS, STREAM_ID, StreamTags, Tags,
    VENDOR, VENDOR_VALUE,
};
