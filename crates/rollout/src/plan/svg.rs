//! A plan as a picture: what every instance does, and what is available meanwhile.

mod areas;
mod canvas;
mod lanes;

use std::fmt::Write as _;

use super::timeline::{availability, columns};
use super::{Action, Notice, Plan};
use crate::types::Revision;
use canvas::{Anchor, Canvas, width_of};

/// Width of the picture in pixels: it fits into a page of documentation without being shrunk.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 104.0;
const RIGHT: f64 = WIDTH - 24.0;
/// Where the first panel's heading stands, and how far its panel is from it.
const TOP: f64 = 92.0;
const HEADING: f64 = 14.0;
/// Height of the panel of what is available.
const COUNT_HEIGHT: f64 = 104.0;
/// From one panel to the next heading.
const GAP: f64 = 34.0;
/// Most instances that have a lane of their own: a page high.
const MAX_LANES: usize = 40;
/// Most characters of a line of words, and most lines: as many as a person reads.
const MAX_LINE: usize = 128;
const MAX_LINES: usize = 24;
/// How a revision is called at most.
const MAX_NAME: usize = 16;

/// What both forms of the picture share.
struct Frame<'a> {
    plan: &'a Plan,
    name: &'a dyn Fn(Revision) -> String,
    columns: f64,
}

impl Frame<'_> {
    fn x(&self, column: f64) -> f64 {
        LEFT + column / self.columns * (RIGHT - LEFT)
    }

    fn column_width(&self) -> f64 {
        (RIGHT - LEFT) / self.columns
    }

    /// A revision as the caller calls it, cut to what fits.
    fn name(&self, revision: Revision) -> String {
        (self.name)(revision).chars().take(MAX_NAME).collect()
    }
}

pub(super) fn draw(plan: &Plan, title: &str, name: &dyn Fn(Revision) -> String) -> String {
    let frame = Frame {
        plan,
        name,
        columns: columns(plan),
    };
    let mut canvas = Canvas::default();
    let mut y = lanes_or_areas(&mut canvas, &frame);
    y = counts(&mut canvas, &frame, y + GAP);
    axis(&mut canvas, &frame, y);
    y = words(&mut canvas, plan, y + 58.0);
    canvas.finish(WIDTH, y, title, &summary(&frame))
}

/// The upper panel; answers where it ends.
fn lanes_or_areas(canvas: &mut Canvas, frame: &Frame<'_>) -> f64 {
    let lanes = super::timeline::lanes(frame.plan, MAX_LANES);
    match lanes {
        Some(lanes) => lanes::draw(canvas, frame, &lanes),
        None => areas::draw(canvas, frame),
    }
}

fn summary(frame: &Frame<'_>) -> String {
    let plan = frame.plan;
    let (count, steps) = (plan.count.get(), plan.steps.len());
    let name = frame.name(plan.revision);
    let s = |number| if number == 1 { "" } else { "s" };
    format!(
        "to {count} instance{} of {name} in {steps} step{}; {} available now, {} at the lowest",
        s(u64::from(count)),
        s(steps as u64),
        plan.available_now,
        plan.lowest_available,
    )
}

// === what is available ===

fn counts(canvas: &mut Canvas, frame: &Frame<'_>, heading: f64) -> f64 {
    let plan = frame.plan;
    let (top, bottom) = (heading + HEADING, heading + HEADING + COUNT_HEIGHT);
    let min_ready = plan.min_ready_instances;
    canvas.text(LEFT, heading, "head", Anchor::Start, "available");
    let least = format!("MIN_READY_INSTANCES {min_ready}");
    let floor = plan.floor.map(|floor| format!("floor {floor}"));
    let floor = floor.iter().map(|floor| ("floor", floor.as_str()));
    let entries: Vec<_> = floor.chain([("least", least.as_str())]).collect();
    canvas.legend(RIGHT, heading, &entries);
    let changes = availability(plan);
    let scale = Scale::of(&changes, top, bottom);
    for mark in scale.marks() {
        let y = scale.y(mark);
        canvas.line((LEFT, y), (RIGHT, y), "grid");
        canvas.text(
            LEFT - 10.0,
            y + 4.0,
            "soft number",
            Anchor::End,
            &mark.to_string(),
        );
    }
    denied(canvas, frame, &changes, (top, bottom));
    let (mut path, mut area) = (String::new(), String::new());
    for (number, (at, count)) in changes.iter().enumerate() {
        let (x, y) = (frame.x(*at), scale.y(*count));
        // Writing to a String cannot fail, here and below.
        let _ = match number {
            0 => write!(path, "M{x:.1} {y:.1}"),
            _ => write!(path, "H{x:.1}V{y:.1}"),
        };
    }
    let _ = write!(path, "H{RIGHT:.1}");
    let _ = write!(area, "{path}V{bottom:.1}H{LEFT:.1}Z");
    canvas.path(&area, "area");
    for (limit, class) in [(Some(min_ready), "least"), (plan.floor, "floor")] {
        if let Some(limit) = limit.filter(|limit| scale.holds(*limit)) {
            canvas.line((LEFT, scale.y(limit)), (RIGHT, scale.y(limit)), class);
        }
    }
    canvas.path(&path, "count");
    bottom
}

/// Marks where the service is not ready, so that requests are denied.
fn denied(canvas: &mut Canvas, frame: &Frame<'_>, changes: &[(f64, u32)], panel: (f64, f64)) {
    let (top, bottom) = panel;
    let mut from = None;
    let mut widest = (0.0, 0.0);
    let end = std::iter::once((frame.columns, u32::MAX));
    for (at, count) in changes.iter().copied().chain(end) {
        let ready = count >= frame.plan.min_ready_instances;
        match from {
            None if !ready => from = Some(at),
            Some(start) if ready => {
                let (x, width) = (frame.x(start), frame.x(at) - frame.x(start));
                canvas.rect(x, top, width, bottom - top, "denied");
                if width > widest.1 {
                    widest = (x, width);
                }
                from = None;
            }
            _ => {}
        }
    }
    let (x, width) = widest;
    let text = ["not ready: requests are denied", "not ready"];
    if let Some(text) = text.into_iter().find(|text| width_of(text) < width) {
        let middle = x + width / 2.0;
        canvas.text(middle, top + 16.0, "denied-text", Anchor::Middle, text);
    }
}

/// The vertical axis of what is available.
struct Scale {
    low: u32,
    high: u32,
    top: f64,
    bottom: f64,
}

impl Scale {
    /// From zero for few instances; for many from a little below the lowest, so that one that is
    /// missing can be seen.
    fn of(changes: &[(f64, u32)], top: f64, bottom: f64) -> Self {
        let counts = changes.iter().map(|(_, count)| *count);
        let high = counts.clone().max().unwrap_or(0).max(1);
        let lowest = counts.min().unwrap_or(0);
        let room = (high - lowest).max(2);
        let low = if high <= 12 {
            0
        } else {
            lowest.saturating_sub(room)
        };
        Self {
            low,
            high,
            top: top + 8.0,
            bottom,
        }
    }

    fn holds(&self, count: u32) -> bool {
        (self.low..=self.high).contains(&count)
    }

    fn y(&self, count: u32) -> f64 {
        let part = f64::from(count.saturating_sub(self.low)) / f64::from(self.high - self.low);
        self.bottom - part * (self.bottom - self.top)
    }

    /// At most six or so, at round distances.
    fn marks(&self) -> Vec<u32> {
        let span = self.high - self.low;
        let step = [1, 2, 5]
            .into_iter()
            .cycle()
            .zip([
                1_u32, 1, 1, 10, 10, 10, 100, 100, 100, 1_000, 1_000, 1_000, 10_000, 10_000,
            ])
            .map(|(digit, power)| digit * power)
            .find(|step| span / step <= 6);
        let step = step.unwrap_or(50_000);
        let first = self.low.div_ceil(step) * step;
        (first..=self.high)
            .step_by(usize::try_from(step).unwrap_or(1))
            .collect()
    }
}

// === the axis ===

fn axis(canvas: &mut Canvas, frame: &Frame<'_>, y: f64) {
    let width = frame.column_width();
    canvas.line((LEFT, y), (RIGHT, y), "axis");
    let steps = &frame.plan.steps;
    let words = width >= 58.0;
    // A number takes up to 40 pixels.
    let each = [1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000, 10_000, 50_000]
        .into_iter()
        .find(|each| f64::from(*each) * width >= 34.0)
        .unwrap_or(100_000);
    let middle = |column: f64| frame.x(column) + width / 2.0;
    for (number, step) in steps.iter().enumerate() {
        if (number + 1) % (each as usize) != 0 {
            continue;
        }
        let x = middle(super::timeline::column(number));
        canvas.line((x, y), (x, y + 4.0), "axis");
        canvas.text(
            x,
            y + 18.0,
            "soft number",
            Anchor::Middle,
            &(number + 1).to_string(),
        );
        if words {
            let word = verb(step.action);
            canvas.text(
                x,
                y + 33.0,
                "soft",
                Anchor::Middle,
                &format!("{word} {}", step.id),
            );
        }
    }
    if words {
        canvas.text(middle(0.0), y + 18.0, "soft", Anchor::Middle, "now");
        canvas.text(
            middle(frame.columns - 1.0),
            y + 18.0,
            "soft",
            Anchor::Middle,
            "then",
        );
    }
    let title = if words { "step" } else { "steps" };
    canvas.text(LEFT - 10.0, y + 18.0, "soft", Anchor::End, title);
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Terminate => "stop",
        Action::Remove => "remove",
        Action::Redeploy | Action::Start | Action::Await => "ready",
    }
}

// === words ===

/// The notices below the panels; answers where the picture ends.
fn words(canvas: &mut Canvas, plan: &Plan, top: f64) -> f64 {
    // Without words the picture ends below the axis.
    let mut y = if plan.notices.is_empty() {
        top - 14.0
    } else {
        top
    };
    let mut lines = 0;
    for notice in &plan.notices {
        for (number, line) in wrapped(&notice.to_string()).iter().enumerate() {
            if lines == MAX_LINES {
                canvas.text(LEFT, y, "soft", Anchor::Start, "…");
                return y + 20.0;
            }
            if number == 0 {
                let class = if is_grave(notice) {
                    "mark-grave"
                } else {
                    "mark"
                };
                canvas.rect(LEFT - 14.0, y - 9.0, 4.0, 11.0, class);
            }
            canvas.text(LEFT, y, "ink", Anchor::Start, line);
            y += 19.0;
            lines += 1;
        }
    }
    y + 6.0
}

/// Whether requests are denied for it.
fn is_grave(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::BelowMinReady { .. } | Notice::NoneAvailable | Notice::NotReadyNow { .. }
    )
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word: String = word.chars().take(MAX_LINE).collect();
        let Some(last) = lines.last_mut() else { break };
        if last.is_empty() {
            last.push_str(&word);
        } else if last.chars().count() + word.chars().count() < MAX_LINE {
            last.push(' ');
            last.push_str(&word);
        } else if lines.len() > MAX_LINES {
            break;
        } else {
            lines.push(word);
        }
    }
    lines
}
