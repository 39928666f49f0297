//! One process has a ledger at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::error::EmbeddedError;

/// The right to use a ledger. The kernel takes it back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Locks the file `path` of the ledger in `directory`; it names the process.
    pub(super) fn take(directory: &Path, path: &Path) -> Result<Self, EmbeddedError> {
        let failed = |error| EmbeddedError::io(path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who has just taken it may not have written the number yet.
                let read = file.read_to_string(&mut text).is_ok();
                return Err(EmbeddedError::Held {
                    path: directory.to_owned(),
                    pid: read.then(|| text.trim().parse().ok()).flatten(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // The number only serves messages: on a full disk the lock is as good without it.
        let emptied = file.set_len(0).and_then(|()| file.rewind());
        drop(emptied.and_then(|()| writeln!(file, "{}", std::process::id())));
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started has the file open,
        // too, until it runs its own program.
        drop(self.0.unlock());
    }
}
