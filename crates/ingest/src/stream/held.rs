//! Messages in hand: received, not yet acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use floe_notify::MessageId;
use floe_notify::clock::Timestamp;

use super::{Arrival, Command, Extension, HeldId, Owner, Phase, ReceiveFailure, Stream, Timer};

/// Most messages that a consumer counts the receives of where the queue does not: bad ones in
/// turn, more of which make it count from the beginning.
const MAX_COUNTED: usize = 10_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Hands {
    held: BTreeMap<HeldId, Held>,
    /// When each is to be held on.
    beats: BTreeSet<(Timestamp, HeldId)>,
    /// What nothing is left to do for but to acknowledge.
    done: Vec<HeldId>,
    pub(super) acknowledging: bool,
    /// Messages that are being put aside.
    quarantining: usize,
    /// What is to be put aside now.
    poisoned: Vec<(HeldId, String)>,
    dropped: Vec<HeldId>,
    /// Directories that messages ask to be listed.
    pub(super) requests: VecDeque<(HeldId, Vec<u8>)>,
    receiving: usize,
    receive: Timer,
    /// The queue had nothing when it answered last.
    is_dry: bool,
    /// It was asked since the start was done.
    is_asked: bool,
    /// When the queue was asked last, by a receive that was answered.
    asked: Option<Timestamp>,
    counts: BTreeMap<MessageId, u32>,
}

#[derive(Clone, Debug)]
struct Held {
    message: MessageId,
    asked: Timestamp,
    beat: Timestamp,
    /// Files, questions and listings that are not durable yet.
    pending: usize,
    fate: Fate,
}

/// What becomes of a message when everything in it is durable.
#[derive(Clone, Debug)]
enum Fate {
    Acknowledge,
    /// It is bad, but may be better next time.
    Leave,
    Quarantine(String),
}

impl Stream {
    /// Receives while there is room to hold what comes.
    pub(super) fn receive(&mut self, commands: &mut Vec<Command>) {
        let (hands, most) = (&mut self.hands, self.start.largest_receive());
        let wait = !self.settings.available_now;
        let is_through = !wait && hands.is_dry && hands.is_asked;
        if most == 0 || is_through || !hands.receive.is_due(self.now) {
            return;
        }
        while hands.receiving < self.settings.receivers {
            let reserved = hands.held.len() + (hands.receiving + 1) * most;
            if reserved > self.settings.max_held.max(most) {
                return;
            }
            hands.receiving += 1;
            hands.is_asked = true;
            commands.push(Command::Receive { max: most, wait });
        }
    }

    pub(super) fn received(
        &mut self,
        asked: Timestamp,
        arrivals: Vec<Arrival>,
        commands: &mut Vec<Command>,
    ) {
        self.hands.receiving = self.hands.receiving.saturating_sub(1);
        self.hands.receive = Timer::default();
        if self.phase != Phase::Running {
            let held: Vec<_> = arrivals.iter().map(|arrival| arrival.held).collect();
            if !held.is_empty() {
                commands.push(Command::Release(held));
            }
            return;
        }
        self.hands.asked = self.hands.asked.max(Some(asked));
        self.hands.is_dry = arrivals.is_empty();
        for arrival in arrivals {
            self.take(asked, arrival);
        }
    }

    fn take(&mut self, asked: Timestamp, arrival: Arrival) {
        let Arrival {
            held,
            message,
            deadline,
            receive_count,
            news,
        } = arrival;
        let pending = news.files.len() + news.asks.len() + news.listings.len();
        let fate = match news.poison {
            None => Fate::Acknowledge,
            Some(reason) => {
                let count = receive_count.unwrap_or_else(|| self.hands.count(&message));
                self.fate_of_bad(count, reason)
            }
        };
        for file in news.files {
            self.records.add(file, held);
        }
        for ask in news.asks {
            self.listings.ask(ask, Some(held));
        }
        for prefix in news.listings {
            self.hands.requests.push_back((held, prefix));
        }
        let half = deadline.since(asked) / 2;
        let beat = asked.after(half);
        self.hands.beats.insert((beat, held));
        let one = Held {
            message,
            asked,
            beat,
            pending,
            fate,
        };
        self.hands.held.insert(held, one);
        self.hands.settle_if_done(held);
    }

    fn fate_of_bad(&self, count: u32, reason: String) -> Fate {
        if count >= self.settings.receive_cap {
            Fate::Quarantine(reason)
        } else {
            Fate::Leave
        }
    }

    /// The store does not answer about a file that a message tells of.
    pub(super) fn give_up_on(&mut self, held: HeldId, reason: &str) {
        let Some(one) = self.hands.held.get(&held) else {
            return;
        };
        let message = one.message.clone();
        let count = self.hands.count(&message);
        let fate = self.fate_of_bad(count, reason.to_owned());
        if let Some(one) = self.hands.held.get_mut(&held) {
            one.fate = fate;
        }
        self.hands.one_done(held);
    }

    pub(super) fn receive_failed(&mut self, failure: ReceiveFailure) {
        self.hands.receiving = self.hands.receiving.saturating_sub(1);
        self.hands.is_dry = false;
        match failure {
            ReceiveFailure::Later => self.hands.receive.failed(self.now),
            ReceiveFailure::Lost => {
                self.hands.is_asked = false;
                self.start.queue_lost();
            }
        }
    }

    /// Notes the listings that messages ask for, one after another.
    pub(super) fn request(&mut self, commands: &mut Vec<Command>) {
        if self.requesting.is_some() || !self.requests.is_due(self.now) {
            return;
        }
        let Some((held, prefix)) = self.hands.requests.front() else {
            return;
        };
        self.requesting = Some(Owner::Message(*held));
        let reason = crate::ListingReason::Renamed;
        let request = crate::ListingRequest {
            reason,
            prefix: prefix.clone(),
        };
        commands.push(Command::RequestListing(request));
    }
}

impl Hands {
    fn count(&mut self, message: &MessageId) -> u32 {
        if self.counts.len() >= MAX_COUNTED && !self.counts.contains_key(message) {
            self.counts.clear();
        }
        let count = self.counts.entry(message.clone()).or_default();
        *count = count.saturating_add(1);
        *count
    }

    /// One thing that a message tells of is durable.
    pub(super) fn one_done(&mut self, held: HeldId) {
        let Some(one) = self.held.get_mut(&held) else {
            return;
        };
        one.pending = one.pending.saturating_sub(1);
        self.settle_if_done(held);
    }

    /// The listing that a message asks for first is noted.
    pub(super) fn requested(&mut self, held: HeldId) {
        // It is not there any more when everything was let go meanwhile.
        if self
            .requests
            .pop_front_if(|(front, _)| *front == held)
            .is_some()
        {
            self.one_done(held);
        }
    }

    /// Whether a receive was answered yet.
    pub(super) const fn has_polled(&self) -> bool {
        self.asked.is_some()
    }

    fn settle_if_done(&mut self, held: HeldId) {
        let Some(one) = self.held.get_mut(&held).filter(|one| one.pending == 0) else {
            return;
        };
        match std::mem::replace(&mut one.fate, Fate::Acknowledge) {
            Fate::Acknowledge => self.done.push(held),
            Fate::Leave => self.drop_one(held),
            Fate::Quarantine(reason) => self.poisoned.push((held, reason)),
        }
    }

    /// A message is put aside.
    pub(super) fn quarantined(&mut self, held: HeldId) {
        self.quarantining = self.quarantining.saturating_sub(1);
        if self.held.contains_key(&held) {
            self.done.push(held);
        }
    }

    /// A message could not be put aside; it comes again.
    pub(super) fn not_quarantined(&mut self, held: HeldId) {
        self.quarantining = self.quarantining.saturating_sub(1);
        self.drop_one(held);
    }

    fn remove(&mut self, held: HeldId) -> Option<Held> {
        let one = self.held.remove(&held)?;
        self.beats.remove(&(one.beat, held));
        Some(one)
    }

    fn drop_one(&mut self, held: HeldId) {
        if self.remove(held).is_some() {
            self.dropped.push(held);
        }
    }

    /// Acknowledges and puts aside what is ready.
    pub(super) fn finish(&mut self, commands: &mut Vec<Command>) {
        for (held, reason) in std::mem::take(&mut self.poisoned) {
            self.quarantining += 1;
            commands.push(Command::Quarantine { held, reason });
        }
        if !self.dropped.is_empty() {
            commands.push(Command::Drop(std::mem::take(&mut self.dropped)));
        }
        if self.acknowledging || self.done.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.done);
        // What was lost meanwhile is somebody else's.
        batch.retain(|held| match self.remove(*held) {
            Some(one) => {
                self.counts.remove(&one.message);
                true
            }
            None => false,
        });
        if !batch.is_empty() {
            self.acknowledging = true;
            commands.push(Command::Acknowledge(batch));
        }
    }

    /// Holds on to what half of the time has passed of.
    pub(super) fn beat(&mut self, now: Timestamp, commands: &mut Vec<Command>) {
        while let Some((at, held)) = self.beats.first().copied().filter(|(at, _)| *at <= now) {
            self.beats.remove(&(at, held));
            commands.push(Command::Extend(held));
        }
    }

    pub(super) fn extended(&mut self, held: HeldId, extension: Extension, now: Timestamp) {
        let Some(one) = self.held.get_mut(&held) else {
            return;
        };
        match extension {
            Extension::Until(deadline) => one.beat = now.after(deadline.since(now) / 2),
            Extension::Failed => one.beat = now.after(super::FIRST_BACKOFF),
            Extension::Gone => {
                self.drop_one(held);
                return;
            }
        }
        self.beats.insert((one.beat, held));
    }

    /// The time up to which everything that the queue handed out is recorded.
    pub(super) fn polled(&self) -> Option<Timestamp> {
        let oldest = self.held.values().map(|one| one.asked).min();
        oldest.or(self.asked).min(self.asked)
    }

    /// Takes everything out of hand that is not durable yet.
    pub(super) fn let_go(&mut self) -> Vec<HeldId> {
        self.requests.clear();
        let open = self.held.iter().filter(|(_, one)| one.pending > 0);
        let open: Vec<_> = open.map(|(held, _)| *held).collect();
        open.iter().for_each(|held| drop(self.remove(*held)));
        open
    }

    /// Whether the queue had nothing when it was asked last, since the start; with `all` each of
    /// the receives that were under way then has been answered.
    pub(super) const fn has_run_dry(&self, all: bool) -> bool {
        self.is_dry && self.is_asked && (!all || self.receiving == 0)
    }

    /// Whether no message is in hand.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
            && self.requests.is_empty()
            && self.done.is_empty()
            && self.poisoned.is_empty()
            && self.quarantining == 0
            && !self.acknowledging
    }

    pub(super) const fn is_quiet(&self) -> bool {
        self.receiving == 0
            && !self.acknowledging
            && self.quarantining == 0
            && self.done.is_empty()
            && self.poisoned.is_empty()
    }

    pub(super) fn wakeup(&self) -> Option<Timestamp> {
        let beat = self.beats.first().map(|(at, _)| *at);
        let receive = self
            .receive
            .wakeup()
            .filter(|at| *at > Timestamp::default());
        [beat, receive].into_iter().flatten().min()
    }
}
