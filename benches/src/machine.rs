//! What a figure depends on: versions, compiler, allocator, processor.

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
