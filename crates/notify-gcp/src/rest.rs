//! Calls by JSON over HTTP: what Google's clients for Rust do not have.

use std::time::Duration;

use floe_notify::clock::Clock;
use google_cloud_auth::credentials::{CacheableResource, Credentials};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::failure::{Call, Failure, Kind};

/// How long one call takes, unless it waits for messages.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);
/// The largest answer that is read: a pull carries at most 10 MB of messages ("Quotas and limits",
/// Pub/Sub), which base64 makes a third longer.
const MAX_ANSWER: usize = 64 << 20;
/// The pause before the first further attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// One service.
#[derive(Clone)]
pub(crate) struct Rest {
    client: Client,
    base: String,
    credentials: Credentials,
    attempts: u32,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    pub(crate) call: Call,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<&'a Value>,
}

impl<'a> Ask<'a> {
    pub(crate) const fn get(call: Call, path: String) -> Self {
        Self {
            call,
            method: Method::GET,
            path,
            body: None,
        }
    }

    pub(crate) const fn post(call: Call, path: String, body: &'a Value) -> Self {
        Self {
            call,
            method: Method::POST,
            path,
            body: Some(body),
        }
    }

    pub(crate) const fn delete(call: Call, path: String) -> Self {
        Self {
            call,
            method: Method::DELETE,
            path,
            body: None,
        }
    }
}

impl Rest {
    pub(crate) fn new(client: Client, base: &str, credentials: Credentials, attempts: u32) -> Self {
        Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            credentials,
            attempts,
        }
    }

    /// Sends a request, again after a pause when a retry may help, and returns the body.
    pub(crate) async fn send(&self, clock: &dyn Clock, ask: Ask<'_>) -> Result<String, Failure> {
        let mut pause = PAUSE;
        for _ in 1..self.attempts {
            match self.once(ask.clone(), TIMEOUT).await {
                Err(failure) if failure.is_retryable() => clock.sleep(pause).await,
                result => return result,
            }
            pause *= 2;
        }
        self.once(ask, TIMEOUT).await
    }

    /// Sends a request one time.
    pub(crate) async fn once(&self, ask: Ask<'_>, time: Duration) -> Result<String, Failure> {
        let call = ask.call;
        // What the credentials keep is refreshed by themselves; nothing is cached here.
        let headers = match self.credentials.headers(Default::default()).await {
            Ok(CacheableResource::New { data, .. }) => data,
            Ok(CacheableResource::NotModified) => Default::default(),
            Err(error) if error.is_transient() => return Err(Failure::of_transport(call, &error)),
            Err(error) => {
                let reason = floe_notify::words_of(&error);
                return Err(Failure::new(call, Kind::UnknownCaller, "", &reason));
            }
        };
        let url = format!("{}{}", self.base, ask.path);
        let mut request = self.client.request(ask.method, url).timeout(time);
        request = request.headers(headers);
        if let Some(body) = ask.body {
            let request_body = body.to_string();
            request = request.header(CONTENT_TYPE, "application/json");
            request = request.body(request_body);
        }
        let mut response = request.send().await.map_err(|error| lost(call, error))?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(call, error))? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                let reason = format!("it is longer than {MAX_ANSWER} bytes");
                return Err(Failure::new(call, Kind::Unreadable, "", &reason));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() {
            Ok(text)
        } else {
            Err(Failure::of_http(call, status.as_u16(), &text))
        }
    }
}

/// The URL is left out of the words: the error names the resource itself.
fn lost(call: Call, error: reqwest::Error) -> Failure {
    Failure::of_transport(call, &error.without_url())
}

/// A name as one segment of a path (RFC 3986, section 2.3: what need not be encoded).
pub(crate) fn segment(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A full name of Pub/Sub, for example `projects/acme/topics/a+b`, as a path.
pub(crate) fn path(name: &str) -> String {
    let segments: Vec<String> = name.split('/').map(segment).collect();
    format!("/v1/{}", segments.join("/"))
}
