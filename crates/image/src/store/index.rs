//! The store's `index.json`: which digest a path means, and which it meant before.

use std::collections::HashMap;
use std::fs;

use oci_spec::image::{ANNOTATION_REF_NAME, Descriptor, ImageIndex};

use super::{ImageStore, replace};
use crate::digest::Digest;
use crate::error::{ImageError, What};
use crate::json;
use crate::limits::MAX_INDEX_BYTES;
use crate::path::ImagePath;

/// When an image was imported, in milliseconds since the Unix epoch.
const ANNOTATION_IMPORTED: &str = "dev.floe.image.imported-ms";

/// The path of an image, kept when its tag has moved on to another one.
const ANNOTATION_PATH: &str = "dev.floe.image.path";

/// One tag of the store.
pub(super) struct Tag {
    pub(super) path: ImagePath,
    pub(super) digest: Digest,
    /// The bytes of the manifest itself.
    pub(super) size: u64,
    pub(super) created_ms: u64,
}

impl ImageStore {
    pub(super) fn index(&self) -> Result<ImageIndex, ImageError> {
        let path = self.dir.join("index.json");
        let size = fs::metadata(&path)
            .map_err(ImageError::io("inspect", &path))?
            .len();
        if size > MAX_INDEX_BYTES {
            let (what, limit) = (What::Index, MAX_INDEX_BYTES);
            return Err(ImageError::TooLarge {
                what,
                limit,
                unit: "bytes",
            });
        }
        json::read(
            What::Index,
            &fs::read(&path).map_err(ImageError::io("read", &path))?,
        )
    }

    /// To be called under the lock.
    pub(super) fn write_index(&self, index: &ImageIndex) -> Result<(), ImageError> {
        replace(
            &self.dir.join("index.json"),
            &json::write(What::Index, index)?,
        )
    }
}

pub(super) fn empty() -> ImageIndex {
    let mut index = ImageIndex::default();
    index.set_schema_version(2);
    index.set_media_type(Some(oci_spec::image::MediaType::ImageIndex));
    index
}

/// The tags that are ours to understand; another tool may have added others.
pub(super) fn tags(index: &ImageIndex) -> Vec<Tag> {
    let tag = |descriptor: &Descriptor| {
        Some(Tag {
            path: ImagePath::parse(annotation(descriptor, ANNOTATION_REF_NAME)?).ok()?,
            digest: Digest::parse(descriptor.digest().as_ref()).ok()?,
            size: descriptor.size(),
            created_ms: annotation(descriptor, ANNOTATION_IMPORTED)
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
        })
    };
    index.manifests().iter().filter_map(tag).collect()
}

/// Where an image was last imported to.
pub(super) fn path_of(index: &ImageIndex, digest: &Digest) -> Option<ImagePath> {
    let same = index
        .manifests()
        .iter()
        .filter(|d| d.digest().as_ref() == digest.as_str());
    let path = |descriptor: &Descriptor| {
        let text = annotation(descriptor, ANNOTATION_REF_NAME)
            .or_else(|| annotation(descriptor, ANNOTATION_PATH))?;
        ImagePath::parse(text).ok()
    };
    // Tagged entries come before those that lost their tag.
    let (tagged, untagged): (Vec<_>, Vec<_>) =
        same.partition(|descriptor| annotation(descriptor, ANNOTATION_REF_NAME).is_some());
    tagged
        .into_iter()
        .rev()
        .chain(untagged.into_iter().rev())
        .find_map(path)
}

/// Lets `path` mean this manifest. The image it meant before stays, without a tag.
pub(super) fn retag(index: &mut ImageIndex, path: &ImagePath, manifest: &Descriptor, now_ms: u64) {
    let mut entries = index.manifests().clone();
    for entry in &mut entries {
        if annotation(entry, ANNOTATION_REF_NAME) != Some(path.as_str()) {
            continue;
        }
        if entry.digest() == manifest.digest() {
            // The same image under the same path: nothing changes, not even its age.
            return;
        }
        let mut annotations = entry.annotations().clone().unwrap_or_default();
        annotations.remove(ANNOTATION_REF_NAME);
        annotations.insert(ANNOTATION_PATH.to_owned(), path.to_string());
        entry.set_annotations(Some(annotations));
    }
    // An image that comes back under its old path needs no second memory of it.
    entries.retain(|entry| {
        entry.digest() != manifest.digest()
            || annotation(entry, ANNOTATION_PATH) != Some(path.as_str())
    });
    let mut entry = manifest.clone();
    entry.set_annotations(Some(HashMap::from([
        (ANNOTATION_REF_NAME.to_owned(), path.to_string()),
        (ANNOTATION_IMPORTED.to_owned(), now_ms.to_string()),
    ])));
    entries.push(entry);
    index.set_manifests(entries);
}

/// The known path most similar to an unknown one, if any is similar enough to be meant.
pub(super) fn closest<'a>(path: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |known: &'a str| {
        let distance = edits(path, known);
        (distance <= path.chars().count() / 3).then_some((distance, known))
    };
    known.filter_map(near).min().map(|(_, known)| known)
}

/// How many single-character changes turn one text into the other (Levenshtein).
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in left.chars().enumerate() {
        let mut diagonal = at;
        let mut before = at + 1;
        let mut next = vec![before];
        for (other, above) in right.iter().zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *above;
            before = changed.min(*above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn annotation<'a>(descriptor: &'a Descriptor, key: &str) -> Option<&'a str> {
    descriptor
        .annotations()
        .as_ref()?
        .get(key)
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_one_by_one() {
        for (left, right, count) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edits(left, right), count, "{left} {right}");
        }
    }

    #[test]
    fn only_similar_paths_are_suggested() {
        let known = ["/db/schema/repo/echo:v1", "/db/schema/repo/other:v1"];
        let ask = |path| closest(path, known.into_iter());
        assert_eq!(
            ask("/db/schema/repo/ecko:v1"),
            Some("/db/schema/repo/echo:v1")
        );
        assert_eq!(ask("/completely/different/thing/x:y"), None);
    }
}
