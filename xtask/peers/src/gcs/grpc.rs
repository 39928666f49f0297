//! Calls by gRPC, passed on with their trailers or refused in its way.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::World;
use super::faults::{Fate, Faults};
use super::front::{Answer, Broken, collect, whole};
use super::pubsub::NOT_ALLOWED;

/// Codes of gRPC.
const PERMISSION_DENIED: u8 = 7;
const RESOURCE_EXHAUSTED: u8 = 8;
const UNAVAILABLE: u8 = 14;

/// A connection to what is behind.
#[derive(Clone)]
pub(super) struct Channel {
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Channel {
    pub(super) fn new(base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        Self {
            base: base.to_owned(),
            client,
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Answer, Broken> {
        let (mut parts, body) = request.into_parts();
        let uri = format!("{}{}", self.base, parts.uri.path());
        parts.uri = uri.parse::<Uri>().map_err(|_| Broken)?;
        let request = Request::from_parts(parts, Full::new(body));
        let answer = self.client.request(request).await.map_err(|_| Broken)?;
        Ok(answer.map(|body| body.boxed()))
    }
}

pub(super) fn is_call(request: &Request<Incoming>) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The permissions that a call needs ("Access control with IAM", Pub/Sub).
fn permissions(path: &str) -> &'static [&'static str] {
    match path.rsplit('/').next().unwrap_or_default() {
        "CreateTopic" => &["pubsub.topics.create"],
        "GetTopic" | "ListTopicSubscriptions" => &["pubsub.topics.get"],
        "ListTopics" => &["pubsub.topics.list"],
        "DeleteTopic" => &["pubsub.topics.delete"],
        "CreateSubscription" => &[
            "pubsub.subscriptions.create",
            "pubsub.topics.attachSubscription",
        ],
        "GetSubscription" => &["pubsub.subscriptions.get"],
        "ListSubscriptions" => &["pubsub.subscriptions.list"],
        "DeleteSubscription" => &["pubsub.subscriptions.delete"],
        _ => &[],
    }
}

pub(super) async fn serve(
    world: &World,
    faults: &Faults,
    channel: &Channel,
    request: Request<Incoming>,
) -> Result<Answer, Broken> {
    match faults.fate(permissions(request.uri().path())) {
        Fate::Broken => return Err(Broken),
        Fate::Refused(429) => return Ok(refused(RESOURCE_EXHAUSTED, "try again")),
        Fate::Refused(_) => return Ok(refused(UNAVAILABLE, "try again")),
        Fate::Denied(_) => return Ok(refused(PERMISSION_DENIED, NOT_ALLOWED)),
        Fate::Served => {}
    }
    let request = collect(request).await?;
    if request.uri().path().ends_with("/DeleteTopic")
        && let Some(topic) = first_text(request.body())
    {
        // A topic of the same name that is made later starts without a policy.
        world.policies().forget(&topic);
    }
    channel.send(request).await
}

/// The first field of a message, when that is a text: five bytes of framing, the field, the
/// length, the text.
fn first_text(body: &Bytes) -> Option<String> {
    const FIELD_1: u8 = 0x0A;
    let [_, _, _, _, _, FIELD_1, length, text @ ..] = &body[..] else {
        return None;
    };
    let (length, text) = match text {
        // Lengths from 128 on take two bytes; names of Pub/Sub are shorter than 16,384.
        [high, rest @ ..] if *length >= 0x80 => (
            usize::from(*length & 0x7F) | (usize::from(*high) << 7),
            rest,
        ),
        _ => (usize::from(*length), text),
    };
    let text = text.get(..length)?;
    String::from_utf8(text.to_vec()).ok()
}

/// An answer that is only trailers.
fn refused(code: u8, message: &str) -> Answer {
    let mut answer = Response::new(Bytes::new());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from(u16::from(code)));
    if let Ok(message) = HeaderValue::from_str(message) {
        headers.insert("grpc-message", message);
    }
    whole(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_topic_is_read_from_the_wire() {
        for name in ["projects/p/topics/t".to_owned(), "x".repeat(300)] {
            let mut body = vec![0, 0, 0, 0, 0, 0x0A];
            match u8::try_from(name.len()) {
                Ok(length) if length < 0x80 => body.push(length),
                _ => body.extend([(name.len() & 0x7F) as u8 | 0x80, (name.len() >> 7) as u8]),
            }
            body.extend(name.bytes());
            assert_eq!(first_text(&Bytes::from(body)), Some(name));
        }
        assert_eq!(first_text(&Bytes::from_static(b"\0\0")), None);
    }
}
