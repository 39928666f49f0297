//! `floe spec …`.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use floe_spec::render;
use floe_spec::{Context, Finding, ParseOptions, ValidSpec, spec_digest};

use crate::args::{Findings, Listing, Spec, SpecOptions, Using};
use crate::findings::{source, tell};
use crate::input::{self, Input};
use crate::template;

/// No errors, or no difference.
const CLEAN: u8 = 0;
/// Errors in a specification, or differences.
const FOUND: u8 = 1;
/// A file cannot be read.
const UNREADABLE: u8 = 2;

pub(crate) fn run(command: &Spec) -> ExitCode {
    let code = match command {
        Spec::Check {
            files,
            format,
            options,
            using,
        } => check(files, *format, *options, using),
        Spec::Canonical { file, options } => {
            print_of(file, *options, |spec| spec.canonical_text(&|_| None))
        }
        Spec::Digest { file, options } => print_of(file, *options, |spec| {
            format!("{}\n", spec_digest(&spec.canonical_text(&|_| None)))
        }),
        Spec::Diff {
            before,
            after,
            format,
            options,
        } => diff(before, after, *format, *options),
        Spec::Schema => {
            print(&floe_spec::json_schema());
            CLEAN
        }
    };
    ExitCode::from(code)
}

impl From<SpecOptions> for ParseOptions {
    fn from(options: SpecOptions) -> Self {
        ParseOptions {
            lenient: options.lenient,
            context: if options.job {
                Context::Job
            } else {
                Context::Service
            },
        }
    }
}

fn check(files: &[PathBuf], format: Findings, options: SpecOptions, using: &Using) -> u8 {
    let mut worst = CLEAN;
    let mut objects = Vec::new();
    for file in files {
        let checked = input::read(file).and_then(|input| {
            let findings = findings(&input, options, using)?;
            Ok((input, findings))
        });
        let (input, findings) = match checked {
            Ok(checked) => checked,
            Err(message) => {
                eprintln!("error: {message}");
                worst = UNREADABLE;
                continue;
            }
        };
        if findings.iter().any(Finding::is_error) {
            worst = worst.max(FOUND);
        }
        let source = source(&input);
        match format {
            Findings::Text => {
                let coloured = std::io::stdout().is_terminal();
                print(&render::text(&findings, &source, coloured));
            }
            Findings::Github => print(&render::github(&findings, &source)),
            Findings::Json => objects.push(render::json(&findings, &source)),
        }
    }
    if format == Findings::Json {
        let objects: Vec<&str> = objects.iter().map(|object| object.trim_end()).collect();
        print(&format!("[{}]\n", objects.join(",\n")));
    }
    worst
}

/// Findings of a specification, or of a template when values are given for its variables.
fn findings(input: &Input, options: SpecOptions, using: &Using) -> Result<Vec<Finding>, String> {
    if using.values.is_empty() && using.clause.is_none() {
        return Ok(floe_spec::parse(&input.text, &options.into()).findings);
    }
    let variables = template::variables(using)?;
    Ok(template::check(&input.text, &variables, &options.into()))
}

fn print_of(file: &Path, options: SpecOptions, text: impl FnOnce(&ValidSpec) -> String) -> u8 {
    match valid(file, options) {
        Ok(spec) => {
            print(&text(&spec));
            CLEAN
        }
        Err(code) => code,
    }
}

/// The specification of a file; what is wrong with it goes to standard error.
fn valid(file: &Path, options: SpecOptions) -> Result<ValidSpec, u8> {
    let input = input::read(file).map_err(|message| {
        eprintln!("error: {message}");
        UNREADABLE
    })?;
    proved(&input, &options.into()).ok_or(FOUND)
}

/// The specification of a text; what is wrong with it goes to standard error.
pub(crate) fn proved(input: &Input, options: &ParseOptions) -> Option<ValidSpec> {
    let parsed = floe_spec::parse(&input.text, options);
    tell(input, &parsed.findings);
    parsed.spec
}

fn diff(before: &Path, after: &Path, format: Listing, options: SpecOptions) -> u8 {
    // Both are read before anything is said, so that all findings of both are told.
    let (before, after) = match (valid(before, options), valid(after, options)) {
        (Ok(before), Ok(after)) => (before, after),
        _ => return UNREADABLE,
    };
    let diff = floe_spec::diff(&before, &after);
    match format {
        Listing::Text => print(&diff.to_string()),
        Listing::Json => print(&diff.to_json()),
    }
    if diff.is_empty() { CLEAN } else { FOUND }
}

/// Prints to standard output; a closed pipe downstream is no error.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
