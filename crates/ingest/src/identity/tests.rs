//! Both spellings of one version are one identity, and different files never are.

use floe_notify::{Location, Version, decode};
use proptest::prelude::*;

use super::{EntityTags, FileId, Home, VersionRule};

/// The spellings of one entity tag that stores are known to write.
fn spellings(tag: &str) -> Vec<String> {
    let small = tag.to_ascii_lowercase();
    let mut all = vec![
        tag.to_owned(),
        format!("\"{tag}\""),
        format!("W/\"{tag}\""),
        format!(" \"{tag}\" "),
    ];
    // Only the digits of numbers are the same in both cases.
    if tag.starts_with("0x") {
        all.extend([small.clone(), format!("\"{small}\"")]);
    }
    all
}

proptest! {
    #[test]
    fn every_spelling_of_an_entity_tag_is_one_token(tag in "0x[0-9A-F]{8,16}|[0-9a-f]{32}(-[1-9])?") {
        for text in spellings(&tag) {
            let tags = EntityTags { etag: Some(&text), ..EntityTags::default() };
            let token = VersionRule::EntityTag.token(&tags);
            prop_assert_eq!(token.as_deref(), Some(tag.as_str()), "{}", text);
        }
    }

    #[test]
    fn a_generation_is_one_token_as_a_number_and_as_a_text(generation: u64) {
        let text = generation.to_string();
        let listed = EntityTags { version: Some(&text), ..EntityTags::default() };
        let event = Version::Gcs { generation: Some(generation), metageneration: None };
        let told = EntityTags::of_event(&event);
        let rule = VersionRule::Generation;
        prop_assert_eq!(rule.token(&listed), rule.token(&told));
    }

    #[test]
    fn identities_come_back_and_sort_as_paths_do(
        one in proptest::collection::vec(0_u8..4, 1..12),
        two in proptest::collection::vec(0_u8..4, 1..12),
        token in proptest::option::of("[a-z]{0,3}"),
    ) {
        let token = token.as_deref();
        let (a, b) = (FileId::new(&one, token).unwrap(), FileId::new(&two, token).unwrap());
        prop_assert_eq!(a.path(), one.clone());
        prop_assert_eq!(a.token(), token);
        prop_assert_eq!(&FileId::from_bytes(a.as_bytes()).unwrap(), &a);
        prop_assert_eq!(a.cmp(&b), one.cmp(&two));
    }
}

#[test]
fn the_time_of_an_event_is_no_part_of_an_identity() {
    // Catalogue 12: the time of an event differs from that of the modification.
    let body = |time: &str| {
        format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"{time}",
            "eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"acme"}},
            "object":{{"key":"in/a","size":7,"eTag":"0f3e","sequencer":"{}"}}}}}}]}}"#,
            time.len(),
        )
    };
    let home = Home::new(&Location::parse("s3://acme/in").unwrap());
    let id = |time: &str| {
        let body = body(time);
        let decoded = decode(None, body.as_bytes());
        FileId::of_event(&home, VersionRule::EntityTag, &decoded.events[0]).unwrap()
    };
    let told = id("2026-03-01T10:15:30.123Z");
    assert_eq!(told, id("2026-03-01T10:15:31Z"));
    let tags = EntityTags {
        etag: Some("\"0f3e\""),
        ..EntityTags::default()
    };
    let listed = FileId::of_listing(&home, VersionRule::EntityTag, b"in/a", &tags);
    assert_eq!(listed.unwrap(), told);
}

#[test]
fn a_version_is_taken_before_an_entity_tag_and_null_is_none() {
    let token = |version| {
        let tags = EntityTags {
            version,
            etag: Some("\"e\""),
            ..EntityTags::default()
        };
        VersionRule::VersionId
            .token(&tags)
            .map(|token| token.into_owned())
    };
    assert_eq!(token(Some("v.1")).as_deref(), Some("v.1"));
    assert_eq!(token(Some("null")).as_deref(), Some("e"));
    assert_eq!(token(None).as_deref(), Some("e"));
}

#[test]
fn a_local_event_and_the_file_system_tell_of_the_same_file() {
    let home = Home::new(&Location::parse("/srv/in").unwrap());
    let body = br#"{"type":"landed","uri":"file:///srv/in/a%20b.csv","how":"written","size":7,
        "modifiedMs":1000,"inode":42,"seenMs":1500}"#;
    let decoded = decode(None, body);
    let event = &decoded.events[0];
    assert!(home.takes(event));
    let stat = EntityTags {
        stat: Some((42, 1_000, 7)),
        ..EntityTags::default()
    };
    for rule in [VersionRule::KeyAlone, VersionRule::Stat] {
        let told = FileId::of_event(&home, rule, event).unwrap();
        let listed = FileId::of_listing(&home, rule, b"/srv/in/a b.csv", &stat).unwrap();
        assert_eq!(told, listed, "{rule:?}");
    }
    let elsewhere = Home::new(&Location::parse("s3://acme/in").unwrap());
    assert!(!elsewhere.takes(event));
    assert_eq!(
        elsewhere.path_of_event(event).unwrap(),
        b"file:///srv/in/a b.csv"
    );
}
