//! A service with a hand on its runtime.

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};

pub(crate) const A: Revision = Revision(1);
pub(crate) const B: Revision = Revision(2);
pub(crate) const C: Revision = Revision(3);

/// A service with a hand on its runtime: commands are noted as short words.
pub(crate) struct Hand {
    pub(crate) service: Service,
    pub(crate) now: u64,
}

impl Hand {
    /// A service with `count` READY instances of revision A.
    pub(crate) fn running(policy: Policy, count: u32) -> Self {
        let mut hand = Self {
            service: Service::new(policy),
            now: 0,
        };
        hand.target(A, count);
        for id in 0..count {
            assert_eq!(hand.ready(id), Vec::<String>::new());
        }
        hand.wait(10);
        assert!(!hand.service.is_upgrading());
        hand
    }

    pub(crate) fn send(&mut self, event: Event) -> Vec<String> {
        let commands = self.service.decide(event, Millis(self.now));
        let words = commands.iter().map(|command| match command {
            Command::Start { id, revision, .. } => format!("start {id} {revision}"),
            Command::Stop { id, .. } => format!("stop {id}"),
        });
        words.collect()
    }

    pub(crate) fn target(&mut self, revision: Revision, count: u32) -> Vec<String> {
        self.send(Event::target(revision, InstanceCount::new(count).unwrap()))
    }

    pub(crate) fn attempt(&self, id: u32) -> u64 {
        self.service
            .instances()
            .find(|(found, _)| found.0 == id)
            .unwrap()
            .1
            .attempt
    }

    pub(crate) fn observed(&mut self, id: u32, phase: Phase) -> Vec<String> {
        let attempt = self.attempt(id);
        self.send(Event::Observed {
            id: InstanceId(id),
            attempt,
            phase,
        })
    }

    pub(crate) fn ready(&mut self, id: u32) -> Vec<String> {
        self.observed(id, Phase::Ready)
    }

    pub(crate) fn gone(&mut self, id: u32) -> Vec<String> {
        let attempt = self.attempt(id);
        self.send(Event::Gone {
            id: InstanceId(id),
            attempt,
        })
    }

    pub(crate) fn wait(&mut self, seconds: u64) -> Vec<String> {
        self.now += seconds * 1_000;
        self.send(Event::Tick)
    }

    pub(crate) fn revisions(&self) -> Vec<Revision> {
        self.service
            .instances()
            .map(|(_, instance)| instance.revision)
            .collect()
    }
}

pub(crate) fn none() -> Vec<String> {
    Vec::new()
}
