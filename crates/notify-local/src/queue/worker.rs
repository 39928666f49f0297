//! The thread that owns the files of one queue.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{Bell, Message, Receipt};

use super::lock::Lock;
use super::reply::Reply;
use super::store::{Store, Taken};
use crate::{LocalError, LocalEvent, RescanReason};

/// Jobs that share one sync of the disk.
const MAX_GROUP: usize = 256;

type Result<T> = std::result::Result<T, LocalError>;

/// What a queue asks of its thread.
pub(super) enum Job {
    Send {
        now: Timestamp,
        messages: Vec<Message>,
        reply: Reply<Result<()>>,
    },
    Receive {
        now: Timestamp,
        max: usize,
        visibility: Duration,
        reply: Reply<Result<Taken>>,
    },
    Acknowledge {
        batch: Vec<Receipt>,
        reply: Reply<Result<Vec<bool>>>,
    },
    Extend {
        receipt: Receipt,
        until: Timestamp,
        reply: Reply<Result<bool>>,
    },
    Release {
        batch: Vec<Receipt>,
        reply: Reply<Result<Vec<bool>>>,
    },
    Size {
        reply: Reply<Result<usize>>,
    },
}

/// An answer that waits until everything that it says is durable.
type Pending = Box<dyn FnOnce(&Result<()>)>;

pub(super) struct Worker {
    pub(super) folder: PathBuf,
    pub(super) store: Store,
    pub(super) bell: Bell,
    /// Where files may be that a lost message told of.
    pub(super) watched: PathBuf,
    /// Whether messages were lost and nobody was told yet.
    pub(super) owes_rescan: bool,
    /// The latest time that a job named.
    pub(super) now: Timestamp,
    /// Held as long as the files are in use.
    pub(super) _lock: Lock,
}

impl Worker {
    /// Works until nobody can ask for anything any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let group = std::iter::once(first).chain(jobs.try_iter());
            let group: Vec<Job> = group.take(MAX_GROUP).collect();
            self.work(group);
        }
    }

    fn work(&mut self, group: Vec<Job>) {
        if !self.store.is_there() {
            let path = self.folder.clone();
            let gone = LocalError::Gone { path };
            group.into_iter().for_each(|job| job.fail(&gone));
            return;
        }
        let named = group.iter().filter_map(Job::named_time).max();
        self.now = named.unwrap_or_default().max(self.now);
        self.tell_of_losses();
        let uncovers = group.iter().any(Job::may_uncover);
        let pending: Vec<Pending> = group.into_iter().map(|job| self.start(job)).collect();
        let synced = self.store.sync();
        pending.into_iter().for_each(|answer| answer(&synced));
        if uncovers {
            // Whoever waits looks again.
            self.bell.ring();
        }
        if synced.is_ok() {
            // Should it fail for want of room, the next group tries again.
            drop(self.store.clean());
        }
    }

    /// As soon as a job has named the time.
    fn tell_of_losses(&mut self) {
        if !self.owes_rescan || self.now == Timestamp::default() {
            return;
        }
        let event = LocalEvent::RescanNeeded {
            directory: self.watched.clone(),
            reason: RescanReason::QueueDamaged,
            seen: self.now,
        };
        let sent = self.store.send(self.now, vec![event.to_message()]);
        self.owes_rescan = sent.is_err();
    }

    fn start(&mut self, job: Job) -> Pending {
        match job {
            Job::Send {
                now,
                messages,
                reply,
            } => answer(self.store.send(now, messages), reply),
            Job::Acknowledge { batch, reply } => answer(self.store.acknowledge(&batch), reply),
            Job::Receive {
                now,
                max,
                visibility,
                reply,
            } => {
                let taken = self.store.take(now, max, visibility);
                if taken.unreadable > 0 {
                    self.owes_rescan = true;
                    self.tell_of_losses();
                }
                answer(Ok(taken), reply)
            }
            Job::Extend {
                receipt,
                until,
                reply,
            } => answer(Ok(self.store.extend(&receipt, until)), reply),
            Job::Release { batch, reply } => answer(Ok(self.store.release(&batch)), reply),
            Job::Size { reply } => answer(Ok(self.store.len()), reply),
        }
    }
}

fn answer<T: 'static>(result: Result<T>, reply: Reply<Result<T>>) -> Pending {
    Box::new(move |synced| {
        let durable = synced.clone();
        reply.send(result.and_then(|value| durable.map(|()| value)));
    })
}

impl Job {
    /// Whether a message may be visible sooner than those who wait know.
    fn may_uncover(&self) -> bool {
        matches!(
            self,
            Self::Send { .. } | Self::Release { .. } | Self::Extend { .. }
        )
    }

    fn named_time(&self) -> Option<Timestamp> {
        match self {
            Self::Send { now, .. } | Self::Receive { now, .. } => Some(*now),
            _ => None,
        }
    }

    fn fail(self, error: &LocalError) {
        let error = error.clone();
        match self {
            Self::Send { reply, .. } => reply.send(Err(error)),
            Self::Receive { reply, .. } => reply.send(Err(error)),
            Self::Acknowledge { reply, .. } | Self::Release { reply, .. } => {
                reply.send(Err(error));
            }
            Self::Extend { reply, .. } => reply.send(Err(error)),
            Self::Size { reply } => reply.send(Err(error)),
        }
    }
}
