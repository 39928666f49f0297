//! Serializers for the two places where only some values may stand: the
//! arguments of a row and the key of an object.

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::{Json, NotWritable};
use crate::value as write;

/// Refuses each of the named methods of `Serializer` with one sentence.
macro_rules! refused {
    ($why:expr; values: $($method:ident: $ty:ty,)*) => {
        $(
            fn $method(self, _value: $ty) -> Result<(), NotWritable> {
                Err(ser::Error::custom($why))
            }
        )*
    };
    ($why:expr; compounds: $($method:ident($($argument:ident: $ty:ty),*) -> $kind:ident,)*) => {
        $(
            fn $method(self, $($argument: $ty),*) -> Result<Self::$kind, NotWritable> {
                Err(ser::Error::custom($why))
            }
        )*
    };
}

// === The arguments of a row ===

const NOT_A_ROW: &str =
    "the arguments of a row are a tuple, a struct or a sequence; write (value,) for one argument";

/// Writes the elements of a tuple, struct or sequence, a comma before each.
pub(super) struct Arguments<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

impl<'a> Serializer for Arguments<'a> {
    type Ok = ();
    type Error = NotWritable;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Impossible<(), NotWritable>;
    type SerializeMap = Impossible<(), NotWritable>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), NotWritable>;

    refused! { NOT_A_ROW; values:
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_char: char,
        serialize_str: &str,
        serialize_bytes: &[u8],
    }

    refused! { NOT_A_ROW; compounds:
        serialize_none() -> Ok,
        serialize_unit_variant(_name: &'static str, _index: u32, _variant: &'static str) -> Ok,
        serialize_map(_len: Option<usize>) -> SerializeMap,
        serialize_tuple_variant(
            _name: &'static str, _index: u32, _variant: &'static str, _len: usize
        ) -> SerializeTupleVariant,
        serialize_struct_variant(
            _name: &'static str, _index: u32, _variant: &'static str, _len: usize
        ) -> SerializeStructVariant,
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotWritable> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotWritable> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), NotWritable> {
        Err(ser::Error::custom(NOT_A_ROW))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self, NotWritable> {
        Ok(self)
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self, NotWritable> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self, NotWritable> {
        Ok(self)
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self, NotWritable> {
        Ok(self)
    }
}

impl Arguments<'_> {
    fn argument<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.out.push(b',');
        value.serialize(Json { out: self.out })
    }
}

macro_rules! arguments {
    ($($kind:ident::$method:ident($($key:ident: $ty:ty)?),)*) => {
        $(
            impl ser::$kind for Arguments<'_> {
                type Ok = ();
                type Error = NotWritable;

                fn $method<T: Serialize + ?Sized>(
                    &mut self,
                    $($key: $ty,)?
                    value: &T,
                ) -> Result<(), NotWritable> {
                    self.argument(value)
                }

                fn end(self) -> Result<(), NotWritable> {
                    Ok(())
                }
            }
        )*
    };
}

arguments! {
    SerializeSeq::serialize_element(),
    SerializeTuple::serialize_element(),
    SerializeTupleStruct::serialize_field(),
    SerializeStruct::serialize_field(_key: &'static str),
}

// === The key of an object ===

const NOT_A_KEY: &str = "the keys of an object are strings, whole numbers or booleans";

/// Writes a string, or a whole number or boolean as a string.
pub(super) struct Key<'a> {
    pub(super) out: &'a mut Vec<u8>,
}

impl Key<'_> {
    fn quoted(self, key: impl FnOnce(&mut Vec<u8>)) -> Result<(), NotWritable> {
        self.out.push(b'"');
        key(self.out);
        self.out.push(b'"');
        Ok(())
    }
}

macro_rules! whole_keys {
    ($($method:ident: $ty:ty,)*) => {
        $(
            fn $method(self, value: $ty) -> Result<(), NotWritable> {
                self.quoted(|out| write::integer(value, out))
            }
        )*
    };
}

impl Serializer for Key<'_> {
    type Ok = ();
    type Error = NotWritable;
    type SerializeSeq = Impossible<(), NotWritable>;
    type SerializeTuple = Impossible<(), NotWritable>;
    type SerializeTupleStruct = Impossible<(), NotWritable>;
    type SerializeTupleVariant = Impossible<(), NotWritable>;
    type SerializeMap = Impossible<(), NotWritable>;
    type SerializeStruct = Impossible<(), NotWritable>;
    type SerializeStructVariant = Impossible<(), NotWritable>;

    whole_keys! {
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
    }

    refused! { NOT_A_KEY; values:
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_bytes: &[u8],
    }

    refused! { NOT_A_KEY; compounds:
        serialize_none() -> Ok,
        serialize_unit() -> Ok,
        serialize_unit_struct(_name: &'static str) -> Ok,
        serialize_seq(_len: Option<usize>) -> SerializeSeq,
        serialize_tuple(_len: usize) -> SerializeTuple,
        serialize_tuple_struct(_name: &'static str, _len: usize) -> SerializeTupleStruct,
        serialize_tuple_variant(
            _name: &'static str, _index: u32, _variant: &'static str, _len: usize
        ) -> SerializeTupleVariant,
        serialize_map(_len: Option<usize>) -> SerializeMap,
        serialize_struct(_name: &'static str, _len: usize) -> SerializeStruct,
        serialize_struct_variant(
            _name: &'static str, _index: u32, _variant: &'static str, _len: usize
        ) -> SerializeStructVariant,
    }

    fn serialize_bool(self, value: bool) -> Result<(), NotWritable> {
        self.quoted(|out| write::boolean(value, out))
    }

    fn serialize_char(self, value: char) -> Result<(), NotWritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotWritable> {
        write::text(value, self.out);
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), NotWritable> {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), NotWritable> {
        Err(ser::Error::custom(NOT_A_KEY))
    }
}
