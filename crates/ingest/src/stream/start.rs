//! What comes first: what happened while nobody watched is noted, before anything is received.

use std::collections::VecDeque;

use floe_notify::QueueId;
use floe_notify::clock::Timestamp;

use super::{Command, Owner, Phase, QueueStart, Settings, Stream, Timer};
use crate::{ListingReason, ListingRequest, Mark, Marks};

/// The steps that are left of a start, or of a new start after the queue was lost. Nothing is
/// received before they are done.
#[derive(Clone, Debug, Default)]
pub(super) struct Start {
    steps: VecDeque<Step>,
    timer: Timer,
    /// The queue, and when it was found to be there.
    queue: Option<(QueueStart, Timestamp)>,
    /// From when on every file has an event, after a set-up that nobody has noted yet.
    settled: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    SetUpQueue,
    /// See whether somebody has asked for the first listing meanwhile.
    LookAgain,
    Request(ListingReason),
    Mark(Mark),
    MarkPoll,
}

impl Stream {
    pub(super) fn joined(&mut self, marks: &Marks, queue: Option<QueueStart>) {
        if self.phase != Phase::New {
            return;
        }
        self.phase = Phase::Running;
        let lists = self.lists_at_its_start(marks);
        self.listings.start(marks, &self.settings, self.now);
        self.start.plan(marks, queue, &self.settings, self.now);
        if lists {
            self.start.list();
        }
    }

    /// Whether a stream that takes what is there has to list for it. Its clock counts for this
    /// alone: what comes later is for the next one.
    fn lists_at_its_start(&mut self, marks: &Marks) -> bool {
        if !self.settings.available_now {
            return false;
        }
        let clock = self.settings.list_every.take().zip(marks.backfill_started);
        let is_due = clock.is_some_and(|(every, began)| self.now.since(began) >= every);
        is_due || !self.settings.notifications
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
        let may_have_lost = settings.notifications && may_have_lost(marks, queue.as_ref(), now);
        let mut is_lost = marks.queue_is_lost;
        if settings.notifications && queue.is_none() {
            if marks.queue.is_some() && !is_lost {
                self.steps.push_back(Step::Mark(Mark::QueueLost));
                is_lost = true;
            }
            self.steps.push_back(Step::SetUpQueue);
        }
        if marks.backfill_started.is_none() {
            // Also when an earlier process died before it could note this.
            self.steps.push_back(match settings.include_existing {
                true => Step::Request(ListingReason::Initial),
                false if settings.notifications => Step::LookAgain,
                false => Step::Request(ListingReason::Existing),
            });
        } else if may_have_lost {
            self.steps.push_back(Step::Request(ListingReason::Fallback));
        } else if has_moved {
            self.steps.push_back(Step::Request(ListingReason::Moved));
        }
        if has_moved {
            let path = settings.path.clone();
            self.steps.push_back(Step::Mark(Mark::Moved { path }));
        }
        if settings.notifications {
            if is_lost {
                self.steps.push_back(Step::Mark(Mark::QueueBack));
            }
            self.steps.push_back(Step::MarkPoll);
        }
        self.queue = queue
            .filter(|_| settings.notifications)
            .map(|queue| (queue, now));
        // One that nobody has polled may have been set up a moment ago.
        if self
            .queue()
            .is_some_and(|queue| marks.queue.as_ref() != Some(queue))
        {
            self.settle(settings, now);
        }
    }

    /// The queue is young: it is noted as there, and the path listed once more, when every file
    /// that lands has an event.
    fn settle(&mut self, settings: &Settings, now: Timestamp) {
        if !settings.settling.is_zero() {
            self.settled = Some(now.after(settings.settling));
        }
    }

    /// Asks for what has to be done once the queue is settled. Whoever dies before leaves a ledger
    /// that knows no queue, and the next start lists the path.
    pub(super) fn look_whether_settled(&mut self, now: Timestamp) {
        let is_due = self.settled.is_some_and(|at| at <= now);
        if is_due && self.is_done() {
            self.settled = None;
            self.steps.extend([
                Step::Request(ListingReason::Fallback),
                Step::Mark(Mark::QueueBack),
                Step::MarkPoll,
            ]);
        }
    }

    pub(super) const fn is_settling(&self) -> bool {
        self.settled.is_some()
    }

    /// Asks for a listing, unless one of the whole path is asked for already.
    fn list(&mut self) {
        if !self
            .steps
            .iter()
            .any(|step| matches!(step, Step::Request(_)))
        {
            self.steps
                .push_front(Step::Request(ListingReason::Backfill));
        }
    }

    /// The queue is gone, with everything in it.
    pub(super) fn queue_lost(&mut self) {
        // While a start goes on, this is the late answer of an earlier queue; a newer one comes.
        if self.is_done() && self.queue.take().is_some() {
            self.steps.extend([
                Step::Mark(Mark::QueueLost),
                Step::SetUpQueue,
                Step::Request(ListingReason::Fallback),
                Step::Mark(Mark::QueueBack),
                Step::MarkPoll,
            ]);
        }
    }

    /// The queue was set up.
    pub(super) fn queue_ready(&mut self, queue: QueueStart, settings: &Settings, now: Timestamp) {
        self.timer = Timer::default();
        if self
            .steps
            .pop_front_if(|step| *step == Step::SetUpQueue)
            .is_some()
        {
            self.queue = Some((queue, now));
            self.settle(settings, now);
        }
    }

    /// Whether the marks are being read for the start.
    pub(super) fn looks_again(&self) -> bool {
        self.steps.front() == Some(&Step::LookAgain)
    }

    /// The marks, read while the queue was there. If nobody had asked for the first listing by
    /// then, nothing has no event that lands after it began, whoever asks. Otherwise it may have
    /// been over before the queue was there, and what landed between has to be listed.
    pub(super) fn looked_again(&mut self, marks: &Marks, now: Timestamp) {
        self.step_done();
        let queue = self.queue.as_ref().map(|(queue, _)| queue);
        if marks.backfill_started.is_none() {
            let first = ListingReason::Existing;
            self.steps.push_front(Step::Request(first));
        } else if may_have_lost(marks, queue, now) {
            self.steps
                .push_front(Step::Request(ListingReason::Fallback));
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
        match self.steps.front() {
            Some(_) => self.timer.wakeup(),
            None => self.settled,
        }
    }

    pub(super) fn queue(&self) -> Option<&QueueId> {
        self.queue.as_ref().map(|(queue, _)| &queue.id)
    }

    pub(super) fn largest_receive(&self) -> usize {
        self.queue
            .as_ref()
            .map_or(0, |(queue, _)| queue.largest_receive)
    }
}

impl Stream {
    /// Takes the next step of a start.
    pub(super) fn step(&mut self, commands: &mut Vec<Command>) {
        let start = &mut self.start;
        if start.is_settling() {
            let waits = |step: &Step| matches!(step, Step::MarkPoll | Step::Mark(Mark::QueueBack));
            start.steps.retain(|step| !waits(step));
        }
        if !start.timer.is_due(self.now) {
            return;
        }
        match start.steps.front() {
            Some(Step::SetUpQueue) => commands.push(Command::SetUpQueue),
            Some(Step::LookAgain) => commands.push(Command::ReadMarks),
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
            Some(Step::MarkPoll) if self.marking.is_none() => {
                let Some((queue, at)) = start.queue.as_ref() else {
                    return;
                };
                self.marking = Some(Owner::Start);
                let (queue, at) = (queue.id.clone(), *at);
                commands.push(Command::Mark(Mark::Polled { queue, at }));
            }
            _ => return,
        }
        start.timer.ask();
    }
}

/// Whether events may have come and gone that nobody received.
fn may_have_lost(marks: &Marks, queue: Option<&QueueStart>, now: Timestamp) -> bool {
    let Some(queue) = queue.filter(|_| !marks.queue_is_lost) else {
        return true;
    };
    let is_other = marks.queue.as_ref() != Some(&queue.id);
    let stood_still = match (marks.last_poll, queue.retention) {
        (None, _) => true,
        // What was sent before the poll and was late, or hidden in the hands of somebody who died,
        // runs out before a whole retention has passed since.
        (Some(polled), Some(retention)) => now.since(polled) >= retention / 2,
        (Some(_), None) => false,
    };
    is_other || stood_still
}
