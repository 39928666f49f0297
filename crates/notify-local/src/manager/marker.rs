//! The file in a queue's directory that says who created it, and for what.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use floe_notify::{IdError, StreamId};
use serde::{Deserialize, Serialize};

use crate::{LocalError, uri};

pub(crate) const MARKER_FILE: &str = "queue.json";
const FORMAT: u32 = 1;
const CREATED_BY: &str = "floe";
/// Far more than tags and two paths take.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) stream: Option<StreamId>,
    pub(crate) path: Option<PathBuf>,
    pub(crate) tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    format: u32,
    created_by: String,
    stream_id: Option<String>,
    uri: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

impl Marker {
    /// Reads the marker of a queue; there is none in a directory that somebody else made.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, LocalError> {
        let path = folder.join(MARKER_FILE);
        let bytes = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_BYTES => Err(io::ErrorKind::FileTooLarge.into()),
            Ok(_) => std::fs::read(&path),
            Err(error) => Err(error),
        };
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LocalError::io("read", path, error)),
        };
        let bad = |reason: String| LocalError::NotAQueue {
            path: folder.to_owned(),
            reason: format!("{MARKER_FILE}: {reason}"),
        };
        let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        if wire.format != FORMAT || wire.created_by != CREATED_BY {
            return Err(bad("another program or a newer version wrote it".to_owned()));
        }
        let stream = wire.stream_id.map(|id| StreamId::parse(&id)).transpose();
        Ok(Some(Self {
            stream: stream.map_err(|error: IdError| bad(error.to_string()))?,
            path: wire.uri.as_deref().and_then(uri::to_path),
            tags: wire.tags,
        }))
    }

    /// Writes the marker, durably.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), LocalError> {
        let path = folder.join(MARKER_FILE);
        let wire = Wire {
            format: FORMAT,
            created_by: CREATED_BY.to_owned(),
            stream_id: self.stream.as_ref().map(ToString::to_string),
            uri: self.path.as_deref().map(uri::of_path),
            tags: self.tags.clone(),
        };
        // Strings and numbers can always be written as JSON.
        let mut text = serde_json::to_vec_pretty(&wire).unwrap_or_default();
        text.push(b'\n');
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        });
        written.map_err(|error| LocalError::io("write", path, error))
    }
}
