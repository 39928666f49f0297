//! Messages of S3: records, envelopes, EventBridge, the test event, and stores like it.

use std::borrow::Cow;

use expect_test::expect;
use floe_notify::{
    Decoded, Dialect, EventCloud, EventKind, EventSeverity, FileEvent, ObjectKey, Sequencer,
    Version, decode,
};
use serde_json::{Value, json};

fn record(name: &str, object: Value) -> Value {
    json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-west-2",
        "eventTime": "2026-03-01T10:15:30.123Z",
        "eventName": name,
        "userIdentity": { "principalId": "AWS:AROAEXAMPLEROLEID:loader" },
        "requestParameters": { "sourceIPAddress": "203.0.113.7" },
        "responseElements": { "x-amz-request-id": "C3D13FE58DE4C810" },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "acme-orders",
            "bucket": {
                "name": "acme-landing",
                "ownerIdentity": { "principalId": "A3NL1KOZZKExample" },
                "arn": "arn:aws:s3:::acme-landing"
            },
            "object": object
        }
    })
}

fn put(key: &str) -> Value {
    let sequencer = "0055AED6DCD90281E5";
    record(
        "ObjectCreated:Put",
        json!({"key": key, "size": 10, "eTag": "c8e3a3027a133355210f85cfbb1acc35", "sequencer": sequencer}),
    )
}

fn records(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

fn owned(body: &str) -> Decoded<'static> {
    decode(None, body.as_bytes()).into_owned()
}

/// The only event of a message without findings.
#[track_caller]
fn only(body: &str) -> FileEvent<'static> {
    let Decoded {
        mut events,
        findings,
    } = owned(body);
    assert_eq!(findings, [], "{body}");
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0)
}

/// The codes of all findings, with `!` after those of errors.
fn codes(body: &str) -> Vec<String> {
    let mark = |severity| {
        if severity == EventSeverity::Error {
            "!"
        } else {
            ""
        }
    };
    owned(body)
        .findings
        .iter()
        .map(|finding| format!("{}{}", &finding.code()[12..], mark(finding.severity)))
        .collect()
}

/// The text of the only finding.
#[track_caller]
fn finding(body: &str) -> String {
    let decoded = owned(body);
    assert_eq!(decoded.findings.len(), 1, "{decoded:?}");
    decoded.findings[0].to_string()
}

fn keys(body: &str) -> Vec<String> {
    let events = owned(body).events;
    events
        .iter()
        .map(|event| {
            event
                .key
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        })
        .collect()
}

#[test]
fn every_way_to_create_an_object_is_a_new_file() {
    for name in [
        "Put",
        "Post",
        "Copy",
        "CompleteMultipartUpload",
        "NotYetThoughtOf",
    ] {
        let name = format!("ObjectCreated:{name}");
        let object = json!({
            "key": "orders/big.parquet", "size": 8_388_608_u64,
            "eTag": "8eabe9d6b43316e840b079170916c079-2",
            "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
            "sequencer": "0062E99A88DC407460", "hasObjectAnnotation": false
        });
        let event = only(&records(&[record(&name, object)]));
        assert_eq!((event.cloud, event.dialect), (EventCloud::Aws, Dialect::S3));
        assert_eq!(
            (event.kind, event.name.as_ref()),
            (EventKind::Created, &*name)
        );
        assert_eq!(event.bucket.as_deref(), Some("acme-landing"));
        assert_eq!(
            event.key,
            ObjectKey::new(b"orders/big.parquet".as_slice()).ok()
        );
        assert_eq!(event.size, Some(8_388_608));
        assert_eq!(
            event.version,
            Version::S3 {
                version_id: Some("096fKKXTRTtl3on89fVO.nfljtsv6qko".into()),
                etag: Some("8eabe9d6b43316e840b079170916c079-2".into()),
            }
        );
        assert_eq!(
            event.sequencer,
            Some(Sequencer::S3("0062E99A88DC407460".into()))
        );
        assert_eq!(
            event.time.map(|time| time.millis()),
            Some(1_772_360_130_123)
        );
    }
}

#[test]
fn what_else_happens_to_objects_is_no_new_file() {
    let cases = [
        ("ObjectRemoved:Delete", EventKind::Removed),
        ("ObjectRemoved:DeleteMarkerCreated", EventKind::Removed),
        ("LifecycleExpiration:Delete", EventKind::Removed),
        ("LifecycleTransition", EventKind::Other),
        ("ObjectTagging:Put", EventKind::Other),
        ("ObjectAcl:Put", EventKind::Other),
        ("ObjectRestore:Completed", EventKind::Other),
        ("Replication:OperationMissedThreshold", EventKind::Other),
        ("ReducedRedundancyLostObject", EventKind::Other),
    ];
    for (name, kind) in cases {
        for prefix in ["", "s3:"] {
            let name = format!("{prefix}{name}");
            let event = only(&records(&[record(&name, json!({ "key": "a" }))]));
            assert_eq!((event.kind, event.name.as_ref()), (kind, &*name));
            assert_eq!((event.size, event.sequencer), (None, None));
        }
    }
}

#[test]
fn the_envelope_of_sns_is_taken_off_and_raw_delivery_has_none() {
    let message = records(&[put("orders/a.json")]);
    let envelope = json!({
        "Type": "Notification",
        "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:acme-orders",
        "Subject": "Amazon S3 Notification",
        "Message": message,
        "Timestamp": "2026-03-01T10:15:31.002Z",
        "SignatureVersion": "1",
    });
    assert_eq!(only(&envelope.to_string()), only(&message));
    let bare = json!({ "Message": message, "Timestamp": "2026-03-01T10:15:31.002Z" });
    assert_eq!(only(&bare.to_string()), only(&message));
}

#[test]
fn what_sns_asks_or_confirms_is_another_event_and_no_fault() {
    for kind in ["SubscriptionConfirmation", "UnsubscribeConfirmation"] {
        let body = json!({
            "Type": kind, "Token": "2336412f37", "Message": "You have chosen to subscribe …",
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:acme-orders",
            "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription",
            "Timestamp": "2026-03-01T10:15:31.002Z",
        });
        let event = only(&body.to_string());
        assert_eq!(
            (event.kind, event.dialect),
            (EventKind::Other, Dialect::Sns)
        );
        assert_eq!((event.name.as_ref(), event.key), (kind, None));
    }
}

#[test]
fn messages_are_found_in_what_lambda_and_commands_wrap_around_them() {
    let message = records(&[put("a")]);
    let sns = json!({ "Type": "Notification", "TopicArn": "arn", "Message": message });
    let bodies = [
        json!({"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": message}]}),
        json!({"Records": [{"eventSource": "aws:sqs", "body": sns.to_string()}]}),
        json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}),
        json!({"Messages": [{"MessageId": "1", "ReceiptHandle": "h", "Body": message}]}),
        json!({"MessageId": "1", "ReceiptHandle": "h", "Body": message}),
        json!([put("a")]),
        put("a"),
        json!(message),
    ];
    for body in bodies {
        assert_eq!(only(&body.to_string()), only(&message), "{body}");
    }
}

#[test]
fn the_test_event_is_told_as_such_plain_and_wrapped() {
    let test = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-03-01T10:00:00.089Z",
        "Bucket": "acme-landing", "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4"
    });
    let wrapped = json!({
        "Type": "Notification", "TopicArn": "arn", "Subject": "Amazon S3 Notification",
        "Message": test.to_string()
    });
    for body in [test, wrapped] {
        let event = only(&body.to_string());
        assert_eq!(
            (event.kind, event.dialect),
            (EventKind::Test, Dialect::S3Test)
        );
        assert_eq!(event.bucket.as_deref(), Some("acme-landing"));
        assert!(event.time.is_some() && event.key.is_none());
    }
}

#[test]
fn a_test_event_without_its_name_is_none() {
    expect!["error[FLOE-NOTIFY-0007]: Event is the number 5; it must be a text"].assert_eq(
        &finding(r#"{"Service":"Amazon S3","Event":5,"Bucket":"b"}"#),
    );
    expect!["error[FLOE-NOTIFY-0006]: the event has no Event"]
        .assert_eq(&finding(r#"{"Service":"Amazon S3","Bucket":"b"}"#));
    expect!["error[FLOE-NOTIFY-0006]: the event has no Records"]
        .assert_eq(&finding(r#"{"Event":"s3:ObjectCreated:Put","Bucket":"b"}"#));
}

#[test]
fn records_of_other_services_are_told_apart() {
    assert_eq!(
        codes(r#"{"Records":[{"eventSource":"aws:ses","ses":{}}]}"#),
        ["0004!"]
    );
}

#[test]
fn minio_and_its_like_are_read_whatever_they_call_themselves() {
    for source in ["minio:s3", "ceph:s3", "aws:s3:sample:event:source"] {
        let mut record = put("input%2Fchallenge+text.zip");
        record["eventSource"] = source.into();
        record["eventVersion"] = "2.0".into();
        record["eventName"] = "s3:ObjectCreated:Put".into();
        let body = json!({
            "EventName": "s3:ObjectCreated:Put", "Key": "acme-landing/input/challenge text.zip",
            "Records": [record], "level": "info", "msg": "", "time": "2026-03-01T10:15:30Z"
        });
        let event = only(&body.to_string());
        assert_eq!(event.kind, EventKind::Created);
        assert_eq!(event.dialect == Dialect::S3, source.starts_with("aws"));
        assert_eq!(
            event.key,
            ObjectKey::new(b"input/challenge text.zip".as_slice()).ok()
        );
    }
}

#[test]
fn an_event_about_a_bucket_is_another_event_and_no_fault() {
    let mut record = record("s3:BucketCreated:*", json!({"key": "", "sequencer": "1"}));
    record["eventSource"] = "minio:s3".into();
    let event = only(&records(&[record]));
    assert_eq!((event.kind, event.key), (EventKind::Other, None));
    assert_eq!(event.bucket.as_deref(), Some("acme-landing"));
}

#[test]
fn minor_versions_and_unknown_fields_are_read_and_major_ones_are_not() {
    for version in ["2.0", "2.1", "2.3", "2.5", "2.99", "2"] {
        let mut record = put("a");
        record["eventVersion"] = version.into();
        record["somethingNew"] = json!({"a": [1, {"b": null}]});
        record["s3"]["object"]["alsoNew"] = json!([]);
        assert_eq!(keys(&records(&[record])), ["a"], "{version}");
    }
    for version in ["3.0", "1.0", "20.1", "two"] {
        let mut record = put("a");
        record["eventVersion"] = version.into();
        let body = records(&[record]);
        assert_eq!(codes(&body), ["0005!"]);
        assert_eq!(keys(&body), [""; 0]);
    }
}

#[test]
fn no_records_are_no_events_and_no_fault() {
    assert_eq!(owned(r#"{"Records":[]}"#), Decoded::default());
}

#[test]
fn what_is_no_message_is_told_with_its_place() {
    expect!["error[FLOE-NOTIFY-0002]: the message cannot be read as JSON at byte 12 (line 1, column 13): EOF while parsing a list, seen the end"]
        .assert_eq(&finding(r#"{"Records":["#));
    expect!["error[FLOE-NOTIFY-0002]: the message cannot be read as JSON at byte 13 (line 2, column 12): expected value, seen '?]}'"]
        .assert_eq(&finding("{\n\"Records\":[?]}"));
    expect!["error[FLOE-NOTIFY-0002]: the message cannot be read as JSON at byte 0 (line 1, column 1): expected an object, a list, or either in base64, seen 'plain text'"]
        .assert_eq(&finding("plain text"));
    expect!["error[FLOE-NOTIFY-0002]: the message cannot be read as JSON at byte 0 (line 1, column 1): expected an object, a list, or either in base64, seen the end"]
        .assert_eq(&finding(""));
    expect!["error[FLOE-NOTIFY-0003]: the message is no event of a form that is known, it is an object with foo, bar; send the message as the cloud wrote it, with the attributes of Pub/Sub beside it"]
        .assert_eq(&finding(r#"{"foo":1,"bar":{}}"#));
    expect!["error[FLOE-NOTIFY-0003]: in Message: the message is no event of a form that is known, it is an object without keys; send the message as the cloud wrote it, with the attributes of Pub/Sub beside it"]
        .assert_eq(&finding(r#"{"Type":"Notification","Message":"{}"}"#));
    expect!["error[FLOE-NOTIFY-0007]: Records is an object; it must be a list"]
        .assert_eq(&finding(r#"{"Records":{}}"#));
    expect![
        "error[FLOE-NOTIFY-0015]: the message is a list of records and an envelope of SNS at once"
    ]
    .assert_eq(&finding(
        r#"{"Records":[],"Type":"Notification","Message":"{}"}"#,
    ));
}

#[test]
fn a_record_that_fails_does_not_keep_the_others_back() {
    let mut without_bucket = put("b");
    without_bucket["s3"]["bucket"] = json!(null);
    let mut size = put("c");
    size["s3"]["object"]["size"] = (-1).into();
    let mut wrong_key = put("d");
    wrong_key["s3"]["object"]["key"] = json!(["d"]);
    let mut no_name = put("e");
    no_name.as_object_mut().unwrap().remove("eventName");
    let body = records(&[
        put("a"),
        without_bucket,
        size,
        wrong_key,
        no_name,
        json!(null),
        json!("text"),
        json!({}),
        put(""),
        put("z"),
    ]);
    assert_eq!(keys(&body), ["a", "z"]);
    let findings: Vec<String> = owned(&body)
        .findings
        .iter()
        .map(ToString::to_string)
        .collect();
    expect![[r#"
        error[FLOE-NOTIFY-0006]: in Records[1]: the event has no s3.bucket.name
        error[FLOE-NOTIFY-0007]: in Records[2]: object.size is a negative number; it must be a whole number of at most 64 bits, not negative
        error[FLOE-NOTIFY-0007]: in Records[3]: object.key is a list; it must be a text
        error[FLOE-NOTIFY-0006]: in Records[4]: the event has no eventName
        error[FLOE-NOTIFY-0007]: in Records[5]: the record is null; it must be an object
        error[FLOE-NOTIFY-0007]: in Records[6]: the record is a text; it must be an object
        error[FLOE-NOTIFY-0003]: in Records[7]: the message is no event of a form that is known, it is a record without `s3`; send the message as the cloud wrote it, with the attributes of Pub/Sub beside it
        error[FLOE-NOTIFY-0008]: in Records[8]: the name of the object has 0 bytes; it must have 1 to 4096"#]]
    .assert_eq(&findings.join("\n"));
}

#[test]
fn keys_are_decoded_as_forms_of_web_pages_are() {
    let cases: [(&str, &[u8], &str); 15] = [
        (
            "orders/dt%3D2026-03-01/red+flower%2B1%40x.json",
            b"orders/dt=2026-03-01/red flower+1@x.json",
            "",
        ),
        ("red+flower.jpg", b"red flower.jpg", ""),
        ("red%20flower.jpg", b"red flower.jpg", ""),
        ("a%2Bb", b"a+b", ""),
        ("a%40b", b"a@b", ""),
        ("%C3%BC.csv", "ü.csv".as_bytes(), ""),
        ("100%25.txt", b"100%.txt", ""),
        ("%281%29.csv", b"(1).csv", ""),
        ("noog%2bnork", b"noog+nork", ""),
        ("a%2Fb", b"a/b", ""),
        ("a%00b", b"a\0b", ""),
        ("%FF%C3", b"\xFF\xC3", ""),
        ("100%", b"100%", "0009"),
        ("%zz%4", b"%zz%4", "0009"),
        ("%%41", b"%A", "0009"),
    ];
    for (text, key, code) in cases {
        let decoded = owned(&records(&[put(text)]));
        assert_eq!(
            decoded.events[0].key.as_ref().unwrap().as_bytes(),
            key,
            "{text}"
        );
        let found: Vec<_> = decoded
            .findings
            .iter()
            .map(|finding| &finding.code()[12..])
            .collect();
        assert_eq!(found.join(","), code, "{text}");
        assert!(decoded.is_complete());
    }
}

#[test]
fn keys_are_opaque_bytes_and_never_normalised() {
    for key in [
        "dir/",
        "a//b",
        "a ",
        "./a",
        "e\u{301}",
        "é",
        "_SUCCESS",
        "a_$folder$",
    ] {
        let key = ObjectKey::new(key.as_bytes()).unwrap();
        let event = only(&records(&[put(&key.form_encoded())]));
        assert_eq!(event.key.unwrap(), key);
    }
}

#[test]
fn a_time_that_cannot_be_read_is_doubtful_and_keeps_no_event_back() {
    let mut record = put("a");
    record["eventTime"] = "yesterday".into();
    let decoded = owned(&records(&[record]));
    assert_eq!((decoded.events.len(), decoded.events[0].time), (1, None));
    assert!(decoded.is_complete());
    assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0010");
}

#[test]
fn a_record_without_escapes_is_borrowed_from_the_message() {
    let body = records(&[put("orders/a.json")]);
    let decoded = decode(Some(EventCloud::Aws), body.as_bytes());
    let event = &decoded.events[0];
    assert!(event.key.as_ref().unwrap().is_borrowed());
    let texts = [&event.name, event.bucket.as_ref().unwrap()];
    assert!(texts.iter().all(|text| matches!(text, Cow::Borrowed(_))));
    let Version::S3 {
        etag: Some(etag), ..
    } = &event.version
    else {
        panic!("{event:?}")
    };
    assert!(matches!(etag, Cow::Borrowed(_)));
    assert!(matches!(
        event.sequencer,
        Some(Sequencer::S3(Cow::Borrowed(_)))
    ));
}

#[test]
fn an_event_of_another_cloud_than_the_queue_is_an_error() {
    let body = records(&[put("a")]);
    let decoded = decode(Some(EventCloud::Azure), body.as_bytes());
    assert_eq!(decoded.events, []);
    expect!["error[FLOE-NOTIFY-0017]: in Records[0]: the event is one of aws, and one of azure was expected"]
        .assert_eq(&decoded.findings[0].to_string());
}
