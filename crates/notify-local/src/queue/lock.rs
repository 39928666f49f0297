//! One process has a queue at a time.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::LocalError;

/// The file that is locked; it names the process.
pub(crate) const LOCK_FILE: &str = "lock";

/// The right to use the files of a queue. The kernel takes it back when the process ends, however
/// it ends, so nothing is ever stale.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    pub(crate) fn take(folder: &Path) -> Result<Self, LocalError> {
        let path = folder.join(LOCK_FILE);
        let failed = |error| LocalError::io("lock", &path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // A holder that has just taken the lock may not have written its number yet.
                let read = file.read_to_string(&mut text).is_ok();
                return Err(LocalError::Held {
                    path: folder.to_owned(),
                    pid: read.then(|| text.trim().parse().ok()).flatten(),
                });
            }
            Err(errno) => return Err(failed(errno.into())),
        }
        let text = format!("{}\n", std::process::id());
        // The number only serves messages: on a full disk the lock is as good without it.
        let written = file.set_len(0);
        drop(written.and_then(|()| file.write_all_at(text.as_bytes(), 0)));
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started has the file open,
        // too, until it runs its own program.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}
