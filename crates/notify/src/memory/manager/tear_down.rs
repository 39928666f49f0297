//! What a tear-down has to do, given what is there.

use std::collections::BTreeSet;

use super::super::cloud::tags::Tags;
use super::super::cloud::{Entry, PREFIX};
use super::View;
use crate::{Action, Origin, ResourceKind, Step, StreamId, TearDown};

/// First the entries, so that nothing is sent to what is gone; the queues last.
pub(super) fn steps(view: &View, stream: &StreamId, scope: TearDown) -> Vec<Step> {
    let plan = TearDownPlan::new(view, stream, scope);
    let entries = plan.entries();
    let subscriptions = plan
        .leaving
        .iter()
        .map(|name| Step::new(Action::Delete, ResourceKind::Subscription, *name));
    let subscriptions: Vec<Step> = subscriptions.collect();
    let queues = plan.queues.iter();
    let queues = queues.map(|name| Step::new(Action::Delete, ResourceKind::Queue, *name));
    let queues: Vec<Step> = queues.collect();
    [entries, subscriptions, plan.topics(), queues].concat()
}

struct TearDownPlan<'a> {
    view: &'a View,
    stream: &'a StreamId,
    scope: TearDown,
    queues: BTreeSet<&'a str>,
    /// The subscriptions that go.
    leaving: BTreeSet<&'a str>,
}

impl<'a> TearDownPlan<'a> {
    fn new(view: &'a View, stream: &'a StreamId, scope: TearDown) -> Self {
        let mut plan = Self {
            view,
            stream,
            scope,
            queues: BTreeSet::new(),
            leaving: BTreeSet::new(),
        };
        let queues = view.queues.iter().filter(|(_, tags)| plan.covers(tags));
        plan.queues = queues.map(|(name, _)| name.as_str()).collect();
        let leaving = view
            .subscriptions
            .iter()
            .filter(|(_, one)| plan.covers(&one.tags) || plan.queues.contains(one.queue.as_str()));
        plan.leaving = leaving.map(|(name, _)| name.as_str()).collect();
        plan
    }

    fn covers(&self, tags: &Tags) -> bool {
        let is_covered = match tags.origin() {
            Some(Origin::Floe) => true,
            Some(Origin::AutoLoader) => self.scope == TearDown::Adopt,
            None => false,
        };
        is_covered && tags.stream().as_ref() == Some(self.stream)
    }

    fn covers_entry(&self, entry: &Entry) -> bool {
        if entry.id.starts_with(&format!("floe-{}-", self.stream)) {
            return true;
        }
        let is_original = entry.id.starts_with(PREFIX);
        let topic = self.view.topics.get(&entry.destination);
        is_original && topic.is_some_and(|tags| self.covers(tags))
    }

    /// Who still needs this topic when the stream is gone.
    fn listener(&self, topic: &str) -> Option<&str> {
        let subscriptions = self.view.subscriptions.iter();
        let mut staying = subscriptions.filter(|(name, _)| !self.leaving.contains(name.as_str()));
        let (_, one) = staying.find(|(_, one)| one.topic == topic)?;
        Some(&one.queue)
    }

    fn entries(&self) -> Vec<Step> {
        let covered = self.view.entries.iter();
        let covered = covered.filter(|(_, entry)| self.covers_entry(entry));
        let steps = covered.map(|(bucket, entry)| {
            let name = format!("{bucket}/{}", entry.id);
            self.delete_or_leave(ResourceKind::Notification, name, &entry.destination)
        });
        steps.collect()
    }

    fn topics(&self) -> Vec<Step> {
        let covered = self.view.topics.iter();
        let covered = covered.filter(|(_, tags)| self.covers(tags));
        let steps = covered.map(|(name, _)| {
            let mut entries = self.view.entries.iter();
            let foreign =
                entries.find(|(_, entry)| entry.destination == *name && !self.covers_entry(entry));
            if let Some((bucket, entry)) = foreign {
                let reason = format!("the entry {bucket}/{} of others sends to it", entry.id);
                return Step::new(Action::Leave, ResourceKind::Topic, name).because(reason);
            }
            self.delete_or_leave(ResourceKind::Topic, name.clone(), name)
        });
        steps.collect()
    }

    fn delete_or_leave(&self, kind: ResourceKind, name: String, topic: &str) -> Step {
        match self.listener(topic) {
            Some(queue) => {
                let reason = format!(
                    "queue {queue} still gets its events; tear down again when that is gone"
                );
                Step::new(Action::Leave, kind, name).because(reason)
            }
            None => Step::new(Action::Delete, kind, name),
        }
    }
}
