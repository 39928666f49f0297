//! No function is longer than a person can see at once.

use super::Finding;
use super::mask::{find_word, is_name};
use super::tree::Tree;

/// Lines with code that a function may have, its first and last line among them.
const MAX_LINES: usize = 70;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, mask) in tree.rust() {
        for function in functions(&mask.code) {
            if function.lines > MAX_LINES {
                let Function { name, lines, .. } = function;
                let message =
                    format!("`{name}` has {lines} lines of code; {MAX_LINES} are allowed");
                findings.push(Finding::error(path, function.line, message));
            }
        }
    }
    findings
}

#[derive(Debug, PartialEq, Eq)]
struct Function<'a> {
    name: &'a str,
    /// Where it begins, counted from 1.
    line: usize,
    /// Lines with code in them.
    lines: usize,
}

/// All functions with a body, inner ones too. The text holds no comments and
/// no contents of strings.
fn functions(code: &str) -> Vec<Function<'_>> {
    find_word(code, "fn")
        .filter_map(|at| function(code, at))
        .collect()
}

fn function(code: &str, at: usize) -> Option<Function<'_>> {
    let rest = code[at + "fn".len()..].trim_start();
    let name_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    let name = &rest[..name_end];
    if name.is_empty() {
        // A function pointer, `fn(u8)`, or `fn $name` in a macro.
        return None;
    }
    let end = body_end(code, at)?;
    let line = code[..at].matches('\n').count() + 1;
    let lines = code[at..end]
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count();
    Some(Function { name, line, lines })
}

/// The byte after the brace that closes the body of the function that begins
/// at `at`; none when it has no body.
fn body_end(code: &str, at: usize) -> Option<usize> {
    let mut brackets = 0_usize;
    let mut braces = 0_usize;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            ';' if brackets == 0 && braces == 0 => return None,
            '{' if braces > 0 || brackets == 0 => braces += 1,
            '}' if braces > 0 => {
                braces -= 1;
                if braces == 0 {
                    return Some(at + offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one function of that many lines of code, and as many
    /// comments, blank lines and lines inside a string.
    fn file(lines: usize) -> String {
        let mut text = String::from("/// A text.\nfn long(a: [u8; 2], f: fn(u8)) -> u8 {\n");
        for _ in 2..lines {
            text.push_str("    call('{'); // }\n\n    // A comment.\n");
        }
        text.push_str("}\n");
        text
    }

    #[test]
    fn a_function_one_line_too_long_is_found_where_it_begins() {
        assert!(check(&Tree::of(&[("a.rs", &file(70))])).is_empty());
        let found = check(&Tree::of(&[("a.rs", &file(71))]));
        let message = "`long` has 71 lines of code; 70 are allowed";
        assert_eq!(found, [Finding::error("a.rs", 2, message)]);
    }

    #[test]
    fn pointers_and_declarations_without_body_are_not_functions() {
        let code =
            "type F = fn(u8) -> u8;\ntrait T { fn a(&self) -> [u8; 2]; fn b() {} }\nfn c() {}";
        let names: Vec<&str> = functions(code)
            .iter()
            .map(|function| function.name)
            .collect();
        assert_eq!(names, ["b", "c"]);
    }

    #[test]
    fn an_inner_function_counts_for_itself_and_for_its_host() {
        let found = functions("fn a() {\n    fn b() {\n    }\n}\n");
        assert_eq!(
            found[0],
            Function {
                name: "a",
                line: 1,
                lines: 4
            }
        );
        assert_eq!(
            found[1],
            Function {
                name: "b",
                line: 2,
                lines: 2
            }
        );
    }
}
