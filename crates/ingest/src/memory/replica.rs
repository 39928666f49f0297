//! The state of the ledger in memory as a machine that many replay: actions that can be written
//! down, and images of the whole.
//!
//! Whoever applies the same actions in the same order has the same state. An action knows
//! beforehand whether it would change anything, so that what changes nothing is not written down.

mod batches;
mod files;
mod image;
mod listings;
mod stream;
pub(crate) mod wire;

use super::book::Book;
use crate::LedgerError;

pub(crate) use batches::{Commit, NextBatch, Release, Renew};
pub(crate) use files::{Archive, Expire, Record};
pub(crate) use listings::{FinishListing, NextListing, RequestListing};
pub(crate) use stream::{Discharge, Found, Join, Leave, MarkIt, Quarantine};
use wire::{Crc, Damage, Reader};

/// The state after some number of actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Replica(Book);

/// One transaction, with all that it depends on besides the state.
pub(crate) trait Action: Sized + Send + 'static {
    /// What its caller is told.
    type Answer: Send + 'static;

    /// What it begins with when it is written; never given to another action.
    const TAG: u8;

    /// Whether it would change the state. It may say so of one that would not, and never the
    /// other way round.
    fn changes(&self, replica: &Replica) -> bool;

    /// Does it. The answer and the state afterwards depend on the state and the action alone.
    fn apply(&self, replica: &mut Replica) -> Result<Self::Answer, LedgerError>;

    /// Writes it, without its tag.
    fn put(&self, out: &mut Vec<u8>);

    /// Reads what [`put`](Self::put) wrote.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage>;

    /// About how many files it brings.
    fn weight(&self) -> usize {
        0
    }
}

/// Applies the next action of a log. What it answers was told to its caller, wherever that is.
pub(crate) fn replay(reader: &mut Reader<'_>, replica: &mut Replica) -> Result<(), Damage> {
    match reader.byte()? {
        Found::TAG => run::<Found>(reader, replica),
        Join::TAG => run::<Join>(reader, replica),
        Leave::TAG => run::<Leave>(reader, replica),
        MarkIt::TAG => run::<MarkIt>(reader, replica),
        Quarantine::TAG => run::<Quarantine>(reader, replica),
        Discharge::TAG => run::<Discharge>(reader, replica),
        Record::TAG => run::<Record>(reader, replica),
        Expire::TAG => run::<Expire>(reader, replica),
        NextBatch::TAG => run::<NextBatch>(reader, replica),
        Renew::TAG => run::<Renew>(reader, replica),
        Release::TAG => run::<Release>(reader, replica),
        Commit::TAG => run::<Commit>(reader, replica),
        RequestListing::TAG => run::<RequestListing>(reader, replica),
        NextListing::TAG => run::<NextListing>(reader, replica),
        FinishListing::TAG => run::<FinishListing>(reader, replica),
        Archive::TAG => run::<Archive>(reader, replica),
        _ => Err(Damage("an action is of an unknown kind")),
    }
}

fn run<A: Action>(reader: &mut Reader<'_>, replica: &mut Replica) -> Result<(), Damage> {
    // An action may be refused by the state that it comes upon; then it changes nothing here, as
    // it changed nothing where it came from.
    drop(A::read(reader)?.apply(replica));
    Ok(())
}

impl Replica {
    /// A number that two states are very unlikely to share if they are not the same. It costs
    /// the same however many files are known.
    pub(crate) fn tally(&self) -> u32 {
        let book = &self.0;
        let (files, batches, listings) = (&book.files, &book.batches, &book.listings);
        let horizon = book.marks.as_ref().and_then(|marks| marks.horizon);
        let counts = [
            u64::from(book.marks.is_some()),
            horizon.map_or(u64::MAX, |at| at.as_millis()),
            book.epoch,
            book.roles.len() as u64,
            files.last,
            files.known.len() as u64,
            files.log.len() as u64,
            files.bytes_outstanding,
            batches.last,
            batches.batched,
            batches.open.len() as u64,
            batches.committed.len() as u64,
            listings.last,
            listings.due.len() as u64,
            book.quarantine.len() as u64,
        ];
        let mut crc = Crc::default();
        for count in counts {
            crc.update(&count.to_le_bytes());
        }
        crc.finish()
    }

    /// Whether there is a stream.
    pub(crate) fn founded(&self) -> Result<(), LedgerError> {
        self.0.founded().map(|_| ())
    }
}

/// What the reference answers without changing anything.
mod looks {
    use floe_notify::MessageId;

    use super::Replica;
    use crate::{FileId, LedgerError, Marks, Metrics, Poison, StateRow};

    type Result<T> = std::result::Result<T, LedgerError>;

    impl Replica {
        pub(crate) fn marks(&self) -> Result<Marks> {
            self.0.founded().cloned()
        }

        pub(crate) fn metrics(&self) -> Result<Metrics> {
            self.0.metrics()
        }

        pub(crate) fn unknown(&self, ids: &[FileId]) -> Result<Vec<bool>> {
            self.0.unknown(ids)
        }

        pub(crate) fn rows(&self, after: Option<&FileId>, limit: usize) -> Result<Vec<StateRow>> {
            self.0.rows(after, limit)
        }

        pub(crate) fn quarantined(
            &self,
            after: Option<&MessageId>,
            limit: usize,
        ) -> Result<Vec<Poison>> {
            self.0.quarantined(after, limit)
        }
    }
}
