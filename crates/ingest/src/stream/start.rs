//! What comes first: what happened while nobody watched is noted, before anything is received.

use std::collections::VecDeque;

use floe_notify::QueueId;
use floe_notify::clock::Timestamp;

use super::{Command, Owner, Phase, QueueStart, Settings, Stream, Timer};
use crate::{ListingReason, ListingRequest, Mark, Marks};

/// The steps that are left of a start, or of a new start after the queue was lost. Nothing is
/// received before they are done.
#[derive(Debug, Default)]
pub(super) struct Start {
    steps: VecDeque<Step>,
    timer: Timer,
    queue: Option<QueueStart>,
}

#[derive(Debug, PartialEq)]
enum Step {
    SetUpQueue,
    Request(ListingReason),
    Mark(Mark),
}

impl Stream {
    pub(super) fn joined(&mut self, marks: &Marks, queue: Option<QueueStart>) {
        if self.phase != Phase::New {
            return;
        }
        self.phase = Phase::Running;
        self.listings.start(marks, &self.settings, self.now);
        self.start.plan(marks, queue, &self.settings, self.now);
    }
}

impl Start {
    /// What has to be noted, from what the ledger keeps and how the queue is.
    fn plan(
        &mut self,
        marks: &Marks,
        queue: Option<QueueStart>,
        settings: &Settings,
        now: Timestamp,
    ) {
        let has_moved = marks.path != settings.path;
        if marks.backfill_started.is_none() {
            // Also when an earlier process died before it could note this.
            let reason = match settings.include_existing {
                true => ListingReason::Initial,
                false => ListingReason::Existing,
            };
            self.steps.push_back(Step::Request(reason));
        } else {
            if has_moved {
                self.steps.push_back(Step::Request(ListingReason::Moved));
            }
            let lost = queue
                .as_ref()
                .is_some_and(|queue| may_have_lost(marks, queue, now));
            if lost && settings.notifications {
                self.steps.push_back(Step::Request(ListingReason::Fallback));
            }
        }
        if has_moved {
            let path = settings.path.clone();
            self.steps.push_back(Step::Mark(Mark::Moved { path }));
        }
        if let Some(queue) = queue.filter(|_| settings.notifications) {
            self.take_queue(queue, now);
        } else if settings.notifications {
            self.steps.push_back(Step::SetUpQueue);
        }
    }

    fn take_queue(&mut self, queue: QueueStart, now: Timestamp) {
        let id = queue.id.clone();
        self.queue = Some(queue);
        self.steps
            .push_back(Step::Mark(Mark::Polled { queue: id, at: now }));
    }

    /// The queue is gone, with everything in it.
    pub(super) fn queue_lost(&mut self) {
        // While a start goes on, this is the late answer of an earlier queue; a newer one comes.
        if self.is_done() && self.queue.take().is_some() {
            self.steps.push_back(Step::SetUpQueue);
        }
    }

    /// The queue was set up again; what happened meanwhile has to be listed.
    pub(super) fn queue_ready(&mut self, queue: QueueStart, now: Timestamp) {
        self.timer = Timer::default();
        if self.steps.front() == Some(&Step::SetUpQueue) {
            self.steps.pop_front();
            self.steps.push_back(Step::Request(ListingReason::Fallback));
            self.take_queue(queue, now);
        }
    }

    pub(super) fn step_done(&mut self) {
        self.timer = Timer::default();
        self.steps.pop_front();
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        self.timer.failed(now);
    }

    pub(super) fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    pub(super) fn wakeup(&self) -> Option<Timestamp> {
        self.steps.front().and_then(|_| self.timer.wakeup())
    }

    pub(super) fn queue(&self) -> Option<&QueueId> {
        self.queue.as_ref().map(|queue| &queue.id)
    }

    pub(super) fn largest_receive(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.largest_receive)
    }
}

impl Stream {
    /// Takes the next step of a start.
    pub(super) fn step(&mut self, commands: &mut Vec<Command>) {
        let start = &mut self.start;
        if !start.timer.is_due(self.now) {
            return;
        }
        match start.steps.front() {
            Some(Step::SetUpQueue) => commands.push(Command::SetUpQueue),
            Some(Step::Request(reason)) if self.requesting.is_none() => {
                self.requesting = Some(Owner::Start);
                let prefix = self.settings.prefix.clone();
                let request = ListingRequest {
                    reason: *reason,
                    prefix,
                };
                commands.push(Command::RequestListing(request));
            }
            Some(Step::Mark(mark)) if self.marking.is_none() => {
                self.marking = Some(Owner::Start);
                commands.push(Command::Mark(mark.clone()));
            }
            _ => return,
        }
        start.timer.ask();
    }
}

/// Whether events may have come and gone that nobody received.
fn may_have_lost(marks: &Marks, queue: &QueueStart, now: Timestamp) -> bool {
    let is_other = marks.queue.as_ref() != Some(&queue.id);
    let stood_still = match (marks.last_poll, queue.retention) {
        (None, _) => true,
        (Some(polled), Some(retention)) => now.since(polled) >= retention,
        (Some(_), None) => false,
    };
    queue.is_new || is_other || stood_still
}
