//! Reading bodies with a bound.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{MAX_REQUEST_BYTES, ServeError};
use crate::coding::{Coding, Undecoded};

/// The largest request that a service reads, in bytes, where it is not [`MAX_REQUEST_BYTES`]; of
/// one that comes compressed, what it was before.
///
/// It is put on a route or a router with axum's `Extension`. axum's own `DefaultBodyLimit`, which
/// is 2 MiB unless it is set, does not apply: the client of this crate sends about 4 MiB, and more
/// when a single row is larger.
///
/// ```
/// use axum::routing::post;
/// use axum::{Extension, Router};
/// use floe_function::server::{self, RequestLimit};
///
/// let app: Router = Router::new()
///     .route("/length", server::handler(|(text,): (String,)| text.len()))
///     .layer(Extension(RequestLimit(256 * 1024 * 1024)));
/// assert!(app.has_routes());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimit(pub usize);

/// The whole body of `request`, decompressed, of which only the head is left.
pub(super) async fn take(request: &mut Request) -> Result<Bytes, ServeError> {
    let limit = request
        .extensions()
        .get()
        .map_or(MAX_REQUEST_BYTES, |RequestLimit(bytes)| *bytes);
    let undecoded = |error| match error {
        Undecoded::TooLarge => ServeError::TooLarge { limit },
        Undecoded::Unknown(encoding) => ServeError::UnknownEncoding { encoding },
        broken @ Undecoded::Broken(_) => ServeError::Undecodable {
            message: broken.to_string(),
        },
    };
    let coding = Coding::of(request.headers()).map_err(undecoded)?;
    let body = std::mem::take(request.body_mut());
    let body = read(body, limit).await.map_err(|unread| match unread {
        Unread::TooLarge => ServeError::TooLarge { limit },
        Unread::Lost(message) => ServeError::Incomplete { message },
    })?;
    let body = coding.decode(body, limit).map_err(undecoded)?;
    if coding == Coding::Gzip {
        // A book gives the body to a handler that reads it again, so the head must fit it.
        request.headers_mut().remove(CONTENT_ENCODING);
        request.headers_mut().remove(CONTENT_LENGTH);
    }
    Ok(body)
}

/// Why a body was not read.
pub(super) enum Unread {
    TooLarge,
    Lost(String),
}

/// The whole of `body` if it has at most `limit` bytes.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    match Limited::new(body, limit).collect().await {
        Ok(read) => Ok(read.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(error) => Err(Unread::Lost(error.to_string())),
    }
}
