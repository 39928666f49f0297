//! The notification configurations of buckets.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// "Pub/Sub notifications for Cloud Storage", Cloud Storage: of a bucket, and of those for one
/// event.
const MOST: usize = 100;
const MOST_FOR_EVENT: usize = 10;
const EVENTS: [&str; 4] = [
    "OBJECT_FINALIZE",
    "OBJECT_METADATA_UPDATE",
    "OBJECT_DELETE",
    "OBJECT_ARCHIVE",
];
const TOPIC_HOST: &str = "//pubsub.googleapis.com/";
/// What of a request is kept.
const FIELDS: [&str; 5] = [
    "topic",
    "event_types",
    "object_name_prefix",
    "payload_format",
    "custom_attributes",
];

#[derive(Debug, Default)]
pub(super) struct Configs {
    of_buckets: BTreeMap<String, Vec<Value>>,
    /// Ids are not given out twice.
    given: BTreeMap<String, u64>,
}

/// The topic that a configuration is to tell, once its form is right.
pub(super) fn topic_of(wanted: &Value) -> Result<String, String> {
    let format = wanted["payload_format"].as_str().unwrap_or_default();
    if !["JSON_API_V1", "NONE"].contains(&format) {
        return Err("Invalid value for field payload_format".to_owned());
    }
    let known = |event: &Value| event.as_str().is_some_and(|event| EVENTS.contains(&event));
    let events = wanted["event_types"].as_array();
    if !events.into_iter().flatten().all(known) {
        return Err("Invalid value for field event_types".to_owned());
    }
    let topic = wanted["topic"].as_str().unwrap_or_default();
    let topic = topic.strip_prefix(TOPIC_HOST).unwrap_or_default();
    match topic.split('/').collect::<Vec<_>>()[..] {
        ["projects", _, "topics", _] => Ok(topic.to_owned()),
        _ => Err("Invalid Google Cloud Pub/Sub topic".to_owned()),
    }
}

impl Configs {
    /// Makes one more, also when there is the same already.
    pub(super) fn insert(&mut self, bucket: &str, wanted: &Value) -> Result<Value, String> {
        let all = self.of_buckets.entry(bucket.to_owned()).or_default();
        if all.len() >= MOST {
            return Err(format!("Too many notifications on bucket {bucket}"));
        }
        let crowded = |event: &&str| {
            let for_event = all.iter().filter(|one| is_about(one, event));
            is_about(wanted, event) && for_event.count() >= MOST_FOR_EVENT
        };
        if let Some(event) = EVENTS.iter().find(|event| crowded(event)) {
            return Err(format!(
                "Too many overlapping notifications on bucket {bucket} for {event}"
            ));
        }
        let id = self.given.entry(bucket.to_owned()).or_default();
        *id += 1;
        let mut config = Map::new();
        for field in FIELDS {
            if let Some(value) = wanted.get(field) {
                config.insert(field.to_owned(), value.clone());
            }
        }
        config.insert("kind".to_owned(), json!("storage#notification"));
        config.insert("id".to_owned(), json!(id.to_string()));
        config.insert("etag".to_owned(), json!(id.to_string()));
        let link =
            format!("https://www.googleapis.com/storage/v1/b/{bucket}/notificationConfigs/{id}");
        config.insert("selfLink".to_owned(), json!(link));
        let config = Value::Object(config);
        all.push(config.clone());
        Ok(config)
    }

    pub(super) fn list(&self, bucket: &str) -> Value {
        let mut list = json!({"kind": "storage#notifications"});
        if let Some(all) = self.of_buckets.get(bucket).filter(|all| !all.is_empty()) {
            list["items"] = json!(all);
        }
        list
    }

    pub(super) fn get(&self, bucket: &str, id: &str) -> Option<Value> {
        let all = self.of_buckets.get(bucket)?;
        all.iter().find(|one| one["id"] == id).cloned()
    }

    pub(super) fn delete(&mut self, bucket: &str, id: &str) -> bool {
        let Some(all) = self.of_buckets.get_mut(bucket) else {
            return false;
        };
        let before = all.len();
        all.retain(|one| one["id"] != id);
        all.len() < before
    }

    /// Those that tell of an event.
    pub(super) fn telling(&self, bucket: &str, event: &str, object: &str) -> Vec<Value> {
        let all = self.of_buckets.get(bucket).into_iter().flatten();
        let telling = all.filter(|one| {
            let prefix = one["object_name_prefix"].as_str().unwrap_or_default();
            is_about(one, event) && object.starts_with(prefix)
        });
        telling.cloned().collect()
    }
}

/// No events are all events.
fn is_about(config: &Value, event: &str) -> bool {
    match config["event_types"].as_array() {
        Some(events) if !events.is_empty() => events.iter().any(|one| one == event),
        _ => true,
    }
}
