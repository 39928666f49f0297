//! The parts of a life: trouble, calm, a listing, age, the end.

use std::time::Duration;

use super::super::books::complete;
use super::{Happening, World, answer};
use crate::Metrics;
use crate::stream::{Input, Settings};

/// So long may it take, once nothing goes wrong any more, until everything has arrived: leases
/// and leases of leases run out, the longest back-off and the slowest answer.
const PATIENCE_MS: u64 = 4 * 3_600_000;

/// How often it is looked whether everything has arrived.
const LOOK_MS: u64 = 5_000;

/// How long files count, in lives that grow old.
const AGE: Duration = Duration::from_secs(7_200);

impl World {
    /// Everything goes wrong that may.
    pub(in super::super) fn trouble(&mut self) -> Result<(), String> {
        while self.deeds > 0 {
            self.step()?;
        }
        Ok(())
    }

    /// Nothing goes wrong any more: what was told of arrives.
    pub(in super::super) fn calm(&mut self) -> Result<(), String> {
        let mut settings = self.settings.clone();
        settings.list_every = None;
        self.keep_for_once();
        self.begin_again(settings, self.roles);
        self.wait("everything that was told of arrives", Self::is_quiet)?;
        self.land_rest();
        self.wait("everything that lands in calm arrives", Self::is_quiet)?;
        self.check(false)
    }

    /// A listing finds what no event told of.
    pub(in super::super) fn backfill(&mut self) -> Result<(), String> {
        let mut settings = self.settings.clone();
        settings.notifications = false;
        settings.list_every = Some(Duration::from_secs(60));
        self.begin_again(settings, 1);
        let began = self.time();
        self.wait("a listing comes to its end", |world| {
            let marks = answer(world.ledger.marks());
            let marks = marks.map_err(|error| error.to_string())?;
            let fresh = marks.backfill_started > Some(began)
                && marks.backfill_finished >= marks.backfill_started;
            Ok(fresh && world.metrics()?.files_outstanding == 0)
        })?;
        self.check(true)
    }

    /// Files grow old and are forgotten, and none of them comes back by that; a file that lands
    /// under an old name is new.
    pub(in super::super) fn age(&mut self) -> Result<(), String> {
        if !self.random.percent(25) {
            return Ok(());
        }
        let mut settings = self.settings.clone();
        settings.max_file_age = Some(AGE);
        settings.look_every = Duration::from_secs(600);
        settings.list_every = Some(Duration::from_secs(1_200));
        self.begin_again(settings, 1);
        self.wait("a queue is there", |world| Ok(world.queue.is_there))?;
        let known = self.metrics()?.files_known;
        let still = self.queue.messages.is_empty();
        for object in 0..self.store.objects.len() {
            if self.store.objects[object].is_overwritten {
                self.sink.excuse(object);
            }
            // Every message comes once more, much too late.
            if still && self.store.objects[object].version > 0 && object % 3 == 0 {
                let version = self.store.objects[object].version;
                let body = super::super::queue::Body {
                    files: vec![(object, version)],
                    ..Default::default()
                };
                let late = self.now + 14_400_000;
                self.queue.send(body, late, late);
            }
        }
        self.wait("everything is forgotten", |world| {
            Ok(world.metrics()?.files_known == 0)
        })?;
        self.counts.forgotten += known;
        self.wait("the late messages are acknowledged", |world| {
            Ok(world.queue.messages.is_empty() && world.metrics()?.files_known == 0)
        })?;
        self.come_again()
    }

    /// A file lands under a name that was forgotten.
    fn come_again(&mut self) -> Result<(), String> {
        let there = |one: &&mut super::Object| one.version > 0 && one.is_wanted;
        let Some(object) = self.store.objects.iter_mut().find(there) else {
            return Ok(());
        };
        object.written = floe_notify::clock::Timestamp::from_millis(self.now);
        object.version += u32::from(self.store.with_versions);
        let key = object.key.clone();
        let number = self
            .store
            .find(format!("/{key}").as_bytes())
            .unwrap_or_default();
        self.sink.start_over();
        self.tell(number);
        self.wait("a file that lands under an old name is new", |world| {
            Ok(world.sink.len() == 1)
        })
    }

    /// Consumers that are stopped come to an end, and hold nothing.
    pub(in super::super) fn stop(&mut self) -> Result<(), String> {
        for number in 0..self.processes.len() {
            if self.processes[number].is_alive {
                self.decide(number, Input::Stop);
            }
        }
        self.wait("a consumer that is stopped ends", |world| {
            Ok(world.processes.iter().all(|process| !process.is_alive))
        })?;
        self.counts.committed = self.sink.len() as u64;
        self.counts.acknowledged = self.queue.acknowledged.len() as u64;
        self.counts.repeated = self.sink.repeated;
        self.counts.steps = self.steps;
        self.counts.quarantined = self.metrics()?.quarantined;
        Ok(())
    }

    /// A stream with one consumer, one file that is there and two that land; nothing goes wrong
    /// but what is asked for.
    pub(in super::super) fn with_three_files(arrives: bool) -> Self {
        let mut world = Self::new(3, None, true);
        world.faults = false;
        world.arrives = Some(arrives);
        world.roles = 1;
        world.deeds = 0;
        world.settings.include_existing = true;
        world.store.with_versions = false;
        world.agenda.clear();
        for object in &mut world.store.objects {
            (object.version, object.is_owed, object.is_old) = (0, false, false);
            object.may_be_seen = false;
        }
        let wanted = (0..).filter(|number| world.store.objects[*number].is_wanted);
        let mut three: Vec<usize> = wanted.take(3).collect();
        if let Some(old) = three.pop() {
            let object = &mut world.store.objects[old];
            (object.version, object.is_owed, object.is_old) = (1, true, true);
        }
        world.to_land = three;
        let mut calm = world.settings.clone();
        calm.list_every = None;
        world.calm = Some(calm);
        world.at(0, Happening::Start(0));
        world
    }

    /// Lets the consumer die after so many steps and again after so many more; false when
    /// everything had arrived before.
    pub(in super::super) fn dies_after(
        &mut self,
        first: u64,
        second: Option<u64>,
    ) -> Result<bool, String> {
        for steps in std::iter::once(first).chain(second) {
            for _ in 0..steps {
                if self.queue.is_there {
                    self.land_rest();
                }
                if self.is_quiet().unwrap_or(false) && self.to_land.is_empty() {
                    return Ok(false);
                }
                self.step()?;
            }
            self.begin_again(self.settings.clone(), 1);
        }
        self.wait("the queue is there", |world| Ok(world.queue.is_there))?;
        self.land_rest();
        self.wait("three files arrive", |world| {
            Ok(world.is_quiet().unwrap_or(false))
        })?;
        self.check(true)?;
        self.stop()?;
        Ok(true)
    }

    /// Ends all processes and starts others, after which nothing goes wrong any more.
    pub(super) fn begin_again(&mut self, settings: Settings, roles: usize) {
        self.faults = false;
        self.disk_is_full = false;
        self.calm = Some(settings);
        for number in 0..self.processes.len() {
            if self.processes[number].is_alive {
                self.crash(number);
            }
        }
        self.agenda
            .retain(|_, what| !matches!(what, Happening::Start(_) | Happening::Deed));
        for role in 0..roles {
            self.at(1_000 + role as u64, Happening::Start(role));
        }
    }

    pub(super) fn metrics(&self) -> Result<Metrics, String> {
        answer(self.ledger.metrics()).map_err(|error| error.to_string())
    }

    fn is_quiet(&self) -> Result<bool, String> {
        let metrics = self.metrics()?;
        let nothing_waits =
            metrics.files_outstanding == 0 && metrics.open_batches == 0 && metrics.listings == 0;
        let marks = answer(self.ledger.marks()).map_err(|error| error.to_string())?;
        let is_listed = marks.backfill_finished.is_some() && !marks.queue_is_lost;
        Ok(nothing_waits && is_listed && self.queue.is_there && self.queue.messages.is_empty())
    }

    /// Lets things happen until something is true.
    pub(super) fn wait(
        &mut self,
        what: &str,
        is_true: impl Fn(&Self) -> Result<bool, String>,
    ) -> Result<(), String> {
        let end = self.now + PATIENCE_MS * 2;
        let mut look = self.now;
        loop {
            if self.now >= look {
                if is_true(self)? {
                    return Ok(());
                }
                look = self.now + LOOK_MS;
            }
            let goes_on = self.step()?;
            if !goes_on && is_true(self)? {
                return Ok(());
            }
            if self.now > end || !goes_on {
                let metrics = self.metrics()?;
                let left = self.queue.messages.len();
                return Err(format!(
                    "it takes too long until {what}: {metrics:?}, {left} messages"
                ));
            }
        }
    }

    pub(super) fn check(&self, everything: bool) -> Result<(), String> {
        let include = self.settings.include_existing;
        complete(&self.store, &self.sink, everything, include)?;
        let metrics = self.metrics()?;
        let written: u64 = self
            .store
            .objects
            .iter()
            .map(|one| u64::from(one.version))
            .sum();
        if metrics.files_known > written {
            return Err(format!(
                "{written} files were written, and {metrics:?} are known"
            ));
        }
        if metrics.files_outstanding > 0 || metrics.open_batches > 0 {
            return Err(format!("something is outstanding: {metrics:?}"));
        }
        Ok(())
    }
}
