//! The repository's own commands, for people who work on Floe.
//!
//! `cargo xtask help` lists them. Each command is one module; what they share
//! (finding the root, running programs, timing parts) is in [`run`] and
//! [`report`]. The commands start cargo and other programs as a person would
//! and hold no logic of Floe itself.

#![forbid(unsafe_code)]

mod chaos;
mod codes;
mod emulators;
mod facade;
mod fuzz;
mod model_check;
mod nightly;
mod node;
mod peers;
mod python;
mod report;
mod run;
mod service;
mod simulate;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

/// Everything can fail, and every failure is a sentence for the person at the terminal.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The commands with what they do, in the order of `cargo xtask help`.
const COMMANDS: &[(&str, &str)] = &[
    (
        "test",
        "[ARGUMENTS of cargo test]: every test in release, beside emulators of clouds, then the \
         facade's test crate",
    ),
    (
        "tidy",
        "the rules of the house: who may use whom, lengths, forbidden calls, error pages",
    ),
    (
        "codes",
        "writes docs/errors/README.md from the pages beside it",
    ),
    (
        "tools",
        "installs the developer tools (cargo-deny, cargo-fuzz) into .tools/",
    ),
    (
        "deny",
        "licences, banned crates and sources of the dependency tree",
    ),
    (
        "fuzz",
        "[--seconds N] [TARGET…]: builds the fuzz targets, runs each for N seconds (30)",
    ),
    (
        "bench-peers",
        "[--quick]: calls of Floe's service and of the same in Python, taking turns",
    ),
    (
        "model-check",
        "[--full]: every state of upgrades of four instances and of a file stream of two \
         consumers, with --full of more as well",
    ),
    (
        "simulate",
        "[engine|ingest|ingest-disk] [--seeds N | --seed N]: lives of a service under its \
         controller, or of a file stream, or one of them in full",
    ),
    (
        "chaos",
        "[--files N] [--kills N] [--consumers N] [--seed N] [--over directory|bucket]: consumers \
         of a file stream are killed again and again, and what came out is counted",
    ),
    (
        "nightly",
        "[--seconds N]: what CI has no time for; the result goes to docs/nightly.md",
    ),
    ("help", "this list"),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let done = match command {
        "test" => test::run(rest),
        "tidy" => tidy::run(),
        "codes" => codes::run(),
        "tools" => tools::run(),
        "deny" => tools::deny(),
        "fuzz" => fuzz::run(rest),
        "bench-peers" => peers::run(rest),
        "model-check" => model_check::run(rest),
        "simulate" => simulate::run(rest),
        "chaos" => chaos::run(rest),
        "nightly" => nightly::run(rest),
        "help" | "--help" | "-h" => {
            print!("{}", help());
            Ok(())
        }
        other => Err(format!("there is no command `{other}`\n\n{}", help()).into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask COMMAND\n\n");
    for (name, what) in COMMANDS {
        text.push_str(&format!("  {name:<11} {what}\n"));
    }
    text
}
