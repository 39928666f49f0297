//! S3: its records, its test event, EventBridge, and the envelope of SNS.

use std::borrow::Cow;

use super::super::error::EventError;
use super::super::key::ObjectKey;
use super::super::version::{Sequencer, Version};
use super::super::{Dialect, EventCloud, EventKind, EventTime, FileEvent};
use super::forms::{Detail, Named, Raw, Record, S3, S3Object, Top};
use super::wire::{Field, Object, wrong};
use super::{Reader, major, parse, shortened, unquoted};

/// "The major version is compared for equality, the minor one for at least" ("Event message
/// structure" of the S3 User Guide).
const RECORD_MAJOR: &str = "2";
/// EventBridge and its events of S3 have had one version so far.
const BRIDGE_MAJOR: &str = "0";
/// The source of records that are S3's own.
const SOURCE: &str = "aws:s3";
/// The source of events of EventBridge that are S3's own.
const BRIDGE_SOURCE: &str = "aws.s3";
/// Names of events stand with this in front in configurations, in the test event, and in records
/// of some stores.
const PREFIX: &str = "s3:";
const TEST: &str = "TestEvent";

/// Types of SNS that ask for or confirm something, and carry no event.
const CONFIRMATIONS: [&str; 2] = ["SubscriptionConfirmation", "UnsubscribeConfirmation"];

// === records ===

pub(super) fn records<'a>(reader: &mut Reader<'a>, top: &mut Top<'a>) -> Result<(), EventError> {
    if is_sns(top) {
        return Err(EventError::Ambiguous {
            one: "a list of records",
            other: "an envelope of SNS",
        });
    }
    reader.items(
        "Records",
        std::mem::take(&mut top.records),
        |reader, item| {
            reader.attempt(|reader| match item.get("the record")? {
                Some(item) => record(reader, item),
                None => Err(wrong("the record", "an object", "null".to_owned())),
            });
        },
    );
    Ok(())
}

/// A record without the list around it.
pub(super) fn alone<'a>(reader: &mut Reader<'a>, text: &'a [u8]) -> Result<(), EventError> {
    record(reader, parse(text)?)
}

pub(super) fn record<'a>(reader: &mut Reader<'a>, record: Record<'a>) -> Result<(), EventError> {
    let source = record.event_source.text("eventSource")?;
    if let Some(source) = source.as_deref().filter(|source| !is_of_s3(source)) {
        if let Some(body) = record.body {
            reader.raw("body", body);
            return Ok(());
        }
        return Err(EventError::NotAFileEvent {
            what: shortened(source.as_bytes()),
        });
    }
    let Some(s3) = record.s3.get("s3")? else {
        return wrapped(reader, record.body, record.sns, &record.event_source_of_sns);
    };
    let version = record.event_version.text("eventVersion")?;
    known(
        version.as_deref(),
        "eventVersion",
        RECORD_MAJOR,
        "versions 2.x",
    )?;

    let name = record.event_name.required("eventName")?;
    let dialect = match source.as_deref() {
        None => Dialect::S3,
        Some(source) if source.starts_with(SOURCE) => Dialect::S3,
        Some(_) => Dialect::S3Compatible,
    };
    let mut event = FileEvent::new(EventCloud::Aws, dialect, kind_of(&name), name);
    event.time = reader.time("eventTime", record.event_time, EventTime::parse)?;
    let S3 { bucket, object } = s3;
    event.bucket = bucket_of(bucket, "s3.bucket", "s3.bucket.name")?;
    let object = object.get("s3.object")?.unwrap_or_default();
    describe(reader, &mut event, object, Keys::Encoded)?;
    check(&event, "s3.bucket.name", "s3.object.key")?;
    reader.event(event);
    Ok(())
}

/// A trigger of Lambda gives the message of a queue, or the envelope of a topic, as a record.
fn wrapped<'a>(
    reader: &mut Reader<'a>,
    body: Option<&'a serde_json::value::RawValue>,
    sns: Option<&'a serde_json::value::RawValue>,
    source: &Field<'_>,
) -> Result<(), EventError> {
    match (body, sns) {
        (Some(body), _) => reader.raw("body", body),
        (None, Some(sns)) => reader.raw("Sns", sns),
        (None, None) => {
            return Err(EventError::NotAnEvent {
                seen: match source.as_str() {
                    Some(source) => {
                        format!(
                            "a record of '{}' without a message",
                            shortened(source.as_bytes())
                        )
                    }
                    None => "a record without `s3`".to_owned(),
                },
            });
        }
    }
    Ok(())
}

/// `aws:s3`, `minio:s3`, `ceph:s3`, and what adds more parts.
fn is_of_s3(source: &str) -> bool {
    source.split(':').any(|part| part == "s3")
}

fn kind_of(name: &str) -> EventKind {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    match name.split(':').next().unwrap_or(name) {
        "ObjectCreated" => EventKind::Created,
        "ObjectRemoved" | "LifecycleExpiration" => EventKind::Removed,
        TEST => EventKind::Test,
        _ => EventKind::Other,
    }
}

// === the test event ===

pub(super) fn is_test(top: &Top<'_>) -> bool {
    let name = top.event.as_str().unwrap_or_default();
    name.starts_with(PREFIX) || top.service.as_str() == Some("Amazon S3")
}

pub(super) fn test<'a>(reader: &mut Reader<'a>, top: Top<'a>) -> Result<(), EventError> {
    let name = top.event.required("Event")?;
    let mut event = FileEvent::new(EventCloud::Aws, Dialect::S3Test, kind_of(&name), name);
    if event.kind.has_key() {
        return Err(EventError::MissingField { field: "Records" });
    }
    event.time = reader.time("Time", top.time_of_test, EventTime::parse)?;
    event.bucket = top.bucket_of_test.text("Bucket")?;
    reader.event(event);
    Ok(())
}

// === SNS ===

pub(super) fn is_sns(top: &Top<'_>) -> bool {
    let kind = top.type_of_sns.as_str().unwrap_or_default();
    let named = kind == "Notification" || top.topic_arn.is_there();
    let message = &top.message_of_sns;
    CONFIRMATIONS.contains(&kind) || message.as_str().is_some() || message.is_there() && named
}

pub(super) fn sns<'a>(
    reader: &mut Reader<'a>,
    top: &mut Top<'a>,
    text: &'a [u8],
) -> Result<(), EventError> {
    if let Some(kind) = top.type_of_sns.as_str()
        && CONFIRMATIONS.contains(&kind)
    {
        let kind = std::mem::take(&mut top.type_of_sns).required("Type")?;
        let mut event = FileEvent::new(EventCloud::Aws, Dialect::Sns, EventKind::Other, kind);
        let time = std::mem::take(&mut top.timestamp);
        event.time = reader.time("Timestamp", time, EventTime::parse)?;
        reader.event(event);
        return Ok(());
    }
    match std::mem::take(&mut top.message_of_sns) {
        Field::Text(message) => reader.within("Message", None, |reader| match message {
            Cow::Borrowed(message) => reader.body(message.as_bytes()),
            Cow::Owned(message) => reader.passing(message.as_bytes()),
        }),
        // Some who record messages put the object itself in place of its text.
        _ => match parse::<Raw<'a>>(text)?.message {
            Some(message) => reader.raw("Message", message),
            None => return Err(EventError::MissingField { field: "Message" }),
        },
    }
    Ok(())
}

// === EventBridge ===

pub(super) fn event_bridge<'a>(reader: &mut Reader<'a>, top: Top<'a>) -> Result<(), EventError> {
    let name = top.detail_type.text("detail-type")?;
    match top.source.text("source")? {
        Some(source) if source != BRIDGE_SOURCE => {
            let what = match &name {
                Some(name) => format!("'{name}' of {source}"),
                None => source.into_owned(),
            };
            return Err(EventError::NotAFileEvent {
                what: shortened(what.as_bytes()),
            });
        }
        _ => {}
    }
    let version = top.version.text("version")?;
    known(version.as_deref(), "version", BRIDGE_MAJOR, "version 0")?;
    let detail: Detail<'a> = top
        .detail
        .get("detail")?
        .ok_or(EventError::MissingField { field: "detail" })?;
    let version = detail.version.text("detail.version")?;
    known(
        version.as_deref(),
        "detail.version",
        BRIDGE_MAJOR,
        "version 0",
    )?;

    let reason = detail.reason.text("detail.reason")?;
    let kind = match (&name, &reason) {
        (Some(name), _) if name.starts_with("Object Created") => EventKind::Created,
        (Some(name), _) if name.starts_with("Object Deleted") => EventKind::Removed,
        (Some(_), _) => EventKind::Other,
        // Security Lake passes on what is created, without the type ("Sample notification
        // message" of its User Guide).
        (None, Some(reason)) if reason.starts_with("Delete") || reason.starts_with("Lifecycle") => {
            EventKind::Removed
        }
        (None, _) => EventKind::Created,
    };
    let name = name.unwrap_or(Cow::Borrowed(""));
    let mut event = FileEvent::new(EventCloud::Aws, Dialect::EventBridge, kind, name);
    event.operation = reason;
    event.time = reader.time("time", top.time, EventTime::parse)?;
    event.bucket = bucket_of(detail.bucket, "detail.bucket", "detail.bucket.name")?;
    let object = detail.object.get("detail.object")?.unwrap_or_default();
    describe(reader, &mut event, object, Keys::Plain)?;
    check(&event, "detail.bucket.name", "detail.object.key")?;
    reader.event(event);
    Ok(())
}

// === both ===

/// How the keys of a form are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// As in a form of a web page.
    Encoded,
    /// As they are ("Using EventBridge", S3 User Guide: keys are not URL encoded).
    Plain,
}

fn describe<'a>(
    reader: &mut Reader<'a>,
    event: &mut FileEvent<'a>,
    object: S3Object<'a>,
    keys: Keys,
) -> Result<(), EventError> {
    // MinIO tells of buckets too, with an empty key.
    if event.kind.has_key() && object.key.as_str() == Some("") {
        return Err(EventError::BadKey { bytes: 0 });
    }
    event.key = match (object.key.text("object.key")?, keys) {
        (None, _) => None,
        (Some(text), Keys::Plain) => Some(ObjectKey::from_text(text)?),
        (Some(text), Keys::Encoded) => {
            let (key, well_formed) = ObjectKey::from_form(text)?;
            if !well_formed {
                reader.warn(EventError::BadKeyEncoding {
                    key: shortened(key.as_bytes()),
                });
            }
            Some(key)
        }
    };
    event.size = object.size.number("object.size")?;
    event.version = Version::S3 {
        version_id: object.version_id.text("object.versionId")?,
        etag: object.etag.text("object.eTag")?.and_then(unquoted),
    };
    event.sequencer = object
        .sequencer
        .text("object.sequencer")?
        .map(Sequencer::S3);
    Ok(())
}

fn bucket_of<'a>(
    bucket: Object<Named<'a>>,
    object: &'static str,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, EventError> {
    match bucket.get(object)? {
        Some(bucket) => bucket.name.text(name),
        None => Ok(None),
    }
}

/// An event about a file says which.
fn check(event: &FileEvent<'_>, bucket: &'static str, key: &'static str) -> Result<(), EventError> {
    match (event.kind.has_key(), &event.bucket, &event.key) {
        (true, None, _) => Err(EventError::MissingField { field: bucket }),
        (true, _, None) => Err(EventError::MissingField { field: key }),
        _ => Ok(()),
    }
}

fn known(
    version: Option<&str>,
    field: &'static str,
    expected: &str,
    words: &'static str,
) -> Result<(), EventError> {
    match version {
        Some(version) if major(version) != expected => Err(EventError::UnknownVersion {
            field,
            version: shortened(version.as_bytes()),
            known: words,
        }),
        _ => Ok(()),
    }
}
