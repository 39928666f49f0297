//! File notification on AWS: S3 tells SNS, SNS tells SQS.
//!
//! [`CloudFilesAwsResourceManager`] makes, lists and removes the plumbing; [`SqsQueue`] takes the
//! events out of the queue. Both are drivers of the traits of `floe-notify`, and need tokio.
#![forbid(unsafe_code)]

mod builder;
mod connection;
mod error;
mod failure;
mod manager;
mod policy;
mod queue;

pub use builder::AwsManagerBuilder;
pub use error::AwsError;
pub use manager::{CloudFilesAwsResourceManager, SETTLING};
pub use queue::SqsQueue;
