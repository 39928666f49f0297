//! One HTTP request and its answer, read in a bounded way.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use md5::{Digest as _, Md5};
use tokio::time::Instant;

use crate::BoxFuture;
use crate::client::ClientOptions;
use crate::coding::{Coding, Undecoded, readable};

/// The most bytes of a refusing answer that a message repeats.
pub(crate) const ERROR_EXCERPT: usize = 300;

/// The most bytes read of an answer that is not a result; a longer one costs its connection.
const ERROR_BODY: usize = 64 * 1024;

/// How long a connection is silent before the other end is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(10);

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// The world that batches are sent into, with its time.
#[derive(Debug)]
pub(crate) struct Http {
    world: Box<dyn World>,
}

/// A clock, timers and a network; in simulations none of them is real.
pub(crate) trait World: fmt::Debug + Send + Sync {
    fn now(&self) -> Instant;

    fn sleep(&self, delay: Duration) -> BoxFuture<'static, ()>;

    /// The answer to a request, or why the connection was lost.
    fn exchange<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Exchanged, String>>;
}

/// A pool of connections over plain HTTP.
#[derive(Debug)]
struct Pool {
    pool: legacy::Client<HttpConnector, Full<Bytes>>,
    response_limit: usize,
}

/// One request.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) authority: &'a str,
    pub(crate) path: &'a PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// A complete answer, decompressed; the body is whole for status 200, else its beginning.
    Answer {
        status: u16,
        body: Bytes,
        /// How long the service asks to be left alone (RFC 9110, section 10.2.3).
        retry_after: Option<Duration>,
    },
    /// The connection was refused, reset or closed before the answer was complete.
    Lost(String),
    /// The answer did not come in time.
    TimedOut,
    /// The answer with status 200 is larger than the client accepts.
    TooLarge,
    /// The body does not match its Content-MD5.
    Damaged { announced: String, computed: String },
    /// The body cannot be decompressed.
    Undecodable(String),
}

impl Http {
    pub(crate) fn new(options: &ClientOptions) -> Self {
        Self::over(Box::new(Pool::new(options)))
    }

    pub(crate) fn over(world: Box<dyn World>) -> Self {
        Self { world }
    }

    pub(crate) fn now(&self) -> Instant {
        self.world.now()
    }

    pub(crate) async fn sleep(&self, delay: Duration) {
        self.world.sleep(delay).await;
    }

    /// What `future` gives, or nothing when it takes longer.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            value = future => Some(value),
            () = self.world.sleep(limit) => None,
        }
    }

    /// Sends `call` and reads the answer, both within the given time.
    pub(crate) async fn exchange(&self, call: Call<'_>, within: Duration) -> Exchanged {
        match self.within(within, self.world.exchange(call)).await {
            Some(Ok(exchanged)) => exchanged,
            Some(Err(lost)) => Exchanged::Lost(lost),
            None => Exchanged::TimedOut,
        }
    }
}

impl World for Pool {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, delay: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(delay))
    }

    fn exchange<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Exchanged, String>> {
        Box::pin(self.send_and_read(call))
    }
}

impl Pool {
    fn new(options: &ClientOptions) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        // A machine that vanished sends nothing; without a time-out of its own, a try would wait
        // for it as long as the batch may take.
        connector.set_keepalive(Some(KEEPALIVE));
        connector.set_keepalive_interval(Some(KEEPALIVE));
        connector.set_keepalive_retries(Some(3));
        connector.set_connect_timeout(Some(options.connect_timeout));
        let pool = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.pool_idle_timeout)
            .pool_max_idle_per_host(options.pool_max_idle_per_host)
            .build(connector);
        Self {
            pool,
            response_limit: options.response_limit,
        }
    }

    async fn send_and_read(&self, call: Call<'_>) -> Result<Exchanged, String> {
        let request = request(call)?;
        let response = self
            .pool
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        if response.status().as_u16() == 200 {
            self.read_result(response).await
        } else {
            Ok(read_refusal(response).await)
        }
    }

    async fn read_result(&self, response: Response<Incoming>) -> Result<Exchanged, String> {
        let (parts, body) = response.into_parts();
        let body = match read(body, self.response_limit).await {
            Ok(Read::Whole(body)) => body,
            Ok(Read::Beginning(_)) => return Ok(Exchanged::TooLarge),
            Err((error, _)) => return Err(chain(&error)),
        };
        // The digest is one of the bytes that were transferred (RFC 2616, section 14.15).
        if let Some(damaged) = damage(&parts.headers, &body) {
            return Ok(damaged);
        }
        let limit = self.response_limit;
        let decoded = Coding::of(&parts.headers).and_then(|coding| coding.decode(body, limit));
        Ok(match decoded {
            Ok(body) => Exchanged::Answer {
                status: 200,
                body,
                retry_after: None,
            },
            Err(Undecoded::TooLarge) => Exchanged::TooLarge,
            Err(error) => Exchanged::Undecodable(error.to_string()),
        })
    }
}

fn request(call: Call<'_>) -> Result<Request<Full<Bytes>>, String> {
    let authority = Authority::try_from(call.authority)
        .map_err(|error| format!("`{}` is not an address: {error}", call.authority))?;
    let uri = Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(authority)
        .path_and_query(call.path.clone())
        .build()
        .map_err(|error| chain(&error))?;
    let mut request = Request::new(Full::new(call.body));
    *request.method_mut() = call.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = call.headers;
    Ok(request)
}

/// The status says enough: a refusal whose body breaks off is still that refusal.
async fn read_refusal(response: Response<Incoming>) -> Exchanged {
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let retry_after = retry_after(&parts.headers);
    let body = match read(body, ERROR_BODY).await {
        Ok(Read::Whole(body) | Read::Beginning(body)) | Err((_, body)) => body,
    };
    Exchanged::Answer {
        status,
        body: readable(&parts.headers, body, ERROR_BODY),
        retry_after,
    }
}

/// Seconds, or the time between the answer's own `Date` and the date given: no clock is asked, so
/// the two machines' clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let after = text(RETRY_AFTER)?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| {
        jiff::fmt::rfc2822::parse(text)
            .ok()
            .map(|date| date.timestamp())
    };
    let (now, then) = (date(text(DATE)?)?, date(after)?);
    then.duration_since(now).try_into().ok()
}

enum Read {
    Whole(Bytes),
    Beginning(Bytes),
}

/// Reads up to `limit` bytes; memory never grows past the limit and one frame.
async fn read(mut body: Incoming, limit: usize) -> Result<Read, (hyper::Error, Bytes)> {
    let announced = body.size_hint().lower();
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Ok(Read::Beginning(Bytes::new()));
    }
    let mut read = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return Err((error, read.freeze())),
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let room = limit.saturating_sub(read.len());
        read.extend_from_slice(data.get(..room).unwrap_or(data));
        if data.len() > room {
            return Ok(Read::Beginning(read.freeze()));
        }
    }
    Ok(Read::Whole(read.freeze()))
}

fn damage(headers: &HeaderMap, body: &[u8]) -> Option<Exchanged> {
    let announced = headers.get(CONTENT_MD5)?;
    let computed = BASE64.encode(Md5::digest(body));
    if announced.as_bytes().trim_ascii() == computed.as_bytes() {
        return None;
    }
    let announced = String::from_utf8_lossy(announced.as_bytes()).into_owned();
    Some(Exchanged::Damaged {
        announced,
        computed,
    })
}

/// An error with its causes on one line: the outermost one alone says only "client error".
fn chain(error: &dyn Error) -> String {
    /// No chain of hyper is longer; the bound keeps a strange one from looping.
    const MOST_CAUSES: usize = 8;
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..MOST_CAUSES {
        let Some(error) = cause else { break };
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_time_to_come_again_is_seconds_or_a_date_beside_the_answers_own() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (date, after, expected) in [
            (None, "120", Some(120)),
            (None, " 0 ", Some(0)),
            (Some(now), "Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            // A date that has passed, or that nothing is there to compare with.
            (Some(now), "Sun, 06 Nov 1994 08:49:30 GMT", None),
            (None, "Sun, 06 Nov 1994 08:50:07 GMT", None),
            (Some("yesterday"), "Sun, 06 Nov 1994 08:50:07 GMT", None),
            (Some(now), "soon", None),
            (None, "-5", None),
            (None, "1.5", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers), expected, "{date:?} {after}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
