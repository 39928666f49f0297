//! Any bytes as a message of S3: no panic, the same answer twice, and keys that can be had back.

#![no_main]

use floe_notify::{EventCloud, ObjectKey, decode};
use libfuzzer_sys::fuzz_target;

#[path = "../events.rs"]
mod events;

fuzz_target!(|data: &[u8]| {
    events::check(&decode(Some(EventCloud::Aws), data), || {
        decode(Some(EventCloud::Aws), data)
    });
    events::check(&decode(None, data), || decode(None, data));

    // The bytes as a key, and the text as a key in a record.
    if let Ok(key) = ObjectKey::new(data) {
        let encoded = key.form_encoded();
        assert_eq!(
            ObjectKey::from_form_encoded(encoded.as_str()).as_ref(),
            Ok(&key)
        );
        let body = record(&encoded);
        let decoded = decode(None, body.as_bytes());
        assert_eq!(decoded.events[0].key.as_ref(), Some(&key));
        assert_eq!(decoded.findings, []);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let body = record(text);
        let decoded = decode(None, body.as_bytes());
        match ObjectKey::from_form_encoded(text) {
            Ok(key) => assert_eq!(decoded.events[0].key.as_ref(), Some(&key)),
            Err(_) => assert!(decoded.events.is_empty() && !decoded.is_complete()),
        }
    }
});

/// A record of S3 with a key.
fn record(key: &str) -> String {
    serde_json::json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}}
    }]})
    .to_string()
}
