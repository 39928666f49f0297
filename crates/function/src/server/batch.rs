//! The rows of a request, and the one way to answer them.

use std::fmt;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use floe_batch::SqlType;
use floe_batch::rows::{ResponseWriter, read_request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Answers, CallInfo, Columns, ServeError, body};
use crate::coding::accepts_gzip;

/// The rows of one request, taken by an axum handler like any extractor of bodies.
///
/// `T` is the tuple of the arguments, in the order of the SQL function: `(T,)` for one, `()` for
/// none, `Option` for what can be NULL, or a struct with a field per argument. A request that is
/// not a batch of such rows is refused with 400 and a sentence that says at which byte, in which
/// row and what was expected; one that is too large with 413. The handler does not run then.
///
/// The numbers of the rows never leave the batch, and only a batch makes [`Answers`]: no row can be
/// lost, doubled or moved. [`map`](Self::map) answers row by row, [`try_map`](Self::try_map) lets a
/// row be refused, [`answer`](Self::answer) takes all answers at once, and
/// [`into_parts`](Self::into_parts) gives the rows away and leaves what answers them.
///
/// ```
/// use std::sync::Arc;
/// use axum::Router;
/// use axum::extract::State;
/// use axum::routing::post;
/// use floe_function::server::{Answers, Batch, ServeError};
///
/// async fn greet(
///     State(greeting): State<Arc<str>>,
///     batch: Batch<(Option<String>,)>,
/// ) -> Result<Answers, ServeError> {
///     batch.map(|(name,)| name.map(|name| format!("{greeting} {name}")))
/// }
///
/// let app: Router = Router::new()
///     .route("/greet", post(greet))
///     .with_state(Arc::from("Hello"));
///
/// // A handler is tested without a server: a batch can be made of rows.
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let batch = Batch::of([(Some("Alex".to_owned()),), (None,)]);
/// let answers = greet(State(Arc::from("Hello")), batch).await.unwrap();
/// assert_eq!(answers.body(), br#"{"data":[[0,"Hello Alex"],[1,null]]}"#);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch that is not answered fails the query"]
pub struct Batch<T> {
    call: CallInfo,
    rows: Vec<T>,
    unanswered: Unanswered,
}

impl<T> Batch<T> {
    /// A batch of these rows, numbered from 0, without headers: for tests of handlers.
    ///
    /// ```
    /// let batch = floe_function::server::Batch::of([("a",), ("b",)]);
    /// assert_eq!(batch.rows(), [("a",), ("b",)]);
    /// ```
    pub fn of(rows: impl IntoIterator<Item = T>) -> Self {
        let (numbers, rows) = (0..).zip(rows).unzip();
        Self {
            call: CallInfo::default(),
            rows,
            unanswered: Unanswered {
                numbers,
                accepts_gzip: false,
            },
        }
    }

    /// The arguments of every row, in the order they came.
    ///
    /// See [`Batch::of`] for an example.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// What the headers say: batch id, query id, function.
    ///
    /// ```
    /// use floe_function::server::{Batch, CallInfo};
    ///
    /// assert_eq!(Batch::of([(1,)]).call(), &CallInfo::default());
    /// ```
    pub fn call(&self) -> &CallInfo {
        &self.call
    }

    /// Answers every row with what `answer` makes of it.
    ///
    /// # Errors
    ///
    /// [`ServeError::Unwritable`] when an answer has no JSON form.
    ///
    /// ```
    /// use floe_function::server::Batch;
    ///
    /// let answers = Batch::of([(2, Some(3)), (4, None)]).map(|(a, b)| b.map(|b| a * b))?;
    /// assert_eq!(answers.body(), br#"{"data":[[0,6],[1,null]]}"#);
    /// # Ok::<(), floe_function::server::ServeError>(())
    /// ```
    pub fn map<R: Serialize>(self, mut answer: impl FnMut(T) -> R) -> Result<Answers, ServeError> {
        self.write(|_, row| Ok(answer(row)))
    }

    /// Answers every row with what `answer` makes of it, or refuses the batch for a row that can
    /// not be answered.
    ///
    /// For what is wrong with a row and will be wrong again: the status is 422, and the caller does
    /// not send the batch again. NULL for such a row lets the others be answered. What may go well
    /// the next time, a lost database say, is [`ServeError::failed`].
    ///
    /// # Errors
    ///
    /// [`ServeError::RowRefused`] with the number of the row and the error's text, which the one
    /// who runs the query reads; [`ServeError::Unwritable`].
    ///
    /// ```
    /// use floe_function::server::Batch;
    ///
    /// let error = Batch::of([("7",), ("seven",)]).try_map(|(n,)| n.parse::<i64>()).unwrap_err();
    /// assert_eq!(error.to_string(), "row 1 was refused: invalid digit found in string");
    /// ```
    pub fn try_map<R: Serialize, E: fmt::Display>(
        self,
        mut answer: impl FnMut(T) -> Result<R, E>,
    ) -> Result<Answers, ServeError> {
        self.write(|number, row| {
            answer(row).map_err(|error| ServeError::RowRefused {
                row: number,
                message: error.to_string(),
            })
        })
    }

    /// Answers all rows at once, the first row with the first of `answers`.
    ///
    /// # Errors
    ///
    /// [`ServeError::WrongCount`] unless there is one answer per row;
    /// [`ServeError::Unwritable`].
    ///
    /// ```
    /// use floe_function::server::Batch;
    ///
    /// let batch = Batch::of([("a",), ("bc",)]);
    /// let lengths: Vec<usize> = batch.rows().iter().map(|(text,)| text.len()).collect();
    /// assert_eq!(batch.answer(lengths)?.body(), br#"{"data":[[0,1],[1,2]]}"#);
    /// # Ok::<(), floe_function::server::ServeError>(())
    /// ```
    pub fn answer<R: Serialize>(self, answers: Vec<R>) -> Result<Answers, ServeError> {
        self.unanswered.answer(answers)
    }

    /// The rows, to move them to where the work is done, and what answers them afterwards.
    ///
    /// ```
    /// use floe_function::server::{Answers, Batch, ServeError};
    ///
    /// async fn slow(batch: Batch<(u64,)>) -> Result<Answers, ServeError> {
    ///     let (rows, unanswered) = batch.into_parts();
    ///     // Work that keeps a processor busy does not belong onto the threads of the server.
    ///     let work = move || rows.into_iter().map(|(n,)| (1..=n).product::<u64>()).collect();
    ///     let answers: Vec<u64> = tokio::task::spawn_blocking(work)
    ///         .await
    ///         .map_err(ServeError::failed)?;
    ///     unanswered.answer(answers)
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let answers = slow(Batch::of([(3,), (10,)])).await.unwrap();
    /// assert_eq!(answers.body(), br#"{"data":[[0,6],[1,3628800]]}"#);
    /// # });
    /// ```
    pub fn into_parts(self) -> (Vec<T>, Unanswered) {
        (self.rows, self.unanswered)
    }

    fn write<R: Serialize>(
        self,
        mut answer: impl FnMut(u64, T) -> Result<R, ServeError>,
    ) -> Result<Answers, ServeError> {
        let mut body = Vec::new();
        let mut writer = ResponseWriter::new(&mut body);
        let Unanswered {
            numbers,
            accepts_gzip,
        } = self.unanswered;
        for (number, row) in numbers.into_iter().zip(self.rows) {
            writer
                .row(number, &answer(number, row)?)
                .map_err(ServeError::Unwritable)?;
        }
        writer.finish();
        Ok(Answers::new(body, accepts_gzip))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Batch<T> {
    type Rejection = ServeError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ServeError> {
        RawBatch::from_request(request, state).await?.rows()
    }
}

/// The rows of a batch whose arguments were given away with [`Batch::into_parts`], and which are
/// still to be answered.
///
/// ```
/// use floe_function::server::Batch;
///
/// let (rows, unanswered) = Batch::of([("a",), ("b",)]).into_parts();
/// assert_eq!((rows.len(), unanswered.len()), (2, 2));
/// let error = unanswered.answer(vec!["only one"]).unwrap_err();
/// assert_eq!(error.code(), "FLOE-FUNCTION-0021");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch that is not answered fails the query"]
pub struct Unanswered {
    numbers: Vec<u64>,
    accepts_gzip: bool,
}

impl Unanswered {
    /// How many answers are owed.
    ///
    /// See [`Unanswered`] for an example.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether the batch has no rows; the answer then has none either.
    ///
    /// ```
    /// let (_, unanswered) = floe_function::server::Batch::of([(); 0]).into_parts();
    /// assert!(unanswered.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Answers all rows, as [`Batch::answer`] does.
    ///
    /// # Errors
    ///
    /// As [`Batch::answer`].
    ///
    /// See [`Batch::into_parts`] for an example.
    pub fn answer<R: Serialize>(self, answers: Vec<R>) -> Result<Answers, ServeError> {
        super::prove_count(answers.len(), self.numbers.len())?;
        let batch = Batch {
            call: CallInfo::default(),
            rows: answers,
            unanswered: self,
        };
        batch.map(|answer| answer)
    }
}

/// A request whose rows are not read yet: for rows that borrow from the body, and for columns.
///
/// ```
/// use floe_function::server::{Answers, RawBatch, ServeError};
///
/// async fn shout(raw: RawBatch) -> Result<Answers, ServeError> {
///     // The texts are not copied; one with escapes in it would need a `Cow<str>`.
///     raw.rows::<(&str,)>()?.map(|(text,)| text.to_uppercase())
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let answers = shout(RawBatch::of(r#"{"data":[[0,"a"],[1,"b"]]}"#)).await.unwrap();
/// assert_eq!(answers.body(), br#"{"data":[[0,"A"],[1,"B"]]}"#);
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a batch that is not answered fails the query"]
pub struct RawBatch {
    call: CallInfo,
    body: Bytes,
    accepts_gzip: bool,
}

impl RawBatch {
    /// A request with this body and without headers: for tests of handlers.
    ///
    /// See [`RawBatch`] for an example.
    pub fn of(body: impl Into<Bytes>) -> Self {
        Self {
            call: CallInfo::default(),
            body: body.into(),
            accepts_gzip: false,
        }
    }

    /// What the headers say: batch id, query id, function.
    ///
    /// ```
    /// use floe_function::server::RawBatch;
    ///
    /// assert_eq!(RawBatch::of("").call().batch_id, None);
    /// ```
    pub fn call(&self) -> &CallInfo {
        &self.call
    }

    /// The body as it came, decompressed.
    ///
    /// ```
    /// use floe_function::server::RawBatch;
    ///
    /// assert_eq!(RawBatch::of(r#"{"data":[]}"#).body(), br#"{"data":[]}"#);
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The rows; texts may be borrowed from the body.
    ///
    /// # Errors
    ///
    /// [`ServeError::BadRequest`] when the body is not a batch of such rows.
    ///
    /// ```
    /// use floe_function::server::RawBatch;
    ///
    /// let error = RawBatch::of(r#"{"data":[[0,"a"],[1,7]]}"#).rows::<(&str,)>().unwrap_err();
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0020");
    /// assert!(error.to_string().contains("at byte 20 (row 1)"));
    /// ```
    pub fn rows<'a, T: Deserialize<'a>>(&'a self) -> Result<Batch<T>, ServeError> {
        let rows = read_request::<T>(&self.body).map_err(ServeError::BadRequest)?;
        let (numbers, rows) = rows.into_iter().unzip();
        Ok(Batch {
            call: self.call.clone(),
            rows,
            unanswered: Unanswered {
                numbers,
                accepts_gzip: self.accepts_gzip,
            },
        })
    }

    /// The rows as one Arrow column per argument; `signature` are the types of the arguments.
    ///
    /// Every row must be numbered as engines number them: 0, 1, 2 …
    ///
    /// # Errors
    ///
    /// [`ServeError::BadRequest`] when the body is not a batch of these columns.
    ///
    /// See [`Columns`] for an example.
    pub fn columns(&self, signature: &[SqlType]) -> Result<Columns, ServeError> {
        Columns::read(&self.body, signature, self.accepts_gzip)
    }
}

impl<S: Send + Sync> FromRequest<S> for RawBatch {
    type Rejection = ServeError;

    async fn from_request(mut request: Request, _state: &S) -> Result<Self, ServeError> {
        let body = body::take(&mut request).await?;
        Ok(Self {
            call: CallInfo::from_headers(request.headers()),
            accepts_gzip: accepts_gzip(request.headers()),
            body,
        })
    }
}
