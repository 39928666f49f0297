//! Any bytes as a message of a local directory: as they are, and as the path of a file. No panic,
//! the same answer twice, and paths that come back.

#![no_main]

use std::fmt::Write as _;

use floe_notify::{EventCloud, decode};
use libfuzzer_sys::fuzz_target;

#[path = "../events.rs"]
mod events;

fuzz_target!(|data: &[u8]| {
    let local = Some(EventCloud::Local);
    events::check(&decode(local, data), || decode(local, data));

    let mut uri = String::from("file:///");
    for byte in data {
        write!(uri, "%{byte:02X}").expect("a text can be written to");
    }
    let body = format!(r#"{{"type":"landed","uri":"{uri}","how":"written","size":1}}"#);
    let decoded = decode(None, body.as_bytes());
    events::check(&decoded, || decode(None, body.as_bytes()));
    let fits = data.len() < floe_notify::MAX_KEY_BYTES && !data.contains(&0);
    assert_eq!(decoded.is_complete(), fits);
    for event in &decoded.events {
        let key = event.key.as_ref().expect("a file has a name");
        assert_eq!(key.as_bytes().strip_prefix(b"/"), Some(data));
    }
});
