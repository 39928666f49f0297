//! What is recorded, and what is forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::block::{Entry, Known};
use super::fault::Fault;
use super::known::{self, Finder};
use super::log::{self, Logged};
use super::records::{DoneBatch, OpenBatch};
use super::txn::{Txn, limit};
use crate::{
    AGE_MARGIN, Claim, Discovery, Expired, ListingProgress, MAX_DISCOVERIES, MAX_PAGE, Recorded,
    Seq, Sighting,
};
use redb::ReadableTable as _;

impl Txn<'_> {
    pub(super) fn record(
        &mut self,
        claim: &Claim,
        discoveries: &[Discovery],
        progress: Option<&ListingProgress>,
        now: Timestamp,
    ) -> Result<Vec<Recorded>, Fault> {
        let horizon = self.check(claim)?.horizon;
        let first_is_over = self.first_is_over(discoveries)?;
        let (what, count) = ("files of one transaction", discoveries.len());
        limit(what, count, MAX_DISCOVERIES, "split the call")?;
        if let Some(progress) = progress {
            self.advance_listing(claim, progress, now)?;
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|one, other| id(discoveries, *one).cmp(&id(discoveries, *other)));
        let mut found = self.judge(discoveries, &order, (horizon, first_is_over))?;
        let mut logged = Vec::new();
        let mut last = self.head()?.last_seq;
        for (file, verdict) in discoveries.iter().zip(&mut found) {
            if let Recorded::New(seq) = verdict {
                last += 1;
                *seq = Seq(last);
                logged.push(Logged {
                    seq: last,
                    id: file.id.as_bytes().to_vec(),
                    size: file.size,
                    created: file.created.as_millis(),
                });
            }
        }
        let changes = changes(discoveries, &order, &found, now);
        if changes.is_empty() {
            return Ok(found);
        }
        let added = known::insert(&mut self.known, &changes)?;
        log::append(&mut self.log, &logged, now.as_millis())?;
        let sizes = logged.iter().map(|file| file.size);
        let bytes = sizes.fold(0, u64::saturating_add);
        let head = self.change()?;
        head.last_seq = last;
        head.outstanding += logged.len() as u64;
        head.outstanding_bytes = head.outstanding_bytes.saturating_add(bytes);
        head.known += added;
        Ok(found)
    }

    /// Says what each discovery is; the numbers of what is new are given later.
    fn judge(
        &self,
        discoveries: &[Discovery],
        order: &[usize],
        (horizon, first_is_over): (Option<u64>, bool),
    ) -> Result<Vec<Recorded>, Fault> {
        let mut verdicts = vec![Recorded::Known; discoveries.len()];
        let mut finder = Finder::new(&self.known);
        let mut before: &[u8] = &[];
        // Whether the file is known, and whether it has a number in the log.
        let mut state: Option<bool> = None;
        for place in order {
            let (Some(file), Some(verdict)) = (discoveries.get(*place), verdicts.get_mut(*place))
            else {
                continue;
            };
            let id = file.id.as_bytes();
            if id != before {
                state = finder.find(id)?.map(|known| known.seq > 0);
                before = id;
            }
            let is_old = horizon.is_some_and(|horizon| file.created.as_millis() <= horizon);
            *verdict = match (state, file.sighting) {
                (Some(false), Sighting::Event) => Recorded::New(Seq(0)),
                (Some(_), _) => Recorded::Known,
                (None, _) if is_old => Recorded::TooOld,
                (None, Sighting::Existing) if first_is_over => Recorded::Late,
                (None, Sighting::Existing) => Recorded::Seen,
                (None, _) => Recorded::New(Seq(0)),
            };
            match verdict {
                Recorded::New(_) => state = Some(true),
                Recorded::Seen => state = Some(false),
                _ => {}
            }
        }
        Ok(verdicts)
    }

    pub(super) fn expire(
        &mut self,
        claim: &Claim,
        age: Duration,
        limit: usize,
        now: Timestamp,
    ) -> Result<Expired, Fault> {
        let head = self.check(claim)?;
        let limit = limit.clamp(1, MAX_PAGE);
        let part = known::page(&self.known, head.sweep.as_deref(), limit)?;
        let is_done = part.len() < limit;
        let sweep = part
            .last()
            .map(|entry| entry.id.clone())
            .filter(|_| !is_done);
        let settled = self.settled()?;
        let is_old = |known: Known| {
            let seen = Timestamp::from_millis(known.created.max(known.discovered));
            now.since(seen) > age.saturating_add(AGE_MARGIN)
        };
        let mut old = part;
        old.retain(|entry| is_old(entry.known) && settled.holds(entry.known.seq));
        let mut horizon = head.horizon;
        if !old.is_empty() || horizon.is_some() {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            horizon = horizon.max(Some(now.as_millis().saturating_sub(age)));
        }
        if !old.is_empty() || horizon != head.horizon || sweep != head.sweep {
            self.forget(&old)?;
            let head = self.change()?;
            head.known = head.known.saturating_sub(old.len() as u64);
            head.horizon = horizon;
            head.sweep = sweep;
        }
        Ok(Expired {
            forgotten: old.len(),
            is_done,
        })
    }

    /// What nobody works on any more.
    pub(super) fn settled(&self) -> Result<Settled, Fault> {
        let open = self.open.iter()?.map(|found| {
            let batch = OpenBatch::read(found?.1.value())?;
            Ok((batch.first, batch.last()))
        });
        Ok(Settled {
            batched: self.head()?.batched,
            open: open.collect::<Result<_, Fault>>()?,
        })
    }

    /// Forgets files, and batches of which no file is known any more.
    fn forget(&mut self, old: &[Entry]) -> Result<(), Fault> {
        let ids: Vec<_> = old.iter().map(|entry| entry.id.clone()).collect();
        known::remove(&mut self.known, &ids)?;
        let mut batches: BTreeMap<u64, DoneBatch> = BTreeMap::new();
        for seq in old
            .iter()
            .map(|entry| entry.known.seq)
            .filter(|seq| *seq > 0)
        {
            let near = batches.range_mut(..=seq).next_back();
            let near = near.filter(|(first, batch)| seq - **first < batch.files);
            if let Some((_, batch)) = near {
                batch.known = batch.known.saturating_sub(1);
                continue;
            }
            let found = self.done.range(..=seq)?.next_back().transpose()?;
            let (first, bytes) = found.ok_or(NO_BATCH)?;
            let mut batch = DoneBatch::read(bytes.value())?;
            batch.known = batch.known.saturating_sub(1);
            batches.insert(first.value(), batch);
        }
        for (first, batch) in batches {
            if batch.known == 0 {
                self.done.remove(first)?;
            } else {
                self.done.insert(first, batch.write().as_slice())?;
            }
        }
        Ok(())
    }
}

/// Which numbers of the log are committed.
pub(super) struct Settled {
    batched: u64,
    /// The first and last numbers of open batches, in their order.
    open: Vec<(u64, u64)>,
}

impl Settled {
    /// True for what is committed, and for 0, the number of what was only seen.
    pub(super) fn holds(&self, seq: u64) -> bool {
        let before = self.open.partition_point(|(first, _)| *first <= seq);
        let near = before.checked_sub(1).and_then(|place| self.open.get(place));
        seq <= self.batched && near.is_none_or(|(_, last)| *last < seq)
    }
}

pub(super) const NO_BATCH: Fault = Fault::Damaged("a committed file is in no batch");

fn id(discoveries: &[Discovery], place: usize) -> Option<&[u8]> {
    discoveries.get(place).map(|file| file.id.as_bytes())
}

/// What becomes known, in the order of identities.
fn changes(
    discoveries: &[Discovery],
    order: &[usize],
    found: &[Recorded],
    now: Timestamp,
) -> Vec<Entry> {
    let mut changes: Vec<Entry> = Vec::new();
    for place in order {
        let (Some(file), Some(verdict)) = (discoveries.get(*place), found.get(*place)) else {
            continue;
        };
        let seq = match verdict {
            Recorded::New(seq) => seq.0,
            Recorded::Seen => 0,
            _ => continue,
        };
        let known = Known {
            seq,
            size: file.size,
            created: file.created.as_millis(),
            discovered: now.as_millis(),
            archived: None,
        };
        // One that is seen and then told of in one call is new.
        changes.pop_if(|last| last.id == file.id.as_bytes());
        let id = file.id.as_bytes().to_vec();
        changes.push(Entry { id, known });
    }
    changes
}
