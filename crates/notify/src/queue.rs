//! What a consumer sees of the queue that its file events arrive in.

use std::fmt::Debug;
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::{BoxFuture, QueueId};

mod error;
mod message;

pub use error::QueueError;
pub use message::{Delivery, Message, MessageId, Receipt};

/// A queue of file events as one consumer sees it.
///
/// Several consumers, in one process or many, may share one queue: each opens it for itself. The
/// trait is what SQS, Azure Queue Storage, Pub/Sub pull subscriptions and a directory have in
/// common; where they differ, it promises what all of them keep.
///
/// # Expected flow
/// [`receive`](Self::receive) some deliveries, make what they say durable, then
/// [`acknowledge`](Self::acknowledge) them. What takes longer than the visibility time-out is
/// [extended](Self::extend) when half of it has passed. What will not be finished is
/// [released](Self::release), at the latest when the consumer stops.
///
/// # Guarantees
/// - A message that was accepted by the queue is handed out again and again until it is
///   acknowledged, or until it is older than the [retention](QueueProperties::retention).
/// - Between a receive and its [`deadline`](Delivery::deadline) no other receive hands the message
///   out, on a queue that does not duplicate by itself.
/// - Nothing done with one receipt touches another message.
///
/// # Assumptions
/// Consumers tolerate duplicates and any order: every cloud delivers at least once. So an
/// acknowledgement that fails loses nothing; the message comes again.
///
/// # Caveats
/// A consumer that disappears says nothing to anybody: what it held comes back when the deadline
/// has passed, not earlier.
///
/// ```
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryQueue;
/// use floe_notify::{EventQueue, Message};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let memory = MemoryQueue::default();
/// memory.send(&clock, Message::new("a file landed"));
/// let queue: &dyn EventQueue = &memory;
/// clock.run(async {
///     let deliveries = queue.receive(&clock, 10, Duration::from_secs(20)).await?;
///     // Here the consumer makes durable what the deliveries say.
///     let receipts: Vec<_> = deliveries.iter().map(|one| one.receipt().clone()).collect();
///     let results = queue.acknowledge(&receipts).await;
///     assert!(results.len() == 1 && results.iter().all(Result::is_ok));
///     assert_eq!(queue.approximate_size().await?, Some(0));
///     Ok::<(), floe_notify::QueueError>(())
/// }).unwrap().unwrap();
/// ```
pub trait EventQueue: Send + Sync + Debug {
    /// Returns the name that this queue was opened by.
    fn id(&self) -> &QueueId;

    /// Returns what is fixed about the queue as this consumer opened it.
    fn properties(&self) -> QueueProperties;

    /// Takes up to `max` messages, and waits up to `wait` when there are none.
    ///
    /// # Expected flow
    /// A consumer calls this in a loop. `max` may be anything: the queue hands out what one
    /// request of it can carry at most. Of 0 messages it takes none and returns at once.
    ///
    /// # Guarantees
    /// - Every delivery is this consumer's alone until its deadline, which lies one visibility
    ///   time-out after the request, measured from *before* it was sent: the queue never believes
    ///   the deadline to be earlier. That holds from the first receive on.
    /// - Returns with the first messages there are; no messages is an answer too, possibly before
    ///   `wait` has passed.
    /// - A message that becomes visible while the call waits, by being sent, by being released or
    ///   because its deadline passed, ends the waiting.
    ///
    /// # Errors
    /// [`QueueError::NoSuchQueue`], [`QueueError::Denied`], [`QueueError::Unavailable`],
    /// [`QueueError::Throttled`], [`QueueError::Closed`] and [`QueueError::Driver`].
    ///
    /// # Cancel safety
    /// Safe: messages that were taken for a future that is dropped come again when their deadline
    /// has passed, with their receive count raised.
    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>>;

    /// Removes messages for good, and says of each receipt, in order, how it went.
    ///
    /// # Guarantees
    /// - Ok means that the message is not handed out again, unless the queue duplicates by
    ///   itself. Where a queue keeps state, that is durable before the call returns.
    /// - The batch may have any length and may be empty; the queue splits it.
    /// - A receipt that fails does not keep others from succeeding.
    /// - A receipt past its deadline may still work as long as nobody else got the message; an
    ///   older receipt of a message that was handed out again leaves the newer one valid, or
    ///   removes the message: it is done in both cases, because only what is durable is
    ///   acknowledged.
    ///
    /// # Errors
    /// For each receipt its own: [`QueueError::ReceiptGone`], where [`QueueError::is_gone`] says
    /// that nothing is left to do, or any error of [`receive`](Self::receive), after which the
    /// message comes again.
    ///
    /// # Cancel safety
    /// Safe: some, all or none of the messages may be gone; the others come again.
    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>>;

    /// Holds a message for `time` from now on, instead of up to its deadline.
    ///
    /// # Expected flow
    /// A heartbeat calls this when half of the time up to the deadline has passed, for each
    /// delivery by itself: of ten that were received together and are handled one after another,
    /// the last would otherwise run out.
    ///
    /// # Guarantees
    /// - After Ok the delivery has a new deadline, and possibly a new receipt; the old one may be
    ///   worthless. The deadline is what the queue granted, which may be less than `time`.
    /// - After an error the delivery is as it was.
    ///
    /// # Errors
    /// [`QueueError::ReceiptGone`] when the message was acknowledged or handed out again: stop
    /// working on it, somebody else does. Otherwise as [`receive`](Self::receive).
    ///
    /// # Cancel safety
    /// The queue may have given out a new receipt that the delivery does not have. Then the
    /// message comes again; nothing is lost.
    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>>;

    /// Gives messages back unfinished, and says of each receipt, in order, how it went.
    ///
    /// # Guarantees
    /// After Ok the message is visible to every consumer at once, and its receive count stays. The
    /// batch may have any length. A receipt that fails does not keep others from succeeding.
    ///
    /// # Errors
    /// As [`acknowledge`](Self::acknowledge). Nothing needs to be done about any of them: the
    /// message comes back when its deadline has passed.
    ///
    /// # Cancel safety
    /// Safe: some, all or none of the messages may be back.
    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>>;

    /// Returns about how many messages are not acknowledged, those that are handed out included.
    ///
    /// `None` means that the queue does not count. The number may be old by minutes; it serves to
    /// show a backlog, not to decide that there is none.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>>;
}

/// What is fixed about a queue as a consumer opened it.
///
/// ```
/// use floe_notify::QueueProperties;
/// use std::time::Duration;
/// let properties = QueueProperties::new(Duration::from_secs(300), 10);
/// assert_eq!(properties.visibility().as_secs(), 300);
/// assert_eq!((properties.largest_receive(), properties.retention()), (10, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueProperties {
    visibility: Duration,
    largest_receive: usize,
    retention: Option<Duration>,
}

impl QueueProperties {
    /// Makes properties of the visibility time-out of one receive, and of the most messages that
    /// one receive returns.
    ///
    /// ```
    /// use floe_notify::QueueProperties;
    /// use std::time::Duration;
    /// assert_eq!(QueueProperties::new(Duration::ZERO, 32).largest_receive(), 32);
    /// ```
    #[must_use]
    pub const fn new(visibility: Duration, largest_receive: usize) -> Self {
        Self {
            visibility,
            largest_receive,
            retention: None,
        }
    }

    /// Says how long the queue keeps a message that nobody acknowledges.
    ///
    /// ```
    /// use floe_notify::QueueProperties;
    /// use std::time::Duration;
    /// let days = Duration::from_secs(14 * 86_400);
    /// let properties = QueueProperties::new(Duration::ZERO, 10).with_retention(days);
    /// assert_eq!(properties.retention(), Some(days));
    /// ```
    #[must_use]
    pub const fn with_retention(self, retention: Duration) -> Self {
        Self {
            retention: Some(retention),
            ..self
        }
    }

    /// Returns how long a received message is its consumer's, unless it is extended.
    ///
    /// ```
    /// use floe_notify::QueueProperties;
    /// use std::time::Duration;
    /// let properties = QueueProperties::new(Duration::from_secs(30), 10);
    /// assert_eq!(properties.visibility().as_secs(), 30);
    /// ```
    #[must_use]
    pub const fn visibility(&self) -> Duration {
        self.visibility
    }

    /// Returns the most messages that one receive returns.
    ///
    /// ```
    /// use floe_notify::QueueProperties;
    /// assert_eq!(QueueProperties::new(Default::default(), 10).largest_receive(), 10);
    /// ```
    #[must_use]
    pub const fn largest_receive(&self) -> usize {
        self.largest_receive
    }

    /// Returns how long the queue keeps a message that nobody acknowledges; `None` for ever.
    ///
    /// A stream that was stopped for longer must list its directory, because events are lost.
    ///
    /// ```
    /// use floe_notify::QueueProperties;
    /// assert_eq!(QueueProperties::new(Default::default(), 10).retention(), None);
    /// ```
    #[must_use]
    pub const fn retention(&self) -> Option<Duration> {
        self.retention
    }

    /// Returns the deadline of what is received by a request that was made at `asked`.
    ///
    /// ```
    /// use floe_notify::{QueueProperties, clock::Timestamp};
    /// use std::time::Duration;
    /// let properties = QueueProperties::new(Duration::from_secs(30), 10);
    /// assert_eq!(properties.deadline(Timestamp::from_millis(5)).as_millis(), 30_005);
    /// ```
    #[must_use]
    pub fn deadline(&self, asked: Timestamp) -> Timestamp {
        asked.after(self.visibility)
    }
}
