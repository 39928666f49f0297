//! `cargo xtask simulate`: lives of a service under its controller, drawn from seeds.

use crate::{Result, run};

/// The variable in which the simulation finds its seeds.
const SEEDS: &str = "FLOE_SIMULATE";
/// The test that is the simulation.
const TEST: &str = "controller::simulation::every_life";

/// Runs `--seeds N` lives (100,000), or `--seed N` alone with everything that happens in it.
///
/// # Errors
///
/// When a promise is broken, or the options are not known.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let seeds = seeds(args)?;
    // With the features of the whole workspace, for which everything is built already.
    let workspace = ["--workspace", "--all-features", "--lib"];
    let mut command = run::cargo(&["test", "--release", "--locked"]);
    command
        .args(workspace)
        .arg(TEST)
        .args(["--", "--nocapture"]);
    command.env(SEEDS, seeds);
    run::check(command)
}

fn seeds(args: &[String]) -> Result<String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| {
        let number = text.parse::<u64>();
        number.map_err(|_| format!("{text} is not a number"))
    };
    match args[..] {
        [] => Ok("0..100000".to_owned()),
        ["--seed", seed] => Ok(number(seed)?.to_string()),
        ["--seeds", count] => Ok(format!("0..{}", number(count)?)),
        _ => Err("cargo xtask simulate [--seed N | --seeds N]".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::seeds;

    #[test]
    fn seeds_are_one_or_so_many() {
        let read = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            seeds(&args).ok()
        };
        assert_eq!(read(&[]).as_deref(), Some("0..100000"));
        assert_eq!(read(&["--seed", "17"]).as_deref(), Some("17"));
        assert_eq!(read(&["--seeds", "5"]).as_deref(), Some("0..5"));
        assert_eq!(read(&["--seed", "x"]), None);
        assert_eq!(read(&["17"]), None);
    }
}
