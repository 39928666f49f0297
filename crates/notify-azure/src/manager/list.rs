//! Which services there are.

use std::collections::BTreeSet;

use floe_notify::{NotificationService, Origin, PATH, QueueId, ResourceKind, Tags};

use super::view::{View, origin};

/// By account and name of the queue; what has no queue comes first.
pub(super) fn services(views: &[View]) -> Vec<NotificationService> {
    let mut services: Vec<NotificationService> = views.iter().flat_map(of_account).collect();
    services.sort_by(|a, b| {
        let name = |one: &NotificationService| one.queue().map(|queue| queue.as_str().to_owned());
        name(a).cmp(&name(b))
    });
    services
}

fn of_account(view: &View) -> Vec<NotificationService> {
    let mut services = Vec::new();
    let mut told = BTreeSet::new();
    for (name, tags) in &view.queues {
        let (Some(origin), Ok(id)) = (origin(tags), QueueId::new(name)) else {
            continue;
        };
        let mut service = of_tags(origin, tags)
            .with_queue(id)
            .with_resource(ResourceKind::Queue, name);
        for one in view.filling(name) {
            service = service.with_resource(ResourceKind::Subscription, &one.name);
            // One of another stream is told below, under that stream.
            if one
                .tags
                .stream_id()
                .is_none_or(|of| Some(&of) == service.stream())
            {
                told.insert(one.name.as_str());
            }
        }
        services.push(service);
    }
    for (name, one) in &view.subscriptions {
        let Some((origin, stream)) = view.owner_of_subscription(one) else {
            continue;
        };
        if told.contains(name.as_str()) {
            continue;
        }
        let mut service = of_tags(origin, &one.tags)
            .with_stream(stream)
            .with_resource(ResourceKind::Subscription, name);
        let queue = one.queue.as_ref().map(|(_, queue)| queue);
        // A queue that others made, and only if it is there.
        let queue = queue.filter(|queue| view.queues.contains_key(*queue));
        if let Some(id) = queue.and_then(|queue| QueueId::new(queue).ok()) {
            service = service.with_queue(id);
        }
        services.push(service);
    }
    services
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
