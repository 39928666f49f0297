//! File events: bodies of messages to typed events, beside reading the same bodies into untyped
//! JSON values.
//!
//! `cargo bench -p floe-benches --bench event_decode` prints the table; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

use std::error::Error;

use floe_benches::machine;
use floe_benches::turns::{Contender, Turns, thread_time};
use floe_notify::{decode, decode_message};
use serde_json::{Value, json};

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    let Turns { rounds, turn } = turns;
    println!("event_decode: {rounds} rounds, turns of {turn:?} or more, thread CPU time, medians");
    println!(
        "floe-notify {}, serde_json {}; {}; {}\n",
        machine::version("floe-notify"),
        machine::version("serde_json"),
        machine::compiler(),
        machine::processor(),
    );
    println!(
        "{:<34} {:>6} {:>7}  {:<24} {:>10} {:>10} {:>7}",
        "message", "bytes", "events", "", "µs", "events/s", "time"
    );
    for (name, body) in bodies()? {
        one_body(name, body.as_bytes(), turns)?;
    }
    one_notification(turns)
}

/// The messages, as their clouds write them.
fn bodies() -> Result<Vec<(&'static str, String)>, Failed> {
    let direct = records(&[record("orders/dt%3D2026-03-01/red+flower%2B1%40x.json")]);
    let plain = records(&[record("orders/2026-03-01/part-00000-of-00016.json")]);
    let many: Vec<Value> = (0..100)
        .map(|number| record(&format!("orders/2026-03-01/part-{number:05}.json")))
        .collect();
    let event_grid = serde_json::to_string(&event_grid())?;
    Ok(vec![
        ("S3, key without escapes", plain.clone()),
        ("S3, key with escapes", direct),
        ("S3, 100 records", records(&many)),
        ("S3 in an envelope of SNS", in_sns(&plain)),
        ("EventBridge", serde_json::to_string(&event_bridge())?),
        ("Event Grid", event_grid.clone()),
        ("Event Grid in base64", base64(event_grid.as_bytes())),
        ("Cloud Storage, pushed as JSON", pushed()?),
    ])
}

fn one_body(name: &str, body: &[u8], turns: Turns) -> Result<(), Failed> {
    let decoded = decode(None, body);
    if !decoded.findings.is_empty() {
        return Err(format!("{name}: {:?}", decoded.findings).into());
    }
    let events = decoded.events.len();
    let untyped =
        || serde_json::from_slice::<Value>(body).map_or(0, |value| usize::from(value.is_object()));
    let mut contenders = vec![
        Contender::new("serde_json, untyped", untyped),
        Contender::new("floe-notify", || decode(None, body).events.len()),
        Contender::new("floe-notify, owned", || {
            decode(None, body).into_owned().events.len()
        }),
    ];
    report(name, body.len(), events, turns, &mut contenders);
    Ok(())
}

/// A message of Pub/Sub as a client library delivers it: attributes, and the payload as bytes.
fn one_notification(turns: Turns) -> Result<(), Failed> {
    let payload = serde_json::to_vec(&object())?;
    let notified = || decode_message(None, &payload, ATTRIBUTES);
    let findings = notified().findings;
    if !findings.is_empty() {
        return Err(format!("{findings:?}").into());
    }
    let mut contenders = vec![
        Contender::new("serde_json, untyped", || {
            serde_json::from_slice::<Value>(&payload)
                .map_or(0, |value| usize::from(value.is_object()))
        }),
        Contender::new("floe-notify", || notified().events.len()),
        Contender::new("floe-notify, owned", || {
            notified().into_owned().events.len()
        }),
    ];
    let name = "Cloud Storage, with payload";
    report(name, payload.len(), 1, turns, &mut contenders);
    let mut contenders = vec![Contender::new("floe-notify", || {
        decode_message(None, b"", ATTRIBUTES).events.len()
    })];
    report("Cloud Storage, no payload", 0, 1, turns, &mut contenders);
    Ok(())
}

fn report(name: &str, bytes: usize, events: usize, turns: Turns, contenders: &mut [Contender<'_>]) {
    for outcome in turns.run(contenders, &thread_time) {
        let seconds = outcome.run.as_secs_f64();
        println!(
            "{name:<34} {bytes:>6} {events:>7}  {:<24} {:>10.3} {:>10.0} {:>6.2}x",
            outcome.name,
            seconds * 1e6,
            events as f64 / seconds,
            outcome.ratio,
        );
    }
    println!();
}

fn records(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

fn record(key: &str) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "2026-03-01T10:15:30.123Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": { "principalId": "AWS:AROAEXAMPLEROLEID:loader" },
        "requestParameters": { "sourceIPAddress": "203.0.113.7" },
        "responseElements": {
            "x-amz-request-id": "C3D13FE58DE4C810",
            "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "databricks-auto-ingest-orders",
            "bucket": {
                "name": "acme-landing",
                "ownerIdentity": { "principalId": "A3NL1KOZZKExample" },
                "arn": "arn:aws:s3:::acme-landing"
            },
            "object": {
                "key": key,
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5"
            }
        }
    })
}

fn in_sns(message: &str) -> String {
    let topic = "arn:aws:sns:us-west-2:123456789012:databricks-auto-ingest-orders";
    json!({
        "Type": "Notification",
        "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
        "TopicArn": topic,
        "Subject": "Amazon S3 Notification",
        "Message": message,
        "Timestamp": "2026-03-01T10:15:31.002Z",
        "SignatureVersion": "1",
        "Signature": "e+khMfZriwAOTkF0OVm3tmdVq9eY6s5Bj6rXZty4B2TYssx7SSSBpvsDCiDuzgeHe++MNsGLDDT",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0000.pem",
        "UnsubscribeURL": format!(
            "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={topic}:0b7c"
        ),
    })
    .to_string()
}

fn event_bridge() -> Value {
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-03-01T10:15:30Z",
        "region": "us-west-2",
        "resources": ["arn:aws:s3:::acme-landing"],
        "detail": {
            "version": "0",
            "bucket": { "name": "acme-landing" },
            "object": {
                "key": "orders/red flower.json",
                "size": 5,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "sequencer": "617f08299329d189"
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "203.0.113.7",
            "reason": "PutObject"
        }
    })
}

fn event_grid() -> Value {
    json!({
        "topic": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg1/providers\
                  /Microsoft.Storage/storageAccounts/acme",
        "subject": "/blobServices/default/containers/landing/blobs/orders/dt=2026-03-01/part-0.js",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": "2026-03-01T10:15:30.9584103Z",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": {
            "api": "FlushWithClose",
            "clientRequestId": "6d79dbfb-0e37-4fc4-981f-442c9ca65760",
            "requestId": "831e1650-001e-001b-66ab-eeb76e000000",
            "eTag": "0x8D4BCC2E4835CD0",
            "contentType": "application/octet-stream",
            "contentLength": 524_288,
            "contentOffset": 0,
            "blobType": "BlockBlob",
            "url": "https://acme.dfs.core.windows.net/landing/orders/dt=2026-03-01/part-0.json",
            "sequencer": "00000000000004420000000000028963",
            "storageDiagnostics": { "batchId": "b68529f3-68cd-4744-baa4-3c0498ec19f0" }
        },
        "dataVersion": "2",
        "metadataVersion": "1"
    })
}

const ATTRIBUTES: [(&str, &str); 7] = [
    (
        "notificationConfig",
        "projects/_/buckets/acme-landing/notificationConfigs/8",
    ),
    ("eventType", "OBJECT_FINALIZE"),
    ("payloadFormat", "JSON_API_V1"),
    ("bucketId", "acme-landing"),
    ("objectId", "orders/a.json"),
    ("objectGeneration", "1529001256369598"),
    ("eventTime", "2026-03-01T10:15:30.369971Z"),
];

fn object() -> Value {
    json!({
        "kind": "storage#object",
        "id": "acme-landing/orders/a.json/1529001256369598",
        "selfLink": "https://www.googleapis.com/storage/v1/b/acme-landing/o/orders%2Fa.json",
        "name": "orders/a.json",
        "bucket": "acme-landing",
        "generation": "1529001256369598",
        "metageneration": "1",
        "contentType": "application/json",
        "timeCreated": "2026-03-01T10:15:30.369Z",
        "updated": "2026-03-01T10:15:30.369Z",
        "storageClass": "STANDARD",
        "size": "9",
        "md5Hash": "63M6AMDJ0zbmVpGjerVCkw==",
        "crc32c": "M3m0yg==",
        "etag": "CL77/MXl09sCEAE="
    })
}

/// The same message as Pub/Sub posts it.
fn pushed() -> Result<String, Failed> {
    let attributes: serde_json::Map<String, Value> = ATTRIBUTES
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let message = json!({
        "message": {
            "attributes": attributes,
            "data": base64(&serde_json::to_vec(&object())?),
            "messageId": "118585474886991",
            "publishTime": "2026-03-01T10:15:30.452Z"
        },
        "subscription": "projects/acme/subscriptions/databricks-auto-ingest-orders"
    });
    Ok(message.to_string())
}

/// Base64 with padding, as queues of Azure hold it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for place in 0..4 {
            if place > group.len() {
                text.push('=');
            } else {
                let digit = bits >> (18 - 6 * place) & 63;
                text.push(char::from(DIGITS[digit as usize]));
            }
        }
    }
    text
}
