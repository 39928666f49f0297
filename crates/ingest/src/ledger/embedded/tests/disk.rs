//! A disk in memory that can lose its power: what was not synced is there, not there, or there in
//! part, sector by sector and in any order.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use super::Dice;
use crate::ledger::embedded::disk::Disk;
use crate::ledger::embedded::store::Store;
use crate::{EmbeddedError, EmbeddedLedger};

/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing works any more from this operation on.
    Power,
    /// This operation and the next `u64` that need room are refused.
    Full(u64),
    /// This operation fails, and the next one does not.
    Broken,
    /// The first sync from here on fails.
    Unsynced,
}

#[derive(Clone, Debug)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    durable: Vec<u8>,
    /// What the system shows: the durable bytes with everything that waits.
    shown: Vec<u8>,
    waits: Vec<Waiting>,
    /// Operations so far; syncs that failed.
    operations: u64,
    failed_syncs: u64,
    /// At which operation what happens.
    fault: Option<(u64, Fault)>,
}

#[derive(Clone, Debug)]
enum Waiting {
    Write(usize, Vec<u8>),
    Length(usize),
}

enum Kind {
    Read,
    Write,
    Sync,
}

impl SimDisk {
    pub(super) fn empty() -> Self {
        Self(Arc::default())
    }

    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.lock().clone())))
    }

    pub(super) fn operations(&self) -> u64 {
        self.lock().operations
    }

    pub(super) fn failed_syncs(&self) -> u64 {
        self.lock().failed_syncs
    }

    /// Lets something happen at an operation, counted from now on.
    pub(super) fn fail_at(&self, operation: u64, fault: Fault) {
        let mut state = self.lock();
        state.fault = Some((state.operations + operation, fault));
    }

    /// What is on the disk when it gets its power back.
    pub(super) fn after_power_loss(&self, dice: &mut Dice) -> Self {
        let state = self.lock();
        let count = state.waits.len() as u64 + 1;
        let style = dice.below(4);
        let mut cut = || match style {
            0 => 0,
            1 => count,
            _ => dice.below(count + 1),
        };
        let mut bytes = state.durable.clone();
        let until = cut();
        let lengths = state.waits.iter().zip(0..until);
        for (waiting, _) in lengths {
            if let Waiting::Length(length) = waiting {
                bytes.resize(*length, 0);
            }
        }
        let mut cuts = BTreeMap::new();
        for (waiting, number) in state.waits.iter().zip(0_u64..) {
            let Waiting::Write(offset, data) = waiting else {
                continue;
            };
            for (byte, at) in data.iter().zip(*offset..) {
                let kept = *cuts.entry(at / SECTOR).or_insert_with(&mut cut);
                if let Some(place) = bytes.get_mut(at).filter(|_| number < kept) {
                    *place = *byte;
                }
            }
        }
        let shown = bytes.clone();
        Self(Arc::new(Mutex::new(State {
            durable: bytes,
            shown,
            ..State::default()
        })))
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.lock();
        change(&mut state.durable);
        state.shown = state.durable.clone();
        state.waits.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn begin(&self, kind: &Kind) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.operations += 1;
        let Some((at, fault)) = state.fault else {
            return Ok(state);
        };
        let late = state.operations.checked_sub(at);
        let failed = match (late, fault, kind) {
            (Some(_), Fault::Power, _) => Some(io::ErrorKind::NotConnected),
            (Some(late), Fault::Full(more), Kind::Write) if late <= more => {
                Some(io::ErrorKind::StorageFull)
            }
            (Some(0), Fault::Broken, _) | (Some(_), Fault::Unsynced, Kind::Sync) => {
                Some(io::ErrorKind::Other)
            }
            _ => None,
        };
        if let Some(error) = failed {
            state.failed_syncs += u64::from(matches!(kind, Kind::Sync));
            if fault == Fault::Unsynced {
                state.fault = None;
            }
            return Err(error.into());
        }
        Ok(state)
    }
}

/// For the simulation of streams.
impl SimDisk {
    /// A disk with an empty ledger.
    pub(crate) fn with_ledger() -> Self {
        let disk = Self::empty();
        Store::create(&disk).unwrap();
        disk
    }

    pub(crate) fn ledger(&self) -> Result<EmbeddedLedger, EmbeddedError> {
        EmbeddedLedger::start(Box::new(self.clone()), None)
    }

    /// Loses its power after so many operations.
    pub(crate) fn lose_power_after(&self, operations: u64) {
        self.fail_at(1 + operations, Fault::Power);
    }

    /// Has no room, until it is [mended](Self::mend).
    pub(crate) fn fill(&self) {
        self.fail_at(1, Fault::Full(u64::MAX));
    }

    /// Takes a fault back; true when it was a loss of power and has happened.
    pub(crate) fn mend(&self) -> bool {
        let mut state = self.lock();
        let now = state.operations;
        let fault = state.fault.take();
        fault.is_some_and(|(at, fault)| fault == Fault::Power && at <= now)
    }

    /// What is on it when it has its power back; `seed` says what of it was kept.
    pub(crate) fn with_power_again(&self, seed: u64) -> Self {
        self.after_power_loss(&mut Dice(seed))
    }
}

impl Disk for SimDisk {
    fn path(&self) -> &Path {
        Path::new("a disk in memory")
    }

    fn open(&self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.clone()))
    }
}

impl StorageBackend for SimDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.begin(&Kind::Read)?.shown.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.begin(&Kind::Read)?;
        let offset = offset as usize;
        let there = state.shown.get(offset..offset + out.len());
        out.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.begin(&Kind::Write)?;
        state.shown.resize(length as usize, 0);
        state.waits.push(Waiting::Length(length as usize));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.begin(&Kind::Sync)?;
        state.durable = state.shown.clone();
        state.waits.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.begin(&Kind::Write)?;
        let offset = offset as usize;
        let end = offset + data.len();
        if state.shown.len() < end {
            state.shown.resize(end, 0);
        }
        state.shown[offset..end].copy_from_slice(data);
        state.waits.push(Waiting::Write(offset, data.to_vec()));
        Ok(())
    }
}
