//! Which services there are.

use std::collections::BTreeSet;

use super::super::cloud::tags::Tags;
use super::View;
use crate::{NotificationService, Origin, QueueId, ResourceKind, StreamId};

/// By the name of the queue; what has none comes first.
pub(super) fn services(view: &View) -> Vec<NotificationService> {
    let queues = view.queues.iter();
    let whole: Vec<NotificationService> = queues
        .filter_map(|(name, tags)| with_queue(view, name, tags))
        .collect();
    let known: BTreeSet<StreamId> = whole.iter().filter_map(|s| s.stream().cloned()).collect();
    let mut services = leftovers(view, &known);
    services.extend(whole);
    services
}

fn with_queue(view: &View, name: &str, tags: &Tags) -> Option<NotificationService> {
    let mut service = of_tags(tags.origin()?, tags)
        .with_queue(QueueId::from_valid(name))
        .with_resource(ResourceKind::Queue, name);
    let subscriptions = view.subscriptions.iter();
    for (subscription, one) in subscriptions.filter(|(_, one)| one.queue == name) {
        service = service.with_resource(ResourceKind::Subscription, subscription);
        if view.topics.contains_key(&one.topic) {
            service = service.with_resource(ResourceKind::Topic, &one.topic);
        }
        for (bucket, entry) in &view.entries {
            if entry.destination == one.topic {
                let name = format!("{bucket}/{}", entry.id);
                service = service.with_resource(ResourceKind::Notification, name);
            }
        }
    }
    Some(service)
}

/// What is marked and belongs to a stream that has no queue: set-up or tear-down was cut short, or
/// others still listen.
fn leftovers(view: &View, known: &BTreeSet<StreamId>) -> Vec<NotificationService> {
    let mut services = Vec::new();
    let mut listed = known.clone();
    for (topic, tags) in &view.topics {
        let (Some(origin), Some(stream)) = (tags.origin(), tags.stream()) else {
            continue;
        };
        if !listed.contains(&stream) {
            let service = of_tags(origin, tags).with_resource(ResourceKind::Topic, topic);
            services.push(service);
            listed.insert(stream);
        }
    }
    let subscriptions = view.subscriptions.iter();
    let subscriptions = subscriptions.map(|(name, one)| (ResourceKind::Subscription, name, one));
    for (kind, name, one) in subscriptions {
        let (Some(origin), Some(stream)) = (one.tags.origin(), one.tags.stream()) else {
            continue;
        };
        if !listed.contains(&stream) {
            services.push(of_tags(origin, &one.tags).with_resource(kind, name));
            listed.insert(stream);
        }
    }
    for (bucket, entry) in &view.entries {
        let Some(stream) = stream_of_entry(&entry.id) else {
            continue;
        };
        if !listed.contains(&stream) {
            let name = format!("{bucket}/{}", entry.id);
            let service = NotificationService::new(Origin::Floe)
                .with_stream(stream.clone())
                .with_resource(ResourceKind::Notification, name);
            services.push(service);
            listed.insert(stream);
        }
    }
    services
}

/// The stream in the id of an entry that this system made.
fn stream_of_entry(id: &str) -> Option<StreamId> {
    // A GUID has 36 characters.
    StreamId::parse(id.strip_prefix("floe-")?.get(..36)?).ok()
}

fn of_tags(origin: Origin, tags: &Tags) -> NotificationService {
    let mut service = NotificationService::new(origin).with_tags(tags.pairs());
    if let Some(stream) = tags.stream() {
        service = service.with_stream(stream);
    }
    if let Some(path) = tags.path() {
        service = service.with_path(path);
    }
    service
}
