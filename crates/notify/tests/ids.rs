//! Names are checked where they come in, and times are written as people read them.

use std::time::Duration;

use floe_notify::clock::{Clock, ManualClock, Timestamp};
use floe_notify::{IdError, QueueId, StreamId};
use proptest::prelude::*;

#[test]
fn what_is_no_guid_is_no_stream() {
    let good = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";
    assert_eq!(StreamId::parse(good).unwrap().as_str(), good);
    for bad in [
        "",
        "0f4c3a528d1b4f7e9a632c5b1e7d9f10",
        "{0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10}",
        "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f1",
        "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f1g",
        "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10-",
        "0f4c3a52-8d1b-4f7e-9a6-32c5b1e7d9f10",
        "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f1é",
    ] {
        let error = StreamId::parse(bad).unwrap_err();
        assert_eq!(error.code(), "FLOE-NOTIFY-0061", "{bad}");
        assert!(error.to_string().contains(bad));
    }
}

#[test]
fn what_cannot_name_a_queue_is_refused() {
    let long = "x".repeat(2_049);
    for bad in ["", " q", "q ", "a b", "a\nb", "/a/\0", long.as_str()] {
        let error = QueueId::new(bad).unwrap_err();
        assert!(matches!(error, IdError::Queue { .. }), "{bad:?}");
    }
    for good in [
        "q",
        "https://sqs.us-east-2.amazonaws.com/1/q",
        "/var/my queues/q",
        &long[1..],
    ] {
        assert_eq!(QueueId::new(good).unwrap().as_str(), good);
    }
}

#[test]
fn days_of_all_kinds_of_years_are_written_right() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (951_868_799, "2000-02-29T23:59:59.000Z"),
        (1_735_689_599, "2024-12-31T23:59:59.000Z"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z"),
    ] {
        assert_eq!(Timestamp::from_millis(seconds * 1_000).to_string(), text);
    }
    let last = Timestamp::from_millis(u64::MAX);
    assert_eq!(last.after(Duration::MAX), last);
    assert!(last.to_string().ends_with('Z'));
}

#[test]
fn a_sleep_that_is_dropped_moves_no_clock() {
    let clock = ManualClock::default();
    let before = clock.now();
    let mut long = clock.sleep(Duration::from_secs(3_600));
    let polled = std::future::poll_fn(|context| {
        assert!(long.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    });
    clock.run(polled).unwrap();
    drop(long);
    clock.run(clock.sleep(Duration::from_nanos(1))).unwrap();
    assert_eq!(
        clock.now().since(before).as_millis(),
        1,
        "no sleep ends early"
    );
}

#[test]
fn a_future_that_spins_is_given_up() {
    let spin = std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        std::task::Poll::<()>::Pending
    });
    assert_eq!(ManualClock::default().run(spin), None);
}

proptest! {
    #[test]
    fn every_timestamp_has_the_order_of_its_text(a in 0_u64..253_402_300_800_000, b: u32) {
        let later = a.saturating_add(u64::from(b)).min(253_402_300_799_999);
        let (a, later) = (Timestamp::from_millis(a), Timestamp::from_millis(later));
        prop_assert!(a.to_string() <= later.to_string());
    }

    #[test]
    fn every_guid_is_a_stream(bytes: u128) {
        let hex = format!("{bytes:032X}");
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        let text = parts.join("-");
        prop_assert_eq!(StreamId::parse(&text).unwrap().to_string(), text.to_lowercase());
    }
}
