//! The log of outstanding files: chunks of files that were recorded together.

use std::collections::VecDeque;

use floe_notify::clock::Timestamp;
use redb::{ReadableTable, Table};

use super::code::{Reader, put, put_bytes, put_difference, shared};
use super::fault::Fault;
use super::known::Bytes;
use crate::{FileEntry, FileId, Seq};

/// Bytes after which a chunk is full: a page of the store has room for little more.
const FULL: usize = 3_900;

/// A file as the log has it.
#[derive(Clone, Debug)]
pub(super) struct Logged {
    pub(super) seq: u64,
    pub(super) id: Vec<u8>,
    pub(super) size: u64,
    pub(super) created: u64,
}

/// Writes files into the log; their numbers follow one another.
pub(super) fn append(
    table: &mut Table<'_, u64, Bytes>,
    files: &[Logged],
    discovered: u64,
) -> Result<(), Fault> {
    let mut rest = files;
    while let Some(first) = rest.first() {
        let (count, bytes) = chunk(rest, discovered);
        table.insert(first.seq, bytes.as_slice())?;
        rest = rest.get(count..).unwrap_or_default();
    }
    Ok(())
}

/// Writes as many files as a chunk has room for, and at least one.
fn chunk(files: &[Logged], discovered: u64) -> (usize, Vec<u8>) {
    let mut before: &[u8] = &[];
    let mut body = Vec::with_capacity(FULL + 512);
    let mut count = 0;
    for file in files {
        let shared = shared(before, &file.id);
        put(&mut body, shared as u64);
        put_bytes(&mut body, file.id.get(shared..).unwrap_or_default());
        put_difference(&mut body, file.created, discovered);
        put(&mut body, file.size);
        before = &file.id;
        count += 1;
        if body.len() >= FULL {
            break;
        }
    }
    let mut bytes = Vec::with_capacity(body.len() + 12);
    put(&mut bytes, count as u64);
    put(&mut bytes, discovered);
    bytes.extend(body);
    (count, bytes)
}

/// Takes a chunk apart.
fn open(first: u64, bytes: &[u8]) -> Result<(u64, Vec<Logged>), Fault> {
    let mut reader = Reader(bytes);
    let count = reader.number()?;
    let discovered = reader.number()?;
    let mut files: Vec<Logged> = Vec::new();
    for seq in first..first.saturating_add(count) {
        let before = files.last().map(|file| file.id.as_slice());
        let before = before.unwrap_or_default();
        let shared = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let shared = before.get(..shared);
        let shared = shared.ok_or(Fault::Damaged("a name shares more than there is"))?;
        let id = [shared, reader.bytes()?].concat();
        let created = reader.difference(discovered)?;
        let size = reader.number()?;
        files.push(Logged {
            seq,
            id,
            size,
            created,
        });
    }
    Ok((discovered, files))
}

/// Goes through the log from a number on.
pub(super) struct Outstanding<'t> {
    chunks: redb::Range<'t, u64, Bytes>,
    from: u64,
    files: VecDeque<FileEntry>,
}

impl<'t> Outstanding<'t> {
    pub(super) fn new<T: ReadableTable<u64, Bytes>>(
        table: &'t T,
        from: u64,
    ) -> Result<Self, Fault> {
        let chunk = table.range(..=from)?.next_back().transpose()?;
        let start = chunk.map_or(from, |(first, _)| first.value());
        Ok(Self {
            chunks: table.range(start..)?,
            from,
            files: VecDeque::new(),
        })
    }

    pub(super) fn step(&mut self) -> Result<Option<FileEntry>, Fault> {
        while self.files.is_empty() {
            let Some(found) = self.chunks.next() else {
                return Ok(None);
            };
            let (first, bytes) = found?;
            let (discovered, files) = open(first.value(), bytes.value())?;
            for file in files.into_iter().filter(|file| file.seq >= self.from) {
                self.files.push_back(entry(file, discovered)?);
            }
        }
        Ok(self.files.pop_front())
    }
}

fn entry(file: Logged, discovered: u64) -> Result<FileEntry, Fault> {
    let id = FileId::from_bytes(&file.id);
    Ok(FileEntry {
        seq: Seq(file.seq),
        id: id.map_err(|_| Fault::Damaged("a name is none"))?,
        size: file.size,
        created: Timestamp::from_millis(file.created),
        discovered: Timestamp::from_millis(discovered),
    })
}

/// Returns the files `first` to `last`, all of which are outstanding.
pub(super) fn read<T: ReadableTable<u64, Bytes>>(
    table: &T,
    first: u64,
    last: u64,
) -> Result<Vec<FileEntry>, Fault> {
    let mut log = Outstanding::new(table, first)?;
    let mut files = Vec::new();
    for seq in first..=last {
        let file = log.step()?.filter(|file| file.seq.0 == seq);
        files.push(file.ok_or(Fault::Damaged("a file of a batch is missing from the log"))?);
    }
    Ok(files)
}

/// Takes the files `first` to `last` out of the log.
pub(super) fn remove(
    table: &mut Table<'_, u64, Bytes>,
    first: u64,
    last: u64,
) -> Result<(), Fault> {
    let before = table.range(..=first)?.next_back().transpose()?;
    let start = before.map_or(first, |(first, _)| first.value());
    let mut cut = Vec::new();
    let mut whole = Vec::new();
    for found in table.range(start..=last)? {
        let (key, bytes) = found?;
        let count = Reader(bytes.value()).number()?;
        let end = key.value().saturating_add(count.saturating_sub(1));
        if key.value() < first || end > last {
            cut.push((key.value(), bytes.value().to_vec()));
        } else {
            whole.push(key.value());
        }
    }
    for key in whole {
        table.remove(key)?;
    }
    for (key, bytes) in cut {
        let (discovered, mut files) = open(key, &bytes)?;
        table.remove(key)?;
        let behind = files.partition_point(|file| file.seq <= last);
        append(table, &files.split_off(behind), discovered)?;
        files.retain(|file| file.seq < first);
        append(table, &files, discovered)?;
    }
    Ok(())
}
