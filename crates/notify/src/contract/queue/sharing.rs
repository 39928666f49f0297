//! Two consumers of one queue, one of them killed half-way.

use std::collections::BTreeSet;

use super::{Bench, Delivery, WAIT, receipts, receive, text};
use crate::EventQueue;
use crate::clock::Clock;
use crate::contract::QueueFactory;
use crate::contract::future::{join, poll_times};

/// Two consumers that work at the same time get every message, each held by one of them.
pub async fn two_consumers_share_a_queue(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    let sent = bench.send_many(40).await;
    let by_both = join(
        bench.drain(bench.consumer.as_ref()),
        bench.drain(other.as_ref()),
    );
    let (by_one, by_other) = by_both.await;
    let all: BTreeSet<String> = by_one.keys().chain(by_other.keys()).cloned().collect();
    assert_eq!(all, sent, "together they got every message");
    let twice: Vec<&String> = by_one
        .keys()
        .filter(|b| by_other.contains_key(*b))
        .collect();
    assert!(
        twice.is_empty(),
        "within their deadlines messages have one holder, but both got {twice:?}"
    );
}

/// A consumer disappears with messages in its hands and a receive under way; the other gets all
/// that was not acknowledged, and nothing that was.
pub async fn a_consumer_that_is_killed_half_way_loses_nothing(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let sent = bench.send_many(40).await;
    let victim = bench.queue.consumer().await;
    let (done, held) = work_half_way(&bench, victim.as_ref()).await;
    poll_times(victim.receive(clock, 5, WAIT), 1).await;
    drop(victim);

    let survivor = bench.queue.consumer().await;
    let came = bench.drain(survivor.as_ref()).await;
    let came: BTreeSet<String> = came.into_keys().collect();
    let expected: BTreeSet<String> = sent.difference(&done).cloned().collect();
    assert_eq!(
        came, expected,
        "all that was not acknowledged, and only that"
    );
    assert!(held.is_subset(&came), "what the dead one held came again");
    let again = receive(survivor.as_ref(), clock, 10, WAIT).await;
    assert!(again.is_empty(), "all is done: {again:?}");
}

/// Takes half of the messages, acknowledges every second of those, and holds the rest.
async fn work_half_way(
    bench: &Bench<'_>,
    consumer: &dyn EventQueue,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut done, mut held) = (BTreeSet::new(), BTreeSet::new());
    while done.len() + held.len() < 20 {
        let deliveries = bench.receive_some(consumer, 6).await;
        let mut numbers = 0_usize..;
        let (mine, rest): (Vec<Delivery>, Vec<Delivery>) = deliveries
            .into_iter()
            .partition(|_| numbers.next().is_some_and(|number| number % 2 == 0));
        super::acknowledge(consumer, &receipts(&mine)).await;
        done.extend(mine.iter().map(text));
        held.extend(rest.iter().map(text));
        // Where time-outs are short, what was held before may have come again by now.
        held.retain(|body| !done.contains(body));
    }
    (done, held)
}
