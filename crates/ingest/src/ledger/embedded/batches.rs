//! Batches: formed, held, given back, committed.

use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use redb::ReadableTable as _;

use super::fault::Fault;
use super::log::{self, Outstanding};
use super::records::{DoneBatch, Lease, OpenBatch};
use super::txn::Txn;
use crate::{Batch, BatchId, Claim, CommitOutcome, FileEntry, LedgerError, MAX_OPEN_BATCHES, form};

impl Txn<'_> {
    pub(super) fn next_batch(
        &mut self,
        claim: &Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Batch>, Fault> {
        self.check(claim)?;
        let (id, mut open, files) = match self.free_batch(now)? {
            Some((id, open)) => {
                let files = log::read(&self.log, open.first, open.last())?;
                (id, open, files)
            }
            None => match self.form_batch(bounds)? {
                Some(formed) => formed,
                None => return Ok(None),
            },
        };
        open.attempt = open.attempt.saturating_add(1);
        open.processed = now.as_millis();
        open.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(lease).as_millis(),
        });
        self.write_open(id, &open)?;
        Ok(Some(Batch {
            id: BatchId(id),
            files,
            attempt: open.attempt,
        }))
    }

    /// The oldest batch that nobody holds.
    fn free_batch(&self, now: Timestamp) -> Result<Option<(u64, OpenBatch)>, Fault> {
        for found in self.open.iter()? {
            let (id, bytes) = found?;
            let open = OpenBatch::read(bytes.value())?;
            if self.is_free(open.lease.as_ref(), now) {
                return Ok(Some((id.value(), open)));
            }
        }
        Ok(None)
    }

    fn form_batch(
        &mut self,
        bounds: BatchBounds,
    ) -> Result<Option<(u64, OpenBatch, Vec<FileEntry>)>, Fault> {
        let head = self.head()?;
        if head.open_batches >= MAX_OPEN_BATCHES as u64 {
            return Ok(None);
        }
        let first = head.batched + 1;
        let mut waiting = Outstanding::new(&self.log, first)?;
        let mut files: Vec<FileEntry> = Vec::new();
        let mut fault = None;
        let sizes = std::iter::from_fn(|| match waiting.step() {
            Ok(file) => {
                let file = file?;
                let size = file.size;
                files.push(file);
                Some(size)
            }
            Err(broken) => {
                fault = Some(broken);
                None
            }
        });
        let count = form(bounds, sizes);
        if let Some(fault) = fault {
            return Err(fault);
        }
        if count == 0 {
            return Ok(None);
        }
        files.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        let follow = files
            .iter()
            .zip(first..)
            .all(|(file, seq)| file.seq.0 == seq);
        if !follow {
            return Err(Fault::Damaged("the log has a gap"));
        }
        let sizes = files.iter().map(|file| file.size);
        let open = OpenBatch {
            first,
            files: count,
            bytes: sizes.fold(0, u64::saturating_add),
            attempt: 0,
            processed: 0,
            lease: None,
        };
        let head = self.change()?;
        head.last_batch += 1;
        head.batched = open.last();
        head.open_batches += 1;
        Ok(Some((head.last_batch, open, files)))
    }

    pub(super) fn renew(
        &mut self,
        claim: &Claim,
        batch: BatchId,
        lease: Duration,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let open = self.batch(claim, batch)?;
        let held = open.filter(|open| is_held_by(open, claim));
        let Some(mut open) = held else {
            let role = claim.role().clone();
            return Err(LedgerError::NotHeld { batch, role }.into());
        };
        open.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(lease).as_millis(),
        });
        self.write_open(batch.0, &open)
    }

    pub(super) fn release(&mut self, claim: &Claim, batch: BatchId) -> Result<(), Fault> {
        let open = self.batch(claim, batch)?;
        let held = open.filter(|open| is_held_by(open, claim));
        if let Some(mut open) = held {
            open.lease = None;
            self.write_open(batch.0, &open)?;
        }
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        claim: &Claim,
        batch: BatchId,
        now: Timestamp,
    ) -> Result<CommitOutcome, Fault> {
        let Some(open) = self.batch(claim, batch)? else {
            return Ok(CommitOutcome::Already);
        };
        log::remove(&mut self.log, open.first, open.last())?;
        self.open.remove(batch.0)?;
        let done = DoneBatch {
            id: batch.0,
            files: open.files,
            known: open.files,
            processed: open.processed,
            committed: now.as_millis(),
        };
        self.done.insert(open.first, done.write().as_slice())?;
        let head = self.change()?;
        head.open_batches = head.open_batches.saturating_sub(1);
        head.outstanding = head.outstanding.saturating_sub(open.files);
        head.outstanding_bytes = head.outstanding_bytes.saturating_sub(open.bytes);
        Ok(CommitOutcome::Now)
    }

    /// The batch, if it is open.
    fn batch(&self, claim: &Claim, batch: BatchId) -> Result<Option<OpenBatch>, Fault> {
        let head = self.check(claim)?;
        if batch.0 == 0 || batch.0 > head.last_batch {
            return Err(LedgerError::NoSuchBatch { batch }.into());
        }
        let open = self.open.get(batch.0)?;
        open.map(|bytes| OpenBatch::read(bytes.value())).transpose()
    }

    fn write_open(&mut self, id: u64, open: &OpenBatch) -> Result<(), Fault> {
        self.change()?;
        self.open.insert(id, open.write().as_slice())?;
        Ok(())
    }
}

fn is_held_by(open: &OpenBatch, claim: &Claim) -> bool {
    open.lease
        .as_ref()
        .is_some_and(|lease| lease.claim == *claim)
}
