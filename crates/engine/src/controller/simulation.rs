//! The controller on the simulated runtime: thousands of lives of one service in virtual time, each
//! drawn from a seed, and each held against everything that is promised. What decides is the
//! controller of production; only the runtime, the disk and the clock are not real.
//!
//! `cargo xtask simulate --seed N` runs one seed again and prints what happened in it.

mod books;
mod random;
mod world;

use world::{Bug, World};

/// Lives that every run of the tests goes through.
const SEEDS: u64 = 20_000;

/// The seeds to run instead: `17`, or `0..100000`.
const VARIABLE: &str = "FLOE_SIMULATE";

/// Lives one service: trouble first, then what must become of it once there is none.
fn live(seed: u64, bug: Option<Bug>) -> Result<World, String> {
    let mut world = World::new(seed, bug);
    let lived = world
        .trouble()
        .and_then(|()| world.calm())
        .and_then(|()| world.way_back())
        .and_then(|()| world.idleness());
    match lived {
        Ok(()) => Ok(world),
        Err(broken) => Err(format!("{broken}\n{}", world.story())),
    }
}

fn seeds() -> (std::ops::Range<u64>, bool) {
    let Ok(text) = std::env::var(VARIABLE) else {
        return (0..SEEDS, false);
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..to),
        None => number(&text).map(|seed| seed..seed + 1),
    };
    let range = range.unwrap_or_else(|| panic!("{VARIABLE} is {text}, not 17 or 0..100000"));
    let tell = range.end - range.start == 1;
    (range, tell)
}

#[test]
fn every_life_of_a_service_keeps_what_is_promised() {
    let (seeds, tell) = seeds();
    let mut sum = world::Counts::default();
    for seed in seeds.clone() {
        match live(seed, None) {
            Ok(world) if tell => println!("{}", world.story()),
            Ok(world) => sum.add(world.counts()),
            Err(broken) => {
                panic!("seed {seed}: {broken}\nrepeat it: cargo xtask simulate --seed {seed}")
            }
        }
    }
    println!("{} lives: {sum:?}", seeds.end - seeds.start);
    if !tell && seeds.end - seeds.start >= 1_000 {
        assert!(sum.whole(), "something never happened: {sum:?}");
    }
}

#[test]
fn every_mistake_of_a_driver_is_found() {
    /// Enough for each; the table in `design.md` says how many it took.
    const ENOUGH: u64 = 20_000;
    for bug in Bug::ALL {
        let found = (0..ENOUGH).find_map(|seed| {
            let broken = live(seed, Some(bug)).err()?;
            Some((
                seed + 1,
                broken.lines().next().unwrap_or_default().to_owned(),
            ))
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
        let story = || live(seed, None).map(|world| world.story());
        assert_eq!(story(), story(), "{seed}");
    }
}
