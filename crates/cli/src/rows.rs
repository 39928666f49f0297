//! Answers of statements, printed in the format that was asked for.

use std::io::{self, IsTerminal as _, Write};

use floe_engine::datafusion::arrow::array::{Array as _, RecordBatch};
use floe_engine::datafusion::arrow::error::ArrowError;
use floe_engine::datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use floe_engine::query::diagnose;
use floe_engine::{Failure, Output, Rows};
use futures::StreamExt as _;

use crate::args::Format;
use crate::table::{self, Layout, Row};

/// Rows laid out together: column widths may differ from block to block.
const BLOCK_ROWS: usize = 1_000;
/// Rows of a query shown on a terminal; all are printed when piped.
const TERMINAL_ROWS: usize = 100;

/// Prints an answer. Reading a query's rows is what runs it.
pub(crate) async fn print(format: Format, output: Output) -> Result<(), Failure> {
    match output {
        Output::Table(table) => {
            print_all(format, &table.columns, &table.rows);
            Ok(())
        }
        Output::Rows(rows) => print_rows(format, rows).await,
    }
}

/// Prints a table that is complete.
pub(crate) fn print_all(format: Format, columns: &[String], rows: &[Row]) {
    let mut printer = Printer::new(format, columns.to_vec());
    // A closed pipe downstream is no error of the statement.
    let _ = rows
        .chunks(BLOCK_ROWS)
        .try_for_each(|block| printer.block(block));
    let _ = printer.finish();
}

async fn print_rows(format: Format, rows: Rows) -> Result<(), Failure> {
    let Rows {
        mut stream, calls, ..
    } = rows;
    let columns = stream
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let mut printer = Printer::new(format, columns);
    let mut pending: Vec<Row> = Vec::new();
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(diagnose)?;
        let text = texts(&batch).map_err(|error| diagnose(error.into()))?;
        pending.extend(text);
        if pending.len() >= BLOCK_ROWS {
            if printer.block(&pending).is_err() {
                return Ok(());
            }
            pending.clear();
        }
    }
    let _ = printer.block(&pending);
    let _ = printer.finish();
    let report = calls.report();
    if report.nulls_from_failures > 0 {
        eprintln!(
            "warning: {} rows are NULL because their batches failed; first failure: {}",
            report.nulls_from_failures,
            report.first_failure.unwrap_or_default()
        );
    }
    Ok(())
}

/// The values of a batch as text, row by row.
fn texts(batch: &RecordBatch) -> Result<Vec<Row>, ArrowError> {
    let options = FormatOptions::default();
    let columns = batch.columns();
    let formatters: Vec<ArrayFormatter<'_>> = columns
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<_, _>>()?;
    let mut rows = Vec::with_capacity(batch.num_rows());
    for index in 0..batch.num_rows() {
        let mut row = Vec::with_capacity(columns.len());
        for (column, formatter) in columns.iter().zip(&formatters) {
            let text = formatter.value(index).try_to_string()?;
            row.push((!column.is_null(index)).then_some(text));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Prints blocks of rows of one answer to standard output.
struct Printer {
    format: Format,
    columns: Vec<String>,
    out: io::Stdout,
    terminal: Option<usize>,
    printed: usize,
    header: bool,
}

impl Printer {
    fn new(format: Format, columns: Vec<String>) -> Self {
        let out = io::stdout();
        let width = || terminal_size::terminal_size().map_or(120, |(width, _)| width.0);
        let terminal = out.is_terminal().then(|| usize::from(width()));
        Self {
            format,
            columns,
            out,
            terminal,
            printed: 0,
            header: true,
        }
    }

    fn block(&mut self, rows: &[Row]) -> io::Result<()> {
        let room = match self.terminal {
            Some(_) if self.format == Format::Table => {
                TERMINAL_ROWS.saturating_sub(self.printed).min(rows.len())
            }
            _ => rows.len(),
        };
        self.printed += rows.len();
        let shown = rows.get(..room).unwrap_or(rows);
        if shown.is_empty() && !self.header {
            return Ok(());
        }
        let header = std::mem::replace(&mut self.header, false);
        // One write a block, so that lines of progress do not come between its lines.
        let mut text = Vec::new();
        let out = &mut text;
        match self.format {
            Format::Table => {
                let layout = Layout {
                    terminal: self.terminal,
                    header,
                };
                table::print_table(out, &self.columns, shown, layout)?;
            }
            Format::Csv => table::print_csv(out, &self.columns, shown, header)?,
            Format::Json => table::print_json(out, &self.columns, shown)?,
        }
        let mut stdout = self.out.lock();
        stdout.write_all(&text)?;
        stdout.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.header {
            self.block(&[])?;
        }
        let out = &mut self.out.lock();
        if self.format == Format::Table {
            let noun = if self.printed == 1 { "row" } else { "rows" };
            match self.terminal {
                Some(_) if self.printed > TERMINAL_ROWS => {
                    writeln!(out, "({} {noun}, {TERMINAL_ROWS} shown)\n", self.printed)?;
                }
                _ => writeln!(out, "({} {noun})\n", self.printed)?,
            }
        }
        out.flush()
    }
}
