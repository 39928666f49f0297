//! Batches that come more than once, and batches that take long.

mod clients;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use floe_function::server::{Answers, Batch, Book, BookOptions, RequestLimit, ServeError};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;

use crate::http::{Answer, Http};
use crate::service::listen;

const BATCH_ID: &str = "sf-external-function-query-batch-id";
const HELLO: &str = r#"{"data":[[0,"hello"]]}"#;
const OTHER: &str = r#"{"data":[[0,"other"]]}"#;
const SAID: &str = r#"{"data":[[0,"said hello"]]}"#;

/// Work that begins when it likes and ends when the test lets it.
struct Work {
    /// Requests that came.
    arrived: AtomicUsize,
    /// Work that was begun.
    begun: AtomicUsize,
    gate: Semaphore,
    /// The next work panics.
    panics: AtomicBool,
    /// The next work fails.
    fails: AtomicBool,
}

impl Work {
    /// Lets so many works pass without waiting.
    fn new(pass: usize) -> Arc<Self> {
        Arc::new(Self {
            arrived: AtomicUsize::new(0),
            begun: AtomicUsize::new(0),
            gate: Semaphore::new(pass),
            panics: AtomicBool::new(false),
            fails: AtomicBool::new(false),
        })
    }

    fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }
}

struct Service {
    http: Http,
    address: String,
    work: Arc<Work>,
    book: Book,
}

async fn say(
    State(work): State<Arc<Work>>,
    batch: Batch<(String,)>,
) -> Result<Answers, ServeError> {
    work.begun.fetch_add(1, Ordering::SeqCst);
    work.gate.acquire().await.unwrap().forget();
    assert!(!work.panics.swap(false, Ordering::SeqCst), "as it was told");
    if work.fails.swap(false, Ordering::SeqCst) {
        return Err(ServeError::failed("no model loaded"));
    }
    let answers = batch.try_map(|(text,)| match text.as_str() {
        "bad" => Err("it is bad"),
        text => Ok(format!("said {text}")),
    })?;
    Ok(answers.with_content_md5())
}

async fn count(State(work): State<Arc<Work>>, request: Request, next: Next) -> Response {
    work.arrived.fetch_add(1, Ordering::SeqCst);
    next.run(request).await
}

impl Service {
    async fn start(options: BookOptions, pass: usize) -> Self {
        let work = Work::new(pass);
        let book = Book::new(options);
        let app = Router::new()
            .route("/say", book.route(post(say)))
            .route("/echo", book.route(post(say)))
            .route("/say/{whom}", book.route(post(say)))
            .nest("/in", Router::new().route("/say", book.route(post(say))))
            .layer(from_fn_with_state(Arc::clone(&work), count))
            .with_state(Arc::clone(&work));
        let address = listen(app).await;
        Self {
            http: Http::at(&address),
            address,
            work,
            book,
        }
    }

    async fn post(&self, id: &str, body: &str) -> Answer {
        self.http.post("/say", Some(id), body).await
    }

    /// Sends a batch in the background.
    fn posting(&self, id: &'static str, body: &'static str) -> tokio::task::JoinHandle<Answer> {
        let http = self.http.clone();
        tokio::spawn(async move { http.post("/say", Some(id), body).await })
    }

    async fn get(&self, id: &str) -> Answer {
        self.http.get("/say", Some(id)).await
    }

    fn begun(&self) -> usize {
        self.work.begun()
    }

    async fn until_begun(&self, count: usize) {
        eventually("work begins", || self.begun() == count).await;
    }

    async fn until_idle(&self) {
        let idle = self.book.idle();
        let waited = tokio::time::timeout(Duration::from_secs(20), idle).await;
        assert!(waited.is_ok(), "the work ends");
    }
}

async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let held = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), held).await;
    assert!(waited.is_ok(), "{what}");
}

fn waiting() -> BookOptions {
    BookOptions::default()
}

fn accepting() -> BookOptions {
    BookOptions {
        answer_within: Some(Duration::ZERO),
        ..BookOptions::default()
    }
}

#[tokio::test]
async fn a_batch_that_is_sent_again_gets_the_first_answer_and_no_work_is_done() {
    let service = Service::start(waiting(), 1).await;
    let first = service.post("q:0", HELLO).await;
    assert_eq!((first.status, first.body.as_str()), (200, SAID));
    assert!(first.header("content-md5").is_some());
    for again in [service.post("q:0", HELLO).await, service.get("q:0").await] {
        assert_eq!((again.status, &again.body), (200, &first.body));
        for name in ["content-type", "content-md5", "content-length"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    assert_eq!((service.begun(), service.book.kept()), (1, 1));
}

#[tokio::test]
async fn sends_of_one_batch_at_the_same_time_are_one_work() {
    let service = Service::start(waiting(), 0).await;
    let sends: Vec<_> = (0..8).map(|_| service.posting("q:0", HELLO)).collect();
    service.until_begun(1).await;
    let asked = service.get("q:0").await;
    assert_eq!((asked.status, asked.body.as_str()), (202, ""));
    assert_eq!(service.book.running(), 1);
    service.work.gate.add_permits(1);
    for send in sends {
        let answer = send.await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, SAID));
    }
    assert_eq!((service.begun(), service.book.running()), (1, 0));
}

#[tokio::test]
async fn other_rows_under_a_known_id_are_refused_while_it_runs_and_afterwards() {
    let service = Service::start(waiting(), 0).await;
    let first = service.posting("q:0", HELLO);
    service.until_begun(1).await;
    let refused = service.post("q:0", OTHER).await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "FLOE-FUNCTION-0027")
    );
    assert!(
        refused
            .body
            .contains("batch q:0 was sent before with other rows")
    );
    service.work.gate.add_permits(1);
    assert_eq!(first.await.unwrap().body, SAID);
    assert_eq!(service.post("q:0", OTHER).await.status, 409);
    assert_eq!(service.begun(), 1);
}

#[tokio::test]
async fn one_id_on_two_paths_is_two_batches() {
    let service = Service::start(waiting(), 5).await;
    for path in ["/say", "/echo", "/say/you", "/say/me", "/in/say"] {
        let answer = service.http.post(path, Some("q:0"), HELLO).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!((service.begun(), service.book.kept()), (5, 5));
    assert_eq!(service.http.get("/say/them", Some("q:0")).await.status, 404);
}

#[tokio::test]
async fn requests_without_a_batch_id_and_other_methods_pass_through() {
    let service = Service::start(accepting(), 2).await;
    for _ in 0..2 {
        let answer = service.http.post("/say", None, HELLO).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, SAID));
    }
    assert_eq!((service.begun(), service.book.kept()), (2, 0));
    assert_eq!(service.http.get("/say", None).await.status, 405);
    let id = [(BATCH_ID, "q:0")];
    let put = service.http.send("PUT", "/say", &id, HELLO).await;
    assert_eq!(put.status, 405);
}

#[tokio::test]
async fn failures_are_not_kept() {
    let service = Service::start(waiting(), 9).await;
    service.work.fails.store(true, Ordering::SeqCst);
    let failed = service.post("q:0", HELLO).await;
    assert_eq!((failed.status, failed.code()), (500, "FLOE-FUNCTION-0023"));
    assert_eq!(service.get("q:0").await.status, 404);
    assert_eq!(service.post("q:0", HELLO).await.body, SAID);
    assert_eq!(service.begun(), 2);

    let bad = r#"{"data":[[0,"bad"]]}"#;
    assert_eq!(service.post("q:1", bad).await.status, 422);
    assert_eq!(service.post("q:1", bad).await.status, 422);
    assert_eq!(service.begun(), 4);
    // What is refused may be sent anew with what was meant.
    assert_eq!(service.post("q:1", HELLO).await.status, 200);
    assert_eq!(
        service.post("q:2", "rubbish").await.code(),
        "FLOE-FUNCTION-0020"
    );
    assert_eq!(service.book.kept(), 2);
}

#[tokio::test]
async fn a_panic_is_an_answer_to_all_who_wait_and_the_next_send_is_worked_on() {
    let work = Work::new(0);
    work.panics.store(true, Ordering::SeqCst);
    let book = Book::new(waiting());
    let app = Router::new()
        .route("/say", book.route(post(say)))
        .with_state(Arc::clone(&work));
    let send = || {
        let request = Request::post("/say").header(BATCH_ID, "q:0");
        TowerToHyperService::new(app.clone()).call(request.body(Body::from(HELLO)).unwrap())
    };
    // Polled once, each of them waits for the one work.
    let mut sends = [send(), send(), send()].map(Box::pin);
    for send in &mut sends {
        assert!(futures::poll!(send).is_pending());
    }
    work.gate.add_permits(2);
    for send in sends {
        let response = send.await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1_000).await.unwrap();
        let expected = "FLOE-FUNCTION-0030: the work on the batch panicked; the log of the \
                        service says where\n";
        assert_eq!(body, expected);
    }
    assert_eq!((work.begun(), book.running(), book.kept()), (1, 0, 0));
    assert_eq!(send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_caller_that_goes_away_finds_the_answer_when_it_comes_back() {
    let service = Service::start(waiting(), 0).await;
    let gone = service.posting("q:0", HELLO);
    service.until_begun(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    service.work.gate.add_permits(1);
    service.until_idle().await;
    assert_eq!(service.post("q:0", HELLO).await.body, SAID);
    assert_eq!(service.begun(), 1);
}

#[tokio::test]
async fn long_work_is_accepted_asked_for_and_answered_as_often_as_asked() {
    let service = Service::start(accepting(), 0).await;
    let accepted = service.post("q:0", HELLO).await;
    assert_eq!((accepted.status, accepted.body.as_str()), (202, ""));
    service.until_begun(1).await;
    for _ in 0..3 {
        assert_eq!(service.get("q:0").await.status, 202);
        assert_eq!(service.post("q:0", HELLO).await.status, 202);
    }
    service.work.gate.add_permits(1);
    service.until_idle().await;
    for _ in 0..3 {
        let answer = service.get("q:0").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, SAID));
    }
    assert_eq!(service.post("q:0", HELLO).await.body, SAID);
    assert_eq!(service.begun(), 1);
}

#[tokio::test]
async fn only_what_takes_longer_than_it_may_is_accepted_for_later() {
    let within = |time| BookOptions {
        answer_within: Some(time),
        ..BookOptions::default()
    };
    let service = Service::start(within(Duration::from_secs(60)), 1).await;
    assert_eq!(service.post("q:0", HELLO).await.body, SAID);

    let service = Service::start(within(Duration::from_millis(20)), 0).await;
    assert_eq!(service.post("q:1", HELLO).await.status, 202);
    service.work.gate.add_permits(1);
    service.until_idle().await;
    assert_eq!(service.post("q:1", HELLO).await.body, SAID);
    assert_eq!(service.begun(), 1);
}

#[tokio::test]
async fn a_result_nobody_asked_to_be_made_is_not_found() {
    let service = Service::start(accepting(), 0).await;
    let unknown = service.get("q:0").await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (404, "FLOE-FUNCTION-0028")
    );
    assert!(
        unknown.body.contains("batch q:0 is not known here"),
        "{}",
        unknown.body
    );
}

#[tokio::test]
async fn a_failure_after_202_is_told_to_who_asks_and_a_new_send_is_worked_on() {
    for (panics, code) in [(false, "FLOE-FUNCTION-0023"), (true, "FLOE-FUNCTION-0030")] {
        let service = Service::start(accepting(), 0).await;
        service.work.panics.store(panics, Ordering::SeqCst);
        service.work.fails.store(!panics, Ordering::SeqCst);
        assert_eq!(service.post("q:0", HELLO).await.status, 202);
        service.work.gate.add_permits(2);
        service.until_idle().await;
        for _ in 0..2 {
            let failed = service.get("q:0").await;
            assert_eq!((failed.status, failed.code()), (500, code));
        }
        assert_eq!(service.post("q:0", HELLO).await.status, 202);
        service.until_idle().await;
        assert_eq!(service.get("q:0").await.body, SAID);
        assert_eq!(service.begun(), 2);
    }
}

#[tokio::test]
async fn more_work_than_allowed_is_refused_with_the_time_to_come_again() {
    let service = Service::start(
        BookOptions {
            most_running: 2,
            retry_after: Duration::from_millis(1_500),
            ..accepting()
        },
        0,
    )
    .await;
    assert_eq!(service.post("q:0", HELLO).await.status, 202);
    assert_eq!(service.post("q:1", HELLO).await.status, 202);
    let refused = service.post("q:2", HELLO).await;
    assert_eq!(
        (refused.status, refused.code()),
        (429, "FLOE-FUNCTION-0029")
    );
    assert_eq!(refused.header("retry-after"), Some("2"));
    // Known batches are not new work.
    assert_eq!(service.post("q:0", HELLO).await.status, 202);
    service.work.gate.add_permits(3);
    service.until_idle().await;
    assert_eq!(service.post("q:2", HELLO).await.status, 202);
    service.until_idle().await;
    assert_eq!(service.begun(), 3);
}

#[tokio::test]
async fn what_is_forgotten_is_worked_on_anew() {
    let one = BookOptions {
        kept_batches: 1,
        ..waiting()
    };
    let service = Service::start(one, 9).await;
    service.post("q:0", HELLO).await;
    service.post("q:1", HELLO).await;
    assert_eq!(service.book.kept(), 1);
    assert_eq!(service.get("q:0").await.status, 404);
    assert_eq!(service.post("q:0", HELLO).await.body, SAID);
    assert_eq!(service.begun(), 3);

    let no_time = BookOptions {
        kept_for: Duration::ZERO,
        ..waiting()
    };
    let service = Service::start(no_time, 9).await;
    service.post("q:0", HELLO).await;
    assert_eq!(service.get("q:0").await.status, 404);
    assert_eq!(service.book.kept(), 0);
}

#[tokio::test]
async fn an_answer_larger_than_all_that_is_kept_is_an_error_and_not_lost_silently() {
    let small = BookOptions {
        kept_bytes: SAID.len() - 1,
        ..accepting()
    };
    let service = Service::start(small, 1).await;
    assert_eq!(service.post("q:0", HELLO).await.status, 202);
    service.until_idle().await;
    let failed = service.get("q:0").await;
    assert_eq!((failed.status, failed.code()), (500, "FLOE-FUNCTION-0031"));
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_refused_before_any_work() {
    let book = Book::new(waiting());
    let echo = |batch: Batch<(String,)>| async { batch.map(|(text,)| text) };
    let app = Router::new()
        .route("/f", book.route(post(echo)))
        .layer(Extension(RequestLimit(10)));
    let answer = Http::to(app).await.post("/f", Some("q:0"), HELLO).await;
    assert_eq!((answer.status, answer.code()), (413, "FLOE-FUNCTION-0024"));
    assert_eq!((book.running(), book.kept()), (0, 0));
}

#[tokio::test]
async fn work_that_ends_with_its_runtime_leaves_nobody_waiting() {
    let book = Book::new(accepting());
    let seen = book.clone();
    let served = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let hang = |_: Batch<(String,)>| std::future::pending::<Result<Answers, ServeError>>();
            let app = Router::new().route("/f", seen.route(post(hang)));
            let http = Http::to(app).await;
            assert_eq!(http.post("/f", Some("q:0"), HELLO).await.status, 202);
            assert_eq!(seen.running(), 1);
        });
    });
    let ended = tokio::task::spawn_blocking(move || served.join()).await;
    assert!(ended.unwrap().is_ok());
    let waited = tokio::time::timeout(Duration::from_secs(20), book.idle()).await;
    assert!(waited.is_ok());
    assert_eq!(book.running(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn however_many_send_at_once_every_batch_is_worked_on_once() {
    const BATCHES: usize = 200;
    for options in [waiting(), accepting()] {
        let service = Service::start(options, BATCHES).await;
        let sends = (0..4 * BATCHES).map(|send| {
            let http = service.http.clone();
            let id = format!("q:{}", send % BATCHES);
            tokio::spawn(async move {
                let mut answer = http.post("/say", Some(&id), HELLO).await;
                while answer.status == 202 {
                    answer = http.get("/say", Some(&id)).await;
                }
                answer.body
            })
        });
        for said in sends.collect::<Vec<_>>() {
            assert_eq!(said.await.unwrap(), SAID);
        }
        assert_eq!((service.begun(), service.book.kept()), (BATCHES, BATCHES));
        assert_eq!(service.book.running(), 0);
    }
}
