//! `floe template …`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use floe_spec::{Finding, ParseOptions, Severity};
use floe_sql::{LineIndex, UsingArg, UsingLiteral};
use floe_template::{TemplateError, UsingValue, Variables};

use crate::args::{Format, Template, Using};
use crate::findings::{span, tell};
use crate::input;
use crate::report;
use crate::rows;
use crate::spec::print;

/// The template cannot be expanded.
const FOUND: u8 = 1;
/// A file cannot be read, or a value is none.
const UNREADABLE: u8 = 2;

pub(crate) fn run(command: &Template) -> ExitCode {
    let done = match command {
        Template::Variables { file, format } => list(file, *format),
        Template::Expand { file, using } => expand(file, using),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn list(file: &Path, format: Format) -> Result<u8, String> {
    let input = input::read(file)?;
    let variables = match floe_template::variables(&input.text) {
        Ok(variables) => variables,
        Err(errors) => {
            tell(&input, &findings(&input.text, &errors));
            return Ok(FOUND);
        }
    };
    let columns = ["name", "required", "default", "line", "column"].map(str::to_owned);
    let mut lines = Vec::new();
    for variable in &variables {
        for place in &variable.uses {
            lines.push(vec![
                Some(variable.name.clone()),
                Some(variable.is_required().to_string()),
                place.default.as_ref().map(|default| default.text.clone()),
                Some(place.line.to_string()),
                Some(place.column.to_string()),
            ]);
        }
    }
    rows::print_all(format, &columns, &lines);
    Ok(0)
}

fn expand(file: &Path, using: &Using) -> Result<u8, String> {
    let input = input::read(file)?;
    let variables = variables(using)?;
    match floe_template::expand(&input.text, &variables) {
        Ok(expansion) => {
            tell(&input, &unused(&expansion.unused));
            print(&expansion.text);
            Ok(0)
        }
        Err(errors) => {
            tell(&input, &findings(&input.text, &errors));
            Ok(FOUND)
        }
    }
}

/// Values from the command line; what stands there wins over what the file says.
///
/// # Errors
///
/// One message for people.
pub(crate) fn variables(using: &Using) -> Result<Variables, String> {
    let mut variables = Variables::new();
    if let Some(file) = &using.clause {
        let input = input::read(file)?;
        let args = floe_sql::parse_using(&input.text).map_err(|error| {
            let mut diagnostic =
                floe_engine::Diagnostic::error(error.code(), error.to_string()).at(error.span());
            diagnostic.hint.clone_from(&error.hint);
            let source = report::Source {
                name: &input.name,
                text: &input.text,
            };
            let drawn = report::render(&diagnostic, source, std::io::stderr().is_terminal());
            format!("the USING clause cannot be read\n{drawn}")
        })?;
        for arg in args {
            variables.insert(arg.key.value.clone(), value(arg));
        }
    }
    for given in &using.values {
        let Some((key, text)) = given.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(format!("--using takes KEY=VALUE, not '{given}'"));
        };
        variables.insert(key, typed(text));
    }
    Ok(variables)
}

/// A value as the USING clause would read it; what is no literal there is a text.
fn typed(text: &str) -> UsingValue {
    match floe_sql::parse_using(&format!("(value => {text}\n)")) {
        Ok(mut args) if args.len() == 1 => match args.pop() {
            Some(arg) => value(arg),
            None => UsingValue::Text(text.to_owned()),
        },
        _ => UsingValue::Text(text.to_owned()),
    }
}

fn value(arg: UsingArg) -> UsingValue {
    match arg.value {
        UsingLiteral::Number(text) => UsingValue::Number(text),
        UsingLiteral::Bool(value) => UsingValue::Bool(value),
        UsingLiteral::Text(text) => UsingValue::Text(text),
    }
}

/// Everything that is wrong with a template and the specification that it becomes, at the places
/// of the template.
pub(crate) fn check(text: &str, variables: &Variables, options: &ParseOptions) -> Vec<Finding> {
    let expansion = match floe_template::expand(text, variables) {
        Ok(expansion) => expansion,
        Err(errors) => return findings(text, &errors),
    };
    let mut all = unused(&expansion.unused);
    let index = LineIndex::new(text);
    for mut finding in floe_spec::parse(&expansion.text, options).findings {
        if let Some(found) = finding.span {
            let origin = expansion.origin(found.start..found.end);
            finding.span = Some(span(&index, origin.span));
            if let Some(variable) = origin.variable {
                let note = format!("this is the value of the variable `{variable}`");
                finding.notes.push(note);
            }
        }
        all.push(finding);
    }
    all
}

fn findings(text: &str, errors: &[TemplateError]) -> Vec<Finding> {
    let index = LineIndex::new(text);
    errors
        .iter()
        .map(|error| Finding {
            code: error.code(),
            severity: Severity::Error,
            path: String::new(),
            span: Some(span(&index, error.span())),
            message: error.to_string(),
            notes: Vec::new(),
            hint: error.hint(),
        })
        .collect()
}

fn unused(names: &[String]) -> Vec<Finding> {
    let finding = |name: &String| Finding {
        code: "FLOE-ENGINE-0020",
        severity: Severity::Warning,
        path: String::new(),
        span: None,
        message: format!("the template has no variable `{name}`, so its value is not used"),
        notes: Vec::new(),
        hint: Some("variable names are case-sensitive".to_owned()),
    };
    names.iter().map(finding).collect()
}
