//! Batches that come more than once, and batches that take long.

mod pages;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use sha2::{Digest as _, Sha256};
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::body::{self, Unread};
use super::{ServeError, call};
use crate::headers::BATCH_ID;
use pages::{Asked, Hear, Kept, Key, Limits, Pages, Sent, Tell};

/// How long answers are kept, how much is worked on at a time, and when a caller is told to come
/// back later.
///
/// A service holds at most [`kept_bytes`](Self::kept_bytes) of answers, and for each of
/// [`most_running`](Self::most_running) batches a request and the answer that is being made.
///
/// ```
/// use std::time::Duration;
/// use floe_function::server::BookOptions;
///
/// let options = BookOptions::default();
/// assert_eq!(options.answer_within, None);
/// assert_eq!(options.kept_for, Duration::from_secs(3600));
/// assert_eq!((options.kept_batches, options.kept_bytes), (10_000, 256 * 1024 * 1024));
/// assert_eq!((options.most_running, options.retry_after), (256, Duration::from_secs(1)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookOptions {
    /// How long a request waits for its answer before it is told with 202 to ask for it later;
    /// zero tells it at once, `None` (the default) lets it wait.
    pub answer_within: Option<Duration>,
    /// How long an outcome is kept after the work: 1 hour, the default of BATCH_TIMEOUT_SECS, after
    /// which nobody asks any more. "Designing high-performance external functions" in the Snowflake
    /// documentation asks for at least 10 minutes, and better 12 hours.
    pub kept_for: Duration,
    /// How many outcomes are kept (10,000); then the oldest is forgotten.
    pub kept_batches: usize,
    /// How many bytes of outcomes are kept (256 MiB); then the oldest is forgotten. A larger answer
    /// is an error.
    pub kept_bytes: usize,
    /// How many batches are worked on at a time (256); what comes beyond is refused with 429. Each
    /// refusal uses up one of the caller's retries, so it should be more than callers send.
    pub most_running: usize,
    /// When a refused batch may come again (1 s): the header `Retry-After` of the 429.
    pub retry_after: Duration,
}

impl Default for BookOptions {
    fn default() -> Self {
        Self {
            answer_within: None,
            kept_for: Duration::from_secs(3600),
            kept_batches: 10_000,
            kept_bytes: 256 * 1024 * 1024,
            most_running: 256,
            retry_after: Duration::from_secs(1),
        }
    }
}

/// Remembers batches by their id, so that none is worked on twice and none is too slow.
///
/// A caller sends a batch again when it lost the answer, and it may lose the answer after the work
/// was done. Behind a book the second request gets the first one's answer.
///
/// # Expected flow
///
/// [`route`](Self::route) puts the book around the handlers of one path.
///
/// 1. The first POST with a batch id begins the work, in a task of its own.
/// 2. A POST with the same id and body meanwhile waits for the same work.
/// 3. Whoever waits longer than [`BookOptions::answer_within`] is answered 202. GET on the same
///    path with the same id then answers 202 until the outcome is there.
/// 4. The answer (status 200) goes to all who wait, and is kept: POST and GET get it again.
/// 5. Another status goes to all who wait, and is kept only for GET, and only when somebody was
///    told to ask; a POST with the id is worked on anew.
///
/// # Guarantees
///
/// - While a batch is worked on and as long as its answer is kept, its work is not begun again.
/// - A batch id with another body is refused with 409, a GET for an unknown one with 404, work
///   beyond [`BookOptions::most_running`] with 429.
/// - A panic in the work is an answer 500 to all who wait; nobody waits for ever.
/// - A caller that goes away does not end the work, with or without 202: it will come back and ask.
///
/// # Assumptions
///
/// The batch id names the rows: whoever sends other rows takes another id. Requests without a batch
/// id, and methods other than POST and GET, pass through and nothing here applies to them.
///
/// # Caveats
///
/// - The book is in memory and belongs to one instance of a service. A batch that is sent again may
///   reach another instance, which works on it anew; an instance that was started again knows
///   nothing. Effects that must happen once need a store that all instances share.
/// - When the service stops, axum's graceful shutdown waits for requests, so for all work without
///   202. Work after a 202 ends with the runtime; its caller finds nobody and sends the batch to
///   another instance. To let it end, wait for [`idle`](Self::idle) before the shutdown.
/// - An answer that was compressed for its first caller is compressed for those who ask again.
/// - A book whose bounds are too small for what is under way forgets answers before they are asked
///   for; asking for them is then answered 404.
///
/// A clone is the same book.
///
/// ```
/// use axum::Router;
/// use axum::body::Body;
/// use axum::http::Request;
/// use axum::routing::post;
/// use floe_function::server::{Answers, Batch, Book, BookOptions, ServeError};
/// # use hyper::service::Service;
/// # use hyper_util::service::TowerToHyperService;
///
/// async fn charge(batch: Batch<(i64,)>) -> Result<Answers, ServeError> {
///     batch.map(|(cents,)| format!("charged {cents}"))
/// }
///
/// let book = Book::new(BookOptions::default());
/// let app: Router = Router::new().route("/charge", book.route(post(charge)));
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let call = |request| TowerToHyperService::new(app.clone()).call(request);
/// for body in [r#"{"data":[[0,500]]}"#, r#"{"data":[[0,500]]}"#, r#"{"data":[[0,900]]}"#] {
///     let request = Request::post("/charge")
///         .header("sf-external-function-query-batch-id", "01b02bdf:0:1:0:0")
///         .body(Body::from(body))
///         .unwrap();
///     let expected = if body.contains("900") { 409 } else { 200 };
///     assert_eq!(call(request).await.unwrap().status(), expected);
/// }
/// assert_eq!((book.running(), book.kept()), (0, 1));
/// # });
/// ```
#[derive(Clone)]
pub struct Book {
    shared: Arc<Shared>,
}

struct Shared {
    options: BookOptions,
    pages: Mutex<Pages>,
    routes: AtomicU64,
}

impl Book {
    /// A book with nothing in it.
    ///
    /// See [`Book`] for an example.
    pub fn new(options: BookOptions) -> Self {
        let limits = Limits {
            kept_for: options.kept_for,
            kept_batches: options.kept_batches,
            kept_bytes: options.kept_bytes,
            most_running: options.most_running,
        };
        Self {
            shared: Arc::new(Shared {
                options,
                pages: Mutex::new(Pages::new(limits)),
                routes: AtomicU64::new(0),
            }),
        }
    }

    /// Puts the book around the handlers of one path; GET with a batch id is answered by the book
    /// itself. One book may be around many paths, which then share its bounds but not their ids;
    /// only a parameter in the prefix of a nested router does not tell two paths apart.
    ///
    /// See [`Book`] for an example.
    pub fn route<S>(&self, handlers: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let route = self.shared.routes.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&self.shared);
        handlers.layer(from_fn(move |request, next| {
            Arc::clone(&shared).attend(route, request, next)
        }))
    }

    /// How many batches are being worked on.
    ///
    /// See [`Book`] for an example.
    pub fn running(&self) -> usize {
        *self.shared.pages().running().borrow()
    }

    /// How many outcomes are kept. What is too old is dropped when the next request comes.
    ///
    /// See [`Book`] for an example.
    pub fn kept(&self) -> usize {
        self.shared.pages().kept().0
    }

    /// Waits until nothing is worked on.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time; nothing is lost.
    ///
    /// ```
    /// use floe_function::server::{Book, BookOptions};
    ///
    /// let book = Book::new(BookOptions::default());
    /// // Given to axum's `with_graceful_shutdown`: results can be asked for until all are there.
    /// let stopping = async move {
    ///     std::future::ready("SIGTERM").await;
    ///     book.idle().await;
    /// };
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(stopping);
    /// ```
    pub async fn idle(&self) {
        let mut running = self.shared.pages().running();
        // It fails only when the book is gone, and then nothing is worked on.
        let _idle = running.wait_for(|running| *running == 0).await;
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book")
            .field("options", &self.shared.options)
            .field("running", &self.running())
            .field("kept", &self.kept())
            .finish()
    }
}

impl Shared {
    /// The lock is held for a few map operations and never across an await. None of them panics
    /// half-way, so a poisoned lock has nothing to say.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn attend(self: Arc<Self>, route: u64, request: Request, next: Next) -> Response {
        let Some(batch_id) = call::plain(request.headers(), &BATCH_ID) else {
            return next.run(request).await;
        };
        let key = |request: &Request| {
            Arc::new(Key {
                route,
                path: request.uri().to_string(),
                batch_id,
            })
        };
        let answered = match *request.method() {
            Method::POST => self.sent(key(&request), request, next).await,
            Method::GET => self.asked(&key(&request)),
            _ => return next.run(request).await,
        };
        answered.unwrap_or_else(IntoResponse::into_response)
    }

    async fn sent(
        self: Arc<Self>,
        key: Arc<Key>,
        mut request: Request,
        next: Next,
    ) -> Result<Response, ServeError> {
        let rows = body::take(&mut request).await?;
        let digest = Sha256::digest(&rows).into();
        let sent = self.pages().sent(&key, digest, Instant::now());
        let hear = match sent {
            Sent::Begin(tell, hear) => {
                *request.body_mut() = Body::from(rows);
                let work = Work {
                    shared: Arc::clone(&self),
                    key: Arc::clone(&key),
                    tell: Some(tell),
                };
                tokio::spawn(work.run(request, next).in_current_span());
                hear
            }
            Sent::Wait(hear) => hear,
            Sent::Known(kept) => return Ok(kept.into_response()),
            Sent::OtherRows => {
                let batch_id = key.batch_id.clone();
                return Err(ServeError::OtherRows { batch_id });
            }
            Sent::Busy(running) => {
                let retry_after = self.options.retry_after;
                return Err(ServeError::Busy {
                    running,
                    retry_after,
                });
            }
        };
        self.wait(&key, hear).await
    }

    /// The outcome, or 202 when it takes too long.
    async fn wait(&self, key: &Key, mut hear: Hear) -> Result<Response, ServeError> {
        if let Some(within) = self.options.answer_within {
            if !within.is_zero()
                && let Ok(outcome) = timeout(within, outcome(&mut hear)).await
            {
                return outcome;
            }
            // The work may have ended since; then there is nothing to ask for later.
            if self.pages().promise(key) {
                return Ok(accepted());
            }
        }
        outcome(&mut hear).await
    }

    fn asked(&self, key: &Key) -> Result<Response, ServeError> {
        let asked = self.pages().asked(key, Instant::now());
        match asked {
            Asked::Known(kept) => Ok(kept.into_response()),
            Asked::Running => Ok(accepted()),
            Asked::Unknown => Err(ServeError::UnknownBatch {
                batch_id: key.batch_id.clone(),
            }),
        }
    }
}

async fn outcome(hear: &mut Hear) -> Result<Response, ServeError> {
    let heard = hear.wait_for(Option::is_some).await;
    let kept = heard.ok().and_then(|kept| kept.clone());
    // Whoever works tells an outcome when it is dropped at the latest.
    let lost = ServeError::WorkLost { panicked: false };
    kept.map(|kept| kept.into_response()).ok_or(lost)
}

fn accepted() -> Response {
    StatusCode::ACCEPTED.into_response()
}

/// The work on one batch. However it ends, those who wait hear of it.
struct Work {
    shared: Arc<Shared>,
    key: Arc<Key>,
    /// Taken when the outcome is told.
    tell: Option<Tell>,
}

impl Work {
    async fn run(mut self, request: Request, next: Next) {
        let limit = self.shared.options.kept_bytes;
        let (head, body) = next.run(request).await.into_parts();
        let outcome = match body::read(body, limit).await {
            Ok(body) => Kept {
                status: head.status,
                headers: head.headers,
                body,
            },
            Err(Unread::TooLarge) => failure(ServeError::AnswerTooLarge { limit }),
            Err(Unread::Lost(message)) => failure(ServeError::Failed { message }),
        };
        self.end(outcome);
    }

    /// First the note, then the news: who hears it and sends the batch again finds it noted.
    fn end(&mut self, outcome: Kept) {
        if let Some(tell) = self.tell.take() {
            let outcome = Arc::new(outcome);
            let now = Instant::now();
            self.shared
                .pages()
                .ended(&self.key, Arc::clone(&outcome), now);
            tell.send_replace(Some(outcome));
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if self.tell.is_some() {
            let panicked = std::thread::panicking();
            self.end(failure(ServeError::WorkLost { panicked }));
        }
    }
}

fn failure(error: ServeError) -> Kept {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Kept {
        status,
        headers: Default::default(),
        body: error.line().into(),
    }
}
