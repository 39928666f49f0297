//! Columns written out.

mod fast;

use std::ops::Range;

use arrow::array::{Array, AsArray, BooleanArray, LargeStringArray, StringArray, StringViewArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use crate::error::BatchError;
use crate::isa::Level;
use crate::value;

/// One column, looked into once and not per row.
pub(crate) struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Null,
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    Boolean(&'a BooleanArray),
    Float64(&'a [f64]),
    Float32(&'a [f32]),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Number { values: &'a [i128], scale: usize },
    Date(&'a [i32]),
}

impl<'a> Cells<'a> {
    pub(crate) fn new(
        index: usize,
        array: &'a dyn Array,
        rows: &Range<usize>,
    ) -> Result<Self, BatchError> {
        if rows.end > array.len() {
            let Range { start, end } = *rows;
            return Err(BatchError::RowsOutOfBounds {
                column: index,
                len: array.len(),
                start,
                end,
            });
        }
        match Values::new(array) {
            Some(values) => Ok(Self {
                nulls: array.nulls(),
                values,
            }),
            None => Err(BatchError::ColumnNotSupported {
                column: index,
                data_type: array.data_type().to_string(),
            }),
        }
    }

    /// Writes the value of row `at` of the column; the days of a date that
    /// cannot be written come back as the error.
    #[inline]
    fn write(&self, at: usize, out: &mut Vec<u8>) -> Result<(), i32> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(at)) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &self.values {
            Values::Null => out.extend_from_slice(b"null"),
            Values::Text(array) => value::text(array.value(at), out),
            Values::LargeText(array) => value::text(array.value(at), out),
            Values::TextView(array) => value::text(array.value(at), out),
            Values::Boolean(array) => value::boolean(array.value(at), out),
            Values::Float64(values) => value::float(values[at], out),
            Values::Float32(values) => value::float(values[at], out),
            Values::Int8(values) => value::integer(values[at], out),
            Values::Int16(values) => value::integer(values[at], out),
            Values::Int32(values) => value::integer(values[at], out),
            Values::Int64(values) => value::integer(values[at], out),
            Values::UInt8(values) => value::integer(values[at], out),
            Values::UInt16(values) => value::integer(values[at], out),
            Values::UInt32(values) => value::integer(values[at], out),
            Values::UInt64(values) => value::integer(values[at], out),
            Values::Number { values, scale } => value::decimal(values[at], *scale, out),
            Values::Date(values) => return value::date(values[at], out),
        }
        Ok(())
    }

    /// About how many bytes a value is written with, for the first allocation.
    fn width(&self) -> usize {
        match &self.values {
            Values::Null | Values::Boolean(_) => 5,
            Values::Text(array) => average(array.values().len(), array.len()) + 4,
            Values::LargeText(array) => average(array.values().len(), array.len()) + 4,
            Values::TextView(array) => average(array.total_bytes_len(), array.len()) + 4,
            Values::Float64(_) => 20,
            Values::Float32(_) => 12,
            Values::Int8(_) | Values::UInt8(_) | Values::Int16(_) | Values::UInt16(_) => 6,
            Values::Int32(_) | Values::UInt32(_) | Values::Int64(_) | Values::UInt64(_) => 12,
            Values::Number { .. } | Values::Date(_) => 14,
        }
    }
}

impl<'a> Values<'a> {
    fn new(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::LargeUtf8 => Self::LargeText(array.as_string()),
            DataType::Utf8View => Self::TextView(array.as_string_view()),
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Float64 => Self::Float64(array.as_primitive::<Float64Type>().values()),
            DataType::Float32 => Self::Float32(array.as_primitive::<Float32Type>().values()),
            DataType::Int8 => Self::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Self::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Self::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::UInt8 => Self::UInt8(array.as_primitive::<UInt8Type>().values()),
            DataType::UInt16 => Self::UInt16(array.as_primitive::<UInt16Type>().values()),
            DataType::UInt32 => Self::UInt32(array.as_primitive::<UInt32Type>().values()),
            DataType::UInt64 => Self::UInt64(array.as_primitive::<UInt64Type>().values()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().values()),
            DataType::Decimal128(_, scale) => Self::Number {
                values: array.as_primitive::<Decimal128Type>().values(),
                scale: usize::try_from(*scale).ok()?,
            },
            _ => return None,
        })
    }
}

/// Writes the whole body.
pub(crate) fn body(
    level: Level,
    cells: &[Cells<'_>],
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    let row_width = cells.iter().map(Cells::width).sum::<usize>() + 10;
    out.reserve(rows.len().saturating_mul(row_width).saturating_add(16));
    fast::body(level, cells, rows, out)
        .map_err(|(row, days)| BatchError::DateOutOfRange { row, days })
}

fn average(bytes: usize, rows: usize) -> usize {
    bytes / rows.max(1)
}
