//! S3, SNS, SQS and STS as they can be on a bad day: a proxy before an emulator that has no bad
//! days.
//!
//! What it adds is what the public documentation of AWS promises or warns of: destinations that
//! S3 may not publish to are refused, and so are entries that overlap; policies take a while to
//! act; calls are throttled, fail, break or are slow; messages come twice, late, in another order,
//! or with several records; queues are not seen at once, and their names not free at once; and
//! others change the configuration of the bucket, too.
//!
//! Requests are passed on as they are, the header `Host` included.

mod call;
mod configuration;
mod faults;
mod messages;
mod names;
mod policy;
mod xml;

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::{Request, Response};

use crate::{Handler, Server, Upstream};
pub use call::Call;
pub use faults::{Failure, Faults, Intrusion, Messages, Trouble, When};

/// Most calls that are remembered: more than any test makes.
const MAX_CALLS: usize = 100_000;

/// A proxy before an emulator of AWS, with faults that a test switches on.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use floe_peers::s3::{Failure, Proxy, Trouble};
/// let proxy = Proxy::start("http://127.0.0.1:9").await?;
/// proxy.set(|faults| {
///     faults.failures.push(Failure::once("GetBucketNotification", Trouble::SlowDown));
/// });
/// let client = floe_peers::Upstream::new(&proxy.url());
/// let request = hyper::Request::get("/landing?notification").body(bytes::Bytes::new())?;
/// let answer = client.send(request).await;
/// assert_eq!(answer.status(), 503);
/// assert!(String::from_utf8_lossy(answer.body()).contains("<Code>SlowDown</Code>"));
/// assert_eq!(proxy.calls()[0].operation, "GetBucketNotification");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Proxy {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    upstream: Upstream,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Faults,
    calls: Vec<Call>,
    configuration: configuration::Memory,
    messages: messages::Memory,
    names: names::Memory,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Starts a proxy before an emulator, for example `http://127.0.0.1:4566`; without faults.
    ///
    /// # Errors
    ///
    /// When the machine has no port left.
    ///
    /// See [`Proxy`] for an example.
    pub async fn start(upstream: &str) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            upstream: Upstream::new(upstream),
            state: Mutex::default(),
        });
        let behind = Arc::clone(&shared);
        let handler: Handler = Arc::new(move |request| {
            let shared = Arc::clone(&behind);
            let answer: Pin<Box<dyn Future<Output = Response<Bytes>> + Send>> =
                Box::pin(async move { handle(&shared, request).await });
            answer
        });
        let server = Server::start(handler).await?;
        Ok(Self { server, shared })
    }

    /// Where it listens, for example `http://127.0.0.1:40001`.
    ///
    /// See [`Proxy`] for an example.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Switches faults on and off.
    ///
    /// See [`Proxy`] for an example.
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.state().faults);
    }

    /// All calls that came, in order, those that failed included.
    ///
    /// See [`Proxy`] for an example.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// How often an operation was called, for example `PutBucketNotification`.
    ///
    /// See [`Proxy`] for an example.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        let state = self.shared.state();
        let calls = state.calls.iter();
        calls.filter(|call| call.operation == operation).count()
    }
}

async fn handle(shared: &Shared, request: Request<Bytes>) -> Response<Bytes> {
    let call = Call::of(&request);
    let trouble = {
        let mut state = shared.state();
        if state.calls.len() < MAX_CALLS {
            state.calls.push(call.clone());
        }
        state.faults.trouble(&call.operation)
    };
    match trouble {
        None => {}
        Some(Trouble::Slow(time)) => tokio::time::sleep(time).await,
        Some(Trouble::Broken) => hang_up(),
        Some(Trouble::AnswerLost) => {
            pass_on(shared, &call, request).await;
            hang_up()
        }
        Some(trouble) => return trouble.answer(&call),
    }
    pass_on(shared, &call, request).await
}

/// Ends the task of the connection, so that the client gets no answer; nothing is printed.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the connection is broken on purpose"))
}

async fn pass_on(shared: &Shared, call: &Call, request: Request<Bytes>) -> Response<Bytes> {
    match call.operation.as_str() {
        "GetBucketNotification" | "PutBucketNotification" => {
            configuration::pass_on(shared, call, request).await
        }
        "ReceiveMessage" | "DeleteMessage" | "DeleteMessageBatch" => {
            messages::pass_on(shared, call, request).await
        }
        "CreateQueue" | "DeleteQueue" | "ListQueues" | "GetQueueUrl" | "GetQueueAttributes"
        | "SetQueueAttributes" => names::pass_on(shared, call, request).await,
        _ => shared.upstream.send(request).await,
    }
}
