//! Listings that are due.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::book::{Book, Lease, limit};
use crate::{
    Claim, LedgerError, Listing, ListingId, ListingProgress, ListingRequest, MAX_LISTINGS,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Listings {
    pub(super) due: BTreeMap<u64, Due>,
    pub(super) last: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) request: ListingRequest,
    pub(super) round: u64,
    pub(super) has_begun: bool,
    pub(super) after: Option<Vec<u8>>,
    pub(super) lease: Option<Lease>,
}

impl Listings {
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }
}

impl Book {
    /// The listing that the stream began with, while it is unfinished.
    pub(super) fn first_listing(&self) -> Option<u64> {
        let mut due = self.listings.due.iter();
        let first = due.find(|(_, due)| due.request.reason.is_first());
        first.map(|(id, _)| *id)
    }

    /// The listing that is handed out next: nobody has it, and the first one goes before all
    /// others.
    pub(super) fn free_listing(&self, now: Timestamp) -> Option<u64> {
        let first = self.first_listing();
        let mut due = self.listings.due.iter();
        let free = due.find(|(id, due)| {
            first.is_none_or(|first| first == **id) && self.is_free(due.lease.as_ref(), now)
        });
        free.map(|(id, _)| *id)
    }

    pub(super) fn request_listing(
        &mut self,
        claim: &Claim,
        request: &ListingRequest,
        now: Timestamp,
    ) -> Result<ListingId, LedgerError> {
        self.check(claim)?;
        let remedy = "no store has such a name";
        limit(
            "bytes of a prefix",
            request.prefix.len(),
            floe_notify::MAX_KEY_BYTES,
            remedy,
        )?;
        let has_begun = self.founded()?.backfill_started.is_some();
        if request.reason.is_first() && has_begun {
            return Ok(ListingId(self.first_listing().unwrap_or(0)));
        }
        let mut due = self.listings.due.iter_mut();
        let id = match due.find(|(_, due)| due.request == *request) {
            Some((id, due)) => {
                due.start_again();
                *id
            }
            None => self.add_listing(request)?,
        };
        if let Some(marks) = self.marks.as_mut().filter(|_| request.reason.is_whole()) {
            marks.backfill_started = Some(now);
        }
        Ok(ListingId(id))
    }

    fn add_listing(&mut self, request: &ListingRequest) -> Result<u64, LedgerError> {
        let listings = &mut self.listings;
        let remedy = "wait; they are done one after another";
        limit(
            "listings that wait",
            listings.due.len() + 1,
            MAX_LISTINGS,
            remedy,
        )?;
        listings.last += 1;
        let due = Due {
            request: request.clone(),
            round: 1,
            has_begun: false,
            after: None,
            lease: None,
        };
        listings.due.insert(listings.last, due);
        Ok(listings.last)
    }

    pub(super) fn next_listing(
        &mut self,
        claim: &Claim,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Listing>, LedgerError> {
        self.check(claim)?;
        let Some(id) = self.free_listing(now) else {
            return Ok(None);
        };
        let Some(due) = self.listings.due.get_mut(&id) else {
            return Ok(None);
        };
        due.has_begun = true;
        due.lease = Some(Lease {
            claim: claim.clone(),
            until: now.after(lease),
        });
        Ok(Some(Listing {
            id: ListingId(id),
            round: due.round,
            reason: due.request.reason,
            prefix: due.request.prefix.clone(),
            after: due.after.clone(),
        }))
    }

    /// Moves a listing on, if it is still the caller's and in the same round.
    pub(super) fn advance_listing(
        &mut self,
        claim: &Claim,
        progress: &ListingProgress,
        now: Timestamp,
    ) {
        let due = self.listings.due.get_mut(&progress.listing.0);
        let Some(due) = due.filter(|due| due.round == progress.round) else {
            return;
        };
        let Some(lease) = due.lease.as_mut().filter(|lease| lease.claim == *claim) else {
            return;
        };
        lease.until = now.after(progress.lease);
        due.after = Some(progress.after.clone());
    }

    pub(super) fn finish_listing(
        &mut self,
        claim: &Claim,
        listing: ListingId,
        round: u64,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.check(claim)?;
        let Some(due) = self.listings.due.get_mut(&listing.0) else {
            return Ok(true);
        };
        if due.round != round {
            due.lease.take_if(|lease| lease.claim == *claim);
            return Ok(false);
        }
        let is_whole = due.request.reason.is_whole();
        self.listings.due.remove(&listing.0);
        if let Some(marks) = self.marks.as_mut().filter(|_| is_whole) {
            marks.backfill_finished = Some(now);
        }
        Ok(true)
    }
}

impl Due {
    /// What has begun may have passed what the new request is about.
    fn start_again(&mut self) {
        if self.has_begun {
            self.round += 1;
            self.has_begun = false;
            self.after = None;
        }
    }
}
