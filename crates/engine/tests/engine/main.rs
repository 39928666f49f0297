//! The engine over the simulated runtime. What needs real processes is tested with the command
//! `floe`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod controlled;
mod statements;
mod support;
