//! JSON numbers: scanned once, then read as a double or as an exact decimal.

use crate::error::{BatchError, Found};
use crate::scan::Scanner;
use crate::sql_type::{NumberType, SqlType};

/// The most characters of one number. The shortest exact text of a double is
/// at most 24 characters long and a `NUMBER` has 38 digits; 2048 leaves room
/// for doubles written out in full.
pub const MAX_NUMBER_BYTES: usize = 2048;

/// The largest digit count that a `u64` holds whatever the digits are.
const SHORT_DIGITS: usize = 19;

/// A number as it is written.
pub(crate) struct Number<'a> {
    text: &'a [u8],
    negative: bool,
    /// All digits as one integer, right while `digits <= SHORT_DIGITS`.
    mantissa: u64,
    /// How many digits there are, the leading zeros of `0.00…` included.
    digits: usize,
    /// How many of them are behind the point.
    fraction: usize,
    /// The written exponent, held within ±`EXPONENT_LIMIT`.
    exponent: i32,
}

/// Exponents are cut off here. A number has at most `MAX_NUMBER_BYTES` digits,
/// so one with such an exponent is zero or out of every range either way.
const EXPONENT_LIMIT: i32 = 100_000;

/// Why the text is not a number.
pub(crate) enum NumberFault {
    /// Something else than a digit stands there.
    NoDigit { offset: usize },
    /// There are more than `MAX_NUMBER_BYTES` characters.
    TooLong { offset: usize },
}

impl NumberFault {
    pub(crate) fn offset(&self) -> usize {
        match self {
            Self::NoDigit { offset } | Self::TooLong { offset } => *offset,
        }
    }

    #[cold]
    pub(crate) fn into_error(self, scan: &Scanner<'_>, begin: usize) -> Box<BatchError> {
        Box::new(match self {
            Self::NoDigit { offset } => {
                let found = scan
                    .body()
                    .get(offset)
                    .copied()
                    .map_or(Found::End, Found::Byte);
                BatchError::NotJson {
                    place: scan.place_at(offset),
                    expected: "a digit",
                    found,
                }
            }
            Self::TooLong { .. } => BatchError::NumberTooLong {
                place: scan.place_at(begin),
                limit: MAX_NUMBER_BYTES,
            },
        })
    }
}

/// Why a number is not of the declared type.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Misfit {
    /// It is too large.
    OutOfRange,
    /// It has digits behind the last place that the type keeps.
    NotExact,
}

impl Misfit {
    #[cold]
    pub(crate) fn into_error(
        self,
        scan: &Scanner<'_>,
        offset: usize,
        expected: SqlType,
    ) -> Box<BatchError> {
        let place = scan.place_at(offset);
        Box::new(match self {
            Self::OutOfRange => BatchError::NumberOutOfRange { place, expected },
            Self::NotExact => BatchError::NumberNotExact { place, expected },
        })
    }
}

impl<'a> Number<'a> {
    /// Reads the number that begins at `begin`; returns where it ends.
    #[inline]
    pub(crate) fn scan(body: &'a [u8], begin: usize) -> Result<(Self, usize), NumberFault> {
        let byte = |at: usize| body.get(at).copied();
        let mut at = begin;
        let negative = byte(at) == Some(b'-');
        at += usize::from(negative);
        let whole = at;
        let mut mantissa = 0;
        if byte(at) == Some(b'0') {
            at += 1;
        } else {
            at = digits(body, at, &mut mantissa)?;
        }
        let mut count = at - whole;
        let mut fraction = 0;
        if byte(at) == Some(b'.') {
            let begin = at + 1;
            at = digits(body, begin, &mut mantissa)?;
            fraction = at - begin;
            count += fraction;
        }
        let mut exponent = 0;
        if matches!(byte(at), Some(b'e' | b'E')) {
            (exponent, at) = scan_exponent(body, at + 1)?;
        }
        if at - begin > MAX_NUMBER_BYTES {
            return Err(NumberFault::TooLong { offset: begin });
        }
        let text = body.get(begin..at).unwrap_or_default();
        Ok((
            Self {
                text,
                negative,
                mantissa,
                digits: count,
                fraction,
                exponent,
            },
            at,
        ))
    }

    /// True when it is written without fraction and exponent.
    pub(crate) fn is_integer(&self) -> bool {
        self.digits + usize::from(self.negative) == self.text.len()
    }

    /// True for `-0`, which only a double can keep.
    pub(crate) fn is_negative_zero(&self) -> bool {
        self.text == b"-0"
    }

    /// The number as text; digits, sign, point and exponent only.
    fn as_str(&self) -> &'a str {
        // Only ASCII was passed, so this never falls back.
        std::str::from_utf8(self.text).unwrap_or("0")
    }

    /// The nearest double, ties to even; out of range rather than infinite.
    #[inline]
    pub(crate) fn to_f64(&self) -> Result<f64, Misfit> {
        if let Some(double) = self.to_f64_at_once() {
            return Ok(double);
        }
        match self.as_str().parse::<f64>() {
            Ok(double) if double.is_finite() => Ok(double),
            Ok(_) | Err(_) => Err(Misfit::OutOfRange),
        }
    }

    /// The nearest single, ties to even; `None` rather than infinite.
    pub(crate) fn to_f32(&self) -> Option<f32> {
        let single = self.as_str().parse::<f32>().ok()?;
        single.is_finite().then_some(single)
    }

    /// Clinger's fast path: digits and power of ten are both exact doubles, so
    /// one multiplication or division rounds once and therefore correctly
    /// (W. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
    #[inline]
    fn to_f64_at_once(&self) -> Option<f64> {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        if self.digits > SHORT_DIGITS || self.mantissa > EXACT {
            return None;
        }
        // The fraction is at most `MAX_NUMBER_BYTES` long.
        let power = self.exponent - self.fraction as i32;
        let ten = *POWERS.get(power.unsigned_abs() as usize)?;
        let digits = self.mantissa as f64;
        let double = if power < 0 {
            digits / ten
        } else {
            digits * ten
        };
        Some(if self.negative { -double } else { double })
    }

    /// The number times 10^scale, exact.
    #[inline]
    pub(crate) fn to_decimal(&self, ty: NumberType) -> Result<i128, Misfit> {
        let (mantissa, power) = if self.digits <= SHORT_DIGITS {
            let power = self.exponent - self.fraction as i32;
            (u128::from(self.mantissa), power)
        } else {
            self.long_digits(ty)?
        };
        let scaled = scale(mantissa, power + i32::from(ty.scale()))?;
        if scaled >= TENS[usize::from(ty.precision())] {
            return Err(Misfit::OutOfRange);
        }
        // Below 10^38, which is below 2^127.
        let scaled = scaled as i128;
        Ok(if self.negative { -scaled } else { scaled })
    }

    /// The digits without the zeros at their end, and the power of ten they
    /// count in; for numbers of more than `SHORT_DIGITS` digits.
    #[cold]
    fn long_digits(&self, ty: NumberType) -> Result<(u128, i32), Misfit> {
        let written = self.text.split(|byte| matches!(byte, b'e' | b'E')).next();
        let digits = || {
            written
                .unwrap_or_default()
                .iter()
                .filter(|byte| byte.is_ascii_digit())
        };
        let zeros = digits().rev().take_while(|byte| **byte == b'0').count();
        let power = self.exponent - self.fraction as i32 + zeros as i32;
        let mut mantissa: u128 = 0;
        for byte in digits().take(self.digits - zeros) {
            let digit = u128::from(byte - b'0');
            let next = mantissa
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit));
            // More than 38 digits: too many behind the point, or too many.
            let too_many = if power + i32::from(ty.scale()) < 0 {
                Misfit::NotExact
            } else {
                Misfit::OutOfRange
            };
            mantissa = next.ok_or(too_many)?;
        }
        Ok((mantissa, power))
    }
}

/// Passes one digit or more and appends them to `mantissa`.
#[inline]
fn digits(body: &[u8], begin: usize, mantissa: &mut u64) -> Result<usize, NumberFault> {
    let rest = body.get(begin..).unwrap_or_default();
    let mut count = 0;
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // Wraps beyond `SHORT_DIGITS`, where nobody looks at it any more.
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    match count {
        0 => Err(NumberFault::NoDigit { offset: begin }),
        1..=MAX_NUMBER_BYTES => Ok(begin + count),
        _ => Err(NumberFault::TooLong { offset: begin }),
    }
}

/// Reads what follows the `e`.
fn scan_exponent(body: &[u8], begin: usize) -> Result<(i32, usize), NumberFault> {
    let sign = body
        .get(begin)
        .copied()
        .filter(|byte| matches!(byte, b'-' | b'+'));
    let begin = begin + usize::from(sign.is_some());
    let end = digits(body, begin, &mut 0)?;
    let exponent = body
        .get(begin..end)
        .unwrap_or_default()
        .iter()
        .fold(0, |sum: i32, byte| {
            let digit = i32::from(byte - b'0');
            (sum * 10 + digit).min(EXPONENT_LIMIT)
        });
    Ok((
        if sign == Some(b'-') {
            -exponent
        } else {
            exponent
        },
        end,
    ))
}

/// `mantissa` times 10^power.
#[inline]
fn scale(mantissa: u128, power: i32) -> Result<u128, Misfit> {
    let ten = TENS.get(power.unsigned_abs() as usize);
    match (mantissa, power) {
        (0, _) | (_, 0) => Ok(mantissa),
        (_, 1..) => ten
            .and_then(|ten| mantissa.checked_mul(*ten))
            .ok_or(Misfit::OutOfRange),
        (_, ..0) => match ten {
            Some(ten) if mantissa.is_multiple_of(*ten) => Ok(mantissa / ten),
            Some(_) | None => Err(Misfit::NotExact),
        },
    }
}

/// The powers of ten that are exact doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// 10^0 to 10^38.
pub(crate) const TENS: [u128; 39] = {
    let mut tens = [1; 39];
    let mut power = 1;
    while power < tens.len() {
        tens[power] = tens[power - 1] * 10;
        power += 1;
    }
    tens
};

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<Number<'_>> {
        let (number, end) = Number::scan(text.as_bytes(), 0).ok()?;
        (end == text.len()).then_some(number)
    }

    fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, Misfit> {
        number(text)
            .unwrap()
            .to_decimal(NumberType::new(precision, scale).unwrap())
    }

    #[test]
    fn the_grammar_is_that_of_rfc_8259() {
        for good in [
            "0", "-0", "7", "-12", "0.5", "10.25", "1e5", "1E+5", "0e-5", "12.5e007",
        ] {
            assert!(number(good).is_some(), "{good}");
        }
        for bad in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1", "1.e5",
        ] {
            assert!(number(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn doubles_are_those_of_the_standard_library() {
        let long = "0.".to_owned() + &"3".repeat(500);
        let cases = [
            "0",
            "-0",
            "-0.0",
            "1",
            "0.1",
            "1e22",
            "1e23",
            "9007199254740993",
            "123456789012345678",
            "1.7976931348623157e308",
            "5e-324",
            "2.2250738585072011e-308",
            "1e-999",
            "8.5e-22",
            "9007199254740992e22",
            "0.30000000000000004",
            "-2.718281828459045",
            "1e00000000000022",
            long.as_str(),
        ];
        for text in cases {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(
                number(text).unwrap().to_f64().map(f64::to_bits),
                Ok(expected.to_bits())
            );
        }
        for text in ["1e309", "-1e309", "1e999999999999", "17976931348623159e292"] {
            assert_eq!(
                number(text).unwrap().to_f64(),
                Err(Misfit::OutOfRange),
                "{text}"
            );
        }
    }

    #[test]
    fn decimals_are_exact_however_they_are_written() {
        assert_eq!(decimal("12.5", 10, 2), Ok(1250));
        assert_eq!(decimal("-0.01", 10, 2), Ok(-1));
        assert_eq!(decimal("20.000", 10, 0), Ok(20));
        assert_eq!(decimal("2e1", 10, 0), Ok(20));
        assert_eq!(decimal("2.5E-1", 10, 2), Ok(25));
        assert_eq!(decimal("-0", 10, 2), Ok(0));
        assert_eq!(decimal("0e99999999999", 38, 0), Ok(0));
        assert_eq!(decimal("0.00000000000000000000000000", 1, 0), Ok(0));
        assert_eq!(decimal("100000000000000000000e-20", 1, 0), Ok(1));
        assert_eq!(decimal(&"9".repeat(38), 38, 0), Ok(10_i128.pow(38) - 1));
        assert_eq!(
            decimal("-0.0000000000000000000000000000000000001", 38, 37),
            Ok(-1)
        );
        assert_eq!(decimal(&format!("1{}e-100", "0".repeat(100)), 1, 0), Ok(1));
        assert_eq!(
            decimal("1234567890123456789.50", 38, 1),
            Ok(12_345_678_901_234_567_895)
        );
    }

    #[test]
    fn a_decimal_that_does_not_fit_is_refused_and_never_rounded() {
        assert_eq!(decimal("0.001", 10, 2), Err(Misfit::NotExact));
        assert_eq!(decimal("1e-999999999", 10, 2), Err(Misfit::NotExact));
        assert_eq!(
            decimal(&format!("0.{}", "3".repeat(60)), 10, 2),
            Err(Misfit::NotExact)
        );
        assert_eq!(decimal("100", 2, 0), Err(Misfit::OutOfRange));
        assert_eq!(decimal("1e38", 38, 0), Err(Misfit::OutOfRange));
        assert_eq!(decimal(&"9".repeat(39), 38, 0), Err(Misfit::OutOfRange));
        assert_eq!(decimal(&"9".repeat(60), 38, 0), Err(Misfit::OutOfRange));
        assert_eq!(decimal("1e999999999", 38, 0), Err(Misfit::OutOfRange));
    }

    #[test]
    fn a_number_may_have_2048_characters_and_no_more() {
        assert!(number(&"1".repeat(MAX_NUMBER_BYTES)).is_some());
        assert!(number(&"1".repeat(MAX_NUMBER_BYTES + 1)).is_none());
        let split = format!("{}.{}", "1".repeat(1024), "1".repeat(1024));
        assert!(number(&split).is_none());
    }

    #[test]
    fn integers_are_told_by_how_they_are_written() {
        assert!(number("-120").unwrap().is_integer());
        for text in ["1.0", "1e2", "-0.5"] {
            assert!(!number(text).unwrap().is_integer(), "{text}");
        }
    }
}
