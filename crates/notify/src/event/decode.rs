//! From the body of a message to events.

mod azure;
pub(crate) mod base64;
mod forms;
mod gcs;
mod local;
mod s3;
mod wire;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{EventError, EventFinding, EventSeverity, Place};
use super::{EventCloud, EventTime, FileEvent};
use forms::Top;
use wire::{Field, List};

/// Longest body that is read. The largest message is one of Pub/Sub: 10 MB ("Pub/Sub quotas and
/// limits"), a third more in base64.
pub const MAX_BODY_BYTES: usize = 16 << 20;
/// Most records of one message, in all its lists together: as many as the largest batch of
/// messages that Lambda is given ("Using Lambda with Amazon SQS").
pub const MAX_RECORDS: usize = 10_000;
/// Most envelopes and lists around an event. The deepest known have five: a list of messages,
/// a message, its body, the topic's envelope, a list of records.
pub const MAX_ENVELOPES: usize = 8;

/// Most bytes of a message that are shown in a finding.
const SHOWN_BYTES: usize = 40;
/// Most keys of an object that are shown in a finding.
const SHOWN_KEYS: usize = 6;

/// What a message says: events in the order of the message, and everything that is wrong or
/// doubtful in it.
///
/// A message without events and without errors is legal, such as `{"Records":[]}`.
///
/// ```
/// let decoded = floe_notify::decode(None, br#"{"Records":[]}"#);
/// assert!(decoded.events.is_empty() && decoded.is_complete());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Decoded<'a> {
    /// The events.
    pub events: Vec<FileEvent<'a>>,
    /// The findings; every error stands for at least one event that is missing.
    pub findings: Vec<EventFinding>,
}

impl Decoded<'_> {
    /// Whether everything in the message was understood: there may be warnings, but no errors.
    /// Do not acknowledge a message that is not complete before somebody knows of it.
    ///
    /// ```
    /// assert!(!floe_notify::decode(None, b"{}").is_complete());
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.findings.iter().any(EventFinding::is_error)
    }

    /// The same, independent of the message.
    ///
    /// ```
    /// let body = br#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#.to_vec();
    /// let decoded = floe_notify::decode(None, &body).into_owned();
    /// drop(body);
    /// assert_eq!(decoded.events.len(), 1);
    /// ```
    pub fn into_owned(self) -> Decoded<'static> {
        Decoded {
            events: self.events.into_iter().map(FileEvent::into_owned).collect(),
            findings: self.findings,
        }
    }
}

/// Decodes the body of a message of any cloud, or of one.
///
/// Read as they are: records of S3 and of stores like it, the test event of S3, EventBridge,
/// Event Grid, CloudEvents, Pub/Sub messages with their attributes in JSON, the description of
/// an object of Cloud Storage, events of local directories. Taken off: the envelope of SNS, base64,
/// lists, and the envelopes of what pushes, pulls or prints messages (Lambda, Eventarc, Cloud
/// Functions, `aws sqs receive-message`, `gcloud pubsub subscriptions pull`).
///
/// Fields that are not known are ignored. A record that cannot be used is an error among the
/// findings and does not keep the others back. With `cloud`, events of another one are errors.
///
/// ```
/// use floe_notify::{EventCloud, EventKind, decode};
///
/// let body = br#"{"subject":"/blobServices/default/containers/landing/blobs/orders/a.json",
///     "eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-03-01T10:15:30.9584103Z",
///     "data":{"api":"FlushWithClose","contentLength":524288}}"#;
/// let decoded = decode(Some(EventCloud::Azure), body);
/// assert!(decoded.is_complete());
/// assert_eq!(decoded.events[0].kind, EventKind::Created);
/// assert_eq!(decoded.events[0].size, Some(524_288));
/// ```
pub fn decode(cloud: Option<EventCloud>, body: &[u8]) -> Decoded<'_> {
    let mut reader = Reader::new(cloud);
    reader.body(body);
    reader.decoded
}

/// Decodes a message that has attributes beside its body, as Pub/Sub delivers it.
///
/// Attributes count when they are those of Cloud Storage; the body is then the payload, which
/// may be empty and only adds the size. Otherwise it is as if there were none.
///
/// ```
/// use floe_notify::{EventCloud, EventKind, decode_message};
///
/// let attributes = [
///     ("eventType", "OBJECT_FINALIZE"),
///     ("payloadFormat", "NONE"),
///     ("bucketId", "acme-landing"),
///     ("objectId", "orders/a b.json"),
///     ("objectGeneration", "1529001256369598"),
/// ];
/// let decoded = decode_message(Some(EventCloud::Gcp), b"", attributes);
/// assert_eq!(decoded.events[0].kind, EventKind::Created);
/// assert_eq!(decoded.events[0].key.as_ref().unwrap().as_str(), Some("orders/a b.json"));
/// ```
pub fn decode_message<'a>(
    cloud: Option<EventCloud>,
    body: &'a [u8],
    attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Decoded<'a> {
    let mut reader = Reader::new(cloud);
    match gcs::attributes(attributes) {
        Some(_) if body.len() > MAX_BODY_BYTES => {
            reader.fail(EventError::TooLarge { bytes: body.len() })
        }
        Some(attributes) => reader.attempt(|reader| gcs::notified(reader, attributes, body)),
        None => reader.body(body),
    }
    reader.decoded
}

/// A message being read.
struct Reader<'a> {
    asked: Option<EventCloud>,
    /// Envelopes around what is read now.
    depth: usize,
    /// Records that may still come.
    left: usize,
    decoded: Decoded<'a>,
}

impl<'a> Reader<'a> {
    fn new(asked: Option<EventCloud>) -> Self {
        Self {
            asked,
            depth: 0,
            left: MAX_RECORDS,
            decoded: Decoded::default(),
        }
    }

    fn event(&mut self, event: FileEvent<'a>) {
        match self.asked {
            Some(asked) if asked != event.cloud => {
                let found = event.cloud;
                self.fail(EventError::WrongCloud { found, asked });
            }
            _ => self.decoded.events.push(event),
        }
    }

    fn fail(&mut self, error: EventError) {
        self.find(EventSeverity::Error, error);
    }

    fn warn(&mut self, error: EventError) {
        self.find(EventSeverity::Warning, error);
    }

    fn find(&mut self, severity: EventSeverity, error: EventError) {
        self.decoded.findings.push(EventFinding { severity, error });
    }

    fn attempt(&mut self, read: impl FnOnce(&mut Self) -> Result<(), EventError>) {
        if let Err(error) = read(self) {
            self.fail(error);
        }
    }

    /// Reads what an envelope or a list holds; its findings tell the place.
    fn within(&mut self, field: &'static str, index: Option<usize>, read: impl FnOnce(&mut Self)) {
        let before = self.decoded.findings.len();
        if self.depth == MAX_ENVELOPES {
            self.fail(EventError::TooDeep);
        } else {
            self.depth += 1;
            read(self);
            self.depth -= 1;
        }
        let place = Place { field, index };
        let new = self.decoded.findings.split_off(before);
        self.decoded
            .findings
            .extend(new.into_iter().map(|finding| EventFinding {
                severity: finding.severity,
                error: finding.error.inside(place),
            }));
    }

    /// Reads a text that does not outlive the message.
    fn passing(&mut self, text: &[u8]) {
        let mut inner = Reader {
            asked: self.asked,
            depth: self.depth,
            left: self.left,
            decoded: Decoded::default(),
        };
        inner.body(text);
        self.left = inner.left;
        let Decoded { events, findings } = inner.decoded.into_owned();
        self.decoded.events.extend(events);
        self.decoded.findings.extend(findings);
    }

    fn body(&mut self, body: &'a [u8]) {
        if body.len() > MAX_BODY_BYTES {
            return self.fail(EventError::TooLarge { bytes: body.len() });
        }
        let mark = "\u{feff}".as_bytes();
        let text = body.strip_prefix(mark).unwrap_or(body).trim_ascii();
        match text.first() {
            Some(b'{') => self.object(text),
            Some(b'[') => self.list(text),
            Some(b'"') => self.within("the text", None, |reader| reader.quoted(text)),
            _ => match base64::decode(text).filter(|text| begins_json(text)) {
                Some(text) => self.within("base64", None, |reader| reader.passing(&text)),
                None => self.fail(EventError::NotJson {
                    offset: 0,
                    line: 1,
                    column: 1,
                    problem: "expected an object, a list, or either in base64".to_owned(),
                    seen: seen(text),
                }),
            },
        }
    }

    /// Reads JSON that stands in an envelope, as a value or as a text.
    fn raw(&mut self, field: &'static str, raw: &'a RawValue) {
        let text = raw.get().as_bytes();
        self.within(field, None, |reader| match text.first() {
            Some(b'"') => reader.quoted(text),
            _ => reader.body(text),
        });
    }

    fn quoted(&mut self, text: &[u8]) {
        match parse::<Cow<'_, str>>(text) {
            Ok(inner) => self.passing(inner.as_bytes()),
            Err(error) => self.fail(error),
        }
    }

    fn list(&mut self, text: &'a [u8]) {
        match parse::<List<&'a RawValue>>(text) {
            Ok(List::Many(items)) if items.is_empty() => self.fail(EventError::NotAnEvent {
                seen: "an empty list".to_owned(),
            }),
            Ok(list) => self.items("the list", list, |reader, item| {
                reader.body(item.get().as_bytes());
            }),
            Err(error) => self.fail(error),
        }
    }

    /// Reads each item of a list.
    fn items<T>(&mut self, field: &'static str, list: List<T>, mut read: impl FnMut(&mut Self, T)) {
        let items = match list {
            List::Missing => return,
            List::One(item) => return self.item(field, 0, |reader| read(reader, item)),
            List::Many(items) if items.len() <= self.left => items,
            List::Many(_) | List::TooMany => return self.fail(EventError::TooManyRecords),
            List::Other(seen) => {
                return self.fail(wire::wrong(field, "a list", seen.to_owned()));
            }
        };
        for (index, item) in items.into_iter().enumerate() {
            self.item(field, index, |reader| read(reader, item));
        }
    }

    fn item(&mut self, field: &'static str, index: usize, read: impl FnOnce(&mut Self)) {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.within(field, Some(index), read);
            }
            None => self.fail(EventError::TooManyRecords),
        }
    }

    fn object(&mut self, text: &'a [u8]) {
        match parse::<Top<'a>>(text) {
            Ok(mut top) => self.attempt(|reader| reader.top(&mut top, text)),
            Err(error) => self.fail(error),
        }
    }

    /// Tells the form of an object by its fields, and reads it.
    fn top(&mut self, top: &mut Top<'a>, text: &'a [u8]) -> Result<(), EventError> {
        if !matches!(top.records, List::Missing) {
            return s3::records(self, top);
        }
        if s3::is_sns(top) {
            return s3::sns(self, top, text);
        }
        if top.s3.is_some() {
            return s3::alone(self, text);
        }
        if s3::is_test(top) {
            return s3::test(self, std::mem::take(top));
        }
        if top.detail.is_there() || top.detail_type.is_there() {
            return s3::event_bridge(self, std::mem::take(top));
        }
        if local::is_one(top) {
            return local::read(self, std::mem::take(top), text);
        }
        if gcs::is_one(top) {
            return gcs::read(self, std::mem::take(top), text);
        }
        if azure::is_one(top) {
            return azure::read(self, std::mem::take(top));
        }
        let lists = [
            ("Messages", top.sqs_messages),
            ("messages", top.messages),
            ("receivedMessages", top.pulled),
        ];
        for (field, raw) in lists {
            if let Some(raw) = raw {
                let list = parse::<List<&'a RawValue>>(raw.get().as_bytes())?;
                self.items(field, list, |reader, item| {
                    reader.body(item.get().as_bytes())
                });
                return Ok(());
            }
        }
        for (field, raw) in [("Body", top.sqs_body), ("body", top.body)] {
            if let Some(raw) = raw {
                self.raw(field, raw);
                return Ok(());
            }
        }
        if gcs::is_description(text) {
            return gcs::alone(self, text);
        }
        let seen = keys(text);
        Err(EventError::NotAnEvent { seen })
    }

    /// The time of an event; one that cannot be read is doubtful.
    fn time(
        &mut self,
        field: &'static str,
        value: Field<'_>,
        parse: impl FnOnce(&str) -> Option<EventTime>,
    ) -> Result<Option<EventTime>, EventError> {
        let Some(text) = value.text(field)? else {
            return Ok(None);
        };
        let time = parse(&text);
        if time.is_none() {
            self.warn(EventError::BadTime {
                field,
                time: shortened(text.as_bytes()),
            });
        }
        Ok(time)
    }
}

/// Entity tags stand with quotes and without.
fn unquoted(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let bare = text.trim_matches('"');
    if bare.is_empty() {
        return None;
    }
    if bare.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches('"')),
        Cow::Owned(text) => Cow::Owned(text.trim_matches('"').to_owned()),
    })
}

/// The number before the first point of a version.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

fn begins_json(text: &[u8]) -> bool {
    matches!(text.trim_ascii_start().first(), Some(b'{' | b'['))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, EventError> {
    serde_json::from_slice(text).map_err(|error| {
        let line_start: usize = text
            .split_inclusive(|byte| *byte == b'\n')
            .take(error.line().saturating_sub(1))
            .map(<[u8]>::len)
            .sum();
        // Where a text ends too early, the column is that of its last byte.
        let offset = match error.is_eof() {
            true => text.len(),
            false => text.len().min(line_start + error.column().max(1) - 1),
        };
        let message = error.to_string();
        let problem = message
            .rsplit_once(" at line ")
            .map_or(&*message, |(problem, _)| problem);
        EventError::NotJson {
            offset,
            line: error.line().max(1),
            column: offset.saturating_sub(line_start) + 1,
            problem: problem.to_owned(),
            seen: seen(text.get(offset..).unwrap_or_default()),
        }
    })
}

/// A piece of a message, for people.
fn seen(text: &[u8]) -> String {
    if text.is_empty() {
        return "the end".to_owned();
    }
    format!("'{}'", shortened(text))
}

/// At most [`SHOWN_BYTES`] of a text, on one line.
fn shortened(text: &[u8]) -> String {
    let (shown, rest) = text.split_at(text.len().min(SHOWN_BYTES));
    let shown = String::from_utf8_lossy(shown).escape_debug().to_string();
    let shown = shown.replace("\\\"", "\"").replace("\\'", "'");
    if rest.is_empty() {
        shown
    } else {
        format!("{shown}…")
    }
}

/// The first keys of an object, for people.
fn keys(text: &[u8]) -> String {
    let object: Option<wire::FirstKeys> = serde_json::from_slice(text).ok();
    let keys = object.unwrap_or_default().0;
    if keys.is_empty() {
        return "an object without keys".to_owned();
    }
    let more = if keys.len() > SHOWN_KEYS { ", …" } else { "" };
    let shown: Vec<String> = keys
        .iter()
        .take(SHOWN_KEYS)
        .map(|key| shortened(key.as_bytes()))
        .collect();
    format!("an object with {}{more}", shown.join(", "))
}
