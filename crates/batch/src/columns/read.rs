//! Columns under construction.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Float64Array,
    NullBufferBuilder, StringArray,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};

use crate::date;
use crate::error::{BatchError, JsonKind, Place, Res};
use crate::number::Misfit;
use crate::scan::Scanner;
use crate::sql_type::{NumberType, SqlType, TextLength};
use crate::value;

/// One column, growing by a value a row.
pub(crate) struct Column {
    ty: SqlType,
    nulls: NullBufferBuilder,
    values: Values,
}

enum Values {
    /// Bytes of all texts, and where each begins; checked as UTF-8 at the end,
    /// all at once.
    Text {
        length: TextLength,
        bytes: Vec<u8>,
        offsets: Vec<i32>,
    },
    Boolean(BooleanBufferBuilder),
    Float(Vec<f64>),
    Number {
        ty: NumberType,
        values: Vec<i128>,
    },
    Date {
        days: Vec<i32>,
        text: Vec<u8>,
    },
}

impl Column {
    pub(crate) fn new(ty: SqlType) -> Self {
        let values = match ty {
            SqlType::Varchar(length) => Values::Text {
                length,
                bytes: Vec::new(),
                offsets: vec![0],
            },
            SqlType::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            SqlType::Float => Values::Float(Vec::new()),
            SqlType::Number(ty) => Values::Number {
                ty,
                values: Vec::new(),
            },
            SqlType::Date => Values::Date {
                days: Vec::new(),
                text: Vec::new(),
            },
        };
        Self {
            ty,
            nulls: NullBufferBuilder::new(0),
            values,
        }
    }

    /// Makes room for the `left` bytes of the body that follow, when the `read`
    /// bytes so far are like them. Never more than a fixed multiple of `left`.
    pub(crate) fn reserve(&mut self, left: usize, read: usize) {
        let more = |so_far: usize| {
            let like_so_far = (so_far as f64) * (left as f64) / (read.max(1) as f64);
            // A sixteenth on top, so that a slightly smaller sample than the
            // rest does not make the vector move at its very end.
            ((like_so_far * 1.0625) as usize).min(left)
        };
        match &mut self.values {
            Values::Text { bytes, offsets, .. } => {
                bytes.reserve(more(bytes.len()));
                offsets.reserve(more(offsets.len()));
            }
            Values::Boolean(values) => values.reserve(more(values.len())),
            Values::Float(values) => values.reserve(more(values.len())),
            Values::Number { values, .. } => values.reserve(more(values.len())),
            Values::Date { days, .. } => days.reserve(more(days.len())),
        }
    }

    /// Reads the next value of the body into the column.
    #[inline]
    pub(crate) fn read(&mut self, scan: &mut Scanner<'_>) -> Res<()> {
        if scan.null()? {
            self.append_null();
            return Ok(());
        }
        let ty = self.ty;
        match &mut self.values {
            Values::Text {
                length,
                bytes,
                offsets,
            } => {
                read_text(scan, ty, *length, bytes, offsets)?;
            }
            Values::Boolean(values) => match scan.boolean()? {
                Some(value) => values.append(value),
                None => return Err(wrong_type(scan, ty)),
            },
            Values::Float(values) => values.push(read_float(scan, ty)?),
            Values::Number { ty: number, values } => values.push(read_number(scan, ty, *number)?),
            Values::Date { days, text } => days.push(read_date(scan, ty, text)?),
        }
        self.nulls.append_non_null();
        Ok(())
    }

    fn append_null(&mut self) {
        self.nulls.append_null();
        match &mut self.values {
            Values::Text { bytes, offsets, .. } => offsets.push(end_of(bytes)),
            Values::Boolean(values) => values.append(false),
            Values::Float(values) => values.push(0.0),
            Values::Number { values, .. } => values.push(0),
            Values::Date { days, .. } => days.push(0),
        }
    }

    /// Makes the array; `None` when its text is not UTF-8.
    pub(crate) fn finish(mut self) -> Option<ArrayRef> {
        let nulls = self.nulls.finish();
        Some(match self.values {
            Values::Text { bytes, offsets, .. } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                Arc::new(StringArray::try_new(offsets, bytes.into(), nulls).ok()?)
            }
            Values::Boolean(mut values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::Float(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Number { ty, values } => {
                let array = Decimal128Array::new(values.into(), nulls);
                Arc::new(array.with_data_type(ty.arrow_type()))
            }
            Values::Date { days, .. } => Arc::new(Date32Array::new(days.into(), nulls)),
        })
    }
}

#[inline]
fn read_text(
    scan: &mut Scanner<'_>,
    ty: SqlType,
    length: TextLength,
    bytes: &mut Vec<u8>,
    offsets: &mut Vec<i32>,
) -> Res<()> {
    if scan.peek() != Some(b'"') {
        return Err(wrong_type(scan, ty));
    }
    let (offset, begin) = (scan.offset(), bytes.len());
    scan.string_into(bytes)?;
    if let Some(limit) = length.max_chars()
        && bytes.len() - begin > limit as usize
    {
        let text = bytes.get(begin..).unwrap_or_default();
        check_chars(scan.place_at(offset), ty, limit, text)?;
    }
    offsets.push(end_of(bytes));
    Ok(())
}

/// Where the next text begins. A text is never longer than it is written, and
/// a body is at most `MAX_BODY_BYTES` long, so the length always fits.
#[inline]
fn end_of(bytes: &[u8]) -> i32 {
    bytes.len() as i32
}

fn check_chars(place: Place, expected: SqlType, limit: u32, text: &[u8]) -> Res<()> {
    // Every character has one byte that does not continue another.
    let found = text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    if found > limit as usize {
        return Err(Box::new(BatchError::TextTooLong {
            place,
            expected,
            limit,
            found,
        }));
    }
    Ok(())
}

#[inline]
fn read_float(scan: &mut Scanner<'_>, ty: SqlType) -> Res<f64> {
    match scan.peek() {
        Some(b'-' | b'0'..=b'9') => {
            let offset = scan.offset();
            scan.number()?
                .to_f64()
                .map_err(|misfit| misfit.into_error(scan, offset, ty))
        }
        Some(b'"') => read_special_float(scan, ty),
        Some(_) | None => Err(wrong_type(scan, ty)),
    }
}

fn read_special_float(scan: &mut Scanner<'_>, ty: SqlType) -> Res<f64> {
    let place = scan.place();
    let value = value::special_float(scan.string(&mut Vec::new())?.as_str());
    let found = JsonKind::String;
    value.ok_or_else(|| {
        Box::new(BatchError::WrongType {
            place,
            expected: ty,
            found,
        })
    })
}

#[inline]
fn read_number(scan: &mut Scanner<'_>, ty: SqlType, number: NumberType) -> Res<i128> {
    if !matches!(scan.peek(), Some(b'-' | b'0'..=b'9')) {
        return Err(wrong_type(scan, ty));
    }
    let offset = scan.offset();
    let value = scan.number()?.to_decimal(number);
    value.map_err(|misfit: Misfit| misfit.into_error(scan, offset, ty))
}

#[inline]
fn read_date(scan: &mut Scanner<'_>, ty: SqlType, text: &mut Vec<u8>) -> Res<i32> {
    if scan.peek() != Some(b'"') {
        return Err(wrong_type(scan, ty));
    }
    let place = scan.place();
    text.clear();
    scan.string_into(text)?;
    date::parse(text).ok_or_else(|| Box::new(BatchError::NotADate { place }))
}

#[cold]
fn wrong_type(scan: &mut Scanner<'_>, expected: SqlType) -> Box<BatchError> {
    match scan.kind() {
        Ok(found) => Box::new(BatchError::WrongType {
            place: scan.place(),
            expected,
            found,
        }),
        Err(error) => error,
    }
}
