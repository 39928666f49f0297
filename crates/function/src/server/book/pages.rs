//! Which batches are worked on and which answers are kept: decisions without clock or task.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

/// What an entry costs beside the bytes of its texts: the maps, the headers' table.
const ENTRY_BYTES: usize = 512;

/// Whose batch it is. Two routes may see the same id: nothing promises that the ids of two
/// functions of one query differ.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) route: u64,
    pub(super) path: String,
    pub(super) batch_id: String,
}

/// The SHA-256 of a request's body.
pub(super) type RowsDigest = [u8; 32];

/// A response that can be given more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Kept {
    fn is_answer(&self) -> bool {
        self.status == StatusCode::OK
    }

    fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers: usize = headers
            .map(|(name, value)| name.as_str().len() + value.len())
            .sum();
        headers + self.body.len()
    }
}

impl IntoResponse for &Kept {
    fn into_response(self) -> Response {
        let mut response = self.body.clone().into_response();
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

/// Where the one who works tells the outcome, and where the others hear it.
pub(super) type Tell = watch::Sender<Option<Arc<Kept>>>;
pub(super) type Hear = watch::Receiver<Option<Arc<Kept>>>;

/// What is to be done with a batch that was sent.
#[derive(Debug)]
pub(super) enum Sent {
    /// Begin the work, tell its outcome, and wait for it like the others.
    Begin(Tell, Hear),
    /// Wait for the work that is under way.
    Wait(Hear),
    /// This is the answer.
    Known(Arc<Kept>),
    /// The id belongs to other rows.
    OtherRows,
    /// So many are being worked on that no more may begin.
    Busy(usize),
}

/// What is to be told to the one who asks for a result.
#[derive(Debug)]
pub(super) enum Asked {
    Known(Arc<Kept>),
    Running,
    Unknown,
}

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) kept_for: Duration,
    pub(super) kept_batches: usize,
    pub(super) kept_bytes: usize,
    pub(super) most_running: usize,
}

/// The batches that are known.
#[derive(Debug)]
pub(super) struct Pages {
    limits: Limits,
    entries: HashMap<Arc<Key>, Entry>,
    /// What is finished, the oldest first.
    finished: BTreeMap<u64, Arc<Key>>,
    /// How much has been finished so far, which orders `finished`.
    count: u64,
    bytes: usize,
    running: watch::Sender<usize>,
}

#[derive(Debug)]
struct Entry {
    rows: RowsDigest,
    state: State,
}

#[derive(Debug)]
enum State {
    Running {
        hear: Hear,
        /// Whether somebody was told to ask later, who must then hear of a failure too.
        promised: bool,
    },
    Finished {
        order: u64,
        at: Instant,
        kept: Arc<Kept>,
        bytes: usize,
    },
}

impl Pages {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: HashMap::new(),
            finished: BTreeMap::new(),
            count: 0,
            bytes: 0,
            running: watch::Sender::new(0),
        }
    }

    /// A batch was sent, for the first time or again.
    pub(super) fn sent(&mut self, key: &Arc<Key>, rows: RowsDigest, now: Instant) -> Sent {
        self.forget_old(now);
        if let Some(entry) = self.entries.get(key) {
            match &entry.state {
                // A failure stays for those who ask for it; who sends the batch again means to
                // have it tried again.
                State::Finished { kept, .. } if !kept.is_answer() => {}
                _ if entry.rows != rows => return Sent::OtherRows,
                State::Finished { kept, .. } => return Sent::Known(Arc::clone(kept)),
                State::Running { hear, .. } => return Sent::Wait(hear.clone()),
            }
        }
        let running = *self.running.borrow();
        if running >= self.limits.most_running {
            return Sent::Busy(running);
        }
        self.forget(key);
        let (tell, hear) = watch::channel(None);
        let state = State::Running {
            hear: hear.clone(),
            promised: false,
        };
        self.entries.insert(Arc::clone(key), Entry { rows, state });
        self.running.send_modify(|running| *running += 1);
        Sent::Begin(tell, hear)
    }

    /// Somebody asks for the result of a batch.
    pub(super) fn asked(&mut self, key: &Key, now: Instant) -> Asked {
        self.forget_old(now);
        match self.entries.get(key).map(|entry| &entry.state) {
            Some(State::Finished { kept, .. }) => Asked::Known(Arc::clone(kept)),
            Some(State::Running { .. }) => {
                self.promise(key);
                Asked::Running
            }
            None => Asked::Unknown,
        }
    }

    /// Notes that somebody is told to ask later; false when the outcome is there already.
    pub(super) fn promise(&mut self, key: &Key) -> bool {
        match self.entries.get_mut(key).map(|entry| &mut entry.state) {
            Some(State::Running { promised, .. }) => {
                *promised = true;
                true
            }
            Some(State::Finished { .. }) | None => false,
        }
    }

    /// The work on a batch has ended, well or not.
    pub(super) fn ended(&mut self, key: &Arc<Key>, kept: Arc<Kept>, now: Instant) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let State::Running { promised, .. } = entry.state else {
            return;
        };
        self.running.send_modify(|running| *running -= 1);
        if !promised && !kept.is_answer() {
            self.entries.remove(key);
            return;
        }
        let bytes = ENTRY_BYTES + key.path.len() + key.batch_id.len() + kept.bytes();
        self.count += 1;
        entry.state = State::Finished {
            order: self.count,
            at: now,
            kept,
            bytes,
        };
        self.finished.insert(self.count, Arc::clone(key));
        self.bytes += bytes;
        self.forget_too_much();
    }

    pub(super) fn running(&self) -> watch::Receiver<usize> {
        self.running.subscribe()
    }

    /// How many outcomes are kept, and their bytes.
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.finished.len(), self.bytes)
    }

    /// Ends when the oldest that is left is young enough.
    fn forget_old(&mut self, now: Instant) {
        while let Some(oldest) = self.oldest() {
            let age = match self.entries.get(&oldest).map(|entry| &entry.state) {
                Some(State::Finished { at, .. }) => now.duration_since(*at),
                Some(State::Running { .. }) | None => return,
            };
            if age < self.limits.kept_for {
                return;
            }
            self.forget(&oldest);
        }
    }

    /// The newest stays in any case: somebody is about to ask for it.
    fn forget_too_much(&mut self) {
        while self.finished.len() > 1
            && (self.finished.len() > self.limits.kept_batches
                || self.bytes > self.limits.kept_bytes)
        {
            let Some(oldest) = self.oldest() else { return };
            self.forget(&oldest);
        }
    }

    fn oldest(&self) -> Option<Arc<Key>> {
        self.finished.values().next().map(Arc::clone)
    }

    /// Takes a finished batch out of all the books; one that is worked on stays.
    fn forget(&mut self, key: &Key) {
        let Some(State::Finished { order, bytes, .. }) =
            self.entries.get(key).map(|entry| &entry.state)
        else {
            return;
        };
        self.bytes -= bytes;
        self.finished.remove(order);
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        kept_for: Duration::from_secs(60),
        kept_batches: 3,
        kept_bytes: 10_000,
        most_running: 2,
    };

    fn key(id: &str) -> Arc<Key> {
        Arc::new(Key {
            route: 0,
            path: "/f".to_owned(),
            batch_id: id.to_owned(),
        })
    }

    fn kept(status: u16, bytes: usize) -> Arc<Kept> {
        Arc::new(Kept {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: vec![b' '; bytes].into(),
        })
    }

    fn begins(pages: &mut Pages, id: &str, now: Instant) -> bool {
        matches!(pages.sent(&key(id), [0; 32], now), Sent::Begin(..))
    }

    /// Sends a batch that is answered with so many bytes.
    fn answer(pages: &mut Pages, id: &str, bytes: usize, now: Instant) {
        assert!(begins(pages, id, now), "{id}");
        pages.ended(&key(id), kept(200, bytes), now);
    }

    fn known(pages: &mut Pages, id: &str, now: Instant) -> bool {
        matches!(pages.asked(&key(id), now), Asked::Known(_))
    }

    #[test]
    fn the_oldest_answers_go_first_when_there_are_too_many() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        for id in ["a", "b", "c", "d"] {
            answer(&mut pages, id, 1, now);
        }
        let known: Vec<_> = ["a", "b", "c", "d"]
            .map(|id| known(&mut pages, id, now))
            .into();
        assert_eq!(known, [false, true, true, true]);
        assert_eq!(pages.kept().0, 3);
    }

    #[test]
    fn the_bytes_that_are_kept_are_bounded_and_counted_back() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        answer(&mut pages, "a", 4_000, now);
        answer(&mut pages, "b", 4_000, now);
        assert_eq!(pages.kept(), (2, 2 * (4_000 + ENTRY_BYTES + 3)));
        answer(&mut pages, "c", 9_000, now);
        assert_eq!(pages.kept(), (1, 9_000 + ENTRY_BYTES + 3));
        // Larger than everything, and yet kept, for it is the newest.
        answer(&mut pages, "d", 10_000, now);
        assert_eq!(pages.kept(), (1, 10_000 + ENTRY_BYTES + 3));
        assert!(known(&mut pages, "d", now));
        assert!(!known(&mut pages, "d", now + LIMITS.kept_for));
        assert_eq!(pages.kept(), (0, 0));
    }

    #[test]
    fn an_answer_is_forgotten_at_its_age_whether_asked_for_or_not() {
        let (mut pages, start) = (Pages::new(LIMITS), Instant::now());
        let second = Duration::from_secs(1);
        answer(&mut pages, "a", 1, start);
        answer(&mut pages, "b", 1, start + 30 * second);
        assert!(known(&mut pages, "a", start + 59 * second));
        assert!(!known(&mut pages, "a", start + 60 * second));
        assert!(known(&mut pages, "b", start + 60 * second));
        assert!(begins(&mut pages, "a", start + 61 * second));
        assert_eq!(pages.entries.len(), 2);
    }

    #[test]
    fn what_is_worked_on_is_never_forgotten() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        assert!(begins(&mut pages, "slow", now));
        let later = now + 100 * LIMITS.kept_for;
        for id in ["a", "b", "c", "d", "e"] {
            answer(&mut pages, id, 9_000, later);
        }
        assert!(matches!(pages.asked(&key("slow"), later), Asked::Running));
        assert!(matches!(
            pages.sent(&key("slow"), [0; 32], later),
            Sent::Wait(_)
        ));
    }

    #[test]
    fn a_failure_is_kept_only_when_somebody_was_told_to_ask_for_it() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        assert!(begins(&mut pages, "a", now));
        pages.ended(&key("a"), kept(500, 1), now);
        assert!(matches!(pages.asked(&key("a"), now), Asked::Unknown));

        assert!(begins(&mut pages, "a", now));
        assert!(pages.promise(&key("a")));
        pages.ended(&key("a"), kept(500, 1), now);
        assert!(!pages.promise(&key("a")));
        assert!(known(&mut pages, "a", now) && known(&mut pages, "a", now));
        // Sent again it is tried again, and nothing of the failure is left.
        assert!(begins(&mut pages, "a", now));
        assert_eq!(pages.kept(), (0, 0));
        assert_eq!(*pages.running().borrow(), 1);
    }

    #[test]
    fn no_more_begin_than_may_run_at_a_time() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        assert!(begins(&mut pages, "a", now) && begins(&mut pages, "b", now));
        assert!(matches!(pages.sent(&key("c"), [0; 32], now), Sent::Busy(2)));
        // Who is known already is never too many.
        assert!(matches!(pages.sent(&key("a"), [0; 32], now), Sent::Wait(_)));
        pages.ended(&key("a"), kept(500, 1), now);
        assert!(begins(&mut pages, "c", now));
    }

    #[test]
    fn other_rows_under_a_known_id_are_noticed_while_it_runs_and_afterwards() {
        let (mut pages, now) = (Pages::new(LIMITS), Instant::now());
        assert!(begins(&mut pages, "a", now));
        assert!(matches!(
            pages.sent(&key("a"), [1; 32], now),
            Sent::OtherRows
        ));
        pages.ended(&key("a"), kept(200, 1), now);
        assert!(matches!(
            pages.sent(&key("a"), [1; 32], now),
            Sent::OtherRows
        ));
        assert!(matches!(
            pages.sent(&key("a"), [0; 32], now),
            Sent::Known(_)
        ));
    }
}
