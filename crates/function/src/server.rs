//! For authors of services: axum handlers that speak the wire format of service functions.
//!
//! [`handler`] wraps a closure from one row to its answer; [`batch_handler`] an async function from
//! all rows of a batch to their answers, for work that is cheaper together. A row is a tuple with
//! one element per argument of the SQL function, each any type that serde can read; NULL needs an
//! `Option`. The numbers of the rows never reach the closure: they are answered as they came.
//!
//! ```
//! use axum::Router;
//! use axum::body::{Body, to_bytes};
//! use axum::http::Request;
//! use floe_function::server;
//! # use hyper_util::service::TowerToHyperService;
//! # use hyper::service::Service;
//!
//! let app = Router::new()
//!     .route("/add", server::handler(|(a, b): (i64, Option<i64>)| b.map(|b| a + b)));
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let body = Body::from(r#"{"data":[[0,1,2],[1,40,null]]}"#);
//! let request = Request::post("/add").body(body).unwrap();
//! # let call = |request| TowerToHyperService::new(app.clone()).call(request);
//! let response = call(request).await.unwrap();
//! let body = to_bytes(response.into_body(), 1000).await.unwrap();
//! assert_eq!(body.as_ref(), br#"{"data":[[0,3],[1,null]]}"#);
//! # });
//! ```

use std::fmt;
use std::future::Future;

use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use floe_batch::BatchError;
use floe_batch::rows::{ResponseWriter, read_request};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::headers::BATCH_ID;

/// The largest request a handler reads: 64 MiB. The client of this crate sends about 4 MiB at most
/// unless a single row is larger. A larger one is answered with 413.
///
/// ```
/// assert_eq!(floe_function::server::MAX_REQUEST_BYTES, 64 * 1024 * 1024);
/// ```
pub const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

/// A POST handler that answers every row with what `row` makes of it.
///
/// `T` is the tuple of the arguments, `R` the answer. A request that is not a batch of such rows is
/// refused with 400 and a sentence that says where and why. A panic in `row` breaks the connection,
/// which the caller retries. Work that takes long per row belongs into [`batch_handler`] and from
/// there onto a thread of its own.
///
/// ```
/// use axum::Router;
/// use floe_function::server;
///
/// let say = |(text,): (Option<String>,)| text.map(|text| format!("I said {text}"));
/// let app: Router = Router::new()
///     .route("/echo", server::handler(say))
///     .route("/now", server::handler(|(): ()| 42));
/// assert!(app.has_routes());
/// ```
pub fn handler<T, R, F, S>(row: F) -> MethodRouter<S>
where
    T: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
    F: Fn(T) -> R + Clone + Send + Sync + 'static,
    S: Clone + Send + Sync + 'static,
{
    routed(post(move |body: Bytes| async move {
        let rows = read::<T>(&body)?;
        write(rows.into_iter().map(|(number, args)| (number, row(args))))
    }))
}

/// A POST handler that answers all rows of a batch together.
///
/// `work` gets the rows in the order they came and must answer as many, in that order; another
/// count is answered with 500, as is an error, whose text the caller sees. The caller sends a
/// failed batch again under the same id.
///
/// ```
/// use axum::Router;
/// use floe_function::server::{self, Batch};
///
/// async fn lengths(batch: Batch<(String,)>) -> Result<Vec<usize>, std::io::Error> {
///     Ok(batch.rows.iter().map(|(text,)| text.len()).collect())
/// }
///
/// let app: Router = Router::new().route("/length", server::batch_handler(lengths));
/// assert!(app.has_routes());
/// ```
pub fn batch_handler<T, R, E, F, Fut, S>(work: F) -> MethodRouter<S>
where
    T: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
    E: fmt::Display,
    F: Fn(Batch<T>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Vec<R>, E>> + Send,
    S: Clone + Send + Sync + 'static,
{
    routed(post(move |headers: HeaderMap, body: Bytes| async move {
        let (numbers, rows): (Vec<_>, Vec<_>) = read::<T>(&body)?.into_iter().unzip();
        let id = headers
            .get(BATCH_ID)
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let sent = numbers.len();
        let answers = work(Batch { id, rows })
            .await
            .map_err(|error| ServeError::Failed {
                message: error.to_string(),
            })?;
        if answers.len() != sent {
            return Err(ServeError::WrongCount {
                answered: answers.len(),
                sent,
            });
        }
        write(numbers.into_iter().zip(answers))
    }))
}

/// The rows of one request.
///
/// ```
/// let batch = floe_function::server::Batch { id: None, rows: vec![("a".to_owned(),)] };
/// assert_eq!(batch.rows[0].0, "a");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch<T> {
    /// The batch id, the same when the batch is sent again; `None` when the caller sent none.
    pub id: Option<String>,
    /// The arguments of every row, in the order they came.
    pub rows: Vec<T>,
}

/// Why a handler did not answer a batch.
///
/// ```
/// let error = floe_function::server::ServeError::WrongCount { answered: 1, sent: 2 };
/// assert_eq!(error.code(), "FLOE-FUNCTION-0021");
/// assert_eq!(error.status(), 500);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The body is not a batch with the arguments of this function. Expected when the SQL function
    /// and the service disagree about the arguments.
    #[error("the request is not a batch of rows for this function: {0}")]
    BadRequest(#[source] BatchError),
    /// The author's function answered another number of rows than it was given.
    #[error("the service answered {answered} rows of a batch of {sent}; answer every row once")]
    WrongCount {
        /// Rows answered.
        answered: usize,
        /// Rows sent.
        sent: usize,
    },
    /// An answer cannot be written as JSON.
    #[error("an answer cannot be written: {0}")]
    Unwritable(#[source] BatchError),
    /// The author's function failed.
    #[error("the batch failed: {message}")]
    Failed {
        /// The text of the author's error.
        message: String,
    },
}

impl ServeError {
    /// The stable code of the error, which has a page in `docs/errors`.
    ///
    /// ```
    /// let error = floe_function::server::ServeError::Failed { message: "out of memory".into() };
    /// assert_eq!(error.code(), "FLOE-FUNCTION-0023");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "FLOE-FUNCTION-0020",
            Self::WrongCount { .. } => "FLOE-FUNCTION-0021",
            Self::Unwritable(_) => "FLOE-FUNCTION-0022",
            Self::Failed { .. } => "FLOE-FUNCTION-0023",
        }
    }

    /// The HTTP status it is answered with: 400 is not sent again by the caller, 500 is.
    ///
    /// ```
    /// let error = floe_function::server::ServeError::Failed { message: "out of memory".into() };
    /// assert_eq!(error.status(), 500);
    /// ```
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::WrongCount { .. } | Self::Unwritable(_) | Self::Failed { .. } => 500,
        }
    }
}

impl IntoResponse for ServeError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, format!("{}: {self}\n", self.code())).into_response()
    }
}

fn routed<S: Clone + Send + Sync + 'static>(route: MethodRouter<S>) -> MethodRouter<S> {
    route.layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<Vec<(u64, T)>, ServeError> {
    read_request::<T>(body).map_err(ServeError::BadRequest)
}

fn write<R: Serialize>(rows: impl Iterator<Item = (u64, R)>) -> Result<Response, ServeError> {
    let mut body = Vec::new();
    let mut writer = ResponseWriter::new(&mut body);
    for (number, answer) in rows {
        writer
            .row(number, &answer)
            .map_err(ServeError::Unwritable)?;
    }
    writer.finish();
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
