//! The runtime, the network to it, and the books that the decider is judged by.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};

/// A revision that becomes READY on every instance.
pub(crate) const GOOD: Revision = Revision(8);
/// A revision that becomes READY nowhere.
pub(crate) const BAD: Revision = Revision(7);

/// Rounds for each instance, and for the service, within which a target must be reached once the
/// faults stopped; each round gives every pending thing its turn.
const ROUNDS_EACH: u32 = 14;
const ROUNDS_ONCE: u32 = 16;

/// xorshift64: small, fast, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

struct Deployment {
    revision: Revision,
    phase: Phase,
}

/// What an outsider writes down about one upgrade.
#[derive(Default)]
struct Books {
    floor: Option<u32>,
    /// READY instances that were stopped to be replaced and are not back yet.
    down: BTreeSet<InstanceId>,
    /// Since when an instance that is down is READY again.
    back_since: BTreeMap<InstanceId, Millis>,
}

pub(crate) struct World {
    pub(crate) service: Service,
    seed: u64,
    random: Random,
    /// Most instances that the user asks for.
    most: u32,
    now: Millis,
    faults: bool,
    /// One step in so many is the user's; short and long upgrades need different tempers.
    calm: u64,
    /// What really runs: every deployment of every instance that is alive.
    alive: BTreeMap<(InstanceId, u64), Deployment>,
    commands: VecDeque<Command>,
    news: Vec<Event>,
    books: Books,
    last_event: Option<Event>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_most(seed, 6)
    }

    /// A service of up to `most` instances.
    pub(crate) fn with_most(seed: u64, most: u32) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let max_unavailable = 1 + u32::try_from(random.below(2)).unwrap();
        let policy = Policy {
            max_unavailable: NonZeroU32::new(max_unavailable).unwrap(),
            min_ready_time: Duration::from_secs(random.below(2) * 10),
            ..Policy::default()
        };
        Self {
            service: Service::new(policy),
            seed,
            random,
            most,
            now: Millis(0),
            faults: true,
            calm: 4 << (seed % 5),
            alive: BTreeMap::new(),
            commands: VecDeque::new(),
            news: Vec::new(),
            books: Books::default(),
            last_event: None,
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.now
    }

    pub(crate) fn last_event(&self) -> Option<Event> {
        self.last_event
    }

    pub(crate) fn max_unavailable(&self) -> u32 {
        self.service.policy().max_unavailable.get()
    }

    pub(crate) fn some_count(&mut self) -> u32 {
        1 + u32::try_from(self.random.below(u64::from(self.most))).unwrap()
    }

    pub(crate) fn other_good_revision(&mut self) -> Revision {
        Revision(100 + 4 * self.random.below(3))
    }

    pub(crate) fn target(&mut self, revision: Revision, count: u32) {
        self.decide(Event::target(revision, InstanceCount::new(count).unwrap()));
    }

    /// One random thing happens: to the user, the runtime, the network, or the clock.
    pub(crate) fn trouble(&mut self) {
        if self.random.one_in(self.calm) {
            return self.user();
        }
        match self.random.below(20) {
            0..=4 => self.execute(),
            5..=10 => self.deliver(),
            11..=17 => self.live(),
            18 => self.crash(),
            _ => {
                let seconds = self.random.below(40);
                self.now = self.now.plus(Duration::from_secs(seconds));
                self.decide(Event::Tick);
            }
        }
    }

    /// The user changes their mind: mostly the revision, sometimes the size or everything.
    fn user(&mut self) {
        let count = match self.service.target() {
            Some((_, count)) if !self.random.one_in(4) => count.get(),
            _ => self.some_count(),
        };
        match self.random.below(10) {
            0 => self.decide(Event::Suspend),
            1..=2 => self.decide(Event::Resume),
            3..=5 => {
                let revision = Revision(4 + self.random.below(5));
                self.target(revision, count);
            }
            _ => {
                let revision = self.other_good_revision();
                self.target(revision, count);
            }
        }
    }

    /// From now on every command is executed, every message arrives, and every instance of a
    /// good revision becomes READY. What is under way still arrives, late, and then the driver
    /// looks at the runtime once more: the last word about a deployment is the true one.
    pub(crate) fn end_faults(&mut self) {
        self.faults = false;
        let seen = self
            .alive
            .iter()
            .map(|((id, attempt), deployment)| Event::Observed {
                id: *id,
                attempt: *attempt,
                phase: deployment.phase,
            });
        self.news.extend(seen);
    }

    /// Runs without faults until nothing is left to do; answers the lowest availability seen.
    pub(crate) fn run_until_quiet(&mut self) -> u32 {
        let mut lowest = self.service.status().ready;
        for _ in 0..ROUNDS_EACH * self.most + ROUNDS_ONCE {
            let (busy, seen) = self.round();
            lowest = lowest.min(seen);
            if !busy {
                return lowest;
            }
        }
        panic!("seed {}: no end in sight: {:?}", self.seed, self.service);
    }

    /// Runs without faults for so many rounds.
    pub(crate) fn run_for(&mut self, rounds: u64) {
        for _ in 0..rounds {
            self.round();
        }
    }

    pub(crate) fn assert_reached(&self, revision: Revision, count: u32) {
        let (seed, status) = (self.seed, self.service.status());
        assert_eq!(
            (status.ready, status.current),
            (count, count),
            "seed {seed}"
        );
        assert!(!self.service.is_upgrading(), "seed {seed}");
        let all = self
            .service
            .instances()
            .all(|(_, i)| i.revision == revision);
        assert!(all, "seed {seed}: {:?}", self.service);
        let real = self
            .alive
            .values()
            .filter(|d| d.phase == Phase::Ready)
            .count();
        assert_eq!(
            (real, self.alive.len()),
            (count as usize, count as usize),
            "seed {seed}"
        );
    }

    /// Gives everything pending one turn; says whether there was anything.
    fn round(&mut self) -> (bool, u32) {
        let mut lowest = self.service.status().ready;
        let mut busy = false;
        for _ in 0..self.commands.len() {
            self.execute();
            busy = true;
        }
        let news = std::mem::take(&mut self.news);
        for event in news {
            self.decide(event);
            lowest = lowest.min(self.service.status().ready);
            busy = true;
        }
        let keys: Vec<_> = self.alive.keys().copied().collect();
        for key in keys {
            busy |= self.advance(key);
        }
        if !busy && let Some(at) = self.service.next_wakeup() {
            self.now = self.now.max(at);
            self.decide(Event::Tick);
            busy = true;
        }
        (busy, lowest)
    }

    // === the runtime ===

    /// The driver executes the oldest command; in trouble, a stop may be lost.
    fn execute(&mut self) {
        let Some(command) = self.commands.pop_front() else {
            return;
        };
        match command {
            Command::Start {
                id,
                attempt,
                revision,
            } => {
                let others = self.alive.keys().filter(|(other, _)| *other == id).count();
                assert_eq!(
                    others, 0,
                    "seed {}: two attempts of {id} are alive",
                    self.seed
                );
                if self.faults && self.random.one_in(10) {
                    self.news.push(Event::Gone { id, attempt });
                    return;
                }
                self.alive.insert(
                    (id, attempt),
                    Deployment {
                        revision,
                        phase: Phase::Pending,
                    },
                );
            }
            Command::Stop { id, attempt } => {
                if self.faults && self.random.one_in(5) {
                    return;
                }
                self.alive.remove(&(id, attempt));
                self.news.push(Event::Gone { id, attempt });
            }
        }
    }

    /// A message arrives: any of those under way, perhaps not for the last time.
    fn deliver(&mut self) {
        if self.news.is_empty() {
            return;
        }
        let at = usize::try_from(self.random.below(self.news.len() as u64)).unwrap();
        let event = self.news.swap_remove(at);
        if self.random.one_in(4) {
            self.news.push(event);
        }
        self.decide(event);
    }

    fn some_deployment(&mut self) -> Option<(InstanceId, u64)> {
        let alive = self.alive.len() as u64;
        let at = usize::try_from(self.random.below(alive.max(1))).unwrap();
        self.alive.keys().nth(at).copied()
    }

    /// An instance moves on: becomes READY if it can, or its probes flap.
    fn live(&mut self) {
        let Some(key) = self.some_deployment() else {
            return;
        };
        let flaps = self.random.one_in(4);
        let phase = match self.random.below(3) {
            0 => Phase::Pending,
            1 => Phase::Failed,
            _ => Phase::Terminating,
        };
        if flaps && phase != Phase::Terminating {
            self.see(key, phase);
        } else {
            self.advance(key);
        }
    }

    fn crash(&mut self) {
        if let Some((id, attempt)) = self.some_deployment() {
            self.alive.remove(&(id, attempt));
            self.news.push(Event::Gone { id, attempt });
        }
    }

    /// A deployment does what its revision lets it do; says whether that was news.
    fn advance(&mut self, key: (InstanceId, u64)) -> bool {
        let Some(deployment) = self.alive.get(&key) else {
            return false;
        };
        let good = deployment.revision.0 % 4 == 0;
        if !good || deployment.phase == Phase::Ready {
            return false;
        }
        self.see(key, Phase::Ready);
        true
    }

    fn see(&mut self, key: (InstanceId, u64), phase: Phase) {
        if let Some(deployment) = self.alive.get_mut(&key) {
            deployment.phase = phase;
            self.news.push(Event::Observed {
                id: key.0,
                attempt: key.1,
                phase,
            });
        }
    }

    // === the judge ===

    /// Tells the decider, and judges what it answers from the outside.
    pub(crate) fn decide(&mut self, event: Event) {
        let target = self.service.target();
        let before = self.ready();
        self.last_event = Some(event);
        let was_suspended = self.service.status().is_suspended;
        let commands = self.service.decide(event, self.now);
        self.keep_books(event, target, &before, was_suspended);
        self.judge(&before, event, &commands);
        self.commands.extend(commands);
    }

    fn ready(&self) -> BTreeSet<InstanceId> {
        let ready = self
            .service
            .instances()
            .filter(|(_, i)| i.phase == Phase::Ready);
        ready.map(|(id, _)| id).collect()
    }

    /// Writes down what the event means for availability, without asking the decider.
    fn keep_books(
        &mut self,
        event: Event,
        previous: Option<(Revision, InstanceCount)>,
        before: &BTreeSet<InstanceId>,
        was_suspended: bool,
    ) {
        let books = &mut self.books;
        match event {
            Event::Suspend => *books = Books::default(),
            Event::Target { revision, count } => {
                books.down.retain(|id| count.keeps(*id));
                let kept = before.iter().filter(|id| count.keeps(**id));
                let without_us = kept.chain(&books.down).collect::<BTreeSet<_>>().len();
                let allowed = self.service.policy().max_unavailable.get();
                let floor = u32::try_from(without_us).unwrap().saturating_sub(allowed);
                if previous.is_none_or(|(old, _)| old != revision) {
                    books.floor = (!was_suspended).then_some(floor);
                } else if previous.is_some_and(|(_, old)| count < old) {
                    books.floor = books.floor.map(|old| old.min(floor));
                }
            }
            Event::Resume | Event::Observed { .. } | Event::Gone { .. } | Event::Tick => {}
        }
        let settles = self.service.policy().min_ready_time;
        let ready = self
            .service
            .instances()
            .filter(|(_, i)| i.phase == Phase::Ready);
        let ready: BTreeSet<InstanceId> = ready.map(|(id, _)| id).collect();
        books.back_since.retain(|id, _| ready.contains(id));
        for id in ready {
            let since = *books.back_since.entry(id).or_insert(self.now);
            if self.now.since(since) >= settles {
                books.down.remove(&id);
            }
        }
        if !self.service.is_upgrading() {
            *books = Books {
                back_since: std::mem::take(&mut books.back_since),
                ..Books::default()
            };
        }
    }

    fn judge(&mut self, before: &BTreeSet<InstanceId>, event: Event, commands: &[Command]) {
        let seed = self.seed;
        let (suspended, upgrading) = (
            self.service.status().is_suspended,
            self.service.is_upgrading(),
        );
        let Some((_, count)) = self.service.target().filter(|_| !suspended) else {
            let started = commands.iter().any(|c| matches!(c, Command::Start { .. }));
            assert!(!started, "seed {seed}: a suspended service is started");
            return;
        };
        // An instance whose end or readiness is this very event changed by it, not by us.
        let told = match event {
            Event::Observed { id, .. } | Event::Gone { id, .. } => Some(id),
            Event::Target { .. } | Event::Suspend | Event::Resume | Event::Tick => None,
        };
        let replaced = commands.iter().filter_map(|command| match *command {
            Command::Stop { id, .. } if count.keeps(id) => Some(id),
            Command::Stop { .. } | Command::Start { .. } => None,
        });
        let replaced: Vec<_> = replaced.filter(|id| before.contains(id)).collect();
        self.books
            .down
            .extend(replaced.iter().filter(|id| upgrading && Some(**id) != told));
        let allowed = self.service.policy().max_unavailable.get() as usize;
        assert!(
            self.books.down.len() <= allowed,
            "seed {seed}: {:?}",
            self.books.down
        );
        assert!(
            replaced.is_sorted_by(|a, b| a > b),
            "seed {seed}: {replaced:?}"
        );
        if let (Some(floor), false) = (self.books.floor, replaced.is_empty()) {
            let left = self
                .ready()
                .into_iter()
                .filter(|id| count.keeps(*id))
                .count();
            assert!(
                left >= floor as usize,
                "seed {seed}: {left} left of a floor of {floor}"
            );
        }
    }
}
