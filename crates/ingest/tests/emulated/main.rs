//! Object stores of emulators of clouds: sources, and the ledger that machines share.
//!
//! `cargo xtask test` starts them and says where they are. A test whose emulator is not there says
//! so and passes; `FLOE_REQUIRE_PEERS=1` makes that a failure.

#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;
mod peer;
mod shared;
mod stores;
