//! What the kernel tells, as far as it matters here.

use std::collections::VecDeque;
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
    /// A file that was made just before was opened: whoever made it is going to write it.
    Opened(PathBuf),
    /// A watched directory was removed or renamed away.
    Gone(PathBuf),
    /// Events were lost.
    Lost,
    /// Some directories are not watched.
    Limit,
}

/// Files that were made last and are not known to be opened. Making a file and opening it are one
/// call, so only as many events lie between the two as others make files at the same moment.
const MAX_MADE: usize = 256;

/// Takes from the library's events what matters.
#[derive(Debug, Default)]
pub(super) struct Reader {
    made: VecDeque<PathBuf>,
}

impl Reader {
    /// What an event says; reading, writing and the like say nothing here.
    pub(super) fn read(&mut self, event: notify::Result<Event>) -> Option<Seen> {
        let mut event = match event {
            Ok(event) => event,
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                return Some(Seen::Limit);
            }
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
            EventKind::Access(AccessKind::Open(_)) => {
                let place = self.made.iter().rposition(|made| *made == path)?;
                self.made.remove(place).map(Seen::Opened)
            }
            EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Seen::MovedTo(path)),
            EventKind::Create(CreateKind::Folder) => Some(Seen::Folder(path)),
            EventKind::Create(_) => {
                if self.made.len() == MAX_MADE {
                    self.made.pop_front();
                }
                self.made.push_back(path.clone());
                Some(Seen::File(path))
            }
            EventKind::Remove(RemoveKind::Folder)
            | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Some(Seen::Gone(path)),
            _ => None,
        }
    }
}
