//! What comes in without being asked for: reports of the runtime, time, and looks at services.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use floe_rollout::{InstanceId, Millis, Phase};
use floe_runtime::{InstanceKey, InstancePhase, InstanceState};
use floe_scale::Reading;

use super::deploy::{runtime_key, runtime_service};
use super::{Fleet, Live};
use crate::controller::Input;

impl Fleet {
    /// Turns what the runtime reports into inputs of the controllers, for ever.
    pub(super) async fn follow_runtime(self: Arc<Self>) {
        let mut seen = 0;
        loop {
            tokio::select! {
                changed = self.parts.runtime.changed(seen) => seen = changed,
                () = self.closed() => return,
            }
            let states = self.parts.runtime.observe().await;
            for (name, input) in self.note(states) {
                self.apply(&name, input);
            }
            self.bump();
        }
    }

    /// Keeps the newest reports and answers what they mean to the controllers.
    fn note(&self, states: Vec<InstanceState>) -> Vec<(String, Input)> {
        let mut live = self.lock();
        let mut inputs = Vec::new();
        for state in states {
            let found = live
                .iter_mut()
                .find(|(name, service)| runtime_service(name, service.uid) == state.key.service);
            let Some((name, service)) = found else {
                continue;
            };
            let id = InstanceId(state.key.instance);
            let attempt = state.key.attempt;
            let known = service.controller.rollout().instance(id);
            if known.is_none_or(|instance| instance.attempt != attempt) {
                continue;
            }
            if let Some(phase) = decider_phase(state.phase) {
                inputs.push((name.clone(), Input::Observed { id, attempt, phase }));
            }
            service.observed.insert(state.key.instance, state);
        }
        inputs
    }

    /// Wakes the controllers when they asked to be woken, for ever.
    pub(super) async fn tick(self: Arc<Self>) {
        let mut version = self.version.subscribe();
        while !self.closing.load(Ordering::SeqCst) {
            let now = self.now();
            let due = self.wakeups(now);
            for name in due.ticks {
                self.apply(&name, Input::Tick);
            }
            if !due.looks.is_empty() {
                self.look(due.looks).await;
            }
            tokio::select! {
                () = tokio::time::sleep(due.next) => {}
                changed = version.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Measures the instances of these services and lets their controllers look at them.
    async fn look(self: &Arc<Self>, names: Vec<String>) {
        let times = self.parts.runtime.cpu_times().await;
        let now = self.now();
        for name in names {
            let cpu = self
                .lock()
                .get_mut(&name)
                .map(|live| live.cores(&name, &times, now));
            if let Some(cpu) = cpu {
                self.apply(&name, Input::Looked { cpu });
            }
        }
    }

    /// What is due, and how long until the next is.
    fn wakeups(&self, now: Millis) -> Due {
        /// Longest sleep of the ticker, when nothing is planned.
        const IDLE: Duration = Duration::from_secs(60);
        /// Shortest one, so that a controller that is always due can not spin.
        const SHORTEST: Duration = Duration::from_millis(10);
        let live = self.lock();
        let mut due = Due {
            ticks: Vec::new(),
            looks: Vec::new(),
            next: IDLE,
        };
        for (name, service) in live.iter() {
            let tick = (service.controller.next_wakeup(), &mut due.ticks);
            let look = (service.controller.next_look(), &mut due.looks);
            for (at, names) in [tick, look] {
                match at {
                    Some(at) if at <= now => {
                        names.push(name.clone());
                        due.next = SHORTEST;
                    }
                    Some(at) => due.next = due.next.min(at.since(now)),
                    None => {}
                }
            }
        }
        due.next = due.next.max(SHORTEST);
        due
    }
}

impl Live {
    /// The cores that each READY instance has used since it was measured last; one that was not
    /// measured twice in a life of its processes is missing.
    fn cores(&mut self, name: &str, times: &[(InstanceKey, Duration)], now: Millis) -> Reading {
        let instances = self.controller.rollout().instances();
        let ready = instances.filter(|(_, instance)| instance.phase == Phase::Ready);
        let mut reading = Reading::default();
        for (id, instance) in ready {
            let key = runtime_key(name, self.uid, id.0, instance.attempt);
            let time = times.iter().find(|(measured, _)| *measured == key);
            let place = (id.0, instance.attempt);
            let cores = time.and_then(|(_, time)| {
                let (before, at) = self.measured.insert(place, (*time, now))?;
                let passed = now.since(at).as_secs_f64();
                // Processes that ended took their time with them.
                let used = time.checked_sub(before)?.as_secs_f64();
                (passed > 0.0).then_some(used / passed)
            });
            reading.add(cores, 1);
        }
        reading
    }
}

/// Services whose controller is due, by what it is due for.
struct Due {
    ticks: Vec<String>,
    looks: Vec<String>,
    next: Duration,
}

fn decider_phase(phase: InstancePhase) -> Option<Phase> {
    match phase {
        InstancePhase::Pending => Some(Phase::Pending),
        InstancePhase::Ready => Some(Phase::Ready),
        InstancePhase::Failed => Some(Phase::Failed),
        // The decider asked for it, so it knows.
        InstancePhase::Terminating => None,
    }
}
