//! What a set-up has to do, given what is there; or why it cannot.

use floe_notify::gcp::{self, Existing, NotificationConfig};
use floe_notify::{Action, Conflict, ResourceError, ResourceKind, Step};

use super::Request;
use super::view::{Config, Policy, Queue, Topic, View, bucket_of, config_name, short};

/// What to do with each part.
#[derive(Debug)]
pub(super) struct SetUp {
    /// The full name of the topic that the bucket tells, or will.
    pub(super) topic_path: String,
    pub(super) topic: Action,
    pub(super) policy: Action,
    pub(super) policy_reason: String,
    pub(super) queue: Action,
    pub(super) notification: Action,
    /// What is inserted, when it is.
    pub(super) config: NotificationConfig,
    config_name: String,
    /// Configurations of this stream that do the same as another one.
    pub(super) duplicates: Vec<String>,
}

impl SetUp {
    /// In the order in which they are taken: the events begin to flow with the last one, when
    /// everything behind it is there.
    pub(super) fn steps(&self, request: &Request<'_>) -> Vec<Step> {
        let topic = short(&self.topic_path);
        let mut steps = vec![
            Step::new(self.topic, ResourceKind::Topic, topic),
            Step::new(
                self.policy,
                ResourceKind::Policy,
                format!("of topic {topic}"),
            )
            .because(&self.policy_reason),
            Step::new(self.queue, ResourceKind::Queue, &request.name),
            Step::new(
                self.notification,
                ResourceKind::Notification,
                &self.config_name,
            ),
        ];
        steps.extend(self.duplicates.iter().map(|id| {
            let name = config_name(request.bucket(), id);
            Step::new(Action::Delete, ResourceKind::Notification, name)
                .because(format!("{} does the same", self.config_name))
        }));
        steps
    }
}

/// Which topic is told: that of the queue that is there, ours, or one that is shared.
pub(super) enum Target {
    /// A configuration is there, and this is its id.
    Told(String, String),
    /// Ours has to be told.
    Ours,
}

/// Decides for a topic, which has to be known before it can be looked at.
pub(super) fn target(
    configs: &[Config],
    queue: Option<&Queue>,
    request: &Request<'_>,
) -> Result<Target, Conflict> {
    let of_queue = queue.filter(|queue| queue.topic != request.topic);
    if let Some(queue) = of_queue {
        let mut telling = configs
            .iter()
            .filter(|one| one.existing.topic == queue.topic);
        return match telling.find(|one| one.covers(&request.key_prefix)) {
            Some(config) => Ok(Target::Told(
                queue.topic.clone(),
                config.existing.id.clone(),
            )),
            None => Err(wrong_topic(queue, request)),
        };
    }
    let existing: Vec<Existing> = configs.iter().map(|one| one.existing.clone()).collect();
    match gcp::plan(&existing, &request.config(), request.prefix) {
        Ok(gcp::Plan::Insert(_)) => Ok(Target::Ours),
        Ok(gcp::Plan::Reuse { id }) => Ok(Target::Told(request.topic.clone(), id)),
        Ok(gcp::Plan::Share { topic, prefix }) => {
            let mut telling = configs.iter().map(|one| &one.existing);
            let found = telling.find(|one| one.topic == topic && one.prefix == prefix);
            let id = found.map(|one| one.id.clone()).unwrap_or_default();
            Ok(Target::Told(topic, id))
        }
        Err(error) => {
            let bucket = format!("bucket {}", request.bucket());
            Err(Conflict::new(bucket, error.to_string()))
        }
    }
}

fn wrong_topic(queue: &Queue, request: &Request<'_>) -> Conflict {
    let name = format!("subscription {}", request.name);
    if queue.lost_its_topic() {
        let reason = "its topic was deleted, so nothing comes any more; delete it, or tear down \
                      its stream, and set up again";
        return Conflict::new(name, reason);
    }
    let reason = format!(
        "it is one of topic {}, which bucket {} does not tell of '{}'; choose another suffix",
        short(&queue.topic),
        request.bucket(),
        request.key_prefix
    );
    Conflict::new(name, reason)
}

pub(super) fn plan(view: &View, request: &Request<'_>) -> Result<SetUp, ResourceError> {
    let configs = view.buckets.get(request.bucket());
    let configs = configs.and_then(|one| one.as_ref().ok());
    let configs = configs.map(Vec::as_slice).unwrap_or_default();
    let queue = view.queues.get(&request.name);
    let mut conflicts = Vec::new();
    let target = target(configs, queue, request).unwrap_or_else(|conflict| {
        conflicts.push(conflict);
        Target::Ours
    });
    let (topic_path, told_by) = match target {
        Target::Told(topic, id) => (topic, Some(id)),
        Target::Ours => (request.topic.clone(), None),
    };
    let topic = view.topics.get(&topic_path);
    let is_shared = topic_path != request.topic;
    if topic.is_none() && is_shared && conflicts.is_empty() {
        let reason = format!(
            "bucket {} tells it of the files, but it does not exist; delete the configuration, or \
             make the topic again",
            request.bucket()
        );
        conflicts.push(Conflict::new(format!("topic {topic_path}"), reason));
    }
    conflicts.extend(topic.and_then(|topic| of_other_bucket(topic, &topic_path, request)));
    if let Some(reason) = queue.and_then(|queue| queue.unusable) {
        conflicts.push(Conflict::new(
            format!("subscription {}", request.name),
            reason,
        ));
    }
    if !conflicts.is_empty() {
        return Err(ResourceError::Conflicts { conflicts });
    }
    let (policy, policy_reason) = of_policy(topic);
    let config = request.config();
    let new = config_name(request.bucket(), &format!("{}*", request.key_prefix));
    let id = told_by.as_ref();
    Ok(SetUp {
        duplicates: duplicates(configs, &config, request),
        config_name: id.map_or(new, |id| config_name(request.bucket(), id)),
        topic: reuse_or_create(topic.is_some()),
        policy,
        policy_reason,
        queue: reuse_or_create(queue.is_some()),
        notification: reuse_or_create(told_by.is_some()),
        config,
        topic_path,
    })
}

const fn reuse_or_create(is_there: bool) -> Action {
    if is_there {
        Action::Reuse
    } else {
        Action::Create
    }
}

/// A topic is for one bucket: its queues would get the events of the other one, too.
fn of_other_bucket(topic: &Topic, path: &str, request: &Request<'_>) -> Option<Conflict> {
    let other = bucket_of(&topic.tags).filter(|bucket| bucket != request.bucket())?;
    let reason = format!("it is told by bucket {other}; choose another suffix");
    Some(Conflict::new(format!("topic {}", short(path)), reason))
}

fn of_policy(topic: Option<&Topic>) -> (Action, String) {
    let may = "Cloud Storage may publish".to_owned();
    let Some(topic) = topic else {
        return (Action::Create, may);
    };
    match &topic.policy {
        Policy::Allows => (Action::Reuse, may),
        Policy::Lacks if topic.tags.is_ours() => (Action::Change, may),
        Policy::Lacks => {
            let reason = "the topic is not ours, and it does not name Cloud Storage; a policy of \
                          the project may";
            (Action::Leave, reason.to_owned())
        }
        Policy::Unknown(reason) => (Action::Leave, reason.clone()),
    }
}

/// Those of this stream that do what another one does already: making one is not idempotent, so
/// two set-ups at once, or an answer that got lost, leave two. All who look keep the same one.
pub(super) fn duplicates(
    configs: &[Config],
    wanted: &NotificationConfig,
    request: &Request<'_>,
) -> Vec<String> {
    let same = configs.iter().filter(|one| one.is_same(wanted));
    let mut same: Vec<&Config> = same.collect();
    same.sort_by_key(|one| (one.existing.id.parse::<u64>().ok(), &one.existing.id));
    let ours = |one: &&&Config| one.stream().as_ref() == Some(request.stream);
    let others = same.iter().skip(1).filter(ours);
    others.map(|one| one.existing.id.clone()).collect()
}
