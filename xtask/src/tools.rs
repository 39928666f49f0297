//! Developer tools: `cargo xtask tools` and `cargo xtask deny`.
//!
//! The tools come as ready-made programs in Python packages, which install in
//! seconds; building them with `cargo install` takes minutes and is the last way.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::{Result, run};

/// One tool: the cargo subcommand, and the package and version to install.
struct Tool {
    /// Name of the program, `cargo-` before the subcommand.
    program: &'static str,
    /// Its version.
    version: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "cargo-deny",
        version: "0.20.2",
    },
    Tool {
        program: "cargo-fuzz",
        version: "0.13.2",
    },
];

/// A way to install a tool.
type Way = fn(&Tool) -> Result<()>;

/// The ways by name, the quick one first.
const WAYS: [(&str, Way); 2] = [
    ("pip", install_with_pip),
    ("cargo install", install_with_cargo),
];

/// Before the program's name this is the name of its Python package.
const PACKAGE_PREFIX: &str = "astral-dev-toolchain-";

/// Installs what is missing and says where everything is.
///
/// # Errors
///
/// When a tool can not be installed in any of the ways.
pub(crate) fn run() -> Result<()> {
    for tool in TOOLS {
        let found = match find(tool) {
            Some(found) => found,
            None => install(tool)?,
        };
        println!("{} {}", tool.program, found.display());
    }
    Ok(())
}

/// `cargo deny check bans licenses sources`, for the workspace and for `fuzz/`.
///
/// # Errors
///
/// When something in a dependency tree is not allowed, or the tool is missing
/// and can not be installed.
pub(crate) fn deny() -> Result<()> {
    ensure("cargo-deny")?;
    for manifest in [
        "Cargo.toml",
        "fuzz/Cargo.toml",
        "xtask/schema-check/Cargo.toml",
        "xtask/model-check/Cargo.toml",
    ] {
        // Duplicate versions are warnings; `-L error` keeps the log to what fails.
        let mut command = run::program("cargo-deny", &["-L", "error", "--manifest-path", manifest]);
        command.args(["check", "bans", "licenses", "sources"]);
        command = with_tools(command);
        run::check(command)?;
    }
    Ok(())
}

/// Makes sure that a tool is there.
///
/// # Errors
///
/// When it is missing and can not be installed.
pub(crate) fn ensure(program: &str) -> Result<()> {
    for tool in TOOLS.iter().filter(|tool| tool.program == program) {
        if find(tool).is_none() {
            install(tool)?;
        }
    }
    Ok(())
}

/// The command with the folder of installed tools first in its search path.
pub(crate) fn with_tools(mut command: Command) -> Command {
    command.env("PATH", search_path());
    command
}

/// Where programs are looked for: the project's own tools after the user's.
fn search_path() -> OsString {
    let users = std::env::var_os("PATH").unwrap_or_default();
    let own = TOOLS.iter().map(|tool| folder(tool).join("bin"));
    let folders = std::env::split_paths(&users).chain(own);
    std::env::join_paths(folders).unwrap_or(users)
}

fn find(tool: &Tool) -> Option<PathBuf> {
    std::env::split_paths(&search_path())
        .map(|folder| folder.join(tool.program))
        .find(|path| path.is_file())
}

/// The folder that a tool is installed into. Each has its own, because pip
/// replaces the `bin` of a folder that it installs into a second time.
fn folder(tool: &Tool) -> PathBuf {
    run::root().join(".tools").join(tool.program)
}

/// Tries one way after the other; each says why it could not.
fn install(tool: &Tool) -> Result<PathBuf> {
    for (way, install) in WAYS {
        println!("installing {} {} with {way}", tool.program, tool.version);
        if let Err(error) = install(tool) {
            eprintln!("{way} can not: {error}");
        } else if let Some(found) = find(tool) {
            return Ok(found);
        }
    }
    Err(format!(
        "{} could not be installed; install it by hand so that it is on the search path",
        tool.program
    )
    .into())
}

/// `--target` needs neither a virtual environment nor the right to change the
/// system's Python, and puts programs into `bin/` below the folder.
fn install_with_pip(tool: &Tool) -> Result<()> {
    let package = format!("{PACKAGE_PREFIX}{}=={}", tool.program, tool.version);
    let mut command = run::program("python3", &["-m", "pip", "install", "--quiet"]);
    command.args([
        "--disable-pip-version-check",
        "--no-deps",
        "--upgrade",
        "--target",
    ]);
    command
        .arg(folder(tool))
        .arg(package)
        .env("PIP_ROOT_USER_ACTION", "ignore");
    run::check(command)
}

fn install_with_cargo(tool: &Tool) -> Result<()> {
    let mut command = run::cargo(&["install", "--locked", "--version", tool.version, "--root"]);
    command.arg(folder(tool)).arg(tool.program);
    run::check(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_tools_come_after_those_of_the_user() {
        let folders: Vec<PathBuf> = std::env::split_paths(&search_path()).collect();
        let (_, own) = folders.split_at(folders.len() - TOOLS.len());
        assert!(
            own.iter()
                .all(|folder| folder.starts_with(run::root().join(".tools")))
        );
    }

    #[test]
    fn a_tool_that_is_nowhere_is_not_found() {
        assert_eq!(
            find(&Tool {
                program: "cargo-no-such-tool",
                version: "0.0.0"
            }),
            None
        );
    }
}
