//! What every instance does at every step of a plan, as a picture needs it.
//!
//! Time is counted in columns: column 0 is now, column `k` is step `k`, and one more shows
//! what it comes to. A step that stops fills its column; a step that waits for READY reaches it
//! at [`READY_AT`] of its column, so that what is available between two steps can be seen.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Plan, Step};
use crate::types::{InstanceId, Phase, Revision};

/// Where in its column an instance becomes READY.
pub(super) const READY_AT: f64 = 0.72;

/// Most changes of what is available that are drawn: about one a pixel.
const MAX_CHANGES: usize = 800;

/// What an instance is, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It serves.
    Ready(Revision),
    /// It was there before the plan and does not serve: it starts, or its probes fail.
    Broken(Revision),
    /// It starts.
    Pending,
    Terminating,
}

/// A state between two places on the axis of columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) state: State,
}

/// One instance with all it does.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) id: InstanceId,
    pub(super) segments: Vec<Segment>,
    since: f64,
    state: Option<State>,
}

impl Lane {
    /// From here on it is in this state; `None` when it does not exist.
    fn becomes(&mut self, state: Option<State>, at: f64) {
        if let Some(last) = self
            .state
            .filter(|_| at > self.since && self.state != state)
        {
            self.segments.push(Segment {
                from: self.since,
                to: at,
                state: last,
            });
        }
        if self.state != state {
            (self.state, self.since) = (state, at);
        }
    }
}

/// One lane for each instance that exists or will, ascending by id; `None` for more than `most`.
pub(super) fn lanes(plan: &Plan, most: usize) -> Option<Vec<Lane>> {
    let ids = plan.instances.iter().map(|(id, _)| *id);
    let ids: BTreeSet<InstanceId> = ids.chain(plan.steps.iter().map(|step| step.id)).collect();
    if ids.len() > most {
        return None;
    }
    let mut lanes: BTreeMap<InstanceId, Lane> = BTreeMap::new();
    for (id, instance) in &plan.instances {
        let state = match instance.phase {
            Phase::Ready => State::Ready(instance.revision),
            Phase::Pending | Phase::Failed => State::Broken(instance.revision),
            Phase::Terminating => State::Terminating,
        };
        lane(&mut lanes, *id).state = Some(state);
    }
    begin(plan, &mut lanes);
    for (number, step) in plan.steps.iter().enumerate() {
        take(lane(&mut lanes, step.id), step, column(number));
    }
    let end = columns(plan);
    let mut lanes: Vec<Lane> = lanes.into_values().collect();
    for lane in &mut lanes {
        lane.becomes(None, end);
    }
    Some(lanes)
}

/// The column of the step with this number, counted from 0.
pub(super) fn column(number: usize) -> f64 {
    // Far below 2⁵³: an instance has two steps or so.
    (number + 1) as f64
}

/// How many columns there are.
pub(super) fn columns(plan: &Plan) -> f64 {
    column(plan.steps.len()) + 1.0
}

/// How many instances are available, from each place on the axis of columns on.
pub(super) fn availability(plan: &Plan) -> Vec<(f64, u32)> {
    let mut changes = vec![(0.0, plan.available_now)];
    for (number, step) in plan.steps.iter().enumerate() {
        let at = column(number) + if step.action.stops() { 0.0 } else { READY_AT };
        if changes
            .last()
            .is_none_or(|(_, last)| *last != step.available_after)
        {
            changes.push((at, step.available_after));
        }
    }
    sampled(changes)
}

/// More changes than can be seen, in runs: of each the lowest, which must not be lost, and the
/// last.
fn sampled(changes: Vec<(f64, u32)>) -> Vec<(f64, u32)> {
    if changes.len() <= MAX_CHANGES {
        return changes;
    }
    let run = changes.len().div_ceil(MAX_CHANGES / 2);
    let mut kept = Vec::with_capacity(MAX_CHANGES);
    for run in changes.chunks(run) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            let lowest = run.iter().map(|(_, count)| *count).min();
            kept.push((first.0, lowest.unwrap_or(first.1)));
            kept.push(*last);
        }
    }
    kept
}

/// What starts or ends at once, before the first step is done.
fn begin(plan: &Plan, lanes: &mut BTreeMap<InstanceId, Lane>) {
    let begun = |step: &&Step| matches!(step.action, Action::Start | Action::Redeploy);
    for step in plan.steps.iter().filter(begun) {
        let lane = self::lane(lanes, step.id);
        if matches!(lane.state, None | Some(State::Terminating)) {
            lane.becomes(Some(State::Pending), 1.0);
        }
    }
    for lane in lanes.values_mut() {
        if lane.state == Some(State::Terminating) {
            lane.becomes(None, 1.0);
        }
    }
}

fn take(lane: &mut Lane, step: &Step, column: f64) {
    let serves = Some(State::Ready(step.revision));
    match step.action {
        Action::Terminate => {
            lane.becomes(Some(State::Terminating), column);
            lane.becomes(Some(State::Pending), column + 1.0);
        }
        Action::Remove => {
            lane.becomes(Some(State::Terminating), column);
            lane.becomes(None, column + 1.0);
        }
        Action::Redeploy | Action::Start | Action::Await => {
            lane.becomes(serves, column + READY_AT);
        }
    }
}

fn lane(lanes: &mut BTreeMap<InstanceId, Lane>, id: InstanceId) -> &mut Lane {
    lanes.entry(id).or_insert(Lane {
        id,
        segments: Vec::new(),
        since: 0.0,
        state: None,
    })
}
