//! `cargo xtask model-check` runs this: four instances, or with `--full` six as well.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use floe_model_check::{check, scopes};

fn main() -> ExitCode {
    let full = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--full") => true,
        Some(other) => {
            eprintln!("error: there is no option `{other}`; `--full` checks six instances");
            return ExitCode::FAILURE;
        }
    };
    let mut failed = false;
    for model in scopes(full) {
        let outcome = check(&model);
        println!("{model}: {}", outcome.line());
        for (property, path) in outcome.found {
            println!("  does not hold: {property}, after {path}");
            failed = true;
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
