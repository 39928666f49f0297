//! Actions on listings that are due.

use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::wire::{Damage, Reader, put, put_bytes, put_claim, put_duration, put_time};
use super::{Action, Replica};
use crate::{Claim, LedgerError, Listing, ListingId, ListingReason, ListingRequest, MAX_LISTINGS};

pub(super) fn put_request(out: &mut Vec<u8>, request: &ListingRequest) {
    out.push(match request.reason {
        ListingReason::Initial => 0,
        ListingReason::Existing => 1,
        ListingReason::Backfill => 2,
        ListingReason::Fallback => 3,
        ListingReason::Moved => 4,
        ListingReason::Renamed => 5,
    });
    put_bytes(out, &request.prefix);
}

pub(super) fn read_request(reader: &mut Reader<'_>) -> Result<ListingRequest, Damage> {
    let reason = match reader.byte()? {
        0 => ListingReason::Initial,
        1 => ListingReason::Existing,
        2 => ListingReason::Backfill,
        3 => ListingReason::Fallback,
        4 => ListingReason::Moved,
        5 => ListingReason::Renamed,
        _ => return Err(Damage("a listing has an unknown reason")),
    };
    let prefix = reader.bytes()?.to_vec();
    Ok(ListingRequest { reason, prefix })
}

/// [`crate::Ledger::request_listing`].
pub(crate) struct RequestListing {
    pub(crate) claim: Claim,
    pub(crate) request: ListingRequest,
    pub(crate) now: Timestamp,
}

impl Action for RequestListing {
    type Answer = ListingId;
    const TAG: u8 = 13;

    fn changes(&self, replica: &Replica) -> bool {
        let Ok(marks) = replica.0.check(&self.claim).and(replica.0.founded()) else {
            return false;
        };
        let due = &replica.0.listings.due;
        let there = due.values().find(|due| due.request == self.request);
        let is_noted = match there {
            Some(due) => due.has_begun,
            None => due.len() < MAX_LISTINGS,
        };
        let reason = self.request.reason;
        let is_late = reason.is_first() && marks.backfill_started.is_some();
        let fits = self.request.prefix.len() <= floe_notify::MAX_KEY_BYTES;
        let moves_marks = there.is_some() && reason.is_whole();
        fits && !is_late && (is_noted || moves_marks)
    }

    fn apply(&self, replica: &mut Replica) -> Result<ListingId, LedgerError> {
        replica
            .0
            .request_listing(&self.claim, &self.request, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_request(out, &self.request);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            request: read_request(reader)?,
            now: reader.time()?,
        })
    }
}

/// [`crate::Ledger::next_listing`].
pub(crate) struct NextListing {
    pub(crate) claim: Claim,
    pub(crate) lease: Duration,
    pub(crate) now: Timestamp,
}

impl Action for NextListing {
    type Answer = Option<Listing>;
    const TAG: u8 = 14;

    fn changes(&self, replica: &Replica) -> bool {
        let book = &replica.0;
        book.check(&self.claim).is_ok() && book.free_listing(self.now).is_some()
    }

    fn apply(&self, replica: &mut Replica) -> Result<Option<Listing>, LedgerError> {
        replica.0.next_listing(&self.claim, self.lease, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_duration(out, self.lease);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            lease: reader.duration()?,
            now: reader.time()?,
        })
    }
}

/// [`crate::Ledger::finish_listing`].
pub(crate) struct FinishListing {
    pub(crate) claim: Claim,
    pub(crate) listing: ListingId,
    pub(crate) round: u64,
    pub(crate) now: Timestamp,
}

impl Action for FinishListing {
    type Answer = bool;
    const TAG: u8 = 15;

    fn changes(&self, replica: &Replica) -> bool {
        let due = replica.0.listings.due.get(&self.listing.0);
        replica.0.check(&self.claim).is_ok()
            && due.is_some_and(|due| {
                let lease = due.lease.as_ref();
                due.round == self.round || lease.is_some_and(|lease| lease.claim == self.claim)
            })
    }

    fn apply(&self, replica: &mut Replica) -> Result<bool, LedgerError> {
        let (listing, round) = (self.listing, self.round);
        replica
            .0
            .finish_listing(&self.claim, listing, round, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put(out, self.listing.0);
        put(out, self.round);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            claim: reader.claim()?,
            listing: ListingId(reader.number()?),
            round: reader.number()?,
            now: reader.time()?,
        })
    }
}
