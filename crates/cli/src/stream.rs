//! `floe stream …`.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use floe_engine::streams::status;

use crate::args::{
    Format, Global, Run, Stream, StreamInput, StreamOutput, StreamRun, StreamStatus,
};
use crate::failure::{fail, refused};
use crate::hosts::Hosts;
use crate::{rows, run};

pub(crate) async fn execute(global: &Global, command: Stream) -> ExitCode {
    match command {
        Stream::Run(options) => match statements(&options) {
            Ok(execute) => {
                let run = Run {
                    file: None,
                    execute,
                    format: options.format,
                    care: options.care,
                    at_once: true,
                };
                run::run(global, run).await
            }
            Err(code) => ExitCode::from(code),
        },
        Stream::Status(options) => match tell(&options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(code) => ExitCode::from(code),
        },
    }
}

/// The statements that do what the options say, one for each consumer.
fn statements(run: &StreamRun) -> Result<Vec<String>, u8> {
    match run.consumers.get() {
        1 => Ok(vec![statement(run, run.consumer.as_deref())?]),
        several => (0..several)
            .map(|number| statement(run, Some(&format!("consumer-{number}"))))
            .collect(),
    }
}

fn statement(run: &StreamRun, consumer: Option<&str>) -> Result<String, u8> {
    let input = match run.input {
        StreamInput::Csv => "csv",
        StreamInput::Json => "json",
        StreamInput::Parquet => "parquet",
    };
    let output = match run.stored_as {
        StreamOutput::Parquet => "PARQUET",
        StreamOutput::Csv => "CSV",
        StreamOutput::Json => "JSON",
    };
    let trigger = match run.available_now {
        true => "availableNow",
        false => "continuous",
    };
    let mut options = vec![
        ("format", input.to_owned()),
        ("checkpoint", run.checkpoint.clone()),
        ("trigger", trigger.to_owned()),
    ];
    if run.notifications {
        options.push(("useNotifications", "true".to_owned()));
    }
    if let Some(consumer) = consumer {
        options.push(("consumer", consumer.to_owned()));
    }
    for option in &run.options {
        let (key, value) = option
            .split_once('=')
            .ok_or_else(|| fail(&format!("--option {option}: write KEY=VALUE")))?;
        options.push((key, value.to_owned()));
    }
    let mut sql = format!(
        "COPY (SELECT {} FROM STREAM read_files({}",
        run.select,
        text(&run.path)
    );
    for (key, value) in options {
        // Writing to a string cannot fail.
        let _ = write!(
            sql,
            ",\n    \"{}\" => {}",
            key.replace('"', "\"\""),
            text(&value)
        );
    }
    sql.push(')');
    if let Some(condition) = &run.condition {
        let _ = write!(sql, "\n  WHERE {condition}");
    }
    let _ = write!(sql, ") TO {} STORED AS {output}", text(&run.to));
    Ok(sql)
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

async fn tell(options: &StreamStatus) -> Result<(), u8> {
    let hosts = Hosts::default();
    let checkpoint = absolute(&options.checkpoint);
    let is_watched = options.watch.is_some() && std::io::stdout().is_terminal();
    loop {
        let told = status(&hosts, &checkpoint).await;
        let told = told.map_err(|error| refused(&error.code, &error.message))?;
        if is_watched {
            // From the upper left corner of an empty screen.
            print!("\u{1b}[2J\u{1b}[H");
        }
        show(options.format, &told);
        let Some(every) = options.every() else {
            return Ok(());
        };
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

fn show(format: Format, told: &[(String, Option<String>)]) {
    let columns = ["name", "value"].map(str::to_owned);
    let rows: Vec<_> = told
        .iter()
        .map(|(name, value)| vec![Some(name.clone()), value.clone()])
        .collect();
    rows::print_all(format, &columns, &rows);
    // What cannot be flushed is shown later.
    let _ = std::io::stdout().flush();
}

fn absolute(checkpoint: &str) -> String {
    if checkpoint.contains("://") {
        return checkpoint.to_owned();
    }
    let path = std::path::absolute(checkpoint);
    path.map_or_else(
        |_| checkpoint.to_owned(),
        |path| path.to_string_lossy().into_owned(),
    )
}
