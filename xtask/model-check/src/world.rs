//! One state: the decider, the runtime, the reports between them, and what may still go wrong.

use std::collections::{BTreeMap, BTreeSet};

use floe_rollout::{Command, Event, InstanceCount, InstanceId, Phase, Revision};

use crate::books::{Books, Broken};
use crate::decider::Decider;

/// The first revision, to which a rollback leads.
pub(crate) const A: Revision = Revision(1);
/// A revision that becomes READY nowhere.
pub(crate) const BAD: Revision = Revision(2);
/// Another one that becomes READY.
pub(crate) const C: Revision = Revision(3);

/// Most reports from before that are still on their way at once.
const MOST_LATE: usize = 1;

/// One deployment: an instance and an attempt.
pub(crate) type Key = (InstanceId, u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Deployment {
    revision: Revision,
    ready: bool,
    stopping: bool,
}

/// What the runtime reports about a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Report {
    /// It is in this phase.
    Is(Phase),
    /// It is gone.
    Gone,
}

/// A report that is out of date: a copy of one that was delivered, or one to an earlier run of
/// the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Late {
    key: Key,
    report: Report,
    earlier_run: bool,
}

/// How often what may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Crashes, failing probes, lost stops, reports that come twice.
    pub faults: u32,
    /// Changes of the target by the user.
    pub targets: u32,
    /// Ends of the controller.
    pub restarts: u32,
    /// Times that the decider is woken before what it waits for has come. How it ends when
    /// nothing goes wrong any more is looked at without this bound.
    pub wakes: u32,
}

/// Something that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// The newest report about a deployment arrives.
    Hear(InstanceId, u64),
    /// A report that is out of date arrives.
    HearLate(Late),
    /// A deployment becomes READY.
    Serve(InstanceId, u64),
    /// A deployment that was stopped ends.
    End(InstanceId, u64),
    /// Time passes until the decider wants to be woken.
    Wake,
    /// The user wants another revision.
    Target(Revision),
    /// A fault: probes fail.
    Flap(InstanceId, u64),
    /// A fault: a deployment ends by itself.
    Crash(InstanceId, u64),
    /// A fault: a stop is lost.
    LoseStop(InstanceId, u64),
    /// A fault: a report will come a second time.
    Repeat(InstanceId, u64),
    /// The controller ends, its instances with it, and starts again.
    Restart,
}

/// One state of the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub(crate) decider: Decider,
    pub(crate) runtime: BTreeMap<Key, Deployment>,
    /// The newest report about each deployment that is not delivered yet.
    pub(crate) reports: BTreeMap<Key, Report>,
    pub(crate) late: BTreeSet<Late>,
    pub(crate) books: Books,
    count: InstanceCount,
    left: Budget,
    /// The first rule that was broken on the way here.
    pub broken: Option<Broken>,
}

impl World {
    /// All instances READY with the first revision.
    #[must_use]
    pub fn running(mut decider: Decider, count: InstanceCount, down: u32, left: Budget) -> Self {
        let commands = decider.tell(Event::target(A, count));
        let mut world = Self {
            decider,
            runtime: BTreeMap::new(),
            reports: BTreeMap::new(),
            late: BTreeSet::new(),
            books: Books::new(A, count.get(), down),
            count,
            left,
            broken: None,
        };
        world.take(commands);
        for (id, attempt) in world.keys() {
            world.serve((id, attempt));
            world.hear((id, attempt));
        }
        world.renumber();
        world
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.runtime.keys().copied().collect()
    }

    /// What may happen next.
    pub(crate) fn acts(&self, acts: &mut Vec<Act>) {
        acts.extend(
            self.reports
                .keys()
                .map(|(id, attempt)| Act::Hear(*id, *attempt)),
        );
        acts.extend(self.late.iter().map(|late| Act::HearLate(*late)));
        for ((id, attempt), deployment) in &self.runtime {
            let (id, attempt) = (*id, *attempt);
            if deployment.stopping {
                acts.push(Act::End(id, attempt));
            } else if !deployment.ready && deployment.revision != BAD {
                acts.push(Act::Serve(id, attempt));
            }
            if self.left.faults > 0 {
                acts.push(Act::Crash(id, attempt));
                if deployment.stopping {
                    acts.push(Act::LoseStop(id, attempt));
                } else if deployment.ready {
                    acts.push(Act::Flap(id, attempt));
                }
            }
        }
        if self.left.faults > 0 && self.late.len() < MOST_LATE {
            acts.extend(
                self.reports
                    .keys()
                    .map(|(id, attempt)| Act::Repeat(*id, *attempt)),
            );
        }
        if self.left.wakes > 0 && self.decider.service().next_wakeup().is_some() {
            acts.push(Act::Wake);
        }
        if self.left.targets > 0 {
            let others = [A, BAD, C]
                .into_iter()
                .filter(|r| *r != self.books.revision());
            acts.extend(others.map(Act::Target));
        }
        if self.left.restarts > 0 {
            acts.push(Act::Restart);
        }
    }

    /// Lets it happen.
    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Hear(id, attempt) => self.hear((id, attempt)),
            Act::HearLate(late) => self.hear_late(late),
            Act::Serve(id, attempt) => self.serve((id, attempt)),
            Act::End(id, attempt) => self.end((id, attempt)),
            Act::Wake => {
                self.left.wakes -= 1;
                self.wake();
            }
            Act::Target(revision) => {
                self.left.targets -= 1;
                self.target(revision);
            }
            Act::Flap(id, attempt) => {
                self.left.faults -= 1;
                if let Some(deployment) = self.runtime.get_mut(&(id, attempt)) {
                    deployment.ready = false;
                    self.reports
                        .insert((id, attempt), Report::Is(Phase::Pending));
                }
            }
            Act::Crash(id, attempt) => {
                self.left.faults -= 1;
                self.end((id, attempt));
            }
            Act::LoseStop(id, attempt) => {
                self.left.faults -= 1;
                if let Some(deployment) = self.runtime.get_mut(&(id, attempt)) {
                    deployment.stopping = false;
                }
            }
            Act::Repeat(id, attempt) => {
                self.left.faults -= 1;
                let key = (id, attempt);
                if let Some(report) = self.reports.get(&key).copied() {
                    let earlier_run = false;
                    self.late.insert(Late {
                        key,
                        report,
                        earlier_run,
                    });
                }
            }
            Act::Restart => {
                self.left.restarts -= 1;
                self.restart();
            }
        }
        self.renumber();
    }

    pub(crate) fn hear(&mut self, key: Key) {
        if let Some(report) = self.reports.remove(&key) {
            self.told(key, report, true);
        }
    }

    pub(crate) fn hear_late(&mut self, late: Late) {
        self.late.remove(&late);
        self.told(late.key, late.report, !late.earlier_run);
    }

    /// The decider hears a report; the books as well, unless it is meant for nobody any more.
    fn told(&mut self, (id, attempt): Key, report: Report, counts: bool) {
        let event = match report {
            Report::Is(phase) => Event::Observed { id, attempt, phase },
            Report::Gone => Event::Gone { id, attempt },
        };
        match report {
            _ if !counts => {}
            Report::Is(phase) => self.books.observed(id, attempt, phase),
            Report::Gone => self.books.gone(id, attempt),
        }
        let commands = self.decider.tell(event);
        self.take(commands);
    }

    pub(crate) fn serve(&mut self, key: Key) {
        if let Some(deployment) = self.runtime.get_mut(&key) {
            deployment.ready = true;
            self.reports.insert(key, Report::Is(Phase::Ready));
        }
    }

    pub(crate) fn can_serve(&self, key: Key) -> bool {
        let deployment = self.runtime.get(&key);
        deployment.is_some_and(|d| !d.stopping && !d.ready && d.revision != BAD)
    }

    pub(crate) fn is_stopping(&self, key: Key) -> bool {
        self.runtime
            .get(&key)
            .is_some_and(|deployment| deployment.stopping)
    }

    pub(crate) fn end(&mut self, key: Key) {
        self.runtime.remove(&key);
        self.reports.insert(key, Report::Gone);
    }

    pub(crate) fn wake(&mut self) {
        if let Some(commands) = self.decider.wake() {
            self.take(commands);
        }
    }

    pub(crate) fn target(&mut self, revision: Revision) {
        self.books.target(revision);
        let commands = self.decider.tell(Event::target(revision, self.count));
        self.take(commands);
    }

    /// As with a runtime of processes that end with their holder; reports stay under way.
    fn restart(&mut self) {
        for (key, report) in std::mem::take(&mut self.reports) {
            let earlier_run = true;
            self.late.insert(Late {
                key,
                report,
                earlier_run,
            });
        }
        self.late = std::mem::take(&mut self.late)
            .into_iter()
            .map(|late| Late {
                earlier_run: true,
                ..late
            })
            .collect();
        self.runtime.clear();
        self.books.restarted();
        let commands = self.decider.restart(self.books.revision(), self.count);
        self.take(commands);
    }

    /// The runtime looks at everything once more: what is under way is the truth then.
    pub(crate) fn look_again(&mut self) {
        for (key, deployment) in &self.runtime {
            let phase = if deployment.ready {
                Phase::Ready
            } else {
                Phase::Pending
            };
            self.reports.insert(*key, Report::Is(phase));
        }
    }

    /// The runtime takes commands, and the books judge them.
    fn take(&mut self, commands: Vec<Command>) {
        let verdict = self.books.answered(&commands);
        self.broken = self.broken.or(verdict);
        for command in commands {
            match command {
                Command::Start {
                    id,
                    attempt,
                    revision,
                } => {
                    if self.runtime.keys().any(|(other, _)| *other == id) {
                        self.broken = self.broken.or(Some(Broken::TwoAlive));
                    }
                    let (ready, stopping) = (false, false);
                    let deployment = Deployment {
                        revision,
                        ready,
                        stopping,
                    };
                    self.runtime.insert((id, attempt), deployment);
                }
                Command::Stop { id, attempt } => match self.runtime.get_mut(&(id, attempt)) {
                    Some(deployment) => deployment.stopping = true,
                    None => {
                        self.reports.insert((id, attempt), Report::Gone);
                    }
                },
            }
        }
    }

    /// Whether everything is as this revision asks for.
    pub(crate) fn has_reached(&self, revision: Revision) -> bool {
        let count = self.count.get() as usize;
        let good = |d: &Deployment| d.revision == revision && d.ready && !d.stopping;
        let service = self.decider.service();
        self.runtime.len() == count
            && self.runtime.values().all(good)
            && service.status().ready == self.count.get()
            && !service.is_upgrading()
    }

    /// Numbers the attempts anew, in their order, so that states which differ in nothing else are
    /// one.
    fn renumber(&mut self) {
        let service = self.decider.service();
        let mut used: Vec<u64> = service.instances().map(|(_, i)| i.attempt).collect();
        used.extend(
            self.runtime
                .keys()
                .chain(self.reports.keys())
                .map(|(_, attempt)| *attempt),
        );
        used.extend(self.late.iter().map(|late| late.key.1));
        used.extend(self.books.attempts());
        used.sort_unstable();
        used.dedup();
        // Numbers that nobody uses follow those that are used.
        let new = move |old: u64| used.partition_point(|used| *used < old) as u64 + 1;
        let key = |(id, attempt): Key| (id, new(attempt));
        let runtime = std::mem::take(&mut self.runtime);
        self.runtime = runtime.into_iter().map(|(k, d)| (key(k), d)).collect();
        let reports = std::mem::take(&mut self.reports);
        self.reports = reports.into_iter().map(|(k, r)| (key(k), r)).collect();
        let late = std::mem::take(&mut self.late).into_iter();
        self.late = late
            .map(|late| Late {
                key: key(late.key),
                ..late
            })
            .collect();
        self.books.renumber(&new);
        self.decider.renumber(&new);
    }
}
