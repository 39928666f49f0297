//! Cases about listings that are due.

use super::{Bench, LEASE, LedgerFactory, at, file, good};
use crate::{
    Discovery, Listing, ListingProgress, ListingReason, ListingRequest, Recorded, Seq, Sighting,
};

fn request(reason: ListingReason) -> ListingRequest {
    ListingRequest {
        reason,
        prefix: b"in/".to_vec(),
    }
}

fn progress(listing: &Listing, after: &str) -> ListingProgress {
    let after = after.as_bytes().to_vec();
    ListingProgress {
        listing: listing.id,
        round: listing.round,
        after,
        lease: LEASE,
    }
}

impl Bench {
    async fn ask(&self, reason: ListingReason, now: u64) {
        let request = request(reason);
        good(
            self.open
                .request_listing(&self.claim, &request, at(now))
                .await,
        );
    }

    async fn listing(&self, now: u64) -> Option<Listing> {
        good(self.open.next_listing(&self.claim, LEASE, at(now)).await)
    }

    async fn expect_listing(&self, now: u64) -> Listing {
        let listing = self.listing(now).await;
        listing.unwrap_or_else(|| super::broken("a listing that is due and free is handed out"))
    }
}

/// A request is durable, and done when it is finished.
pub async fn a_due_listing_is_kept_until_it_is_finished(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    assert_eq!(bench.listing(0).await, None);
    bench.ask(ListingReason::Renamed, 0).await;
    bench.ask(ListingReason::Renamed, 0).await;
    let bench = bench.reopen().await;
    assert_eq!(
        good(bench.open.metrics().await).listings,
        1,
        "asked for twice is one"
    );
    let listing = bench.expect_listing(0).await;
    assert_eq!(
        (listing.prefix.as_slice(), listing.after.as_ref()),
        (b"in/".as_slice(), None)
    );
    assert_eq!(listing.reason, ListingReason::Renamed);
    let finished = bench
        .open
        .finish_listing(&bench.claim, listing.id, listing.round, at(1))
        .await;
    assert!(good(finished));
    let bench = bench.reopen().await;
    assert_eq!(
        bench.listing(999).await,
        None,
        "what is finished is not handed out"
    );
    let again = bench
        .open
        .finish_listing(&bench.claim, listing.id, listing.round, at(2))
        .await;
    assert!(good(again), "finished twice is finished");
}

/// After a restart a listing goes on behind the last page whose files are known.
pub async fn a_page_and_its_progress_are_one(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.ask(ListingReason::Initial, 0).await;
    let listing = bench.expect_listing(0).await;
    let at_b = progress(&listing, "in/b");
    let files = [file("a", 1), file("b", 1)];
    good(
        bench
            .open
            .record(&bench.claim, &files, Some(&at_b), at(50))
            .await,
    );
    let bench = bench.reopen().await;
    assert_eq!(bench.listing(100).await, None, "progress holds the listing");
    let listing = bench.expect_listing(110).await;
    assert_eq!(listing.after.as_deref(), Some(b"in/b".as_slice()));
    assert_eq!(good(bench.open.metrics().await).files_known, 2);
}

/// A request for what is being listed starts it again, and its old round counts for nothing.
pub async fn a_listing_asked_for_again_starts_again(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    bench.ask(ListingReason::Renamed, 0).await;
    let old = bench.expect_listing(0).await;
    bench.ask(ListingReason::Renamed, 1).await;
    let (files, stale) = ([file("a", 1)], progress(&old, "in/a"));
    let page = bench
        .open
        .record(&bench.claim, &files, Some(&stale), at(2))
        .await;
    assert_eq!(
        good(page).len(),
        1,
        "the files of an old round are files all the same"
    );
    assert_eq!(bench.listing(3).await, None, "its lease stays");
    let bench = bench.reopen().await;
    let done = bench
        .open
        .finish_listing(&bench.claim, old.id, old.round, at(4))
        .await;
    assert!(!good(done), "an old round finishes nothing");
    let new = bench.expect_listing(5).await;
    assert_eq!(
        (new.id, new.after),
        (old.id, None),
        "it is free at once, from the beginning"
    );
    assert!(new.round > old.round);
}

/// The listing that a stream begins with is asked for once, whoever asks and whenever.
pub async fn the_first_listing_is_asked_for_once(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let again = request(ListingReason::Existing);
    bench.ask(ListingReason::Existing, 0).await;
    let listing = bench.expect_listing(0).await;
    let id = bench
        .open
        .request_listing(&bench.claim, &again, at(1))
        .await;
    assert_eq!(
        good(id),
        listing.id,
        "it is under way, and does not start again"
    );
    let finished = bench
        .open
        .finish_listing(&bench.claim, listing.id, listing.round, at(2))
        .await;
    assert!(good(finished), "its round is the same");
    let bench = bench.reopen().await;
    let id = bench
        .open
        .request_listing(&bench.claim, &again, at(3))
        .await;
    assert_eq!(good(id).0, 0, "it is over");
    assert_eq!(
        bench.listing(999).await,
        None,
        "what is new by now is not taken for old"
    );
    assert_eq!(good(bench.open.marks().await).backfill_started, Some(at(0)));
}

/// Whoever still works on the first listing when it is over takes nothing for old.
pub async fn what_lands_after_the_first_listing_is_not_seen(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let found = |path, sighting| Discovery {
        sighting,
        ..file(path, 1)
    };
    bench.ask(ListingReason::Existing, 0).await;
    let listing = bench.expect_listing(0).await;
    assert_eq!(
        bench.record(&[found("a", Sighting::Existing)], 0).await,
        [Recorded::Seen],
        "it is under way"
    );
    let finished = bench
        .open
        .finish_listing(&bench.claim, listing.id, listing.round, at(1))
        .await;
    assert!(good(finished));
    let bench = bench.reopen().await;
    let late = [
        found("a", Sighting::Existing),
        found("b", Sighting::Existing),
    ];
    let expected = [Recorded::Known, Recorded::Late];
    assert_eq!(bench.record(&late, 2).await, expected);
    assert_eq!(
        bench.record(&late, 3).await,
        expected,
        "nothing has changed"
    );
    assert_eq!(
        bench.record(&[found("b", Sighting::Listing)], 4).await,
        [Recorded::New(Seq(1))],
        "another listing finds it"
    );
}

/// While the first listing is unfinished, no other one is handed out, whoever holds it.
pub async fn no_other_listing_goes_before_the_first(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    let next = |claim, now| bench.open.next_listing(claim, LEASE, at(now));
    bench.ask(ListingReason::Renamed, 0).await;
    bench.ask(ListingReason::Existing, 0).await;
    bench.ask(ListingReason::Fallback, 0).await;
    let first = bench.expect_listing(0).await;
    assert_eq!(first.reason, ListingReason::Existing);
    assert_eq!(
        good(next(&two, 1).await),
        None,
        "the others would take what is old for new"
    );
    let bench = bench.reopen().await;
    let next = |claim, now| bench.open.next_listing(claim, LEASE, at(now));
    let again = good(next(&two, 60).await);
    assert_eq!(
        again.map(|listing| listing.id),
        Some(first.id),
        "its lease ran out"
    );
    let finished = bench
        .open
        .finish_listing(&bench.claim, first.id, first.round, at(61))
        .await;
    assert!(good(finished));
    let others = [good(next(&two, 62).await), good(next(&two, 62).await)];
    let reasons = others.map(|listing| listing.map(|listing| listing.reason));
    assert_eq!(
        reasons,
        [Some(ListingReason::Renamed), Some(ListingReason::Fallback)],
        "then they go on in their order"
    );
}

/// Leases of listings run out, and end with the claim.
pub async fn a_listing_is_shared_like_a_batch(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    let two = bench.join("two").await;
    bench.ask(ListingReason::Renamed, 0).await;
    let listing = bench.expect_listing(0).await;
    let next = |claim, now| bench.open.next_listing(claim, LEASE, at(now));
    assert_eq!(good(next(&two, 59).await), None, "held");
    assert!(good(next(&two, 60).await).is_some(), "run out");
    let late = progress(&listing, "in/z");
    good(
        bench
            .open
            .record(&bench.claim, &[], Some(&late), at(61))
            .await,
    );
    let three = bench.join("two").await;
    let back = good(next(&three, 62).await);
    assert_eq!(
        back.and_then(|listing| listing.after),
        None,
        "late progress moves nothing"
    );
}

/// Listings of the whole path are backfills; those of a directory are not.
pub async fn only_whole_listings_move_the_marks(factory: &dyn LedgerFactory) {
    let bench = Bench::new(factory).await;
    for (reason, start) in [(ListingReason::Renamed, 10), (ListingReason::Backfill, 20)] {
        bench.ask(reason, start).await;
        let listing = bench.expect_listing(start).await;
        let end = at(start + 5);
        good(
            bench
                .open
                .finish_listing(&bench.claim, listing.id, listing.round, end)
                .await,
        );
        let marks = good(bench.open.marks().await);
        let whole = reason.is_whole();
        assert_eq!(marks.backfill_started, whole.then(|| at(start)));
        assert_eq!(marks.backfill_finished, whole.then_some(end));
    }
    let bench = bench.reopen().await;
    assert_eq!(
        good(bench.open.marks().await).backfill_finished,
        Some(at(25))
    );
}
