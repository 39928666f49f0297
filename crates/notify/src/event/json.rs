//! An event as a line of JSON, for `floe events decode`.

use std::borrow::Cow;

use serde::Serialize;

use super::{FileEvent, ObjectKey, Overwrite, Sequencer, Source, Version};

/// How a key is written that is no UTF-8.
const PERCENT: &str = "percent";

/// The fields of a line, in their order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    cloud: &'static str,
    dialect: &'static str,
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket: Option<&'a str>,
    #[serde(flatten)]
    key: Option<Key<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_from: Option<From<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(flatten)]
    version: Tokens<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequencer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overwrote: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overwritten_by: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key<'a> {
    key: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_encoding: Option<&'static str>,
}

#[derive(Serialize)]
struct From<'a> {
    bucket: &'a str,
    #[serde(flatten)]
    key: Key<'a>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Tokens<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metageneration: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inode: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_ms: Option<u64>,
}

pub(super) fn line(event: &FileEvent<'_>) -> String {
    let (overwrote, overwritten_by) = match event.overwrite {
        Some(Overwrite::Overwrote(generation)) => (Some(generation), None),
        Some(Overwrite::OverwrittenBy(generation)) => (None, Some(generation)),
        None => (None, None),
    };
    let line = Line {
        cloud: event.cloud.as_str(),
        dialect: event.dialect.as_str(),
        kind: event.kind.as_str(),
        name: &event.name,
        operation: event.operation.as_deref(),
        account: event.account.as_deref(),
        bucket: event.bucket.as_deref(),
        key: event.key.as_ref().map(key),
        renamed_from: event.renamed_from.as_ref().map(from),
        size: event.size,
        version: tokens(&event.version),
        // That of Cloud Storage is its generation, which stands there already.
        sequencer: match &event.sequencer {
            Some(Sequencer::S3(text) | Sequencer::Azure(text)) => Some(text),
            Some(Sequencer::Gcs { .. }) | None => None,
        },
        overwrote,
        overwritten_by,
        time: event.time.map(|time| time.to_string()),
    };
    // Texts and numbers cannot fail to be written.
    serde_json::to_string(&line).unwrap_or_default()
}

fn key<'a>(key: &'a ObjectKey<'_>) -> Key<'a> {
    let (key, plain) = key.lossless();
    let key_encoding = (!plain).then_some(PERCENT);
    Key { key, key_encoding }
}

fn from<'a>(source: &'a Source<'_>) -> From<'a> {
    From {
        bucket: &source.bucket,
        key: key(&source.key),
    }
}

fn tokens<'a>(version: &'a Version<'_>) -> Tokens<'a> {
    match version {
        Version::S3 { version_id, etag } => Tokens {
            version_id: version_id.as_deref(),
            etag: etag.as_deref(),
            ..Tokens::default()
        },
        Version::Azure { etag } => Tokens {
            etag: etag.as_deref(),
            ..Tokens::default()
        },
        Version::Gcs {
            generation,
            metageneration,
        } => Tokens {
            generation: *generation,
            metageneration: *metageneration,
            ..Tokens::default()
        },
        // The size is that of the event, which stands there already.
        Version::Local {
            inode, modified, ..
        } => Tokens {
            inode: *inode,
            modified_ms: *modified,
            ..Tokens::default()
        },
    }
}
