//! One simulated instance: a state machine over time.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::Script;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::restart::Backoff;
use crate::{
    ContainerPlan, ContainerState, ContainerStatus, InstanceKey, InstancePhase, InstancePlan,
    InstanceState, Probe, message, phase_of,
};

#[derive(Debug)]
pub(super) struct SimInstance {
    /// Tells two lives of one key apart.
    pub(super) born: u64,
    key: InstanceKey,
    ip: IpAddr,
    created: Timestamp,
    containers: Vec<SimContainer>,
    /// When the last process is gone, once it is being stopped.
    ends: Option<Duration>,
}

impl SimInstance {
    pub(super) fn new(
        plan: InstancePlan,
        born: u64,
        script_of: impl Fn(&str) -> Script,
        clock: &ManualClock,
    ) -> Self {
        let (now, at) = (clock.monotonic(), clock.now());
        let containers = plan.containers.into_iter().map(|container| {
            let script = script_of(&container.image.reference);
            SimContainer::start(container, script, now, at)
        });
        // 10.244.0.0/16 holds more instances than a simulation keeps at a time.
        let [.., high, low] = born.to_be_bytes();
        Self {
            born,
            key: plan.key,
            ip: IpAddr::V4(Ipv4Addr::new(10, 244, high, low)),
            created: at,
            containers: containers.collect(),
            ends: None,
        }
    }

    pub(super) fn key(&self) -> &InstanceKey {
        &self.key
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.containers
            .iter()
            .map(|container| container.state.name.as_str())
    }

    pub(super) fn container_mut(&mut self, name: &str) -> Option<&mut SimContainer> {
        self.containers
            .iter_mut()
            .find(|container| container.state.name == name)
    }

    /// Lets everything happen that is due; true when anything visible did.
    pub(super) fn settle(&mut self, now: Duration, at: Timestamp) -> bool {
        if self.ends.is_some() {
            return false;
        }
        let mut changed = false;
        for container in &mut self.containers {
            changed |= container.settle(now, at);
        }
        changed
    }

    pub(super) fn terminate(&mut self, now: Duration, grace: Duration) {
        let slowest = self.containers.iter().map(SimContainer::time_to_stop).max();
        let ends = now + slowest.unwrap_or_default().min(grace);
        self.ends = Some(self.ends.map_or(ends, |earlier| earlier.min(ends)));
        for container in &mut self.containers {
            container.state.status = ContainerStatus::Terminating;
        }
    }

    pub(super) fn has_ended(&self, now: Duration) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    pub(super) fn cpu_time(&self, now: Duration) -> Duration {
        let containers = self.containers.iter();
        containers.map(|container| container.cpu_time(now)).sum()
    }

    pub(super) fn take_output(&mut self) -> Vec<(String, Vec<String>)> {
        let printed = self
            .containers
            .iter_mut()
            .filter(|container| !container.output.is_empty());
        printed
            .map(|container| {
                (
                    container.state.name.clone(),
                    std::mem::take(&mut container.output),
                )
            })
            .collect()
    }

    pub(super) fn state(&self) -> InstanceState {
        let containers: Vec<_> = self.containers.iter().map(|c| c.state.clone()).collect();
        let phase = match self.ends {
            Some(_) => InstancePhase::Terminating,
            None => phase_of(containers.iter().map(|container| container.status)),
        };
        InstanceState {
            key: self.key.clone(),
            ip: Some(self.ip),
            phase,
            created: self.created,
            started: Some(self.created),
            containers,
        }
    }
}

#[derive(Debug)]
pub(super) struct SimContainer {
    script: Script,
    probe: Option<Probe>,
    pub(super) state: ContainerState,
    pub(super) forced: Option<bool>,
    output: Vec<String>,
    life: Life,
    backoff: Backoff,
}

#[derive(Clone, Copy, Debug)]
enum Life {
    Running { since: Duration },
    WaitingUntil(Duration),
}

impl SimContainer {
    fn start(plan: ContainerPlan, script: Script, now: Duration, at: Timestamp) -> Self {
        let state = ContainerState {
            started: Some(at),
            ..ContainerState::waiting(plan.name)
        };
        Self {
            output: script.output.clone(),
            script,
            probe: plan.readiness,
            state,
            forced: None,
            life: Life::Running { since: now },
            backoff: Backoff::default(),
        }
    }

    /// Walks through every end and restart up to `now`. The loop ends because every restart
    /// lies at least [`FIRST_DELAY`](crate::restart::FIRST_DELAY) after the end before it.
    fn settle(&mut self, now: Duration, at: Timestamp) -> bool {
        let mut changed = false;
        loop {
            match (self.life, self.script.exits) {
                (Life::WaitingUntil(due), _) if due <= now => self.restart(due, when(due, now, at)),
                (Life::Running { since }, Some((after, code))) if since + after <= now => {
                    self.end(since + after, code);
                }
                (Life::WaitingUntil(_) | Life::Running { .. }, _) => break,
            }
            changed = true;
        }
        if let Life::Running { since } = self.life {
            changed |= self.probe_at(since, now);
        }
        changed
    }

    fn probe_at(&mut self, since: Duration, now: Duration) -> bool {
        let scripted = || {
            self.script
                .ready_after
                .is_some_and(|after| since + after <= now)
        };
        let (status, words) = match &self.probe {
            Some(probe) if !self.forced.unwrap_or_else(scripted) => (
                ContainerStatus::Pending,
                message::probe_failing(&probe.path, probe.port),
            ),
            Some(_) | None => (ContainerStatus::Ready, message::RUNNING.to_owned()),
        };
        let changed = self.state.status != status || self.state.message != words;
        (self.state.status, self.state.message) = (status, words);
        changed
    }

    pub(super) fn exit_now(&mut self, now: Duration, code: i32) -> bool {
        let running = matches!(self.life, Life::Running { .. });
        if running && self.state.status != ContainerStatus::Terminating {
            self.end(now, code);
            return true;
        }
        false
    }

    fn end(&mut self, due: Duration, code: i32) {
        let ran_for = match self.life {
            Life::Running { since } => due.saturating_sub(since),
            Life::WaitingUntil(_) => Duration::ZERO,
        };
        self.life = Life::WaitingUntil(due + self.backoff.delay_after(ran_for));
        self.state.last_exit_code = Some(code);
        let (status, words) = if code == 0 {
            (ContainerStatus::Done, message::COMPLETED)
        } else {
            (ContainerStatus::Failed, message::USER_ERROR)
        };
        (self.state.status, self.state.message) = (status, words.to_owned());
    }

    fn restart(&mut self, due: Duration, at: Timestamp) {
        self.life = Life::Running { since: due };
        self.state.restart_count = self.state.restart_count.saturating_add(1);
        self.state.started = Some(at);
        self.state.last_restart = Some(at);
        self.output.extend(self.script.output.iter().cloned());
    }

    fn cpu_time(&self, now: Duration) -> Duration {
        match self.life {
            Life::Running { since } => now.saturating_sub(since) * self.script.millicores / 1000,
            Life::WaitingUntil(_) => Duration::ZERO,
        }
    }

    fn time_to_stop(&self) -> Duration {
        match self.life {
            Life::Running { .. } => self.script.stop_after,
            Life::WaitingUntil(_) => Duration::ZERO,
        }
    }
}

/// Turns the moment `due` of the monotonic clock into a timestamp.
fn when(due: Duration, now: Duration, at: Timestamp) -> Timestamp {
    let ago = u64::try_from(now.saturating_sub(due).as_millis()).unwrap_or(u64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_sub(ago))
}
