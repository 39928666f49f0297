//! What the headers of a request say about its batch.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::headers::{
    BATCH_ID, NAME, NAME_BASE64, QUERY_ID, RETURN_TYPE, RETURN_TYPE_BASE64, SIGNATURE,
    SIGNATURE_BASE64,
};

/// Which batch a request is, of which query, for which function.
///
/// Everything is optional: a service can be called by hand, and what the headers say is for logs
/// and decisions of the author, never for reading the rows. Names and types come from the base64
/// twins of the headers where those are sound, since the plain ones have blanks in place of
/// characters that a header cannot carry.
///
/// It can be taken from a request on its own, like any of axum's extractors of headers.
///
/// ```
/// use axum::http::HeaderMap;
/// use floe_function::server::CallInfo;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("sf-external-function-query-batch-id", "01b02bdf:0:1:0:0".parse().unwrap());
/// headers.insert("sf-external-function-name", "pr fe".parse().unwrap());
/// headers.insert("sf-external-function-name-base64", "cHLDvGZl".parse().unwrap());
/// let call = CallInfo::from_headers(&headers);
/// assert_eq!(call.batch_id.as_deref(), Some("01b02bdf:0:1:0:0"));
/// assert_eq!(call.function.as_deref(), Some("prüfe"));
/// assert_eq!(call.signature, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallInfo {
    /// The id of the batch: the same when it is sent again and when its result is asked for.
    pub batch_id: Option<String>,
    /// The id of the query that called the function.
    pub query_id: Option<String>,
    /// The name of the SQL function.
    pub function: Option<String>,
    /// Its arguments with their types, such as `(AMOUNT FLOAT, CURRENCY VARCHAR)`.
    pub signature: Option<String>,
    /// The type that it returns, such as `VARCHAR(134217728)`.
    pub return_type: Option<String>,
}

impl CallInfo {
    /// Reads what is there.
    ///
    /// ```
    /// use axum::http::HeaderMap;
    /// use floe_function::server::CallInfo;
    ///
    /// assert_eq!(CallInfo::from_headers(&HeaderMap::new()), CallInfo::default());
    /// ```
    pub fn from_headers(headers: &HeaderMap) -> Self {
        Self {
            batch_id: plain(headers, &BATCH_ID),
            query_id: plain(headers, &QUERY_ID),
            function: either(headers, &NAME, &NAME_BASE64),
            signature: either(headers, &SIGNATURE, &SIGNATURE_BASE64),
            return_type: either(headers, &RETURN_TYPE, &RETURN_TYPE_BASE64),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CallInfo {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// The header's text; an empty one says nothing.
pub(super) fn plain(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn either(headers: &HeaderMap, name: &HeaderName, base64: &HeaderName) -> Option<String> {
    let decoded = headers
        .get(base64)
        .and_then(|value| BASE64.decode(value.as_bytes().trim_ascii()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty());
    decoded.or_else(|| plain(headers, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(plain: &'static str, base64: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(NAME, plain.parse().unwrap());
        headers.insert(NAME_BASE64, base64.parse().unwrap());
        CallInfo::from_headers(&headers).function
    }

    #[test]
    fn a_twin_that_is_no_base64_no_utf8_or_empty_leaves_the_plain_header() {
        assert_eq!(function("F", "Rw==").as_deref(), Some("G"));
        for broken in ["R", "Rw", "!", "/w==", ""] {
            assert_eq!(function("F", broken).as_deref(), Some("F"), "{broken}");
        }
        assert_eq!(function(" ", ""), None);
    }
}
