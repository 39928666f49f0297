//! A serde deserializer straight over the body, so that typed rows follow the
//! same grammar, the same rounding and the same errors as columns.

mod key;
mod row;

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use crate::error::{BatchError, JsonKind, Res};
use crate::number::{Misfit, Number};
use crate::scan::{Scanner, Text};
use crate::sql_type::{NumberType, SqlType};
use crate::value::special_float;
use key::Key;
pub(super) use row::arguments;

/// Reads the next value as a `T`.
pub(super) fn value<'de, T: Deserialize<'de>>(
    scan: &mut Scanner<'de>,
    scratch: &mut Vec<u8>,
) -> Res<T> {
    scan.peek();
    let begin = scan.offset();
    let cell = Cell {
        scan: &mut *scan,
        scratch,
        depth: 0,
    };
    T::deserialize(cell).map_err(|fault| fault.into_error(scan, begin))
}

/// Why a value could not be read.
#[derive(Debug)]
pub(super) enum Fault {
    /// The body is at fault.
    Body(Box<BatchError>),
    /// The Rust type refused what it was given.
    Refused(String),
}

impl Fault {
    #[cold]
    fn into_error(self, scan: &Scanner<'_>, begin: usize) -> Box<BatchError> {
        match self {
            Self::Body(error) => error,
            Self::Refused(message) => {
                let place = scan.place_at(begin);
                Box::new(BatchError::ValueRefused { place, message })
            }
        }
    }
}

impl From<Box<BatchError>> for Fault {
    fn from(error: Box<BatchError>) -> Self {
        Self::Body(error)
    }
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Refused(format!("expected {expected}, found {}", words(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Refused(format!(
            "expected {expected}, found {} that is not one",
            words(found)
        ))
    }

    fn unknown_variant(_found: &str, expected: &'static [&'static str]) -> Self {
        Self::Refused(format!(
            "expected one of {}, found another text",
            expected.join(", ")
        ))
    }

    fn unknown_field(_found: &str, expected: &'static [&'static str]) -> Self {
        Self::Refused(format!(
            "expected the keys {}, found another one",
            expected.join(", ")
        ))
    }
}

/// Names what was found by its kind alone: the messages of serde quote the
/// value, and a batch carries users' data.
fn words(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => JsonKind::Boolean.words(),
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => JsonKind::Number.words(),
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => JsonKind::String.words(),
        Unexpected::Unit | Unexpected::Option => JsonKind::Null.words(),
        Unexpected::Seq => JsonKind::Array.words(),
        Unexpected::Map => JsonKind::Object.words(),
        _ => "another value",
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(error) => error.fmt(f),
            Self::Refused(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}

// === A value ===

/// One value anywhere inside a row.
struct Cell<'s, 'de> {
    scan: &'s mut Scanner<'de>,
    scratch: &'s mut Vec<u8>,
    /// Arrays and objects around the value.
    depth: usize,
}

impl<'de> Cell<'_, 'de> {
    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.scan.kind()? {
            JsonKind::Null => {
                self.scan.null()?;
                visitor.visit_unit()
            }
            JsonKind::Boolean => match self.scan.boolean()? {
                Some(value) => visitor.visit_bool(value),
                None => Err(self.scan.not_json("a boolean").into()),
            },
            JsonKind::Number => self.number(visitor),
            JsonKind::String => match self.scan.string(self.scratch)? {
                Text::Borrowed(text) => visitor.visit_borrowed_str(text),
                Text::Built(text) => visitor.visit_str(text),
            },
            JsonKind::Array => self.array(visitor),
            JsonKind::Object => self.object(visitor),
        }
    }

    /// A number as it is written, for a type that takes what comes: whole or double. Digits are
    /// data: a whole number does not become a double that stands for others as well.
    fn number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let offset = self.scan.offset();
        let number = self.scan.number()?;
        if !number.is_integer() || number.is_negative_zero() {
            return visitor.visit_f64(self.double(&number, offset)?);
        }
        let value = self.exact(&number, offset)?;
        let wide = i64::try_from(value).is_err() && u64::try_from(value).is_err();
        match whole(value, visitor) {
            Err(Fault::Refused(_)) if wide => Err(de::Error::custom(
                "the whole number has more than 64 bits, which the type does not take; \
                 read an i128, or let it be sent as a string",
            )),
            read => read,
        }
    }

    fn double(&self, number: &Number<'_>, offset: usize) -> Result<f64, Fault> {
        let misfit = |misfit: Misfit| misfit.into_error(self.scan, offset, SqlType::Float);
        Ok(number.to_f64().map_err(misfit)?)
    }

    /// A whole number, however it is written: `20`, `20.0` and `2e1` are one.
    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !matches!(self.scan.peek(), Some(b'-' | b'0'..=b'9')) {
            return self.any(visitor);
        }
        let offset = self.scan.offset();
        let number = self.scan.number()?;
        whole(self.exact(&number, offset)?, visitor)
    }

    fn exact(&self, number: &Number<'_>, offset: usize) -> Result<i128, Fault> {
        let ty = NumberType::INTEGER;
        let misfit = |misfit: Misfit| misfit.into_error(self.scan, offset, SqlType::Number(ty));
        Ok(number.to_decimal(ty).map_err(misfit)?)
    }

    /// A double, or one of the strings that stand for one.
    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.scan.peek() {
            Some(b'-' | b'0'..=b'9') => {
                let offset = self.scan.offset();
                let number = self.scan.number()?;
                visitor.visit_f64(self.double(&number, offset)?)
            }
            Some(b'"') => {
                let text = self.scan.string(self.scratch)?;
                match special_float(text.as_str()) {
                    Some(value) => visitor.visit_f64(value),
                    None => visitor.visit_str(text.as_str()),
                }
            }
            Some(_) | None => self.any(visitor),
        }
    }

    /// As `float`, with the nearest `f32`: rounded once, and not by way of a double.
    fn single<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if !matches!(self.scan.peek(), Some(b'-' | b'0'..=b'9')) {
            return self.float(visitor);
        }
        let offset = self.scan.offset();
        let number = self.scan.number()?;
        if let Some(single) = number.to_f32() {
            return visitor.visit_f32(single);
        }
        self.double(&number, offset)?;
        Err(de::Error::custom(
            "the number is beyond the range of f32; read an f64",
        ))
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let depth = self.scan.enter(self.depth)?;
        let mut items = Items {
            scan: self.scan,
            scratch: self.scratch,
            depth,
            first: true,
        };
        let value = visitor.visit_seq(&mut items)?;
        items.end(b']', "`]` at the end of the array")?;
        Ok(value)
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let depth = self.scan.enter(self.depth)?;
        let mut items = Items {
            scan: self.scan,
            scratch: self.scratch,
            depth,
            first: true,
        };
        let value = visitor.visit_map(&mut items)?;
        items.end(b'}', "`}` at the end of the object")?;
        Ok(value)
    }
}

/// Hands a whole number over as the smallest integer that every integer type
/// of serde takes.
fn whole<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value, Fault> {
    if let Ok(value) = u64::try_from(value) {
        visitor.visit_u64(value)
    } else if let Ok(value) = i64::try_from(value) {
        visitor.visit_i64(value)
    } else {
        visitor.visit_i128(value)
    }
}

macro_rules! as_read_by {
    ($reader:ident: $($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                self.$reader(visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Cell<'_, 'de> {
    type Error = Fault;

    as_read_by! { any: deserialize_any }
    as_read_by! { float: deserialize_f64 }
    as_read_by! { single: deserialize_f32 }
    as_read_by! {
        integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.scan.null()? {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if self.scan.peek() != Some(b'{') {
            let text = self.scan.string(self.scratch)?;
            let text: StrDeserializer<'_, Fault> = text.as_str().into_deserializer();
            return visitor.visit_enum(text);
        }
        let depth = self.scan.enter(self.depth)?;
        let mut items = Items {
            scan: self.scan,
            scratch: self.scratch,
            depth,
            first: true,
        };
        let value = visitor.visit_enum(MapAccessDeserializer::new(&mut items))?;
        items.end(b'}', "`}` after the one key of the value")?;
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.scan.skip_value(self.depth)?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier
    }
}

/// The elements of an array or the members of an object.
struct Items<'s, 'de> {
    scan: &'s mut Scanner<'de>,
    scratch: &'s mut Vec<u8>,
    depth: usize,
    first: bool,
}

impl Items<'_, '_> {
    /// Passes the comma between two items; false at the end.
    fn more(&mut self, close: u8) -> Res<bool> {
        if self.scan.peek() == Some(close) {
            return Ok(false);
        }
        if !self.first {
            self.scan.expect(b',', "`,` or the closing bracket")?;
        }
        self.first = false;
        Ok(true)
    }

    fn end(&mut self, close: u8, expected: &'static str) -> Result<(), Fault> {
        if self.scan.eat(close) {
            return Ok(());
        }
        if self.scan.peek() == Some(b',') {
            return Err(de::Error::custom(
                "the value has more elements than the type takes",
            ));
        }
        Err(self.scan.not_json(expected).into())
    }
}

impl<'de> de::SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if !self.more(b']')? {
            return Ok(None);
        }
        let (scan, scratch) = (&mut *self.scan, &mut *self.scratch);
        seed.deserialize(Cell {
            scan,
            scratch,
            depth: self.depth,
        })
        .map(Some)
    }
}

impl<'de> de::MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        if !self.more(b'}')? {
            return Ok(None);
        }
        let key = self.scan.key(self.scratch)?;
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (scan, scratch) = (&mut *self.scan, &mut *self.scratch);
        seed.deserialize(Cell {
            scan,
            scratch,
            depth: self.depth,
        })
    }
}
