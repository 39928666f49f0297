//! `floe run` and `floe serve`.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use floe_engine::sql::{self, Parsed};
use floe_engine::{Diagnostic, Engine, Failure, Session};

use crate::args::{Format, Global, Run, Serve};
use crate::report::{self, Source};
use crate::signals::Interrupts;
use crate::{open, progress, prompt, rows};

/// From SIGTERM to SIGKILL when a run ends.
const GRACE: Duration = Duration::from_secs(30);

/// Executes a file, the statements of `-e`, or a prompt.
pub(crate) async fn run(global: &Global, run: Run) -> ExitCode {
    let Ok(mut interrupts) = Interrupts::listen() else {
        eprintln!("error: signals can not be received here");
        return ExitCode::FAILURE;
    };
    let (format, upgrades, at_once) = (run.format, run.care.policy(), run.at_once);
    let script = match script(run) {
        Ok(script) => script,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    // A script that does not parse runs no statement at all.
    if let Some(script) = &script
        && let Err(errors) = sql::parse_script(&script.text)
    {
        let diagnostics = errors.iter().map(sql_diagnostic).collect();
        print_failure(&Failure { diagnostics }, script.source());
        return ExitCode::FAILURE;
    }
    let engine = match open::engine(global, upgrades) {
        Ok(engine) => engine,
        Err(failure) => {
            print_failure(
                &failure,
                Source {
                    name: "floe",
                    text: "",
                },
            );
            return ExitCode::FAILURE;
        }
    };
    tokio::spawn(progress::tell(engine.clone()));
    let interrupted = AtomicBool::new(false);
    let code = {
        let task = Task {
            format,
            at_once,
            interrupted: &interrupted,
        };
        let mut work = std::pin::pin!(work(global, task, &engine, script.as_ref()));
        tokio::select! {
            code = &mut work => code,
            code = interrupts.next() => {
                interrupted.store(true, Ordering::Relaxed);
                if engine.stop_streams() > 0 {
                    eprintln!("interrupted: the stream gives back what it has in hand");
                    tokio::select! {
                        _ = &mut work => {}
                        _ = interrupts.next() => {}
                    }
                }
                eprintln!("interrupted: stopping the services (again to kill them at once)");
                code
            }
        }
    };
    stop(&engine, &mut interrupts).await;
    ExitCode::from(code)
}

/// Keeps the services of the data directory running until interrupted.
pub(crate) async fn serve(global: &Global, serve: &Serve) -> ExitCode {
    let Ok(mut interrupts) = Interrupts::listen() else {
        eprintln!("error: signals can not be received here");
        return ExitCode::FAILURE;
    };
    let engine = match open::engine(global, serve.care.policy()) {
        Ok(engine) => engine,
        Err(failure) => {
            print_failure(
                &failure,
                Source {
                    name: "floe",
                    text: "",
                },
            );
            return ExitCode::FAILURE;
        }
    };
    tokio::spawn(progress::tell(engine.clone()));
    print_warnings(
        &engine.start(),
        Source {
            name: "floe",
            text: "",
        },
    );
    eprintln!(
        "serving {}; Ctrl-C stops the services",
        global.data_dir.display()
    );
    interrupts.next().await;
    stop(&engine, &mut interrupts).await;
    ExitCode::SUCCESS
}

/// SQL and what to call it in reports.
pub(crate) struct Script {
    name: String,
    text: String,
}

impl Script {
    fn source(&self) -> Source<'_> {
        Source {
            name: &self.name,
            text: &self.text,
        }
    }
}

/// What to execute; `None` asks for a prompt.
fn script(run: Run) -> Result<Option<Script>, String> {
    if !run.execute.is_empty() {
        let text = run.execute.join(";\n");
        return Ok(Some(Script {
            name: "-e".to_owned(),
            text,
        }));
    }
    if let Some(file) = run.file {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        return Ok(Some(Script { name, text }));
    }
    if std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| format!("stdin: {error}"))?;
    Ok(Some(Script {
        name: "stdin".to_owned(),
        text,
    }))
}

/// How statements are executed.
#[derive(Clone, Copy)]
struct Task<'a> {
    format: Format,
    at_once: bool,
    /// No further statement begins.
    interrupted: &'a AtomicBool,
}

async fn work(global: &Global, task: Task<'_>, engine: &Engine, script: Option<&Script>) -> u8 {
    let format = task.format;
    match script {
        Some(script) if task.at_once => execute_at_once(format, &engine.session(), script).await,
        Some(script) => execute_all(task, &engine.session(), script).await,
        None => {
            // A prompt holds the directory for a while, so services come back.
            print_warnings(
                &engine.start(),
                Source {
                    name: "floe",
                    text: "",
                },
            );
            prompt::run(global, format, engine).await
        }
    }
}

/// Executes every statement of a script up to the first that fails.
async fn execute_all(task: Task<'_>, session: &Session, script: &Script) -> u8 {
    let format = task.format;
    // The script was parsed before the engine was opened.
    let Ok(statements) = sql::parse_script(&script.text) else {
        return 1;
    };
    let echo = format == Format::Table && statements.len() > 1;
    for statement in &statements {
        if task.interrupted.load(Ordering::Relaxed) {
            break;
        }
        if echo {
            print_statement(statement);
        }
        if !execute(format, session, statement, script.source()).await {
            return 1;
        }
    }
    0
}

/// Executes all statements of a script at the same time.
async fn execute_at_once(format: Format, session: &Session, script: &Script) -> u8 {
    // The script was parsed before the engine was opened.
    let Ok(statements) = sql::parse_script(&script.text) else {
        return 1;
    };
    let all = statements
        .iter()
        .map(|statement| execute(format, session, statement, script.source()));
    let done = futures::future::join_all(all).await;
    u8::from(done.contains(&false))
}

/// Executes one statement and prints its answer; false when it failed.
pub(crate) async fn execute(
    format: Format,
    session: &Session,
    statement: &Parsed<'_>,
    source: Source<'_>,
) -> bool {
    let answer = match session.execute(statement).await {
        Ok(answer) => answer,
        Err(failure) => {
            print_failure(&failure, source);
            return false;
        }
    };
    print_warnings(&answer.warnings, source);
    if let Err(failure) = rows::print(format, answer.output).await {
        print_failure(&failure.at(statement.span.clone()), source);
        return false;
    }
    true
}

/// Parses one line of a prompt; reports what is wrong with it.
pub(crate) fn parse<'a>(text: &'a str, name: &str) -> Option<Vec<Parsed<'a>>> {
    match sql::parse_script(text) {
        Ok(statements) => Some(statements),
        Err(errors) => {
            let diagnostics = errors.iter().map(sql_diagnostic).collect();
            print_failure(&Failure { diagnostics }, Source { name, text });
            None
        }
    }
}

fn sql_diagnostic(error: &sql::SqlError) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(error.code(), error.to_string()).at(error.span());
    diagnostic.hint = error.hint.clone();
    diagnostic
}

/// The statement's first line, so that a reader knows what an answer is to.
fn print_statement(statement: &Parsed<'_>) {
    const LONGEST: usize = 100;
    let styled = std::io::stdout().is_terminal();
    let (on, off) = if styled {
        ("\u{1b}[1m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut line: String = statement
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST - 1).chain(['…']).collect();
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{on}> {line}{off}");
    let _ = out.flush();
}

fn print_failure(failure: &Failure, source: Source<'_>) {
    print_warnings(&failure.diagnostics, source);
    if let Some(first) = failure.diagnostics.first() {
        eprintln!("  = floe explain {}", first.code);
    }
}

fn print_warnings(diagnostics: &[Diagnostic], source: Source<'_>) {
    let styled = std::io::stderr().is_terminal();
    for diagnostic in diagnostics {
        eprintln!("{}", report::render(diagnostic, source, styled));
    }
}

/// Stops every instance; a second signal kills them at once.
async fn stop(engine: &Engine, interrupts: &mut Interrupts) {
    tokio::select! {
        () = engine.shutdown(GRACE) => {}
        _ = interrupts.next() => engine.shutdown(Duration::ZERO).await,
    }
}
