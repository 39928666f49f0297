//! What is read without changing anything: one state between two transactions.

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable as _};

use super::block::Entry;
use super::fault::Fault;
use super::files::NO_BATCH;
use super::known::{self, Bytes, Finder};
use super::records::{self, DoneBatch, Head, OpenBatch};
use super::txn::{self, DONE, HEAD, KNOWN, META, OPEN, QUARANTINE, limit};
use crate::{
    BatchId, FileId, LedgerError, LogState, MAX_DISCOVERIES, MAX_PAGE, Marks, Metrics, Poison, Seq,
    StateRow,
};

/// A state that does not change.
pub(super) struct View {
    read: ReadTransaction,
    meta: ReadOnlyTable<&'static str, Bytes>,
    head: Option<Head>,
}

impl View {
    pub(super) fn begin(read: ReadTransaction) -> Result<Self, Fault> {
        let meta = read.open_table(META)?;
        let head = meta.get(HEAD)?.map(|bytes| Head::read(bytes.value()));
        Ok(Self {
            head: head.transpose()?,
            read,
            meta,
        })
    }

    fn head(&self) -> Result<&Head, Fault> {
        Ok(self.head.as_ref().ok_or(LedgerError::NotFounded)?)
    }

    pub(super) fn marks(&self) -> Result<Marks, Fault> {
        txn::marks(&self.meta, self.head()?)
    }

    pub(super) fn metrics(&self) -> Result<Metrics, Fault> {
        let head = self.head()?;
        let seq = |number: u64| Some(Seq(number)).filter(|seq| seq.0 > 0);
        Ok(Metrics {
            files_outstanding: head.outstanding,
            bytes_outstanding: head.outstanding_bytes,
            files_known: head.known,
            seq_num: seq(head.last_seq),
            batched_up_to: seq(head.batched),
            last_batch: Some(BatchId(head.last_batch)).filter(|id| id.0 > 0),
            open_batches: head.open_batches,
            listings: head.listings,
            quarantined: head.quarantined,
        })
    }

    pub(super) fn quarantined(
        &self,
        after: Option<&MessageId>,
        limit: usize,
    ) -> Result<Vec<Poison>, Fault> {
        self.head()?;
        let quarantine = self.read.open_table(QUARANTINE)?;
        let start = after.map_or(std::ops::Bound::Unbounded, |after| {
            std::ops::Bound::Excluded(after.as_str())
        });
        let behind = quarantine.range::<&str>((start, std::ops::Bound::Unbounded))?;
        let page = behind.take(limit.min(MAX_PAGE)).map(|found| {
            let (message, bytes) = found?;
            records::read_poison(message.value(), bytes.value())
        });
        page.collect()
    }

    pub(super) fn unknown(&self, ids: &[FileId]) -> Result<Vec<bool>, Fault> {
        self.head()?;
        let (what, count) = ("files of one question", ids.len());
        limit(what, count, MAX_DISCOVERIES, "split the call")?;
        let table = self.read.open_table(KNOWN)?;
        let mut finder = Finder::new(&table);
        if ids.is_sorted() {
            let each = ids
                .iter()
                .map(|id| Ok(finder.find(id.as_bytes())?.is_none()));
            return each.collect();
        }
        let mut order: Vec<(&FileId, usize)> = ids.iter().zip(0..).collect();
        order.sort_unstable();
        let mut answers = vec![false; count];
        for (id, place) in order {
            let is_unknown = finder.find(id.as_bytes())?.is_none();
            if let Some(answer) = answers.get_mut(place) {
                *answer = is_unknown;
            }
        }
        Ok(answers)
    }

    pub(super) fn rows(
        &self,
        after: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StateRow>, Fault> {
        let head = self.head()?;
        let table = self.read.open_table(KNOWN)?;
        let after = after.map(FileId::as_bytes);
        let entries = known::page(&table, after, limit.min(MAX_PAGE))?;
        let mut states = States::new(&self.read, head.batched)?;
        let rows = entries.into_iter().map(|entry| states.row(entry));
        rows.collect()
    }
}

/// Says what has become of numbers of the log.
struct States {
    batched: u64,
    open: Vec<(u64, OpenBatch)>,
    done: ReadOnlyTable<u64, Bytes>,
    /// The batch that was found last; neighbours are often in one.
    last: Option<(u64, DoneBatch)>,
}

impl States {
    fn new(read: &ReadTransaction, batched: u64) -> Result<Self, Fault> {
        let open = read.open_table(OPEN)?;
        let open = open.iter()?.map(|found| {
            let (id, bytes) = found?;
            Ok((id.value(), OpenBatch::read(bytes.value())?))
        });
        Ok(Self {
            batched,
            open: open.collect::<Result<_, Fault>>()?,
            done: read.open_table(DONE)?,
            last: None,
        })
    }

    fn row(&mut self, entry: Entry) -> Result<StateRow, Fault> {
        let known = entry.known;
        let id = FileId::from_bytes(&entry.id);
        let (state, processed, committed) = self.of(known.seq)?;
        Ok(StateRow {
            id: id.map_err(|_| Fault::Damaged("a name is none"))?,
            seq: Some(Seq(known.seq)).filter(|seq| seq.0 > 0),
            size: known.size,
            created: Timestamp::from_millis(known.created),
            discovered: Timestamp::from_millis(known.discovered),
            state,
            processed,
            committed,
            archived: known
                .archived
                .map(|(at, mode)| (Timestamp::from_millis(at), mode)),
        })
    }

    fn of(&mut self, seq: u64) -> Result<(LogState, Option<Timestamp>, Option<Timestamp>), Fault> {
        if seq == 0 {
            return Ok((LogState::Seen, None, None));
        }
        if seq > self.batched {
            return Ok((LogState::Waiting, None, None));
        }
        let before = self.open.partition_point(|(_, open)| open.first <= seq);
        let near = before.checked_sub(1).and_then(|place| self.open.get(place));
        if let Some((id, open)) = near.filter(|(_, open)| seq <= open.last()) {
            let processed = Some(Timestamp::from_millis(open.processed));
            return Ok((LogState::Open(BatchId(*id)), processed, None));
        }
        let done = self.done(seq)?;
        let state = LogState::Committed(BatchId(done.id));
        let processed = Timestamp::from_millis(done.processed);
        let committed = Timestamp::from_millis(done.committed);
        Ok((state, Some(processed), Some(committed)))
    }

    fn done(&mut self, seq: u64) -> Result<DoneBatch, Fault> {
        let holds = |first: u64, done: &DoneBatch| seq >= first && seq - first < done.files;
        if let Some((first, done)) = self.last.filter(|(first, done)| holds(*first, done)) {
            let _ = first;
            return Ok(done);
        }
        let found = self.done.range(..=seq)?.next_back().transpose()?;
        let (first, bytes) = found.ok_or(NO_BATCH)?;
        let done = DoneBatch::read(bytes.value())?;
        if !holds(first.value(), &done) {
            return Err(NO_BATCH);
        }
        self.last = Some((first.value(), done));
        Ok(done)
    }
}
