//! Puts a value into its place so that it stays one value.

use std::ops::Range;

use crate::context::{Place, Plain};
use crate::json;
use crate::value::Content;

/// What stands around a placeholder.
pub(crate) struct Around {
    /// The character before it; a line break at the start of the text.
    before: char,
    /// The two characters behind it; line breaks at the end of the line.
    behind: [char; 2],
}

impl Around {
    /// Reads the surroundings. Another placeholder counts as a blank, the most sensitive
    /// neighbour, because its own text is not known here.
    pub(crate) fn new(template: &str, holes: &[Range<usize>], at: usize) -> Self {
        let hole = holes.get(at).cloned().unwrap_or(0..0);
        let other_before = at.checked_sub(1).and_then(|at| holes.get(at));
        let before = match other_before {
            Some(other) if other.end == hole.start => ' ',
            _ => {
                let text = template.get(..hole.start).unwrap_or("");
                text.chars().next_back().unwrap_or('\n')
            }
        };
        let behind = match holes.get(at + 1) {
            Some(other) if other.start == hole.end => [' ', ' '],
            _ => {
                let mut rest = template.get(hole.end..).unwrap_or("").chars();
                let first = rest.next().unwrap_or('\n');
                [first, rest.next().unwrap_or('\n')]
            }
        };
        Around { before, behind }
    }
}

/// Appends the content to `out` as its place needs it, or says why it does not fit.
pub(crate) fn insert(
    out: &mut String,
    content: &Content,
    place: Place,
    around: &Around,
) -> Result<(), &'static str> {
    match (content, place) {
        (Content::Verbatim(text), _) => out.push_str(text),
        (_, Place::Double { escaped: true }) => return Err("a backslash stands before it"),
        (Content::Bare(text), Place::Plain(plain)) => {
            if text.is_empty() && !plain.whole {
                fits("", plain, around)?;
            }
            out.push_str(text);
        }
        (Content::Bare(text), _) => out.push_str(text),
        (Content::Text(text), Place::Plain(plain)) => {
            if plain.whole {
                json::quote(out, text);
            } else {
                fits(text, plain, around)?;
                out.push_str(text);
            }
        }
        (Content::Tree(text), Place::Plain(plain)) => {
            if !plain.whole {
                return Err("a list or a map must stand alone, not inside a longer text");
            }
            out.push_str(text);
        }
        (Content::Text(text) | Content::Tree(text), Place::Double { .. }) => {
            json::escape(out, text)
        }
        (Content::Text(text) | Content::Tree(text), Place::Single) => {
            one_line(text)?;
            out.push_str(&text.replace('\'', "''"));
        }
        (Content::Text(text) | Content::Tree(text), Place::Block { first }) => {
            one_line(text)?;
            if first && text.starts_with(' ') {
                return Err("it begins with a blank, which would change the indentation");
            }
            out.push_str(text);
        }
        (Content::Text(text) | Content::Tree(text), Place::Remark) => {
            one_line(text)?;
            out.push_str(text);
        }
    }
    Ok(())
}

fn one_line(text: &str) -> Result<(), &'static str> {
    if text.chars().all(json::is_printable) {
        Ok(())
    } else {
        Err("it holds a line break or another character that cannot be printed")
    }
}

/// Whether a part of a plain text leaves the text one text.
fn fits(text: &str, plain: Plain, around: &Around) -> Result<(), &'static str> {
    one_line(text)?;
    let next = std::iter::once(around.behind[0]);
    let joined: Vec<char> = std::iter::once(around.before)
        .chain(text.chars())
        .chain(next)
        .collect();
    let flow_mark = |c: char| matches!(c, ',' | '[' | ']' | '{' | '}');
    // Readers of YAML 1.1 (libyaml) also end a text at `:?` inside brackets.
    for pair in joined.windows(2) {
        let &[left, right] = pair else { continue };
        if left == ':'
            && (right.is_whitespace() || (plain.flow && (right == '?' || flow_mark(right))))
        {
            return Err("a colon before a blank would make a key of it");
        }
        if left.is_whitespace() && right == '#' {
            return Err("`#` behind a blank would make a remark of it");
        }
    }
    if plain.flow && text.contains(flow_mark) {
        return Err("it holds a mark of lists and maps");
    }
    if plain.ends && text.ends_with(' ') {
        return Err("it ends with a blank, which would be lost");
    }
    if plain.starts {
        begins(text, around)
    } else {
        Ok(())
    }
}

/// Whether a plain text may begin so.
fn begins(text: &str, around: &Around) -> Result<(), &'static str> {
    let mut start = text.chars().chain(around.behind);
    let (first, second) = (start.next(), start.next());
    let marker = |mark: &str| text.starts_with(mark);
    match first {
        // Another placeholder follows an empty value, and is checked as the beginning itself.
        Some(' ') if text.is_empty() => Ok(()),
        None | Some(' ') => Err("it begins with a blank, which would be lost"),
        Some('-' | '?' | ':') if second.is_none_or(char::is_whitespace) => {
            Err("it begins with a mark of YAML")
        }
        Some(
            ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
            | '@' | '`',
        ) => Err("it begins with a mark of YAML"),
        Some(_) if marker("---") || marker("...") => Err("it begins with a mark of YAML"),
        Some(_) => Ok(()),
    }
}
