//! What a tear-down has to do, given what is there.

use std::collections::BTreeSet;

use floe_notify::{Action, Origin, ResourceError, ResourceKind, Step, StreamId, TearDown};

use super::view::{Config, Topic, View, bucket_of, config_name, owner, short};
use crate::GcpError;

/// Configurations first, so that no event is sent into the void; topics last, because their labels
/// say which bucket it was.
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
    Ok([plan.configs(), queues, plan.topics()].concat())
}

/// Whether a tear-down of this scope is about what carries these labels.
pub(super) fn covers(
    owner: Option<(Origin, StreamId)>,
    stream: &StreamId,
    scope: TearDown,
) -> bool {
    let is_covered = |origin| match origin {
        Origin::Floe => true,
        _ => scope == TearDown::Adopt,
    };
    owner.is_some_and(|(origin, of)| is_covered(origin) && of == *stream)
}

struct Plan<'a> {
    view: &'a View,
    stream: &'a StreamId,
    scope: TearDown,
    queues: BTreeSet<&'a str>,
    /// The full names of those queues.
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
            if covers(owner(&queue.tags), stream, scope) {
                plan.queues.insert(name);
                plan.leaving.insert(&queue.path);
            }
        }
        plan
    }

    fn covers_topic(&self, topic: &Topic) -> bool {
        covers(owner(&topic.tags), self.stream, self.scope)
    }

    fn covers_config(&self, config: &Config) -> bool {
        if let Some(stream) = config.stream() {
            return stream == *self.stream;
        }
        // What Auto Loader writes into its configurations is not documented: they are those of
        // its topics. One that others made for a topic of ours is theirs.
        let topic = self.view.topics.get(&config.existing.topic);
        topic.is_some_and(|topic| !topic.tags.is_ours() && self.covers_topic(topic))
    }

    /// A bucket that cannot be read may still tell what would be deleted.
    fn check_buckets(&self) -> Result<(), ResourceError> {
        for (path, topic) in &self.view.topics {
            if !self.covers_topic(topic) {
                continue;
            }
            let bucket = bucket_of(&topic.tags);
            let unreadable = |bucket: &String| match self.view.buckets.get(bucket) {
                Some(Err(failure)) => Some((bucket.clone(), failure.clone())),
                _ => None,
            };
            let failed = match &bucket {
                Some(bucket) => unreadable(bucket),
                // Nothing says which, so each of those that are looked at may be the one.
                None => self.view.buckets.keys().find_map(unreadable),
            };
            if let Some((bucket, failure)) = failed {
                return Err(failure.resource(&super::bucket_name(&bucket)));
            }
            if bucket.is_none() && self.view.buckets.is_empty() {
                let topic = short(path).to_owned();
                return Err(ResourceError::driver(
                    path.clone(),
                    GcpError::NoBucket { topic },
                ));
            }
        }
        Ok(())
    }

    fn configs(&self) -> Vec<Step> {
        let covered = self
            .view
            .configs()
            .filter(|(_, one)| self.covers_config(one));
        let steps = covered.map(|(bucket, config)| {
            let name = config_name(bucket, &config.existing.id);
            let topic = self.view.topics.get(&config.existing.topic);
            self.delete_or_leave(ResourceKind::Notification, name, topic)
        });
        steps.collect()
    }

    fn topics(&self) -> Vec<Step> {
        let covered = self.view.topics.iter();
        let covered = covered.filter(|(_, topic)| self.covers_topic(topic));
        let steps = covered.map(|(path, topic)| {
            let mut configs = self.view.configs_to(path);
            if let Some((bucket, config)) = configs.find(|(_, one)| !self.covers_config(one)) {
                let name = config_name(bucket, &config.existing.id);
                let reason = format!("the configuration {name} of others sends to it");
                return Step::new(Action::Leave, ResourceKind::Topic, short(path)).because(reason);
            }
            self.delete_or_leave(ResourceKind::Topic, short(path).to_owned(), Some(topic))
        });
        steps.collect()
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

    /// Who will still listen to a topic, and needs what this stream made for it. Others listened
    /// to a topic that is only reused before this stream told it of anything.
    fn listener(&self, topic: &Topic) -> Option<String> {
        let covered = self.covers_topic(topic);
        let mut staying = topic.subscribers.iter();
        let staying = staying.find(|path| {
            let known = self.view.queues.get(short(path));
            let is_of_floe = known.is_some_and(|queue| queue.tags.is_ours());
            !self.leaving.contains(path.as_str()) && (covered || is_of_floe)
        })?;
        Some(short(staying).to_owned())
    }
}
