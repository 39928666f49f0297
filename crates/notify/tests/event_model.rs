//! Order, times, names and the line of JSON of events, and what is done against hostile messages.

use std::cmp::Ordering::{Equal, Greater, Less};

use expect_test::expect;
use floe_notify::{
    EventTime, FileEvent, MAX_BODY_BYTES, MAX_KEY_BYTES, MAX_RECORDS, ObjectKey, Sequencer, decode,
    decode_message,
};

fn codes(body: &[u8]) -> Vec<&'static str> {
    let decoded = decode(None, body);
    decoded
        .findings
        .iter()
        .map(|finding| &finding.code()[12..])
        .collect()
}

fn record(key: &str, sequencer: &str) -> String {
    format!(
        r#"{{"eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},
        "object":{{"key":"{key}","sequencer":"{sequencer}"}}}}}}"#
    )
}

fn event(key: &str, sequencer: &str) -> FileEvent<'static> {
    decode(None, record(key, sequencer).as_bytes())
        .events
        .remove(0)
        .into_owned()
}

#[test]
fn sequencers_of_s3_are_padded_on_the_right() {
    let cases = [
        ("0055AED6DCD90281E5", "0055AED6DCD90281E6", Less),
        ("0A", "0A01", Less),
        ("FF", "0100", Greater),
        ("0A", "0A00", Equal),
        ("617f08299329d189", "617F08299329D189", Equal),
        ("617f08299329d18a", "617F08299329D189", Greater),
    ];
    for (this, that, order) in cases {
        assert_eq!(
            event("k", this).order(&event("k", that)),
            Some(order),
            "{this} {that}"
        );
        assert_eq!(
            event("k", that).order(&event("k", this)),
            Some(order.reverse())
        );
    }
}

#[test]
fn events_of_different_objects_have_no_order() {
    assert_eq!(event("k", "01").order(&event("other", "02")), None);
    assert_eq!(event("k", "01").order(&event("k", "")), None);
    let azure = |text: &'static str| Sequencer::Azure(text.into());
    assert_eq!(azure("1").compare(&Sequencer::S3("1".into())), None);
}

#[test]
fn sequencers_of_azure_are_compared_as_they_are() {
    let azure = |text: &'static str| Sequencer::Azure(text.into());
    assert_eq!(azure("00A").compare(&azure("00a")), Some(Less));
    assert_eq!(azure("0").compare(&azure("00")), Some(Less));
}

#[test]
fn generations_are_numbers_and_metageneration_decides_among_equal_ones() {
    let gcs = |generation, metageneration| Sequencer::Gcs {
        generation,
        metageneration,
    };
    assert_eq!(gcs(9, None).compare(&gcs(10, Some(1))), Some(Less));
    assert_eq!(gcs(10, Some(2)).compare(&gcs(10, Some(10))), Some(Less));
    assert_eq!(gcs(10, None).compare(&gcs(10, None)), Some(Equal));
    assert_eq!(gcs(10, None).compare(&gcs(10, Some(1))), None);
}

#[test]
fn times_of_rfc_3339_are_read_to_the_millisecond() {
    let cases = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-01T00:00:00.0019999Z", 1),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-03-01T10:15:30.123Z", 1_772_360_130_123),
        ("2026-03-01T12:15:30.123+02:00", 1_772_360_130_123),
        ("2026-03-01T04:45:30.123-05:30", 1_772_360_130_123),
        ("2024-02-29t23:59:60z", 1_709_251_200_000),
        ("0000-03-01T00:00:00Z", -62_162_035_200_000),
        ("9999-12-31T23:59:59.9999999Z", 253_402_300_799_999),
    ];
    for (text, millis) in cases {
        assert_eq!(
            EventTime::parse(text).map(EventTime::millis),
            Some(millis),
            "{text}"
        );
    }
}

#[test]
fn other_texts_are_no_times() {
    let texts = [
        "",
        "date",
        "2026-03-01",
        "2026-03-01T10:15:30",
        "2026-03-01T10:15Z",
        "2026-3-1T10:15:30Z",
        "2026-02-29T10:15:30Z",
        "2026-13-01T10:15:30Z",
        "2026-00-01T10:15:30Z",
        "2026-04-31T10:15:30Z",
        "2026-03-01T24:15:30Z",
        "2026-03-01T10:60:30Z",
        "2026-03-01T10:15:61Z",
        "2026-03-01T10:15:30.Z",
        "2026-03-01T10:15:30ZZ",
        "2026-03-01T10:15:30+0200",
        "2026-03-01T10:15:30+24:00",
        "+026-03-01T10:15:30Z",
        "２026-03-01T10:15:30Z",
        "1900-02-29T00:00:00Z",
    ];
    for text in texts {
        assert_eq!(EventTime::parse(text), None, "{text}");
    }
}

#[test]
fn a_line_of_json_tells_everything_that_is_known() {
    let body = br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3",
        "eventTime":"2026-03-01T10:15:30.123Z","eventName":"ObjectCreated:Put","s3":{"bucket":{
        "name":"acme"},"object":{"key":"a+%22%C3%BC","size":10,"eTag":"c8","versionId":"v",
        "sequencer":"0A"}}}]}"#;
    expect![[r#"{"cloud":"aws","dialect":"s3","kind":"created","name":"ObjectCreated:Put","bucket":"acme","key":"a \"ü","size":10,"versionId":"v","etag":"c8","sequencer":"0A","time":"2026-03-01T10:15:30.123Z"}"#]]
        .assert_eq(&decode(None, body).events[0].to_json());

    let body = br#"{"topic":"/subscriptions/1/storageAccounts/acme","eventType":
        "Microsoft.Storage.BlobRenamed","data":{"api":"RenameFile","sequencer":"1","destinationUrl":
        "https://acme/c/new","sourceUrl":"https://acme/c/old%FF%25"}}"#;
    expect![[r#"{"cloud":"azure","dialect":"event-grid","kind":"renamed","name":"Microsoft.Storage.BlobRenamed","operation":"RenameFile","account":"acme","bucket":"c","key":"new","renamedFrom":{"bucket":"c","key":"old%FF%25","keyEncoding":"percent"},"sequencer":"1"}"#]]
        .assert_eq(&decode(None, body).events[0].to_json());

    let attributes = [
        ("eventType", "OBJECT_FINALIZE"),
        ("bucketId", "b"),
        ("objectId", "o"),
        ("objectGeneration", "7"),
        ("overwroteGeneration", "6"),
    ];
    expect![[r#"{"cloud":"gcp","dialect":"pub-sub","kind":"created","name":"OBJECT_FINALIZE","bucket":"b","key":"o","generation":7,"overwrote":6}"#]]
        .assert_eq(&decode_message(None, b"", attributes).events[0].to_json());
}

#[test]
fn a_key_that_is_no_utf_8_can_be_had_back_from_its_line() {
    let line = event("100%25%FF%C3%BC", "01").to_json();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["key"], "100%25%FFü");
    assert_eq!(line["keyEncoding"], "percent");
    let plain = event("100%25", "01").to_json();
    assert!(
        plain.contains(r#""key":"100%""#) && !plain.contains("keyEncoding"),
        "{plain}"
    );
}

#[test]
fn keys_show_what_cannot_be_seen() {
    let key = ObjectKey::new(b"a\nb\\c\xFF\xC3\xBC".as_slice()).unwrap();
    assert_eq!(key.to_string(), r"a\nb\\c\xFFü");
}

// === hostile messages ===

#[test]
fn bodies_are_bounded() {
    let body = vec![b' '; MAX_BODY_BYTES + 1];
    assert_eq!(codes(&body), ["0001"]);
    let attributes = [
        ("eventType", "OBJECT_FINALIZE"),
        ("bucketId", "b"),
        ("objectId", "o"),
    ];
    let decoded = decode_message(None, &body, attributes);
    assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0001");
}

#[test]
fn keys_are_bounded() {
    let longest = "k".repeat(MAX_KEY_BYTES);
    assert_eq!(codes(record(&longest, "1").as_bytes()), [""; 0]);
    // What counts is the name itself, not how it is written.
    assert_eq!(
        codes(record(&"%41".repeat(MAX_KEY_BYTES), "1").as_bytes()),
        [""; 0]
    );
    assert_eq!(
        codes(record(&format!("{longest}k"), "1").as_bytes()),
        ["0008"]
    );
}

#[test]
fn lists_are_bounded_in_all() {
    let list = |count: usize| {
        let records = vec![record("k", "1"); count];
        format!(r#"{{"Records":[{}]}}"#, records.join(","))
    };
    let most = list(MAX_RECORDS);
    assert_eq!(decode(None, most.as_bytes()).events.len(), MAX_RECORDS);
    assert_eq!(codes(list(MAX_RECORDS + 1).as_bytes()), ["0011"]);
    assert_eq!(decode(None, list(MAX_RECORDS + 1).as_bytes()).events, []);
    // Half as many messages of two records each, and one more.
    let two = serde_json::json!({ "Body": list(2) });
    let nested = serde_json::json!({ "Messages": vec![two; MAX_RECORDS / 2] }).to_string();
    let decoded = decode(None, nested.as_bytes());
    assert!(decoded.events.len() <= MAX_RECORDS);
    assert!(
        decoded
            .findings
            .iter()
            .all(|finding| finding.code() == "FLOE-NOTIFY-0011")
    );
    assert!(!decoded.is_complete());
}

#[test]
fn envelopes_are_bounded() {
    let mut body = format!("[{}]", record("k", "1"));
    for _ in 0..7 {
        body = serde_json::json!({ "Message": body }).to_string();
    }
    assert_eq!(codes(body.as_bytes()), [""; 0]);
    let deeper = serde_json::json!({ "Message": body }).to_string();
    assert_eq!(codes(deeper.as_bytes()), ["0012"]);
}

#[test]
fn nesting_without_end_is_refused_or_passed_over() {
    for (open, close) in [
        ("[", "]"),
        (r#"{"Records":["#, "]}"),
        (r#"{"message":"#, "}"),
    ] {
        let deep = format!("{}{}", open.repeat(100_000), close.repeat(100_000));
        assert!(!decode(None, deep.as_bytes()).is_complete(), "{open}");
        assert!(
            !decode(None, open.repeat(100_000).as_bytes()).is_complete(),
            "{open}"
        );
    }
    let unknown = format!(
        r#"{{"Records":[],"deep":{}{}}}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    assert!(decode(None, unknown.as_bytes()).is_complete());
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let body = r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},
        "object":{"key":"a","key":"b"}}}]}"#;
    assert_eq!(codes(body.as_bytes()), ["0002"]);
}

#[test]
fn text_that_is_no_utf_8_is_refused() {
    assert_eq!(codes(b"{\"Records\":[{\"eventName\":\"\xFF\"}]}"), ["0002"]);
    assert_eq!(codes(b"\xFF\xFE{\x00"), ["0002"]);
}
