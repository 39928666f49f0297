//! The stream at work, over ledgers, queues and stores in memory, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]

mod failures;
mod modes;
mod pulling;
mod starts;
mod support;
