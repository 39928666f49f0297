//! Set-ups on one bucket, one after another within this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

type Locks = Mutex<BTreeMap<String, Weak<Turns<()>>>>;

/// Waits until nobody else in this process sets up on the bucket.
pub(super) async fn turn(world: &str, bucket: &str) -> OwnedMutexGuard<()> {
    static LOCKS: OnceLock<Locks> = OnceLock::new();
    let key = format!("{world} {bucket}");
    let turns = {
        let locks = LOCKS.get_or_init(Locks::default);
        // Nothing panics while the lock is held, so a poisoned map is still a whole one.
        let mut locks = locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, turns| turns.strong_count() > 0);
        let known = locks.get(&key).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let turns = Arc::new(Turns::new(()));
            locks.insert(key, Arc::downgrade(&turns));
            turns
        })
    };
    turns.lock_owned().await
}
