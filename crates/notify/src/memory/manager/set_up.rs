//! What a set-up has to do, given what is there.

use super::super::cloud::tags::Tags;
use super::super::cloud::{Entry, PREFIX};
use super::View;
use crate::{Action, Conflict, ResourceError, ResourceKind, Step, StreamId};

/// What is asked of a set-up.
pub(super) struct Request<'a> {
    pub(super) bucket: &'a str,
    pub(super) prefix: &'a str,
    pub(super) stream: &'a StreamId,
    pub(super) suffix: String,
}

impl Request<'_> {
    /// The name of the queue, and of the topic when there is none for the path yet.
    pub(super) fn name(&self) -> String {
        format!("{PREFIX}-{}", self.suffix)
    }

    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.bucket, self.prefix)
    }

    /// Entries carry no tags, so the id is the mark.
    pub(super) fn entry(&self, topic: &str) -> Entry {
        Entry {
            id: format!("floe-{}-{}", self.stream, self.suffix),
            prefix: self.prefix.to_owned(),
            destination: topic.to_owned(),
        }
    }
}

/// The topic to listen to, and the steps; or everything that is in the way.
pub(super) fn steps(
    view: &View,
    request: &Request<'_>,
) -> Result<(String, Vec<Step>), ResourceError> {
    let name = request.name();
    let (watched, mut conflicts) = watched(view, request);
    let topic = watched.map_or(&name, |entry| &entry.destination);
    conflicts.extend(misused_topic(view, request, topic));
    conflicts.extend(misused_queue(view, request, topic));
    if !conflicts.is_empty() {
        return Err(ResourceError::Conflicts { conflicts });
    }
    let step = |is_there: bool, kind: ResourceKind, name: String| {
        let action = if is_there {
            Action::Reuse
        } else {
            Action::Create
        };
        Step::new(action, kind, name)
    };
    let subscription = format!("{topic}>{name}");
    let id = watched.map_or_else(|| request.entry(topic).id, |entry| entry.id.clone());
    // The events begin to flow with the last step, when everything behind it is there.
    let steps = vec![
        step(
            view.topics.contains_key(topic),
            ResourceKind::Topic,
            topic.clone(),
        ),
        step(
            view.queues.contains_key(&name),
            ResourceKind::Queue,
            name.clone(),
        ),
        step(
            view.subscriptions.contains_key(&subscription),
            ResourceKind::Subscription,
            subscription,
        ),
        step(
            watched.is_some(),
            ResourceKind::Notification,
            format!("{}/{id}", request.bucket),
        ),
    ];
    Ok((topic.clone(), steps))
}

/// The entry that watches this very path already, and those that leave no room for one.
fn watched<'a>(view: &'a View, request: &Request<'_>) -> (Option<&'a Entry>, Vec<Conflict>) {
    let mut watched = None;
    let mut conflicts = Vec::new();
    let here = view.entries.iter().filter(|(b, _)| b == request.bucket);
    for (bucket, entry) in here {
        let overlaps =
            entry.prefix.starts_with(request.prefix) || request.prefix.starts_with(&entry.prefix);
        let topic = view.topics.get(&entry.destination);
        if entry.prefix == request.prefix && topic.and_then(Tags::origin).is_some() {
            watched = Some(entry);
        } else if overlaps {
            let reason = format!(
                "it sends events of '{}' to {}, and two entries of a bucket must not overlap; \
                 watch the same directory, or one apart from it",
                entry.prefix, entry.destination
            );
            conflicts.push(Conflict::new(format!("{bucket}/{}", entry.id), reason));
        }
    }
    (watched, conflicts)
}

fn misused_topic(view: &View, request: &Request<'_>, topic: &str) -> Option<Conflict> {
    let path = request.path();
    let elsewhere = view.entries.iter().find(|(bucket, entry)| {
        entry.destination == topic && format!("{bucket}/{}", entry.prefix) != path
    });
    let served = match elsewhere {
        Some((bucket, entry)) => Some(format!("{bucket}/{}", entry.prefix)),
        None => other_path(view.topics.get(topic), &path),
    };
    let reason = format!("it serves {}; choose another suffix", served?);
    Some(Conflict::new(format!("topic {topic}"), reason))
}

fn misused_queue(view: &View, request: &Request<'_>, topic: &str) -> Option<Conflict> {
    let name = request.name();
    let mut subscriptions = view.subscriptions.values();
    let other = subscriptions.find(|one| one.queue == name && one.topic != topic);
    let served = match other {
        Some(subscription) => Some(format!("topic {}", subscription.topic)),
        None => other_path(view.queues.get(&name), &request.path()),
    };
    let reason = format!("it gets the events of {}; choose another suffix", served?);
    Some(Conflict::new(format!("queue {name}"), reason))
}

/// What was set up for another path and is not finished has no entry yet, but tags.
fn other_path(tags: Option<&Tags>, path: &str) -> Option<String> {
    let other = tags?.path().filter(|other| *other != path)?;
    Some(other.to_owned())
}
