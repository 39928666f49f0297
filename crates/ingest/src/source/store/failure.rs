//! What the errors of `object_store` mean to a stream.

use std::error::Error as _;
use std::io;

use object_store::Error;

use crate::SourceError;

/// What the connection makes of an answer that refuses a listing: `object_store` tells these from
/// other failures for single objects alone.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {words}")]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) words: String,
}

pub(super) fn is_missing(error: &Error) -> bool {
    // A file of a directory cannot have files below it.
    let is_below_file = || {
        let cause = cause::<io::Error>(error);
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::NotADirectory)
    };
    matches!(error, Error::NotFound { .. }) || is_below_file()
}

pub(super) fn failed(action: &str, key: &[u8], error: &Error) -> SourceError {
    let what = format!("{action} {}", key.escape_ascii());
    if let Some(refusal) = cause::<Refusal>(error) {
        let reason = refusal.to_string();
        return SourceError::Denied { what, reason };
    }
    let reason = words(error);
    match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            SourceError::Denied { what, reason }
        }
        Error::InvalidPath { .. } => SourceError::Unaddressable {
            key: key.escape_ascii().to_string(),
            reason,
        },
        // Also what is missing on the way to a listing, such as the bucket: somebody makes it.
        _ => SourceError::Unavailable { what, reason },
    }
}

fn cause<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(found) = next.downcast_ref() {
            return Some(found);
        }
        cause = next.source();
    }
    None
}

/// The words of an error and of its causes, those that are not said yet.
pub(super) fn words(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = next.source();
    }
    words
}
