//! Random work on a ledger, done on the reference beside it.

use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::options::BatchBounds;
use floe_notify::{Message, MessageId, QueueId, StreamId};

use super::{Dice, block_on};
use crate::memory::MemoryLedger;
use crate::{
    ArchiveMode, BatchId, Claim, Discovery, FileId, Founding, Ledger, LedgerError, ListingId,
    ListingProgress, ListingReason, ListingRequest, Mark, Poison, Role, Sighting, VersionRule,
};

const LEASE: Duration = Duration::from_secs(30);
const AGE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub(super) enum Job {
    Found,
    Join(Role),
    Leave(Claim),
    Record(Claim, Vec<Discovery>, Option<ListingProgress>),
    NextBatch(Claim, BatchBounds),
    Renew(Claim, BatchId),
    Release(Claim, BatchId),
    Commit(Claim, BatchId),
    Archive(Claim, Vec<FileId>, ArchiveMode),
    Quarantine(Claim, Poison),
    Discharge(MessageId),
    Request(Claim, ListingRequest),
    NextListing(Claim),
    Finish(Claim, ListingId, u64),
    Mark(Claim, Mark),
    Expire(Claim, usize),
    Compact,
}

/// What a job answered, as text: equal answers are equal texts.
pub(super) fn run(ledger: &dyn Ledger, job: &Job, now: Timestamp) -> Result<String, LedgerError> {
    fn text<T: std::fmt::Debug>(answer: Result<T, LedgerError>) -> Result<String, LedgerError> {
        match answer {
            Ok(value) => Ok(format!("{value:?}")),
            Err(error @ LedgerError::Driver { .. }) => Err(error),
            Err(error) => Ok(error.to_string()),
        }
    }
    block_on(async {
        match job {
            Job::Found => text(ledger.found(&founding(), now).await),
            Job::Join(role) => text(ledger.join(role, now).await),
            Job::Leave(claim) => text(ledger.leave(claim).await),
            Job::Record(claim, files, progress) => {
                text(ledger.record(claim, files, progress.as_ref(), now).await)
            }
            Job::NextBatch(claim, bounds) => {
                text(ledger.next_batch(claim, *bounds, LEASE, now).await)
            }
            Job::Renew(claim, batch) => text(ledger.renew(claim, *batch, LEASE, now).await),
            Job::Release(claim, batch) => text(ledger.release(claim, *batch).await),
            Job::Commit(claim, batch) => text(ledger.commit(claim, *batch, now).await),
            Job::Archive(claim, ids, mode) => text(ledger.archive(claim, ids, *mode, now).await),
            Job::Quarantine(claim, poison) => text(ledger.quarantine(claim, poison).await),
            Job::Discharge(message) => text(ledger.discharge(message).await),
            Job::Request(claim, request) => text(ledger.request_listing(claim, request, now).await),
            Job::NextListing(claim) => text(ledger.next_listing(claim, LEASE, now).await),
            Job::Finish(claim, listing, round) => {
                text(ledger.finish_listing(claim, *listing, *round, now).await)
            }
            Job::Mark(claim, mark) => text(ledger.mark(claim, mark, now).await),
            Job::Expire(claim, limit) => text(ledger.expire(claim, AGE, *limit, now).await),
            Job::Compact => text(ledger.compact().await),
        }
    })
}

/// Everything that a ledger shows without being changed.
pub(super) fn observe(ledger: &dyn Ledger) -> Result<String, LedgerError> {
    block_on(async {
        let marks = match ledger.marks().await {
            Err(LedgerError::NotFounded) => return Ok("nothing".to_owned()),
            marks => marks?,
        };
        let metrics = ledger.metrics().await?;
        let rows = ledger.rows(None, usize::MAX).await?;
        let quarantined = ledger.quarantined(None, usize::MAX).await?;
        let known: Vec<_> = (0..NAMES).map(id).collect();
        let unknown = ledger.unknown(&known).await?;
        Ok(format!(
            "{marks:?}\n{metrics:?}\n{rows:#?}\n{quarantined:?}\n{unknown:?}"
        ))
    })
}

pub(super) fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: [("cloudFiles.format".to_owned(), "json".to_owned())].into(),
        defaults: [("a".to_owned(), "b".to_owned())].into(),
    }
}

/// So many different files there are.
const NAMES: u64 = 600;

fn id(number: u64) -> FileId {
    // Names of very different lengths, and some that are the beginning of others.
    let tail = "x".repeat((number % 7 * number % 90) as usize);
    FileId::new(
        format!("/in/day={}/{number}{tail}", number % 9).as_bytes(),
        None,
    )
    .unwrap()
}

/// What may have happened to the ledger, as references that agree with all its answers so far: one,
/// or more when it is open whether a transaction took place.
pub(super) struct Beside {
    dice: Dice,
    now: u64,
    claims: Vec<Claim>,
    last_batch: u64,
    may_be: Vec<MemoryLedger>,
    pub(super) answered: usize,
}

impl Beside {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed),
            now: 1_735_689_600_000,
            claims: vec![Claim::new(Role::new("nobody").unwrap(), 77)],
            last_batch: 1,
            may_be: vec![MemoryLedger::default()],
            answered: 0,
        }
    }

    /// Does one random job; false when the disk failed.
    pub(super) fn step(&mut self, ledger: &dyn Ledger) -> bool {
        let job = self.job();
        self.now += self.dice.below(20_000);
        let now = Timestamp::from_millis(self.now);
        let answer = run(ledger, &job, now);
        let Ok(answer) = answer else {
            // Done or not done.
            let done = self.may_be.iter().map(|one| {
                let done = one.copy();
                run(&done, &job, now).unwrap();
                done
            });
            let done: Vec<_> = done.collect();
            self.may_be.extend(done);
            return false;
        };
        let mut others = Vec::new();
        self.may_be.retain(|one| {
            let other = run(one, &job, now).unwrap();
            let is_same = other == answer;
            others.push(other);
            is_same
        });
        assert!(
            !self.may_be.is_empty(),
            "{job:?}: the ledger answers\n{answer}\nand the reference\n{others:#?}"
        );
        self.answered += 1;
        self.learn(&job, &answer);
        true
    }

    /// Sees that what the ledger shows is a state that it may be in.
    pub(super) fn check(&mut self, ledger: &dyn Ledger) -> Result<(), LedgerError> {
        let shown = observe(ledger)?;
        let mut others = Vec::new();
        self.may_be.retain(|one| {
            let other = observe(one).unwrap();
            let is_same = other == shown;
            others.push(other);
            is_same
        });
        let first = others.first().map(String::as_str).unwrap_or_default();
        assert!(
            !self.may_be.is_empty(),
            "the ledger shows\n{shown}\nand may be in {} states such as\n{first}",
            others.len()
        );
        Ok(())
    }

    fn learn(&mut self, job: &Job, answer: &str) {
        match job {
            Job::Join(role) => {
                let epoch = answer.rsplit("epoch: ").next().unwrap_or_default();
                let epoch = epoch
                    .trim_end_matches(|c: char| !c.is_ascii_digit())
                    .parse();
                self.claims
                    .push(Claim::new(role.clone(), epoch.unwrap_or(0)));
            }
            Job::NextBatch(..) if answer.starts_with("Some") => self.last_batch += 1,
            _ => {}
        }
    }

    fn job(&mut self) -> Job {
        if self.answered == 0 {
            return Job::Found;
        }
        if self.answered == 1 || self.dice.below(25) == 0 {
            let name = ["one", "two"][self.dice.below(2) as usize];
            return Job::Join(Role::new(name).unwrap());
        }
        // Mostly the newest claim; sometimes one that is fenced.
        let back = [0, 0, 0, 0, 0, 1, 2][self.dice.below(7) as usize].min(self.claims.len() - 1);
        let claim = self.claims[self.claims.len() - 1 - back].clone();
        let batch = BatchId(self.dice.below(self.last_batch + 1));
        match self.dice.below(35) {
            0..10 => self.record(claim),
            10..14 => {
                let max_files = 1 + self.dice.below(60);
                let max_bytes = [None, Some(500)][self.dice.below(2) as usize];
                Job::NextBatch(
                    claim,
                    BatchBounds {
                        max_files,
                        max_bytes,
                    },
                )
            }
            14..18 => Job::Commit(claim, batch),
            18 => Job::Renew(claim, batch),
            19 => Job::Release(claim, batch),
            20 | 21 => Job::Quarantine(claim, self.poison()),
            22 => Job::Discharge(self.message()),
            23 | 24 => Job::Request(claim, self.request()),
            25 => Job::NextListing(claim),
            26 => Job::Finish(claim, ListingId(self.dice.below(4)), 1 + self.dice.below(2)),
            27 => Job::Mark(claim, self.mark()),
            28 | 29 => {
                self.now += 2_000_000;
                Job::Expire(claim, 1 + self.dice.below(80) as usize)
            }
            30 => Job::Compact,
            31..34 => self.archive(claim),
            _ if self.dice.below(4) == 0 => Job::Leave(claim),
            _ => self.record(claim),
        }
    }

    fn archive(&mut self, claim: Claim) -> Job {
        let (start, step) = (self.dice.below(NAMES), 1 + self.dice.below(9));
        let count = [1, 30, 150][self.dice.below(3) as usize];
        let numbers = (0..count).map(|number| (start + number * step) % NAMES);
        let mode = [ArchiveMode::Delete, ArchiveMode::Move][self.dice.below(2) as usize];
        Job::Archive(claim, numbers.map(id).collect(), mode)
    }

    fn record(&mut self, claim: Claim) -> Job {
        let count = [1, 3, 20, 150][self.dice.below(4) as usize];
        let start = self.dice.below(NAMES);
        let in_order = self.dice.below(2) == 0;
        let files = (0..count).map(|number| {
            let number = if in_order {
                start + number
            } else {
                self.dice.roll()
            };
            let sighting = self.dice.below(6);
            Discovery {
                id: id(number % NAMES),
                size: self.dice.below(1 << self.dice.clone().below(40)),
                created: Timestamp::from_millis(self.now - self.dice.below(900_000)),
                sighting: match sighting {
                    0 => Sighting::Existing,
                    1 | 2 => Sighting::Listing,
                    _ => Sighting::Event,
                },
            }
        });
        let files = files.collect();
        let progress = ListingProgress {
            listing: ListingId(self.dice.below(4)),
            round: 1 + self.dice.below(2),
            after: vec![b'k'; self.dice.below(20) as usize],
            lease: LEASE,
        };
        let progress = Some(progress).filter(|_| self.dice.below(3) == 0);
        Job::Record(claim, files, progress)
    }

    fn message(&mut self) -> MessageId {
        MessageId::new(format!("m{}", self.dice.below(5)))
    }

    fn poison(&mut self) -> Poison {
        let body = vec![b'?'; self.dice.below(9_000) as usize];
        let message = Message::new(body).with_attribute("a", "1");
        let at = Timestamp::from_millis(self.now);
        let count = Some(3).filter(|_| self.dice.below(2) == 0);
        Poison::new(self.message(), &message, "odd".to_owned(), count, at)
    }

    fn request(&mut self) -> ListingRequest {
        let reason = ListingReason::ALL[self.dice.below(6) as usize];
        let prefix = vec![b'p'; self.dice.below(3) as usize];
        ListingRequest { reason, prefix }
    }

    fn mark(&mut self) -> Mark {
        let queue = QueueId::new(format!("q{}", self.dice.below(2))).unwrap();
        let at = Timestamp::from_millis(self.now - self.dice.below(50_000));
        match self.dice.below(5) {
            0 => Mark::Moved {
                path: format!("/in/{}", self.dice.below(3)),
            },
            1 => Mark::QueueLost,
            2 => Mark::QueueBack,
            _ => Mark::Polled { queue, at },
        }
    }
}
