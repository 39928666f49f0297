//! One entry of a notification configuration.

use std::collections::BTreeSet;

use crate::aws::{FilterRule, FilterSide, overlap};

/// The event type of every way in which an object comes to be.
pub const OBJECT_CREATED: &str = "s3:ObjectCreated:*";

/// What an entry sends to.
///
/// ```
/// use floe_notify::aws::bucket::{DestinationKind, Entry};
///
/// assert_eq!(Entry::topic("a", "arn:aws:sns:eu-west-1:1:a", "").kind, DestinationKind::Topic);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DestinationKind {
    /// An SNS topic.
    Topic,
    /// An SQS queue.
    Queue,
    /// A Lambda function.
    Lambda,
    /// EventBridge, which is told of everything and has neither an ARN nor a filter.
    EventBridge,
}

/// What one entry of a notification configuration says.
///
/// ```
/// use floe_notify::aws::bucket::Entry;
///
/// let entry = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
/// assert_eq!(entry.id.as_deref(), Some("orders"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id, which comes back in every event; S3 makes one up when there is none.
    pub id: Option<String>,
    /// What it sends to.
    pub kind: DestinationKind,
    /// The ARN of what it sends to.
    pub arn: String,
    /// The event types, such as [`OBJECT_CREATED`].
    pub events: Vec<String>,
    /// The rules of its filter, at most one for each side.
    pub rules: Vec<FilterRule>,
}

impl Entry {
    /// An entry that tells a topic of every object that comes to be below a prefix, which is plain
    /// text; the empty one is the whole bucket.
    ///
    /// ```
    /// use floe_notify::aws::bucket::Entry;
    ///
    /// let entry = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/day=1/");
    /// assert_eq!(entry.events, ["s3:ObjectCreated:*"]);
    /// assert_eq!(entry.rules[0].value(), "orders/day%3D1/");
    /// ```
    #[must_use]
    pub fn topic(id: &str, arn: &str, key_prefix: &str) -> Self {
        Self::new(DestinationKind::Topic, id, arn, key_prefix)
    }

    /// The same for a queue that the bucket sends to without a topic between.
    ///
    /// ```
    /// use floe_notify::aws::bucket::{DestinationKind, Entry};
    ///
    /// let entry = Entry::queue("orders", "arn:aws:sqs:eu-west-1:1:orders", "");
    /// assert_eq!((entry.kind, entry.rules.len()), (DestinationKind::Queue, 0));
    /// ```
    #[must_use]
    pub fn queue(id: &str, arn: &str, key_prefix: &str) -> Self {
        Self::new(DestinationKind::Queue, id, arn, key_prefix)
    }

    /// The switch that tells EventBridge of everything, which is part of a configuration, too: a
    /// driver holds it as an entry, so that it is written back with the others.
    ///
    /// ```
    /// use floe_notify::aws::bucket::Entry;
    /// use floe_notify::aws::overlap;
    ///
    /// let ours = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "");
    /// assert_eq!(overlap::between(&Entry::event_bridge(), &ours), None);
    /// ```
    #[must_use]
    pub fn event_bridge() -> Self {
        Entry {
            id: None,
            kind: DestinationKind::EventBridge,
            arn: String::new(),
            events: Vec::new(),
            rules: Vec::new(),
        }
    }

    fn new(kind: DestinationKind, id: &str, arn: &str, key_prefix: &str) -> Self {
        let rule = (!key_prefix.is_empty()).then(|| FilterRule::prefix(key_prefix));
        Entry {
            id: Some(id.to_owned()),
            kind,
            arn: arn.to_owned(),
            events: vec![OBJECT_CREATED.to_owned()],
            rules: rule.into_iter().collect(),
        }
    }

    /// What to call the entry in a message: its id, or its destination.
    ///
    /// ```
    /// use floe_notify::aws::bucket::Entry;
    ///
    /// let mut entry = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:topic", "");
    /// assert_eq!(entry.name(), "orders");
    /// entry.id = None;
    /// assert_eq!(entry.name(), "arn:aws:sns:eu-west-1:1:topic");
    /// ```
    #[must_use]
    pub fn name(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.arn.clone())
    }

    /// Whether both send to one destination.
    pub(crate) fn has_destination_of(&self, other: &Entry) -> bool {
        self.kind == other.kind && self.arn == other.arn
    }

    /// Whether this entry makes the other one unnecessary.
    pub(crate) fn serves(&self, other: &Entry) -> bool {
        self.has_destination_of(other)
            && self.keys() == other.keys()
            && other.events.iter().all(|event| {
                self.events
                    .iter()
                    .any(|mine| overlap::includes(mine, event))
            })
    }

    /// The rules of the filter, decoded; an empty value is no rule.
    fn keys(&self) -> BTreeSet<(FilterSide, Vec<u8>)> {
        let decoded = self.rules.iter().map(|rule| (rule.side(), rule.decoded()));
        decoded.filter(|(_, value)| !value.is_empty()).collect()
    }
}
