//! The switches.

use std::time::Duration;

use bytes::Bytes;
use hyper::Response;

use super::call::{Call, Service};

/// What goes wrong; the default is nothing.
///
/// ```
/// use floe_peers::s3::Faults;
/// assert_eq!(Faults::default().policies_act_after, None);
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    /// Refuses notifications to topics and queues whose policy does not let S3 publish, and so
    /// many more to each destination after its policy does: it has to spread first. None lets
    /// all pass.
    pub policies_act_after: Option<u32>,
    /// Refuses configurations with entries that overlap.
    pub refuses_overlaps: bool,
    /// Failures of single calls; each is used up.
    pub failures: Vec<Failure>,
    /// What becomes of messages on their way to who receives them.
    pub messages: Messages,
    /// So many calls about a queue that was created do not see it, and so many about one that
    /// was deleted still do; 0 shows at once what there is.
    pub lag: u32,
    /// So many creations of a queue are refused whose name was deleted just now.
    pub name_in_use: u32,
    /// Changes that somebody else makes to the notification configuration of the bucket.
    pub intrusions: Vec<Intrusion>,
}

impl Faults {
    pub(super) fn trouble(&mut self, operation: &str) -> Option<Trouble> {
        let mut failures = self.failures.iter_mut();
        let failure = failures.find(|one| one.operation == operation && one.left > 0)?;
        failure.left -= 1;
        Some(failure.trouble)
    }
}

/// A failure of the next calls of one name.
///
/// ```
/// use floe_peers::s3::{Failure, Trouble};
/// assert_eq!(Failure::once("Subscribe", Trouble::Throttled).left, 1);
/// ```
#[derive(Clone, Debug)]
pub struct Failure {
    /// The name of the call, as [`Call::operation`] has it.
    pub operation: &'static str,
    /// What happens.
    pub trouble: Trouble,
    /// How many more calls it happens to.
    pub left: u32,
}

impl Failure {
    /// Happens to the next call.
    ///
    /// See [`Failure`] for an example.
    #[must_use]
    pub const fn once(operation: &'static str, trouble: Trouble) -> Self {
        Self::times(operation, trouble, 1)
    }

    /// Happens to so many calls.
    ///
    /// ```
    /// use floe_peers::s3::{Failure, Trouble};
    /// assert_eq!(Failure::times("Subscribe", Trouble::Internal, 3).left, 3);
    /// ```
    #[must_use]
    pub const fn times(operation: &'static str, trouble: Trouble, left: u32) -> Self {
        Self {
            operation,
            trouble,
            left,
        }
    }
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 400 `Throttling`, of SQS `RequestThrottled`, of S3 as [`Trouble::SlowDown`].
    Throttled,
    /// 503 `RequestLimitExceeded`.
    LimitExceeded,
    /// 503 `SlowDown`.
    SlowDown,
    /// 500 `InternalError`.
    Internal,
    /// The connection breaks before anything is done.
    Broken,
    /// All is done, and the connection breaks before the answer.
    AnswerLost,
    /// The answer comes late.
    Slow(Duration),
}

impl Trouble {
    pub(super) fn answer(self, call: &Call) -> Response<Bytes> {
        let (status, code, message) = match (self, call.service) {
            (Self::Throttled, Service::Sqs) => (400, "RequestThrottled", "Rate exceeded"),
            (Self::Throttled, Service::Query) => (400, "Throttling", "Rate exceeded"),
            (Self::Throttled | Self::SlowDown, _) => {
                (503, "SlowDown", "Please reduce your request rate.")
            }
            (Self::LimitExceeded, _) => (503, "RequestLimitExceeded", "Request limit exceeded."),
            _ => (
                500,
                "InternalError",
                "We encountered an internal error. Please try again.",
            ),
        };
        call.refuse(status, code, message)
    }
}

/// What becomes of messages on their way to who receives them.
///
/// ```
/// assert_eq!(floe_peers::s3::Messages::default().delay, 0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Messages {
    /// Every message comes once more, by the same receipt, with the next receive.
    pub twice: bool,
    /// The messages of one receive come in the opposite order.
    pub reversed: bool,
    /// Each message is held back for so many receives.
    pub delay: u32,
    /// The records of all messages of one receive come in the first of them.
    pub packed: bool,
}

/// A change that somebody else makes to the notification configuration of the bucket: an entry
/// that sends to a queue.
#[derive(Clone, Debug)]
pub struct Intrusion {
    /// When it is made.
    pub when: When,
    /// So many such moments pass before.
    pub skip: u32,
    /// The id of the entry.
    pub id: String,
    /// The ARN of the queue.
    pub queue: String,
    /// Which keys it is about.
    pub prefix: String,
}

/// A moment of the calls about a notification configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After a read was answered: who read does not know it.
    AfterRead,
    /// After a write was answered, on top of what was written.
    AfterWrite,
    /// After a write was answered, on top of what was read before it: who wrote is overwritten.
    Overwriting,
    /// The same after the read that follows: who wrote and looked is overwritten.
    OverwritingLate,
}
