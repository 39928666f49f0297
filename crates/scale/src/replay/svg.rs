//! A replay as a picture: one panel per metric, one for the instances, and the changes in words.

mod axis;
mod canvas;
mod series;

use std::fmt::Write as _;

use super::log::{clock, short};
use super::{Point, Replay, Track};
use crate::decision::{Decision, Kind, Rule};
use crate::types::Millis;
use axis::{Scale, Span, time_axis, value_axis};
use canvas::{Anchor, Canvas};

/// Width of the picture in pixels: it fits into a page of documentation without being shrunk.
const WIDTH: f64 = 960.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = WIDTH - 24.0;
/// Where the first panel's heading stands.
const TOP: f64 = 92.0;
/// From a heading to its panel.
const HEADING: f64 = 12.0;
const TRACK_HEIGHT: f64 = 132.0;
const COUNT_HEIGHT: f64 = 116.0;
/// From a panel to the next heading.
const GAP: f64 = 34.0;
/// Most metrics that are drawn, most limits drawn in each of them, and most changes told in words:
/// a page high, and no more than a person reads.
const MAX_TRACKS: usize = 6;
const MAX_LIMITS: usize = 8;
const MAX_TOLD: usize = 16;
/// Most changes that are marked with a number, and most that are marked at all.
const MAX_NUMBERED: usize = 40;
const MAX_MARKED: usize = 400;
/// Most characters of a sentence that fit below the panels.
const MAX_SENTENCE: usize = 112;

pub(super) fn draw(replay: &Replay, title: &str) -> String {
    let (start, end) = span(replay);
    let time = Span::new(start, end, LEFT, RIGHT);
    let tracks = replay.tracks.len().min(MAX_TRACKS);
    let count_top = TOP + tracks as f64 * (HEADING + TRACK_HEIGHT + GAP);
    let bottom = count_top + HEADING + COUNT_HEIGHT;
    let mut canvas = Canvas::default();
    marks(&mut canvas, replay, &time, bottom);
    let mut top = TOP;
    for track in replay.tracks.iter().take(MAX_TRACKS) {
        track_panel(&mut canvas, replay, track, &time, top);
        top += HEADING + TRACK_HEIGHT + GAP;
    }
    count_panel(&mut canvas, replay, &time, count_top);
    time_axis(&mut canvas, &time, bottom);
    let end = words(&mut canvas, replay, bottom + 72.0);
    canvas.finish(WIDTH, end, title, &summary(replay))
}

/// When the replay begins and ends; at least a second apart, so that there is something to draw.
fn span(replay: &Replay) -> (Millis, Millis) {
    let last = replay.decisions.last().map(|decision| decision.at);
    let end = last.unwrap_or(replay.start);
    (replay.start, end.max(Millis(replay.start.0 + 1_000)))
}

fn summary(replay: &Replay) -> String {
    let changes = replay.changes().count();
    let plural = if changes == 1 { "" } else { "s" };
    let (start, end) = span(replay);
    let counts = replay.decisions.iter().map(|decision| decision.after);
    format!(
        "{changes} change{plural} in {}; between {} and {} instances",
        length(end.since(start).as_secs()),
        counts.clone().min().unwrap_or(0),
        counts.max().unwrap_or(0),
    )
}

/// A length of time in its two greatest units.
fn length(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size && parts.len() < 2 {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        }
    }
    parts.join(" ")
}

// === metrics ===

fn track_panel(canvas: &mut Canvas, replay: &Replay, track: &Track, time: &Span, heading: f64) {
    let (top, bottom) = (heading + HEADING, heading + HEADING + TRACK_HEIGHT);
    canvas.text(LEFT, heading, "head halo", Anchor::Start, &track.title);
    let limits = track.limits.iter().take(MAX_LIMITS);
    let numbers = limits.clone().filter_map(|(_, limit)| limit.number());
    let known = track.values.iter().flatten().copied();
    let scale = Scale::of(known.chain(numbers), bottom, top);
    value_axis(canvas, &scale, track.is_share, LEFT, RIGHT);
    let at = |index: usize| replay.points.get(index).map(|point| time.x(point.at));
    for gap in series::gaps(&track.values) {
        let from = at(gap.start).unwrap_or(LEFT);
        let to = at(gap.end).unwrap_or(RIGHT);
        canvas.rect(from, top, to - from, bottom - top, "gap");
        if to - from > 70.0 {
            let middle = f64::midpoint(from, to);
            canvas.text(
                middle,
                f64::midpoint(top, bottom),
                "soft",
                Anchor::Middle,
                "no values",
            );
        }
    }
    for (line, fill) in series::lines(&track.values, &at, &scale, bottom) {
        canvas.path(&fill, "area");
        canvas.path(&line, "value");
    }
    let mut used: Vec<f64> = Vec::new();
    for (rule, limit) in limits {
        let Some(y) = limit.number().map(|number| scale.y(number)) else {
            continue;
        };
        let class = limit_class(*rule);
        canvas.line((LEFT, y), (RIGHT, y), class);
        // Two labels at one height would hide each other.
        if used.iter().any(|other| (other - y).abs() < 14.0) {
            continue;
        }
        used.push(y);
        let label = format!("{rule} {}", short(limit));
        // Above the line, unless the panel ends there.
        let label_y = if y - 16.0 < top { y + 13.0 } else { y - 5.0 };
        let class = format!("{class}-text halo");
        canvas.text(RIGHT - 6.0, label_y, &class, Anchor::End, &label);
    }
}

fn limit_class(rule: Rule) -> &'static str {
    match rule {
        Rule::Cpu | Rule::ScaleUp => "up",
        Rule::ScaleDown => "down",
        Rule::Suspend => "other",
    }
}

// === instances ===

fn count_panel(canvas: &mut Canvas, replay: &Replay, time: &Span, heading: f64) {
    let (top, bottom) = (heading + HEADING, heading + HEADING + COUNT_HEIGHT);
    canvas.text(LEFT, heading, "head halo", Anchor::Start, "instances");
    legend(canvas, heading);
    let most = |point: &Point| point.target.max(point.current).max(point.bounds.max());
    let most = replay.points.iter().map(most).max().unwrap_or(1);
    let scale = Scale::counts(most, bottom, top);
    value_axis(canvas, &scale, false, LEFT, RIGHT);
    bounds_band(canvas, replay, time, &scale);

    let (begin, end) = span(replay);
    let mut there: Vec<(Millis, u32)> = Vec::new();
    for point in &replay.points {
        if there.last().is_none_or(|(_, last)| *last != point.current) {
            there.push((point.at, point.current));
        }
    }
    let first = there.first().map_or(0, |(_, count)| *count);
    let there = steps(time, &scale, begin, end, first, there.into_iter());
    canvas.path(
        &format!("{there}V{bottom:.1}H{:.1}Z", time.x(begin)),
        "there",
    );

    let first = replay.decisions.first();
    let first = first.map_or(0, |decision| decision.before);
    let changes = replay.changes().map(|change| (change.at, change.after));
    let wanted = steps(time, &scale, begin, end, first, changes);
    canvas.path(&wanted, "count");
    badges(canvas, replay, time, &scale);
}

fn legend(canvas: &mut Canvas, y: f64) {
    let entries = [
        ("count", "to be there"),
        ("there", "there"),
        ("bounds", "MIN to MAX"),
    ];
    let mut x = RIGHT;
    for (class, text) in entries.iter().rev() {
        canvas.text(x, y, "soft", Anchor::End, text);
        // Seven pixels a character: the font needs less, but for capitals.
        x -= text.len() as f64 * 7.0 + 6.0;
        match *class {
            "count" => canvas.line((x - 20.0, y - 4.0), (x, y - 4.0), class),
            _ => canvas.rect(x - 20.0, y - 9.0, 20.0, 10.0, class),
        }
        x -= 40.0;
    }
}

/// A step line through these changes.
fn steps(
    time: &Span,
    scale: &Scale,
    begin: Millis,
    end: Millis,
    first: u32,
    changes: impl Iterator<Item = (Millis, u32)>,
) -> String {
    let y = |count: u32| scale.y(f64::from(count));
    let mut path = format!("M{:.1} {:.1}", time.x(begin), y(first));
    for (at, count) in changes {
        // Writing to a String cannot fail, here and below.
        let _ = write!(path, "H{:.1}V{:.1}", time.x(at), y(count));
    }
    let _ = write!(path, "H{:.1}", time.x(end));
    path
}

fn bounds_band(canvas: &mut Canvas, replay: &Replay, time: &Span, scale: &Scale) {
    let (begin, end) = span(replay);
    let runs: Vec<&[Point]> = replay
        .points
        .chunk_by(|a, b| a.bounds == b.bounds)
        .collect();
    for (number, run) in runs.iter().enumerate() {
        let Some(point) = run.first() else { continue };
        let next = runs.get(number + 1).and_then(|run| run.first());
        let from = if number == 0 { begin } else { point.at };
        let (from, to) = (time.x(from), time.x(next.map_or(end, |next| next.at)));
        let upper = scale.y(f64::from(point.bounds.max()));
        let lower = scale.y(f64::from(point.bounds.min()));
        canvas.rect(from, upper, to - from, (lower - upper).max(1.0), "bounds");
    }
}

// === changes ===

/// A thin line through all panels for each change, as long as they can be told apart.
fn marks(canvas: &mut Canvas, replay: &Replay, time: &Span, bottom: f64) {
    if replay.changes().count() > MAX_NUMBERED {
        return;
    }
    for change in replay.changes() {
        let x = time.x(change.at);
        canvas.line((x, TOP + HEADING), (x, bottom), "mark");
    }
}

fn badges(canvas: &mut Canvas, replay: &Replay, time: &Span, scale: &Scale) {
    let numbered = replay.changes().count() <= MAX_NUMBERED;
    for (number, change) in replay.changes().take(MAX_MARKED).enumerate() {
        let at = (time.x(change.at), scale.y(f64::from(change.after)));
        let hint = format!("{}  {change}", clock(change.at, replay.start));
        if numbered {
            canvas.badge(at, number + 1, badge(change), &hint);
        } else {
            canvas.dot(at, badge(change), &hint);
        }
    }
}

fn badge(change: &Decision) -> &'static str {
    match change.kind() {
        Kind::ScaleUp => "badge-up",
        Kind::ScaleDown => "badge-down",
        Kind::Suspend | Kind::Resume | Kind::Keep => "badge-other",
    }
}

/// The changes in words; answers where the picture ends.
fn words(canvas: &mut Canvas, replay: &Replay, top: f64) -> f64 {
    let mut y = top;
    let count = replay.changes().count();
    for (number, change) in replay.changes().take(MAX_TOLD).enumerate() {
        let at = (LEFT - 22.0, y - 4.0);
        match count <= MAX_NUMBERED {
            true => canvas.badge(at, number + 1, badge(change), ""),
            false => canvas.dot(at, badge(change), ""),
        }
        let time = clock(change.at, replay.start);
        canvas.text(LEFT, y, "ink number", Anchor::Start, &time);
        let kind = format!("{} → {}", change.before, change.after);
        canvas.text(LEFT + 62.0, y, "ink number", Anchor::Start, &kind);
        let sentence = cut(&change.reason.to_string());
        canvas.text(LEFT + 122.0, y, "soft", Anchor::Start, &sentence);
        y += 22.0;
    }
    if count > MAX_TOLD {
        let more = format!("and {} more", count - MAX_TOLD);
        canvas.text(LEFT, y, "soft", Anchor::Start, &more);
        y += 22.0;
    }
    if count == 0 {
        canvas.text(LEFT, y, "soft", Anchor::Start, "nothing changed");
        y += 22.0;
    }
    y + 4.0
}

fn cut(sentence: &str) -> String {
    if sentence.chars().count() <= MAX_SENTENCE {
        return sentence.to_owned();
    }
    let start: String = sentence.chars().take(MAX_SENTENCE - 1).collect();
    format!("{}…", start.trim_end())
}
