//! The repository's files as the rules see them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::mask::Mask;
use crate::Result;

/// Folders that hold nothing that a person wrote.
const NOT_OURS: &[&str] = &["target", "corpus", "artifacts", "coverage", "node_modules"];
/// Hidden entries that are ours all the same.
const HIDDEN_BUT_OURS: &[&str] = &[".cargo", ".ci", ".gitignore"];
/// Texts are read up to this size; what is larger is data.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// Folders may be nested this deep.
const MAX_DEPTH: usize = 16;

/// All files, by their path from the root with `/` between the parts.
#[derive(Debug, Default)]
pub(super) struct Tree {
    paths: BTreeSet<String>,
    texts: BTreeMap<String, String>,
    rust: BTreeMap<String, Mask>,
}

impl Tree {
    /// Reads every file below the root that is ours.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "", 0)?;
        Ok(tree)
    }

    /// A tree of these files, for tests of the rules.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add((*path).to_owned(), (*text).to_owned());
        }
        tree
    }

    /// Whether there is a file or a folder of that path.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.paths.contains(path) || self.paths.iter().any(|known| known.starts_with(&folder))
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// All text files with their texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All Rust files, with code and comments told apart.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &Mask)> {
        self.rust.iter().map(|(path, mask)| (path.as_str(), mask))
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(format!("{} is nested too deep", folder.display()).into());
        }
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && !HIDDEN_BUT_OURS.contains(&name.as_str());
            if hidden || NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_folder(&entry.path(), &format!("{path}/"), depth + 1)?;
            } else if kind.is_file() {
                let small = entry.metadata()?.len() <= MAX_TEXT_BYTES;
                let bytes = if small {
                    std::fs::read(entry.path())?
                } else {
                    Vec::new()
                };
                match String::from_utf8(bytes) {
                    Ok(text) if small => self.add(path, text),
                    _ => drop(self.paths.insert(path)),
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, text: String) {
        if path.ends_with(".rs") {
            self.rust.insert(path.clone(), Mask::of(&text));
        }
        self.paths.insert(path.clone());
        self.texts.insert(path, text);
    }
}

/// Whether the file holds nothing but tests.
pub(super) fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_read_and_what_programs_wrote_is_not() {
        let root = tempfile::tempdir().unwrap();
        for (path, bytes) in [
            ("src/lib.rs", b"fn main() {}".as_slice()),
            ("target/out.rs", b"x"),
            (".git/config", b"x"),
            (".ci/run", b"echo"),
            ("logo.bin", &[0xff, 0xfe]),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let tree = Tree::read(root.path()).unwrap();
        let texts: Vec<&str> = tree.texts().map(|(path, _)| path).collect();
        assert_eq!(texts, [".ci/run", "src/lib.rs"]);
        assert_eq!(tree.rust().count(), 1);
        assert!(tree.has("logo.bin") && tree.has("src") && tree.has("src/"));
        assert!(!tree.has("target") && !tree.has("sr"));
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        assert!(is_test_file("crates/a/tests/b.rs"));
        assert!(is_test_file("crates/a/src/b/tests.rs"));
        assert!(is_test_file("crates/a/src/tests/b.rs"));
        assert!(!is_test_file("crates/a/src/contests.rs"));
    }
}
