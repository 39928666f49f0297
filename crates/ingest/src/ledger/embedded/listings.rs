//! Listings that are due.

use std::time::Duration;

use floe_notify::clock::Timestamp;
use redb::ReadableTable as _;

use super::fault::Fault;
use super::records::{Due, Lease, listing_key};
use super::txn::{Txn, limit};
use crate::{
    Claim, Discovery, Listing, ListingId, ListingProgress, ListingRequest, MAX_LISTINGS, Sighting,
};

impl Txn<'_> {
    pub(super) fn request_listing(
        &mut self,
        claim: &Claim,
        request: &ListingRequest,
        now: Timestamp,
    ) -> Result<ListingId, Fault> {
        self.check(claim)?;
        let (what, bytes) = ("bytes of a prefix", request.prefix.len());
        let remedy = "no store has such a name";
        limit(what, bytes, floe_notify::MAX_KEY_BYTES, remedy)?;
        if request.reason.is_first() && self.marks()?.backfill_started.is_some() {
            return Ok(ListingId(self.first_listing()?.unwrap_or(0)));
        }
        let key = listing_key(request);
        let found = self.requests.get(key.as_slice())?.map(|id| id.value());
        let id = match found {
            Some(id) => {
                self.start_again(id)?;
                id
            }
            None => self.add_listing(request, &key)?,
        };
        if request.reason.is_whole() {
            let mut marks = self.marks()?;
            marks.backfill_started = Some(now);
            self.write_marks(&marks)?;
        }
        Ok(ListingId(id))
    }

    /// Whether what was there before has been listed; asked only where it matters.
    pub(super) fn first_is_over(&self, discoveries: &[Discovery]) -> Result<bool, Fault> {
        let matters = |file: &Discovery| file.sighting == Sighting::Existing;
        Ok(discoveries.iter().any(matters)
            && self.marks()?.backfill_started.is_some()
            && self.first_listing()?.is_none())
    }

    /// The listing that the stream began with, while it is unfinished.
    fn first_listing(&self) -> Result<Option<u64>, Fault> {
        for found in self.listings.iter()? {
            let (id, bytes) = found?;
            if Due::read(bytes.value())?.request.reason.is_first() {
                return Ok(Some(id.value()));
            }
        }
        Ok(None)
    }

    fn add_listing(&mut self, request: &ListingRequest, key: &[u8]) -> Result<u64, Fault> {
        let count = usize::try_from(self.head()?.listings).unwrap_or(usize::MAX) + 1;
        let remedy = "wait; they are done one after another";
        limit("listings that wait", count, MAX_LISTINGS, remedy)?;
        let head = self.change()?;
        head.listings += 1;
        head.last_listing += 1;
        let id = head.last_listing;
        let due = Due {
            request: request.clone(),
            round: 1,
            has_begun: false,
            after: None,
            lease: None,
        };
        self.requests.insert(key, id)?;
        self.write_due(id, &due)?;
        Ok(id)
    }

    /// A listing that has begun may have passed what the new request is about.
    fn start_again(&mut self, id: u64) -> Result<(), Fault> {
        let due = self.due(id)?;
        let mut due = due.ok_or(Fault::Damaged("a listing is missing"))?;
        if due.has_begun {
            due.round += 1;
            due.has_begun = false;
            due.after = None;
            self.write_due(id, &due)?;
        }
        Ok(())
    }

    pub(super) fn next_listing(
        &mut self,
        claim: &Claim,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Listing>, Fault> {
        self.check(claim)?;
        let Some((id, mut due)) = self.free_listing(now)? else {
            return Ok(None);
        };
        due.has_begun = true;
        due.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(lease).as_millis(),
        });
        self.write_due(id, &due)?;
        Ok(Some(Listing {
            id: ListingId(id),
            round: due.round,
            reason: due.request.reason,
            prefix: due.request.prefix,
            after: due.after,
        }))
    }

    /// The oldest listing that nobody holds, or the first one until it is over.
    fn free_listing(&self, now: Timestamp) -> Result<Option<(u64, Due)>, Fault> {
        // No listing of the whole path comes to its end before the first one does.
        if self.marks()?.backfill_finished.is_none()
            && let Some(first) = self.first_listing()?
        {
            let due = self.due(first)?;
            let free = due.filter(|due| self.is_free(due.lease.as_ref(), now));
            return Ok(free.map(|due| (first, due)));
        }
        for found in self.listings.iter()? {
            let (id, bytes) = found?;
            let due = Due::read(bytes.value())?;
            if self.is_free(due.lease.as_ref(), now) {
                return Ok(Some((id.value(), due)));
            }
        }
        Ok(None)
    }

    pub(super) fn advance_listing(
        &mut self,
        claim: &Claim,
        progress: &ListingProgress,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let due = self.due(progress.listing.0)?;
        let due = due.filter(|due| due.round == progress.round && is_held_by(due, claim));
        let Some(mut due) = due else { return Ok(()) };
        due.after = Some(progress.after.clone());
        due.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(progress.lease).as_millis(),
        });
        self.write_due(progress.listing.0, &due)
    }

    pub(super) fn finish_listing(
        &mut self,
        claim: &Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        self.check(claim)?;
        let Some(mut due) = self.due(listing.0)? else {
            return Ok(true);
        };
        if due.round != round {
            if is_held_by(&due, claim) {
                due.lease = None;
                self.write_due(listing.0, &due)?;
            }
            return Ok(false);
        }
        self.listings.remove(listing.0)?;
        self.requests.remove(listing_key(&due.request).as_slice())?;
        let head = self.change()?;
        head.listings = head.listings.saturating_sub(1);
        if due.request.reason.is_whole() {
            let mut marks = self.marks()?;
            marks.backfill_finished = Some(now);
            self.write_marks(&marks)?;
        }
        Ok(true)
    }

    fn due(&self, id: u64) -> Result<Option<Due>, Fault> {
        let found = self.listings.get(id)?;
        found.map(|bytes| Due::read(bytes.value())).transpose()
    }

    fn write_due(&mut self, id: u64, due: &Due) -> Result<(), Fault> {
        self.change()?;
        self.listings.insert(id, due.write().as_slice())?;
        Ok(())
    }
}

fn is_held_by(due: &Due, claim: &Claim) -> bool {
    due.lease
        .as_ref()
        .is_some_and(|lease| lease.claim == *claim)
}
