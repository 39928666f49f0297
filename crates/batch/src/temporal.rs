//! Times and timestamps as text: the formats that the original detects by itself ("Date and time
//! input and output formats" in Snowflake's documentation), as whole numbers, without rounding.

mod words;
mod write;

#[cfg(test)]
mod tests;

use crate::date;

pub(crate) use write::{write_time, write_timestamp};

/// Nanoseconds of a second and of a day.
const SECOND: i64 = 1_000_000_000;
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// The widest offset from UTC, in minutes, to either side.
const WIDEST_OFFSET: i16 = 14 * 60;

/// A day and a time as a clock on the wall shows them, and how far that clock is from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Days since 1970-01-01.
    pub(crate) days: i32,
    /// Nanoseconds since midnight.
    pub(crate) nanos: i64,
    /// Minutes that the clock is ahead of UTC; `None` when the text does not say.
    pub(crate) offset: Option<i16>,
}

/// Why a moment cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It lies between two counts.
    NotExact,
    /// The count does not fit 64 bits.
    OutOfRange,
}

impl Stamp {
    /// Counts since the start of 1970, `per_second` in each second; the offset is taken off.
    pub(crate) fn count(self, per_second: i64) -> Result<i64, Loss> {
        let nanos = i128::from(self.days) * i128::from(DAY)
            + i128::from(self.nanos)
            + -i128::from(self.offset.unwrap_or(0)) * 60 * i128::from(SECOND);
        let unit = i128::from(SECOND / per_second);
        if nanos % unit != 0 {
            return Err(Loss::NotExact);
        }
        i64::try_from(nanos / unit).map_err(|_| Loss::OutOfRange)
    }

    /// What a clock shows that is `offset` minutes ahead of UTC; `None` outside of the years 0001
    /// to 9999, and for an offset that no place has.
    pub(crate) fn of_count(count: i64, per_second: i64, offset: Option<i16>) -> Option<Self> {
        if offset.unwrap_or(0).unsigned_abs() > WIDEST_OFFSET.unsigned_abs() {
            return None;
        }
        let ahead = i64::from(offset.unwrap_or(0)) * 60;
        let seconds = count.div_euclid(per_second).checked_add(ahead)?;
        let rest = count.rem_euclid(per_second) * (SECOND / per_second);
        let days = i32::try_from(seconds.div_euclid(86_400)).ok()?;
        date::format(days)?;
        let nanos = seconds.rem_euclid(86_400) * SECOND + rest;
        Some(Self {
            days,
            nanos,
            offset,
        })
    }
}

/// Reads a time: nanoseconds since midnight. `HH24:MI:SS.FF`, fraction and seconds optional, or
/// `HH12:MI:SS.FF AM`.
pub(crate) fn parse_time(text: &[u8]) -> Option<i64> {
    let (time, rest) = clock(text)?;
    match rest {
        [] => Some(time.nanos()),
        [b' ', half @ ..] => time.in_half(half),
        half => time.in_half(half),
    }
}

/// Reads a timestamp: a date of ISO 8601 and, behind `T` or a blank, a time with or without an
/// offset; or one of the spelled-out forms of RFC 2822 and the C library.
pub(crate) fn parse_timestamp(text: &[u8]) -> Option<Stamp> {
    let (head, rest) = text.split_first_chunk::<10>()?;
    let Some(days) = date::parse(head) else {
        return words::parse(text);
    };
    let (nanos, offset) = match rest {
        [] => (0, None),
        [b'T' | b' ', time @ ..] => {
            let (time, rest) = clock(time)?;
            (time.nanos(), offset_behind(rest)?)
        }
        _ => return None,
    };
    Some(Stamp {
        days,
        nanos,
        offset,
    })
}

/// Reads a date: `YYYY-MM-DD`, `DD-MON-YYYY` or `MM/DD/YYYY`.
pub(crate) fn parse_date(text: &[u8]) -> Option<i32> {
    date::parse(text).or_else(|| words::parse_date(text))
}

/// Hours, minutes and seconds, the seconds with their fraction in nanoseconds.
#[derive(Clone, Copy)]
struct Time {
    hours: i64,
    minutes: i64,
    nanos: i64,
}

impl Time {
    fn nanos(self) -> i64 {
        (self.hours * 60 + self.minutes) * 60 * SECOND + self.nanos
    }

    /// As a time of the half of the day that `AM` or `PM` says, hours from 1 to 12.
    fn in_half(mut self, half: &[u8]) -> Option<i64> {
        if !(1..=12).contains(&self.hours) {
            return None;
        }
        self.hours %= 12;
        match half {
            [b'A' | b'a', b'M' | b'm'] => Some(self.nanos()),
            [b'P' | b'p', b'M' | b'm'] => Some(self.nanos() + 12 * 3600 * SECOND),
            _ => None,
        }
    }
}

/// Reads `HH:MI`, `HH:MI:SS` or `HH:MI:SS.FF`; and what follows it.
fn clock(text: &[u8]) -> Option<(Time, &[u8])> {
    let (&[h1, h2, b':', m1, m2], mut rest) = text.split_first_chunk()? else {
        return None;
    };
    let mut time = Time {
        hours: two(h1, h2, 23)?,
        minutes: two(m1, m2, 59)?,
        nanos: 0,
    };
    if let [b':', behind @ ..] = rest {
        let (&[s1, s2], behind) = behind.split_first_chunk()?;
        time.nanos = two(s1, s2, 59)? * SECOND;
        rest = behind;
        if let [b'.', behind @ ..] = rest {
            let (nanos, behind) = fraction(behind)?;
            time.nanos += nanos;
            rest = behind;
        }
    }
    Some((time, rest))
}

/// Reads one to nine digits behind a point, as nanoseconds.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(count)?;
    if !(1..=9).contains(&count) {
        return None;
    }
    let value = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    // Nine digits at most.
    Some((value * 10_i64.pow(9 - count as u32), rest))
}

/// Reads what may stand behind a time: nothing, or an offset with or without a blank before it.
fn offset_behind(text: &[u8]) -> Option<Option<i16>> {
    match text {
        [] => Some(None),
        [b' ', offset @ ..] | offset => parse_offset(offset).map(Some),
    }
}

/// Reads `Z`, `+HH:MM`, `+HHMM` or `+HH`, in minutes.
pub(crate) fn parse_offset(text: &[u8]) -> Option<i16> {
    let (sign, digits) = text.split_first()?;
    let (hours, minutes) = match (sign, digits) {
        (b'Z', []) => return Some(0),
        (b'+' | b'-', &[h1, h2]) => (two(h1, h2, 14)?, 0),
        (b'+' | b'-', &[h1, h2, m1, m2] | &[h1, h2, b':', m1, m2]) => {
            (two(h1, h2, 14)?, two(m1, m2, 59)?)
        }
        _ => return None,
    };
    // Below 15 hours.
    let minutes = (hours * 60 + minutes) as i16;
    let minutes = if *sign == b'-' { -minutes } else { minutes };
    (minutes.abs() <= WIDEST_OFFSET).then_some(minutes)
}

/// A number of two digits up to `most`.
fn two(tens: u8, ones: u8, most: i64) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    let number = i64::from(tens) * 10 + i64::from(ones);
    (tens <= 9 && ones <= 9 && number <= most).then_some(number)
}
