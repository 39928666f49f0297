//! Traces: metrics and events over time, read from CSV text.
//!
//! The first line names the columns, in any order:
//!
//! | column | holds |
//! |---|---|
//! | `seconds` | required: seconds since any beginning, such as `90` or `90.5`; never falling |
//! | `min_instances`, `max_instances` | set from this row on; nothing leaves them as they are |
//! | `queries` | queries with a service function that run, until another row says otherwise |
//! | `command` | `suspend`, `resume`, or nothing |
//! | `METRIC` | what each instance reports, the same value for all of them |
//! | `METRIC[2]` | what instance 2 reports |
//! | `sum(METRIC)` | what all instances have to bear together; it is spread evenly over them |
//!
//! `METRIC` is a name, with labels if there are any:
//! `network.ingress.cps{snow.endpoint.name=echo}`. Between labels stands a comma, so a column with
//! several of them is written in quotes. An empty cell is a value
//! that is missing. Lines without any cell, and lines that begin with `#`, are passed over.
//!
//! A row with nothing but events in it says nothing about metrics.
//!
//! ```
//! use floe_scale::{Form, Trace};
//!
//! let trace = Trace::parse("seconds,sum(container.cpu.usage),queries\n0,0.5,1\n30,,\n")?;
//! assert_eq!(trace.columns()[0].form, Form::Sum);
//! assert_eq!(trace.len(), 2);
//!
//! let error = Trace::parse("seconds,queue.length\n0,many\n").unwrap_err();
//! assert_eq!((error.code(), error.line()), ("FLOE-SCALE-0015", Some(2)));
//! # Ok::<(), floe_scale::TraceError>(())
//! ```

mod cells;
mod column;
mod error;

use crate::policy::Metric;
use crate::types::{MAX_INSTANCES, Millis};
use cells::{cells, is_passed_over};
use column::{Field, header};
pub use error::TraceError;

/// Longest trace in bytes: half a year of one metric in rows of 30 seconds has about 8 MiB.
pub const MAX_TRACE_BYTES: usize = 32 << 20;
/// Most columns of a trace.
pub const MAX_COLUMNS: usize = 1_000;
/// Longest time from the first row to the last: a leap year.
pub const MAX_TRACE_SECONDS: u64 = 366 * 24 * 3_600;
/// Latest moment that a row may name: the year 5138 for those who count from 1970.
const MAX_SECONDS: u64 = 100_000_000_000;

/// Metrics and events over time.
///
/// ```
/// let trace = floe_scale::Trace::parse("seconds,queue.length\r\n0,3\r\n30,4\r\n")?;
/// assert_eq!((trace.len(), trace.columns().len()), (2, 1));
/// # Ok::<(), floe_scale::TraceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Trace {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// The values of all rows, one after another; NaN is a value that is missing.
    values: Vec<f64>,
}

/// A column with values of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// Which metric, with all its labels.
    pub metric: Metric,
    /// Whose value it is.
    pub form: Form,
}

/// Whose value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// That of each instance.
    Each,
    /// That of one instance.
    Instance(u32),
    /// That of all instances together.
    Sum,
}

/// One row: what happened at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) line: usize,
    pub(crate) at: Millis,
    pub(crate) min: Option<u32>,
    pub(crate) max: Option<u32>,
    pub(crate) queries: Option<u32>,
    pub(crate) command: Option<Command>,
    /// It says something about metrics.
    pub(crate) measures: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Suspend,
    Resume,
}

/// Two traces are equal when all their cells are, those that are missing among them.
impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
        self.columns == other.columns
            && self.rows == other.rows
            && self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(same)
    }
}

impl Trace {
    /// Reads CSV text; the module says which columns there are.
    ///
    /// # Errors
    ///
    /// [`TraceError`], with the line that is wrong.
    ///
    /// ```
    /// use floe_scale::Trace;
    /// assert_eq!(Trace::parse("").unwrap_err().code(), "FLOE-SCALE-0010");
    /// assert_eq!(Trace::parse("time,cpu\n").unwrap_err().code(), "FLOE-SCALE-0011");
    /// ```
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        if text.len() > MAX_TRACE_BYTES {
            return Err(TraceError::too_large("bytes", MAX_TRACE_BYTES));
        }
        // Spreadsheets begin their files with a byte-order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let mut lines = lines.filter(|(_, line)| !is_passed_over(line));
        let (number, first) = lines.next().ok_or(TraceError::Empty)?;
        let (fields, columns) = header(number, first)?;
        let mut trace = Self {
            columns,
            rows: Vec::new(),
            values: Vec::new(),
        };
        for (number, line) in lines {
            let row = trace.row(number, line, &fields)?;
            trace.rows.push(row);
        }
        if trace.rows.is_empty() {
            return Err(TraceError::Empty);
        }
        Ok(trace)
    }

    fn row(&mut self, line: usize, text: &str, fields: &[Field]) -> Result<Row, TraceError> {
        let cells = cells(line, text)?;
        if cells.len() != fields.len() {
            return Err(TraceError::Cells {
                line,
                found: cells.len(),
                expected: fields.len(),
            });
        }
        let mut row = Row {
            line,
            at: Millis(0),
            min: None,
            max: None,
            queries: None,
            command: None,
            measures: false,
        };
        for (field, cell) in fields.iter().zip(&cells) {
            let cell = cell.as_ref();
            match field {
                Field::Seconds => row.at = self.seconds(line, cell)?,
                Field::Min => row.min = count(line, "min_instances", cell, MAX_INSTANCES)?,
                Field::Max => row.max = count(line, "max_instances", cell, MAX_INSTANCES)?,
                Field::Queries => row.queries = count(line, "queries", cell, u32::MAX)?,
                Field::Command => row.command = command(line, cell)?,
                Field::Metric(name) => {
                    let value = number(line, name, cell)?;
                    row.measures |= value.is_some();
                    self.values.push(value.unwrap_or(f64::NAN));
                }
            }
        }
        let set = [row.min, row.max, row.queries];
        let happens = row.command.is_some() || set.iter().any(Option::is_some);
        row.measures |= !happens;
        Ok(row)
    }

    fn seconds(&self, line: usize, cell: &str) -> Result<Millis, TraceError> {
        let at = millis(cell).ok_or_else(|| TraceError::number(line, "seconds", cell))?;
        if let Some(last) = self.rows.last()
            && at < last.at
        {
            return Err(TraceError::OutOfOrder {
                line,
                seconds: at.0 / 1_000,
                before: last.at.0 / 1_000,
            });
        }
        let first = self.rows.first().map_or(at, |first| first.at);
        if at.since(first).as_secs() > MAX_TRACE_SECONDS {
            let limit = usize::try_from(MAX_TRACE_SECONDS).unwrap_or(usize::MAX);
            return Err(TraceError::too_large("seconds", limit));
        }
        Ok(at)
    }

    /// The columns with metrics, as they stand in the text.
    ///
    /// ```
    /// let trace = floe_scale::Trace::parse("seconds,queries\n0,1\n")?;
    /// assert!(trace.columns().is_empty());
    /// # Ok::<(), floe_scale::TraceError>(())
    /// ```
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// How many rows there are.
    ///
    /// ```
    /// assert_eq!(floe_scale::Trace::parse("seconds\n0\n30\n")?.len(), 2);
    /// # Ok::<(), floe_scale::TraceError>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: a text without rows is refused.
    ///
    /// ```
    /// assert!(!floe_scale::Trace::parse("seconds\n0\n")?.is_empty());
    /// # Ok::<(), floe_scale::TraceError>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The value of a column in a row.
    pub(crate) fn value(&self, row: usize, column: usize) -> Option<f64> {
        let value = self.values.get(row * self.columns.len() + column)?;
        value.is_finite().then_some(*value)
    }
}

fn number(line: usize, column: &str, cell: &str) -> Result<Option<f64>, TraceError> {
    if cell.is_empty() {
        return Ok(None);
    }
    let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
    value
        .map(Some)
        .ok_or_else(|| TraceError::number(line, column, cell))
}

fn count(line: usize, column: &str, cell: &str, most: u32) -> Result<Option<u32>, TraceError> {
    if cell.is_empty() {
        return Ok(None);
    }
    let value = cell.parse::<u32>().ok().filter(|value| *value <= most);
    value
        .map(Some)
        .ok_or_else(|| TraceError::number(line, column, cell))
}

fn command(line: usize, cell: &str) -> Result<Option<Command>, TraceError> {
    match cell {
        "" => Ok(None),
        "suspend" => Ok(Some(Command::Suspend)),
        "resume" => Ok(Some(Command::Resume)),
        _ => Err(TraceError::command(line, cell)),
    }
}

/// `90` or `90.5`; what is less than a millisecond is cut off.
fn millis(cell: &str) -> Option<Millis> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let seconds: u64 = whole
        .parse()
        .ok()
        .filter(|seconds| *seconds <= MAX_SECONDS)?;
    let thousandths = fraction.bytes().chain(*b"000").take(3);
    let part = thousandths.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some(Millis(seconds * 1_000 + part))
}
