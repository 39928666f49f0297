//! Moments as Azure writes them.

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY: u64 = 86_400_000;

struct Parts {
    days: u64,
    year: u64,
    month: u64,
    day: u64,
    clock: String,
    millis: u64,
}

fn parts(millis: u64) -> Parts {
    let (days, rest) = (millis / DAY, millis % DAY);
    let seconds = rest / 1_000;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    // Years begin in March here, so that the leap day is the last one.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = (shifted_month + 2) % 12 + 1;
    Parts {
        days,
        year: era * 400 + year_of_era + u64::from(month <= 2),
        month,
        day: of_year - (153 * shifted_month + 2) / 5 + 1,
        clock: format!("{hour:02}:{minute:02}:{second:02}"),
        millis: rest % 1_000,
    }
}

/// The form of headers: `Fri, 26 Jun 2015 23:39:12 GMT`.
pub(super) fn of_header(millis: u64) -> String {
    let parts = parts(millis);
    let name = |names: &[&'static str], at: u64| {
        let at = usize::try_from(at).unwrap_or_default();
        names.get(at).copied().unwrap_or_default()
    };
    format!(
        "{}, {:02} {} {} {} GMT",
        name(&DAYS, parts.days % 7),
        parts.day,
        name(&MONTHS, parts.month - 1),
        parts.year,
        parts.clock
    )
}

/// The form of events, with seven digits behind the second: `2015-06-26T23:39:12.0000000Z`.
pub(super) fn of_event(millis: u64) -> String {
    let parts = parts(millis);
    format!(
        "{}-{:02}-{:02}T{}.{:03}0000Z",
        parts.year, parts.month, parts.day, parts.clock, parts.millis
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn known_moments_are_written_right() {
        let moments = [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_435_361_952_000, "Fri, 26 Jun 2015 23:39:12 GMT"),
            (1_709_164_800_000, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (1_735_689_599_000, "Tue, 31 Dec 2024 23:59:59 GMT"),
        ];
        for (millis, text) in moments {
            assert_eq!(super::of_header(millis), text);
        }
        assert_eq!(
            super::of_event(1_435_361_952_007),
            "2015-06-26T23:39:12.0070000Z"
        );
    }
}
