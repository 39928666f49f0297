//! Autoscaling and auto-suspend of a service, decided by a pure state machine that can be replayed.
//!
//! For everyone who adds and removes instances of a program by its load: a controller, a test that
//! wants to know what a policy would do, a tool that plays last night's metrics against tomorrow's
//! rules. The crate starts nothing and reads no clock. It is told what was seen ([`Event`]) and
//! when ([`Millis`]), and answers how many instances there are to be, and why ([`Decision`]).
//!
//! - [`Rules`] are what the user asked for, checked: the CPU rule, the policies of a
//!   specification, AUTO_SUSPEND_SECS.
//! - [`Autoscaler::decide`] is the decider: `(state, event, now) → decision`, each with a
//!   [`Reason`] that reads as one sentence.
//! - [`replay()`] plays a [`Trace`] (CSV text) against the *same* decider and answers a log of
//!   decisions, as a table, as JSON lines, and as a picture.
//! - [`invariant`] holds what must never happen as plain predicates. The decider asserts them on
//!   every call, in every build; above all that autoscaling changes its direction at most once in
//!   a stabilisation window.
//!
//! `design.md` beside this crate explains the rules and their limits. They follow *Scaling
//! services* of the Snowflake documentation.
//!
//! ```
//! use floe_scale::{Aggregation, Bounds, Metric, MetricCondition, Policies, ReplayOptions};
//! use floe_scale::{Rules, Scaling, Settings, Trace, replay};
//!
//! let busy = MetricCondition {
//!     metric: Metric::new("network.ingress.cps"),
//!     aggregation: Aggregation::Avg,
//!     stabilization_period_secs: 60,
//!     scaling: Scaling::Target(2.0),
//! };
//! let policies = Policies { scale_up: Some(vec![busy]), ..Policies::default() };
//! let rules = Rules::new(&Settings { policies, ..Settings::default() })?;
//!
//! let trace = Trace::parse("seconds,sum(network.ingress.cps)\n0,12\n60,12\n120,12\n")?;
//! let replay = replay(&trace, &rules, Bounds::new(3, 10)?, &ReplayOptions::default())?;
//! let first = replay.changes().next().map(ToString::to_string);
//! assert_eq!(
//!     first.as_deref(),
//!     Some("scale up 3 → 6: scaleUp: avg network.ingress.cps is 4, at least 2 throughout 60 s"),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod decision;
mod error;
pub mod invariant;
mod observation;
mod policy;
mod replay;
mod rules;
mod scaler;
pub mod trace;
mod types;
mod window;

pub use decision::{Decision, Evidence, Kind, Limit, Reason, Rule};
pub use error::{PolicyProblem, ScaleError};
pub use observation::{Event, Observation, Reading};
pub use policy::{
    Adjustment, Aggregation, MAX_CONDITIONS, MAX_STABILIZATION_SECS, MAX_STEPS, Metric,
    MetricCondition, Policies, Scaling, Step,
};
pub use replay::{MAX_VALUE_AGE, Notice, Point, Replay, ReplayOptions, Track, replay};
pub use rules::{
    COOLDOWN, CPU_THRESHOLD, CPU_WINDOW, EVALUATION_INTERVAL, Facts, MAX_EVALUATION_GAP,
    MIN_AUTO_SUSPEND_SECS, Rules, Settings, auto_suspend,
};
pub use scaler::{Autoscaler, Past, Turn};
pub use trace::{Column, Form, Trace, TraceError};
pub use types::{Bounds, Direction, MAX_INSTANCES, Millis};
pub use window::MAX_SAMPLES;

/// The guide, whose example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/autoscaling.md")]
struct Guide;
