//! `cargo xtask simulate`: lives of a service under its controller, or of a file stream, drawn from
//! seeds.

use std::ops::Range;
use std::process::Command;

use crate::{Result, run};

/// A simulation that is a test.
#[derive(Debug, PartialEq)]
struct Simulation {
    name: &'static str,
    /// The variable in which it finds its seeds.
    variable: &'static str,
    test: &'static str,
    /// Lives, if nobody says how many.
    lives: u64,
    /// Whether as many processes as there are processors share the lives.
    is_shared: bool,
}

/// The first one runs when none is named.
static SIMULATIONS: [Simulation; 3] = [
    Simulation {
        name: "engine",
        variable: "FLOE_SIMULATE",
        test: "controller::simulation::every_life",
        lives: 100_000,
        is_shared: false,
    },
    Simulation {
        name: "ingest",
        variable: "FLOE_SIMULATE_INGEST",
        test: "simulation::every_file_is_committed_exactly_once_in_every_life",
        lives: 100_000,
        is_shared: true,
    },
    Simulation {
        name: "ingest-disk",
        variable: "FLOE_SIMULATE_INGEST_DISK",
        test: "simulation::every_life_on_a_disk_that_loses_its_power_commits_every_file_once",
        lives: 1_000,
        is_shared: true,
    },
];

/// Runs `[engine|ingest|ingest-disk] --seeds N` lives, or `--seed N` alone with everything that
/// happens in it.
///
/// # Errors
///
/// When a promise is broken, or the options are not known.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (simulation, lives) = plan(args)?;
    let processes = match std::thread::available_parallelism() {
        Ok(processors) if simulation.is_shared => processors.get() as u64,
        _ => 1,
    };
    let mut parts = split(lives, processes);
    if parts.len() == 1 {
        let only = parts.pop().unwrap_or_default();
        return run::check(command(simulation, &only));
    }
    run::check(build())?;
    let started: Vec<_> = parts
        .into_iter()
        .map(|part| {
            let command = command(simulation, &part);
            (part, std::thread::spawn(move || run::everything(command)))
        })
        .collect();
    let mut failed = Vec::new();
    for (part, thread) in started {
        let (status, said) = thread.join().map_err(|_| "the thread ended early")??;
        println!("{} {part}:\n{said}", simulation.name);
        if !status.success() {
            failed.push(part);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "lives of {} broke a promise: {}",
        simulation.name,
        failed.join(", ")
    )
    .into())
}

/// With the features of the whole workspace, for which everything is built already.
const OF_WORKSPACE: [&str; 6] = [
    "test",
    "--release",
    "--locked",
    "--workspace",
    "--all-features",
    "--lib",
];

fn build() -> Command {
    let mut command = run::cargo(&OF_WORKSPACE);
    command.arg("--no-run");
    command
}

fn command(simulation: &Simulation, seeds: &str) -> Command {
    let mut command = run::cargo(&OF_WORKSPACE);
    command.arg(simulation.test).args(["--", "--nocapture"]);
    command.env(simulation.variable, seeds);
    command
}

/// The seeds to run.
#[derive(Debug, PartialEq)]
enum Lives {
    One(u64),
    Many(Range<u64>),
}

fn plan(args: &[String]) -> Result<(&'static Simulation, Lives)> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let named = args.first().and_then(|name| {
        let mut all = SIMULATIONS.iter();
        all.find(|simulation| simulation.name == *name)
    });
    let rest = args.get(usize::from(named.is_some())..).unwrap_or_default();
    let [first, ..] = &SIMULATIONS;
    let simulation = named.unwrap_or(first);
    let number = |text: &str| {
        let number = text.parse::<u64>();
        number.map_err(|_| format!("{text} is not a number"))
    };
    let lives = match rest {
        [] => Lives::Many(0..simulation.lives),
        ["--seed", seed] => Lives::One(number(seed)?),
        ["--seeds", count] => Lives::Many(0..number(count)?),
        _ => {
            let names: Vec<&str> = SIMULATIONS.iter().map(|one| one.name).collect();
            let names = names.join("|");
            return Err(format!("cargo xtask simulate [{names}] [--seed N | --seeds N]").into());
        }
    };
    Ok((simulation, lives))
}

/// The seeds as the simulation reads them, for so many processes.
fn split(lives: Lives, processes: u64) -> Vec<String> {
    let Range { start, end } = match lives {
        Lives::One(seed) => return vec![seed.to_string()],
        Lives::Many(seeds) => seeds,
    };
    let share = (end - start).div_ceil(processes.max(1)).max(2);
    let mut parts = Vec::new();
    let mut from = start;
    while from < end {
        // A single seed would be told in full, and a rest of one is no process of its own.
        let to = if end - from <= share + 1 {
            end
        } else {
            from + share
        };
        parts.push(format!("{from}..{to}"));
        from = to;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{Lives, plan, split};

    fn read(args: &[&str]) -> Option<(&'static str, Lives)> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let (simulation, lives) = plan(&args).ok()?;
        Some((simulation.name, lives))
    }

    #[test]
    fn without_a_name_it_is_the_engine() {
        assert_eq!(read(&[]), Some(("engine", Lives::Many(0..100_000))));
        assert_eq!(read(&["--seed", "17"]), Some(("engine", Lives::One(17))));
        assert_eq!(read(&["--seeds", "5"]), Some(("engine", Lives::Many(0..5))));
        assert_eq!(read(&["--seed", "x"]), None);
        assert_eq!(read(&["17"]), None);
    }

    #[test]
    fn a_simulation_has_a_name() {
        let some = read(&["ingest", "--seeds", "5"]);
        assert_eq!(some, Some(("ingest", Lives::Many(0..5))));
        let one = read(&["ingest-disk", "--seed", "5"]);
        assert_eq!(one, Some(("ingest-disk", Lives::One(5))));
        assert_eq!(read(&["ingest", "engine"]), None);
        assert_eq!(read(&["everything"]), None);
    }

    #[test]
    fn processes_share_the_lives_and_leave_none_out() {
        assert_eq!(split(Lives::One(7), 4), ["7"]);
        assert_eq!(split(Lives::Many(0..100), 2), ["0..50", "50..100"]);
        assert_eq!(split(Lives::Many(0..5), 2), ["0..3", "3..5"]);
        assert_eq!(split(Lives::Many(0..3), 8), ["0..3"]);
        assert!(split(Lives::Many(0..0), 2).is_empty());
    }
}
