//! Requests that are signed with the key of the account ("Authorize with Shared Key"), which the
//! SDK does not do.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Body, Context, Request};
use azure_core::time::{OffsetDateTime, to_rfc7231};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::AzureError;

/// The headers that are signed by place, in the order of the documentation; the length of the body
/// is between the second and the third.
const SIGNED: [&str; 10] = [
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];
/// How many of them come before the length.
const BEFORE_LENGTH: usize = 2;

/// Signs each attempt of a request.
pub(crate) struct SharedKeyPolicy {
    account: String,
    key: Vec<u8>,
}

impl fmt::Debug for SharedKeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKeyPolicy")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl SharedKeyPolicy {
    pub(crate) fn new(account: &str, key: &str) -> Result<Self, AzureError> {
        let key = STANDARD
            .decode(key)
            .map_err(|_| AzureError::ConnectionString {
                problem: "its AccountKey is not base64".to_owned(),
            })?;
        Ok(Self {
            account: account.to_owned(),
            key,
        })
    }

    fn authorization(&self, request: &Request) -> azure_core::Result<String> {
        let text = string_to_sign(&self.account, request);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key)
            .map_err(|error| azure_core::Error::new(azure_core::error::ErrorKind::Other, error))?;
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        Ok(format!("SharedKey {}:{signature}", self.account))
    }
}

#[async_trait]
impl Policy for SharedKeyPolicy {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        // The service refuses requests that are older than 15 minutes, so this is the one place
        // where the real date counts, whatever clock the caller has.
        request.insert_header("x-ms-date", to_rfc7231(&OffsetDateTime::now_utc()));
        let authorization = self.authorization(request)?;
        request.insert_header("authorization", authorization);
        let Some((first, rest)) = next.split_first() else {
            let words = "there is nothing to send the request with";
            let kind = azure_core::error::ErrorKind::Other;
            return Err(azure_core::Error::with_message(kind, words));
        };
        first.send(ctx, request, rest).await
    }
}

fn string_to_sign(account: &str, request: &Request) -> String {
    let headers = request.headers();
    let value = |name: &&'static str| text(headers, name);
    let length = match request.body() {
        Body::Bytes(bytes) if !bytes.is_empty() => bytes.len().to_string(),
        _ => String::new(),
    };
    let (before, behind) = SIGNED.split_at(BEFORE_LENGTH);
    let mut lines = vec![request.method().as_ref().to_owned()];
    lines.extend(before.iter().map(value));
    lines.push(length);
    lines.extend(behind.iter().map(value));
    let of_microsoft: BTreeMap<&str, &str> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| name.starts_with("x-ms-"))
        .collect();
    let named = of_microsoft.iter();
    lines.extend(named.map(|(name, value)| format!("{name}:{}", value.trim())));
    format!("{}\n{}", lines.join("\n"), resource(account, request))
}

/// The account, the path, and the parameters by name.
fn resource(account: &str, request: &Request) -> String {
    let url = request.url();
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        let values = parameters.entry(name.to_lowercase()).or_default();
        values.push(value.into_owned());
    }
    let mut text = format!("/{account}{}", url.path());
    for (name, mut values) in parameters {
        values.sort_unstable();
        text.push_str(&format!("\n{name}:{}", values.join(",")));
    }
    text
}

fn text(headers: &Headers, name: &'static str) -> String {
    let value = headers.get_optional_str(&HeaderName::from_static(name));
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use azure_core::http::{Method, Request, Url};

    use super::{SharedKeyPolicy, string_to_sign};

    #[test]
    fn what_is_signed_follows_the_documentation() {
        let url = "http://127.0.0.1:10001/one/q/messages?visibilitytimeout=30&numofmessages=2";
        let mut request = Request::new(Url::parse(url).unwrap(), Method::Get);
        request.insert_header("x-ms-version", "2024-11-04");
        request.insert_header("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT");
        request.insert_header("accept", "application/xml");
        let expected = "GET\n\n\n\n\n\n\n\n\n\n\n\n\
                        x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2024-11-04\n\
                        /one/one/q/messages\nnumofmessages:2\nvisibilitytimeout:30";
        assert_eq!(string_to_sign("one", &request), expected);
    }

    #[test]
    fn a_body_is_signed_by_its_length_and_parameters_without_their_encoding() {
        let url = "https://one.queue.core.windows.net/q/messages/m?popreceipt=a%2Bb%3D";
        let mut request = Request::new(Url::parse(url).unwrap(), Method::Put);
        request.insert_header("content-type", "application/xml");
        request.set_body("hello");
        let expected = "PUT\n\n\n5\n\napplication/xml\n\n\n\n\n\n\n/one/q/messages/m\n\
                        popreceipt:a+b=";
        assert_eq!(string_to_sign("one", &request), expected);
    }

    #[test]
    fn the_key_is_never_printed() {
        let policy = SharedKeyPolicy::new("one", "aHVudGVyMg==").unwrap();
        assert!(!format!("{policy:?}").contains("aHVudGVyMg"));
        assert!(SharedKeyPolicy::new("one", "hunter2!").is_err());
    }
}
