//! File events of a local directory.
#![forbid(unsafe_code)]

mod block;
mod clock;
mod error;
mod event;
mod manager;
mod queue;
mod uri;
mod watch;

pub use clock::SystemClock;
pub use error::LocalError;
pub use event::{How, LocalEvent, RescanReason};
pub use manager::LocalResourceManager;
pub use queue::{LocalQueue, MAX_MESSAGE_BYTES, MAX_MESSAGES, QueueOptions, Recovery};
pub use watch::{WatchOptions, Watcher};
