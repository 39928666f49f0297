//! Where in the text of a trace an error is.

use std::ops::Range;

use floe_scale::TraceError;
use floe_spec::Span;
use floe_sql::LineIndex;

use crate::findings::span;

/// What spreadsheets begin their files with; it belongs to no cell.
const MARK: char = '\u{feff}';

/// The cell that is wrong, or else its whole line; none when it is the text as a whole.
pub(super) fn of(text: &str, error: &TraceError) -> Option<Span> {
    let line = line(text, error.line()?)?;
    let cell = cell(error).and_then(|cell| only(text, &line, cell));
    Some(span(&LineIndex::new(text), cell.unwrap_or(line)))
}

/// The bytes of a line, counted from 1, without what ends it.
fn line(text: &str, number: usize) -> Option<Range<usize>> {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines
        .by_ref()
        .take(number.checked_sub(1)?)
        .map(str::len)
        .sum();
    let line = lines.next()?.trim_end();
    let mark = line.len() - line.trim_start_matches(MARK).len();
    Some(before + mark..before + line.len())
}

/// What the error repeats of the line.
fn cell(error: &TraceError) -> Option<&str> {
    match error {
        TraceError::Number { cell, .. } | TraceError::Command { cell, .. } => Some(cell),
        TraceError::Column { name, .. } => Some(name),
        _ => None,
    }
}

/// The bytes of the one cell of a line that holds just this; none when there is no such cell, as
/// when the error shortened it, or several.
fn only(text: &str, line: &Range<usize>, cell: &str) -> Option<Range<usize>> {
    let mut at = line.start;
    let mut found = None;
    for part in text.get(line.clone())?.split(',') {
        let begins = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        if part.trim() != cell {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(begins..begins + cell.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_scale::Trace;

    /// The line and the text that the error in a trace points at.
    fn pointed(text: &str) -> Option<(u32, &str)> {
        let error = Trace::parse(text).err()?;
        let span = of(text, &error)?;
        Some((span.line, text.get(span.start..span.end)?))
    }

    #[test]
    fn a_cell_is_pointed_at_when_it_is_the_only_one_of_its_kind() {
        let text = "# remark\r\nseconds,a,b\r\n0,1, x1 \r\n";
        assert_eq!(pointed(text), Some((3, "x1")));
        let text = "seconds,a,b\n0,x,x\n";
        assert_eq!(pointed(text), Some((2, "0,x,x")));
        let text = "seconds,command\n0,stop\n";
        assert_eq!(pointed(text), Some((2, "stop")));
        let long = "y".repeat(50);
        let text = format!("seconds,a\n0,{long}\n");
        assert_eq!(pointed(&text).map(|(line, _)| line), Some(2));
    }

    #[test]
    fn a_line_is_pointed_at_without_its_end_and_without_the_mark_before_it() {
        assert_eq!(pointed("\u{feff}time,a\r\n0,1\r\n"), Some((1, "time,a")));
        assert_eq!(pointed("seconds,a\n\n0,1\n0"), Some((4, "0")));
    }

    #[test]
    fn a_trace_without_rows_has_no_place() {
        assert_eq!(pointed("seconds\n"), None);
        assert_eq!(pointed(""), None);
    }
}
