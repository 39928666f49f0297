//! JSON documents of images, read within bounds and written the same way every time.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{ImageError, What};

/// Reads a document.
pub(crate) fn read<T: DeserializeOwned>(what: What, bytes: &[u8]) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|error| ImageError::Unreadable {
        what,
        reason: error.to_string(),
    })
}

/// Writes a document with its keys sorted: maps of the model are hash maps, and a digest must
/// not depend on their order.
pub(crate) fn write<T: Serialize>(what: What, document: &T) -> Result<Vec<u8>, ImageError> {
    let unreadable = |error: serde_json::Error| ImageError::Unreadable {
        what,
        reason: error.to_string(),
    };
    let value = serde_json::to_value(document).map_err(unreadable)?;
    serde_json::to_vec(&sorted(value)).map_err(unreadable)
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
