//! The store as its users and its attackers see it.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

#[path = "suite/crash.rs"]
mod crash;
#[path = "suite/import.rs"]
mod import;
#[path = "suite/layouts.rs"]
mod layouts;
#[path = "suite/paths.rs"]
mod paths;
#[path = "suite/unpack.rs"]
mod unpack;
#[path = "suite/written.rs"]
mod written;
