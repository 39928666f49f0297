//! One lane for each instance.

use super::canvas::{Anchor, Canvas, width_of};
use super::{Frame, HEADING, LEFT, RIGHT, TOP};
use crate::plan::timeline::{Lane, Segment, State};

/// Height of a lane, and from one to the next.
const HEIGHT: f64 = 20.0;
const PITCH: f64 = 25.0;

/// Draws them; answers where they end.
pub(super) fn draw(canvas: &mut Canvas, frame: &Frame<'_>, lanes: &[Lane]) -> f64 {
    canvas.text(LEFT, TOP, "head", Anchor::Start, "instances");
    legend(canvas, frame, lanes);
    let top = TOP + HEADING;
    let bottom = top + PITCH * lanes.len() as f64;
    let width = frame.column_width();
    if width >= 8.0 {
        for number in 1..=frame.plan.steps.len() + 1 {
            let x = frame.x(number as f64);
            canvas.line((x, top), (x, bottom), "grid");
        }
    }
    for (number, lane) in lanes.iter().enumerate() {
        let y = top + PITCH * number as f64 + (PITCH - HEIGHT) / 2.0;
        let label = format!("instance {}", lane.id);
        canvas.text(LEFT - 10.0, y + 14.0, "soft number", Anchor::End, &label);
        for segment in &lane.segments {
            draw_segment(canvas, frame, segment, y);
        }
    }
    bottom
}

fn draw_segment(canvas: &mut Canvas, frame: &Frame<'_>, segment: &Segment, y: f64) {
    let (from, to) = (frame.x(segment.from), frame.x(segment.to));
    let (class, words) = match segment.state {
        State::Ready(revision) => {
            let name = frame.name(revision);
            let long = format!("{name} READY");
            (ready_class(frame, segment.state), [long, name])
        }
        State::Broken(revision) => {
            let name = frame.name(revision);
            ("pending", [format!("{name} not READY"), name])
        }
        State::Pending => ("pending", ["starting".to_owned(), "start".to_owned()]),
        State::Terminating => ("stopping", ["terminating".to_owned(), "stop".to_owned()]),
    };
    // A little apart, so that two states of one colour are seen as two.
    canvas.bar(from + 0.5, y, (to - from - 1.0).max(0.5), HEIGHT, class);
    let fits = |word: &&String| width_of(word) + 8.0 < to - from;
    if let Some(word) = words.iter().find(fits) {
        let class = format!("{class}-text");
        let middle = f64::midpoint(from, to);
        canvas.text(middle, y + 14.0, &class, Anchor::Middle, word);
    }
}

fn ready_class(frame: &Frame<'_>, state: State) -> &'static str {
    match state {
        State::Ready(revision) if revision == frame.plan.revision => "new",
        _ => "old",
    }
}

/// Right-aligned above the panel: only the states that occur.
fn legend(canvas: &mut Canvas, frame: &Frame<'_>, lanes: &[Lane]) {
    let states = || {
        lanes
            .iter()
            .flat_map(|lane| &lane.segments)
            .map(|s| s.state)
    };
    let entries = [
        ("old", "READY, another revision"),
        ("stopping", "terminating"),
        ("pending", "not READY"),
        ("new", "READY, as wanted"),
    ];
    let occurs = |class: &str| {
        states().any(|state| match state {
            State::Ready(_) => ready_class(frame, state) == class,
            State::Pending | State::Broken(_) => class == "pending",
            State::Terminating => class == "stopping",
        })
    };
    let occurring = entries.into_iter().filter(|(class, _)| occurs(class));
    canvas.legend(RIGHT, TOP, &occurring.collect::<Vec<_>>());
}
