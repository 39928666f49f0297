//! The contract of queues catches what is wrong, and lets pass what is allowed.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use expect_test::expect;
use floe_notify::clock::{Clock, ManualClock, Timestamp};
use floe_notify::contract::{QueueBench, QueueFactory, queue_contract};
use floe_notify::memory::{Faults, MemoryQueue, Random};
use floe_notify::{
    BoxFuture, Delivery, EventQueue, Message, QueueError, QueueId, QueueProperties, Receipt,
};

/// One promise that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    TakesMoreThanAsked,
    BelievesInALongerDeadline,
    BelievesInAShorterDeadline,
    CountsFromZero,
    ForgetsLongBatches,
    ConfirmsInTheWrongNumber,
    FailsTheWholeBatch,
    ExtendsNothing,
    ExtendsWhatIsGone,
    ReleasesNothing,
    ReleasesLate,
    LosesWhatADroppedReceiveTook,
    CountsOnlyWhatIsVisible,
    CutsBodies,
    DropsAttributes,
    DeletesByMessage,
}

const FLAWS: [Flaw; 16] = [
    Flaw::TakesMoreThanAsked,
    Flaw::BelievesInALongerDeadline,
    Flaw::BelievesInAShorterDeadline,
    Flaw::CountsFromZero,
    Flaw::ForgetsLongBatches,
    Flaw::ConfirmsInTheWrongNumber,
    Flaw::FailsTheWholeBatch,
    Flaw::ExtendsNothing,
    Flaw::ExtendsWhatIsGone,
    Flaw::ReleasesNothing,
    Flaw::ReleasesLate,
    Flaw::LosesWhatADroppedReceiveTook,
    Flaw::CountsOnlyWhatIsVisible,
    Flaw::CutsBodies,
    Flaw::DropsAttributes,
    Flaw::DeletesByMessage,
];

#[derive(Clone, Debug)]
struct Flawed {
    flaw: Flaw,
    queue: MemoryQueue,
}

impl Flawed {
    fn changed(&self, delivery: Delivery) -> Delivery {
        let deadline = match self.flaw {
            Flaw::BelievesInALongerDeadline => delivery.deadline().after(Duration::from_secs(1)),
            Flaw::BelievesInAShorterDeadline => Timestamp::default(),
            _ => delivery.deadline(),
        };
        let message = match self.flaw {
            Flaw::CutsBodies => Message::new(&delivery.message().body()[..1]),
            Flaw::DropsAttributes => Message::new(delivery.message().body()),
            _ => delivery.message().clone(),
        };
        let zero = u32::from(self.flaw == Flaw::CountsFromZero);
        Delivery::new(message, delivery.receipt().clone(), deadline)
            .with_receive_count(delivery.receive_count().unwrap() - zero)
    }
}

/// What was taken for a future that is dropped, and is lost with it.
struct Taken<'a>(&'a MemoryQueue, Vec<Receipt>);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            self.0
                .acknowledge(&self.1)
                .as_mut()
                .poll(&mut context)
                .is_ready()
        );
    }
}

impl EventQueue for Flawed {
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
        Box::pin(async move {
            let max = if self.flaw == Flaw::TakesMoreThanAsked {
                max.max(7)
            } else {
                max
            };
            let received = self.queue.receive(clock, max, wait).await?;
            if self.flaw == Flaw::LosesWhatADroppedReceiveTook {
                let receipts = received.iter().map(|one| one.receipt().clone()).collect();
                let mut taken = Taken(&self.queue, receipts);
                let mut polled = false;
                std::future::poll_fn(|context| {
                    context.waker().wake_by_ref();
                    match std::mem::replace(&mut polled, true) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                })
                .await;
                taken.1.clear();
            }
            Ok(received
                .into_iter()
                .map(|delivery| self.changed(delivery))
                .collect())
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let carried = if self.flaw == Flaw::ForgetsLongBatches {
                10
            } else {
                batch.len()
            };
            let (first, rest) = batch.split_at(carried.min(batch.len()));
            let mut results = self.queue.acknowledge(first).await;
            results.extend(rest.iter().map(|_| Ok(())));
            if self.flaw == Flaw::ConfirmsInTheWrongNumber {
                results.pop();
            }
            if self.flaw == Flaw::FailsTheWholeBatch
                && let Some(Err(error)) = results.iter().find(|result| result.is_err())
            {
                results = vec![Err(error.clone()); batch.len()];
            }
            if self.flaw == Flaw::DeletesByMessage {
                results = results.into_iter().map(|_| Ok(())).collect();
            }
            results
        })
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let until = clock.now().after(time);
            let token = delivery.receipt().token().to_owned();
            match self.flaw {
                Flaw::ExtendsNothing => delivery.renew(token, until),
                Flaw::ExtendsWhatIsGone => {
                    if self.queue.extend(clock, delivery, time).await.is_err() {
                        delivery.renew(token, until);
                    }
                }
                _ => self.queue.extend(clock, delivery, time).await?,
            }
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::ReleasesNothing => batch.iter().map(|_| Ok(())).collect(),
                // Only the first request of ten is sent.
                Flaw::ReleasesLate => {
                    let mut results = self.queue.release(&batch[..batch.len().min(10)]).await;
                    results.truncate(10);
                    results
                }
                _ => self.queue.release(batch).await,
            }
        })
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async move {
            let size = self.queue.approximate_size().await?;
            let hidden = u64::from(self.flaw == Flaw::CountsOnlyWhatIsVisible);
            Ok(size.map(|size| size.saturating_sub(hidden)))
        })
    }
}

impl QueueBench for Flawed {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async { Arc::new(self.clone()) as Arc<dyn EventQueue> })
    }

    fn send<'a>(&'a self, clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.queue.send(clock, message) })
    }
}

struct Factory {
    flaw: Flaw,
    faults: Faults,
}

impl QueueFactory for Factory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async {
            let (id, random) = (QueueId::new("flawed").unwrap(), Random::new(11));
            let properties = QueueProperties::new(Duration::from_secs(30), 10);
            let queue = MemoryQueue::with_faults(id, properties, self.faults, random);
            let flaw = self.flaw;
            Box::new(Flawed { flaw, queue }) as Box<dyn QueueBench>
        })
    }
}

/// What the contract says against the queue.
fn verdict(flaw: Flaw, faults: Faults) -> Option<String> {
    let clock = ManualClock::default();
    let factory = Factory { flaw, faults };
    let run = || clock.run(queue_contract(&factory, &clock));
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Some(())) => None,
        Ok(None) => Some("it waits for ever".to_owned()),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
            Some(said.unwrap_or_else(|| panic.downcast_ref::<String>().unwrap().clone()))
        }
    }
}

#[test]
fn every_broken_promise_is_caught() {
    assert_eq!(verdict(Flaw::None, Faults::default()), None);
    let mut verdicts = String::new();
    for flaw in FLAWS {
        let verdict = verdict(flaw, Faults::default());
        let said = verdict.unwrap_or_else(|| "PASSES".to_owned());
        // Up to the values that were found, which only people want to read.
        let said = said.split([':', '\n']).next().unwrap_or_default();
        verdicts.push_str(&format!("{flaw:?}: {said}\n"));
    }
    expect![[r#"
        TakesMoreThanAsked: 1 were asked for, and 2 came
        BelievesInALongerDeadline: the deadline lies one visibility time-out after the receive
        BelievesInAShorterDeadline: the deadline lies one visibility time-out after the receive
        CountsFromZero: the first delivery counts as one
        ForgetsLongBatches: all are acknowledged, but
        ConfirmsInTheWrongNumber: assertion `left == right` failed
        FailsTheWholeBatch: receipt 0 is good, but
        ExtendsNothing: it is extended, but
        ExtendsWhatIsGone: an old receipt extends nothing
        ReleasesNothing: an old receipt is refused as gone
        ReleasesLate: assertion `left == right` failed
        LosesWhatADroppedReceiveTook: assertion `left == right` failed
        CountsOnlyWhatIsVisible: the size never came to 5
        CutsBodies: the body is as it was sent
        DropsAttributes: assertion `left == right` failed
        DeletesByMessage: an old receipt is refused as gone
    "#]]
    .assert_eq(&verdicts);
}

#[test]
fn what_loses_forgets_or_fails_is_caught() {
    let none = Faults::default();
    for faults in [
        Faults { lost: 500, ..none },
        Faults {
            forgotten: 500,
            ..none
        },
        Faults {
            handed_out_twice: 500,
            ..none
        },
        Faults {
            failing: 500,
            ..none
        },
    ] {
        assert!(verdict(Flaw::None, faults).is_some(), "{faults:?} passes");
    }
}

#[test]
fn messages_may_overtake_each_other_and_be_late() {
    let faults = Faults {
        reordered: 1_000,
        delay: Duration::from_millis(300),
        ..Faults::default()
    };
    assert_eq!(verdict(Flaw::None, faults), None);
}
