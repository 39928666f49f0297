//! The process runtime against real processes: shell scripts and this test program itself,
//! which serves HTTP or embeds a runtime when its environment asks for it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, and so do the functions it calls"
)]

mod contract;
mod death;
mod environment;
mod life;
mod networks;
mod output;
mod server;
mod world;
