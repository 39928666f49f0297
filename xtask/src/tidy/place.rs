//! Things that have one place: the clock, randomness, `unsafe`.

use super::Finding;
use super::crates::Workspace;
use super::mask::{Mask, find_word};
use super::tree::{Tree, is_test_file};

/// The files that may ask for the time, each with its reason. Everywhere else
/// the time is an argument.
const CLOCKS: &[&str] = &[
    // The clock of production, behind a trait.
    "crates/runtime/src/clock.rs",
    // That of local directories, whose crate knows no other driver.
    "crates/notify-local/src/clock.rs",
    // Where the engine meets the system.
    "crates/engine/src/system.rs",
    // Prints how long the parts of a command took.
    "xtask/src/report.rs",
];
/// Benchmarks measure time; nothing else below this folder needs it.
const BENCHES: &str = "benches/";
/// The one source of randomness.
const RANDOMNESS: &str = "crates/engine/src/system.rs";

/// Calls that ask for the time.
const TIME_CALLS: &[&str] = &["SystemTime::now", "Instant::now"];
/// Calls and crates that give random numbers.
const RANDOM_CALLS: &[&str] = &["Uuid::new_v4", "rand::", "getrandom", "fastrand"];

/// Where `unsafe` may stand: the codec, and what happens between fork and exec.
const UNSAFE: &[&str] = &[
    "crates/batch/",
    "crates/runtime-process/src/sys.rs",
    "crates/runtime-process/src/sys/",
];
/// Packages whose crates can not forbid it as a whole.
const UNSAFE_PACKAGES: &[&str] = &["floe-batch", "floe-runtime-process"];

/// Time and randomness are arguments (tests may be random, not timed).
pub(super) fn time_and_randomness(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, mask) in tree.rust() {
        if !CLOCKS.contains(&path) && !path.starts_with(BENCHES) {
            findings.extend(time(path, &mask.code));
        }
        if path != RANDOMNESS && !is_test_file(path) {
            findings.extend(randomness(path, mask));
        }
    }
    findings
}

fn time(path: &str, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for call in TIME_CALLS {
        for at in find_word(code, call) {
            if *call != "Instant::now" || !is_tokios(code, at) {
                let message = format!("`{call}`: take the time from a `Clock`");
                findings.push(Finding::error(path, line(code, at), message));
            }
        }
    }
    findings
}

/// Whether the `Instant` at that place is tokio's: drivers may use that clock,
/// because tests can pause it.
fn is_tokios(code: &str, at: usize) -> bool {
    let before = &code[..at];
    if let Some(path) = before.strip_suffix("time::") {
        return !path.ends_with("std::")
            && (path.ends_with("tokio::") || code.contains("use tokio::time;"));
    }
    let lists = code.split("tokio::time::{").skip(1);
    code.contains("use tokio::time::Instant;")
        || lists
            .filter_map(|list| list.split('}').next())
            .any(|list| list.contains("Instant"))
}

fn randomness(path: &str, mask: &Mask) -> Vec<Finding> {
    let tests = test_module(&mask.code);
    let mut findings = Vec::new();
    for call in RANDOM_CALLS {
        let whole = call.trim_end_matches(':');
        for at in find_word(&mask.code, whole) {
            let is_call = mask.code[at..].starts_with(call);
            if is_call && tests.is_none_or(|start| at < start) {
                let message = format!("`{call}`: randomness is an argument");
                findings.push(Finding::error(path, line(&mask.code, at), message));
            }
        }
    }
    findings
}

/// Where the tests at the end of a file begin.
fn test_module(code: &str) -> Option<usize> {
    let at = code.find("#[cfg(test)]\nmod ")?;
    let body = code[at..].find(['{', ';'])?;
    code[at + body..].starts_with('{').then_some(at)
}

/// `unsafe` stands nowhere but in its places.
pub(super) fn unsafe_code(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, mask) in tree.rust() {
        if UNSAFE.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        for at in find_word(&mask.code, "unsafe") {
            let message = format!("`unsafe` is allowed only in {}", UNSAFE.join(", "));
            findings.push(Finding::error(path, line(&mask.code, at), message));
        }
    }
    findings
}

/// Every library and program says so itself.
pub(super) fn forbids_unsafe(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        if UNSAFE_PACKAGES.contains(&member.name.as_str()) {
            continue;
        }
        for target in member
            .targets
            .iter()
            .filter(|target| target.is_library_or_program)
        {
            let mut masks = tree.rust().filter(|(path, _)| *path == target.path);
            let forbids = masks.any(|(_, mask)| mask.code.contains("#![forbid(unsafe_code)]"));
            if !forbids {
                let message = "a crate root begins with `#![forbid(unsafe_code)]`";
                findings.push(Finding::error(&target.path, 0, message));
            }
        }
    }
    findings
}

fn line(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::super::crates::{Member, Target};
    use super::*;

    fn timed(path: &str, text: &str) -> usize {
        time_and_randomness(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn the_time_is_asked_for_in_its_places_only() {
        let text = "let a = std::time::Instant::now();\nlet b = SystemTime::now();\n";
        let found = time_and_randomness(&Tree::of(&[("crates/a/src/lib.rs", text)]));
        let lines: Vec<usize> = found.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2, 1]);
        assert_eq!(timed("crates/runtime/src/clock.rs", text), 0);
        assert_eq!(timed("benches/src/timer.rs", text), 0);
        assert_eq!(timed("crates/a/tests/b.rs", text), 2);
        assert_eq!(timed("crates/a/src/lib.rs", "// Instant::now()\n"), 0);
    }

    #[test]
    fn the_clock_of_tokio_is_no_clock_of_the_system() {
        let path = "crates/a/src/lib.rs";
        assert_eq!(
            timed(
                path,
                "use tokio::time::{Duration, Instant};\nInstant::now();"
            ),
            0
        );
        assert_eq!(timed(path, "tokio::time::Instant::now();"), 0);
        assert_eq!(
            timed(
                path,
                "tokio::time::Instant::now(); std::time::Instant::now();"
            ),
            1
        );
        assert_eq!(
            timed(path, "use tokio::time::{Duration};\nInstant::now();"),
            1
        );
    }

    #[test]
    fn randomness_is_an_argument_outside_of_tests() {
        let text = "let a = Uuid::new_v4();\nlet b = rand::random();\nlet c = operand::x();\n";
        assert_eq!(timed("crates/a/src/lib.rs", text), 2);
        assert_eq!(timed("crates/engine/src/system.rs", text), 0);
        assert_eq!(timed("crates/a/src/b/tests.rs", text), 0);
        let inline = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(timed("crates/a/src/lib.rs", &inline), 0);
        let beside = format!("#[cfg(test)]\nmod tests;\n{text}");
        assert_eq!(timed("crates/a/src/lib.rs", &beside), 2);
    }

    #[test]
    fn unsafe_code_is_found_outside_its_places() {
        let text = "\nunsafe { f() }\n// unsafe\n#![forbid(unsafe_code)]\n";
        let found = unsafe_code(&Tree::of(&[
            ("crates/a/src/lib.rs", text),
            ("crates/batch/src/scan.rs", text),
            ("crates/runtime-process/src/sys.rs", text),
            ("crates/runtime-process/src/system.rs", text),
        ]));
        let places: Vec<_> = found.iter().map(|f| (f.file.as_str(), f.line)).collect();
        assert_eq!(
            places,
            [
                ("crates/a/src/lib.rs", 2),
                ("crates/runtime-process/src/system.rs", 2)
            ]
        );
    }

    #[test]
    fn a_crate_root_that_does_not_forbid_unsafe_code_is_found() {
        let target = |path: &str, is_library_or_program| Target {
            name: "x".to_owned(),
            path: path.to_owned(),
            is_bench: false,
            is_library_or_program,
        };
        let member = |name: &str, targets| Member {
            name: name.to_owned(),
            targets,
            needs: vec![],
        };
        let workspace = Workspace {
            members: vec![
                member(
                    "floe-a",
                    vec![target("a.rs", true), target("a-test.rs", false)],
                ),
                member("floe-b", vec![target("b.rs", true)]),
                member("floe-batch", vec![target("c.rs", true)]),
            ],
        };
        let tree = Tree::of(&[
            ("a.rs", "//! #![forbid(unsafe_code)]\n"),
            ("c.rs", ""),
            ("b.rs", "#![forbid(unsafe_code)]\n"),
        ]);
        let found = forbids_unsafe(&tree, &workspace);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "a.rs");
    }
}
