//! Which tags each cloud takes.

use std::collections::BTreeMap;

use super::{RESERVED_KEYS, WHOLE};
use crate::codes;
use crate::finding::Finding;
use crate::location::Cloud;

/// "Tag naming limits and requirements", AWS: keys, values, tags of one resource.
const AWS: (usize, usize, usize) = (128, 256, 50);
/// "Requirements for labels", Google Cloud: keys, values, labels of one resource.
const GCP: (usize, usize, usize) = (63, 63, 64);
/// The metadata of an Azure queue, names and values together ("Setting and retrieving properties
/// and metadata for queue resources").
const AZURE_BYTES: usize = 8 * 1024;

/// What is wrong with a tag that the user gave.
pub(super) fn user_tag(cloud: Cloud, key: &str, value: &str) -> Option<Finding> {
    // GCP has no `path` and no `checkpointLocation` of its own, but a user's would be taken for it.
    if let Some(reserved) = RESERVED_KEYS
        .iter()
        .find(|name| name.eq_ignore_ascii_case(key))
    {
        let message = format!("the tag `{reserved}` is set by the system and cannot be given");
        let finding = Finding::error(codes::RESERVED_TAG, key, message);
        return Some(finding.with_hint("choose another key"));
    }
    problem(cloud, key, value).map(|problem| Finding::error(codes::BAD_TAG, key, problem))
}

/// Why a cloud does not take a tag.
pub(super) fn problem(cloud: Cloud, key: &str, value: &str) -> Option<String> {
    if key.is_empty() {
        return Some("a tag needs a key".to_owned());
    }
    match cloud {
        Cloud::Aws => aws(key, value),
        Cloud::Azure => azure(key, value),
        Cloud::Gcp => gcp(key, value),
        Cloud::Local => None,
    }
}

/// Why a cloud does not take the tags together.
pub(super) fn whole(cloud: Cloud, pairs: &BTreeMap<String, String>) -> Option<Finding> {
    let many = |most: usize| {
        let message = format!("there are {} tags; {cloud} takes {most}", pairs.len());
        (pairs.len() > most).then(|| Finding::error(codes::BAD_TAG, WHOLE, message))
    };
    match cloud {
        // One is left for the mark of who made a resource.
        Cloud::Aws => many(AWS.2 - 1),
        Cloud::Gcp => many(GCP.2 - 1),
        Cloud::Azure => {
            let bytes: usize = pairs
                .iter()
                .map(|(key, value)| key.len() + value.len())
                .sum();
            let message = format!("the tags have {bytes} bytes; {cloud} takes {AZURE_BYTES}");
            (bytes > AZURE_BYTES).then(|| Finding::error(codes::BAD_TAG, WHOLE, message))
        }
        Cloud::Local => None,
    }
}

fn aws(key: &str, value: &str) -> Option<String> {
    let fits = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    if key
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("aws:"))
    {
        return Some("keys that begin with 'aws:' are kept by AWS".to_owned());
    }
    too_long("key", key, AWS.0)
        .or_else(|| too_long("value", value, AWS.1))
        .or_else(|| foreign("key", key, fits))
        .or_else(|| foreign("value", value, fits))
}

/// Keys become names of queue metadata, which are identifiers of C#; values become HTTP headers.
fn azure(key: &str, value: &str) -> Option<String> {
    let first_fits = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !first_fits {
        return Some("a key begins with a letter or '_' on Azure".to_owned());
    }
    foreign("key", key, |c| c.is_ascii_alphanumeric() || c == '_')
        .or_else(|| foreign("value", value, |c| c == ' ' || c.is_ascii_graphic()))
}

fn gcp(key: &str, value: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if !key.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("a key begins with a lower-case letter on GCP".to_owned());
    }
    too_long("key", key, GCP.0)
        .or_else(|| too_long("value", value, GCP.1))
        .or_else(|| foreign("key", key, fits))
        .or_else(|| foreign("value", value, fits))
}

fn too_long(part: &str, text: &str, most: usize) -> Option<String> {
    let length = text.chars().count();
    (length > most).then(|| format!("the {part} has {length} characters; {most} are allowed"))
}

fn foreign(part: &str, text: &str, fits: impl Fn(char) -> bool) -> Option<String> {
    let c = text.chars().find(|c| !fits(*c))?;
    Some(format!("the {part} holds '{}'", c.escape_debug()))
}
