//! Known files and the log of those that are not committed.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::book::{Book, bound, limit};
use crate::{
    AGE_MARGIN, ArchiveMode, ArchiveOutcome, Claim, Discovery, Expired, FileEntry, FileId,
    LedgerError, ListingProgress, LogState, MAX_DISCOVERIES, MAX_PAGE, Recorded, Seq, Sighting,
    StateRow,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    pub(super) known: BTreeMap<FileId, Known>,
    /// What is not committed, by its number.
    pub(super) log: BTreeMap<u64, FileId>,
    pub(super) bytes_outstanding: u64,
    /// The last number that was given.
    pub(super) last: u64,
    /// Where the sweep of [`Book::expire`] goes on.
    pub(super) sweep: Option<FileId>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// None for what was only seen.
    pub(super) seq: Option<u64>,
    pub(super) size: u64,
    pub(super) created: Timestamp,
    pub(super) discovered: Timestamp,
    pub(super) archived: Option<(Timestamp, ArchiveMode)>,
}

impl Files {
    pub(super) fn entry(&self, seq: u64) -> Option<FileEntry> {
        let id = self.log.get(&seq)?;
        let known = self.known.get(id)?;
        Some(FileEntry {
            seq: Seq(seq),
            id: id.clone(),
            size: known.size,
            created: known.created,
            discovered: known.discovered,
        })
    }

    /// The sizes of what is behind a number of the log.
    pub(super) fn sizes_behind(&self, seq: u64) -> impl Iterator<Item = u64> {
        let behind = self.log.range((Bound::Excluded(seq), Bound::Unbounded));
        behind.map(|(_, id)| self.known.get(id).map_or(0, |known| known.size))
    }

    /// Takes what is committed out of the log.
    pub(super) fn settle(&mut self, first: u64, last: u64) {
        for seq in first..=last {
            let id = self.log.remove(&seq);
            let known = id.and_then(|id| self.known.get(&id));
            let size = known.map_or(0, |known| known.size);
            self.bytes_outstanding = self.bytes_outstanding.saturating_sub(size);
        }
    }

    fn record(
        &mut self,
        file: &Discovery,
        (horizon, first_is_over): (Option<Timestamp>, bool),
        now: Timestamp,
    ) -> Recorded {
        let known = self.known.get(&file.id);
        match (known, file.sighting) {
            (Some(Known { seq: None, .. }), Sighting::Event) => {}
            (Some(_), _) => return Recorded::Known,
            (None, _) if horizon.is_some_and(|at| file.created <= at) => return Recorded::TooOld,
            (None, Sighting::Existing) if first_is_over => return Recorded::Late,
            (None, Sighting::Existing) => {
                self.known
                    .insert(file.id.clone(), Known::of(file, None, now));
                return Recorded::Seen;
            }
            (None, _) => {}
        }
        self.last += 1;
        self.log.insert(self.last, file.id.clone());
        self.bytes_outstanding = self.bytes_outstanding.saturating_add(file.size);
        self.known
            .insert(file.id.clone(), Known::of(file, Some(self.last), now));
        Recorded::New(Seq(self.last))
    }
}

impl Known {
    fn of(file: &Discovery, seq: Option<u64>, now: Timestamp) -> Self {
        Self {
            seq,
            size: file.size,
            created: file.created,
            discovered: now,
            archived: None,
        }
    }
}

impl Book {
    pub(super) fn record(
        &mut self,
        claim: &Claim,
        discoveries: &[Discovery],
        progress: Option<&ListingProgress>,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, LedgerError> {
        self.check(claim)?;
        limit(
            "files of one transaction",
            discoveries.len(),
            MAX_DISCOVERIES,
            "split the call",
        )?;
        let marks = self.founded()?;
        let first_is_over = marks.backfill_started.is_some() && self.first_listing().is_none();
        let so_far = (marks.horizon, first_is_over);
        if let Some(progress) = progress {
            self.advance_listing(claim, progress, now);
        }
        let files = &mut self.files;
        let each = discoveries.iter();
        Ok(each.map(|file| files.record(file, so_far, now)).collect())
    }

    pub(super) fn archive(
        &mut self,
        claim: &Claim,
        ids: &[FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> Result<Vec<ArchiveOutcome>, LedgerError> {
        self.check(claim)?;
        let (what, remedy) = ("files of one transaction", "split the call");
        limit(what, ids.len(), MAX_DISCOVERIES, remedy)?;
        let (batches, files) = (&self.batches, &mut self.files.known);
        let mut archive = |id: &FileId| {
            let Some(known) = files.get_mut(id) else {
                return ArchiveOutcome::Unknown;
            };
            if known.archived.is_some() {
                return ArchiveOutcome::Already;
            }
            if !known.seq.is_some_and(|seq| batches.is_committed(seq)) {
                return ArchiveOutcome::NotCommitted;
            }
            known.archived = Some((now, mode));
            ArchiveOutcome::Now
        };
        Ok(ids.iter().map(&mut archive).collect())
    }

    pub(super) fn unknown(&self, ids: &[FileId]) -> Result<Vec<bool>, LedgerError> {
        self.founded()?;
        limit(
            "files of one question",
            ids.len(),
            MAX_DISCOVERIES,
            "split the call",
        )?;
        let known = &self.files.known;
        Ok(ids.iter().map(|id| !known.contains_key(id)).collect())
    }

    pub(super) fn rows(
        &self,
        after: Option<&FileId>,
        limit: usize,
    ) -> Result<Vec<StateRow>, LedgerError> {
        self.founded()?;
        let behind = self.files.known.range((bound(after), Bound::Unbounded));
        let page = behind.take(limit.min(MAX_PAGE));
        Ok(page.map(|(id, known)| self.row(id, known)).collect())
    }

    fn row(&self, id: &FileId, known: &Known) -> StateRow {
        let found = known.seq.map(|seq| self.batches.state_of(seq));
        let (state, processed, committed) = found.unwrap_or((LogState::Seen, None, None));
        StateRow {
            id: id.clone(),
            seq: known.seq.map(Seq),
            size: known.size,
            created: known.created,
            discovered: known.discovered,
            state,
            processed,
            committed,
            archived: known.archived,
        }
    }

    pub(super) fn expire(
        &mut self,
        claim: &Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Result<Expired, LedgerError> {
        self.check(claim)?;
        let limit = limit.clamp(1, MAX_PAGE);
        let start = bound(self.files.sweep.as_ref());
        let part = self
            .files
            .known
            .range((start, Bound::Unbounded))
            .take(limit);
        let part: Vec<_> = part.map(|(id, known)| (id.clone(), *known)).collect();
        let is_done = part.len() < limit;
        self.files.sweep = part.last().map(|(id, _)| id.clone()).filter(|_| !is_done);
        let is_old = |known: &Known| {
            let seen = known.created.max(known.discovered);
            now.since(seen) > age.saturating_add(AGE_MARGIN)
        };
        let is_settled = |known: &Known| known.seq.is_none_or(|seq| self.batches.is_committed(seq));
        let old = part
            .iter()
            .filter(|(_, known)| is_old(known) && is_settled(known));
        let old: Vec<_> = old.cloned().collect();
        self.forget(&old, age, now);
        Ok(Expired {
            forgotten: old.len(),
            is_done,
        })
    }

    fn forget(&mut self, old: &[(FileId, Known)], age: Duration, now: Timestamp) {
        let Some(marks) = self.marks.as_mut() else {
            return;
        };
        if !old.is_empty() || marks.horizon.is_some() {
            let millis = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            let at = Timestamp::from_millis(now.as_millis().saturating_sub(millis));
            marks.horizon = marks.horizon.max(Some(at));
        }
        for (id, known) in old {
            self.files.known.remove(id);
            if let Some(seq) = known.seq {
                self.batches.forget(seq);
            }
        }
    }
}
