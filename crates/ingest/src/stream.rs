//! The decider of one consumer of a stream: a state machine `(state, input, now) → commands`.
//!
//! It asks for everything and does nothing: a driver carries commands out, and tells how each went
//! as an [`Input`]. So simulations and production run the same code. What it promises holds
//! whatever happens between a command and its answer, a crash included:
//!
//! - a message is acknowledged only after its files are recorded, the listings that it asks for
//!   are noted, and what cannot be read of it is in quarantine;
//! - a batch is committed in the ledger only after the sink has it;
//! - messages are received only while there is room to hold them, and none before it is durably
//!   noted that the time of a stop has to be listed.
//!
//! ```
//! use floe_ingest::stream::{Command, Input, Settings, Stream};
//! use floe_ingest::{Founding, ListingReason, Marks, VersionRule};
//! use floe_notify::{StreamId, clock::Timestamp};
//!
//! let now = Timestamp::from_millis(1_000);
//! let founding = Founding {
//!     stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?,
//!     path: "/in".to_owned(),
//!     rule: VersionRule::KeyAlone,
//!     options: Default::default(),
//!     defaults: Default::default(),
//! };
//! let mut settings = Settings::new("/in", b"in/");
//! settings.notifications = false;
//! let mut stream = Stream::new(settings);
//! let marks = Marks::new(founding, now);
//! let commands = stream.decide(Input::Joined { marks: Box::new(marks), queue: None }, now);
//! // The first thing to do is to list what is there already.
//! let Command::RequestListing(request) = &commands[0] else { panic!("{commands:?}") };
//! assert_eq!(request.reason, ListingReason::Initial);
//! # Ok::<(), floe_notify::IdError>(())
//! ```

mod batch;
mod held;
mod input;
mod listing;
mod record;
mod rest;
mod start;
#[cfg(test)]
mod tests;

use std::time::Duration;

use floe_notify::clock::Timestamp;

pub use input::{
    Arrival, AskAnswer, AskId, Command, Extension, HeldId, Input, ListedPage, QueueStart,
    ReceiveFailure, Settings,
};

use batch::Batches;
use held::Hands;
use listing::Listings;
use record::Records;
use rest::Rest;
use start::Start;

/// The first wait after the ledger, the sink or the store failed; each further one is twice as
/// long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest such wait.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// How often a consumer notes when it asked its queue: a start may take that much longer for a
/// stop than it was.
const POLL_MARK_INTERVAL: Duration = Duration::from_secs(60);

/// How often old files are forgotten, with `maxFileAge`.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(600);

/// The decider; see the [module](self).
///
/// A clone goes on by itself from the same state, and two in the same state show the same with
/// `{:?}`: what a model checker needs.
///
/// ```
/// use floe_ingest::stream::{Command, Input, Settings, Stream};
/// use floe_notify::clock::Timestamp;
/// let mut stream = Stream::new(Settings::new("/in", b"in/"));
/// assert!(stream.decide(Input::Tick, Timestamp::default()).is_empty(), "it has not joined yet");
/// assert_eq!(stream.decide(Input::Stop, Timestamp::default()), [Command::Stopped]);
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    settings: Settings,
    phase: Phase,
    start: Start,
    hands: Hands,
    records: Records,
    listings: Listings,
    batches: Batches,
    rest: Rest,
    chores: Chores,
    /// Who asked for the listing that is being noted.
    requesting: Option<Owner>,
    /// Who asked for the mark that is being changed.
    marking: Option<Owner>,
    /// When messages may ask for listings again.
    requests: Timer,
    now: Timestamp,
}

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Start,
    /// It is time for a backfill, and its command is still to be given.
    Clock,
    ClockAsked,
    Message(HeldId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is known yet.
    New,
    /// At work, once [`Start`] has nothing left to do.
    Running,
    /// Everything in hand is brought to an end or given back.
    Stopping,
    /// The role is being left.
    Leaving,
    Stopped,
}

/// What is done from time to time.
#[derive(Clone, Debug, Default)]
struct Chores {
    polled: Timer,
    expired: Timer,
}

/// Something that is asked for at a time, one after another.
#[derive(Clone, Copy, Debug, Default)]
struct Timer {
    is_asked: bool,
    next: Timestamp,
    backoff: Duration,
}

impl Timer {
    fn is_due(&self, now: Timestamp) -> bool {
        !self.is_asked && self.next <= now
    }

    fn ask(&mut self) {
        self.is_asked = true;
    }

    /// It went well, and is due again after a time.
    fn done(&mut self, now: Timestamp, again: Duration) {
        *self = Self {
            is_asked: false,
            next: now.after(again),
            backoff: Duration::ZERO,
        };
    }

    /// It failed, and is due again after a while.
    fn failed(&mut self, now: Timestamp) {
        let backoff = self
            .backoff
            .saturating_mul(2)
            .clamp(FIRST_BACKOFF, MAX_BACKOFF);
        *self = Self {
            is_asked: false,
            next: now.after(backoff),
            backoff,
        };
    }

    /// When it is due, unless an answer is awaited.
    fn wakeup(&self) -> Option<Timestamp> {
        (!self.is_asked).then_some(self.next)
    }
}

impl Stream {
    /// A consumer that has not joined yet.
    ///
    /// ```
    /// use floe_ingest::stream::{Settings, Stream};
    /// assert_eq!(Stream::new(Settings::new("/in", b"in/")).next_wakeup(), None);
    /// ```
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            phase: Phase::New,
            start: Start::default(),
            hands: Hands::default(),
            records: Records::default(),
            listings: Listings::default(),
            batches: Batches::default(),
            rest: Rest::default(),
            chores: Chores::default(),
            requesting: None,
            marking: None,
            requests: Timer::default(),
            now: Timestamp::default(),
        }
    }

    /// Takes in one input, and answers what to do now, in this order.
    ///
    /// ```
    /// use floe_ingest::stream::{Command, Input, Settings, Stream};
    /// use floe_notify::clock::Timestamp;
    /// let mut stream = Stream::new(Settings::new("/in", b"in/"));
    /// let commands = stream.decide(Input::Fenced, Timestamp::default());
    /// assert_eq!(commands, [Command::Stopped], "somebody else has the role");
    /// ```
    pub fn decide(&mut self, input: Input, now: Timestamp) -> Vec<Command> {
        self.now = self.now.max(now);
        let mut commands = Vec::new();
        if self.phase == Phase::Stopped {
            return commands;
        }
        self.take_in(input, &mut commands);
        if self.phase == Phase::Running {
            self.go_on(&mut commands);
            self.look_for_rest(&mut commands);
            self.stop_at_rest(&mut commands);
        }
        match self.phase {
            Phase::Stopping => self.wind_up(&mut commands),
            Phase::New | Phase::Running | Phase::Leaving | Phase::Stopped => {}
        }
        commands
    }

    /// When [`Input::Tick`] is due, if nothing happens before.
    ///
    /// ```
    /// use floe_ingest::stream::{Settings, Stream};
    /// assert!(Stream::new(Settings::new("/in", b"in/")).next_wakeup().is_none());
    /// ```
    #[must_use]
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Running => self.next_work(),
            // It leaves with the next input, and there may be none.
            Phase::Stopping if self.is_wound_up() => Some(self.now),
            Phase::Stopping => self.records.wakeup(),
            Phase::New | Phase::Leaving | Phase::Stopped => None,
        }
    }

    fn next_work(&self) -> Option<Timestamp> {
        let is_polling =
            self.start.is_done() && !self.start.is_settling() && self.hands.has_polled();
        let polls = self.chores.polled.wakeup().filter(|_| is_polling);
        let requests = self
            .hands
            .requests
            .front()
            .filter(|_| self.requesting.is_none());
        let expiry = self
            .settings
            .max_file_age
            .and_then(|_| self.chores.expired.wakeup());
        let parts = [
            self.start.wakeup(),
            self.hands.wakeup(),
            requests.and_then(|_| self.requests.wakeup()),
            self.records.wakeup(),
            self.listings.wakeup(&self.settings),
            self.batches.wakeup(),
            self.rest.wakeup().filter(|_| self.is_idle()),
            polls,
            expiry,
        ];
        // What is due already and was not asked for waits for an answer, not for time.
        let ahead = |at: &Timestamp| *at > self.now;
        parts.into_iter().flatten().filter(ahead).min()
    }

    fn take_in(&mut self, input: Input, commands: &mut Vec<Command>) {
        let now = self.now;
        match input {
            Input::Joined { marks, queue } => self.joined(&marks, queue),
            Input::QueueReady(queue) => self.start.queue_ready(queue, &self.settings, now),
            Input::QueueNotReady => self.start.failed(now),
            Input::Received { asked, arrivals } => self.received(asked, arrivals, commands),
            Input::ReceiveFailed(failure) => self.receive_failed(failure),
            Input::Extended { held, extension } => self.hands.extended(held, extension, now),
            Input::Acknowledged => self.hands.acknowledging = false,
            Input::Quarantined { held } => self.hands.quarantined(held),
            Input::NotQuarantined { held } => self.hands.not_quarantined(held),
            Input::Answered { ask, answer } => self.answered(ask, answer),
            Input::Recorded => self.recorded(),
            Input::NotRecorded => self.records.failed(now),
            Input::ListingRequested => self.listing_requested(),
            Input::ListingNotRequested => self.listing_not_requested(),
            Input::NextListing(listing) => self.listings.next(listing, now, &self.settings),
            Input::Listed(page) => self.listed(page),
            Input::UnknownFound(unknown) => self.listings.sifted(&unknown),
            Input::ListingFailed => self.listings.failed(now),
            Input::ListingFinished(_) => self.listings.finished(now),
            Input::MarksRead(marks) if self.start.looks_again() => {
                self.start.looked_again(&marks, now);
            }
            Input::MarksRead(marks) => self.marks_read(&marks),
            Input::MarksNotRead if self.start.looks_again() => self.start.failed(now),
            Input::MarksNotRead => self.listings.clock.failed(now),
            Input::MetricsRead(metrics) => self.metrics_read(&metrics),
            Input::MetricsNotRead => self.metrics_not_read(),
            Input::NextBatch(batch) => self.batches.next(batch, now, &self.settings),
            Input::NoBatch => self.batches.not_asked(now),
            Input::Delivered => self.batches.delivered(),
            Input::NotDelivered => self.batches.failed(now),
            Input::Committed => self.batches.committed(now),
            Input::NotCommitted => self.batches.failed(now),
            Input::Renewed => self.batches.renewed(now, self.settings.lease),
            Input::Marked => self.marked(),
            Input::NotMarked => self.not_marked(),
            Input::Expired { is_done } => {
                let again = if is_done {
                    EXPIRE_INTERVAL
                } else {
                    Duration::ZERO
                };
                self.chores.expired.done(now, again);
            }
            Input::NotExpired => self.chores.expired.failed(now),
            Input::Stop => self.stop(commands),
            Input::Fenced | Input::Left => self.end(commands),
            Input::Tick => {}
        }
    }

    /// Asks for everything that can be done now.
    fn go_on(&mut self, commands: &mut Vec<Command>) {
        self.start.look_whether_settled(self.now);
        if !self.start.is_done() {
            self.step(commands);
        }
        if self.start.is_done() {
            self.receive(commands);
            self.listings
                .look_at_clock(&self.settings, self.now, commands);
        }
        self.request_backfill(commands);
        self.request(commands);
        self.work(commands);
        self.hands.beat(self.now, commands);
        self.listings.go_on(self.now, commands);
        self.batches.go_on(self.now, commands);
        if self.start.is_done() && !self.start.is_settling() && self.chores.polled.is_due(self.now)
        {
            self.mark_poll(commands);
        }
        if let Some(age) = self.settings.max_file_age
            && self.chores.expired.is_due(self.now)
        {
            self.chores.expired.ask();
            commands.push(Command::Expire { age });
        }
    }

    /// What goes on until the end: what was received is recorded and acknowledged.
    fn work(&mut self, commands: &mut Vec<Command>) {
        let page = self.listings.take_page(&self.settings, self.now, commands);
        if let Some((files, progress)) = page {
            self.records.add_page(files, progress);
        }
        self.records.go_on(self.now, commands);
        self.listings.ask_store(self.now, commands);
        self.hands.finish(commands);
    }

    fn mark_poll(&mut self, commands: &mut Vec<Command>) {
        let queue = self
            .start
            .queue()
            .cloned()
            .filter(|_| self.marking.is_none());
        let Some((queue, at)) = queue.zip(self.hands.polled()) else {
            return;
        };
        self.chores.polled.ask();
        self.marking = Some(Owner::Clock);
        commands.push(Command::Mark(crate::Mark::Polled { queue, at }));
    }

    fn marked(&mut self) {
        match self.marking.take() {
            Some(Owner::Start) => self.start.step_done(),
            _ => self.chores.polled.done(self.now, POLL_MARK_INTERVAL),
        }
    }

    fn not_marked(&mut self) {
        match self.marking.take() {
            Some(Owner::Start) => self.start.failed(self.now),
            _ => self.chores.polled.failed(self.now),
        }
    }

    fn stop(&mut self, commands: &mut Vec<Command>) {
        match self.phase {
            Phase::New => self.end(commands),
            Phase::Running => {
                self.phase = Phase::Stopping;
                self.listings.stop();
                self.records.let_go();
                let released = self.hands.let_go();
                if !released.is_empty() {
                    commands.push(Command::Release(released));
                }
            }
            Phase::Stopping | Phase::Leaving | Phase::Stopped => {}
        }
    }

    /// Lets what was begun come to its end, then leaves.
    fn wind_up(&mut self, commands: &mut Vec<Command>) {
        self.work(commands);
        self.batches.wind_up(self.now, commands);
        if self.is_wound_up() && commands.is_empty() {
            self.phase = Phase::Leaving;
            commands.push(Command::Leave);
        }
    }

    fn is_wound_up(&self) -> bool {
        self.hands.is_quiet() && self.records.is_quiet() && self.batches.is_quiet()
    }

    fn end(&mut self, commands: &mut Vec<Command>) {
        self.phase = Phase::Stopped;
        commands.push(Command::Stopped);
    }
}
