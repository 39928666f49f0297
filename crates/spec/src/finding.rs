//! What a reader of a specification has to say: findings, their severity, place and code.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The specification cannot be used.
    Error,
    /// The specification can be used, but something in it has no effect or is doubtful.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// A place in the text: bytes `start..end`, and the line and column of `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// Line of `start`, counted from 1.
    pub line: u32,
    /// Column of `start` in characters, counted from 1.
    pub column: u32,
}

/// One thing that is wrong or doubtful in a specification.
///
/// The text form is one line; the hint is kept apart, so that a caller may lay it out.
///
/// ```
/// use floe_spec::{ParseOptions, parse};
///
/// let parsed = parse("spec:\n  containers:\n  - name: echo\n", &ParseOptions::default());
/// assert_eq!(
///     parsed.findings[0].to_string(),
///     "error[FLOE-SPEC-0009] at line 3, column 5 (spec.containers[0]): \
///      the field `image` is missing",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, one of [`crate::codes`]; each has a page in `docs/errors`.
    pub code: &'static str,
    /// Whether the specification can be used all the same.
    pub severity: Severity,
    /// Path of the field, such as `spec.containers[0].image`; empty for the whole text.
    pub path: String,
    /// The place in the text, when there is one.
    pub span: Option<Span>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Further facts about it, each a sentence without a full stop; the reader of a text has none
    /// to add, who expands a template may name the variable.
    pub notes: Vec<String>,
    /// What to do about it, when that is known.
    pub hint: Option<String>,
}

impl Finding {
    /// Whether this finding forbids the use of the specification.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, parse};
    ///
    /// assert!(parse("", &ParseOptions::default()).findings[0].is_error());
    /// ```
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.severity, self.code)?;
        if let Some(span) = self.span {
            write!(f, " at line {}, column {}", span.line, span.column)?;
        }
        if !self.path.is_empty() {
            write!(f, " ({})", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}
