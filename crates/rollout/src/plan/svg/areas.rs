//! Many instances: how many are in which state, as areas.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::canvas::{Anchor, Canvas};
use super::{Frame, HEADING, LEFT, RIGHT, TOP};
use crate::plan::{Action, Plan};
use crate::types::{InstanceId, Phase};

const HEIGHT: f64 = 180.0;
/// Most places at which the states are counted: about one for two pixels.
const MAX_SAMPLES: usize = 400;

/// How many instances are in which state.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    new: u32,
    old: u32,
    /// Stopping, gone, or starting.
    down: u32,
}

/// How an area is drawn, and how many instances are below its upper edge.
type Layer = (&'static str, fn(&Counts) -> u32);

/// Draws them; answers where they end.
pub(super) fn draw(canvas: &mut Canvas, frame: &Frame<'_>) -> f64 {
    canvas.text(LEFT, TOP, "head", Anchor::Start, "instances by state");
    legend(canvas);
    let (top, bottom) = (TOP + HEADING, TOP + HEADING + HEIGHT);
    let samples = samples(frame.plan);
    let all = |counts: &Counts| counts.new + counts.old + counts.down;
    let most = samples
        .iter()
        .map(|(_, counts)| all(counts))
        .max()
        .unwrap_or(1)
        .max(1);
    let y = |count: u32| bottom - f64::from(count) / f64::from(most) * HEIGHT;
    let layers: [Layer; 3] = [
        ("new", |counts| counts.new),
        ("old", |counts| counts.new + counts.old),
        ("stopping", |counts| counts.new + counts.old + counts.down),
    ];
    // From the back to the front.
    for (class, upper) in layers.into_iter().rev() {
        let mut path = format!("M{LEFT:.1} {bottom:.1}");
        for (column, counts) in &samples {
            // Writing to a String cannot fail.
            let _ = write!(path, "L{:.1} {:.1}", frame.x(*column), y(upper(counts)));
        }
        let last = samples
            .last()
            .map_or(bottom, |(_, counts)| y(upper(counts)));
        let _ = write!(path, "L{RIGHT:.1} {last:.1}L{RIGHT:.1} {bottom:.1}Z");
        canvas.path(&path, class);
    }
    for mark in [0, most / 2, most] {
        canvas.text(
            LEFT - 10.0,
            y(mark) + 4.0,
            "soft number",
            Anchor::End,
            &mark.to_string(),
        );
    }
    canvas.line((LEFT, top), (RIGHT, top), "grid");
    canvas.line((LEFT, bottom), (RIGHT, bottom), "axis");
    bottom
}

fn legend(canvas: &mut Canvas) {
    let entries = [
        ("new", "READY, as wanted"),
        ("old", "READY, another revision"),
        ("stopping", "down"),
    ];
    canvas.legend(RIGHT, TOP, &entries);
}

/// The counts at up to [`MAX_SAMPLES`] places, the first and the last among them.
fn samples(plan: &Plan) -> Vec<(f64, Counts)> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Old,
        Down,
    }
    let mut states: BTreeMap<InstanceId, State> = BTreeMap::new();
    let mut counts = Counts::default();
    let mut set = |counts: &mut Counts, id: InstanceId, state: Option<State>| {
        let before = match state {
            Some(state) => states.insert(id, state),
            None => states.remove(&id),
        };
        let mut add = |state, sign: i32| {
            let count = match state {
                State::New => &mut counts.new,
                State::Old => &mut counts.old,
                State::Down => &mut counts.down,
            };
            *count = count.saturating_add_signed(sign);
        };
        before.into_iter().for_each(|state| add(state, -1));
        state.into_iter().for_each(|state| add(state, 1));
    };
    for (id, instance) in &plan.instances {
        let state = match instance.phase {
            Phase::Ready if instance.revision == plan.revision => State::New,
            Phase::Ready => State::Old,
            Phase::Pending | Phase::Failed | Phase::Terminating => State::Down,
        };
        set(&mut counts, *id, Some(state));
    }
    let every = plan.steps.len().div_ceil(MAX_SAMPLES).max(1);
    let mut samples = vec![(0.0, counts), (1.0, counts)];
    for (number, step) in plan.steps.iter().enumerate() {
        let state = match step.action {
            Action::Terminate => Some(State::Down),
            Action::Remove => None,
            _ if step.revision == plan.revision => Some(State::New),
            _ => Some(State::Old),
        };
        set(&mut counts, step.id, state);
        if number % every == 0 || number + 1 == plan.steps.len() {
            samples.push((super::super::timeline::column(number) + 1.0, counts));
        }
    }
    samples
}
