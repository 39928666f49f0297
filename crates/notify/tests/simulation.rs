//! Consumers over a queue that misbehaves as clouds do: nothing is lost, and runs can be repeated.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use floe_notify::clock::{Clock, ManualClock};
use floe_notify::memory::{FaultCounts, Faults, MemoryQueue, Random};
use floe_notify::{Delivery, EventQueue, Message, QueueId, QueueProperties};
use proptest::prelude::*;

const VISIBILITY: Duration = Duration::from_secs(30);
/// Steps after which every fault-ridden run has ended, with a wide margin.
const MAX_STEPS: usize = 20_000;

struct Run {
    /// One line a step: two runs are the same when these are.
    trace: Vec<String>,
    durable: BTreeSet<String>,
    counts: FaultCounts,
    is_empty: bool,
}

/// Two consumers that receive, extend, release, acknowledge and die at random.
fn run(seed: u64, faults: Faults, messages: usize) -> Run {
    let clock = ManualClock::default();
    let properties = QueueProperties::new(VISIBILITY, 10);
    let id = QueueId::new("simulated").unwrap();
    let queue = MemoryQueue::with_faults(id, properties, faults, Random::new(seed));
    let mut random = Random::new(seed ^ 0xFFFF);
    let mut held: [Vec<Delivery>; 2] = [Vec::new(), Vec::new()];
    let mut run = Run {
        trace: Vec::new(),
        durable: BTreeSet::new(),
        counts: FaultCounts::default(),
        is_empty: false,
    };
    let mut sent = 0;
    for step in 0..MAX_STEPS {
        if sent < messages && random.hits(500) {
            queue.send(&clock, Message::new(format!("file {sent}")));
            sent += 1;
        }
        if step == MAX_STEPS / 2 {
            // The bad day ends: now everything has to come to its end.
            queue.set_faults(Faults::default());
        }
        let consumer = usize::try_from(random.below(2)).unwrap();
        let line = clock.run(act(
            &queue,
            &clock,
            &mut random,
            &mut held[consumer],
            &mut run,
        ));
        run.trace.push(line.unwrap());
        clock.advance(Duration::from_millis(random.below(4_000)));
        let size = clock.run(queue.approximate_size()).unwrap();
        if step > MAX_STEPS / 2 && sent == messages && matches!(size, Ok(Some(0))) {
            run.is_empty = true;
            break;
        }
    }
    run.counts = queue.fault_counts();
    run
}

async fn act(
    queue: &MemoryQueue,
    clock: &ManualClock,
    random: &mut Random,
    held: &mut Vec<Delivery>,
    run: &mut Run,
) -> String {
    let receipts: Vec<_> = held.iter().map(|one| one.receipt().clone()).collect();
    match random.below(10) {
        0 => {
            // It dies: nobody is told.
            held.clear();
            "die".to_owned()
        }
        1 => {
            held.clear();
            format!("release {:?}", queue.release(&receipts).await.len())
        }
        2 => {
            let mut extended = 0;
            for delivery in held.iter_mut() {
                let result = queue.extend(clock, delivery, VISIBILITY).await;
                extended += usize::from(result.is_ok());
            }
            format!("extend {extended}")
        }
        3..=5 => {
            run.durable.extend(held.drain(..).map(|one| body(&one)));
            let results = queue.acknowledge(&receipts).await;
            format!(
                "acknowledge {}",
                results.iter().filter(|one| one.is_ok()).count()
            )
        }
        _ => match queue.receive(clock, 5, Duration::from_secs(2)).await {
            Ok(deliveries) => {
                for delivery in &deliveries {
                    assert!(delivery.deadline() >= clock.now(), "it is held for a while");
                    assert!(delivery.receive_count() >= Some(1), "it counts from one");
                }
                let bodies: Vec<String> = deliveries.iter().map(body).collect();
                held.extend(deliveries);
                format!("receive {bodies:?}")
            }
            Err(error) => error.to_string(),
        },
    }
}

fn body(delivery: &Delivery) -> String {
    String::from_utf8(delivery.message().body().to_vec()).unwrap()
}

fn all(messages: usize) -> BTreeSet<String> {
    (0..messages).map(|n| format!("file {n}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_cloud_does_every_message_becomes_durable(seed: u64, messages in 1_usize..60) {
        let run = run(seed, Faults::cloud(), messages);
        prop_assert!(run.is_empty, "the queue is empty at the end");
        prop_assert_eq!(run.durable, all(messages));
    }

    #[test]
    fn only_what_was_lost_is_missing(seed: u64, messages in 1_usize..60) {
        let faults = Faults { lost: 200, ..Faults::cloud() };
        let run = run(seed, faults, messages);
        let missing = messages - run.durable.len();
        prop_assert_eq!(u64::try_from(missing).unwrap(), run.counts.lost);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let faults = Faults {
        lost: 50,
        ..Faults::cloud()
    };
    let (one, two, other) = (
        run(5, faults, 200),
        run(5, faults, 200),
        run(6, faults, 200),
    );
    assert_eq!(one.trace, two.trace);
    assert_ne!(one.trace, other.trace);
}

#[test]
fn every_fault_happens_when_it_is_asked_for() {
    let faults = Faults {
        lost: 50,
        ..Faults::cloud()
    };
    let counts = run(5, faults, 400).counts;
    for (name, count) in [
        ("lost", counts.lost),
        ("duplicated", counts.duplicated),
        ("reordered", counts.reordered),
        ("handed out twice", counts.handed_out_twice),
        ("forgotten", counts.forgotten),
        ("failed", counts.failed),
    ] {
        assert!(count > 0, "never {name}: {counts:?}");
    }
}

#[test]
fn what_is_older_than_the_retention_is_gone() {
    let clock = ManualClock::default();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let properties = QueueProperties::new(VISIBILITY, 10).with_retention(days(4));
    let queue = MemoryQueue::new(QueueId::new("q").unwrap(), properties);
    queue.send(&clock, Message::new("old"));
    clock.advance(days(3));
    queue.send(&clock, Message::new("new"));
    clock.advance(days(1));
    let received = clock
        .run(queue.receive(&clock, 10, Duration::ZERO))
        .unwrap()
        .unwrap();
    let bodies: Vec<String> = received.iter().map(body).collect();
    assert_eq!(bodies, ["new"]);
    assert_eq!(queue.fault_counts().expired, 1);
}
