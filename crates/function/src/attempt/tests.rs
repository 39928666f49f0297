use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn attempt(retries: u32, batch_timeout: Duration) -> Attempt {
    Attempt::new(
        AttemptLimits {
            retries,
            batch_timeout,
            ..AttemptLimits::default()
        },
        42,
    )
}

/// Runs the decider against a script of events; every wait passes in zero real time.
fn run(attempt: &mut Attempt, script: &[Event]) -> (Command, Duration) {
    let mut now = Duration::ZERO;
    let mut command = attempt.step(Event::Started, now);
    let mut script = script.iter();
    loop {
        let event = match command {
            Command::Done | Command::Fail(_) => return (command, now),
            Command::Wait(delay) => {
                now += delay;
                Event::Waited
            }
            Command::Pick { within, .. } | Command::Send { within } | Command::Poll { within } => {
                let event = *script.next().expect("the script is longer than the life");
                if event == Event::TimedOut {
                    now += within;
                }
                event
            }
        };
        command = attempt.step(event, now);
    }
}

const OK: Event = Event::Answered { status: 200 };
const BUSY: Event = Event::Answered { status: 503 };
const ACCEPTED: Event = Event::Answered { status: 202 };
const NOT_READY: Event = Event::NoTarget { retryable: true };

#[test]
fn a_batch_that_is_answered_at_once_is_sent_once() {
    let mut attempt = attempt(3, MS(1000));
    assert_eq!(run(&mut attempt, &[Event::Picked, OK]).0, Command::Done);
    assert_eq!(
        (attempt.sends(), attempt.retries(), attempt.polls()),
        (1, 0, 0)
    );
}

#[test]
fn every_kind_of_transient_failure_uses_one_retry_on_a_newly_picked_target() {
    for failure in [
        BUSY,
        Event::Answered { status: 429 },
        Event::Lost,
        Event::TimedOut,
    ] {
        let mut attempt = hurried(1, MS(3_600_000));
        let (command, _) = run(&mut attempt, &[Event::Picked, failure, Event::Picked, OK]);
        assert_eq!(command, Command::Done, "{failure:?}");
        assert_eq!((attempt.sends(), attempt.retries()), (2, 1), "{failure:?}");
    }
}

#[test]
fn the_retries_are_exhausted_after_exactly_the_allowed_number() {
    let mut attempt = attempt(2, MS(3_600_000));
    let script = [
        Event::Picked,
        BUSY,
        Event::Picked,
        Event::Lost,
        Event::Picked,
        BUSY,
    ];
    assert_eq!(
        run(&mut attempt, &script).0,
        Command::Fail(Failure::RetriesExhausted)
    );
    assert_eq!((attempt.sends(), attempt.retries()), (3, 2));
}

#[test]
fn no_retries_allowed_means_one_send() {
    let mut attempt = attempt(0, MS(1000));
    let (command, now) = run(&mut attempt, &[Event::Picked, Event::Lost]);
    assert_eq!(command, Command::Fail(Failure::RetriesExhausted));
    assert_eq!(now, Duration::ZERO);
}

#[test]
fn a_lost_connection_is_retried_sooner_than_a_failing_service() {
    let wait = |event| {
        let mut attempt = attempt(3, MS(60_000));
        attempt.step(Event::Started, MS(0));
        attempt.step(Event::Picked, MS(0));
        let Command::Wait(delay) = attempt.step(event, MS(0)) else {
            panic!("no wait")
        };
        delay
    };
    assert!(wait(Event::Lost) <= MS(10));
    assert!(wait(BUSY) >= MS(125));
}

#[test]
fn delays_between_retries_grow() {
    let mut attempt = attempt(3, MS(3_600_000));
    let mut last = Duration::ZERO;
    attempt.step(Event::Started, MS(0));
    for _ in 0..3 {
        attempt.step(Event::Picked, MS(0));
        let Command::Wait(delay) = attempt.step(BUSY, MS(0)) else {
            panic!("no wait")
        };
        assert!(delay > last, "{delay:?} after {last:?}");
        last = delay;
    }
}

#[test]
fn a_status_that_is_not_transient_fails_at_once() {
    for status in [100, 201, 204, 301, 304, 400, 401, 404, 408, 499, 600] {
        let mut attempt = attempt(3, MS(1000));
        let (command, _) = run(&mut attempt, &[Event::Picked, Event::Answered { status }]);
        assert_eq!(command, Command::Fail(Failure::Refused { status }));
        assert_eq!(attempt.sends(), 1);
    }
}

#[test]
fn an_accepted_batch_is_polled_on_the_same_target_until_it_is_done() {
    let mut attempt = attempt(3, MS(60_000));
    let script = [Event::Picked, ACCEPTED, ACCEPTED, ACCEPTED, OK];
    let (command, now) = run(&mut attempt, &script);
    assert_eq!(command, Command::Done);
    assert_eq!((attempt.sends(), attempt.polls()), (1, 3));
    assert!(attempt.keeps_target());
    assert!(now >= MS(50 + 100 + 200), "poll delays grow: {now:?}");
}

#[test]
fn a_failed_poll_sends_the_batch_again_and_gives_the_target_back() {
    let mut attempt = attempt(1, MS(60_000));
    attempt.step(Event::Started, MS(0));
    attempt.step(Event::Picked, MS(0));
    attempt.step(ACCEPTED, MS(0));
    assert!(attempt.keeps_target());
    assert!(matches!(
        attempt.step(Event::Waited, MS(100)),
        Command::Poll { .. }
    ));
    assert!(matches!(
        attempt.step(Event::Lost, MS(100)),
        Command::Wait(_)
    ));
    assert!(!attempt.keeps_target());
    assert!(matches!(
        attempt.step(Event::Waited, MS(110)),
        Command::Pick { attempt: 1, .. }
    ));
}

#[test]
fn polling_for_ever_ends_with_the_batch_timeout() {
    let mut attempt = attempt(3, MS(20_000));
    let mut script = vec![Event::Picked];
    script.resize(100, ACCEPTED);
    let (command, now) = run(&mut attempt, &script);
    assert_eq!(command, Command::Fail(Failure::TimedOut));
    assert_eq!(now, MS(20_000));
}

#[test]
fn a_service_that_is_not_ready_is_waited_for_without_using_retries() {
    let mut attempt = attempt(0, MS(60_000));
    let (command, _) = run(
        &mut attempt,
        &[NOT_READY, NOT_READY, NOT_READY, Event::Picked, OK],
    );
    assert_eq!(command, Command::Done);
    assert_eq!((attempt.target_waits(), attempt.retries()), (3, 0));
}

#[test]
fn a_service_that_never_gets_ready_ends_with_the_batch_timeout() {
    let mut attempt = attempt(3, MS(5_000));
    let (command, now) = run(&mut attempt, &vec![NOT_READY; 100]);
    assert_eq!(command, Command::Fail(Failure::TimedOut));
    assert_eq!(now, MS(5_000));
}

#[test]
fn a_service_that_will_never_be_there_fails_at_once() {
    let mut attempt = attempt(3, MS(5_000));
    let (command, now) = run(&mut attempt, &[Event::NoTarget { retryable: false }]);
    assert_eq!(
        (command, now),
        (Command::Fail(Failure::NoTarget), Duration::ZERO)
    );
}

fn hurried(retries: u32, batch_timeout: Duration) -> Attempt {
    Attempt::new(
        AttemptLimits {
            retries,
            batch_timeout,
            try_timeout: Some(MS(30_000)),
            ..AttemptLimits::default()
        },
        42,
    )
}

#[test]
fn a_hanging_service_costs_one_try_timeout_per_try_and_never_more_than_the_batch_timeout() {
    let hang = [Event::Picked, Event::TimedOut];
    let mut patient = hurried(1, MS(3_600_000));
    let (command, now) = run(&mut patient, &hang.repeat(2));
    assert_eq!(command, Command::Fail(Failure::RetriesExhausted));
    assert!(now >= MS(60_125) && now <= MS(60_250), "{now:?}");

    let mut short = hurried(100, MS(45_000));
    let (command, now) = run(&mut short, &hang.repeat(101));
    assert_eq!(command, Command::Fail(Failure::TimedOut));
    assert_eq!(now, MS(45_000));
}

#[test]
fn a_batch_that_was_accepted_and_forgotten_is_sent_again() {
    for status in [404, 410] {
        let mut attempt = attempt(1, MS(60_000));
        let accepted = [Event::Picked, Event::Answered { status: 202 }];
        let forgotten = [Event::Answered { status }, Event::Picked];
        let done = [Event::Answered { status: 200 }];
        let (command, _) = run(&mut attempt, &[&accepted[..], &forgotten, &done].concat());
        assert_eq!(command, Command::Done);
        assert_eq!((attempt.sends(), attempt.retries()), (2, 1));
    }
}

#[test]
fn without_a_try_timeout_a_slow_service_has_all_the_time_of_the_batch() {
    let mut attempt = attempt(3, MS(3_600_000));
    attempt.step(Event::Started, MS(0));
    let command = attempt.step(Event::Picked, MS(10_000));
    assert_eq!(
        command,
        Command::Send {
            within: MS(3_590_000)
        }
    );
}

#[test]
fn a_service_that_says_when_to_come_again_is_left_alone_until_then() {
    let later = |status| Event::AnsweredLater {
        status,
        after: MS(7_000),
    };
    for status in [202, 429, 503] {
        let mut patient = attempt(3, MS(60_000));
        patient.step(Event::Started, MS(0));
        patient.step(Event::Picked, MS(0));
        assert_eq!(patient.step(later(status), MS(0)), Command::Wait(MS(7_000)));
        // Never past the end of the batch.
        let mut short = attempt(3, MS(5_000));
        short.step(Event::Started, MS(0));
        short.step(Event::Picked, MS(0));
        assert_eq!(
            short.step(later(status), MS(1_000)),
            Command::Wait(MS(4_000))
        );
    }
    // A status that is not repeated stays refused, and a result a result.
    let mut refused = attempt(3, MS(60_000));
    let command = refused.step(later(404), MS(0));
    assert_eq!(command, Command::Fail(Failure::Refused { status: 404 }));
    assert_eq!(
        attempt(3, MS(60_000)).step(later(200), MS(0)),
        Command::Done
    );
    // A service that asks for less than the usual delay gets the usual delay.
    let mut eager = attempt(3, MS(60_000));
    let soon = Event::AnsweredLater {
        status: 503,
        after: MS(0),
    };
    assert!(matches!(eager.step(soon, MS(0)), Command::Wait(delay) if delay >= MS(125)));
}

#[test]
fn an_answer_that_arrives_at_the_last_moment_counts() {
    let mut attempt = attempt(0, MS(1000));
    attempt.step(Event::Started, MS(0));
    attempt.step(Event::Picked, MS(0));
    assert_eq!(attempt.step(OK, MS(1001)), Command::Done);
}

#[test]
fn the_same_seed_makes_the_same_decisions() {
    let script = [
        Event::Picked,
        BUSY,
        NOT_READY,
        Event::Picked,
        ACCEPTED,
        ACCEPTED,
        OK,
    ];
    let mut one = attempt(3, MS(60_000));
    let mut two = attempt(3, MS(60_000));
    assert_eq!(run(&mut one, &script), run(&mut two, &script));
    assert_eq!(one, two);
}

/// Whatever happens, in whatever order, a batch ends, and within its limits.
#[test]
fn every_life_ends_within_its_limits() {
    for seed in 0..2_000_u64 {
        let limits = AttemptLimits {
            retries: u32::try_from(seed % 5).unwrap(),
            batch_timeout: MS(seed % 97 * 1000),
            ..AttemptLimits::default()
        };
        let mut attempt = Attempt::new(limits.clone(), seed);
        let (mut now, mut random) = (Duration::ZERO, seed);
        let mut command = attempt.step(Event::Started, now);
        let mut steps = 0;
        while !matches!(command, Command::Done | Command::Fail(_)) {
            random = mix(random);
            let event = match command {
                Command::Wait(delay) => {
                    now += delay;
                    Event::Waited
                }
                Command::Pick { within, .. } => {
                    now += within.min(MS(random % 300));
                    if random.is_multiple_of(3) {
                        NOT_READY
                    } else {
                        Event::Picked
                    }
                }
                Command::Send { within } | Command::Poll { within } => {
                    assert!(within <= limits.try_timeout.unwrap_or(limits.batch_timeout));
                    now += if random.is_multiple_of(7) {
                        within
                    } else {
                        within.min(MS(random % 900))
                    };
                    [BUSY, ACCEPTED, Event::Lost, Event::TimedOut]
                        [usize::try_from(random % 4).unwrap()]
                }
                Command::Done | Command::Fail(_) => unreachable!("the loop ended"),
            };
            assert!(now <= limits.batch_timeout, "seed {seed}: {now:?}");
            command = attempt.step(event, now);
            steps += 1;
            assert!(steps < 100_000, "seed {seed} does not end");
        }
        assert!(attempt.retries() <= limits.retries);
        assert!(attempt.sends() <= limits.retries + 1);
    }
}

#[test]
fn a_batch_that_is_held_back_waits_as_long_as_asked_and_uses_no_retry() {
    let mut attempt = attempt(0, MS(10_000));
    attempt.step(Event::Started, MS(0));
    let hold = |ms| Event::Held { at_least: MS(ms) };
    assert_eq!(attempt.step(hold(700), MS(0)), Command::Wait(MS(700)));
    let Command::Wait(delay) = attempt.step(hold(0), MS(700)) else {
        panic!("no wait")
    };
    assert!(
        delay >= MS(10),
        "asking again and again is no waiting: {delay:?}"
    );
    assert!(!attempt.keeps_target());
    assert_eq!((attempt.retries(), attempt.holds()), (0, 2));
    assert_eq!(attempt.step(hold(5000), MS(9000)), Command::Wait(MS(1000)));
    let timed_out = Command::Fail(Failure::TimedOut);
    assert_eq!(attempt.step(hold(5000), MS(10_000)), timed_out);
}

#[test]
fn an_open_circuit_and_a_spent_budget_end_a_batch() {
    for (event, failure) in [
        (Event::CircuitOpen, Failure::CircuitOpen),
        (Event::BudgetSpent, Failure::BudgetSpent),
    ] {
        let command = attempt(3, MS(1000)).step(event, MS(0));
        assert_eq!(command, Command::Fail(failure));
    }
}

#[test]
fn a_part_is_not_repeated_for_what_its_rows_may_have_done() {
    let divisible = || {
        Attempt::new(
            AttemptLimits {
                divisible: true,
                ..AttemptLimits::default()
            },
            1,
        )
    };
    for status in [500, 501, 502, 504, 599] {
        let command = divisible().step(Event::Answered { status }, MS(0));
        assert_eq!(command, Command::Fail(Failure::Refused { status }));
    }
    for event in [
        BUSY,
        Event::Answered { status: 429 },
        Event::Lost,
        Event::TimedOut,
    ] {
        let command = divisible().step(event, MS(0));
        assert!(matches!(command, Command::Wait(_)), "{event:?}");
    }
}
