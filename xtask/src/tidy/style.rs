//! Lengths of files and lines, and what may not stand in any Rust file.

use super::Finding;
use super::mask::Mask;
use super::tree::{Tree, is_test_file};

/// A Rust file of more lines than this is said, …
const LONG_FILE: usize = 500;
/// … and of more than this refused.
const TOO_LONG_FILE: usize = 800;
/// Columns of a line. A line with a link in it may be longer, and so may one
/// inside a string that began on an earlier line, where a break would change
/// it, or one of a test that holds a string: what is printed is shown whole.
const COLUMNS: usize = 100;

/// Code that may not stand anywhere, with what to do instead.
const FORBIDDEN: &[(&str, &str)] = &[
    ("#[allow(", "use `#[expect(lint, reason = \"…\")]`"),
    ("#![allow(", "use `#![expect(lint, reason = \"…\")]`"),
    ("todo!(", "finish it"),
    ("unimplemented!(", "finish it"),
    ("#[ignore", "a test that does not run proves nothing"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, mask) in tree.rust() {
        let text = tree.text(path).unwrap_or_default();
        if path.ends_with("/mod.rs") {
            findings.push(Finding::error(
                path,
                0,
                "modules are `name.rs` beside `name/`",
            ));
        }
        findings.extend(file_length(path, text));
        findings.extend(line_lengths(path, text, mask));
        findings.extend(forbidden(path, mask.code_lines()));
        findings.extend(ignored_examples(path, mask.comment_lines()));
    }
    for (path, text) in tree.texts().filter(|(path, _)| path.ends_with(".md")) {
        let lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        findings.extend(ignored_examples(path, lines));
    }
    findings
}

fn file_length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    if lines > TOO_LONG_FILE {
        let message = format!("{lines} lines; {TOO_LONG_FILE} are allowed");
        return Some(Finding::error(path, 0, message));
    }
    let message = format!("{lines} lines; {LONG_FILE} are aimed at");
    (lines > LONG_FILE).then(|| Finding::warning(path, 0, message))
}

fn line_lengths(path: &str, text: &str, mask: &Mask) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, ((number, code), (_, comment))) in text
        .lines()
        .zip(mask.code_lines().zip(mask.comment_lines()))
    {
        let columns = line.chars().count();
        let in_string = code.trim().is_empty() && comment.trim().is_empty();
        let in_string = in_string || is_test_file(path) && code.contains('"');
        if columns > COLUMNS && !in_string && !line.contains("://") {
            let message = format!("{columns} columns; {COLUMNS} are allowed");
            findings.push(Finding::error(path, number, message));
        }
    }
    findings
}

fn forbidden<'a>(path: &str, lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines {
        for (code, instead) in FORBIDDEN {
            if line.contains(code) {
                let message = format!("`{code}` is not used here: {instead}");
                findings.push(Finding::error(path, number, message));
            }
        }
        if line.contains("cfg_attr(") && line.contains(" allow(") {
            findings.push(Finding::error(
                path,
                number,
                "`allow` inside `cfg_attr`: use `expect`",
            ));
        }
    }
    findings
}

/// Fences whose language says `ignore`: examples that nobody compiles.
fn ignored_examples<'a>(path: &str, lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in lines {
        let line = line
            .trim_start()
            .trim_start_matches(['/', '!', '*'])
            .trim_start();
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        if info
            .split([',', ' '])
            .any(|word| word.starts_with("ignore"))
        {
            findings.push(Finding::error(
                path,
                number,
                "an `ignore` example: let it compile",
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)]))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_long_file_is_said_and_a_longer_one_refused() {
        assert!(messages("a.rs", &"a\n".repeat(500)).is_empty());
        assert_eq!(
            messages("a.rs", &"a\n".repeat(501)),
            ["warning: a.rs: 501 lines; 500 are aimed at"]
        );
        assert_eq!(
            messages("a.rs", &"a\n".repeat(801)),
            ["error: a.rs: 801 lines; 800 are allowed"]
        );
    }

    #[test]
    fn a_wide_line_is_refused_unless_it_holds_a_link() {
        assert!(messages("a.rs", &"ä".repeat(100)).is_empty());
        assert_eq!(
            messages("a.rs", &format!("\n{}", "ä".repeat(101))),
            ["error: a.rs:2: 101 columns; 100 are allowed"]
        );
        assert!(messages("a.rs", &format!("// https://{}", "a".repeat(101))).is_empty());
    }

    #[test]
    fn the_text_of_a_string_is_as_wide_as_it_is() {
        let wide = "a".repeat(101);
        assert!(messages("a.rs", &format!("f(r\"\n{wide}\n\");\n")).is_empty());
        assert_eq!(messages("a.rs", &format!("f(\"{wide}\");\n")).len(), 1);
        assert!(messages("a/tests/b.rs", &format!("f(\"{wide}\");\n")).is_empty());
        assert_eq!(messages("a/tests/b.rs", &format!("f({wide});\n")).len(), 1);
    }

    #[test]
    fn a_module_file_is_refused() {
        assert_eq!(messages("a/mod.rs", "").len(), 1);
        assert!(messages("a/model.rs", "").is_empty());
    }

    #[test]
    fn what_hides_a_lint_or_a_gap_is_refused_in_code_only() {
        let code = "#[allow(dead_code)]\n#![allow(x)]\nfn a() { todo!() }\nunimplemented!();\n\
                    #[ignore = \"slow\"]\n#[cfg_attr(test, allow(x))]\n";
        let found = messages("a.rs", code);
        assert_eq!(found.len(), 6, "{found:#?}");
        assert!(
            found[4].starts_with("error: a.rs:5: `#[ignore`"),
            "{found:#?}"
        );
        assert!(messages("a.rs", "// #[allow(x)] todo!()\nlet a = \"todo!()\";\n").is_empty());
    }

    #[test]
    fn an_example_that_is_not_compiled_is_refused() {
        assert_eq!(
            messages("a.rs", "/// ```ignore\n//! ```rust,ignore\n").len(),
            2
        );
        assert!(messages("a.rs", "/// ```no_run\nlet a = \"```ignore\";\n").is_empty());
        assert_eq!(messages("a.md", "```rust,ignore\n```\n").len(), 1);
    }
}
