//! The table that a benchmark prints.

use std::fmt::Write;

use crate::turns::Outcome;

/// What one table is about.
///
/// ```
/// use floe_benches::table::Subject;
///
/// let subject = Subject { title: "decode mixed3", bytes: 490_000, rows: 10_000 };
/// assert_eq!(subject.bytes / subject.rows, 49);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What is measured.
    pub title: &'a str,
    /// Length of the body in bytes.
    pub bytes: usize,
    /// Rows in the body.
    pub rows: usize,
}

/// Returns the outcomes as a table of plain text, one contender a line. The
/// last outcome is the copy of the body that the others are set against.
///
/// ```
/// use std::time::Duration;
/// use floe_benches::{table::{Subject, render}, turns::Outcome};
///
/// let outcome = |name, micros, ratio| Outcome { name, run: Duration::from_micros(micros), ratio };
/// let text = render(
///     Subject { title: "decode", bytes: 1_000_000, rows: 10_000 },
///     &[outcome("floe", 1000, 1.0), outcome("other", 5000, 5.0), outcome("memcpy", 100, 0.1)],
/// );
/// let line = text.lines().find(|line| line.starts_with("other")).unwrap();
/// let cells: Vec<_> = line.split_whitespace().collect();
/// // GB/s, million rows a second, ns a row, times the first, share of memcpy.
/// assert_eq!(cells, ["other", "0.20", "2.00", "500.0", "5.00x", "2.0", "%"]);
/// ```
pub fn render(subject: Subject<'_>, outcomes: &[Outcome]) -> String {
    let Subject { title, bytes, rows } = subject;
    let mut text = format!("{title}: {rows} rows, {bytes} bytes\n");
    let heads = ["", "GB/s", "M rows/s", "ns/row", "time", "of memcpy"];
    let [name, gigabytes, million, nanos, times, share] = heads;
    line(
        &mut text,
        name,
        &[gigabytes, million, nanos, times, share].map(str::to_owned),
    );
    let copy = outcomes.last().map_or(f64::NAN, |outcome| outcome.ratio);
    for outcome in outcomes {
        let seconds = outcome.run.as_secs_f64();
        let cells = [
            format!("{:.2}", bytes as f64 / seconds / 1e9),
            format!("{:.2}", rows as f64 / seconds / 1e6),
            format!("{:.1}", seconds * 1e9 / rows as f64),
            format!("{:.2}x", outcome.ratio),
            format!("{:.1} %", 100.0 * copy / outcome.ratio),
        ];
        line(&mut text, outcome.name, &cells);
    }
    text
}

fn line(text: &mut String, name: &str, cells: &[String; 5]) {
    let [gigabytes, million, nanos, times, share] = cells;
    let cells = format!("{gigabytes:>8}{million:>10}{nanos:>10}{times:>9}{share:>11}");
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{name:<30}{cells}");
}
