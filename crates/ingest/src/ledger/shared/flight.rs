//! The jobs that are being done, and what was sent to the store for them.

use bytes::Bytes;

use super::error::SharedError;
use super::format::{Frame, Head};
use super::job::Job;
use crate::LedgerError;
use crate::memory::replica::Replica;

/// Jobs that are done together. They stay here when the call that does them is dropped, so that
/// the next one goes on with them.
#[derive(Debug, Default)]
pub(super) struct Flight {
    /// What is answered by the state before the frame.
    pub(super) looks: Vec<Box<dyn Job>>,
    /// What is in the frame, once there is one.
    pub(super) acts: Vec<Box<dyn Job>>,
    pub(super) sent: Option<Sent>,
}

/// A change of the head that is sent, and may have taken place.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) frame: Frame,
    /// The turn of the head that it takes the place of. Once there is another head, it can never
    /// take place any more: no head is ever the same as an earlier one.
    pub(super) turn: u64,
    pub(super) head: Head,
    pub(super) bytes: Bytes,
}

impl Flight {
    pub(super) fn is_empty(&self) -> bool {
        self.looks.is_empty() && self.acts.is_empty()
    }

    /// Whether a frame of the log is the one that was sent for these jobs.
    pub(super) fn is_of(&self, frame: &Frame) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.frame == *frame)
    }

    /// Does everything, in the state before the frame, and answers.
    pub(super) fn settle(&mut self, replica: &mut Replica) {
        self.sent = None;
        let looks = self.looks.drain(..);
        looks.for_each(|job| job.settle(replica));
        let acts = self.acts.drain(..);
        acts.for_each(|job| job.settle(replica));
    }

    /// Says that nobody knows, of what may be in a part of the log that was skipped.
    pub(super) fn lose(&mut self, ledger: &str) {
        if self.sent.take().is_some() {
            let ledger = ledger.to_owned();
            let error = LedgerError::driver(SharedError::Unknown { ledger });
            let acts = self.acts.drain(..);
            acts.for_each(|job| job.refuse(error.clone()));
        }
    }

    /// Says what went wrong.
    pub(super) fn refuse(&mut self, error: &SharedError) {
        self.sent = None;
        let error = LedgerError::driver(error.clone());
        let jobs = self.looks.drain(..).chain(self.acts.drain(..));
        jobs.for_each(|job| job.refuse(error.clone()));
    }

    /// Parts what would change this state from what would not, and forgets what nobody waits for.
    pub(super) fn sort(&mut self, replica: &Replica) {
        let jobs = std::mem::take(&mut self.looks).into_iter();
        let jobs = jobs.chain(std::mem::take(&mut self.acts));
        let jobs = jobs.filter(|job| !job.is_abandoned());
        (self.acts, self.looks) = jobs.partition(|job| job.changes(replica));
    }
}
