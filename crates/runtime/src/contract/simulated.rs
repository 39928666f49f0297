//! How the simulated runtime stands in the suite.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::{Behaviour, DEAF, RuntimeFactory};
use crate::clock::ManualClock;
use crate::sim::{Script, SimulatedRuntime, sample_plan};
use crate::{BoxFuture, InstanceKey, InstancePlan, Need, NeedKind, Runtime};

/// Makes simulated runtimes that share one clock.
///
/// ```
/// use floe_runtime::{clock::Clock, contract::SimulatedFactory};
/// assert!(SimulatedFactory::default().clock().monotonic().is_zero());
/// ```
#[derive(Debug, Default)]
pub struct SimulatedFactory {
    clock: Arc<ManualClock>,
}

impl SimulatedFactory {
    /// Returns the clock of all its runtimes.
    ///
    /// ```
    /// use floe_runtime::contract::SimulatedFactory;
    /// assert_eq!(SimulatedFactory::default().clock().waiting(), 0);
    /// ```
    pub fn clock(&self) -> Arc<ManualClock> {
        Arc::clone(&self.clock)
    }
}

/// Every behaviour is an image of its own; this is its reference.
fn reference(behaviour: &Behaviour) -> String {
    match behaviour {
        Behaviour::ReadySoon => "ready-soon".to_owned(),
        Behaviour::NeverReady => "never-ready".to_owned(),
        Behaviour::ExitsWith(code) => format!("exits-{code}"),
        Behaviour::IgnoresSigterm => "ignores-sigterm".to_owned(),
        Behaviour::Prints(lines) => format!("prints {}", lines.join("\n")),
    }
}

fn script(reference: &str) -> Script {
    let ready = Script::default();
    if let Some(code) = reference.strip_prefix("exits-") {
        return Script {
            exits: code.parse().ok().map(|code| (Duration::ZERO, code)),
            ..ready
        };
    }
    if let Some(lines) = reference.strip_prefix("prints ") {
        return Script {
            output: lines.lines().map(str::to_owned).collect(),
            ..ready
        };
    }
    match reference {
        "never-ready" => Script {
            ready_after: None,
            ..ready
        },
        "ignores-sigterm" => Script {
            stop_after: Duration::MAX,
            output: vec![DEAF.to_owned()],
            ..ready
        },
        _ => ready,
    }
}

impl RuntimeFactory for SimulatedFactory {
    fn runtime(&self) -> BoxFuture<'_, Arc<dyn Runtime>> {
        Box::pin(async move {
            let runtime = SimulatedRuntime::new(self.clock());
            runtime.script_all(script);
            Arc::new(runtime) as Arc<dyn Runtime>
        })
    }

    fn plan(&self, key: InstanceKey, behaviours: &[Behaviour]) -> InstancePlan {
        let mut plan = sample_plan(key);
        let sample = plan.containers.pop();
        let named = behaviours
            .iter()
            .enumerate()
            .zip(sample.into_iter().cycle());
        plan.containers = named
            .map(|((index, behaviour), mut container)| {
                container.name = format!("c{index}");
                container.image.reference = reference(behaviour);
                if !matches!(behaviour, Behaviour::ReadySoon | Behaviour::NeverReady) {
                    container.readiness = None;
                }
                container
            })
            .collect();
        plan
    }

    fn unsupported_need(&self) -> Need {
        Need::new(NeedKind::Gpu, "spec.containers[0].resources.requests")
    }

    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        let mut others_ran = false;
        Box::pin(poll_fn(move |context| {
            if !std::mem::replace(&mut others_ran, true) {
                // Futures joined with this one get their turn before time moves.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.clock.advance(time);
            Poll::Ready(())
        }))
    }
}
