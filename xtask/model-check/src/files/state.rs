//! One state: the consumers, what they asked for, and everything around them.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash, Hasher};

use floe_ingest::memory::MemoryLedger;
use floe_ingest::stream::{Command, HeldId, Input, QueueStart, Settings, Stream};
use floe_ingest::{Claim, FileId, Founding, Ledger, Role, VersionRule};
use floe_notify::clock::Timestamp;
use floe_notify::{QueueId, StreamId};

use super::carry::now_or_never;

/// The keys that are there; of all but the first one an event tells.
pub(super) const KEYS: [&str; 3] = ["in/a", "in/b", "in/c"];

/// How often what may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Deaths of a consumer, with the next thing that it asked for done or not.
    pub crashes: u32,
    /// Messages that the queue hands out again although somebody has them.
    pub redeliveries: u32,
    /// Interruptions of a consumer that has something to do.
    pub switches: u32,
}

/// A mistake of the driver, made on purpose to see that it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slip {
    /// Acknowledges a message when it is received.
    AcknowledgesAtOnce,
    /// Hands a batch that comes again to the sink without its last file.
    CutsABatchAnew,
    /// Says that the sink has what it does not have.
    DropsABatch,
}

impl Slip {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::AcknowledgesAtOnce,
        Self::CutsABatchAnew,
        Self::DropsABatch,
    ];
}

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// A message is acknowledged and its file is not durable.
    Acknowledged,
    /// A batch came to the sink with other files than before.
    OtherBatch,
    /// A file came to the sink in two batches.
    TwoBatches,
    /// The ledger refused something.
    Refused,
}

/// Something that happens; consumers are 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A consumer starts, also after it died.
    Start(usize),
    /// The next thing that it asked for is done, and it hears of it.
    Do(usize),
    /// It dies, and nothing that it asked for is done.
    Die(usize),
    /// The next thing that it asked for is done, and it dies before it hears of it.
    DieAfter(usize),
    /// A message is handed out again.
    Again(usize),
    /// Time passes until somebody has something to do.
    Pass,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Message {
    Ready,
    InHand,
    Gone,
}

#[derive(Debug, Clone)]
pub(super) struct Consumer {
    pub(super) stream: Stream,
    pub(super) claim: Option<Claim>,
    asked: VecDeque<Command>,
    /// The message in each delivery.
    pub(super) held: BTreeMap<HeldId, usize>,
    pub(super) last_held: u64,
    pub(super) life: Life,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It has not started, or has died.
    Dead,
    Alive,
    /// It has ended by itself.
    Ended,
}

/// One state.
#[derive(Debug)]
pub struct State {
    pub(super) consumers: [Consumer; 2],
    pub(super) ledger: MemoryLedger,
    /// The message of each key but the first.
    pub(super) messages: [Message; 2],
    pub(super) sink: BTreeMap<u64, Vec<FileId>>,
    /// Seconds.
    now: u64,
    /// Whose turn it was last.
    turn: usize,
    limits: Limits,
    pub(super) slip: Option<Slip>,
    pub(super) wrong: Option<Wrong>,
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self {
            consumers: self.consumers.clone(),
            // Clones of this one would share it.
            ledger: self.ledger.copy(),
            messages: self.messages,
            sink: self.sink.clone(),
            ..*self
        }
    }
}

/// Two states are the same when they show the same.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        format!("{self:?}").hash(hasher);
    }
}

impl State {
    /// A stream that was founded, and nobody has started yet.
    pub(super) fn new(limits: Limits, slip: Option<Slip>) -> Self {
        let ledger = MemoryLedger::default();
        let wrong = now_or_never(ledger.found(&founding(), Timestamp::default()))
            .is_err()
            .then_some(Wrong::Refused);
        Self {
            consumers: [Consumer::new(), Consumer::new()],
            ledger,
            messages: [Message::Ready; 2],
            sink: BTreeMap::new(),
            now: 1_000,
            turn: 0,
            limits,
            slip,
            wrong,
        }
    }

    /// The rule that was broken, if one was.
    #[must_use]
    pub fn wrong(&self) -> Option<Wrong> {
        self.wrong
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now * 1_000)
    }

    /// Everything that may happen next.
    pub(super) fn steps(&self, steps: &mut Vec<Step>) {
        for (number, consumer) in self.consumers.iter().enumerate() {
            if !self.may_have_its_turn(number) {
                continue;
            }
            if consumer.life == Life::Dead {
                steps.push(Step::Start(number));
            } else if consumer.is_busy() {
                steps.push(Step::Do(number));
                if self.limits.crashes > 0 {
                    steps.extend([Step::Die(number), Step::DieAfter(number)]);
                }
            }
        }
        let in_hand = self.messages.iter().enumerate();
        let in_hand = in_hand.filter(|(_, message)| **message == Message::InHand);
        steps.extend(
            in_hand
                .filter(|_| self.limits.redeliveries > 0)
                .map(|(number, _)| Step::Again(number)),
        );
        let waits = |one: &Consumer| one.life == Life::Alive && one.stream.next_wakeup().is_some();
        if self.is_quiet() && self.consumers.iter().any(waits) {
            steps.push(Step::Pass);
        }
    }

    /// Nobody has anything to do now.
    fn is_quiet(&self) -> bool {
        let rests = |one: &Consumer| one.life != Life::Dead && !one.is_busy();
        self.consumers.iter().all(rests)
    }

    fn may_have_its_turn(&self, number: usize) -> bool {
        let last = self.consumers.get(self.turn);
        let interrupts = number != self.turn && last.is_some_and(Consumer::is_busy);
        !interrupts || self.limits.switches > 0
    }

    fn takes_its_turn(&mut self, number: usize) {
        let last = self.consumers.get(self.turn);
        if number != self.turn && last.is_some_and(Consumer::is_busy) {
            self.limits.switches = self.limits.switches.saturating_sub(1);
        }
        self.turn = number;
    }

    /// Nothing may happen any more, and not everybody has ended.
    pub(super) fn is_stuck(&self) -> bool {
        let mut steps = Vec::new();
        self.steps(&mut steps);
        steps.is_empty() && !self.is_over()
    }

    fn is_over(&self) -> bool {
        self.consumers.iter().all(|one| one.life == Life::Ended)
    }

    /// Once both have ended: every message is handed out once more, and a last consumer comes. Then
    /// everything is in the sink, and the ledger knows that.
    pub(super) fn ends_well(&self) -> bool {
        if !self.is_over() {
            return true;
        }
        let mut last = self.clone();
        for message in &mut last.messages {
            if *message == Message::InHand {
                *message = Message::Ready;
            }
        }
        last.start(0);
        while last.wrong.is_none() && !last.is_over() {
            if last.consumers.first().is_some_and(Consumer::is_busy) {
                last.carry(0, true);
            } else if !last.pass() {
                return false;
            }
        }
        let arrived = last.sink.values().map(Vec::len).sum::<usize>();
        let done = last.messages.iter().all(|one| *one == Message::Gone);
        let metrics = now_or_never(last.ledger.metrics());
        let settled = metrics.is_ok_and(|left| left.files_outstanding == 0 && left.listings == 0);
        last.wrong.is_none() && arrived == KEYS.len() && done && settled
    }

    /// Lets something happen.
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Start(number) => {
                self.takes_its_turn(number);
                self.start(number);
            }
            Step::Do(number) => {
                self.takes_its_turn(number);
                self.carry(number, true);
            }
            Step::Die(number) => self.die(number),
            Step::DieAfter(number) => {
                self.carry(number, false);
                self.die(number);
            }
            Step::Again(number) => {
                self.limits.redeliveries = self.limits.redeliveries.saturating_sub(1);
                if let Some(message) = self.messages.get_mut(number) {
                    *message = Message::Ready;
                }
            }
            Step::Pass => {
                self.pass();
            }
        }
    }

    fn start(&mut self, number: usize) {
        let Ok(role) = Role::new(format!("consumer-{number}")) else {
            return;
        };
        let claim = now_or_never(self.ledger.join(&role, self.time()));
        let marks = now_or_never(self.ledger.marks());
        let (Ok(claim), Ok(marks)) = (claim, marks) else {
            self.wrong = Some(Wrong::Refused);
            return;
        };
        if let Some(consumer) = self.consumers.get_mut(number) {
            *consumer = Consumer::new();
            (consumer.claim, consumer.life) = (Some(claim), Life::Alive);
        }
        let marks = Box::new(marks);
        let queue = QueueId::new("queue").ok().map(|id| QueueStart {
            id,
            largest_receive: 2,
            retention: None,
        });
        self.tell(number, Input::Joined { marks, queue });
    }

    /// It dies with all that it knew; what the queue had given it comes again.
    fn die(&mut self, number: usize) {
        self.limits.crashes = self.limits.crashes.saturating_sub(1);
        let Some(consumer) = self.consumers.get_mut(number) else {
            return;
        };
        for message in std::mem::take(&mut consumer.held).into_values() {
            if let Some(message) = self.messages.get_mut(message)
                && *message == Message::InHand
            {
                *message = Message::Ready;
            }
        }
        *consumer = Consumer::new();
    }

    /// Does the next thing that a consumer asked for; it may hear of it.
    fn carry(&mut self, number: usize, hears: bool) {
        let command = self
            .consumers
            .get_mut(number)
            .and_then(|one| one.asked.pop_front());
        let Some(input) = command.and_then(|command| self.carry_out(number, command)) else {
            return;
        };
        if hears {
            self.tell(number, input);
        }
    }

    /// Lets time pass until somebody has something to do; false when nobody waits.
    fn pass(&mut self) -> bool {
        let alive = |one: &&Consumer| one.life == Life::Alive;
        let waiting = self.consumers.iter().filter(alive);
        let next = waiting.filter_map(|one| one.stream.next_wakeup()).min();
        let Some(next) = next else {
            return false;
        };
        self.now = self.now.max(next.as_millis().div_ceil(1_000));
        let now = self.time();
        for number in 0..self.consumers.len() {
            let is_due = self.consumers.get(number).is_some_and(|one| {
                one.life == Life::Alive && one.stream.next_wakeup().is_some_and(|at| at <= now)
            });
            if is_due {
                self.tell(number, Input::Tick);
            }
        }
        true
    }

    fn tell(&mut self, number: usize, input: Input) {
        let now = self.time();
        let Some(consumer) = self.consumers.get_mut(number) else {
            return;
        };
        for command in consumer.stream.decide(input, now) {
            if command == Command::Stopped {
                *consumer = Consumer::new();
                consumer.life = Life::Ended;
                return;
            }
            consumer.asked.push_back(command);
        }
    }
}

impl Consumer {
    fn new() -> Self {
        Self {
            stream: Stream::new(settings()),
            claim: None,
            asked: VecDeque::new(),
            held: BTreeMap::new(),
            last_held: 0,
            life: Life::Dead,
        }
    }

    fn is_busy(&self) -> bool {
        !self.asked.is_empty()
    }
}

pub(super) fn settings() -> Settings {
    let mut settings = Settings::new("/in", b"in/");
    settings.available_now = true;
    settings.bounds.max_files = 2;
    settings
}

fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")
            .unwrap_or_else(|_| unreachable!("it is one")),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: BTreeMap::new(),
        defaults: BTreeMap::new(),
    }
}
