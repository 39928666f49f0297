//! A plain HTTP client, to see what a service answers byte by byte.

use axum::Router;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::service::listen;

#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    address: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The code at the beginning of an error's line.
    pub(crate) fn code(&self) -> &str {
        self.body.split(": ").next().unwrap()
    }
}

impl Http {
    /// Serves `app` for the rest of the test.
    pub(crate) async fn to(app: Router) -> Self {
        Self::at(&listen(app).await)
    }

    pub(crate) fn at(address: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            address: address.to_owned(),
        }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let body = Bytes::from(body.to_owned());
        let (status, headers, body) = self.send_bytes(method, path, headers, body).await;
        Answer {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> (u16, HeaderMap, Bytes) {
        let uri = format!("http://{}{path}", self.address);
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), head.headers, body)
    }

    pub(crate) async fn post(&self, path: &str, batch_id: Option<&str>, body: &str) -> Answer {
        self.send("POST", path, &id(batch_id), body).await
    }

    pub(crate) async fn get(&self, path: &str, batch_id: Option<&str>) -> Answer {
        self.send("GET", path, &id(batch_id), "").await
    }
}

fn id(batch_id: Option<&str>) -> Vec<(&str, &str)> {
    let header = |id| ("sf-external-function-query-batch-id", id);
    batch_id.map(header).into_iter().collect()
}
