use super::*;
use crate::backoff::mix;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn breaker(least: u32) -> Breaker {
    Breaker::new(BreakerLimits {
        least,
        ..BreakerLimits::default()
    })
}

/// The breaker after one failure too many, at time zero.
fn opened() -> Breaker {
    let mut breaker = breaker(1);
    assert_eq!(breaker.outcome(None, false, MS(0)), Some(Change::Opened));
    breaker
}

fn probe(breaker: &mut Breaker, now: Duration) -> u64 {
    match breaker.admit(now) {
        Admission::Probe { ticket } => ticket,
        other => panic!("no probe: {other:?}"),
    }
}

#[test]
fn it_opens_at_the_share_of_failures_and_not_before() {
    let mut breaker = breaker(20);
    for n in 0..40 {
        assert_eq!(breaker.outcome(None, true, MS(n)), None);
    }
    for n in 0..39 {
        assert_eq!(breaker.outcome(None, false, MS(n)), None, "{n}");
    }
    assert_eq!(breaker.outcome(None, false, MS(50)), Some(Change::Opened));
}

#[test]
fn few_requests_prove_nothing() {
    let mut breaker = breaker(20);
    for n in 0..19 {
        assert_eq!(breaker.outcome(None, false, MS(n)), None);
    }
}

#[test]
fn failures_of_long_ago_do_not_count() {
    let mut breaker = breaker(20);
    for n in 0..1000 {
        // One failure in a second: never twenty in ten.
        assert_eq!(breaker.outcome(None, false, MS(1000 * n)), None, "{n}");
    }
}

#[test]
fn a_failed_probe_opens_it_for_twice_as_long_up_to_the_bound() {
    let mut breaker = opened();
    let mut now = MS(0);
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        let wait = Duration::from_secs(seconds);
        assert_eq!(breaker.admit(now), Admission::Hold { at_least: wait });
        now += wait;
        let ticket = probe(&mut breaker, now);
        let change = breaker.outcome(Some(ticket), false, now);
        assert_eq!(change, Some(Change::Opened));
    }
}

#[test]
fn requests_sent_before_it_opened_change_nothing() {
    let mut breaker = opened();
    assert_eq!(breaker.outcome(None, true, MS(10)), None);
    let ticket = probe(&mut breaker, MS(1000));
    assert_eq!(breaker.outcome(None, true, MS(1001)), None);
    assert_eq!(breaker.outcome(None, false, MS(1001)), None);
    let change = breaker.outcome(Some(ticket), true, MS(1002));
    assert_eq!(change, Some(Change::Closed));
}

#[test]
fn a_probe_that_hangs_is_followed_by_another_and_its_late_success_still_counts() {
    let mut breaker = opened();
    let first = probe(&mut breaker, MS(1000));
    assert!(matches!(breaker.admit(MS(30_999)), Admission::Hold { .. }));
    let second = probe(&mut breaker, MS(31_000));
    assert_ne!(first, second);
    assert_eq!(breaker.outcome(Some(first), false, MS(31_001)), None);
    breaker.abandon(first);
    assert!(matches!(breaker.admit(MS(31_002)), Admission::Hold { .. }));
    let change = breaker.outcome(Some(first), true, MS(31_003));
    assert_eq!(change, Some(Change::Closed));
}

/// For any events: at most one probe is under way within its time, nothing is admitted while it is
/// open, and a breaker that is asked again and again admits something at last.
#[test]
fn there_is_one_probe_at_a_time_and_always_one_at_last() {
    for seed in 0..500 {
        let mut breaker = breaker(3);
        let (mut now, mut under_way) = (MS(0), Vec::new());
        for n in 0..300_u64 {
            let random = mix(mix(seed) ^ n);
            now += MS(random % 700);
            match (random >> 32) % 4 {
                0 => match breaker.admit(now) {
                    Admission::Probe { ticket } => under_way.push((ticket, now)),
                    Admission::Send => under_way.clear(),
                    Admission::Hold { at_least } => {
                        assert!(at_least <= Duration::from_secs(30));
                    }
                },
                1 => _ = breaker.outcome(None, random & 1 == 0, now),
                2 => {
                    if let Some((ticket, _)) = under_way.pop() {
                        _ = breaker.outcome(Some(ticket), random & 3 == 0, now);
                    }
                }
                _ => {
                    if let Some((ticket, _)) = under_way.pop() {
                        breaker.abandon(ticket);
                    }
                }
            }
            under_way.retain(|(_, since)| now < *since + Duration::from_secs(30));
            assert!(under_way.len() <= 1, "seed {seed}: {under_way:?}");
        }
        let later = now + Duration::from_secs(100);
        assert!(!matches!(breaker.admit(later), Admission::Hold { .. }));
    }
}
