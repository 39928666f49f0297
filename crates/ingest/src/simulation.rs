//! Thousands of lives of one stream in virtual time, each drawn from a seed: files land, messages
//! are lost, late, twice and out of order, consumers die between any two steps, pause, overlap and
//! come back in another mode. What decides is the decider of production.
//!
//! `FLOE_SIMULATE_INGEST=17` runs one seed and tells everything that happened in it,
//! `FLOE_SIMULATE_INGEST=0..1000000` runs so many. `FLOE_SIMULATE_INGEST_DISK` does the same with
//! the ledger in a file, on a disk that loses its power.

mod books;
mod exhaustive;
mod ledger;
mod queue;
mod random;
mod store;
mod world;

use world::{Bug, World};

/// Lives that every run of the tests goes through; each has [`world::FILES`] files.
const SEEDS: u64 = 50_000;

/// The seeds to run instead: `17`, or `0..100000`.
const VARIABLE: &str = "FLOE_SIMULATE_INGEST";

/// Lives with the ledger in a file, each of which takes twenty times as long.
#[cfg(feature = "embedded")]
const DISK_SEEDS: u64 = 200;

/// The seeds of these to run instead.
#[cfg(feature = "embedded")]
const DISK_VARIABLE: &str = "FLOE_SIMULATE_INGEST_DISK";

/// Lives one stream: trouble, then calm in which everything that was told of must arrive, then a
/// listing after which everything that is there must have arrived, then the end.
fn live(mut world: World) -> Result<World, String> {
    let lived = world
        .trouble()
        .and_then(|()| world.calm())
        .and_then(|()| world.once())
        .and_then(|()| world.backfill())
        .and_then(|()| world.age())
        .and_then(|()| world.stop());
    match lived {
        Ok(()) => Ok(world),
        Err(broken) => Err(format!("{broken}\n{}", world.story())),
    }
}

fn seeds(variable: &str, lives: u64) -> (std::ops::Range<u64>, bool) {
    let Ok(text) = std::env::var(variable) else {
        return (0..lives, false);
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
        None => number(&text).map(|seed| seed..seed + 1),
    };
    let range = range.unwrap_or_else(|| panic!("{variable} is {text}, not 17 or 0..100000"));
    let tell = range.end - range.start == 1;
    (range, tell)
}

/// Lives all of them, a part on each processor, and sums up what happened.
fn live_all(variable: &str, lives: u64, make: fn(u64, bool) -> World) -> world::Counts {
    let (seeds, tell) = seeds(variable, lives);
    let count = seeds.end - seeds.start;
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let part = count.div_ceil(threads).max(1);
    let mut sum = world::Counts::default();
    std::thread::scope(|scope| {
        let start = |from: u64| {
            let seeds = from..(from + part).min(seeds.end);
            scope.spawn(move || live_some(variable, seeds, tell, make))
        };
        let starts = (seeds.start..seeds.end).step_by(usize::try_from(part).unwrap());
        let parts: Vec<_> = starts.map(start).collect();
        for part in parts {
            match part.join() {
                Ok(counts) => sum.add(&counts),
                Err(broken) => std::panic::resume_unwind(broken),
            }
        }
    });
    println!("{count} lives: {sum:?}");
    if count >= 1_000 {
        assert!(sum.is_whole(), "something never happened: {sum:?}");
    }
    sum
}

fn live_some(
    variable: &str,
    seeds: std::ops::Range<u64>,
    tell: bool,
    make: fn(u64, bool) -> World,
) -> world::Counts {
    let mut sum = world::Counts::default();
    for seed in seeds {
        match live(make(seed, tell)) {
            Ok(world) => {
                if tell {
                    println!("{}", world.story());
                }
                sum.add(world.counts());
            }
            Err(broken) => panic!("seed {seed}: {broken}\nrepeat it: {variable}={seed}"),
        }
    }
    sum
}

#[test]
fn every_file_is_committed_exactly_once_in_every_life() {
    live_all(VARIABLE, SEEDS, |seed, tell| World::new(seed, None, tell));
}

#[cfg(feature = "embedded")]
#[test]
fn every_life_on_a_disk_that_loses_its_power_commits_every_file_once() {
    let sum = live_all(DISK_VARIABLE, DISK_SEEDS, World::on_disk);
    assert!(sum.power_losses > 0, "the power was never lost: {sum:?}");
}

#[cfg(feature = "embedded")]
#[test]
fn the_same_seed_on_a_disk_is_the_same_life() {
    for seed in 0..3 {
        let story = || live(World::on_disk(seed, true)).map(|world| (world.story(), world.trace()));
        assert_eq!(story(), story(), "{seed}");
    }
}

#[test]
fn every_mistake_of_a_driver_is_found() {
    /// Enough for each; the table in `design.md` says how many it took.
    const ENOUGH: u64 = 5_000;
    for bug in Bug::ALL {
        let found = (0..ENOUGH).find_map(|seed| {
            let broken = live(World::new(seed, Some(bug), false)).err()?;
            let first = broken.lines().next().unwrap_or_default().to_owned();
            Some((seed + 1, first))
        });
        match found {
            Some((lives, broken)) => println!("{bug:?}: {lives} lives: {broken}"),
            None => panic!("{bug:?} was not found in {ENOUGH} lives"),
        }
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    for seed in 0..100 {
        let story =
            || live(World::new(seed, None, true)).map(|world| (world.story(), world.trace()));
        assert_eq!(story(), story(), "{seed}");
    }
}
