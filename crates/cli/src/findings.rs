//! Findings about the texts that commands read.

use std::io::IsTerminal as _;
use std::ops::Range;

use floe_spec::render::{self, Source};
use floe_spec::{Finding, Span};
use floe_sql::LineIndex;

use crate::input::Input;

/// Findings, drawn on standard error.
pub(crate) fn tell(input: &Input, findings: &[Finding]) {
    let coloured = std::io::stderr().is_terminal();
    eprint!("{}", render::text(findings, &source(input), coloured));
}

pub(crate) fn source(input: &Input) -> Source<'_> {
    Source {
        name: &input.name,
        text: &input.text,
    }
}

/// A place of a text, given in bytes.
pub(crate) fn span(index: &LineIndex<'_>, range: Range<usize>) -> Span {
    let (line, column) = index.line_column(range.start);
    Span {
        start: range.start,
        end: range.end,
        line,
        column,
    }
}
