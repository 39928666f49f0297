//! Starting and stopping instances.

use std::sync::Arc;

use floe_rollout::{Command, InstanceId, Revision};
use floe_runtime::InstanceKey;

use super::{Fleet, GRACE};
use crate::controller::Input;
use crate::deployment::Deployment;

type Handles<T> = (InstanceKey, Arc<tokio::sync::Mutex<bool>>, T);

impl Fleet {
    pub(super) fn carry_out(self: &Arc<Self>, name: &str, command: Command) {
        let fleet = Arc::clone(self);
        let name = name.to_owned();
        match command {
            Command::Start {
                id,
                attempt,
                revision,
            } => {
                tokio::spawn(async move { fleet.start(name, id, attempt, revision).await });
            }
            Command::Stop { id, attempt } => {
                tokio::spawn(async move { fleet.stop(name, id, attempt).await });
            }
        }
    }

    async fn start(self: Arc<Self>, name: String, id: InstanceId, attempt: u64, at: Revision) {
        let Some((key, gate, deployment)) = self.handles(&name, id, attempt, at) else {
            return;
        };
        let stopped = gate.lock().await;
        if *stopped {
            return;
        }
        match self.deploy(key, deployment).await {
            Ok(()) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.start_errors.remove(&id.0);
                }
            }
            Err(message) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.start_errors.insert(id.0, message);
                }
                // The decider tries again after a while, as a new attempt.
                self.apply(&name, Input::Gone { id, attempt });
            }
        }
    }

    async fn deploy(&self, key: InstanceKey, deployment: Arc<Deployment>) -> Result<(), String> {
        let images = Arc::clone(&self.parts.images);
        let planned = tokio::task::spawn_blocking(move || deployment.plan(key, &images)).await;
        let plan = match planned {
            Ok(Ok(plan)) => plan,
            Ok(Err(error)) => {
                return Err(format!("Failed to pull image: [{}] {error}", error.code()));
            }
            Err(error) => return Err(format!("the image could not be unpacked: {error}")),
        };
        let started = self.parts.runtime.start(plan).await;
        started.map_err(|error| format!("[{}] {error}", error.code()))
    }

    async fn stop(self: Arc<Self>, name: String, id: InstanceId, attempt: u64) {
        let Some((key, gate, _)) = self.gate(&name, id, attempt) else {
            return;
        };
        let mut stopped = gate.lock().await;
        *stopped = true;
        match self.parts.runtime.stop(&key, GRACE).await {
            Ok(()) => {
                if let Some(live) = self.lock().get_mut(&name) {
                    live.forget(id.0, attempt);
                }
                self.apply(&name, Input::Gone { id, attempt });
            }
            // The decider asks again when the instance does not go.
            Err(error) => tracing::warn!(instance = %key, %error, "an instance was not stopped"),
        }
    }

    fn gate(&self, name: &str, id: InstanceId, attempt: u64) -> Option<Handles<()>> {
        let mut live = self.lock();
        let service = live.get_mut(name)?;
        let gate = Arc::clone(service.gates.entry((id.0, attempt)).or_default());
        Some((runtime_key(name, service.uid, id.0, attempt), gate, ()))
    }

    fn handles(
        &self,
        name: &str,
        id: InstanceId,
        attempt: u64,
        revision: Revision,
    ) -> Option<Handles<Arc<Deployment>>> {
        let (key, gate, ()) = self.gate(name, id, attempt)?;
        let deployment = Arc::clone(self.lock().get(name)?.deployments.get(&revision.0)?);
        Some((key, gate, deployment))
    }
}

/// The runtime's name of a service: readable, and never used twice.
pub(super) fn runtime_service(name: &str, uid: u64) -> String {
    format!("{name}.{uid}")
}

pub(super) fn runtime_key(name: &str, uid: u64, instance: u32, attempt: u64) -> InstanceKey {
    InstanceKey::new(runtime_service(name, uid), instance, attempt)
}
