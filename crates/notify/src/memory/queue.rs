//! The reference of [`EventQueue`]: a queue in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{FaultCounts, Faults, Random};
use crate::clock::{Clock, Timestamp};
use crate::router::EventSink;
use crate::{
    Bell, BoxFuture, Delivery, EventQueue, Message, MessageId, QueueError, QueueId,
    QueueProperties, Receipt,
};

/// A queue in memory that keeps the contract to the letter, and misbehaves as it is told to.
///
/// A clone is another consumer of the same queue. The same calls, seed and times give the same
/// results, faults included.
///
/// ```
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryQueue;
/// use floe_notify::{EventQueue, Message};
/// use std::time::Duration;
/// let (clock, queue) = (ManualClock::default(), MemoryQueue::default());
/// queue.send(&clock, Message::new("a"));
/// let deliveries = clock.run(queue.receive(&clock, 10, Duration::ZERO)).unwrap()?;
/// assert_eq!(deliveries[0].receive_count(), Some(1));
/// let other = queue.clone();
/// let deliveries = clock.run(other.receive(&clock, 10, Duration::from_secs(60))).unwrap()?;
/// assert_eq!(deliveries[0].receive_count(), Some(2), "after the visibility time-out");
/// # Ok::<(), floe_notify::QueueError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryQueue {
    id: QueueId,
    properties: QueueProperties,
    bell: Bell,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// By the order of arrival.
    messages: BTreeMap<u64, Stored>,
    arrived: u64,
    tokens: u64,
    is_deleted: bool,
    faults: Faults,
    counts: FaultCounts,
    random: Random,
}

#[derive(Debug)]
struct Stored {
    message: Message,
    sent: Timestamp,
    visible: Timestamp,
    received: u32,
    /// The token of the newest receipt; older ones are worth nothing.
    token: Option<String>,
}

impl MemoryQueue {
    /// Makes an empty queue that never misbehaves.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueId, QueueProperties, memory::MemoryQueue};
    /// use std::time::Duration;
    /// let properties = QueueProperties::new(Duration::from_secs(300), 10);
    /// let queue = MemoryQueue::new(QueueId::new("q")?, properties);
    /// assert_eq!(queue.properties().visibility().as_secs(), 300);
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn new(id: QueueId, properties: QueueProperties) -> Self {
        Self::with_faults(id, properties, Faults::default(), Random::new(0))
    }

    /// Makes an empty queue that misbehaves; when, the random numbers say.
    ///
    /// ```
    /// use floe_notify::memory::{Faults, MemoryQueue, Random};
    /// use floe_notify::{EventQueue, Message, QueueId, QueueProperties, clock::ManualClock};
    /// let (id, properties) = (QueueId::new("q")?, QueueProperties::new(Default::default(), 10));
    /// let faults = Faults { lost: 1_000, ..Faults::default() };
    /// let queue = MemoryQueue::with_faults(id, properties, faults, Random::new(1));
    /// queue.send(&ManualClock::default(), Message::new("a"));
    /// assert_eq!(queue.fault_counts().lost, 1);
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn with_faults(
        id: QueueId,
        properties: QueueProperties,
        faults: Faults,
        random: Random,
    ) -> Self {
        let state = State {
            messages: BTreeMap::new(),
            arrived: 0,
            tokens: 0,
            is_deleted: false,
            faults,
            counts: FaultCounts::default(),
            random,
        };
        Self {
            id,
            properties,
            bell: Bell::default(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Puts a message into the queue, as a cloud does when a file has landed.
    ///
    /// ```
    /// use floe_notify::{EventQueue, Message, clock::ManualClock, memory::MemoryQueue};
    /// let (clock, queue) = (ManualClock::default(), MemoryQueue::default());
    /// queue.send(&clock, Message::new("a"));
    /// assert_eq!(clock.run(queue.approximate_size()).unwrap()?, Some(1));
    /// # Ok::<(), floe_notify::QueueError>(())
    /// ```
    pub fn send(&self, clock: &dyn Clock, message: Message) {
        self.lock().arrive(clock.now(), message);
        self.bell.ring();
    }

    /// Makes later calls misbehave like this, for example not any more.
    ///
    /// ```
    /// use floe_notify::memory::{Faults, MemoryQueue};
    /// use floe_notify::{EventQueue, clock::ManualClock};
    /// let queue = MemoryQueue::default();
    /// queue.set_faults(Faults { failing: 1_000, ..Faults::default() });
    /// assert!(ManualClock::default().run(queue.approximate_size()).unwrap().is_err());
    /// queue.set_faults(Faults::default());
    /// assert!(ManualClock::default().run(queue.approximate_size()).unwrap().is_ok());
    /// ```
    pub fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// Returns how often the queue has misbehaved so far.
    ///
    /// ```
    /// assert_eq!(floe_notify::memory::MemoryQueue::default().fault_counts().lost, 0);
    /// ```
    #[must_use]
    pub fn fault_counts(&self) -> FaultCounts {
        self.lock().counts
    }

    /// Deletes the queue: every later call of any consumer finds none.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueError, clock::ManualClock, memory::MemoryQueue};
    /// let queue = MemoryQueue::default();
    /// queue.delete();
    /// let size = ManualClock::default().run(queue.approximate_size()).unwrap();
    /// assert!(matches!(size, Err(QueueError::NoSuchQueue { .. })));
    /// ```
    pub fn delete(&self) {
        let mut state = self.lock();
        state.is_deleted = true;
        state.messages.clear();
        drop(state);
        self.bell.ring();
    }

    /// One attempt of a receive: what it takes, and when the next message becomes visible.
    fn take(&self, now: Timestamp, max: usize) -> Result<Taken, QueueError> {
        let mut state = self.open()?;
        state.expire(now, self.properties.retention());
        let answer = state.outcome(&self.id);
        if let Err(error) = answer {
            if state.random.hits(500) {
                state.hand_out(now, max, self.properties);
            }
            return Err(error);
        }
        let deliveries = state.hand_out(now, max, self.properties);
        // Only who has to wait asks for how long.
        let next = match deliveries.is_empty() {
            true => state.messages.values().map(|stored| stored.visible).min(),
            false => None,
        };
        Ok(Taken { deliveries, next })
    }

    /// Does `change` to the message of a receipt that is the newest one.
    fn change<T>(
        &self,
        receipt: &Receipt,
        change: impl Fn(&mut State, u64) -> T,
    ) -> Result<T, QueueError> {
        let mut state = self.open()?;
        if let Err(error) = state.outcome(&self.id) {
            if state.random.hits(500)
                && let Some(number) = state.holder(receipt)
            {
                change(&mut state, number);
            }
            return Err(error);
        }
        match state.holder(receipt) {
            Some(number) => Ok(change(&mut state, number)),
            None => Err(QueueError::ReceiptGone {
                message: receipt.message().clone(),
            }),
        }
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, QueueError> {
        let state = self.lock();
        if state.is_deleted {
            let queue = self.id.clone();
            return Err(QueueError::NoSuchQueue { queue });
        }
        Ok(state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for MemoryQueue {
    fn send_all<'a>(
        &'a self,
        clock: &'a dyn Clock,
        messages: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let send = |message: &Message| {
                let mut state = self.open()?;
                let outcome = state.outcome(&self.id);
                if outcome.is_ok() || state.random.hits(500) {
                    state.arrive(clock.now(), message.clone());
                }
                outcome
            };
            let results = messages.iter().map(send).collect();
            self.bell.ring();
            results
        })
    }
}

/// What one attempt of a receive found.
struct Taken {
    deliveries: Vec<Delivery>,
    next: Option<Timestamp>,
}

impl Default for MemoryQueue {
    /// A queue by the name of `memory`, with the limits of SQS as it is by default: 30 seconds and
    /// ten messages.
    fn default() -> Self {
        let id = QueueId::from_valid("memory");
        Self::new(id, QueueProperties::new(Duration::from_secs(30), 10))
    }
}

impl EventQueue for MemoryQueue {
    fn id(&self) -> &QueueId {
        &self.id
    }

    fn properties(&self) -> QueueProperties {
        self.properties
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        Box::pin(async move {
            let end = clock.now().after(wait);
            loop {
                // What rings after this line is not missed below.
                let seen = self.bell.rung();
                let now = clock.now();
                let taken = self.take(now, max)?;
                if !taken.deliveries.is_empty() || now >= end || max == 0 {
                    return Ok(taken.deliveries);
                }
                let until = taken.next.map_or(end, |next| next.min(end));
                self.bell.wait(seen, clock.sleep(until.since(now))).await;
            }
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let results = batch
                .iter()
                .map(|receipt| self.change(receipt, State::remove));
            results.collect()
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
            let token = self.change(delivery.receipt(), |state, number| {
                state.hold(number, until)
            })?;
            delivery.renew(token, until);
            // It may be visible sooner than those who wait know.
            self.bell.ring();
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let give_back = |state: &mut State, number| {
                state.hold(number, Timestamp::default());
            };
            let results = batch.iter().map(|receipt| self.change(receipt, give_back));
            let results = results.collect();
            self.bell.ring();
            results
        })
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async move {
            let mut state = self.open()?;
            state.outcome(&self.id)?;
            Ok(u64::try_from(state.messages.len()).ok())
        })
    }
}

impl State {
    fn arrive(&mut self, now: Timestamp, message: Message) {
        if self.random.hits(self.faults.lost) {
            self.counts.lost += 1;
            return;
        }
        let twice = self.random.hits(self.faults.duplicated);
        self.counts.duplicated += u64::from(twice);
        for _ in 0..1 + u32::from(twice) {
            let longest = u64::try_from(self.faults.delay.as_millis()).unwrap_or(u64::MAX - 1);
            let late = Duration::from_millis(self.random.below(longest.saturating_add(1)));
            let stored = Stored {
                message: message.clone(),
                sent: now,
                visible: now.after(late),
                received: 0,
                token: None,
            };
            self.messages.insert(self.arrived, stored);
            self.arrived += 1;
        }
    }

    /// Forgets what is older than the retention.
    fn expire(&mut self, now: Timestamp, retention: Option<Duration>) {
        let Some(retention) = retention else { return };
        // They are in the order of their arrival.
        let oldest = self.messages.first_key_value();
        if oldest.is_none_or(|(_, stored)| stored.sent.after(retention) > now) {
            return;
        }
        let before = self.messages.len();
        self.messages
            .retain(|_, stored| stored.sent.after(retention) > now);
        self.counts.expired += u64::try_from(before - self.messages.len()).unwrap_or_default();
    }

    /// Whether this call fails.
    fn outcome(&mut self, queue: &QueueId) -> Result<(), QueueError> {
        if !self.random.hits(self.faults.failing) {
            return Ok(());
        }
        self.counts.failed += 1;
        Err(QueueError::Unavailable {
            queue: queue.clone(),
            reason: "a simulated failure".to_owned(),
        })
    }

    fn hand_out(
        &mut self,
        now: Timestamp,
        max: usize,
        properties: QueueProperties,
    ) -> Vec<Delivery> {
        let is_visible = |stored: &Stored| stored.visible <= now;
        let most = max.min(properties.largest_receive());
        // Where messages overtake each other any may be the next one.
        let enough = match self.faults.reordered {
            0 => most.saturating_add(1),
            _ => usize::MAX,
        };
        let visible = self.messages.iter().filter(|(_, one)| is_visible(one));
        let visible = visible.take(enough).map(|(number, _)| *number);
        let mut visible: VecDeque<u64> = visible.collect();
        let mut deliveries = Vec::new();
        while deliveries.len() < most {
            let Some(number) = self.next_of(&mut visible) else {
                break;
            };
            deliveries.extend(self.deliver(number, now, properties.deadline(now)));
        }
        deliveries
    }

    /// The oldest, unless messages overtake each other.
    fn next_of(&mut self, visible: &mut VecDeque<u64>) -> Option<u64> {
        if visible.len() > 1 && self.random.hits(self.faults.reordered) {
            self.counts.reordered += 1;
            let place = self.random.below(visible.len() as u64);
            return visible.remove(usize::try_from(place).unwrap_or_default());
        }
        visible.pop_front()
    }

    fn deliver(&mut self, number: u64, now: Timestamp, deadline: Timestamp) -> Option<Delivery> {
        let stays = self.random.hits(self.faults.handed_out_twice);
        self.counts.handed_out_twice += u64::from(stays);
        let token = self.new_token();
        let stored = self.messages.get_mut(&number)?;
        stored.received = stored.received.saturating_add(1);
        stored.visible = if stays { now } else { deadline };
        stored.token = Some(token.clone());
        let receipt = Receipt::new(MessageId::new(number.to_string()), token);
        let delivery = Delivery::new(stored.message.clone(), receipt, deadline)
            .with_receive_count(stored.received)
            .with_sent(stored.sent);
        Some(delivery)
    }

    fn new_token(&mut self) -> String {
        self.tokens += 1;
        self.tokens.to_string()
    }

    /// The number of the message, when the receipt is the newest one for it.
    fn holder(&self, receipt: &Receipt) -> Option<u64> {
        let number = receipt.message().as_str().parse().ok()?;
        let token = self.messages.get(&number)?.token.as_deref();
        (token == Some(receipt.token())).then_some(number)
    }

    fn remove(&mut self, number: u64) {
        if self.random.hits(self.faults.forgotten) {
            self.counts.forgotten += 1;
            return;
        }
        self.messages.remove(&number);
    }

    /// Changes when a message becomes visible again, under a new token.
    fn hold(&mut self, number: u64, until: Timestamp) -> String {
        let token = self.new_token();
        if let Some(stored) = self.messages.get_mut(&number) {
            stored.visible = until;
            stored.token = Some(token.clone());
        }
        token
    }
}
