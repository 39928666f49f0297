//! The queues that this process has open, so that two consumers share one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use super::Shared;
use crate::LocalError;

static OPEN: Mutex<BTreeMap<PathBuf, Weak<Shared>>> = Mutex::new(BTreeMap::new());
static CLOSED: Condvar = Condvar::new();

/// Returns the open queue of this folder, or opens it.
pub(super) fn get(
    folder: &Path,
    open: impl FnOnce() -> Result<Shared, LocalError>,
) -> Result<Arc<Shared>, LocalError> {
    let mut queues = lock();
    while let Some(known) = queues.get(folder) {
        if let Some(shared) = known.upgrade() {
            return Ok(shared);
        }
        // Somebody is closing it right now; its files are free when that is done.
        queues = CLOSED.wait(queues).unwrap_or_else(PoisonError::into_inner);
    }
    let shared = Arc::new(open()?);
    queues.insert(folder.to_owned(), Arc::downgrade(&shared));
    Ok(shared)
}

/// Says that the files of a queue are free.
pub(super) fn closed(folder: &Path) {
    lock().remove(folder);
    CLOSED.notify_all();
}

fn lock() -> MutexGuard<'static, BTreeMap<PathBuf, Weak<Shared>>> {
    // Nothing panics while the lock is held, so a poisoned state is still a whole one.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}
