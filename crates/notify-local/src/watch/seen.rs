//! What the kernel tells, as far as it matters here.

use std::path::PathBuf;

use notify::event::{AccessKind, AccessMode, CreateKind, Flag, ModifyKind, RemoveKind, RenameMode};
use notify::{ErrorKind, Event, EventKind};

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A file that was open for writing was closed.
    Closed(PathBuf),
    /// Something got this name by a rename.
    MovedTo(PathBuf),
    /// A directory was made.
    Folder(PathBuf),
    /// A file was made, or an existing one got this name, too.
    File(PathBuf),
    /// A watched directory was removed or renamed away.
    Gone(PathBuf),
    /// Events were lost.
    Lost,
    /// Some directories are not watched.
    Limit,
}

/// What an event of the library says; opening, reading, writing and the like say nothing here.
pub(super) fn of_event(event: notify::Result<Event>) -> Option<Seen> {
    let mut event = match event {
        Ok(event) => event,
        Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => return Some(Seen::Limit),
        // What could not be read may have been anything.
        Err(_) => return Some(Seen::Lost),
    };
    if event.attrs.flag() == Some(Flag::Rescan) {
        return Some(Seen::Lost);
    }
    let kind = event.kind;
    let path = event.paths.pop()?;
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Seen::Closed(path)),
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Seen::MovedTo(path)),
        EventKind::Create(CreateKind::Folder) => Some(Seen::Folder(path)),
        EventKind::Create(_) => Some(Seen::File(path)),
        EventKind::Remove(RemoveKind::Folder)
        | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Some(Seen::Gone(path)),
        _ => None,
    }
}
