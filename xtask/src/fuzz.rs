//! `cargo xtask fuzz`: every fuzz target for a while.
//!
//! The targets are built once with `cargo fuzz build` and then run straight
//! from the target directory, one on each processor. A target starts from its
//! seeds (`fuzz/seeds/TARGET`, kept in the repository) and from its corpus
//! (`fuzz/corpus/TARGET`, which stays on this machine and grows).

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Result, run, tools};

/// How long each target runs when nothing else is said.
const SECONDS: u64 = 30;
/// AddressSanitizer and the coverage that libFuzzer needs are nightly features.
const TOOLCHAIN: &str = "nightly";
/// One input may take this many seconds before it counts as a hang.
const HANG_SECONDS: u64 = 10;
/// Lines of a failed target's log that are printed.
const LOG_TAIL: usize = 80;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    seconds: u64,
    /// Names of targets; all when empty.
    targets: Vec<String>,
}

/// `cargo xtask fuzz [--seconds N] [TARGET…]`.
///
/// # Errors
///
/// When a target finds something, does not build, or, with `CI=true`, when the
/// nightly toolchain is missing.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = parse(args)?;
    if let Err(error) = run::output(run::cargo_of(TOOLCHAIN, &["--version"])) {
        let message = format!(
            "fuzzing needs the Rust toolchain `{TOOLCHAIN}`, which is not installed: \
             `rustup toolchain install {TOOLCHAIN}` installs it ({error})"
        );
        if run::in_ci() {
            return Err(message.into());
        }
        println!("skipped: {message}");
        return Ok(());
    }
    tools::ensure("cargo-fuzz")?;
    let targets = select(&all_targets()?, &options.targets)?;
    let programs = build(&targets)?;
    run_all(&run::root().join("fuzz"), &programs, options.seconds)
}

fn parse(args: &[String]) -> Result<Options> {
    let mut options = Options {
        seconds: SECONDS,
        targets: Vec::new(),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--seconds" {
            let number = args.next().ok_or("--seconds needs a number")?;
            options.seconds = number
                .parse()
                .map_err(|_| format!("`{number}` is no number"))?;
        } else if arg.starts_with('-') {
            return Err(format!("there is no option `{arg}`").into());
        } else {
            options.targets.push(arg.clone());
        }
    }
    Ok(options)
}

/// The targets are the files of `fuzz/fuzz_targets`.
fn all_targets() -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in std::fs::read_dir(run::root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    targets.sort();
    Ok(targets)
}

fn select(all: &[String], wanted: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(format!(
            "there is no target `{unknown}`; there are {}",
            all.join(", ")
        )
        .into());
    }
    Ok(if wanted.is_empty() {
        all.to_vec()
    } else {
        wanted.to_vec()
    })
}

/// A target that was built.
struct Program {
    name: String,
    path: PathBuf,
}

/// Builds all targets in one go; cargo-fuzz builds either one or all.
fn build(targets: &[String]) -> Result<Vec<Program>> {
    let triple = host_triple()?;
    let folder = std::env::var_os("FLOE_FUZZ_TARGET_DIR")
        .map_or_else(|| run::root().join("fuzz/target"), PathBuf::from);
    // Sixteen code generation units halve the build; the code is a little slower.
    let args = [
        "fuzz",
        "build",
        "--fuzz-dir",
        "fuzz",
        "--codegen-units",
        "16",
        "--target",
    ];
    let mut command = tools::with_tools(run::cargo_of(TOOLCHAIN, &args));
    command.arg(&triple).arg("--target-dir").arg(&folder);
    if let [only] = targets {
        command.arg(only);
    }
    run::check(command)?;
    let built = folder.join(triple).join("release");
    let program = |name: &String| Program {
        name: name.clone(),
        path: built.join(name),
    };
    Ok(targets.iter().map(program).collect())
}

fn host_triple() -> Result<String> {
    let text = run::output(run::program("rustc", &["-vV"]))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`rustc -vV` names no host")?.to_owned())
}

/// Runs the targets, as many at once as there are processors, and reports each as it ends.
fn run_all(fuzz: &Path, programs: &[Program], seconds: u64) -> Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers.min(programs.len()) {
            scope.spawn(|| {
                while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match run_one(fuzz, program, seconds) {
                        Ok(line) => println!("fuzz {}: {line}", program.name),
                        Err(error) => {
                            eprintln!("fuzz {}: FAILED\n{error}", program.name);
                            if let Ok(mut failed) = failed.lock() {
                                failed.push(program.name.clone());
                            }
                        }
                    }
                }
            });
        }
    });
    let failed = failed
        .into_inner()
        .map_err(|_| "a worker died while it reported a failure")?;
    if failed.is_empty() {
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")).into())
    }
}

/// Runs one target for the time given and returns libFuzzer's closing line.
fn run_one(fuzz: &Path, program: &Program, seconds: u64) -> Result<String> {
    let corpus = fuzz.join("corpus").join(&program.name);
    let artifacts = fuzz.join("artifacts").join(&program.name);
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let mut command = run::program(
        &program.path.to_string_lossy(),
        &[
            format!("-max_total_time={seconds}"),
            format!("-timeout={HANG_SECONDS}"),
            format!("-artifact_prefix={}/", artifacts.display()),
        ],
    );
    // New inputs go to the first folder; the others are only read.
    command.arg(&corpus);
    let seeds = fuzz.join("seeds").join(&program.name);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    // Statics of Rust's standard library are seen twice under the sanitizer.
    command.env("ASAN_OPTIONS", "detect_odr_violation=0");
    let output = command.output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let last = log.lines().rev().find(|line| line.starts_with("Done "));
        return Ok(last.ok_or("the target ended without running")?.to_owned());
    }
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n");
    let name = &program.name;
    Err(
        format!("{tail}\ntry again: cargo +{TOOLCHAIN} fuzz run --fuzz-dir fuzz {name} FILE")
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_time_and_the_targets_are_read_in_any_order() {
        let options = parse(&words("spec_parse --seconds 5 sql_parse")).unwrap();
        assert_eq!(
            options,
            Options {
                seconds: 5,
                targets: words("spec_parse sql_parse")
            }
        );
        assert_eq!(
            parse(&[]).unwrap(),
            Options {
                seconds: SECONDS,
                targets: Vec::new()
            }
        );
    }

    #[test]
    fn an_option_or_target_that_does_not_exist_is_refused() {
        assert!(parse(&words("--secs 5")).is_err());
        assert!(parse(&words("--seconds soon")).is_err());
        let error = select(&words("a b"), &words("c")).unwrap_err();
        assert_eq!(error.to_string(), "there is no target `c`; there are a, b");
    }

    #[test]
    fn without_names_all_targets_run() {
        assert_eq!(select(&words("a b"), &[]).unwrap(), words("a b"));
    }

    #[test]
    fn a_target_that_fails_is_named_with_the_end_of_its_log() {
        let program = Program {
            name: "no_such_target".to_owned(),
            path: PathBuf::from("false"),
        };
        let fuzz = tempfile::tempdir().unwrap();
        let error = run_all(fuzz.path(), &[program], 1).unwrap_err();
        assert_eq!(error.to_string(), "failed: no_such_target");
    }
}
