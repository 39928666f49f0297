//! Queries against a service that runs inside the test, over real HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

mod anywhere;
mod calls;
mod clauses;
mod execution;
mod explain;
mod files;
mod headers;
#[cfg(feature = "ingest")]
mod inputs;
#[cfg(feature = "ingest")]
mod sinks;
#[cfg(feature = "ingest")]
mod state;
mod statements;
#[cfg(feature = "ingest")]
mod stream;
mod support;
mod types;
