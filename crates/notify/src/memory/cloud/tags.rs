//! Who created a resource, as its tags say.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Origin, StreamId};

/// The tags that Auto Loader sets, and the one that only Floe sets.
const VENDOR: (&str, &str) = ("vendor", "Databricks");
const MARK: (&str, &str) = ("floe", "created");
const STREAM_ID: &str = "streamId";
const PATH: &str = "path";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::memory) struct Tags(BTreeMap<String, String>);

impl Tags {
    /// The tags of what this system creates: those of the original, and the mark.
    pub(in crate::memory) fn of_floe(stream: &StreamId, path: &str) -> Self {
        let mut tags = Self::of_original(stream, path);
        tags.set(MARK.0, MARK.1);
        tags
    }

    pub(in crate::memory) fn of_original(stream: &StreamId, path: &str) -> Self {
        let mut tags = Self::default();
        tags.set(VENDOR.0, VENDOR.1);
        tags.set(STREAM_ID, stream.as_str());
        tags.set(PATH, path);
        tags
    }

    fn set(&mut self, key: &str, value: &str) {
        self.0.insert(key.to_owned(), value.to_owned());
    }

    /// Nobody that is known, when the tags do not say.
    pub(in crate::memory) fn origin(&self) -> Option<Origin> {
        if self.get(MARK.0) == Some(MARK.1) {
            return Some(Origin::Floe);
        }
        (self.get(VENDOR.0) == Some(VENDOR.1)).then_some(Origin::AutoLoader)
    }

    pub(in crate::memory) fn stream(&self) -> Option<StreamId> {
        StreamId::parse(self.get(STREAM_ID)?).ok()
    }

    pub(in crate::memory) fn path(&self) -> Option<&str> {
        self.get(PATH)
    }

    pub(in crate::memory) fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.0
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.0.iter().map(|(k, v)| format!("{k}={v}")).collect();
        f.write_str(&pairs.join(" "))
    }
}
