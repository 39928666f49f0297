//! Times of events: milliseconds since the epoch, read from RFC 3339.
//!
//! Three rules of the calendar and one of the text are less than a date library would bring.

use std::fmt;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Days of four hundred years, after which the Gregorian calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;

/// When an event happened, in milliseconds since 1970-01-01T00:00:00Z; what is finer is cut off.
///
/// ```
/// use floe_notify::EventTime;
///
/// let time = EventTime::parse("2026-03-01T10:15:30.9584103Z").unwrap();
/// assert_eq!(time.to_string(), "2026-03-01T10:15:30.958Z");
/// assert_eq!(EventTime::parse("1970-01-01T01:00:00+01:00"), Some(EventTime::from_millis(0)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(i64);

impl EventTime {
    /// Takes milliseconds since the epoch.
    ///
    /// ```
    /// assert_eq!(floe_notify::EventTime::from_millis(5).millis(), 5);
    /// ```
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch, negative before it.
    ///
    /// ```
    /// assert_eq!(floe_notify::EventTime::from_millis(-1).millis(), -1);
    /// ```
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Reads a time as RFC 3339 has it, section 5.6; `None` for any other text.
    ///
    /// A leap second is the first one after it.
    ///
    /// ```
    /// use floe_notify::EventTime;
    ///
    /// assert_eq!(EventTime::parse("1970-01-01T00:00:01.5Z").map(EventTime::millis), Some(1500));
    /// assert_eq!(EventTime::parse("1970-01-01T00:00:01"), None);
    /// assert_eq!(EventTime::parse("2026-02-29T00:00:00Z"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (local, rest) = local(text.as_bytes())?;
        Some(Self(local - offset(rest)?))
    }

    /// The same, where a time without a zone is one of UTC, as some events of Azure have it.
    pub(super) fn parse_or_utc(text: &str) -> Option<Self> {
        match local(text.as_bytes())? {
            (local, []) => Some(Self(local)),
            (local, rest) => Some(Self(local - offset(rest)?)),
        }
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let seconds = millis / 1000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            millis % 1000,
        )
    }
}

/// Milliseconds of a date and time by its own clock, and what is left of the text.
fn local(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, text) = digits(text, 4)?;
    let (month, text) = digits(after(text, b"-")?, 2)?;
    let (day, text) = digits(after(text, b"-")?, 2)?;
    let (hour, text) = digits(after(text, b"Tt ")?, 2)?;
    let (minute, text) = digits(after(text, b":")?, 2)?;
    let (second, text) = digits(after(text, b":")?, 2)?;
    let in_month = month_days(year, month)?;
    if !(1..=in_month).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, text) = match after(text, b".") {
        Some(text) => fraction(text)?,
        None => (0, text),
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    Some((days(year, month, day) * DAY + seconds * 1000 + millis, text))
}

/// Milliseconds that a clock of this zone is ahead of UTC; nothing may come after the zone.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', text @ ..] => (1, text),
        [b'-', text @ ..] => (-1, text),
        _ => return None,
    };
    let (hours, text) = digits(text, 2)?;
    let (minutes, text) = digits(after(text, b":")?, 2)?;
    let valid = hours <= 23 && minutes <= 59 && text.is_empty();
    valid.then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// A number of exactly so many digits.
fn digits(text: &[u8], count: usize) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(count)?;
    let mut value = 0;
    for byte in number {
        value = value * 10 + i64::from(char::from(*byte).to_digit(10)?);
    }
    Some((value, rest))
}

/// The text after one of these bytes.
fn after<'a>(text: &'a [u8], any: &[u8]) -> Option<&'a [u8]> {
    let (first, rest) = text.split_first()?;
    any.contains(first).then_some(rest)
}

/// Milliseconds of one or more digits after the point.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(count)?;
    let mut millis = 0;
    for place in 0..3 {
        let digit = number.get(place).map_or(0, |byte| byte - b'0');
        millis = millis * 10 + i64::from(digit);
    }
    (count > 0).then_some((millis, rest))
}

fn month_days(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    Some(match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days from the epoch to a date. Years are counted from March, so that the leap day comes last
/// and the length of a month is `(153 * month + 2) / 5`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    era * ERA_DAYS + year * 365 + year / 4 - year / 100 + in_year - EPOCH
}

/// The date that is so many days from the epoch; the inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    // The leap days so far: one in 1,460 days, none in 36,524, one in 146,096.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}
