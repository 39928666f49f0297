//! What a figure depends on: versions, compiler, allocator, processor; and how a benchmark starts.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::turns::Turns;

/// Starts the program again with an allocator that keeps freed memory: by default glibc gives
/// large blocks back to the system after each run, and what is measured then is the system
/// clearing pages. Does nothing when the allocator was told something already.
///
/// # Errors
///
/// When the program cannot be started again.
///
/// ```
/// // Without the setting the documentation test itself would start again.
/// if std::env::var_os("GLIBC_TUNABLES").is_some() {
///     assert!(floe_benches::machine::keep_freed_memory().is_ok());
/// }
/// ```
pub fn keep_freed_memory() -> io::Result<()> {
    const NAME: &str = "GLIBC_TUNABLES";
    if std::env::var_os(NAME).is_some() {
        return Ok(());
    }
    let keep = "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824";
    let program = std::env::current_exe()?;
    // Only comes back when the program cannot be started again.
    Err(Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(NAME, keep)
        .exec())
}

/// How long to measure: only as long as it takes to see that everything runs with `--quick` or
/// `FLOE_BENCH_QUICK`, and when the program does not run under `cargo bench`.
///
/// ```
/// use floe_benches::turns::Turns;
///
/// // A documentation test does not run under `cargo bench`.
/// assert_eq!(floe_benches::machine::turns(), Turns::QUICK);
/// ```
pub fn turns() -> Turns {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let quick = has("--quick") || !has("--bench") || std::env::var_os("FLOE_BENCH_QUICK").is_some();
    if quick { Turns::QUICK } else { Turns::FULL }
}

/// Returns the version of a package as the workspace's lock file has it.
///
/// ```
/// use floe_benches::machine::version;
///
/// assert!(version("serde_json").starts_with("1."));
/// assert_eq!(version("no-such-package"), "?");
/// ```
pub fn version(package: &str) -> &'static str {
    const LOCK: &str = include_str!("../../Cargo.lock");
    let entry = LOCK.split("[[package]]").find_map(|entry| {
        let mut lines = entry.trim().lines();
        let name = lines.next()?.strip_prefix("name = \"")?.strip_suffix('"')?;
        (name == package).then(|| {
            lines
                .next()?
                .strip_prefix("version = \"")?
                .strip_suffix('"')
        })
    });
    entry.flatten().unwrap_or("?")
}

/// Returns the compiler that built this program.
///
/// ```
/// assert!(floe_benches::machine::compiler().starts_with("rustc "));
/// ```
pub fn compiler() -> &'static str {
    env!("FLOE_RUSTC")
}

/// Returns the processor's name, or `unknown processor` where `/proc/cpuinfo`
/// does not tell it.
///
/// ```
/// assert!(!floe_benches::machine::processor().is_empty());
/// ```
pub fn processor() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = name
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    name.unwrap_or("unknown processor").to_owned()
}
