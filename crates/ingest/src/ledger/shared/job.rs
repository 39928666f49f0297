//! What callers ask for, until they are answered.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

use crate::LedgerError;
use crate::memory::replica::{Action, Replica};

/// Most jobs that share a change of the head.
const MAX_JOBS: usize = 256;

/// Most files that jobs bring into one change: some 5 MB.
const MAX_WEIGHT: usize = 50_000;

/// What a job weighs beside its files.
const OWN_WEIGHT: usize = 100;

pub(super) type Result<T> = std::result::Result<T, LedgerError>;

/// One call.
pub(super) trait Job: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;

    /// Whether it would change the state.
    fn changes(&self, replica: &Replica) -> bool;

    /// Writes it down; only for what [changes](Self::changes) something.
    fn put(&self, out: &mut Vec<u8>);

    /// Does it, and answers.
    fn settle(self: Box<Self>, replica: &mut Replica);

    /// Answers that it was not done, or that nobody knows.
    fn refuse(self: Box<Self>, error: LedgerError);

    fn weight(&self) -> usize {
        OWN_WEIGHT
    }
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Job")
    }
}

/// What may change the state.
pub(super) struct Act<A: Action> {
    pub(super) action: A,
    pub(super) reply: oneshot::Sender<Result<A::Answer>>,
}

impl<A: Action> Job for Act<A> {
    fn is_abandoned(&self) -> bool {
        self.reply.is_canceled()
    }

    fn changes(&self, replica: &Replica) -> bool {
        self.action.changes(replica)
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(A::TAG);
        self.action.put(out);
    }

    fn settle(self: Box<Self>, replica: &mut Replica) {
        let answer = self.action.apply(replica);
        // Whoever asked may be gone; what was done is done.
        drop(self.reply.send(answer));
    }

    fn refuse(self: Box<Self>, error: LedgerError) {
        drop(self.reply.send(Err(error)));
    }

    fn weight(&self) -> usize {
        OWN_WEIGHT + self.action.weight()
    }
}

/// What only looks.
pub(super) struct Look<F, T> {
    pub(super) look: F,
    pub(super) reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Job for Look<F, T>
where
    F: FnOnce(&Replica) -> Result<T> + Send,
    T: Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_canceled()
    }

    fn changes(&self, _replica: &Replica) -> bool {
        false
    }

    fn put(&self, _out: &mut Vec<u8>) {}

    fn settle(self: Box<Self>, replica: &mut Replica) {
        let Self { look, reply } = *self;
        drop(reply.send(look(replica)));
    }

    fn refuse(self: Box<Self>, error: LedgerError) {
        drop(self.reply.send(Err(error)));
    }
}

/// What waits for its turn.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<VecDeque<Box<dyn Job>>>);

impl Queue {
    pub(super) fn push(&self, job: Box<dyn Job>) {
        self.lock().push_back(job);
    }

    /// Takes what may share a change, at least one if any waits.
    pub(super) fn take(&self) -> Vec<Box<dyn Job>> {
        let mut jobs = self.lock();
        let mut group = Vec::new();
        let mut weight = 0;
        while let Some(job) = jobs.front() {
            weight += job.weight();
            if !group.is_empty() && (weight > MAX_WEIGHT || group.len() >= MAX_JOBS) {
                break;
            }
            group.extend(jobs.pop_front().filter(|job| !job.is_abandoned()));
        }
        group
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Box<dyn Job>>> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
