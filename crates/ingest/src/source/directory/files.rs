//! What is done with one file.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use floe_notify::clock::Timestamp;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::{Object, SourceError};

use std::os::unix::ffi::OsStrExt as _;

/// What a copy is called until it is whole; streams leave out names that begin like this.
const UNFINISHED: &str = ".floe-moving";

/// What the file system says of a file; `None` when there is none.
pub(super) fn look(path: &Path) -> Result<Option<Object>, SourceError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(Some(object(path, &metadata))),
        Ok(_) => Ok(None),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(failed("looking at", path, &error)),
    }
}

/// Reads a file, or a part of it; `None` when there is none.
pub(super) fn read(path: &Path, range: Option<Range<u64>>) -> Result<Option<Bytes>, SourceError> {
    match read_part(path, range) {
        Ok(content) => Ok(content),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(failed("reading", path, &error)),
    }
}

fn read_part(path: &Path, range: Option<Range<u64>>) -> io::Result<Option<Bytes>> {
    // Whoever opens a pipe without that waits until somebody writes into it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(None);
    }
    let range = range.unwrap_or(0..u64::MAX);
    let most = range.end.saturating_sub(range.start);
    let mut content = Vec::new();
    if most > 0 {
        let expected = most.min(metadata.size().saturating_sub(range.start));
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        content.try_reserve_exact(expected)?;
        file.seek(SeekFrom::Start(range.start.min(metadata.size())))?;
        file.take(most).read_to_end(&mut content)?;
    }
    Ok(Some(content.into()))
}

/// Removes a file, or a link to one; false when there is none.
pub(super) fn remove(path: &Path) -> Result<bool, SourceError> {
    if kind(path)?.is_none() {
        return Ok(false);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(failed("removing", path, &error)),
    }
}

/// Gives a file another name; false when there is none.
pub(super) fn rename(from: &Path, to: &Path) -> Result<bool, SourceError> {
    let Some(metadata) = kind(from)? else {
        return Ok(false);
    };
    if from == to {
        return Ok(true);
    }
    let wrong = |error: &io::Error| failed("renaming", from, error);
    let is_same = fs::symlink_metadata(to)
        .is_ok_and(|there| (there.dev(), there.ino()) == (metadata.dev(), metadata.ino()));
    if is_same {
        // The kernel leaves both names of one file as they are.
        return remove(from);
    }
    // A relative link would lead elsewhere from another directory.
    if metadata.is_symlink() {
        return copy_and_remove(from, to);
    }
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => copy_and_remove(from, to),
        Err(error) if is_missing(&error) && kind(from)?.is_none() => Ok(false),
        Err(error) => Err(wrong(&error)),
    }
}

/// Renames where the kernel cannot: the copy is durable before the original goes.
pub(super) fn copy_and_remove(from: &Path, to: &Path) -> Result<bool, SourceError> {
    let unfinished = unfinished(to);
    let answer = match copy(from, &unfinished, to) {
        Ok(()) => remove(from).map(|_| true),
        Err(error) if is_missing(&error) && look(from)?.is_none() => Ok(false),
        Err(error) => Err(failed("moving", from, &error)),
    };
    if answer.is_err() {
        // What is not there cannot be left behind.
        drop(fs::remove_file(unfinished));
    }
    answer
}

fn copy(from: &Path, unfinished: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let before = source.metadata()?;
    if !before.is_file() {
        return Err(ErrorKind::NotFound.into());
    }
    let mut target = File::create_new(unfinished)?;
    io::copy(&mut source, &mut target)?;
    target.set_permissions(fs::Permissions::from_mode(before.mode() & 0o7777))?;
    target.set_modified(before.modified()?)?;
    target.sync_all()?;
    let after = fs::metadata(from)?;
    if stat(&before) != stat(&after) {
        let words = "it was written while it was being moved";
        return Err(io::Error::new(ErrorKind::ResourceBusy, words));
    }
    fs::rename(unfinished, to)?;
    let folder = to.parent().unwrap_or(to);
    File::open(folder)?.sync_all()
}

/// A name that no other move has.
fn unfinished(to: &Path) -> PathBuf {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    to.with_file_name(format!("{UNFINISHED}-{process}-{number}"))
}

/// A file or a link; `None` for everything else and nothing.
fn kind(path: &Path) -> Result<Option<Metadata>, SourceError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() || metadata.is_symlink() => Ok(Some(metadata)),
        Ok(_) => Ok(None),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(failed("looking at", path, &error)),
    }
}

fn object(path: &Path, metadata: &Metadata) -> Object {
    let modified = millis(metadata.mtime(), metadata.mtime_nsec());
    let changed = millis(metadata.ctime(), metadata.ctime_nsec());
    let latest = Timestamp::from_millis(modified.max(changed));
    let mut object = Object::new(path.as_os_str().as_bytes(), metadata.size(), latest);
    object.stat = Some(stat(metadata));
    object
}

/// As the watcher of a directory writes it into its events.
fn stat(metadata: &Metadata) -> (u64, u64, u64) {
    let modified = millis(metadata.mtime(), metadata.mtime_nsec());
    (metadata.ino(), modified, metadata.size())
}

/// What is older than 1970 counts as that.
fn millis(seconds: i64, nanoseconds: i64) -> u64 {
    let millis = seconds
        .saturating_mul(1_000)
        .saturating_add(nanoseconds / 1_000_000);
    u64::try_from(millis).unwrap_or_default()
}

/// Whether nothing is there: also behind a link that leads nowhere or back to itself.
pub(super) fn is_missing(error: &io::Error) -> bool {
    let is_loop = error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) || is_loop
}

pub(super) fn failed(action: &str, path: &Path, error: &io::Error) -> SourceError {
    let what = format!("{action} {}", path.display());
    let reason = error.to_string();
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename => SourceError::Denied { what, reason },
        _ => SourceError::Unavailable { what, reason },
    }
}
