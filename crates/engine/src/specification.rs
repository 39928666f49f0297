//! From the FROM clause of a statement to a proved specification, with every
//! finding pointing at the user's own text.

use std::ops::Range;

use floe_spec::{Finding, ParseOptions, ValidSpec};
use floe_sql::{InlineSpec, SpecKind, SpecLocation, SpecSource, UsingLiteral};
use floe_template::{Expansion, UsingValue, Variables};

use crate::error::{Diagnostic, EngineError, Failure, Severity};

/// A specification as a statement gave it, proved.
#[derive(Debug)]
pub(crate) struct Specification<'a> {
    /// The text after template expansion.
    pub(crate) text: String,
    pub(crate) spec: ValidSpec,
    pub(crate) warnings: Vec<Diagnostic>,
    places: Places<'a>,
}

impl Specification<'_> {
    /// An error about a field of the specification, at the field's text.
    pub(crate) fn at_field(&self, path: &str, diagnostic: Diagnostic) -> Diagnostic {
        match self.spec.span_of(path) {
            Some(span) => self.places.place(span.start..span.end, diagnostic),
            None => diagnostic,
        }
    }
}

/// Expands and parses the specification of a statement.
///
/// # Errors
///
/// Every error of the template, or of the specification, at once.
pub(crate) fn read(source: &SpecSource) -> Result<Specification<'_>, Failure> {
    let inline = match &source.location {
        SpecLocation::Inline(inline) => inline,
        SpecLocation::File { stage, path } => {
            let place = stage.as_ref().map_or(&path.value, |stage| &stage.value);
            let error = EngineError::Stage {
                stage: place.clone(),
            };
            let hint = "put the specification into the statement: FROM SPECIFICATION $$ … $$";
            return Err(Diagnostic::from(&error)
                .at(source.span.clone())
                .hint(hint)
                .into());
        }
    };
    let (text, places, mut warnings) = match source.kind {
        SpecKind::Specification => (
            inline.text.value.clone(),
            Places {
                inline,
                noun: "specification",
                expansion: None,
            },
            Vec::new(),
        ),
        SpecKind::Template => expand(inline, source)?,
    };
    let parsed = floe_spec::parse(&text, &ParseOptions::default());
    let (errors, others): (Vec<_>, Vec<_>) = parsed
        .findings
        .iter()
        .map(|finding| places.finding(finding))
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    warnings.extend(others);
    match parsed.spec {
        Some(spec) if errors.is_empty() => Ok(Specification {
            text,
            spec,
            warnings,
            places,
        }),
        _ => Err(Failure {
            diagnostics: errors,
        }),
    }
}

type Expanded<'a> = (String, Places<'a>, Vec<Diagnostic>);

fn expand<'a>(inline: &'a InlineSpec, source: &SpecSource) -> Result<Expanded<'a>, Failure> {
    let mut variables = Variables::default();
    for arg in &source.using {
        let value = match &arg.value {
            UsingLiteral::Number(text) => UsingValue::Number(text.clone()),
            UsingLiteral::Bool(value) => UsingValue::Bool(*value),
            UsingLiteral::Text(text) => UsingValue::Text(text.clone()),
        };
        variables.insert(arg.key.value.clone(), value);
    }
    let expansion = floe_template::expand(&inline.text.value, &variables).map_err(|errors| {
        let places = Places {
            inline,
            noun: "template",
            expansion: None,
        };
        let diagnostics = errors
            .iter()
            .map(|error| {
                let mut diagnostic = Diagnostic::error(error.code(), error.to_string());
                diagnostic.hint = error.hint();
                places.place(error.span(), diagnostic)
            })
            .collect();
        Failure { diagnostics }
    })?;
    let text = expansion.text.clone();
    let warnings = unused(&expansion, source);
    Ok((
        text,
        Places {
            inline,
            noun: "template",
            expansion: Some(expansion),
        },
        warnings,
    ))
}

fn unused(expansion: &Expansion, source: &SpecSource) -> Vec<Diagnostic> {
    let place = |name: &str| {
        source
            .using
            .iter()
            .find(|arg| arg.key.value == name)
            .map(|arg| arg.key.span.clone())
    };
    expansion
        .unused
        .iter()
        .map(|name| Diagnostic {
            code: "FLOE-ENGINE-0020".to_owned(),
            severity: Severity::Warning,
            message: format!("the template has no variable '{name}', so its value is not used"),
            span: place(name),
            notes: Vec::new(),
            hint: Some("variable names are case-sensitive".to_owned()),
        })
        .collect()
}

/// Finds bytes of the expanded text again in the template and in the script.
#[derive(Debug)]
struct Places<'a> {
    inline: &'a InlineSpec,
    /// What the user calls the text: `template` or `specification`.
    noun: &'static str,
    expansion: Option<Expansion>,
}

impl Places<'_> {
    fn finding(&self, finding: &Finding) -> Diagnostic {
        let severity = match finding.severity {
            floe_spec::Severity::Error => Severity::Error,
            floe_spec::Severity::Warning => Severity::Warning,
        };
        let message = if finding.path.is_empty() {
            finding.message.clone()
        } else {
            format!("{}: {}", finding.path, finding.message)
        };
        let diagnostic = Diagnostic {
            severity,
            hint: finding.hint.clone(),
            ..Diagnostic::error(finding.code.to_string(), message)
        };
        match &finding.span {
            Some(span) => self.place(span.start..span.end, diagnostic),
            None => diagnostic.at(self.inline.text.span.clone()),
        }
    }

    /// Adds the place of `range` (bytes of the text that was parsed).
    fn place(&self, range: Range<usize>, mut diagnostic: Diagnostic) -> Diagnostic {
        let (in_template, variable) = match &self.expansion {
            Some(expansion) => {
                let origin = expansion.origin(range);
                (origin.span, origin.variable)
            }
            None => (range, None),
        };
        let (line, column) = floe_sql::line_column(&self.inline.text.value, in_template.start);
        diagnostic
            .notes
            .push(format!("line {line}, column {column} of the {}", self.noun));
        if let Some(variable) = variable {
            diagnostic
                .notes
                .push(format!("in the value of the variable '{variable}'"));
        }
        diagnostic.at(self.inline.origin(in_template))
    }
}
