//! Which services there are.

use std::collections::BTreeSet;

use floe_notify::aws::bucket::Entry;
use floe_notify::aws::{FilterRule, FilterSide};
use floe_notify::{NotificationService, Origin, PATH, QueueId, ResourceKind, StreamId, Tags};

use super::view::{Queue, Topic, View, stream_of_entry, subscription_name};

/// By the name of the queue; what has none comes first.
pub(super) fn services(view: &View) -> Vec<NotificationService> {
    let queues = view.queues.iter();
    let whole = queues.filter_map(|(name, queue)| with_queue(view, name, queue));
    let whole: Vec<NotificationService> = whole.collect();
    let known = whole.iter().filter_map(|one| one.stream().cloned());
    let mut services = leftovers(view, known.collect());
    services.extend(whole);
    services
}

fn with_queue(view: &View, name: &str, queue: &Queue) -> Option<NotificationService> {
    let mut service = of_tags(queue.origin()?, &queue.tags)
        .with_queue(QueueId::new(&queue.url).ok()?)
        .with_resource(ResourceKind::Queue, name);
    let topics = view.topics.iter();
    for (topic_name, topic) in topics.filter(|(_, topic)| topic.has_subscriber(&queue.arn)) {
        let subscription = subscription_name(topic_name, name);
        service = service
            .with_resource(ResourceKind::Subscription, subscription)
            .with_resource(ResourceKind::Topic, topic_name);
        for (bucket, entry) in entries_to(view, topic) {
            let name = format!("{bucket}/{}", entry.name());
            service = service.with_resource(ResourceKind::Notification, name);
            if service.path().is_none() {
                service = service.with_path(path_of(bucket, entry));
            }
        }
    }
    Some(service)
}

/// What is marked and belongs to a stream that has no queue: set-up or tear-down was cut short, or
/// others still listen.
fn leftovers(view: &View, mut listed: BTreeSet<StreamId>) -> Vec<NotificationService> {
    let mut services = Vec::new();
    for (name, topic) in &view.topics {
        let Some(stream) = topic.stream() else {
            continue;
        };
        if !listed.insert(stream.clone()) {
            continue;
        }
        let mut service = NotificationService::new(Origin::Floe)
            .with_stream(stream)
            .with_resource(ResourceKind::Topic, name);
        for (bucket, entry) in entries_to(view, topic) {
            let name = format!("{bucket}/{}", entry.name());
            service = service
                .with_resource(ResourceKind::Notification, name)
                .with_path(path_of(bucket, entry));
        }
        services.push(service);
    }
    for (bucket, entry) in entries(view) {
        let Some(stream) = entry.id.as_deref().and_then(stream_of_entry) else {
            continue;
        };
        if listed.insert(stream.clone()) {
            let name = format!("{bucket}/{}", entry.name());
            let service = NotificationService::new(Origin::Floe)
                .with_stream(stream)
                .with_path(path_of(bucket, entry))
                .with_resource(ResourceKind::Notification, name);
            services.push(service);
        }
    }
    services
}

fn entries(view: &View) -> impl Iterator<Item = (&String, &Entry)> {
    let readable = view.buckets.iter();
    let readable = readable.filter_map(|(bucket, one)| Some((bucket, one.as_ref().ok()?)));
    readable.flat_map(|(bucket, one)| one.iter().map(move |entry| (bucket, entry)))
}

fn entries_to<'a>(
    view: &'a View,
    topic: &'a Topic,
) -> impl Iterator<Item = (&'a String, &'a Entry)> {
    entries(view).filter(|(_, entry)| entry.arn == topic.arn.as_str())
}

fn path_of(bucket: &str, entry: &Entry) -> String {
    let mut rules = entry.rules.iter();
    let prefix = rules.find(|rule| rule.side() == FilterSide::Prefix);
    let prefix = prefix.map(FilterRule::decoded).unwrap_or_default();
    format!("s3://{bucket}/{}", String::from_utf8_lossy(&prefix))
}

fn of_tags(origin: Origin, tags: &Tags) -> NotificationService {
    let pairs = tags.pairs().map(|(k, v)| (k.to_owned(), v.to_owned()));
    let mut service = NotificationService::new(origin).with_tags(pairs);
    if let Some(stream) = tags.stream_id() {
        service = service.with_stream(stream);
    }
    if let Some(path) = tags.get(PATH) {
        service = service.with_path(path);
    }
    service
}
