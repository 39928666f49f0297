//! File notification: events of three clouds as one type, and what their plumbing is made of.
#![forbid(unsafe_code)]

mod bell;
pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
mod driver;
mod ids;
mod manager;
pub mod memory;
mod queue;

pub use bell::Bell;
pub use driver::{BoxFuture, DriverError};
pub use ids::{IdError, MAX_QUEUE_ID_BYTES, QueueId, StreamId};
pub use manager::{
    Action, Conflict, NotificationService, Origin, Plan, ResourceError, ResourceKind,
    ResourceManager, Step, TearDown,
};
pub use queue::{Delivery, EventQueue, Message, MessageId, QueueError, QueueProperties, Receipt};
pub mod aws;
pub mod azure;
pub mod codes;
mod finding;
pub mod gcp;
mod json;
mod location;
mod names;
pub mod options;
mod permission;
mod secret;
mod suggest;
mod tags;

pub use finding::{Finding, Level};
pub use location::{Cloud, Location, LocationError, Store};
pub use names::{
    AUTO_INGEST_PREFIX, AZURE_PREFIX, MAX_AWS_NAME, MAX_AZURE_NAME, MAX_GCP_NAME, NameError,
    ResourceName, default_prefix, has_prefix,
};
pub use options::Options;
pub use permission::MissingPermission;
pub use secret::{HIDDEN, Secret};
pub use tags::{
    CHECKPOINT_LOCATION, MARK, MARK_VALUE, PATH, RESERVED_KEYS, STREAM_ID, StreamTags, Tags,
    VENDOR, VENDOR_VALUE,
};
