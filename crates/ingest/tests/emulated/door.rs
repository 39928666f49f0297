//! A door to fake-gcs-server for clients of Cloud Storage's XML interface: the emulator takes no
//! writes there, and knows conditions only in uploads of several parts through the JSON interface.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use floe_peers::{Handler, Server, Upstream, answer};
use hyper::header::HeaderValue;
use hyper::{Method, Request, Response};

/// What stands between the parts of an upload, and in no object.
const BOUNDARY: &str = "floe-4b1f9a52c0d7-floe";

/// Opens a door. It closes when this is dropped.
pub(crate) async fn open(url: &str) -> Server {
    let upstream = Arc::new(Upstream::new(url));
    // The emulator answers to its own name alone.
    let (_, host) = url.split_once("://").unwrap();
    let host: HeaderValue = host.trim_end_matches('/').parse().unwrap();
    let handler: Handler = Arc::new(move |mut request| {
        let upstream = Arc::clone(&upstream);
        request.headers_mut().insert("host", host.clone());
        let answer: Pin<Box<dyn Future<Output = Response<Bytes>> + Send>> = Box::pin(async move {
            if request.method() == Method::PUT {
                return write(&upstream, request).await;
            }
            upstream.send(request).await
        });
        answer
    });
    Server::start(handler).await.unwrap()
}

async fn write(upstream: &Upstream, request: Request<Bytes>) -> Response<Bytes> {
    let path = plain(request.uri().path());
    let (bucket, name) = path.trim_start_matches('/').split_once('/').unwrap();
    let mut uri = format!("/upload/storage/v1/b/{bucket}/o?uploadType=multipart");
    if let Some(generation) = request.headers().get("x-goog-if-generation-match") {
        uri.push_str("&ifGenerationMatch=");
        uri.push_str(generation.to_str().unwrap());
    }
    let front = format!(
        "--{BOUNDARY}\r\ncontent-type: application/json\r\n\r\n{{\"name\": \"{name}\"}}\r\n\
         --{BOUNDARY}\r\ncontent-type: application/octet-stream\r\n\r\n"
    );
    let back = format!("\r\n--{BOUNDARY}--\r\n");
    let body = [front.as_bytes(), request.body(), back.as_bytes()].concat();
    let upload = Request::post(uri)
        .header(
            "content-type",
            format!("multipart/related; boundary={BOUNDARY}"),
        )
        .body(body.into());
    let written = upstream.send(upload.unwrap()).await;
    let status = written.status().as_u16();
    let text = String::from_utf8_lossy(written.body()).into_owned();
    let mut told = answer(status, "application/xml", "");
    for (field, header) in [("etag", "etag"), ("generation", "x-goog-generation")] {
        if let Some(value) = value_of(&text, field) {
            told.headers_mut().insert(header, value.parse().unwrap());
        }
    }
    told
}

/// The text of a field of the object that an upload tells of; its own fields come last.
fn value_of<'a>(text: &'a str, field: &str) -> Option<&'a str> {
    let (_, rest) = text.rsplit_once(&format!("\"{field}\":\""))?;
    rest.split('"').next()
}

fn plain(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
