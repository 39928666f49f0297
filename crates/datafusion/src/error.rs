//! What can be wrong with a query.

use std::fmt;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::tokenizer::Span;
use floe_function::CallError;
use floe_function::floe_batch::BatchError;

/// Why a query cannot be planned or did not run to its end.
///
/// The errors of this crate travel inside [`DataFusionError::External`] where DataFusion is in
/// between; [`QueryError::from`] takes them out again, and keeps [`CallError`]s of service
/// functions with their own codes.
///
/// ```
/// use datafusion::common::DataFusionError;
/// use floe_datafusion::QueryError;
/// use floe_function::CallError;
///
/// let call = CallError::TooManyRows { function: "F".into(), rows: 2, limit: 1 };
/// let error = QueryError::from(DataFusionError::External(Box::new(call)));
/// assert_eq!(error.code(), "FLOE-FUNCTION-0004");
/// assert!(error.call_error().is_some());
///
/// let other = QueryError::from(DataFusionError::Execution("disk full".into()));
/// assert_eq!(other.code(), "FLOE-QUERY-0013");
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is not SQL. Expected: users mistype.
    #[error("the query cannot be read: {message}")]
    Syntax {
        /// What the parser found, with line and column.
        message: String,
    },
    /// There is no statement, or more than one.
    #[error("expected one query, found {count} statements; run them one at a time")]
    NotOneStatement {
        /// How many there are.
        count: usize,
    },
    /// The statement is not a query.
    #[error(
        "`{statement}` is not a query; only SELECT, WITH, VALUES and EXPLAIN of these read data"
    )]
    NotAQuery {
        /// The start of the statement.
        statement: String,
    },
    /// A text that is read as JSON is none.
    #[error("PARSE_JSON: {error}; TRY_PARSE_JSON makes NULL of such texts")]
    NotJson {
        /// What is wrong with it, and where in the text.
        error: BatchError,
    },
    /// A service function is called in a clause that cannot carry calls.
    #[error(
        "service function {function} cannot be called in {clause}{}; {}",
        at(location),
        clause.advice(function)
    )]
    CallInClause {
        /// The function.
        function: String,
        /// The clause.
        clause: Clause,
        /// Where, when the query calls the function only once.
        location: Option<Location>,
    },
    /// A service function is called where only some rows would evaluate it.
    #[error(
        "service function {function} cannot be called in a branch of {construct}{}: which rows \
         would be sent is decided by something that is another every time it is evaluated, or is \
         not known; decide in a subquery first, SELECT CASE WHEN d … FROM (SELECT … AS d, … FROM \
         …)",
        at(location)
    )]
    CallInBranch {
        /// The function.
        function: String,
        /// `CASE`, `COALESCE`, …
        construct: String,
        /// Where, when the query calls the function only once.
        location: Option<Location>,
    },
    /// A service function is called in a subquery that refers to the query around it.
    #[error(
        "service function {function} cannot be called in a subquery that refers to columns of \
         the query around it{}; write the subquery as a JOIN with (SELECT {function}(…) AS y, … \
         FROM …)",
        at(location)
    )]
    CallInCorrelatedSubquery {
        /// The function.
        function: String,
        /// Where, when the query calls the function only once.
        location: Option<Location>,
    },
    /// The arguments fit no signature of the function.
    #[error("service function {function} takes {expected}, not {found}")]
    Arguments {
        /// The function.
        function: String,
        /// Its signatures.
        expected: String,
        /// The types that were given.
        found: String,
    },
    /// A text that comes from JSON, of which nobody knows whether it is JSON still, would be sent
    /// as a `VARIANT`.
    #[error(
        "{function} is given what comes from JSON, by an expression or by columns of which not \
         all are JSON{}; write PARSE_JSON(…) around it if it is JSON, CAST(… AS VARCHAR) if it is \
         text",
        at(location)
    )]
    JsonOrText {
        /// The function.
        function: String,
        /// Where, when the query calls the function only once.
        location: Option<Location>,
    },
    /// A call carries words that only aggregates and window functions know.
    #[error(
        "service function {function} is called for every row; it takes no {modifier}{}",
        at(location)
    )]
    CallModifier {
        /// The function.
        function: String,
        /// `OVER`, `DISTINCT`, …
        modifier: &'static str,
        /// Where.
        location: Option<Location>,
    },
    /// An argument of `read_files` is not one it knows.
    #[error("read_files: {message}{}", at(location))]
    ReadFilesArgument {
        /// What is wrong and what is allowed.
        message: String,
        /// Where.
        location: Option<Location>,
    },
    /// No file is where `read_files` was told to look.
    #[error(
        "read_files: there is no file at `{path}` (looked at {looked_at}){}",
        at(location)
    )]
    NoSuchFile {
        /// The path as written.
        path: String,
        /// The path or pattern on this machine.
        looked_at: String,
        /// Where in the query.
        location: Option<Location>,
    },
    /// A file of `read_files` cannot be read as what it should be.
    #[error(
        "read_files: `{path}` cannot be read as {format}{}: {source}",
        at(location)
    )]
    UnreadableFile {
        /// The path as written.
        path: String,
        /// The format.
        format: String,
        /// Where in the query.
        location: Option<Location>,
        /// What DataFusion says.
        source: Arc<DataFusionError>,
    },
    /// The query names something that does not exist, or its types do not fit.
    #[error("the query cannot be planned: {}", root_message(source))]
    Planning {
        /// What DataFusion says.
        source: Arc<DataFusionError>,
    },
    /// The query failed while it ran.
    #[error("the query failed: {}", root_message(source))]
    Execution {
        /// What DataFusion says.
        source: Arc<DataFusionError>,
    },
    /// A call of a service function failed; the code is that of the call.
    #[error("{}", root_message(source))]
    Call {
        /// The [`CallError`], see [`QueryError::call_error`].
        source: Arc<DataFusionError>,
    },
    /// `STREAM` stands where no stream can be read.
    #[error(
        "STREAM read_files: {problem}{}; write COPY (SELECT … FROM STREAM read_files('path', \
         checkpoint => 'directory', format => 'json')) TO 'directory'",
        at(location)
    )]
    StreamPlace {
        /// What is wrong.
        problem: &'static str,
        /// Where.
        location: Option<Location>,
    },
    /// An argument of `STREAM read_files` is not one it can work with.
    #[error("STREAM read_files: {message}{}", at(location))]
    StreamArgument {
        /// What is wrong and what is allowed.
        message: String,
        /// Where.
        location: Option<Location>,
    },
    /// An option of how files are found is wrong; the code is that of the check of options.
    #[error("STREAM read_files: {message}{}", at(location))]
    StreamOption {
        /// The code of what was found.
        code: &'static str,
        /// The option, what is wrong with it, and what to do.
        message: String,
        /// Where.
        location: Option<Location>,
    },
    /// What a stream should write cannot be written.
    #[error("COPY: {message}")]
    StreamOutput {
        /// What is wrong and what is allowed.
        message: String,
    },
    /// A service function was evaluated like an ordinary one. Not expected: the planner rule
    /// leaves no such call.
    #[error(
        "service function {function} was about to be evaluated row by row; plan queries with \
         floe_datafusion::query, and report this if you did"
    )]
    DirectCall {
        /// The function.
        function: String,
    },
}

impl QueryError {
    /// The stable code of the error, which has a page in `docs/errors`; failed calls keep the code
    /// of the [`CallError`].
    ///
    /// ```
    /// let error = floe_datafusion::QueryError::NotOneStatement { count: 2 };
    /// assert_eq!(error.code(), "FLOE-QUERY-0002");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "FLOE-QUERY-0001",
            Self::NotOneStatement { .. } => "FLOE-QUERY-0002",
            Self::NotAQuery { .. } => "FLOE-QUERY-0003",
            Self::CallInClause { .. } => "FLOE-QUERY-0004",
            Self::CallInBranch { .. } => "FLOE-QUERY-0005",
            Self::CallInCorrelatedSubquery { .. } => "FLOE-QUERY-0006",
            Self::Arguments { .. } => "FLOE-QUERY-0007",
            Self::CallModifier { .. } => "FLOE-QUERY-0008",
            Self::ReadFilesArgument { .. } => "FLOE-QUERY-0009",
            Self::NoSuchFile { .. } => "FLOE-QUERY-0010",
            Self::UnreadableFile { .. } => "FLOE-QUERY-0011",
            Self::Planning { .. } => "FLOE-QUERY-0012",
            Self::Execution { source } => code_of_stream(source).unwrap_or("FLOE-QUERY-0013"),
            Self::DirectCall { .. } => "FLOE-QUERY-0014",
            Self::NotJson { .. } => "FLOE-QUERY-0015",
            Self::JsonOrText { .. } => "FLOE-QUERY-0016",
            Self::StreamPlace { .. } => "FLOE-QUERY-0017",
            Self::StreamArgument { .. } => "FLOE-QUERY-0018",
            Self::StreamOutput { .. } => "FLOE-QUERY-0019",
            Self::StreamOption { code, .. } => code,
            Self::Call { .. } => self.call_error().map_or("FLOE-QUERY-0013", CallError::code),
        }
    }

    /// The failed call of a service function, if that is what ended the query.
    ///
    /// ```
    /// assert!(floe_datafusion::QueryError::NotOneStatement { count: 0 }.call_error().is_none());
    /// ```
    pub fn call_error(&self) -> Option<&CallError> {
        match self {
            Self::Call { source } => external(source),
            _ => None,
        }
    }

    /// Where in the query the error is, when that is known.
    ///
    /// ```
    /// assert!(floe_datafusion::QueryError::NotOneStatement { count: 0 }.location().is_none());
    /// ```
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::CallInClause { location, .. }
            | Self::CallInBranch { location, .. }
            | Self::CallInCorrelatedSubquery { location, .. }
            | Self::CallModifier { location, .. }
            | Self::JsonOrText { location, .. }
            | Self::ReadFilesArgument { location, .. }
            | Self::StreamPlace { location, .. }
            | Self::StreamArgument { location, .. }
            | Self::StreamOption { location, .. }
            | Self::NoSuchFile { location, .. }
            | Self::UnreadableFile { location, .. } => *location,
            Self::Syntax { .. }
            | Self::NotOneStatement { .. }
            | Self::NotAQuery { .. }
            | Self::Arguments { .. }
            | Self::Planning { .. }
            | Self::Execution { .. }
            | Self::Call { .. }
            | Self::NotJson { .. }
            | Self::StreamOutput { .. }
            | Self::DirectCall { .. } => None,
        }
    }

    /// The service function whose place in the query the planner rule could not tell.
    pub(crate) fn unlocated(&mut self) -> Option<(&str, &mut Option<Location>)> {
        match self {
            Self::CallInClause {
                function, location, ..
            }
            | Self::CallInBranch {
                function, location, ..
            }
            | Self::CallInCorrelatedSubquery { function, location }
            | Self::JsonOrText { function, location } => Some((function, location)),
            _ => None,
        }
    }

    /// The error of planning behind what DataFusion reports.
    pub(crate) fn planning(error: DataFusionError) -> Self {
        match Self::from(error) {
            Self::Execution { source } => match source.find_root() {
                DataFusionError::SQL(..) => Self::Syntax {
                    message: root_message(&source),
                },
                _ => Self::Planning { source },
            },
            other => other,
        }
    }
}

impl From<DataFusionError> for QueryError {
    fn from(error: DataFusionError) -> Self {
        let source = Arc::new(error);
        if let Some(own) = external::<Self>(&source) {
            return own.clone();
        }
        if external::<CallError>(&source).is_some() {
            return Self::Call { source };
        }
        Self::Execution { source }
    }
}

impl From<QueryError> for DataFusionError {
    fn from(error: QueryError) -> Self {
        Self::External(Box::new(error))
    }
}

/// A clause that service functions cannot be called in.
///
/// ```
/// assert_eq!(floe_datafusion::Clause::DistinctOn.to_string(), "DISTINCT ON");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clause {
    /// The condition of an outer join, with arguments from both sides.
    Join,
    /// `DISTINCT ON`.
    DistinctOn,
    /// `VALUES`.
    Values,
    /// `LIMIT` or `OFFSET`.
    Limit,
    /// Anything else.
    Other,
}

impl Clause {
    fn advice(self, function: &str) -> String {
        match self {
            Self::Limit => "write the number instead".to_owned(),
            Self::Join => "use arguments of one side, or an inner join".to_owned(),
            _ => format!(
                "select the call in a subquery first, SELECT … FROM (SELECT {function}(…) AS y, \
                 … FROM …), and use its column y in {self}"
            ),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Join => "the condition of an outer join with arguments from both sides",
            Self::DistinctOn => "DISTINCT ON",
            Self::Values => "VALUES",
            Self::Limit => "LIMIT",
            Self::Other => "this clause",
        })
    }
}

/// A place in the text of a query.
///
/// ```
/// let place = floe_datafusion::Location { line: 2, column: 8 };
/// assert_eq!(place.to_string(), "line 2, column 8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

impl Location {
    /// The start of `span`; sqlparser marks unknown places with line 0.
    pub(crate) fn of(span: Span) -> Option<Self> {
        (span.start.line > 0).then_some(Self {
            line: span.start.line,
            column: span.start.column,
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

fn at(location: &Option<Location>) -> String {
    location
        .map(|location| format!(" ({location})"))
        .unwrap_or_default()
}

/// The error of type `T` at the root of what DataFusion reports.
pub(crate) fn external<T: std::error::Error + 'static>(error: &DataFusionError) -> Option<&T> {
    match error.find_root() {
        DataFusionError::External(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// The code of an error of the file stream, whose tables and sinks DataFusion runs.
#[cfg(feature = "ingest")]
fn code_of_stream(error: &DataFusionError) -> Option<&'static str> {
    external::<crate::ingest::StreamError>(error).map(crate::ingest::StreamError::code)
}

#[cfg(not(feature = "ingest"))]
fn code_of_stream(_: &DataFusionError) -> Option<&'static str> {
    None
}

/// The message of the root without the prefixes that DataFusion puts before it on its way up.
fn root_message(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::External(inner) => inner.to_string(),
        DataFusionError::SQL(inner, _) => inner.to_string(),
        root => root.strip_backtrace(),
    }
}
