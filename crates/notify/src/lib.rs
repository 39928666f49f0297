//! File notification: events of three clouds as one type, and what their plumbing is made of.
#![forbid(unsafe_code)]

mod event;

pub use event::{
    Cloud, Decoded, Dialect, EventError, EventFinding, EventKind, EventSeverity, EventTime,
    FileEvent, MAX_BODY_BYTES, MAX_ENVELOPES, MAX_KEY_BYTES, MAX_RECORDS, ObjectKey, Overwrite,
    Place, Sequencer, Source, Version, decode, decode_message,
};
