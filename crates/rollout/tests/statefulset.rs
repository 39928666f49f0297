//! The decider beside the update sequence of a Kubernetes StatefulSet, for what both can express:
//! instances that are READY, fail or end, one revision replaced by another, partitions.
//!
//! The sequence is written from `defaultStatefulSetControl.updateStatefulSet` in
//! `pkg/controller/statefulset/stateful_set_control.go`, with `podManagementPolicy: Parallel` (with
//! `OrderedReady` a pod that never becomes ready blocks even the way back, kubernetes#67250; that
//! is one of the two differences told below) and `maxUnavailable` of `RollingUpdate`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use floe_rollout::{
    Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy, Revision, Service,
};

const OLD: Revision = Revision(1);
const NEW: Revision = Revision(2);

/// A pod as the controller of a StatefulSet sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pod {
    revision: Revision,
    ready: bool,
    terminating: bool,
}

/// One pass of the sequence: which pods are created, then which are deleted.
fn sync(
    pods: &BTreeMap<u32, Pod>,
    update: Revision,
    (replicas, partition, max): (u32, u32, u32),
) -> Vec<String> {
    let missing = (0..replicas).filter(|ordinal| !pods.contains_key(ordinal));
    let revision = |ordinal| if ordinal < partition { OLD } else { update };
    let mut done: Vec<String> = Vec::new();
    let created: Vec<u32> = missing.collect();
    let condemned = pods
        .iter()
        .rev()
        .filter(|(ordinal, _)| **ordinal >= replicas);
    done.extend(
        condemned
            .filter(|(_, pod)| !pod.terminating)
            .map(|(ordinal, _)| format!("stop {ordinal}")),
    );
    let unavailable = (0..replicas)
        .filter(|ordinal| {
            pods.get(ordinal)
                .is_none_or(|pod| !pod.ready || pod.terminating)
        })
        .count() as u32;
    // From the highest ordinal down to the partition, as many as may still be unavailable.
    let mut may = max.saturating_sub(unavailable);
    for (ordinal, pod) in pods.range(partition..replicas).rev() {
        if may == 0 {
            break;
        }
        if pod.revision != update && !pod.terminating {
            done.push(format!("stop {ordinal}"));
            may -= 1;
        }
    }
    done.extend(
        created
            .iter()
            .map(|o| format!("start {o} {}", revision(*o))),
    );
    done
}

/// Both controllers over the same runtime.
struct Both {
    service: Service,
    pods: BTreeMap<u32, Pod>,
    replicas: u32,
    partition: u32,
    max: u32,
}

impl Both {
    fn running(replicas: u32, partition: u32, max: u32) -> Self {
        let policy = Policy {
            partition,
            max_unavailable: NonZeroU32::new(max).unwrap(),
            ..Policy::default()
        };
        let mut both = Self {
            service: Service::new(policy),
            pods: BTreeMap::new(),
            replicas,
            partition,
            max,
        };
        let commands = both.service.decide(both.target(OLD), Millis(0));
        assert_eq!(commands.len(), replicas as usize);
        for ordinal in 0..replicas {
            let pod = Pod {
                revision: OLD,
                ready: true,
                terminating: false,
            };
            both.pods.insert(ordinal, pod);
            assert!(both.observe(ordinal, Phase::Ready).is_empty());
        }
        both
    }

    fn target(&self, revision: Revision) -> Event {
        Event::target(revision, InstanceCount::new(self.replicas).unwrap())
    }

    fn attempt(&self, ordinal: u32) -> u64 {
        self.service.instance(InstanceId(ordinal)).unwrap().attempt
    }

    fn observe(&mut self, ordinal: u32, phase: Phase) -> Vec<Command> {
        let (id, attempt) = (InstanceId(ordinal), self.attempt(ordinal));
        self.tell(Event::Observed { id, attempt, phase })
    }

    fn tell(&mut self, event: Event) -> Vec<Command> {
        self.service.decide(event, Millis(0))
    }

    /// The StatefulSet's controller looks, and both must want the same.
    fn agree(&mut self, commands: &[Command]) {
        let words = commands.iter().map(|command| match command {
            Command::Start { id, revision, .. } => format!("start {id} {revision}"),
            Command::Stop { id, .. } => format!("stop {id}"),
        });
        let ours: Vec<String> = words.collect();
        let theirs = sync(&self.pods, NEW, (self.replicas, self.partition, self.max));
        assert_eq!(ours, theirs, "{:?}", self.pods);
        for command in commands {
            match *command {
                Command::Stop { id, .. } => self.pods.get_mut(&id.0).unwrap().terminating = true,
                Command::Start { id, revision, .. } => {
                    let pod = Pod {
                        revision,
                        ready: false,
                        terminating: false,
                    };
                    self.pods.insert(id.0, pod);
                }
            }
        }
    }

    /// What the runtime can do next.
    fn happenings(&self) -> Vec<(u32, bool)> {
        let next = self.pods.iter().filter_map(|(ordinal, pod)| {
            let ends = pod.terminating;
            (ends || !pod.ready).then_some((*ordinal, ends))
        });
        next.collect()
    }

    fn happens(&mut self, (ordinal, ends): (u32, bool)) {
        let commands = if ends {
            self.pods.remove(&ordinal);
            let (id, attempt) = (InstanceId(ordinal), self.attempt(ordinal));
            self.tell(Event::Gone { id, attempt })
        } else {
            self.pods.get_mut(&ordinal).unwrap().ready = true;
            self.observe(ordinal, Phase::Ready)
        };
        self.agree(&commands);
    }
}

/// Every order in which the runtime can answer, for up to five pods.
#[test]
fn a_healthy_upgrade_is_that_of_a_statefulset_command_by_command() {
    let mut runs = 0;
    for replicas in 1..=5 {
        for partition in 0..replicas {
            for max in 1..=3 {
                let mut both = Both::running(replicas, partition, max);
                let commands = both.tell(both.target(NEW));
                both.agree(&commands);
                runs += explore(both);
            }
        }
    }
    assert!(runs > 100, "only {runs} runs");
}

/// Follows every order; answers how many there are.
fn explore(both: Both) -> u32 {
    let happenings = both.happenings();
    if happenings.is_empty() {
        assert!(!both.service.is_upgrading());
        let new = both
            .pods
            .range(both.partition..)
            .all(|(_, pod)| pod.revision == NEW);
        assert!(new, "{:?}", both.pods);
        return 1;
    }
    let follow = |happening| {
        let mut next = Both {
            service: both.service.clone(),
            pods: both.pods.clone(),
            ..both
        };
        next.happens(happening);
        explore(next)
    };
    happenings.into_iter().map(follow).sum()
}

/// The first difference: an outdated instance that is not READY is replaced at once. The sequence
/// counts it as unavailable, and with `maxUnavailable: 1` replaces nothing.
#[test]
fn an_old_instance_that_is_broken_is_replaced_where_a_statefulset_waits() {
    let mut both = Both::running(3, 0, 1);
    both.pods.get_mut(&0).unwrap().ready = false;
    assert!(both.observe(0, Phase::Pending).is_empty());
    let commands = both.tell(both.target(NEW));
    assert_eq!(sync(&both.pods, NEW, (3, 0, 1)), Vec::<String>::new());
    let stopped = |id| {
        commands.contains(&Command::Stop {
            id: InstanceId(id),
            attempt: u64::from(id) + 1,
        })
    };
    assert!(stopped(0) && stopped(2), "{commands:?}");
}

/// The second: what the upgrade itself took down is not counted against the way back.
#[test]
fn a_rollback_passes_an_instance_that_never_becomes_ready() {
    let mut both = Both::running(3, 0, 1);
    let commands = both.tell(both.target(NEW));
    both.agree(&commands);
    both.happens((2, true));
    assert!(both.observe(2, Phase::Failed).is_empty());
    assert_eq!(sync(&both.pods, OLD, (3, 0, 1)), Vec::<String>::new());
    let attempt = both.attempt(2);
    let back = both.tell(both.target(OLD));
    let id = InstanceId(2);
    assert_eq!(back, [Command::Stop { id, attempt }]);
}
