//! Cloud Storage: the attributes of Pub/Sub messages, their payload, and what wraps both.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::error::EventError;
use super::super::key::ObjectKey;
use super::super::version::{Sequencer, Version};
use super::super::{Dialect, EventCloud, EventKind, EventTime, FileEvent, Overwrite};
use super::forms::{Attributes, Context, PubSub, Raw, Resource, Top};
use super::wire::{Field, Object};
use super::{Reader, base64, begins_json, parse, shortened};

/// What the description of an object says that it is.
const OBJECT: &str = "storage#object";
/// Types of events of Eventarc that have such a description as data.
const EVENTARC: &str = "google.cloud.storage.object.v1.";
/// The type of what Eventarc makes of a message of Pub/Sub.
const EVENTARC_MESSAGE: &str = "google.cloud.pubsub.topic.v1.messagePublished";
/// Types of events in the attributes of notifications.
const NOTIFICATIONS: &str = "OBJECT_";
/// Types of events of Cloud Functions of the first generation.
const FUNCTIONS: &str = "google.storage.object.";

// === the attributes of a message that was received ===

/// The attributes of Cloud Storage among others; `None` when it sent none of them.
pub(super) fn attributes<'a>(
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Option<Attributes<'a>> {
    let mut attributes = Attributes::default();
    for (name, value) in pairs {
        let field = match name {
            "eventType" => &mut attributes.event_type,
            "payloadFormat" => &mut attributes.payload_format,
            "bucketId" => &mut attributes.bucket,
            "objectId" => &mut attributes.object,
            "objectGeneration" => &mut attributes.generation,
            "eventTime" => &mut attributes.time,
            "overwroteGeneration" => &mut attributes.overwrote,
            "overwrittenByGeneration" => &mut attributes.overwritten_by,
            _ => continue,
        };
        *field = Field::Text(Cow::Borrowed(value));
    }
    are_of_storage(&attributes).then_some(attributes)
}

fn are_of_storage(attributes: &Attributes<'_>) -> bool {
    attributes.event_type.is_there()
        && (attributes.bucket.is_there() || attributes.object.is_there())
}

/// A notification: attributes, and a payload that may be empty.
pub(super) fn notified<'a>(
    reader: &mut Reader<'a>,
    attributes: Attributes<'a>,
    payload: &[u8],
) -> Result<(), EventError> {
    let name = attributes.event_type.required("attributes.eventType")?;
    let mut event = FileEvent::new(EventCloud::Gcp, Dialect::PubSub, kind_of(&name), name);
    let bucket = attributes.bucket.required("attributes.bucketId")?;
    let key = match attributes.object {
        Field::Text(text) => ObjectKey::from_text(text)?,
        other => ObjectKey::from_text(other.required("attributes.objectId")?)?,
    };
    let generation = attributes
        .generation
        .number("attributes.objectGeneration")?;
    event.time = reader.time("attributes.eventTime", attributes.time, EventTime::parse)?;
    event.overwrite = match (
        attributes
            .overwrote
            .number("attributes.overwroteGeneration")?,
        attributes
            .overwritten_by
            .number("attributes.overwrittenByGeneration")?,
    ) {
        (Some(generation), _) => Some(Overwrite::Overwrote(generation)),
        (None, Some(generation)) => Some(Overwrite::OverwrittenBy(generation)),
        (None, None) => None,
    };
    let format = attributes.payload_format.text("attributes.payloadFormat")?;
    let payload = match format.as_deref() {
        Some("NONE") => None,
        None | Some("JSON_API_V1") => described(reader, payload),
        Some(other) => {
            reader.warn(EventError::UnknownVersion {
                field: "attributes.payloadFormat",
                version: shortened(other.as_bytes()),
                known: "JSON_API_V1 and NONE",
            });
            None
        }
    };
    let payload = payload.unwrap_or_default();
    agree(reader, "bucket", &payload.bucket, &bucket);
    if let Some(name) = key.as_str() {
        agree(reader, "name", &payload.name, name);
    }
    let of_payload = numbers(reader, &payload);
    event.size = of_payload.size;
    identify(
        &mut event,
        generation.or(of_payload.generation),
        of_payload.metageneration,
    );
    event.bucket = Some(bucket);
    event.key = Some(key);
    reader.event(event);
    Ok(())
}

/// The payload; one that cannot be read is doubtful, because the attributes say what matters.
fn described<'b>(reader: &mut Reader<'_>, payload: &'b [u8]) -> Option<Resource<'b>> {
    let payload = payload.trim_ascii();
    if payload.is_empty() {
        return None;
    }
    let object = parse::<Object<Resource<'b>>>(payload).and_then(|object| object.get("data"));
    object.unwrap_or_else(|error| {
        reader.warn(EventError::BadPayload {
            error: Box::new(error),
        });
        None
    })
}

fn agree(reader: &mut Reader<'_>, field: &'static str, payload: &Field<'_>, attribute: &str) {
    if let Some(payload) = payload.as_str().filter(|payload| *payload != attribute) {
        reader.warn(EventError::Disagree {
            field,
            payload: shortened(payload.as_bytes()),
            attribute: shortened(attribute.as_bytes()),
        });
    }
}

/// The numbers of a description.
#[derive(Default)]
struct Numbers {
    size: Option<u64>,
    generation: Option<u64>,
    metageneration: Option<u64>,
}

fn numbers(reader: &mut Reader<'_>, resource: &Resource<'_>) -> Numbers {
    let mut number = |field, value: &Field<'_>| {
        value.number(field).unwrap_or_else(|error| {
            reader.warn(EventError::BadPayload {
                error: Box::new(error),
            });
            None
        })
    };
    Numbers {
        size: number("size", &resource.size),
        generation: number("generation", &resource.generation),
        metageneration: number("metageneration", &resource.metageneration),
    }
}

fn identify(event: &mut FileEvent<'_>, generation: Option<u64>, metageneration: Option<u64>) {
    event.version = Version::Gcs {
        generation,
        metageneration,
    };
    event.sequencer = generation.map(|generation| Sequencer::Gcs {
        generation,
        metageneration,
    });
}

fn kind_of(name: &str) -> EventKind {
    let name = name
        .strip_prefix(EVENTARC)
        .or_else(|| name.strip_prefix(FUNCTIONS))
        .unwrap_or(name);
    match name {
        "OBJECT_FINALIZE" | "finalize" | "finalized" => EventKind::Created,
        // An archived object is no longer the live version of its name.
        "OBJECT_DELETE" | "delete" | "deleted" | "OBJECT_ARCHIVE" | "archive" | "archived" => {
            EventKind::Removed
        }
        _ => EventKind::Other,
    }
}

// === JSON around messages ===

pub(super) fn is_one(top: &Top<'_>) -> bool {
    let kind = top.kind_of_event.as_str().unwrap_or_default();
    let function = top.event_type.as_str().unwrap_or_default();
    is_object(top.message)
        || top.message_of_sns.is_there()
        || is_object(top.attributes)
        || is_object(top.context)
        || kind.starts_with("google.")
        || function.starts_with(FUNCTIONS)
        || function.starts_with(NOTIFICATIONS)
        || top.kind.as_str() == Some(OBJECT)
}

fn is_object(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| raw.get().starts_with('{'))
}

pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    top: Top<'a>,
    text: &'a [u8],
) -> Result<(), EventError> {
    if is_object(top.message) || top.message_of_sns.is_there() {
        return wrapped(reader, top.message, text);
    }
    if is_object(top.attributes) {
        return pub_sub(reader, text);
    }
    if let Some(context) = top.context.filter(|raw| is_object(Some(raw))) {
        let context = parse::<Object<Context<'a>>>(context.get().as_bytes())?;
        let context = context.get("context")?.unwrap_or_default();
        return evented(
            reader,
            context.event_type,
            context.timestamp,
            data_of(text)?,
        );
    }
    if top.kind.as_str() == Some(OBJECT) {
        return alone(reader, text);
    }
    let function = top.event_type.as_str().unwrap_or_default();
    if function.starts_with(NOTIFICATIONS) {
        return notified(reader, parse(text)?, b"");
    }
    let data = data_of(text)?;
    if function.starts_with(FUNCTIONS) {
        let context: Context<'a> = parse(text)?;
        return evented(reader, context.event_type, context.timestamp, data);
    }
    match (top.kind_of_event.as_str(), data) {
        (Some(EVENTARC_MESSAGE), Some(data)) => {
            reader.raw("data", data);
            Ok(())
        }
        (Some(EVENTARC_MESSAGE), None) => Err(EventError::MissingField { field: "data" }),
        _ => evented(reader, top.kind_of_event, top.time, data),
    }
}

/// What is pushed or pulled holds the message; some write it with a capital.
fn wrapped<'a>(
    reader: &mut Reader<'a>,
    message: Option<&'a RawValue>,
    text: &'a [u8],
) -> Result<(), EventError> {
    let message = match message.filter(|raw| is_object(Some(raw))) {
        Some(message) => Some(message),
        None => parse::<Raw<'a>>(text)?.message,
    };
    let message = message.ok_or(EventError::MissingField { field: "message" })?;
    reader.within("message", None, |reader| {
        reader.attempt(|reader| pub_sub(reader, message.get().as_bytes()));
    });
    Ok(())
}

fn data_of(text: &[u8]) -> Result<Option<&RawValue>, EventError> {
    Ok(parse::<Raw<'_>>(text)?.data)
}

/// A message of Pub/Sub, or an event of Eventarc in its form.
fn pub_sub<'a>(reader: &mut Reader<'a>, text: &'a [u8]) -> Result<(), EventError> {
    let message: PubSub<'a> = parse::<Object<PubSub<'a>>>(text)?
        .get("message")?
        .unwrap_or_default();
    let attributes = message.attributes.get("attributes")?.unwrap_or_default();
    if are_of_storage(&attributes) {
        let data = message.data.text("data")?.unwrap_or_default();
        let payload = base64::decode(data.as_bytes());
        if payload.is_none() {
            reader.warn(EventError::BadPayload {
                error: Box::new(EventError::WrongType {
                    field: "data",
                    expected: "base64",
                    seen: format!("'{}'", shortened(data.as_bytes())),
                }),
            });
        }
        return notified(reader, attributes, &payload.unwrap_or_default());
    }
    let raw = data_of(text)?;
    match (attributes.kind_of_event.as_str(), raw) {
        (Some(EVENTARC_MESSAGE), Some(data)) => {
            reader.raw("data", data);
            Ok(())
        }
        (Some(kind), data) if kind.starts_with(EVENTARC) => evented(
            reader,
            attributes.kind_of_event,
            attributes.time_of_event,
            data,
        ),
        // Without attributes, the payload may still say what it is about.
        (_, Some(data)) if describes(&message.data) => {
            reader.raw("data", data);
            Ok(())
        }
        (_, _) => Err(EventError::NotAFileEvent {
            what: "a message without the attributes of Cloud Storage".to_owned(),
        }),
    }
}

/// Whether the data of a message are JSON in base64.
fn describes(data: &Field<'_>) -> bool {
    let text = data.as_str().unwrap_or_default().as_bytes();
    base64::decode(text).is_some_and(|text| begins_json(&text))
}

/// An event whose data describe the object.
fn evented<'a>(
    reader: &mut Reader<'a>,
    name: Field<'a>,
    time: Field<'a>,
    data: Option<&'a RawValue>,
) -> Result<(), EventError> {
    let name = name.required("eventType")?;
    if !name.starts_with(EVENTARC) && !name.starts_with(FUNCTIONS) {
        return Err(EventError::NotAFileEvent {
            what: shortened(name.as_bytes()),
        });
    }
    let data = data.ok_or(EventError::MissingField { field: "data" })?;
    let resource = parse::<Object<Resource<'a>>>(data.get().as_bytes())?
        .get("data")?
        .unwrap_or_default();
    let mut event = FileEvent::new(EventCloud::Gcp, Dialect::GcsObject, kind_of(&name), name);
    event.time = reader.time("time", time, EventTime::parse)?;
    of_resource(reader, event, resource)
}

/// Whether an object is such a description without saying so.
pub(super) fn is_description(text: &[u8]) -> bool {
    parse::<Resource<'_>>(text).is_ok_and(|resource| {
        let has_generation = resource.generation.is_there() || resource.metageneration.is_there();
        has_generation && resource.bucket.is_there() && resource.name.is_there()
    })
}

/// A description by itself. What happened to the object is not known; that it is new loses
/// nothing: one that is gone is not found, one that is known is known.
pub(super) fn alone<'a>(reader: &mut Reader<'a>, text: &'a [u8]) -> Result<(), EventError> {
    let mut resource: Resource<'a> = parse(text)?;
    let (kind, field, time) = if resource.time_deleted.is_there() {
        let time = std::mem::take(&mut resource.time_deleted);
        (EventKind::Removed, "timeDeleted", time)
    } else {
        (
            EventKind::Created,
            "updated",
            std::mem::take(&mut resource.updated),
        )
    };
    let mut event = FileEvent::new(EventCloud::Gcp, Dialect::GcsObject, kind, OBJECT.into());
    event.time = reader.time(field, time, EventTime::parse)?;
    reader.warn(EventError::NoEventType { taken: kind });
    of_resource(reader, event, resource)
}

fn of_resource<'a>(
    reader: &mut Reader<'a>,
    mut event: FileEvent<'a>,
    resource: Resource<'a>,
) -> Result<(), EventError> {
    let numbers = numbers(reader, &resource);
    event.size = numbers.size;
    identify(&mut event, numbers.generation, numbers.metageneration);
    event.bucket = Some(resource.bucket.required("bucket")?);
    event.key = Some(ObjectKey::from_text(resource.name.required("name")?)?);
    reader.event(event);
    Ok(())
}
