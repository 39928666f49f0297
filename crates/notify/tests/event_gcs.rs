//! Messages of Cloud Storage: attributes with and without payload, and what wraps them.

use std::cmp::Ordering;

use expect_test::expect;
use floe_notify::{
    Dialect, EventCloud, EventKind, FileEvent, Overwrite, Sequencer, Version, decode,
    decode_message,
};
use serde_json::{Value, json};

const GENERATION: &str = "1529001256369598";
const PAYLOAD: &str = r#"{"kind":"storage#object","name":"orders/a b+%20.json",
    "bucket":"acme-landing","generation":"1529001256369598","metageneration":"2","size":"9",
    "contentType":"application/json","updated":"2026-03-01T10:15:30.369Z"}"#;
/// The same in base64.
const DATA: &str = "eyJraW5kIjoic3RvcmFnZSNvYmplY3QiLCJuYW1lIjoib3JkZXJzL2EgYislMjAuanNvbiIsImJ1Y2t\
    ldCI6ImFjbWUtbGFuZGluZyIsImdlbmVyYXRpb24iOiIxNTI5MDAxMjU2MzY5NTk4IiwibWV0YWdlbmVyYXRpb24iOiIyIi\
    wic2l6ZSI6IjkifQ==";

fn attributes(kind: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "notificationConfig",
            "projects/_/buckets/acme-landing/notificationConfigs/8",
        ),
        ("eventType", kind),
        ("payloadFormat", "JSON_API_V1"),
        ("bucketId", "acme-landing"),
        ("objectId", "orders/a b+%20.json"),
        ("objectGeneration", GENERATION),
        ("eventTime", "2026-03-01T10:15:30.369971Z"),
        ("team", "orders"),
    ]
}

fn with(
    kind: &'static str,
    more: &[(&'static str, &'static str)],
) -> Vec<(&'static str, &'static str)> {
    let names: Vec<_> = more.iter().map(|(name, _)| *name).collect();
    let mut all = attributes(kind);
    all.retain(|(name, _)| !names.contains(name));
    all.extend(more);
    all
}

#[track_caller]
fn only(payload: &str, attributes: Vec<(&'static str, &'static str)>) -> FileEvent<'static> {
    let mut decoded =
        decode_message(Some(EventCloud::Gcp), payload.as_bytes(), attributes).into_owned();
    assert_eq!(decoded.findings, []);
    assert_eq!(decoded.events.len(), 1);
    decoded.events.remove(0)
}

#[track_caller]
fn only_json(body: &Value) -> FileEvent<'static> {
    let body = body.to_string();
    let mut decoded = decode(Some(EventCloud::Gcp), body.as_bytes()).into_owned();
    assert_eq!(decoded.findings, [], "{body}");
    assert_eq!(decoded.events.len(), 1, "{body}");
    decoded.events.remove(0)
}

#[test]
fn attributes_tell_the_event_and_the_payload_adds_the_size() {
    for (payload, size, metageneration) in [(PAYLOAD, Some(9), Some(2)), ("", None, None)] {
        let event = only(payload, attributes("OBJECT_FINALIZE"));
        assert_eq!(
            (event.cloud, event.dialect),
            (EventCloud::Gcp, Dialect::PubSub)
        );
        assert_eq!(event.kind, EventKind::Created);
        assert_eq!(event.bucket.as_deref(), Some("acme-landing"));
        // Names are not encoded.
        assert_eq!(
            event.key.as_ref().and_then(|key| key.as_str()),
            Some("orders/a b+%20.json")
        );
        assert_eq!(event.size, size);
        let generation = 1_529_001_256_369_598;
        assert_eq!(
            event.version,
            Version::Gcs {
                generation: Some(generation),
                metageneration
            }
        );
        assert_eq!(
            event.sequencer,
            Some(Sequencer::Gcs {
                generation,
                metageneration
            })
        );
        assert_eq!(event.version.token().as_deref(), Some(GENERATION));
        assert_eq!(event.time.unwrap().to_string(), "2026-03-01T10:15:30.369Z");
    }
}

#[test]
fn the_format_none_has_no_payload() {
    let event = only(
        "anything",
        with("OBJECT_FINALIZE", &[("payloadFormat", "NONE")]),
    );
    assert_eq!(event.size, None);
}

#[test]
fn every_type_of_event_has_its_kind() {
    let cases = [
        ("OBJECT_FINALIZE", EventKind::Created),
        ("OBJECT_DELETE", EventKind::Removed),
        ("OBJECT_ARCHIVE", EventKind::Removed),
        ("OBJECT_METADATA_UPDATE", EventKind::Other),
        ("OBJECT_SOMETHING_NEW", EventKind::Other),
    ];
    for (name, kind) in cases {
        let event = only("", attributes(name));
        assert_eq!((event.kind, event.name.as_ref()), (kind, name));
    }
}

#[test]
fn an_overwrite_is_two_events_that_generations_put_in_order() {
    let new = only(
        "",
        with(
            "OBJECT_FINALIZE",
            &[("overwroteGeneration", "1528997942744351")],
        ),
    );
    let old = only(
        "",
        with(
            "OBJECT_DELETE",
            &[
                ("objectGeneration", "1528997942744351"),
                ("overwrittenByGeneration", GENERATION),
            ],
        ),
    );
    assert_eq!(
        new.overwrite,
        Some(Overwrite::Overwrote(1_528_997_942_744_351))
    );
    assert_eq!(
        old.overwrite,
        Some(Overwrite::OverwrittenBy(1_529_001_256_369_598))
    );
    assert_eq!(new.order(&old), Some(Ordering::Greater));
}

#[test]
fn doubtful_payloads_keep_no_event_back() {
    let cases = [
        ("{not json", "0018"),
        ("[]", "0018"),
        (r#"{"size":"many"}"#, "0018"),
        (r#"{"bucket":"other"}"#, "0016"),
        (r#"{"name":"other"}"#, "0016"),
    ];
    for (payload, code) in cases {
        let decoded = decode_message(None, payload.as_bytes(), attributes("OBJECT_FINALIZE"));
        assert!(
            decoded.is_complete() && decoded.events.len() == 1,
            "{payload}"
        );
        assert_eq!(decoded.findings.len(), 1, "{payload}");
        assert_eq!(&decoded.findings[0].code()[12..], code, "{payload}");
        assert_eq!(decoded.events[0].bucket.as_deref(), Some("acme-landing"));
    }
    let format = with("OBJECT_FINALIZE", &[("payloadFormat", "JSON_API_V2")]);
    let decoded = decode_message(None, PAYLOAD.as_bytes(), format);
    assert_eq!(decoded.events[0].size, None);
    expect!["warning[FLOE-NOTIFY-0005]: attributes.payloadFormat is 'JSON_API_V2'; JSON_API_V1 and NONE can be read"]
        .assert_eq(&decoded.findings[0].to_string());
}

#[test]
fn attributes_that_say_too_little_are_errors() {
    let mut no_object = attributes("OBJECT_FINALIZE");
    no_object.retain(|(name, _)| *name != "objectId");
    let generation = with("OBJECT_FINALIZE", &[("objectGeneration", "soon")]);
    let empty = with("OBJECT_FINALIZE", &[("objectId", "")]);
    let cases = [(no_object, "0006"), (generation, "0007"), (empty, "0008")];
    for (attributes, code) in cases {
        let decoded = decode_message(None, b"", attributes);
        assert_eq!(decoded.events, []);
        assert_eq!(&decoded.findings[0].code()[12..], code);
    }
}

fn message() -> Value {
    let attributes: serde_json::Map<String, Value> = attributes("OBJECT_FINALIZE")
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    json!({"attributes": attributes, "data": DATA, "messageId": "118585474886991"})
}

#[test]
fn messages_are_found_in_every_form_that_they_are_pushed_pulled_or_stored_in() {
    let expected = only(PAYLOAD, attributes("OBJECT_FINALIZE"));
    let message = message();
    let pushed = json!({"message": message, "subscription": "projects/p/subscriptions/s"});
    let snake = {
        let mut message = message.clone();
        message["message_id"] = "118585474886991".into();
        message["publish_time"] = "2026-03-01T10:15:30.452Z".into();
        json!({ "message": message })
    };
    let capitals = json!({"Message": {"Attributes": message["attributes"], "Data": DATA}});
    let kind = "google.cloud.pubsub.topic.v1.messagePublished";
    let bodies = [
        pushed.clone(),
        snake,
        capitals,
        json!({"ackId": "opaque", "message": message}),
        json!([{"ackId": "opaque", "message": message}]),
        json!({"receivedMessages": [{"ackId": "opaque", "message": message}]}),
        json!({"specversion": "1.0", "type": kind, "source": "//pubsub", "data": pushed}),
        json!({"attributes": {"specversion": "1.0", "type": kind}, "data": pushed}),
        message,
    ];
    for body in bodies {
        assert_eq!(only_json(&body), expected, "{body}");
    }
}

#[test]
fn a_message_that_is_pushed_without_payload_is_told_from_its_attributes() {
    let mut message = message();
    message.as_object_mut().unwrap().remove("data");
    assert_eq!(
        only_json(&json!({ "message": message })),
        only("", attributes("OBJECT_FINALIZE"))
    );
}

#[test]
fn eventarc_and_functions_describe_the_object_in_their_data() {
    let object: Value = serde_json::from_str(PAYLOAD).unwrap();
    let cases = [
        (
            "google.cloud.storage.object.v1.finalized",
            EventKind::Created,
        ),
        ("google.cloud.storage.object.v1.deleted", EventKind::Removed),
        (
            "google.cloud.storage.object.v1.archived",
            EventKind::Removed,
        ),
        (
            "google.cloud.storage.object.v1.metadataUpdated",
            EventKind::Other,
        ),
    ];
    for (name, kind) in cases {
        let time = "2026-03-01T10:15:30.369Z";
        let body = json!({"specversion": "1.0", "type": name, "time": time, "data": object});
        let event = only_json(&body);
        assert_eq!((event.kind, event.dialect), (kind, Dialect::GcsObject));
        assert_eq!(
            (event.size, event.version.token().as_deref()),
            (Some(9), Some(GENERATION))
        );
        assert_eq!(event.time.unwrap().to_string(), time);
    }
    let context = json!({"eventType": "google.storage.object.finalize", "timestamp": "2026-03-01T10:15:30.369Z"});
    let event = only_json(&json!({"context": context, "data": object}));
    assert_eq!((event.kind, event.size), (EventKind::Created, Some(9)));
}

#[test]
fn attributes_and_events_of_functions_are_read_without_anything_around_them() {
    let attributes_alone = &message()["attributes"];
    assert_eq!(
        only_json(attributes_alone),
        only("", attributes("OBJECT_FINALIZE"))
    );
    let object: Value = serde_json::from_str(PAYLOAD).unwrap();
    let name = "google.storage.object.delete";
    let time = "2026-03-01T10:15:30.369Z";
    let event =
        only_json(&json!({"eventId": "1", "timestamp": time, "eventType": name, "data": object}));
    assert_eq!(
        (event.kind, event.name.as_ref()),
        (EventKind::Removed, name)
    );
    assert_eq!(event.time.unwrap().to_string(), time);
}

#[test]
fn a_description_alone_is_taken_as_new_and_that_is_told() {
    let decoded = decode(None, PAYLOAD.as_bytes());
    let event = &decoded.events[0];
    assert_eq!((event.kind, event.size), (EventKind::Created, Some(9)));
    assert!(decoded.is_complete());
    expect!["warning[FLOE-NOTIFY-0014]: the message describes an object and does not tell what happened to it, so it is taken as created; pass the attributes of the Pub/Sub message as well"]
        .assert_eq(&decoded.findings[0].to_string());
    let nameless = PAYLOAD.replace(r#""kind":"storage#object","#, "");
    assert_eq!(decode(None, nameless.as_bytes()).events, decoded.events);
    let gone = PAYLOAD.replace("updated", "timeDeleted");
    assert_eq!(
        decode(None, gone.as_bytes()).events[0].kind,
        EventKind::Removed
    );
}

#[test]
fn numbers_are_read_as_texts_and_as_numbers() {
    let payload = r#"{"size":9,"generation":1529001256369598,"metageneration":2}"#;
    assert_eq!(only(payload, attributes("OBJECT_FINALIZE")).size, Some(9));
    let most = r#"{"size":"18446744073709551615"}"#;
    assert_eq!(
        only(most, attributes("OBJECT_FINALIZE")).size,
        Some(u64::MAX)
    );
}

#[test]
fn other_messages_of_pub_sub_are_told_apart() {
    let body = json!({"message": {"attributes": {"attr1": "x"}, "data": "dGVzdCBtZXNzYWdlIDM="}});
    let body = body.to_string();
    expect!["error[FLOE-NOTIFY-0004]: in message: the event is about something else than files: a message without the attributes of Cloud Storage; subscribe the queue to the events of the bucket only"]
        .assert_eq(&decode(None, body.as_bytes()).findings[0].to_string());
}

#[test]
fn attributes_of_others_leave_the_body_to_itself() {
    let body = br#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
    let decoded = decode_message(None, body, [("eventType", "x"), ("trace", "y")]);
    assert_eq!(decoded.events[0].kind, EventKind::Test);
}
