//! What Azure answers when it does not do something, sorted by what the traits say about it.

use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::{Headers, RETRY_AFTER};
use floe_notify::azure::AzureError as Known;
use floe_notify::{Cloud, MissingPermission, QueueError, QueueId, ResourceError, words_of};

use crate::AzureError;

/// Longest text of Azure that is handed on: more than any message that explains something.
const MAX_REASON: usize = 1_000;
/// The codes with which the service says that what was named is not there.
const GONE: [&str; 5] = [
    "QueueNotFound",
    // It is gone for all but its name, which is free again after a while.
    "QueueBeingDeleted",
    "ResourceNotFound",
    "ResourceGroupNotFound",
    "SubscriptionNotFound",
];
const THROTTLED: [&str; 4] = [
    "ServerBusy",
    "TooManyRequests",
    "SubscriptionRequestsThrottled",
    "ResourceRequestsThrottled",
];
/// The codes with which the service says that it does not know who asks.
const UNKNOWN_CALLER: [&str; 8] = [
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "NoAuthenticationInformation",
    "InvalidAuthenticationToken",
    "InvalidAuthenticationTokenTenant",
    "ExpiredAuthenticationToken",
    "AuthenticationFailedInvalidHeader",
    "KeyBasedAuthenticationNotPermitted",
];
const DENIED: [&str; 7] = [
    "AuthorizationFailed",
    "LinkedAuthorizationFailed",
    "AuthorizationPermissionMismatch",
    "AuthorizationResourceTypeMismatch",
    "AuthorizationServiceMismatch",
    "InsufficientAccountPermissions",
    "AccountIsDisabled",
];
/// What makes a receipt worthless ("Queue Storage error codes").
const RECEIPT_GONE: [&str; 3] = ["MessageNotFound", "PopReceiptMismatch", "InvalidPopReceipt"];

/// A call, by the action that roles allow it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) action: &'static str,
    /// What it does, for messages about queues.
    pub(crate) words: &'static str,
}

macro_rules! calls {
    ($($name:ident = $action:literal, $words:literal;)*) => {
        impl Call {
            $(pub(crate) const $name: Self = Self { action: $action, words: $words };)*
        }
    };
}

// "Authorize with Microsoft Entra ID (REST API)" has the permissions for calls on queues.
calls! {
    READ_ACCOUNTS = "Microsoft.Storage/storageAccounts/read", "list storage accounts";
    READ_EVENTS = "Microsoft.EventGrid/eventSubscriptions/read", "read event subscriptions";
    WRITE_EVENTS = "Microsoft.EventGrid/eventSubscriptions/write", "make event subscriptions";
    DELETE_EVENTS = "Microsoft.EventGrid/eventSubscriptions/delete", "delete event subscriptions";
    READ_QUEUE = "Microsoft.Storage/storageAccounts/queueServices/queues/read", "read the queue";
    WRITE_QUEUE = "Microsoft.Storage/storageAccounts/queueServices/queues/write",
        "create the queue";
    DELETE_QUEUE = "Microsoft.Storage/storageAccounts/queueServices/queues/delete",
        "delete the queue";
    RECEIVE = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action",
        "receive messages";
    ACKNOWLEDGE = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
        "delete messages";
    UPDATE = "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write",
        "update messages";
}

impl Call {
    fn service(self) -> &'static str {
        match self.action.split('/').next() {
            Some("Microsoft.EventGrid") => "Event Grid",
            _ if self == Self::READ_ACCOUNTS => "the management of Azure",
            _ => "the queues of the storage account",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Denied,
    Gone,
    Throttled,
    Unavailable,
    UnknownCaller,
    Refused,
}

/// One call that failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) call: Call,
    pub(crate) kind: Kind,
    pub(crate) status: u16,
    /// The error code of Azure; empty when there was no answer.
    pub(crate) code: String,
    pub(crate) reason: String,
    pub(crate) wait: Option<Duration>,
}

impl Failure {
    /// Of an answer that says so.
    pub(crate) fn of_answer(call: Call, status: u16, code: &str, reason: &str) -> Self {
        let reason = if reason.is_empty() { code } else { reason };
        Self {
            call,
            kind: kind(status, code),
            status,
            code: code.to_owned(),
            reason: reason.chars().take(MAX_REASON).collect(),
            wait: None,
        }
    }

    /// Of an error of the SDK.
    pub(crate) fn of(call: Call, error: &azure_core::Error) -> Self {
        let (status, code, raw) = match error.kind() {
            ErrorKind::HttpResponse {
                status,
                error_code,
                raw_response,
            } => (
                u16::from(*status),
                error_code.clone().unwrap_or_default(),
                raw_response.as_deref(),
            ),
            _ => (0, String::new(), None),
        };
        let words = raw.and_then(|raw| message_of_xml(raw.body().as_ref()));
        let words = words.unwrap_or_else(|| words_of(error));
        let mut failure = Self::of_answer(call, status, &code, &words);
        failure.wait = raw.and_then(|raw| retry_after(raw.headers()));
        if let Some(kind) = kind_of_causes(error).filter(|_| status == 0) {
            failure.kind = kind;
        }
        failure
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.kind == Kind::Gone
    }

    /// Whether another change of the same resource is under way. What is missing for good is a 409,
    /// too, and has a code of its own.
    pub(crate) fn is_busy(&self) -> bool {
        let for_good = self.code == "MissingSubscriptionRegistration";
        self.status == 409 && self.kind == Kind::Refused && !for_good
    }

    /// Whether the message is not in the hands of who shows this receipt.
    pub(crate) fn is_receipt_gone(&self) -> bool {
        RECEIPT_GONE.contains(&self.code.as_str())
    }

    /// As an error of a resource manager; the resource is an id where there is one.
    pub(crate) fn resource(self, resource: &str) -> ResourceError {
        if let Some(error) = Known::of_answer(self.status, &self.code, &self.reason) {
            let advice = match &error {
                Known::Forbidden { action, scope } => {
                    advice(&MissingPermission::azure(action, scope))
                }
                _ => String::new(),
            };
            return ResourceError::driver(resource, AzureError::Known { error, advice });
        }
        match self.kind {
            Kind::Denied => {
                let missing = self.missing(resource);
                ResourceError::Denied {
                    reason: self.with_advice(&missing),
                    action: missing.action,
                    resource: missing.resource,
                }
            }
            Kind::Throttled | Kind::Unavailable => ResourceError::Unavailable {
                service: self.call.service().to_owned(),
                reason: self.reason,
            },
            Kind::UnknownCaller | Kind::Gone | Kind::Refused => {
                ResourceError::driver(resource, self.driver())
            }
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
                        self.with_advice(&missing)
                    ),
                }
            }
            Kind::Gone => QueueError::NoSuchQueue { queue },
            Kind::Throttled => QueueError::Throttled {
                queue,
                wait: self.wait,
            },
            Kind::Unavailable => QueueError::Unavailable {
                queue,
                reason: self.reason,
            },
            Kind::UnknownCaller | Kind::Refused => QueueError::driver(queue, self.driver()),
        }
    }

    /// What to allow, in Azure's own words where it says so.
    fn missing(&self, resource: &str) -> MissingPermission {
        MissingPermission::of_message(Cloud::Azure, &self.reason)
            .unwrap_or_else(|| MissingPermission::azure(self.call.action, resource))
    }

    fn with_advice(&self, missing: &MissingPermission) -> String {
        let words = self.reason.trim_end_matches('.');
        // A shared access signature is refused with the same codes as a token.
        let of_signature = match self.code.ends_with("Mismatch") {
            true => "\n(a shared access signature has to be issued anew with the matching right)",
            false => "",
        };
        format!("{words}{}{of_signature}", advice(missing))
    }

    fn driver(self) -> AzureError {
        let call = self.call.action.to_owned();
        match self.kind {
            Kind::UnknownCaller => AzureError::Credentials {
                call,
                reason: match self.code.as_str() {
                    "" => self.reason,
                    code => format!("{code}: {}", without_signature(&self.reason)),
                },
            },
            _ => AzureError::Refused {
                call,
                answer: self.code,
                reason: self.reason,
            },
        }
    }
}

fn advice(missing: &MissingPermission) -> String {
    let part = missing
        .documented_in
        .map(|place| format!("\n(it is part of {place} in the documentation)"));
    let (statement, part) = (&missing.statement, part.unwrap_or_default());
    format!("; add this permission to a role of the credentials:\n{statement}{part}")
}

fn kind(status: u16, code: &str) -> Kind {
    match (status, code) {
        _ if UNKNOWN_CALLER.contains(&code) => Kind::UnknownCaller,
        _ if DENIED.contains(&code) => Kind::Denied,
        _ if GONE.contains(&code) => Kind::Gone,
        _ if THROTTLED.contains(&code) => Kind::Throttled,
        (401, _) => Kind::UnknownCaller,
        // What a network rule of the account keeps out is helped by no role.
        (403, "AuthorizationFailure") => Kind::Refused,
        // Anything that is refused in a form of its own is refused all the same.
        (403, _) => Kind::Denied,
        (404, "") => Kind::Gone,
        (429 | 503, _) => Kind::Throttled,
        (408 | 500.., _) => Kind::Unavailable,
        _ => Kind::Refused,
    }
}

/// How long to wait, in whole seconds as Azure writes it.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let seconds = headers
        .get_optional_str(&RETRY_AFTER)?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

/// The text of `Message` in an error of Storage, without the lines that only support needs.
fn message_of_xml(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, behind) = text.split_once("<Message>")?;
    let (message, _) = behind.split_once("</Message>")?;
    Some(message.lines().next()?.trim().to_owned()).filter(|words| !words.is_empty())
}

/// A refused signature is told with all that was signed; only its first sentence is handed on.
fn without_signature(reason: &str) -> &str {
    reason.split_once(". ").map_or(reason, |(first, _)| first)
}

/// What an error is that has no answer. When no token is given, that may be for a connection that
/// broke on the way there.
fn kind_of_causes(error: &azure_core::Error) -> Option<Kind> {
    const MAX_CAUSES: usize = 8;
    let mut found = None;
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    for _ in 0..MAX_CAUSES {
        let Some(error) = cause else { break };
        match error
            .downcast_ref::<azure_core::Error>()
            .map(azure_core::Error::kind)
        {
            Some(ErrorKind::Connection | ErrorKind::Io) => return Some(Kind::Unavailable),
            Some(ErrorKind::HttpResponse { status, .. }) => {
                let is_down = u16::from(*status) >= 500 || u16::from(*status) == 429;
                let kind = if is_down {
                    Kind::Unavailable
                } else {
                    Kind::UnknownCaller
                };
                return Some(kind);
            }
            Some(ErrorKind::Credential) => found = Some(Kind::UnknownCaller),
            // What is cut off or is not what it should be may be whole the next time.
            Some(ErrorKind::DataConversion) => found = found.or(Some(Kind::Unavailable)),
            _ => {}
        }
        cause = error.source();
    }
    found
}
