//! The driver against Azurite, with the fake of Event Grid in front of it.
//!
//! `cargo xtask test` starts Azurite and says where it is. A test whose emulator is not there says
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
mod world;
