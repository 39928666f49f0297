//! A server for HTTP/1.1 and HTTP/2 that can drop a call without an answer.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

pub(super) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// The connection is to be dropped.
#[derive(Debug, thiserror::Error)]
#[error("the connection is broken on purpose")]
pub(super) struct Broken;

pub(super) type Serve = Arc<
    dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Result<Answer, Broken>> + Send>>
        + Send
        + Sync,
>;

/// A server on a free port of the loopback interface; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Front {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Front {
    pub(super) async fn start(serve: Serve) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, serve));
        Ok(Self { address, task })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, serve: Serve) {
    // The connections end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&serve)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, serve: Serve) {
    let service = service_fn(move |request| serve(request));
    let builder = Builder::new(TokioExecutor::new());
    // It ends with an error when it is broken on purpose, or when the client goes away.
    let _ended = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An answer whose body is whole.
pub(super) fn whole(answer: Response<Bytes>) -> Answer {
    answer.map(|body| Full::new(body).map_err(never).boxed())
}

fn never(never: Infallible) -> hyper::Error {
    match never {}
}

/// Takes in the whole body of a request.
pub(super) async fn collect(request: Request<Incoming>) -> Result<Request<Bytes>, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?;
    Ok(Request::from_parts(parts, body.to_bytes()))
}
