//! When nothing is left to do: the end of a stream that takes what is there and stops.

use super::{Command, FIRST_BACKOFF, Phase, Stream, Timer};
use crate::Metrics;

#[derive(Clone, Debug, Default)]
pub(super) struct Rest {
    /// When the ledger is to be asked what is left.
    timer: Timer,
    /// Something was done since the ledger was asked, so that its answer says nothing.
    is_disturbed: bool,
    /// The ledger said that nothing is left, and nothing was done since.
    is_clear: bool,
}

impl Stream {
    /// Whether everything that there was to do is done, as far as this consumer knows: its start
    /// is over, its queue had nothing when it was asked last, nothing is in its hands, and when the
    /// ledger was asked after that no file was outstanding and no listing was due, with anybody.
    ///
    /// With [`available_now`](super::Settings::available_now) it then ends by itself. Without, it
    /// asks the ledger each [`look_every`](super::Settings::look_every) at most, and what others do
    /// is noticed no earlier than there is something to do for it, too.
    ///
    /// ```
    /// use floe_ingest::stream::{Settings, Stream};
    /// assert!(!Stream::new(Settings::new("/in", b"in/")).is_at_rest(), "it has not joined yet");
    /// ```
    #[must_use]
    pub const fn is_at_rest(&self) -> bool {
        self.rest.is_clear
    }

    /// Asks the ledger what is left, once there is nothing to do here.
    pub(super) fn look_for_rest(&mut self, commands: &mut Vec<Command>) {
        if !self.is_idle() {
            self.rest.is_clear = false;
            self.rest.is_disturbed = true;
            if self.settings.available_now {
                self.rest.timer.next = self.now;
            }
        } else if !self.rest.is_clear && self.rest.timer.is_due(self.now) {
            self.rest.is_disturbed = false;
            self.rest.timer.ask();
            commands.push(Command::ReadMetrics);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        let has_queue = self.settings.notifications;
        self.start.is_done()
            && self.requesting.is_none()
            && (!has_queue || self.hands.has_run_dry(self.settings.available_now))
            && self.hands.is_empty()
            && self.records.is_empty()
            && self.listings.is_empty()
            && self.batches.is_quiet()
    }

    pub(super) fn metrics_read(&mut self, metrics: &Metrics) {
        let ends = self.settings.available_now;
        // Others may be at work: what they do is seen soon, and what they leave is taken over.
        let again = if ends {
            FIRST_BACKOFF
        } else {
            self.settings.look_every
        };
        self.rest.timer.done(self.now, again);
        if self.rest.is_disturbed {
            if ends {
                self.rest.timer.next = self.now;
            }
            return;
        }
        self.rest.is_clear = metrics.files_outstanding == 0 && metrics.listings == 0;
        if ends && metrics.listings > 0 {
            self.listings.look_now(self.now);
        }
        if ends && metrics.files_outstanding > 0 {
            self.batches.look_now(self.now);
        }
    }

    pub(super) fn metrics_not_read(&mut self) {
        self.rest.timer.failed(self.now);
    }

    /// Ends a stream that was to take what is there, once it has.
    pub(super) fn stop_at_rest(&mut self, commands: &mut Vec<Command>) {
        if self.settings.available_now && self.phase == Phase::Running && self.is_at_rest() {
            self.stop(commands);
        }
    }
}

impl Rest {
    pub(super) fn wakeup(&self) -> Option<floe_notify::clock::Timestamp> {
        self.timer.wakeup().filter(|_| !self.is_clear)
    }
}
