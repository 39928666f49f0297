//! The known files of a stream, across all blocks.

use std::ops::Bound;

use redb::{ReadableTable, Table};

use super::block::{Block, Entry, Known, ROOM, Walk, pack, pack_evenly, separator, splice};
use super::fault::Fault;

pub(super) type Bytes = &'static [u8];

/// Looks identities up that ascend.
pub(super) struct Finder<'t, T: ReadableTable<Bytes, Bytes>> {
    table: &'t T,
    /// The block that was looked into last.
    key: Vec<u8>,
    walk: Option<Walk>,
    /// What the walk came to.
    at: Option<Known>,
    /// Where the next block begins, once the walk has come to its end: nothing is known between.
    next: Next,
}

enum Next {
    /// Nobody has looked yet.
    Unasked,
    At(Vec<u8>),
    Nowhere,
}

impl<'t, T: ReadableTable<Bytes, Bytes>> Finder<'t, T> {
    pub(super) const fn new(table: &'t T) -> Self {
        Self {
            table,
            key: Vec::new(),
            walk: None,
            at: None,
            next: Next::Unasked,
        }
    }

    /// Finds an identity that is not less than the one before.
    pub(super) fn find(&mut self, id: &[u8]) -> Result<Option<Known>, Fault> {
        if let Some(found) = self.walk_to(id)? {
            return Ok(found);
        }
        let is_void = match &self.next {
            Next::Unasked => false,
            Next::At(key) => id < key.as_slice(),
            Next::Nowhere => true,
        };
        if is_void || !self.seek(id)? {
            return Ok(None);
        }
        match self.walk_to(id)? {
            Some(found) => Ok(found),
            None => self.look_behind().map(|()| None),
        }
    }

    /// Walks on to an identity or behind it; `None` when the block ends before.
    fn walk_to(&mut self, id: &[u8]) -> Result<Option<Option<Known>>, Fault> {
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        if self.at.is_some() && walk.id() < id {
            self.at = walk.seek(id)?;
        }
        Ok(self.at.map(|known| Some(known).filter(|_| walk.id() == id)))
    }

    /// Goes to the block that an identity belongs to; false when there is none.
    fn seek(&mut self, id: &[u8]) -> Result<bool, Fault> {
        self.next = Next::Unasked;
        let found = self.table.range::<&[u8]>(..=id)?.next_back().transpose()?;
        let Some((key, bytes)) = found else {
            self.look_behind()?;
            return Ok(false);
        };
        let key = key.value();
        if self.walk.is_some() && key == self.key {
            self.look_behind()?;
            return Ok(false);
        }
        self.key = key.to_vec();
        let mut walk = Walk::new(key, bytes.value().to_vec());
        self.at = walk.seek(id)?;
        self.walk = Some(walk);
        Ok(true)
    }

    /// Sees where the block begins that comes next.
    fn look_behind(&mut self) -> Result<(), Fault> {
        let behind = (
            Bound::Excluded(self.key.as_slice()),
            Bound::<&[u8]>::Unbounded,
        );
        let next = self.table.range::<&[u8]>(behind)?.next().transpose()?;
        self.next = match next {
            Some((key, _)) => Next::At(key.value().to_vec()),
            None => Next::Nowhere,
        };
        Ok(())
    }
}

/// Returns known files from the one behind `after` on, at most `limit`.
pub(super) fn page<T: ReadableTable<Bytes, Bytes>>(
    table: &T,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Entry>, Fault> {
    let after = after.unwrap_or_default();
    let start = table.range::<&[u8]>(..=after)?.next_back().transpose()?;
    let start = start
        .map(|(key, _)| key.value().to_vec())
        .unwrap_or_default();
    let mut entries = Vec::new();
    for found in table.range::<&[u8]>(start.as_slice()..)? {
        let (key, bytes) = found?;
        let mut walk = Walk::new(key.value(), bytes.value().to_vec());
        while entries.len() < limit {
            let Some(known) = walk.step()? else { break };
            if walk.id() > after {
                let id = walk.id().to_vec();
                entries.push(Entry { id, known });
            }
        }
        if entries.len() >= limit {
            break;
        }
    }
    Ok(entries)
}

/// Makes files known, or known otherwise; they ascend. Returns how many were not known.
pub(super) fn insert(
    table: &mut Table<'_, Bytes, Bytes>,
    mut changes: &[Entry],
) -> Result<u64, Fault> {
    let mut new = 0;
    while let Some(first) = changes.first() {
        let (block, end) = block_of(table, &first.id)?;
        let count = match &end {
            Some(end) => changes.partition_point(|change| change.id < *end),
            None => changes.len(),
        };
        let (here, rest) = changes.split_at(count.max(1));
        changes = rest;
        if let Some((bytes, count)) = splice(&block, here)? {
            table.insert(block.key.as_slice(), bytes.as_slice())?;
            new += count;
            continue;
        }
        let there = Walk::new(&block.key, block.bytes).entries()?;
        let (blocks, count) = merge(&block.key, there, here);
        for block in blocks {
            table.insert(block.key.as_slice(), block.bytes.as_slice())?;
        }
        new += count;
    }
    Ok(new)
}

/// The block that an identity belongs to, and the key of the next one. The first block begins with
/// the least of all keys, the empty one.
fn block_of(table: &Table<'_, Bytes, Bytes>, id: &[u8]) -> Result<(Block, Option<Vec<u8>>), Fault> {
    let found = table.range::<&[u8]>(..=id)?.next_back().transpose()?;
    let block = match found {
        Some((key, bytes)) => Block::stored(key.value(), bytes.value()),
        None => Block::stored(&[], &[]),
    };
    let behind = (Bound::Excluded(id), Bound::<&[u8]>::Unbounded);
    let next = table.range::<&[u8]>(behind)?.next().transpose()?;
    Ok((block, next.map(|(key, _)| key.value().to_vec())))
}

/// Puts what is new among what is there. Names that come one after another, as most names with a
/// date or a number in them do, leave full blocks behind; others leave room.
fn merge(key: &[u8], there: Vec<Entry>, new: &[Entry]) -> (Vec<Block>, u64) {
    let count = there.len();
    let mut entries = Vec::with_capacity(there.len() + new.len());
    let mut there = there.into_iter().peekable();
    // Where the last of what is new stands, and how often something else stood in between.
    let (mut end, mut runs) = (0, 0);
    for change in new {
        let before = entries.len();
        while let Some(old) = there.next_if(|old| old.id < change.id) {
            entries.push(old);
        }
        if entries.len() > before || end == 0 {
            runs += 1;
        }
        there.next_if(|old| old.id == change.id);
        entries.push(change.clone());
        end = entries.len();
    }
    entries.extend(there);
    let is_at_the_end = end == entries.len();
    let added = entries.len().saturating_sub(count) as u64;
    if runs == 1 && (is_at_the_end || new.len() > 1) {
        return (pack_run(key, &entries, end), added);
    }
    (pack_evenly(key, &entries, 1), added)
}

/// Packs what was added one after another, up to `end`, densely, and what follows beside it.
fn pack_run(key: &[u8], entries: &[Entry], end: usize) -> Vec<Block> {
    let (front, back) = entries.split_at(end);
    let mut blocks = pack(key, front, ROOM);
    let (Some(last), Some(before), Some(first)) = (blocks.pop(), front.last(), back.first()) else {
        return pack(key, entries, ROOM);
    };
    let whole = entries.get(end - last.files..).unwrap_or_default();
    let whole = pack(&last.key, whole, usize::MAX);
    if whole.iter().map(Block::length).sum::<usize>() <= ROOM {
        blocks.extend(whole);
    } else {
        blocks.push(last);
        blocks.extend(pack_evenly(&separator(&before.id, &first.id), back, 1));
    }
    blocks
}

/// Forgets files; they ascend. What stays of a block goes into the next one if both fit.
pub(super) fn remove(table: &mut Table<'_, Bytes, Bytes>, ids: &[Vec<u8>]) -> Result<(), Fault> {
    let mut rest = ids;
    while let Some(first) = rest.first() {
        let (block, end) = block_of(table, first)?;
        let count = match &end {
            Some(end) => rest.partition_point(|id| id < end),
            None => rest.len(),
        };
        let (here, behind) = rest.split_at(count.max(1));
        let mut entries = Walk::new(&block.key, block.bytes).entries()?;
        entries.retain(|entry| here.binary_search(&entry.id).is_err());
        keep(table, &block.key, entries, end)?;
        rest = behind;
    }
    Ok(())
}

fn keep(
    table: &mut Table<'_, Bytes, Bytes>,
    key: &[u8],
    mut entries: Vec<Entry>,
    next: Option<Vec<u8>>,
) -> Result<(), Fault> {
    let alone = pack(key, &entries, usize::MAX);
    let length = alone.iter().map(Block::length).sum::<usize>();
    if let Some(next) = next.filter(|_| length < ROOM / 2) {
        let bytes = table
            .get(next.as_slice())?
            .map(|bytes| bytes.value().to_vec());
        let bytes = bytes.filter(|bytes| bytes.len() + length < ROOM * 3 / 4);
        if let Some(bytes) = bytes {
            entries.extend(Walk::new(&next, bytes).entries()?);
            table.remove(next.as_slice())?;
        }
    }
    if entries.is_empty() {
        table.remove(key)?;
    }
    for block in pack_evenly(key, &entries, 1) {
        table.insert(block.key.as_slice(), block.bytes.as_slice())?;
    }
    Ok(())
}

/// Most blocks that are packed together while what is known of their files changes.
const MAX_GROUP: usize = 256;

/// Changes what is known of files that are known; they ascend. Blocks that lie side by side are
/// packed together, so that a block that grows out of its page does not take another one alone.
pub(super) fn replace(table: &mut Table<'_, Bytes, Bytes>, changes: &[Entry]) -> Result<(), Fault> {
    let mut rest = changes;
    while !rest.is_empty() {
        let (blocks, count) = group(table, rest)?;
        let (here, behind) = rest.split_at(count.max(1));
        let mut keys: Vec<Vec<u8>> = Vec::with_capacity(blocks.len());
        let mut entries = Vec::new();
        for block in blocks {
            entries.extend(Walk::new(&block.key, block.bytes).entries()?);
            keys.push(block.key);
        }
        let mut changes = here.iter().peekable();
        for entry in &mut entries {
            if let Some(change) = changes.next_if(|change| change.id == entry.id) {
                entry.known = change.known;
            }
        }
        let first = keys.first().map(Vec::as_slice).unwrap_or_default();
        let blocks = pack_evenly(first, &entries, keys.len());
        for key in &keys {
            table.remove(key.as_slice())?;
        }
        for block in &blocks {
            table.insert(block.key.as_slice(), block.bytes.as_slice())?;
        }
        rest = behind;
    }
    Ok(())
}

/// The blocks side by side that the first changes are in, and how many of the changes these are.
fn group(table: &Table<'_, Bytes, Bytes>, changes: &[Entry]) -> Result<(Vec<Block>, usize), Fault> {
    let (mut blocks, mut count) = (Vec::new(), 0);
    let mut next: Option<Vec<u8>> = None;
    while let Some(change) = changes.get(count).filter(|_| blocks.len() < MAX_GROUP) {
        let (block, end) = block_of(table, &change.id)?;
        if count > 0 && next.as_ref() != Some(&block.key) {
            break;
        }
        count = match &end {
            Some(end) => changes.partition_point(|change| change.id < *end),
            None => changes.len(),
        };
        blocks.push(block);
        next = end;
    }
    Ok((blocks, count))
}

/// Writes blocks from `from` on as densely as they can be, about `most` of them, and returns where
/// to go on.
pub(super) fn repack(
    table: &mut Table<'_, Bytes, Bytes>,
    from: &[u8],
    most: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let mut keys = Vec::new();
    let mut entries = Vec::new();
    for found in table.range::<&[u8]>(from..)?.take(most) {
        let (key, bytes) = found?;
        keys.push(key.value().to_vec());
        entries.extend(Walk::new(key.value(), bytes.value().to_vec()).entries()?);
    }
    let Some(first) = keys.first() else {
        return Ok(None);
    };
    let blocks = pack(first, &entries, ROOM);
    for key in &keys {
        table.remove(key.as_slice())?;
    }
    for block in &blocks {
        table.insert(block.key.as_slice(), block.bytes.as_slice())?;
    }
    // The last block has room for the first files of the next part.
    let last = blocks.last().map(|block| block.key.clone());
    Ok(last.filter(|_| keys.len() == most))
}
