//! Scalars, and maps of them whose keys are the user's own.

use std::fmt;
use std::ops::Index;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text, number, boolean or nothing, where the format takes any of them.
///
/// ```
/// use floe_spec::wire::Scalar;
///
/// assert_eq!(Scalar::from("0.5Gi"), Scalar::Text("0.5Gi".to_owned()));
/// assert_eq!(serde_json::to_string(&Scalar::from(8000_u32)).unwrap(), "8000");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction; write a text where each digit counts.
    Float(f64),
    /// A text.
    Text(String),
    /// Nothing.
    Null,
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Scalar::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Scalar::Text(text)
    }
}

impl From<u32> for Scalar {
    fn from(number: u32) -> Self {
        Scalar::Whole(i64::from(number))
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Scalar::Bool(value)
    }
}

/// Keys and values in the order in which they were written.
///
/// ```
/// use floe_spec::wire::{Scalar, ScalarMap};
///
/// let map: ScalarMap = serde_json::from_str(r#"{"b": 1, "a": "x"}"#).unwrap();
/// assert_eq!(map.0[0], ("b".to_owned(), Scalar::Whole(1)));
/// assert_eq!((map["a"].clone(), map["c"].clone()), (Scalar::from("x"), Scalar::Null));
/// assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"b":1,"a":"x"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScalarMap(pub Vec<(String, Scalar)>);

impl ScalarMap {
    /// Whether there is nothing in it.
    ///
    /// ```
    /// assert!(floe_spec::wire::ScalarMap::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<String>, V: Into<Scalar>> FromIterator<(K, V)> for ScalarMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        ScalarMap(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl Index<&str> for ScalarMap {
    type Output = Scalar;

    /// The value of a key; [`Scalar::Null`] when it is not there.
    fn index(&self, key: &str) -> &Scalar {
        let found = self.0.iter().find(|(known, _)| known == key);
        found.map_or(&Scalar::Null, |(_, value)| value)
    }
}

impl Serialize for ScalarMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de> Deserialize<'de> for ScalarMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = ScalarMap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of texts, numbers and booleans")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ScalarMap, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(ScalarMap(pairs))
    }
}
