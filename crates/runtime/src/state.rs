//! What a runtime reports about the instances it runs.

use std::fmt;
use std::net::IpAddr;

use crate::InstanceKey;
use crate::clock::Timestamp;

/// The words of the container messages, as Snowflake's page "Monitoring services" lists them.
///
/// ```
/// use floe_runtime::message;
/// assert_eq!(
///     message::probe_failing("/healthcheck", 8000),
///     "Readiness probe is failing at path: /healthcheck, port: 8000",
/// );
/// ```
pub mod message {
    /// The container runs and is ready.
    pub const RUNNING: &str = "Running";
    /// The container has not been started yet.
    pub const WAITING: &str = "Waiting to start";
    /// The container ended with exit code 0.
    pub const COMPLETED: &str = "Completed successfully";
    /// The container ended with another exit code.
    pub const USER_ERROR: &str = "User application error, check container logs";
    /// The container's program could not be started; a runtime appends `: ` and the reason.
    pub const START_FAILED: &str = "Encountered fatal error while starting container";

    /// The container runs, but its readiness probe does not answer 200.
    ///
    /// ```
    /// use floe_runtime::message::probe_failing;
    /// assert!(probe_failing("/", 80).ends_with("path: /, port: 80"));
    /// ```
    pub fn probe_failing(path: &str, port: u16) -> String {
        format!("Readiness probe is failing at path: {path}, port: {port}")
    }
}

/// One instance as the runtime sees it now.
///
/// ```
/// use floe_runtime::{InstanceKey, InstancePhase, InstanceState, clock::Timestamp};
/// let state = InstanceState {
///     key: InstanceKey::new("ECHO_SERVICE", 0, 1),
///     ip: None,
///     phase: InstancePhase::Pending,
///     created: Timestamp::from_millis(1),
///     started: None,
///     containers: Vec::new(),
/// };
/// assert!(state.container("main").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceState {
    /// Which deployment this is.
    pub key: InstanceKey,
    /// The instance's own address, as soon as it has one.
    pub ip: Option<IpAddr>,
    /// The state of the whole.
    pub phase: InstancePhase,
    /// When the runtime accepted it.
    pub created: Timestamp,
    /// When its first container was started.
    pub started: Option<Timestamp>,
    /// Its containers, in the order of the plan.
    pub containers: Vec<ContainerState>,
}

impl InstanceState {
    /// Returns the container of this name.
    ///
    /// ```
    /// use floe_runtime::{InstanceKey, Runtime, sim};
    /// # futures::executor::block_on(async {
    /// let runtime = sim::SimulatedRuntime::default();
    /// runtime.start(sim::sample_plan(InstanceKey::new("S", 0, 1))).await.unwrap();
    /// assert_eq!(runtime.observe().await[0].container("main").unwrap().name, "main");
    /// # });
    /// ```
    pub fn container(&self, name: &str) -> Option<&ContainerState> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }
}

/// The state of a whole instance; displays as in SHOW SERVICE INSTANCES.
///
/// ```
/// assert_eq!(floe_runtime::InstancePhase::Terminating.to_string(), "TERMINATING");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstancePhase {
    /// Accepted, but not every container is ready.
    Pending,
    /// Every container is ready.
    Ready,
    /// At least one container failed and waits for its restart.
    Failed,
    /// Being stopped.
    Terminating,
}

impl fmt::Display for InstancePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Failed => "FAILED",
            Self::Terminating => "TERMINATING",
        })
    }
}

/// Returns the phase of an instance that is not being stopped, from the states of its containers.
///
/// ```
/// use floe_runtime::{ContainerStatus::{Failed, Pending, Ready}, InstancePhase, phase_of};
/// assert_eq!(phase_of([Ready, Ready]), InstancePhase::Ready);
/// assert_eq!(phase_of([Ready, Pending]), InstancePhase::Pending);
/// assert_eq!(phase_of([Pending, Failed]), InstancePhase::Failed);
/// assert_eq!(phase_of([]), InstancePhase::Pending);
/// ```
pub fn phase_of(containers: impl IntoIterator<Item = ContainerStatus>) -> InstancePhase {
    let (mut any, mut all_ready) = (false, true);
    for status in containers {
        any = true;
        match status {
            ContainerStatus::Failed => return InstancePhase::Failed,
            ContainerStatus::Ready => {}
            ContainerStatus::Pending
            | ContainerStatus::Done
            | ContainerStatus::Terminating
            | ContainerStatus::Unknown => all_ready = false,
        }
    }
    if any && all_ready {
        InstancePhase::Ready
    } else {
        InstancePhase::Pending
    }
}

/// One container as the runtime sees it now.
///
/// ```
/// use floe_runtime::{ContainerState, ContainerStatus, message};
/// let state = ContainerState::waiting("main");
/// assert_eq!(state.status, ContainerStatus::Pending);
/// assert_eq!(state.message, message::WAITING);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerState {
    /// The name in the plan.
    pub name: String,
    /// The state.
    pub status: ContainerStatus,
    /// What a person reads beside the state; the words are in [`message`].
    pub message: String,
    /// How often the container was started again after it had ended.
    pub restart_count: u32,
    /// When its current or latest process was started.
    pub started: Option<Timestamp>,
    /// The exit code of the latest process that ended; 128 + signal when a signal ended it.
    pub last_exit_code: Option<i32>,
    /// When it was last started again.
    pub last_restart: Option<Timestamp>,
}

impl ContainerState {
    /// Returns the state of a container that has not been started yet.
    ///
    /// ```
    /// assert_eq!(floe_runtime::ContainerState::waiting("main").restart_count, 0);
    /// ```
    pub fn waiting(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            status: ContainerStatus::Pending,
            message: message::WAITING.to_owned(),
            restart_count: 0,
            started: None,
            last_exit_code: None,
            last_restart: None,
        }
    }
}

/// The state of a container; displays as in SHOW SERVICE CONTAINERS.
///
/// ```
/// assert_eq!(floe_runtime::ContainerStatus::Done.to_string(), "DONE");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContainerStatus {
    /// Not started yet, or started and not ready.
    Pending,
    /// Started, and its readiness probe answers 200.
    Ready,
    /// Ended with exit code 0.
    Done,
    /// Ended with another exit code, or could not be started.
    Failed,
    /// Being stopped.
    Terminating,
    /// The runtime cannot tell.
    Unknown,
}

impl fmt::Display for ContainerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
            Self::Terminating => "TERMINATING",
            Self::Unknown => "UNKNOWN",
        })
    }
}
