//! The cells of a row as a tuple or struct.

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::{Cell, Fault};
use crate::envelope;
use crate::error::Res;
use crate::scan::Scanner;

/// Reads the rest of a row, up to its closing bracket, as a `T`.
pub(in crate::rows) fn arguments<'de, T: Deserialize<'de>>(
    scan: &mut Scanner<'de>,
    scratch: &mut Vec<u8>,
) -> Res<T> {
    let begin = scan.offset();
    let mut row = Row {
        scan,
        scratch,
        begin,
        read: 0,
        wanted: 0,
        ended: false,
    };
    let result = T::deserialize(RowDeserializer(&mut row));
    let Row {
        begin,
        read,
        wanted,
        ended,
        ..
    } = row;
    let arguments = match result {
        Ok(arguments) => arguments,
        // The row ended before the type had all it wanted.
        Err(Fault::Refused(_)) if ended && read < wanted => {
            return Err(envelope::wrong_arity(scan, wanted + 1, read + 1));
        }
        Err(fault) => return Err(fault.into_error(scan, begin)),
    };
    envelope::no_cells_left(scan, read + 1)?;
    Ok(arguments)
}

/// The cells of a row behind its number.
struct Row<'s, 'de> {
    scan: &'s mut Scanner<'de>,
    scratch: &'s mut Vec<u8>,
    /// Where the cell begins that is read, or was read last.
    begin: usize,
    /// Cells read so far.
    read: usize,
    /// Cells that the type wants; 0 when it does not say.
    wanted: usize,
    /// True when the type asked for a cell that is not there.
    ended: bool,
}

struct RowDeserializer<'r, 's, 'de>(&'r mut Row<'s, 'de>);

impl<'de> Deserializer<'de> for RowDeserializer<'_, '_, 'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(self.0)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.0.wanted = len;
        visitor.visit_seq(self.0)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        seq map enum identifier ignored_any
    }
}

impl<'de> de::SeqAccess<'de> for &mut Row<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if self.scan.peek() == Some(b']') {
            self.ended = true;
            return Ok(None);
        }
        self.scan.expect(b',', "`,` or `]`")?;
        self.scan.peek();
        self.begin = self.scan.offset();
        let cell = Cell {
            scan: &mut *self.scan,
            scratch: &mut *self.scratch,
            depth: 0,
        };
        let value = seed.deserialize(cell)?;
        self.read += 1;
        Ok(Some(value))
    }
}
