//! What was seen and is not dealt with yet.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use floe_notify::Bell;

use super::seen::Seen;

/// Most things that wait; at most 30 MB of them. When there are more, a listing is cheaper.
const MAX_WAITING: usize = 1 << 17;

/// Filled by the library's thread, which never waits here: it also answers requests to watch more
/// directories, and those come from the thread that empties this.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    waiting: Mutex<Waiting>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Waiting {
    seen: VecDeque<Seen>,
    is_full: bool,
}

impl Inbox {
    pub(super) fn put(&self, seen: Seen) {
        let mut waiting = self.lock();
        if waiting.seen.len() < MAX_WAITING {
            waiting.seen.push_back(seen);
        } else {
            waiting.is_full = true;
        }
        drop(waiting);
        self.bell.ring();
    }

    /// Takes up to so many of the oldest; ends with [`Seen::Lost`] when others did not fit.
    pub(super) fn take(&self, most: usize) -> Vec<Seen> {
        let mut waiting = self.lock();
        let count = waiting.seen.len().min(most);
        let mut taken: Vec<Seen> = waiting.seen.drain(..count).collect();
        if waiting.seen.is_empty() && std::mem::take(&mut waiting.is_full) {
            taken.push(Seen::Lost);
        }
        taken
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    pub(super) fn wake(&self) {
        self.bell.ring();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told_of_as_lost_once() {
        let inbox = Inbox::default();
        for number in 0..MAX_WAITING + 10 {
            inbox.put(Seen::Closed(format!("/{number}").into()));
        }
        let first = inbox.take(MAX_WAITING - 1);
        assert!(
            !first.contains(&Seen::Lost),
            "not before the end of what fits"
        );
        let rest = inbox.take(10);
        assert_eq!(rest.last(), Some(&Seen::Lost));
        assert_eq!(first.len() + rest.len(), MAX_WAITING + 1);
        assert_eq!(inbox.take(10), []);
    }
}
