//! One process holds a data directory at a time.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::error::EngineError;

/// Name of the lock file inside the data directory; it holds the holder's pid.
const LOCK_FILE: &str = "lock";

/// Proof that this process holds the data directory. The kernel takes the lock
/// back when the process ends, however it ends, so nothing is ever stale.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    // Held, never read: closing it releases the lock.
    _file: File,
}

impl DirectoryLock {
    /// Takes the lock of `dir`, creating the directory when it is missing.
    ///
    /// # Errors
    ///
    /// `FLOE-ENGINE-0001` names the process that holds it, `FLOE-ENGINE-0002`
    /// says that the directory can not be used.
    pub(crate) fn take(dir: &Path) -> Result<Self, EngineError> {
        let unusable = |source| EngineError::DataDir {
            path: dir.to_owned(),
            source,
        };
        std::fs::create_dir_all(dir).map_err(unusable)?;
        let path = dir.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(held(dir.to_owned(), &mut file)),
            Err(errno) => return Err(unusable(errno.into())),
        }
        write_pid(&mut file).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())?;
    file.flush()
}

fn held(path: PathBuf, file: &mut File) -> EngineError {
    let mut text = String::new();
    // A holder that has just taken the lock may not have written its pid yet.
    let pid = match file.read_to_string(&mut text) {
        Ok(_) => text.trim().parse::<u32>().ok(),
        Err(_) => None,
    };
    EngineError::Held { path, pid }
}
