//! What AWS does and emulators do not: answers from a script, under a clock that does not wait.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{
    Credentials, HttpClient, RuntimeComponents, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use floe_notify::clock::{Clock, ManualClock};
use floe_notify::{
    Delivery, EventQueue, Message, MessageId, QueueError, QueueId, Receipt, ResourceError,
    ResourceManager, StreamId,
};
use floe_notify_aws::{CloudFilesAwsResourceManager, SqsQueue};

const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/111122223333/databricks-auto-ingest-s";
const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:databricks-auto-ingest-s";

/// What is expected of an error.
type Check = fn(&QueueError) -> bool;
/// Answers a call by its name, its number among those of that name, and its body.
type Script = dyn Fn(&str, usize, &str) -> (u16, String) + Send + Sync;

#[derive(Clone)]
struct Scripted {
    script: Arc<Script>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl HttpClient for Scripted {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let body = String::from_utf8_lossy(body).into_owned();
        let name = name_of(&request, &body);
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(name.clone());
            calls.iter().filter(|call| **call == name).count()
        };
        let (status, text) = (self.script)(&name, number, &body);
        let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text));
        HttpConnectorFuture::ready(Ok(answer))
    }
}

/// SQS names its calls in a header, SNS in a form, and S3 by method.
fn name_of(request: &HttpRequest, body: &str) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap().to_owned();
    }
    match body.strip_prefix("Action=") {
        Some(form) => form.split('&').next().unwrap().to_owned(),
        None => format!("{}Notification", request.method()),
    }
}

/// A configuration that is answered by the script, and what was called.
fn scripted(
    script: impl Fn(&str, usize, &str) -> (u16, String) + Send + Sync + 'static,
) -> (SdkConfig, Arc<Mutex<Vec<String>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let client = Scripted {
        script: Arc::new(script),
        calls: Arc::clone(&calls),
    };
    let keys = Credentials::new("AKIDEXAMPLE", "hunter2", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .retry_config(RetryConfig::disabled())
        .http_client(SharedHttpClient::new(client))
        .build();
    (config, calls)
}

fn ok(body: impl Into<String>) -> (u16, String) {
    (200, body.into())
}

fn sqs_error(code: &str, message: &str) -> (u16, String) {
    let body =
        serde_json::json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": message});
    (400, body.to_string())
}

fn s3_error(code: &str, message: &str) -> (u16, String) {
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (400, body)
}

fn sns_error(code: &str, message: &str) -> (u16, String) {
    let error = format!("<Code>{code}</Code><Message>{message}</Message><Type>Sender</Type>");
    (
        400,
        format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"),
    )
}

/// An account in which nothing is there and everything works.
fn empty_account(name: &str) -> (u16, String) {
    match name {
        "GETNotification" => ok("<NotificationConfiguration/>"),
        "ListTopics" => ok("<ListTopicsResponse><ListTopicsResult/></ListTopicsResponse>"),
        "GetQueueUrl" => sqs_error("QueueDoesNotExist", "there is none"),
        "CreateTopic" => ok(format!(
            "<CreateTopicResponse><CreateTopicResult><TopicArn>{TOPIC}</TopicArn>\
             </CreateTopicResult></CreateTopicResponse>"
        )),
        "SetTopicAttributes" => ok("<SetTopicAttributesResponse/>"),
        "CreateQueue" => ok(serde_json::json!({"QueueUrl": QUEUE}).to_string()),
        "SetQueueAttributes" => ok("{}"),
        "Subscribe" => ok("<SubscribeResponse><SubscribeResult/></SubscribeResponse>"),
        _ => ok(""),
    }
}

/// What the bucket says once the entry of the stream is in it.
fn configured() -> (u16, String) {
    ok(format!(
        "<NotificationConfiguration><TopicConfiguration><Id>floe-{STREAM}-s</Id>\
         <Topic>{TOPIC}</Topic><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule>\
         <Name>Prefix</Name><Value>in/</Value></FilterRule></S3Key></Filter>\
         </TopicConfiguration></NotificationConfiguration>"
    ))
}

const STREAM: &str = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";

/// Sets up, and returns the result and how long it took.
async fn set_up(config: SdkConfig) -> (Result<QueueId, ResourceError>, Duration) {
    let manager = CloudFilesAwsResourceManager::new_manager()
        .sdk_config(config)
        .path("s3://landing/in/")
        .create()
        .await
        .unwrap();
    let stream = StreamId::parse(STREAM).unwrap();
    let clock = Arc::new(ManualClock::default());
    let start = clock.now();
    let (to_move, stop) = (Arc::clone(&clock), Arc::new(Mutex::new(false)));
    let stopped = Arc::clone(&stop);
    let moving = tokio::spawn(async move {
        while !*stopped.lock().unwrap() {
            to_move.advance(Duration::from_millis(500));
            tokio::task::yield_now().await;
        }
    });
    let sleeper = Sleeper {
        clock: Arc::clone(&clock),
        slept: Mutex::new(Duration::ZERO),
    };
    let result = manager
        .set_up_notification_services(&sleeper, &stream, "s")
        .await;
    *stop.lock().unwrap() = true;
    moving.await.unwrap();
    assert!(clock.now() >= start);
    let slept = *sleeper.slept.lock().unwrap();
    (result, slept)
}

/// Adds up how long was slept.
#[derive(Debug)]
struct Sleeper {
    clock: Arc<ManualClock>,
    slept: Mutex<Duration>,
}

impl Clock for Sleeper {
    fn now(&self) -> floe_notify::clock::Timestamp {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> floe_notify::BoxFuture<'_, ()> {
        *self.slept.lock().unwrap() += time;
        self.clock.sleep(time)
    }
}

#[tokio::test]
async fn the_name_of_a_queue_that_was_just_deleted_is_waited_for() {
    let (config, calls) = scripted(|name, number, _| match (name, number) {
        ("CreateQueue", 1..=6) => sqs_error("QueueDeletedRecently", "wait 60 seconds"),
        ("GETNotification", 3..) => configured(),
        _ => empty_account(name),
    });
    let (result, slept) = set_up(config).await;
    assert_eq!(result.unwrap().as_str(), QUEUE);
    let settled = 1;
    assert_eq!(slept, Duration::from_secs(60 + settled));
    let calls = calls.lock().unwrap();
    assert_eq!(
        calls.iter().filter(|name| *name == "CreateQueue").count(),
        7
    );
}

#[tokio::test]
async fn s3_is_asked_again_until_the_new_policy_acts() {
    let refusal = "Unable to validate the following destination configurations";
    let (config, _) = scripted(move |name, number, _| match (name, number) {
        ("PUTNotification", 1 | 2) => s3_error("InvalidArgument", refusal),
        ("GETNotification", 5..) => configured(),
        _ => empty_account(name),
    });
    let (result, slept) = set_up(config).await;
    assert!(result.is_ok(), "{result:?}");
    let settled = 1;
    assert_eq!(slept, Duration::from_secs(1 + 2 + settled));
    let (config, _) = scripted(move |name, _, _| match name {
        "PUTNotification" => s3_error("InvalidArgument", refusal),
        _ => empty_account(name),
    });
    let (result, _) = set_up(config).await;
    let error = result.unwrap_err();
    assert_eq!(error.code(), "FLOE-AWS-0004", "{error}");
    assert!(error.to_string().contains(refusal), "{error}");
}

#[tokio::test]
async fn entries_of_all_kinds_are_written_back_as_they_were() {
    const OTHERS: [&str; 5] = [
        "<CloudFunction>arn:aws:lambda:us-east-1:111122223333:function:f</CloudFunction>",
        "<Queue>arn:aws:sqs:us-east-1:111122223333:theirs</Queue>",
        "<Value>a+b%2Bc/</Value>",
        "<Event>s3:LifecycleExpiration:Delete</Event>",
        "EventBridgeConfiguration",
    ];
    let before = format!(
        "<NotificationConfiguration><CloudFunctionConfiguration><Id>l</Id>{}\
         <Event>s3:ObjectRemoved:*</Event></CloudFunctionConfiguration><QueueConfiguration>\
         <Id>q</Id>{}{}<Filter><S3Key><FilterRule><Name>Prefix</Name>{}</FilterRule></S3Key>\
         </Filter></QueueConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
        OTHERS[0], OTHERS[1], OTHERS[3], OTHERS[2]
    );
    let written = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&written);
    let (config, _) = scripted(move |name, number, body| match (name, number) {
        ("GETNotification", 1 | 2) => ok(before.clone()),
        ("GETNotification", _) => configured(),
        ("PUTNotification", _) => {
            *seen.lock().unwrap() = body.to_owned();
            ok("")
        }
        _ => empty_account(name),
    });
    let (result, _) = set_up(config).await;
    assert!(result.is_ok(), "{result:?}");
    let written = written.lock().unwrap();
    for part in OTHERS {
        assert!(written.contains(part), "{part}: {written}");
    }
    assert!(
        written.contains(&format!("<Id>floe-{STREAM}-s</Id>")),
        "{written}"
    );
}

#[tokio::test]
async fn a_configuration_that_others_overwrite_each_time_is_given_up() {
    let (config, calls) = scripted(|name, _, _| empty_account(name));
    let (result, _) = set_up(config).await;
    let error = result.unwrap_err();
    assert!(
        matches!(error, ResourceError::LostRace { attempts: 5, .. }),
        "{error:?}"
    );
    let calls = calls.lock().unwrap();
    assert_eq!(
        calls
            .iter()
            .filter(|name| *name == "PUTNotification")
            .count(),
        5
    );
}

#[tokio::test]
async fn what_others_create_at_the_same_moment_is_looked_at_again() {
    let (config, calls) = scripted(|name, number, _| match (name, number) {
        ("CreateTopic", 1) => {
            let reason = "Invalid parameter: Tags Reason: Topic already exists with different tags";
            sns_error("InvalidParameter", reason)
        }
        ("CreateQueue", 1) => sqs_error("QueueNameExists", "already exists with other values"),
        ("GETNotification", 5..) => configured(),
        _ => empty_account(name),
    });
    let (result, _) = set_up(config).await;
    assert!(result.is_ok(), "{result:?}");
    let calls = calls.lock().unwrap();
    assert_eq!(
        calls.iter().filter(|name| *name == "GetQueueUrl").count(),
        3,
        "{calls:?}"
    );
}

fn receipts(count: usize) -> Vec<Receipt> {
    let receipt = |n: usize| Receipt::new(MessageId::new(format!("m{n}")), format!("handle {n}"));
    (0..count).map(receipt).collect()
}

fn queue(config: &SdkConfig) -> SqsQueue {
    SqsQueue::open(
        config,
        QueueId::new(QUEUE).unwrap(),
        Duration::from_secs(300),
    )
    .unwrap()
}

#[tokio::test]
async fn of_a_batch_only_what_failed_by_no_fault_of_ours_is_sent_again() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let (config, _) = scripted(move |_, number, body| {
        seen.lock().unwrap().push(body.to_owned());
        let done = |id: &str| serde_json::json!({"Id": id});
        let failed = |id: &str, code: &str, ours: bool| serde_json::json!({"Id": id, "Code": code, "SenderFault": ours, "Message": "x"});
        let answer = match number {
            1 => serde_json::json!({
                "Successful": [done("0")],
                "Failed": [
                    failed("1", "ReceiptHandleIsInvalid", true),
                    failed("2", "InternalError", false),
                ],
            }),
            _ => serde_json::json!({"Successful": [done("2")], "Failed": []}),
        };
        ok(answer.to_string())
    });
    let results = queue(&config).acknowledge(&receipts(3)).await;
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let gone = results[1].as_ref().unwrap_err();
    assert!(matches!(gone, QueueError::ReceiptGone { message } if message.as_str() == "m1"));
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 2);
    assert!(
        bodies[1].contains("handle 2") && !bodies[1].contains("handle 0"),
        "{}",
        bodies[1]
    );
}

#[tokio::test]
async fn a_batch_that_is_never_answered_fails_for_each_receipt() {
    let (config, calls) = scripted(|_, _, _| ok(r#"{"Successful": [], "Failed": []}"#));
    let results = queue(&config).acknowledge(&receipts(12)).await;
    assert_eq!(results.len(), 12);
    for result in &results {
        let error = result.as_ref().unwrap_err();
        assert!(error.is_retryable() && !error.is_gone(), "{error:?}");
    }
    assert_eq!(
        calls.lock().unwrap().len(),
        2 * 3,
        "two batches, three times each"
    );
}

#[tokio::test]
async fn an_extension_that_comes_too_late_says_that_the_message_is_gone() {
    let reason = "Value AQEB for parameter ReceiptHandle is invalid. Reason: Message does not exist \
                  or is not available for visibility timeout change.";
    let (config, _) = scripted(move |_, _, _| sqs_error("InvalidParameterValue", reason));
    let receipt = receipts(1).remove(0);
    let mut delivery = Delivery::new(Message::new("x"), receipt, ManualClock::default().now());
    let before = delivery.clone();
    let clock = ManualClock::default();
    let queue = queue(&config);
    let extended = queue
        .extend(&clock, &mut delivery, Duration::from_secs(60))
        .await;
    assert!(extended.unwrap_err().is_gone());
    assert_eq!(delivery, before);
}

#[tokio::test]
async fn answers_are_sorted_by_what_to_do_about_them() {
    let cases: [(u16, &str, Check); 5] = [
        (400, "OverLimit", |e| {
            matches!(e, QueueError::Throttled { .. })
        }),
        (403, "AccessDenied", |e| {
            matches!(e, QueueError::Denied { .. })
        }),
        (400, "QueueDoesNotExist", |e| {
            matches!(e, QueueError::NoSuchQueue { .. })
        }),
        (500, "InternalFailure", |e| {
            matches!(e, QueueError::Unavailable { .. })
        }),
        (403, "ExpiredToken", |e| e.code() == "FLOE-AWS-0003"),
    ];
    for (status, code, is_right) in cases {
        let body = serde_json::json!({"__type": code, "message": "no"}).to_string();
        let (config, _) = scripted(move |_, _, _| (status, body.clone()));
        let clock = ManualClock::default();
        let error = queue(&config)
            .receive(&clock, 1, Duration::ZERO)
            .await
            .unwrap_err();
        assert!(is_right(&error), "{code}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_refusal_in_a_form_that_nobody_reads_still_names_action_and_resource() {
    let (config, _) = scripted(|_, _, _| (403, "<html>Forbidden</html>".to_owned()));
    let error = queue(&config).approximate_size().await.unwrap_err();
    let text = error.to_string();
    let arn = "arn:aws:sqs:us-east-1:111122223333:databricks-auto-ingest-s";
    assert!(
        text.contains(&format!("sqs:GetQueueAttributes on {arn}")),
        "{text}"
    );
}

#[tokio::test]
async fn all_wrong_options_are_told_at_once() {
    let created = CloudFilesAwsResourceManager::new_manager()
        .option("cloudFiles.regoin", "us-east-1")
        .option("cloudFiles.awsSecretKey", "hunter2")
        .option("path", "gs://bucket/in/")
        .resource_tag("vendor", "me")
        .create()
        .await;
    let text = created.unwrap_err().to_string();
    for part in [
        "regoin",
        "awsAccessKey",
        "this resource manager is for S3",
        "vendor",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hunter2"), "{text}");
}
