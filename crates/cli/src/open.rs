//! Opens the engine of a data directory, with the process runtime below it.

use std::path::Path;
use std::sync::Arc;

use floe_engine::rollout::Policy;
use floe_engine::{DataDir, Diagnostic, Engine, EngineOptions, Failure};
use floe_runtime::DriverError as _;
use floe_runtime::clock::{Clock as _, SystemClock};
use floe_runtime_process::{NetworkMode, ProcessOptions, ProcessRuntime};

use crate::args::{Global, Network};
use crate::hosts::Hosts;
use crate::samples;

/// Takes the data directory and everything in it. Starts no service.
pub(crate) fn engine(global: &Global, upgrades: Policy) -> Result<Engine, Failure> {
    let data = DataDir::hold(&global.data_dir)?;
    let scratch = data.path().join("scratch");
    let runtime = ProcessRuntime::new(ProcessOptions {
        state_dir: data.runtime_state(),
        clock: Arc::new(SystemClock),
        network: match global.network {
            Network::Auto => NetworkMode::Auto,
            Network::Namespace => NetworkMode::Namespace,
            Network::Loopback => NetworkMode::Loopback,
        },
        owner: data.owner(),
    })
    .map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    let options = EngineOptions {
        upgrades,
        streams: Arc::new(Hosts::default()),
        ..EngineOptions::default()
    };
    let engine = Engine::open(data, Arc::new(runtime), options)?;
    add_samples(&engine, &scratch)?;
    Ok(engine)
}

fn add_samples(engine: &Engine, scratch: &Path) -> Result<(), Failure> {
    samples::ensure(engine.images(), scratch, SystemClock.now().as_millis())
        .map_err(|error| Diagnostic::error(error.code(), error.to_string()).into())
}
