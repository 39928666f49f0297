//! A router that is stopped anywhere, among queues that misbehave: no event is lost.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use floe_notify::clock::{Clock, ManualClock};
use floe_notify::memory::{Faults, MemoryQueue, Random};
use floe_notify::router::{EventSink, Router, Routes, Unmatched};
use floe_notify::{
    BoxFuture, Delivery, EventQueue, Message, QueueError, QueueId, QueueProperties, Receipt, decode,
};
use proptest::prelude::*;
use serde_json::json;

/// A process that ends at its n-th call: before the call is made, or after it and before the
/// answer.
#[derive(Debug)]
struct Life {
    calls_left: AtomicU32,
    ends_after_call: bool,
}

impl Life {
    async fn live<T>(&self, call: impl Future<Output = T>) -> T {
        let left = self.calls_left.load(Ordering::Relaxed);
        if left == 0 && !self.ends_after_call {
            return pending().await;
        }
        self.calls_left
            .store(left.saturating_sub(1), Ordering::Relaxed);
        let answer = call.await;
        if left == 0 {
            return pending().await;
        }
        answer
    }
}

/// A queue as a process sees it that may end.
#[derive(Debug, Clone)]
struct Mortal {
    queue: MemoryQueue,
    life: Arc<Life>,
}

impl EventSink for Mortal {
    fn send_all<'a>(
        &'a self,
        clock: &'a dyn Clock,
        messages: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.life.live(self.queue.send_all(clock, messages)))
    }
}

impl EventQueue for Mortal {
    fn id(&self) -> &QueueId {
        self.queue.id()
    }

    fn properties(&self) -> QueueProperties {
        self.queue.properties()
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        Box::pin(self.life.live(self.queue.receive(clock, max, wait)))
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.life.live(self.queue.acknowledge(batch)))
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        self.queue.extend(clock, delivery, time)
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        self.queue.release(batch)
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        self.queue.approximate_size()
    }
}

const NAMES: [&str; 3] = ["a", "ab", "dead"];
/// Turns until all must be done: far more than faults of a bad day can take.
const MAX_TURNS: u32 = 2_000;

fn body(keys: &[String]) -> String {
    let records = keys.iter().map(|key| {
        json!({"eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": key}}})
    });
    json!({"Records": records.collect::<Vec<_>>()}).to_string()
}

fn queue(faults: Faults, seed: u64) -> MemoryQueue {
    let properties = QueueProperties::new(Duration::from_secs(30), 10);
    let id = QueueId::new(format!("q{seed}")).unwrap();
    MemoryQueue::with_faults(id, properties, faults, Random::new(seed))
}

/// Runs lives that end one after another at these calls, then one that does not end.
fn run(
    clock: &ManualClock,
    source: &MemoryQueue,
    sinks: &BTreeMap<&str, MemoryQueue>,
    ends: &[(u32, bool)],
) {
    let forever = [(u32::MAX, false)];
    for (calls, ends_after_call) in ends.iter().chain(&forever) {
        let life = Arc::new(Life {
            calls_left: AtomicU32::new(*calls),
            ends_after_call: *ends_after_call,
        });
        let mortal = |queue: &MemoryQueue| Mortal {
            queue: queue.clone(),
            life: Arc::clone(&life),
        };
        let unmatched = Unmatched::To("dead".to_owned());
        let routes = Routes::new([("a/", "a"), ("a/b/", "ab")], unmatched).unwrap();
        let sinks = sinks.iter().map(|(name, queue)| {
            let sink: Arc<dyn EventSink> = Arc::new(mortal(queue));
            ((*name).to_owned(), sink)
        });
        let router = Router::new(routes, sinks).unwrap();
        let from = mortal(source);
        for _ in 0..MAX_TURNS {
            let turn = router.turn(clock, &from, 10, Duration::from_secs(1));
            // None: the process has ended in the midst of it.
            let Some(_) = clock.run(turn) else { break };
            let left = clock.run(source.approximate_size()).unwrap();
            if matches!(left, Ok(Some(0))) {
                break;
            }
        }
    }
}

/// The keys in a queue, of all its messages.
fn keys_in(clock: &ManualClock, queue: &MemoryQueue) -> Vec<String> {
    queue.set_faults(Faults::default());
    // What somebody may hold is visible by then, and what was late has come.
    clock.advance(Duration::from_secs(3_600));
    let mut keys = Vec::new();
    loop {
        let deliveries = clock
            .run(queue.receive(clock, 10, Duration::ZERO))
            .unwrap()
            .unwrap();
        if deliveries.is_empty() {
            return keys;
        }
        for delivery in &deliveries {
            let decoded = decode(None, delivery.message().body());
            let events = decoded.events.iter().filter_map(|event| event.key.as_ref());
            keys.extend(events.map(ToString::to_string));
        }
        let receipts: Vec<_> = deliveries.iter().map(|one| one.receipt().clone()).collect();
        clock.run(queue.acknowledge(&receipts)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_event_is_lost_wherever_the_router_ends_and_however_queues_misbehave(
        messages in prop::collection::vec(
            prop::collection::vec("(a/|a/b/|c/)[0-9]{3}", 1..4),
            1..12,
        ),
        ends in prop::collection::vec((0_u32..12, any::<bool>()), 0..6),
        misbehave in any::<bool>(),
        seed in 0_u64..1_000_000,
    ) {
        let clock = ManualClock::default();
        let faults = if misbehave { Faults::cloud() } else { Faults::default() };
        let source = queue(faults, seed);
        let sinks: BTreeMap<&str, MemoryQueue> = (1..)
            .zip(NAMES)
            .map(|(n, name)| (name, queue(faults, seed + n)))
            .collect();
        for message in &messages {
            source.send(&clock, Message::new(body(message)));
        }
        run(&clock, &source, &sinks, &ends);
        prop_assert!(keys_in(&clock, &source).is_empty(), "all is done in the end");
        let found: BTreeMap<&str, Vec<String>> =
            sinks.iter().map(|(name, queue)| (*name, keys_in(&clock, queue))).collect();
        for key in messages.iter().flatten() {
            let name = match key {
                _ if key.starts_with("a/b/") => "ab",
                _ if key.starts_with("a/") => "a",
                _ => "dead",
            };
            prop_assert!(found[name].contains(key), "{key} is not in {name}: {found:?}");
        }
        for (name, prefix) in [("ab", "a/b/"), ("a", "a/")] {
            prop_assert!(found[name].iter().all(|key| key.starts_with(prefix)));
        }
        prop_assert!(found["a"].iter().all(|key| !key.starts_with("a/b/")));
        if !misbehave && ends.is_empty() {
            let routed = found["a"].len() + found["ab"].len();
            let wanted = messages.iter().flatten().filter(|key| !key.starts_with('c')).count();
            prop_assert_eq!(routed, wanted, "without failures nothing comes twice");
        }
    }
}
