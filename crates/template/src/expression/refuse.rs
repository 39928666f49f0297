//! Names what Jinja knows and specification templates do not, so that nobody has to guess.

use std::ops::Range;

use super::tokens::{Kind, Token};
use crate::TemplateError;

/// What to write for `default`.
pub(super) const BOTH_FORMS: &str = "write `default('…')` or `default('…', true)`";

/// A part of an expression that templates do not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    Attribute,
    Subscript,
    Call,
    Parentheses,
    WhiteSpace,
    Condition,
    Test,
    /// The operator, and whether it stands between two words without blanks.
    Operator(String, bool),
    Inner,
    Lone,
    NestedFilter,
    NoVariable,
    NoFilter,
    Many,
    Other,
}

impl Cause {
    /// The error at this place.
    pub(super) fn at(self, span: Range<usize>) -> TemplateError {
        TemplateError::Unsupported {
            what: self.message(),
            hint: self.hint(),
            span,
        }
    }

    fn message(&self) -> String {
        let thing = match self {
            Cause::Attribute => "attribute access is",
            Cause::Subscript => "subscripts are",
            Cause::Call => "calls are",
            Cause::Parentheses => "parentheses around an expression are",
            Cause::WhiteSpace => "white-space control (`{{-`, `-}}`) is",
            Cause::Condition => "conditions (`… if … else …`) are",
            Cause::Test => "tests (`… is …`) are",
            Cause::Operator(operator, _) => {
                return format!(
                    "operators (here `{operator}`) are not part of specification templates"
                );
            }
            Cause::Inner => "placeholders inside placeholders are",
            Cause::Lone => "values without a variable are",
            Cause::NestedFilter => "filters inside of arguments are",
            Cause::NoVariable => return "a variable is missing between the braces".to_owned(),
            Cause::NoFilter => return "the name of a filter is missing behind `|`".to_owned(),
            Cause::Many => return "only filters may follow a variable".to_owned(),
            Cause::Other => return "this is not part of the name of a variable".to_owned(),
        };
        format!("{thing} not part of specification templates")
    }

    fn hint(&self) -> &'static str {
        match self {
            Cause::Attribute | Cause::Subscript => {
                "give each part a variable of its own, and its value in USING"
            }
            Cause::WhiteSpace => "write `{{ variable }}`; all white space stays as it is",
            Cause::Inner => "write `{{ variable }}`; braces are doubled in Python's f-strings only",
            Cause::Lone => "write the value itself, without the braces",
            Cause::Operator(_, true) | Cause::Other => {
                "the name of a variable has letters, digits and `_` only"
            }
            Cause::Call
            | Cause::Parentheses
            | Cause::Condition
            | Cause::Test
            | Cause::Operator(..)
            | Cause::NestedFilter
            | Cause::NoVariable
            | Cause::NoFilter
            | Cause::Many => "write `{{ variable }}` or `{{ variable | default('…') }}`",
        }
    }
}

/// `default` without a value.
pub(super) fn no_value(span: Range<usize>) -> TemplateError {
    TemplateError::Arguments {
        problem: "the value is missing",
        hint: "write `default('')` for an empty text",
        span,
    }
}

/// `{{-`, `{{+` or `-}}`, whose sign touches the braces.
pub(super) fn white_space_control(
    tokens: &[Token],
    inside: &Range<usize>,
) -> Option<TemplateError> {
    let first = tokens.first()?;
    if (first.is("-") || first.is("+")) && first.span.start == inside.start {
        return Some(Cause::WhiteSpace.at(inside.start - 2..first.span.end));
    }
    let last = tokens.last()?;
    (last.is("-") && last.span.end == inside.end)
        .then(|| Cause::WhiteSpace.at(last.span.start..inside.end + 2))
}

/// Whether a word is called: `f(`.
pub(super) fn calls(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|token| token.is("("))
}

/// Why a placeholder cannot begin with this token.
pub(super) fn beginning(tokens: &[Token], at: usize) -> TemplateError {
    if let Some(error) = operand(tokens, at) {
        return error;
    }
    let span = group(tokens, at).unwrap_or(0..0);
    match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Text(_) | Kind::Number(_) | Kind::Word(_) | Kind::Mark("[" | "{")) => {
            Cause::Lone.at(span)
        }
        _ => Cause::Other.at(span),
    }
}

/// What stands where a variable or a value is wanted, when that has a name.
pub(super) fn operand(tokens: &[Token], at: usize) -> Option<TemplateError> {
    let token = tokens.get(at)?;
    let span = group(tokens, at)?;
    let cause = match &token.kind {
        Kind::Word(word) if word == "not" => Cause::Operator(word.clone(), false),
        Kind::Word(_) if calls(tokens, at) => {
            let end = group(tokens, at + 1).map_or(span.end, |group| group.end);
            return Some(Cause::Call.at(span.start..end));
        }
        Kind::Mark("(") => Cause::Parentheses,
        Kind::Mark("{") if tokens.get(at + 1).is_some_and(|next| next.is("{")) => Cause::Inner,
        _ => return operator(tokens, at),
    };
    Some(cause.at(span))
}

/// What follows a variable or its filters and may not; none at the end.
pub(super) fn unexpected(tokens: &[Token], at: usize) -> Option<TemplateError> {
    let token = tokens.get(at)?;
    let other = || match token.kind {
        Kind::Other => Cause::Other.at(token.span.clone()),
        _ => Cause::Many.at(token.span.clone()),
    };
    Some(unsupported(tokens, at).unwrap_or_else(other))
}

/// What follows a value, when it is something that Jinja has a name for.
pub(super) fn unsupported(tokens: &[Token], at: usize) -> Option<TemplateError> {
    let token = tokens.get(at)?;
    let start = token.span.start;
    let error = match &token.kind {
        Kind::Mark(".") => {
            let part = tokens
                .get(at + 1)
                .filter(|next| next.span.start == token.span.end);
            Cause::Attribute.at(start..part.map_or(token.span.end, |part| part.span.end))
        }
        Kind::Mark("[") => Cause::Subscript.at(group(tokens, at)?),
        Kind::Mark("(") => Cause::Call.at(group(tokens, at)?),
        Kind::Mark("|") => Cause::NestedFilter.at(item(tokens, at)?),
        Kind::Word(word) => match word.as_str() {
            "if" => Cause::Condition.at(item(tokens, at)?),
            "is" => Cause::Test.at(item(tokens, at)?),
            "and" | "or" | "not" | "in" => {
                Cause::Operator(word.clone(), false).at(token.span.clone())
            }
            _ => return None,
        },
        _ => return operator(tokens, at),
    };
    Some(error)
}

/// An operator of one or two characters.
fn operator(tokens: &[Token], at: usize) -> Option<TemplateError> {
    let token = tokens.get(at)?;
    let mut text = token.operator()?.to_owned();
    let mut span = token.span.clone();
    let next = tokens
        .get(at + 1)
        .filter(|next| next.span.start == span.end);
    let twin = |mark: &&str| matches!((text.as_str(), *mark), ("*", "*") | ("/", "/") | (_, "="));
    if let Some(second) = next.and_then(Token::operator).filter(twin) {
        text.push_str(second);
        span.end += second.len();
    }
    let touches = |token: Option<&Token>, left: bool| {
        token.is_some_and(|token| {
            let edge = if left {
                token.span.end == span.start
            } else {
                token.span.start == span.end
            };
            edge && matches!(token.kind, Kind::Word(_))
        })
    };
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    let dashed = text == "-" && touches(before, true) && touches(tokens.get(at + 1), false);
    Some(Cause::Operator(text, dashed).at(span))
}

/// The bytes of a token, and of all up to its closing bracket when it opens one.
fn group(tokens: &[Token], at: usize) -> Option<Range<usize>> {
    let first = tokens.get(at)?;
    let mut end = first.span.end;
    let mut depth = 0_usize;
    for token in tokens.get(at..)? {
        match token.kind {
            Kind::Mark("(" | "[" | "{") => depth += 1,
            Kind::Mark(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        end = token.span.end;
        if depth == 0 {
            break;
        }
    }
    Some(first.span.start..end)
}

/// The bytes from a token to the end of the argument that it belongs to.
pub(super) fn item(tokens: &[Token], at: usize) -> Option<Range<usize>> {
    let first = tokens.get(at)?;
    let mut end = first.span.end;
    let mut depth = 0_usize;
    for (index, token) in tokens.get(at..)?.iter().enumerate() {
        match token.kind {
            Kind::Mark("(" | "[" | "{") => depth += 1,
            Kind::Mark(")" | "]" | "}" | ",") if depth == 0 && index > 0 => break,
            Kind::Mark(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        end = token.span.end;
    }
    Some(first.span.start..end)
}
