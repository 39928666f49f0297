//! Finds `{{ … }}` in a template, and what must not be there.

use std::ops::Range;

use crate::TemplateError;
use crate::expression::{self, Expression};
use crate::limits::{MAX_ERRORS, MAX_PLACEHOLDERS, MAX_TEMPLATE_BYTES};

/// One `{{ … }}`.
#[derive(Debug)]
pub(crate) struct Placeholder {
    /// From the opening to the closing braces.
    pub(crate) span: Range<usize>,
    /// What is in it; none when that could not be read and was reported.
    pub(crate) expression: Option<Expression>,
}

/// All placeholders in order, with the bounds on templates kept.
///
/// What is wrong goes to `errors`; a template that is too long is not read at all.
pub(crate) fn bounded(template: &str, errors: &mut Vec<TemplateError>) -> Vec<Placeholder> {
    if template.len() > MAX_TEMPLATE_BYTES {
        errors.push(TemplateError::TemplateTooLarge {
            bytes: template.len(),
            limit: MAX_TEMPLATE_BYTES,
            span: 0..template.len(),
        });
        return Vec::new();
    }
    placeholders(template, errors)
}

fn placeholders(template: &str, errors: &mut Vec<TemplateError>) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_opening(template, at) {
        if errors.len() >= MAX_ERRORS {
            break;
        }
        if found.len() >= MAX_PLACEHOLDERS {
            let rest = template.get(start..).unwrap_or("");
            let end = start + rest.find('\n').unwrap_or(rest.len());
            errors.push(TemplateError::ExpansionTooLarge {
                limit: MAX_PLACEHOLDERS,
                unit: "placeholders",
                span: start..end,
            });
            break;
        }
        let opening = template.get(start..start + 2).unwrap_or("");
        at = match opening {
            "{%" => {
                let span = start..closed(template, start, "%}");
                errors.push(TemplateError::Statement { span: span.clone() });
                span.end
            }
            "{#" => {
                let span = start..closed(template, start, "#}");
                errors.push(TemplateError::Remark { span: span.clone() });
                span.end
            }
            _ => {
                let (end, expression) = expression::read(template, start, errors);
                found.push(Placeholder {
                    span: start..end,
                    expression,
                });
                end
            }
        };
    }
    found
}

/// The next `{{`, `{%` or `{#`.
fn next_opening(template: &str, from: usize) -> Option<usize> {
    let bytes = template.as_bytes().get(from..)?;
    let opens = |pair: &[u8]| matches!(pair, b"{{" | b"{%" | b"{#");
    bytes.windows(2).position(opens).map(|at| from + at)
}

/// Behind the closing mark; the end of the line when there is none.
fn closed(template: &str, start: usize, mark: &str) -> usize {
    let rest = template.get(start..).unwrap_or("");
    match rest.find(mark) {
        Some(at) => start + at + mark.len(),
        None => start + rest.find('\n').unwrap_or(rest.len()),
    }
}
