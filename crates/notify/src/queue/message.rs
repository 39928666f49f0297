//! Messages, and what a queue hands out of them.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;

/// The name that a queue gives to one message; it stays when the message is handed out again.
///
/// ```
/// assert_eq!(floe_notify::MessageId::new("m-1").to_string(), "m-1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Takes over the name that the queue gave.
    ///
    /// ```
    /// assert_eq!(floe_notify::MessageId::new("m-1").as_str(), "m-1");
    /// ```
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the name as the queue gave it.
    ///
    /// ```
    /// assert_eq!(floe_notify::MessageId::new("").as_str(), "");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody sent: bytes, mostly JSON, and on some queues attributes beside them.
///
/// ```
/// use floe_notify::Message;
/// let message = Message::new("{}").with_attribute("eventType", "OBJECT_FINALIZE");
/// assert_eq!(message.body(), b"{}");
/// assert_eq!(message.attributes()["eventType"], "OBJECT_FINALIZE");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    body: Vec<u8>,
    attributes: BTreeMap<String, String>,
}

impl Message {
    /// Makes a message without attributes of its body.
    ///
    /// ```
    /// assert!(floe_notify::Message::new("x").attributes().is_empty());
    /// ```
    #[must_use]
    pub fn new(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            attributes: BTreeMap::new(),
        }
    }

    /// Adds an attribute, or replaces the one of this name.
    ///
    /// ```
    /// let message = floe_notify::Message::new("").with_attribute("a", "1");
    /// let message = message.with_attribute("a", "2");
    /// assert_eq!(message.attributes()["a"], "2");
    /// ```
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Returns the body as it was sent.
    ///
    /// ```
    /// assert_eq!(floe_notify::Message::new(vec![0xFF]).body(), [0xFF]);
    /// ```
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the attributes by name.
    ///
    /// ```
    /// assert_eq!(floe_notify::Message::default().attributes().len(), 0);
    /// ```
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, String> {
        &self.attributes
    }
}

/// What a consumer shows to prove that a message is in its hands; each receive gives a new one.
///
/// ```
/// use floe_notify::{MessageId, Receipt};
/// let receipt = Receipt::new(MessageId::new("m-1"), "handle");
/// assert_eq!((receipt.message().as_str(), receipt.token()), ("m-1", "handle"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt {
    message: MessageId,
    token: String,
}

impl Receipt {
    /// Makes a receipt of the message and of what the queue calls a receipt handle, a pop receipt
    /// or an acknowledgement id.
    ///
    /// ```
    /// use floe_notify::{MessageId, Receipt};
    /// let message = MessageId::new("m-1");
    /// assert_ne!(Receipt::new(message.clone(), "1"), Receipt::new(message, "2"));
    /// ```
    #[must_use]
    pub fn new(message: MessageId, token: impl Into<String>) -> Self {
        Self {
            message,
            token: token.into(),
        }
    }

    /// Returns the message that the receipt is for.
    ///
    /// ```
    /// use floe_notify::{MessageId, Receipt};
    /// assert_eq!(Receipt::new(MessageId::new("m"), "t").message().as_str(), "m");
    /// ```
    #[must_use]
    pub fn message(&self) -> &MessageId {
        &self.message
    }

    /// Returns what the queue gave out; only the queue understands it.
    ///
    /// ```
    /// use floe_notify::{MessageId, Receipt};
    /// assert_eq!(Receipt::new(MessageId::new("m"), "t").token(), "t");
    /// ```
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

/// One message in the hands of one consumer, for a while.
///
/// ```
/// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
/// let receipt = Receipt::new(MessageId::new("m-1"), "handle");
/// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::from_millis(30_000))
///     .with_receive_count(2);
/// assert_eq!(delivery.id().as_str(), "m-1");
/// assert_eq!(delivery.receive_count(), Some(2));
/// assert_eq!(delivery.remaining(Timestamp::from_millis(10_000)).as_secs(), 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    message: Message,
    receipt: Receipt,
    deadline: Timestamp,
    receive_count: Option<u32>,
    sent: Option<Timestamp>,
}

impl Delivery {
    /// Makes a delivery; drivers call this.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::default(), receipt, Timestamp::default());
    /// assert_eq!((delivery.receive_count(), delivery.sent()), (None, None));
    /// ```
    #[must_use]
    pub const fn new(message: Message, receipt: Receipt, deadline: Timestamp) -> Self {
        Self {
            message,
            receipt,
            deadline,
            receive_count: None,
            sent: None,
        }
    }

    /// Says how often the message was handed out, this time included.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::default(), receipt, Timestamp::default());
    /// assert_eq!(delivery.with_receive_count(1).receive_count(), Some(1));
    /// ```
    #[must_use]
    pub const fn with_receive_count(mut self, count: u32) -> Self {
        self.receive_count = Some(count);
        self
    }

    /// Says when the message was sent.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::default(), receipt, Timestamp::default());
    /// let at = Timestamp::from_millis(9);
    /// assert_eq!(delivery.with_sent(at).sent(), Some(at));
    /// ```
    #[must_use]
    pub const fn with_sent(mut self, at: Timestamp) -> Self {
        self.sent = Some(at);
        self
    }

    /// Returns the name of the message, the same at every delivery.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::default(), receipt, Timestamp::default());
    /// assert_eq!(delivery.id(), &MessageId::new("m"));
    /// ```
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.receipt.message
    }

    /// Returns what was sent.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::default());
    /// assert_eq!(delivery.message().body(), b"x");
    /// ```
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Returns what to acknowledge or release the message with.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::default());
    /// assert_eq!(delivery.receipt().token(), "t");
    /// ```
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// Returns until when no other consumer gets the message.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::from_millis(1));
    /// assert_eq!(delivery.deadline().as_millis(), 1);
    /// ```
    #[must_use]
    pub const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Returns how long the message is still this consumer's; zero when the deadline has passed.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::from_millis(1));
    /// assert!(delivery.remaining(Timestamp::from_millis(2)).is_zero());
    /// ```
    #[must_use]
    pub const fn remaining(&self, now: Timestamp) -> Duration {
        self.deadline.since(now)
    }

    /// Returns how often the message was handed out, this time included, where the queue counts.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::default());
    /// assert_eq!(delivery.receive_count(), None, "Pub/Sub counts only beside dead letters");
    /// ```
    #[must_use]
    pub const fn receive_count(&self) -> Option<u32> {
        self.receive_count
    }

    /// Returns when the message was sent, where the queue knows.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let delivery = Delivery::new(Message::new("x"), receipt, Timestamp::default());
    /// assert_eq!(delivery.sent(), None);
    /// ```
    #[must_use]
    pub const fn sent(&self) -> Option<Timestamp> {
        self.sent
    }

    /// Takes over what an extension gave: the new receipt token and the new deadline.
    ///
    /// ```
    /// use floe_notify::{Delivery, Message, MessageId, Receipt, clock::Timestamp};
    /// let receipt = Receipt::new(MessageId::new("m"), "t");
    /// let mut delivery = Delivery::new(Message::new("x"), receipt, Timestamp::default());
    /// delivery.renew("u", Timestamp::from_millis(7));
    /// assert_eq!(delivery.receipt().token(), "u");
    /// assert_eq!(delivery.deadline().as_millis(), 7);
    /// ```
    pub fn renew(&mut self, token: impl Into<String>, deadline: Timestamp) {
        self.receipt.token = token.into();
        self.deadline = deadline;
    }
}
