//! Why a batch was not answered.

use std::fmt;
use std::time::Duration;

use floe_batch::BatchError;

/// Why one batch has no result.
///
/// The message names the function, the batch id the service saw, the instance, and for a failure
/// after retries how often and how long it was tried and what the limits were.
///
/// ```
/// use std::sync::Arc;
/// use floe_batch::SqlType;
/// use floe_batch::arrow::array::{ArrayRef, RecordBatch, StringArray};
/// use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let text = SqlType::parse("VARCHAR").unwrap();
/// let mut spec = FunctionSpec::new("MY_ECHO_UDF", [("TEXT", text)], text, "/echo");
/// spec.max_batch_retries = 0;
/// // Nobody listens on port 1.
/// let targets = Arc::new(FixedTarget::new("127.0.0.1:1"));
/// let function = Function::new(spec, targets, Client::new(ClientOptions::default())).unwrap();
/// let column: ArrayRef = Arc::new(StringArray::from(vec!["Hello"]));
/// let rows = RecordBatch::try_from_iter([("TEXT", column)]).unwrap();
/// let error = function.call("01b02bdf", 7, &rows).await.unwrap_err();
/// assert_eq!(error.code(), "FLOE-FUNCTION-0007");
/// assert!(error.is_batch_failure());
/// let message = error.to_string();
/// assert!(message.starts_with("function MY_ECHO_UDF, batch 01b02bdf:7:1:0:0 (1 row)"));
/// assert!(message.contains("127.0.0.1:1") && message.contains("MAX_BATCH_RETRIES = 0"));
/// # });
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The columns are not those of the function's signature: an error of the caller.
    #[error(
        "function {function} takes {expected}, not {found}; cast the arguments before the call"
    )]
    Arguments {
        /// The function.
        function: String,
        /// The signature.
        expected: String,
        /// What was given.
        found: String,
    },
    /// More rows in one call than MAX_BATCH_ROWS allows: an error of the caller.
    #[error(
        "function {function}: {rows} rows in one batch, MAX_BATCH_ROWS is {limit}; \
         cut the rows with Function::cut before the call"
    )]
    TooManyRows {
        /// The function.
        function: String,
        /// Rows to be sent.
        rows: usize,
        /// MAX_BATCH_ROWS.
        limit: u32,
    },
    /// CONTEXT_HEADERS asks for a value that the query does not give: an error of the caller.
    #[error(
        "function {function}: CONTEXT_HEADERS names {name}, and the query gives no value for it; \
         give it with Function::with_context"
    )]
    NoContext {
        /// The function.
        function: String,
        /// The context function.
        name: String,
    },
    /// The rows cannot be written as a batch: an error of the caller.
    #[error(
        "{context}: the rows cannot be written as a request: {source} ({code})",
        code = source.code()
    )]
    Encode {
        /// Which batch.
        context: Box<BatchContext>,
        /// What is in the way.
        source: BatchError,
    },
    /// The service refused the batch with a status that is not worth repeating.
    #[error("{context}: refused with status {status}: `{excerpt}`{}", status_hint(*status))]
    Refused {
        /// Which batch.
        context: Box<BatchContext>,
        /// The HTTP status.
        status: u16,
        /// Up to 300 bytes of the answer.
        excerpt: String,
    },
    /// Every allowed retry failed too.
    #[error("{context}: every try failed: {}; last: {last}", context.tries())]
    RetriesExhausted {
        /// Which batch.
        context: Box<BatchContext>,
        /// What the last try met.
        last: String,
    },
    /// The time of the batch was over before an answer came.
    #[error(
        "{context}: no answer in time, {}; last: {last}; raise BATCH_TIMEOUT_SECS if the work \
         takes that long", context.tries()
    )]
    TimedOut {
        /// Which batch.
        context: Box<BatchContext>,
        /// What the last try met.
        last: String,
    },
    /// The service has no instance and will not have one.
    #[error("{context}: there is no instance to call: {message}")]
    NoTarget {
        /// Which batch.
        context: Box<BatchContext>,
        /// Why, in the words of whoever runs the service.
        message: String,
    },
    /// The batch would have been sent again, but there are too many retries already (an extension).
    #[error(
        "{context}: not sent again, the retry budget of its endpoint is used up: {}; last: {last}",
        context.tries()
    )]
    BudgetSpent {
        /// Which batch.
        context: Box<BatchContext>,
        /// What the last try met.
        last: String,
    },
    /// The batch was not sent, since nearly nothing that is sent succeeds (an extension).
    #[error(
        "{context}: the circuit breaker of its endpoint is open: {}{}",
        context.tries(),
        last_try(last)
    )]
    CircuitOpen {
        /// Which batch.
        context: Box<BatchContext>,
        /// What the last try met; empty when there was none.
        last: String,
    },
    /// The answer is not a batch with every row once, in order and of the declared type.
    #[error(
        "{context}: the answer is not a valid batch: {source} ({code})",
        code = source.code()
    )]
    Malformed {
        /// Which batch.
        context: Box<BatchContext>,
        /// What is wrong, with row and byte offset; values of the answer are not repeated.
        source: BatchError,
    },
    /// The answer is larger than the client accepts.
    #[error(
        "{context}: the answer is larger than {limit} bytes; lower MAX_BATCH_ROWS or let the \
         service answer less per row"
    )]
    ResponseTooLarge {
        /// Which batch.
        context: Box<BatchContext>,
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer does not match its own Content-MD5.
    #[error(
        "{context}: the answer was damaged on its way: Content-MD5 says {announced}, \
         the body has {computed}"
    )]
    DigestMismatch {
        /// Which batch.
        context: Box<BatchContext>,
        /// The header.
        announced: String,
        /// What the body gives, in the same form.
        computed: String,
    },
    /// The answer is compressed in a way that is not read, or does not come out whole.
    #[error("{context}: the compressed answer cannot be read: {reason}")]
    Undecodable {
        /// Which batch.
        context: Box<BatchContext>,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer holds a NULL although the function RETURNS … NOT NULL.
    #[error(
        "{context}: row {row} is NULL, but the function RETURNS … NOT NULL; correct the service \
         or create the function without NOT NULL"
    )]
    NullInNotNull {
        /// Which batch.
        context: Box<BatchContext>,
        /// The number of the first such row, as it was sent.
        row: usize,
    },
}

impl CallError {
    /// The stable code of the error, which has a page in `docs/errors`.
    ///
    /// ```
    /// use floe_function::CallError;
    ///
    /// let error = CallError::TooManyRows { function: "F".into(), rows: 2, limit: 1 };
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0004");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Arguments { .. } => "FLOE-FUNCTION-0003",
            Self::TooManyRows { .. } => "FLOE-FUNCTION-0004",
            Self::NoContext { .. } => "FLOE-FUNCTION-0041",
            Self::Encode { .. } => "FLOE-FUNCTION-0005",
            Self::Refused { .. } => "FLOE-FUNCTION-0006",
            Self::RetriesExhausted { .. } => "FLOE-FUNCTION-0007",
            Self::TimedOut { .. } => "FLOE-FUNCTION-0008",
            Self::NoTarget { .. } => "FLOE-FUNCTION-0009",
            Self::BudgetSpent { .. } => "FLOE-FUNCTION-0042",
            Self::CircuitOpen { .. } => "FLOE-FUNCTION-0043",
            Self::Malformed { .. } => "FLOE-FUNCTION-0010",
            Self::ResponseTooLarge { .. } => "FLOE-FUNCTION-0011",
            Self::DigestMismatch { .. } => "FLOE-FUNCTION-0012",
            Self::NullInNotNull { .. } => "FLOE-FUNCTION-0013",
            Self::Undecodable { .. } => "FLOE-FUNCTION-0014",
        }
    }

    /// Whether the service failed the batch, so that ON_BATCH_FAILURE decides; false for errors of
    /// the caller, which always fail the query.
    ///
    /// ```
    /// use floe_function::CallError;
    ///
    /// let error = CallError::TooManyRows { function: "F".into(), rows: 2, limit: 1 };
    /// assert!(!error.is_batch_failure());
    /// ```
    pub fn is_batch_failure(&self) -> bool {
        match self {
            Self::Arguments { .. }
            | Self::TooManyRows { .. }
            | Self::NoContext { .. }
            | Self::Encode { .. } => false,
            Self::Refused { .. }
            | Self::RetriesExhausted { .. }
            | Self::TimedOut { .. }
            | Self::NoTarget { .. }
            | Self::BudgetSpent { .. }
            | Self::CircuitOpen { .. }
            | Self::Malformed { .. }
            | Self::ResponseTooLarge { .. }
            | Self::DigestMismatch { .. }
            | Self::Undecodable { .. }
            | Self::NullInNotNull { .. } => true,
        }
    }

    /// Which batch it was; `None` when the rows never became one.
    ///
    /// ```
    /// use floe_function::CallError;
    ///
    /// let error = CallError::TooManyRows { function: "F".into(), rows: 2, limit: 1 };
    /// assert!(error.context().is_none());
    /// ```
    pub fn context(&self) -> Option<&BatchContext> {
        match self {
            Self::Arguments { .. } | Self::TooManyRows { .. } | Self::NoContext { .. } => None,
            Self::Encode { context, .. }
            | Self::Refused { context, .. }
            | Self::RetriesExhausted { context, .. }
            | Self::TimedOut { context, .. }
            | Self::NoTarget { context, .. }
            | Self::BudgetSpent { context, .. }
            | Self::CircuitOpen { context, .. }
            | Self::Malformed { context, .. }
            | Self::ResponseTooLarge { context, .. }
            | Self::DigestMismatch { context, .. }
            | Self::Undecodable { context, .. }
            | Self::NullInNotNull { context, .. } => Some(context),
        }
    }
}

/// Which batch an error is about, and what was spent on it.
///
/// ```
/// let context = floe_function::BatchContext {
///     function: "MY_ECHO_UDF".to_owned(),
///     batch_id: "01b02bdf:0:1:0:0".to_owned(),
///     rows: 100,
///     target: Some("ECHO_SERVICE/1".to_owned()),
///     ..Default::default()
/// };
/// assert_eq!(
///     context.to_string(),
///     "function MY_ECHO_UDF, batch 01b02bdf:0:1:0:0 (100 rows) on ECHO_SERVICE/1"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchContext {
    /// The function.
    pub function: String,
    /// The batch id as the service saw it.
    pub batch_id: String,
    /// Rows sent.
    pub rows: usize,
    /// The instance that was asked last.
    pub target: Option<String>,
    /// How often the batch was sent.
    pub sends: u32,
    /// How often a result was asked for after a 202.
    pub polls: u32,
    /// How often it waited because no instance was ready.
    pub target_waits: u32,
    /// How often a circuit breaker held it back.
    pub holds: u32,
    /// MAX_BATCH_RETRIES.
    pub retry_limit: u32,
    /// The time spent.
    pub elapsed: Duration,
    /// BATCH_TIMEOUT_SECS.
    pub timeout: Duration,
}

impl BatchContext {
    /// What was spent and what the limits were.
    fn tries(&self) -> String {
        let mut text = format!("sent {}", times(self.sends));
        if self.polls > 0 {
            text.push_str(&format!(", polled {}", times(self.polls)));
        }
        if self.target_waits > 0 {
            text.push_str(&format!(
                ", waited {} for an instance",
                times(self.target_waits)
            ));
        }
        if self.holds > 0 {
            text.push_str(&format!(
                ", held back {} by the circuit breaker",
                times(self.holds)
            ));
        }
        text.push_str(&format!(
            " in {:.1} s (MAX_BATCH_RETRIES = {}, BATCH_TIMEOUT_SECS = {})",
            self.elapsed.as_secs_f64(),
            self.retry_limit,
            self.timeout.as_secs_f64(),
        ));
        text
    }
}

impl fmt::Display for BatchContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        let Self {
            function, batch_id, ..
        } = self;
        write!(
            f,
            "function {function}, batch {batch_id} ({} {rows})",
            self.rows
        )?;
        match &self.target {
            Some(target) => write!(f, " on {target}"),
            None => Ok(()),
        }
    }
}

fn times(n: u32) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

fn status_hint(status: u16) -> &'static str {
    match status {
        404 => "; does the service serve the path of AS '…'?",
        405 => "; the path must take POST",
        415 => "; if it reads no compressed requests, set ClientOptions::compression to None",
        _ => "",
    }
}

fn last_try(last: &str) -> String {
    if last.is_empty() {
        String::new()
    } else {
        format!("; last: {last}")
    }
}

/// The first bytes of what a service answered, as one readable line.
pub(crate) fn excerpt(body: &[u8], most: usize) -> String {
    let part = body.get(..most).unwrap_or(body);
    let mut text: String = String::from_utf8_lossy(part)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if part.len() < body.len() {
        // A character cut in two at the end is not the service's fault.
        while text.ends_with(char::REPLACEMENT_CHARACTER) {
            text.pop();
        }
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_bounded_readable_and_on_one_line() {
        assert_eq!(excerpt(b"a\nb\x1b[31m", 300), "a b [31m");
        assert_eq!(
            excerpt(format!("a{}", "ä".repeat(400)).as_bytes(), 300),
            format!("a{}…", "ä".repeat(149))
        );
        assert_eq!(excerpt(&[b'a'; 300], 300), "a".repeat(300));
        assert_eq!(excerpt(b"", 300), "");
    }

    #[test]
    fn tries_say_how_often_how_long_and_what_the_limits_were() {
        let context = BatchContext {
            sends: 4,
            polls: 1,
            target_waits: 2,
            holds: 1,
            retry_limit: 3,
            elapsed: Duration::from_millis(5_250),
            timeout: Duration::from_secs(3600),
            ..BatchContext::default()
        };
        assert_eq!(
            context.tries(),
            "sent 4 times, polled once, waited 2 times for an instance, held back once by \
             the circuit breaker in 5.2 s (MAX_BATCH_RETRIES = 3, BATCH_TIMEOUT_SECS = 3600)"
        );
    }
}
