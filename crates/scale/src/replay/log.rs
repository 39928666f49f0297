//! The log of a replay: a table for people, JSON lines for programs.

use std::fmt::Write as _;

use super::Replay;
use crate::decision::{Decision, Kind, Limit, Percent, Reason, Scaled};
use crate::types::Millis;

/// One line of the table, still in cells.
struct Line {
    cells: [String; 6],
    reason: String,
}

const HEADS: [&str; 6] = [
    "time",
    "decision",
    "instances",
    "metric",
    "value",
    "threshold",
];

pub(super) fn table(replay: &Replay) -> String {
    let lines = lines(replay);
    let mut widths = HEADS.map(str::len);
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(&line.cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    row(&mut text, &HEADS.map(str::to_owned), &widths, "reason");
    for line in &lines {
        row(&mut text, &line.cells, &widths, &line.reason);
    }
    for notice in &replay.notices {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "note: {notice}");
    }
    text
}

fn row(text: &mut String, cells: &[String; 6], widths: &[usize; 6], reason: &str) {
    for (number, (cell, width)) in cells.iter().zip(widths).enumerate() {
        // Writing to a String cannot fail.
        let _ = match number {
            0 => write!(text, "{cell:>width$}  "),
            _ => write!(text, "{cell:<width$}  "),
        };
    }
    text.push_str(reason);
    text.push('\n');
}

/// Every change is a line, and so is every run of decisions that keep the number for one reason.
fn lines(replay: &Replay) -> Vec<Line> {
    let mut lines = Vec::new();
    for run in replay.decisions.chunk_by(same_reason_to_keep) {
        let Some(first) = run.first() else { continue };
        lines.push(line(replay.start, first, run.len()));
    }
    lines
}

fn same_reason_to_keep(one: &Decision, next: &Decision) -> bool {
    let rule = |reason: &Reason| reason.evidence().map(|evidence| evidence.rule);
    one.kind() == Kind::Keep
        && next.kind() == Kind::Keep
        && one.after == next.after
        && one.reason.word() == next.reason.word()
        && rule(&one.reason) == rule(&next.reason)
}

fn line(start: Millis, decision: &Decision, times: usize) -> Line {
    let kind = decision.kind();
    let word = match times {
        1 => kind.to_string(),
        times => format!("{kind} ×{times}"),
    };
    let instances = match kind {
        Kind::Keep => decision.after.to_string(),
        _ => format!("{} → {}", decision.before, decision.after),
    };
    let evidence = decision.reason.evidence();
    let share = evidence.is_some_and(|evidence| evidence.aggregation.is_none());
    let value = evidence.and_then(|evidence| evidence.observed);
    let value = value.map_or(String::new(), |value| match share {
        true => Percent(value).to_string(),
        false => Scaled(value).to_string(),
    });
    Line {
        cells: [
            clock(decision.at, start),
            word,
            instances,
            evidence.map_or(String::new(), |evidence| evidence.metric.to_string()),
            value,
            evidence.map_or(String::new(), |evidence| short(&evidence.limit)),
        ],
        reason: decision.reason.to_string(),
    }
}

/// A limit in a few characters: `≥ 0.8`.
pub(super) fn short(limit: &Limit) -> String {
    match *limit {
        Limit::AtLeast(value) => format!("≥ {}", Scaled(value)),
        Limit::AtMost(value) => format!("≤ {}", Scaled(value)),
        Limit::ShareAbove(value) => format!("> {}", Percent(value)),
        Limit::ShareBelow { threshold, .. } => format!("< {}", Percent(threshold)),
        Limit::Within { lower, upper } => match (lower, upper) {
            (Some(lower), Some(upper)) => format!("{} … {}", Scaled(lower), Scaled(upper)),
            (Some(lower), None) => format!("≥ {}", Scaled(lower)),
            (None, Some(upper)) => format!("< {}", Scaled(upper)),
            (None, None) => String::new(),
        },
    }
}

/// Hours, minutes and seconds since the trace began: `1:05:30`.
pub(super) fn clock(at: Millis, start: Millis) -> String {
    let seconds = at.since(start).as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

pub(super) fn json_lines(replay: &Replay) -> String {
    let mut text = String::new();
    for decision in &replay.decisions {
        json_line(&mut text, decision);
        text.push('\n');
    }
    text
}

fn json_line(text: &mut String, decision: &Decision) {
    let Decision {
        at, before, after, ..
    } = decision;
    let kind = decision.kind().to_string().replace(' ', "_");
    // Writing to a String cannot fail, here and below.
    let _ = write!(text, "{{\"seconds\":{}", seconds(*at));
    let _ = write!(
        text,
        ",\"decision\":\"{kind}\",\"before\":{before},\"after\":{after}"
    );
    let _ = write!(text, ",\"reason\":\"{}\"", decision.reason.word());
    if let Some(evidence) = decision.reason.evidence() {
        let _ = write!(text, ",\"rule\":{}", string(&evidence.rule.to_string()));
        let _ = write!(text, ",\"metric\":{}", string(&evidence.metric));
        let _ = write!(text, ",\"value\":{}", number(evidence.observed));
        let _ = write!(text, ",\"threshold\":{}", number(evidence.limit.number()));
    }
    let _ = write!(text, ",\"text\":{}}}", string(&decision.reason.to_string()));
}

fn seconds(at: Millis) -> String {
    let (whole, part) = (at.0 / 1_000, at.0 % 1_000);
    match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}

/// A finite number as Rust prints it is one of JSON, too.
fn number(value: Option<f64>) -> String {
    let finite = value.filter(|value| value.is_finite());
    finite.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                // Control characters lie below U+00A0, so four digits hold them.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
