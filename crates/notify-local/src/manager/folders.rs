//! The directories of queues, and how they come and go as a whole.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use floe_notify::StreamId;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::marker::{MARKER_FILE, Marker};
use crate::LocalError;
use crate::queue::{LOCK_FILE, Lock, is_own, sync_folder};

/// What names begin with while a queue is made; the id of the stream follows.
const CREATING: &str = ".creating-";
/// What names begin with while a queue is deleted.
const DELETING: &str = ".deleting-";
/// Digits and hyphens of a GUID.
const STREAM_CHARS: usize = 36;

/// How many directories this process has begun to make.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Where a queue is, or would be.
pub(super) struct Place<'a> {
    pub(super) root: &'a Path,
    pub(super) name: String,
}

/// What is at a place.
pub(super) enum Found {
    Nothing,
    /// A directory that nobody marked, with nothing but a queue in it.
    Unmarked,
    Marked(Marker),
    /// A directory with this file in it, or something that is no directory.
    Foreign(String),
}

impl Place<'_> {
    pub(super) fn folder(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    pub(super) fn look(&self) -> Result<Found, LocalError> {
        let folder = self.folder();
        match folder.symlink_metadata() {
            Ok(metadata) if !metadata.is_dir() => return Ok(Found::Foreign(self.name.clone())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(LocalError::io("find", folder, error)),
        }
        if let Some(marker) = Marker::read(&folder)? {
            return Ok(Found::Marked(marker));
        }
        Ok(match foreign_file(&folder)? {
            Some(file) => Found::Foreign(file),
            None => Found::Unmarked,
        })
    }

    /// Makes the directory under another name, marks it and gives it its name in one step.
    pub(super) fn create(&self, marker: &Marker) -> Result<(), LocalError> {
        let stream = marker.stream.as_ref().map_or("", StreamId::as_str);
        // Nobody else makes the same one at the same time, on this machine.
        let (process, number) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let name = format!("{CREATING}{stream}-{process}-{number}-{}", self.name);
        let unfinished = self.root.join(name);
        let made = std::fs::create_dir_all(&unfinished);
        made.map_err(|error| LocalError::io("create", &unfinished, error))?;
        marker.write(&unfinished)?;
        let folder = self.folder();
        let synced = sync_folder(&unfinished);
        synced.map_err(|error| LocalError::io("sync", &unfinished, error))?;
        // A rename would put itself in the place of an empty directory that somebody made.
        let renamed = renameat_with(CWD, &unfinished, CWD, &folder, RenameFlags::NOREPLACE);
        match renamed {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => {
                // Somebody was faster; theirs is reused, as if it had been there before.
                remove(&unfinished)?;
            }
            Err(error) => return Err(LocalError::io("create", folder, error.into())),
        }
        let synced = sync_folder(self.root);
        synced.map_err(|error| LocalError::io("sync", self.root, error))
    }
}

/// All directories with a mark, by name, those that are not finished first.
pub(super) fn all(root: &Path, prefix: &str) -> Result<Vec<(PathBuf, Marker)>, LocalError> {
    let failed = |error| LocalError::io("list", root, error);
    let entries = match std::fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let begins = |start: &str| name.starts_with(start);
        let is_ours = begins(&format!("{prefix}-")) || begins(CREATING) || begins(DELETING);
        if !is_ours || !entry.file_type().map_err(failed)?.is_dir() {
            continue;
        }
        let folder = entry.path();
        // A mark that cannot be read is not ours to judge: the directory stays.
        let marker = Marker::read(&folder).ok().flatten();
        found.extend(marker.or_else(|| of_name(name)).map(|m| (folder, m)));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}

/// A directory that was to get its mark, or has lost it already, has the stream in its name.
fn of_name(name: &str) -> Option<Marker> {
    let rest = name
        .strip_prefix(CREATING)
        .or_else(|| name.strip_prefix(DELETING))?;
    let stream = StreamId::parse(rest.get(..STREAM_CHARS)?).ok()?;
    Some(Marker {
        stream: Some(stream),
        path: None,
        tags: Default::default(),
    })
}

/// Whether a directory is being made or deleted, or was when a process ended.
pub(super) fn is_unfinished(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(CREATING) || name.starts_with(DELETING)
}

/// A file that no queue has, if there is one.
pub(crate) fn foreign_file(folder: &Path) -> Result<Option<String>, LocalError> {
    let failed = |error| LocalError::io("list", folder, error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_known = name == MARKER_FILE || name == LOCK_FILE || is_own(&name);
        if !is_known || !entry.file_type().map_err(failed)?.is_file() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Takes the name from a queue that nobody has open, and deletes it.
pub(super) fn delete(folder: &Path) -> Result<(), LocalError> {
    let lock = Lock::take(folder)?;
    let (Some(root), Some(name)) = (folder.parent(), folder.file_name()) else {
        return Ok(());
    };
    let mut unfinished = folder.to_owned();
    if !is_unfinished(folder) {
        let stream = Marker::read(folder)?.and_then(|marker| marker.stream);
        let stream = stream.map(|stream| stream.to_string()).unwrap_or_default();
        let name = name.to_string_lossy();
        unfinished = root.join(format!("{DELETING}{stream}-{name}"));
        let renamed = std::fs::rename(folder, &unfinished);
        renamed.map_err(|error| LocalError::io("delete", folder, error))?;
    }
    drop(lock);
    remove(&unfinished)?;
    sync_folder(root).map_err(|error| LocalError::io("sync", root, error))
}

/// Deletes the files of a queue, and the directory; a file of somebody else keeps it.
fn remove(folder: &Path) -> Result<(), LocalError> {
    let failed = |error| LocalError::io("delete", folder, error);
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == MARKER_FILE || name == LOCK_FILE || is_own(&name) {
            let path = entry.path();
            let removed = std::fs::remove_file(&path);
            removed.map_err(|error| LocalError::io("delete", path, error))?;
        }
    }
    std::fs::remove_dir(folder).map_err(failed)
}
