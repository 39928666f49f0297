//! Finds `{{ … }}` in a template, and what must not be there.

use std::ops::Range;

use crate::TemplateError;
use crate::expression::{self, Expression};
use crate::limits::MAX_ERRORS;

/// One `{{ … }}`.
#[derive(Debug)]
pub(crate) struct Placeholder {
    /// From the opening to the closing braces.
    pub(crate) span: Range<usize>,
    /// What is in it; none when that could not be read and was reported.
    pub(crate) expression: Option<Expression>,
}

/// All placeholders in order; what is wrong with them goes to `errors`.
pub(crate) fn placeholders(template: &str, errors: &mut Vec<TemplateError>) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = next_opening(template, at) {
        if errors.len() >= MAX_ERRORS {
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
