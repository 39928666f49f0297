//! Axes: where a time or a value lies, and which of them are written beside the panel.

use super::canvas::{Anchor, Canvas};
use crate::decision::{Number, Scaled};
use crate::types::Millis;

/// Marks that a value axis aims at; as many as can be told apart in a panel.
const VALUE_MARKS: f64 = 4.0;
/// Most marks of the time axis: each takes about 80 pixels.
const MAX_TIME_MARKS: u64 = 11;

/// Greatest value that is drawn as it is.
const MOST: f64 = 1e300;

/// Seconds between two marks of the time axis.
const TIME_STEPS: [u64; 20] = [
    1, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 3_628_800,
];

/// The horizontal axis.
#[derive(Debug)]
pub(super) struct Span {
    start: Millis,
    end: Millis,
    left: f64,
    right: f64,
}

impl Span {
    /// `end` is later than `start`.
    pub(super) fn new(start: Millis, end: Millis, left: f64, right: f64) -> Self {
        Self {
            start,
            end,
            left,
            right,
        }
    }

    pub(super) fn x(&self, at: Millis) -> f64 {
        let part = at.since(self.start).as_secs_f64() / self.end.since(self.start).as_secs_f64();
        self.left + part.min(1.0) * (self.right - self.left)
    }
}

/// Time below the last panel.
pub(super) fn time_axis(canvas: &mut Canvas, time: &Span, y: f64) {
    let seconds = time.end.since(time.start).as_secs();
    let fits = |step: &&u64| seconds / **step < MAX_TIME_MARKS;
    // The last step is six weeks, and a trace is a year at most.
    let step = TIME_STEPS.iter().find(fits).copied().unwrap_or(3_628_800);
    canvas.line((time.left, y), (time.right, y), "axis");
    let mut at = 0;
    while at <= seconds {
        let x = time.x(Millis(time.start.0 + at * 1_000));
        canvas.line((x, y), (x, y + 4.0), "axis");
        canvas.text(x, y + 18.0, "soft number", Anchor::Middle, &label(at, step));
        at += step;
    }
    let unit = match step {
        86_400.. => "days",
        60.. => "hours:minutes",
        _ => "hours:minutes:seconds",
    };
    let title = format!("time since the trace began, {unit}");
    let middle = f64::midpoint(time.left, time.right);
    canvas.text(middle, y + 36.0, "soft", Anchor::Middle, &title);
}

fn label(seconds: u64, step: u64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match step {
        86_400.. => (seconds / 86_400).to_string(),
        60.. => format!("{hours}:{minutes:02}"),
        _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

/// A vertical axis.
#[derive(Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
    bottom: f64,
    top: f64,
}

impl Scale {
    /// An axis that holds zero and all these values, and ends at round numbers.
    pub(super) fn of(values: impl Iterator<Item = f64>, bottom: f64, top: f64) -> Self {
        // Beyond these a difference would leave the numbers.
        let values = values.map(|value| value.clamp(-MOST, MOST));
        let hull = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, mut high) = values.fold((0.0, 0.0), hull);
        if high <= low {
            high = low + 1.0;
        }
        let step = round_step((high - low) / VALUE_MARKS);
        // A little room above the greatest value keeps its line off the edge.
        let high = ((high + (high - low) * 0.04) / step).ceil() * step;
        Self {
            low: (low / step).floor() * step,
            high,
            step,
            bottom,
            top,
        }
    }

    /// An axis of whole numbers from zero on.
    pub(super) fn counts(most: u32, bottom: f64, top: f64) -> Self {
        let most = f64::from(most.max(1));
        // One more mark than for values, so that up to six instances each have theirs.
        let step = round_step(most / (VALUE_MARKS + 2.0)).max(1.0).ceil();
        Self {
            low: 0.0,
            // Half a step above, so that the mark of the topmost change is whole.
            high: (most / step).ceil() * step + step * 0.35,
            step,
            bottom,
            top,
        }
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        self.bottom - part.clamp(0.0, 1.0) * (self.bottom - self.top)
    }
}

/// Marks beside a panel, with a thin line through it for each.
pub(super) fn value_axis(canvas: &mut Canvas, scale: &Scale, share: bool, left: f64, right: f64) {
    let steps = ((scale.high - scale.low) / scale.step + 1e-6).floor();
    // Between one and a dozen: the axis was made with so many marks.
    let steps = if steps.is_finite() {
        steps.clamp(0.0, 20.0) as u32
    } else {
        0
    };
    for number in 0..=steps {
        let value = scale.low + f64::from(number) * scale.step;
        let y = scale.y(value);
        let class = if number == 0 { "axis" } else { "grid" };
        canvas.line((left, y), (right, y), class);
        let label = if share {
            format!("{} %", Number(round(value * 100.0)))
        } else {
            Scaled(round(value)).to_string()
        };
        canvas.text(left - 8.0, y + 4.0, "soft number", Anchor::End, &label);
    }
}

/// Removes what arithmetic left behind: `0.30000000000000004`.
fn round(value: f64) -> f64 {
    let size = 10_f64.powi(9);
    let rounded = (value * size).round() / size;
    if rounded.is_finite() { rounded } else { value }
}

/// The next of 1, 2, 2.5, 5, 10 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    // A step near the ends of what numbers hold has no power of ten.
    if !power.is_finite() || power <= 0.0 {
        return step.max(f64::MIN_POSITIVE);
    }
    let factors = [1.0, 2.0, 2.5, 5.0];
    let factor = factors
        .into_iter()
        .find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_between_marks_are_round() {
        for (step, round) in [
            (0.23, 0.25),
            (0.2, 0.2),
            (3.0, 5.0),
            (6.0, 10.0),
            (1e9, 1e9),
        ] {
            assert!((round_step(step) / round - 1.0).abs() < 1e-9, "{step}");
        }
    }

    #[test]
    fn extreme_values_have_an_axis_too() {
        for value in [0.0, -5.0, 1e-300, 1e300, f64::MAX, f64::MIN] {
            let scale = Scale::of([value].into_iter(), 100.0, 0.0);
            assert!(
                (0.0..=100.0).contains(&scale.y(value)),
                "{value}: {scale:?}"
            );
        }
    }
}
