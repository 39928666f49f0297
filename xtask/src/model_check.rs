//! `cargo xtask model-check`: every state that an upgrade of a few instances, and a file stream of
//! two consumers, can come to.

use crate::{Result, run};

/// The crate that holds the model; outside the workspace, because the model checker asks
/// DataFusion's dependencies for other features.
pub(crate) const MANIFEST: &str = "xtask/model-check/Cargo.toml";

/// Explores the states of four instances and of a file stream, with `--full` of six as well and
/// with more interruptions.
///
/// # Errors
///
/// When a property does not hold, or the option is not known.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let mut command = run::cargo(&["run", "--release", "--locked", "--manifest-path", MANIFEST]);
    command.arg("--").args(args);
    // Crates outside the workspace share what is built for it.
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", run::root().join("target"));
    }
    run::check(command)
}
