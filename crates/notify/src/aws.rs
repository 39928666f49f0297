//! AWS: ARNs, policies and the notification configuration of a bucket.

mod arn;
pub mod bucket;
mod filter;
mod operation;
pub mod overlap;
pub mod policy;

pub use arn::{Arn, ArnError, Place, QueueUrl};
pub use filter::{FilterRule, FilterSide};
pub use operation::action_of_operation;
