//! `floe autoscale …`.

mod place;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use floe_engine::{EngineError, scaling};
use floe_scale::{Bounds, ReplayOptions, Rules, ScaleError, Trace, TraceError};
use floe_spec::{Context, Finding, ParseOptions, Severity, Span, ValidSpec};

use crate::args::{Autoscale, Log, Replay};
use crate::failure::{fail, unusable};
use crate::findings::tell;
use crate::input::{self, Input, is_standard};
use crate::spec::{print, proved};

/// The trace or the specification is wrong, or there are no rules.
const FOUND: u8 = 1;

pub(crate) fn run(command: &Autoscale) -> ExitCode {
    let Autoscale::Replay(options) = command;
    match replay(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

/// Plays the trace and prints what was decided; what is wrong is told, and the exit code answered.
fn replay(options: &Replay) -> Result<(), u8> {
    let max = options.max.unwrap_or(options.min);
    let bounds = Bounds::new(options.min, max).map_err(|error| refuse(&error))?;
    if is_standard(&options.trace) && is_standard(&options.spec) {
        return Err(fail(
            "standard input holds the trace or the specification, not both",
        ));
    }
    // Both are read before anything is played, so that all findings of both are told.
    let rules = rules(options);
    let trace = read(&options.trace).and_then(|input| {
        let trace = Trace::parse(&input.text).map_err(|error| in_trace(&input, &error))?;
        Ok((input, trace))
    });
    let ((spec, rules), (input, trace)) = match (rules, trace) {
        (Ok(rules), Ok(trace)) => (rules, trace),
        (Err(one), Err(other)) => return Err(one.max(other)),
        (Err(code), _) | (_, Err(code)) => return Err(code),
    };
    let world = ReplayOptions {
        start_delay: Duration::from_secs(u64::from(options.start_delay_secs)),
        auto_resume: options.auto_resume,
    };
    let replay = floe_scale::replay(&trace, &rules, bounds, &world)
        .map_err(|error| in_trace(&input, &error))?;
    let title = format!("{} by the rules of {}", input.short(), spec.short());
    show(options, &replay, &title)
}

fn show(options: &Replay, replay: &floe_scale::Replay, title: &str) -> Result<(), u8> {
    if let Some(path) = &options.svg {
        fs::write(path, replay.svg(title))
            .map_err(|error| fail(&format!("{} cannot be written: {error}", path.display())))?;
    }
    match options.format {
        Log::Table => print(&replay.table()),
        Log::Json => {
            print(&replay.json_lines());
            for notice in &replay.notices {
                eprintln!("note: {notice}");
            }
        }
    }
    Ok(())
}

/// The rules of the specification, with its text.
fn rules(options: &Replay) -> Result<(Input, Rules), u8> {
    let input = read(&options.spec)?;
    let reading = ParseOptions {
        lenient: options.lenient,
        context: Context::Service,
    };
    let spec = proved(&input, &reading).ok_or(FOUND)?;
    let settings = scaling::settings(&spec, reading.context, options.auto_suspend_secs);
    let rules = Rules::new(&settings).map_err(|error| match in_spec(&spec, &error) {
        Some(span) => {
            tell(
                &input,
                &[finding(error.code(), error.to_string(), Some(span))],
            );
            FOUND
        }
        None => refuse(&error),
    })?;
    if rules.is_empty() {
        let error = EngineError::NoScalingRules;
        let hint = "give a container `resources.requests.cpu`, write policies under \
                    `spec.resourceManagement`, or try --auto-suspend-secs";
        tell(
            &input,
            &[Finding {
                hint: Some(hint.to_owned()),
                ..finding(error.code(), error.to_string(), None)
            }],
        );
        return Err(FOUND);
    }
    Ok((input, rules))
}

/// The field of the specification that an option contradicts.
fn in_spec(spec: &ValidSpec, error: &ScaleError) -> Option<Span> {
    let ScaleError::AutoSuspendOfPublic { .. } = error else {
        return None;
    };
    let at = spec
        .endpoints()
        .iter()
        .position(|endpoint| endpoint.public)?;
    spec.span_of(&format!("spec.endpoints[{at}].public"))
}

/// Tells what is wrong with the trace, drawn at its text.
fn in_trace(input: &Input, error: &TraceError) -> u8 {
    let span = place::of(&input.text, error);
    tell(input, &[finding(error.code(), error.to_string(), span)]);
    FOUND
}

fn finding(code: &'static str, message: String, span: Option<Span>) -> Finding {
    Finding {
        code,
        severity: Severity::Error,
        path: String::new(),
        span,
        message,
        notes: Vec::new(),
        hint: None,
    }
}

/// Tells that options do not fit together.
fn refuse(error: &ScaleError) -> u8 {
    unusable(error.code(), error)
}

fn read(path: &Path) -> Result<Input, u8> {
    input::read(path).map_err(|message| fail(&message))
}
