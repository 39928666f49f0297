//! Programs that `cargo xtask test` installs and starts.

use std::path::Path;
use std::process::Command;

/// Returns what a variable says about a program of others, for example `FLOE_AZURITE_QUEUE_URL`;
/// none when it is not there, which is said.
///
/// # Panics
///
/// When `FLOE_REQUIRE_PEERS=1` is set and the program is not there.
///
/// ```
/// // Without `cargo xtask test` nobody says where it is.
/// if std::env::var_os("FLOE_REQUIRE_PEERS").is_none() {
///     assert_eq!(floe_peers::peer("a cloud of paper", "FLOE_PAPER_URL"), None);
/// }
/// ```
#[must_use]
pub fn peer(name: &str, variable: &str) -> Option<String> {
    let said = std::env::var(variable).unwrap_or_default();
    // `none` is said of a program that nobody can install here.
    let is_excused = said == "none";
    let value = Some(said).filter(|said| !said.is_empty() && !is_excused);
    if value.is_none() && !is_excused {
        let required = std::env::var("FLOE_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "{name} is required, but {variable} does not say where it is"
        );
    }
    if value.is_none() {
        println!("skipped: {name} is not there; {variable} says where it is");
    }
    value
}

/// Returns the command that runs a script with the clients of the clouds' makers; none when they
/// are not installed, as [`peer`] says.
///
/// # Panics
///
/// As [`peer`] does.
///
/// ```
/// if let Some(mut python) = floe_peers::vendor_client("/dev/null".as_ref()) {
///     assert!(python.status()?.success());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn vendor_client(script: &Path) -> Option<Command> {
    let python = peer("the clients of the clouds' makers", "FLOE_VENDOR_PYTHON")?;
    let mut command = Command::new(python);
    command.arg(script);
    Some(command)
}
