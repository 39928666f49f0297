//! Bodies that are compressed for their way: the content coding gzip (RFC 9110, section 8.4.1.3).
//!
//! Both directions are done where the body is, on the thread of the executor: bodies are bounded,
//! and reading and writing their rows is work of the same kind and on the same thread.

use std::io::{self, Read as _, Write as _};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName};

use crate::error::excerpt;

/// The name of the coding that is spoken.
pub(crate) const GZIP: &str = "gzip";

/// Smaller bodies go as they are: they fill one packet with their headers either way.
const LEAST_BYTES: usize = 1024;

/// How much room the decompressed body gets first.
const FIRST_ROOM: usize = 64 * 1024;

/// How much of a strange `Content-Encoding` a message repeats.
const NAME_EXCERPT: usize = 60;

/// What is done to make the bodies of batches and answers smaller on their way.
///
/// Compressing takes several times as long as writing the rows does, so it is worth its time where
/// the network is slow or paid for, and not between processes of one machine. Answers that come
/// compressed are read in either case.
///
/// ```
/// use floe_function::{ClientOptions, Compression};
///
/// assert_eq!(ClientOptions::default().compression, Compression::None);
/// let options = ClientOptions { compression: Compression::Gzip, ..Default::default() };
/// assert_ne!(options, ClientOptions::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Batches are sent as they are, and nothing is said about answers.
    #[default]
    None,
    /// Batches of 1 KiB and more are sent compressed with gzip at its fastest level, and services
    /// are told that answers may be. The service must read `Content-Encoding: gzip`, as
    /// [`server`](crate::server) does; one that does not refuses every larger batch.
    Gzip,
}

impl Compression {
    /// The body as it is sent, and whether it is compressed.
    pub(crate) fn pack(self, body: Bytes) -> (Bytes, bool) {
        let packed = match self {
            Self::None => None,
            Self::Gzip => gzip(&body),
        };
        match packed {
            Some(packed) => (packed, true),
            None => (body, false),
        }
    }
}

/// The body compressed, unless it is small or would not become smaller.
pub(crate) fn gzip(body: &[u8]) -> Option<Bytes> {
    if body.len() < LEAST_BYTES {
        return None;
    }
    // The fastest level: the usual one (6) takes 6 to 16 times as long for a third less at best.
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < body.len()).then(|| packed.into())
}

/// What was done to a body for its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
}

/// Why the body cannot be had as it was before its way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecoded {
    #[error("it is larger than it may be")]
    TooLarge,
    #[error("its Content-Encoding is `{0}`, and only gzip is read")]
    Unknown(String),
    #[error("its gzip stream is broken: {0}")]
    Broken(#[source] io::Error),
}

impl Coding {
    /// What `Content-Encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Undecoded> {
        let list = list(headers, &CONTENT_ENCODING);
        let mut codings = items(&list).filter(|coding| !coding.eq_ignore_ascii_case("identity"));
        match (codings.next(), codings.next()) {
            (None, _) => Ok(Self::Identity),
            (Some(coding), None) if is_gzip(coding) => Ok(Self::Gzip),
            _ => Err(Undecoded::Unknown(excerpt(list.as_bytes(), NAME_EXCERPT))),
        }
    }

    /// The body as it was before its way, of at most `limit` bytes.
    pub(crate) fn decode(self, body: Bytes, limit: usize) -> Result<Bytes, Undecoded> {
        match self {
            Self::Identity => Ok(body),
            Self::Gzip => {
                let mut plain = Vec::new();
                gunzip(&body, limit, &mut plain)?;
                Ok(plain.into())
            }
        }
    }
}

/// What can be read of a body that may be cut, broken or larger than `limit`; the body itself when
/// that is nothing.
pub(crate) fn readable(headers: &HeaderMap, body: Bytes, limit: usize) -> Bytes {
    let Ok(Coding::Gzip) = Coding::of(headers) else {
        return body;
    };
    let mut plain = Vec::new();
    // Whatever ended it, what came before is there.
    let _end = gunzip(&body, limit, &mut plain);
    if plain.is_empty() { body } else { plain.into() }
}

/// Whether `Accept-Encoding` names gzip (RFC 9110, section 12.5.3). A request without the header
/// would take any coding by that section, but most who leave it out cannot read one.
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let list = list(headers, &ACCEPT_ENCODING);
    let (mut named, mut any) = (None, false);
    for item in items(&list) {
        let (coding, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let allowed = weight
            .trim()
            .strip_prefix(['q', 'Q'])
            .and_then(|weight| weight.trim_start().strip_prefix('='))
            .and_then(|weight| weight.trim().parse::<f32>().ok())
            .is_some_and(|weight| weight > 0.0);
        if is_gzip(coding.trim()) {
            named = Some(allowed);
        } else if coding.trim() == "*" {
            any = allowed;
        }
    }
    named.unwrap_or(any)
}

/// Appends what `packed` was before it was compressed: all members of it, which is what RFC 1952
/// calls the parts that may follow one another. The memory of `plain` never exceeds `limit`.
fn gunzip(packed: &[u8], limit: usize, plain: &mut Vec<u8>) -> Result<(), Undecoded> {
    let mut members = MultiGzDecoder::new(packed);
    while plain.len() < limit {
        // Doubled like any vector, but never past the limit.
        let room = plain.len().max(FIRST_ROOM).min(limit - plain.len());
        plain.reserve_exact(room);
        let part = members
            .by_ref()
            .take(u64::try_from(room).unwrap_or(u64::MAX));
        if read_all(part, plain)? < room {
            return Ok(());
        }
    }
    // The limit is reached, which is fine when the end is, too.
    match read_all(members.take(1), &mut Vec::new())? {
        0 => Ok(()),
        _ => Err(Undecoded::TooLarge),
    }
}

fn read_all(mut part: impl io::Read, into: &mut Vec<u8>) -> Result<usize, Undecoded> {
    part.read_to_end(into).map_err(Undecoded::Broken)
}

/// `x-gzip` is the same (RFC 9110, section 8.4.1.3).
fn is_gzip(coding: &str) -> bool {
    coding.eq_ignore_ascii_case(GZIP) || coding.eq_ignore_ascii_case("x-gzip")
}

/// All values of a header that is a list; they may stand in one line or in several.
fn list(headers: &HeaderMap, name: &HeaderName) -> String {
    let mut list = String::new();
    for value in headers.get_all(name) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    list
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests;
