//! Holding messages for longer, and giving them back.

use super::{Bench, SLACK, WAIT, acknowledge, is_gone_or_ok, receipts, text};
use crate::clock::Clock;
use crate::contract::QueueFactory;
use crate::contract::future::join;
use crate::{Delivery, QueueError};

/// After an extension the message stays hidden beyond its first deadline; its receipt is good.
pub async fn an_extended_message_stays_hidden(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    bench.send("longer").await;
    let mut delivery = bench.receive_one(bench.consumer.as_ref()).await;
    let first = delivery.deadline();
    bench.pass(bench.visibility() / 4).await;
    let time = bench.visibility() * 2;
    let before = clock.now();
    let extended = bench.consumer.extend(clock, &mut delivery, time).await;
    assert!(extended.is_ok(), "a held message is extended: {extended:?}");
    assert!(
        delivery.deadline() > first && delivery.deadline() <= clock.now().after(time),
        "the deadline moved, to at most what was asked: {} after {first}, asked at {before}",
        delivery.deadline()
    );
    let most = delivery.remaining(clock.now()) * 3 / 4;
    bench
        .nothing_comes(other.as_ref(), most, "it is extended")
        .await;
    acknowledge(bench.consumer.as_ref(), &[delivery.receipt().clone()]).await;
    bench
        .nothing_comes(other.as_ref(), time + SLACK, "it is acknowledged")
        .await;
}

/// Extending at half of the time, again and again, holds a message for many time-outs.
pub async fn a_heartbeat_holds_a_message_for_long(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    bench.send("slow work").await;
    let mut delivery = bench.receive_one(bench.consumer.as_ref()).await;
    for _ in 0..6 {
        let half = delivery.remaining(clock.now()) / 2;
        bench
            .nothing_comes(other.as_ref(), half, "a heartbeat holds it")
            .await;
        let time = bench.visibility();
        let extended = bench.consumer.extend(clock, &mut delivery, time).await;
        assert!(extended.is_ok(), "a held message is extended: {extended:?}");
    }
    acknowledge(bench.consumer.as_ref(), &[delivery.receipt().clone()]).await;
}

/// An extension that comes too late says so, and takes nothing from who has the message now.
pub async fn what_others_hold_cannot_be_extended(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.send("contested").await;
    let mut old = bench.receive_one(bench.consumer.as_ref()).await;
    bench.pass_visibility().await;
    let other = bench.queue.consumer().await;
    let new = bench.receive_one(other.as_ref()).await;
    let before = old.clone();
    let extended = bench
        .consumer
        .extend(clock, &mut old, bench.visibility())
        .await;
    if let Err(error) = &extended {
        assert!(error.is_gone(), "the reason is that it is gone: {error:?}");
        assert_eq!(old, before, "after an error the delivery is as it was");
    }
    assert!(
        extended.is_err() || !bench.queue.refuses_old_receipts(),
        "an old receipt extends nothing"
    );
    let done = other.acknowledge(&[new.receipt().clone()]).await;
    assert!(
        matches!(done[..], [Ok(())]),
        "the newer receipt is good: {done:?}"
    );
    let mut new = new;
    let time = bench.visibility();
    let extended = other.extend(clock, &mut new, time).await;
    let gone = extended.as_ref().err().is_none_or(QueueError::is_gone);
    assert!(gone, "what is acknowledged is gone: {extended:?}");
    bench
        .nothing_comes(other.as_ref(), time + SLACK, "it is done")
        .await;
}

/// A released message need not wait for its deadline; it was handed out all the same.
pub async fn a_released_message_is_visible_at_once(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    let sent = bench.send_many(12).await;
    let mut held = Vec::new();
    while held.len() < sent.len() {
        held.extend(bench.receive_some(bench.consumer.as_ref(), 10).await);
    }
    let earliest = held
        .iter()
        .map(Delivery::deadline)
        .min()
        .unwrap_or_default();
    let results = bench.consumer.release(&receipts(&held)).await;
    assert_eq!(results.len(), held.len(), "each receipt has a result");
    assert!(
        results.iter().all(Result::is_ok),
        "all are held: {results:?}"
    );
    let delivery = bench.receive_one(other.as_ref()).await;
    assert!(
        clock.now() < earliest,
        "it is visible before its old deadline"
    );
    assert!(
        delivery.receive_count().is_none_or(|count| count == 2),
        "the count stays: {delivery:?}"
    );
    let late = bench.consumer.acknowledge(&receipts(&held)).await;
    let is_fine = |one: &Result<(), QueueError>| is_gone_or_ok(Some(one));
    assert!(
        late.iter().all(is_fine),
        "old receipts are gone or ok: {late:?}"
    );
}

/// A receive that waits gets what another consumer gives back.
pub async fn a_release_ends_the_waiting_of_others(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    bench.send("handed on").await;
    let held = bench.receive_one(bench.consumer.as_ref()).await;
    let release_later = async {
        bench.pass(WAIT / 8).await;
        bench.consumer.release(&[held.receipt().clone()]).await
    };
    let receiving = bench.receive_some(other.as_ref(), 1);
    let (deliveries, released) = join(receiving, release_later).await;
    assert!(
        matches!(released[..], [Ok(())]),
        "it was held: {released:?}"
    );
    assert!(clock.now() < held.deadline(), "sooner than by its deadline");
    assert_eq!(text(&deliveries[0]), "handed on");
}
