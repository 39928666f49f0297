//! One entry of a layer: a file, a directory, a link, or the mark that something is gone.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tar::{Entry, EntryType};

use super::{Unpacker, bad};
use crate::error::{ImageError, What};
use crate::limits::MAX_ENTRY_PATH_BYTES;

/// The prefix of a file that says another one is gone.
const WHITEOUT: &[u8] = b".wh.";

/// The file that says everything below in its directory is gone.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// The prefix of bookkeeping files that no image should hold, and that mean nothing.
const WHITEOUT_META: &[u8] = b".wh..wh.";

impl Unpacker {
    /// Applies one entry to the tree.
    pub(super) fn apply_entry<R: Read>(
        &mut self,
        what: What,
        entry: &mut Entry<'_, R>,
        written: &mut BTreeSet<PathBuf>,
    ) -> Result<(), ImageError> {
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let mut parts = components(what, &entry.path_bytes())?;
        let Some(name) = parts.pop() else {
            return self.root_entry(what, kind, entry);
        };
        if name.as_bytes().starts_with(WHITEOUT) {
            return self.whiteout(what, parts, &name, written);
        }
        let parent = self.tree.enter(what, parts, true)?.unwrap_or_default();
        let path = parent.join(&name);
        self.create(what, kind, entry, &path)?;
        written.insert(path);
        Ok(())
    }

    fn root_entry<R: Read>(
        &mut self,
        what: What,
        kind: EntryType,
        entry: &Entry<'_, R>,
    ) -> Result<(), ImageError> {
        if kind != EntryType::Directory {
            return Err(bad(what, "an entry without a name is not a directory"));
        }
        let mode = mode_of(what, entry)?;
        self.tree.make_dir(Path::new(""), mode)
    }

    fn create<R: Read>(
        &mut self,
        what: What,
        kind: EntryType,
        entry: &mut Entry<'_, R>,
        path: &Path,
    ) -> Result<(), ImageError> {
        match kind {
            EntryType::Directory => self.tree.make_dir(path, mode_of(what, entry)?),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mode = mode_of(what, entry)?;
                let modified = modified(entry);
                let (mut file, place) = self.tree.make_file(path)?;
                self.copy(what, entry, &mut file, &place)?;
                self.tree.finish_file(&file, path, mode, modified)
            }
            EntryType::Symlink => {
                let target = link_target(what, entry)?;
                self.tree.make_symlink(path, OsStr::from_bytes(&target))
            }
            EntryType::Link => {
                let target = link_target(what, entry)?;
                let mut parts = components(what, &target)?;
                let name = parts
                    .pop()
                    .ok_or_else(|| bad(what, "a hard link names no file"))?;
                let missing = || {
                    bad(
                        what,
                        &format!("the hard link '{}' leads nowhere", show(path)),
                    )
                };
                let parent = self.tree.enter(what, parts, false)?.ok_or_else(missing)?;
                self.tree.make_hard_link(what, path, &parent.join(name))
            }
            other => {
                let (path, other) = (show(path), kind_name(other));
                let reason =
                    format!("'{path}' is {other}, which an unprivileged unpack cannot make");
                Err(bad(what, &reason))
            }
        }
    }

    /// Removes what lower layers have put where this layer says there is nothing.
    fn whiteout(
        &mut self,
        what: What,
        parts: Vec<OsString>,
        name: &OsStr,
        written: &BTreeSet<PathBuf>,
    ) -> Result<(), ImageError> {
        let Some(parent) = self.tree.enter(what, parts, false)? else {
            return Ok(());
        };
        let name = name.as_bytes();
        if name == OPAQUE {
            return self.tree.remove_lower(&parent, written);
        }
        if name.starts_with(WHITEOUT_META) {
            return Ok(());
        }
        let hidden = name.strip_prefix(WHITEOUT).unwrap_or_default();
        if matches!(hidden, b"" | b"." | b"..") {
            return Err(ImageError::LayerEscapes {
                what,
                entry: String::from_utf8_lossy(name).into_owned(),
                reason: "removes no file of its own directory",
            });
        }
        self.tree
            .remove_unless_written(&parent.join(OsStr::from_bytes(hidden)), written)
    }
}

/// The parts of a name in an archive. Absolute names and names with `..` are refused: no builder
/// writes them, and only an attacker profits.
fn components(what: What, name: &[u8]) -> Result<Vec<OsString>, ImageError> {
    let escapes = |reason| ImageError::LayerEscapes {
        what,
        entry: String::from_utf8_lossy(name).into_owned(),
        reason,
    };
    if name.len() > MAX_ENTRY_PATH_BYTES {
        return Err(bad(
            what,
            &format!("a name is longer than {MAX_ENTRY_PATH_BYTES} bytes"),
        ));
    }
    if name.contains(&0) {
        return Err(bad(what, "a name contains a zero byte"));
    }
    if name.starts_with(b"/") {
        return Err(escapes("has an absolute name"));
    }
    let mut parts = Vec::new();
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return Err(escapes("leads out of its directory with '..'")),
            part => parts.push(OsString::from_vec(part.to_vec())),
        }
    }
    Ok(parts)
}

fn link_target<R: Read>(what: What, entry: &Entry<'_, R>) -> Result<Vec<u8>, ImageError> {
    match entry.link_name_bytes() {
        Some(target) if !target.is_empty() && !target.contains(&0) => Ok(target.into_owned()),
        _ => {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            Err(bad(what, &format!("the link '{name}' has no target")))
        }
    }
}

fn mode_of<R: Read>(what: What, entry: &Entry<'_, R>) -> Result<u32, ImageError> {
    entry
        .header()
        .mode()
        .map_err(|error| bad(what, &error.to_string()))
}

fn modified<R: Read>(entry: &Entry<'_, R>) -> Option<SystemTime> {
    // File systems keep at least 32 bits of seconds; a time beyond them is nonsense anyway.
    let seconds = entry
        .header()
        .mtime()
        .ok()
        .filter(|at| *at <= u64::from(u32::MAX))?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn kind_name(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a named pipe",
        _ => "of an unknown kind",
    }
}

fn show(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
