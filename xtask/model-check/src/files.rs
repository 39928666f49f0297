//! The exactly-once file stream: two consumers, three files, crashes between any two steps.
//!
//! [`Files`] is a model for stateright. Its states hold the deciders that production runs
//! ([`floe_ingest::stream::Stream`]), the ledger in memory, a queue that hands out again, a store
//! and a sink. The consumers take what is there and end by themselves. Of every state in which
//! both have ended it is looked at what a last consumer makes of it.
//!
//! What keeps the number of states within bounds:
//!
//! - a command takes effect and is answered in one step, unless its consumer dies in between;
//! - the commands of one consumer take effect in the order in which it gave them;
//! - a consumer is interrupted by the other one only so often while it has something to do
//!   ([`Limits::switches`]), as in bounded model checking (Musuvathi and Qadeer, "Iterative context
//!   bounding for systematic testing of multithreaded programs", 2007);
//! - time passes only when nobody has anything to do.

mod carry;
mod state;

use std::fmt;

use stateright::{Checker, Model, Property};

pub use state::{Limits, Slip, State, Step, Wrong};

/// A stream of two consumers.
#[derive(Debug, Clone)]
pub struct Files {
    /// What may happen to it.
    pub limits: Limits,
    /// What is wrong with its driver on purpose.
    pub slip: Option<Slip>,
}

/// What is checked; with `full` what takes longer, too.
#[must_use]
pub fn file_scopes(full: bool) -> Vec<Files> {
    let scope = |crashes, redeliveries, switches| Files {
        limits: Limits {
            crashes,
            redeliveries,
            switches,
        },
        slip: None,
    };
    let mut scopes = vec![scope(0, 1, 4), scope(1, 1, 2), scope(2, 1, 1)];
    if full {
        scopes.extend([scope(1, 1, 3), scope(2, 1, 2)]);
    }
    scopes
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limits {
            crashes,
            redeliveries,
            switches,
        } = self.limits;
        write!(
            f,
            "2 consumers, 3 files, crashes {crashes}, messages that come again {redeliveries}, \
             interruptions {switches}"
        )
    }
}

impl Model for Files {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.limits, self.slip)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        // A rule that is broken stays broken; there is nothing to learn behind it.
        if state.wrong().is_none() {
            state.steps(steps);
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        next.step(step);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("acknowledges what is durable", |_, state: &State| {
                state.wrong() != Some(Wrong::Acknowledged)
            }),
            Property::always("a batch stays the same", |_, state: &State| {
                state.wrong() != Some(Wrong::OtherBatch)
            }),
            Property::always("a file is in one batch", |_, state: &State| {
                state.wrong() != Some(Wrong::TwoBatches)
            }),
            Property::always("the ledger refuses nothing", |_, state: &State| {
                state.wrong() != Some(Wrong::Refused)
            }),
            Property::always("who takes what is there ends", |_, state: &State| {
                state.wrong().is_some() || !state.is_stuck()
            }),
            Property::always("in the end every file is committed", |_, state: &State| {
                state.wrong().is_some() || state.ends_well()
            }),
        ]
    }
}

/// Explores every state, on all processors.
#[must_use]
pub fn check_files(model: &Files) -> crate::Outcome {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // In depth first: the states that wait are few.
    let checker = model.clone().checker().threads(threads).spawn_dfs().join();
    let found = checker.discoveries().into_iter();
    let told = |path: stateright::Path<State, Step>| format!("{:#?}", path.into_actions());
    crate::Outcome {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        found: found.map(|(name, path)| (name, told(path))).collect(),
    }
}
