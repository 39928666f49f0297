//! Azure: roles, the event subscription with its filter, and what is known to go wrong.

mod error;
pub mod role;
mod subscription;

pub use error::AzureError;
pub(crate) use error::refused;
pub use subscription::{
    APIS, EVENT_TYPES, EventSubscription, MAX_TTL_MINUTES, QUEUE_TTL_SECS, StorageAccount,
};
