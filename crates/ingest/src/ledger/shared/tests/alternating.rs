//! One ledger by way of several handles: each call goes to the next one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;

use super::super::{Answer, SharedLedger};
use crate::{
    ArchiveMode, ArchiveOutcome, Batch, BatchId, Claim, CommitOutcome, Discovery, Expired, FileId,
    Founded, Founding, Ledger, Listing, ListingId, ListingProgress, ListingRequest, Mark, Marks,
    Metrics, Poison, Recorded, Role, StateRow,
};

#[derive(Debug)]
pub(super) struct Alternating {
    handles: Vec<SharedLedger>,
    calls: AtomicUsize,
}

impl Alternating {
    pub(super) const fn new(handles: Vec<SharedLedger>) -> Self {
        Self {
            handles,
            calls: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> &SharedLedger {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        &self.handles[call % self.handles.len()]
    }
}

macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        impl Ledger for Alternating {
            $(fn $name<'a>(&'a self, $($argument: $kind),*) -> Answer<'a, $answer> {
                self.next().$name($($argument),*)
            })*

            fn compact(&self) -> Answer<'_, ()> {
                self.next().compact()
            }

            fn marks(&self) -> Answer<'_, Marks> {
                self.next().marks()
            }

            fn metrics(&self) -> Answer<'_, Metrics> {
                self.next().metrics()
            }
        }
    };
}

pass! {
    found(founding: &'a Founding, now: Timestamp) -> Founded;
    join(role: &'a Role, now: Timestamp) -> Claim;
    leave(claim: &'a Claim) -> ();
    record(
        claim: &'a Claim,
        discoveries: &'a [Discovery],
        progress: Option<&'a ListingProgress>,
        now: Timestamp
    ) -> Vec<Recorded>;
    next_batch(
        claim: &'a Claim,
        bounds: BatchBounds,
        lease: Duration,
        now: Timestamp
    ) -> Option<Batch>;
    renew(claim: &'a Claim, batch: BatchId, lease: Duration, now: Timestamp) -> ();
    release(claim: &'a Claim, batch: BatchId) -> ();
    commit(claim: &'a Claim, batch: BatchId, now: Timestamp) -> CommitOutcome;
    quarantine(claim: &'a Claim, poison: &'a Poison) -> ();
    quarantined(after: Option<&'a MessageId>, limit: usize) -> Vec<Poison>;
    discharge(message: &'a MessageId) -> bool;
    request_listing(claim: &'a Claim, request: &'a ListingRequest, now: Timestamp) -> ListingId;
    next_listing(claim: &'a Claim, lease: Duration, now: Timestamp) -> Option<Listing>;
    finish_listing(claim: &'a Claim, listing: ListingId, round: u64, now: Timestamp) -> bool;
    mark(claim: &'a Claim, mark: &'a Mark, now: Timestamp) -> ();
    archive(
        claim: &'a Claim,
        files: &'a [FileId],
        mode: ArchiveMode,
        now: Timestamp
    ) -> Vec<ArchiveOutcome>;
    expire(claim: &'a Claim, age: Duration, limit: usize, now: Timestamp) -> Expired;
    unknown(ids: &'a [FileId]) -> Vec<bool>;
    rows(after: Option<&'a FileId>, limit: usize) -> Vec<StateRow>;
}
