//! The fast way through the rows of a body.
//!
//! The rows of a body look alike, so this reader knows what comes next before it looks. Between two
//! rows stands text that differs in nothing but the row number; between two cells always the same
//! separator; and the type of the column says what the cell begins with. Each is compared with what
//! is expected, and the cursor moves on by a length that was known beforehand. Whatever is not as
//! expected goes to the strict reader in the module beside, which reads it or says what is wrong:
//! this one accepts nothing that the other would refuse, and has no errors of its own.

#![expect(
    unsafe_code,
    reason = "loads and stores without a bounds check per byte"
)]

mod cell;
mod float;
#[cfg(test)]
mod tests;

use super::gap::Gap;
use super::read::Column;
use crate::envelope;
use crate::error::Res;
#[cfg(target_arch = "x86_64")]
use crate::isa::{Avx2, Avx512};
use crate::isa::{Isa, Level, Swar};
use crate::scan::Scanner;

/// So many bytes can be read from where a cell, a gap or the next piece of a text is looked for.
/// The farthest load is that of twelve bytes behind 64 of a text.
const AFTER: usize = 80;

/// And so many before it: 33 before the end of a number.
const BEFORE: usize = 33;

/// The columns have room for so many rows before these are read.
const BLOCK: u64 = 64;

/// After so many blocks the columns are sized for the rest of the body.
const SAMPLE: u64 = 2;

/// Reads rows as long as they are as expected. The cursor of `scan` stands behind the last cell of
/// the row before row `next` and does so again afterwards; how far the rows came is returned, at
/// most to `limit`.
pub(super) fn rows(
    level: Level,
    scan: &mut Scanner<'_>,
    next: u64,
    limit: u64,
    columns: &mut [Column],
) -> Res<u64> {
    let (body, at) = (scan.body(), scan.offset());
    if columns.is_empty() || at < BEFORE || body.len() - at <= AFTER {
        return Ok(next);
    }
    let Some(gap) = Gap::learn(body, at, next) else {
        return Ok(next);
    };
    let limit = limit.min(gap.limit());
    let mut reader = Reader { scan, next, limit };
    match level {
        Level::Swar => reader.rows::<Swar>(gap, columns)?,
        // SAFETY: levels other than `Swar` are made where they work.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2(&mut reader, gap, columns)? },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512(&mut reader, gap, columns)? },
    }
    Ok(reader.next)
}

/// # Safety
///
/// `Level::Avx2` works here.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn avx2(reader: &mut Reader<'_, '_>, gap: Gap, columns: &mut [Column]) -> Res<()> {
    reader.rows::<Avx2>(gap, columns)
}

/// # Safety
///
/// `Level::Avx512` works here.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
unsafe fn avx512(reader: &mut Reader<'_, '_>, gap: Gap, columns: &mut [Column]) -> Res<()> {
    reader.rows::<Avx512>(gap, columns)
}

struct Reader<'r, 'a> {
    scan: &'r mut Scanner<'a>,
    next: u64,
    limit: u64,
}

impl Reader<'_, '_> {
    #[inline(always)]
    fn rows<I: Isa>(&mut self, mut gap: Gap, columns: &mut [Column]) -> Res<()> {
        let body = self.scan.body();
        let separator = gap.separator();
        let mut at = body.as_ptr().wrapping_add(self.scan.offset());
        // `rows` above has seen that the body is longer. Before this, `AFTER` bytes can be read.
        let stop = body.as_ptr().wrapping_add(body.len() - AFTER);
        let mut blocks = 0;
        'blocks: while self.next < self.limit {
            let block = self.limit.min(self.next + BLOCK);
            self.make_room(at, blocks, columns);
            blocks += 1;
            while self.next < block {
                // SAFETY: `at` has not passed `stop`.
                if at > stop || !unsafe { gap.is_at(at) } {
                    break 'blocks;
                }
                at = at.wrapping_add(gap.len());
                gap.count();
                for index in 0..columns.len() {
                    if index > 0 {
                        // SAFETY: `at` has not passed `stop`.
                        if at <= stop && unsafe { separator.is_at(at) } {
                            at = at.wrapping_add(separator.len());
                        } else {
                            at = self.slow_separator(at, index, columns.len())?;
                        }
                    }
                    let column = &mut columns[index];
                    let read = if at > stop {
                        None
                    } else {
                        // SAFETY: `at` has not passed `stop`, and stands more than `BEFORE` bytes
                        // behind the begin; the column has room for a row.
                        unsafe { cell::read::<I>(column, at, stop) }
                    };
                    at = match read {
                        Some(end) => end,
                        None => self.slow_cell(at, column)?,
                    };
                }
                self.next += 1;
            }
            if !columns.iter_mut().all(Column::check_text) {
                // The strict reader is asked where, once the body is read.
                break;
            }
        }
        self.scan.move_to(at as usize - body.as_ptr() as usize);
        self.scan.set_row(Some(self.next - 1));
        Ok(())
    }

    fn make_room(&self, at: *const u8, blocks: u64, columns: &mut [Column]) {
        let body = self.scan.body();
        let read = at as usize - body.as_ptr() as usize;
        for column in columns {
            if blocks == SAMPLE {
                column.reserve(body.len() - read, read);
            }
            column.make_room(BLOCK as usize);
            column.guess();
        }
    }

    #[cold]
    #[inline(never)]
    fn slow_separator(&mut self, at: *const u8, index: usize, columns: usize) -> Res<*const u8> {
        self.slowly(at, |scan| {
            envelope::next_cell(scan, columns + 1, index + 1)?;
            scan.peek();
            Ok(())
        })
    }

    #[cold]
    #[inline(never)]
    fn slow_cell(&mut self, at: *const u8, column: &mut Column) -> Res<*const u8> {
        self.slowly(at, |scan| column.read(scan))
    }

    /// Lets the strict reader go on from `at`; returns where it stands then.
    fn slowly(
        &mut self,
        at: *const u8,
        read: impl FnOnce(&mut Scanner<'_>) -> Res<()>,
    ) -> Res<*const u8> {
        let begin = self.scan.body().as_ptr();
        self.scan.move_to(at as usize - begin as usize);
        self.scan.set_row(Some(self.next));
        read(self.scan)?;
        Ok(begin.wrapping_add(self.scan.offset()))
    }
}
