//! Messages that are kept aside.

use std::collections::BTreeMap;

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;

/// Most messages in quarantine; a queue that brings more of them is not understood at all, and
/// people have to look.
pub const MAX_QUARANTINED: usize = 10_000;

/// Most bytes of a message that are kept: the largest that any of the queues carries is 10 MB
/// (Pub/Sub, "Quotas and limits"); nobody reads more than the beginning of one.
pub const MAX_BODY_KEPT: usize = 65_536;

/// A message that is kept aside because it cannot be read, or came too often.
///
/// ```
/// use floe_ingest::{MAX_BODY_KEPT, Poison};
/// use floe_notify::{Message, MessageId, clock::Timestamp};
/// let message = Message::new(vec![b'x'; 100_000]);
/// let reason = "no JSON".to_owned();
/// let poison = Poison::new(MessageId::new("m"), &message, reason, Some(5), Timestamp::default());
/// assert_eq!((poison.body.len(), poison.length), (MAX_BODY_KEPT, 100_000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poison {
    /// The message.
    pub message: MessageId,
    /// Its body, or the first [`MAX_BODY_KEPT`] bytes of it.
    pub body: Vec<u8>,
    /// The length of the whole body in bytes.
    pub length: u64,
    /// Its attributes; none when they are longer than [`MAX_BODY_KEPT`] in all.
    pub attributes: BTreeMap<String, String>,
    /// What is wrong with it.
    pub reason: String,
    /// How often it was received, where the queue counts.
    pub receive_count: Option<u32>,
    /// When it was put aside.
    pub at: Timestamp,
}

impl Poison {
    /// Takes what is kept of a message.
    ///
    /// ```
    /// use floe_ingest::Poison;
    /// use floe_notify::{Message, MessageId, clock::Timestamp};
    /// let message = Message::new("?").with_attribute("a", "1");
    /// let poison =
    ///     Poison::new(MessageId::new("m"), &message, "odd".into(), None, Timestamp::default());
    /// assert_eq!(poison.attributes["a"], "1");
    /// ```
    #[must_use]
    pub fn new(
        id: MessageId,
        message: &floe_notify::Message,
        reason: String,
        receive_count: Option<u32>,
        at: Timestamp,
    ) -> Self {
        let body = message.body();
        let kept = body.get(..MAX_BODY_KEPT).unwrap_or(body);
        let attributes = message.attributes();
        let length: usize = attributes
            .iter()
            .map(|(name, text)| name.len() + text.len())
            .sum();
        Self {
            message: id,
            body: kept.to_vec(),
            length: body.len() as u64,
            attributes: if length <= MAX_BODY_KEPT {
                attributes.clone()
            } else {
                BTreeMap::new()
            },
            reason,
            receive_count,
            at,
        }
    }
}
