//! A listing of a tree, in the order of the bytes of the paths.

use std::os::unix::ffi::OsStrExt as _;

use crate::{ListedObjects, SourceError};

use super::files::{self, failed, is_missing};
use super::root::{Root, is_relative, outside, path_of};

/// A listing under way: the directories on the way to where it is.
#[derive(Debug)]
pub(super) struct Walk {
    prefix: Vec<u8>,
    /// What was listed before; empty at the beginning.
    after: Vec<u8>,
    levels: Vec<Level>,
}

/// What is left of one directory.
#[derive(Debug)]
struct Level {
    /// Its path with a slash behind it.
    path: Vec<u8>,
    /// Names of files, and of directories with a slash behind them; the next one is the last.
    names: Vec<Box<[u8]>>,
}

impl Walk {
    /// Begins a listing behind a key.
    pub(super) fn start(root: &Root, prefix: &[u8], after: &[u8]) -> Result<Self, SourceError> {
        let mut walk = Self {
            prefix: prefix.to_vec(),
            after: after.to_vec(),
            levels: Vec::new(),
        };
        let first = if root.holds(prefix) {
            let end = prefix.iter().rposition(|byte| *byte == b'/');
            prefix.get(..end.map_or(0, |end| end + 1))
        } else {
            Some(root.slashed()).filter(|slashed| slashed.starts_with(prefix))
        };
        let is_odd = |first: &&[u8]| is_relative(first.get(root.slashed().len()..).unwrap_or(b""));
        let first = first
            .filter(|first| !is_odd(first) && !first.contains(&0))
            .ok_or_else(|| outside(prefix, root.slashed()))?;
        root.check()?;
        if root.has_directory(first)? {
            walk.levels.extend(walk.open(root, first)?);
        }
        Ok(walk)
    }

    /// Goes on with the next files.
    pub(super) fn page(&mut self, root: &Root, max: usize) -> Result<ListedObjects, SourceError> {
        let mut page = ListedObjects::default();
        while page.objects.len() < max {
            match self.step(root, &mut page) {
                Ok(()) if self.levels.is_empty() => break,
                Ok(()) => {}
                // What comes before it is told first. The next page meets it again, because a name
                // is taken off only once it is dealt with.
                Err(_) if !page.objects.is_empty() => return Ok(page),
                Err(error) => return Err(error),
            }
        }
        while self.levels.last().is_some_and(|it| it.names.is_empty()) {
            self.levels.pop();
        }
        page.is_last = self.levels.is_empty();
        Ok(page)
    }

    fn step(&mut self, root: &Root, page: &mut ListedObjects) -> Result<(), SourceError> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        let Some(name) = level.names.last() else {
            self.levels.pop();
            return Ok(());
        };
        let key = [&level.path, &**name].concat();
        if key.ends_with(b"/") {
            let below = self.open(root, &key)?;
            self.pop_name();
            self.levels.extend(below);
        } else {
            let object = files::look(path_of(&key))?;
            self.pop_name();
            page.objects.extend(object);
        }
        Ok(())
    }

    fn pop_name(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.names.pop();
        }
    }

    /// Reads and sorts a directory; `None` when it is gone.
    fn open(&self, root: &Root, path: &[u8]) -> Result<Option<Level>, SourceError> {
        let folder = path_of(path);
        let wrong = |error: &std::io::Error| failed("listing", folder, error);
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => {
                // When all is gone this says nothing about a single directory.
                root.check()?;
                return Ok(None);
            }
            Err(error) => return Err(wrong(&error)),
        };
        let mut names: Vec<Box<[u8]>> = Vec::new();
        let mut key = path.to_vec();
        for entry in entries {
            let entry = entry.map_err(|error| wrong(&error))?;
            let kind = match entry.file_type() {
                Ok(kind) => kind,
                Err(error) if is_missing(&error) => continue,
                Err(error) => return Err(wrong(&error)),
            };
            if !kind.is_dir() && !kind.is_file() && !kind.is_symlink() {
                continue;
            }
            key.truncate(path.len());
            key.extend(entry.file_name().as_bytes());
            if kind.is_dir() {
                key.push(b'/');
            }
            if self.wants(&key) {
                names.extend(key.get(path.len()..).map(Box::from));
            }
        }
        names.sort_unstable_by(|a, b| b.cmp(a));
        names.shrink_to_fit();
        let path = path.to_vec();
        Ok(Some(Level { path, names }))
    }

    /// Whether a key, or one below a directory, is listed and was not listed yet.
    fn wants(&self, key: &[u8]) -> bool {
        let is_directory = key.ends_with(b"/");
        let fits = key.starts_with(&self.prefix) || is_directory && self.prefix.starts_with(key);
        let is_new = key > self.after.as_slice() || is_directory && self.after.starts_with(key);
        fits && is_new
    }
}
