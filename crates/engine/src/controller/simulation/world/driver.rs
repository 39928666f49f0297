//! The driver: carries out what the controller answers, late and with failures, and tells it what
//! came of it. `Fleet` does the same with threads and a real disk.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use floe_rollout::{Command, InstanceId, Millis, Phase, Revision};
use floe_runtime::sim::sample_plan;
use floe_runtime::{InstanceKey, InstancePhase, InstancePlan, InstanceState, Runtime as _};

use super::revisions::image;
use super::{Bug, World};
use crate::catalog::ServiceRecord;
use crate::controller::simulation::books::expect;
use crate::controller::{Answer, Change, Input, Wanted};

/// As in production.
const GRACE: Duration = Duration::from_secs(30);

/// Time passes in steps of this, at most, so that nothing that is due waits long.
const STEP: Duration = Duration::from_secs(1);

/// What is under way.
#[derive(Default)]
pub(super) struct Driver {
    starting: Vec<Starting>,
    stopping: Vec<Stopping>,
    changes: VecDeque<(Millis, Change)>,
    /// What the runtime showed, and when the controller hears of it.
    report: Option<(Millis, Vec<InstanceState>)>,
    /// The version of the runtime's state that was looked at last.
    seen: u64,
    /// What was asked for and failed, for [`Bug::ForgetsAChangeThatFailed`].
    forgotten: Vec<Change>,
}

struct Starting {
    due: Millis,
    key: InstanceKey,
    revision: Revision,
}

struct Stopping {
    due: Millis,
    key: InstanceKey,
    /// None until it is due.
    stop: Option<Pin<Box<dyn Future<Output = bool>>>>,
}

impl World {
    /// Gives the controller one input and takes its answer into hand.
    pub(super) fn feed(&mut self, input: Input) -> Result<(), String> {
        let before = self.controller.rollout().clone();
        let now = self.now();
        let Answer {
            commands,
            happened,
            change,
        } = self.controller.decide(input.clone(), now);
        let after = self.controller.rollout();
        self.books.judge(&before, &input, &commands, after, now)?;
        for happening in happened {
            self.note(happening);
        }
        for command in commands {
            self.note(command);
            self.take(command);
        }
        if let Some(change) = change {
            self.note(change);
            self.books.judge_asked(change, self.controller.rollout())?;
            // Now and then the disk is slow, and the change is asked for again meanwhile.
            let late = if self.is_calm {
                1
            } else {
                self.random.one_of(&[1, 1, 2, 20])
            };
            let late = self.random.time(Duration::from_secs(late));
            self.driver.changes.push_back((now.plus(late), change));
        }
        Ok(())
    }

    /// Tells the controller what is on record.
    pub(super) fn tell(&mut self) -> Result<(), String> {
        let Some(wanted) = Wanted::of(&self.record, self.rules()) else {
            return Err("the record makes no sense".to_owned());
        };
        self.books.told(&wanted, self.now());
        self.feed(Input::Wanted(Box::new(wanted)))
    }

    /// A statement: on disk first, then the controller is told. The engine may be killed between.
    pub(super) fn change_record(
        &mut self,
        change: impl FnOnce(&mut ServiceRecord),
    ) -> Result<(), String> {
        if self.disk_is_full {
            self.counts.failed_writes += 1;
            self.note("the disk is full: the statement fails");
            if self.bug != Some(Bug::TellsWhatIsNotOnRecord) {
                return Ok(());
            }
            let real = self.record.clone();
            change(&mut self.record);
            let told = self.tell();
            self.record = real;
            return told;
        }
        change(&mut self.record);
        if !self.is_calm && self.random.percent(2) {
            return self.restart_engine();
        }
        self.tell()
    }

    fn take(&mut self, command: Command) {
        let key = |id: InstanceId, attempt| InstanceKey::new("S.1", id.0, attempt);
        let late = self.random.time(Duration::from_secs(3));
        let due = self.now().plus(late);
        match command {
            Command::Start {
                id,
                attempt,
                revision,
            } => {
                let key = key(id, attempt);
                self.driver.starting.push(Starting { due, key, revision });
            }
            Command::Stop { id, attempt } => {
                let key = key(id, attempt);
                if self.bug != Some(Bug::StartsWhatWasStopped) {
                    self.driver.starting.retain(|starting| starting.key != key);
                }
                self.driver.stopping.push(Stopping {
                    due,
                    key,
                    stop: None,
                });
            }
        }
    }

    /// Lets time pass, and everything happen that is due meanwhile.
    pub(super) fn pass(&mut self, time: Duration) -> Result<(), String> {
        let end = self.now().plus(time);
        loop {
            self.due_now()?;
            let now = self.now();
            if now >= end {
                return Ok(());
            }
            let wakeup = self.controller.next_wakeup().filter(|at| *at > now);
            let soon = wakeup.map_or(STEP, |at| at.since(now).min(STEP));
            self.clock.advance(soon.min(end.since(now)));
        }
    }

    fn due_now(&mut self) -> Result<(), String> {
        self.starts()?;
        self.stops()?;
        self.changes()?;
        self.reports()?;
        let now = self.now();
        if self.controller.next_wakeup().is_some_and(|at| at <= now) {
            self.feed(Input::Tick)?;
        }
        let look = self.controller.next_look().is_some_and(|at| at <= now);
        if look && self.bug != Some(Bug::NeverLooks) {
            let cpu = self.usage();
            self.feed(Input::Looked { cpu })?;
        }
        Ok(())
    }

    fn starts(&mut self) -> Result<(), String> {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.driver.starting)
            .into_iter()
            .partition(|starting| starting.due <= now);
        self.driver.starting = later;
        for starting in due {
            self.start(starting)?;
        }
        Ok(())
    }

    fn start(&mut self, starting: Starting) -> Result<(), String> {
        let Starting { key, revision, .. } = starting;
        let running = self::now(self.runtime.observe());
        let twin = running
            .iter()
            .find(|state| state.key.instance == key.instance);
        expect(
            twin.is_none(),
            "two deployments of one instance are alive",
            (&key, twin),
        )?;
        let (id, attempt) = (InstanceId(key.instance), key.attempt);
        let record = &self.record;
        let wanted = !record.suspended && record.revision.number == revision.0;
        expect(
            wanted,
            "something starts that is not wanted on record",
            (id, revision),
        )?;
        let plan = plan(key, revision);
        self.counts.starts += 1;
        if self::now(self.runtime.start(plan)).is_err() {
            self.counts.failed_starts += 1;
            self.note(("could not be started", id));
            return self.feed(Input::Gone { id, attempt });
        }
        Ok(())
    }

    fn stops(&mut self) -> Result<(), String> {
        let now = self.now();
        let mut going = Vec::new();
        let mut gone = Vec::new();
        for mut stopping in std::mem::take(&mut self.driver.stopping) {
            if stopping.due <= now && stopping.stop.is_none() {
                let (runtime, key) = (Arc::clone(&self.runtime), stopping.key.clone());
                stopping.stop = Some(Box::pin(
                    async move { runtime.stop(&key, GRACE).await.is_ok() },
                ));
            }
            let ended = stopping
                .stop
                .as_mut()
                .is_some_and(|stop| ready(stop.as_mut()).is_some());
            if ended {
                gone.push(stopping.key);
            } else {
                going.push(stopping);
            }
        }
        self.driver.stopping.extend(going);
        for key in gone {
            self.counts.stops += 1;
            if self.bug != Some(Bug::LosesTheEndOfAStop) {
                let (id, attempt) = (InstanceId(key.instance), key.attempt);
                self.feed(Input::Gone { id, attempt })?;
            }
        }
        Ok(())
    }

    fn changes(&mut self) -> Result<(), String> {
        let now = self.now();
        while let Some((due, change)) = self.driver.changes.front().copied() {
            if due > now {
                return Ok(());
            }
            self.driver.changes.pop_front();
            self.write(change)?;
        }
        Ok(())
    }

    fn write(&mut self, change: Change) -> Result<(), String> {
        let forgets = self.bug == Some(Bug::ForgetsAChangeThatFailed);
        if forgets && self.driver.forgotten.contains(&change) {
            return Ok(());
        }
        if self.disk_is_full {
            self.counts.failed_writes += 1;
            self.driver.forgotten.push(change);
            return Ok(());
        }
        let mut record = self.record.clone();
        if !self.written(change, &mut record) {
            self.counts.void_changes += 1;
            self.note(("void", change));
            return self.tell();
        }
        let idle = Duration::from_secs(u64::from(self.settings.auto_suspend_secs));
        let now = self.now();
        self.books.judge_written(change, idle, now)?;
        match change {
            Change::Scale { from, to } if to > from => self.counts.scaled_up += 1,
            Change::Scale { .. } => self.counts.scaled_down += 1,
            Change::UpgradeDone { .. } | Change::RollBack { .. } | Change::Suspend => {}
        }
        self.record = record;
        let bounds = self.record.min_instances..=self.record.max_instances;
        let scaled = self.record.scaled_to;
        let inside = scaled.is_none_or(|count| bounds.contains(&count));
        expect(inside, "it scales out of its bounds", (scaled, bounds))?;
        self.tell()
    }

    fn written(&self, change: Change, record: &mut ServiceRecord) -> bool {
        let earlier = match change {
            Change::RollBack { to, .. } => self.revisions.get(&to.0),
            Change::UpgradeDone { .. } | Change::Scale { .. } | Change::Suspend => None,
        };
        match (self.bug, change) {
            (Some(Bug::RollsBackWhatIsNewer), Change::RollBack { .. }) => {
                earlier.is_some_and(|earlier| {
                    record.revision = earlier.clone();
                    true
                })
            }
            (Some(Bug::SuspendsInUse), Change::Suspend) => change.write(record, earlier, 0, 0),
            (Some(Bug::ScalesBeyondNewBounds), Change::Scale { to, .. }) => {
                record.scaled_to = Some(to);
                true
            }
            _ => change.write(record, earlier, self.controller.queries(), 0),
        }
    }

    /// Looks at the runtime whenever it says that something changed; what was seen arrives late.
    fn reports(&mut self) -> Result<(), String> {
        let now = self.now();
        if self.driver.report.is_none()
            && let Some(version) = self::ready(self.runtime.changed(self.driver.seen).as_mut())
        {
            self.driver.seen = version;
            let late = self.random.time(Duration::from_secs(2));
            let states = self::now(self.runtime.observe());
            self.driver.report = Some((now.plus(late), states));
        }
        let Some((_, states)) = self.driver.report.take_if(|(due, _)| *due <= now) else {
            return Ok(());
        };
        for state in states {
            self.report(&state)?;
        }
        Ok(())
    }

    fn report(&mut self, state: &InstanceState) -> Result<(), String> {
        let id = InstanceId(state.key.instance);
        let mut attempt = state.key.attempt;
        let phase = match state.phase {
            InstancePhase::Pending => Phase::Pending,
            InstancePhase::Ready => Phase::Ready,
            InstancePhase::Failed => Phase::Failed,
            InstancePhase::Terminating => return Ok(()),
        };
        if phase == Phase::Ready {
            self.books.serves(id.0, attempt);
        }
        if self.bug == Some(Bug::MixesUpDeployments) {
            let present = self.controller.rollout().instance(id);
            attempt = present.map_or(attempt, |instance| instance.attempt);
        }
        self.feed(Input::Observed { id, attempt, phase })
    }
}

fn plan(key: InstanceKey, revision: Revision) -> InstancePlan {
    let mut plan = sample_plan(key);
    for container in &mut plan.containers {
        container.image.reference = image(revision.0);
    }
    plan
}

fn ready<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// What a future of the simulated runtime answers, which answers at once.
pub(super) fn now<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> T {
    match ready(future.as_mut()) {
        Some(value) => value,
        None => panic!("the simulated runtime waits"),
    }
}
