//! Calls as values: made by dice, done on any ledger, and written as a log has them.

use std::time::Duration;

use floe_notify::options::BatchBounds;
use floe_notify::{Message, MessageId, QueueId};

use super::{Dice, at, file, founding};
use crate::memory::replica::{
    Action, Archive, Commit, Discharge, Expire, FinishListing, Found, Join, Leave, MarkIt,
    NextBatch, NextListing, Quarantine, Record, Release, Renew, RequestListing,
};
use crate::{
    ArchiveMode, BatchId, Claim, Discovery, FileId, Ledger, LedgerError, ListingId,
    ListingProgress, ListingReason, ListingRequest, Mark, Poison, Role, Sighting,
};

pub(super) const LEASE: Duration = Duration::from_secs(3);
const AGE: Duration = Duration::from_secs(20);

/// A call, with the number by which its time is its own.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    pub(super) number: u64,
    pub(super) claim: Claim,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Found,
    Join,
    Leave,
    Record(Vec<Discovery>, Option<ListingProgress>),
    NextBatch(u64),
    Renew(BatchId),
    Release(BatchId),
    Commit(BatchId),
    Quarantine(Poison),
    Discharge(MessageId),
    Request(ListingRequest),
    NextListing,
    Finish(ListingId, u64),
    Mark(Mark),
    Expire(usize),
    Archive(Vec<Discovery>, ArchiveMode),
    Marks,
    Metrics,
    Rows,
    Unknown(Vec<Discovery>),
}

/// What is done with the action of a deed.
pub(super) trait Visit {
    type Out;

    fn visit<A: Action>(&mut self, action: A) -> Self::Out;
}

impl Deed {
    pub(super) fn any(dice: &mut Dice, number: u64, claim: &Claim) -> Self {
        let what = match dice.below(100) {
            0..5 => What::Join,
            5..7 => What::Leave,
            7..37 => What::Record(files(dice), None),
            37..41 => What::Record(files(dice), Some(progress(dice))),
            41..54 => What::NextBatch(1 + dice.below(3)),
            54..56 => What::Archive(files(dice), ArchiveMode::Move),
            56..57 => What::Archive(files(dice), ArchiveMode::Delete),
            57..60 => What::Renew(batch(dice)),
            60..63 => What::Release(batch(dice)),
            63..73 => What::Commit(batch(dice)),
            73..75 => What::Quarantine(poison(dice, number)),
            75..77 => What::Discharge(message(dice)),
            77..80 => What::Request(request(dice)),
            80..83 => What::NextListing,
            83..86 => What::Finish(ListingId(1 + dice.below(4)), 1 + dice.below(2)),
            86..88 => What::Mark(mark(dice, number)),
            88..91 => What::Expire(1 + dice.below(8) as usize),
            91..93 => What::Found,
            93..94 => What::Marks,
            94..96 => What::Metrics,
            96..98 => What::Rows,
            _ => What::Unknown(files(dice)),
        };
        let claim = claim.clone();
        Self {
            number,
            claim,
            what,
        }
    }

    /// Hands its action over; none if it only looks.
    pub(super) fn visit<V: Visit>(&self, visitor: &mut V) -> Option<V::Out> {
        let (claim, now) = (self.claim.clone(), at(self.number * 400));
        Some(match self.what.clone() {
            What::Found => visitor.visit(Found {
                founding: founding(),
                now,
            }),
            What::Join => visitor.visit(Join {
                role: claim.role().clone(),
            }),
            What::Leave => visitor.visit(Leave { claim }),
            What::Record(discoveries, progress) => visitor.visit(Record {
                claim,
                discoveries,
                progress,
                now,
            }),
            What::NextBatch(most) => visitor.visit(NextBatch {
                claim,
                bounds: bounds(most),
                lease: LEASE,
                now,
            }),
            What::Renew(batch) => visitor.visit(Renew {
                claim,
                batch,
                lease: LEASE,
                now,
            }),
            What::Release(batch) => visitor.visit(Release { claim, batch }),
            What::Commit(batch) => visitor.visit(Commit { claim, batch, now }),
            What::Quarantine(poison) => visitor.visit(Quarantine { claim, poison }),
            What::Discharge(message) => visitor.visit(Discharge { message }),
            What::Request(request) => visitor.visit(RequestListing {
                claim,
                request,
                now,
            }),
            What::NextListing => visitor.visit(NextListing {
                claim,
                lease: LEASE,
                now,
            }),
            What::Finish(listing, round) => visitor.visit(FinishListing {
                claim,
                listing,
                round,
                now,
            }),
            What::Mark(mark) => visitor.visit(MarkIt { claim, mark }),
            What::Expire(limit) => visitor.visit(Expire {
                claim,
                age: AGE,
                limit,
                now,
            }),
            What::Archive(files, mode) => visitor.visit(Archive {
                claim,
                files: ids(&files),
                mode,
                now,
            }),
            What::Marks | What::Metrics | What::Rows | What::Unknown(_) => return None,
        })
    }

    /// Its bytes in a log.
    pub(super) fn bytes(&self) -> Option<Vec<u8>> {
        struct Bytes;

        impl Visit for Bytes {
            type Out = Vec<u8>;

            fn visit<A: Action>(&mut self, action: A) -> Vec<u8> {
                let mut out = vec![A::TAG];
                action.put(&mut out);
                out
            }
        }

        self.visit(&mut Bytes)
    }

    /// Does it and writes the answer down; none when the ledger's world failed.
    pub(super) async fn run(&self, ledger: &dyn Ledger) -> Option<String> {
        let (claim, now) = (&self.claim, at(self.number * 400));
        match &self.what {
            What::Found => told(ledger.found(&founding(), now).await),
            What::Join => told(ledger.join(claim.role(), now).await),
            What::Leave => told(ledger.leave(claim).await),
            What::Record(files, progress) => {
                told(ledger.record(claim, files, progress.as_ref(), now).await)
            }
            What::NextBatch(most) => {
                told(ledger.next_batch(claim, bounds(*most), LEASE, now).await)
            }
            What::Renew(batch) => told(ledger.renew(claim, *batch, LEASE, now).await),
            What::Release(batch) => told(ledger.release(claim, *batch).await),
            What::Commit(batch) => told(ledger.commit(claim, *batch, now).await),
            What::Quarantine(poison) => told(ledger.quarantine(claim, poison).await),
            What::Discharge(message) => told(ledger.discharge(message).await),
            What::Request(request) => told(ledger.request_listing(claim, request, now).await),
            What::NextListing => told(ledger.next_listing(claim, LEASE, now).await),
            What::Finish(listing, round) => {
                told(ledger.finish_listing(claim, *listing, *round, now).await)
            }
            What::Mark(mark) => told(ledger.mark(claim, mark, now).await),
            What::Expire(limit) => told(ledger.expire(claim, AGE, *limit, now).await),
            What::Archive(files, mode) => {
                told(ledger.archive(claim, &ids(files), *mode, now).await)
            }
            What::Marks => told(ledger.marks().await),
            What::Metrics => told(ledger.metrics().await),
            What::Rows => told(ledger.rows(None, 100).await),
            What::Unknown(files) => told(ledger.unknown(&ids(files)).await),
        }
    }
}

fn told<T: std::fmt::Debug>(answer: Result<T, LedgerError>) -> Option<String> {
    match answer {
        Ok(answer) => Some(format!("{answer:?}")),
        Err(LedgerError::Driver { .. }) => None,
        Err(error) => Some(error.to_string()),
    }
}

fn ids(files: &[Discovery]) -> Vec<FileId> {
    files.iter().map(|file| file.id.clone()).collect()
}

fn bounds(most: u64) -> BatchBounds {
    BatchBounds {
        max_files: most,
        max_bytes: None,
    }
}

pub(super) fn role(number: u64) -> Role {
    Role::new(format!("consumer-{number}")).unwrap()
}

fn files(dice: &mut Dice) -> Vec<Discovery> {
    let count = 1 + dice.below(3);
    let each = (0..count).map(|_| {
        let mut file = file(&format!("{:03}", dice.below(60)));
        file.size = 1 + dice.below(9);
        file.created = at(dice.below(60) * 1_000);
        file.sighting = match dice.below(4) {
            0 => Sighting::Listing,
            1 => Sighting::Existing,
            _ => Sighting::Event,
        };
        file
    });
    each.collect()
}

fn progress(dice: &mut Dice) -> ListingProgress {
    ListingProgress {
        listing: ListingId(1 + dice.below(4)),
        round: 1 + dice.below(2),
        after: vec![b'k'; dice.below(5) as usize],
        lease: LEASE,
    }
}

fn batch(dice: &mut Dice) -> BatchId {
    BatchId(dice.below(12))
}

fn message(dice: &mut Dice) -> MessageId {
    MessageId::new(format!("m{}", dice.below(3)))
}

fn poison(dice: &mut Dice, number: u64) -> Poison {
    let body = Message::new(vec![b'x'; 3]).with_attribute("a", "1");
    Poison::new(
        message(dice),
        &body,
        format!("odd {number}"),
        Some(5),
        at(number),
    )
}

fn request(dice: &mut Dice) -> ListingRequest {
    let reason = ListingReason::ALL[dice.below(6) as usize];
    let prefix = vec![b'p'; dice.below(2) as usize];
    ListingRequest { reason, prefix }
}

fn mark(dice: &mut Dice, number: u64) -> Mark {
    match dice.below(5) {
        0 => Mark::QueueLost,
        1 => Mark::QueueBack,
        2 => Mark::Moved {
            path: format!("/in/{}", dice.below(2)),
        },
        _ => Mark::Polled {
            queue: QueueId::new(format!("q{}", dice.below(2))).unwrap(),
            at: at(number),
        },
    }
}
