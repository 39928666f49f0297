//! The command `floe`, tested as its users see it: what is printed, what is
//! left behind.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod autoscale;
mod bad_input;
mod broken_services;
mod events;
mod holding;
mod notify;
mod notify_clouds;
mod plan;
mod quickstart;
mod spec;
mod stream;
mod support;
mod upgrade;
