//! What a stream tells of itself while it is at work.

use std::fmt::Debug;

use floe_notify::{MessageId, QueueId};

use crate::{BatchId, Cleaned, ListingId, StreamError};

/// Something that happened in a stream.
///
/// ```
/// use floe_ingest::{BatchId, StreamEvent};
/// let event = StreamEvent::Committed { batch: BatchId(7), files: 3, bytes: 120 };
/// assert_eq!(event.to_string(), "batch 7 is committed: 3 files, 120 bytes");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The queue was set up.
    QueueReady {
        /// Its name.
        queue: QueueId,
    },
    /// The queue is gone, with whatever was in it; the path is listed.
    QueueLost,
    /// Messages came.
    Received {
        /// How many.
        messages: usize,
    },
    /// Files were made known.
    Recorded {
        /// Files that are new.
        new: usize,
        /// Files that are known already, are not wanted or are too old.
        others: usize,
    },
    /// Messages are done with, and the queue forgets them.
    Acknowledged {
        /// How many.
        messages: usize,
    },
    /// A message cannot be read, or came too often, and was put aside.
    Quarantined {
        /// Which.
        message: MessageId,
        /// Why.
        reason: String,
    },
    /// A file cannot be kept in a ledger, and is not handed over.
    PassedOver {
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// A listing has come to its end.
    Listed {
        /// Which.
        listing: ListingId,
    },
    /// A batch goes to the sink.
    Delivering {
        /// Which.
        batch: BatchId,
        /// Its files.
        files: usize,
        /// How often it has been handed out, this time included.
        attempt: u32,
    },
    /// The sink and the ledger have a batch.
    Committed {
        /// Which.
        batch: BatchId,
        /// Its files.
        files: usize,
        /// Their bytes.
        bytes: u64,
    },
    /// Committed files were cleaned away, or were looked at for it.
    Cleaned(Cleaned),
    /// Something did not work and is tried again.
    Retrying {
        /// What.
        what: &'static str,
        /// Why it did not work.
        error: StreamError,
    },
}

impl std::fmt::Display for StreamEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::QueueReady { queue } => write!(f, "the queue {queue} is set up"),
            Self::QueueLost => f.write_str("the queue is gone; the path is listed"),
            Self::Received { messages } => write!(f, "{messages} messages came"),
            Self::Recorded { new, others } => write!(f, "{new} files are new, {others} are not"),
            Self::Acknowledged { messages } => write!(f, "{messages} messages are done"),
            Self::Quarantined { message, reason } => {
                write!(f, "message {message} is put aside: {reason}")
            }
            Self::PassedOver { key, reason } => write!(f, "{key} is passed over: {reason}"),
            Self::Listed { listing } => write!(f, "listing {} is done", listing.0),
            Self::Delivering {
                batch,
                files,
                attempt,
            } => write!(
                f,
                "batch {batch} of {files} files goes to the sink, attempt {attempt}"
            ),
            Self::Committed {
                batch,
                files,
                bytes,
            } => write!(
                f,
                "batch {batch} is committed: {files} files, {bytes} bytes"
            ),
            Self::Cleaned(cleaned) => write!(
                f,
                "{} files are deleted and {} moved, of {} that are known",
                cleaned.deleted, cleaned.moved, cleaned.seen
            ),
            Self::Retrying { what, error } => {
                write!(f, "{what} did not work and is tried again: {error}")
            }
        }
    }
}

/// Is told what happens in a stream, on the task that drives it: quick, and without blocking.
///
/// ```
/// use floe_ingest::{Observer, StreamEvent};
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// #[derive(Debug, Default)]
/// struct Lost(AtomicUsize);
/// impl Observer for Lost {
///     fn saw(&self, event: &StreamEvent) {
///         if matches!(event, StreamEvent::QueueLost) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// let lost = Lost::default();
/// lost.saw(&StreamEvent::QueueLost);
/// assert_eq!(lost.0.into_inner(), 1);
/// ```
pub trait Observer: Send + Sync + Debug {
    /// Something happened.
    fn saw(&self, event: &StreamEvent);
}

/// Looks away.
#[derive(Debug)]
pub(super) struct Nobody;

impl Observer for Nobody {
    fn saw(&self, _event: &StreamEvent) {}
}
