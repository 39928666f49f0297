//! Actions on batches.

use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;

use super::wire::{Damage, Reader, put, put_claim, put_duration, put_optional, put_time};
use super::{Action, Replica};
use crate::{Batch, BatchId, Claim, CommitOutcome, LedgerError, MAX_OPEN_BATCHES};

/// Whether a claim is good and holds an open batch.
fn holds(replica: &Replica, claim: &Claim, batch: BatchId) -> bool {
    let open = replica.0.batches.open.get(&batch.0);
    let lease = open.and_then(|open| open.lease.as_ref());
    replica.0.check(claim).is_ok() && lease.is_some_and(|lease| lease.claim == *claim)
}

/// [`crate::Ledger::next_batch`].
pub(crate) struct NextBatch {
    pub(crate) claim: Claim,
    pub(crate) bounds: BatchBounds,
    pub(crate) lease: Duration,
    pub(crate) now: Timestamp,
}

impl Action for NextBatch {
    type Answer = Option<Batch>;
    const TAG: u8 = 9;

    fn changes(&self, replica: &Replica) -> bool {
        let book = &replica.0;
        let (files, batches) = (&book.files, &book.batches);
        let mut open = batches.open.values();
        let waits = batches.open.len() < MAX_OPEN_BATCHES && batches.batched < files.last;
        let mut is_free = || open.any(|open| book.is_free(open.lease.as_ref(), self.now));
        book.check(&self.claim).is_ok() && (waits || is_free())
    }

    fn apply(&self, replica: &mut Replica) -> Result<Option<Batch>, LedgerError> {
        let (bounds, lease) = (self.bounds, self.lease);
        replica.0.next_batch(&self.claim, bounds, lease, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put(out, self.bounds.max_files);
        put_optional(out, self.bounds.max_bytes);
        put_duration(out, self.lease);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let claim = reader.claim()?;
        let bounds = BatchBounds {
            max_files: reader.number()?,
            max_bytes: reader.optional()?,
        };
        Ok(Self {
            claim,
            bounds,
            lease: reader.duration()?,
            now: reader.time()?,
        })
    }
}

/// [`crate::Ledger::renew`].
pub(crate) struct Renew {
    pub(crate) claim: Claim,
    pub(crate) batch: BatchId,
    pub(crate) lease: Duration,
    pub(crate) now: Timestamp,
}

impl Action for Renew {
    type Answer = ();
    const TAG: u8 = 10;

    fn changes(&self, replica: &Replica) -> bool {
        holds(replica, &self.claim, self.batch)
    }

    fn apply(&self, replica: &mut Replica) -> Result<(), LedgerError> {
        replica
            .0
            .renew(&self.claim, self.batch, self.lease, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put(out, self.batch.0);
        put_duration(out, self.lease);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            batch: BatchId(reader.number()?),
            lease: reader.duration()?,
            now: reader.time()?,
        })
    }
}

/// [`crate::Ledger::release`].
pub(crate) struct Release {
    pub(crate) claim: Claim,
    pub(crate) batch: BatchId,
}

impl Action for Release {
    type Answer = ();
    const TAG: u8 = 11;

    fn changes(&self, replica: &Replica) -> bool {
        holds(replica, &self.claim, self.batch)
    }

    fn apply(&self, replica: &mut Replica) -> Result<(), LedgerError> {
        replica.0.release(&self.claim, self.batch)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put(out, self.batch.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            batch: BatchId(reader.number()?),
        })
    }
}

/// [`crate::Ledger::commit`].
pub(crate) struct Commit {
    pub(crate) claim: Claim,
    pub(crate) batch: BatchId,
    pub(crate) now: Timestamp,
}

impl Action for Commit {
    type Answer = CommitOutcome;
    const TAG: u8 = 12;

    fn changes(&self, replica: &Replica) -> bool {
        let is_open = replica.0.batches.open.contains_key(&self.batch.0);
        is_open && replica.0.check(&self.claim).is_ok()
    }

    fn apply(&self, replica: &mut Replica) -> Result<CommitOutcome, LedgerError> {
        replica.0.commit(&self.claim, self.batch, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put(out, self.batch.0);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            batch: BatchId(reader.number()?),
            now: reader.time()?,
        })
    }
}
