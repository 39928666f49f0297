//! A service function, ready to be called.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef, RecordBatch, new_null_array};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use bytes::Bytes;
use floe_batch::{BatchError, SqlType, decode_response, encode_request};
use hyper::header::HeaderMap;
use hyper::http::uri::PathAndQuery;

use crate::attempt::Attempt;
use crate::backoff::mix;
use crate::cut::{DEFAULT_BATCH_ROWS, cuts};
use crate::drive::Drive;
use crate::error::{BatchContext, CallError, excerpt};
use crate::strict::Held;
use crate::telemetry::BatchBecameNull;
use crate::{BoxFuture, CallReport, Client, FunctionSpec, OnBatchFailure, SpecError, Targets};

/// How many bytes of a malformed answer a message repeats.
const MALFORMED_EXCERPT: usize = 100;

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
/// - A call ends within BATCH_TIMEOUT_SECS, and sends at most 1 + MAX_BATCH_RETRIES times.
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
}

/// What all clones of a function share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) spec: FunctionSpec,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) targets: Arc<dyn Targets>,
    pub(crate) client: Client,
    totals: Mutex<CallReport>,
}

/// The rows of one call that are sent.
struct Sent<'a> {
    query_id: &'a str,
    batch: u64,
    rows: RecordBatch,
}

impl Function {
    /// A function declared by `spec`, answered by the instances that `targets` finds.
    ///
    /// # Errors
    ///
    /// [`SpecError`] when the path or the timeout is not usable.
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
        let path = spec.check()?;
        let headers = crate::headers::of_function(&spec);
        let totals = Mutex::default();
        Ok(Self {
            shared: Arc::new(Shared {
                spec,
                path,
                headers,
                targets,
                client,
                totals,
            }),
        })
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

    /// Divides `args` into the row ranges of its batches: MAX_BATCH_ROWS rows (1000 when not set)
    /// and 4 MiB of values at most; a single larger row goes alone.
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
        let max_rows = self
            .shared
            .spec
            .max_batch_rows
            .map_or(DEFAULT_BATCH_ROWS, |rows| {
                usize::try_from(rows.get()).unwrap_or(usize::MAX)
            });
        cuts(args, max_rows)
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
    /// Dropping the future ends the request and gives the target back. The service may go on with
    /// the batch; its answer is not waited for, and the call is not counted.
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
        let (shared, query_id, args) =
            (Arc::clone(&self.shared), query_id.to_owned(), args.clone());
        Box::pin(async move {
            let mut report = CallReport::default();
            let result = shared.call(&query_id, batch, &args, &mut report).await;
            shared
                .totals
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(&report);
            result.map(|answers| (answers, report))
        })
    }

    /// The reports of all calls that ended, added together, failed calls among them.
    ///
    /// See [`Function`] for an example.
    pub fn totals(&self) -> CallReport {
        self.shared
            .totals
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

// === impl Shared ===

impl Shared {
    async fn call(
        &self,
        query_id: &str,
        batch: u64,
        args: &RecordBatch,
        report: &mut CallReport,
    ) -> Result<ArrayRef, CallError> {
        self.check_arguments(args)?;
        let (held, rows) = Held::back(self.spec.strict, args).map_err(|e| self.arrow(e))?;
        self.check_row_count(rows.num_rows())?;
        report.batches = 1;
        report.rows = count(args.num_rows());
        report.rows_held_back = count(held.count());
        let sent = rows.num_rows();
        let answers = match self
            .answers(
                Sent {
                    query_id,
                    batch,
                    rows,
                },
                report,
            )
            .await
        {
            Ok(answers) => answers,
            Err(error) => {
                report.failed_batches = u64::from(error.is_batch_failure());
                self.null_or(error, sent, report)?
            }
        };
        held.merge(answers).map_err(|e| self.arrow(e))
    }

    /// The proved answers to the sent rows.
    async fn answers(
        &self,
        sent: Sent<'_>,
        report: &mut CallReport,
    ) -> Result<ArrayRef, CallError> {
        let rows = sent.rows.num_rows();
        if rows == 0 {
            return Ok(new_null_array(&self.spec.returns.arrow_type(), 0));
        }
        let batch_id = format!("{}:{}:1:0:0", sent.query_id, sent.batch);
        let mut body = Vec::new();
        encode_request(sent.rows.columns(), 0..rows, &mut body).map_err(|source| {
            let function = self.spec.name.clone();
            let context = BatchContext {
                function,
                batch_id: batch_id.clone(),
                rows,
                ..Default::default()
            };
            CallError::Encode {
                context: Box::new(context),
                source,
            }
        })?;
        let options = self.client.options();
        let attempt = Attempt::new(
            options.limits(&self.spec),
            options.jitter_seed ^ hash(&batch_id),
        );
        let headers = crate::headers::of_batch(&self.headers, sent.query_id, &batch_id);
        let mut drive = Drive::new(self, batch_id, headers, Bytes::from(body), rows, attempt);
        let result = drive.run().await;
        drive.count(report);
        let answers = self.prove(&result?, rows, &drive)?;
        report.count_rows(drive.label(), count(rows));
        Ok(answers)
    }

    fn prove(&self, body: &[u8], rows: usize, drive: &Drive<'_>) -> Result<ArrayRef, CallError> {
        let answers = decode_response(body, rows, &self.spec.returns).map_err(|source| {
            let excerpt = offending(body, &source);
            CallError::Malformed {
                context: drive.context(),
                excerpt,
                source,
            }
        })?;
        let null = (0..answers.len()).find(|row| answers.is_null(*row));
        match null {
            Some(row) if self.spec.returns_not_null => Err(CallError::NullInNotNull {
                context: drive.context(),
                row,
            }),
            Some(_) | None => Ok(answers),
        }
    }

    /// What ON_BATCH_FAILURE makes of a failed batch.
    fn null_or(
        &self,
        error: CallError,
        rows: usize,
        report: &mut CallReport,
    ) -> Result<ArrayRef, CallError> {
        if error.is_batch_failure() {
            report.first_failure = Some(error.to_string());
        }
        match self.spec.on_batch_failure {
            OnBatchFailure::ReturnNull if error.is_batch_failure() => {
                let cause = error.to_string();
                BatchBecameNull {
                    code: error.code(),
                    rows,
                    cause: &cause,
                }
                .emit();
                report.nulls_from_failures = count(rows);
                Ok(new_null_array(&self.spec.returns.arrow_type(), rows))
            }
            OnBatchFailure::ReturnNull | OnBatchFailure::Abort => Err(error),
        }
    }

    fn check_arguments(&self, args: &RecordBatch) -> Result<(), CallError> {
        let fit = args.num_columns() == self.spec.args.len()
            && args
                .columns()
                .iter()
                .zip(&self.spec.args)
                .all(|(column, (_, ty))| fits(column.data_type(), ty));
        if fit {
            return Ok(());
        }
        let found: Vec<_> = args
            .columns()
            .iter()
            .map(|column| column.data_type().to_string())
            .collect();
        Err(self.arguments(format!("({})", found.join(", "))))
    }

    fn check_row_count(&self, rows: usize) -> Result<(), CallError> {
        match self.spec.max_batch_rows {
            Some(limit) if count(rows) > u64::from(limit.get()) => Err(CallError::TooManyRows {
                function: self.spec.name.clone(),
                rows,
                limit: limit.get(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Arrow refused to filter or merge columns whose types were checked before.
    fn arrow(&self, error: ArrowError) -> CallError {
        self.arguments(format!("columns that Arrow cannot handle ({error})"))
    }

    fn arguments(&self, found: String) -> CallError {
        CallError::Arguments {
            function: self.spec.name.clone(),
            expected: self.spec.signature(),
            found,
        }
    }
}

/// Whether a column of this Arrow type carries values of the SQL type and nothing else.
fn fits(column: &DataType, ty: &SqlType) -> bool {
    match (ty.arrow_type(), column) {
        (_, DataType::Null) => true,
        (DataType::Utf8, DataType::LargeUtf8 | DataType::Utf8View) => true,
        (DataType::Float64, DataType::Float32) => true,
        (DataType::Decimal128(..), column) if column.is_integer() => true,
        // Fewer digits before and behind the point than declared.
        (DataType::Decimal128(p, s), DataType::Decimal128(precision, scale)) => {
            *scale <= s && i16::from(*precision) - i16::from(*scale) <= i16::from(p) - i16::from(s)
        }
        (exact, column) => exact == *column,
    }
}

fn offending(body: &[u8], error: &BatchError) -> String {
    let offset = error.place().map_or(0, |place| place.offset);
    excerpt(body, offset, MALFORMED_EXCERPT)
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

/// Spreads batch ids over jitter seeds: batches that failed together do not return together.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}
