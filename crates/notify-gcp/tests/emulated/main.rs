//! The driver against Google's emulator of Pub/Sub and fake-gcs-server, behind the doors of
//! `floe-peers`, which add what both lack.
//!
//! `cargo xtask test` starts them and says where they are. A test whose emulator is not there says
//! so and passes; `FLOE_REQUIRE_PEERS=1` makes that a failure.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking"
)]

mod chain;
mod contracts;
mod denied;
mod faults;
mod peer;
mod sharing;
mod world;
