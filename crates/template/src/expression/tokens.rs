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
    /// One of the marks that an expression may hold.
    Mark(&'static str),
    /// Any other character.
    Other,
}

const MARKS: [&str; 13] = [
    "|", "(", ")", ",", "=", "[", "]", "{", "}", ":", "-", "+", ".",
];

/// The tokens up to `}}`, and the byte behind it. On an error, where to go on.
pub(super) fn read(
    template: &str,
    start: usize,
) -> Result<(Vec<Token>, usize), (TemplateError, usize)> {
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
            let end = seeming_end(template, at);
            let what = "a text in the placeholder";
            return Err((
                TemplateError::NotClosed {
                    what,
                    span: at..end,
                },
                end,
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
    let end = seeming_end(template, start);
    Err((
        TemplateError::NotClosed {
            what: "the placeholder",
            span: start - 2..end,
        },
        end,
    ))
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
fn seeming_end(template: &str, from: usize) -> usize {
    let rest = template.get(from..).unwrap_or("");
    let line = rest
        .get(..rest.find('\n').unwrap_or(rest.len()))
        .unwrap_or("");
    from + line.find("}}").map_or(line.len(), |at| at + 2)
}
