//! A serde serializer into the body. Unlike the usual JSON serializer it never
//! writes `null` for a `NaN` or an infinity: they are the strings that columns
//! use too.

mod partial;

use std::fmt;

use serde::ser::{self, Serialize};

use crate::value as write;
use partial::{Arguments, Key};

/// Writes `value` as JSON.
pub(super) fn value<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), NotWritable> {
    value.serialize(Json { out })
}

/// Writes the elements of `arguments`, each with a comma before it.
pub(super) fn arguments<T: Serialize + ?Sized>(
    arguments: &T,
    out: &mut Vec<u8>,
) -> Result<(), NotWritable> {
    arguments.serialize(Arguments { out })
}

/// Why a value has no JSON form.
#[derive(Debug)]
pub(super) struct NotWritable(String);

impl NotWritable {
    pub(super) fn into_message(self) -> String {
        self.0
    }
}

impl fmt::Display for NotWritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotWritable {}

impl ser::Error for NotWritable {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Writes one value at the end of `out`.
struct Json<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Json<'a> {
    fn open(self, open: &[u8], close: &'static [u8]) -> Items<'a> {
        self.out.extend_from_slice(open);
        Items {
            out: self.out,
            first: true,
            close,
        }
    }

    /// `{"variant":` and what is to close it.
    fn variant(self, variant: &str, open: &[u8], close: &'static [u8]) -> Items<'a> {
        self.out.push(b'{');
        write::text(variant, self.out);
        self.out.push(b':');
        self.open(open, close)
    }
}

macro_rules! scalars {
    ($($method:ident: $ty:ty => $write:ident,)*) => {
        $(
            fn $method(self, value: $ty) -> Result<(), NotWritable> {
                write::$write(value, self.out);
                Ok(())
            }
        )*
    };
}

impl<'a> ser::Serializer for Json<'a> {
    type Ok = ();
    type Error = NotWritable;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    scalars! {
        serialize_bool: bool => boolean,
        serialize_i8: i8 => integer,
        serialize_i16: i16 => integer,
        serialize_i32: i32 => integer,
        serialize_i64: i64 => integer,
        serialize_i128: i128 => integer,
        serialize_u8: u8 => integer,
        serialize_u16: u16 => integer,
        serialize_u32: u32 => integer,
        serialize_u64: u64 => integer,
        serialize_u128: u128 => integer,
        serialize_f32: f32 => float,
        serialize_f64: f64 => float,
        serialize_str: &str => text,
    }

    fn serialize_char(self, value: char) -> Result<(), NotWritable> {
        write::text(value.encode_utf8(&mut [0; 4]), self.out);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NotWritable> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), NotWritable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotWritable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotWritable> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), NotWritable> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), NotWritable> {
        self.serialize_str(variant)
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
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotWritable> {
        let items = self.variant(variant, b"", b"}");
        value.serialize(Json {
            out: &mut *items.out,
        })?;
        items.finish()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items<'a>, NotWritable> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Items<'a>, NotWritable> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, NotWritable> {
        Ok(self.open(b"[", b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, NotWritable> {
        Ok(self.variant(variant, b"[", b"]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Items<'a>, NotWritable> {
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Items<'a>, NotWritable> {
        Ok(self.open(b"{", b"}"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'a>, NotWritable> {
        Ok(self.variant(variant, b"{", b"}}"))
    }
}

/// The elements of an array or the members of an object.
struct Items<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    close: &'static [u8],
}

impl Items<'_> {
    fn comma(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.comma();
        value.serialize(Json { out: self.out })
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), NotWritable> {
        self.comma();
        write::text(key, self.out);
        self.out.push(b':');
        value.serialize(Json { out: self.out })
    }

    fn finish(self) -> Result<(), NotWritable> {
        self.out.extend_from_slice(self.close);
        Ok(())
    }
}

macro_rules! elements {
    ($($kind:ident::$method:ident,)*) => {
        $(
            impl ser::$kind for Items<'_> {
                type Ok = ();
                type Error = NotWritable;

                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
                    self.element(value)
                }

                fn end(self) -> Result<(), NotWritable> {
                    self.finish()
                }
            }
        )*
    };
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! members {
    ($($kind:ident,)*) => {
        $(
            impl ser::$kind for Items<'_> {
                type Ok = ();
                type Error = NotWritable;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    key: &'static str,
                    value: &T,
                ) -> Result<(), NotWritable> {
                    self.member(key, value)
                }

                fn end(self) -> Result<(), NotWritable> {
                    self.finish()
                }
            }
        )*
    };
}

members! { SerializeStruct, SerializeStructVariant, }

impl ser::SerializeMap for Items<'_> {
    type Ok = ();
    type Error = NotWritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotWritable> {
        self.comma();
        key.serialize(Key { out: self.out })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotWritable> {
        self.out.push(b':');
        value.serialize(Json { out: self.out })
    }

    fn end(self) -> Result<(), NotWritable> {
        self.finish()
    }
}
