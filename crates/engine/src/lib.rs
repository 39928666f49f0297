//! Executes the SQL of container services: a catalog on disk, a controller that
//! keeps services as they were asked to be, and queries whose functions are
//! services.
//!
//! For programs that embed the whole system; the parts below are crates of
//! their own. [`Engine`] needs a [`DataDir`] and a
//! [`Runtime`](floe_runtime::Runtime) and nothing else:
//!
//! ```
//! use std::sync::Arc;
//! use floe_engine::{DataDir, Engine, EngineOptions, Output};
//! use floe_runtime::sim::SimulatedRuntime;
//! # let dir = tempfile::tempdir().unwrap();
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let data = DataDir::hold(dir.path()).unwrap();
//! let runtime = Arc::new(SimulatedRuntime::default());
//! let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
//! let script = "SHOW SERVICES";
//! let parsed = floe_sql::parse_script(script).unwrap();
//! let answer = engine.session().execute(&parsed[0]).await.unwrap();
//! let Output::Table(table) = answer.output else { unreachable!() };
//! assert_eq!(table.columns[0], "name");
//! assert!(table.rows.is_empty());
//! # });
//! ```

#![forbid(unsafe_code)]

mod catalog;
mod context;
mod controller;
mod deployment;
mod engine;
mod error;
mod events;
pub mod families;
mod fleet;
mod lock;
mod output;
pub mod query;
pub mod scaling;
mod session;
mod specification;
mod statements;
pub mod streams;
pub mod support;
pub mod system;
pub mod time;
pub mod upgrade;

pub use engine::{DataDir, Engine, EngineOptions};
pub use error::{Diagnostic, EngineError, Failure, Severity};
pub use events::ServiceEvent;
pub use output::{Output, Rows, Table};
pub use session::{Answer, Session};
pub use {
    datafusion, floe_image as image, floe_rollout as rollout, floe_runtime as runtime,
    floe_scale as scale, floe_spec as spec, floe_sql as sql,
};
