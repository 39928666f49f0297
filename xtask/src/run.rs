//! Running other programs from the repository's root.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::Result;

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable for what it runs, so a binary that two clones
    // share through one target directory still finds the clone it was started in.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

/// Whether this is a CI run (`CI=true`), where a missing tool is a failure and not a remark.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// A `cargo` of the toolchain that built this program, started in the root.
pub(crate) fn cargo<S: AsRef<str>>(args: &[S]) -> Command {
    program(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        args,
    )
}

/// `cargo +TOOLCHAIN`, through rustup's proxy on the path.
pub(crate) fn cargo_of<S: AsRef<str>>(toolchain: &str, args: &[S]) -> Command {
    let mut command = program("cargo", &[format!("+{toolchain}")]);
    command
        .args(args.iter().map(AsRef::as_ref))
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

/// Any program, started in the root.
pub(crate) fn program<S: AsRef<str>>(name: &str, args: &[S]) -> Command {
    let mut command = Command::new(name);
    command
        .args(args.iter().map(AsRef::as_ref))
        .current_dir(root())
        .stdin(Stdio::null());
    // `cargo run` describes xtask itself in these; inherited they would make
    // build scripts of other packages look changed.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&key);
        }
    }
    command
}

/// Runs a program that talks to the terminal itself.
///
/// # Errors
///
/// When it can not be started or does not exit with 0.
pub(crate) fn check(mut command: Command) -> Result<()> {
    let shown = show(&command);
    println!("$ {shown}");
    let status = command
        .status()
        .map_err(|error| cannot_start(&shown, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}").into())
    }
}

/// Runs a program, hands on its standard output line by line, and shows each line to `see`.
///
/// # Errors
///
/// When it can not be started or does not exit with 0.
pub(crate) fn check_and_read(mut command: Command, mut see: impl FnMut(&str)) -> Result<()> {
    let shown = show(&command);
    println!("$ {shown}");
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(&shown, &error))?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            see(&line);
        }
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` ended with {status}").into())
    }
}

/// The standard output of a program that is asked, not run for its effect.
///
/// # Errors
///
/// When it can not be started or does not exit with 0; what it wrote to
/// standard error is in the message.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let output = command
        .output()
        .map_err(|error| cannot_start(&shown, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "`{shown}` ended with {}:\n{}",
        output.status,
        said.trim_end()
    )
    .into())
}

/// How a program ends, and all that it says, standard error and output in one.
///
/// # Errors
///
/// When it can not be started.
pub(crate) fn everything(mut command: Command) -> Result<(ExitStatus, String)> {
    let shown = show(&command);
    let (mut reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command
        .spawn()
        .map_err(|error| cannot_start(&shown, &error))?;
    // The command holds the other end of the pipe, which would never be closed.
    drop(command);
    let mut said = Vec::new();
    reader.read_to_end(&mut said)?;
    Ok((child.wait()?, String::from_utf8_lossy(&said).into_owned()))
}

/// The command as a person would type it.
fn show(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut text = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn cannot_start(shown: &str, error: &std::io::Error) -> String {
    format!("`{shown}` can not be started: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_folder_of_the_workspace() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("xtask").is_dir());
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_what_it_said() {
        let error = output(program("sh", &["-c", "echo no luck >&2; exit 3"])).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn lines_are_seen_as_they_are_handed_on() {
        let mut seen = Vec::new();
        check_and_read(program("sh", &["-c", "echo one; echo two"]), |line| {
            seen.push(line.to_owned());
        })
        .unwrap();
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn everything_that_a_program_says_is_kept_in_its_order() {
        let (status, said) =
            everything(program("sh", &["-c", "echo a; echo b >&2; exit 3"])).unwrap();
        assert_eq!((status.code(), said.as_str()), (Some(3), "a\nb\n"));
    }

    #[test]
    fn a_program_that_is_not_there_is_said_by_name() {
        let error = check(program("floe-no-such-program", &["x"])).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`floe-no-such-program x` can not be started")
        );
    }
}
