//! Spans of time and points in time, as Spark writes them.

use std::fmt;
use std::time::Duration;

const MICROS_PER_SEC: u64 = 1_000_000;
const SECS_PER_DAY: u64 = 86_400;

/// The units of intervals, the longest first, in microseconds. Months and years are none: they
/// have no fixed length.
const UNITS: [(&str, u64); 7] = [
    ("week", 7 * SECS_PER_DAY * MICROS_PER_SEC),
    ("day", SECS_PER_DAY * MICROS_PER_SEC),
    ("hour", 3_600 * MICROS_PER_SEC),
    ("minute", 60 * MICROS_PER_SEC),
    ("second", MICROS_PER_SEC),
    ("millisecond", 1_000),
    ("microsecond", 1),
];

/// A span of time such as `1 day` or `1 day 12 hours`, in microseconds.
///
/// ```
/// use std::time::Duration;
/// use floe_notify::options::Interval;
///
/// let interval = Interval::parse("1 day 12 hours").unwrap();
/// assert_eq!(interval.duration(), Duration::from_secs(36 * 3600));
/// assert_eq!(interval.to_string(), "1 day 12 hours");
/// assert_eq!(Interval::parse("interval 2 weeks").unwrap().to_string(), "14 days");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(u64);

impl Interval {
    /// So many days.
    ///
    /// ```
    /// assert_eq!(floe_notify::options::Interval::from_days(30).to_string(), "30 days");
    /// ```
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        // 32 bits of days are 3.7e20 microseconds; past 64 bits the longest interval has to do.
        Interval((days as u64).saturating_mul(SECS_PER_DAY * MICROS_PER_SEC))
    }

    /// The length.
    ///
    /// ```
    /// let day = floe_notify::options::Interval::from_days(1);
    /// assert_eq!(day.duration().as_secs(), 86_400);
    /// ```
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// Reads numbers with units, each unit with or without an `s` behind it; the word `interval`
    /// may stand in front.
    ///
    /// # Errors
    ///
    /// What is wrong, in words that do not repeat the text.
    ///
    /// ```
    /// use floe_notify::options::Interval;
    ///
    /// assert!(Interval::parse("90 days").is_ok());
    /// assert!(Interval::parse("90").unwrap_err().contains("unit"));
    /// assert!(Interval::parse("1 month").unwrap_err().contains("days"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let mut words = lower.split_whitespace().peekable();
        words.next_if_eq(&"interval");
        let mut micros = 0_u64;
        let mut any = false;
        while let Some(number) = words.next() {
            let count: u64 = number.parse().map_err(|_| NOT_AN_INTERVAL.to_owned())?;
            let word = words
                .next()
                .ok_or("the value has a number without a unit, such as days")?;
            let length = unit(word)?;
            let part = count.checked_mul(length).ok_or_else(too_long)?;
            micros = micros.checked_add(part).ok_or_else(too_long)?;
            any = true;
        }
        if any {
            Ok(Interval(micros))
        } else {
            Err(NOT_AN_INTERVAL.to_owned())
        }
    }
}

const NOT_AN_INTERVAL: &str =
    "the value is no interval: whole numbers and units, such as 1 day or 12 hours";

fn unit(word: &str) -> Result<u64, String> {
    let name = word.strip_suffix('s').unwrap_or(word);
    if let Some((_, micros)) = UNITS.iter().find(|(unit, _)| *unit == name) {
        return Ok(*micros);
    }
    if ["month", "year"].contains(&name) {
        return Err("months and years have no fixed length; write days".to_owned());
    }
    Err(NOT_AN_INTERVAL.to_owned())
}

fn too_long() -> String {
    "the interval is too long".to_owned()
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut parts = Vec::new();
        // Without weeks, because nobody says `4 weeks 2 days` for thirty days.
        for (unit, micros) in UNITS.iter().skip(1) {
            let count = rest / micros;
            rest %= micros;
            if count > 0 {
                parts.push(format!(
                    "{count} {unit}{}",
                    if count == 1 { "" } else { "s" }
                ));
            }
        }
        if parts.is_empty() {
            return f.write_str("0 seconds");
        }
        f.write_str(&parts.join(" "))
    }
}

/// A point in time, in microseconds since the beginning of 1970 in UTC.
///
/// ```
/// use floe_notify::options::Moment;
///
/// let moment = Moment::parse("2021-01-01 00:00:00.000000 UTC+0").unwrap();
/// assert_eq!(moment.micros(), 1_609_459_200_000_000);
/// assert_eq!(moment.to_string(), "2021-01-01 00:00:00.000000 UTC+0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The microseconds since the beginning of 1970 in UTC.
    ///
    /// ```
    /// let moment = floe_notify::options::Moment::parse("1970-01-02").unwrap();
    /// assert_eq!(moment.micros(), 86_400_000_000);
    /// ```
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads a date, or a date and a time with a `T` or a space between, up to six digits of
    /// fractions of a second, and a zone: `Z`, `UTC`, `UTC+1`, `+01:00`. Without a zone it is UTC.
    ///
    /// ```
    /// use floe_notify::options::Moment;
    ///
    /// let utc = Moment::parse("2021-01-01T00:30:00Z");
    /// assert_eq!(Moment::parse("2021-01-01 01:30:00 +01:00"), utc);
    /// assert_eq!(Moment::parse("2021-02-29"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, rest) = text.split_at_checked(10)?;
        let days = date_days(date)?;
        let rest = rest.strip_prefix(['T', ' ']).unwrap_or(rest);
        let zone_at = rest.find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'));
        let (time, zone) = rest.split_at_checked(zone_at.unwrap_or(rest.len()))?;
        let micros = time_micros(time)?;
        let offset = zone_micros(zone.trim())?;
        let day = i64::try_from(SECS_PER_DAY * MICROS_PER_SEC).ok()?;
        days.checked_mul(day)?
            .checked_add(micros)?
            .checked_sub(offset)
            .map(Moment)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000_000;
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let micros = self.0.rem_euclid(DAY);
        let secs = micros / 1_000_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{:06} UTC+0",
            secs / 3_600,
            secs / 60 % 60,
            secs % 60,
            micros % 1_000_000
        )
    }
}

/// Days from the beginning of 1970 to a date written `YYYY-MM-DD`.
fn date_days(text: &str) -> Option<i64> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let year = digits(year, 4)?;
    let (month, day) = (digits(month, 2)?, digits(day, 2)?);
    let days = days_from_civil(year, month, day);
    // A day that is not in its month comes back as another one.
    (civil(days) == (year, month, day)).then_some(days)
}

fn time_micros(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (*hour, *minute, "00"),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return None,
    };
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    if hour > 23 || minute > 59 || second > 59 || fraction.is_empty() || fraction.len() > 6 {
        return None;
    }
    let fraction = digits(&format!("{fraction:0<6}"), 6)?;
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

fn zone_micros(text: &str) -> Option<i64> {
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    if text.is_empty() || text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "00"));
    let hours = digits(hours, hours.len().clamp(1, 2))?;
    let minutes = digits(minutes, 2)?;
    // ISO 8601 knows offsets of up to 14 hours; Java, whose zones these are, of up to 18.
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * 1_000_000)
}

/// Exactly so many digits as a number.
fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days from the beginning of 1970 to a date of the proleptic Gregorian calendar. Years begin in
/// March here, so that the day that may be missing is the last one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
