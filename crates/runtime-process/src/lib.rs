//! Runs the instances of container services as local processes, on Linux.
//!
//! For whoever wants container services on one machine without a container engine: a laptop, a
//! test, a small server. Every instance is a process group with an address of its own; its
//! containers are restarted when they end and probed for readiness; nothing of it survives a
//! stop, nor the death of the program that embeds the runtime, even by SIGKILL.
//!
//! What it does not do: isolate. Containers see the machine's files (a program is taken from
//! the unpacked image when it is there, else from the host), its processes and its users. Needs
//! that processes cannot honour, such as GPUs or enforced memory limits, are refused.
//!
//! `design.md` beside this crate says how groups, holders, networks and back-off work, with
//! their limits in numbers.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use floe_runtime::{InstanceKey, InstancePhase, Runtime, clock::SystemClock, sim::sample_plan};
//! use floe_runtime_process::{NetworkMode, ProcessOptions, ProcessRuntime};
//!
//! # let directory = tempfile::tempdir().unwrap();
//! # let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
//! # tokio.block_on(async {
//! let runtime = ProcessRuntime::new(ProcessOptions {
//!     state_dir: directory.path().join("state"),
//!     clock: Arc::new(SystemClock),
//!     network: NetworkMode::Auto,
//!     owner: format!("example-{}", std::process::id()),
//! }).unwrap();
//!
//! let key = InstanceKey::new("GREETER", 0, 1);
//! let mut plan = sample_plan(key.clone());
//! plan.containers[0].image.root = directory.path().to_owned();
//! let argv = ["/bin/sh", "-c", "echo hello; exec sleep 600"];
//! plan.containers[0].argv = argv.map(String::from).to_vec();
//! plan.containers[0].readiness = None;
//! runtime.start(plan).await.unwrap();
//!
//! let mut seen = 0;
//! while runtime.observe().await[0].phase != InstancePhase::Ready {
//!     seen = runtime.changed(seen).await;
//! }
//! runtime.stop(&key, Duration::from_secs(30)).await.unwrap();
//! assert!(runtime.observe().await.is_empty());
//! # });
//! ```

mod container;
mod cpu;
mod error;
mod holder;
mod instance;
mod logs;
mod marker;
mod network;
mod probe;
mod program;
mod registry;
mod runtime;
mod sweep;
mod sys;

pub use error::ProcessError;
pub use network::NetworkMode;
pub use runtime::{ProcessOptions, ProcessRuntime};
