//! Rolling upgrades of a service, decided by a pure state machine.
//!
//! For everyone who runs several instances of one program and wants to replace them without
//! taking the service down: a controller, a test harness, a tool that only wants to *show* what
//! an upgrade would do. The crate starts nothing and reads no clock. It is told what happened
//! ([`Event`]) and when ([`Millis`]), and answers what to do next ([`Command`]).
//!
//! - [`Service::decide`] is the decider: `(state, event, now) → commands`.
//! - [`plan()`] runs the *same* decider against an imagined runtime and returns the steps with the
//!   number of available instances after each of them.
//! - [`invariant`] holds what must never happen as plain predicates. The decider asserts them on
//!   every call, in every build.
//!
//! `design.md` beside this crate explains the rules and their limits.
//!
//! ```
//! use floe_rollout::{Command, Event, InstanceCount, InstanceId, Millis, Phase, Policy};
//! use floe_rollout::{Revision, Service};
//!
//! let mut service = Service::new(Policy::default());
//! let two = InstanceCount::new(2)?;
//! let commands = service.decide(Event::target(Revision(1), two), Millis(0));
//! assert_eq!(commands.len(), 2, "both instances are started, the lowest id first");
//!
//! for command in commands {
//!     let Command::Start { id, attempt, .. } = command else { unreachable!() };
//!     let ready = Event::Observed { id, attempt, phase: Phase::Ready };
//!     assert!(service.decide(ready, Millis(1_000)).is_empty());
//! }
//!
//! // The upgrade begins with the highest id and waits until its successor is READY.
//! let commands = service.decide(Event::target(Revision(2), two), Millis(2_000));
//! assert_eq!(commands, [Command::Stop { id: InstanceId(1), attempt: 2 }]);
//! assert!(service.is_upgrading());
//! # Ok::<(), floe_rollout::RolloutError>(())
//! ```
#![forbid(unsafe_code)]

mod error;
pub mod invariant;
mod plan;
mod policy;
mod service;
mod types;

pub use error::RolloutError;
pub use plan::{Action, Notice, Plan, Step, plan};
pub use policy::Policy;
pub use service::{Service, Status};
pub use types::{
    Command, Event, Instance, InstanceCount, InstanceId, MAX_INSTANCES, Millis, Phase, Revision,
};
