//! What it means to run the instances of a container service.
//!
//! For authors of controllers, who drive any [`Runtime`] without knowing whether instances are
//! local processes, containers or pods, and for authors of runtimes, who prove theirs with the
//! public contract suite (feature `contract`, module `contract`).
//!
//! The crate names no async runtime, opens no socket and starts no process. Time comes from a
//! [`Clock`](clock::Clock); [`SimulatedRuntime`](sim::SimulatedRuntime) is the reference that
//! tests and simulations use, under a clock that moves only when told.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use floe_runtime::clock::ManualClock;
//! use floe_runtime::sim::{SimulatedRuntime, sample_plan};
//! use floe_runtime::{InstanceKey, InstancePhase, Runtime};
//!
//! # futures::executor::block_on(async {
//! let clock = Arc::new(ManualClock::default());
//! let runtime = SimulatedRuntime::new(clock.clone());
//! let key = InstanceKey::new("ECHO_SERVICE", 0, 1);
//! runtime.start(sample_plan(key.clone())).await?;
//! assert_eq!(runtime.observe().await[0].phase, InstancePhase::Pending);
//!
//! clock.advance(Duration::from_secs(1));
//! assert_eq!(runtime.observe().await[0].phase, InstancePhase::Ready);
//!
//! runtime.stop(&key, Duration::from_secs(30)).await?;
//! assert!(runtime.observe().await.is_empty());
//! # Ok::<(), floe_runtime::RuntimeError>(())
//! # }).unwrap();
//! ```
#![forbid(unsafe_code)]

pub mod clock;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod plan;
pub mod restart;
mod runtime;
pub mod sim;
mod state;

pub use error::{DriverError, RuntimeError};
pub use plan::{
    ContainerPlan, ImageRoot, InstanceKey, InstancePlan, Need, NeedKind, PortPlan, Probe,
};
pub use runtime::{BoxFuture, LOG_BYTES, Runtime};
pub use state::{ContainerState, ContainerStatus, InstancePhase, InstanceState, message, phase_of};
