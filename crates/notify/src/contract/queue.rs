//! The cases of the contract of queues, one promise each.
//!
//! Every function panics when the queue breaks the promise that its name states.
//!
//! ```
//! use floe_notify::{clock::ManualClock, contract::{MemoryFactory, queue}};
//! let clock = ManualClock::default();
//! let case = queue::a_released_message_is_visible_at_once(&MemoryFactory, &clock);
//! assert_eq!(clock.run(case), Some(()));
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::future::{join, poll_times};
use super::{QueueBench, QueueFactory};
use crate::clock::Clock;
use crate::{BoxFuture, Delivery, EventQueue, Message, QueueError, Receipt};

mod done;
mod holding;
mod sharing;

pub use done::*;
pub use holding::*;
pub use sharing::*;

/// How long a receive of the suite waits.
const WAIT: Duration = Duration::from_secs(1);

/// How much later than on time something may happen on a loaded machine.
const SLACK: Duration = Duration::from_millis(500);

/// Runs every case of the contract of queues, one after another; see the [module](super).
///
/// # Panics
/// When the queue breaks a promise.
pub async fn queue_contract(factory: &dyn QueueFactory, clock: &dyn Clock) {
    for case in queue_cases(factory, clock) {
        case.await;
    }
}

/// Returns every case of the contract of queues, for who runs them side by side, because the
/// time-outs of a queue are long.
///
/// ```
/// use floe_notify::{clock::ManualClock, contract::{MemoryFactory, queue::queue_cases}};
/// let clock = ManualClock::default();
/// let cases = queue_cases(&MemoryFactory, &clock);
/// assert!(cases.len() > 20);
/// ```
#[must_use]
pub fn queue_cases<'a>(
    factory: &'a dyn QueueFactory,
    clock: &'a dyn Clock,
) -> Vec<BoxFuture<'a, ()>> {
    vec![
        Box::pin(a_message_arrives_as_it_was_sent(factory, clock)),
        Box::pin(the_first_deadline_is_one_visibility_away(factory, clock)),
        Box::pin(an_empty_queue_answers_in_time(factory, clock)),
        Box::pin(a_receive_takes_no_more_than_asked(factory, clock)),
        Box::pin(a_message_ends_the_waiting(factory, clock)),
        Box::pin(what_was_received_is_hidden_until_its_deadline(
            factory, clock,
        )),
        Box::pin(what_is_not_acknowledged_comes_again_and_is_counted(
            factory, clock,
        )),
        Box::pin(an_acknowledged_message_never_comes_again(factory, clock)),
        Box::pin(a_batch_of_any_length_is_acknowledged(factory, clock)),
        Box::pin(one_bad_receipt_spoils_no_batch(factory, clock)),
        Box::pin(acknowledging_twice_does_no_harm(factory, clock)),
        Box::pin(a_late_acknowledgement_loses_nothing(factory, clock)),
        Box::pin(an_old_receipt_does_not_take_from_the_new_holder(
            factory, clock,
        )),
        Box::pin(an_extended_message_stays_hidden(factory, clock)),
        Box::pin(a_heartbeat_holds_a_message_for_long(factory, clock)),
        Box::pin(what_others_hold_cannot_be_extended(factory, clock)),
        Box::pin(a_released_message_is_visible_at_once(factory, clock)),
        Box::pin(a_release_ends_the_waiting_of_others(factory, clock)),
        Box::pin(a_dropped_receive_loses_nothing(factory, clock)),
        Box::pin(the_size_follows_what_is_not_acknowledged(factory, clock)),
        Box::pin(two_consumers_share_a_queue(factory, clock)),
        Box::pin(a_consumer_that_is_killed_half_way_loses_nothing(
            factory, clock,
        )),
    ]
}

/// A queue under test, with one consumer.
struct Bench<'a> {
    clock: &'a dyn Clock,
    queue: Box<dyn QueueBench>,
    consumer: Arc<dyn EventQueue>,
}

impl<'a> Bench<'a> {
    async fn new(factory: &dyn QueueFactory, clock: &'a dyn Clock) -> Self {
        let queue = factory.queue().await;
        let consumer = queue.consumer().await;
        Self {
            clock,
            queue,
            consumer,
        }
    }

    async fn send(&self, body: &str) {
        self.queue.send(self.clock, Message::new(body)).await;
    }

    async fn send_many(&self, count: usize) -> BTreeSet<String> {
        let bodies: BTreeSet<String> = (0..count).map(|n| format!("message {n}")).collect();
        for body in &bodies {
            self.send(body).await;
        }
        bodies
    }

    fn visibility(&self) -> Duration {
        self.consumer.properties().visibility()
    }

    async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// Lets everything that is handed out now become visible again.
    async fn pass_visibility(&self) {
        self.pass(self.visibility() + SLACK).await;
    }

    /// Receives until there is something.
    async fn receive_some(&self, consumer: &dyn EventQueue, max: usize) -> Vec<Delivery> {
        let end = self.clock.now().after(self.queue.patience());
        loop {
            let deliveries = receive(consumer, self.clock, max, WAIT).await;
            if !deliveries.is_empty() {
                return deliveries;
            }
            assert!(self.clock.now() < end, "no message has come");
        }
    }

    async fn receive_one(&self, consumer: &dyn EventQueue) -> Delivery {
        self.receive_some(consumer, 1).await.swap_remove(0)
    }

    /// Receives and acknowledges until nothing has come for a whole visibility time-out.
    async fn drain(&self, consumer: &dyn EventQueue) -> BTreeMap<String, usize> {
        let mut bodies = BTreeMap::new();
        let mut quiet_since = self.clock.now();
        while self.clock.now().since(quiet_since) < self.visibility() + SLACK {
            let deliveries = receive(consumer, self.clock, 10, WAIT).await;
            if !deliveries.is_empty() {
                quiet_since = self.clock.now();
            }
            for delivery in &deliveries {
                *bodies.entry(text(delivery)).or_default() += 1;
            }
            acknowledge(consumer, &receipts(&deliveries)).await;
        }
        bodies
    }

    async fn nothing_comes(&self, consumer: &dyn EventQueue, time: Duration, why: &str) {
        let end = self.clock.now().after(time);
        while self.clock.now() < end {
            let wait = WAIT.min(end.since(self.clock.now()));
            let deliveries = receive(consumer, self.clock, 10, wait).await;
            assert!(deliveries.is_empty(), "{why}, but: {deliveries:?}");
        }
    }
}

async fn receive(
    consumer: &dyn EventQueue,
    clock: &dyn Clock,
    max: usize,
    wait: Duration,
) -> Vec<Delivery> {
    let received = consumer.receive(clock, max, wait).await;
    assert!(received.is_ok(), "messages can be received: {received:?}");
    let received = received.unwrap_or_default();
    let count = received.len();
    assert!(count <= max, "{max} were asked for, and {count} came");
    received
}

async fn acknowledge(consumer: &dyn EventQueue, receipts: &[Receipt]) {
    let results = consumer.acknowledge(receipts).await;
    assert_eq!(results.len(), receipts.len(), "each receipt has a result");
    let all_ok = results.iter().all(Result::is_ok);
    assert!(all_ok, "valid receipts are acknowledged: {results:?}");
}

fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    let receipts = deliveries.iter().map(|delivery| delivery.receipt().clone());
    receipts.collect()
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(delivery.message().body()).into_owned()
}

fn is_gone_or_ok(result: Option<&Result<(), QueueError>>) -> bool {
    result.is_some_and(|result| result.as_ref().err().is_none_or(QueueError::is_gone))
}

/// Body and attributes arrive as they were sent, line breaks and letters of all kinds included.
pub async fn a_message_arrives_as_it_was_sent(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let body = "{\"key\": \"größe/файл 文件 \u{1F9CA}.csv\",\n\t\"quote\": \"\\\"\"}";
    let message = Message::new(body).with_attribute("eventType", "OBJECT_FINALIZE");
    bench.queue.send(clock, message.clone()).await;
    let long = "x".repeat(40_000);
    bench.send(&long).await;
    let mut bodies = BTreeMap::new();
    while bodies.len() < 2 {
        let delivery = bench.receive_one(bench.consumer.as_ref()).await;
        assert!(
            delivery.receive_count().is_none_or(|count| count == 1),
            "the first delivery counts as one: {delivery:?}"
        );
        if text(&delivery) == body && bench.queue.has_attributes() {
            assert_eq!(delivery.message(), &message, "attributes arrive, too");
        }
        bodies.insert(text(&delivery), delivery);
    }
    assert!(bodies.contains_key(body), "the body is as it was sent");
    assert!(bodies.contains_key(&long), "a long body is whole");
}

/// The time-out that a consumer asked for holds from its first receive on.
pub async fn the_first_deadline_is_one_visibility_away(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.send("first").await;
    let asked = clock.now();
    let delivery = bench.receive_one(bench.consumer.as_ref()).await;
    let earliest = asked.after(bench.visibility());
    let latest = clock.now().after(bench.visibility());
    let deadline = delivery.deadline();
    assert!(
        (earliest..=latest).contains(&deadline),
        "the deadline lies one visibility time-out after the receive: {deadline}, expected \
         {earliest} to {latest}"
    );
}

/// No messages is an answer, at the end of the waiting at the latest.
pub async fn an_empty_queue_answers_in_time(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let asked = clock.now();
    let deliveries = receive(bench.consumer.as_ref(), clock, 10, WAIT).await;
    assert!(deliveries.is_empty(), "there was nothing: {deliveries:?}");
    let waited = clock.now().since(asked);
    assert!(waited <= bench.queue.patience(), "waited for {waited:?}");
    assert!(
        bench.consumer.acknowledge(&[]).await.is_empty()
            && bench.consumer.release(&[]).await.is_empty(),
        "empty batches are fine"
    );
}

/// `max` is kept, 0 included, and so is what the queue says of its largest receive.
pub async fn a_receive_takes_no_more_than_asked(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    bench.send_many(12).await;
    let none = receive(bench.consumer.as_ref(), clock, 0, WAIT).await;
    assert!(none.is_empty(), "none were asked for: {none:?}");
    let some = bench.receive_some(bench.consumer.as_ref(), 3).await;
    assert!(some.len() <= 3, "at most three were asked for: {some:?}");
    let many = bench
        .receive_some(bench.consumer.as_ref(), usize::MAX)
        .await;
    let largest = bench.consumer.properties().largest_receive();
    assert!(many.len() <= largest, "{} in one receive", many.len());
}

/// A receive that waits returns when a message arrives.
pub async fn a_message_ends_the_waiting(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let send_later = async {
        bench.pass(WAIT / 4).await;
        bench.send("late").await;
    };
    let receiving = bench.receive_some(bench.consumer.as_ref(), 10);
    let (deliveries, ()) = join(receiving, send_later).await;
    assert_eq!(text(&deliveries[0]), "late");
}

/// Until the deadline nobody else gets the message, nor the same consumer again.
pub async fn what_was_received_is_hidden_until_its_deadline(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    let other = bench.queue.consumer().await;
    bench.send("hidden").await;
    let delivery = bench.receive_one(bench.consumer.as_ref()).await;
    let most = delivery.remaining(clock.now()) * 3 / 8;
    bench
        .nothing_comes(other.as_ref(), most, "it is held")
        .await;
    bench
        .nothing_comes(bench.consumer.as_ref(), most, "it is held")
        .await;
}

/// After the deadline the same message comes again, under a new receipt, and the count goes up.
pub async fn what_is_not_acknowledged_comes_again_and_is_counted(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.send("again").await;
    let mut last: Option<Delivery> = None;
    for count in 1..=3 {
        let delivery = bench.receive_one(bench.consumer.as_ref()).await;
        let counted = delivery.receive_count();
        assert!(
            counted.is_none_or(|counted| counted == count),
            "delivery {count} is counted as {counted:?}"
        );
        if let Some(last) = last {
            assert_eq!(last.id(), delivery.id(), "it is the same message");
            assert_eq!(last.message(), delivery.message(), "with the same content");
            assert_ne!(last.receipt(), delivery.receipt(), "under a new receipt");
        }
        last = Some(delivery);
        bench.pass_visibility().await;
    }
}

/// What was taken for a receive that is dropped comes again.
pub async fn a_dropped_receive_loses_nothing(factory: &dyn QueueFactory, clock: &dyn Clock) {
    let bench = Bench::new(factory, clock).await;
    let sent = bench.send_many(8).await;
    for polls in [1, 1, 2, 3] {
        let receiving = bench.consumer.receive(clock, 2, WAIT);
        poll_times(receiving, polls).await;
    }
    let came: BTreeSet<String> = bench
        .drain(bench.consumer.as_ref())
        .await
        .into_keys()
        .collect();
    assert_eq!(came, sent, "every message comes, whatever was dropped");
}

/// The size is unknown, or it comes to be what is not acknowledged.
pub async fn the_size_follows_what_is_not_acknowledged(
    factory: &dyn QueueFactory,
    clock: &dyn Clock,
) {
    let bench = Bench::new(factory, clock).await;
    bench.send_many(5).await;
    comes_to(&bench, 5).await;
    let held = bench.receive_some(bench.consumer.as_ref(), 2).await;
    comes_to(&bench, 5).await;
    acknowledge(bench.consumer.as_ref(), &receipts(&held)).await;
    comes_to(&bench, 5 - held.len() as u64).await;
}

async fn comes_to(bench: &Bench<'_>, expected: u64) {
    let end = bench.clock.now().after(bench.queue.patience());
    loop {
        let size = bench.consumer.approximate_size().await;
        assert!(size.is_ok(), "the size can be asked for: {size:?}");
        if size.ok().flatten().is_none_or(|size| size == expected) {
            return;
        }
        assert!(bench.clock.now() < end, "the size never came to {expected}");
        bench.pass(WAIT).await;
    }
}
