//! What was read ahead of a listing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use floe_notify::clock::{Clock, Timestamp};

use crate::{ListedObjects, Object};

/// Files that are kept for the next pages of a listing that has to be read as a whole.
const MAX_AHEAD: usize = 65_536;

/// How long they are kept; less than any lease of a listing, so that they are never older than a
/// listing that somebody else began meanwhile.
const MAX_IDLE: Duration = Duration::from_secs(10);

/// The first files behind a key, whatever order they are met in.
#[derive(Debug)]
pub(super) struct Ahead {
    objects: BTreeMap<Vec<u8>, Object>,
    most: usize,
    /// Nothing comes after them.
    is_end: bool,
}

impl Ahead {
    pub(super) fn new(max: usize) -> Self {
        Self {
            objects: BTreeMap::new(),
            most: max.max(MAX_AHEAD),
            is_end: true,
        }
    }

    /// Takes a file that comes behind the key.
    pub(super) fn take(&mut self, object: Object) {
        self.objects.insert(object.key.clone(), object);
        if self.objects.len() > self.most {
            self.objects.pop_last();
            self.is_end = false;
        }
    }
}

/// Where the files of one listing lie until their page is asked for.
#[derive(Debug)]
pub(super) struct Shelf {
    clock: Arc<dyn Clock>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    prefix: Vec<u8>,
    after: Vec<u8>,
    objects: VecDeque<Object>,
    is_end: bool,
    since: Timestamp,
}

impl Shelf {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            kept: Mutex::new(None),
        }
    }

    /// The page behind a key, if it was read ahead.
    pub(super) fn take(&self, prefix: &[u8], after: &[u8], max: usize) -> Option<ListedObjects> {
        let now = self.clock.now();
        let mut slot = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = slot.take_if(|kept| {
            let is_it = kept.prefix == prefix && kept.after == after;
            is_it || now.since(kept.since) > MAX_IDLE
        })?;
        let is_it = kept.prefix == prefix && kept.after == after;
        let is_good = is_it && now.since(kept.since) <= MAX_IDLE && !kept.objects.is_empty();
        is_good.then(|| cut(&mut slot, kept, max, now))
    }

    /// Keeps what was read, and returns the first page of it.
    pub(super) fn put(
        &self,
        prefix: &[u8],
        after: &[u8],
        ahead: Ahead,
        max: usize,
    ) -> ListedObjects {
        let now = self.clock.now();
        let kept = Kept {
            prefix: prefix.to_vec(),
            after: after.to_vec(),
            objects: ahead.objects.into_values().collect(),
            is_end: ahead.is_end,
            since: now,
        };
        let mut slot = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        cut(&mut slot, kept, max, now)
    }
}

fn cut(slot: &mut Option<Kept>, mut kept: Kept, max: usize, now: Timestamp) -> ListedObjects {
    let count = max.min(kept.objects.len());
    let objects: Vec<_> = kept.objects.drain(..count).collect();
    let is_last = kept.is_end && kept.objects.is_empty();
    if let Some(last) = objects.last().filter(|_| !is_last) {
        kept.after.clone_from(&last.key);
        kept.since = now;
        *slot = Some(kept);
    }
    ListedObjects { objects, is_last }
}
