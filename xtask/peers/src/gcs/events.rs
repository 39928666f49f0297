//! From the one topic of fake-gcs-server to those of the configurations.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::configs::topic_of;
use super::{World, lock};

/// The topic that fake-gcs-server publishes to.
const PROJECT: &str = "projects/floe-test";
const TOPIC: &str = "projects/floe-test/topics/gcs-ev";
/// Most events of one pull.
const MAX_EVENTS: u32 = 100;
/// So many pulls may fail one after another, with a pause after each.
const MAX_FAILURES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// How events are passed on wrongly.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delivery {
    pub(super) twice: bool,
    pub(super) reversed: bool,
}

/// Subscribes to the topic, makes it where it is not there yet, and returns the subscription.
pub(super) async fn listen(world: &World) -> std::io::Result<String> {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    // It is there already as a rule, and that is an error that does not matter.
    call(world, "PUT", TOPIC, &json!({})).await.ok();
    let name = format!(
        "{PROJECT}/subscriptions/peers-{}-{number}",
        std::process::id()
    );
    call(world, "DELETE", &name, &json!({})).await.ok();
    let body = json!({"topic": TOPIC, "ackDeadlineSeconds": 600});
    call(world, "PUT", &name, &body)
        .await
        .map_err(std::io::Error::other)?;
    Ok(name)
}

/// Passes events on until it is aborted, or Pub/Sub is gone.
pub(super) async fn pass_on(world: Arc<World>, subscription: String) {
    let body = json!({"maxMessages": MAX_EVENTS});
    let mut failures = 0;
    loop {
        let pulled = match call(&world, "POST", &format!("{subscription}:pull"), &body).await {
            Ok(pulled) => pulled,
            Err(error) if failures == MAX_FAILURES => {
                eprintln!("events are no longer passed on: {error}");
                return;
            }
            Err(_) => {
                failures += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        failures = 0;
        let received = pulled["receivedMessages"].as_array().cloned();
        let mut received = received.unwrap_or_default();
        let ids: Vec<Value> = received.iter().map(|one| one["ackId"].clone()).collect();
        let delivery = *lock(&world.delivery);
        if delivery.reversed {
            received.reverse();
        }
        for one in &received {
            tell(&world, &one["message"], delivery).await;
        }
        if !ids.is_empty() {
            let body = json!({"ackIds": ids});
            call(
                &world,
                "POST",
                &format!("{subscription}:acknowledge"),
                &body,
            )
            .await
            .ok();
        }
    }
}

/// Tells all topics of one event.
async fn tell(world: &World, message: &Value, delivery: Delivery) {
    let attribute = |name: &str| message["attributes"][name].as_str().unwrap_or_default();
    let (bucket, object) = (attribute("bucketId"), attribute("objectId"));
    let telling = world
        .configs()
        .telling(bucket, attribute("eventType"), object);
    for config in telling {
        let Ok(topic) = topic_of(&config) else {
            continue;
        };
        if !world.policies().may_publish(&topic) {
            continue;
        }
        let message = message_of(bucket, message, &config);
        let count = if delivery.twice { 2 } else { 1 };
        let messages = vec![message; count];
        // A topic that is gone gets nothing, and nobody is told so.
        let body = json!({"messages": messages});
        call(world, "POST", &format!("{topic}:publish"), &body)
            .await
            .ok();
    }
}

fn message_of(bucket: &str, message: &Value, config: &Value) -> Value {
    let mut attributes = message["attributes"].clone();
    if let Some(custom) = config["custom_attributes"].as_object() {
        for (name, value) in custom {
            attributes[name] = value.clone();
        }
    }
    let id = config["id"].as_str().unwrap_or_default();
    let name = format!("projects/_/buckets/{bucket}/notificationConfigs/{id}");
    attributes["notificationConfig"] = json!(name);
    attributes["payloadFormat"] = config["payload_format"].clone();
    if config["payload_format"] == "NONE" {
        return json!({"attributes": attributes});
    }
    json!({"attributes": attributes, "data": message["data"]})
}

/// One call to Pub/Sub.
async fn call(world: &World, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let request = Request::builder()
        .method(method)
        .uri(format!("/v1/{path}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .map_err(|error| error.to_string())?;
    let answer = world.pubsub.send(request).await;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    if answer.status().is_success() {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        Err(text)
    }
}
