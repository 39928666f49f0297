//! Columns under construction.

mod strict;
mod texts;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array,
    Float64Array, Int16Array, PrimitiveArray, StructArray, Time64NanosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};

use crate::sql_type::{FractionDigits, NumberType, SqlType};
pub(super) use strict::{exact_count, exact_time, wall_clock};
pub(super) use texts::Texts;

/// One column, growing by a value a row.
pub(crate) struct Column {
    pub(super) ty: SqlType,
    /// The rows that are NULL. A body has fewer than 2^31 bytes, and so rows.
    nulls: Vec<u32>,
    pub(super) values: Values,
    /// A string that is read to be taken apart.
    scratch: Vec<u8>,
}

pub(super) enum Values {
    Text(Texts),
    /// JSON as it is written.
    Json(Texts),
    Binary {
        bytes: Vec<u8>,
        offsets: Vec<i32>,
    },
    Boolean(Vec<bool>),
    Float(Vec<f64>),
    Number {
        ty: NumberType,
        values: Vec<i128>,
    },
    Date(Vec<i32>),
    /// Nanoseconds since midnight.
    Time(Vec<i64>),
    /// Counts since the start of 1970, in the unit that the digits ask for.
    Timestamp(FractionDigits, Vec<i64>),
    /// Counts with the minutes that the clock was ahead of UTC.
    Zoned(FractionDigits, Vec<i64>, Vec<i16>),
}

impl Column {
    pub(crate) fn new(ty: SqlType) -> Self {
        let values = match ty {
            SqlType::Varchar(length) => Values::Text(Texts::new(length.max_chars())),
            SqlType::Boolean => Values::Boolean(Vec::new()),
            SqlType::Float => Values::Float(Vec::new()),
            SqlType::Number(ty) => Values::Number {
                ty,
                values: Vec::new(),
            },
            SqlType::Date => Values::Date(Vec::new()),
            SqlType::Time(_) => Values::Time(Vec::new()),
            SqlType::TimestampNtz(digits) | SqlType::TimestampLtz(digits) => {
                Values::Timestamp(digits, Vec::new())
            }
            SqlType::TimestampTz(digits) => Values::Zoned(digits, Vec::new(), Vec::new()),
            SqlType::Binary(_) => Values::Binary {
                bytes: Vec::new(),
                offsets: vec![0],
            },
            SqlType::Variant | SqlType::Object | SqlType::Array => Values::Json(Texts::new(None)),
        };
        Self {
            ty,
            nulls: Vec::new(),
            values,
            scratch: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Text(texts) | Values::Json(texts) => texts.offsets.len() - 1,
            Values::Binary { offsets, .. } => offsets.len() - 1,
            Values::Boolean(values) => values.len(),
            Values::Float(values) => values.len(),
            Values::Number { values, .. } => values.len(),
            Values::Date(values) => values.len(),
            Values::Time(values) | Values::Timestamp(_, values) | Values::Zoned(_, values, _) => {
                values.len()
            }
        }
    }

    /// Makes room for so many rows, bytes of texts excepted.
    #[inline]
    pub(super) fn make_room(&mut self, rows: usize) {
        match &mut self.values {
            Values::Text(texts) | Values::Json(texts) => texts.offsets.reserve(rows),
            Values::Binary { offsets, .. } => offsets.reserve(rows),
            Values::Boolean(values) => values.reserve(rows),
            Values::Float(values) => values.reserve(rows),
            Values::Number { values, .. } => values.reserve(rows),
            Values::Date(values) => values.reserve(rows),
            Values::Time(values) | Values::Timestamp(_, values) => values.reserve(rows),
            Values::Zoned(_, values, offsets) => {
                values.reserve(rows);
                offsets.reserve(rows);
            }
        }
    }

    /// Makes room for the `left` bytes of the body that follow, when the `read` bytes so far are
    /// like them. Never more than a fixed multiple of `left`.
    pub(crate) fn reserve(&mut self, left: usize, read: usize) {
        let more = |so_far: usize| {
            let like_so_far = (so_far as f64) * (left as f64) / (read.max(1) as f64);
            // A sixteenth on top, so that a slightly smaller sample than the rest does not make
            // the vector move at its very end.
            ((like_so_far * 1.0625) as usize).min(left)
        };
        let rows = more(self.len());
        if let Values::Text(Texts { bytes, .. })
        | Values::Json(Texts { bytes, .. })
        | Values::Binary { bytes, .. } = &mut self.values
        {
            bytes.reserve(more(bytes.len()));
        }
        self.make_room(rows);
    }

    pub(super) fn append_null(&mut self) {
        self.nulls.push(self.len() as u32);
        match &mut self.values {
            Values::Text(texts) | Values::Json(texts) => texts.end(),
            Values::Binary { bytes, offsets } => offsets.push(bytes.len() as i32),
            Values::Boolean(values) => values.push(false),
            Values::Float(values) => values.push(0.0),
            Values::Number { values, .. } => values.push(0),
            Values::Date(values) => values.push(0),
            Values::Time(values) | Values::Timestamp(_, values) => values.push(0),
            Values::Zoned(_, values, offsets) => {
                values.push(0);
                offsets.push(0);
            }
        }
    }

    /// Guesses how long the next texts will be.
    pub(super) fn guess(&mut self) {
        if let Values::Text(texts) = &mut self.values {
            texts.make_guess();
        }
    }

    /// Checks the texts that came since the last check; false when they are not UTF-8.
    pub(super) fn check_text(&mut self) -> bool {
        match &mut self.values {
            Values::Text(texts) | Values::Json(texts) => texts.check(),
            Values::Binary { .. }
            | Values::Boolean(_)
            | Values::Float(_)
            | Values::Number { .. }
            | Values::Date(_)
            | Values::Time(_)
            | Values::Timestamp(..)
            | Values::Zoned(..) => true,
        }
    }

    /// Makes the array; `None` when its text is not UTF-8.
    pub(crate) fn finish(mut self) -> Option<ArrayRef> {
        if !self.check_text() {
            return None;
        }
        let nulls = nulls(&self.nulls, self.len());
        let ty = self.ty.arrow_type();
        Some(match self.values {
            Values::Text(texts) | Values::Json(texts) => Arc::new(texts.finish(nulls)),
            Values::Binary { bytes, offsets } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                Arc::new(BinaryArray::new(offsets, bytes.into(), nulls))
            }
            Values::Boolean(values) => Arc::new(BooleanArray::new(values.into(), nulls)),
            Values::Float(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Number { values, .. } => {
                let array = Decimal128Array::new(values.into(), nulls);
                Arc::new(array.with_data_type(ty))
            }
            Values::Date(values) => Arc::new(Date32Array::new(values.into(), nulls)),
            Values::Time(values) => Arc::new(Time64NanosecondArray::new(values.into(), nulls)),
            Values::Timestamp(digits, values) => timestamps(digits, values, nulls, ty),
            Values::Zoned(digits, values, offsets) => {
                let DataType::Struct(fields) = ty else {
                    // The type of these values is a struct.
                    return None;
                };
                let moment = fields.first()?.data_type().clone();
                let moments = timestamps(digits, values, None, moment);
                let offsets: ArrayRef = Arc::new(Int16Array::new(offsets.into(), None));
                Arc::new(StructArray::new(fields, vec![moments, offsets], nulls))
            }
        })
    }
}

fn timestamps(
    digits: FractionDigits,
    values: Vec<i64>,
    nulls: Option<NullBuffer>,
    ty: DataType,
) -> ArrayRef {
    fn array<T: ArrowPrimitiveType<Native = i64>>(
        values: Vec<i64>,
        nulls: Option<NullBuffer>,
        ty: DataType,
    ) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(values.into(), nulls).with_data_type(ty))
    }
    match digits.unit() {
        TimeUnit::Second => array::<TimestampSecondType>(values, nulls, ty),
        TimeUnit::Millisecond => array::<TimestampMillisecondType>(values, nulls, ty),
        TimeUnit::Microsecond => array::<TimestampMicrosecondType>(values, nulls, ty),
        TimeUnit::Nanosecond => array::<TimestampNanosecondType>(values, nulls, ty),
    }
}

fn nulls(nulls: &[u32], len: usize) -> Option<NullBuffer> {
    if nulls.is_empty() {
        return None;
    }
    let mut bits = BooleanBufferBuilder::new(len);
    bits.append_n(len, true);
    for row in nulls {
        bits.set_bit(*row as usize, false);
    }
    Some(NullBuffer::new(bits.finish()))
}
