//! What there is, as far as notifications are concerned.

use std::collections::BTreeMap;

use floe_notify::gcp::{Existing, NotificationConfig};
use floe_notify::{MARK, MARK_VALUE, Origin, STREAM_ID, StreamId, Tags};

use crate::failure::Failure;

/// What the keys of labels begin with that say which bucket is watched; the number of a part
/// follows, because labels cannot hold the dots of bucket names.
pub(crate) const BUCKET_LABEL: &str = "floe-bucket-";
/// Most parts of a bucket's name that are kept in labels: 222 characters have no more dots that
/// anybody has seen, and 64 labels must hold them beside those of users.
const MAX_PARTS: usize = 16;
/// What a subscription says of a topic that is gone ("REST Resource: projects.subscriptions").
const DELETED: &str = "_deleted-topic_";

#[derive(Debug, Default)]
pub(super) struct View {
    /// By full name.
    pub(super) topics: BTreeMap<String, Topic>,
    /// By name.
    pub(super) queues: BTreeMap<String, Queue>,
    /// By name; some may not be readable.
    pub(super) buckets: BTreeMap<String, Result<Vec<Config>, Failure>>,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) tags: Tags,
    /// The full names of its subscriptions, in whatever project; empty where nobody asked.
    pub(super) subscribers: Vec<String>,
    pub(super) policy: Policy,
}

/// Whether Cloud Storage may publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Allows,
    Lacks,
    /// Why that cannot be seen.
    Unknown(String),
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Queue {
    /// The full name.
    pub(super) path: String,
    /// The full name of its topic.
    pub(super) topic: String,
    pub(super) tags: Tags,
    /// Why nothing can be pulled from it.
    pub(super) unusable: Option<&'static str>,
}

impl Queue {
    pub(super) fn lost_its_topic(&self) -> bool {
        self.topic == DELETED
    }
}

/// A notification configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub(super) existing: Existing,
    pub(super) attributes: BTreeMap<String, String>,
}

impl Config {
    /// The stream that it was created for, when this system created it.
    pub(super) fn stream(&self) -> Option<StreamId> {
        let is_ours = self
            .attributes
            .get(MARK)
            .is_some_and(|mark| mark == MARK_VALUE);
        let stream = self.attributes.get(STREAM_ID).filter(|_| is_ours)?;
        StreamId::parse(stream).ok()
    }

    /// Whether it tells of every new object below a prefix, and maybe of others.
    pub(super) fn covers(&self, prefix: &str) -> bool {
        self.existing.tells_of_new_objects() && prefix.starts_with(&self.existing.prefix)
    }

    /// Whether it does what this one would.
    pub(super) fn is_same(&self, wanted: &NotificationConfig) -> bool {
        let existing = &self.existing;
        existing.tells_of_new_objects()
            && existing.topic == wanted.topic
            && existing.prefix == wanted.prefix
    }
}

pub(super) fn origin(tags: &Tags) -> Option<Origin> {
    if tags.is_ours() {
        return Some(Origin::Floe);
    }
    tags.is_auto_loader().then_some(Origin::AutoLoader)
}

pub(super) fn owner(tags: &Tags) -> Option<(Origin, StreamId)> {
    origin(tags).zip(tags.stream_id())
}

/// The labels that say which bucket is watched; none when its name does not fit.
pub(super) fn bucket_labels(bucket: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = bucket.split('.').collect();
    if parts.len() > MAX_PARTS || parts.iter().any(|part| part.len() > 63) {
        return Vec::new();
    }
    let parts = parts.iter().enumerate();
    let labels = parts.map(|(at, part)| (format!("{BUCKET_LABEL}{at}"), (*part).to_owned()));
    labels.collect()
}

/// The bucket that labels name.
pub(super) fn bucket_of(tags: &Tags) -> Option<String> {
    let part = |at| tags.get(&format!("{BUCKET_LABEL}{at}"));
    let parts: Vec<&str> = (0..MAX_PARTS).map_while(part).collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The name of a topic or a subscription without its project.
pub(super) fn short(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl View {
    pub(super) fn configs(&self) -> impl Iterator<Item = (&String, &Config)> {
        let readable = self.buckets.iter();
        let readable = readable.filter_map(|(bucket, one)| Some((bucket, one.as_ref().ok()?)));
        readable.flat_map(|(bucket, one)| one.iter().map(move |config| (bucket, config)))
    }

    pub(super) fn configs_to(&self, topic: &str) -> impl Iterator<Item = (&String, &Config)> {
        self.configs()
            .filter(move |(_, config)| config.existing.topic == topic)
    }
}

/// How configurations are named in plans and lists.
pub(super) fn config_name(bucket: &str, id: &str) -> String {
    format!("{bucket}/{id}")
}

#[cfg(test)]
mod tests {
    use floe_notify::Cloud;

    use super::*;

    #[test]
    fn a_bucket_is_read_from_its_labels_again() {
        for bucket in ["landing", "www.example.com", "a_b-c.d"] {
            let tags = Tags::of_resource(Cloud::Gcp, bucket_labels(bucket));
            assert!(tags.pairs().all(|(_, value)| !value.contains('.')));
            assert_eq!(bucket_of(&tags).as_deref(), Some(bucket));
        }
        let long = ["part"; MAX_PARTS + 1].join(".");
        assert_eq!(bucket_labels(&long), []);
        assert_eq!(bucket_of(&Tags::of_resource(Cloud::Gcp, [])), None);
    }
}
