//! Acknowledging messages, in time and too late.

use super::{Bench, SLACK, acknowledge, is_gone_or_ok, receipts};
use crate::clock::Clock;
use crate::contract::QueueFactory;
use crate::{Delivery, QueueError};

/// Acknowledged is done: nothing comes, however long one waits.
pub async fn an_acknowledged_message_never_comes_again(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    bench.send("done").await;
    let deliveries = bench.receive_some(bench.consumer.as_ref(), 10).await;
    acknowledge(bench.consumer.as_ref(), &receipts(&deliveries)).await;
    let long = bench.visibility() * 2 + SLACK;
    bench
        .nothing_comes(other.as_ref(), long, "it is acknowledged")
        .await;
}

/// The consumer does not have to know how many receipts one request can carry.
pub async fn a_batch_of_any_length_is_acknowledged(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let sent = bench.send_many(35).await;
    let mut deliveries: Vec<Delivery> = Vec::new();
    while deliveries.len() < sent.len() {
        deliveries.extend(bench.receive_some(bench.consumer.as_ref(), 10).await);
    }
    acknowledge(bench.consumer.as_ref(), &receipts(&deliveries)).await;
    let long = bench.visibility() + SLACK;
    bench
        .nothing_comes(bench.consumer.as_ref(), long, "all are acknowledged")
        .await;
}

/// Each receipt has its own result, in order; a bad one in the middle changes nothing for others.
pub async fn one_bad_receipt_spoils_no_batch(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.send("before").await;
    let done = bench.receive_one(bench.consumer.as_ref()).await;
    acknowledge(bench.consumer.as_ref(), &[done.receipt().clone()]).await;
    bench.send_many(4).await;
    let mut batch = Vec::new();
    while batch.len() < 4 {
        let delivery = bench.receive_one(bench.consumer.as_ref()).await;
        batch.push(delivery.receipt().clone());
    }
    batch.insert(2, done.receipt().clone());
    let results = bench.consumer.acknowledge(&batch).await;
    assert_eq!(results.len(), batch.len(), "each receipt has a result");
    for (index, result) in results.iter().enumerate().filter(|(index, _)| *index != 2) {
        assert!(result.is_ok(), "receipt {index} is good, but: {result:?}");
    }
    assert!(
        is_gone_or_ok(results.get(2)),
        "a receipt that is done is gone or ok, never another error: {results:?}"
    );
    let long = bench.visibility() + SLACK;
    bench
        .nothing_comes(bench.consumer.as_ref(), long, "all are acknowledged")
        .await;
}

/// The second acknowledgement of the same receipt is ok, or says that the receipt is gone.
pub async fn acknowledging_twice_does_no_harm(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.send("once").await;
    let delivery = bench.receive_one(bench.consumer.as_ref()).await;
    let batch = [delivery.receipt().clone()];
    acknowledge(bench.consumer.as_ref(), &batch).await;
    let again = bench.consumer.acknowledge(&batch).await;
    assert!(is_gone_or_ok(again.first()), "it is done: {again:?}");
    let released = bench.consumer.release(&batch).await;
    assert!(is_gone_or_ok(released.first()), "it is done: {released:?}");
    bench
        .nothing_comes(bench.consumer.as_ref(), SLACK, "a release revives nothing")
        .await;
}

/// Past the deadline an acknowledgement works, or the message comes again: one of the two.
pub async fn a_late_acknowledgement_loses_nothing(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.send("late").await;
    let delivery = bench.receive_one(bench.consumer.as_ref()).await;
    bench.pass_visibility().await;
    let results = bench
        .consumer
        .acknowledge(&[delivery.receipt().clone()])
        .await;
    let left = bench.drain(bench.consumer.as_ref()).await;
    match results.first() {
        Some(Ok(())) if bench.queue.keeps_late_acknowledgements() => {
            assert!(
                left.is_empty(),
                "Ok means done, but it came again: {left:?}"
            );
        }
        Some(Ok(())) => {}
        other => assert_eq!(left.len(), 1, "refused ({other:?}), so it comes again"),
    }
}

/// After a redelivery the older receipt cannot extend, release or take away what the newer holds.
pub async fn an_old_receipt_does_not_take_from_the_new_holder(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.send("mine").await;
    let old = bench.receive_one(bench.consumer.as_ref()).await;
    bench.pass_visibility().await;
    let other = bench.queue.consumer().await;
    let new = bench.receive_one(other.as_ref()).await;
    let old_receipt = [old.receipt().clone()];
    let released = bench.consumer.release(&old_receipt).await;
    let acknowledged = bench.consumer.acknowledge(&old_receipt).await;
    for results in [&released, &acknowledged] {
        let refused = results
            .iter()
            .all(|one| one.as_ref().is_err_and(QueueError::is_gone));
        assert!(
            refused || !bench.queue.refuses_old_receipts(),
            "an old receipt is refused as gone: {results:?}"
        );
    }
    let half = new.remaining(clock.now()) / 2;
    bench
        .nothing_comes(bench.consumer.as_ref(), half, "the newer receipt holds it")
        .await;
    let done = other.acknowledge(&[new.receipt().clone()]).await;
    assert!(
        is_gone_or_ok(done.first()),
        "the newer receipt is good: {done:?}"
    );
    if bench.queue.refuses_old_receipts() {
        assert!(
            matches!(done[..], [Ok(())]),
            "the newer one is good: {done:?}"
        );
    }
    bench
        .nothing_comes(other.as_ref(), bench.visibility() + SLACK, "it is done")
        .await;
}
