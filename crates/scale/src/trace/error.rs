//! Why a trace is refused.

use crate::error::ScaleError;

/// Longest part of a text that is shown back.
const MAX_SHOWN: usize = 40;

/// A trace that is refused; nothing is decided by it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// There is no header, or no row below it.
    #[error("the trace has no rows; it begins with a line of column names, with rows below")]
    Empty,
    /// The header does not name the column with the time.
    #[error(
        "line {line}: there is no column `seconds`; cells are separated by commas, and one of \
         them holds the seconds since the beginning"
    )]
    NoSeconds {
        /// The line of the header.
        line: usize,
    },
    /// A column has a name that is no metric.
    #[error(
        "line {line}: `{name}` names no column; write `metric`, `metric{{label=value}}`, \
         `metric[0]` or `sum(metric)`"
    )]
    Column {
        /// The line of the header.
        line: usize,
        /// The name.
        name: String,
    },
    /// Two columns hold the same thing.
    #[error("line {line}: `{name}` is given twice")]
    Twice {
        /// The line of the header.
        line: usize,
        /// The name.
        name: String,
    },
    /// A row has too few or too many cells.
    #[error("line {line}: {found} cells, but the header names {expected} columns")]
    Cells {
        /// The line.
        line: usize,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A cell is not the number that it should be.
    #[error(
        "line {line}: `{cell}` in column `{column}` is not a number that can be used; a value \
         that is missing is an empty cell"
    )]
    Number {
        /// The line.
        line: usize,
        /// The column.
        column: String,
        /// What stands there.
        cell: String,
    },
    /// Time runs backwards.
    #[error("line {line}: {seconds} s comes after {before} s; rows are sorted by `seconds`")]
    OutOfOrder {
        /// The line.
        line: usize,
        /// Its time.
        seconds: u64,
        /// The time of the row before it.
        before: u64,
    },
    /// A command that is none.
    #[error("line {line}: `{cell}` is no command; there are `suspend` and `resume`")]
    Command {
        /// The line.
        line: usize,
        /// What stands there.
        cell: String,
    },
    /// A row sets bounds that cannot be.
    #[error("line {line}: {source}")]
    Bounds {
        /// The line.
        line: usize,
        /// What is wrong with them.
        source: ScaleError,
    },
    /// Quotes that do not close, or stand in the middle of a cell.
    #[error("line {line}: a quote does not end where its cell ends")]
    Quotes {
        /// The line.
        line: usize,
    },
    /// More than is read.
    #[error("the trace has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much of it may be.
        limit: usize,
    },
}

impl TraceError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// let error = floe_scale::Trace::parse("seconds\n60\n30\n").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-SCALE-0016");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "FLOE-SCALE-0010",
            Self::NoSeconds { .. } => "FLOE-SCALE-0011",
            Self::Column { .. } => "FLOE-SCALE-0012",
            Self::Twice { .. } => "FLOE-SCALE-0013",
            Self::Cells { .. } => "FLOE-SCALE-0014",
            Self::Number { .. } => "FLOE-SCALE-0015",
            Self::OutOfOrder { .. } => "FLOE-SCALE-0016",
            Self::Command { .. } => "FLOE-SCALE-0017",
            Self::Bounds { .. } => "FLOE-SCALE-0018",
            Self::Quotes { .. } => "FLOE-SCALE-0019",
            Self::TooLarge { .. } => "FLOE-SCALE-0021",
        }
    }

    /// The line that is wrong, counted from 1; `None` when it is the text as a whole.
    ///
    /// ```
    /// let error = floe_scale::Trace::parse("seconds\n60\n30\n").unwrap_err();
    /// assert_eq!(error.line(), Some(3));
    /// ```
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Empty | Self::TooLarge { .. } => None,
            Self::NoSeconds { line }
            | Self::Column { line, .. }
            | Self::Twice { line, .. }
            | Self::Cells { line, .. }
            | Self::Number { line, .. }
            | Self::OutOfOrder { line, .. }
            | Self::Command { line, .. }
            | Self::Bounds { line, .. }
            | Self::Quotes { line } => Some(*line),
        }
    }

    pub(super) fn number(line: usize, column: &str, cell: &str) -> Self {
        Self::Number {
            line,
            column: shown(column),
            cell: shown(cell),
        }
    }

    pub(super) fn command(line: usize, cell: &str) -> Self {
        let cell = shown(cell);
        Self::Command { line, cell }
    }

    pub(super) fn column(line: usize, name: &str) -> Self {
        let name = shown(name);
        Self::Column { line, name }
    }

    pub(super) fn twice(line: usize, name: &str) -> Self {
        let name = shown(name);
        Self::Twice { line, name }
    }

    pub(super) fn too_large(what: &'static str, limit: usize) -> Self {
        Self::TooLarge { what, limit }
    }
}

/// The beginning of a text, on one line and without anything that a terminal would obey.
fn shown(text: &str) -> String {
    text.chars()
        .take(MAX_SHOWN)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
