//! What can go wrong between a consumer and its queue.

use std::sync::Arc;
use std::time::Duration;

use super::MessageId;
use crate::{DriverError, QueueId};

/// Why a queue did not do what it was asked.
///
/// It can be cloned, because one failed call of a driver may answer for many messages.
///
/// ```
/// use floe_notify::{MessageId, QueueError};
/// let error = QueueError::ReceiptGone { message: MessageId::new("m-1") };
/// assert_eq!(error.code(), "FLOE-NOTIFY-0050");
/// assert!(error.is_gone() && !error.is_retryable());
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The message was acknowledged already, or handed out again under a newer receipt.
    #[error(
        "the receipt for message {message} no longer holds: the message was acknowledged, or its \
         time ran out and it was handed out again; drop this copy, the newer one counts"
    )]
    ReceiptGone {
        /// The message.
        message: MessageId,
    },
    /// There is no queue of this name, or not any more.
    #[error(
        "there is no queue {queue}; set up the notification services again, and list the \
         directory once, because events of the time in between are lost"
    )]
    NoSuchQueue {
        /// The queue.
        queue: QueueId,
    },
    /// The queue refuses these credentials, or the file system this user.
    #[error("queue {queue} does not let us {action}: {reason}")]
    Denied {
        /// The queue.
        queue: QueueId,
        /// What was tried, such as `receive messages`.
        action: &'static str,
        /// What the queue said.
        reason: String,
    },
    /// The queue could not be reached, or failed by itself.
    #[error("queue {queue} cannot be reached now: {reason}; try again")]
    Unavailable {
        /// The queue.
        queue: QueueId,
        /// What happened.
        reason: String,
    },
    /// Too many requests, or too many messages that are handed out and not acknowledged.
    #[error("queue {queue} asks to slow down{}", again(*wait))]
    Throttled {
        /// The queue.
        queue: QueueId,
        /// How long to wait, where the queue says so.
        wait: Option<Duration>,
    },
    /// This consumer was closed.
    #[error("this consumer of queue {queue} was closed; open a new one")]
    Closed {
        /// The queue.
        queue: QueueId,
    },
    /// The world that the driver stands for said no; the code and the words are its own.
    #[error("queue {queue}: {error}")]
    Driver {
        /// The queue.
        queue: QueueId,
        /// What happened. It is shown in full above, so it is not repeated as `source`.
        error: Arc<dyn DriverError>,
    },
}

impl QueueError {
    /// Wraps an error of the world that a driver stands for.
    ///
    /// ```
    /// # #[derive(Debug, thiserror::Error)]
    /// # #[error("no room on the disk")]
    /// # struct Full;
    /// use floe_notify::{DriverError, QueueError, QueueId};
    /// impl DriverError for Full {
    ///     fn code(&self) -> &'static str { "PAPER-0001" }
    /// }
    /// let error = QueueError::driver(QueueId::new("q")?, Full);
    /// assert_eq!(error.code(), "PAPER-0001");
    /// assert_eq!(error.to_string(), "queue q: no room on the disk");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    pub fn driver(queue: QueueId, error: impl DriverError) -> Self {
        Self::Driver {
            queue,
            error: Arc::new(error),
        }
    }

    /// Returns the stable code; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::{QueueError, QueueId};
    /// let error = QueueError::Closed { queue: QueueId::new("q")? };
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0055");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReceiptGone { .. } => "FLOE-NOTIFY-0050",
            Self::NoSuchQueue { .. } => "FLOE-NOTIFY-0051",
            Self::Denied { .. } => "FLOE-NOTIFY-0052",
            Self::Unavailable { .. } => "FLOE-NOTIFY-0053",
            Self::Throttled { .. } => "FLOE-NOTIFY-0054",
            Self::Closed { .. } => "FLOE-NOTIFY-0055",
            Self::Driver { error, .. } => error.code(),
        }
    }

    /// Returns true when the same request may succeed later without anybody changing anything.
    ///
    /// ```
    /// use floe_notify::{QueueError, QueueId};
    /// let queue = QueueId::new("q")?;
    /// assert!(QueueError::Throttled { queue, wait: None }.is_retryable());
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Throttled { .. } => true,
            Self::Driver { error, .. } => error.is_retryable(),
            Self::ReceiptGone { .. }
            | Self::NoSuchQueue { .. }
            | Self::Denied { .. }
            | Self::Closed { .. } => false,
        }
    }

    /// Returns true when there is nothing left to do with the receipt; nothing is lost by it.
    ///
    /// ```
    /// use floe_notify::{QueueError, QueueId};
    /// let error = QueueError::NoSuchQueue { queue: QueueId::new("q")? };
    /// assert!(!error.is_gone(), "here events may be lost, so a listing is due");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::ReceiptGone { .. })
    }
}

fn again(wait: Option<Duration>) -> String {
    match wait {
        Some(wait) => format!("; try again in {} ms", wait.as_millis()),
        None => "; try again later, with fewer messages at a time".to_owned(),
    }
}
