use jiff::civil::{Date, DateTime};
use proptest::prelude::*;

use super::*;

fn time(text: &str) -> Option<i64> {
    parse_time(text.as_bytes())
}

fn stamp(text: &str) -> Option<Stamp> {
    parse_timestamp(text.as_bytes())
}

fn at(days: i32, nanos: i64, offset: Option<i16>) -> Option<Stamp> {
    Some(Stamp {
        days,
        nanos,
        offset,
    })
}

fn written(stamp: Stamp) -> String {
    let mut out = Vec::new();
    assert!(write_timestamp(stamp, &mut out));
    String::from_utf8(out).unwrap()
}

#[test]
fn every_second_of_a_day_is_written_and_read_as_itself() {
    for second in 0..86_400 {
        let mut out = Vec::new();
        write_time(second * SECOND, &mut out);
        assert_eq!(out.len(), 8);
        assert_eq!(parse_time(&out), Some(second * SECOND));
    }
}

#[test]
fn times_are_read_in_every_form_that_is_detected() {
    let noon = 12 * 3600 * SECOND;
    let cases = [
        ("12:00", noon),
        ("12:00:00", noon),
        ("00:00", 0),
        ("23:59:59.999999999", DAY - 1),
        ("12:00:00.5", noon + SECOND / 2),
        ("12:00:00.000000001", noon + 1),
        ("12:00 PM", noon),
        ("12:00 AM", 0),
        ("12:00am", 0),
        ("01:30:00 pm", noon + 90 * 60 * SECOND),
        ("11:59:59.25 PM", DAY - SECOND + SECOND / 4),
    ];
    for (text, nanos) in cases {
        assert_eq!(time(text), Some(nanos), "{text}");
    }
    for bad in [
        "",
        "1",
        "12",
        "12:",
        "12:0",
        "24:00",
        "12:60",
        "12:00:60",
        "12:00:",
        "12:00:00.",
        "12:00:00.1234567890",
        "13:00 PM",
        "00:00 AM",
        "12:00 XM",
        "12:00  PM",
        "12:00 P",
        " 12:00",
        "12:00 ",
        "12-00",
        "1:00",
        "+1:00",
        "12:00:0a",
    ] {
        assert_eq!(time(bad), None, "{bad}");
    }
}

#[test]
fn timestamps_are_read_in_every_form_that_is_detected() {
    let cases = [
        ("1970-01-02", at(1, 0, None)),
        ("1970-01-01 00:00", at(0, 0, None)),
        ("1970-01-01T00:00:01", at(0, SECOND, None)),
        ("1970-01-01 00:00:00.001", at(0, 1_000_000, None)),
        ("1970-01-01 00:00:00Z", at(0, 0, Some(0))),
        ("1970-01-01T00:00:00 Z", at(0, 0, Some(0))),
        ("1970-01-01 00:00:00 -0800", at(0, 0, Some(-480))),
        ("1970-01-01 00:00:00 +05:30", at(0, 0, Some(330))),
        ("1970-01-01T00:00:00.5+05:30", at(0, SECOND / 2, Some(330))),
        ("1970-01-01T00:00+01", at(0, 0, Some(60))),
        ("1970-01-01T00:00+14:00", at(0, 0, Some(840))),
        ("01/02/1970 00:00:01", at(1, SECOND, None)),
        (
            "Thu, 21 Dec 2000 16:01:07 +0200",
            at(11_312, 57_667 * SECOND, Some(120)),
        ),
        (
            "Thu, 21 Dec 2000 16:01:07",
            at(11_312, 57_667 * SECOND, None),
        ),
        (
            "Thu, 21 Dec 2000 04:01:07 PM",
            at(11_312, 57_667 * SECOND, None),
        ),
        (
            "Thu, 21 Dec 2000 04:01:07 PM +0200",
            at(11_312, 57_667 * SECOND, Some(120)),
        ),
        (
            "21 Dec 2000 16:01:07.5",
            at(11_312, 57_667 * SECOND + SECOND / 2, None),
        ),
        (
            "Thu Dec 21 16:01:07 +0000 2000",
            at(11_312, 57_667 * SECOND, Some(0)),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(stamp(text), expected, "{text}");
    }
    for bad in [
        "",
        "1970",
        "1970-01-01 ",
        "1970-01-01T",
        "1970-01-01X00:00",
        "1970-13-01 00:00",
        "1970-01-01 00:00:00 ",
        "1970-01-01 00:00:00  Z",
        "1970-01-01 00:00:00 +",
        "1970-01-01 00:00:00 +1",
        "1970-01-01 00:00:00 +15:00",
        "1970-01-01 00:00:00 +14:01",
        "1970-01-01 00:00:00 UTC",
        "1970-01-01 00:00:00+0100x",
        "Fri, 21 Dec 2000 16:01:07",
        "Thu, 32 Dec 2000 16:01:07",
        "Thu, 21 Dec 2000",
        "Thu, 21 Dec 2000 16:01:07 +0200 x",
        "Fri Dec 21 16:01:07 +0000 2000",
        "Thu Dec 21 16:01:07 +0000",
        "0000-01-01",
        "1970-02-29",
    ] {
        assert_eq!(stamp(bad), None, "{bad}");
    }
}

#[test]
fn dates_are_read_in_every_form_that_is_detected() {
    for text in ["2000-12-21", "21-DEC-2000", "21-dec-2000", "12/21/2000"] {
        assert_eq!(parse_date(text.as_bytes()), Some(11_312), "{text}");
    }
    for bad in [
        "21-DEZ-2000",
        "21/12/2000",
        "1-DEC-2000",
        "12/21/00",
        "29-FEB-2023",
        "2000-12-21 ",
    ] {
        assert_eq!(parse_date(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn the_fraction_has_as_many_digits_as_nothing_is_lost_with() {
    let at = |nanos, offset| {
        written(Stamp {
            days: 0,
            nanos,
            offset,
        })
    };
    assert_eq!(at(0, None), "1970-01-01 00:00:00.000");
    assert_eq!(at(1_000_000, None), "1970-01-01 00:00:00.001");
    assert_eq!(at(1_000, None), "1970-01-01 00:00:00.000001");
    assert_eq!(at(1, None), "1970-01-01 00:00:00.000000001");
    assert_eq!(at(0, Some(-480)), "1970-01-01 00:00:00.000 -0800");
    assert_eq!(at(0, Some(330)), "1970-01-01 00:00:00.000 +0530");
    assert_eq!(at(0, Some(-30)), "1970-01-01 00:00:00.000 -0030");
}

#[test]
fn a_moment_that_cannot_be_counted_is_not_rounded() {
    let stamp = stamp("1969-12-31 23:59:59.999999999").unwrap();
    assert_eq!(stamp.count(1_000_000_000), Ok(-1));
    assert_eq!(stamp.count(1_000_000), Err(Loss::NotExact));
    let first = parse_timestamp(b"0001-01-01").unwrap();
    assert_eq!(first.count(1_000_000_000), Err(Loss::OutOfRange));
    assert_eq!(first.count(1), Ok(-62_135_596_800));
    assert_eq!(Stamp::of_count(i64::MIN, 1, None), None);
    assert_eq!(Stamp::of_count(i64::MAX, 1, Some(840)), None);
    assert_eq!(Stamp::of_count(253_402_300_799, 1, Some(1)), None);
}

proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = (parse_time(&text), parse_date(&text), parse_timestamp(&text));
    }

    #[test]
    fn a_good_text_that_is_changed_is_read_or_refused(
        text in prop::sample::select(vec![
            "2024-11-29 12:12:47.310 -0800", "Thu, 21 Dec 2000 04:01:07 PM +0200",
            "Thu Dec 21 16:01:07 +0000 2000", "11:59:59.25 PM", "21-DEC-2000",
        ]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut changed = text.as_bytes().to_vec();
        changed[at.index(text.len())] = byte;
        let _ = (parse_time(&changed), parse_date(&changed), parse_timestamp(&changed));
        let cut = &text.as_bytes()[..at.index(text.len())];
        let _ = (parse_time(cut), parse_date(cut), parse_timestamp(cut));
    }

    #[test]
    fn what_is_written_is_read_as_the_same(
        count in any::<i64>(),
        unit in prop::sample::select(vec![1, 1000, 1_000_000, 1_000_000_000_i64]),
        offset in proptest::option::of(-840..=840_i16),
    ) {
        if let Some(stamp) = Stamp::of_count(count, unit, offset) {
            prop_assert_eq!(stamp.count(unit), Ok(count));
            prop_assert_eq!(parse_timestamp(written(stamp).as_bytes()), Some(stamp));
        }
    }

    /// An independent judge of calendar and clock.
    #[test]
    fn moments_are_those_of_jiff(
        seconds in -62_135_596_800..253_402_300_800_i64,
        nanos in 0..1_000_000_000_i64,
    ) {
        let days = Date::new(1970, 1, 1).unwrap();
        let stamp = Stamp::of_count(seconds, 1, None).unwrap();
        let stamp = Stamp { nanos: stamp.nanos + nanos, ..stamp };
        let text = written(stamp);
        let theirs: DateTime = text.parse().unwrap();
        let span = days.until((jiff::Unit::Day, theirs.date())).unwrap();
        prop_assert_eq!(span.get_days(), stamp.days);
        let midnight = theirs.date().to_datetime(jiff::civil::Time::midnight());
        let of_day = theirs.duration_since(midnight).as_nanos();
        prop_assert_eq!(of_day, i128::from(stamp.nanos));
    }
}
