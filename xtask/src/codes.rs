//! `cargo xtask codes`: the index of the error pages.

use std::fmt::Write as _;
use std::path::Path;

use crate::{Result, run};

/// The folder of the pages, seen from the root.
pub(crate) const FOLDER: &str = "docs/errors";

const HEAD: &str = "\
# Error codes

Every error that Floe shows to a person carries a code such as `FLOE-SQL-0001`: the area it comes
from, and a number. A code never changes its meaning and is never given to another error, so it is
safe to search for, to write into a runbook and to match in a program. Messages may be reworded.

`floe explain CODE` prints the page of a code; the pages are compiled into the program.

This index is written by `cargo xtask codes`.
";

/// Writes `docs/errors/README.md`.
///
/// # Errors
///
/// When a page can not be read or the index can not be written.
pub(crate) fn run() -> Result<()> {
    let folder = run::root().join(FOLDER);
    let index = index(&pages(&folder)?);
    std::fs::write(folder.join("README.md"), index)?;
    println!("wrote {FOLDER}/README.md");
    Ok(())
}

/// The first lines of all pages in the folder, ordered by file name.
fn pages(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let Some(code) = name.strip_suffix(".md").filter(|code| is_code(code)) else {
            continue;
        };
        let text = std::fs::read_to_string(folder.join(&name))?;
        pages.push((
            code.to_owned(),
            title(code, &text).unwrap_or_default().to_owned(),
        ));
    }
    pages.sort();
    Ok(pages)
}

/// The index for these pages, given as code and title in order.
pub(crate) fn index(pages: &[(String, String)]) -> String {
    let mut text = HEAD.to_owned();
    let mut area = "";
    for (code, title) in pages {
        let now = code
            .rsplit_once('-')
            .map_or(code.as_str(), |(area, _)| area);
        if now != area {
            area = now;
            let _ = write!(text, "\n## {area}\n\n| code | what happened |\n|---|---|\n");
        }
        let title = title.replace('|', "\\|");
        let _ = writeln!(text, "| [{code}]({code}.md) | {title} |");
    }
    text
}

/// The title in a page's first line, `# CODE: title`.
pub(crate) fn title<'a>(code: &str, page: &'a str) -> Option<&'a str> {
    let first = page.lines().next()?;
    let title = first
        .strip_prefix("# ")?
        .strip_prefix(code)?
        .strip_prefix(": ")?
        .trim();
    (!title.is_empty()).then_some(title)
}

/// Whether the text is a whole code and nothing else.
pub(crate) fn is_code(text: &str) -> bool {
    find(text).first().is_some_and(|(_, code)| *code == text)
}

/// All codes in a text with the byte where each starts.
pub(crate) fn find(text: &str) -> Vec<(usize, &str)> {
    const START: &str = "FLOE-";
    let mut found = Vec::new();
    for (at, _) in text.match_indices(START) {
        let rest = &text[at + START.len()..];
        let area = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        let Some(number) = rest[area..].strip_prefix('-') else {
            continue;
        };
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        if area > 0 && digits == 4 {
            let end = at + START.len() + area + 1 + digits;
            found.push((at, &text[at..end]));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_with_their_place_and_nothing_else_is() {
        let text = "a FLOE-SQL-0001, FLOE-SPEC-12, FLOE-X-12345, FLOE--0001, FLOE-DNS-0002.";
        assert_eq!(find(text), [(2, "FLOE-SQL-0001"), (57, "FLOE-DNS-0002")]);
        assert!(is_code("FLOE-SQL-0001"));
        assert!(!is_code("FLOE-SQL-0001x"));
        assert!(!is_code("README"));
    }

    #[test]
    fn the_index_groups_codes_by_area() {
        let pages = [
            ("FLOE-A-0001".to_owned(), "one".to_owned()),
            ("FLOE-A-0002".to_owned(), "two | halves".to_owned()),
            ("FLOE-B-0001".to_owned(), "three".to_owned()),
        ];
        let text = index(&pages);
        assert_eq!(text.matches("\n## ").count(), 2);
        assert!(
            text.contains("| [FLOE-A-0002](FLOE-A-0002.md) | two \\| halves |\n"),
            "{text}"
        );
    }

    #[test]
    fn a_first_line_without_code_or_title_has_no_title() {
        assert_eq!(
            title("FLOE-A-0001", "# FLOE-A-0001: No room\n"),
            Some("No room")
        );
        assert_eq!(title("FLOE-A-0001", "# FLOE-A-0002: No room\n"), None);
        assert_eq!(title("FLOE-A-0001", "# FLOE-A-0001:\n"), None);
    }
}
