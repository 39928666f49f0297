//! What holds for every message that is decoded.

use floe_notify::{Decoded, ObjectKey};

/// Checks what was decoded, and that it is the same again.
pub fn check<'a>(decoded: &Decoded<'_>, again: impl FnOnce() -> Decoded<'a>) {
    assert_eq!(*decoded, again());
    assert_eq!(decoded.clone().into_owned(), *decoded);
    let errors = decoded.findings.iter().filter(|finding| finding.is_error());
    assert_eq!(decoded.is_complete(), errors.count() == 0);
    for finding in &decoded.findings {
        assert!(finding.code().starts_with("FLOE-NOTIFY-"));
        assert!(!finding.to_string().contains('\n'), "{finding}");
    }
    for event in &decoded.events {
        assert!(event.key.is_some() && event.bucket.is_some() || !event.kind.has_key());
        let _ = event.order(event);
        let line: serde_json::Value = serde_json::from_str(&event.to_json()).expect("JSON");
        let Some(key) = &event.key else { continue };
        let encoded = key.form_encoded();
        assert_eq!(ObjectKey::from_form_encoded(encoded).as_ref(), Ok(key));
        let shown = line["key"].as_str().expect("a text");
        if line.get("keyEncoding").is_none() {
            assert_eq!(shown.as_bytes(), key.as_bytes());
        } else {
            // A plus stands for itself in percent encoding.
            let shown = shown.replace('+', "%2B");
            assert_eq!(ObjectKey::from_form_encoded(shown).as_ref(), Ok(key));
        }
    }
}
