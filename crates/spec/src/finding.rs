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
    /// Stable code, one of [`codes`]; each has a page in `docs/errors`.
    pub code: &'static str,
    /// Whether the specification can be used all the same.
    pub severity: Severity,
    /// Path of the field, such as `spec.containers[0].image`; empty for the whole text.
    pub path: String,
    /// The place in the text, when there is one.
    pub span: Option<Span>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
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

/// The codes of all findings of this crate.
pub mod codes {
    /// The text is longer than [`crate::limits::MAX_SPEC_BYTES`].
    pub const TEXT_TOO_LARGE: &str = "FLOE-SPEC-0001";
    /// The text is neither YAML nor JSON.
    pub const SYNTAX: &str = "FLOE-SPEC-0002";
    /// Nesting, values or aliases exceed a limit.
    pub const TOO_COMPLEX: &str = "FLOE-SPEC-0003";
    /// The text holds more than one YAML document.
    pub const SEVERAL_DOCUMENTS: &str = "FLOE-SPEC-0004";
    /// A key stands twice in one map.
    pub const DUPLICATE_KEY: &str = "FLOE-SPEC-0005";
    /// A YAML merge key (`<<`) is used.
    pub const MERGE_KEY: &str = "FLOE-SPEC-0006";
    /// The text holds nothing.
    pub const EMPTY: &str = "FLOE-SPEC-0007";
    /// A value has another shape than its field needs.
    pub const WRONG_TYPE: &str = "FLOE-SPEC-0008";
    /// A field that must be given is missing.
    pub const MISSING_FIELD: &str = "FLOE-SPEC-0009";
    /// A key is not known at its place.
    pub const UNKNOWN_KEY: &str = "FLOE-SPEC-0010";
    /// The plural and the singular form of one list are both given.
    pub const BOTH_FORMS: &str = "FLOE-SPEC-0011";
    /// A name breaks the rules for names.
    pub const BAD_NAME: &str = "FLOE-SPEC-0012";
    /// A name is used twice.
    pub const DUPLICATE_NAME: &str = "FLOE-SPEC-0013";
    /// A port is not a number from 1 to 65535.
    pub const BAD_PORT: &str = "FLOE-SPEC-0014";
    /// An endpoint needs exactly one of `port` and `portRange`.
    pub const PORT_OR_RANGE: &str = "FLOE-SPEC-0015";
    /// A `portRange` needs `protocol: TCP` and must not be public.
    pub const RANGE_NEEDS_TCP: &str = "FLOE-SPEC-0016";
    /// A public endpoint needs `protocol: HTTP`.
    pub const PUBLIC_NEEDS_HTTP: &str = "FLOE-SPEC-0017";
    /// A value is none of the words that its field knows.
    pub const UNKNOWN_VALUE: &str = "FLOE-SPEC-0018";
    /// A quantity of processor, memory or accelerators cannot be read.
    pub const BAD_QUANTITY: &str = "FLOE-SPEC-0019";
    /// A memory quantity has no unit, or one that memory does not take.
    pub const MEMORY_UNIT: &str = "FLOE-SPEC-0020";
    /// Accelerators are requested without the same limit.
    pub const GPU_MISMATCH: &str = "FLOE-SPEC-0021";
    /// A request is greater than its limit.
    pub const REQUEST_OVER_LIMIT: &str = "FLOE-SPEC-0022";
    /// A mount names a volume that does not exist.
    pub const UNKNOWN_VOLUME: &str = "FLOE-SPEC-0023";
    /// A mount path is not an absolute directory path, or is used twice.
    pub const BAD_MOUNT_PATH: &str = "FLOE-SPEC-0024";
    /// A memory or block volume has no size.
    pub const SIZE_MISSING: &str = "FLOE-SPEC-0025";
    /// The size of a block volume is not a whole number of `Gi` in range.
    pub const BLOCK_SIZE: &str = "FLOE-SPEC-0026";
    /// There are more items than a service may have.
    pub const TOO_MANY: &str = "FLOE-SPEC-0027";
    /// A service role names an endpoint that does not exist.
    pub const UNKNOWN_ENDPOINT: &str = "FLOE-SPEC-0028";
    /// A field that only the system writes is given (warning).
    pub const OUTPUT_ONLY: &str = "FLOE-SPEC-0029";
    /// A field of the preview time is given, which does nothing any more (warning).
    pub const LEGACY: &str = "FLOE-SPEC-0030";
    /// An environment variable is written as YAML null (warning).
    pub const NULL_ENV: &str = "FLOE-SPEC-0031";
    /// A text cannot be handed to a process: NUL, or `=` in a variable's name.
    pub const BAD_TEXT: &str = "FLOE-SPEC-0032";
    /// An image reference is empty or holds white space.
    pub const BAD_IMAGE: &str = "FLOE-SPEC-0033";
    /// The path of a probe cannot be requested over HTTP.
    pub const BAD_PROBE_PATH: &str = "FLOE-SPEC-0034";
    /// A field does not apply to job services.
    pub const NOT_FOR_JOBS: &str = "FLOE-SPEC-0035";
    /// A key is empty, too long, or not a plain word.
    pub const BAD_KEY: &str = "FLOE-SPEC-0036";
    /// A whole number is missing, malformed or out of range.
    pub const BAD_NUMBER: &str = "FLOE-SPEC-0037";
    /// A field is given where it has no effect (warning).
    pub const NO_EFFECT: &str = "FLOE-SPEC-0038";
    /// A value is understood although it is not written as documented (warning).
    pub const LOOSE_SPELLING: &str = "FLOE-SPEC-0039";
}
