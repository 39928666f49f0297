//! The loops' operations in 64-bit arithmetic, eight bytes at a time.

use super::Isa;
use crate::text::special_bytes;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Swar;

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

impl Isa for Swar {
    #[inline(always)]
    unsafe fn copy_plain(from: *const u8, to: *mut u8) -> u32 {
        for at in [0, 8, 16, 24] {
            // SAFETY: the caller lets 32 bytes be read and written.
            let word = unsafe {
                let word = load(from.add(at));
                to.add(at)
                    .cast::<[u8; 8]>()
                    .write_unaligned(word.to_le_bytes());
                word
            };
            let special = special_bytes(word);
            if special != 0 {
                return 1 << (at as u32 + special.trailing_zeros() / 8);
            }
        }
        0
    }

    #[inline(always)]
    unsafe fn not_digits(from: *const u8) -> u32 {
        let mut mask = 0;
        for at in [0, 8, 16, 24] {
            // SAFETY: the caller lets 32 bytes be read.
            let word = unsafe { load(from.add(at)) };
            mask |= bits(not_digits(word)) << at;
        }
        mask
    }

    #[inline(always)]
    unsafe fn digits(end: *const u8, count: usize) -> u64 {
        // SAFETY: the caller lets 16 bytes be read.
        let (upper, lower) = unsafe { (load(end.sub(16)), load(end.sub(8))) };
        let (upper, lower) = (last(upper, count.saturating_sub(8)), last(lower, count));
        number(upper) * 100_000_000 + number(lower)
    }

    #[inline(always)]
    unsafe fn digits_around_point(end: *const u8, whole: usize, fraction: usize) -> (u64, u64) {
        let mut numbers = [0; 3];
        for (index, value) in numbers.iter_mut().enumerate() {
            // Which digits of the group, counted from its end, stand behind the point.
            let behind = fraction.saturating_sub(8 * index);
            let all = (whole + fraction).saturating_sub(8 * index);
            // SAFETY: the caller lets 33 bytes be read.
            let (as_is, shifted) = unsafe {
                let group = end.sub(8 * (index + 1));
                (load(group), load(group.sub(1)))
            };
            let behind = ending(behind);
            *value = number(as_is & behind & DIGIT | last(shifted, all) & !behind);
        }
        let [lowest, middle, upper] = numbers;
        (upper, middle * 100_000_000 + lowest)
    }

    #[inline(always)]
    unsafe fn write_digits(number: u64, to: *mut u8, again: *mut u8, skipped: usize) -> usize {
        let upper = u64::from_le_bytes(eight_digits(number / EIGHT));
        let lower = u64::from_le_bytes(eight_digits(number % EIGHT));
        let digits = u128::from(lower) << 64 | u128::from(upper);
        // SAFETY: the caller lets 16 bytes be written.
        unsafe {
            to.cast::<[u8; 16]>().write(digits.to_le_bytes());
            let behind = digits >> (8 * skipped);
            again.cast::<[u8; 16]>().write(behind.to_le_bytes());
        }
        // The last digit is in the highest byte; one that is not zero has a bit in its lower half.
        (digits & u128::from_le_bytes([0x0f; 16])).leading_zeros() as usize / 8
    }
}

const EIGHT: u64 = 100_000_000;

/// The eight digits of a number below 10^8: halves, pairs and digits, each split in all places at
/// once by multiplying with a rounded inverse.
#[inline(always)]
pub(crate) fn eight_digits(value: u64) -> [u8; 8] {
    const PAIRS: u64 = 0x0000_007f_0000_007f;
    const DIGITS: u64 = 0x000f_000f_000f_000f;
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    let halves = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & PAIRS;
    let pairs = hundreds | ((halves - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & DIGITS;
    let digits = tens | ((pairs - 10 * tens) << 8);
    (digits | ZEROS).to_le_bytes()
}

const DIGIT: u64 = u64::from_le_bytes([0x0f; 8]);

/// # Safety
///
/// Eight bytes can be read at `from`.
#[inline(always)]
unsafe fn load(from: *const u8) -> u64 {
    // SAFETY: the caller promises it.
    u64::from_le_bytes(unsafe { from.cast::<[u8; 8]>().read_unaligned() })
}

/// The high bit of each byte that is not a digit.
#[inline(always)]
fn not_digits(word: u64) -> u64 {
    let value = word ^ (ONES * b'0' as u64);
    (((value & !HIGH) + ONES * 0x76) | value) & HIGH
}

/// Gathers the high bits of the eight bytes.
#[inline(always)]
fn bits(high: u64) -> u32 {
    ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

/// All bits of the last `count` bytes.
#[inline(always)]
fn ending(count: usize) -> u64 {
    match count {
        0 => 0,
        1..8 => !0 << (64 - 8 * count),
        _ => !0,
    }
}

/// The values of the last `count` digits, zeros before them.
#[inline(always)]
fn last(word: u64, count: usize) -> u64 {
    word & ending(count) & DIGIT
}

/// The number that eight digit values write, the first in the lowest byte: pairs, then fours, then
/// all eight in three multiplications (D. Lemire, "Quickly parsing eight digits", 2018).
#[inline(always)]
fn number(values: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let first = (pairs & PAIRS).wrapping_mul(0x000f_4240_0000_0064);
    let second = (pairs >> 16 & PAIRS).wrapping_mul(0x0000_2710_0000_0001);
    first.wrapping_add(second) >> 32
}
