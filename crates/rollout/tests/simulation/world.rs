//! The runtime, the network to it, and the books that the decider is judged by.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};

use super::books::{Books, snapshot};

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

pub(crate) struct World {
    pub(crate) service: Service,
    seed: u64,
    random: Random,
    /// Most instances that the user asks for.
    most: u32,
    fixed_partition: bool,
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
            partition: u32::try_from(random.below(16).saturating_sub(12)).unwrap(),
            max_failures: u32::from(random.one_in(4)),
            progress_deadline: random.one_in(2).then_some(Duration::from_secs(60)),
            ..Policy::default()
        };
        Self {
            service: Service::new(policy),
            seed,
            random,
            most,
            fixed_partition: true,
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
            3 => self.care(),
            4..=5 => {
                let revision = Revision(4 + self.random.below(5));
                self.target(revision, count);
            }
            _ => {
                let revision = self.other_good_revision();
                self.target(revision, count);
            }
        }
    }

    /// The user holds an upgrade, lets it go on, or asks for a restart.
    fn care(&mut self) {
        match self.random.below(6) {
            0..=1 => self.decide(Event::PauseUpgrade),
            2 => self.decide(Event::ResumeUpgrade),
            3 if !self.fixed_partition || self.random.one_in(8) => {
                let partition = u32::try_from(self.random.below(4)).unwrap();
                self.set_partition(partition);
            }
            _ => {
                let before = self.service.next_attempt();
                self.decide(Event::Restart { before });
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
        // Nothing is to be held back any more.
        self.set_partition(0);
        self.decide(Event::ResumeUpgrade);
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
        assert!(self.service.floor().is_none(), "seed {seed}");
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
        let before = snapshot(&self.service);
        self.last_event = Some(event);
        let was_suspended = self.service.status().is_suspended;
        let commands = self.service.decide(event, self.now);
        let policy = self.service.policy();
        self.books
            .note(event, target, &before, was_suspended, policy);
        let told = (event, &before, commands.as_slice());
        self.books
            .judge(told, (&self.service, self.now, self.fixed_partition));
        self.commands.extend(commands);
    }

    pub(crate) fn set_partition(&mut self, partition: u32) {
        let previous = self.service.policy().clone();
        let policy = Policy {
            partition,
            ..previous.clone()
        };
        self.fixed_partition &= partition == previous.partition;
        self.service.set_policy(policy.clone());
        let suspended = self.service.status().is_suspended;
        let Some((revision, count)) = self.service.target().filter(|_| !suspended) else {
            return;
        };
        let now = snapshot(&self.service);
        let bound = self.books.restart_before();
        let outdated = now.iter().any(|(id, instance)| {
            (id.0 >= partition && instance.revision != revision) || instance.attempt < bound
        });
        if partition < previous.partition && outdated {
            self.books.lowered(&now, &policy, count);
        }
        self.decide(Event::Tick);
    }
}
