//! The policies of topics, and who may publish.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Roles that may publish.
const MAY_PUBLISH: [&str; 3] = [
    "roles/pubsub.publisher",
    "roles/pubsub.editor",
    "roles/pubsub.admin",
];

#[derive(Debug, Default)]
pub(super) struct Policies {
    of_topics: BTreeMap<String, Policy>,
    /// Projects in which the service agent may publish to every topic.
    publishers: BTreeSet<String>,
    races: BTreeMap<String, u32>,
    changes: u64,
}

#[derive(Debug, Default)]
struct Policy {
    bindings: Value,
    etag: u64,
}

impl Policies {
    pub(super) fn let_publish(&mut self, project: &str) {
        self.publishers.insert(project.to_owned());
    }

    pub(super) fn race(&mut self, topic: &str, times: u32) {
        self.races.insert(topic.to_owned(), times);
    }

    pub(super) fn read(&mut self, topic: &str) -> Value {
        let policy = self.of_topics.entry(topic.to_owned()).or_default();
        let mut answer = json!({"version": 1, "etag": etag(policy.etag)});
        if policy.bindings.is_array() {
            answer["bindings"] = policy.bindings.clone();
        }
        if let Some(left) = self.races.get_mut(topic).filter(|left| **left > 0) {
            *left -= 1;
            self.changes += 1;
            policy.etag = self.changes;
        }
        answer
    }

    /// None when somebody else was first.
    pub(super) fn write(&mut self, topic: &str, wanted: &Value) -> Option<Value> {
        self.changes += 1;
        let policy = self.of_topics.entry(topic.to_owned()).or_default();
        let given = wanted.get("etag").and_then(Value::as_str);
        if given.is_some_and(|given| given != etag(policy.etag)) {
            return None;
        }
        policy.bindings = wanted.get("bindings").cloned().unwrap_or_default();
        policy.etag = self.changes;
        Some(self.read(topic))
    }

    pub(super) fn forget(&mut self, topic: &str) {
        self.of_topics.remove(topic);
    }

    pub(super) fn may_publish(&self, topic: &str) -> bool {
        let project = project_of(topic);
        if self.publishers.contains(project) {
            return true;
        }
        let member = json!(format!("serviceAccount:{}", agent(project)));
        let bindings = self.of_topics.get(topic);
        let bindings = bindings.and_then(|policy| policy.bindings.as_array());
        bindings.into_iter().flatten().any(|binding| {
            let role = binding["role"].as_str().unwrap_or_default();
            let mut members = binding["members"].as_array().into_iter().flatten();
            let is_plain = binding.get("condition").is_none();
            is_plain && MAY_PUBLISH.contains(&role) && members.any(|one| *one == member)
        })
    }
}

fn etag(number: u64) -> String {
    format!("BwX{number:08}=")
}

/// The project in `projects/<project>/topics/<topic>`.
fn project_of(topic: &str) -> &str {
    topic.split('/').nth(1).unwrap_or_default()
}

/// The account that publishes for the buckets of a project.
pub(super) fn agent(project: &str) -> String {
    let number = project.bytes().fold(7_u64, |sum, byte| {
        (sum * 31 + u64::from(byte)) % 1_000_000_000_000
    });
    format!("service-{number}@gs-project-accounts.iam.gserviceaccount.com")
}
