//! A server, and what passes requests on.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{self, Body};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The largest body that is taken: no test sends more.
const MAX_BODY: usize = 64 << 20;

/// What answers requests; bodies are whole.
pub type Handler = Arc<
    dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send>> + Send + Sync,
>;

/// A server on a free port of the loopback interface; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    ///
    /// When the machine has no port left.
    ///
    /// ```
    /// use std::sync::Arc;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let handler = Arc::new(|request: hyper::Request<bytes::Bytes>| {
    ///     let path = request.uri().path().to_owned();
    ///     let answer: std::pin::Pin<Box<dyn Future<Output = _> + Send>> =
    ///         Box::pin(async move { floe_peers::answer(200, "text/plain", path) });
    ///     answer
    /// });
    /// let server = floe_peers::Server::start(handler).await?;
    /// let upstream = floe_peers::Upstream::new(&server.url());
    /// let request = hyper::Request::get("/orders?x=1").body(bytes::Bytes::new())?;
    /// assert_eq!(upstream.send(request).await.into_body(), "/orders");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn start(handler: Handler) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(move |request: Request<Body>| {
            let handler = Arc::clone(&handler);
            async move {
                let (parts, body) = request.into_parts();
                match body::to_bytes(body, MAX_BODY).await {
                    Ok(body) => handler(Request::from_parts(parts, body)).await,
                    Err(error) => answer(400, "text/plain", error.to_string()),
                }
                .map(Body::from)
            }
        });
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                eprintln!("the server on {address} ended: {error}");
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens, for example `http://127.0.0.1:40001`.
    ///
    /// See [`Server::start`] for an example.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a body.
///
/// ```
/// let answer = floe_peers::answer(404, "text/plain", "there is none");
/// assert_eq!(answer.status(), 404);
/// ```
#[must_use]
pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    if let Ok(value) = content_type.parse() {
        response
            .headers_mut()
            .insert(hyper::header::CONTENT_TYPE, value);
    }
    response
}

/// A server behind this one.
#[derive(Clone, Debug)]
pub struct Upstream {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    /// Names the server, for example `http://127.0.0.1:40001`.
    ///
    /// See [`Server::start`] for an example.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Passes a request on as it is, the header `Host` included: signatures stay right.
    ///
    /// What cannot be passed on is answered with 502.
    ///
    /// See [`Server::start`] for an example.
    pub async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.try_send(request)
            .await
            .unwrap_or_else(|error| answer(502, "text/plain", error.to_string()))
    }

    async fn try_send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = format!("{}{path}", self.base).parse::<Uri>()?;
        parts.version = hyper::Version::HTTP_11;
        drop_framing(&mut parts.headers);
        let request = Request::from_parts(parts, Full::new(body));
        let (mut parts, body) = self.client.request(request).await?.into_parts();
        drop_framing(&mut parts.headers);
        Ok(Response::from_parts(
            parts,
            body.collect().await?.to_bytes(),
        ))
    }
}

/// What belongs to one connection is not passed on to the next.
fn drop_framing(headers: &mut hyper::HeaderMap) {
    let of_connection: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];
    for name in of_connection {
        headers.remove(name);
    }
}
