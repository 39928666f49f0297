//! Words that no file of the project may hold.

use super::Finding;
use super::tree::Tree;

/// Each word in two halves, so that this file does not hold it itself, with
/// what is wrong with it.
const WORDS: &[(&str, &str, &str)] = &[
    ("static.crates", ".io", HOST),
    ("index.crates", ".io", HOST),
    ("pypi", ".org", HOST),
    ("files.python", "hosted.org", HOST),
    ("registry.npm", "js.org", HOST),
    ("deb.deb", "ian.org", HOST),
    ("shared/refer", "ence", NOTE),
    ("reference/sp", "cs", NOTE),
    ("reference/auto", "loader", NOTE),
    ("spcs", ".md", NOTE),
    ("autoloader", ".md", NOTE),
];
const HOST: &str = "names the host of a package registry: name the package";
const NOTE: &str = "cites a private note: cite the public source";

/// Endings of the files that are searched; lock files are written by cargo.
const ENDINGS: &[&str] = &[
    ".rs", ".md", ".toml", ".sql", ".sh", ".yaml", ".yml", ".json", "/run",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        if !ENDINGS.iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            for (first, second, what) in WORDS {
                let word = format!("{first}{second}");
                if line.contains(&word) {
                    findings.push(Finding::error(path, index + 1, format!("`{word}` {what}")));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_where_it_stands() {
        for (first, second, _) in WORDS {
            let text = format!("first\nsee {first}{second} there\n");
            let found = check(&Tree::of(&[("docs/a.md", &text), ("Cargo.lock", &text)]));
            assert!(!found.is_empty(), "{first}{second}");
            assert!(
                found
                    .iter()
                    .all(|finding| finding.line == 2 && finding.file == "docs/a.md")
            );
        }
    }

    #[test]
    fn other_words_pass() {
        assert!(check(&Tree::of(&[("a.md", "docs.rs, crates.io, the reference")])).is_empty());
    }
}
