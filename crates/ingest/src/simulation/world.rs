//! One stream with its store, its queue, its sink and its consumers.

mod bug;
mod counts;
mod deeds;
#[cfg(feature = "embedded")]
mod disk;
mod driver;
mod once;
mod phases;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{QueueId, StreamId};

use super::books::Sink;
use super::ledger::{Kept, answer};
use super::queue::{Queue, RETENTION_MS};
use super::random::Random;
use super::store::{Object, Store};
use crate::memory::{Fault, MemoryLedger};
use crate::stream::{Command, HeldId, Input, QueueStart, Settings, Stream};
use crate::{Claim, FileId, Founding, Marks, Role, VersionRule};
pub(super) use bug::Bug;
pub(super) use counts::Counts;
use once::There;

/// Names that files land under in every life.
pub(super) const FILES: usize = 200;

/// Most happenings of one life: ten times more than the longest has.
const MAX_STEPS: u64 = 2_000_000;

/// Everything there is in one run.
pub(super) struct World {
    random: Random,
    bug: Option<Bug>,
    /// Milliseconds since the Unix epoch.
    now: u64,
    agenda: BTreeMap<(u64, u64), Happening>,
    order: u64,
    steps: u64,
    store: Store,
    queue: Queue,
    sink: Sink,
    ledger: Kept,
    /// What is durable, for a ledger that answers too early.
    durable: (Option<Kept>, u32),
    /// Where the ledger is, if it is on a disk.
    #[cfg(feature = "embedded")]
    disk: Option<disk::Power>,
    processes: Vec<Process>,
    roles: usize,
    /// What all consumers are told, but for their mode.
    settings: Settings,
    /// How every consumer is started from now on; none while each is drawn.
    calm: Option<Settings>,
    faults: bool,
    /// Whether what a dead process had asked for is carried out; drawn where nothing is said.
    arrives: Option<bool>,
    disk_is_full: bool,
    /// The listing of what was there before is over.
    existing_is_listed: bool,
    /// Objects that only a listing finds since the queue was lost.
    unlisted: Vec<usize>,
    /// Objects that have not landed yet.
    to_land: Vec<usize>,
    /// Objects that land when the trouble is over.
    kept: Vec<usize>,
    /// When a process ended last.
    ended_at: u64,
    deeds: u64,
    /// How often files were told of, for a count that leaks.
    told: BTreeMap<usize, u32>,
    broken: Option<String>,
    counts: Counts,
    tell: bool,
    story: Vec<String>,
    trace: u64,
}

/// Something that happens at a time.
#[derive(Debug)]
enum Happening {
    Deed,
    /// A process for this role starts.
    Start(usize),
    /// What a process asked for takes place.
    Effect(usize, Command),
    /// A process hears of it.
    Answer(usize, Input),
    Tick(usize),
    DiskHasRoom,
}

struct Process {
    role: usize,
    stream: Stream,
    claim: Claim,
    settings: Settings,
    is_alive: bool,
    paused_until: u64,
    /// The message and the receipt of each delivery.
    held: BTreeMap<HeldId, (usize, u64)>,
    last_held: u64,
    tick: Option<u64>,
    cache: BTreeSet<FileId>,
    /// What there was when it started, if it is to take that and end.
    there: Option<There>,
}

impl World {
    pub(super) fn new(seed: u64, bug: Option<Bug>, tell: bool) -> Self {
        let mut random = Random::new(seed);
        let now = 1_735_689_600_000;
        let with_versions = random.percent(30);
        let mut settings = Settings::new("s3://landing/in", b"in/");
        settings.include_existing = random.percent(80);
        settings.bounds.max_files = [5, 20, 50][random.index(3)];
        settings.bounds.max_bytes = random.percent(30).then_some(40);
        settings.receivers = 1 + random.index(2);
        settings.max_held = 60;
        settings.receive_cap = 3;
        settings.lease = Duration::from_secs([60, 300][random.index(2)]);
        let mut objects: Vec<_> = (0..FILES).map(|number| object(number, now)).collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        let old = random.index(60);
        let ledger = Kept::Memory(MemoryLedger::default());
        let mut world = Self {
            roles: 1 + random.index(3),
            store: Store {
                objects,
                with_versions,
            },
            queue: Queue::default(),
            sink: Sink::default(),
            durable: (ledger.copy(), 0),
            #[cfg(feature = "embedded")]
            disk: None,
            ledger,
            bug,
            now,
            agenda: BTreeMap::new(),
            order: 0,
            steps: 0,
            processes: Vec::new(),
            settings,
            calm: None,
            faults: true,
            arrives: None,
            disk_is_full: false,
            existing_is_listed: false,
            unlisted: Vec::new(),
            to_land: Vec::new(),
            kept: Vec::new(),
            ended_at: now,
            deeds: random.between(20, 60),
            told: BTreeMap::new(),
            broken: None,
            counts: Counts::default(),
            tell,
            story: Vec::new(),
            trace: seed,
            random,
        };
        world.prepare(old);
        world
    }

    /// Puts some objects there before the stream, and the others in a random order.
    fn prepare(&mut self, old: usize) {
        let mut order: Vec<_> = (0..FILES).collect();
        for at in (1..order.len()).rev() {
            let other = self.random.index(at + 1);
            order.swap(at, other);
        }
        let include = self.settings.include_existing;
        for number in order.drain(..old) {
            let object = &mut self.store.objects[number];
            object.version = 1;
            (object.is_old, object.is_owed, object.may_be_seen) = (true, include, !include);
        }
        self.to_land = order;
        for role in 0..self.roles {
            self.at(role as u64 * 3, Happening::Start(role));
        }
        self.at(10, Happening::Deed);
    }

    fn at(&mut self, delay: u64, what: Happening) {
        self.order += 1;
        self.agenda.insert((self.now + delay, self.order), what);
    }

    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(super) const fn trace(&self) -> u64 {
        self.trace
    }

    pub(super) fn story(&self) -> String {
        self.story.join("\n")
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if self.tell {
            self.story
                .push(format!("{:>9} {}", self.now % 1_000_000_000, what()));
        }
    }

    fn mix(&mut self, number: u64) {
        self.trace = (self.trace ^ number).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn break_with(&mut self, what: String) {
        self.note(|| format!("BROKEN: {what}"));
        self.broken.get_or_insert(what);
    }

    /// Lets the next thing happen; false when nothing is left.
    fn step(&mut self) -> Result<bool, String> {
        let Some(((time, _), what)) = self.agenda.pop_first() else {
            return Ok(false);
        };
        self.now = self.now.max(time);
        self.steps += 1;
        self.mix(time);
        if self.steps > MAX_STEPS {
            return Err(format!("it does not come to an end: {what:?}"));
        }
        match what {
            Happening::Deed => self.deed(),
            Happening::Start(role) => self.start(role),
            Happening::Effect(process, command) => self.effect(process, command),
            Happening::Answer(process, input) => self.answer(process, input),
            Happening::Tick(process) => self.tick(process),
            Happening::DiskHasRoom => self.disk_is_full = false,
        }
        self.broken.take().map_or(Ok(true), Err)
    }

    fn start(&mut self, role: usize) {
        let now = self.time();
        self.inject();
        let founded = answer(self.ledger.found(&founding(&self.store), now));
        self.written();
        let marks = match founded {
            Ok(founded) => founded.marks,
            Err(_) if self.bug == Some(Bug::TakesAFailureForAFirstStart) => {
                self.ledger = Kept::Memory(MemoryLedger::default());
                let fresh = answer(self.ledger.found(&founding(&self.store), now));
                fresh.unwrap().marks
            }
            Err(_) => return self.at(1_000, Happening::Start(role)),
        };
        self.inject();
        let name = Role::new(format!("consumer-{role}")).unwrap();
        let claim = answer(self.ledger.join(&name, now));
        self.written();
        let Ok(claim) = claim else {
            return self.at(1_000, Happening::Start(role));
        };
        let settings = self.draw_settings();
        let there = settings
            .available_now
            .then(|| self.there(settings.notifications));
        let process = Process {
            role,
            stream: Stream::new(settings.clone()),
            claim,
            settings,
            is_alive: true,
            paused_until: 0,
            held: BTreeMap::new(),
            last_held: 0,
            tick: None,
            cache: BTreeSet::new(),
            there,
        };
        self.processes.push(process);
        let number = self.processes.len() - 1;
        self.note(|| format!("process {number} starts as consumer-{role}"));
        let marks = Box::new(self.marks_as_seen(marks));
        let queue = self.queue.is_there.then(queue_start);
        self.decide(number, Input::Joined { marks, queue });
    }

    /// What a process is told of the marks.
    fn marks_as_seen(&mut self, marks: Marks) -> Marks {
        let polled = marks.last_poll.map_or(0, Timestamp::as_millis);
        self.counts.long_stops += u64::from(polled > 0 && self.now - polled >= RETENTION_MS);
        match self.bug {
            Some(Bug::ForgetsTheLongStop) => Marks {
                last_poll: Some(self.time()),
                ..marks
            },
            _ => marks,
        }
    }

    fn draw_settings(&mut self) -> Settings {
        if let Some(calm) = &self.calm {
            return calm.clone();
        }
        let mut settings = self.settings.clone();
        settings.notifications = self.random.percent(75);
        let often = settings.notifications && self.random.percent(80);
        settings.list_every = (!often).then_some(Duration::from_secs(120));
        settings.available_now = self.random.percent(20);
        self.counts.listing_modes += u64::from(!settings.notifications);
        settings
    }

    /// Lets a process decide, and sees to what it asks for.
    fn decide(&mut self, number: usize, input: Input) {
        let now = self.time();
        if self.tell {
            let text = format!("{input:?}");
            self.note(|| format!("  {number} <- {}", shorten(&text)));
        }
        let process = &mut self.processes[number];
        let commands = process.stream.decide(input, now);
        let wakeup = process.stream.next_wakeup();
        let ends = process.settings.available_now && process.stream.is_at_rest();
        if let Some(there) = process.there.take_if(|_| ends) {
            self.at_rest(&there);
        }
        for command in commands {
            if command == Command::Stopped {
                self.ended(number);
                return;
            }
            if self.tell {
                let text = format!("{command:?}");
                self.note(|| format!("  {number} -> {}", shorten(&text)));
            }
            let delay = self.latency();
            self.at(delay, Happening::Effect(number, command));
        }
        let Some(wakeup) = wakeup else { return };
        let at = wakeup.as_millis().max(self.now + 1);
        let process = &mut self.processes[number];
        if process.tick.is_none_or(|tick| at < tick) {
            process.tick = Some(at);
            self.at(at - self.now, Happening::Tick(number));
        }
    }

    fn ended(&mut self, number: usize) {
        self.note(|| format!("process {number} has ended"));
        self.ended_at = self.now;
        self.processes[number].is_alive = false;
        let role = self.processes[number].role;
        let others = self
            .processes
            .iter()
            .any(|other| other.is_alive && other.role == role);
        if self.faults && !others {
            let delay = self.random.between(100, 60_000);
            self.at(delay, Happening::Start(role));
        }
    }

    fn latency(&mut self) -> u64 {
        if self.faults && self.random.percent(2) {
            return self.random.between(100, 90_000);
        }
        self.random.between(1, 40)
    }

    fn tick(&mut self, number: usize) {
        let process = &mut self.processes[number];
        if !process.is_alive || process.tick != Some(self.now) && process.paused_until == 0 {
            return;
        }
        if process.paused_until > self.now {
            let delay = process.paused_until - self.now;
            process.tick = Some(process.paused_until);
            return self.at(delay, Happening::Tick(number));
        }
        process.tick = None;
        self.decide(number, Input::Tick);
    }

    fn answer(&mut self, number: usize, input: Input) {
        let process = &self.processes[number];
        if !process.is_alive {
            return;
        }
        if process.paused_until > self.now {
            let delay = process.paused_until - self.now;
            return self.at(delay, Happening::Answer(number, input));
        }
        self.decide(number, input);
    }

    /// Decides how the next transaction goes.
    fn inject(&mut self) {
        #[cfg(feature = "embedded")]
        if self.disk.is_some() {
            return self.arm_disk();
        }
        let fault = match () {
            () if self.disk_is_full => Some(Fault::Before),
            () if self.faults && self.random.percent(2) => Some(Fault::Before),
            () if self.faults && self.random.percent(1) => Some(Fault::After),
            () => None,
        };
        self.counts.ledger_faults += u64::from(fault.is_some());
        self.ledger.fail_next(fault);
    }

    /// A transaction was made.
    fn written(&mut self) {
        #[cfg(feature = "embedded")]
        self.look_at_disk();
        self.ledger.fail_next(None);
        if self.bug == Some(Bug::AnswersBeforeItIsDurable) {
            self.durable.1 += 1;
            if self.durable.1 >= 20 {
                self.durable = (self.ledger.copy(), 0);
            }
        }
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

fn object(number: usize, now: u64) -> Object {
    // Some are temporary.
    let is_wanted = number % 25 != 7;
    let hidden = if is_wanted { "" } else { "_tmp/" };
    Object {
        key: format!("in/d{}/{hidden}f{number:03}", number / 20 + 10),
        version: 0,
        written: Timestamp::from_millis(now),
        listed_at: Timestamp::from_millis(now),
        is_owed: false,
        is_old: false,
        may_be_seen: false,
        is_free: false,
        is_overwritten: false,
        is_wanted,
    }
}

fn queue_start() -> QueueStart {
    QueueStart {
        id: QueueId::new("events").unwrap(),
        largest_receive: 10,
        retention: Some(Duration::from_millis(RETENTION_MS)),
    }
}

fn founding(store: &Store) -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "s3://landing/in".to_owned(),
        rule: if store.with_versions {
            VersionRule::EntityTag
        } else {
            VersionRule::KeyAlone
        },
        options: BTreeMap::new(),
        defaults: BTreeMap::new(),
    }
}
