//! What Google does and emulators do not: answers from a script, for what needs no emulator.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use floe_notify::clock::{Clock, ManualClock, Timestamp};
use floe_notify::{
    BoxFuture, Delivery, EventQueue, Message, MessageId, QueueError, QueueId, Receipt,
    ResourceError, ResourceManager, Secret, StreamId,
};
use floe_notify_gcp::{CloudFilesGcpResourceManager, PubSubQueue};
use floe_peers::{Server, answer};
use hyper::{Request, Response};
use serde_json::{Value, json};

/// What is expected of an error.
type Check = fn(&QueueError) -> bool;
type Answering = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

/// A server that is answered by a script, and what was called: verb and body.
struct Scripted {
    server: Server,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Scripted {
    /// The script gets the verb of a call, its number among those of that verb, and its body.
    async fn new(
        script: impl Fn(&str, usize, &Value) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let calls = Arc::new(Mutex::new(Vec::<(String, Value)>::new()));
        let seen = Arc::clone(&calls);
        let handler = Arc::new(move |request: Request<Bytes>| {
            assert!(
                request.headers().get("authorization").is_none(),
                "in the clear"
            );
            let path = request.uri().path();
            let verb = path.rsplit([':', '/']).next().unwrap().to_owned();
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let mut calls = seen.lock().unwrap();
            calls.push((verb.clone(), body.clone()));
            let number = calls.iter().filter(|(name, _)| *name == verb).count();
            drop(calls);
            let (status, text) = script(&verb, number, &body);
            let answering: Answering =
                Box::pin(async move { answer(status, "application/json", text) });
            answering
        });
        Self {
            server: Server::start(handler).await.unwrap(),
            calls,
        }
    }

    async fn manager(&self) -> CloudFilesGcpResourceManager {
        let builder = CloudFilesGcpResourceManager::new_manager().project("acme");
        let builder = builder.path("gs://landing/in/").max_attempts(1);
        let builder = builder.pubsub_endpoint(self.server.url());
        builder
            .storage_endpoint(self.server.url())
            .create()
            .await
            .unwrap()
    }

    async fn queue(&self) -> PubSubQueue {
        let id = QueueId::new("orders").unwrap();
        self.manager()
            .await
            .open_queue(&id, Duration::from_secs(300))
            .unwrap()
    }

    fn calls(&self, verb: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        let of_verb = calls.iter().filter(|(name, _)| name == verb);
        of_verb.map(|(_, body)| body.clone()).collect()
    }
}

fn ok(body: &Value) -> (u16, String) {
    (200, body.to_string())
}

fn error(code: u16, status: &str, details: &Value) -> (u16, String) {
    let error = json!({"code": code, "status": status, "message": "no", "details": details});
    (code, json!({ "error": error }).to_string())
}

fn messages(count: usize) -> (u16, String) {
    let message = |n: usize| {
        let message = json!({"data": "eA==", "messageId": format!("m{n}"), "attributes": {}});
        json!({"ackId": format!("ack {n}"), "message": message})
    };
    let messages: Vec<Value> = (0..count).map(message).collect();
    ok(&json!({ "receivedMessages": messages }))
}

fn receipts(count: usize) -> Vec<Receipt> {
    let receipt = |n: usize| Receipt::new(MessageId::new(format!("m{n}")), format!("ack {n}"));
    (0..count).map(receipt).collect()
}

fn ids(body: &Value) -> Vec<&str> {
    body["ackIds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_bad_id_is_found_by_halves_and_spoils_no_other() {
    let bad = ["ack 3", "ack 700", "ack 1999"];
    let cloud = Scripted::new(move |_, _, body| {
        if ids(body).iter().any(|id| bad.contains(id)) {
            return error(400, "INVALID_ARGUMENT", &json!([]));
        }
        ok(&json!({}))
    })
    .await;
    let results = cloud.queue().await.acknowledge(&receipts(2_000)).await;
    assert_eq!(results.len(), 2_000);
    for (at, result) in results.iter().enumerate() {
        if [3, 700, 1_999].contains(&at) {
            let gone = result.as_ref().unwrap_err();
            assert!(gone.is_gone(), "{gone:?}");
        } else {
            assert!(result.is_ok(), "{at}: {result:?}");
        }
    }
    let calls = cloud.calls("acknowledge");
    assert!(calls.len() < 100, "{} calls", calls.len());
    assert!(calls.iter().all(|body| ids(body).len() <= 1_000));
}

#[tokio::test]
async fn where_reasons_name_the_ids_nothing_is_sent_again() {
    let cloud = Scripted::new(|_, _, _| {
        let details = json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "BATCH_FAILED",
            "metadata": {
                "ack 1": "PERMANENT_FAILURE_INVALID_ACK_ID",
                "ack 2": "TRANSIENT_FAILURE_UNORDERED_ACK_ID",
            },
        }]);
        error(400, "INVALID_ARGUMENT", &details)
    })
    .await;
    let results = cloud.queue().await.acknowledge(&receipts(4)).await;
    assert!(results[0].is_ok() && results[3].is_ok(), "{results:?}");
    assert!(results[1].as_ref().unwrap_err().is_gone(), "{results:?}");
    let later = results[2].as_ref().unwrap_err();
    assert!(later.is_retryable() && !later.is_gone(), "{later:?}");
    assert_eq!(cloud.calls("acknowledge").len(), 1);
}

#[tokio::test]
async fn what_fails_by_no_fault_of_ours_is_sent_again() {
    let cloud = Scripted::new(|_, number, _| match number {
        1 | 2 => error(503, "UNAVAILABLE", &json!([])),
        _ => ok(&json!({})),
    })
    .await;
    let results = cloud.queue().await.release(&receipts(2)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let calls = cloud.calls("modifyAckDeadline");
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0]["ackDeadlineSeconds"], 0);
}

#[tokio::test]
async fn what_is_received_is_held_for_as_long_as_was_asked() {
    let cloud = Scripted::new(|verb, _, _| match verb {
        "pull" => messages(2),
        _ => ok(&json!({})),
    })
    .await;
    let (queue, clock) = (
        cloud.queue().await,
        ManualClock::new(Timestamp::from_millis(7_000)),
    );
    let held = queue
        .receive(&clock, 5, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(held.len(), 2);
    assert_eq!(held[0].deadline(), Timestamp::from_millis(307_000));
    assert_eq!(held[0].receive_count(), None);
    let holds = cloud.calls("modifyAckDeadline");
    assert_eq!(
        holds,
        [json!({"ackIds": ["ack 0", "ack 1"], "ackDeadlineSeconds": 300})]
    );
    assert_eq!(cloud.calls("pull"), [json!({"maxMessages": 5})]);
}

#[tokio::test]
async fn more_than_was_asked_for_is_given_back() {
    let cloud = Scripted::new(|verb, _, _| match verb {
        "pull" => messages(3),
        _ => ok(&json!({})),
    })
    .await;
    let (queue, clock) = (cloud.queue().await, ManualClock::default());
    let held = queue
        .receive(&clock, 1, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(held.len(), 1);
    let calls = cloud.calls("modifyAckDeadline");
    assert_eq!(
        calls[0],
        json!({"ackIds": ["ack 1", "ack 2"], "ackDeadlineSeconds": 0})
    );
    assert_eq!(calls[1]["ackIds"], json!(["ack 0"]));
}

#[tokio::test]
async fn a_message_that_expired_before_it_was_held_is_not_handed_out() {
    let cloud = Scripted::new(|verb, _, body| match verb {
        "pull" => messages(2),
        _ if ids(body).contains(&"ack 0") => error(400, "INVALID_ARGUMENT", &json!([])),
        _ => ok(&json!({})),
    })
    .await;
    let (queue, clock) = (cloud.queue().await, ManualClock::default());
    let held = queue
        .receive(&clock, 5, Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(
        held.iter().map(|one| one.id().as_str()).collect::<Vec<_>>(),
        ["m1"]
    );
}

#[tokio::test]
async fn an_extension_after_the_deadline_is_refused_without_a_call() {
    let cloud = Scripted::new(|_, _, _| ok(&json!({}))).await;
    let (queue, clock) = (cloud.queue().await, ManualClock::new(Timestamp::default()));
    let deadline = Timestamp::from_millis(10_000);
    let mut delivery = Delivery::new(Message::new("x"), receipts(1).remove(0), deadline);
    let long = Duration::from_secs(10_000);
    queue.extend(&clock, &mut delivery, long).await.unwrap();
    assert_eq!(
        delivery.deadline(),
        Timestamp::from_millis(600_000),
        "the most that is granted"
    );
    assert_eq!(
        cloud.calls("modifyAckDeadline")[0]["ackDeadlineSeconds"],
        600
    );
    clock.advance(Duration::from_secs(600));
    let before = delivery.clone();
    let extended = queue.extend(&clock, &mut delivery, long).await;
    assert!(extended.unwrap_err().is_gone());
    assert_eq!(delivery, before);
    assert_eq!(cloud.calls("modifyAckDeadline").len(), 1);
}

#[tokio::test]
async fn answers_are_sorted_by_what_to_do_about_them() {
    let cases: [(u16, &str, Check); 8] = [
        (429, "RESOURCE_EXHAUSTED", |e| {
            matches!(e, QueueError::Throttled { .. })
        }),
        (403, "PERMISSION_DENIED", |e| {
            matches!(e, QueueError::Denied { .. })
        }),
        (404, "NOT_FOUND", |e| {
            matches!(e, QueueError::NoSuchQueue { .. })
        }),
        (500, "INTERNAL", |e| {
            matches!(e, QueueError::Unavailable { .. })
        }),
        (503, "UNAVAILABLE", |e| {
            matches!(e, QueueError::Unavailable { .. })
        }),
        (401, "UNAUTHENTICATED", |e| e.code() == "FLOE-GCP-0003"),
        (400, "FAILED_PRECONDITION", |e| {
            e.code() == "FLOE-GCP-0004" && !e.is_retryable()
        }),
        (501, "UNIMPLEMENTED", |e| e.code() == "FLOE-GCP-0004"),
    ];
    for (status, code, is_right) in cases {
        let cloud = Scripted::new(move |_, _, _| error(status, code, &json!([]))).await;
        let (queue, clock) = (cloud.queue().await, ManualClock::default());
        for wait in [Duration::ZERO, Duration::from_secs(20)] {
            let error = queue.receive(&clock, 1, wait).await.unwrap_err();
            assert!(is_right(&error), "{code}: {error:?}");
        }
    }
}

#[tokio::test]
async fn answers_that_are_none_are_told_as_such() {
    let no_base64 = json!({"receivedMessages": [
        {"ackId": "a", "message": {"data": "%", "messageId": "m"}},
    ]});
    let no_ack_id = json!({"receivedMessages": [{"message": {"messageId": "m"}}]});
    let texts = [
        "<html>",
        "[]",
        "7",
        "{",
        &no_base64.to_string(),
        &no_ack_id.to_string(),
    ];
    for text in texts.map(str::to_owned) {
        let said = text.clone();
        let cloud = Scripted::new(move |_, _, _| (200, said.clone())).await;
        let (queue, clock) = (cloud.queue().await, ManualClock::default());
        let error = queue.receive(&clock, 1, Duration::ZERO).await.unwrap_err();
        assert_eq!(error.code(), "FLOE-GCP-0007", "{text}: {error}");
    }
    let cloud = Scripted::new(|_, _, _| (403, "<html>Forbidden</html>".to_owned())).await;
    let error = cloud
        .queue()
        .await
        .receive(&ManualClock::default(), 1, Duration::ZERO)
        .await;
    let text = error.unwrap_err().to_string();
    let named = "pubsub.subscriptions.consume on projects/acme/subscriptions/orders";
    assert!(text.contains(named), "{text}");
}

#[tokio::test]
async fn the_configurations_of_a_bucket_that_cannot_be_read_are_told() {
    let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    let cases: [(u16, &str, &str); 5] = [
        (200, "[]", "FLOE-NOTIFY-0034"),
        (200, r#"{"items": [{"id": 7}]}"#, "FLOE-NOTIFY-0034"),
        (
            404,
            r#"{"error": {"code": 404, "message": "no such bucket"}}"#,
            "FLOE-GCP-0004",
        ),
        (401, "who?", "FLOE-GCP-0003"),
        (502, "<html>", "FLOE-NOTIFY-0068"),
    ];
    for (status, text, code) in cases {
        let cloud = Scripted::new(move |_, _, _| (status, text.to_owned())).await;
        let clock = ManualClock::default();
        let manager = cloud.manager().await;
        let error = manager
            .plan_set_up(&clock, &stream, "orders")
            .await
            .unwrap_err();
        assert_eq!(error.code(), code, "{status} {text}: {error}");
    }
}

/// Adds up how long was slept, and does not sleep.
#[derive(Debug, Default)]
struct Sleepless {
    slept: Mutex<Duration>,
}

impl Clock for Sleepless {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        *self.slept.lock().unwrap() += time;
        Box::pin(async {})
    }
}

#[tokio::test]
async fn a_manager_waits_longer_each_time_and_then_gives_up() {
    let cloud = Scripted::new(|_, _, _| {
        let single = json!({"reason": "rateLimitExceeded"});
        let error = json!({"code": 403, "message": "slow down", "errors": [single]});
        (403, json!({ "error": error }).to_string())
    })
    .await;
    let builder = CloudFilesGcpResourceManager::new_manager().project("acme");
    let builder = builder
        .path("gs://landing/in/")
        .pubsub_endpoint(cloud.server.url());
    let manager = builder
        .storage_endpoint(cloud.server.url())
        .create()
        .await
        .unwrap();
    let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    let clock = Sleepless::default();
    let error = manager
        .plan_set_up(&clock, &stream, "orders")
        .await
        .unwrap_err();
    assert!(
        matches!(error, ResourceError::Unavailable { .. }),
        "{error:?}"
    );
    assert_eq!(cloud.calls("notificationConfigs").len(), 4);
    assert_eq!(
        *clock.slept.lock().unwrap(),
        Duration::from_millis(100 + 200 + 400)
    );
}

#[tokio::test]
async fn all_wrong_options_are_told_at_once() {
    let created = CloudFilesGcpResourceManager::new_manager()
        .option("cloudFiles.projektId", "acme")
        .private_key(Secret::new("hunter2"))
        .option("path", "s3://bucket/in/")
        .resource_tag("vendor", "me")
        .resource_tag("floe-bucket-0", "mine")
        .resource_tag("Team", "data")
        .create()
        .await;
    let text = created.unwrap_err().to_string();
    let parts = [
        "projektId",
        "clientEmail",
        "this resource manager is for Cloud Storage",
        "vendor",
        "floe-bucket-0",
        "Team",
    ];
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_private_key_that_is_none_is_refused_and_not_shown() {
    let builder = CloudFilesGcpResourceManager::new_manager()
        .project("acme")
        .client("1")
        .client_email("ingest@acme.iam.gserviceaccount.com")
        .private_key_id("a1b2")
        .private_key(Secret::new("-----BEGIN hunter2"));
    assert!(!format!("{builder:?}").contains("hunter2"));
    let shown = match builder.create().await {
        Err(error) => {
            assert_eq!(error.code(), "FLOE-GCP-0003", "{error}");
            format!("{error} {error:?}")
        }
        // Some keys are only looked at when they are used.
        Ok(manager) => {
            let clock = Sleepless::default();
            let error = manager
                .list_notification_services(&clock)
                .await
                .unwrap_err();
            assert_eq!(error.code(), "FLOE-GCP-0003", "{error}");
            format!("{manager:?} {error} {error:?}")
        }
    };
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_name_that_googles_client_cannot_send_is_refused() {
    let cloud = Scripted::new(|_, _, _| ok(&json!({}))).await;
    let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    let clock = ManualClock::default();
    let refused = cloud
        .manager()
        .await
        .plan_set_up(&clock, &stream, "a%20b")
        .await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, ResourceError::UnsuitableSuffix { .. }),
        "{error:?}"
    );
    assert!(cloud.calls.lock().unwrap().is_empty());
}
