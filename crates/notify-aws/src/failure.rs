//! Errors of the SDK, sorted by what the traits say about them.

use std::error::Error;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use floe_notify::aws::action_of_operation;
use floe_notify::{Cloud, MissingPermission, QueueError, QueueId, ResourceError, words_of};

use crate::AwsError;

/// Longest text of AWS that is handed on: more than any message that explains something.
const MAX_REASON: usize = 1_000;

/// The codes with which AWS says that something is not there.
const GONE: [&str; 6] = [
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "NotFound",
    "NotFoundException",
    "NoSuchBucket",
    "ResourceNotFoundException",
];
const THROTTLED: [&str; 8] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
    "OverLimit",
];
const UNKNOWN_CALLER: [&str; 9] = [
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidToken",
    "MissingAuthenticationToken",
];
const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
];

/// A call, by the names that policies use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
}

impl Call {
    pub(crate) const fn s3(operation: &'static str) -> Self {
        Self {
            service: "s3",
            operation,
        }
    }

    pub(crate) const fn sns(operation: &'static str) -> Self {
        Self {
            service: "sns",
            operation,
        }
    }

    pub(crate) const fn sqs(operation: &'static str) -> Self {
        Self {
            service: "sqs",
            operation,
        }
    }

    /// The permission that the call needs.
    pub(crate) fn action(self) -> String {
        action_of_operation(self.service, self.operation)
    }

    fn name(self) -> &'static str {
        match self.service {
            "s3" => "S3",
            "sns" => "SNS",
            _ => "SQS",
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
    /// The error code of AWS; empty when there was no answer.
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl Failure {
    pub(crate) fn of<E>(call: Call, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().unwrap_or_default().to_owned();
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let kind = kind(&code, status, error);
        let reason = match (kind, error.message()) {
            // What AWS says here is the whole request that was signed.
            (Kind::UnknownCaller, _) if code == "SignatureDoesNotMatch" => {
                "the secret key does not belong to the access key".to_owned()
            }
            (_, Some(message)) if code == "InvalidArgument" => {
                format!("{message}{}", arguments(error))
            }
            (_, Some(message)) => message.to_owned(),
            (_, None) if code.is_empty() => words_of(error),
            (_, None) => code.clone(),
        };
        Self {
            call,
            kind,
            code,
            reason: reason.chars().take(MAX_REASON).collect(),
        }
    }

    /// One entry of a batch that failed.
    pub(crate) fn of_entry(call: Call, code: &str, message: Option<&str>, ours: bool) -> Self {
        let kind = match code {
            _ if GONE.contains(&code) => Kind::Gone,
            _ if THROTTLED.contains(&code) => Kind::Throttled,
            _ if DENIED.contains(&code) => Kind::Denied,
            _ if ours => Kind::Refused,
            _ => Kind::Unavailable,
        };
        Self {
            call,
            kind,
            code: code.to_owned(),
            reason: message.unwrap_or(code).chars().take(MAX_REASON).collect(),
        }
    }

    /// Whether AWS says that the message is not in the hands of who shows this receipt.
    pub(crate) fn is_receipt_gone(&self) -> bool {
        let code = self.code.rsplit('.').next().unwrap_or_default();
        let gone = [
            "ReceiptHandleIsInvalid",
            "MessageNotInflight",
            "InvalidIdFormat",
        ];
        let says = |words: &str| self.reason.contains(words);
        gone.contains(&code)
            || says("does not exist or is not available for visibility timeout change")
            || says("receipt handle has expired")
    }

    /// Whether S3 could not see that it may publish to a destination: a policy that was written
    /// just now takes some seconds to act.
    pub(crate) fn is_not_validated(&self) -> bool {
        self.code == "InvalidArgument" && self.reason.contains("validate the following destination")
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.kind == Kind::Gone
    }

    /// As an error of a resource manager; the resource is an ARN where there is one.
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
                service: self.call.name().to_owned(),
                reason: self.reason,
            },
            Kind::UnknownCaller | Kind::Gone | Kind::Refused => {
                ResourceError::driver(resource, self.driver())
            }
        }
    }

    /// As an error of a queue.
    pub(crate) fn queue(self, queue: &QueueId, arn: &str) -> QueueError {
        let queue = queue.clone();
        match self.kind {
            Kind::Denied => {
                let missing = self.missing(arn);
                QueueError::Denied {
                    queue,
                    action: self.call.operation,
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
            Kind::UnknownCaller | Kind::Refused => QueueError::driver(queue, self.driver()),
        }
    }

    /// What to allow, in AWS's own words where it says so.
    fn missing(&self, resource: &str) -> MissingPermission {
        MissingPermission::of_message(Cloud::Aws, &self.reason)
            .unwrap_or_else(|| MissingPermission::aws(&self.call.action(), resource))
    }

    fn advice(&self, missing: &MissingPermission) -> String {
        let words = self.reason.trim_end_matches('.');
        let part = missing
            .documented_in
            .map(|sid| format!("\n(it is part of {sid} in the documented policies)"));
        let (statement, part) = (&missing.statement, part.unwrap_or_default());
        format!("{words}; add this statement to the policy of the credentials:\n{statement}{part}")
    }

    fn driver(self) -> AwsError {
        let call = self.call.action();
        match self.kind {
            Kind::UnknownCaller => AwsError::Credentials {
                call,
                reason: match self.code.as_str() {
                    "" => self.reason,
                    code => format!("{code}: {}", self.reason),
                },
            },
            _ => AwsError::Refused {
                call,
                answer: self.code,
                reason: self.reason,
            },
        }
    }
}

fn kind<E>(code: &str, status: Option<u16>, error: &SdkError<E>) -> Kind
where
    E: Error + 'static,
{
    // SNS and SQS write some codes with the service before them.
    let last = code.rsplit(['.', '#']).next().unwrap_or_default();
    let is = |codes: &[&str]| codes.contains(&code) || codes.contains(&last);
    match (error, status) {
        _ if is(&UNKNOWN_CALLER) => Kind::UnknownCaller,
        _ if is(&DENIED) => Kind::Denied,
        _ if is(&GONE) => Kind::Gone,
        _ if is(&THROTTLED) => Kind::Throttled,
        (SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_), _) => {
            if words_of(error).contains("credential") {
                Kind::UnknownCaller
            } else {
                Kind::Unavailable
            }
        }
        (SdkError::TimeoutError(_), _) => Kind::Unavailable,
        // A refusal in a form that the client cannot read is a refusal all the same.
        (_, Some(403)) => Kind::Denied,
        (_, Some(429 | 503)) => Kind::Throttled,
        (_, Some(500..)) => Kind::Unavailable,
        (SdkError::ResponseError(_), _) => Kind::Unavailable,
        _ => Kind::Refused,
    }
}

/// What S3 says beside its message: each argument that it refuses, and why.
fn arguments<E>(error: &SdkError<E>) -> String {
    const MAX_ARGUMENTS: usize = 8;
    let body = error.raw_response().and_then(|raw| raw.body().bytes());
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    let within = |name: &str| {
        let (_, behind) = body.split_once(&format!("<{name}>"))?;
        Some(behind.split_once(&format!("</{name}>"))?.0)
    };
    let mut words = String::new();
    for number in 1..=MAX_ARGUMENTS {
        let name = within(&format!("ArgumentName{number}"));
        let Some((name, value)) = name.zip(within(&format!("ArgumentValue{number}"))) else {
            break;
        };
        words.push_str(&format!("; {name}: {value}"));
    }
    words
}
