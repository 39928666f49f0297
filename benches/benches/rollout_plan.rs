//! Dry runs of upgrades, and whether their time grows with the number of instances alone.
//!
//! `cargo bench -p floe-benches --bench rollout_plan` prints the table; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;

use floe_benches::machine;
use floe_benches::turns::{Contender, Turns, thread_time};
use floe_rollout::{
    Command, Event, InstanceCount, MAX_INSTANCES, Millis, Phase, Policy, Revision, Service, plan,
};

type Failed = Box<dyn Error>;

/// Instances of the services that are planned.
const SIZES: [u32; 4] = [100, 1_000, 10_000, MAX_INSTANCES];

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    let Turns { rounds, turn } = turns;
    println!("rollout_plan: {rounds} rounds, turns of {turn:?} or more, thread CPU time, medians");
    println!(
        "floe-rollout {}; {}; {}\n",
        machine::version("floe-rollout"),
        machine::compiler(),
        machine::processor(),
    );
    println!(
        "{:>9}  {:<28} {:>12} {:>16}",
        "instances", "", "ms a plan", "ns an instance"
    );
    for size in SIZES {
        one_size(size, turns)?;
    }
    Ok(())
}

fn one_size(size: u32, turns: Turns) -> Result<(), Failed> {
    let count = InstanceCount::new(size)?;
    let one = running(1, count);
    let half = running(size / 2, count);
    let mut contenders = [
        Contender::new("one at a time", || steps(&one, count)),
        Contender::new("half of them at a time", || steps(&half, count)),
    ];
    for outcome in turns.run(&mut contenders, &thread_time) {
        let seconds = outcome.run.as_secs_f64();
        println!(
            "{size:>9}  {:<28} {:>12.3} {:>16.0}",
            outcome.name,
            seconds * 1e3,
            seconds * 1e9 / f64::from(size),
        );
    }
    Ok(())
}

fn steps(service: &Service, count: InstanceCount) -> usize {
    plan(service, Revision(2), count).steps.len()
}

/// A service whose instances are all READY.
fn running(max_unavailable: u32, count: InstanceCount) -> Service {
    let policy = Policy {
        max_unavailable: NonZeroU32::new(max_unavailable).unwrap_or(NonZeroU32::MIN),
        ..Policy::default()
    };
    let mut service = Service::new(policy);
    for command in service.decide(Event::target(Revision(1), count), Millis(0)) {
        if let Command::Start { id, attempt, .. } = command {
            let phase = Phase::Ready;
            let event = Event::Observed { id, attempt, phase };
            // Nothing is left to do for an instance that became READY.
            let _ = service.decide(event, Millis(0));
        }
    }
    service
}
