//! Dates and timestamps with the names of months and days.

use super::{Stamp, Time, clock, parse_offset, two};
use crate::date;

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// 1970-01-01 was a Thursday.
const DAYS: [&[u8; 3]; 7] = [b"thu", b"fri", b"sat", b"sun", b"mon", b"tue", b"wed"];

/// Reads `DD-MON-YYYY` or `MM/DD/YYYY`.
pub(super) fn parse_date(text: &[u8]) -> Option<i32> {
    match *text {
        [d1, d2, b'-', m1, m2, m3, b'-', ref year @ ..] => {
            days(year, month(&[m1, m2, m3])?, two(d1, d2, 31)?)
        }
        [m1, m2, b'/', d1, d2, b'/', ref year @ ..] => {
            days(year, two(m1, m2, 12)?, two(d1, d2, 31)?)
        }
        _ => None,
    }
}

/// Reads `Thu, 21 Dec 2000 16:01:07 +0200`, with or without day, seconds, fraction and offset and
/// also with AM or PM, `Mon Jul 08 18:09:51 +0000 2013`, or `MM/DD/YYYY HH24:MI:SS`.
pub(super) fn parse(text: &[u8]) -> Option<Stamp> {
    let mut words = text.split(|byte| *byte == b' ');
    let first = words.next()?;
    if let Some(days) = parse_date(first) {
        let (time, []) = clock(words.next()?)? else {
            return None;
        };
        return stamp(days, time.nanos(), None, words.next());
    }
    match first {
        [day @ .., b','] => {
            let stamp = behind_day(words.next()?, words)?;
            (weekday(day)? == stamp.days.rem_euclid(7)).then_some(stamp)
        }
        [b'0'..=b'9', ..] => behind_day(first, words),
        day => {
            let month = month(words.next()?)?;
            let &[d1, d2] = words.next()? else {
                return None;
            };
            let (time, []) = clock(words.next()?)? else {
                return None;
            };
            let offset = parse_offset(words.next()?)?;
            let days = days(words.next()?, month, two(d1, d2, 31)?)?;
            if weekday(day)? != days.rem_euclid(7) {
                return None;
            }
            stamp(days, time.nanos(), Some(offset), words.next())
        }
    }
}

/// Reads on from the day of the month.
fn behind_day<'a>(day: &[u8], mut words: impl Iterator<Item = &'a [u8]>) -> Option<Stamp> {
    let day = match *day {
        [d1, d2] => two(d1, d2, 31)?,
        [d1] => two(b'0', d1, 9)?,
        _ => return None,
    };
    let month = month(words.next()?)?;
    let days = days(words.next()?, month, day)?;
    let (time, []): (Time, _) = clock(words.next()?)? else {
        return None;
    };
    let mut nanos = time.nanos();
    let mut next = words.next();
    if let Some([_, b'M' | b'm']) = next {
        nanos = time.in_half(next?)?;
        next = words.next();
    }
    let offset = match next {
        None => None,
        Some(offset) => Some(parse_offset(offset)?),
    };
    stamp(days, nanos, offset, words.next())
}

/// The stamp, if no word is left.
fn stamp(days: i32, nanos: i64, offset: Option<i16>, left: Option<&[u8]>) -> Option<Stamp> {
    left.is_none().then_some(Stamp {
        days,
        nanos,
        offset,
    })
}

fn days(year: &[u8], month: i64, day: i64) -> Option<i32> {
    let &[y1, y2, y3, y4] = year else {
        return None;
    };
    let digits = |number: i64| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    let ([m1, m2], [d1, d2]) = (digits(month), digits(day));
    date::parse(&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2])
}

fn month(name: &[u8]) -> Option<i64> {
    let at = MONTHS
        .iter()
        .position(|month| name.eq_ignore_ascii_case(*month))?;
    // Twelve at most.
    Some(at as i64 + 1)
}

/// Days since a Thursday, below seven.
fn weekday(name: &[u8]) -> Option<i32> {
    let at = DAYS
        .iter()
        .position(|day| name.eq_ignore_ascii_case(*day))?;
    Some(at as i32)
}
