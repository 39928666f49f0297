//! A series of values as lines, without more points than can be seen.

use std::fmt::Write as _;
use std::ops::Range;

use super::axis::Scale;

/// Most points of one series: two for each pixel that the panel is wide.
const MAX_POINTS: usize = 1_744;

/// The runs of values that are missing, as indices; a run that reaches the end has an end that
/// no value has.
pub(super) fn gaps(values: &[Option<f64>]) -> Vec<Range<usize>> {
    runs(values, false)
}

fn runs(values: &[Option<f64>], known: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for run in values.chunk_by(|a, b| a.is_some() == b.is_some()) {
        let end = start + run.len();
        if run.first().is_some_and(Option::is_some) == known {
            found.push(start..end);
        }
        start = end;
    }
    found
}

/// A line for each run of values that are known, each with the area below it.
pub(super) fn lines(
    values: &[Option<f64>],
    x: &impl Fn(usize) -> Option<f64>,
    scale: &Scale,
    bottom: f64,
) -> Vec<(String, String)> {
    let size = values.len().div_ceil(MAX_POINTS / 2).max(1);
    let mut lines = Vec::new();
    for run in runs(values, true) {
        let mut points: Vec<(f64, f64)> = Vec::new();
        let (mut start, end) = (run.start, run.end);
        while start < end {
            let bucket = start..(start + size).min(end);
            start = bucket.end;
            points.extend(extremes(values, bucket, x, scale));
        }
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            continue;
        };
        let mut line = String::new();
        for (number, (x, y)) in points.iter().enumerate() {
            let letter = if number == 0 { 'M' } else { 'L' };
            // Writing to a String cannot fail.
            let _ = write!(line, "{letter}{x:.1} {y:.1}");
        }
        // A single value is a line of the least length, or nothing would be seen.
        if points.len() == 1 {
            let _ = write!(line, "h1");
        }
        let area = format!(
            "{line}L{:.1} {bottom:.1}L{:.1} {bottom:.1}Z",
            last.0, first.0
        );
        lines.push((line, area));
    }
    lines
}

/// The points of a bucket: its only value, or the smallest and the greatest in their order.
fn extremes(
    values: &[Option<f64>],
    bucket: Range<usize>,
    x: &impl Fn(usize) -> Option<f64>,
    scale: &Scale,
) -> Vec<(f64, f64)> {
    let known = bucket.filter_map(|index| Some((index, (*values.get(index)?)?)));
    let known: Vec<(usize, f64)> = known.collect();
    let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
    let ends = [known.iter().min_by(by_value), known.iter().max_by(by_value)];
    let mut chosen: Vec<(usize, f64)> = ends.into_iter().flatten().copied().collect();
    chosen.sort_by_key(|(index, _)| *index);
    chosen.dedup_by_key(|(index, _)| *index);
    let place = |(index, value)| Some((x(index)?, scale.y(value)));
    chosen.into_iter().filter_map(place).collect()
}
