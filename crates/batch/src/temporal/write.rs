//! Times and timestamps written, without quotes.

use super::{SECOND, Stamp};
use crate::date;

/// Appends `HH:MI:SS`, and three, six or nine digits of a fraction when fewer would lose something.
pub(crate) fn write_time(nanos: i64, out: &mut Vec<u8>) {
    write_clock(nanos, 0, out);
}

/// Appends `YYYY-MM-DD HH24:MI:SS.FF3` and, with an offset, ` TZHTZM`: the default format of the
/// original. Six or nine digits are written when three would lose something. False, and nothing
/// written, outside of the years 0001 to 9999.
pub(crate) fn write_timestamp(stamp: Stamp, out: &mut Vec<u8>) -> bool {
    let Some(date) = date::format(stamp.days) else {
        return false;
    };
    out.extend_from_slice(&date);
    out.push(b' ');
    write_clock(stamp.nanos, 3, out);
    if let Some(offset) = stamp.offset {
        let minutes = i64::from(offset.unsigned_abs());
        out.extend_from_slice(if offset < 0 { b" -" } else { b" +" });
        out.extend_from_slice(&two(minutes / 60));
        out.extend_from_slice(&two(minutes % 60));
    }
    true
}

/// At least so many digits of the fraction.
fn write_clock(nanos: i64, least: usize, out: &mut Vec<u8>) {
    let (seconds, mut rest) = (nanos / SECOND, nanos % SECOND);
    out.extend_from_slice(&two(seconds / 3600));
    out.push(b':');
    out.extend_from_slice(&two(seconds / 60 % 60));
    out.push(b':');
    out.extend_from_slice(&two(seconds % 60));
    let exact = match rest {
        0 => 0,
        _ if rest % 1_000_000 == 0 => 3,
        _ if rest % 1000 == 0 => 6,
        _ => 9,
    };
    let mut digits = [b'0'; 9];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let digits = digits.get(..exact.max(least)).unwrap_or_default();
    if !digits.is_empty() {
        out.push(b'.');
        out.extend_from_slice(digits);
    }
}

fn two(number: i64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}
