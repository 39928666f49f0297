//! `cargo xtask chaos`: a stream of files whose consumers are killed again and again.

use std::path::PathBuf;
use std::process::Command;

use crate::emulators::Running;
use crate::{Result, run};

/// What is done, unless the options say otherwise.
#[derive(Debug, PartialEq)]
struct Options {
    files: u64,
    kills: u64,
    consumers: u64,
    seed: u64,
    /// A directory, a bucket, or one after the other.
    over: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            files: 20_000,
            kills: 200,
            consumers: 3,
            seed: 1,
            over: vec!["directory", "bucket"],
        }
    }
}

/// Kills consumers over a directory and over a bucket, and counts what came out.
///
/// # Errors
///
/// When a file is lost or comes twice, or the options are not known.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = parse(args)?;
    // Everything with all features, as the tests build it.
    run::check(run::cargo(&[
        "build",
        "--release",
        "--locked",
        "--workspace",
        "--all-features",
        "--bins",
    ]))?;
    let needs_cloud = options.over.contains(&"bucket");
    let emulators = if needs_cloud {
        Running::start()
    } else {
        Running::default()
    };
    emulators.check()?;
    for over in &options.over {
        println!("over a {over}:");
        run::check(command(&options, over, &emulators))?;
    }
    print!("{}", emulators.missing());
    Ok(())
}

fn command(options: &Options, over: &str, emulators: &Running) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| run::root().join("target"));
    let program = |name: &str| target.join("release").join(name);
    let floe = program("floe").to_string_lossy().into_owned();
    let mut whole = run::program(&program("chaos").to_string_lossy(), &[floe]);
    whole.arg(over).args([
        options.files.to_string(),
        options.kills.to_string(),
        options.consumers.to_string(),
        options.seed.to_string(),
    ]);
    emulators.tell(&mut whole);
    whole
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || -> Result<u64> {
            let number = value.parse::<u64>().ok().filter(|number| *number > 0);
            number.ok_or_else(|| format!("{name} {value}: a positive number is needed").into())
        };
        match name.as_str() {
            "--files" => options.files = number()?,
            "--kills" => options.kills = number()?,
            "--consumers" => options.consumers = number()?,
            "--seed" => options.seed = number()?,
            "--over" => {
                options.over = match value.as_str() {
                    "directory" => vec!["directory"],
                    "bucket" => vec!["bucket"],
                    _ => return Err(format!("--over {value}: directory or bucket").into()),
                }
            }
            _ => return Err(format!("`cargo xtask chaos` knows no {name}").into()),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::{Options, parse};

    #[test]
    fn options_are_read_and_others_refused() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let parsed = parse(&words("--files 10 --kills 2 --over bucket")).unwrap();
        let wanted = Options {
            files: 10,
            kills: 2,
            over: vec!["bucket"],
            ..Options::default()
        };
        assert_eq!(parsed, wanted);
        for wrong in ["--files", "--files 0", "--over sea", "--ships 3"] {
            assert!(parse(&words(wrong)).is_err(), "{wrong}");
        }
    }
}
