//! What Azure does and emulators do not: answers from a script, under a clock that does not wait.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret as Token, TokenCredential, TokenRequestOptions};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, StatusCode, Transport,
};
use azure_core::time::OffsetDateTime;
use floe_notify::clock::{Clock as _, ManualClock};
use floe_notify::{
    Delivery, EventQueue, Message, MessageId, QueueError, QueueId, Receipt, ResourceError,
    ResourceManager, Secret, StreamId, TearDown,
};
use floe_notify_azure::azure_core;
use floe_notify_azure::{
    AzureCloud, AzureManagerBuilder, CloudFilesAzureResourceManager, StorageQueue,
};
use serde_json::json;

const PATH: &str = "abfss://landing@acme.dfs.core.windows.net/in/";
const SCOPE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/\
                     storageAccounts/acme";

/// What a request is answered with: status, headers, body.
type Answer = (u16, Vec<(&'static str, String)>, String);
/// Answers a request by `METHOD host/path?query` and its number among all.
type Script = dyn Fn(&str, usize) -> Answer + Send + Sync;
type Calls = Arc<Mutex<Vec<String>>>;

#[derive(Clone)]
struct Scripted {
    script: Arc<Script>,
    calls: Calls,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

#[async_trait]
impl HttpClient for Scripted {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let host = request.url().host_str().unwrap_or_default();
        let method = request.method();
        let call = format!("{} {host}{}", method.as_ref(), request.path_and_query());
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(call.clone());
            calls.len()
        };
        let (status, pairs, body) = (self.script)(&call, number);
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.insert(name, value);
        }
        let status = StatusCode::from(status);
        Ok(AsyncRawResponse::from_bytes(status, headers, body))
    }
}

#[derive(Debug)]
struct Signed;

#[async_trait]
impl TokenCredential for Signed {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let end = OffsetDateTime::from_unix_timestamp(32_503_680_000).unwrap();
        Ok(AccessToken::new(Token::new("hunter2"), end))
    }
}

fn builder(
    script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
) -> (AzureManagerBuilder, Calls) {
    let calls = Calls::default();
    let client = Scripted {
        script: Arc::new(script),
        calls: Arc::clone(&calls),
    };
    let options = ClientOptions {
        transport: Some(Transport::new(Arc::new(client))),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let builder = CloudFilesAzureResourceManager::new_manager()
        .subscription("s")
        .resource_group("g")
        .credential(Arc::new(Signed))
        .client_options(options);
    (builder, calls)
}

fn manager(
    script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
) -> (CloudFilesAzureResourceManager, Calls) {
    let (builder, calls) = builder(script);
    (builder.path(PATH).create().unwrap(), calls)
}

fn queue(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> (StorageQueue, Calls) {
    let (builder, calls) = builder(script);
    let id = QueueId::new("databricks-s").unwrap();
    let visibility = Duration::from_secs(300);
    (
        builder.path(PATH).open_queue(&id, visibility).unwrap(),
        calls,
    )
}

fn run<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    clock.run(future).unwrap()
}

fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

fn ok(body: impl Into<String>) -> Answer {
    (200, Vec::new(), body.into())
}

fn storage_error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>It is {code}.\nTime</Message></Error>");
    (status, vec![("x-ms-error-code", code.to_owned())], body)
}

fn arm_error(status: u16, code: &str) -> Answer {
    let body = json!({"error": {"code": code, "message": format!("It is {code}.")}});
    (status, Vec::new(), body.to_string())
}

/// An account in which nothing is there and everything works.
fn empty_account(call: &str) -> Answer {
    match call {
        _ if call.starts_with("GET management") => ok(r#"{"value": []}"#),
        _ if call.starts_with("PUT management") => {
            ok(r#"{"properties": {"provisioningState": "Succeeded"}}"#)
        }
        _ if call.starts_with("PUT acme.queue") => (201, Vec::new(), String::new()),
        _ => storage_error(404, "QueueNotFound"),
    }
}

fn set_up(
    manager: &CloudFilesAzureResourceManager,
    clock: &ManualClock,
) -> Result<QueueId, ResourceError> {
    // Set-ups of one name in one process take turns, and this clock waits for nobody.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    run(
        clock,
        manager.set_up_notification_services(clock, &stream(), "s"),
    )
}

/// How long a clock has run, in milliseconds.
fn passed(clock: &ManualClock) -> u128 {
    let begun = ManualClock::default().now();
    clock.now().since(begun).as_millis()
}

fn count(calls: &Calls, start: &str) -> usize {
    let calls = calls.lock().unwrap();
    calls.iter().filter(|call| call.starts_with(start)).count()
}

fn delivery() -> Delivery {
    let receipt = Receipt::new(MessageId::new("m-1"), "old");
    Delivery::new(Message::default(), receipt, Default::default())
}

#[test]
fn a_set_up_looks_first_and_lets_events_flow_last() {
    let (manager, calls) = manager(|call, _| empty_account(call));
    let id = set_up(&manager, &ManualClock::default()).unwrap();
    assert_eq!(id.as_str(), "databricks-s");
    let calls = calls.lock().unwrap().clone();
    let version = "api-version=2022-06-15";
    let grid = format!("management.azure.com{SCOPE}/providers/Microsoft.EventGrid");
    let expected = [
        format!("GET {grid}/eventSubscriptions?{version}"),
        "GET acme.queue.core.windows.net/databricks-s?comp=metadata".to_owned(),
        "PUT acme.queue.core.windows.net/databricks-s".to_owned(),
        format!("PUT {grid}/eventSubscriptions/databricks-s?{version}"),
    ];
    assert_eq!(calls, expected);
}

#[test]
fn a_separate_cloud_has_hosts_of_its_own() {
    let hosts = [
        (
            "dfs.core.chinacloudapi.cn",
            "management.chinacloudapi.cn",
            "core.chinacloudapi.cn",
        ),
        (
            "dfs.core.usgovcloudapi.net",
            "management.usgovcloudapi.net",
            "core.usgovcloudapi.net",
        ),
    ];
    for (endpoint, management, suffix) in hosts {
        let (builder, calls) = builder(|_, _| ok(r#"{"value": []}"#));
        let path = format!("abfss://landing@acme.{endpoint}/in/");
        let manager = builder.path(path).create().unwrap();
        let clock = ManualClock::default();
        let _ = run(&clock, manager.plan_set_up(&clock, &stream(), "s"));
        assert_eq!(count(&calls, &format!("GET {management}/")), 1);
        assert_eq!(count(&calls, &format!("GET acme.queue.{suffix}/")), 1);
    }
    let (builder, calls) = builder(|_, _| ok(r#"{"value": []}"#));
    let manager = builder.cloud(AzureCloud::China).create().unwrap();
    let clock = ManualClock::default();
    assert_eq!(
        run(&clock, manager.list_notification_services(&clock)).unwrap(),
        []
    );
    assert_eq!(count(&calls, "GET management.chinacloudapi.cn/"), 1);
}

#[test]
fn what_cannot_be_set_up_is_refused_with_its_code() {
    let paths = [
        ("adl://acme.azuredatalakestore.net/in", "FLOE-NOTIFY-0021"),
        ("s3://landing/in/", "FLOE-NOTIFY-0022"),
    ];
    for (path, code) in paths {
        let (builder, _) = builder(|call, _| empty_account(call));
        let words = builder.path(path).create().unwrap_err().to_string();
        assert!(words.contains(code), "{words}");
    }
    let nothing = AzureManagerBuilder::default().create().unwrap_err();
    let words = nothing.to_string();
    assert_eq!(nothing.code(), "FLOE-AZURE-0001");
    assert!(words.contains("cloudFiles.resourceGroup"), "{words}");
    assert!(words.contains("cloudFiles.subscriptionId"), "{words}");
    let (builder, _) = builder(|call, _| empty_account(call));
    let string = Secret::new("AccountName=other;AccountKey=aHVudGVyMg==");
    let other = builder
        .path(PATH)
        .connection_string(string)
        .create()
        .unwrap_err();
    assert!(
        other.to_string().contains("storage account other"),
        "{other}"
    );
    assert!(!other.to_string().contains("aHVudGVyMg"), "{other}");
}

#[test]
fn a_plane_that_stays_busy_is_given_up_after_the_pauses_it_asked_for() {
    let (manager, calls) = manager(|_, _| {
        let (status, mut headers, body) = arm_error(429, "TooManyRequests");
        headers.push(("retry-after", "17".to_owned()));
        (status, headers, body)
    });
    let clock = ManualClock::default();
    let error = set_up(&manager, &clock).unwrap_err();
    assert!(
        matches!(error, ResourceError::Unavailable { .. }),
        "{error:?}"
    );
    assert!(error.is_retryable());
    assert_eq!(calls.lock().unwrap().len(), 5);
    assert_eq!(passed(&clock), 4 * 17_000);
}

#[test]
fn without_a_time_to_wait_pauses_grow() {
    let (manager, _) = manager(|call, number| match number {
        1..=3 => arm_error(503, ""),
        _ => empty_account(call),
    });
    let clock = ManualClock::default();
    set_up(&manager, &clock).unwrap();
    assert_eq!(passed(&clock), 1_000 + 2_000 + 4_000);
}

#[test]
fn an_operation_that_never_ends_is_given_up() {
    let (manager, calls) = manager(|call, _| match call {
        _ if call.contains("/operations/") => ok(r#"{"status": "InProgress"}"#),
        _ if call.starts_with("PUT management") => {
            let link = "https://management.azure.com/operations/1?api-version=2022-06-15";
            (
                201,
                vec![("azure-asyncoperation", link.to_owned())],
                "{}".to_owned(),
            )
        }
        _ => empty_account(call),
    });
    let clock = ManualClock::default();
    let error = set_up(&manager, &clock).unwrap_err();
    assert_eq!(error.code(), "FLOE-AZURE-0007", "{error}");
    assert!(error.is_retryable());
    assert_eq!(count(&calls, "GET management.azure.com/operations/"), 150);
    assert_eq!(passed(&clock), 150 * 2_000);
}

#[test]
fn a_name_that_never_becomes_free_is_given_up() {
    let (manager, calls) = manager(|call, _| match call {
        _ if call.starts_with("PUT acme.queue") => storage_error(409, "QueueBeingDeleted"),
        _ => empty_account(call),
    });
    let clock = ManualClock::default();
    let error = set_up(&manager, &clock).unwrap_err();
    assert!(error.is_retryable(), "{error:?}");
    assert_eq!(count(&calls, "PUT acme.queue"), 24);
    assert!(
        passed(&clock) >= 100_000,
        "longer than Azure says: {}",
        clock.now()
    );
    assert_eq!(count(&calls, "PUT management"), 0);
}

#[test]
fn a_list_that_does_not_end_is_given_up() {
    let (manager, calls) = manager(|_, number| {
        let next = format!("https://management.azure.com/next?page={number}");
        ok(json!({"value": [], "nextLink": next}).to_string())
    });
    let error = set_up(&manager, &ManualClock::default()).unwrap_err();
    assert_eq!(error.code(), "FLOE-AZURE-0005", "{error}");
    assert_eq!(calls.lock().unwrap().len(), 500);
}

#[test]
fn what_somebody_else_creates_meanwhile_is_looked_at_again() {
    let (manager, calls) = manager(|call, number| match call {
        _ if call.starts_with("PUT acme.queue") => storage_error(409, "QueueAlreadyExists"),
        _ if call.starts_with("GET acme.queue") && number > 3 => (
            200,
            vec![("x-ms-meta-team", "data".to_owned())],
            String::new(),
        ),
        _ => empty_account(call),
    });
    set_up(&manager, &ManualClock::default()).unwrap();
    assert_eq!(count(&calls, "GET acme.queue"), 2);
    assert_eq!(count(&calls, "PUT acme.queue"), 1, "then it is reused");
}

#[test]
fn what_is_there_for_something_else_is_a_conflict() {
    let subscription = |queue: &str, subject: &str| {
        json!({"value": [{"name": "databricks-s", "properties": {
            "provisioningState": "Succeeded",
            "destination": {"endpointType": "StorageQueue", "properties": {
                "resourceId": SCOPE, "queueName": queue}},
            "filter": {"subjectBeginsWith": subject}}}]})
        .to_string()
    };
    let watched = "/blobServices/default/containers/landing/blobs/in/";
    let other = "/blobServices/default/containers/landing/blobs/out/";
    let cases = [
        (
            subscription("elsewhere", watched),
            "it fills another queue, 'elsewhere'",
        ),
        (subscription("databricks-s", other), "it tells of"),
    ];
    for (body, words) in cases {
        let (manager, calls) = manager(move |call, _| match call {
            _ if call.starts_with("GET management") => ok(body.clone()),
            _ => empty_account(call),
        });
        let error = set_up(&manager, &ManualClock::default()).unwrap_err();
        assert!(
            matches!(error, ResourceError::Conflicts { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(count(&calls, "PUT"), 0, "nothing was changed");
    }
    let (manager, _) = manager(|call, _| match call {
        _ if call.starts_with("GET acme.queue") => {
            let path = "abfss://landing@acme.dfs.core.windows.net/out".to_owned();
            (200, vec![("x-ms-meta-path", path)], String::new())
        }
        _ => empty_account(call),
    });
    let error = set_up(&manager, &ManualClock::default()).unwrap_err();
    assert!(
        error.to_string().contains("it gets the events of"),
        "{error}"
    );
}

#[test]
fn a_refusal_that_names_no_action_is_told_by_the_call() {
    let (manager, _) = manager(|_, _| arm_error(403, "RequestDisallowed"));
    let (clock, stream) = (ManualClock::default(), stream());
    let tear_down = manager.tear_down_notification_services(&clock, &stream, TearDown::Created);
    // Queues come first.
    let error = run(&clock, tear_down).unwrap_err();
    let ResourceError::Denied {
        action, resource, ..
    } = &error
    else {
        unreachable!("{error:?}");
    };
    assert_eq!(
        action,
        "Microsoft.Storage/storageAccounts/queueServices/queues/read"
    );
    assert_eq!(resource, SCOPE);
}

#[test]
fn an_empty_queue_is_asked_more_and_more_seldom_until_the_wait_is_over() {
    let (queue, calls) = queue(|_, _| ok("<QueueMessagesList/>"));
    let clock = ManualClock::default();
    let received = run(&clock, queue.receive(&clock, 10, Duration::from_secs(20))).unwrap();
    assert_eq!(received, []);
    assert_eq!(passed(&clock), 20_000);
    let asked = calls.lock().unwrap().len();
    // 0.1, 0.2, 0.4, 0.8, 1.6, then every 2 seconds, and once at the end.
    assert_eq!(asked, 15);
}

#[test]
fn an_extension_takes_the_new_receipt_over() {
    let (queue, calls) = queue(|call, _| {
        assert!(call.contains("popreceipt=old"), "{call}");
        (
            204,
            vec![("x-ms-popreceipt", "new+/=".to_owned())],
            String::new(),
        )
    });
    let clock = ManualClock::default();
    let mut held = delivery();
    run(
        &clock,
        queue.extend(&clock, &mut held, Duration::from_secs(60)),
    )
    .unwrap();
    assert_eq!(held.receipt().token(), "new+/=");
    let minute = Duration::from_secs(60);
    assert_eq!(held.deadline(), clock.now().after(minute));
    assert_eq!(
        count(
            &calls,
            "PUT acme.queue.core.windows.net/databricks-s/messages/m-1?"
        ),
        1
    );
}

#[test]
fn each_answer_about_a_receipt_has_its_meaning() {
    type Check = fn(&QueueError) -> bool;
    let cases: [(Answer, Check); 9] = [
        (storage_error(404, "MessageNotFound"), QueueError::is_gone),
        (
            storage_error(400, "PopReceiptMismatch"),
            QueueError::is_gone,
        ),
        (storage_error(404, "QueueNotFound"), |error| {
            matches!(error, QueueError::NoSuchQueue { .. })
        }),
        (storage_error(409, "QueueBeingDeleted"), |error| {
            matches!(error, QueueError::NoSuchQueue { .. })
        }),
        (storage_error(403, "AuthorizationFailure"), |error| {
            error.code() == "FLOE-AZURE-0004"
        }),
        (storage_error(503, "ServerBusy"), |error| {
            matches!(error, QueueError::Throttled { .. })
        }),
        (storage_error(500, "InternalError"), |error| {
            matches!(error, QueueError::Unavailable { .. })
        }),
        (
            storage_error(403, "AuthorizationPermissionMismatch"),
            |error| matches!(error, QueueError::Denied { .. }),
        ),
        (storage_error(403, "AuthenticationFailed"), |error| {
            error.code() == "FLOE-AZURE-0003"
        }),
    ];
    for (answer, check) in cases {
        let words = format!("{answer:?}");
        let (queue, _) = queue(move |_, _| answer.clone());
        let clock = ManualClock::default();
        let mut held = delivery();
        let receipt = [held.receipt().clone()];
        let acknowledged = run(&clock, queue.acknowledge(&receipt))
            .remove(0)
            .unwrap_err();
        let released = run(&clock, queue.release(&receipt)).remove(0).unwrap_err();
        let extended = run(
            &clock,
            queue.extend(&clock, &mut held, Duration::from_secs(9)),
        );
        for error in [acknowledged, released, extended.unwrap_err()] {
            assert!(check(&error), "{words}: {error:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        assert_eq!(held, delivery(), "after an error the delivery is as it was");
    }
}

#[test]
fn one_bad_receipt_keeps_its_place_in_a_batch() {
    let (queue, _) = queue(|call, _| match call {
        _ if call.contains("/messages/m-7?") => storage_error(404, "MessageNotFound"),
        _ => (204, Vec::new(), String::new()),
    });
    let receipts: Vec<_> = (0..40)
        .map(|number| Receipt::new(MessageId::new(format!("m-{number}")), "r"))
        .collect();
    let results = run(&ManualClock::default(), queue.acknowledge(&receipts));
    assert_eq!(results.len(), 40);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), number == 7, "{number}: {result:?}");
    }
}

#[test]
fn a_signature_goes_along_and_is_never_printed() {
    let (builder, calls) = builder(|_, _| ok("<QueueMessagesList/>"));
    let string = "QueueEndpoint=https://acme.queue.core.windows.net;\
                  SharedAccessSignature=sv=2024-11-04&sig=hunter2%3D";
    let builder = builder.connection_string(Secret::new(string));
    let id = QueueId::new("databricks-s").unwrap();
    let queue = builder.open_queue(&id, Duration::from_secs(30)).unwrap();
    let clock = ManualClock::default();
    run(&clock, queue.receive(&clock, 1, Duration::ZERO)).unwrap();
    let call = calls.lock().unwrap().remove(0);
    assert!(call.contains("sig=hunter2%3D&sv=2024-11-04&"), "{call}");
    assert!(!format!("{builder:?} {queue:?}").contains("hunter2"));
}
