//! JSON of our own documents.

use serde::Serialize;

/// The value, two spaces deep.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    // Our documents are texts, lists and maps with texts as keys; writing such into a string has
    // no way to fail.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The value on one line.
pub(crate) fn line(value: &impl Serialize) -> String {
    // As above.
    serde_json::to_string(value).unwrap_or_default()
}

/// The value, each level this much deeper.
pub(crate) fn indented(value: &impl Serialize, indent: &str) -> String {
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    // As above; and what is written is UTF-8, because all parts of it are.
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(out).unwrap_or_default(),
        Err(_) => String::new(),
    }
}
