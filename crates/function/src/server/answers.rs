//! The answer to a batch.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use crate::coding::{GZIP, gzip};

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// The answer to every row of one batch, once and in the order in which they came.
///
/// It can only be made from the batch that it answers: with [`Batch::map`](super::Batch::map) and
/// its neighbours, or from columns with [`Columns::answer`](super::Columns::answer). As a response
/// it is status 200 with the rows as JSON.
///
/// ```
/// use floe_function::server::Batch;
///
/// let answers = Batch::of([(2, 3), (4, 5)]).map(|(a, b)| a * b)?;
/// assert_eq!(answers.body(), br#"{"data":[[0,6],[1,20]]}"#);
/// # Ok::<(), floe_function::server::ServeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the caller gets the answers when they are returned from the handler"]
pub struct Answers {
    body: Bytes,
    /// Whether the caller takes a compressed answer.
    accepts_gzip: bool,
    gzip: bool,
    content_md5: bool,
}

impl Answers {
    pub(super) fn new(body: Vec<u8>, accepts_gzip: bool) -> Self {
        Self {
            body: body.into(),
            accepts_gzip,
            gzip: false,
            content_md5: false,
        }
    }

    /// The body of the response, before it is compressed.
    ///
    /// See [`Answers`] for an example.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Compresses the response with gzip for a caller whose `Accept-Encoding` allows it, unless it
    /// is smaller than 1 KiB. Worth its time where the network is slow or paid for.
    ///
    /// ```
    /// use axum::body::Body;
    /// use axum::extract::{FromRequest, Request};
    /// use axum::response::IntoResponse;
    /// use floe_function::server::{Batch, ServeError};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// for (accepted, encoding) in [("gzip", Some("gzip")), ("br", None)] {
    ///     let request = Request::post("/spaces")
    ///         .header("accept-encoding", accepted)
    ///         .body(Body::from(r#"{"data":[[0,5000]]}"#))
    ///         .unwrap();
    ///     let batch = Batch::<(usize,)>::from_request(request, &()).await?;
    ///     let response = batch.map(|(n,)| " ".repeat(n))?.with_gzip().into_response();
    ///     let header = response.headers().get("content-encoding");
    ///     assert_eq!(header.map(|header| header.to_str().unwrap()), encoding);
    /// }
    /// # Ok::<(), ServeError>(()) }).unwrap();
    /// ```
    pub fn with_gzip(self) -> Self {
        Self { gzip: true, ..self }
    }

    /// Adds the header `Content-MD5`, with which the caller proves that nothing was damaged on the
    /// way. Worth its time where the way leads through machines that rewrite bodies. It is the
    /// digest of what is transferred: of a compressed response, the compressed body.
    ///
    /// ```
    /// use axum::response::IntoResponse;
    /// use floe_function::server::Batch;
    ///
    /// let answers = Batch::of([(1,)]).map(|(n,)| n)?.with_content_md5();
    /// assert_eq!(answers.into_response().headers()["content-md5"], "Nm2j77a1PWQLnDB5hs8tKg==");
    /// # Ok::<(), floe_function::server::ServeError>(())
    /// ```
    pub fn with_content_md5(self) -> Self {
        Self {
            content_md5: true,
            ..self
        }
    }
}

impl IntoResponse for Answers {
    fn into_response(self) -> Response {
        let compress = self.gzip && self.accepts_gzip;
        let packed = compress.then(|| gzip(&self.body)).flatten();
        let encoding = packed.is_some().then(|| HeaderValue::from_static(GZIP));
        let body = packed.unwrap_or(self.body);
        let digest = self
            .content_md5
            .then(|| HeaderValue::try_from(BASE64.encode(Md5::digest(&body))).ok())
            .flatten();
        let mut response = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
        let headers = response.headers_mut();
        headers.extend(encoding.map(|encoding| (header::CONTENT_ENCODING, encoding)));
        headers.extend(digest.map(|digest| (CONTENT_MD5, digest)));
        response
    }
}
