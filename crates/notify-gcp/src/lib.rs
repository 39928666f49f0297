//! File notification on Google Cloud: a bucket tells a topic of Pub/Sub, and a subscription of
//! the topic is the queue.
//!
//! [`CloudFilesGcpResourceManager`] makes, lists and removes the plumbing; [`PubSubQueue`] takes
//! the events out of the subscription. Both are drivers of the traits of `floe-notify`, and need
//! tokio.
#![forbid(unsafe_code)]

mod builder;
mod connection;
mod error;
mod failure;
mod manager;
mod queue;
mod rest;

pub use builder::GcpManagerBuilder;
pub use error::GcpError;
pub use manager::CloudFilesGcpResourceManager;
pub use queue::PubSubQueue;
