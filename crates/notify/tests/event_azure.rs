//! Messages of Azure: every operation that Event Grid tells of, in both schemas, plain and in
//! base64.

use expect_test::expect;
use floe_notify::{
    Decoded, Dialect, EventCloud, EventKind, FileEvent, Sequencer, Source, Version, decode,
};
use serde_json::{Value, json};

const TOPIC: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg1\
    /providers/Microsoft.Storage/storageAccounts/acme";
const SUBJECT: &str = "/blobServices/default/containers/landing/blobs/orders/dt=1/part-0.json";
const URL: &str = "https://acme.dfs.core.windows.net/landing/orders/dt=1/part-0.json";
const OLD_URL: &str = "https://acme.dfs.core.windows.net/staging/_temporary/0/part%200%2B.json";

/// The Event Grid schema.
fn event_grid(kind: &str, version: &str, data: Value) -> Value {
    json!({
        "topic": TOPIC, "subject": SUBJECT, "eventType": format!("Microsoft.Storage.{kind}"),
        "eventTime": "2026-03-01T10:15:30.9584103Z", "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "data": data, "dataVersion": version, "metadataVersion": "1"
    })
}

/// The same as a CloudEvent.
fn cloud_event(kind: &str, data: Value) -> Value {
    json!({
        "specversion": "1.0", "source": TOPIC, "subject": SUBJECT,
        "type": format!("Microsoft.Storage.{kind}"), "time": "2026-03-01T10:15:30.9584103Z",
        "id": "831e1650-001e-001b-66ab-eeb76e069631", "datacontenttype": "application/json",
        "data": data
    })
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut bits = [0; 4];
        bits[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bits);
        for place in 0..=group.len() {
            text.push(char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]));
        }
        text.push_str(&"=="[..3 - group.len()]);
    }
    text
}

#[track_caller]
fn only(body: &str) -> FileEvent<'static> {
    let Decoded {
        mut events,
        findings,
    } = decode(Some(EventCloud::Azure), body.as_bytes()).into_owned();
    assert_eq!(findings, [], "{body}");
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0)
}

#[track_caller]
fn finding(body: &Value) -> String {
    let body = body.to_string();
    let decoded = decode(None, body.as_bytes());
    assert_eq!(decoded.findings.len(), 1, "{decoded:?}");
    decoded.findings[0].to_string()
}

/// Type, operation, version of the data, what the data have besides, and what it is.
fn operations() -> Vec<(&'static str, &'static str, &'static str, Value, EventKind)> {
    let blob = |length: u64| {
        json!({"eTag": "\"0x8D4BCC2E4835CD0\"", "contentType": "text/plain",
            "contentLength": length, "blobType": "BlockBlob", "url": URL})
    };
    let file = |length: u64, offset: u64| {
        let mut data = blob(length);
        data["contentOffset"] = offset.into();
        data
    };
    let renamed = json!({"destinationUrl": URL, "sourceUrl": OLD_URL});
    let at = json!({ "url": URL });
    let gone = json!({"url": URL, "recursive": "true"});
    use EventKind::{Created, DirectoryRenamed, Other, Removed, Renamed};
    vec![
        ("BlobCreated", "PutBlob", "", blob(7), Created),
        ("BlobCreated", "PutBlockList", "", blob(7), Created),
        ("BlobCreated", "CopyBlob", "", blob(7), Created),
        ("BlobCreated", "CreateFile", "2", file(0, 0), Other),
        ("BlobCreated", "FlushWithClose", "2", file(7, 0), Created),
        ("BlobCreated", "SftpCreate", "3", file(0, 0), Other),
        ("BlobCreated", "SftpCommit", "3", file(7, 0), Created),
        ("BlobCreated", "SomethingNew", "3", blob(7), Created),
        ("BlobRenamed", "RenameFile", "1", renamed.clone(), Renamed),
        ("BlobRenamed", "SftpRename", "1", renamed.clone(), Renamed),
        (
            "DirectoryCreated",
            "CreateDirectory",
            "1",
            at.clone(),
            Other,
        ),
        ("DirectoryCreated", "SftpMakeDir", "2", at.clone(), Other),
        (
            "DirectoryRenamed",
            "RenameDirectory",
            "1",
            renamed.clone(),
            DirectoryRenamed,
        ),
        (
            "DirectoryRenamed",
            "SftpRename",
            "1",
            renamed,
            DirectoryRenamed,
        ),
        ("BlobDeleted", "DeleteBlob", "", at.clone(), Removed),
        ("BlobDeleted", "DeleteFile", "2", gone.clone(), Removed),
        ("DirectoryDeleted", "DeleteDirectory", "1", gone, Removed),
        ("BlobTierChanged", "SetBlobTier", "", blob(7), Other),
        ("AsyncOperationInitiated", "SetBlobTier", "", blob(7), Other),
    ]
}

#[test]
fn every_operation_is_told_alike_in_every_wrapping() {
    for (kind, api, version, mut data, expected) in operations() {
        let size = data.get("contentLength").and_then(Value::as_u64);
        data["api"] = api.into();
        data["sequencer"] = "00000000000004420000000000028963".into();
        data["storageDiagnostics"] = json!({"batchId": "b68529f3-68cd-4744-baa4-3c0498ec19f0"});
        let event_grid = event_grid(kind, version, data.clone());
        let cloud_event = cloud_event(kind, data);
        for (dialect, event) in [
            (Dialect::EventGrid, event_grid),
            (Dialect::CloudEvents, cloud_event),
        ] {
            let plain = event.to_string();
            let list = json!([event]).to_string();
            for body in [
                &plain,
                &list,
                &base64(plain.as_bytes()),
                &base64(list.as_bytes()),
            ] {
                let event = only(body);
                assert_eq!(
                    (event.kind, event.dialect),
                    (expected, dialect),
                    "{kind} {api}"
                );
                assert_eq!(event.name.as_ref(), format!("Microsoft.Storage.{kind}"));
                assert_eq!(event.operation.as_deref(), Some(api));
                assert_eq!(event.account.as_deref(), Some("acme"));
                assert_eq!(event.bucket.as_deref(), Some("landing"));
                let key = event.key.as_ref().and_then(|key| key.as_str());
                assert_eq!(key, Some("orders/dt=1/part-0.json"));
                assert_eq!(event.size, size, "{kind} {api}");
                let time = event.time.map(|time| time.to_string());
                assert_eq!(time.as_deref(), Some("2026-03-01T10:15:30.958Z"));
                let sequencer = "00000000000004420000000000028963";
                assert_eq!(event.sequencer, Some(Sequencer::Azure(sequencer.into())));
            }
        }
    }
}

#[test]
fn a_rename_tells_both_names_and_no_size() {
    let data = json!({"api": "RenameFile", "destinationUrl": URL, "sourceUrl": OLD_URL});
    let event = only(&event_grid("BlobRenamed", "1", data).to_string());
    let Some(Source { bucket, key }) = event.renamed_from else {
        panic!("no source")
    };
    assert_eq!(
        (bucket.as_ref(), key.as_str()),
        ("staging", Some("_temporary/0/part 0+.json"))
    );
    assert_eq!(
        (event.size, event.version),
        (None, Version::Azure { etag: None })
    );
}

#[test]
fn a_file_that_is_written_in_two_steps_is_one_file_with_the_size_of_the_second() {
    let step = |api: &str, length: u64, sequencer: &str| {
        let data = json!({"api": api, "contentLength": length, "sequencer": sequencer, "url": URL});
        only(&event_grid("BlobCreated", "2", data).to_string())
    };
    let begun = step("CreateFile", 0, "0000000000000442000000000002896");
    let done = step(
        "FlushWithClose",
        524_288,
        "00000000000004420000000000028964",
    );
    let files: Vec<_> = [&begun, &done]
        .into_iter()
        .filter(|event| event.kind.brings_files())
        .collect();
    assert_eq!(files, [&done]);
    assert_eq!(done.size, Some(524_288));
    assert_eq!(done.order(&begun), Some(std::cmp::Ordering::Greater));
}

#[test]
fn entity_tags_lose_their_quotes() {
    for etag in ["0x8D4BCC2E4835CD0", "\"0x8D4BCC2E4835CD0\""] {
        let event = only(&event_grid("BlobCreated", "", json!({ "eTag": etag })).to_string());
        assert_eq!(event.version.token().as_deref(), Some("0x8D4BCC2E4835CD0"));
    }
}

#[test]
fn names_are_taken_from_the_subject_as_they_are_and_else_from_the_url() {
    let key = |subject: Option<&str>, url: Option<&str>| {
        let mut event = event_grid("BlobCreated", "", json!({ "url": url }));
        event["subject"] = subject.into();
        let event = only(&event.to_string());
        (
            event.bucket.unwrap().into_owned(),
            event.key.unwrap().to_string(),
        )
    };
    let at = |path: &str| format!("/blobServices/default/containers/c/blobs/{path}");
    for path in ["f.csv", "a/b/c=d/e%20f+g", "a//b", "dir/", "blobs/x", "é"] {
        assert_eq!(
            key(Some(&at(path)), Some(URL)),
            ("c".to_owned(), path.to_owned())
        );
    }
    let url = "https://acme.blob.core.windows.net/c/a%20b/c+d.json?sv=1#x";
    for subject in [None, Some(""), Some("elsewhere")] {
        assert_eq!(
            key(subject, Some(url)),
            ("c".to_owned(), "a b/c+d.json".to_owned())
        );
    }
}

#[test]
fn an_event_about_a_file_names_it() {
    let mut event = event_grid(
        "BlobCreated",
        "",
        json!({"url": "https://acme/only-a-container"}),
    );
    event["subject"] = "BlobDataManagement/BlobInventory".into();
    expect!["error[FLOE-NOTIFY-0013]: the subject 'BlobDataManagement/BlobInventory' names no blob; it must be /blobServices/default/containers/CONTAINER/blobs/NAME"]
        .assert_eq(&finding(&event));
    let mut event = event_grid("BlobCreated", "", json!({}));
    event["subject"] = "/blobServices/default/containers/c/blobs/".into();
    expect!["error[FLOE-NOTIFY-0008]: the name of the object has 0 bytes; it must have 1 to 4096"]
        .assert_eq(&finding(&event));
}

#[test]
fn reports_of_policies_are_other_events_about_no_file() {
    for kind in ["BlobInventoryPolicyCompleted", "LifecyclePolicyCompleted"] {
        let mut event = event_grid(kind, "1.0", json!({"scheduleTime": "2022/05/24", "url": 5}));
        event["subject"] = "BlobDataManagement/LifeCycleManagement/SummaryReport".into();
        let event = only(&event.to_string());
        assert_eq!(
            (event.kind, event.bucket, event.key),
            (EventKind::Other, None, None)
        );
    }
}

#[test]
fn the_handshake_of_event_grid_is_another_event_and_no_fault() {
    let mut event = event_grid("", "1", json!({ "validationCode": "512d38b6" }));
    event["eventType"] = "Microsoft.EventGrid.SubscriptionValidationEvent".into();
    event["subject"] = "".into();
    assert_eq!(only(&event.to_string()).kind, EventKind::Other);
}

#[test]
fn a_time_without_a_zone_is_one_of_utc() {
    let mut event = event_grid("BlobCreated", "", json!({}));
    event["eventTime"] = "2022-05-26T00:00:40.1880331".into();
    let time = only(&event.to_string()).time.map(|time| time.to_string());
    assert_eq!(time.as_deref(), Some("2022-05-26T00:00:40.188Z"));
}

#[test]
fn versions_that_are_not_known_are_told() {
    let mut metadata = event_grid("BlobCreated", "", json!({}));
    metadata["metadataVersion"] = "2".into();
    expect!["error[FLOE-NOTIFY-0005]: metadataVersion is '2'; version 1 can be read"]
        .assert_eq(&finding(&metadata));
    let mut spec = cloud_event("BlobCreated", json!({}));
    spec["specversion"] = "2.0".into();
    expect!["error[FLOE-NOTIFY-0005]: specversion is '2.0'; version 1.0 can be read"]
        .assert_eq(&finding(&spec));
    let old = json!({"cloudEventsVersion": "0.1", "eventType": "Microsoft.Storage.BlobCreated"});
    expect!["error[FLOE-NOTIFY-0005]: cloudEventsVersion is '0.1'; version 1.0 can be read"]
        .assert_eq(&finding(&old));
    let bare = json!({"type": "Microsoft.Storage.BlobCreated", "source": TOPIC});
    expect!["error[FLOE-NOTIFY-0006]: the event has no specversion"].assert_eq(&finding(&bare));
    let of_others = json!({"type": "order", "source": "shop"});
    assert!(finding(&of_others).starts_with("error[FLOE-NOTIFY-0003]"));
    // What matters has not changed with the version of the data so far.
    let data = event_grid("BlobCreated", "4", json!({})).to_string();
    let decoded = decode(None, data.as_bytes());
    assert!(decoded.events.len() == 1 && decoded.is_complete());
    assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0005");
}

#[test]
fn events_of_other_services_do_not_keep_those_of_files_back() {
    let mut other = event_grid("", "", json!("a text"));
    other["eventType"] = "Microsoft.EventHub.CaptureFileCreated".into();
    let body = json!([other, event_grid("BlobCreated", "", json!({}))]).to_string();
    let decoded = decode(None, body.as_bytes());
    assert_eq!(decoded.events.len(), 1);
    expect!["error[FLOE-NOTIFY-0004]: in the list[0]: the event is about something else than files: Microsoft.EventHub.CaptureFileCreated; subscribe the queue to the events of the bucket only"]
        .assert_eq(&decoded.findings[0].to_string());
    let body = event_grid("BlobCreated", "", json!("a text"));
    expect!["error[FLOE-NOTIFY-0007]: data is a text; it must be an object"]
        .assert_eq(&finding(&body));
}

#[test]
fn names_of_fields_in_small_letters_are_those_that_the_sdk_for_python_prints() {
    let event = json!({
        "topic": TOPIC, "subject": SUBJECT, "event_type": "Microsoft.Storage.BlobCreated",
        "event_time": "2026-03-01T10:15:30.9584103Z", "data_version": "", "metadata_version": "1",
        "data": {"api": "PutBlob", "e_tag": "0x8D", "content_length": 7, "url": URL}
    });
    let same = event_grid(
        "BlobCreated",
        "",
        json!({"api": "PutBlob", "eTag": "0x8D", "contentLength": 7}),
    );
    assert_eq!(only(&event.to_string()), only(&same.to_string()));
}

#[test]
fn fields_of_a_dead_letter_are_passed_over() {
    let mut event = event_grid("BlobCreated", "", json!({ "contentLength": 3 }));
    event["deadLetterReason"] = "MaxDeliveryAttemptsExceeded".into();
    event["deliveryAttempts"] = 30.into();
    event["publishTime"] = "2026-03-01T10:15:31Z".into();
    assert_eq!(only(&event.to_string()).size, Some(3));
}

#[test]
fn base64_is_read_with_space_around_it_and_without_padding() {
    let event = event_grid("BlobCreated", "", json!({ "contentLength": 3 })).to_string();
    let text = base64(event.as_bytes());
    let bare = text.trim_end_matches('=').to_owned();
    for body in [
        format!(" {text}\r\n"),
        bare,
        format!("\u{feff}{event}"),
        json!(text).to_string(),
    ] {
        assert_eq!(only(&body).size, Some(3));
    }
    let decoded = decode(None, b"cGxhaW4gdGV4dA==");
    assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0002");
}
