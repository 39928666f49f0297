//! The whole state as bytes, and back.

use std::collections::BTreeMap;

use floe_notify::clock::Timestamp;

use super::super::batches::{Batches, Committed, Open};
use super::super::book::{Book, Lease};
use super::super::files::{Files, Known};
use super::super::listings::{Due, Listings};
use super::Replica;
use super::files::{put_mode, read_mode};
use super::listings::{put_request, read_request};
use super::stream::{put_founding, put_poison, read_founding, read_poison, read_queue};
use super::wire::{
    Damage, Reader, put, put_bytes, put_claim, put_id, put_optional, put_optional_bytes, put_time,
};
use crate::{FileId, Marks};

impl Replica {
    /// Appends the whole state. What follows from the rest is left out.
    pub(crate) fn put_image(&self, out: &mut Vec<u8>) {
        let book = &self.0;
        out.push(u8::from(book.marks.is_some()));
        if let Some(marks) = &book.marks {
            put_marks(out, marks);
        }
        put(out, book.epoch);
        put(out, book.roles.len() as u64);
        for (role, epoch) in &book.roles {
            put_bytes(out, role.as_str().as_bytes());
            put(out, *epoch);
        }
        put_batches(out, &book.batches);
        put_files(out, &book.files);
        put_listings(out, &book.listings);
        put(out, book.quarantine.len() as u64);
        book.quarantine
            .values()
            .for_each(|poison| put_poison(out, poison));
    }

    /// Reads what [`put_image`](Self::put_image) wrote, and nothing behind it. What could not
    /// have come from any actions is refused.
    pub(crate) fn read_image(reader: &mut Reader<'_>) -> Result<Self, Damage> {
        let marks = reader.flag()?.then(|| read_marks(reader)).transpose()?;
        let epoch = reader.counter()?;
        let mut roles = BTreeMap::new();
        for _ in 0..reader.count()? {
            let role = reader.role()?;
            roles.insert(role, reader.number()?);
        }
        if roles.values().any(|claimed| *claimed > epoch) {
            return Err(Damage("a claim is newer than the newest"));
        }
        let mut batches = read_batches(reader)?;
        let files = read_files(reader, &mut batches)?;
        check_log(&files, &batches)?;
        let listings = read_listings(reader)?;
        let mut quarantine = BTreeMap::new();
        for _ in 0..reader.count()? {
            let poison = read_poison(reader)?;
            quarantine.insert(poison.message.clone(), poison);
        }
        Ok(Self(Book {
            marks,
            roles,
            epoch,
            files,
            batches,
            listings,
            quarantine,
        }))
    }
}

fn put_marks(out: &mut Vec<u8>, marks: &Marks) {
    put_founding(out, &marks.founding);
    put_time(out, marks.founded);
    put_bytes(out, marks.path.as_bytes());
    let times = [
        marks.backfill_started,
        marks.backfill_finished,
        marks.last_poll,
        marks.horizon,
    ];
    for time in times {
        put_optional(out, time.map(Timestamp::as_millis));
    }
    let queue = marks.queue.as_ref();
    put_optional_bytes(out, queue.map(|queue| queue.as_str().as_bytes()));
    out.push(u8::from(marks.queue_is_lost));
}

fn read_marks(reader: &mut Reader<'_>) -> Result<Marks, Damage> {
    let founding = read_founding(reader)?;
    let mut marks = Marks::new(founding, reader.time()?);
    reader.text()?.clone_into(&mut marks.path);
    let mut time = || Ok(reader.optional()?.map(Timestamp::from_millis));
    marks.backfill_started = time()?;
    marks.backfill_finished = time()?;
    marks.last_poll = time()?;
    marks.horizon = time()?;
    marks.queue = reader.flag()?.then(|| read_queue(reader)).transpose()?;
    marks.queue_is_lost = reader.flag()?;
    Ok(marks)
}

fn put_lease(out: &mut Vec<u8>, lease: Option<&Lease>) {
    out.push(u8::from(lease.is_some()));
    if let Some(lease) = lease {
        put_claim(out, &lease.claim);
        put_time(out, lease.until);
    }
}

fn read_lease(reader: &mut Reader<'_>) -> Result<Option<Lease>, Damage> {
    if !reader.flag()? {
        return Ok(None);
    }
    Ok(Some(Lease {
        claim: reader.claim()?,
        until: reader.time()?,
    }))
}

fn put_batches(out: &mut Vec<u8>, batches: &Batches) {
    put(out, batches.last);
    put(out, batches.batched);
    put(out, batches.open.len() as u64);
    for (id, open) in &batches.open {
        put(out, *id);
        put(out, open.first);
        put(out, open.last);
        put_lease(out, open.lease.as_ref());
        put(out, u64::from(open.attempt));
        put_time(out, open.handed_out);
    }
    put(out, batches.committed.len() as u64);
    for (last, done) in &batches.committed {
        put(out, done.id);
        put(out, done.first);
        put(out, *last);
        put_time(out, done.processed);
        put_time(out, done.at);
    }
}

fn read_batches(reader: &mut Reader<'_>) -> Result<Batches, Damage> {
    let mut batches = Batches {
        last: reader.counter()?,
        batched: reader.counter()?,
        ..Batches::default()
    };
    // Ranges of the log by their first number, so that none reaches into another.
    let mut ranges = BTreeMap::new();
    for _ in 0..reader.count()? {
        let (id, first, last) = (reader.number()?, reader.number()?, reader.number()?);
        let open = Open {
            first,
            last,
            lease: read_lease(reader)?,
            attempt: u32::try_from(reader.number()?).unwrap_or(u32::MAX),
            handed_out: reader.time()?,
        };
        ranges.insert(first, (last, id));
        batches.open.insert(id, open);
    }
    for _ in 0..reader.count()? {
        let (id, first, last) = (reader.number()?, reader.number()?, reader.number()?);
        let done = Committed {
            id,
            first,
            files: 0,
            processed: reader.time()?,
            at: reader.time()?,
        };
        ranges.insert(first, (last, id));
        batches.committed.insert(last, done);
    }
    let mut before = (0, 0);
    for (first, (last, id)) in &ranges {
        let is_next = *first > before.0 && first <= last && *id > before.1;
        if !is_next || *last > batches.batched || *id > batches.last {
            return Err(Damage("a batch is no range of the log"));
        }
        before = (*last, *id);
    }
    if ranges.len() != batches.open.len() + batches.committed.len() {
        return Err(Damage("two batches are the same range of the log"));
    }
    Ok(batches)
}

fn put_files(out: &mut Vec<u8>, files: &Files) {
    put(out, files.last);
    put(out, files.bytes_outstanding);
    put_optional_bytes(out, files.sweep.as_ref().map(FileId::as_bytes));
    put(out, files.known.len() as u64);
    let mut before: &[u8] = &[];
    for (id, known) in &files.known {
        put_id(out, id, before);
        before = id.as_bytes();
        // Numbers begin with 1.
        put(out, known.seq.unwrap_or(0));
        put(out, known.size);
        put_time(out, known.created);
        put_time(out, known.discovered);
        put_mode(out, known.archived.map(|(_, mode)| mode));
        if let Some((at, _)) = known.archived {
            put_time(out, at);
        }
    }
}

/// Reads the files, and with them what follows from them: the log, and how many files of each
/// committed batch are known.
fn read_files(reader: &mut Reader<'_>, batches: &mut Batches) -> Result<Files, Damage> {
    let mut files = Files {
        last: reader.counter()?,
        bytes_outstanding: reader.number()?,
        ..Files::default()
    };
    let sweep = reader.flag()?.then(|| reader.plain_id(&[])).transpose()?;
    files.sweep = sweep;
    for _ in 0..reader.count()? {
        let before = files.known.last_key_value();
        let before = before.map_or(&[][..], |(id, _)| id.as_bytes());
        let id = reader.id(before)?;
        if id.as_bytes() <= before {
            return Err(Damage("files are out of their order"));
        }
        let seq = Some(reader.number()?).filter(|seq| *seq > 0);
        let known = Known {
            seq,
            size: reader.number()?,
            created: reader.time()?,
            discovered: reader.time()?,
            archived: match read_mode(reader)? {
                None => None,
                Some(mode) => Some((reader.time()?, mode)),
            },
        };
        if let Some(seq) = seq {
            let done = batches.committed.range_mut(seq..).next();
            match done.filter(|(_, done)| done.first <= seq) {
                Some((_, done)) => done.files += 1,
                None if files.log.insert(seq, id.clone()).is_some() => {
                    return Err(Damage("two files have one number"));
                }
                None => {}
            }
        }
        files.known.insert(id, known);
    }
    Ok(files)
}

/// Refuses a log that is not what is in open batches and waits.
fn check_log(files: &Files, batches: &Batches) -> Result<(), Damage> {
    let held = batches.open.values().try_fold(0_u64, |sum, open| {
        let count = files.log.range(open.first..=open.last).count() as u64;
        (count == open.last - open.first + 1).then_some(sum + count)
    });
    let waiting = files.log.range(batches.batched.saturating_add(1)..);
    let waiting = waiting.count() as u64;
    let is_whole = files.last.checked_sub(batches.batched) == Some(waiting)
        && held.is_some_and(|held| held + waiting == files.log.len() as u64)
        && files
            .log
            .last_key_value()
            .is_none_or(|(seq, _)| *seq <= files.last);
    let has_empty = batches
        .committed
        .iter()
        .any(|(last, done)| done.files == 0 || done.files > last - done.first + 1);
    if !is_whole || has_empty {
        return Err(Damage("the log is not what its batches and its files say"));
    }
    Ok(())
}

fn put_listings(out: &mut Vec<u8>, listings: &Listings) {
    put(out, listings.last);
    put(out, listings.due.len() as u64);
    for (id, due) in &listings.due {
        put(out, *id);
        put_request(out, &due.request);
        put(out, due.round);
        out.push(u8::from(due.has_begun));
        put_optional_bytes(out, due.after.as_deref());
        put_lease(out, due.lease.as_ref());
    }
}

fn read_listings(reader: &mut Reader<'_>) -> Result<Listings, Damage> {
    let mut listings = Listings {
        last: reader.counter()?,
        ..Listings::default()
    };
    for _ in 0..reader.count()? {
        let id = reader.number()?;
        let due = Due {
            request: read_request(reader)?,
            round: reader.counter()?,
            has_begun: reader.flag()?,
            after: reader.optional_bytes()?.map(<[u8]>::to_vec),
            lease: read_lease(reader)?,
        };
        if id == 0 || id > listings.last || listings.due.insert(id, due).is_some() {
            return Err(Damage("a listing has a number that it cannot have"));
        }
    }
    Ok(listings)
}
