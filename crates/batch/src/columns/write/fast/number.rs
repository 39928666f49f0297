//! Whole numbers.

use super::put;
use crate::isa::eight_digits;

/// Writes a whole number.
///
/// # Safety
///
/// 32 bytes can be written at `to`.
#[inline(always)]
pub(super) unsafe fn integer(value: i64, to: *mut u8) -> *mut u8 {
    // SAFETY: the longest has twenty characters, and eight bytes are stored from each group on.
    unsafe {
        to.write(b'-');
        natural(value.unsigned_abs(), to.add(usize::from(value < 0)))
    }
}

/// # Safety
///
/// 31 bytes can be written at `to`.
#[inline(always)]
unsafe fn natural(value: u64, to: *mut u8) -> *mut u8 {
    const EIGHT: u64 = 100_000_000;
    // SAFETY: each group is stored in eight bytes behind the digits before.
    unsafe {
        if value < EIGHT {
            return first(value, to);
        }
        let (upper, lower) = (value / EIGHT, value % EIGHT);
        let to = if upper < EIGHT {
            first(upper, to)
        } else {
            put(first(upper / EIGHT, to), eight_digits(upper % EIGHT))
        };
        put(to, eight_digits(lower))
    }
}

/// Writes up to eight digits, without the zeros before them.
///
/// # Safety
///
/// Eight bytes can be written at `to`.
#[inline(always)]
unsafe fn first(value: u64, to: *mut u8) -> *mut u8 {
    let digits = u64::from_le_bytes(eight_digits(value));
    // The last digit is written even when it is zero.
    let zeros = ((digits & !ZEROS) | (1 << 60)).trailing_zeros() / 8;
    // SAFETY: the caller promises it.
    unsafe {
        put(to, (digits >> (8 * zeros)).to_le_bytes());
        to.add(8 - zeros as usize)
    }
}

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
