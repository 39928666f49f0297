//! Files of this machine, as the watcher of a local directory writes of them.

use super::super::error::EventError;
use super::super::key::ObjectKey;
use super::super::version::Version;
use super::super::{Dialect, EventCloud, EventKind, EventTime, FileEvent};
use super::forms::{Local, Top};
use super::wire::{Field, wrong};
use super::{Reader, parse, shortened};

const LANDED: &str = "landed";
const RESCAN: &str = "rescanNeeded";
/// How a file came that had another name before.
const MOVED: &str = "movedIn";
/// A URI without a host is one of this machine ("The 'file' URI Scheme", RFC 8089).
const SCHEME: &str = "file://";
/// Local paths are in no bucket, as those of [`Location`](crate::Location) are in none.
const BUCKET: &str = "";

pub(super) fn is_one(top: &Top<'_>) -> bool {
    matches!(top.kind_of_event.as_str(), Some(LANDED | RESCAN)) && top.uri.is_there()
}

pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    top: Top<'a>,
    text: &'a [u8],
) -> Result<(), EventError> {
    let name = top.kind_of_event.required("type")?;
    let Local {
        how,
        reason,
        size,
        modified,
        inode,
        seen,
    } = parse(text)?;
    let (kind, operation) = if name == RESCAN {
        (EventKind::RescanNeeded, reason.text("reason")?)
    } else {
        let how = how.text("how")?;
        let kind = match how.as_deref() {
            Some(MOVED) => EventKind::Renamed,
            // However else it came, it is there.
            _ => EventKind::Created,
        };
        (kind, how)
    };
    let mut event = FileEvent::new(EventCloud::Local, Dialect::Local, kind, name);
    event.operation = operation;
    event.bucket = Some(BUCKET.into());
    event.key = Some(path_of(top.uri)?);
    event.time = time_of(&seen)?;
    if kind != EventKind::RescanNeeded {
        event.size = size.number("size")?;
        event.version = Version::Local {
            inode: inode.number("inode")?,
            modified: modified.number("modifiedMs")?,
            size: event.size,
        };
    }
    reader.event(event);
    Ok(())
}

fn path_of(uri: Field<'_>) -> Result<ObjectKey<'static>, EventError> {
    let uri = uri.required("uri")?;
    let bad = || {
        let seen = format!("'{}'", shortened(uri.as_bytes()));
        wrong(
            "uri",
            "the URI of a file of this machine, such as file:///in/a.csv",
            seen,
        )
    };
    let path = uri
        .strip_prefix(SCHEME)
        .filter(|path| path.starts_with('/'));
    let (key, well_formed) = ObjectKey::from_uri(path.ok_or_else(bad)?)?;
    if !well_formed || key.as_bytes().contains(&0) {
        return Err(bad());
    }
    Ok(key)
}

fn time_of(seen: &Field<'_>) -> Result<Option<EventTime>, EventError> {
    let millis = seen
        .number("seenMs")?
        .and_then(|millis| i64::try_from(millis).ok());
    Ok(millis.map(EventTime::from_millis))
}
