//! A ledger in a file, on a disk that loses its power at any operation.

use super::super::ledger::{Answered, Kept};
use super::World;
use crate::ledger::SimDisk;
use crate::memory::MemoryLedger;

/// Of so many transactions one meets a loss of power.
const RARITY: u64 = 60;

/// Most operations of the disk that a transaction gets to do before.
const OPERATIONS: u64 = 10;

#[derive(Debug)]
pub(super) struct Power {
    disk: SimDisk,
    /// What was answered before the transaction that meets a loss of power.
    before: Option<Answered>,
}

impl World {
    /// A life whose ledger is in a file.
    pub(in super::super) fn on_disk(seed: u64, tell: bool) -> Self {
        let mut world = Self::new(seed, None, tell);
        let disk = SimDisk::with_ledger();
        world.ledger = Kept::Disk(disk.ledger().unwrap());
        world.durable.0 = None;
        world.disk = Some(Power { disk, before: None });
        world
    }

    /// Decides what the disk does to the next transaction.
    pub(super) fn arm_disk(&mut self) {
        let (is_full, is_struck) = (
            self.disk_is_full,
            self.faults && self.random.below(RARITY) == 0,
        );
        let operations = self.random.below(OPERATIONS);
        let Some(power) = &mut self.disk else { return };
        if is_full {
            self.counts.ledger_faults += 1;
            power.disk.fill();
        } else if is_struck {
            power.before = Answered::of(&self.ledger).ok();
            power.disk.lose_power_after(operations);
        }
    }

    /// A transaction was made, or met a loss of power: then the machine is down with everybody.
    pub(super) fn look_at_disk(&mut self) {
        let Some(power) = &mut self.disk else { return };
        let before = power.before.take();
        if !power.disk.mend() {
            return;
        }
        self.counts.power_losses += 1;
        self.note(|| "the power is lost".to_owned());
        self.crash_all(5_000);
        self.open_again();
        let Some(before) = before else { return };
        let held = Answered::of(&self.ledger)
            .map_err(|error| error.to_string())
            .and_then(|after| before.is_in(&after));
        if let Err(broken) = held {
            self.break_with(broken);
        }
    }

    /// The ledger is opened on what the disk has kept; the power may go again meanwhile.
    fn open_again(&mut self) {
        // The file is closed before it is opened.
        self.ledger = Kept::Memory(MemoryLedger::default());
        let seeds = [(); 2].map(|()| self.random.below(u64::MAX));
        let again = self.random.percent(33).then(|| self.random.below(30));
        let Some(power) = &mut self.disk else { return };
        power.disk = power.disk.with_power_again(seeds[0]);
        if let Some(operations) = again {
            power.disk.lose_power_after(operations);
            let opened = power.disk.ledger();
            let is_lost = power.disk.mend();
            if let Some(ledger) = opened.ok().filter(|_| !is_lost) {
                self.ledger = Kept::Disk(ledger);
                return;
            }
            power.disk = power.disk.with_power_again(seeds[1]);
        }
        match power.disk.ledger() {
            Ok(ledger) => self.ledger = Kept::Disk(ledger),
            Err(error) => self.break_with(format!("the ledger cannot be opened: {error}")),
        }
    }
}
