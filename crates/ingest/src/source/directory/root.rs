//! Which paths belong to a directory.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::SourceError;

use super::files::{failed, is_missing};

/// A directory, by what the keys of its files begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root {
    /// Ends with a slash.
    slashed: Vec<u8>,
}

impl Root {
    pub(super) fn new(path: &Path) -> Result<Self, SourceError> {
        let bytes = path.as_os_str().as_bytes();
        if !bytes.starts_with(b"/") {
            return Err(outside(bytes, b"/"));
        }
        let end = bytes.iter().rposition(|byte| *byte != b'/');
        let bare = bytes.get(..end.map_or(0, |end| end + 1));
        let slashed = [bare.unwrap_or_default(), b"/"].concat();
        Ok(Self { slashed })
    }

    /// What the keys of its files begin with.
    pub(super) fn slashed(&self) -> &[u8] {
        &self.slashed
    }

    pub(super) fn path(&self) -> &Path {
        path_of(&self.slashed)
    }

    pub(super) fn holds(&self, key: &[u8]) -> bool {
        key.starts_with(&self.slashed)
    }

    /// Whether the directory is there: when it is not, nothing can be said of its files.
    pub(super) fn check(&self) -> Result<(), SourceError> {
        let path = self.path();
        let metadata = std::fs::metadata(path);
        let metadata =
            metadata.map_err(|error| failed("looking for the directory", path, &error))?;
        if metadata.is_dir() {
            return Ok(());
        }
        let error = std::io::Error::from(std::io::ErrorKind::NotADirectory);
        Err(failed("looking for the directory", path, &error))
    }

    /// Where a file with this key lies; `None` when there is no directory that it could lie in.
    pub(super) fn file(&self, key: &[u8]) -> Result<Option<PathBuf>, SourceError> {
        let below = self.below(key)?;
        let parents = below.rsplitn(2, |byte| *byte == b'/').nth(1);
        let is_there = match parents {
            None => true,
            Some(parents) => self.is_plain(key, parents)?,
        };
        Ok(is_there.then(|| path_of(key).to_owned()))
    }

    /// Where a file with this key is to lie; the directories that it is to lie in are made.
    pub(super) fn new_file(&self, key: &[u8]) -> Result<PathBuf, SourceError> {
        let path = path_of(key);
        if self.file(key)?.is_none() {
            let folder = path.parent().unwrap_or(path);
            let made = std::fs::create_dir_all(folder);
            made.map_err(|error| failed("making the directory", folder, &error))?;
        }
        Ok(path.to_owned())
    }

    /// Whether a directory is there whose path is the beginning of keys; it ends with a slash.
    pub(super) fn has_directory(&self, directory: &[u8]) -> Result<bool, SourceError> {
        let below = directory.strip_prefix(self.slashed.as_slice());
        match below.and_then(|below| below.strip_suffix(b"/")) {
            None => Ok(true),
            Some(below) if below.split(|byte| *byte == b'/').any(<[u8]>::is_empty) => Ok(false),
            Some(below) => match self.is_plain(directory, below) {
                // What a link leads to has no keys here.
                Err(SourceError::Outside { .. }) if !is_relative(below) => Ok(false),
                answer => answer,
            },
        }
    }

    /// The part of a key below the directory.
    fn below<'a>(&self, key: &'a [u8]) -> Result<&'a [u8], SourceError> {
        let below = key.strip_prefix(self.slashed.as_slice());
        let is_good = |below: &&[u8]| {
            let mut parts = below.split(|byte| *byte == b'/');
            !below.contains(&0) && !is_relative(below) && !parts.any(<[u8]>::is_empty)
        };
        below
            .filter(is_good)
            .ok_or_else(|| outside(key, &self.slashed))
    }

    /// Whether these directories are there, each a directory and no link to one.
    fn is_plain(&self, key: &[u8], directories: &[u8]) -> Result<bool, SourceError> {
        if is_relative(directories) {
            return Err(outside(key, &self.slashed));
        }
        let mut path = self.path().to_owned();
        for name in directories.split(|byte| *byte == b'/') {
            path.push(OsStr::from_bytes(name));
            match path.symlink_metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(metadata) if metadata.is_symlink() => return Err(outside(key, &self.slashed)),
                Ok(_) => return Ok(false),
                Err(error) if is_missing(&error) => return Ok(false),
                Err(error) => return Err(failed("looking for", &path, &error)),
            }
        }
        Ok(true)
    }
}

pub(super) fn path_of(key: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(key))
}

pub(super) fn outside(key: &[u8], root: &[u8]) -> SourceError {
    SourceError::Outside {
        key: key.escape_ascii().to_string(),
        root: root.escape_ascii().to_string(),
    }
}

pub(super) fn is_relative(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/')
        .any(|part| part == b"." || part == b"..")
}
