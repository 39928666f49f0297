//! Times as the original prints them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2024-11-29 12:12:47.310 -0800`: local time with its offset, from
/// milliseconds since the Unix epoch.
///
/// ```
/// assert!(floe_engine::time::local(1_745_560_892_310).contains(":32.310 "));
/// ```
#[must_use]
pub fn local(millis: u64) -> String {
    let zoned = timestamp(millis).to_zoned(TimeZone::system());
    zoned.strftime("%Y-%m-%d %H:%M:%S%.3f %z").to_string()
}

/// `2025-04-25T06:01:32Z`: UTC in whole seconds, from milliseconds since the
/// Unix epoch.
///
/// ```
/// assert_eq!(floe_engine::time::utc_seconds(0), "1970-01-01T00:00:00Z");
/// ```
#[must_use]
pub fn utc_seconds(millis: u64) -> String {
    timestamp(millis).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn timestamp(millis: u64) -> Timestamp {
    i64::try_from(millis)
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn utc_times_have_whole_seconds_and_a_z() {
        assert_eq!(
            super::utc_seconds(1_745_560_892_999),
            "2025-04-25T06:01:32Z"
        );
    }

    #[test]
    fn local_times_have_milliseconds_and_an_offset() {
        let text = super::local(1_745_560_892_310);
        assert!(text.contains(":32.310 ") && text.len() == 29, "{text}");
    }
}
