//! Columns under construction.

#![expect(
    unsafe_code,
    reason = "texts that were checked already are not checked again"
)]

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Float64Array,
    StringArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};

use crate::date;
use crate::error::{BatchError, JsonKind, Place, Res};
use crate::isa::apart;
use crate::number::Misfit;
use crate::scan::Scanner;
use crate::sql_type::{NumberType, SqlType, TextLength};
use crate::value;

/// One column, growing by a value a row.
pub(crate) struct Column {
    ty: SqlType,
    /// The rows that are NULL. A body has fewer than 2^31 bytes, and so rows.
    nulls: Vec<u32>,
    pub(super) values: Values,
}

pub(super) enum Values {
    Text(Texts),
    Boolean(Vec<bool>),
    Float(Vec<f64>),
    Number { ty: NumberType, values: Vec<i128> },
    Date { days: Vec<i32>, text: Vec<u8> },
}

/// The length of the next text, when those before had one length.
///
/// Where a text ends is told by bits that take long to come, and the next cell cannot be looked
/// for before. With a guess the processor goes on at once; the bits are compared all the same.
#[derive(Clone, Copy, Default)]
pub(super) struct Guess {
    /// One bit, at the place that is guessed; none without a guess.
    bit: u32,
    len: usize,
}

impl Guess {
    /// How many texts a guess is made from.
    const SAMPLE: usize = 16;

    /// Makes one when most of the lengths are the same.
    fn new(lengths: impl Iterator<Item = usize> + Clone) -> Self {
        let mut sample = lengths.clone();
        let len = sample.next().unwrap_or(32);
        let alike = lengths.filter(|length| *length == len).count();
        if len >= 32 || 4 * alike < 3 * Self::SAMPLE {
            return Self::default();
        }
        Self { bit: 1 << len, len }
    }

    /// The place of the lowest bit of `ends`, 32 without one.
    #[inline(always)]
    pub(super) fn end(self, ends: u32) -> usize {
        if ends & ends.wrapping_neg() == self.bit && self.bit != 0 {
            return apart(self.len);
        }
        ends.trailing_zeros() as usize
    }
}

/// Texts one behind the other, and where each begins and the last ends.
pub(super) struct Texts {
    pub(super) bytes: Vec<u8>,
    pub(super) offsets: Vec<i32>,
    /// A text of so many bytes cannot have too many characters.
    pub(super) most: usize,
    pub(super) guess: Guess,
    /// How many bytes and texts were checked to be UTF-8.
    checked: (usize, usize),
}

impl Column {
    pub(crate) fn new(ty: SqlType) -> Self {
        let values = match ty {
            SqlType::Varchar(length) => Values::Text(Texts::new(length)),
            SqlType::Boolean => Values::Boolean(Vec::new()),
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
            nulls: Vec::new(),
            values,
        }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Text(texts) => texts.offsets.len() - 1,
            Values::Boolean(values) => values.len(),
            Values::Float(values) => values.len(),
            Values::Number { values, .. } => values.len(),
            Values::Date { days, .. } => days.len(),
        }
    }

    /// Makes room for so many rows, bytes of texts excepted.
    #[inline]
    pub(super) fn make_room(&mut self, rows: usize) {
        match &mut self.values {
            Values::Text(texts) => texts.offsets.reserve(rows),
            Values::Boolean(values) => values.reserve(rows),
            Values::Float(values) => values.reserve(rows),
            Values::Number { values, .. } => values.reserve(rows),
            Values::Date { days, .. } => days.reserve(rows),
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
            Values::Text(texts) => {
                texts.bytes.reserve(more(texts.bytes.len()));
                texts.offsets.reserve(more(texts.offsets.len()));
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
            Values::Text(texts) => texts.read(scan, ty)?,
            Values::Boolean(values) => match scan.boolean()? {
                Some(value) => values.push(value),
                None => return Err(wrong_type(scan, ty)),
            },
            Values::Float(values) => values.push(read_float(scan, ty)?),
            Values::Number { ty: number, values } => values.push(read_number(scan, ty, *number)?),
            Values::Date { days, text } => days.push(read_date(scan, ty, text)?),
        }
        Ok(())
    }

    pub(super) fn append_null(&mut self) {
        self.nulls.push(self.len() as u32);
        match &mut self.values {
            Values::Text(texts) => texts.end(),
            Values::Boolean(values) => values.push(false),
            Values::Float(values) => values.push(0.0),
            Values::Number { values, .. } => values.push(0),
            Values::Date { days, .. } => days.push(0),
        }
    }

    /// Guesses how long the next texts will be.
    pub(super) fn guess(&mut self) {
        if let Values::Text(texts) = &mut self.values {
            let ends = texts.offsets.windows(2).rev().take(Guess::SAMPLE);
            texts.guess = Guess::new(ends.map(|ends| (ends[1] - ends[0]) as usize));
        }
    }

    /// Checks the texts that came since the last check; false when they are not UTF-8.
    pub(super) fn check_text(&mut self) -> bool {
        match &mut self.values {
            Values::Text(texts) => texts.check(),
            Values::Boolean(_) | Values::Float(_) | Values::Number { .. } | Values::Date { .. } => {
                true
            }
        }
    }

    /// Makes the array; `None` when its text is not UTF-8.
    pub(crate) fn finish(mut self) -> Option<ArrayRef> {
        if !self.check_text() {
            return None;
        }
        let nulls = nulls(&self.nulls, self.len());
        Some(match self.values {
            Values::Text(texts) => Arc::new(texts.finish(nulls)),
            Values::Boolean(values) => Arc::new(BooleanArray::new(values.into(), nulls)),
            Values::Float(values) => Arc::new(Float64Array::new(values.into(), nulls)),
            Values::Number { ty, values } => {
                let array = Decimal128Array::new(values.into(), nulls);
                Arc::new(array.with_data_type(ty.arrow_type()))
            }
            Values::Date { days, .. } => Arc::new(Date32Array::new(days.into(), nulls)),
        })
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

impl Texts {
    fn new(length: TextLength) -> Self {
        Self {
            bytes: Vec::new(),
            offsets: vec![0],
            most: length
                .max_chars()
                .map_or(usize::MAX, |chars| chars as usize),
            guess: Guess::default(),
            checked: (0, 0),
        }
    }

    #[inline]
    fn read(&mut self, scan: &mut Scanner<'_>, ty: SqlType) -> Res<()> {
        if scan.peek() != Some(b'"') {
            return Err(wrong_type(scan, ty));
        }
        let (offset, begin) = (scan.offset(), self.bytes.len());
        scan.string_into(&mut self.bytes)?;
        if self.bytes.len() - begin > self.most {
            let text = self.bytes.get(begin..).unwrap_or_default();
            check_chars(scan.place_at(offset), ty, self.most, text)?;
        }
        self.end();
        Ok(())
    }

    /// Ends a text where the bytes end. A text is never longer than it is written, and a body is at
    /// most `MAX_BODY_BYTES` long, so the offset always fits.
    #[inline]
    fn end(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
    }

    fn check(&mut self) -> bool {
        let (bytes, texts) = self.checked;
        let bytes = self.bytes.get(bytes..).unwrap_or_default();
        if !bytes.is_ascii() {
            // A character that is broken across two texts is one in all of them.
            let begins = |offset: &i32| {
                let byte = self.bytes.get(*offset as usize);
                byte.is_none_or(|byte| byte & 0xc0 != 0x80)
            };
            let offsets = self.offsets.get(texts..).unwrap_or_default();
            if simdutf8::basic::from_utf8(bytes).is_err() || !offsets.iter().all(begins) {
                return false;
            }
        }
        self.checked = (self.bytes.len(), self.offsets.len() - 1);
        true
    }

    fn finish(self, nulls: Option<NullBuffer>) -> StringArray {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        // SAFETY: the offsets rise to the length of the bytes, the bytes were checked to be UTF-8,
        // and no text begins inside of a character.
        unsafe { StringArray::new_unchecked(offsets, self.bytes.into(), nulls) }
    }
}

fn check_chars(place: Place, expected: SqlType, limit: usize, text: &[u8]) -> Res<()> {
    // Every character has one byte that does not continue another.
    let found = text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    if found > limit {
        return Err(Box::new(BatchError::TextTooLong {
            place,
            expected,
            // It was declared as 32 bits.
            limit: limit as u32,
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
