//! Every error code has a page, every page a code, and the index names them all.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::{Tree, is_test_file};
use crate::codes;

/// What each page says, after its title.
const SECTIONS: &[&str] = &["## What happened", "## What to do"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let used = used(tree);
    let mut findings = Vec::new();
    let mut index = Vec::new();
    for (path, text) in tree.texts() {
        let Some(name) = path
            .strip_prefix(codes::FOLDER)
            .and_then(|rest| rest.strip_prefix('/'))
        else {
            continue;
        };
        match name.strip_suffix(".md").filter(|code| codes::is_code(code)) {
            Some(code) => {
                findings.extend(page(path, code, text, used.contains_key(code)));
                let title = codes::title(code, text).unwrap_or_default();
                index.push((code.to_owned(), title.to_owned()));
            }
            None if name == "README.md" => {}
            None => findings.push(Finding::error(path, 0, "no error code is called like this")),
        }
    }
    for (code, (file, line)) in &used {
        let page = format!("{}/{code}.md", codes::FOLDER);
        if tree.text(&page).is_none() {
            findings.push(Finding::error(
                file,
                *line,
                format!("{code} has no page {page}"),
            ));
        }
    }
    let readme = format!("{}/README.md", codes::FOLDER);
    if tree
        .text(&readme)
        .is_some_and(|text| text != codes::index(&index))
    {
        findings.push(Finding::error(
            &readme,
            0,
            "is out of date: run `cargo xtask codes`",
        ));
    }
    findings
}

/// The codes in the sources of the crates, each with the first place.
fn used(tree: &Tree) -> BTreeMap<&str, (&str, usize)> {
    let mut used = BTreeMap::new();
    for (path, _) in tree.rust() {
        let is_source = path.starts_with("crates/") || path.starts_with("examples/");
        if !is_source || is_test_file(path) {
            continue;
        }
        let text = tree.text(path).unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            for (_, code) in codes::find(line) {
                used.entry(code).or_insert((path, index + 1));
            }
        }
    }
    used
}

fn page(path: &str, code: &str, text: &str, used: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if codes::title(code, text).is_none() {
        findings.push(Finding::error(
            path,
            1,
            format!("begins with `# {code}: ` and a title"),
        ));
    }
    for section in SECTIONS {
        if !text.lines().any(|line| line.trim_end() == *section) {
            findings.push(Finding::error(
                path,
                0,
                format!("has no section `{section}`"),
            ));
        }
    }
    if !used {
        findings.push(Finding::error(path, 0, "no crate uses this code"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# FLOE-A-0001: No room\n\n## What happened\n\nx\n\n## What to do\n\ny\n";
    const SOURCE: &str = "\nconst CODE: &str = \"FLOE-A-0001\";\n";

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_code_with_a_whole_page_is_fine() {
        let files = [
            ("crates/a/src/lib.rs", SOURCE),
            ("docs/errors/FLOE-A-0001.md", PAGE),
        ];
        assert!(messages(&files).is_empty());
    }

    #[test]
    fn a_code_without_page_is_found_where_it_is_used() {
        assert_eq!(
            messages(&[("crates/a/src/lib.rs", SOURCE)]),
            ["error: crates/a/src/lib.rs:2: FLOE-A-0001 has no page docs/errors/FLOE-A-0001.md"]
        );
        assert!(messages(&[("crates/a/tests/b.rs", SOURCE)]).is_empty());
    }

    #[test]
    fn a_page_without_code_title_or_sections_is_found() {
        let found = messages(&[("docs/errors/FLOE-A-0001.md", "# No room\n")]);
        assert_eq!(found.len(), 4, "{found:#?}");
        let found = messages(&[("docs/errors/notes.md", "")]);
        assert_eq!(
            found,
            ["error: docs/errors/notes.md: no error code is called like this"]
        );
    }

    #[test]
    fn an_index_that_misses_a_page_is_out_of_date() {
        let index = codes::index(&[("FLOE-A-0001".to_owned(), "No room".to_owned())]);
        let with = |index: &str| {
            messages(&[
                ("crates/a/src/lib.rs", SOURCE),
                ("docs/errors/FLOE-A-0001.md", PAGE),
                ("docs/errors/README.md", index),
            ])
        };
        assert!(with(&index).is_empty());
        assert_eq!(with("# Error codes\n").len(), 1);
    }
}
