//! `cargo xtask model-check` runs this: four instances and a file stream, or with `--full` more.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use floe_model_check::{Outcome, check, check_files, file_scopes, scopes};

fn main() -> ExitCode {
    let full = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--full") => true,
        Some(other) => {
            eprintln!("error: there is no option `{other}`; `--full` checks more");
            return ExitCode::FAILURE;
        }
    };
    let mut held = true;
    for model in scopes(full) {
        held &= show(&model.to_string(), &check(&model));
    }
    for model in file_scopes(full) {
        held &= show(&model.to_string(), &check_files(&model));
    }
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints what was found, and says whether everything held.
fn show(model: &str, outcome: &Outcome) -> bool {
    println!("{model}: {}", outcome.line());
    for (property, path) in &outcome.found {
        println!("  does not hold: {property}, after {path}");
    }
    outcome.found.is_empty()
}
