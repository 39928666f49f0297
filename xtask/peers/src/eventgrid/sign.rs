//! Requests to Azurite, signed with the key of the account ("Authorize with Shared Key").

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};
use sha2::Sha256;

use super::date;

/// What is asked in the version of an interface that Azurite knows.
const VERSION: &str = "2024-11-04";
const BEFORE_LENGTH: [&str; 2] = ["content-encoding", "content-language"];
const BEHIND_LENGTH: [&str; 8] = [
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Who signs.
pub(super) struct Signer {
    account: String,
    key: Vec<u8>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.account).finish()
    }
}

impl Signer {
    pub(super) fn new(account: &str, key: &str) -> Self {
        Self {
            account: account.to_owned(),
            key: STANDARD.decode(key).unwrap_or_default(),
        }
    }

    /// Replaces whatever proves who sends the request.
    pub(super) fn sign(&self, request: &mut Request<Bytes>, now: u64) {
        let headers = request.headers_mut();
        set(headers, "x-ms-date", &date::of_header(now));
        if !headers.contains_key("x-ms-version") {
            set(headers, "x-ms-version", VERSION);
        }
        let text = self.text(request);
        let signature = Hmac::<Sha256>::new_from_slice(&self.key).map(|mut mac| {
            mac.update(text.as_bytes());
            STANDARD.encode(mac.finalize().into_bytes())
        });
        let signature = signature.unwrap_or_default();
        let value = format!("SharedKey {}:{signature}", self.account);
        set(request.headers_mut(), AUTHORIZATION.as_str(), &value);
    }

    fn text(&self, request: &Request<Bytes>) -> String {
        let value = |name: &&str| {
            let value = request.headers().get(*name);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let length = match request.body().len() {
            0 => String::new(),
            length => length.to_string(),
        };
        let mut lines = vec![request.method().to_string()];
        lines.extend(BEFORE_LENGTH.iter().map(value));
        lines.push(length);
        lines.extend(BEHIND_LENGTH.iter().map(value));
        let names = request.headers().keys().map(HeaderName::as_str);
        let mut names: Vec<&str> = names.filter(|name| name.starts_with("x-ms-")).collect();
        names.sort_unstable();
        lines.extend(names.iter().map(|name| format!("{name}:{}", value(name))));
        lines.push(self.resource(request));
        lines.join("\n")
    }

    fn resource(&self, request: &Request<Bytes>) -> String {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in query(request) {
            parameters
                .entry(name.to_lowercase())
                .or_default()
                .push(value);
        }
        let mut text = format!("/{}{}", self.account, request.uri().path());
        for (name, mut values) in parameters {
            values.sort_unstable();
            text.push_str(&format!("\n{name}:{}", values.join(",")));
        }
        text
    }
}

/// The parameters of a request, decoded.
pub(super) fn query(request: &Request<Bytes>) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default().split('&');
    let pairs = query.filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect()
}

/// A text without its percent sequences.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
