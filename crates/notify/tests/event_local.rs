//! Events of local directories.

use floe_notify::{
    Dialect, EventCloud, EventKind, FileEvent, ObjectKey, Version, decode, decode_message,
};

fn landed(uri: &str, how: &str) -> String {
    format!(
        r#"{{"type":"landed","uri":"{uri}","how":"{how}","size":7,"modifiedMs":1000,"inode":42,
            "seenMs":1500,"later":[1]}}"#
    )
}

fn one(body: &str) -> FileEvent<'static> {
    for cloud in [None, Some(EventCloud::Local)] {
        let decoded = decode(cloud, body.as_bytes());
        assert!(decoded.is_complete(), "{:?}", decoded.findings);
        assert_eq!(decoded.events.len(), 1);
    }
    let mut decoded = decode(None, body.as_bytes()).into_owned();
    decoded.events.remove(0)
}

#[test]
fn a_file_that_landed_is_created_or_renamed_with_its_identity() {
    for (how, kind) in [
        ("written", EventKind::Created),
        ("movedIn", EventKind::Renamed),
        ("linked", EventKind::Created),
        ("found", EventKind::Created),
        ("some day", EventKind::Created),
    ] {
        let event = one(&landed("file:///in/a%20b.csv", how));
        assert_eq!(
            (event.cloud, event.dialect),
            (EventCloud::Local, Dialect::Local)
        );
        assert_eq!((event.kind, event.operation.as_deref()), (kind, Some(how)));
        assert_eq!(event.bucket.as_deref(), Some(""));
        assert_eq!(event.key.as_ref().unwrap().as_bytes(), b"/in/a b.csv");
        assert_eq!(event.size, Some(7));
        assert_eq!(event.version.token().as_deref(), Some("42-1000-7"));
        assert_eq!(event.time.unwrap().millis(), 1500);
        assert!(event.sequencer.is_none() && event.kind.brings_files());
    }
}

#[test]
fn another_inode_time_or_size_is_another_content() {
    let base = landed("file:///a", "written");
    let token = |body: &str| one(body).version.token().unwrap().into_owned();
    for (from, to) in [
        ("\"inode\":42", "\"inode\":43"),
        ("\"modifiedMs\":1000", "\"modifiedMs\":1001"),
        ("\"size\":7", "\"size\":8"),
    ] {
        assert_ne!(token(&base), token(&base.replace(from, to)), "{to}");
    }
    let without = one(&base.replace("\"inode\":42,", ""));
    assert_eq!(without.version.token(), None, "half an identity is none");
}

#[test]
fn a_directory_that_has_to_be_listed_says_so() {
    let body = r#"{"type":"rescanNeeded","uri":"file:///in","reason":"overflow","seenMs":5}"#;
    let event = one(body);
    assert_eq!(event.kind, EventKind::RescanNeeded);
    assert!(event.kind.brings_files() && event.kind.has_key());
    assert_eq!(event.operation.as_deref(), Some("overflow"));
    assert_eq!(event.key.unwrap().as_bytes(), b"/in");
    let none = Version::Local {
        inode: None,
        modified: None,
        size: None,
    };
    assert_eq!((event.size, event.version), (None, none));
}

#[test]
fn names_of_any_bytes_come_through_and_stand_in_a_line_of_json() {
    for (uri, bytes) in [
        ("file:///a%0Ab", b"/a\nb".as_slice()),
        ("file:///%FF%fe", b"/\xFF\xFE"),
        ("file:///a+b%2Bc", b"/a+b+c"),
        ("file:///%25", b"/%"),
        ("file:///%22%5C", b"/\"\\"),
    ] {
        let event = one(&landed(uri, "written"));
        assert_eq!(event.key, ObjectKey::new(bytes).ok(), "{uri}");
        let line = event.to_json();
        assert!(!line.contains('\n'), "{line}");
        assert!(line.contains(r#""inode":42,"modifiedMs":1000"#), "{line}");
    }
}

#[test]
fn what_is_no_file_of_this_machine_is_an_error() {
    for uri in [
        "/in/a",
        "file://host/a",
        "file:///a%0",
        "file:///%zz",
        "file:///%00",
        "file://",
    ] {
        let body = landed(uri, "written");
        let decoded = decode(None, body.as_bytes());
        assert!(decoded.events.is_empty(), "{uri}");
        assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0007", "{uri}");
    }
    let body = landed("file:///a", "written");
    let asked = decode(Some(EventCloud::Aws), body.as_bytes());
    assert_eq!(asked.findings[0].code(), "FLOE-NOTIFY-0017");
    // CloudEvents have a `type` too.
    let other = r#"{"type":"landed","specversion":"1.0"}"#;
    assert!(!decode(None, other.as_bytes()).is_complete());
}

#[test]
fn attributes_of_the_local_queue_change_nothing() {
    let body = landed("file:///a", "written");
    let decoded = decode_message(None, body.as_bytes(), [("form", "floe-local-1")]);
    assert_eq!(decoded, decode(None, body.as_bytes()));
}
