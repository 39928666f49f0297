//! Rewrites of paths: where files of a bucket are read instead.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Prefixes of `bucket/key` (on Azure `container@account/key`), and what stands in their place.
///
/// A prefix ends where a component of the path ends; of several that fit the longest counts.
///
/// ```
/// use floe_notify::options::PathRewrites;
///
/// let rewrites = PathRewrites::parse(r#"{"acme/path": "dbfs:/mnt/data-warehouse"}"#)?;
/// assert_eq!(
///     rewrites.rewrite("acme", "path/2017/08/fileA.json").as_deref(),
///     Some("dbfs:/mnt/data-warehouse/2017/08/fileA.json"),
/// );
/// assert_eq!(rewrites.rewrite("acme", "path2/fileA.json"), None);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathRewrites(BTreeMap<String, String>);

impl PathRewrites {
    /// Reads a JSON object whose values are texts.
    ///
    /// # Errors
    ///
    /// What is wrong, in words that do not repeat the text.
    ///
    /// ```
    /// use floe_notify::options::PathRewrites;
    ///
    /// assert!(PathRewrites::parse("{}").is_ok());
    /// assert!(PathRewrites::parse(r#"{"acme": 1}"#).is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let pairs: Pairs = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("the value is no JSON object of texts (line {line}, column {column})")
        })?;
        let mut rewrites = BTreeMap::new();
        for (prefix, target) in pairs.0 {
            if prefix.is_empty() {
                return Err("the value has an empty prefix".to_owned());
            }
            if rewrites.insert(prefix, target).is_some() {
                return Err("the value has a prefix twice".to_owned());
            }
        }
        Ok(PathRewrites(rewrites))
    }

    /// Where a file is read instead, when a prefix fits; the key is the decoded one.
    ///
    /// ```
    /// use floe_notify::options::PathRewrites;
    ///
    /// let rewrites = PathRewrites::parse(r#"{"a@acme/": "/mnt/a", "a@acme/b": "/mnt/b"}"#)?;
    /// assert_eq!(rewrites.rewrite("a@acme", "b/1.csv").as_deref(), Some("/mnt/b/1.csv"));
    /// assert_eq!(rewrites.rewrite("a@acme", "c/1.csv").as_deref(), Some("/mnt/a/c/1.csv"));
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn rewrite(&self, container: &str, key: &str) -> Option<String> {
        let path = format!("{container}/{key}");
        let fitting = self.0.iter().filter_map(|(prefix, target)| {
            let bare = prefix.trim_end_matches('/');
            let rest = path.strip_prefix(bare)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((bare.len(), target, rest))
        });
        let (_, target, rest) = fitting.max_by_key(|(length, ..)| *length)?;
        Some(format!("{}{rest}", target.trim_end_matches('/')))
    }
}

/// JSON, as it is read.
impl fmt::Display for PathRewrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::json::line(&self.0))
    }
}

/// All members of an object, repeated ones, too.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
