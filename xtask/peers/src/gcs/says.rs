//! Answers as Google's services write them.

use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

/// An answer in JSON.
pub(super) fn ok(body: &Value) -> Response<Bytes> {
    crate::answer(200, "application/json", body.to_string())
}

/// An error, with a word for it as Pub/Sub has them and a reason as Cloud Storage does.
pub(super) fn error(code: u16, message: &str) -> Response<Bytes> {
    let (status, reason) = match code {
        400 => ("INVALID_ARGUMENT", "invalid"),
        403 => ("PERMISSION_DENIED", "forbidden"),
        404 => ("NOT_FOUND", "notFound"),
        409 => ("ABORTED", "conflict"),
        429 => ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
        503 => ("UNAVAILABLE", "backendError"),
        _ => ("INTERNAL", "internalError"),
    };
    let single = json!({"message": message, "domain": "global", "reason": reason});
    let body = json!({
        "error": {"code": code, "message": message, "status": status, "errors": [single]},
    });
    crate::answer(code, "application/json", body.to_string())
}

/// The same as Cloud Storage writes it: without the word.
pub(super) fn storage_error(code: u16, message: &str) -> Response<Bytes> {
    let answer = error(code, message);
    let mut body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("status");
    }
    answer.map(|_| Bytes::from(body.to_string()))
}
