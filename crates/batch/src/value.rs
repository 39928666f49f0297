//! Single values, written as JSON and read from special strings.

#[cfg(feature = "arrow")]
use crate::date;
use crate::text;

pub(crate) use text::write_string as text;

/// The strings that stand for doubles which JSON numbers cannot write.
const NAN: &str = "NaN";
const INFINITY: &str = "inf";
const NEGATIVE_INFINITY: &str = "-inf";

/// Reads one of the strings that stand for a double.
pub(crate) fn special_float(text: &str) -> Option<f64> {
    match text {
        NAN => Some(f64::NAN),
        INFINITY => Some(f64::INFINITY),
        NEGATIVE_INFINITY => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[inline]
pub(crate) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

#[inline]
pub(crate) fn integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The shortest text that reads back as the same double; or a special string.
#[inline]
pub(crate) fn float<F: zmij::Float + Into<f64> + Copy>(value: F, out: &mut Vec<u8>) {
    let double: f64 = value.into();
    if double.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
        return;
    }
    let special = if double.is_nan() {
        NAN
    } else if double > 0.0 {
        INFINITY
    } else {
        NEGATIVE_INFINITY
    };
    text(special, out);
}

/// `value` divided by 10^scale, all digits behind the point written.
#[cfg(feature = "arrow")]
#[inline]
pub(crate) fn decimal(value: i128, scale: usize, out: &mut Vec<u8>) {
    if scale == 0 {
        return integer(value, out);
    }
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    let whole = digits.len().saturating_sub(scale);
    let (before, behind) = digits.split_at(whole);
    out.extend_from_slice(if before.is_empty() { b"0" } else { before });
    out.push(b'.');
    out.extend(std::iter::repeat_n(b'0', scale - behind.len()));
    out.extend_from_slice(behind);
}

/// `"YYYY-MM-DD"`; the days come back when no such text exists.
#[cfg(feature = "arrow")]
#[inline]
pub(crate) fn date(days: i32, out: &mut Vec<u8>) -> Result<(), i32> {
    let text = date::format(days).ok_or(days)?;
    out.push(b'"');
    out.extend_from_slice(&text);
    out.push(b'"');
    Ok(())
}

/// Two hexadecimal digits a byte, upper case.
#[cfg(feature = "arrow")]
pub(crate) fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
    out.reserve(2 * bytes.len() + 2);
    out.push(b'"');
    out.extend(bytes.iter().flat_map(digits));
    out.push(b'"');
}
