//! Literals of the template: texts, numbers, booleans, and lists and maps of them.

use minijinja::Environment;
use minijinja::value::{Value, ValueKind};

use super::tokens::{Kind, Token};
use crate::json;
use crate::value::{Checked, Content, bare};

/// Lists and maps in each other.
const MAX_DEPTH: usize = 16;

/// Reads one literal and moves behind it; none when there is none.
pub(super) fn read(tokens: &[Token], at: &mut usize) -> Option<Checked> {
    let engine = Environment::empty();
    if let Some(Token {
        kind: Kind::Mark("[" | "{"),
        ..
    }) = tokens.get(*at)
    {
        let mut text = String::new();
        tree(&engine, tokens, at, &mut text, 0)?;
        let truthy = text != "[]" && text != "{}";
        return Some(Checked {
            content: Content::Tree(text),
            truthy,
        });
    }
    let value = scalar(&engine, tokens, at)?;
    let truthy = value.is_true();
    match value.as_str() {
        // The author of the template wrote it, so it goes in as Jinja would put it in.
        Some(text) => Some(Checked {
            content: Content::Verbatim(text.to_owned()),
            truthy,
        }),
        None => Some(Checked {
            truthy,
            ..bare(&plain(&value))
        }),
    }
}

/// A list or map as JSON, in the order of the template.
fn tree(
    engine: &Environment<'_>,
    tokens: &[Token],
    at: &mut usize,
    out: &mut String,
    depth: usize,
) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (close, map) = match tokens.get(*at)?.kind {
        Kind::Mark("[") => ("]", false),
        Kind::Mark("{") => ("}", true),
        _ => {
            let value = scalar(engine, tokens, at)?;
            match value.as_str() {
                Some(text) => json::quote(out, text),
                None => out.push_str(&plain(&value)),
            }
            return Some(());
        }
    };
    *at += 1;
    out.push(if map { '{' } else { '[' });
    let mut first = true;
    while !takes(tokens, at, close) {
        if !first {
            out.push(',');
        }
        first = false;
        if map {
            let key = scalar(engine, tokens, at)?;
            json::quote(out, key.as_str()?);
            takes(tokens, at, ":").then(|| out.push(':'))?;
        }
        tree(engine, tokens, at, out, depth + 1)?;
        let goes_on = takes(tokens, at, ",");
        let closes = matches!(tokens.get(*at)?.kind, Kind::Mark(mark) if mark == close);
        if !goes_on && !closes {
            return None;
        }
    }
    out.push(if map { '}' } else { ']' });
    Some(())
}

/// A text, number or boolean, valued by the expression engine.
fn scalar(engine: &Environment<'_>, tokens: &[Token], at: &mut usize) -> Option<Value> {
    let negative = takes(tokens, at, "-");
    let source = match &tokens.get(*at)?.kind {
        Kind::Number(number) if negative => format!("-{number}"),
        Kind::Number(source) | Kind::Text(source) if !negative => source.clone(),
        Kind::Word(word) if !negative && matches!(word.as_str(), "true" | "True") => "true".into(),
        Kind::Word(word) if !negative && matches!(word.as_str(), "false" | "False") => {
            "false".into()
        }
        _ => return None,
    };
    *at += 1;
    let value = engine.compile_expression(&source).ok()?.eval(()).ok()?;
    let known = matches!(
        value.kind(),
        ValueKind::String | ValueKind::Number | ValueKind::Bool
    );
    known.then_some(value)
}

/// A number or boolean as YAML writes it.
fn plain(value: &Value) -> String {
    match value.kind() {
        ValueKind::Bool => if value.is_true() { "true" } else { "false" }.to_owned(),
        _ => value.to_string(),
    }
}

fn takes(tokens: &[Token], at: &mut usize, mark: &str) -> bool {
    let found = matches!(tokens.get(*at), Some(Token { kind: Kind::Mark(m), .. }) if *m == mark);
    *at += usize::from(found);
    found
}
