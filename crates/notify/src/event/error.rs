//! What is wrong or doubtful in a message.

use std::fmt;

use super::decode::{MAX_BODY_BYTES, MAX_ENVELOPES, MAX_RECORDS};
use super::key::MAX_KEY_BYTES;
use super::{EventCloud, EventKind};

/// Why a message, or a part of it, is no file event, or is doubtful.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The body is longer than any queue delivers.
    #[error("the message has {bytes} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The body is no JSON, and not the base64 form of JSON.
    #[error(
        "the message cannot be read as JSON at byte {offset} (line {line}, column {column}): \
         {problem}, seen {seen}"
    )]
    NotJson {
        /// The byte of the body, or of the text inside of it, counted from 0.
        offset: usize,
        /// Its line, counted from 1.
        line: usize,
        /// Its column in bytes, counted from 1.
        column: usize,
        /// What the JSON reader says.
        problem: String,
        /// The text at that place, shortened and escaped.
        seen: String,
    },
    /// The body is JSON of no form that a cloud sends events in.
    #[error(
        "the message is no event of a form that is known, it is {seen}; send the message as the \
         cloud wrote it, with the attributes of Pub/Sub beside it"
    )]
    NotAnEvent {
        /// What the body is instead, such as the first keys of the object.
        seen: String,
    },
    /// The body is an event, but not one about files.
    #[error(
        "the event is about something else than files: {what}; subscribe the queue to the events \
         of the bucket only"
    )]
    NotAFileEvent {
        /// Its source or type.
        what: String,
    },
    /// A version whose meaning is not known.
    #[error("{field} is '{version}'; {known} can be read")]
    UnknownVersion {
        /// The field that tells it.
        field: &'static str,
        /// What it tells.
        version: String,
        /// What can be read, as words.
        known: &'static str,
    },
    /// A field without which the event says nothing.
    #[error("the event has no {field}")]
    MissingField {
        /// Path of the field in the message.
        field: &'static str,
    },
    /// A field of another type than the cloud documents.
    #[error("{field} is {seen}; it must be {expected}")]
    WrongType {
        /// Path of the field in the message.
        field: &'static str,
        /// What it must be, as words.
        expected: &'static str,
        /// What it is, as words.
        seen: String,
    },
    /// The name of the object is empty or too long.
    #[error("the name of the object has {bytes} bytes; it must have 1 to {MAX_KEY_BYTES}")]
    BadKey {
        /// Length of the name.
        bytes: usize,
    },
    /// The name of the object holds a `%` that begins no sequence; it was taken as it is.
    #[error(
        "the name '{key}' holds a '%' without two hexadecimal digits after it, which was taken as \
         it is; the sender does not encode names as S3 does"
    )]
    BadKeyEncoding {
        /// The name as it is in the message.
        key: String,
    },
    /// A time that cannot be read; the event is told without it.
    #[error("{field} is '{time}', which is no time of RFC 3339; the event is told without it")]
    BadTime {
        /// The field that tells it.
        field: &'static str,
        /// What it tells.
        time: String,
    },
    /// More records than one message may have.
    #[error("the message has more than {MAX_RECORDS} records")]
    TooManyRecords,
    /// Envelopes in envelopes.
    #[error("the message is wrapped more than {MAX_ENVELOPES} times")]
    TooDeep,
    /// The subject of an event of Azure names no blob, and no URL helps.
    #[error(
        "the subject '{subject}' names no blob; it must be \
         /blobServices/default/containers/CONTAINER/blobs/NAME"
    )]
    BadSubject {
        /// The subject.
        subject: String,
    },
    /// The description of an object came without the attributes that tell what happened to it.
    #[error(
        "the message describes an object and does not tell what happened to it, so it is taken \
         as {taken}; pass the attributes of the Pub/Sub message as well"
    )]
    NoEventType {
        /// What it is taken for.
        taken: EventKind,
    },
    /// The body has the fields of two forms at once.
    #[error("the message is {one} and {other} at once")]
    Ambiguous {
        /// One form, as words.
        one: &'static str,
        /// The other form, as words.
        other: &'static str,
    },
    /// The payload says something else than the attributes, which count.
    #[error("{field} is '{payload}', and the attribute that counts is '{attribute}'")]
    Disagree {
        /// The field of the payload.
        field: &'static str,
        /// What the payload says.
        payload: String,
        /// What the attribute says.
        attribute: String,
    },
    /// The event is of another cloud than was asked for.
    #[error("the event is one of {found}, and one of {asked} was expected")]
    WrongCloud {
        /// The cloud of the event.
        found: EventCloud,
        /// The cloud that was asked for.
        asked: EventCloud,
    },
    /// The payload cannot be read; the attributes tell the event without the size.
    #[error("the payload cannot be read, so the size is not known: {error}")]
    BadPayload {
        /// Why not.
        error: Box<EventError>,
    },
    /// Something is wrong in an envelope or a list.
    #[error("in {place}: {error}")]
    Inside {
        /// Where, such as `Message` or `Records[2]`.
        place: Place,
        /// What.
        error: Box<EventError>,
    },
}

impl EventError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_notify::{decode, EventError};
    ///
    /// let decoded = decode(None, b"{\"foo\":\"bar\"}");
    /// assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0003");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "FLOE-NOTIFY-0001",
            Self::NotJson { .. } => "FLOE-NOTIFY-0002",
            Self::NotAnEvent { .. } => "FLOE-NOTIFY-0003",
            Self::NotAFileEvent { .. } => "FLOE-NOTIFY-0004",
            Self::UnknownVersion { .. } => "FLOE-NOTIFY-0005",
            Self::MissingField { .. } => "FLOE-NOTIFY-0006",
            Self::WrongType { .. } => "FLOE-NOTIFY-0007",
            Self::BadKey { .. } => "FLOE-NOTIFY-0008",
            Self::BadKeyEncoding { .. } => "FLOE-NOTIFY-0009",
            Self::BadTime { .. } => "FLOE-NOTIFY-0010",
            Self::TooManyRecords => "FLOE-NOTIFY-0011",
            Self::TooDeep => "FLOE-NOTIFY-0012",
            Self::BadSubject { .. } => "FLOE-NOTIFY-0013",
            Self::NoEventType { .. } => "FLOE-NOTIFY-0014",
            Self::Ambiguous { .. } => "FLOE-NOTIFY-0015",
            Self::Disagree { .. } => "FLOE-NOTIFY-0016",
            Self::WrongCloud { .. } => "FLOE-NOTIFY-0017",
            Self::BadPayload { .. } => "FLOE-NOTIFY-0018",
            Self::Inside { error, .. } => error.code(),
        }
    }

    /// What is wrong, without the envelopes around it.
    ///
    /// ```
    /// use floe_notify::{EventError, decode};
    ///
    /// let decoded = decode(None, br#"{"Type":"Notification","Message":"{}"}"#);
    /// let error = &decoded.findings[0].error;
    /// assert!(matches!(error, EventError::Inside { .. }));
    /// assert!(matches!(error.innermost(), EventError::NotAnEvent { .. }));
    /// ```
    #[must_use]
    pub fn innermost(&self) -> &Self {
        let mut error = self;
        while let Self::Inside { error: inner, .. } = error {
            error = inner;
        }
        error
    }

    /// The same error, in an envelope or a list.
    pub(super) fn inside(self, place: Place) -> Self {
        Self::Inside {
            place,
            error: Box::new(self),
        }
    }
}

/// A place in a message: a field, and which item of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The name of the field.
    pub field: &'static str,
    /// Which item, counted from 0, when the field is a list.
    pub index: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventSeverity {
    /// An event is missing: the message, or this part of it, could not be read.
    Error,
    /// The event is told, and something about it is doubtful.
    Warning,
}

impl fmt::Display for EventSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong or doubtful in a message. Its text form is one line.
///
/// ```
/// let decoded = floe_notify::decode(None, b"plain text");
/// assert_eq!(
///     decoded.findings[0].to_string(),
///     "error[FLOE-NOTIFY-0002]: the message cannot be read as JSON at byte 0 (line 1, column 1): \
///      expected an object, a list, or either in base64, seen 'plain text'",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFinding {
    /// Whether an event is missing because of it.
    pub severity: EventSeverity,
    /// What it is.
    pub error: EventError,
}

impl EventFinding {
    /// The stable code, that of the error.
    ///
    /// ```
    /// let decoded = floe_notify::decode(None, b"[]");
    /// assert_eq!(decoded.findings[0].code(), "FLOE-NOTIFY-0003");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error.code()
    }

    /// Whether an event is missing because of it.
    ///
    /// ```
    /// assert!(floe_notify::decode(None, b"[]").findings[0].is_error());
    /// ```
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == EventSeverity::Error
    }
}

impl fmt::Display for EventFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code(), self.error)
    }
}
