//! Texts, escaped where they must be.

use super::put;
use crate::isa::Isa;
use crate::text::write_escape;

/// Bytes of a step.
const STEP: usize = 32;

/// Writes a text that is shorter than a step and needs no escape, in quotes; `None` for others.
///
/// # Safety
///
/// `left` bytes can be read at `from`, at least `len`; two steps can be written at `to`.
#[inline(always)]
pub(super) unsafe fn short<I: Isa>(
    from: *const u8,
    len: usize,
    left: usize,
    to: *mut u8,
) -> Option<*mut u8> {
    if len >= STEP {
        return None;
    }
    // SAFETY: a step can be read, in the column or in the copy; two can be written.
    unsafe {
        let text = put(to, b'"');
        let special = if left >= STEP {
            I::copy_plain(from, text)
        } else {
            let mut last = [0; STEP];
            last.as_mut_ptr().copy_from_nonoverlapping(from, len);
            I::copy_plain(last.as_ptr(), text)
        };
        if special & ((1 << len) - 1) != 0 {
            return None;
        }
        Some(put(text.add(len), b'"'))
    }
}

/// Appends a text without its quotes.
///
/// # Safety
///
/// `len` bytes can be read at `from`.
#[inline(always)]
pub(super) unsafe fn long<I: Isa>(mut from: *const u8, len: usize, out: &mut Vec<u8>) {
    let mut left = len;
    // Bounded by the text: every turn passes a byte at least.
    while left > 0 {
        // An escape that a step writes has two bytes for one; stores go a step beyond.
        out.reserve(2 * left + 3 * STEP);
        let mut to = out.spare_capacity_mut().as_mut_ptr().cast::<u8>();
        let mut stopped = false;
        // SAFETY: there is room for twice what the steps pass, and for their stores; a step can be
        // read, in the column or in the copy.
        unsafe {
            while left >= STEP && !stopped {
                let step = I::escape(from, to);
                (from, to) = (from.offset(step.passed), to.add(step.written));
                left -= step.passed as usize;
                stopped = step.stopped;
            }
            if left > 0 && !stopped {
                let mut last = [b' '; STEP];
                last.as_mut_ptr().copy_from_nonoverlapping(from, left);
                let step = I::escape(last.as_ptr(), to);
                let passed = (step.passed as usize).min(left);
                // What was passed behind the text is blanks, which stand for themselves.
                to = to.add(step.written - (step.passed as usize - passed));
                from = from.add(passed);
                left -= passed;
            }
            out.set_len(to as usize - out.as_ptr() as usize);
            if left > 0 {
                write_escape(*from, out);
                from = from.add(1);
                left -= 1;
            }
        }
    }
}
