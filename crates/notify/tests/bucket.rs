//! The notification configuration of a bucket: merged, taken apart again, and what overlaps in it.

#![expect(clippy::panic, reason = "a helper of a test fails by panicking")]

use expect_test::expect;
use floe_notify::aws::bucket::{
    BucketConfiguration, BucketError, Change, DestinationKind, Entry, Held, JsonConfiguration,
    MAX_ENTRIES,
};
use floe_notify::aws::{FilterRule, FilterSide, overlap};
use proptest::prelude::*;

const TOPIC: &str = "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-orders";

fn ours() -> Entry {
    Entry::topic("databricks-auto-ingest-orders", TOPIC, "orders/")
}

fn written<C>(change: Change<C>) -> C {
    match change {
        Change::Write(configuration) => configuration,
        Change::Unchanged => panic!("something is to be written"),
    }
}

/// An entry about prefix and suffix, written as a configuration writes them.
fn entry(id: &str, event: &str, prefix: &str, suffix: &str) -> Entry {
    let rules = [(FilterSide::Prefix, prefix), (FilterSide::Suffix, suffix)];
    Entry {
        id: Some(id.to_owned()),
        kind: DestinationKind::Topic,
        arn: format!("arn:aws:sns:us-east-2:1:{id}"),
        events: vec![event.to_owned()],
        rules: rules
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(side, value)| FilterRule::of_configuration(side, value))
            .collect(),
    }
}

// === Overlap ===

/// Whether two filters for one event type overlap; the order of the two does not matter.
#[track_caller]
fn overlaps(first: (&str, &str), second: (&str, &str), expected: bool) {
    let a = entry("a", "s3:ObjectCreated:*", first.0, first.1);
    let b = entry("b", "s3:ObjectCreated:*", second.0, second.1);
    for pair in [[&a, &b], [&b, &a]] {
        let findings = overlap::check(&pair);
        assert_eq!(
            findings.len(),
            usize::from(expected),
            "{first:?} {second:?}"
        );
    }
}

#[test]
fn prefixes_overlap_when_one_begins_with_the_other() {
    overlaps(("images/", ""), ("images/", ""), true);
    overlaps(("prod-logs/", ""), ("prod-logs/usage/", ""), true);
    overlaps(("", ""), ("images/", ""), true);
    overlaps(("", ""), ("", ""), true);
    overlaps(("images/", ""), ("logs/", ""), false);
    overlaps(("images", ""), ("images2/", ""), true);
    overlaps(("images/", ""), ("images2/", ""), false);
}

#[test]
fn suffixes_overlap_when_one_ends_with_the_other() {
    overlaps(("", "jpg"), ("", "pg"), true);
    overlaps(("", ".jpg"), ("", ".png"), false);
    overlaps(("images/", ".jpg"), ("images/", ".png"), false);
    overlaps(("images/", ".jpg"), ("images/", ""), true);
    overlaps(("images/", "jpg"), ("images/raw/", "pg"), true);
    overlaps(("images/", "jpg"), ("logs/", "pg"), false);
}

#[test]
fn prefixes_are_compared_as_keys_not_as_they_are_written() {
    overlaps(("daily+orders/", ""), ("daily%20orders/", ""), true);
    overlaps(("day%3D1/", ""), ("day%3D2/", ""), false);
    overlaps(("day%3d1/", ""), ("day=1/", ""), true);
}

#[test]
fn different_event_types_overlap_only_when_one_is_of_the_other_s_family() {
    let pair = |first, second| {
        let (a, b) = (entry("a", first, "x/", ""), entry("b", second, "x/", ""));
        overlap::check(&[&a, &b]).len()
    };
    assert_eq!(pair("s3:ObjectCreated:*", "s3:ObjectCreated:Put"), 1);
    assert_eq!(pair("s3:ObjectCreated:Put", "s3:ObjectCreated:*"), 1);
    assert_eq!(pair("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"), 0);
    assert_eq!(pair("s3:ObjectCreated:*", "s3:ObjectRemoved:*"), 0);
    assert_eq!(
        pair(
            "s3:ReducedRedundancyLostObject",
            "s3:ReducedRedundancyLostObject"
        ),
        1
    );
}

#[test]
fn every_overlapping_pair_is_a_finding_that_names_both_entries() {
    let whole = entry("audit", "s3:ObjectCreated:*", "", "");
    let logs = entry("logs", "s3:ObjectCreated:Put", "logs/", ".json");
    let mut nameless = entry("", "s3:ObjectCreated:*", "logs/usage/", "");
    nameless.id = None;
    let lines: Vec<String> = overlap::check(&[&whole, &logs, &nameless])
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect();
    expect![[r#"
        error[FLOE-NOTIFY-0032] logs: `audit` (the whole bucket) and `logs` (prefix `logs/`, suffix `.json`) are both told of s3:ObjectCreated:* and s3:ObjectCreated:Put for the same keys, which S3 refuses
        error[FLOE-NOTIFY-0032] arn:aws:sns:us-east-2:1:: `audit` (the whole bucket) and `arn:aws:sns:us-east-2:1:` (prefix `logs/usage/`) are both told of s3:ObjectCreated:* for the same keys, which S3 refuses
        error[FLOE-NOTIFY-0032] arn:aws:sns:us-east-2:1:: `logs` (prefix `logs/`, suffix `.json`) and `arn:aws:sns:us-east-2:1:` (prefix `logs/usage/`) are both told of s3:ObjectCreated:Put and s3:ObjectCreated:* for the same keys, which S3 refuses
    "#]]
    .assert_eq(&lines.concat());
}

proptest! {
    /// The rule, said the long way: a key that both filters let through.
    #[test]
    fn two_filters_overlap_exactly_when_a_key_passes_both(
        first in ("[ab]{0,3}", "[ab]{0,3}"),
        second in ("[ab]{0,3}", "[ab]{0,3}"),
    ) {
        let a = entry("a", "s3:ObjectCreated:*", &first.0, &first.1);
        let b = entry("b", "s3:ObjectCreated:*", &second.0, &second.1);
        // The longest prefix, filler and the longest suffix: if any key passes, this one does.
        let longest =
            |x: &str, y: &str| if x.len() > y.len() { x.to_owned() } else { y.to_owned() };
        let key = format!("{}-{}", longest(&first.0, &second.0), longest(&first.1, &second.1));
        let passes = |filter: &(String, String)| {
            key.starts_with(&filter.0) && key.ends_with(&filter.1)
        };
        let both = passes(&first) && passes(&second);
        prop_assert_eq!(!overlap::check(&[&a, &b]).is_empty(), both);
    }

    #[test]
    fn a_prefix_comes_back_from_its_encoded_form(key in "\\PC{0,20}") {
        let rule = FilterRule::prefix(&key);
        prop_assert_eq!(rule.decoded(), key.as_bytes());
        prop_assert!(rule.value().bytes().all(|b| b.is_ascii_graphic()));
    }
}

// === Merge ===

#[test]
fn a_merged_configuration_is_written_as_the_command_line_reads_it() {
    let read = JsonConfiguration::parse("").unwrap();
    let merged = written(read.merge(&ours()).unwrap());
    expect![[r#"
        {
            "TopicConfigurations": [
                {
                    "Id": "databricks-auto-ingest-orders",
                    "TopicArn": "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-orders",
                    "Events": [
                        "s3:ObjectCreated:*"
                    ],
                    "Filter": {
                        "Key": {
                            "FilterRules": [
                                {
                                    "Name": "Prefix",
                                    "Value": "orders/"
                                }
                            ]
                        }
                    }
                }
            ]
        }
    "#]]
    .assert_eq(&merged.to_json());
}

#[test]
fn the_root_of_a_bucket_has_no_filter() {
    let root = Entry::topic("all", TOPIC, "");
    let text = written(
        JsonConfiguration::parse("{}")
            .unwrap()
            .merge(&root)
            .unwrap(),
    )
    .to_json();
    assert!(!text.contains("Filter"));
}

/// Entries of others, with odd spaces, unknown fields and numbers that a float would spoil.
const FOREIGN: &str = r#"{
  "QueueConfigurations": [ {"QueueArn":"arn:aws:sqs:us-east-2:1:audit",   "Events":["s3:ObjectRemoved:*"],
      "Id":"audit", "Future": {"n": 12345678901234567890.10, "s": "\u00e9\/"} } ],
  "FutureConfigurations": [1,  2],
  "TopicConfigurations": [
     { "TopicArn": "arn:aws:sns:us-east-2:1:images", "Events": ["s3:ObjectCreated:Put"],
       "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "images/"}]}} }
  ],
  "EventBridgeConfiguration": {}
}"#;

#[test]
fn entries_of_others_are_written_back_byte_for_byte_and_keys_keep_their_order() {
    let read = JsonConfiguration::parse(FOREIGN).unwrap();
    let merged = written(read.merge(&ours()).unwrap());
    expect![[r#"
        {
            "QueueConfigurations": [
                {"QueueArn":"arn:aws:sqs:us-east-2:1:audit",   "Events":["s3:ObjectRemoved:*"],
              "Id":"audit", "Future": {"n": 12345678901234567890.10, "s": "\u00e9\/"} }
            ],
            "FutureConfigurations": [1,  2],
            "TopicConfigurations": [
                { "TopicArn": "arn:aws:sns:us-east-2:1:images", "Events": ["s3:ObjectCreated:Put"],
               "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "images/"}]}} },
                {
                    "Id": "databricks-auto-ingest-orders",
                    "TopicArn": "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-orders",
                    "Events": [
                        "s3:ObjectCreated:*"
                    ],
                    "Filter": {
                        "Key": {
                            "FilterRules": [
                                {
                                    "Name": "Prefix",
                                    "Value": "orders/"
                                }
                            ]
                        }
                    }
                }
            ],
            "EventBridgeConfiguration": {}
        }
    "#]]
    .assert_eq(&merged.to_json());
    let again = JsonConfiguration::parse(&merged.to_json()).unwrap();
    let removed = written(again.remove(&ours()));
    assert_eq!(removed.to_json(), read.to_json());
}

#[test]
fn what_the_command_line_printed_is_written_back_as_it_was() {
    let printed = "{\n    \"QueueConfigurations\": [\n        {\n            \"Id\": \"a\",\n            \
                   \"QueueArn\": \"arn:aws:sqs:us-east-2:1:a\",\n            \"Events\": [\n                \
                   \"s3:ObjectCreated:*\"\n            ]\n        }\n    ]\n}\n";
    assert_eq!(
        JsonConfiguration::parse(printed).unwrap().to_json(),
        printed
    );
}

#[test]
fn merging_again_changes_nothing_and_a_new_filter_replaces_the_old_one_in_its_place() {
    let read = JsonConfiguration::parse("{}").unwrap();
    let merged = written(read.merge(&ours()).unwrap());
    assert_eq!(merged.merge(&ours()).unwrap(), Change::Unchanged);

    let moved = Entry::topic("databricks-auto-ingest-orders", TOPIC, "orders/2026/");
    let other = entry("other", "s3:ObjectCreated:*", "other/", "");
    let both = written(merged.merge(&other).unwrap());
    let changed = written(both.merge(&moved).unwrap());
    let ids: Vec<_> = changed
        .configuration()
        .entries()
        .iter()
        .map(|it| it.entry.name())
        .collect();
    assert_eq!(ids, ["databricks-auto-ingest-orders", "other"]);
    assert_eq!(changed.configuration().entries()[0].entry, moved);
}

#[test]
fn an_entry_of_the_original_under_another_id_is_reused() {
    let made = Entry {
        id: Some("made-by-s3".to_owned()),
        ..ours()
    };
    let read = BucketConfiguration::new(vec![Held {
        entry: made.clone(),
        payload: Some(()),
    }]);
    assert_eq!(read.merge(&ours()).unwrap(), Change::Unchanged);
    assert_eq!(read.serving(&ours()), Some(&made));
    assert_eq!(read.topic_for("orders/"), Some(TOPIC));
    assert_eq!(read.topic_for("orders"), None);
}

#[test]
fn an_entry_that_is_not_ours_is_never_overwritten() {
    let theirs = Entry::topic(
        "databricks-auto-ingest-orders",
        "arn:aws:sns:us-east-2:1:x",
        "x/",
    );
    let read = BucketConfiguration::new(vec![Held {
        entry: theirs,
        payload: Some(()),
    }]);
    let error = read.merge(&ours()).unwrap_err();
    assert_eq!(error.code(), "FLOE-NOTIFY-0035");
    expect![[r#"the bucket's notification 'databricks-auto-ingest-orders' sends to arn:aws:sns:us-east-2:1:x, which is not ours; remove it, or choose another resource suffix"#]]
        .assert_eq(&error.to_string());
    assert_eq!(read.remove(&ours()), Change::Unchanged);
}

#[test]
fn a_merge_that_s3_would_refuse_tells_all_entries_in_the_way() {
    let held = |entry| Held {
        entry,
        payload: Some(()),
    };
    let read = BucketConfiguration::new(vec![
        held(entry("all", "s3:ObjectCreated:*", "", ".csv")),
        held(entry("part", "s3:ObjectCreated:Copy", "orders/eu/", "")),
        held(entry("else", "s3:ObjectRemoved:*", "", "")),
    ]);
    let BucketError::Overlap { findings, .. } = read.merge(&ours()).unwrap_err() else {
        panic!("the entries overlap")
    };
    assert_eq!(findings.len(), 2);
    assert!(findings[0].message.contains("`all`") && findings[1].message.contains("`part`"));
}

#[test]
fn a_bucket_takes_a_hundred_entries() {
    let many = |count: usize| {
        let entries = (0..count)
            .map(|n| {
                entry(
                    &format!("e{n}"),
                    "s3:ObjectCreated:*",
                    &format!("d{n}/"),
                    "",
                )
            })
            .map(|entry| Held {
                entry,
                payload: Some(()),
            });
        BucketConfiguration::new(entries.collect())
    };
    let last = written(many(MAX_ENTRIES - 1).merge(&ours()).unwrap());
    assert_eq!(last.entries().len(), MAX_ENTRIES);
    assert_eq!(
        many(MAX_ENTRIES).merge(&ours()).unwrap_err().code(),
        "FLOE-NOTIFY-0033"
    );
    // What is there already may still be changed.
    let moved = Entry::topic("databricks-auto-ingest-orders", TOPIC, "elsewhere/");
    assert_eq!(
        written(last.merge(&moved).unwrap()).entries().len(),
        MAX_ENTRIES
    );
}

#[test]
fn the_switch_of_event_bridge_is_kept_and_does_not_count() {
    let mut held = vec![Held {
        entry: Entry::event_bridge(),
        payload: Some(0),
    }];
    held.extend((1..MAX_ENTRIES).map(|n| {
        let entry = entry(
            &format!("e{n}"),
            "s3:ObjectCreated:*",
            &format!("d{n}/"),
            "",
        );
        Held {
            entry,
            payload: Some(n),
        }
    }));
    let merged = written(BucketConfiguration::new(held).merge(&ours()).unwrap());
    assert_eq!(merged.entries().len(), MAX_ENTRIES + 1);
    assert_eq!(merged.entries()[0].payload, Some(0));
}

#[test]
fn nesting_without_end_in_what_is_not_ours_does_no_harm() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(
        r#"{{"Future": {deep}, "QueueConfigurations": [{{"QueueArn": "a", "Future": {deep}}}]}}"#
    );
    let read = JsonConfiguration::parse(&text).unwrap();
    let merged = written(read.merge(&ours()).unwrap());
    assert_eq!(merged.to_json().matches(&deep).count(), 2);
}

#[test]
fn what_is_not_understood_is_not_touched() {
    for text in [
        "[]",
        "{",
        "null",
        r#"{"TopicConfigurations": {}}"#,
        r#"{"TopicConfigurations": [{"Events": []}]}"#,
        r#"{"TopicConfigurations": [{"TopicArn": "a", "Events": "s3:ObjectCreated:*"}]}"#,
        r#"{"TopicConfigurations": [], "TopicConfigurations": []}"#,
        r#"{"QueueConfigurations": [{"QueueArn": "a", "Filter": {"Key": {"FilterRules":
            [{"Name": "infix", "Value": "x"}]}}}]}"#,
    ] {
        let error = JsonConfiguration::parse(text).unwrap_err();
        assert_eq!(error.code(), "FLOE-NOTIFY-0034", "{text}");
    }
}

// === Properties ===

/// A foreign entry as somebody may have written it: any order of fields, odd spaces, other fields.
fn foreign_entry(number: usize) -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", " ", "\n", "\t ", "  \n "]);
    let field = prop::sample::select(vec![
        "\"Extra\": null",
        "\"Extra\": [1.50, {\"a\":\"b\"}]",
        "\"Extra\": \"\\u0041\"",
        "\"Extra\": 1e400",
    ]);
    let name = prop::sample::select(vec!["prefix", "Prefix", "PREFIX"]);
    (space(), space(), space(), field, name, any::<bool>()).prop_map(
        move |(a, b, c, extra, name, first)| {
            let arn = format!("\"TopicArn\":{a}\"arn:aws:sns:us-east-2:1:t{number}\"");
            let events = format!("\"Events\"{b}:[{c}\"s3:ObjectCreated:*\"{a}]");
            let filter = format!(
                "\"Filter\":{{\"Key\":{{\"FilterRules\":[{b}{{\"Name\":\"{name}\",\
                 \"Value\":\"d{number}/\"}}]}}}}"
            );
            let parts = if first {
                [extra, &arn, &events, &filter]
            } else {
                [&filter, &events, extra, &arn]
            };
            format!("{{{}}}", parts.join(&format!("{a},{b}")))
        },
    )
}

fn foreign() -> impl Strategy<Value = Vec<String>> {
    (0_usize..5).prop_flat_map(|count| (0..count).map(foreign_entry).collect::<Vec<_>>())
}

/// Any entry, of few names, so that some meet.
fn any_entry() -> impl Strategy<Value = Entry> {
    let event = prop::sample::select(vec![
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectRemoved:*",
    ]);
    ("[a-d]", event, "[ab]{0,2}", "[ab]{0,2}", any::<bool>()).prop_map(
        |(id, event, prefix, suffix, named)| {
            let mut entry = entry(&id, event, &prefix, &suffix);
            if !named {
                entry.id = None;
            }
            entry
        },
    )
}

proptest! {
    #[test]
    fn a_merge_adds_ours_without_overlap_or_says_why_not(
        entries in prop::collection::vec(any_entry(), 0..4),
        ours in any_entry(),
    ) {
        let held = entries.iter().cloned().enumerate();
        let held = held.map(|(n, entry)| Held { entry, payload: Some(n) });
        let read = BucketConfiguration::new(held.collect());
        let same_place =
            |entry: &Entry| entry.kind == ours.kind && entry.arn == ours.arn;
        match read.merge(&ours) {
            Ok(Change::Unchanged) => prop_assert!(read.serving(&ours).is_some()),
            Ok(Change::Write(merged)) => {
                prop_assert_eq!(merged.merge(&ours).unwrap(), Change::Unchanged);
                let new: Vec<_> =
                    merged.entries().iter().filter(|held| held.payload.is_none()).collect();
                prop_assert_eq!(new.len(), 1);
                for held in merged.entries().iter().filter(|held| held.payload.is_some()) {
                    prop_assert_eq!(overlap::between(&held.entry, &ours), None);
                    prop_assert_eq!(&held.entry, &entries[held.payload.unwrap()]);
                }
                if !entries.iter().any(same_place) {
                    prop_assert_eq!(written(merged.remove(&ours)), read);
                }
            }
            Err(BucketError::Overlap { findings, .. }) => prop_assert!(!findings.is_empty()),
            Err(BucketError::ForeignEntry { .. }) => {
                prop_assert!(entries.iter().any(|it| it.id == ours.id && !same_place(it)));
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn foreign_entries_are_identical_after_merge_and_after_removal(entries in foreign()) {
        let text = format!("{{\"TopicConfigurations\": [{}]}}", entries.join(" , "));
        let read = JsonConfiguration::parse(&text).unwrap();
        let merged = written(read.merge(&ours()).unwrap());
        let reread = JsonConfiguration::parse(&merged.to_json()).unwrap();
        let payloads: Vec<String> = reread
            .configuration()
            .entries()
            .iter()
            .filter_map(|held| held.payload.clone())
            .collect();
        prop_assert_eq!(&payloads[..entries.len()], &entries[..]);
        prop_assert_eq!(reread.merge(&ours()).unwrap(), Change::Unchanged);
        let removed = written(reread.remove(&ours()));
        let left: Vec<String> = removed
            .configuration()
            .entries()
            .iter()
            .filter_map(|held| held.payload.clone())
            .collect();
        prop_assert_eq!(left, entries);
        prop_assert_eq!(removed.remove(&ours()), Change::Unchanged);
    }

    #[test]
    fn any_text_is_refused_or_written_so_that_it_reads_the_same(text in "\\PC{0,80}") {
        for text in [text.clone(), format!("{{\"TopicConfigurations\": [{text}]}}")] {
            match JsonConfiguration::parse(&text) {
                Ok(read) => {
                    let again = JsonConfiguration::parse(&read.to_json()).unwrap();
                    prop_assert_eq!(again.to_json(), read.to_json());
                }
                Err(error) => prop_assert_eq!(error.code(), "FLOE-NOTIFY-0034"),
            }
        }
    }
}
