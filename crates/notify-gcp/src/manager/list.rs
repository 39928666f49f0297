//! Which services there are.

use std::collections::BTreeSet;

use floe_notify::{NotificationService, Origin, QueueId, ResourceKind, StreamId, Tags};

use super::view::{Config, Queue, View, config_name, origin, owner, short};

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
    let service = of_tags(origin(&queue.tags)?, &queue.tags)
        .with_queue(QueueId::new(name).ok()?)
        .with_resource(ResourceKind::Queue, name);
    if queue.lost_its_topic() {
        return Some(service);
    }
    let service = service.with_resource(ResourceKind::Topic, short(&queue.topic));
    Some(with_configs(view, service, &queue.topic))
}

fn with_configs(view: &View, mut service: NotificationService, topic: &str) -> NotificationService {
    for (bucket, config) in view.configs_to(topic) {
        let name = config_name(bucket, &config.existing.id);
        service = service.with_resource(ResourceKind::Notification, name);
        if service.path().is_none() {
            service = service.with_path(path_of(bucket, config));
        }
    }
    service
}

/// What is marked and belongs to a stream that has no queue: set-up or tear-down was cut short, or
/// others still listen.
fn leftovers(view: &View, mut listed: BTreeSet<StreamId>) -> Vec<NotificationService> {
    let mut services = Vec::new();
    for (path, topic) in &view.topics {
        let Some((origin, stream)) = owner(&topic.tags) else {
            continue;
        };
        if listed.insert(stream) {
            let service = of_tags(origin, &topic.tags);
            let service = service.with_resource(ResourceKind::Topic, short(path));
            services.push(with_configs(view, service, path));
        }
    }
    for (bucket, config) in view.configs() {
        let Some(stream) = config.stream() else {
            continue;
        };
        if listed.insert(stream.clone()) {
            let name = config_name(bucket, &config.existing.id);
            let service = NotificationService::new(Origin::Floe)
                .with_stream(stream)
                .with_path(path_of(bucket, config))
                .with_resource(ResourceKind::Notification, name);
            services.push(service);
        }
    }
    services
}

fn path_of(bucket: &str, config: &Config) -> String {
    format!("gs://{bucket}/{}", config.existing.prefix)
}

fn of_tags(origin: Origin, tags: &Tags) -> NotificationService {
    let pairs = tags.pairs().map(|(k, v)| (k.to_owned(), v.to_owned()));
    let service = NotificationService::new(origin).with_tags(pairs);
    match tags.stream_id() {
        Some(stream) => service.with_stream(stream),
        None => service,
    }
}
