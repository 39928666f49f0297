//! The names of columns.

use std::collections::BTreeMap;

use super::cells::cells;
use super::error::TraceError;
use super::{Column, Form, MAX_COLUMNS};
use crate::policy::Metric;
use crate::types::MAX_INSTANCES;

/// Longest name of a column in bytes: a metric with a handful of labels has a few hundred.
const MAX_NAME_BYTES: usize = 4_096;

/// What a column is for.
#[derive(Debug, PartialEq)]
pub(super) enum Field {
    Seconds,
    Min,
    Max,
    Queries,
    Command,
    /// A metric, with the name of its column.
    Metric(String),
}

/// Reads the first line: what each cell is for, and the columns with metrics.
pub(super) fn header(line: usize, text: &str) -> Result<(Vec<Field>, Vec<Column>), TraceError> {
    let names = cells(line, text)?;
    if names.len() > MAX_COLUMNS {
        return Err(TraceError::too_large("columns", MAX_COLUMNS));
    }
    let mut seen: BTreeMap<String, ()> = BTreeMap::new();
    let mut fields = Vec::with_capacity(names.len());
    let mut columns: Vec<Column> = Vec::new();
    for name in &names {
        let name = name.as_ref();
        if seen.insert(name.to_owned(), ()).is_some() {
            return Err(TraceError::twice(line, name));
        }
        fields.push(match name {
            "seconds" => Field::Seconds,
            "min_instances" => Field::Min,
            "max_instances" => Field::Max,
            "queries" => Field::Queries,
            "command" => Field::Command,
            _ => {
                let column = column(name).ok_or_else(|| TraceError::column(line, name))?;
                columns.push(column);
                Field::Metric(name.to_owned())
            }
        });
    }
    if !fields.contains(&Field::Seconds) {
        return Err(TraceError::NoSeconds { line });
    }
    one_form_each(line, &columns)?;
    Ok((fields, columns))
}

/// The same values under two names, or in two forms, would be counted twice.
fn one_form_each(line: usize, columns: &[Column]) -> Result<(), TraceError> {
    let mut sorted: Vec<&Column> = columns.iter().collect();
    sorted.sort();
    for pair in sorted.windows(2) {
        let [first, second] = pair else { continue };
        let numbered = |column: &Column| matches!(column.form, Form::Instance(_));
        let apart = first.form != second.form && numbered(first) && numbered(second);
        if first.metric == second.metric && !apart {
            return Err(TraceError::twice(line, &second.metric.to_string()));
        }
    }
    Ok(())
}

/// `METRIC`, `METRIC[2]` or `sum(METRIC)`.
fn column(name: &str) -> Option<Column> {
    if name.len() > MAX_NAME_BYTES {
        return None;
    }
    if let Some(inner) = name.strip_prefix("sum(") {
        return Some(Column {
            metric: metric(inner.strip_suffix(')')?)?,
            form: Form::Sum,
        });
    }
    if let Some(inner) = name.strip_suffix(']') {
        let (inner, number) = inner.rsplit_once('[')?;
        let number: u32 = number
            .parse()
            .ok()
            .filter(|number| *number < MAX_INSTANCES)?;
        return Some(Column {
            metric: metric(inner)?,
            form: Form::Instance(number),
        });
    }
    Some(Column {
        metric: metric(name)?,
        form: Form::Each,
    })
}

/// `name` or `name{label=value,label=value}`; a value may stand in quotes.
fn metric(text: &str) -> Option<Metric> {
    let (name, labels) = match text.strip_suffix('}') {
        Some(inner) => inner.split_once('{')?,
        None => (text, ""),
    };
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    if name.is_empty() || !name.chars().all(allowed) {
        return None;
    }
    let mut metric = Metric::new(name);
    for label in labels.split(',').filter(|label| !label.trim().is_empty()) {
        let (name, value) = label.split_once('=')?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.is_empty() || metric.labels().any(|(other, _)| other == name) {
            return None;
        }
        metric = metric.with_label(name, value);
    }
    Some(metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_read_back_as_metrics_and_forms() {
        for (name, shown, form) in [
            ("queue.length", "queue.length", Form::Each),
            ("queue.length[12]", "queue.length", Form::Instance(12)),
            ("sum(a{b=c})", "a{b=c}", Form::Sum),
            ("a{z=1, b=\"2\"}[0]", "a{b=2,z=1}", Form::Instance(0)),
        ] {
            let column = column(name).unwrap();
            assert_eq!(
                (column.metric.to_string().as_str(), column.form),
                (shown, form)
            );
        }
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for name in [
            "",
            "a b",
            "sum(a",
            "a[x]",
            "a[10000]",
            "a{b}",
            "a{b=1,b=2}",
            "a}",
            "{a=b}",
        ] {
            assert_eq!(column(name), None, "{name}");
        }
    }
}
