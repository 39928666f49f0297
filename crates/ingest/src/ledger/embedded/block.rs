//! Blocks: known files that lie side by side in one record, so that the store pays for its own
//! bookkeeping once for all of them and what their names have in common is written once.

use super::code::{Reader, put, put_bytes, put_difference, shared};
use super::fault::Fault;

/// Bytes of the key and the record of a block: what fits a page of the store (4 KiB) beside its
/// own words.
pub(super) const ROOM: usize = 4_080;

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Its number in the log; 0 for what was only seen.
    pub(super) seq: u64,
    pub(super) size: u64,
    pub(super) created: u64,
    pub(super) discovered: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: Vec<u8>,
    pub(super) known: Known,
}

/// A block as the store has it.
pub(super) struct Block {
    /// Not greater than any identity in it, and greater than any in the block before.
    pub(super) key: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    /// How many were packed into it; none are counted in one that was read.
    pub(super) files: usize,
}

impl Block {
    pub(super) fn stored(key: &[u8], bytes: &[u8]) -> Self {
        Self {
            key: key.to_vec(),
            bytes: bytes.to_vec(),
            files: 0,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.key.len() + self.bytes.len()
    }
}

/// Goes through a block in the order of identities.
pub(super) struct Walk {
    bytes: Vec<u8>,
    at: usize,
    id: Vec<u8>,
    seq: u64,
    discovered: u64,
}

impl Walk {
    pub(super) fn new(key: &[u8], bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            at: 0,
            id: key.to_vec(),
            seq: 0,
            discovered: 0,
        }
    }

    /// The identity that [`step`](Self::step) came to.
    pub(super) fn id(&self) -> &[u8] {
        &self.id
    }

    pub(super) fn step(&mut self) -> Result<Option<Known>, Fault> {
        let mut reader = Reader(self.bytes.get(self.at..).unwrap_or_default());
        if reader.is_empty() {
            return Ok(None);
        }
        let before = reader.0.len();
        let shared = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        if shared > self.id.len() {
            return Err(Fault::Damaged("a name shares more than there is"));
        }
        let suffix = reader.bytes()?;
        let seq = reader.difference(self.seq)?;
        let discovered = reader.difference(self.discovered)?;
        let created = reader.difference(discovered)?;
        let size = reader.number()?;
        self.id.truncate(shared);
        self.id.extend(suffix);
        self.at += before - reader.0.len();
        // A file without a number says nothing about the next one's.
        self.seq = if seq == 0 { self.seq } else { seq };
        self.discovered = discovered;
        Ok(Some(Known {
            seq,
            size,
            created,
            discovered,
        }))
    }

    /// All that is left.
    pub(super) fn entries(mut self) -> Result<Vec<Entry>, Fault> {
        let mut entries = Vec::new();
        while let Some(known) = self.step()? {
            let id = self.id.clone();
            entries.push(Entry { id, known });
        }
        Ok(entries)
    }
}

/// Writes entries, in the order of their identities, into as many blocks as it takes, the first of
/// which has the key `key`. `most` is about the length of each.
pub(super) fn pack(key: &[u8], entries: &[Entry], most: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut packer = Packer::new(key.to_vec());
    for entry in entries {
        let length = packer.block.bytes.len();
        packer.push(entry);
        if packer.block.length() > most && length > 0 {
            packer.block.bytes.truncate(length);
            packer.block.files -= 1;
            let key = separator(&packer.before, &entry.id);
            let full = std::mem::replace(&mut packer, Packer::new(key));
            blocks.push(full.block);
            packer.push(entry);
        }
        packer.before.clone_from(&entry.id);
    }
    if !packer.block.bytes.is_empty() {
        blocks.push(packer.block);
    }
    blocks
}

/// As [`pack`], with blocks of about the same length: for names that come in any order, so that
/// each block has room for more.
pub(super) fn pack_evenly(key: &[u8], entries: &[Entry]) -> Vec<Block> {
    let whole = pack(key, entries, usize::MAX);
    let length = whole.iter().map(Block::length).sum::<usize>();
    if length <= ROOM {
        return whole;
    }
    let most = length / length.div_ceil(ROOM) + SLACK;
    pack(key, entries, most.min(ROOM))
}

/// What the parts of a block take more than the whole did.
const SLACK: usize = 64;

struct Packer {
    block: Block,
    before: Vec<u8>,
    seq: u64,
    discovered: u64,
}

impl Packer {
    fn new(key: Vec<u8>) -> Self {
        Self {
            block: Block::stored(&key, &[]),
            before: key,
            seq: 0,
            discovered: 0,
        }
    }

    fn push(&mut self, entry: &Entry) {
        let known = entry.known;
        let shared = shared(&self.before, &entry.id);
        let out = &mut self.block.bytes;
        put(out, shared as u64);
        put_bytes(out, entry.id.get(shared..).unwrap_or_default());
        put_difference(out, known.seq, self.seq);
        put_difference(out, known.discovered, self.discovered);
        put_difference(out, known.created, known.discovered);
        put(out, known.size);
        self.seq = if known.seq == 0 { self.seq } else { known.seq };
        self.discovered = known.discovered;
        self.block.files += 1;
    }
}

/// The shortest key that is greater than `before` and not greater than `id`.
pub(super) fn separator(before: &[u8], id: &[u8]) -> Vec<u8> {
    let length = shared(before, id) + 1;
    id.get(..length).unwrap_or(id).to_vec()
}
