//! Any bytes as a message of Azure, as they are and inside an event: no panic, the same answer
//! twice, and names as the subject has them.

#![no_main]

use floe_notify::{EventCloud, decode};
use libfuzzer_sys::fuzz_target;

#[path = "../events.rs"]
mod events;

fuzz_target!(|data: &[u8]| {
    events::check(&decode(Some(EventCloud::Azure), data), || {
        decode(Some(EventCloud::Azure), data)
    });

    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let subject = format!("/blobServices/default/containers/c/blobs/{text}");
    let url = format!("https://acme.blob.core.windows.net/c/{text}");
    let body = serde_json::json!({
        "eventType": "Microsoft.Storage.BlobRenamed", "eventTime": text, "subject": subject,
        "topic": text, "data": {"api": text, "eTag": text, "destinationUrl": url, "sourceUrl": url}
    });
    let body = body.to_string();
    let decoded = decode(None, body.as_bytes());
    events::check(&decoded, || decode(None, body.as_bytes()));
    for event in &decoded.events {
        let key = event.key.as_ref().expect("a rename names a file");
        assert_eq!(key.as_bytes(), text.as_bytes());
    }
});
