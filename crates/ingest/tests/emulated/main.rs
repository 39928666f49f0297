//! Against emulators of the clouds.
//!
//! `cargo xtask test` starts them and says where they are. A test whose emulator is not there says
//! so and passes; `FLOE_REQUIRE_PEERS=1` makes that a failure.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod peer;
mod stores;
