//! The inside of a placeholder, cut into words, numbers, texts and marks.

use std::ops::Range;

use crate::TemplateError;
use crate::limits::MAX_PLACEHOLDER_BYTES;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Word(String),
    /// A number as written.
    Number(String),
    /// A text as written, with its quotes.
    Text(String),
    /// One of the marks that an expression may hold, in Jinja if not here.
    Mark(&'static str),
    /// Any other character.
    Other,
}

const MARKS: [&str; 20] = [
    "|", "(", ")", ",", "=", "[", "]", "{", "}", ":", "-", "+", ".", "~", "*", "/", "%", "<", ">",
    "!",
];

impl Token {
    /// Whether this is the mark.
    pub(super) fn is(&self, mark: &str) -> bool {
        matches!(self.kind, Kind::Mark(found) if found == mark)
    }

    /// The name, when this can be a variable: a word that is neither a value nor an operator.
    pub(super) fn variable(&self) -> Option<String> {
        let reserved = ["true", "True", "false", "False", "none", "None", "not"];
        match &self.kind {
            Kind::Word(word) if !reserved.contains(&word.as_str()) => Some(word.clone()),
            _ => None,
        }
    }

    /// The character of an operator.
    pub(super) fn operator(&self) -> Option<&'static str> {
        let operators = ["+", "-", "~", "*", "/", "%", "<", ">", "=", "!"];
        match self.kind {
            Kind::Mark(mark) if operators.contains(&mark) => Some(mark),
            _ => None,
        }
    }
}

/// A placeholder that has no end.
#[derive(Debug)]
pub(super) struct Open {
    /// What could be read of it.
    pub(super) tokens: Vec<Token>,
    pub(super) error: TemplateError,
    /// Where to go on.
    pub(super) end: usize,
}

/// The tokens up to `}}`, and the byte behind it.
pub(super) fn read(template: &str, start: usize) -> Result<(Vec<Token>, usize), Open> {
    let mut tokens = Vec::new();
    let mut at = start;
    // Braces of a map inside the expression; only outside of them `}}` closes the placeholder.
    let mut braces = 0_usize;
    loop {
        let rest = template.get(at..).unwrap_or("");
        let Some(c) = rest
            .chars()
            .next()
            .filter(|_| at - start < MAX_PLACEHOLDER_BYTES)
        else {
            break;
        };
        if braces == 0 && rest.starts_with("}}") {
            return Ok((tokens, at + 2));
        }
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let Some((kind, length)) = token(rest, c) else {
            // A quote that is not closed: the placeholder ends where it seems to.
            return Err(not_closed(
                template,
                tokens,
                "a text in the placeholder",
                at..at,
            ));
        };
        match kind {
            Kind::Mark("{") => braces += 1,
            Kind::Mark("}") => braces = braces.saturating_sub(1),
            _ => {}
        }
        tokens.push(Token {
            kind,
            span: at..at + length,
        });
        at += length;
    }
    let opening = start - 2..start;
    Err(not_closed(template, tokens, "the placeholder", opening))
}

/// What is not closed, from its first byte to where it seems to end.
fn not_closed(
    template: &str,
    tokens: Vec<Token>,
    what: &'static str,
    opening: Range<usize>,
) -> Open {
    let end = seeming_end(template, opening.end);
    let span = opening.start..end;
    Open {
        tokens,
        error: TemplateError::NotClosed { what, span },
        end,
    }
}

/// One token and its bytes; none for a text that is not closed.
fn token(rest: &str, first: char) -> Option<(Kind, usize)> {
    let run = |keep: fn(char) -> bool| rest.find(|c| !keep(c)).unwrap_or(rest.len());
    let part = |length: usize| rest.get(..length).unwrap_or("").to_owned();
    if first == '"' || first == '\'' {
        let length = text_length(rest, first)?;
        return Some((Kind::Text(part(length)), length));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = run(|c| c.is_ascii_alphanumeric() || c == '_');
        return Some((Kind::Word(part(length)), length));
    }
    if first.is_ascii_digit() {
        let length = number_length(rest);
        return Some((Kind::Number(part(length)), length));
    }
    let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
    Some(match mark {
        Some(mark) => (Kind::Mark(mark), mark.len()),
        None => (Kind::Other, first.len_utf8()),
    })
}

fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    rest.char_indices().skip(1).find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at + 1)
    })
}

/// Digits, letters and `_` in one, a fraction, and a signed exponent.
fn number_length(rest: &str) -> usize {
    let mut before = ' ';
    let goes_on = |c: char| {
        let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        let keep = c.is_ascii_alphanumeric() || matches!(c, '.' | '_') || sign;
        before = c;
        !keep
    };
    rest.find(goes_on).unwrap_or(rest.len())
}

/// Behind the next `}}` of the same line, or the end of that line.
pub(super) fn seeming_end(template: &str, from: usize) -> usize {
    let rest = template.get(from..).unwrap_or("");
    let line = rest
        .get(..rest.find('\n').unwrap_or(rest.len()))
        .unwrap_or("");
    from + line.find("}}").map_or(line.len(), |at| at + 2)
}
