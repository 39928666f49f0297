//! Calls that failed, sorted by what the traits say about them.

use std::error::Error;

use floe_notify::{Cloud, MissingPermission, QueueError, QueueId, ResourceError, words_of};
use google_cloud_pubsub::Error as RpcError;
use serde::Deserialize;

use crate::GcpError;

/// Longest text of Google that is handed on: more than any message that explains something.
const MAX_REASON: usize = 1_000;
/// What Cloud Storage needs of its service agent before it tells a topic.
pub(crate) const PUBLISH: &str = "pubsub.topics.publish";

/// A call, by the permission that it needs and by words for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) permission: &'static str,
    pub(crate) words: &'static str,
}

impl Call {
    pub(crate) const fn new(permission: &'static str, words: &'static str) -> Self {
        Self { permission, words }
    }

    fn service(self) -> &'static str {
        if self.permission.starts_with("pubsub.") {
            "Pub/Sub"
        } else {
            "Cloud Storage"
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Denied,
    Gone,
    /// Something of this name is there already.
    Exists,
    /// Somebody else changed it in between.
    Aborted,
    Throttled,
    Unavailable,
    UnknownCaller,
    Unimplemented,
    Invalid,
    /// An answer that is none.
    Unreadable,
    Refused,
}

/// One call that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) call: Call,
    pub(crate) kind: Kind,
    /// The status of Google, for example `NOT_FOUND`; empty when there was no answer.
    pub(crate) code: String,
    pub(crate) reason: String,
    /// What is said of single parts of a request, by name.
    pub(crate) details: Vec<(String, String)>,
}

impl Failure {
    pub(crate) fn new(call: Call, kind: Kind, code: &str, reason: &str) -> Self {
        Self {
            call,
            kind,
            code: code.to_owned(),
            reason: reason.chars().take(MAX_REASON).collect(),
            details: Vec::new(),
        }
    }

    /// Of a call by Google's client.
    pub(crate) fn of_rpc(call: Call, error: &RpcError) -> Self {
        if let Some(status) = error.status() {
            let code = status.code.name();
            let kind = kind_of_status(code).unwrap_or(Kind::Refused);
            return Self::new(call, kind, code, &status.message);
        }
        let kind = match error.http_status_code() {
            _ if error.is_authentication() => Kind::UnknownCaller,
            Some(status) => kind_of_http(status),
            None if error.is_deserialization() => Kind::Unreadable,
            None => Kind::Unavailable,
        };
        Self::new(call, kind, "", &words_of(error))
    }

    /// Of a call by HTTP that was answered.
    pub(crate) fn of_http(call: Call, status: u16, body: &str) -> Self {
        let answer: Option<Answer> = serde_json::from_str(body).ok();
        let Some(Answer { error }) = answer else {
            let kind = kind_of_http(status);
            return Self::new(call, kind, &format!("HTTP {status}"), body);
        };
        let is_rate = error.errors.iter().any(|one| RATES.contains(&&*one.reason));
        let kind = match kind_of_status(&error.status) {
            _ if is_rate => Kind::Throttled,
            Some(kind) => kind,
            None => kind_of_http(status),
        };
        let code = match error.status.as_str() {
            "" => format!("HTTP {status}"),
            code => code.to_owned(),
        };
        let mut failure = Self::new(call, kind, &code, &error.message);
        let details = error.details.into_iter().flat_map(|one| one.metadata);
        let text = |(name, value): (String, serde_json::Value)| match value {
            serde_json::Value::String(value) => (name, value),
            other => (name, other.to_string()),
        };
        failure.details = details.map(text).collect();
        failure
    }

    /// Of a call by HTTP that was not answered.
    pub(crate) fn of_transport(call: Call, error: &(dyn Error + 'static)) -> Self {
        Self::new(call, Kind::Unavailable, "", &words_of(error))
    }

    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self.kind, Kind::Throttled | Kind::Unavailable)
    }

    /// Whether Cloud Storage says that its service agent may not publish.
    pub(crate) fn is_about_publishing(&self) -> bool {
        let missing = MissingPermission::of_message(Cloud::Gcp, &self.reason);
        missing.is_some_and(|missing| missing.action == PUBLISH)
    }

    /// As an error of a resource manager.
    pub(crate) fn resource(self, resource: &str) -> ResourceError {
        match self.kind {
            Kind::Denied => {
                let missing = self.missing(resource);
                ResourceError::Denied {
                    reason: self.advice(&missing),
                    action: missing.action,
                    resource: missing.resource,
                }
            }
            Kind::Throttled | Kind::Unavailable => ResourceError::Unavailable {
                service: self.call.service().to_owned(),
                reason: self.reason,
            },
            _ => ResourceError::driver(resource, self.driver()),
        }
    }

    /// As an error of a queue.
    pub(crate) fn queue(self, queue: &QueueId, resource: &str) -> QueueError {
        let queue = queue.clone();
        match self.kind {
            Kind::Denied => {
                let missing = self.missing(resource);
                QueueError::Denied {
                    queue,
                    action: self.call.words,
                    reason: format!(
                        "{} on {} is not allowed: {}",
                        missing.action,
                        missing.resource,
                        self.advice(&missing)
                    ),
                }
            }
            Kind::Gone => QueueError::NoSuchQueue { queue },
            Kind::Throttled => QueueError::Throttled { queue, wait: None },
            Kind::Unavailable => QueueError::Unavailable {
                queue,
                reason: self.reason,
            },
            _ => QueueError::driver(queue, self.driver()),
        }
    }

    /// What to allow; Pub/Sub does not say what is missing, Cloud Storage does not say on what.
    fn missing(&self, resource: &str) -> MissingPermission {
        match MissingPermission::of_message(Cloud::Gcp, &self.reason) {
            Some(missing) if missing.action == PUBLISH => missing,
            Some(missing) => MissingPermission::gcp(&missing.action, resource),
            None => MissingPermission::gcp(self.call.permission, resource),
        }
    }

    fn advice(&self, missing: &MissingPermission) -> String {
        let words = self.reason.trim_end_matches('.');
        let part = missing
            .documented_in
            .map(|place| format!("\n(it is part of {place} in the documentation)"));
        let (statement, part) = (&missing.statement, part.unwrap_or_default());
        let resource = &missing.resource;
        format!("{words}; grant the account of these credentials on {resource}:\n{statement}{part}")
    }

    fn driver(self) -> GcpError {
        let call = self.call.permission.to_owned();
        match self.kind {
            Kind::UnknownCaller => GcpError::Credentials {
                call,
                reason: self.reason,
            },
            Kind::Unreadable => GcpError::Unreadable {
                call,
                reason: self.reason,
            },
            _ => GcpError::Refused {
                call,
                answer: self.code,
                reason: self.reason,
            },
        }
    }
}

/// Reasons with which Cloud Storage says 403 and means 429 ("HTTP status and error codes for
/// JSON", Cloud Storage).
const RATES: [&str; 3] = [
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
];

#[derive(Deserialize)]
struct Answer {
    error: AnswerError,
}

#[derive(Deserialize)]
struct AnswerError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    errors: Vec<Single>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Single {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    metadata: std::collections::BTreeMap<String, serde_json::Value>,
}

fn kind_of_status(status: &str) -> Option<Kind> {
    Some(match status {
        "PERMISSION_DENIED" => Kind::Denied,
        "NOT_FOUND" => Kind::Gone,
        "ALREADY_EXISTS" => Kind::Exists,
        "ABORTED" => Kind::Aborted,
        "RESOURCE_EXHAUSTED" => Kind::Throttled,
        "UNAVAILABLE" | "INTERNAL" | "DEADLINE_EXCEEDED" | "CANCELLED" | "UNKNOWN" => {
            Kind::Unavailable
        }
        "UNAUTHENTICATED" => Kind::UnknownCaller,
        "UNIMPLEMENTED" => Kind::Unimplemented,
        "INVALID_ARGUMENT" => Kind::Invalid,
        _ => return None,
    })
}

fn kind_of_http(status: u16) -> Kind {
    match status {
        200..300 => Kind::Unreadable,
        400 => Kind::Invalid,
        401 => Kind::UnknownCaller,
        403 => Kind::Denied,
        404 => Kind::Gone,
        409 | 412 => Kind::Aborted,
        429 => Kind::Throttled,
        501 => Kind::Unimplemented,
        500.. => Kind::Unavailable,
        _ => Kind::Refused,
    }
}
