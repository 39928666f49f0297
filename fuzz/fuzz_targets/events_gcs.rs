//! Any bytes as a message of Cloud Storage: as JSON, as the payload beside attributes, and as the
//! attributes themselves. No panic, the same answer twice, and names as they are.
//!
//! Attributes are separated by NUL: the type, the name, the generation, the time, the format.

#![no_main]

use floe_notify::{EventCloud, decode, decode_message};
use libfuzzer_sys::fuzz_target;

#[path = "../events.rs"]
mod events;

fuzz_target!(|data: &[u8]| {
    events::check(&decode(Some(EventCloud::Gcp), data), || {
        decode(Some(EventCloud::Gcp), data)
    });

    let fixed = [
        ("eventType", "OBJECT_FINALIZE"),
        ("bucketId", "b"),
        ("objectId", "o"),
    ];
    let notified = || decode_message(Some(EventCloud::Gcp), data, fixed);
    let decoded = notified();
    events::check(&decoded, notified);
    assert_eq!(
        decoded.events.len(),
        1,
        "the payload only adds to the event"
    );
    assert!(decoded.is_complete());

    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let names = [
        "eventType",
        "objectId",
        "objectGeneration",
        "eventTime",
        "payloadFormat",
    ];
    let attributes = || {
        let pairs = names.into_iter().zip(text.split('\0'));
        pairs.chain([("bucketId", "b")])
    };
    let notified = || decode_message(None, b"", attributes());
    let decoded = notified();
    events::check(&decoded, notified);
    for event in &decoded.events {
        let name = text.split('\0').nth(1).unwrap_or_default();
        let key = event.key.as_ref().expect("a notification names an object");
        assert_eq!(key.as_bytes(), name.as_bytes());
    }
});
