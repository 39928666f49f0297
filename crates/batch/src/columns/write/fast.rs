//! The fast way to write rows: into room that was made for a whole block of them, so that no value
//! asks whether there is some, and with stores of a fixed length, of which only the front counts.

#![expect(unsafe_code, reason = "stores without a bounds check per byte")]

mod float;
mod number;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;

use super::{Cells, Texts, Unwritable, Values};
use crate::columns::gap::Gap;
use crate::error::BatchError;
#[cfg(target_arch = "x86_64")]
use crate::isa::{Avx2, Avx512};
use crate::isa::{Isa, Level, Swar};
use crate::sql_type::SqlType;

/// Room is made for so many rows at a time.
const BLOCK: usize = 64;

/// The most that a value other than a text is written with, stores beyond its end included: the
/// longest is a decimal of 38 digits with sign, point and zero, in three stores of 16.
const WIDEST: usize = 64;

/// What a row is written with beside its values, and the end of the body.
const AROUND: usize = 32;

/// Writes the whole body behind what is in `out`; a value that cannot be written is the error.
pub(super) fn body(
    level: Level,
    cells: &[Cells<'_>],
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    let mut writer = Writer {
        cells,
        out,
        room: BLOCK * (cells.len() * WIDEST + AROUND),
    };
    match level {
        Level::Swar => writer.body::<Swar>(rows),
        // SAFETY: levels other than `Swar` are made where they work.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(&mut writer, rows) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(&mut writer, rows) },
    }
}

/// # Safety
///
/// `Level::Avx2` works here.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn avx2(writer: &mut Writer<'_, '_>, rows: Range<usize>) -> Result<(), BatchError> {
    writer.body::<Avx2>(rows)
}

/// # Safety
///
/// `Level::Avx512` works here.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn avx512(writer: &mut Writer<'_, '_>, rows: Range<usize>) -> Result<(), BatchError> {
    writer.body::<Avx512>(rows)
}

struct Writer<'w, 'a> {
    cells: &'w [Cells<'a>],
    out: &'w mut Vec<u8>,
    /// What is kept free for a block.
    room: usize,
}

impl Writer<'_, '_> {
    #[inline(always)]
    fn body<I: Isa>(&mut self, rows: Range<usize>) -> Result<(), BatchError> {
        let separate = !self.cells.is_empty();
        self.out.extend_from_slice(b"{\"data\":[");
        self.out
            .extend_from_slice(match (rows.is_empty(), separate) {
                (true, _) => b"",
                (false, false) => b"[0",
                (false, true) => b"[0,",
            });
        let mut gap = Gap::compact(separate);
        let (mut row, end) = (rows.start, rows.end);
        while row < end {
            let block = end.min(row + BLOCK);
            let mut to = self.make_room(self.out.len());
            while row < block {
                if row > rows.start {
                    // SAFETY: there is room for a block of rows at the least.
                    to = unsafe {
                        gap.write(to);
                        to.add(gap.len())
                    };
                    gap.count();
                }
                let mut index = 0;
                while index < self.cells.len() {
                    if index > 0 {
                        // SAFETY: as above.
                        to = unsafe { put(to, b',') };
                    }
                    // SAFETY: as above; `rows` are rows of the columns.
                    let (count, end) = unsafe { self.cells::<I>(index, row, to) }
                        .map_err(|wrong| wrong.into_error(row - rows.start, index))?;
                    (index, to) = (index + count, end);
                }
                row += 1;
            }
            self.written(to);
        }
        self.out
            .extend_from_slice(if rows.is_empty() { b"]}" } else { b"]]}" });
        Ok(())
    }

    /// Writes one value at `to`, or some if they are doubles; returns how many, and where they end.
    ///
    /// # Safety
    ///
    /// There is room for a block of rows at `to`, and `row` is one of the column's.
    #[inline(always)]
    unsafe fn cells<I: Isa>(
        &mut self,
        index: usize,
        row: usize,
        to: *mut u8,
    ) -> Result<(usize, *mut u8), Unwritable> {
        let cells = &self.cells[index];
        if cells.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            // SAFETY: there is room.
            return Ok((1, unsafe { put(to, *b"null") }));
        }
        // SAFETY: there is room for the widest value at the least, and the row is one.
        let end = unsafe {
            match &cells.values {
                Values::Text(Texts::Plain(texts)) => {
                    let (from, len, left) = texts.place(row);
                    match text::short::<I>(from, len, left, to) {
                        Some(end) => end,
                        None => self.long_text::<I>(from, len, to),
                    }
                }
                Values::Json(Texts::Plain(texts), ty)
                    if cells.trusted || is_nested::<I>(texts.value(row), *ty) =>
                {
                    self.written(to);
                    self.out.extend_from_slice(texts.value(row).as_bytes());
                    self.make_room(self.out.len())
                }
                Values::Number { values, scale: 0 } => {
                    let value = *values.get_unchecked(row);
                    match i64::try_from(value) {
                        Ok(value) => number::integer(value, to),
                        Err(_) => self.slow_cell(index, row, to)?,
                    }
                }
                Values::Int64(values) => number::integer(*values.get_unchecked(row), to),
                Values::Int32(values) => number::integer(i64::from(*values.get_unchecked(row)), to),
                Values::Float64(_) => {
                    let (count, end) = floats::<I>(self.cells.get_unchecked(index..), row, to);
                    if count > 0 {
                        return Ok((count, end));
                    }
                    self.slow_cell(index, row, to)?
                }
                Values::Boolean(values) => {
                    if values.value_unchecked(row) {
                        put(to, *b"true")
                    } else {
                        put(to, *b"false")
                    }
                }
                _ => self.slow_cell(index, row, to)?,
            }
        };
        Ok((1, end))
    }

    /// Writes a value as one writes it that is alone.
    ///
    /// # Safety
    ///
    /// As `cells`.
    #[inline(never)]
    unsafe fn slow_cell(
        &mut self,
        index: usize,
        row: usize,
        to: *mut u8,
    ) -> Result<*mut u8, Unwritable> {
        self.written(to);
        self.cells[index].write(row, self.out)?;
        Ok(self.make_room(self.out.len()))
    }

    /// Writes a text that is longer than a step or has something to escape.
    ///
    /// # Safety
    ///
    /// As `cells`; `len` bytes can be read at `from`.
    #[inline(always)]
    unsafe fn long_text<I: Isa>(&mut self, from: *const u8, len: usize, to: *mut u8) -> *mut u8 {
        // SAFETY: there is room for a block, and that is made again where the text ends.
        unsafe {
            self.written(put(to, b'"'));
            text::long::<I>(from, len, self.out);
            put(self.make_room(self.out.len()), b'"')
        }
    }

    /// Makes room for a block behind `len` bytes.
    #[inline(always)]
    fn make_room(&mut self, len: usize) -> *mut u8 {
        if self.out.capacity() - len < self.room {
            self.out.reserve(self.room);
        }
        self.out.spare_capacity_mut().as_mut_ptr().cast()
    }

    /// Takes over what was written up to `to`.
    #[inline(always)]
    fn written(&mut self, to: *mut u8) {
        let len = to as usize - self.out.as_ptr() as usize;
        debug_assert!(len <= self.out.capacity(), "a block has room for its rows");
        // SAFETY: the bytes up to `to`, which is inside of the room that was made, were written.
        unsafe { self.out.set_len(len) }
    }
}

/// Writes the doubles that a row goes on with, as far as they are numbers, and returns how many; a
/// loop of its own, because features come in many columns.
///
/// # Safety
///
/// As `Writer::cells`.
#[inline(always)]
unsafe fn floats<I: Isa>(cells: &[Cells<'_>], row: usize, mut to: *mut u8) -> (usize, *mut u8) {
    let mut count = 0;
    for cells in cells {
        let Values::Float64(values) = cells.values else {
            break;
        };
        // SAFETY: the row is one of the column's.
        let value = unsafe { *values.get_unchecked(row) };
        if !value.is_finite() || cells.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            break;
        }
        // SAFETY: there is room for a block of rows at the least.
        unsafe {
            if count > 0 {
                to = put(to, b',');
            }
            to = float::float::<I>(value, to);
        }
        count += 1;
    }
    (count, to)
}

/// True for an array or object that may stand in a column of the type; false when the strict check
/// must look at the text.
#[inline(always)]
fn is_nested<I: Isa>(text: &str, ty: SqlType) -> bool {
    let fits = match ty {
        SqlType::Object => text.starts_with('{'),
        SqlType::Array => text.starts_with('['),
        _ => true,
    };
    fits && I::nested(text.as_bytes()) == Some(text.len())
}

/// Writes bytes and returns where they end.
///
/// # Safety
///
/// They can be written there.
#[inline(always)]
unsafe fn put<T>(to: *mut u8, bytes: T) -> *mut u8 {
    // SAFETY: the caller promises it.
    unsafe {
        to.cast::<T>().write_unaligned(bytes);
        to.add(size_of::<T>())
    }
}
