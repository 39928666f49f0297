//! A file that gets its name once it is whole, unless another one has it by then.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What names of drafts end in.
const ENDING: &str = ".tmp";

/// A hidden file beside the place that it will have. It is removed when it is dropped.
///
/// Whoever writes one has its lock for as long as it lives, so that others can tell it from what a
/// crash left behind.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
}

impl Draft {
    /// Begins the file `name` in `directory`.
    pub(crate) fn begin(directory: &Path, name: &str) -> io::Result<Self> {
        let process = std::process::id();
        let mut number = 0_u32;
        loop {
            let path = directory.join(format!(".{name}.{process}-{number}{ENDING}"));
            match File::options().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    match file.lock() {
                        Ok(()) => {}
                        // Without locks nobody sweeps either.
                        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
                        Err(error) => return Err(error),
                    }
                    // Somebody who swept may have had the lock first.
                    if file.metadata()?.nlink() > 0 {
                        let target = directory.join(name);
                        return Ok(Self { file, path, target });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// What is written to.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its name, durably; false when a file of that name was there already, which
    /// stays as it is.
    pub(crate) fn publish(self) -> io::Result<bool> {
        self.file.sync_all()?;
        let is_new = match fs::hard_link(&self.path, &self.target) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        if let Some(directory) = self.target.parent() {
            // Also when another consumer made the link: it may not be durable yet.
            File::open(directory)?.sync_all()?;
        }
        Ok(is_new)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What is left is swept at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Removes drafts of files whose names begin with `start` that nobody writes any more.
pub(crate) fn sweep(directory: &Path, start: &str) -> io::Result<usize> {
    let start = format!(".{start}");
    let mut removed = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_draft = |name: &str| name.starts_with(&start) && name.ends_with(ENDING);
        if !entry.file_name().to_str().is_some_and(is_draft) {
            continue;
        }
        let Ok(file) = File::options().write(true).open(entry.path()) else {
            // It has been published, or removed by somebody else, or is not ours to write.
            continue;
        };
        match file.try_lock() {
            Ok(()) => {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_draft_has_no_name_until_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let draft = Draft::begin(dir.path(), "a").unwrap();
        draft.file().write_all(b"whole").unwrap();
        assert!(!dir.path().join("a").exists());
        assert!(draft.publish().unwrap());
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"whole");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_first_of_two_stays() {
        let dir = tempfile::tempdir().unwrap();
        let [first, second] = ["1", "2"].map(|text| {
            let draft = Draft::begin(dir.path(), "a").unwrap();
            draft.file().write_all(text.as_bytes()).unwrap();
            draft
        });
        assert!(second.publish().unwrap());
        assert!(!first.publish().unwrap());
        assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"2");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(Draft::begin(dir.path(), "a").unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn only_what_nobody_writes_is_swept() {
        let dir = tempfile::tempdir().unwrap();
        let alive = Draft::begin(dir.path(), "part-1").unwrap();
        for name in [".part-1.9-0.tmp", ".other.9-0.tmp", "part-1", ".part-1"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        assert_eq!(sweep(dir.path(), "part-").unwrap(), 1);
        assert!(!dir.path().join(".part-1.9-0.tmp").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
        assert!(!alive.publish().unwrap());
    }
}
