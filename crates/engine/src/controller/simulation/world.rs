//! One service with its user, its disk, its runtime, and the driver between them and the
//! controller.

mod counts;
mod driver;
mod revisions;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use floe_rollout::{Millis, Policy};
use floe_runtime::Runtime as _;
use floe_runtime::clock::{Clock, ManualClock};
use floe_runtime::sim::SimulatedRuntime;
use floe_scale::{Facts, Reading, Rules, Settings};

use super::books::{Books, expect};
use super::random::Random;
use crate::catalog::{RevisionRecord, ServiceRecord};
use crate::controller::{Controller, Input};
pub(super) use counts::Counts;
use driver::Driver;
use revisions::{Kind, image, record, revision};

/// The user does so many things before there is calm.
const DEEDS: u64 = 40;

/// So long may a service take to be as it should be once nothing goes wrong any more: the longest
/// delay of a restart, and then some for each instance.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Mistakes that a driver of the controller could make, put in on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    /// Tells the controller what it could not write.
    TellsWhatIsNotOnRecord,
    /// Never says that an instance that was stopped is gone.
    LosesTheEndOfAStop,
    /// Starts an instance though its stop was asked for meanwhile.
    StartsWhatWasStopped,
    /// Asks the disk for a change once and never again.
    ForgetsAChangeThatFailed,
    /// Suspends though a query has begun since.
    SuspendsInUse,
    /// Rolls back though the user wanted something newer since.
    RollsBackWhatIsNewer,
    /// Scales though the user set other bounds since.
    ScalesBeyondNewBounds,
    /// Takes reports about an earlier deployment for reports about the present one.
    MixesUpDeployments,
    /// Brings a suspended service to life when the engine starts again.
    ForgetsTheSuspension,
    /// Never looks at a service, so that rules never act.
    NeverLooks,
}

impl Bug {
    pub(super) const ALL: [Self; 10] = [
        Self::TellsWhatIsNotOnRecord,
        Self::LosesTheEndOfAStop,
        Self::StartsWhatWasStopped,
        Self::ForgetsAChangeThatFailed,
        Self::SuspendsInUse,
        Self::RollsBackWhatIsNewer,
        Self::ScalesBeyondNewBounds,
        Self::MixesUpDeployments,
        Self::ForgetsTheSuspension,
        Self::NeverLooks,
    ];
}

/// Everything there is in one run.
pub(super) struct World {
    random: Random,
    bug: Option<Bug>,
    clock: Arc<ManualClock>,
    runtime: Arc<SimulatedRuntime>,
    controller: Controller,
    policy: Policy,
    settings: Settings,
    /// What is on disk.
    record: ServiceRecord,
    kinds: BTreeMap<u64, Kind>,
    /// Revisions that this process of the engine has seen.
    revisions: BTreeMap<u64, RevisionRecord>,
    disk_is_full: bool,
    /// Nothing goes wrong any more.
    is_calm: bool,
    /// Cores that all requests need together.
    load: f64,
    /// One reading in so many of a hundred is missing.
    missing: u64,
    driver: Driver,
    books: Books,
    counts: Counts,
    story: Vec<String>,
}

impl World {
    pub(super) fn new(seed: u64, bug: Option<Bug>) -> Self {
        let mut random = Random::new(seed);
        let clock = Arc::new(ManualClock::default());
        let policy = Policy {
            max_unavailable: NonZeroU32::new(random.one_of(&[1, 1, 1, 2]))
                .unwrap_or(NonZeroU32::MIN),
            min_ready_time: Duration::from_secs(random.one_of(&[0, 0, 0, 20])),
            progress_deadline: random.percent(60).then_some(Duration::from_secs(240)),
            auto_rollback: random.percent(70),
            ..Policy::default()
        };
        let settings = Settings {
            cpu_request: random.percent(60).then_some(1.0),
            auto_suspend_secs: random.one_of(&[0, 0, 300, 600]),
            facts: Facts::default(),
            ..Settings::default()
        };
        let min = random.one_of(&[1, 1, 2, 3, 4]);
        let record = record(min, min + random.one_of(&[0, 0, 1, 3]));
        let mut world = Self {
            runtime: Arc::new(SimulatedRuntime::new(Arc::clone(&clock))),
            controller: Controller::new(policy.clone()),
            books: Books::new(Millis(0)),
            random,
            bug,
            clock,
            policy,
            settings,
            kinds: BTreeMap::new(),
            revisions: BTreeMap::new(),
            disk_is_full: false,
            is_calm: false,
            load: 1.0,
            missing: 0,
            driver: Driver::default(),
            counts: Counts::default(),
            story: Vec::new(),
            record,
        };
        world.knows(1, Kind::Good);
        world
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What happened, for people.
    pub(super) fn story(&self) -> String {
        self.story.join("\n")
    }

    fn now(&self) -> Millis {
        Millis(u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX))
    }

    fn note(&mut self, what: impl std::fmt::Debug) {
        let at = self.clock.monotonic();
        self.story.push(format!("{at:>10.1?} {what:?}"));
    }

    fn knows(&mut self, number: u64, kind: Kind) {
        self.kinds.insert(number, kind);
        self.runtime.script(image(number), kind.script());
        self.revisions.insert(number, revision(number));
    }

    fn rules(&self) -> Rules {
        Rules::new(&self.settings).unwrap_or_default()
    }

    // === the four parts of a life ===

    /// The user does things, and things go wrong.
    pub(super) fn trouble(&mut self) -> Result<(), String> {
        self.tell()?;
        for _ in 0..DEEDS {
            self.deed()?;
            let time = self.random.one_of(&[1, 5, 30, 200]);
            let time = self.random.time(Duration::from_secs(time));
            self.pass(time)?;
        }
        Ok(())
    }

    /// Nothing goes wrong any more: the service comes to what is wanted of it.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        (self.is_calm, self.disk_is_full) = (true, false);
        (self.load, self.missing) = (0.5, 0);
        self.runtime.fail_starts(0);
        if self.controller.queries() == 0 {
            self.query_begins()?;
        }
        if self.record.suspended {
            self.resume()?;
        }
        self.alter(Kind::Good)?;
        self.force_all(None);
        let wanted = self.record.revision.number;
        self.becomes_whole()?;
        let kept = self.record.revision.number == wanted;
        expect(
            kept,
            "what the user wanted last was replaced",
            self.record.revision.number,
        )
    }

    /// An upgrade that can not succeed: what stood stays, and where the policy says so, comes back.
    pub(super) fn way_back(&mut self) -> Result<(), String> {
        let good = self.record.revision.number;
        let ready = self.controller.rollout().status().ready;
        self.alter(Kind::Never)?;
        let deadline = self
            .policy
            .progress_deadline
            .filter(|_| self.policy.auto_rollback);
        if deadline.is_none() {
            self.pass(Duration::from_secs(900))?;
            let down = self.policy.max_unavailable.get();
            let status = self.controller.rollout().status();
            let kept = status.ready + down >= ready.min(status.target);
            expect(kept, "a revision that fails took more than it may", status)?;
            // It always proceeds when the user turns back.
            self.alter(Kind::Good)?;
            return self.becomes_whole();
        }
        // An instance has to be gone before its successor can fail, and the disk to be written.
        let margin = Duration::from_secs(120);
        self.pass_with_comments(deadline.unwrap_or_default() + margin)?;
        let back = self.record.revision.number == good;
        expect(
            back,
            "a stalled upgrade was not rolled back",
            self.record.revision.number,
        )?;
        self.counts.rolled_back += 1;
        self.becomes_whole()
    }

    /// Nobody uses the service any more.
    pub(super) fn idleness(&mut self) -> Result<(), String> {
        while self.controller.queries() > 0 {
            self.query_ends()?;
        }
        let secs = u64::from(self.settings.auto_suspend_secs);
        // The look after the last query still sees it, the one after that begins to count, and the
        // one after the limit decides: three looks, and the time to write it down.
        self.pass_with_comments(Duration::from_secs(secs.max(300) + 90 + 10))?;
        let right = self.record.suspended == (secs > 0);
        expect(
            right,
            "it is idle and suspended only if a rule says so",
            self.record.suspended,
        )?;
        if !self.record.suspended {
            return Ok(());
        }
        self.counts.suspended_by_rule += 1;
        self.pass(Duration::from_secs(120))?;
        let left = driver::now(self.runtime.observe());
        expect(
            left.is_empty(),
            "a suspended service still runs",
            left.len(),
        )?;
        self.query_begins()?;
        self.becomes_whole()
    }

    /// Lets time pass, while the user sets one comment after the other: statements that change
    /// nothing about what runs must keep nothing from happening.
    fn pass_with_comments(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now().plus(time);
        while self.now() < end {
            self.pass(Duration::from_secs(7).min(end.since(self.now())))?;
            self.tell()?;
        }
        Ok(())
    }

    fn becomes_whole(&mut self) -> Result<(), String> {
        let end = self.now().plus(PATIENCE);
        while !self.is_whole() {
            if self.now() >= end {
                let status = self.controller.rollout().status();
                return Err(format!("it does not come to what is wanted: {status:?}"));
            }
            self.pass(Duration::from_secs(5))?;
        }
        Ok(())
    }

    /// Exactly the wanted instances run, are READY, and that is on record.
    fn is_whole(&self) -> bool {
        let running = driver::now(self.runtime.observe());
        let count = usize::try_from(self.record.instances()).unwrap_or(usize::MAX);
        let right = running.iter().all(|state| {
            let instance = self
                .controller
                .rollout()
                .instances()
                .find(|(id, instance)| {
                    id.0 == state.key.instance && instance.attempt == state.key.attempt
                });
            let revision = instance.map(|(_, instance)| instance.revision.0);
            state.phase == floe_runtime::InstancePhase::Ready
                && revision == Some(self.record.revision.number)
        });
        let status = self.controller.rollout().status();
        right && running.len() == count && status.is_ready && !self.record.upgrading
    }

    // === what the user does, and what goes wrong ===

    fn deed(&mut self) -> Result<(), String> {
        match self.random.below(100) {
            0..15 => {
                let kinds = [
                    Kind::Good,
                    Kind::Good,
                    Kind::Slow,
                    Kind::Never,
                    Kind::Crashes,
                    Kind::Flaky,
                    Kind::Stubborn,
                ];
                let kind = self.random.one_of(&kinds);
                self.alter(kind)
            }
            15..25 => self.set_bounds(),
            25..30 => self.suspend(),
            30..40 => self.resume(),
            40..50 => self.query_begins(),
            50..58 => self.query_ends(),
            58..66 => {
                self.load = self.random.one_of(&[0.0, 0.3, 0.9, 1.5, 3.0, 6.0]);
                self.missing = self.random.one_of(&[0, 0, 10, 100]);
                Ok(())
            }
            66..76 => self.crash_container(),
            76..84 => {
                let ready = self.random.one_of(&[Some(false), Some(false), None]);
                self.force_some(ready);
                Ok(())
            }
            84..89 => {
                self.runtime.fail_starts(self.random.one_of(&[1, 2, 5]));
                Ok(())
            }
            89..92 => {
                self.note("ALTER … SET COMMENT");
                self.change_record(|_| ())
            }
            92..96 => {
                self.disk_is_full = !self.disk_is_full;
                self.note(("the disk is full", self.disk_is_full));
                Ok(())
            }
            _ => self.restart_engine(),
        }
    }

    fn alter(&mut self, kind: Kind) -> Result<(), String> {
        let number = self.record.next_revision();
        self.counts.upgrades += 1;
        self.knows(number, kind);
        self.note(("ALTER … FROM", number, kind));
        self.change_record(|record| {
            record.revision = revision(number);
            record.upgrading = !record.suspended;
        })
    }

    fn set_bounds(&mut self) -> Result<(), String> {
        let min = self.random.one_of(&[1, 2, 3, 5]);
        let max = min + self.random.one_of(&[0, 1, 3]);
        let ready = u32::try_from(self.random.below(u64::from(min)) + 1).unwrap_or(1);
        self.note(("ALTER … SET MIN, MAX, MIN_READY", min, max, ready));
        self.change_record(|record| {
            (record.min_instances, record.max_instances) = (min, max);
            record.min_ready_instances = ready;
            record.scaled_to = record.scaled_to.map(|_| record.instances());
        })
    }

    fn suspend(&mut self) -> Result<(), String> {
        self.note("ALTER … SUSPEND");
        self.change_record(|record| {
            record.suspended = true;
            record.upgrading = false;
        })
    }

    fn resume(&mut self) -> Result<(), String> {
        self.note("ALTER … RESUME");
        self.change_record(|record| {
            record.suspended = false;
            record.scaled_to = None;
        })
    }

    fn query_begins(&mut self) -> Result<(), String> {
        self.note("a query begins");
        self.feed(Input::QueryBegan)?;
        self.books.queries(self.controller.queries(), self.now());
        if self.record.suspended && !self.disk_is_full {
            self.resume()?;
        }
        Ok(())
    }

    fn query_ends(&mut self) -> Result<(), String> {
        if self.controller.queries() == 0 {
            return Ok(());
        }
        self.note("a query ends");
        self.feed(Input::QueryEnded)?;
        self.books.queries(self.controller.queries(), self.now());
        Ok(())
    }

    fn crash_container(&mut self) -> Result<(), String> {
        let running = driver::now(self.runtime.observe());
        if running.is_empty() {
            return Ok(());
        }
        let at = self.random.below(running.len() as u64);
        if let Some(state) = usize::try_from(at).ok().and_then(|at| running.get(at)) {
            self.note(("ends unasked", &state.key));
            self.runtime.exit_container(&state.key, "main", 137);
        }
        Ok(())
    }

    fn force_some(&mut self, ready: Option<bool>) {
        for state in driver::now(self.runtime.observe()) {
            if self.random.percent(40) {
                self.note(("its probe answers", &state.key, ready));
                self.runtime.force_ready(&state.key, "main", ready);
            }
        }
    }

    fn force_all(&mut self, ready: Option<bool>) {
        for state in driver::now(self.runtime.observe()) {
            self.runtime.force_ready(&state.key, "main", ready);
        }
    }

    /// The engine is killed and started again: its instances end with it.
    fn restart_engine(&mut self) -> Result<(), String> {
        self.note("the engine is killed and starts again");
        self.counts.engine_restarts += 1;
        self.runtime = Arc::new(SimulatedRuntime::new(Arc::clone(&self.clock)));
        for (number, kind) in &self.kinds {
            self.runtime.script(image(*number), kind.script());
        }
        self.driver = Driver::default();
        self.controller = Controller::new(self.policy.clone());
        self.books = Books::new(self.now());
        let newest = self.record.revision.number;
        self.revisions.retain(|number, _| *number == newest);
        if self.bug == Some(Bug::ForgetsTheSuspension) {
            self.record.suspended = false;
            let told = self.tell();
            self.record.suspended = true;
            return told;
        }
        self.tell()
    }

    /// The cores that each READY instance uses.
    fn usage(&mut self) -> Reading {
        let ready = self.controller.rollout().status().ready;
        let each = self.load / f64::from(ready.max(1));
        let values: Vec<Option<f64>> = (0..ready)
            .map(|_| (!self.random.percent(self.missing)).then_some(each.min(2.0)))
            .collect();
        Reading::of(values)
    }
}
