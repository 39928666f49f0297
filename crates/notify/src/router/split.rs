//! Taking a message apart, so that each part stands for one event, and putting parts together.
//!
//! What a part says is never read here and stays as it was written: whether it is one event, and
//! which, [`decode`](crate::decode) tells.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::event::base64;
use crate::{MAX_ENVELOPES, MAX_RECORDS};

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One of `Records`.
    Record(Vec<u8>),
    /// A message of its own.
    Whole(Vec<u8>),
}

/// Fields that hold a message, alone or in a list.
const ENVELOPES: [&str; 6] = [
    "Message",
    "Messages",
    "messages",
    "receivedMessages",
    "Body",
    "body",
];
/// Fields of a record that hold a message instead.
const RECORD_ENVELOPES: [&str; 2] = ["body", "Sns"];

impl Part {
    /// The part as a message.
    pub(super) fn body(&self) -> Vec<u8> {
        join(&[self])
    }
}

/// The parts of a message in order; all that is not known is one.
pub(super) fn parts(body: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    take(body, 0, &mut parts);
    parts.truncate(MAX_RECORDS);
    parts
}

/// One message of several parts: a list of records where all are, otherwise a list of messages.
pub(super) fn join(parts: &[&Part]) -> Vec<u8> {
    let mut records: Vec<&[u8]> = Vec::new();
    let mut others: Vec<&[u8]> = Vec::new();
    for part in parts {
        match part {
            Part::Record(text) => records.push(text),
            Part::Whole(text) => others.push(text),
        }
    }
    let records = (!records.is_empty())
        .then(|| [b"{\"Records\":[", records.join(&b',').as_slice(), b"]}"].concat());
    match (records, others.as_slice()) {
        (Some(records), []) => records,
        (None, [one]) => one.to_vec(),
        (records, others) => {
            let all: Vec<&[u8]> = records
                .iter()
                .map(Vec::as_slice)
                .chain(others.iter().copied())
                .collect();
            [b"[", all.join(&b',').as_slice(), b"]"].concat()
        }
    }
}

fn take(body: &[u8], depth: usize, parts: &mut Vec<Part>) {
    let mark = "\u{feff}".as_bytes();
    let text = body.strip_prefix(mark).unwrap_or(body).trim_ascii();
    if depth > MAX_ENVELOPES || parts.len() >= MAX_RECORDS {
        return parts.push(Part::Whole(text.to_vec()));
    }
    match text.first() {
        Some(b'{') => object(text, depth, parts),
        Some(b'[') => match serde_json::from_slice::<Vec<&RawValue>>(text) {
            Ok(items) => {
                for item in items {
                    take(item.get().as_bytes(), depth + 1, parts);
                }
            }
            Err(_) => parts.push(Part::Whole(text.to_vec())),
        },
        Some(b'"') => match serde_json::from_slice::<String>(text) {
            Ok(inner) => take(inner.as_bytes(), depth + 1, parts),
            Err(_) => parts.push(Part::Whole(text.to_vec())),
        },
        _ => match base64::decode(text) {
            Some(inner) if matches!(inner.trim_ascii_start().first(), Some(b'{' | b'[')) => {
                take(&inner, depth + 1, parts);
            }
            _ => parts.push(Part::Whole(text.to_vec())),
        },
    }
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn object(text: &[u8], depth: usize, parts: &mut Vec<Part>) {
    let fields: Fields<'_> = serde_json::from_slice(text).unwrap_or_default();
    let records = fields.get("Records").map(|raw| raw.get());
    let records = records.and_then(|raw| serde_json::from_str::<Vec<&RawValue>>(raw).ok());
    if let Some(records) = records {
        for record in records {
            take_record(record.get(), depth + 1, parts);
        }
        return;
    }
    let envelope = ENVELOPES.iter().find_map(|name| fields.get(*name));
    match envelope.map(|raw| raw.get()) {
        // Of the test event `Message` is not a part, and of a list each item is a message.
        Some(inner) if inner.starts_with(['"', '{', '[']) => {
            take(inner.as_bytes(), depth + 1, parts);
        }
        _ => parts.push(Part::Whole(text.to_vec())),
    }
}

fn take_record(record: &str, depth: usize, parts: &mut Vec<Part>) {
    let fields: Fields<'_> = serde_json::from_str(record).unwrap_or_default();
    let envelope = RECORD_ENVELOPES.iter().find_map(|name| fields.get(*name));
    match envelope {
        Some(inner) if !fields.contains_key("s3") => {
            take(inner.get().as_bytes(), depth, parts);
        }
        _ => parts.push(Part::Record(record.as_bytes().to_vec())),
    }
}
