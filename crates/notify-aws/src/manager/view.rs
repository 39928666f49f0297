//! What there is, as far as notifications are concerned.

use std::collections::BTreeMap;

use floe_notify::aws::Arn;
use floe_notify::{Origin, StreamId, Tags};

use super::bucket::Configuration;
use crate::failure::Failure;

/// What the display name of a topic begins with that this system created; the id of the stream
/// follows.
pub(super) const TOPIC_MARK: &str = "floe-created ";
/// What the id of an entry begins with that this system added; the id of the stream follows.
pub(super) const ENTRY_MARK: &str = "floe-";

#[derive(Debug, Default)]
pub(super) struct View {
    /// By name.
    pub(super) topics: BTreeMap<String, Topic>,
    /// By name.
    pub(super) queues: BTreeMap<String, Queue>,
    /// By name; some may not be readable.
    pub(super) buckets: BTreeMap<String, Result<Configuration, Failure>>,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) arn: Arn,
    pub(super) display_name: String,
    pub(super) policy: String,
    pub(super) subscriptions: Vec<Subscription>,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) url: String,
    pub(super) arn: String,
    /// Empty where only tags were asked for.
    pub(super) policy: String,
    pub(super) tags: Tags,
}

impl Topic {
    /// The stream that it was created for, when this system created it.
    pub(super) fn stream(&self) -> Option<StreamId> {
        StreamId::parse(self.display_name.strip_prefix(TOPIC_MARK)?).ok()
    }

    pub(super) fn has_subscriber(&self, queue_arn: &str) -> bool {
        let mut subscriptions = self.subscriptions.iter();
        subscriptions.any(|one| one.protocol == "sqs" && one.endpoint == queue_arn)
    }
}

impl Subscription {
    /// The name of the queue that it sends to; its whole endpoint when it is of another kind.
    pub(super) fn target(&self) -> &str {
        match self.protocol.as_str() {
            "sqs" => self.endpoint.rsplit(':').next().unwrap_or_default(),
            _ => &self.endpoint,
        }
    }
}

impl Queue {
    pub(super) fn origin(&self) -> Option<Origin> {
        if self.tags.is_ours() {
            return Some(Origin::Floe);
        }
        self.tags.is_auto_loader().then_some(Origin::AutoLoader)
    }
}

impl View {
    /// Who made a topic, and for which stream. Auto Loader's carry no mark that its own rights
    /// allow to read, but beside each is its queue of the same name.
    pub(super) fn owner_of_topic(&self, name: &str) -> Option<(Origin, StreamId)> {
        let topic = self.topics.get(name)?;
        if let Some(stream) = topic.stream() {
            return Some((Origin::Floe, stream));
        }
        let queue = self.queues.get(name)?;
        let stream = queue.tags.stream_id()?;
        (queue.origin()? == Origin::AutoLoader).then_some((Origin::AutoLoader, stream))
    }

    /// The subscription of this name, as plans write it.
    pub(super) fn subscription(&self, name: &str) -> Option<&Subscription> {
        self.topics.iter().find_map(|(topic, of)| {
            let mut subscriptions = of.subscriptions.iter();
            subscriptions.find(|one| subscription_name(topic, one.target()) == name)
        })
    }

    /// The name and the topic with this ARN.
    pub(super) fn topic_of(&self, arn: &str) -> Option<(&String, &Topic)> {
        let mut topics = self.topics.iter();
        topics.find(|(_, topic)| topic.arn.as_str() == arn)
    }
}

/// The stream in the id of an entry that this system added.
pub(super) fn stream_of_entry(id: &str) -> Option<StreamId> {
    // A GUID has 36 characters.
    StreamId::parse(id.strip_prefix(ENTRY_MARK)?.get(..36)?).ok()
}

/// How subscriptions are named in plans and lists.
pub(super) fn subscription_name(topic: &str, queue: &str) -> String {
    format!("{topic}>{queue}")
}
