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
