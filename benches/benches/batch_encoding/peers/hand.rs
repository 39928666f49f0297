//! A loop over itoa, zmij and json-escape-simd.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use floe_batch::SqlType;

enum Column<'a> {
    Text(&'a StringArray),
    Raw(&'a StringArray),
    Number(&'a [i128]),
    Float(&'a [f64]),
}

pub(crate) fn encode(columns: &[ArrayRef], types: &[SqlType], out: &mut Vec<u8>) -> bool {
    let columns: Vec<_> = columns.iter().zip(types).map(Column::new).collect();
    let rows = columns.first().map_or(0, Column::len);
    let mut digits = itoa::Buffer::new();
    let mut number = zmij::Buffer::new();
    out.extend_from_slice(b"{\"data\":[");
    for row in 0..rows {
        if row > 0 {
            out.push(b',');
        }
        out.push(b'[');
        out.extend_from_slice(digits.format(row).as_bytes());
        for column in &columns {
            out.push(b',');
            match column {
                Column::Text(texts) | Column::Raw(texts) if texts.is_null(row) => {
                    out.extend_from_slice(b"null");
                }
                Column::Text(texts) => json_escape_simd::escape_into(texts.value(row), out),
                Column::Raw(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
                // The shapes have small whole numbers only.
                Column::Number(values) => {
                    out.extend_from_slice(digits.format(values[row] as i64).as_bytes());
                }
                Column::Float(values) => {
                    out.extend_from_slice(number.format(values[row]).as_bytes());
                }
            }
        }
        out.push(b']');
    }
    out.extend_from_slice(b"]}");
    true
}

impl<'a> Column<'a> {
    fn new((column, ty): (&'a ArrayRef, &SqlType)) -> Self {
        match ty {
            SqlType::Number(_) => Self::Number(column.as_primitive::<Decimal128Type>().values()),
            SqlType::Float => Self::Float(column.as_primitive::<Float64Type>().values()),
            SqlType::Variant => Self::Raw(column.as_string()),
            _ => Self::Text(column.as_string()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(texts) | Self::Raw(texts) => texts.len(),
            Self::Number(values) => values.len(),
            Self::Float(values) => values.len(),
        }
    }
}
