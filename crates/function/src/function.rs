//! A service function, ready to be called.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};

use crate::cut::cuts;
use crate::error::CallError;
use crate::headers::Context;
use crate::{BoxFuture, CallReport, Client, Extensions, FunctionSpec, SpecError, Targets};

mod batch;
mod checks;
mod shared;

pub(crate) use shared::Shared;
pub use shared::Turn;
use shared::{Call, Counted};

/// A declared function with the instances that answer it; cheap to clone.
///
/// # Expected flow
///
/// 1. [`Function::cut`] divides the argument columns into batches.
/// 2. [`Function::call`] is called for each slice, several at once where the caller wants that; the
///    batch number makes the batch id unique within the query.
/// 3. Rows with a NULL argument of a STRICT function are held back; the others are sent.
/// 4. 429, 5xx, a lost connection and a try without answer are retried on a newly picked target
///    under the same batch id; 202 is polled on the target that accepted.
/// 5. The answer is proved: every row number once, in order, every value of the declared type.
///
/// # Guarantees
///
/// - The result has exactly the rows of the arguments, in their order, or there is an error.
/// - A call ends within BATCH_TIMEOUT_SECS, and sends at most 1 + MAX_BATCH_RETRIES times; with
///   [`Extensions::isolation`] at most `most_sends` times more, in parts.
/// - All sends and polls of a batch carry the same batch id; a part has an id of its own, which is
///   made of that of its batch and the numbers of its rows.
/// - No NULL comes from a failure unless ON_BATCH_FAILURE = RETURN_NULL, and then [`CallReport`]
///   counts it.
///
/// # Assumptions
///
/// The service is idempotent by batch id: a batch whose answer got lost is sent again.
///
/// # Caveats
///
/// Calls must run inside a tokio runtime with time and I/O enabled.
///
/// ```
/// use std::sync::Arc;
/// use axum::{Router, serve};
/// use floe_batch::SqlType;
/// use floe_batch::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
/// use floe_function::{Client, FixedTarget, Function, FunctionSpec, server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // A service …
/// let app = Router::new().route("/echo", server::handler(|(text,): (String,)| text));
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
/// let address = listener.local_addr().unwrap();
/// tokio::spawn(async move { serve(listener, app).await });
///
/// // … and a function over it.
/// let text = SqlType::parse("VARCHAR").unwrap();
/// let spec = FunctionSpec::new("MY_ECHO_UDF", [("TEXT", text)], text, "/echo");
/// let targets = Arc::new(FixedTarget::new(address.to_string()));
/// let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
///
/// let column: ArrayRef = Arc::new(StringArray::from(vec!["Alex", "Steve"]));
/// let rows = RecordBatch::try_from_iter([("TEXT", column)]).unwrap();
/// let answers = function.call("01b02bdf", 0, &rows).await.unwrap();
/// assert_eq!(answers.as_string::<i32>().value(1), "Steve");
/// assert_eq!(function.totals().rows, 2);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct Function {
    shared: Arc<Shared>,
    context: Arc<Context>,
}

impl Function {
    /// A function declared by `spec`, answered by the instances that `targets` finds.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when the path, the timeout or a context function is not usable.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// let spec = FunctionSpec::new("NEXT_DAY", [("D", SqlType::Date)], SqlType::Date, "/next");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let function = Function::new(spec, targets, Client::new(Default::default()))?;
    /// assert_eq!(function.spec().name, "NEXT_DAY");
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn new(
        spec: FunctionSpec,
        targets: Arc<dyn Targets>,
        client: Client,
    ) -> Result<Self, SpecError> {
        Self::with_extensions(spec, targets, client, Extensions::default())
    }

    /// Like [`Function::new`], with things that the original does not do.
    ///
    /// # Errors
    ///
    /// As [`Function::new`].
    ///
    /// See [`Extensions`] for an example.
    pub fn with_extensions(
        spec: FunctionSpec,
        targets: Arc<dyn Targets>,
        client: Client,
        extensions: Extensions,
    ) -> Result<Self, SpecError> {
        let context = Context::new(&spec, &[]);
        Ok(Self {
            shared: Arc::new(Shared::new(spec, targets, client, extensions)?),
            context: Arc::new(context),
        })
    }

    /// The same function, called for a query whose context functions have these values.
    ///
    /// Those that CONTEXT_HEADERS declares are sent with every batch, `CURRENT_USER` as
    /// `sf-context-current-user` and, exact to the byte, `sf-context-current-user-base64`; the
    /// others are not, so a caller may give all that it knows. A function with CONTEXT_HEADERS
    /// cannot be called without them. Everything else is shared with `self`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::arrow::array::{ArrayRef, Date32Array, RecordBatch};
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    /// # runtime.unwrap().block_on(async {
    /// let mut spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// spec.context_headers = vec!["CURRENT_USER".to_owned()];
    /// spec.max_batch_retries = 0;
    /// // Nobody listens on port 1.
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:1"));
    /// let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
    /// let column: ArrayRef = Arc::new(Date32Array::from(vec![0]));
    /// let rows = RecordBatch::try_from_iter([("D", column)]).unwrap();
    ///
    /// let error = function.call("q", 0, &rows).await.unwrap_err();
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0041");
    /// let function = function.with_context([("CURRENT_USER", "ALEX"), ("CURRENT_ROLE", "R")]);
    /// let error = function.call("q", 0, &rows).await.unwrap_err();
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0007", "it was sent");
    /// # });
    /// ```
    #[must_use]
    pub fn with_context<N: Into<String>, V: Into<String>>(
        &self,
        values: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let values: Vec<_> = values
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self {
            shared: Arc::clone(&self.shared),
            context: Arc::new(Context::new(self.spec(), &values)),
        }
    }

    /// What was declared.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let function = Function::new(spec.clone(), targets, Client::new(Default::default()))?;
    /// assert_eq!(function.spec(), &spec);
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn spec(&self) -> &FunctionSpec {
        &self.shared.spec
    }

    /// What it does beyond the original.
    ///
    /// See [`Extensions`] for an example.
    pub fn extensions(&self) -> &Extensions {
        &self.shared.extensions
    }

    /// Divides `args` into the row ranges of its batches: MAX_BATCH_ROWS rows and 4 MiB of values
    /// at most; a single larger row goes alone. Without MAX_BATCH_ROWS, batches have 1000 rows at
    /// first, and then as many as [`pace`](crate::pace) makes of how long answers took.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_batch::arrow::array::{ArrayRef, RecordBatch, StringArray};
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// let text = SqlType::parse("VARCHAR").unwrap();
    /// let mut spec = FunctionSpec::new("F", [("TEXT", text)], text, "/f");
    /// spec.max_batch_rows = std::num::NonZeroU32::new(2);
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let function = Function::new(spec, targets, Client::new(Default::default()))?;
    /// let column: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    /// let rows = RecordBatch::try_from_iter([("TEXT", column)]).unwrap();
    /// assert_eq!(function.cut(&rows).collect::<Vec<_>>(), [0..2, 2..3]);
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn cut<'a>(
        &self,
        args: &'a RecordBatch,
    ) -> impl Iterator<Item = Range<usize>> + Send + use<'a> {
        cuts(args, self.batch_rows())
    }

    /// How many rows a batch has now where no row is large: MAX_BATCH_ROWS, or what
    /// [`pace::Pace`](crate::pace::Pace) has found out. Whoever puts rows together before they are
    /// cut needs no more of them.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let function = Function::new(spec, targets, Client::new(Default::default()))?;
    /// assert_eq!(function.batch_rows(), 1000);
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn batch_rows(&self) -> usize {
        match self.shared.spec.max_batch_rows {
            Some(rows) => usize::try_from(rows.get()).unwrap_or(usize::MAX),
            None => self.shared.rows_per_batch(),
        }
    }

    /// How many calls of this function should be under way at once now: it grows while throughput
    /// grows with it, becomes smaller when more calls only wait longer, and is halved by 429 and
    /// 503 (see [`pace::Flight`](crate::pace::Flight)).
    ///
    /// It is advice, from 1 to
    /// [`ClientOptions::max_in_flight`](crate::ClientOptions::max_in_flight): the caller holds
    /// calls back, not the function.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
    ///
    /// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let client = Client::new(ClientOptions { max_in_flight: 3, ..Default::default() });
    /// let function = Function::new(spec, targets, client)?;
    /// assert_eq!(function.in_flight(), 3);
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight()
    }

    /// Waits until fewer batches are in flight than [`Function::in_flight`] advises; the turn is
    /// held while a batch is called, and given back when it is dropped. Turns are counted over all
    /// functions that learn from each other.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes no turn.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let client = Client::new(ClientOptions { max_in_flight: 1, ..Default::default() });
    /// let function = Function::new(spec, targets, client).unwrap();
    /// let turn = function.turn().await;
    /// let mut second = Box::pin(function.turn());
    /// assert!(futures::poll!(&mut second).is_pending());
    /// drop(turn);
    /// assert!(futures::poll!(&mut second).is_ready());
    /// # });
    /// ```
    pub fn turn(&self) -> impl Future<Output = Turn> + Send + use<> {
        Arc::clone(&self.shared.learned).turn()
    }

    /// The same function with what `other` has learned of its service so far, and from now on with
    /// whatever either of them learns: for the next query, which counts for itself. To be called
    /// before the function is cloned or called; afterwards it does nothing.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/f");
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// let client = Client::new(Default::default());
    /// let first = Function::new(spec.clone(), targets.clone(), client.clone())?;
    /// let second = Function::new(spec, targets, client)?.learning_from(&first);
    /// assert_eq!(second.batch_rows(), first.batch_rows());
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    #[must_use]
    pub fn learning_from(mut self, other: &Self) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.learned = Arc::clone(&other.shared.learned);
        }
        self
    }

    /// Calls the function for the rows of `args` as one batch, number `batch` of the query.
    ///
    /// The result has the Arrow type of `RETURNS` and one value per row. Without rows to send
    /// nothing is sent.
    ///
    /// # Errors
    ///
    /// [`CallError`]; with ON_BATCH_FAILURE = RETURN_NULL only for errors of the caller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection of the request in flight and gives the target
    /// back. The service may go on with the batch; its answer is not waited for. The totals count
    /// the batch as cancelled, with what it cost and without any row answered.
    ///
    /// See [`Function`] for an example.
    pub fn call(
        &self,
        query_id: &str,
        batch: u64,
        args: &RecordBatch,
    ) -> BoxFuture<'static, Result<ArrayRef, CallError>> {
        let call = self.call_with_report(query_id, batch, args);
        Box::pin(async move { call.await.map(|(answers, _report)| answers) })
    }

    /// Like [`Function::call`], with what the call cost.
    ///
    /// # Errors
    ///
    /// As [`Function::call`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_batch::arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec, OnBatchFailure};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    /// # runtime.unwrap().block_on(async {
    /// let text = SqlType::parse("VARCHAR").unwrap();
    /// let mut spec = FunctionSpec::new("F", [("TEXT", text)], text, "/f");
    /// spec.max_batch_retries = 1;
    /// spec.on_batch_failure = OnBatchFailure::ReturnNull;
    /// // Nobody listens on port 1.
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:1"));
    /// let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
    /// let column: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    /// let rows = RecordBatch::try_from_iter([("TEXT", column)]).unwrap();
    ///
    /// let (answers, report) = function.call_with_report("q", 0, &rows).await.unwrap();
    /// assert_eq!(answers.null_count(), 2);
    /// assert_eq!((report.nulls_from_failures, report.retries), (2, 1));
    /// assert!(report.first_failure.unwrap().contains("127.0.0.1:1"));
    /// # });
    /// ```
    pub fn call_with_report(
        &self,
        query_id: &str,
        batch: u64,
        args: &RecordBatch,
    ) -> BoxFuture<'static, Result<(ArrayRef, CallReport), CallError>> {
        let (shared, call) = (
            Arc::clone(&self.shared),
            self.prepare(query_id, batch, args),
        );
        Box::pin(async move {
            let mut counted = Counted::new(&shared, &call);
            let result = shared.call(&call, &mut counted.report).await;
            let report = counted.end();
            result.map(|values| (values, report))
        })
    }

    /// Like [`Function::call`], with a column of errors beside the values instead of
    /// ON_BATCH_FAILURE (an extension).
    ///
    /// # Errors
    ///
    /// [`CallError`], only for errors of the caller.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::SqlType;
    /// use floe_batch::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
    /// use floe_function::{Client, FixedTarget, Function, FunctionSpec};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    /// # runtime.unwrap().block_on(async {
    /// let text = SqlType::parse("VARCHAR").unwrap();
    /// let mut spec = FunctionSpec::new("F", [("TEXT", text)], text, "/f");
    /// spec.max_batch_retries = 0;
    /// // Nobody listens on port 1.
    /// let targets = Arc::new(FixedTarget::new("127.0.0.1:1"));
    /// let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
    /// let column: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    /// let rows = RecordBatch::try_from_iter([("TEXT", column)]).unwrap();
    ///
    /// let answers = function.call_with_errors("q", 0, &rows).await.unwrap();
    /// assert_eq!(answers.values.null_count(), 2);
    /// let error = answers.errors.as_string::<i32>().value(1);
    /// assert!(error.starts_with("FLOE-FUNCTION-0007: function F, batch q:0:1:0:0"));
    /// # });
    /// ```
    pub fn call_with_errors(
        &self,
        query_id: &str,
        batch: u64,
        args: &RecordBatch,
    ) -> BoxFuture<'static, Result<Answers, CallError>> {
        let (shared, call) = (
            Arc::clone(&self.shared),
            self.prepare(query_id, batch, args),
        );
        Box::pin(async move {
            let mut counted = Counted::new(&shared, &call);
            let result = shared.call_with_errors(&call, &mut counted.report).await;
            let report = counted.end();
            result.map(|(values, errors)| Answers {
                values,
                errors,
                report,
            })
        })
    }

    /// The reports of all calls that ended, added together, failed and cancelled calls among them.
    ///
    /// See [`Function`] for an example.
    pub fn totals(&self) -> CallReport {
        self.shared.totals().clone()
    }

    fn prepare(&self, query_id: &str, batch: u64, args: &RecordBatch) -> Call {
        Call {
            query_id: query_id.to_owned(),
            batch,
            args: args.clone(),
            context: Arc::clone(&self.context),
        }
    }
}

/// What [`Function::call_with_errors`] answers: columns with one element for every row.
///
/// See [`Function::call_with_errors`] for an example.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The values, of the type of RETURNS; NULL where there is an error.
    pub values: ArrayRef,
    /// Texts that begin with the code of the error; NULL where the row was answered or, in a
    /// STRICT function, not sent.
    pub errors: ArrayRef,
    /// What the call cost.
    pub report: CallReport,
}
