//! Blocks: known files that lie side by side in one record, so that the store pays for its own
//! bookkeeping once for all of them and what their names have in common is written once.

mod splice;

use super::code::{Reader, put, put_bytes, put_difference, shared};
use super::fault::Fault;
use crate::ArchiveMode;

pub(super) use splice::splice;

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
    pub(super) archived: Option<Archived>,
}

/// When and how a file was cleaned away.
pub(super) type Archived = (u64, ArchiveMode);

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
    base: Base,
}

/// What a file in a block says how it differs from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Base {
    /// That of the last file that has one.
    seq: u64,
    discovered: u64,
    /// That of the last file that has one.
    archived: Option<Archived>,
}

impl Base {
    fn follow(&mut self, known: &Known) {
        // A file without a number says nothing about the next one's.
        self.seq = if known.seq == 0 { self.seq } else { known.seq };
        self.discovered = known.discovered;
        self.archived = known.archived.or(self.archived);
    }
}

impl Walk {
    pub(super) fn new(key: &[u8], bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            at: 0,
            id: key.to_vec(),
            base: Base::default(),
        }
    }

    /// The identity that [`step`](Self::step) came to.
    pub(super) fn id(&self) -> &[u8] {
        &self.id
    }

    pub(super) fn step(&mut self) -> Result<Option<Known>, Fault> {
        let found = read(&self.bytes, &mut self.at, &mut self.base)?;
        let Some((shared, suffix, known)) = found else {
            return Ok(None);
        };
        if shared > self.id.len() {
            return Err(TOO_LONG);
        }
        self.id.truncate(shared);
        self.id.extend(suffix);
        Ok(Some(known))
    }

    /// Goes on to the first file that is not less than `id`, which is not less than what the walk
    /// came to. Names on the way are not put together: how much of each is that of the one before
    /// says where it stands.
    pub(super) fn seek(&mut self, id: &[u8]) -> Result<Option<Known>, Fault> {
        let mut alike = shared(&self.id, id);
        let mut length = self.id.len();
        while let Some((shared, suffix, known)) = read(&self.bytes, &mut self.at, &mut self.base)? {
            if shared > length {
                return Err(TOO_LONG);
            }
            length = shared + suffix.len();
            let (same, rest) = id.split_at_checked(shared).unwrap_or((id, &[]));
            if shared > alike {
                continue;
            }
            if shared == alike && suffix < rest {
                alike += self::shared(suffix, rest);
                continue;
            }
            self.id.clear();
            self.id.extend(same);
            self.id.extend(suffix);
            return Ok(Some(known));
        }
        Ok(None)
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

const TOO_LONG: Fault = Fault::Damaged("a name shares more than there is");

/// A file as a block has it: how much its name shares with the one before, the rest of its name,
/// and what is known of it.
type Written<'b> = (usize, &'b [u8], Known);

/// Reads the file at a place of a block, and goes to the next one.
fn read<'b>(
    bytes: &'b [u8],
    at: &mut usize,
    base: &mut Base,
) -> Result<Option<Written<'b>>, Fault> {
    let mut reader = Reader(bytes.get(*at..).unwrap_or_default());
    if reader.is_empty() {
        return Ok(None);
    }
    let shared = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
    let suffix = reader.bytes()?;
    let seq = reader.difference(base.seq)?;
    let discovered = reader.difference(base.discovered)?;
    let created = reader.difference(discovered)?;
    let size = reader.number()?;
    let archived = trailer(&mut reader, base.archived, discovered)?;
    *at = bytes.len() - reader.0.len();
    let known = Known {
        seq,
        size,
        created,
        discovered,
        archived,
    };
    base.follow(&known);
    Ok(Some((shared, suffix, known)))
}

/// Writes entries, in the order of their identities, into as many blocks as it takes, the first of
/// which has the key `key`. `most` is about the length of each.
pub(super) fn pack(key: &[u8], entries: &[Entry], most: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut packer = Packer::new(key.to_vec());
    for entry in entries {
        let length = packer.block.bytes.len();
        packer.push(&entry.id, entry.known);
        if packer.block.length() > most && length > 0 {
            packer.block.bytes.truncate(length);
            packer.block.files -= 1;
            let key = separator(&packer.before, &entry.id);
            let full = std::mem::replace(&mut packer, Packer::new(key));
            blocks.push(full.block);
            packer.push(&entry.id, entry.known);
        }
        packer.before.clone_from(&entry.id);
    }
    if !packer.block.bytes.is_empty() {
        blocks.push(packer.block);
    }
    blocks
}

/// As [`pack`], with blocks of about the same length: for names that come in any order, so that
/// each block has room for more. There are `least` of them, unless that is too few.
pub(super) fn pack_evenly(key: &[u8], entries: &[Entry], least: usize) -> Vec<Block> {
    let whole = pack(key, entries, usize::MAX);
    let length = whole.iter().map(Block::length).sum::<usize>();
    let count = length.div_ceil(ROOM).max(least);
    if count <= 1 {
        return whole;
    }
    let most = length / count + SLACK;
    pack(key, entries, most.min(ROOM))
}

/// What the parts of a block take more than the whole did.
const SLACK: usize = 64;

struct Packer {
    block: Block,
    before: Vec<u8>,
    base: Base,
}

impl Packer {
    fn new(key: Vec<u8>) -> Self {
        Self {
            block: Block::stored(&key, &[]),
            before: key,
            base: Base::default(),
        }
    }

    fn push(&mut self, id: &[u8], known: Known) {
        let shared = shared(&self.before, id);
        let (out, base) = (&mut self.block.bytes, self.base);
        put(out, shared as u64);
        put_bytes(out, id.get(shared..).unwrap_or_default());
        put_difference(out, known.seq, base.seq);
        put_difference(out, known.discovered, base.discovered);
        put_difference(out, known.created, known.discovered);
        put(out, known.size);
        if let Some(archived) = known.archived {
            put_trailer(out, archived, base.archived, known.discovered);
        }
        self.base.follow(&known);
        self.block.files += 1;
    }
}

/// The shortest key that is greater than `before` and not greater than `id`.
pub(super) fn separator(before: &[u8], id: &[u8]) -> Vec<u8> {
    let length = shared(before, id) + 1;
    id.get(..length).unwrap_or(id).to_vec()
}

/// How a trailer says that a file was archived when and how the last one before it was.
const SAME: u8 = 0;
const DELETED: u8 = 1;
const MOVED: u8 = 2;

/// Writes behind a file when and how it was archived: two bytes for one that was archived together
/// with another one of the block.
///
/// A trailer begins as a file would whose name adds nothing to the one before, which only the
/// first file of a block can do; so blocks without trailers are written as they always were.
fn put_trailer(out: &mut Vec<u8>, archived: Archived, last: Option<Archived>, discovered: u64) {
    if last == Some(archived) {
        return out.extend([SAME, 0]);
    }
    let how = match archived.1 {
        ArchiveMode::Delete => DELETED,
        ArchiveMode::Move => MOVED,
    };
    out.extend([how, 0]);
    put_difference(out, archived.0, last.map_or(discovered, |(at, _)| at));
}

/// Reads what [`put_trailer`] wrote, if there is anything.
fn trailer(
    reader: &mut Reader<'_>,
    last: Option<Archived>,
    discovered: u64,
) -> Result<Option<Archived>, Fault> {
    let [how, 0, rest @ ..] = reader.0 else {
        return Ok(None);
    };
    let mode = match *how {
        SAME => None,
        DELETED => Some(ArchiveMode::Delete),
        MOVED => Some(ArchiveMode::Move),
        _ => return Err(Fault::Damaged("a file has no name")),
    };
    *reader = Reader(rest);
    let Some(mode) = mode else {
        let same = last.ok_or(Fault::Damaged("a file was archived with none before it"))?;
        return Ok(Some(same));
    };
    let at = reader.difference(last.map_or(discovered, |(at, _)| at))?;
    Ok(Some((at, mode)))
}
