//! Numbers.

use super::put;

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
            put(first(upper / EIGHT, to), digits(upper % EIGHT))
        };
        put(to, digits(lower))
    }
}

/// Writes up to eight digits, without the zeros before them.
///
/// # Safety
///
/// Eight bytes can be written at `to`.
#[inline(always)]
unsafe fn first(value: u64, to: *mut u8) -> *mut u8 {
    let digits = u64::from_le_bytes(digits(value));
    // The last digit is written even when it is zero.
    let zeros = ((digits & !ZEROS) | (1 << 60)).trailing_zeros() / 8;
    // SAFETY: the caller promises it.
    unsafe {
        put(to, (digits >> (8 * zeros)).to_le_bytes());
        to.add(8 - zeros as usize)
    }
}

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// The eight digits of a number below 10^8: halves, pairs and digits, each split in all places at
/// once by multiplying with a rounded inverse.
#[inline(always)]
fn digits(value: u64) -> [u8; 8] {
    const PAIRS: u64 = 0x0000_007f_0000_007f;
    const DIGITS: u64 = 0x000f_000f_000f_000f;
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & PAIRS;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & DIGITS;
    let digits = tens | ((pairs - 10 * tens) << 8);
    (digits | ZEROS).to_le_bytes()
}

/// Writes the shortest text that reads back as `value`, which is finite.
///
/// # Safety
///
/// 24 bytes can be written at `to`.
#[inline(always)]
pub(super) unsafe fn float(value: f64, to: *mut u8) -> *mut u8 {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    let len = text.len();
    // Two stores that overlap in the middle, instead of a loop over the length.
    // SAFETY: the text is at most 24 bytes long, and each branch copies within its length.
    unsafe {
        if len >= 16 {
            copy::<16>(text.as_ptr(), to);
            copy::<16>(text.as_ptr().add(len - 16), to.add(len - 16));
        } else if len >= 8 {
            copy::<8>(text.as_ptr(), to);
            copy::<8>(text.as_ptr().add(len - 8), to.add(len - 8));
        } else {
            to.copy_from_nonoverlapping(text.as_ptr(), len);
        }
        to.add(len)
    }
}

/// # Safety
///
/// `N` bytes can be read at `from` and written at `to`.
#[inline(always)]
unsafe fn copy<const N: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: the caller promises it.
    unsafe { put(to, from.cast::<[u8; N]>().read()) };
}
