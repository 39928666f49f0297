//! Numbers with a point, and the doubles nearest to them.

use super::cell::ends_cell;
use crate::isa::Isa;

/// A number without its point.
pub(super) struct Digits {
    pub(super) negative: bool,
    /// The last sixteen digits.
    pub(super) lower: u64,
    /// The digits before them, eight at most.
    pub(super) upper: u64,
    /// How many digits were behind the point.
    pub(super) fraction: usize,
}

/// Reads a number without exponent, of at most 24 digits, and returns where it ends.
///
/// # Safety
///
/// 32 bytes can be read at `at`, and 33 before.
#[inline(always)]
pub(super) unsafe fn digits<I: Isa>(at: *const u8) -> Option<(Digits, *const u8)> {
    // SAFETY: the caller promises it; the digits found end within 32 bytes.
    unsafe {
        let negative = *at == b'-';
        let others = I::not_digits(at) & !u32::from(negative);
        let point = others.trailing_zeros() as usize;
        let whole = point - usize::from(negative).min(point);
        let behind = others & others.wrapping_sub(1);
        if behind == 0 || whole == 0 || (whole > 1 && *at.add(point - whole) == b'0') {
            return None;
        }
        let (fraction, end) = if *at.add(point) == b'.' {
            let end = behind.trailing_zeros() as usize;
            (end - point - 1, end)
        } else {
            (0, point)
        };
        let no_digit_behind = end == point + 1;
        if no_digit_behind || whole + fraction > 24 || !ends_cell(*at.add(end)) {
            return None;
        }
        let end = at.add(end);
        // A whole number is read as if a point without digits followed it.
        let (upper, lower) =
            I::digits_around_point(end.add(usize::from(fraction == 0)), whole, fraction);
        let digits = Digits {
            negative,
            lower,
            upper,
            fraction,
        };
        Some((digits, end))
    }
}

/// Reads a double.
///
/// # Safety
///
/// As `digits`.
#[inline(always)]
pub(super) unsafe fn read<I: Isa>(at: *const u8) -> Option<(f64, *const u8)> {
    // SAFETY: the caller promises it.
    let (digits, end) = unsafe { digits::<I>(at)? };
    // Up to here, sixteen more digits fit.
    if digits.upper > 1843 {
        return None;
    }
    let mantissa = digits.upper * 10_000_000_000_000_000 + digits.lower;
    let sign = u64::from(digits.negative) << 63;
    let value = f64::from_bits(nearest(mantissa, digits.fraction) | sign);
    Some((value, end))
}

/// The double nearest to `digits` / 10^`fraction`, ties to even, as bits; `fraction` is at most 24.
///
/// The method of D. Lemire, "Number Parsing at a Gigabyte per Second" (2021), after M. Eisel: one
/// multiplication with the upper half of 1 / 5^`fraction` is nearly always enough, and the lower
/// half decides the rest. In this range of powers the product is always exact enough, the result
/// never subnormal and never infinite.
#[inline(always)]
pub(super) fn nearest(digits: u64, fraction: usize) -> u64 {
    /// The bits of a product that must not all be one: below the 52 of the fraction, the one
    /// before it and two for rounding.
    const BELOW: u64 = u64::MAX >> 55;
    if digits == 0 {
        return 0;
    }
    let zeros = digits.leading_zeros();
    let normal = u128::from(digits << zeros);
    let (upper, lower) = INVERSES[fraction % COUNT];
    let mut product = normal * u128::from(upper);
    if (product >> 64) as u64 & BELOW == BELOW {
        product += (normal * u128::from(lower)) >> 64;
    }
    let high = (product >> 64) as u64;
    let top = (high >> 63) as u32;
    let shift = top + 64 - 52 - 3;
    let mut mantissa = high >> shift;
    // Exactly half way between two doubles, which only happens to small powers: down, where up
    // would be odd.
    if product as u64 <= 1 && fraction <= 4 && mantissa & 3 == 1 && mantissa << shift == high {
        mantissa &= !1;
    }
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    // Rounding may carry into the bit above, which is that of the exponent.
    let power = POWERS[fraction % COUNT] + top - zeros;
    (u64::from(power) << 52) + (mantissa - (1 << 52))
}

/// How many powers there are.
const COUNT: usize = 32;

/// The exponent, biased, of a product with `INVERSES` that has its highest bit clear and whose
/// digits had theirs set.
const POWERS: [u32; COUNT] = {
    let mut powers = [0; COUNT];
    let mut at = 0;
    while at < COUNT {
        // The logarithm of ten to the base two is 217706 / 2^16, near enough for these powers.
        powers[at] = ((217_706 * -(at as i64)) >> 16) as i32 as u32;
        powers[at] = powers[at].wrapping_add(63 + 1023);
        at += 1;
    }
    powers
};

/// 1 / 5^n, scaled so that the highest bit of the 128 is set, rounded up: upper and lower half.
const INVERSES: [(u64, u64); COUNT] = {
    let mut inverses = [(0, 0); COUNT];
    let mut five: u128 = 1;
    let mut at = 0;
    while at < COUNT {
        inverses[at] = inverse(five);
        five *= 5;
        at += 1;
    }
    inverses
};

/// 2^(127 + z) / `number`, and one more, where 2^z is the first power of two not below it.
const fn inverse(number: u128) -> (u64, u64) {
    let bits = 128 - (number - 1).leading_zeros();
    if number == 1 {
        return (1 << 63, 0);
    }
    // Long division, a bit at a time; the remainder stays below the number, which is below 2^73.
    let mut quotient: u128 = 0;
    let mut rest: u128 = 1;
    let mut left = 127 + bits;
    while left > 0 {
        rest *= 2;
        quotient = (quotient << 1) | (rest >= number) as u128;
        if rest >= number {
            rest -= number;
        }
        left -= 1;
    }
    quotient += 1;
    ((quotient >> 64) as u64, quotient as u64)
}
