//! `cargo xtask test`: every test there is, in release.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::thread::JoinHandle;

use crate::emulators::Running;
use crate::report::Parts;
use crate::{Result, facade, model_check, run};

/// The variable that tells tests where the collection of real-world files lies.
const CORPUS_VARIABLE: &str = "FLOE_CORPUS";
/// Where it lies when the variable is not set, seen from the root; tests that
/// need the files say so and pass when the folder is not there.
const CORPUS_DEFAULT: &str = "../shared/corpus";
/// The variable that makes tests fail instead of passing when the files are not there.
const CORPUS_REQUIRED: &str = "FLOE_CORPUS_REQUIRED";
/// The tests that wait for emulators most of the time: their manifests leave them out of a plain
/// `cargo test`, and they run beside it, more of them at once than there are processors.
const AGAINST_EMULATORS: [&str; 7] = [
    "--workspace",
    "--all-features",
    "--no-fail-fast",
    "--test",
    "emulated",
    "--",
    "--test-threads=6",
];
/// The crate that proves the JSON Schema with a public validator; outside the workspace, because
/// the validator asks DataFusion's dependencies for other features.
const SCHEMA_CHECK: &str = "xtask/schema-check/Cargo.toml";

/// Runs all tests, or with arguments what `cargo test --release ARGUMENTS` runs.
///
/// # Errors
///
/// Names the parts that failed.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut parts = Parts::default();
    let mut totals = Totals::default();
    let mut emulators = Running::default();
    let of_workspace = ["--workspace", "--all-features", "--no-fail-fast"].map(str::to_owned);
    let first = if args.is_empty() { &of_workspace } else { args };
    // Emulators are loaded and started while cargo builds.
    let starting = std::thread::spawn(Running::start);
    parts.run("build of the tests", || build(first));
    if args.is_empty() {
        parts.run("build of the tests against emulators", || {
            build(&AGAINST_EMULATORS.map(str::to_owned))
        });
    }
    parts.run("emulators of clouds", || {
        emulators = starting.join().map_err(|_| "starting them failed")?;
        emulators.check()
    });
    if args.is_empty() {
        let beside = Beside::start(&emulators);
        parts.run("tests of the workspace", || {
            cargo_test(first, &emulators, &mut totals)
        });
        parts.run("tests against emulators, beside them", || {
            beside.finish(&mut totals)
        });
        parts.run("JSON Schema", || {
            let manifest = &["--manifest-path", SCHEMA_CHECK, "--locked"];
            cargo_test(manifest, &emulators, &mut totals)
        });
        parts.run("upgrades, every state", || {
            let manifest = model_check::MANIFEST;
            let manifest = &["--manifest-path", manifest, "--locked"];
            cargo_test(manifest, &emulators, &mut totals)
        });
        facade::run(&facade::in_ci(), &mut parts);
    } else {
        parts.run("tests", || cargo_test(args, &emulators, &mut totals));
    }
    println!("\n{}", parts.table());
    println!("{}", totals.line());
    print!("{}", emulators.missing());
    parts.verdict()
}

/// Builds what [`cargo_test`] runs, but for examples in documentation.
fn build(args: &[String]) -> Result<()> {
    let cut = args
        .iter()
        .position(|arg| arg == "--")
        .unwrap_or(args.len());
    let mut command = run::cargo(&["test", "--release", "--no-run"]);
    let of_cargo = args.iter().take(cut);
    command.args(of_cargo.filter(|arg| *arg != "--no-fail-fast" && *arg != "--doc"));
    share_target(&mut command);
    run::check(command)
}

/// Crates outside the workspace share what is built for it.
fn share_target(command: &mut Command) {
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", run::root().join("target"));
    }
}

fn cargo_test<S: AsRef<str>>(args: &[S], emulators: &Running, totals: &mut Totals) -> Result<()> {
    run::check_and_read(test_command(args, emulators), |line| totals.add(line))
}

fn test_command<S: AsRef<str>>(args: &[S], emulators: &Running) -> Command {
    let mut command = run::cargo(&["test", "--release"]);
    command.args(args.iter().map(AsRef::as_ref));
    emulators.tell(&mut command);
    if let Some(corpus) = corpus() {
        command.env(CORPUS_VARIABLE, corpus);
        command.env(CORPUS_REQUIRED, "1");
    }
    share_target(&mut command);
    command
}

/// The tests against emulators, under way.
struct Beside(JoinHandle<Result<(ExitStatus, String)>>);

impl Beside {
    fn start(emulators: &Running) -> Self {
        let command = test_command(&AGAINST_EMULATORS, emulators);
        Self(std::thread::spawn(move || run::everything(command)))
    }

    /// Waits for them, and prints what they said.
    fn finish(self, totals: &mut Totals) -> Result<()> {
        let (status, said) = self.0.join().map_err(|_| "the thread ended early")??;
        for line in said.lines() {
            println!("{line}");
            totals.add(line);
        }
        if status.success() {
            return Ok(());
        }
        Err(format!("they ended with {status}").into())
    }
}

/// The corpus folder, unless the caller chose one already or there is none.
fn corpus() -> Option<PathBuf> {
    if std::env::var_os(CORPUS_VARIABLE).is_some() {
        return None;
    }
    run::root().join(CORPUS_DEFAULT).canonicalize().ok()
}

/// The sum of the `test result:` lines of all test binaries.
#[derive(Debug, Default)]
struct Totals {
    binaries: u64,
    passed: u64,
    failed: u64,
}

impl Totals {
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        let words = counts
            .split([' ', '.', ';'])
            .filter(|word| !word.is_empty());
        let mut number = 0;
        self.binaries += 1;
        for word in words {
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => number = word.parse().unwrap_or(0),
            }
        }
    }

    fn line(&self) -> String {
        format!(
            "in {} test binaries:\n{} passed, {} failed",
            self.binaries, self.passed, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_lines_of_cargo_are_summed() {
        let mut totals = Totals::default();
        totals.add("test spec::tests::a ... ok");
        totals.add(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; \
             finished in 0.01s",
        );
        totals.add(
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; \
             finished in 1.5s",
        );
        assert_eq!(totals.line(), "in 2 test binaries:\n16 passed, 2 failed");
    }
}
