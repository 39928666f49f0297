//! What the owner of a service function declares.

use std::num::NonZeroU32;
use std::time::Duration;

use floe_batch::SqlType;
use hyper::http::uri::PathAndQuery;

/// The longest BATCH_TIMEOUT_SECS that can be declared: seven days.
const MAX_BATCH_TIMEOUT: Duration = Duration::from_secs(604_800);

/// The functions that CONTEXT_HEADERS may name ("CREATE FUNCTION (Snowpark Container Services)" in
/// the Snowflake documentation).
///
/// ```
/// assert!(floe_function::CONTEXT_FUNCTIONS.contains(&"CURRENT_USER"));
/// ```
pub const CONTEXT_FUNCTIONS: [&str; 21] = [
    "CURRENT_ACCOUNT",
    "CURRENT_CLIENT",
    "CURRENT_DATABASE",
    "CURRENT_DATE",
    "CURRENT_IP_ADDRESS",
    "CURRENT_REGION",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_SCHEMAS",
    "CURRENT_SESSION",
    "CURRENT_STATEMENT",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_TRANSACTION",
    "CURRENT_USER",
    "CURRENT_VERSION",
    "CURRENT_WAREHOUSE",
    "LAST_QUERY_ID",
    "LAST_TRANSACTION",
    "LOCALTIME",
    "LOCALTIMESTAMP",
];

fn is_context(name: &str) -> bool {
    CONTEXT_FUNCTIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// What `CREATE FUNCTION … SERVICE = …` declares, less the service: that is found by
/// [`Targets`](crate::Targets).
///
/// ```
/// use floe_function::{FunctionSpec, OnBatchFailure};
/// use floe_batch::SqlType;
///
/// let text = SqlType::parse("VARCHAR")?;
/// let mut spec = FunctionSpec::new("MY_ECHO_UDF", [("TEXT", text)], text, "/echo");
/// assert_eq!(spec.max_batch_retries, 3);
/// assert_eq!(spec.batch_timeout.as_secs(), 3600);
/// assert_eq!(spec.on_batch_failure, OnBatchFailure::Abort);
/// assert_eq!(spec.signature(), "(TEXT VARCHAR)");
/// spec.max_batch_rows = std::num::NonZeroU32::new(15);
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    /// The SQL name, as the service is told it (`MY_ECHO_UDF`).
    pub name: String,
    /// Names and types of the arguments, in order.
    pub args: Vec<(String, SqlType)>,
    /// The type of the result.
    pub returns: SqlType,
    /// `RETURNS … NOT NULL`: an answer with a NULL is an error.
    pub returns_not_null: bool,
    /// `STRICT`: rows with a NULL argument are not sent and yield NULL.
    pub strict: bool,
    /// The HTTP path (`AS '/echo'`), with a query string where there is one.
    pub path: String,
    /// CONTEXT_HEADERS: the context functions whose values every batch carries as headers, of
    /// [`CONTEXT_FUNCTIONS`]. The values come from the query, by
    /// [`Function::with_context`](crate::Function::with_context).
    pub context_headers: Vec<String>,
    /// MAX_BATCH_ROWS; `None` leaves the choice to [`Function::cut`](crate::Function::cut).
    pub max_batch_rows: Option<NonZeroU32>,
    /// MAX_BATCH_RETRIES: how often one batch may be sent again.
    pub max_batch_retries: u32,
    /// ON_BATCH_FAILURE: what a dead batch becomes.
    pub on_batch_failure: OnBatchFailure,
    /// BATCH_TIMEOUT_SECS: the time of one batch with all its retries and polls.
    pub batch_timeout: Duration,
}

impl FunctionSpec {
    /// A function with the default of every property.
    ///
    /// ```
    /// use floe_batch::SqlType;
    /// use floe_function::FunctionSpec;
    ///
    /// let int = SqlType::parse("INT")?;
    /// let spec = FunctionSpec::new("ADD", [("A", int), ("B", int)], int, "/add");
    /// assert!(!spec.strict && !spec.returns_not_null && spec.max_batch_rows.is_none());
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    pub fn new<N: Into<String>>(
        name: impl Into<String>,
        args: impl IntoIterator<Item = (N, SqlType)>,
        returns: SqlType,
        path: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            args: args
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
            returns,
            returns_not_null: false,
            strict: false,
            path: path.into(),
            context_headers: Vec::new(),
            max_batch_rows: None,
            max_batch_retries: 3,
            on_batch_failure: OnBatchFailure::Abort,
            batch_timeout: Duration::from_secs(3600),
        }
    }

    /// The arguments as the service is told them: names, and types without their parameters.
    ///
    /// ```
    /// use floe_batch::SqlType;
    /// use floe_function::FunctionSpec;
    ///
    /// let price = SqlType::parse("NUMBER(10,2)")?;
    /// let spec = FunctionSpec::new("TAX", [("PRICE", price), ("DAY", SqlType::Date)], price, "/");
    /// assert_eq!(spec.signature(), "(PRICE NUMBER, DAY DATE)");
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    pub fn signature(&self) -> String {
        let args: Vec<_> = self
            .args
            .iter()
            .map(|(name, ty)| format!("{name} {}", ty.name()))
            .collect();
        format!("({})", args.join(", "))
    }

    /// Whether a result column of this function can hold a NULL: because the service may answer
    /// one, because STRICT rows yield one, or because a failed batch becomes NULL.
    ///
    /// ```
    /// use floe_batch::SqlType;
    /// use floe_function::{FunctionSpec, OnBatchFailure};
    ///
    /// let mut spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// assert!(spec.may_return_null());
    /// spec.returns_not_null = true;
    /// assert!(!spec.may_return_null());
    /// spec.on_batch_failure = OnBatchFailure::ReturnNull;
    /// assert!(spec.may_return_null());
    /// ```
    pub fn may_return_null(&self) -> bool {
        !self.returns_not_null || self.strict || self.on_batch_failure == OnBatchFailure::ReturnNull
    }

    /// Proves the parts that SQL alone does not prove, and answers the path as HTTP takes it.
    pub(crate) fn check(&self) -> Result<PathAndQuery, SpecError> {
        if self.batch_timeout.is_zero() || self.batch_timeout > MAX_BATCH_TIMEOUT {
            return Err(SpecError::BatchTimeout {
                function: self.name.clone(),
                timeout: self.batch_timeout,
            });
        }
        if let Some(name) = self.context_headers.iter().find(|name| !is_context(name)) {
            return Err(SpecError::ContextFunction {
                function: self.name.clone(),
                name: name.clone(),
            });
        }
        let path = || SpecError::Path {
            function: self.name.clone(),
            path: self.path.clone(),
        };
        if !self.path.starts_with('/') {
            return Err(path());
        }
        PathAndQuery::try_from(self.path.as_str()).map_err(|_| path())
    }
}

/// What the rows of a batch become that failed for good (ON_BATCH_FAILURE).
///
/// ```
/// use floe_function::OnBatchFailure;
///
/// assert_eq!(OnBatchFailure::default(), OnBatchFailure::Abort);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBatchFailure {
    /// The query fails.
    #[default]
    Abort,
    /// Every row of the batch becomes NULL; [`CallReport`](crate::CallReport) counts them and keeps
    /// the first reason.
    ReturnNull,
}

/// Why a function cannot be called as declared.
///
/// ```
/// use std::sync::Arc;
/// use floe_batch::SqlType;
/// use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
///
/// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "echo");
/// let client = Client::new(ClientOptions::default());
/// let error = Function::new(spec, Arc::new(FixedTarget::new("127.0.0.1:1")), client).unwrap_err();
/// assert_eq!(error.code(), "FLOE-FUNCTION-0001");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The path is not one that HTTP can carry. Expected: it is what a user typed after AS.
    #[error(
        "function {function}: `{path}` is not an HTTP path; write AS '/path', starting with a \
         slash and with spaces and other special characters percent-encoded"
    )]
    Path {
        /// The function.
        function: String,
        /// The path as declared.
        path: String,
    },
    /// The timeout is zero or longer than seven days.
    #[error(
        "function {function}: BATCH_TIMEOUT_SECS must be more than 0 and at most 604800 \
         (seven days), not {}", timeout.as_secs_f64()
    )]
    BatchTimeout {
        /// The function.
        function: String,
        /// The timeout as declared.
        timeout: Duration,
    },
    /// CONTEXT_HEADERS names something else than a context function.
    #[error(
        "function {function}: CONTEXT_HEADERS cannot carry `{name}`; it takes {}",
        CONTEXT_FUNCTIONS.join(", ")
    )]
    ContextFunction {
        /// The function.
        function: String,
        /// The name as declared.
        name: String,
    },
}

impl SpecError {
    /// The stable code of the error, which has a page in `docs/errors`.
    ///
    /// ```
    /// use floe_function::SpecError;
    ///
    /// let error = SpecError::Path { function: "F".into(), path: "echo".into() };
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0001");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Path { .. } => "FLOE-FUNCTION-0001",
            Self::BatchTimeout { .. } => "FLOE-FUNCTION-0002",
            Self::ContextFunction { .. } => "FLOE-FUNCTION-0040",
        }
    }
}
