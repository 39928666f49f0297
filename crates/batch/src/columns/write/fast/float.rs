//! Doubles: the shortest text that reads back.
//!
//! The method is that of R. Giulietti, "The Schubfach way to render doubles" (2020): scaled by the
//! power of ten that makes the distance to the next double at least one, the interval that rounds
//! to a double holds one or two whole numbers, and at most one multiple of ten. In the range of
//! numbers that are written without an exponent, the scaled number needs one exact multiplication
//! and nothing is approximated. All others are left to `zmij`, which writes the same.

use std::hint::select_unpredictable;

use super::put;
use crate::isa::Isa;

/// What scales the doubles of one exponent.
#[derive(Clone, Copy)]
struct Scale {
    /// The distance between doubles, scaled, in parts of which there are 2^54 to one.
    distance: u64,
    /// Where the layout is for sixteen digits.
    layout: u8,
}

/// The exponent of the first scale, and how many there are. They are those whose doubles have their
/// first digit at most `MOST_ZEROS` zeros behind the point, and a last bit that counts less than
/// one.
const FIRST: u64 = 1075 - 68;
const COUNT: usize = 68;

static SCALES: [Scale; COUNT] = {
    let scale = Scale {
        distance: 0,
        layout: 0,
    };
    let mut scales = [scale; COUNT];
    let mut at = 0;
    while at < COUNT {
        let exponent = FIRST as i32 + at as i32 - 1075;
        // The logarithm of two to the base ten, near enough for these exponents: the largest power
        // of ten that is not above the distance of the doubles.
        let power = (exponent * 1_262_611) >> 22;
        let mut five: u64 = 1;
        let mut times = 0;
        while times < -power {
            five *= 5;
            times += 1;
        }
        // 2^exponent / 10^power is 5^-power * 2^(exponent - power).
        scales[at].distance = five << (54 + exponent - power);
        scales[at].layout = (power + 16 + MOST_ZEROS) as u8;
        at += 1;
    }
    scales
};

/// The most zeros between the point and the first other digit.
const MOST_ZEROS: i32 = 4;

/// Ten to the sixteenth: all digits of a double but the first.
const SIXTEEN: u64 = 10_000_000_000_000_000;

/// Writes the shortest text that reads back as `value`, which is finite.
///
/// # Safety
///
/// 40 bytes can be written at `to`.
#[inline(always)]
pub(super) unsafe fn float<I: Isa>(value: f64, to: *mut u8) -> *mut u8 {
    let bits = value.to_bits();
    let index = (bits >> 52 & 0x7ff).wrapping_sub(FIRST);
    let Some(scale) = SCALES.get(index as usize) else {
        // SAFETY: the caller promises the room.
        return unsafe { other(value, to) };
    };
    let fraction = bits & ((1 << 52) - 1);
    let (digits, above) = shortest(fraction, scale.distance);
    // Below a power of two the doubles are closer.
    if fraction == 0 && above != 0 {
        // SAFETY: the caller promises the room.
        return unsafe { other(value, to) };
    }
    // SAFETY: the caller promises the room; the sign takes a byte of it.
    unsafe {
        to.write(b'-');
        plain::<I>(digits, scale.layout, to.add((bits >> 63) as usize))
    }
}

/// The digits of the shortest number that rounds to the double, sixteen or seventeen of them, and
/// how far the double is above the multiple of ten below it, in parts of which there are 2^60 to
/// one.
#[inline(always)]
fn shortest(fraction: u64, distance: u64) -> (u64, u64) {
    // Exact: the mantissa has 53 bits, and the distance is a number of at most 49 bits with zeros
    // behind it, from one to ten times 2^54.
    let mantissa = fraction << 10 | 1 << 62;
    let product = u128::from(mantissa) * u128::from(distance);
    let (whole, parts) = ((product >> 64) as u64, product as u64);
    let tens = whole / 10 * 10;
    // At most the upper 48 bits of `parts` are used.
    let above = (whole - tens) << 60 | parts >> 4;
    let below = (10 << 60) - above;
    // Half the distance to the next double. It is an odd number of halves, so nothing is equal.
    let half = distance << 5;
    let nearest = whole + u64::from(parts + (whole & 1) > 1 << 63);
    // Which it is nobody can predict.
    let digits = select_unpredictable(below < half, tens + 10, nearest);
    let digits = select_unpredictable(above < half, tens, digits);
    (digits, above)
}

/// Where things are written, by the number of digits before the point, from -`MOST_ZEROS` on.
#[derive(Clone, Copy)]
struct Layout {
    /// Where the digits begin.
    digits: u8,
    point: u8,
    /// Where the digits are written again that were overwritten by the point, and how many
    /// of them are left out because they stand before it.
    behind: u8,
    skipped: u8,
    /// What the length has beside the digits, and what it is at least.
    beside: u8,
    least: u8,
}

const LAYOUTS: [Layout; 32] = {
    let none = Layout {
        digits: 0,
        point: 0,
        behind: 0,
        skipped: 0,
        beside: 0,
        least: 0,
    };
    let mut layouts = [none; 32];
    let mut at = 0;
    while at <= 16 + MOST_ZEROS {
        let before = at - MOST_ZEROS;
        layouts[at as usize] = if before > 0 {
            Layout {
                digits: 0,
                point: before as u8,
                behind: before as u8 + 1,
                skipped: before as u8,
                beside: 1,
                least: before as u8 + 2,
            }
        } else {
            // A zero, the point, and zeros.
            let begin = (2 - before) as u8;
            Layout {
                digits: begin,
                point: 1,
                behind: begin + 1,
                skipped: 1,
                beside: begin,
                least: 0,
            }
        };
        at += 1;
    }
    layouts
};

/// Writes sixteen digits in the layout given, or seventeen in the next, without the zeros at their
/// end. Numbers below one and above are mixed, so there is no branch.
///
/// # Safety
///
/// 39 bytes can be written at `to`, and the layouts are some.
#[inline(always)]
unsafe fn plain<I: Isa>(digits: u64, layout: u8, to: *mut u8) -> *mut u8 {
    // Where there are sixteen, this is a zero and overwritten.
    let first = digits / SIXTEEN;
    let seventeen = usize::from(digits >= SIXTEEN);
    let layout = LAYOUTS[(usize::from(layout) + seventeen) % LAYOUTS.len()];
    // SAFETY: the farthest store is that of sixteen bytes behind sixteen digits and the point.
    unsafe {
        put(to, [b'0'; 8]);
        let begin = to.add(usize::from(layout.digits));
        begin.write(b'0' + first as u8);
        let again = to.add(usize::from(layout.behind));
        let skipped = usize::from(layout.skipped) - seventeen;
        let rest = digits - first * SIXTEEN;
        let zeros = I::write_digits(rest, begin.add(seventeen), again, skipped);
        to.add(usize::from(layout.point)).write(b'.');
        let len = 16 + seventeen - zeros + usize::from(layout.beside);
        to.add(len.max(usize::from(layout.least)))
    }
}

/// Writes a number with the library.
///
/// # Safety
///
/// 24 bytes can be written at `to`.
#[inline(never)]
unsafe fn other(value: f64, to: *mut u8) -> *mut u8 {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    // SAFETY: the longest is 24 bytes long.
    unsafe {
        to.copy_from_nonoverlapping(text.as_ptr(), text.len());
        to.add(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "x86_64")]
    use crate::isa::Avx2;
    use crate::isa::{Level, Swar};

    /// What all instruction sets of this machine write.
    fn written(level: Level, value: f64, text: &mut [u8; 40]) -> &str {
        let to = text.as_mut_ptr();
        // SAFETY: there is room, and the levels work here.
        let end = unsafe {
            match level {
                Level::Swar => float::<Swar>(value, to),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 | Level::Avx512 => float::<Avx2>(value, to),
            }
        };
        let len = end as usize - to as usize;
        std::str::from_utf8(&text[..len]).unwrap()
    }

    fn check(value: f64) {
        if value.is_finite() {
            for level in Level::all_here() {
                let mut buffer = zmij::Buffer::new();
                let expected = buffer.format_finite(value);
                assert_eq!(written(level, value, &mut [0; 40]), expected);
            }
        }
    }

    /// The value, and those around it.
    fn check_around(value: f64) {
        for step in -3..=3 {
            check(f64::from_bits(value.to_bits().wrapping_add_signed(step)));
            check(-f64::from_bits(value.to_bits().wrapping_add_signed(step)));
        }
    }

    #[test]
    fn numbers_are_written_as_the_library_writes_them() {
        for power in -1080..1030 {
            check_around(2_f64.powi(power));
            check_around(1.5 * 2_f64.powi(power));
        }
        for power in -330..310 {
            let ten: f64 = format!("1e{power}").parse().unwrap();
            for factor in 1..=99 {
                check_around(ten * f64::from(factor));
            }
        }
        for value in [
            0.0,
            -0.0,
            0.1,
            0.3,
            1.0 / 3.0,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
        ] {
            check_around(value);
        }
        for whole in 0..100_000_u32 {
            check(f64::from(whole));
            check(f64::from(whole) / 100.0);
            check(f64::from(whole) / 1024.0);
            check(f64::from(whole) * 1e-7);
        }
    }

    #[test]
    fn random_numbers_are_written_as_the_library_writes_them() {
        let mut dice = 1_u64;
        let mut next = || {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            dice ^ dice >> 29
        };
        for round in 0..if cfg!(debug_assertions) {
            100_000
        } else {
            3_000_000
        } {
            check(f64::from_bits(next()));
            // Exponents from 2^-20 to 2^56.
            let exponent = 1023 - 20 + next() % 76;
            check(f64::from_bits(next() & ((1 << 52) - 1) | exponent << 52));
            // Few digits, many digits; and few bits.
            check((next() >> (round % 64)) as f64 / 10_f64.powi((next() % 20) as i32));
            check((next() % 100_000) as f64 / 2_f64.powi((next() % 40) as i32));
        }
    }
}
