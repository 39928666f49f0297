//! What holds for every key and every message.

use floe_notify::{EventCloud, EventKind, ObjectKey, decode, decode_message};
use proptest::prelude::*;
use serde_json::json;

fn record(key: &str) -> String {
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}}
    }]})
    .to_string()
}

proptest! {
    #[test]
    fn a_key_that_is_encoded_as_s3_does_is_had_back(bytes in key()) {
        let key = ObjectKey::new(bytes.as_slice()).unwrap();
        let text = key.form_encoded();
        prop_assert!(text.is_ascii());
        prop_assert_eq!(ObjectKey::from_form_encoded(text.as_str()).unwrap(), key.clone());
        let body = record(&text);
        let decoded = decode(Some(EventCloud::Aws), body.as_bytes());
        prop_assert_eq!(&decoded.findings, &[]);
        prop_assert_eq!(decoded.events[0].key.as_ref(), Some(&key));
    }

    #[test]
    fn a_key_in_capitals_or_small_hexadecimal_is_the_same(key in "[a-zA-Zü +%=/]{1,40}") {
        let text = ObjectKey::new(key.as_bytes()).unwrap().form_encoded();
        let small: String = text.split_inclusive('%').enumerate().map(|(index, part)| {
            if index == 0 { return part.to_owned() }
            let (code, rest) = part.split_at(2);
            format!("{}{rest}", code.to_lowercase())
        }).collect();
        let decoded = ObjectKey::from_form_encoded(small).unwrap();
        prop_assert_eq!(decoded.as_bytes(), key.as_bytes());
    }

    #[test]
    fn names_of_azure_are_taken_as_they_are(name in "\\PC{1,40}") {
        let subject = format!("/blobServices/default/containers/c/blobs/{name}");
        let body = json!({"eventType": "Microsoft.Storage.BlobCreated", "subject": subject});
        let body = body.to_string();
        let decoded = decode(Some(EventCloud::Azure), body.as_bytes());
        prop_assert_eq!(&decoded.findings, &[]);
        prop_assert_eq!(decoded.events[0].key.as_ref().unwrap().as_bytes(), name.as_bytes());
    }

    #[test]
    fn names_of_cloud_storage_are_taken_as_they_are(name in "\\PC{1,40}") {
        let attributes = [
            ("eventType", "OBJECT_FINALIZE"), ("bucketId", "b"), ("objectId", name.as_str()),
        ];
        let decoded = decode_message(Some(EventCloud::Gcp), b"", attributes);
        prop_assert_eq!(decoded.events[0].key.as_ref().unwrap().as_bytes(), name.as_bytes());
    }

    #[test]
    fn an_envelope_changes_nothing(key in "\\PC{1,40}") {
        let body = record(&ObjectKey::new(key.as_bytes()).unwrap().form_encoded());
        let wrapped = json!({"Type": "Notification", "TopicArn": "t", "Message": body}).to_string();
        prop_assert_eq!(decode(None, wrapped.as_bytes()), decode(None, body.as_bytes()));
    }

    #[test]
    fn bytes_never_panic_and_every_event_about_a_file_names_it(body in hostile()) {
        let decoded = decode(None, &body);
        prop_assert!(!decoded.is_complete() || !decoded.events.is_empty());
        for event in &decoded.events {
            if event.kind.has_key() {
                prop_assert!(event.key.is_some() && event.bucket.is_some());
            }
            prop_assert!(event.kind != EventKind::Renamed || event.cloud == EventCloud::Azure);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&event.to_json()).is_ok());
        }
        prop_assert_eq!(decoded.clone().into_owned(), decoded);
    }
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..200)
}

/// Messages with a few bytes changed, and bytes of all kinds.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let azure = json!({
        "eventType": "Microsoft.Storage.BlobRenamed", "metadataVersion": "1",
        "subject": "/blobServices/default/containers/c/blobs/n",
        "data": {"api": "RenameFile", "sourceUrl": "https://a/c/o", "sequencer": "1"}
    });
    let gcs = json!({"message": {"data": "e30=", "attributes": {
        "eventType": "OBJECT_FINALIZE", "bucketId": "b", "objectId": "o"
    }}});
    let seeds = [record("a+b"), azure.to_string(), gcs.to_string()];
    let changed = prop::sample::select(seeds.to_vec()).prop_flat_map(|seed| {
        let bytes = seed.into_bytes();
        let change = (0..bytes.len(), any::<u8>());
        prop::collection::vec(change, 0..4).prop_map(move |changes| {
            let mut bytes = bytes.clone();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            bytes
        })
    });
    prop_oneof![changed, prop::collection::vec(any::<u8>(), 0..100)]
}
