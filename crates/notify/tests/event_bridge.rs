//! Events of S3 that EventBridge delivers.

use expect_test::expect;
use floe_notify::{Decoded, Dialect, EventCloud, EventKind, FileEvent, decode};
use serde_json::{Value, json};

/// The only event of a message without findings.
#[track_caller]
fn only(body: &str) -> FileEvent<'static> {
    let Decoded {
        mut events,
        findings,
    } = decode(Some(EventCloud::Aws), body.as_bytes()).into_owned();
    assert_eq!(findings, [], "{body}");
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0)
}

/// The text of the only finding.
#[track_caller]
fn finding(body: &str) -> String {
    let decoded = decode(None, body.as_bytes());
    assert_eq!(
        (decoded.events.len(), decoded.findings.len()),
        (0, 1),
        "{decoded:?}"
    );
    decoded.findings[0].to_string()
}

fn event_bridge(detail_type: &str, key: &str) -> Value {
    json!({
        "version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": detail_type, "source": "aws.s3", "account": "111122223333",
        "time": "2026-03-01T10:15:30Z", "region": "us-west-2",
        "resources": ["arn:aws:s3:::acme-landing"],
        "detail": {
            "version": "0", "bucket": { "name": "acme-landing" },
            "object": {
                "key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184",
                "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e", "sequencer": "617f08299329d189"
            },
            "request-id": "N4N7GDK58NMKJ12R", "reason": "PutObject"
        }
    })
}

#[test]
fn event_bridge_writes_keys_as_they_are() {
    let event = only(&event_bridge("Object Created", "red flower+100%25.json").to_string());
    assert_eq!(
        (event.dialect, event.kind),
        (Dialect::EventBridge, EventKind::Created)
    );
    assert_eq!(
        event
            .key
            .and_then(|key| key.as_str().map(str::to_owned))
            .as_deref(),
        Some("red flower+100%25.json")
    );
    assert_eq!(event.operation.as_deref(), Some("PutObject"));
    assert_eq!(
        event.version.token().as_deref(),
        Some("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e")
    );
    assert_eq!(event.size, Some(5));
}

#[test]
fn event_bridge_tells_kinds_by_the_detail_type() {
    let cases = [
        ("Object Created", EventKind::Created),
        ("Object Deleted", EventKind::Removed),
        ("Object Restore Completed", EventKind::Other),
        ("Object Tags Added", EventKind::Other),
        ("Object ACL Updated", EventKind::Other),
        ("Object Storage Class Changed", EventKind::Other),
    ];
    for (detail_type, kind) in cases {
        assert_eq!(
            only(&event_bridge(detail_type, "a").to_string()).kind,
            kind,
            "{detail_type}"
        );
    }
    // The form of Security Lake.
    let mut reduced = event_bridge("", "a");
    let fields = reduced.as_object_mut().unwrap();
    fields.remove("detail-type");
    fields.remove("version");
    assert_eq!(only(&reduced.to_string()).kind, EventKind::Created);
}

#[test]
fn events_of_other_services_are_told_apart() {
    let body = json!({"version": "0", "detail-type": "EC2 Instance State-change Notification", "source": "aws.ec2", "detail": {}});
    expect!["error[FLOE-NOTIFY-0004]: the event is about something else than files: 'EC2 Instance State-change Notification'…; subscribe the queue to the events of the bucket only"]
        .assert_eq(&finding(&body.to_string()));
}

#[test]
fn versions_that_are_not_known_are_errors() {
    let mut detail = event_bridge("Object Created", "a");
    detail["detail"]["version"] = "1".into();
    expect!["error[FLOE-NOTIFY-0005]: detail.version is '1'; version 0 can be read"]
        .assert_eq(&finding(&detail.to_string()));
    let mut whole = event_bridge("Object Created", "a");
    whole["version"] = "1".into();
    expect!["error[FLOE-NOTIFY-0005]: version is '1'; version 0 can be read"]
        .assert_eq(&finding(&whole.to_string()));
}

#[test]
fn an_event_about_an_object_names_it() {
    let body = r#"{"version":"0","detail-type":"Object Deleted","source":"aws.s3","detail":{}}"#;
    expect!["error[FLOE-NOTIFY-0006]: the event has no detail.bucket.name"]
        .assert_eq(&finding(body));
    let body = r#"{"version":"0","detail-type":"Object Created","source":"aws.s3"}"#;
    expect!["error[FLOE-NOTIFY-0006]: the event has no detail"].assert_eq(&finding(body));
}
