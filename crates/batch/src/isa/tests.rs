//! Both instruction sets against byte-by-byte code.

use super::*;

/// Bytes that are all kinds of special, and the neighbours of the borders.
const BYTES: &[u8] = b"\"\\\0\x1f\x20\x21/09:azAZ\x7f\x80\xc3\xff";

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn byte(&mut self) -> u8 {
        match self.below(3) {
            0 => BYTES[self.below(BYTES.len() as u64) as usize],
            1 => b'a',
            _ => self.below(256) as u8,
        }
    }
}

fn special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn first(text: &[u8], is: impl Fn(u8) -> bool) -> u32 {
    text.iter().position(|byte| is(*byte)).unwrap_or(32) as u32
}

fn checks<I: Isa>() {
    let mut dice = Dice(7);
    for _ in 0..20_000 {
        let text: [u8; 32] = std::array::from_fn(|_| dice.byte());
        let mut copy = [0; 32];
        // SAFETY: both are 32 bytes long.
        let (plain, other) = unsafe {
            (
                I::copy_plain(text.as_ptr(), copy.as_mut_ptr()),
                I::not_digits(text.as_ptr()),
            )
        };
        let end = first(&text, special);
        assert_eq!(plain.trailing_zeros(), end);
        assert_eq!(copy[..end as usize], text[..end as usize]);
        let expected = text
            .iter()
            .enumerate()
            .filter(|(_, byte)| !byte.is_ascii_digit());
        assert_eq!(other, expected.fold(0, |mask, (at, _)| mask | 1 << at));
    }
    for round in 0..20_000 {
        let mut text: [u8; 48] = std::array::from_fn(|_| dice.byte());
        let (whole, fraction) = (round % 9, round / 9 % 17);
        let value: u128 =
            (0..whole + fraction).fold(0, |sum, _| sum * 10 + u128::from(dice.below(10)));
        let digits = format!("{value:0width$}", width = whole + fraction);
        let written = format!("{}.{}", &digits[..whole], &digits[whole..]);
        text[48 - written.len()..].copy_from_slice(written.as_bytes());
        // SAFETY: there are 48 bytes before the end.
        let (upper, lower) =
            unsafe { I::digits_around_point(text.as_ptr().add(48), whole, fraction) };
        if whole + fraction > 0 {
            assert_eq!(
                u128::from(upper) * 10_u128.pow(16) + u128::from(lower),
                value,
                "{written}"
            );
        }
        // SAFETY: as above.
        let behind = unsafe { I::digits(text.as_ptr().add(48), fraction) };
        assert_eq!(behind, digits[whole..].parse().unwrap_or(0), "{written}");
    }
}

#[test]
fn plain_arithmetic_does_what_single_bytes_do() {
    checks::<Swar>();
}

#[test]
#[cfg(target_arch = "x86_64")]
fn avx2_does_what_single_bytes_do() {
    if Level::Avx2.works_here() {
        checks::<Avx2>();
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn avx512_does_what_single_bytes_do() {
    if Level::Avx512.works_here() {
        checks::<Avx512>();
    }
}
