//! What a tear-down has to do, given what is there.

use std::collections::BTreeSet;

use floe_notify::aws::bucket::Entry;
use floe_notify::aws::{Arn, Place};
use floe_notify::{
    Action, Location, Origin, PATH, ResourceError, ResourceKind, Step, StreamId, TearDown,
};

use super::view::{Topic, View, stream_of_entry, subscription_name};
use crate::policy;

/// Entries first, so that no event is sent into the void; queues last, because their tags say
/// whose everything is.
pub(super) fn steps(
    view: &View,
    stream: &StreamId,
    scope: TearDown,
) -> Result<Vec<Step>, ResourceError> {
    let plan = Plan::new(view, stream, scope);
    plan.check_buckets()?;
    let queues = plan.queues.iter();
    let queues = queues.map(|name| Step::new(Action::Delete, ResourceKind::Queue, *name));
    let queues: Vec<Step> = queues.collect();
    Ok([plan.entries(), plan.subscriptions(), plan.topics(), queues].concat())
}

struct Plan<'a> {
    view: &'a View,
    stream: &'a StreamId,
    scope: TearDown,
    queues: BTreeSet<&'a str>,
    /// The ARNs of those queues.
    leaving: BTreeSet<&'a str>,
}

impl<'a> Plan<'a> {
    fn new(view: &'a View, stream: &'a StreamId, scope: TearDown) -> Self {
        let mut plan = Self {
            view,
            stream,
            scope,
            queues: BTreeSet::new(),
            leaving: BTreeSet::new(),
        };
        for (name, queue) in &view.queues {
            let owner = queue.origin().zip(queue.tags.stream_id());
            if plan.covers(owner) {
                plan.queues.insert(name);
                plan.leaving.insert(&queue.arn);
            }
        }
        plan
    }

    fn covers(&self, owner: Option<(Origin, StreamId)>) -> bool {
        let is_covered = |origin| match origin {
            Origin::Floe => true,
            _ => self.scope == TearDown::Adopt,
        };
        owner.is_some_and(|(origin, stream)| is_covered(origin) && stream == *self.stream)
    }

    fn covers_topic(&self, name: &str) -> bool {
        self.covers(self.view.owner_of_topic(name))
    }

    fn covers_entry(&self, entry: &Entry) -> bool {
        if let Some(stream) = entry.id.as_deref().and_then(stream_of_entry) {
            return stream == *self.stream;
        }
        // How Auto Loader calls its entries is not documented: they are those of its topics.
        let topic = self.view.topic_of(&entry.arn);
        topic.is_some_and(|(name, topic)| topic.stream().is_none() && self.covers_topic(name))
    }

    /// A bucket that cannot be read may still send to what would be deleted.
    fn check_buckets(&self) -> Result<(), ResourceError> {
        let topics = self.view.topics.iter();
        let topics = topics.filter(|(name, _)| self.covers_topic(name));
        let of_topics = topics.flat_map(|(_, topic)| policy::sources(&topic.policy));
        let of_topics = of_topics.filter_map(|source| {
            let arn = Arn::parse(&source).ok()?;
            Some(arn.resource().to_owned())
        });
        let queues = self
            .queues
            .iter()
            .filter_map(|name| self.view.queues.get(*name));
        let of_queues = queues.filter_map(|queue| {
            let location = Location::parse(queue.tags.get(PATH)?).ok()?;
            Some(location.container().to_owned())
        });
        for bucket in of_topics.chain(of_queues) {
            if let Some(Err(failure)) = self.view.buckets.get(&bucket) {
                let arn = Place::new("", "").bucket(&bucket);
                return Err(failure.clone().resource(&arn));
            }
        }
        Ok(())
    }

    fn entries(&self) -> Vec<Step> {
        let readable = self.view.buckets.iter();
        let readable = readable.filter_map(|(bucket, one)| Some((bucket, one.as_ref().ok()?)));
        let entries = readable.flat_map(|(bucket, configuration)| {
            configuration.iter().map(move |entry| (bucket, entry))
        });
        let covered = entries.filter(|(_, entry)| self.covers_entry(entry));
        let steps = covered.map(|(bucket, entry)| {
            let name = format!("{bucket}/{}", entry.name());
            let topic = self.view.topic_of(&entry.arn).map(|(_, topic)| topic);
            self.delete_or_leave(ResourceKind::Notification, name, topic)
        });
        steps.collect()
    }

    fn subscriptions(&self) -> Vec<Step> {
        let topics = self.view.topics.iter();
        let all =
            topics.flat_map(|(name, topic)| topic.subscriptions.iter().map(move |one| (name, one)));
        let leaving = all.filter(|(_, one)| self.leaving.contains(one.endpoint.as_str()));
        let steps = leaving.map(|(topic, one)| {
            let name = subscription_name(topic, one.target());
            Step::new(Action::Delete, ResourceKind::Subscription, name)
        });
        steps.collect()
    }

    fn topics(&self) -> Vec<Step> {
        let covered = self.view.topics.iter();
        let covered = covered.filter(|(name, _)| self.covers_topic(name));
        let steps = covered.map(|(name, topic)| {
            if let Some(entry) = self.foreign_entry(topic) {
                let reason = format!("the entry {entry} of others sends to it");
                return Step::new(Action::Leave, ResourceKind::Topic, name).because(reason);
            }
            self.delete_or_leave(ResourceKind::Topic, name.clone(), Some(topic))
        });
        steps.collect()
    }

    fn foreign_entry(&self, topic: &Topic) -> Option<String> {
        let buckets = self.view.buckets.iter();
        let mut buckets = buckets.filter_map(|(bucket, one)| Some((bucket, one.as_ref().ok()?)));
        buckets.find_map(|(bucket, configuration)| {
            let arn = topic.arn.as_str();
            let mut entries = configuration.iter();
            let foreign = entries.find(|one| one.arn == arn && !self.covers_entry(one))?;
            Some(format!("{bucket}/{}", foreign.name()))
        })
    }

    fn delete_or_leave(&self, kind: ResourceKind, name: String, topic: Option<&Topic>) -> Step {
        match topic.and_then(|topic| self.listener(topic)) {
            Some(listener) => {
                let reason =
                    format!("{listener} still gets its events; tear down again when that is gone");
                Step::new(Action::Leave, kind, name).because(reason)
            }
            None => Step::new(Action::Delete, kind, name),
        }
    }

    /// Who will still listen to a topic.
    fn listener(&self, topic: &Topic) -> Option<String> {
        let mut subscriptions = topic.subscriptions.iter();
        let staying = subscriptions.find(|one| !self.leaving.contains(one.endpoint.as_str()))?;
        Some(staying.target().to_owned())
    }
}
