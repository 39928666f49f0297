//! What a set-up has to do, given what is there; or why it cannot.

use floe_notify::aws::bucket::{BucketError, DestinationKind, Entry};
use floe_notify::aws::{Arn, Place};
use floe_notify::{
    Action, Conflict, Location, Origin, PATH, ResourceError, ResourceKind, Step, has_prefix,
};

use super::Request;
use super::bucket::Configuration;
use super::view::{Queue, Topic, View, subscription_name};
use crate::policy;

const S3: &str = "s3.amazonaws.com";
const SNS: &str = "sns.amazonaws.com";

/// What to do with each part.
#[derive(Debug)]
pub(super) struct SetUp {
    /// The topic that the bucket sends to, or will.
    pub(super) topic_name: String,
    pub(super) topic: Action,
    pub(super) topic_policy: Action,
    pub(super) queue: Action,
    pub(super) queue_policy: Action,
    pub(super) subscription: Action,
    pub(super) notification: Action,
    entry_id: String,
}

impl SetUp {
    /// In the order in which they are taken: the events begin to flow with the last one, when
    /// everything behind it is there.
    pub(super) fn steps(&self, request: &Request<'_>) -> Vec<Step> {
        let (topic, queue) = (&self.topic_name, &request.name);
        let entry = format!("{}/{}", request.bucket(), self.entry_id);
        let subscription = subscription_name(topic, queue);
        vec![
            Step::new(self.topic, ResourceKind::Topic, topic),
            Step::new(
                self.topic_policy,
                ResourceKind::Policy,
                format!("of topic {topic}"),
            )
            .because(format!("bucket {} may publish", request.bucket())),
            Step::new(self.queue, ResourceKind::Queue, queue),
            Step::new(
                self.queue_policy,
                ResourceKind::Policy,
                format!("of queue {queue}"),
            )
            .because(format!("topic {topic} may send")),
            Step::new(self.subscription, ResourceKind::Subscription, subscription),
            Step::new(self.notification, ResourceKind::Notification, entry),
        ]
    }
}

/// The entry that tells a topic of ours or of Auto Loader about exactly the watched keys.
pub(super) fn candidate<'a>(
    configuration: &'a Configuration,
    request: &Request<'_>,
) -> Option<&'a Entry> {
    let mut topics = configuration.iter().filter(|entry| {
        let name = Arn::parse(&entry.arn).map(|arn| has_prefix(arn.resource(), request.prefix));
        entry.kind == DestinationKind::Topic && name == Ok(true)
    });
    topics.find_map(|entry| {
        let wanted = Entry::topic("", &entry.arn, &request.key_prefix);
        configuration.entries.serving(&wanted)
    })
}

pub(super) fn plan(view: &View, request: &Request<'_>) -> Result<SetUp, ResourceError> {
    let bucket = request.bucket();
    let configuration = view.buckets.get(bucket).and_then(|one| one.as_ref().ok());
    let watched = configuration.and_then(|one| candidate(one, request));
    let arn_of_entry = watched.and_then(|entry| Arn::parse(&entry.arn).ok());
    let topic_name = arn_of_entry
        .as_ref()
        .map_or(request.name.as_str(), Arn::resource);
    let topic = view.topics.get(topic_name);
    let queue = view.queues.get(&request.name);
    let mut conflicts = Vec::new();
    if let Some(configuration) = configuration.filter(|_| watched.is_none()) {
        conflicts.extend(refused_entry(configuration, request, topic));
    }
    if let Some(configuration) = configuration {
        conflicts.extend(served_elsewhere(configuration, request, topic));
    }
    let topic_policy = of_topic(topic, request, &mut conflicts);
    let topic_arn = topic_arn(topic, queue, topic_name);
    let is_subscribed = match (topic, queue) {
        (Some(topic), Some(queue)) => topic.has_subscriber(&queue.arn),
        _ => false,
    };
    let queue_policy = of_queue(queue, request, &topic_arn, is_subscribed, &mut conflicts);
    if !conflicts.is_empty() {
        return Err(ResourceError::Conflicts { conflicts });
    }
    Ok(SetUp {
        topic_name: topic_name.to_owned(),
        topic: reuse_or_create(topic.is_some()),
        topic_policy,
        queue: reuse_or_create(queue.is_some()),
        queue_policy,
        subscription: reuse_or_create(is_subscribed),
        notification: reuse_or_create(watched.is_some()),
        entry_id: watched.map_or_else(|| request.entry_id(), Entry::name),
    })
}

const fn reuse_or_create(is_there: bool) -> Action {
    if is_there {
        Action::Reuse
    } else {
        Action::Create
    }
}

/// The ARN of the topic; when it is not there yet, the one it will have beside the queue.
fn topic_arn(topic: Option<&Topic>, queue: Option<&Queue>, name: &str) -> String {
    let beside = queue.and_then(|queue| Arn::parse(&queue.arn).ok());
    match (topic, beside) {
        (Some(topic), _) => topic.arn.as_str().to_owned(),
        (None, Some(queue)) => Place::new(queue.region(), queue.account()).topic(name),
        (None, None) => String::new(),
    }
}

/// Why S3 would not take the new entry.
fn refused_entry(
    configuration: &Configuration,
    request: &Request<'_>,
    topic: Option<&Topic>,
) -> Vec<Conflict> {
    let arn = topic.map(|topic| topic.arn.as_str()).unwrap_or_default();
    let entry = Entry::topic(&request.entry_id(), arn, &request.key_prefix);
    let bucket = format!("bucket {}", request.bucket());
    match configuration.entries.merge(&entry) {
        Ok(_) => Vec::new(),
        Err(BucketError::Overlap { findings, .. }) => {
            let of_finding = |finding: floe_notify::Finding| {
                let hint = finding.hint.map(|hint| format!("; {hint}"));
                let reason = format!("{}{}", finding.message, hint.unwrap_or_default());
                Conflict::new(bucket.clone(), reason)
            };
            findings.into_iter().map(of_finding).collect()
        }
        Err(error) => vec![Conflict::new(bucket, error.to_string())],
    }
}

/// A topic is for one directory: its queues would get the events of the other one, too.
fn served_elsewhere(
    configuration: &Configuration,
    request: &Request<'_>,
    topic: Option<&Topic>,
) -> Option<Conflict> {
    let topic = topic?;
    let ours = Entry::topic("", topic.arn.as_str(), &request.key_prefix);
    let mut entries = configuration.iter();
    let other = entries.find(|entry| {
        entry.arn == ours.arn && configuration.entries.serving(&ours) != Some(entry)
    })?;
    let reason = format!(
        "the entry '{}' of bucket {} sends other events to it; choose another suffix",
        other.name(),
        request.bucket()
    );
    Some(Conflict::new(
        format!("topic {}", topic.arn.resource()),
        reason,
    ))
}

fn of_topic(topic: Option<&Topic>, request: &Request<'_>, conflicts: &mut Vec<Conflict>) -> Action {
    let Some(topic) = topic else {
        return Action::Create;
    };
    let bucket = Place::new(topic.arn.region(), topic.arn.account()).bucket(request.bucket());
    if policy::allows(&topic.policy, S3, "sns:Publish", &bucket) {
        return Action::Reuse;
    }
    if topic.stream().is_some() && policy::is_untouched(&topic.policy) {
        return Action::Change;
    }
    let sources = policy::sources(&topic.policy);
    let reason = if sources.is_empty() {
        format!(
            "its policy does not let bucket {} publish, and others wrote that policy; allow it \
             there, or choose another suffix",
            request.bucket()
        )
    } else {
        format!("it is for {}; choose another suffix", sources.join(", "))
    };
    conflicts.push(Conflict::new(
        format!("topic {}", topic.arn.resource()),
        reason,
    ));
    Action::Leave
}

fn of_queue(
    queue: Option<&Queue>,
    request: &Request<'_>,
    topic_arn: &str,
    is_subscribed: bool,
    conflicts: &mut Vec<Conflict>,
) -> Action {
    let Some(queue) = queue else {
        return Action::Create;
    };
    let name = format!("queue {}", request.name);
    let path = queue.tags.get(PATH);
    if let Some(other) = path.filter(|path| !is_same(path, request.location)) {
        let reason = format!("it gets the events of {other}; choose another suffix");
        conflicts.push(Conflict::new(name, reason));
        return Action::Leave;
    }
    let is_ours = queue.origin() == Some(Origin::Floe);
    let is_allowed = policy::allows(&queue.policy, SNS, "sqs:SendMessage", topic_arn);
    if is_allowed && (is_ours || is_subscribed) {
        return Action::Reuse;
    }
    if is_ours && policy::is_untouched(&queue.policy) {
        return Action::Change;
    }
    let sources = policy::sources(&queue.policy);
    let reason = if is_ours && !sources.is_empty() {
        format!(
            "it gets the events of {}; choose another suffix",
            sources.join(", ")
        )
    } else {
        "it was there before, and the topic does not send to it: subscribe it by hand and allow \
         the topic in its policy, or choose another suffix"
            .to_owned()
    };
    conflicts.push(Conflict::new(name, reason));
    Action::Leave
}

/// Whether a path that stands in a tag is the one that is watched.
fn is_same(path: &str, location: &Location) -> bool {
    Location::parse(path).is_ok_and(|other| {
        other.container() == location.container() && other.key_prefix() == location.key_prefix()
    })
}
