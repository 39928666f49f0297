//! The answer to a batch.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest as _, Md5};

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
    content_md5: bool,
}

impl Answers {
    pub(super) fn new(body: Vec<u8>) -> Self {
        Self {
            body: body.into(),
            content_md5: false,
        }
    }

    /// The body of the response.
    ///
    /// See [`Answers`] for an example.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Adds the header `Content-MD5`, with which the caller proves that nothing was damaged on the
    /// way. Worth its time where the way leads through machines that rewrite bodies.
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
        let digest = self
            .content_md5
            .then(|| HeaderValue::try_from(BASE64.encode(Md5::digest(&self.body))).ok())
            .flatten();
        let mut response =
            ([(header::CONTENT_TYPE, "application/json")], self.body).into_response();
        if let Some(digest) = digest {
            response.headers_mut().insert(CONTENT_MD5, digest);
        }
        response
    }
}
