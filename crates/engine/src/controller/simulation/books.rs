//! Books that the simulation keeps of its own, and what they must never show.

use std::collections::BTreeSet;
use std::time::Duration;

use floe_rollout::{Command, InstanceId, Millis, Phase, Service as Rollout};
use floe_scale::CPU_WINDOW;

use crate::controller::{Change, Input, Wanted};

/// What an outsider knows of the service.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// What the controller was told last.
    pub(super) told: Option<Wanted>,
    /// Instances that the controller stopped while they were READY and that are not back.
    down: BTreeSet<InstanceId>,
    /// Since when no query runs; `None` while one does.
    idle_since: Option<Millis>,
    /// The last time that a rule changed the number of instances, and whether upwards.
    turned: Option<(Millis, bool)>,
    /// Deployments that were READY at the runtime.
    served: BTreeSet<(u32, u64)>,
}

impl Books {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            idle_since: Some(now),
            ..Self::default()
        }
    }

    pub(super) fn told(&mut self, wanted: &Wanted, now: Millis) {
        let resumed = self.told.as_ref().is_some_and(|told| told.suspended) && !wanted.suspended;
        if resumed && self.idle_since.is_some() {
            self.idle_since = Some(now);
        }
        self.told = Some(wanted.clone());
    }

    pub(super) fn queries(&mut self, running: u32, now: Millis) {
        self.idle_since = (running == 0).then_some(now);
    }

    pub(super) fn serves(&mut self, instance: u32, attempt: u64) {
        self.served.insert((instance, attempt));
    }

    /// Judges what was decided, from the state before it to the state after it.
    pub(super) fn judge(
        &mut self,
        before: &Rollout,
        news: &Input,
        commands: &[Command],
        after: &Rollout,
        now: Millis,
    ) -> Result<(), String> {
        let Some(told) = self.told.clone() else {
            return expect(
                commands.is_empty(),
                "it acts though nothing is wanted",
                commands,
            );
        };
        self.are_back(&told, after, now);
        for command in commands {
            match *command {
                Command::Start { revision, .. } => {
                    expect(
                        !told.suspended,
                        "a suspended service starts something",
                        command,
                    )?;
                    let right = revision == told.revision;
                    expect(right, "it starts a revision that is not wanted", command)?;
                }
                // What just stopped being READY costs nothing any more.
                Command::Stop { id, .. } if is_about(news, id) => {}
                Command::Stop { id, .. } => self.stops(id, &told, before, commands)?,
            }
        }
        Ok(())
    }

    fn stops(
        &mut self,
        id: InstanceId,
        told: &Wanted,
        before: &Rollout,
        commands: &[Command],
    ) -> Result<(), String> {
        let Some(stopped) = before.instance(id) else {
            return Err(format!("it stops {id:?}, which does not exist"));
        };
        if told.suspended || id.0 >= told.count.get() || stopped.phase != Phase::Ready {
            return Ok(());
        }
        let outdated = stopped.revision != told.revision;
        expect(outdated, "it stops an instance that is as it should be", id)?;
        let higher = before.instances().find(|(other, instance)| {
            let stays = !commands
                .iter()
                .any(|command| matches!(command, Command::Stop { id, .. } if id == other));
            *other > id
                && other.0 < told.count.get()
                && instance.phase == Phase::Ready
                && instance.revision != told.revision
                && stays
        });
        expect(
            higher.is_none(),
            "it does not go from the highest id down",
            (id, higher),
        )?;
        self.down.insert(id);
        let most = usize::try_from(before.policy().max_unavailable.get()).unwrap_or(usize::MAX);
        expect(
            self.down.len() <= most,
            "it takes down more than it may",
            &self.down,
        )
    }

    fn are_back(&mut self, told: &Wanted, rollout: &Rollout, now: Millis) {
        if told.suspended {
            self.down.clear();
        }
        let proved = rollout.policy().min_ready_time;
        self.down.retain(|id| {
            let back = rollout.instance(*id).is_some_and(|instance| {
                let since = instance.ready_since;
                since.is_some_and(|since| now.since(since) >= proved)
            });
            id.0 < told.count.get() && !back
        });
    }

    /// Judges a change that is asked for.
    pub(super) fn judge_asked(&self, change: Change, rollout: &Rollout) -> Result<(), String> {
        let Change::UpgradeDone { revision } = change else {
            return Ok(());
        };
        // The runtime has shown each of them READY; the controller may not take its word for
        // another deployment.
        let count = self.told.as_ref().map_or(0, |told| told.count.get());
        for (id, instance) in rollout.instances().filter(|(id, _)| id.0 < count) {
            let served = self.served.contains(&(id.0, instance.attempt));
            let new = instance.revision == revision;
            expect(served && new, "an upgrade is over though it is not", id)?;
        }
        Ok(())
    }

    /// Judges a change that is put on record now.
    pub(super) fn judge_written(
        &mut self,
        change: Change,
        idle_limit: Duration,
        now: Millis,
    ) -> Result<(), String> {
        match change {
            Change::Suspend => {
                let idle = self.idle_since.map(|since| now.since(since));
                let long = idle.is_some_and(|idle| idle >= idle_limit);
                expect(long, "it is suspended while it is in use", idle)
            }
            Change::Scale { from, to } => {
                let turned = self.turned.replace((now, to > from));
                let early =
                    turned.is_some_and(|(at, up)| up != (to > from) && now.since(at) < CPU_WINDOW);
                let what = "it changes its mind within a window";
                expect(!early, what, (turned, change))
            }
            Change::RollBack { .. } | Change::UpgradeDone { .. } => Ok(()),
        }
    }
}

/// Whether this is news about this instance.
fn is_about(news: &Input, instance: InstanceId) -> bool {
    match news {
        Input::Observed { id, .. } | Input::Gone { id, .. } => *id == instance,
        _ => false,
    }
}

pub(super) fn expect(holds: bool, what: &str, seen: impl std::fmt::Debug) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{what}: {seen:?}"))
    }
}
