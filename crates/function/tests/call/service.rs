//! A service that does what a script says, and functions that call it.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use flate2::bufread::MultiGzDecoder;
use floe_batch::SqlType;
use floe_batch::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use floe_batch::rows::{ResponseWriter, read_request};
use floe_function::{
    Backoff, BoxFuture, Client, ClientOptions, Function, FunctionSpec, NoTarget, Target, Targets,
};
use futures::stream;

/// What the service does with one request; when the script is over it answers well.
#[derive(Clone)]
pub(crate) enum Step {
    /// Every row with `said <text>`.
    Well,
    /// This status and text.
    Status(u16, String),
    /// Status 200 with this body.
    Body(String),
    /// Status 200 with this body and one more header.
    With(&'static str, String, String),
    /// This status, these headers and these bytes.
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// This status, and the seconds after which to come again.
    Later(u16, u64),
    /// Half of a body, then the connection breaks.
    Cut,
    /// Nothing, ever.
    Hang,
    /// This many bytes in chunks, without saying so beforehand.
    Flood(usize),
}

/// One request as the service saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    /// The bytes that were transferred.
    pub(crate) sent: Bytes,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn batch_id(&self) -> &str {
        self.header("sf-external-function-query-batch-id")
    }
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
}

/// A running service.
pub(crate) struct Service {
    pub(crate) address: String,
    script: Arc<Script>,
}

impl Service {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let script = Arc::new(Script {
            steps: Mutex::new(steps.into_iter().collect()),
            seen: Mutex::default(),
        });
        let shared = Arc::clone(&script);
        let app = Router::new().route(
            "/{*path}",
            any(
                move |method, uri: axum::http::Uri, headers: HeaderMap, sent: Bytes| async move {
                    let body = match headers.get("content-encoding") {
                        Some(coding) => {
                            assert_eq!(coding, "gzip");
                            unpacked(&sent)
                        }
                        None => String::from_utf8(sent.to_vec()).unwrap(),
                    };
                    let path = uri.to_string();
                    shared.seen.lock().unwrap().push(Seen {
                        method,
                        path,
                        headers,
                        sent,
                        body: body.clone(),
                    });
                    let step = shared.steps.lock().unwrap().pop_front();
                    act(step.unwrap_or(Step::Well), &body).await
                },
            ),
        );
        Self {
            address: listen(app).await,
            script,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.script.seen.lock().unwrap().clone()
    }
}

/// What a gzip stream was before it was compressed.
pub(crate) fn unpacked(packed: &[u8]) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(packed)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Serves `app` for the rest of the test.
pub(crate) async fn listen(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn act(step: Step, request: &str) -> Response {
    let broken = || std::io::Error::other("cut");
    match step {
        Step::Well => said(request).into_response(),
        Step::Status(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Step::Body(body) => body.into_response(),
        Step::With(name, value, body) => ([(name, value)], body).into_response(),
        Step::Raw(status, headers, body) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            for (name, value) in headers {
                response.headers_mut().append(name, value.parse().unwrap());
            }
            response
        }
        Step::Later(status, seconds) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, [("retry-after", seconds.to_string())]).into_response()
        }
        Step::Cut => {
            let parts = [Ok(Bytes::from_static(b"{\"data\":[[0,")), Err(broken())];
            Body::from_stream(stream::iter(parts)).into_response()
        }
        Step::Hang => std::future::pending().await,
        Step::Flood(bytes) => {
            let chunk = Bytes::from(vec![b' '; 64 * 1024]);
            let chunks =
                (0..bytes / chunk.len() + 1).map(move |_| Ok::<_, std::io::Error>(chunk.clone()));
            Body::from_stream(stream::iter(chunks)).into_response()
        }
    }
}

fn said(request: &str) -> Vec<u8> {
    let mut body = Vec::new();
    let mut writer = ResponseWriter::new(&mut body);
    for (number, (text,)) in read_request::<(Option<String>,)>(request.as_bytes()).unwrap() {
        writer
            .row(number, &text.map(|text| format!("said {text}")))
            .unwrap();
    }
    writer.finish();
    body
}

/// Instances that are picked in turn; counts what is leased.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    pub(crate) addresses: Vec<String>,
    /// Answers to the first picks, before any address.
    pub(crate) first: Mutex<VecDeque<NoTarget>>,
    pub(crate) picks: Mutex<Vec<u32>>,
    pub(crate) leased: Arc<AtomicUsize>,
}

impl Instances {
    pub(crate) fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        Self {
            addresses: addresses.into_iter().collect(),
            ..Self::default()
        }
    }
}

struct Lease(Arc<AtomicUsize>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Targets for Instances {
    fn pick(&self, attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
        Box::pin(async move {
            self.picks.lock().unwrap().push(attempt);
            if let Some(none) = self.first.lock().unwrap().pop_front() {
                return Err(none);
            }
            let number = attempt as usize % self.addresses.len();
            self.leased.fetch_add(1, Ordering::SeqCst);
            Ok(Target {
                authority: self.addresses[number].clone(),
                lease: Some(Box::new(Lease(Arc::clone(&self.leased)))),
                label: format!("ECHO_SERVICE/{number}"),
            })
        })
    }
}

/// `MY_ECHO_UDF(TEXT VARCHAR) RETURNS VARCHAR AS '/echo'`.
pub(crate) fn spec() -> FunctionSpec {
    let text = SqlType::parse("VARCHAR").unwrap();
    FunctionSpec::new("MY_ECHO_UDF", [("TEXT", text)], text, "/echo")
}

/// Delays of milliseconds, so that tests do not wait.
pub(crate) fn options() -> ClientOptions {
    let soon = Backoff {
        first: Duration::from_millis(1),
        growth: 2,
        most: Duration::from_millis(5),
    };
    ClientOptions {
        after_lost: soon,
        after_failed: soon,
        after_no_target: soon,
        before_poll: soon,
        ..ClientOptions::default()
    }
}

pub(crate) fn function(spec: FunctionSpec, service: &Service) -> Function {
    over(spec, options(), Instances::new([service.address.clone()])).0
}

pub(crate) fn over(
    spec: FunctionSpec,
    options: ClientOptions,
    instances: Instances,
) -> (Function, Arc<Instances>) {
    let instances = Arc::new(instances);
    let targets = Arc::clone(&instances) as Arc<dyn Targets>;
    (
        Function::new(spec, targets, Client::new(options)).unwrap(),
        instances,
    )
}

pub(crate) fn rows(texts: &[Option<&str>]) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    RecordBatch::try_from_iter([("TEXT", column)]).unwrap()
}

pub(crate) fn two() -> RecordBatch {
    rows(&[Some("a"), Some("b")])
}

pub(crate) fn texts(array: &ArrayRef) -> Vec<Option<&str>> {
    array.as_string::<i32>().iter().collect()
}
