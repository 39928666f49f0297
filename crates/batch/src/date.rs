//! Calendar dates as `YYYY-MM-DD`, years 0001 to 9999, proleptic Gregorian.
//!
//! The two conversions are those of H. Hinnant, "chrono-Compatible Low-Level
//! Date Algorithms": years begin in March, so that the leap day comes last.

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// Days in 400 years.
const ERA: i32 = 146_097;

/// Days since 1970-01-01 of 0001-01-01.
const FIRST: i32 = -719_162;

/// Days since 1970-01-01 of 9999-12-31.
const LAST: i32 = 2_932_896;

/// Reads a date; days since 1970-01-01.
pub(crate) fn parse(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = digits(&[y1, y2, y3, y4])?;
    let month = digits(&[m1, m2])?;
    let day = digits(&[d1, d2])?;
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let (era, year_of_era) = (year / 400, year % 400);
    Some(era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH)
}

/// Writes a date; `None` outside the years 0001 to 9999.
pub(crate) fn format(days: i32) -> Option<[u8; 10]> {
    if !(FIRST..=LAST).contains(&days) {
        return None;
    }
    let days = days + EPOCH;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i32::from(month <= 2);
    let digit = |number: i32, unit: i32| b'0' + (number / unit % 10) as u8;
    Some([
        digit(year, 1000),
        digit(year, 100),
        digit(year, 10),
        digit(year, 1),
        b'-',
        digit(month, 10),
        digit(month, 1),
        b'-',
        digit(day, 10),
        digit(day, 1),
    ])
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i32::from(byte - b'0'))
    })
}

fn days_in(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_comes_back() {
        for days in FIRST..=LAST {
            let text = format(days).unwrap();
            assert_eq!(
                parse(&text),
                Some(days),
                "{}",
                String::from_utf8_lossy(&text)
            );
        }
    }

    #[test]
    fn the_days_around_the_epoch_and_the_ends_are_right() {
        let cases = [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-12-31", 20_088),
            ("0001-01-01", FIRST),
            ("9999-12-31", LAST),
        ];
        for (text, days) in cases {
            assert_eq!(parse(text.as_bytes()), Some(days), "{text}");
        }
        assert_eq!(format(FIRST - 1), None);
        assert_eq!(format(LAST + 1), None);
        assert_eq!(format(i32::MIN), None);
        assert_eq!(format(i32::MAX), None);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-13-01",
            "2024-00-10",
            "2024-01-00",
            "0000-01-01",
            "2024-1-1",
            "24-01-01",
            "2024/01/01",
            "+024-01-01",
            "2024-01-01 ",
            "",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
