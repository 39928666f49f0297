//! The service itself: listening, answering, ending.

use std::future::{Future, pending};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use floe_batch::BatchError;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::answer;
use crate::{EchoError, Fault, Line, Log, Options};

/// The largest request that is read: 64 MiB.
const MAX_REQUEST_BYTES: usize = 64 * 1024 * 1024;

const BATCH_ID: &str = "sf-external-function-query-batch-id";

/// Runs the service until SIGTERM or SIGINT, with its log on stdout.
///
/// # Expected flow
///
/// 1. `echo v1 listening on …` once requests are taken.
/// 2. On the first signal: `SIGTERM received, in flight: n`; no more connections are accepted.
/// 3. When every begun batch is answered: `stopped`, and the future resolves.
///
/// # Errors
///
/// [`EchoError`] when the address or the signals are not available.
///
/// # Cancel safety
///
/// Dropping the future stops accepting; batches that were begun go on in their own tasks.
///
/// ```
/// use floe_sample_echo::{EchoError, Options, serve};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// // An address of the documentation range, which no machine has.
/// let options = Options { host: "192.0.2.1".parse().unwrap(), ..Options::default() };
/// assert!(matches!(serve(options).await, Err(EchoError::Listen { .. })));
/// # });
/// ```
pub async fn serve(options: Options) -> Result<(), EchoError> {
    let on = |kind| signal(kind).map_err(|source| EchoError::Signals { source });
    let (terminate, interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    let server = Server::bind(options, Log::stdout()).await?;
    server.run(first_of(terminate, interrupt)).await
}

/// A service that listens and waits to be run.
///
/// ```
/// use floe_sample_echo::{Log, Options, Server};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let host = "127.0.0.1".parse().unwrap();
/// let log = Log::memory();
/// let server = Server::bind(Options { host, port: 0, ..Options::default() }, log.clone())
///     .await
///     .unwrap();
/// let address = server.address();
/// server.run(std::future::ready("SIGTERM")).await.unwrap();
/// assert_eq!(
///     log.lines(),
///     [&format!("echo v1 listening on {address}"), "SIGTERM received, in flight: 0", "stopped"]
/// );
/// # });
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<Service>,
}

impl Server {
    /// Listens on the address of `options` and writes the first log line.
    ///
    /// # Errors
    ///
    /// [`EchoError::Listen`] when the address is taken, not of this machine or not allowed.
    ///
    /// See [`Server`] for an example.
    pub async fn bind(options: Options, log: Log) -> Result<Self, EchoError> {
        let wanted = SocketAddr::new(options.host, options.port);
        let listen = |source| EchoError::Listen {
            address: wanted,
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        log.line(Line::Listening {
            version: &options.version,
            address,
        });
        let service = Arc::new(Service {
            options,
            log,
            in_flight: AtomicUsize::new(0),
        });
        Ok(Self {
            listener,
            address,
            service,
        })
    }

    /// The address it listens on, with the port that was chosen.
    ///
    /// See [`Server`] for an example.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until `stop` resolves with its cause, then finishes what was begun.
    ///
    /// # Errors
    ///
    /// [`EchoError::Serve`] when accepting connections fails for good.
    ///
    /// See [`Server`] for an example.
    pub async fn run(
        self,
        stop: impl Future<Output = &'static str> + Send + 'static,
    ) -> Result<(), EchoError> {
        let Self {
            listener, service, ..
        } = self;
        let log = service.log.clone();
        let app = Router::new()
            .route(
                "/echo",
                post(echo).layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES)),
            )
            .route("/healthcheck", get(healthcheck))
            .with_state(Arc::clone(&service));
        let stopping = async move {
            let cause = stop.await;
            let in_flight = service.in_flight.load(Ordering::SeqCst);
            service.log.line(Line::Stopping { cause, in_flight });
        };
        axum::serve(listener, app)
            .with_graceful_shutdown(stopping)
            .await
            .map_err(|source| EchoError::Serve { source })?;
        log.line(Line::Stopped);
        Ok(())
    }
}

/// What all requests share.
#[derive(Debug)]
struct Service {
    options: Options,
    log: Log,
    /// Batches that are begun and not answered.
    in_flight: AtomicUsize,
}

async fn healthcheck(State(service): State<Arc<Service>>) -> Response {
    match service.options.fault {
        Some(Fault::Unhealthy) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "I am not ready (ECHO_FAULT=unhealthy)",
        )
            .into_response(),
        Some(_) | None => "I'm ready!".into_response(),
    }
}

async fn echo(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    let id = batch_id(&headers);
    let rows = match answer::read(&body) {
        Ok(rows) => rows,
        Err(error) => {
            service.log.line(Line::BatchRefused {
                id: &id,
                code: error.code(),
            });
            return refused(&error);
        }
    };
    let work = InFlight::begin(service, id, rows.len());
    let options = &work.service.options;
    if !options.delay.is_zero() {
        tokio::time::sleep(options.delay).await;
    }
    let response = match options.fault {
        Some(Fault::Hang) => pending().await,
        Some(Fault::Error500) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "I say nothing (ECHO_FAULT=error500)",
        )
            .into_response(),
        fault => match answer::write(rows, &options.character_name, fault) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => refused(&error),
        },
    };
    work.done();
    response
}

fn refused(error: &BatchError) -> Response {
    (
        StatusCode::BAD_REQUEST,
        format!("{}: {error}\n", error.code()),
    )
        .into_response()
}

/// The batch id as one word, so that log lines can be taken apart at their blanks.
fn batch_id(headers: &HeaderMap) -> String {
    match headers.get(BATCH_ID).and_then(|id| id.to_str().ok()) {
        Some(id) if !id.is_empty() => id.replace(|c: char| !c.is_ascii_graphic(), "_"),
        Some(_) | None => "-".to_owned(),
    }
}

/// A batch that is begun. Dropped before it is done, when the caller hangs up, it says so.
struct InFlight {
    service: Arc<Service>,
    id: String,
    rows: usize,
    done: bool,
}

impl InFlight {
    fn begin(service: Arc<Service>, id: String, rows: usize) -> Self {
        service.in_flight.fetch_add(1, Ordering::SeqCst);
        service.log.line(Line::BatchStart { id: &id, rows });
        Self {
            service,
            id,
            rows,
            done: false,
        }
    }

    fn done(mut self) {
        self.done = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let (id, rows) = (self.id.as_str(), self.rows);
        self.service.log.line(if self.done {
            Line::BatchDone { id, rows }
        } else {
            Line::BatchAbandoned { id, rows }
        });
        self.service.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn first_of(mut terminate: Signal, mut interrupt: Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
