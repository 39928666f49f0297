//! What is to be recorded, one transaction after another.

use std::sync::Arc;

use floe_notify::clock::Timestamp;

use super::{Command, HeldId, Stream, Timer};
use crate::{Discovery, ListingProgress, MAX_DISCOVERIES};

#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// Files that messages told of.
    files: Vec<Discovery>,
    /// The message of each.
    held: Vec<HeldId>,
    page: Option<(Vec<Discovery>, Option<ListingProgress>)>,
    job: Option<Job>,
    timer: Timer,
}

/// One transaction; it is asked for until it succeeds.
#[derive(Clone, Debug)]
struct Job {
    discoveries: Arc<Vec<Discovery>>,
    progress: Option<ListingProgress>,
    held: Vec<HeldId>,
    is_page: bool,
}

impl Records {
    pub(super) fn add(&mut self, file: Discovery, held: HeldId) {
        self.files.push(file);
        self.held.push(held);
    }

    /// A page of the listing; there is one at a time.
    pub(super) fn add_page(&mut self, files: Vec<Discovery>, progress: Option<ListingProgress>) {
        self.page = Some((files, progress));
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.timer.failed(now);
    }

    /// Forgets what was not asked for yet.
    pub(super) fn let_go(&mut self) {
        self.files.clear();
        self.held.clear();
        self.page = None;
        if !self.timer.is_asked {
            self.job = None;
        }
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.job.is_none()
    }

    /// Whether nothing waits to be recorded or is being recorded.
    pub(super) const fn is_empty(&self) -> bool {
        self.job.is_none() && self.files.is_empty() && self.page.is_none()
    }

    pub(super) fn wakeup(&self) -> Option<Timestamp> {
        self.job.as_ref().and_then(|_| self.timer.wakeup())
    }

    pub(super) fn go_on(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        if self.job.is_none() {
            self.job = self.next_job();
        }
        let Some(job) = self.job.as_ref().filter(|_| self.timer.is_due(now)) else {
            return;
        };
        commands.push(Command::Record {
            discoveries: Arc::clone(&job.discoveries),
            progress: job.progress.clone(),
        });
        self.timer.ask();
    }

    /// A page first: there is at most one, and messages come without end.
    fn next_job(&mut self) -> Option<Job> {
        if let Some((files, progress)) = self.page.take() {
            let discoveries = Arc::new(files);
            return Some(Job {
                discoveries,
                progress,
                held: Vec::new(),
                is_page: true,
            });
        }
        if self.files.is_empty() {
            return None;
        }
        let rest = self.files.len().min(MAX_DISCOVERIES);
        let files = self.files.drain(..rest).collect();
        let held = self.held.drain(..rest).collect();
        Some(Job {
            discoveries: Arc::new(files),
            progress: None,
            held,
            is_page: false,
        })
    }
}

impl Stream {
    pub(super) fn recorded(&mut self) {
        self.records.timer = Timer::default();
        let Some(job) = self.records.job.take() else {
            return;
        };
        for held in job.held {
            self.hands.one_done(held);
        }
        if job.is_page {
            self.listings.page_recorded(self.now);
        }
        if !job.discoveries.is_empty() {
            self.batches.look_now(self.now);
        }
    }
}
