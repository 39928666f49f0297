//! Messages as clouds write them. A field that is there and of another type than documented is
//! kept as such instead of failing the whole message, because it may not matter.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::error::EventError;
use super::{MAX_RECORDS, SHOWN_KEYS};

/// A text or a number, or that it is neither.
#[derive(Debug, Default)]
pub(super) enum Field<'a> {
    /// Absent or null.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Number(u64),
    /// Something else, in words.
    Other(&'static str),
}

impl<'a> Field<'a> {
    /// The text, when it is one and not empty.
    pub(super) fn text(self, field: &'static str) -> Result<Option<Cow<'a, str>>, EventError> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => Ok((!text.is_empty()).then_some(text)),
            Self::Number(number) => Err(wrong(field, "a text", format!("the number {number}"))),
            Self::Other(seen) => Err(wrong(field, "a text", seen.to_owned())),
        }
    }

    /// The text, which must be there.
    pub(super) fn required(self, field: &'static str) -> Result<Cow<'a, str>, EventError> {
        self.text(field)?.ok_or(EventError::MissingField { field })
    }

    /// A whole number, also as decimal digits in a text: JSON of Google writes 64 bits so.
    pub(super) fn number(&self, field: &'static str) -> Result<Option<u64>, EventError> {
        const EXPECTED: &str = "a whole number of at most 64 bits, not negative";
        match self {
            Self::Missing => Ok(None),
            Self::Number(number) => Ok(Some(*number)),
            Self::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text
                .parse()
                .map(Some)
                .map_err(|_| wrong(field, EXPECTED, quoted(text))),
            Self::Text(text) => Err(wrong(field, EXPECTED, quoted(text))),
            Self::Other(seen) => Err(wrong(field, EXPECTED, (*seen).to_owned())),
        }
    }

    /// The text, to tell forms of messages apart.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Missing)
    }
}

/// An object, or that it is none.
#[derive(Debug, Default)]
pub(super) enum Object<T> {
    /// Absent or null.
    #[default]
    Missing,
    Is(T),
    /// Something else, in words.
    Other(&'static str),
}

impl<T> Object<T> {
    pub(super) fn get(self, field: &'static str) -> Result<Option<T>, EventError> {
        match self {
            Self::Missing => Ok(None),
            Self::Is(object) => Ok(Some(object)),
            Self::Other(seen) => Err(wrong(field, "an object", seen.to_owned())),
        }
    }

    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Missing)
    }
}

/// A list. One item alone needs no memory of its own.
#[derive(Debug, Default)]
pub(super) enum List<T> {
    /// Absent or null.
    #[default]
    Missing,
    One(T),
    Many(Vec<T>),
    /// More than [`MAX_RECORDS`] items.
    TooMany,
    /// Something else, in words.
    Other(&'static str),
}

fn quoted(text: &str) -> String {
    format!("'{}'", super::shortened(text.as_bytes()))
}

pub(super) fn wrong(field: &'static str, expected: &'static str, seen: String) -> EventError {
    EventError::WrongType {
        field,
        expected,
        seen,
    }
}

// === reading ===

/// Reads anything; what is not of interest is passed over.
struct Anything<T>(PhantomData<T>);

/// What a value becomes.
trait Loose<'de>: Sized {
    fn other(seen: &'static str) -> Self;
    fn null() -> Self;

    fn text(_: Cow<'de, str>) -> Self {
        Self::other("a text")
    }

    fn whole(_: u64) -> Self {
        Self::other("a number")
    }

    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::other("an object"))
    }

    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::other("a list"))
    }
}

impl<'de, T: Loose<'de>> Visitor<'de> for Anything<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::whole(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::other("a negative number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::other("a number with a fraction"))
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::other(if value { "true" } else { "false" }))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::null())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        T::seq(seq)
    }
}

impl<'de> Loose<'de> for Field<'de> {
    fn other(seen: &'static str) -> Self {
        Self::Other(seen)
    }

    fn null() -> Self {
        Self::Missing
    }

    fn text(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }

    fn whole(number: u64) -> Self {
        Self::Number(number)
    }
}

impl<'de, T: Deserialize<'de>> Loose<'de> for Object<T> {
    fn other(seen: &'static str) -> Self {
        Self::Other(seen)
    }

    fn null() -> Self {
        Self::Missing
    }

    fn map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self::Is)
    }
}

impl<'de, T: Deserialize<'de>> Loose<'de> for List<T> {
    fn other(seen: &'static str) -> Self {
        Self::Other(seen)
    }

    fn null() -> Self {
        Self::Missing
    }

    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let Some(first) = seq.next_element()? else {
            return Ok(Self::Many(Vec::new()));
        };
        let Some(second) = seq.next_element()? else {
            return Ok(Self::One(first));
        };
        let mut items = vec![first, second];
        while items.len() < MAX_RECORDS {
            match seq.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(Self::Many(items)),
            }
        }
        let mut more = false;
        while seq.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(if more {
            Self::TooMany
        } else {
            Self::Many(items)
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything::<Field<'de>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything(PhantomData))
    }
}

/// The first keys of an object, and one more to tell that there are more.
#[derive(Debug, Default)]
pub(super) struct FirstKeys(pub(super) Vec<String>);

impl<'de> Loose<'de> for FirstKeys {
    fn other(_: &'static str) -> Self {
        Self::default()
    }

    fn null() -> Self {
        Self::default()
    }

    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut keys = Vec::new();
        while keys.len() <= SHOWN_KEYS {
            match map.next_entry::<String, IgnoredAny>()? {
                Some((key, _)) => keys.push(key),
                None => return Ok(Self(keys)),
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self(keys))
    }
}

impl<'de> Deserialize<'de> for FirstKeys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything(PhantomData))
    }
}
