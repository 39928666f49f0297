//! For authors of services: the server side of service functions, for axum.
//!
//! A service function is an axum handler that takes a [`Batch`] of rows and answers it. State,
//! headers and whatever else axum extracts stand beside it. [`handler`] is the short form for a
//! closure from one row to its answer. A row is a tuple with one element per argument of the SQL
//! function, each any type that serde can read; NULL needs an `Option`. The numbers of the rows
//! never reach the author: they are answered as they came.
//!
//! | for | there is |
//! |---|---|
//! | a closure from a row to its answer | [`handler`] |
//! | handlers with state, async work, all rows at once | [`Batch`] → [`Answers`] |
//! | rows that borrow from the request, Arrow columns | [`RawBatch`], [`Columns`] |
//! | batches that come twice, work that takes long (202) | [`Book`] |
//!
//! ```
//! use axum::Router;
//! use axum::body::{Body, to_bytes};
//! use axum::http::Request;
//! use axum::routing::post;
//! use floe_function::server::{self, Answers, Batch, ServeError};
//! # use hyper_util::service::TowerToHyperService;
//! # use hyper::service::Service;
//!
//! async fn subtract(batch: Batch<(i64, i64)>) -> Result<Answers, ServeError> {
//!     batch.map(|(a, b)| a - b)
//! }
//!
//! let app = Router::new()
//!     .route("/subtract", post(subtract))
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

mod answers;
mod batch;
mod body;
mod book;
mod call;
mod columns;
mod error;

use axum::routing::{MethodRouter, post};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use answers::Answers;
pub use batch::{Batch, RawBatch, Unanswered};
pub use body::RequestLimit;
pub use book::{Book, BookOptions};
pub use call::CallInfo;
pub use columns::Columns;
pub use error::ServeError;

/// The largest request a service reads unless a [`RequestLimit`] says otherwise: 64 MiB. The client
/// of this crate sends about 4 MiB at most unless a single row is larger. A larger one is answered
/// with 413.
///
/// ```
/// assert_eq!(floe_function::server::MAX_REQUEST_BYTES, 64 * 1024 * 1024);
/// ```
pub const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

/// A POST handler that answers every row with what `row` makes of it: [`Batch::map`] in one word.
///
/// `T` is the tuple of the arguments, `R` the answer. A request that is not a batch of such rows is
/// refused with 400 and a sentence that says where and why. A panic in `row` breaks the connection,
/// which the caller retries. Work that takes long per row belongs onto a thread of its own: see
/// [`Batch::into_parts`].
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
    post(move |batch: Batch<T>| async move { batch.map(row) })
}

fn prove_count(answered: usize, sent: usize) -> Result<(), ServeError> {
    if answered == sent {
        Ok(())
    } else {
        Err(ServeError::WrongCount { answered, sent })
    }
}
