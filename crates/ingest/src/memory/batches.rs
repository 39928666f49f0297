//! Batches: open ones with their leases, committed ones as ranges of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;

use super::book::{Book, Lease};
use crate::{Batch, BatchId, Claim, CommitOutcome, LedgerError, LogState, MAX_OPEN_BATCHES, form};

#[derive(Clone, Debug, Default)]
pub(super) struct Batches {
    pub(super) open: BTreeMap<u64, Open>,
    /// By the last number of its range.
    pub(super) committed: BTreeMap<u64, Committed>,
    /// The last id that was given.
    pub(super) last: u64,
    /// The last number of the log that is in a batch.
    pub(super) batched: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) lease: Option<Lease>,
    pub(super) attempt: u32,
    pub(super) handed_out: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) struct Committed {
    pub(super) id: u64,
    pub(super) first: u64,
    /// Files of it that are still known.
    pub(super) files: u64,
    pub(super) processed: Timestamp,
    pub(super) at: Timestamp,
}

impl Batches {
    /// The state of a file of the log, when its batch was handed out, and when committed.
    pub(super) fn state_of(&self, seq: u64) -> (LogState, Option<Timestamp>, Option<Timestamp>) {
        let done = self.committed.range(seq..).next().map(|(_, done)| done);
        if let Some(done) = done.filter(|done| done.first <= seq) {
            let state = LogState::Committed(BatchId(done.id));
            return (state, Some(done.processed), Some(done.at));
        }
        let open = self
            .open
            .iter()
            .find(|(_, open)| (open.first..=open.last).contains(&seq));
        match open {
            Some((id, open)) => (LogState::Open(BatchId(*id)), Some(open.handed_out), None),
            None => (LogState::Waiting, None, None),
        }
    }

    pub(super) fn is_committed(&self, seq: u64) -> bool {
        matches!(self.state_of(seq).0, LogState::Committed(_))
    }

    /// Forgets a committed file; its range goes with the last one.
    pub(super) fn forget(&mut self, seq: u64) {
        let Some((last, done)) = self.committed.range_mut(seq..).next() else {
            return;
        };
        done.files = done.files.saturating_sub(1);
        if done.files == 0 {
            let last = *last;
            self.committed.remove(&last);
        }
    }
}

impl Book {
    pub(super) fn next_batch(
        &mut self,
        claim: &Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Batch>, LedgerError> {
        self.check(claim)?;
        let mut open = self.batches.open.iter();
        let free = open.find(|(_, open)| self.is_free(open.lease.as_ref(), now));
        let id = match free {
            Some((id, _)) => *id,
            None => match self.form_batch(bounds, now) {
                Some(id) => id,
                None => return Ok(None),
            },
        };
        let Some(open) = self.batches.open.get_mut(&id) else {
            return Ok(None);
        };
        open.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(lease),
        });
        open.attempt = open.attempt.saturating_add(1);
        open.handed_out = now;
        let (first, last, attempt) = (open.first, open.last, open.attempt);
        let files = (first..=last)
            .filter_map(|seq| self.files.entry(seq))
            .collect();
        Ok(Some(Batch {
            id: BatchId(id),
            files,
            attempt,
        }))
    }

    /// Makes a batch of what is next in the log.
    fn form_batch(&mut self, bounds: BatchBounds, now: Timestamp) -> Option<u64> {
        let batches = &mut self.batches;
        if batches.open.len() >= MAX_OPEN_BATCHES {
            return None;
        }
        let count = form(bounds, self.files.sizes_behind(batches.batched));
        if count == 0 {
            return None;
        }
        let (first, last) = (batches.batched + 1, batches.batched + count);
        batches.last += 1;
        batches.batched = last;
        let open = Open {
            first,
            last,
            lease: None,
            attempt: 0,
            handed_out: now,
        };
        batches.open.insert(batches.last, open);
        Some(batches.last)
    }

    /// Whether a batch was ever formed.
    fn check_batch(&self, batch: BatchId) -> Result<(), LedgerError> {
        if batch.0 == 0 || batch.0 > self.batches.last {
            return Err(LedgerError::NoSuchBatch { batch });
        }
        Ok(())
    }

    pub(super) fn renew(
        &mut self,
        claim: &Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.check(claim)?;
        self.check_batch(batch)?;
        let open = self.batches.open.get_mut(&batch.0);
        let held = open.and_then(|open| open.lease.as_mut());
        match held.filter(|held| held.claim == *claim) {
            Some(held) => held.until = now.after(lease),
            None => {
                let role = claim.role().clone();
                return Err(LedgerError::NotHeld { batch, role });
            }
        }
        Ok(())
    }

    pub(super) fn release(&mut self, claim: &Claim, batch: BatchId) -> Result<(), LedgerError> {
        self.check(claim)?;
        self.check_batch(batch)?;
        if let Some(open) = self.batches.open.get_mut(&batch.0) {
            open.lease.take_if(|lease| lease.claim == *claim);
        }
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        claim: &Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> Result<CommitOutcome, LedgerError> {
        self.check(claim)?;
        self.check_batch(batch)?;
        let Some(open) = self.batches.open.remove(&batch.0) else {
            return Ok(CommitOutcome::Already);
        };
        self.files.settle(open.first, open.last);
        let done = Committed {
            id: batch.0,
            first: open.first,
            files: open.last - open.first + 1,
            processed: open.handed_out,
            at: now,
        };
        self.batches.committed.insert(open.last, done);
        Ok(CommitOutcome::Now)
    }
}
