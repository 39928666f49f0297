//! The heavy dependencies are built once in release: whatever is built alone
//! must ask for the same features as the whole workspace does.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::{Result, run};

/// What is built besides the tests of the whole workspace, as arguments of `cargo tree`.
const SELECTIONS: &[(&str, &str)] = &[
    (
        "cargo run",
        "-p floe-cli -p floe-benches --edges normal,build",
    ),
    (
        "cargo build -p floe-cli",
        "-p floe-cli --edges normal,build",
    ),
    (
        "cargo bench",
        "-p floe-cli -p floe-benches --edges normal,build,dev",
    ),
    (
        "cargo doc",
        "--workspace --all-features --edges normal,build",
    ),
];
/// The tests of the whole workspace, and clippy over all targets.
const ALL: &str = "--workspace --all-features --edges normal,build,dev";

/// Packages with all feature sets that they are built with.
type Packages = BTreeMap<String, BTreeSet<String>>;

/// Compares what each selection builds with what the tests build.
///
/// # Errors
///
/// When cargo can not tell the dependency trees.
pub(super) fn check() -> Result<Vec<Finding>> {
    let tests = packages(&tree(ALL)?);
    let mut findings = Vec::new();
    for (name, args) in SELECTIONS {
        findings.extend(compare(name, &packages(&tree(args)?), &tests));
    }
    Ok(findings)
}

fn tree(args: &str) -> Result<String> {
    let mut command = run::cargo(&["tree", "--prefix", "none", "--format", "{p}|{f}"]);
    command.args(args.split(' '));
    run::output(command)
}

/// Third-party packages with the feature sets that they are built with.
fn packages(tree: &str) -> Packages {
    let mut packages = Packages::new();
    for line in tree.lines() {
        let line = line.trim_end_matches(" (*)");
        let Some((package, features)) = line.split_once('|') else {
            continue;
        };
        let package = package.trim_end_matches(" (proc-macro)");
        if !package.ends_with(')') {
            packages
                .entry(package.to_owned())
                .or_default()
                .insert(features.to_owned());
        }
    }
    packages
}

fn compare(name: &str, alone: &Packages, tests: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (package, sets) in alone {
        let known = tests.get(package).cloned().unwrap_or_default();
        for set in sets.difference(&known) {
            let all: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!(
                "`{name}` builds {package} with [{set}], the tests of the workspace with [{}]: \
                 it and all that use it are built twice",
                all.join("] and [")
            );
            findings.push(Finding::error("Cargo.toml", 0, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_with_other_features_is_found() {
        let tests = packages("serde v1.0.0|default,std\nfloe-a v0.1.0 (/a)|\nsyn v2.0.0|full\n");
        let same = packages("serde v1.0.0|default,std (*)\nfloe-a v0.1.0 (/a)|arrow\n");
        assert!(compare("cargo run", &same, &tests).is_empty());
        let other = packages("serde v1.0.0|default\n");
        let found = compare("cargo run", &other, &tests);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("serde v1.0.0 with [default]"),
            "{}",
            found[0]
        );
    }

    #[test]
    fn a_package_may_have_one_feature_set_for_programs_and_one_for_macros() {
        let tests = packages("syn v2.0.0|full\nsyn v2.0.0|derive\nm v1.0.0 (proc-macro)|\n");
        assert!(compare("x", &packages("syn v2.0.0|derive\nm v1.0.0|"), &tests).is_empty());
    }
}
