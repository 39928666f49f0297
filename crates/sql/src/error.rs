//! What can be wrong with a script.

use std::ops::Range;

use crate::limits::{MAX_IDENT_CHARS, MAX_NESTING, MAX_SCRIPT_BYTES, MAX_STATEMENTS};

/// One thing that is wrong with one statement, with its place in the script.
///
/// ```
/// let errors = floe_sql::parse_script("SHOW SERVCES").unwrap_err();
/// assert_eq!(errors[0].code(), "FLOE-SQL-0007");
/// assert_eq!(errors[0].span(), 5..12);
/// assert_eq!(errors[0].hint.as_deref(), Some("did you mean `SERVICES`?"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    kind: SqlErrorKind,
    span: Range<usize>,
    /// What is wrong, in one sentence, with what was found.
    pub message: String,
    /// What could have stood there instead; empty when that helps nobody.
    pub expected: Vec<String>,
    /// How to put it right, where that can be said.
    pub hint: Option<String>,
}

/// The kinds of errors; each has a stable code.
///
/// ```
/// use floe_sql::SqlErrorKind;
///
/// let errors = floe_sql::parse_script("SHOW SERVICES LIKE 'a").unwrap_err();
/// assert_eq!(*errors[0].kind(), SqlErrorKind::Unterminated);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// The script has too many bytes.
    #[error("the script is longer than {MAX_SCRIPT_BYTES} bytes")]
    ScriptTooLong,
    /// The script has too many statements.
    #[error("the script has more than {MAX_STATEMENTS} statements")]
    TooManyStatements,
    /// A string, quoted identifier or comment is not closed.
    #[error("the text ends inside a string, quoted name or comment")]
    Unterminated,
    /// A character that no statement has outside of strings.
    #[error("a character that has no meaning here")]
    UnexpectedCharacter,
    /// No statement starts like this.
    #[error("no statement starts like this")]
    UnknownStatement,
    /// A statement or clause of the dialect that is not carried out yet.
    #[error("not supported yet")]
    NotSupported,
    /// Something else was expected at this place.
    #[error("something else was expected here")]
    UnexpectedToken,
    /// The statement ends too early.
    #[error("the statement ends too early")]
    UnexpectedEnd,
    /// The statement has no such property.
    #[error("unknown property")]
    UnknownProperty,
    /// A property, clause or name stands twice.
    #[error("written twice")]
    Duplicate,
    /// A clause the statement cannot do without is missing.
    #[error("a required clause is missing")]
    MissingClause,
    /// The value has the wrong type or is out of range.
    #[error("wrong kind of value")]
    InvalidValue,
    /// A name is malformed.
    #[error("not a valid name; names have at most {MAX_IDENT_CHARS} characters")]
    InvalidName,
    /// Types are nested too deeply.
    #[error("types are nested more than {MAX_NESTING} deep")]
    TooDeep,
    /// A backslash escape names no character.
    #[error("the escape names no character")]
    InvalidEscape,
}

// === impl SqlErrorKind ===

impl SqlErrorKind {
    /// The stable code, for scripts and for the page that explains it.
    ///
    /// ```
    /// assert_eq!(floe_sql::SqlErrorKind::ScriptTooLong.code(), "FLOE-SQL-0001");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::ScriptTooLong => "FLOE-SQL-0001",
            Self::TooManyStatements => "FLOE-SQL-0002",
            Self::Unterminated => "FLOE-SQL-0003",
            Self::UnexpectedCharacter => "FLOE-SQL-0004",
            Self::UnknownStatement => "FLOE-SQL-0005",
            Self::NotSupported => "FLOE-SQL-0006",
            Self::UnexpectedToken => "FLOE-SQL-0007",
            Self::UnexpectedEnd => "FLOE-SQL-0008",
            Self::UnknownProperty => "FLOE-SQL-0009",
            Self::Duplicate => "FLOE-SQL-0010",
            Self::MissingClause => "FLOE-SQL-0011",
            Self::InvalidValue => "FLOE-SQL-0012",
            Self::InvalidName => "FLOE-SQL-0013",
            Self::TooDeep => "FLOE-SQL-0014",
            Self::InvalidEscape => "FLOE-SQL-0015",
        }
    }
}

// === impl SqlError ===

impl SqlError {
    pub(crate) fn new(kind: SqlErrorKind, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            kind,
            span,
            message: message.into(),
            expected: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn expecting<S: Into<String>>(mut self, all: impl IntoIterator<Item = S>) -> Self {
        self.expected = all.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The kind of error.
    ///
    /// ```
    /// let errors = floe_sql::parse_script("FROBNICATE").unwrap_err();
    /// assert_eq!(*errors[0].kind(), floe_sql::SqlErrorKind::UnknownStatement);
    /// ```
    pub fn kind(&self) -> &SqlErrorKind {
        &self.kind
    }

    /// The stable code, for scripts and for the page that explains it.
    ///
    /// ```
    /// let errors = floe_sql::parse_script("FROBNICATE").unwrap_err();
    /// assert_eq!(errors[0].code(), "FLOE-SQL-0005");
    /// ```
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Byte range of the script that the error is about; empty at the end of a statement.
    ///
    /// ```
    /// let errors = floe_sql::parse_script("DROP SERVICE").unwrap_err();
    /// assert_eq!(errors[0].span(), 12..12);
    /// ```
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}
