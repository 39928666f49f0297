//! The directories that are watched, each by itself.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{Config, ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Shared;
use super::seen::Reader;
use crate::LocalError;

/// Directories below each other that are followed; file systems end far earlier.
const MAX_DEPTH: usize = 512;

/// Watches directories one by one.
///
/// The library's own recursion begins to watch a new directory after it has told of it, so what
/// lands in between would be missed. Here a directory is watched first and listed then.
pub(super) struct Tree {
    root: PathBuf,
    /// Which directory that was before anything of it was watched.
    identity: Option<Identity>,
    watcher: RecommendedWatcher,
    /// The last directory that this user may not read.
    closed: Option<LocalError>,
}

/// A directory by its file system and its number there.
pub(super) type Identity = (u64, u64);

/// A file that a listing found.
#[derive(Debug)]
pub(super) struct There {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
}

impl Tree {
    pub(super) fn new(root: &Path, shared: &Arc<Shared>) -> Result<Self, LocalError> {
        let told = Arc::clone(shared);
        let mut reader = Reader::default();
        let handler = move |event| {
            if let Some(seen) = reader.read(event) {
                told.inbox.put(seen);
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config);
        Ok(Self {
            root: root.to_owned(),
            identity: identity(root),
            watcher: watcher.map_err(|error| unwatchable(root, &error))?,
            closed: None,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// Which directory this user may not read, since this was asked last.
    pub(super) fn take_closed(&mut self) -> Option<LocalError> {
        self.closed.take()
    }

    /// Watches a directory and all below it, and lists the files that are there.
    ///
    /// What disappears meanwhile is left out, and what this user may not read: its files could not
    /// be read, either. After an error the listing is still whole.
    pub(super) fn cover(
        &mut self,
        folder: &Path,
        files: &mut Vec<There>,
    ) -> Result<(), LocalError> {
        let mut result = Ok(());
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            if folder.components().count() > MAX_DEPTH {
                continue;
            }
            // Everything that comes later is told of, so the listing completes the picture.
            let watched = self.watch(&folder);
            let listed = list(&folder, files, &mut folders);
            let listed = listed.map_err(|error| LocalError::io("list", &folder, error));
            for error in [watched.err(), listed.err()].into_iter().flatten() {
                if error.is_missing() && folder != self.root {
                    continue;
                }
                if error.is_permission() && folder != self.root {
                    self.closed = Some(error);
                } else if result.is_ok() {
                    result = Err(error);
                }
            }
        }
        result
    }

    fn watch(&mut self, folder: &Path) -> Result<(), LocalError> {
        let watched = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        watched.map_err(|error| match error.kind {
            ErrorKind::PathNotFound => {
                LocalError::io("watch", folder, io::ErrorKind::NotFound.into())
            }
            ErrorKind::Io(error) if error.raw_os_error() != Some(EMFILE) => {
                LocalError::io("watch", folder, error)
            }
            _ => unwatchable(folder, &error),
        })
    }
}

/// Which directory a path leads to, if it leads to one.
pub(super) fn identity(folder: &Path) -> Option<Identity> {
    let metadata = folder.metadata().ok()?;
    metadata.is_dir().then(|| (metadata.dev(), metadata.ino()))
}

fn list(folder: &Path, files: &mut Vec<There>, folders: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // What is gone by now is none.
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        if metadata.is_dir() {
            folders.push(path);
        } else if metadata.is_file() {
            files.push(There { path, metadata });
        }
    }
    Ok(())
}

fn unwatchable(folder: &Path, error: &notify::Error) -> LocalError {
    let reason = match &error.kind {
        ErrorKind::MaxFilesWatch => {
            "this user may watch no more directories; raise fs.inotify.max_user_watches, or watch \
             a smaller directory"
                .to_owned()
        }
        // The kernel says so when a user has too many watchers.
        ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => {
            "this user may have no more watchers, or this process no more open files; raise \
             fs.inotify.max_user_instances or the limit of open files"
                .to_owned()
        }
        _ => error.to_string(),
    };
    LocalError::Unwatchable {
        path: folder.to_owned(),
        reason,
    }
}

/// "Too many open files".
const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
