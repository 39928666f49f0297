//! Marks of files that were cleaned away.

use floe_notify::clock::Timestamp;

use super::block::Entry;
use super::fault::Fault;
use super::known::{self, Finder};
use super::store::NEWEST;
use super::txn::{Txn, limit, write_format};
use crate::{ArchiveMode, ArchiveOutcome, Claim, FileId, MAX_DISCOVERIES};

impl Txn<'_> {
    pub(super) fn archive(
        &mut self,
        claim: &Claim,
        ids: &[FileId],
        mode: ArchiveMode,
        now: Timestamp,
    ) -> Result<Vec<ArchiveOutcome>, Fault> {
        self.check(claim)?;
        let what = "files of one transaction";
        limit(what, ids.len(), MAX_DISCOVERIES, "split the call")?;
        let (outcomes, changes) = self.find_archived(ids, (now.as_millis(), mode))?;
        if !changes.is_empty() {
            known::replace(&mut self.known, &changes)?;
            write_format(&mut self.meta, NEWEST)?;
            self.change()?;
        }
        Ok(outcomes)
    }

    /// Says what becomes of each file, and what changes, in the order of identities.
    fn find_archived(
        &self,
        ids: &[FileId],
        mark: (u64, ArchiveMode),
    ) -> Result<(Vec<ArchiveOutcome>, Vec<Entry>), Fault> {
        let settled = self.settled()?;
        let mut order: Vec<(&FileId, usize)> = ids.iter().zip(0..).collect();
        order.sort_unstable();
        let mut outcomes = vec![ArchiveOutcome::Unknown; ids.len()];
        let mut changes: Vec<Entry> = Vec::new();
        let mut finder = Finder::new(&self.known);
        for (id, place) in order {
            let id = id.as_bytes();
            let outcome = match finder.find(id)? {
                None => ArchiveOutcome::Unknown,
                Some(known) if known.archived.is_some() => ArchiveOutcome::Already,
                Some(known) if known.seq == 0 || !settled.holds(known.seq) => {
                    ArchiveOutcome::NotCommitted
                }
                Some(_) if changes.last().is_some_and(|last| last.id == id) => {
                    ArchiveOutcome::Already
                }
                Some(mut known) => {
                    known.archived = Some(mark);
                    let id = id.to_vec();
                    changes.push(Entry { id, known });
                    ArchiveOutcome::Now
                }
            };
            if let Some(told) = outcomes.get_mut(place) {
                *told = outcome;
            }
        }
        Ok((outcomes, changes))
    }
}
