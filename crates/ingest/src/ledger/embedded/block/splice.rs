//! Files that are put among those of a block without taking the block apart.

use super::{Block, Entry, Known, Packer, ROOM, Walk};
use crate::ledger::embedded::fault::Fault;

/// Puts files into a block, in their order. Returns its bytes and how many of the files were not
/// in it; `None` when it would become longer than a block is.
///
/// What stands behind a new file is copied as it is, but for the one file that says how it differs
/// from what came before it.
pub(in super::super) fn splice(
    block: &Block,
    new: &[Entry],
) -> Result<Option<(Vec<u8>, u64)>, Fault> {
    let mut splice = Splice::new(block)?;
    for entry in new {
        splice.put(entry)?;
    }
    splice.end()
}

struct Splice {
    old: Walk,
    /// What `old` came to; it is not written yet.
    at: Option<Known>,
    /// Where that begins, and what it says how it differs from.
    from: usize,
    before: Vec<u8>,
    base: super::Base,
    out: Packer,
    /// Where those old bytes begin that can be copied as they are; none as long as what was
    /// written last is not what came before them.
    copies: Option<usize>,
    added: u64,
}

impl Splice {
    fn new(block: &Block) -> Result<Self, Fault> {
        let mut splice = Self {
            old: Walk::new(&block.key, block.bytes.clone()),
            at: None,
            from: 0,
            before: Vec::new(),
            base: super::Base::default(),
            out: Packer::new(block.key.clone()),
            copies: Some(0),
            added: 0,
        };
        splice.out.block.bytes.reserve(block.bytes.len() + ROOM / 4);
        splice.step()?;
        Ok(splice)
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.from = self.old.at;
        self.before.clone_from(&self.old.id);
        self.base = self.old.base;
        self.at = self.old.step()?;
        Ok(())
    }

    /// Writes the file that `old` came to.
    fn pass(&mut self, known: Known) -> Result<(), Fault> {
        if self.copies.is_none() {
            self.out.push(&self.old.id, known);
            self.out.before.clone_from(&self.old.id);
            if self.out.base == self.old.base {
                self.copies = Some(self.old.at);
            }
        }
        self.step()
    }

    fn put(&mut self, entry: &Entry) -> Result<(), Fault> {
        while let Some(known) = self.at.filter(|_| self.old.id < entry.id) {
            self.pass(known)?;
        }
        if let Some(start) = self.copies.take() {
            self.copy(start, self.from);
            self.out.before.clone_from(&self.before);
            self.out.base = self.base;
        }
        self.out.push(&entry.id, entry.known);
        self.out.before.clone_from(&entry.id);
        if self.at.is_some() && self.old.id == entry.id {
            return self.step();
        }
        self.added += 1;
        Ok(())
    }

    fn copy(&mut self, start: usize, end: usize) {
        let bytes = self.old.bytes.get(start..end).unwrap_or_default();
        self.out.block.bytes.extend(bytes);
    }

    fn end(mut self) -> Result<Option<(Vec<u8>, u64)>, Fault> {
        while let Some(known) = self.at.filter(|_| self.copies.is_none()) {
            self.pass(known)?;
        }
        if let Some(start) = self.copies {
            self.copy(start, self.old.bytes.len());
        }
        let fits = self.out.block.length() <= ROOM;
        Ok(fits.then_some((self.out.block.bytes, self.added)))
    }
}
