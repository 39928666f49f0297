//! Random work while the disk does what disks do.

use super::Dice;
use super::disk::{Fault, SimDisk};
use super::work::Beside;
use crate::ledger::embedded::store::Store;
use crate::{EmbeddedError, EmbeddedLedger};

/// Runs of random work, each crashed at many points; raise it to look harder.
const SEEDS: u64 = if cfg!(debug_assertions) { 3 } else { 60 };

/// Points of one run at which something happens.
const POINTS: u64 = 14;

/// Jobs of one run.
const JOBS: usize = 40;

fn made() -> SimDisk {
    let disk = SimDisk::empty();
    Store::create(&disk).unwrap();
    disk
}

fn open(disk: &SimDisk) -> Result<EmbeddedLedger, EmbeddedError> {
    EmbeddedLedger::start(Box::new(disk.clone()), None)
}

/// Disk operations of a run, counted from when the ledger is open.
fn length(disk: &SimDisk, seed: u64) -> u64 {
    let disk = disk.copy();
    let ledger = open(&disk).unwrap();
    let before = disk.operations();
    let mut beside = Beside::new(seed);
    for _ in 0..JOBS {
        assert!(beside.step(&ledger), "nothing fails on a good disk");
    }
    beside.check(&ledger).unwrap();
    drop(ledger);
    disk.operations() - before
}

/// Does a run until something happens, and says whether anything did.
fn run(disk: &SimDisk, beside: &mut Beside, at: u64, fault: Fault) -> (EmbeddedLedger, bool) {
    let ledger = open(disk).unwrap();
    disk.fail_at(at, fault);
    let happened = (0..JOBS).any(|_| !beside.step(&ledger));
    (ledger, happened)
}

#[test]
fn the_ledger_answers_as_the_reference_does() {
    let made = made();
    for seed in 0..SEEDS {
        length(&made, seed);
    }
}

#[test]
fn after_a_loss_of_power_the_state_is_one_that_was_answered_or_the_next() {
    let made = made();
    let (mut crashes, mut again) = (0, 0);
    for seed in 0..SEEDS {
        let operations = length(&made, seed);
        for point in 0..POINTS {
            let disk = made.copy();
            let mut dice = Dice(seed << 32 | point);
            let at = 1 + point * operations / POINTS + dice.below(operations / POINTS);
            let mut beside = Beside::new(seed);
            let (ledger, crashed) = run(&disk, &mut beside, at, Fault::Power);
            drop(ledger);
            crashes += u64::from(crashed);
            let disk = disk.after_power_loss(&mut dice);
            // The power goes again while the store mends itself, now and then.
            if dice.below(3) == 0 {
                disk.fail_at(1 + dice.below(30), Fault::Power);
            }
            let ledger = open(&disk).or_else(|_| {
                again += 1;
                open(&disk.after_power_loss(&mut dice))
            });
            let ledger = ledger.unwrap_or_else(|error| panic!("seed {seed}, {at}: {error}"));
            if beside.check(&ledger).is_err() {
                continue;
            }
            for _ in 0..10 {
                beside.step(&ledger);
            }
        }
    }
    assert!(
        crashes * 2 > SEEDS * POINTS,
        "{crashes} crashes are too few"
    );
    assert!(
        again > SEEDS / 6,
        "{again} crashes while it is opened are too few"
    );
}

#[test]
fn a_full_disk_stops_the_ledger_only_as_long_as_it_is_full() {
    let made = made();
    let mut stopped = 0;
    for seed in 0..SEEDS {
        let operations = length(&made, seed);
        for point in 0..POINTS / 2 {
            let disk = made.copy();
            let mut dice = Dice(seed << 32 | point);
            let at = 1 + dice.below(operations);
            let mut beside = Beside::new(seed);
            let full = Fault::Full(dice.below(6));
            let (ledger, happened) = run(&disk, &mut beside, at, full);
            if !happened {
                continue;
            }
            stopped += 1;
            let goes_on = (0..50).any(|_| beside.check(&ledger).is_ok());
            assert!(goes_on, "seed {seed}, {at}");
            for _ in 0..10 {
                assert!(beside.step(&ledger), "seed {seed}, {at}");
            }
            drop(ledger);
            let disk = disk.after_power_loss(&mut dice);
            beside.check(&open(&disk).unwrap()).unwrap();
        }
    }
    assert!(stopped > SEEDS, "{stopped} full disks are too few");
}

#[test]
fn a_disk_that_does_not_confirm_ends_the_ledger_and_loses_nothing() {
    let made = made();
    let (mut read_or_written, mut unconfirmed) = (0, 0);
    for seed in 0..SEEDS {
        let operations = length(&made, seed);
        for point in 0..POINTS / 2 {
            let disk = made.copy();
            let mut dice = Dice(seed << 32 | point);
            let at = 1 + dice.below(operations);
            let mut beside = Beside::new(seed);
            let fault = [Fault::Broken, Fault::Unsynced][(point % 2) as usize];
            let (ledger, happened) = run(&disk, &mut beside, at, fault);
            if !happened {
                continue;
            }
            if disk.failed_syncs() == 0 {
                read_or_written += 1;
                beside.check(&ledger).unwrap();
                assert!(
                    beside.step(&ledger),
                    "seed {seed}, {at}: it goes on by itself"
                );
                continue;
            }
            unconfirmed += 1;
            let error = beside.check(&ledger).unwrap_err();
            assert_eq!(error.code(), "FLOE-INGEST-0027", "seed {seed}, {at}");
            assert!(!beside.step(&ledger));
            drop(ledger);
            let disk = disk.after_power_loss(&mut dice);
            beside.check(&open(&disk).unwrap()).unwrap();
        }
    }
    let both = [read_or_written, unconfirmed];
    assert!(
        both.iter().all(|count| *count >= SEEDS / 3),
        "{both:?} are too few"
    );
}

#[test]
fn a_disk_that_was_changed_is_refused_or_does_not_matter() {
    let made = made();
    let mut beside = Beside::new(7);
    let ledger = open(&made).unwrap();
    for _ in 0..3 * JOBS {
        beside.step(&ledger);
    }
    drop(ledger);
    let mut length = 0;
    made.change(|bytes| length = bytes.len());
    let (mut refused, mut same) = (0, 0);
    let mut dice = Dice(1);
    let step = if cfg!(debug_assertions) { 2_048 } else { 128 };
    for start in (0..length).step_by(step) {
        let disk = made.copy();
        let at = (start + dice.below(step as u64) as usize).min(length - 1);
        let flip = 1 << dice.below(8);
        disk.change(|bytes| bytes[at] ^= flip);
        match open(&disk).map(|ledger| beside.check(&ledger)) {
            Ok(Ok(())) => same += 1,
            Ok(Err(error)) => {
                assert_eq!(error.code(), "FLOE-INGEST-0023", "byte {at}: {error}");
                refused += 1;
            }
            Err(error) => {
                let codes = ["FLOE-INGEST-0022", "FLOE-INGEST-0023", "FLOE-INGEST-0024"];
                assert!(codes.contains(&error.code()), "byte {at}: {error}");
                refused += 1;
            }
        }
    }
    assert!(
        refused > 10 && same > 10,
        "{refused} refused, {same} the same"
    );
    for length in (0..length).step_by(4 * step) {
        let disk = made.copy();
        disk.change(|bytes| bytes.truncate(length));
        let Err(error) = open(&disk) else {
            panic!("{length} bytes of a ledger are taken for one")
        };
        let codes = ["FLOE-INGEST-0022", "FLOE-INGEST-0023"];
        assert!(codes.contains(&error.code()), "{length} bytes: {error}");
    }
}
