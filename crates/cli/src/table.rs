//! Rows of text as a table for people, or as CSV or JSON for programs.

use std::io::{self, Write};

/// Widest table that is printed as a table when there is no terminal, in columns.
const PIPE_WIDTH: usize = 140;
/// Widest single cell in a table on a terminal; the rest is cut with `…`.
const CELL_WIDTH: usize = 60;

/// How to lay out a block of rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Width of the terminal in columns; `None` when piped: nothing is cut then.
    pub(crate) terminal: Option<usize>,
    /// Print the column names before the first row.
    pub(crate) header: bool,
}

pub(crate) type Row = Vec<Option<String>>;

/// Prints rows as an aligned table, or, when that would be too wide, every row
/// as a record with one line a column.
pub(crate) fn print_table(
    out: &mut dyn Write,
    columns: &[String],
    rows: &[Row],
    layout: Layout,
) -> io::Result<()> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|cell| one_line(cell.as_deref(), layout))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let widest = cells
                .iter()
                .filter_map(|row| row.get(index))
                .map(|cell| width(cell));
            widest.chain([width(name)]).max().unwrap_or(0)
        })
        .collect();
    let total: usize = widths.iter().map(|width| width + 3).sum();
    if total > layout.terminal.unwrap_or(PIPE_WIDTH) && columns.len() > 1 {
        return print_records(out, columns, rows);
    }
    if layout.header {
        write_row(out, columns, &widths)?;
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        writeln!(out, " {}", rule.join("-+-"))?;
    }
    for row in &cells {
        write_row(out, row, &widths)?;
    }
    Ok(())
}

fn print_records(out: &mut dyn Write, columns: &[String], rows: &[Row]) -> io::Result<()> {
    let name_width = columns.iter().map(|name| width(name)).max().unwrap_or(0);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        for (name, cell) in columns.iter().zip(row) {
            let text = cell.as_deref().unwrap_or("NULL");
            let mut lines = text.lines();
            let first = lines.next().unwrap_or("");
            writeln!(out, " {name:<name_width$} | {first}")?;
            for line in lines {
                writeln!(out, " {:<name_width$} | {line}", "")?;
            }
        }
    }
    Ok(())
}

fn write_row(out: &mut dyn Write, cells: &[String], widths: &[usize]) -> io::Result<()> {
    let mut line = String::new();
    for (cell, target) in cells.iter().zip(widths) {
        if !line.is_empty() {
            line.push_str(" | ");
        }
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', target.saturating_sub(width(cell))));
    }
    writeln!(out, " {}", line.trim_end())
}

/// A cell on one line: control characters are escaped, so that what a service
/// answered can not move the cursor of the user's terminal.
fn one_line(cell: Option<&str>, layout: Layout) -> String {
    let Some(text) = cell else {
        return "NULL".to_owned();
    };
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    if layout.terminal.is_some() && width(&line) > CELL_WIDTH {
        line = line.chars().take(CELL_WIDTH - 1).chain(['…']).collect();
    }
    line
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Prints rows as CSV (RFC 4180); NULL is an empty field, an empty string `""`.
pub(crate) fn print_csv(
    out: &mut dyn Write,
    columns: &[String],
    rows: &[Row],
    header: bool,
) -> io::Result<()> {
    if header {
        let names: Vec<String> = columns.iter().map(|name| csv_field(name)).collect();
        write!(out, "{}\r\n", names.join(","))?;
    }
    for row in rows {
        let fields: Vec<String> = row
            .iter()
            .map(|cell| cell.as_deref().map(csv_field).unwrap_or_default())
            .collect();
        write!(out, "{}\r\n", fields.join(","))?;
    }
    Ok(())
}

fn csv_field(text: &str) -> String {
    if text.is_empty() || text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Prints one JSON object a row; values are strings or null, so that no digit
/// of a number is lost.
pub(crate) fn print_json(out: &mut dyn Write, columns: &[String], rows: &[Row]) -> io::Result<()> {
    for row in rows {
        let fields: Vec<String> = columns
            .iter()
            .zip(row)
            .map(|(name, cell)| format!("{}:{}", json_string(name), json_value(cell.as_deref())))
            .collect();
        writeln!(out, "{{{}}}", fields.join(","))?;
    }
    Ok(())
}

fn json_value(cell: Option<&str>) -> String {
    cell.map_or_else(|| "null".to_owned(), json_string)
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        vec![
            vec![Some("a,\"b\"".into()), None],
            vec![Some(String::new()), Some("x\n\u{1b}".into())],
        ]
    }

    fn columns() -> Vec<String> {
        vec!["one".into(), "two".into()]
    }

    #[test]
    fn a_table_is_aligned_and_escapes_control_characters() {
        let mut out = Vec::new();
        let layout = Layout {
            terminal: None,
            header: true,
        };
        print_table(&mut out, &columns(), &rows(), layout).unwrap();
        let expected = " one   | two\n ------+----------\n a,\"b\" | NULL\n       | x\\n\\u{1b}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_table_that_is_too_wide_is_printed_as_records() {
        let mut out = Vec::new();
        let layout = Layout {
            terminal: Some(10),
            header: true,
        };
        print_table(&mut out, &columns(), &rows()[..1], layout).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            " one | a,\"b\"\n two | NULL\n"
        );
    }

    #[test]
    fn csv_tells_null_from_the_empty_string() {
        let mut out = Vec::new();
        print_csv(&mut out, &columns(), &rows(), true).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "one,two\r\n\"a,\"\"b\"\"\",\r\n\"\",\"x\n\u{1b}\"\r\n"
        );
    }

    #[test]
    fn json_rows_parse_and_keep_the_order_of_columns() {
        let mut out = Vec::new();
        print_json(&mut out, &columns(), &rows()).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().next(), Some(r#"{"one":"a,\"b\"","two":null}"#));
        assert!(
            text.lines()
                .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok())
        );
    }
}
