//! The rolling upgrade of a few instances, in every state that it can come to.
//!
//! [`Upgrades`] is a model for stateright. Its states hold the decider that production runs
//! ([`floe_rollout::Service`]), a runtime with all that can go wrong with it, the reports on their
//! way, and books that judge the decider from outside. In every state that
//! is reached two things are tried besides: that the target is reached within [`ROUNDS`] once
//! nothing goes wrong any more, and that a rollback is.
//!
//! [`Files`] is the model of the exactly-once file stream.

#![forbid(unsafe_code)]

mod books;
mod decider;
mod files;
mod model;
mod quiet;
mod world;

pub use decider::Mistake;
pub use files::{Files, Limits, Slip, State, Step, Wrong, check_files, file_scopes};
pub use model::{Outcome, Upgrades, check, scopes};
pub use quiet::ROUNDS;
pub use world::{Act, Budget, World};
