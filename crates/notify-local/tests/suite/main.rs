//! Everything a user can see of the local driver, and what no user wants to see.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod common;
mod contract;
mod durability;
mod events;
mod limits;
mod managing;
mod overflow;
mod watching;
