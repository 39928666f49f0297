//! One queue into many: which events go where, and that none is lost.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;

use floe_notify::router::{Routes, Unmatched};
use floe_notify::{EventKind, FileEvent, Message, decode, decode_message};
use proptest::prelude::*;
use serde_json::json;

fn record(name: &str, key: &str) -> serde_json::Value {
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name, "unknown": {"a": [1]},
        "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1, "eTag": "e"}}
    })
}

fn records(keys: &[&str]) -> String {
    let records: Vec<_> = keys
        .iter()
        .map(|key| record("ObjectCreated:Put", key))
        .collect();
    json!({"Records": records}).to_string()
}

fn routes(unmatched: Unmatched) -> Routes {
    let routes = [("a/", "a"), ("a/b/", "ab"), ("c", "c"), ("c/d/", "a")];
    Routes::new(routes, unmatched).unwrap()
}

fn dead() -> Unmatched {
    Unmatched::To("dead".to_owned())
}

fn keys(message: &Message) -> Vec<String> {
    let decoded = decode(None, message.body()).into_owned();
    assert!(decoded.is_complete(), "{decoded:?}");
    let keys = decoded.events.iter().filter_map(|event| event.key.as_ref());
    keys.map(ToString::to_string).collect()
}

fn shown(routes: &Routes, body: &str) -> (Vec<(String, Vec<String>)>, bool) {
    let decision = routes.decide(&Message::new(body));
    let sends = decision
        .sends
        .iter()
        .map(|send| (send.to.clone(), keys(&send.message)));
    (sends.collect(), decision.acknowledge)
}

fn to(name: &str, keys: &[&str]) -> (String, Vec<String>) {
    (
        name.to_owned(),
        keys.iter().map(|key| (*key).to_owned()).collect(),
    )
}

#[test]
fn a_message_for_one_queue_is_sent_as_it_is() {
    let body = records(&["a/1", "c/d/2"]);
    let message = Message::new(body).with_attribute("x", "y");
    let decision = routes(dead()).decide(&message);
    assert_eq!(decision.sends.len(), 1);
    assert_eq!(
        (decision.sends[0].to.as_str(), &decision.sends[0].message),
        ("a", &message)
    );
    assert!(decision.acknowledge && !decision.poison);
}

#[test]
fn a_message_for_several_queues_is_split_and_records_stay_as_they_were() {
    let body = records(&["a/1", "a/b/2", "a/3", "cc"]);
    let expected = vec![
        to("a", &["a/1", "a/3"]),
        to("ab", &["a/b/2"]),
        to("c", &["cc"]),
    ];
    assert_eq!(shown(&routes(dead()), &body), (expected, true));
    let decision = routes(dead()).decide(&Message::new(body));
    let text = String::from_utf8_lossy(decision.sends[1].message.body()).into_owned();
    let text: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        text,
        json!({"Records": [record("ObjectCreated:Put", "a/b/2")]})
    );
}

#[test]
fn what_no_route_wants_goes_where_it_was_said() {
    let body = records(&["a/1", "b/2"]);
    let whole = to("dead", &["a/1", "b/2"]);
    let routed = to("a", &["a/1"]);
    assert_eq!(
        shown(&routes(dead()), &body),
        (vec![routed.clone(), whole], true)
    );
    assert_eq!(
        shown(&routes(Unmatched::Keep), &body),
        (vec![routed.clone()], false)
    );
    assert_eq!(shown(&routes(Unmatched::Drop), &body), (vec![routed], true));
}

#[test]
fn what_cannot_be_read_is_never_dropped_and_keeps_nothing_back() {
    let mut broken = record("ObjectCreated:Put", "a/2");
    broken["s3"]["object"] = json!({});
    let body = json!({"Records": [record("ObjectCreated:Put", "a/1"), broken]}).to_string();
    for (unmatched, acknowledge, to) in [
        (dead(), true, vec!["a", "dead"]),
        (Unmatched::Keep, false, vec!["a"]),
        (Unmatched::Drop, false, vec!["a"]),
    ] {
        let decision = routes(unmatched).decide(&Message::new(body.as_bytes()));
        assert!(decision.poison);
        assert_eq!(decision.acknowledge, acknowledge);
        let names: Vec<&str> = decision.sends.iter().map(|send| send.to.as_str()).collect();
        assert_eq!(names, to);
        assert_eq!(keys(&decision.sends[0].message), ["a/1"]);
        if acknowledge {
            assert_eq!(
                decision.sends[1].message.body(),
                body.as_bytes(),
                "as it is"
            );
        }
    }
    for body in [&b"\xFF"[..], b"", b"{", b"{\"Records\":[{}]}"] {
        let decision = routes(dead()).decide(&Message::new(body));
        assert_eq!(decision.sends.len(), 1);
        assert_eq!(
            (
                decision.sends[0].to.as_str(),
                decision.sends[0].message.body()
            ),
            ("dead", body)
        );
        assert!(
            !routes(Unmatched::Drop)
                .decide(&Message::new(body))
                .acknowledge
        );
    }
}

#[test]
fn the_test_of_the_way_is_done_and_what_asks_for_an_answer_is_unmatched() {
    let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
    assert_eq!(shown(&routes(Unmatched::Keep), test), (vec![], true));
    let asks = r#"{"Type":"SubscriptionConfirmation","Token":"t"}"#;
    assert_eq!(shown(&routes(dead()), asks), (vec![to("dead", &[])], true));
}

#[test]
fn a_directory_goes_to_every_route_below_it() {
    let body = |uri: &str| {
        format!(r#"{{"type":"rescanNeeded","uri":"file://{uri}","reason":"overflow","seenMs":1}}"#)
    };
    let routes = [
        ("/in/", "all"),
        ("/in/a/", "a"),
        ("/in/a/b/", "ab"),
        ("/out/", "out"),
    ];
    let routes = Routes::new(routes, dead()).unwrap();
    let names = |uri: &str| -> Vec<String> {
        let decision = routes.decide(&Message::new(body(uri)));
        decision.sends.into_iter().map(|send| send.to).collect()
    };
    assert_eq!(names("/in"), ["a", "ab", "all"]);
    assert_eq!(names("/in/a"), ["a", "ab"]);
    assert_eq!(names("/in/ab"), ["all"]);
    assert_eq!(names("/"), ["a", "ab", "all", "out"]);
    assert_eq!(names("/elsewhere"), ["dead"]);
}

#[test]
fn envelopes_are_taken_off_where_a_message_has_to_be_split() {
    let inner = records(&["a/1", "c/2"]);
    let grid = |name: &str| {
        let subject = format!("/blobServices/default/containers/x/blobs/{name}");
        json!({"eventType": "Microsoft.Storage.BlobCreated", "subject": subject})
    };
    let pushed = |key: &str| json!({"messageId": "m", "body": records(&[key, "c/2"])});
    let bodies = [
        inner.clone(),
        json!({"Type": "Notification", "TopicArn": "t", "Message": inner}).to_string(),
        json!([grid("a/1"), grid("c/2")]).to_string(),
        json!({"Records": [pushed("a/1")]}).to_string(),
        json!({"Messages": [{"Body": records(&["a/1"])}, {"Body": records(&["c/2"])}]}).to_string(),
        json!([records(&["a/1"]), grid("c/2")]).to_string(),
        // {"Records":[…]} of the same in base64.
        base64(&inner),
    ];
    for body in bodies {
        let expected = vec![to("a", &["a/1"]), to("c", &["c/2"])];
        assert_eq!(shown(&routes(dead()), &body), (expected, true), "{body}");
    }
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.as_bytes().chunks(3).map(|group| {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or(b' '));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
    });
    // Spaces behind JSON say nothing, so no padding is needed.
    groups.flatten().collect()
}

#[test]
fn keys_of_any_bytes_are_matched_as_bytes() {
    let routes = [(b"a/\xFF".to_vec(), "odd"), (b"a/".to_vec(), "even")];
    let routes = Routes::new(routes, dead()).unwrap();
    let body = records(&["a/%FFx", "a/%FE"]);
    let decision = routes.decide(&Message::new(body));
    let names: Vec<&str> = decision.sends.iter().map(|send| send.to.as_str()).collect();
    assert_eq!(names, ["even", "odd"]);
}

#[test]
fn attributes_of_cloud_storage_go_with_their_message() {
    let message = Message::new("")
        .with_attribute("eventType", "OBJECT_FINALIZE")
        .with_attribute("bucketId", "b")
        .with_attribute("objectId", "a/b/1");
    let decision = routes(dead()).decide(&message);
    assert_eq!(
        (decision.sends[0].to.as_str(), &decision.sends[0].message),
        ("ab", &message)
    );
}

/// As simple as can be: all prefixes are tried.
fn slow_route<'a>(routes: &'a [(Vec<u8>, String)], key: &[u8]) -> Option<&'a str> {
    let fitting = routes.iter().filter(|(prefix, _)| key.starts_with(prefix));
    let longest = fitting.max_by_key(|(prefix, _)| prefix.len());
    longest.map(|(_, name)| name.as_str())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_longest_prefix_wins(
        prefixes in prop::collection::btree_set("[ab/]{0,4}", 0..8),
        key in "[ab/]{1,6}",
    ) {
        let all: Vec<(Vec<u8>, String)> =
            prefixes.into_iter().map(|one| {
                let name = format!("to {one}");
                (one.into_bytes(), name)
            }).collect();
        let routes = Routes::new(all.clone(), Unmatched::Keep).unwrap();
        prop_assert_eq!(routes.route_of(key.as_bytes()), slow_route(&all, key.as_bytes()));
    }

    #[test]
    fn what_a_queue_gets_decodes_to_exactly_its_events(
        names in prop::collection::vec("[ab/]{1,4}", 1..12),
        prefixes in prop::collection::btree_set("[ab/]{0,3}", 1..5),
        wrap in 0..4,
    ) {
        let all: Vec<(Vec<u8>, String)> =
            prefixes.iter().map(|one| (one.clone().into_bytes(), format!("to {one}"))).collect();
        let routes = Routes::new(all.clone(), dead()).unwrap();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let inner = records(&names);
        let body = match wrap {
            0 => inner,
            1 => json!({"Type": "Notification", "Message": inner}).to_string(),
            2 => json!([{"Records": [record("ObjectCreated:Put", names[0])]}, inner]).to_string(),
            _ => json!({"Records": [{"body": inner}, {"Sns": {"Message": inner}}]}).to_string(),
        };
        let message = Message::new(body);
        let whole = decode_message(None, message.body(), []).into_owned();
        prop_assert!(whole.is_complete());
        let decision = routes.decide(&message);
        prop_assert!(decision.acknowledge);
        let mut seen = BTreeSet::new();
        for send in &decision.sends {
            if send.to == "dead" {
                prop_assert_eq!(send.message.body(), message.body());
                continue;
            }
            seen.insert(send.to.clone());
            let events: Vec<FileEvent<'_>> = decode(None, send.message.body()).events;
            let expected = whole.events.iter().filter(|event| {
                let key = event.key.as_ref().unwrap().as_bytes();
                slow_route(&all, key) == Some(send.to.as_str())
            });
            prop_assert_eq!(events, expected.cloned().collect::<Vec<_>>());
        }
        for event in &whole.events {
            prop_assert_eq!(event.kind, EventKind::Created);
            let to = slow_route(&all, event.key.as_ref().unwrap().as_bytes());
            prop_assert!(to.is_none_or(|to| seen.contains(to)));
        }
    }
}
