//! File notification on Azure: Event Grid tells a Storage queue.
//!
//! [`CloudFilesAzureResourceManager`] makes, lists and removes the plumbing; [`StorageQueue`] takes
//! the events out of the queue. Both are drivers of the traits of `floe-notify`, and need tokio.
#![forbid(unsafe_code)]

mod arm;
mod builder;
mod cloud;
mod connection;
mod connection_string;
mod credential;
mod error;
mod failure;
mod manager;
mod queue;
mod shared_key;

/// The core of the SDK, whose options and credentials the builder takes.
pub use azure_core;

pub use builder::AzureManagerBuilder;
pub use cloud::AzureCloud;
pub use error::AzureError;
pub use manager::CloudFilesAzureResourceManager;
pub use queue::StorageQueue;
