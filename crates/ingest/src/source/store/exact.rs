//! Keys as the clouds list them.
//!
//! `object_store` makes paths of listed keys: it drops slashes at their ends and spaces around
//! them, and a whole page fails at a key with an empty part. So the connection takes the names out
//! of the answers to our own listings and puts numbers in their place; everything else is left to
//! it. The names come along as an extension of the answer.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService, ReqwestConnector,
};
use object_store::{ListResult, Result};

use crate::{Object, SourceError};

use super::failure::Refusal;
use super::object;

/// Most bytes of what a store says when it refuses something.
const MAX_WORDS: usize = 1_000;

/// Marks a request whose answer is read exactly; others are not touched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted;

/// A page as it was listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) objects: Vec<Object>,
    /// Nothing at all was listed, not even what is no file.
    pub(super) is_empty: bool,
    /// The store has real directories.
    pub(super) is_of_directories: bool,
}

/// Opens connections whose listings tell names as they are.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Connection(inner)))
    }
}

#[derive(Debug)]
struct Connection(HttpClient);

type Answer<'a> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'a>>;

impl HttpService for Connection {
    // The trait is made of async functions by a macro, and this is what that writes.
    fn call<'a, 'b>(&'a self, request: HttpRequest) -> Answer<'b>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let is_wanted = request.extensions().get::<Wanted>().is_some();
            let answer = self.0.execute(request).await?;
            let status = answer.status();
            let is_refused = matches!(status.as_u16(), 401 | 403);
            if !is_wanted || !status.is_success() && !is_refused {
                return Ok(answer);
            }
            let (mut parts, body) = answer.into_parts();
            let body = body.bytes().await?;
            if is_refused {
                let body = body.get(..MAX_WORDS).unwrap_or(&body);
                let (status, words) = (status.as_u16(), String::from_utf8_lossy(body).into());
                let refusal = Refusal { status, words };
                return Err(HttpError::new(HttpErrorKind::Unknown, refusal));
            }
            let (body, names) = take_names(&body)
                .ok_or_else(|| HttpError::new(HttpErrorKind::Decode, UnreadableListing))?;
            parts.headers.remove("content-length");
            parts.extensions.insert(Arc::new(names));
            Ok(HttpResponse::from_parts(parts, body.into()))
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the store's listing cannot be read: it is no XML with names of objects")]
struct UnreadableListing;

/// Puts names and the rest of a page together again.
pub(super) fn read(listed: ListResult, prefix: &str) -> Result<Listed, SourceError> {
    let wrong = || SourceError::Unavailable {
        what: format!("listing {prefix}"),
        reason: "the connection did not tell the names of what was listed".to_owned(),
    };
    let names: &Arc<Names> = listed.extensions.get().ok_or_else(wrong)?;
    let objects = listed.objects.iter().map(|meta| {
        let number: usize = meta.location.as_ref().parse().map_err(|_| wrong())?;
        let name = names.names.get(number).ok_or_else(wrong)?;
        let mut object = object(name.key.clone().into_bytes(), meta);
        object.version = name.generation.clone().or(object.version);
        Ok(object)
    });
    Ok(Listed {
        objects: objects.collect::<Result<_, _>>()?,
        is_empty: names.names.is_empty(),
        is_of_directories: names.is_of_directories,
    })
}

/// What was taken out of a page.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    names: Vec<Name>,
    is_of_directories: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Name {
    key: String,
    /// Cloud Storage's, which `object_store` leaves out of listings.
    generation: Option<String>,
}

/// The tags around an object and around its name: those of S3 and Cloud Storage, and Azure's.
const FORMS: [(&str, &str, &str); 2] = [
    ("Contents", "Key", "<Contents>"),
    ("Blob", "Name", "<Blob>"),
];

/// Replaces the names in a listing by numbers; `None` for what is no listing.
fn take_names(body: &[u8]) -> Option<(Vec<u8>, Names)> {
    let text = std::str::from_utf8(body).ok()?;
    let mut names = Names::default();
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    let Some((entry, name, opening)) = FORMS.into_iter().find(|form| text.contains(form.2)) else {
        return Some((body.to_vec(), names));
    };
    let closing = format!("</{entry}>");
    while let Some((before, after)) = rest.split_once(opening) {
        let (content, later) = after.split_once(closing.as_str())?;
        written.push_str(before);
        written.push_str(opening);
        let found = element(content, name)?;
        let key = found.text()?;
        names.is_of_directories |= content.contains("<ResourceType>");
        let generation = element(content, "Generation").and_then(|found| found.text());
        // Azure's client leaves out names that are not longer than the prefix.
        let width = key.len() + 8;
        let number = names.names.len();
        written.push_str(found.before);
        written.push_str(&format!("<{name}>{number:0>width$}</{name}>"));
        written.push_str(found.after);
        written.push_str(&closing);
        names.names.push(Name { key, generation });
        rest = later;
    }
    written.push_str(rest);
    Some((written.into_bytes(), names))
}

/// An element without others in it.
struct Element<'a> {
    before: &'a str,
    attributes: &'a str,
    content: &'a str,
    after: &'a str,
}

fn element<'a>(text: &'a str, name: &str) -> Option<Element<'a>> {
    let opening = format!("<{name}");
    let start = text.find(&opening)?;
    let (before, rest) = text.split_at_checked(start)?;
    let (attributes, rest) = rest.get(opening.len()..)?.split_once('>')?;
    let (content, after) = rest.split_once(format!("</{name}>").as_str())?;
    let is_it = attributes.is_empty() || attributes.starts_with(char::is_whitespace);
    is_it.then_some(Element {
        before,
        attributes,
        content,
        after,
    })
}

impl Element<'_> {
    fn text(&self) -> Option<String> {
        let text = unescaped(self.content)?;
        // Azure's way with what XML cannot hold.
        if self.attributes.contains("Encoded=\"true\"") {
            return percent_decoded(&text);
        }
        Some(text.into_owned())
    }
}

fn unescaped(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('<') {
        return None;
    }
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split('&');
    let mut written = parts.next()?.to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        written.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(digits) => u32::from_str_radix(digits, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
        written.push_str(after);
    }
    Some(Cow::Owned(written))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, after) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(after.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// A page as a connection tells it.
#[cfg(test)]
pub(super) fn told(keys: &[&str], is_of_directories: bool) -> ListResult {
    let names = keys.iter().map(|key| Name {
        key: (*key).to_owned(),
        generation: None,
    });
    let names = Arc::new(Names {
        names: names.collect(),
        is_of_directories,
    });
    let objects = (0..keys.len()).map(|number| object_store::ObjectMeta {
        location: number.to_string().into(),
        last_modified: Default::default(),
        size: 1,
        e_tag: None,
        version: None,
    });
    let mut listed = ListResult {
        common_prefixes: Vec::new(),
        objects: objects.collect(),
        extensions: Default::default(),
    };
    listed.extensions.insert(names);
    listed
}

#[cfg(test)]
mod tests {
    use super::{Names, take_names};

    fn names(body: &str) -> Option<(String, Names)> {
        let (body, names) = take_names(body.as_bytes())?;
        Some((String::from_utf8(body).unwrap(), names))
    }

    #[test]
    fn keys_of_s3_and_generations_of_cloud_storage_are_taken_as_they_are() {
        let body = "<ListBucketResult><Name>b</Name><Prefix>a&amp;</Prefix>\
             <Contents><Key>a&amp;//b </Key><ETag>\"1\"</ETag></Contents>\
             <Contents><Key>&#x1;&#10;&lt;x&gt;&quot;&apos;</Key><Generation>17</Generation>\
             <Owner><ID>9</ID></Owner></Contents>\
             <NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
        let (written, found) = names(body).unwrap();
        let keys: Vec<_> = found.names.iter().map(|name| name.key.as_str()).collect();
        assert_eq!(keys, ["a&//b ", "\u{1}\n<x>\"'"]);
        assert_eq!(found.names[1].generation.as_deref(), Some("17"));
        assert!(
            written.contains("<Key>00000000000000</Key><ETag>\"1\"</ETag>"),
            "{written}"
        );
        assert!(written.contains("<Key>000000000000001</Key>"), "{written}");
        assert!(
            written
                .ends_with("<NextContinuationToken>t</NextContinuationToken></ListBucketResult>")
        );
        assert!(written.starts_with("<ListBucketResult><Name>b</Name><Prefix>a&amp;</Prefix>"));
    }

    #[test]
    fn names_of_azure_are_decoded_and_directories_noticed() {
        let body = "<EnumerationResults><Blobs><Blob><Name Encoded=\"true\">a%EF%BF%BF%25</Name>\
             <Properties><Etag>0x8D</Etag></Properties></Blob><Blob><Name>d</Name>\
             <Properties><ResourceType>directory</ResourceType></Properties></Blob></Blobs>\
             <NextMarker/></EnumerationResults>";
        let (_, found) = names(body).unwrap();
        assert_eq!(found.names[0].key, "a\u{ffff}%");
        assert!(found.is_of_directories);
    }

    #[test]
    fn an_empty_listing_is_left_as_it_is_and_a_broken_one_is_refused() {
        let empty = "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>";
        assert_eq!(names(empty), Some((empty.to_owned(), Names::default())));
        for broken in [
            "<Contents><Key>a</Key>",
            "<Contents><Size>1</Size></Contents>",
            "<Contents><Key>a&b</Key></Contents>",
            "<Contents><Key>a&unknown;</Key></Contents>",
            "<Contents><Key><![CDATA[a]]></Key></Contents>",
            "<Contents><Key>&#xD800;</Key></Contents>",
            "<Blob><Name Encoded=\"true\">%F</Name></Blob>",
            "<Blob><Name Encoded=\"true\">%FF</Name></Blob>",
        ] {
            assert_eq!(names(broken), None, "{broken}");
        }
        assert_eq!(take_names(b"\xff"), None);
    }
}
