//! Azure: the Event Grid schema and CloudEvents 1.0.

use std::borrow::Cow;

use super::super::error::EventError;
use super::super::key::ObjectKey;
use super::super::version::{Sequencer, Version};
use super::super::{Dialect, EventCloud, EventKind, EventTime, FileEvent, Source};
use super::forms::{Blob, Top};
use super::wire::{Field, Object};
use super::{Reader, major, shortened, unquoted};

/// Types of events of storage accounts.
const PREFIX: &str = "Microsoft.Storage.";
/// The handshake of Event Grid, which only ends that are web hooks must answer.
const VALIDATION: &str = "Microsoft.EventGrid.SubscriptionValidationEvent";
/// Versions of the data by the publisher: none for the blob API, up to 3 for SFTP ("Azure Blob
/// Storage as an Event Grid source"). They have only told apart which fields are there.
const DATA_MAJORS: [&str; 5] = ["", "0", "1", "2", "3"];

pub(super) fn is_one(top: &Top<'_>) -> bool {
    let kind = top.kind_of_event.as_str().unwrap_or_default();
    top.event_type.is_there()
        || top.spec_version.is_there()
        || top.old_spec_version.is_there()
        || kind.starts_with(PREFIX)
}

pub(super) fn read<'a>(reader: &mut Reader<'a>, top: Top<'a>) -> Result<(), EventError> {
    let head = head(top)?;
    let (name, subject) = (head.name, head.subject);
    if !name.starts_with(PREFIX) && name != VALIDATION {
        return Err(EventError::NotAFileEvent {
            what: shortened(name.as_bytes()),
        });
    }
    if let Some(version) = head.data_version
        && !DATA_MAJORS.contains(&major(&version))
    {
        reader.warn(EventError::UnknownVersion {
            field: "dataVersion",
            version: shortened(version.as_bytes()),
            known: "versions up to 3",
        });
    }
    let about_files =
        kind_of(&name, None) != EventKind::Other || subject.as_deref().and_then(blob_of).is_some();
    let blob = if about_files {
        head.data.get("data")?.unwrap_or_default()
    } else {
        // The reports of policies have data of their own.
        Blob::default()
    };
    let api = blob.api.text("data.api")?;
    let kind = kind_of(&name, api.as_deref());
    let mut event = FileEvent::new(EventCloud::Azure, head.dialect, kind, name);
    event.operation = api;
    event.account = head.source.and_then(account_of);
    event.time = reader.time(head.time_field, head.time, EventTime::parse_or_utc)?;
    event.size = blob.content_length.number("data.contentLength")?;
    event.version = Version::Azure {
        etag: blob.etag.text("data.eTag")?.and_then(unquoted),
    };
    event.sequencer = blob.sequencer.text("data.sequencer")?.map(Sequencer::Azure);

    let url = blob.url.text("data.url")?;
    let destination = blob.destination_url.text("data.destinationUrl")?;
    place(&mut event, subject, destination.or(url).as_deref())?;
    if let Some(source) = blob.source_url.text("data.sourceUrl")? {
        event.renamed_from = of_url(&source)?;
    }
    reader.event(event);
    Ok(())
}

/// What both schemas tell under different names.
struct Head<'a> {
    dialect: Dialect,
    name: Cow<'a, str>,
    subject: Option<Cow<'a, str>>,
    source: Option<Cow<'a, str>>,
    time_field: &'static str,
    time: Field<'a>,
    data: Object<Blob<'a>>,
    data_version: Option<Cow<'a, str>>,
}

fn head(top: Top<'_>) -> Result<Head<'_>, EventError> {
    let version = top.old_spec_version.text("cloudEventsVersion")?;
    let version = match version {
        Some(version) => Some(("cloudEventsVersion", version)),
        None => {
            let version = top.spec_version.text("specversion")?;
            version.map(|version| ("specversion", version))
        }
    };
    let unknown = |field, version: Cow<'_, str>, known| EventError::UnknownVersion {
        field,
        version: shortened(version.as_bytes()),
        known,
    };
    let subject = top.subject.text("subject")?;
    if !top.event_type.is_there() || version.is_some() {
        match version {
            Some((_, version)) if major(&version) == "1" => {}
            Some((field, version)) => return Err(unknown(field, version, "version 1.0")),
            None => {
                return Err(EventError::MissingField {
                    field: "specversion",
                });
            }
        }
        return Ok(Head {
            dialect: Dialect::CloudEvents,
            name: top.kind_of_event.required("type")?,
            subject,
            source: top.source.text("source")?,
            time_field: "time",
            time: top.time,
            data: top.data,
            data_version: None,
        });
    }
    let metadata = top.metadata_version.text("metadataVersion")?;
    if let Some(version) = metadata.filter(|version| major(version) != "1") {
        return Err(unknown("metadataVersion", version, "version 1"));
    }
    Ok(Head {
        dialect: Dialect::EventGrid,
        name: top.event_type.required("eventType")?,
        subject,
        source: top.topic.text("topic")?,
        time_field: "eventTime",
        time: top.event_time,
        data: top.data,
        data_version: top.data_version.text("dataVersion")?,
    })
}

/// A file that was begun is none yet: `FlushWithClose` or `SftpCommit` follows when it is.
fn kind_of(name: &str, api: Option<&str>) -> EventKind {
    match (name.strip_prefix(PREFIX).unwrap_or_default(), api) {
        ("BlobCreated", Some("CreateFile" | "SftpCreate")) => EventKind::Other,
        ("BlobCreated", _) => EventKind::Created,
        ("BlobRenamed", _) => EventKind::Renamed,
        ("DirectoryRenamed", _) => EventKind::DirectoryRenamed,
        ("BlobDeleted" | "DirectoryDeleted", _) => EventKind::Removed,
        _ => EventKind::Other,
    }
}

/// Container and name: by the subject, which has them as they are, or else by the URL.
fn place<'a>(
    event: &mut FileEvent<'a>,
    subject: Option<Cow<'a, str>>,
    url: Option<&str>,
) -> Result<(), EventError> {
    let found = match subject {
        Some(Cow::Borrowed(subject)) => blob_of(subject).map(|(container, name)| {
            Ok((Cow::Borrowed(container), ObjectKey::from_text(name.into())?))
        }),
        Some(Cow::Owned(ref subject)) => blob_of(subject).map(|(container, name)| {
            let key = ObjectKey::from_text(name.to_owned().into())?;
            Ok((Cow::Owned(container.to_owned()), key))
        }),
        None => None,
    };
    let found: Option<(Cow<'a, str>, ObjectKey<'a>)> = found.transpose()?;
    let found = match (found, url) {
        (Some(found), _) => Some(found),
        (None, Some(url)) => of_url(url)?.map(|source| (source.bucket, source.key)),
        (None, None) => None,
    };
    match (found, event.kind.has_key()) {
        (Some((bucket, key)), _) => {
            event.bucket = Some(bucket);
            event.key = Some(key);
            Ok(())
        }
        (None, false) => Ok(()),
        (None, true) => Err(EventError::BadSubject {
            subject: shortened(subject.unwrap_or_default().as_bytes()),
        }),
    }
}

/// Container and name of `/blobServices/default/containers/<container>/blobs/<name>`; the name
/// may hold slashes.
fn blob_of(subject: &str) -> Option<(&str, &str)> {
    let rest = subject.strip_prefix("/blobServices/default/containers/")?;
    let (container, rest) = rest.split_once('/')?;
    let name = rest.strip_prefix("blobs/")?;
    (!container.is_empty()).then_some((container, name))
}

/// Container and name of `https://<account>.<service>.core.windows.net/<container>/<name>`.
fn of_url(url: &str) -> Result<Option<Source<'static>>, EventError> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let parts = path
        .split_once('/')
        .and_then(|(_, path)| path.split_once('/'))
        .filter(|(container, name)| !container.is_empty() && !name.is_empty());
    let Some((container, name)) = parts else {
        return Ok(None);
    };
    Ok(Some(Source {
        bucket: Cow::Owned(container.to_owned()),
        key: ObjectKey::from_path(name)?,
    }))
}

/// The storage account of the topic or source of an event.
fn account_of(source: Cow<'_, str>) -> Option<Cow<'_, str>> {
    fn last(source: &str) -> Option<&str> {
        let (_, account) = source.split_once("/storageAccounts/")?;
        (!account.is_empty() && !account.contains('/')).then_some(account)
    }
    match source {
        Cow::Borrowed(source) => last(source).map(Cow::Borrowed),
        Cow::Owned(source) => last(&source).map(|account| Cow::Owned(account.to_owned())),
    }
}
