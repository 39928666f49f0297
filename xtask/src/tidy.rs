//! `cargo xtask tidy`: the rules of the house, checked.
//!
//! Each rule is a function from the [`Tree`] of files (and, where it is about
//! crates, from the [`Workspace`]) to findings. Nothing stops at the first
//! finding: all are printed at once, each with its place.

mod codes;
mod crates;
mod docs;
mod features;
mod functions;
mod mask;
mod place;
mod style;
mod tree;
mod words;

use std::fmt;

use crate::{Result, run};
use crates::Workspace;
use tree::Tree;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// The file, seen from the root.
    file: String,
    /// The line, counted from 1; 0 when it is about the file as a whole.
    line: usize,
    level: Level,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// Fails the check.
    Error,
    /// Is said, and passes.
    Warning,
}

impl Finding {
    fn error(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line,
            level: Level::Error,
            message: message.into(),
        }
    }

    fn warning(file: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::error(file, line, message)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        match self.line {
            0 => write!(f, "{level}: {}: {}", self.file, self.message),
            line => write!(f, "{level}: {}:{line}: {}", self.file, self.message),
        }
    }
}

/// Checks the repository and prints all findings.
///
/// # Errors
///
/// When a rule is broken, or the repository can not be read.
pub(crate) fn run() -> Result<()> {
    let findings = check()?;
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .count();
    println!(
        "tidy: {errors} errors, {} warnings",
        findings.len() - errors
    );
    if errors == 0 {
        Ok(())
    } else {
        Err("the house is not tidy".into())
    }
}

/// All findings in the repository, ordered by file and line.
fn check() -> Result<Vec<Finding>> {
    let tree = Tree::read(&run::root())?;
    let workspace = Workspace::ask()?;
    let mut findings = check_files(&tree);
    findings.extend(crates::check(&workspace));
    findings.extend(crates::ground_trees(&workspace)?);
    findings.extend(place::forbids_unsafe(&tree, &workspace));
    findings.extend(docs::architecture(&tree, &workspace));
    findings.extend(docs::readme(&tree, &workspace));
    findings.extend(features::check()?);
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// The rules that need nothing but the files.
fn check_files(tree: &Tree) -> Vec<Finding> {
    let rules: [fn(&Tree) -> Vec<Finding>; 6] = [
        style::check,
        functions::check,
        place::time_and_randomness,
        place::unsafe_code,
        codes::check,
        words::check,
    ];
    rules.iter().flat_map(|rule| rule(tree)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let findings = check().unwrap();
        let errors: Vec<String> = findings
            .iter()
            .filter(|finding| finding.level == Level::Error)
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "\n{}", errors.join("\n"));
    }

    #[test]
    fn a_finding_names_file_and_line() {
        assert_eq!(
            Finding::error("a.rs", 3, "no").to_string(),
            "error: a.rs:3: no"
        );
        assert_eq!(
            Finding::warning("a.rs", 0, "hm").to_string(),
            "warning: a.rs: hm"
        );
    }
}
