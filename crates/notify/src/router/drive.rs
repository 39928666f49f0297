//! Receiving, sending and acknowledging, as the routes decide.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::{RouteError, Routes};
use crate::clock::Clock;
use crate::{BoxFuture, EventQueue, Message, MessageId, QueueError, Receipt};

/// A queue as somebody sees it who sends.
///
/// # Guarantees
/// Ok for a message means that it is durable, so that what it was made of may be acknowledged.
///
/// ```
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryQueue;
/// use floe_notify::router::EventSink;
/// use floe_notify::{EventQueue, Message};
/// let (clock, queue) = (ManualClock::default(), MemoryQueue::default());
/// let messages = [Message::new("a"), Message::new("b")];
/// let sent = clock.run(queue.send_all(&clock, &messages)).unwrap();
/// assert!(sent.len() == 2 && sent.iter().all(Result::is_ok));
/// assert_eq!(clock.run(queue.approximate_size()).unwrap()?, Some(2));
/// # Ok::<(), floe_notify::QueueError>(())
/// ```
pub trait EventSink: std::marker::Send + Sync + Debug {
    /// Sends messages, and says of each, in order, whether it is durable.
    ///
    /// # Guarantees
    /// The batch may have any length and may be empty; the queue splits it. A message that fails
    /// does not keep others from succeeding.
    ///
    /// # Errors
    /// For each message its own. After an error the message may have been sent all the same.
    ///
    /// # Cancel safety
    /// Some, all or none of the messages may have been sent.
    fn send_all<'a>(
        &'a self,
        clock: &'a dyn Clock,
        messages: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>>;
}

/// Moves messages from one queue into the queues of their routes.
///
/// # Expected flow
/// Call [`Router::turn`] in a loop; stop between two calls or in the midst of one.
///
/// # Guarantees
/// A message is acknowledged only after everything that was made of it is durable. So events may
/// come twice, after a failure or a crash, and are never lost: whoever reads the queues must
/// tolerate duplicates, as always.
///
/// # Caveats
/// One turn must be done within the visibility time-out of the source, or its messages come again
/// and are sent again. Order is not kept, no more than the source keeps it.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryQueue;
/// use floe_notify::router::{EventSink, Router, Routes, Unmatched};
/// use floe_notify::{EventQueue, Message};
///
/// let clock = ManualClock::default();
/// let (source, orders) = (MemoryQueue::default(), Arc::new(MemoryQueue::default()));
/// let routes = Routes::new([("orders/", "orders")], Unmatched::Keep)?;
/// let sink: Arc<dyn EventSink> = orders.clone();
/// let router = Router::new(routes, [("orders".to_owned(), sink)])?;
/// source.send(&clock, Message::new(r#"{"Records":[{"eventName":"ObjectCreated:Put","s3":{
///     "bucket":{"name":"landing"},"object":{"key":"orders/a.csv"}}}]}"#));
///
/// let turn = clock.run(router.turn(&clock, &source, 10, Duration::ZERO)).unwrap()?;
/// assert_eq!((turn.received, turn.sent, turn.acknowledged), (1, 1, 1));
/// assert_eq!(clock.run(orders.approximate_size()).unwrap()?, Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Router {
    routes: Routes,
    sinks: BTreeMap<String, Arc<dyn EventSink>>,
}

/// What one turn of a [`Router`] did.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Messages that were received.
    pub received: usize,
    /// Messages that queues have taken.
    pub sent: usize,
    /// Messages of the source that are done.
    pub acknowledged: usize,
    /// Messages that stay in the source, because no route wants them or they cannot be read.
    pub kept: usize,
    /// Messages of which something could not be read.
    pub poison: usize,
    /// What failed, by the name of the queue; the empty name is the source. What it was about
    /// comes again.
    pub failures: Vec<(String, QueueError)>,
}

/// A message of the source, while a turn works on it.
struct Open {
    receipt: Receipt,
    is_safe: bool,
}

impl Router {
    /// Makes a router of routes and the queues they lead to, by name.
    ///
    /// # Errors
    ///
    /// [`RouteError::NoSink`] when a route leads to a queue that is not there.
    ///
    /// ```
    /// use floe_notify::router::{Router, Routes, Unmatched};
    /// let routes = Routes::new([("orders/", "orders")], Unmatched::Keep)?;
    /// assert_eq!(Router::new(routes, []).unwrap_err().code(), "FLOE-NOTIFY-0070");
    /// # Ok::<(), floe_notify::router::RouteError>(())
    /// ```
    pub fn new(
        routes: Routes,
        sinks: impl IntoIterator<Item = (String, Arc<dyn EventSink>)>,
    ) -> Result<Self, RouteError> {
        let sinks: BTreeMap<_, _> = sinks.into_iter().collect();
        let missing = routes
            .names()
            .into_iter()
            .find(|name| !sinks.contains_key(*name));
        match missing.map(str::to_owned) {
            Some(name) => Err(RouteError::NoSink { name }),
            None => Ok(Self { routes, sinks }),
        }
    }

    /// Receives up to `max` messages, waits up to `wait` for the first, sends what is in them to
    /// its queues, and acknowledges those of which all is durable.
    ///
    /// # Errors
    /// Those of the receive. All later ones are in [`Turn::failures`], and what they are about
    /// comes again when its visibility time-out has passed.
    ///
    /// # Cancel safety
    /// Safe: what was not acknowledged comes again, and what was sent already is sent again.
    ///
    /// See [`Router`] for an example.
    pub async fn turn(
        &self,
        clock: &dyn Clock,
        source: &dyn EventQueue,
        max: usize,
        wait: Duration,
    ) -> Result<Turn, QueueError> {
        let deliveries = source.receive(clock, max, wait).await?;
        let mut turn = Turn {
            received: deliveries.len(),
            ..Turn::default()
        };
        let mut open = Vec::with_capacity(deliveries.len());
        let mut outbox: BTreeMap<String, Vec<(usize, Message)>> = BTreeMap::new();
        for (at, delivery) in deliveries.iter().enumerate() {
            let decision = self.routes.decide(delivery.message());
            turn.poison += usize::from(decision.poison);
            turn.kept += usize::from(!decision.acknowledge);
            open.push(Open {
                receipt: delivery.receipt().clone(),
                is_safe: decision.acknowledge,
            });
            for send in decision.sends {
                outbox.entry(send.to).or_default().push((at, send.message));
            }
        }
        for (name, letters) in outbox {
            self.send(clock, &name, letters, &mut open, &mut turn).await;
        }
        let done = open.into_iter().filter(|one| one.is_safe);
        let done: Vec<Receipt> = done.map(|one| one.receipt).collect();
        for result in source.acknowledge(&done).await {
            match result {
                Ok(()) => turn.acknowledged += 1,
                Err(error) => turn.failures.push((String::new(), error)),
            }
        }
        Ok(turn)
    }

    async fn send(
        &self,
        clock: &dyn Clock,
        name: &str,
        letters: Vec<(usize, Message)>,
        open: &mut [Open],
        turn: &mut Turn,
    ) {
        let (places, messages): (Vec<usize>, Vec<Message>) = letters.into_iter().unzip();
        let mut results = match self.sinks.get(name) {
            Some(sink) => sink.send_all(clock, &messages).await.into_iter(),
            // `new` has seen that it is there.
            None => Vec::new().into_iter(),
        };
        for at in places {
            let failed = match results.next() {
                Some(Ok(())) => {
                    turn.sent += 1;
                    continue;
                }
                Some(Err(error)) => error,
                // An answer that is missing is none: the message is not known to be durable.
                None => QueueError::ReceiptGone {
                    message: MessageId::new(name),
                },
            };
            turn.failures.push((name.to_owned(), failed));
            if let Some(one) = open.get_mut(at) {
                one.is_safe = false;
            }
        }
    }
}
