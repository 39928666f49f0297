//! One test program for the whole crate.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod codes;
mod corpus;
mod declared;
mod decode;
mod encode;
mod model;
mod order;
mod properties;
mod refusals;
mod typed;
mod types;
