//! The reference in memory: queues and resource managers that keep the contract, and misbehave
//! only when told.
//!
//! For tests and simulations of everything that consumes file events. Time comes from a
//! [`Clock`](crate::clock::Clock), randomness from a [`Random`] with a seed, so every run can be
//! repeated.

mod cloud;
mod faults;
mod manager;
mod queue;
mod random;

pub use cloud::MemoryCloud;
pub use faults::{FaultCounts, Faults};
pub use manager::MemoryResourceManager;
pub use queue::MemoryQueue;
pub use random::Random;
