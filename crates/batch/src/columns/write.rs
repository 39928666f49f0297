//! Columns written out.

mod fast;
mod values;

use std::ops::Range;

use arrow::array::Array;
use arrow::buffer::NullBuffer;

use crate::error::BatchError;
use crate::isa::Level;
use crate::scan;
use crate::sql_type::SqlType;
use crate::temporal::{self, Stamp};
use crate::value;
use values::{Texts, Values};

/// One column, looked into once and not per row.
pub(crate) struct Cells<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
    /// JSON is written as it is found.
    trusted: bool,
}

/// Why a value cannot be written.
enum Unwritable {
    /// Days from 1970-01-01 that are in no year of four digits.
    Date(i32),
    Time,
    Json(SqlType),
}

impl Unwritable {
    fn into_error(self, row: usize, column: usize) -> BatchError {
        let row = row as u64;
        match self {
            Self::Date(days) => BatchError::DateOutOfRange { row, days },
            Self::Time => BatchError::TimeNotWritable { row },
            Self::Json(expected) => BatchError::JsonNotWritable {
                row,
                column,
                expected,
            },
        }
    }
}

impl<'a> Cells<'a> {
    /// Looks into column number `index`, as values of the declared type or of what its Arrow type
    /// says.
    pub(crate) fn new(
        index: usize,
        array: &'a dyn Array,
        ty: Option<SqlType>,
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
        let data_type = || array.data_type().to_string();
        let values = Values::new(array).ok_or_else(|| BatchError::ColumnNotSupported {
            column: index,
            data_type: data_type(),
        })?;
        let values = match ty {
            None => values,
            Some(ty) => values
                .declared(ty)
                .ok_or_else(|| BatchError::ColumnNotOfType {
                    column: index,
                    data_type: data_type(),
                    expected: ty,
                })?,
        };
        Ok(Self {
            nulls: array.nulls().filter(|nulls| nulls.null_count() > 0),
            values,
            trusted: false,
        })
    }

    /// Writes JSON without looking whether it is.
    pub(crate) fn trust(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Writes the value of row `at` of the column.
    fn write(&self, at: usize, out: &mut Vec<u8>) -> Result<(), Unwritable> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(at)) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match &self.values {
            Values::Null => out.extend_from_slice(b"null"),
            Values::Text(texts) => value::text(texts.value(at), out),
            Values::Json(texts, ty) => {
                let text = texts.value(at);
                if !self.trusted && !is_json(text, *ty) {
                    return Err(Unwritable::Json(*ty));
                }
                out.extend_from_slice(text.as_bytes());
            }
            Values::Binary(bytes) => value::binary(bytes.value(at), out),
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
            Values::Date(values) => return value::date(values[at], out).map_err(Unwritable::Date),
            Values::Time(counts) => {
                let stamp = Stamp::of_count(counts.value(at), counts.per_second, None);
                // A time is counted from midnight; one of another day is none.
                let stamp = stamp
                    .filter(|stamp| stamp.days == 0)
                    .ok_or(Unwritable::Time)?;
                out.push(b'"');
                temporal::write_time(stamp.nanos, out);
                out.push(b'"');
            }
            Values::Timestamp(counts, offset) => {
                let offset = offset.value(at);
                let stamp = Stamp::of_count(counts.value(at), counts.per_second, offset);
                let stamp = stamp.ok_or(Unwritable::Time)?;
                out.push(b'"');
                temporal::write_timestamp(stamp, out);
                out.push(b'"');
            }
        }
        Ok(())
    }

    /// About how many bytes a value is written with, for the first allocation.
    fn width(&self) -> usize {
        match &self.values {
            Values::Null | Values::Boolean(_) => 5,
            Values::Text(texts) | Values::Json(texts, _) => texts.width() + 4,
            Values::Binary(_) => 36,
            Values::Float64(_) => 20,
            Values::Float32(_) => 12,
            Values::Int8(_) | Values::UInt8(_) | Values::Int16(_) | Values::UInt16(_) => 6,
            Values::Int32(_) | Values::UInt32(_) | Values::Int64(_) | Values::UInt64(_) => 12,
            Values::Number { .. } | Values::Date(_) | Values::Time(_) => 14,
            Values::Timestamp(..) => 32,
        }
    }
}

/// True for the text of a JSON value of the type, white space around it allowed.
fn is_json(text: &str, ty: SqlType) -> bool {
    let fits = match ty {
        SqlType::Object => text.trim_start().starts_with('{'),
        SqlType::Array => text.trim_start().starts_with('['),
        _ => true,
    };
    fits && scan::check_json(text).is_ok()
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
}
