//! Actions on known files.

use std::ops::Bound;
use std::time::Duration;

use floe_notify::clock::Timestamp;

use super::super::files::Known;
use super::wire::{Damage, Reader, put, put_bytes, put_claim, put_duration, put_id, put_time};
use super::{Action, Replica};
use crate::{
    ArchiveMode, ArchiveOutcome, Claim, Discovery, Expired, FileId, LedgerError, ListingId,
    ListingProgress, MAX_DISCOVERIES, MAX_PAGE, Recorded, Sighting,
};

/// [`crate::Ledger::record`].
pub(crate) struct Record {
    pub(crate) claim: Claim,
    pub(crate) discoveries: Vec<Discovery>,
    pub(crate) progress: Option<ListingProgress>,
    pub(crate) now: Timestamp,
}

impl Record {
    /// Whether any sighting would be more than a known, an old or a late one.
    fn brings_news(&self, replica: &Replica) -> bool {
        let book = &replica.0;
        let Ok(marks) = book.founded() else {
            return false;
        };
        let first_is_over = marks.backfill_started.is_some() && book.first_listing().is_none();
        self.discoveries.iter().any(|file| {
            let is_old = marks.horizon.is_some_and(|at| file.created <= at);
            match book.files.known.get(&file.id) {
                Some(Known { seq: None, .. }) => file.sighting == Sighting::Event,
                Some(_) => false,
                None => {
                    let is_late = first_is_over && file.sighting == Sighting::Existing;
                    !is_old && !is_late
                }
            }
        })
    }

    /// Whether the listing would move.
    fn moves(&self, replica: &Replica) -> bool {
        self.progress.as_ref().is_some_and(|progress| {
            let due = replica.0.listings.due.get(&progress.listing.0);
            due.is_some_and(|due| {
                let lease = due.lease.as_ref();
                due.round == progress.round && lease.is_some_and(|lease| lease.claim == self.claim)
            })
        })
    }
}

impl Action for Record {
    type Answer = Vec<Recorded>;
    const TAG: u8 = 7;

    fn changes(&self, replica: &Replica) -> bool {
        replica.0.check(&self.claim).is_ok()
            && self.discoveries.len() <= MAX_DISCOVERIES
            && (self.moves(replica) || self.brings_news(replica))
    }

    fn apply(&self, replica: &mut Replica) -> Result<Vec<Recorded>, LedgerError> {
        let progress = self.progress.as_ref();
        replica
            .0
            .record(&self.claim, &self.discoveries, progress, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_time(out, self.now);
        out.push(u8::from(self.progress.is_some()));
        if let Some(progress) = &self.progress {
            put(out, progress.listing.0);
            put(out, progress.round);
            put_bytes(out, &progress.after);
            put_duration(out, progress.lease);
        }
        put(out, self.discoveries.len() as u64);
        let mut before: &[u8] = &[];
        for file in &self.discoveries {
            put_id(out, &file.id, before);
            before = file.id.as_bytes();
            put(out, file.size);
            put_time(out, file.created);
            out.push(match file.sighting {
                Sighting::Event => 0,
                Sighting::Listing => 1,
                Sighting::Existing => 2,
            });
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let (claim, now) = (reader.claim()?, reader.time()?);
        let progress = reader.flag()?.then(|| read_progress(reader)).transpose()?;
        let mut discoveries: Vec<Discovery> = Vec::new();
        for _ in 0..reader.count()? {
            let before = discoveries.last().map(|file| file.id.as_bytes());
            discoveries.push(Discovery {
                id: reader.id(before.unwrap_or_default())?,
                size: reader.number()?,
                created: reader.time()?,
                sighting: match reader.byte()? {
                    0 => Sighting::Event,
                    1 => Sighting::Listing,
                    2 => Sighting::Existing,
                    _ => return Err(Damage("a sighting is of an unknown kind")),
                },
            });
        }
        Ok(Self {
            claim,
            discoveries,
            progress,
            now,
        })
    }

    fn weight(&self) -> usize {
        self.discoveries.len()
    }
}

fn read_progress(reader: &mut Reader<'_>) -> Result<ListingProgress, Damage> {
    Ok(ListingProgress {
        listing: ListingId(reader.number()?),
        round: reader.number()?,
        after: reader.bytes()?.to_vec(),
        lease: reader.duration()?,
    })
}

/// [`crate::Ledger::expire`].
pub(crate) struct Expire {
    pub(crate) claim: Claim,
    pub(crate) age: Duration,
    pub(crate) limit: usize,
    pub(crate) now: Timestamp,
}

impl Action for Expire {
    type Answer = Expired;
    const TAG: u8 = 8;

    fn changes(&self, replica: &Replica) -> bool {
        // The place of the sweep is part of the state; only an empty stream has none to move.
        let files = &replica.0.files;
        let horizon = replica
            .0
            .founded()
            .is_ok_and(|marks| marks.horizon.is_some());
        let start = files
            .sweep
            .as_ref()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let ahead = files.known.range((start, Bound::Unbounded)).next();
        replica.0.check(&self.claim).is_ok()
            && (ahead.is_some() || files.sweep.is_some() || horizon)
    }

    fn apply(&self, replica: &mut Replica) -> Result<Expired, LedgerError> {
        replica
            .0
            .expire(&self.claim, self.age, self.limit, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_duration(out, self.age);
        put(out, self.limit.min(MAX_PAGE) as u64);
        put_time(out, self.now);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let (claim, age) = (reader.claim()?, reader.duration()?);
        let limit = usize::try_from(reader.number()?).unwrap_or(MAX_PAGE);
        let now = reader.time()?;
        Ok(Self {
            claim,
            age,
            limit,
            now,
        })
    }
}

/// [`crate::Ledger::archive`].
pub(crate) struct Archive {
    pub(crate) claim: Claim,
    pub(crate) files: Vec<FileId>,
    pub(crate) mode: ArchiveMode,
    pub(crate) now: Timestamp,
}

impl Action for Archive {
    type Answer = Vec<ArchiveOutcome>;
    const TAG: u8 = 16;

    fn changes(&self, replica: &Replica) -> bool {
        let (known, batches) = (&replica.0.files.known, &replica.0.batches);
        let mut files = self.files.iter().filter_map(|id| known.get(id));
        let is_committed = |seq: Option<u64>| seq.is_some_and(|seq| batches.is_committed(seq));
        replica.0.check(&self.claim).is_ok()
            && self.files.len() <= MAX_DISCOVERIES
            && files.any(|known| known.archived.is_none() && is_committed(known.seq))
    }

    fn apply(&self, replica: &mut Replica) -> Result<Vec<ArchiveOutcome>, LedgerError> {
        replica
            .0
            .archive(&self.claim, &self.files, self.mode, self.now)
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_claim(out, &self.claim);
        put_time(out, self.now);
        put_mode(out, Some(self.mode));
        put(out, self.files.len() as u64);
        let mut before: &[u8] = &[];
        for id in &self.files {
            put_id(out, id, before);
            before = id.as_bytes();
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let (claim, now) = (reader.claim()?, reader.time()?);
        let mode = read_mode(reader)?.ok_or(Damage("files are archived in no way"))?;
        let mut files: Vec<FileId> = Vec::new();
        for _ in 0..reader.count()? {
            let before = files.last().map_or(&[][..], FileId::as_bytes);
            files.push(reader.id(before)?);
        }
        Ok(Self {
            claim,
            files,
            mode,
            now,
        })
    }

    fn weight(&self) -> usize {
        self.files.len()
    }
}

/// Writes how a file was cleaned away, if it was.
pub(super) fn put_mode(out: &mut Vec<u8>, mode: Option<ArchiveMode>) {
    out.push(match mode {
        None => 0,
        Some(ArchiveMode::Delete) => 1,
        Some(ArchiveMode::Move) => 2,
    });
}

pub(super) fn read_mode(reader: &mut Reader<'_>) -> Result<Option<ArchiveMode>, Damage> {
    match reader.byte()? {
        0 => Ok(None),
        1 => Ok(Some(ArchiveMode::Delete)),
        2 => Ok(Some(ArchiveMode::Move)),
        _ => Err(Damage("a file is archived in an unknown way")),
    }
}
