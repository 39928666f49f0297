//! The batch in hand.

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::{Command, Settings, Timer};
use crate::Batch;

#[derive(Clone, Debug, Default)]
pub(super) struct Batches {
    ask: Timer,
    /// Something was recorded since the ledger was asked.
    again: bool,
    work: Option<Work>,
}

#[derive(Clone, Debug)]
struct Work {
    batch: Arc<Batch>,
    /// The sink has it.
    is_delivered: bool,
    timer: Timer,
    renew: Timer,
}

impl Batches {
    /// Something may wait.
    pub(super) fn look_now(&mut self, now: Timestamp) {
        self.again = true;
        self.ask.next = self.ask.next.min(now);
    }

    pub(super) fn next(&mut self, batch: Option<Arc<Batch>>, now: Timestamp, settings: &Settings) {
        let again = if self.again {
            Duration::ZERO
        } else {
            settings.look_every
        };
        self.ask.done(now, again);
        let half = settings.lease / 2;
        let renew = Timer {
            next: now.after(half),
            ..Timer::default()
        };
        self.work = batch.map(|batch| Work {
            batch,
            is_delivered: false,
            timer: Timer::default(),
            renew,
        });
    }

    pub(super) fn not_asked(&mut self, now: Timestamp) {
        self.ask.failed(now);
    }

    pub(super) fn delivered(&mut self) {
        if let Some(work) = &mut self.work {
            work.is_delivered = true;
            work.timer = Timer::default();
        }
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        if let Some(work) = &mut self.work {
            work.timer.failed(now);
        }
    }

    /// It is done; the next one may wait already.
    pub(super) fn committed(&mut self, now: Timestamp) {
        self.work = None;
        self.look_now(now);
    }

    pub(super) fn renewed(&mut self, now: Timestamp, lease: Duration) {
        if let Some(work) = &mut self.work {
            work.renew.done(now, lease / 2);
        }
    }

    pub(super) fn go_on(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let Some(work) = &mut self.work else {
            if self.ask.is_due(now) {
                self.ask.ask();
                self.again = false;
                commands.push(Command::NextBatch);
            }
            return;
        };
        if work.timer.is_due(now) {
            work.timer.ask();
            commands.push(match work.is_delivered {
                false => Command::Deliver(Arc::clone(&work.batch)),
                true => Command::Commit(work.batch.id),
            });
        }
        if work.renew.is_due(now) {
            work.renew.ask();
            commands.push(Command::Renew(work.batch.id));
        }
    }

    /// While it is stopping: what the sink is at is awaited, and committed if the sink has it.
    pub(super) fn wind_up(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        let Some(work) = self.work.as_mut().filter(|work| !work.timer.is_asked) else {
            return;
        };
        if work.is_delivered && work.timer.is_due(now) {
            work.timer.ask();
            commands.push(Command::Commit(work.batch.id));
        } else {
            // Not delivered, or the ledger fails: whoever gets it next delivers it once more.
            commands.push(Command::ReleaseBatch(work.batch.id));
            self.work = None;
        }
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.work.is_none()
    }

    pub(super) fn wakeup(&self) -> Option<Timestamp> {
        match &self.work {
            Some(work) => [work.timer.wakeup(), work.renew.wakeup()]
                .into_iter()
                .flatten()
                .min(),
            None => self.ask.wakeup(),
        }
    }
}
