//! One specification in many styles: block or flow, quotes or none, any order of keys, singular
//! keys, remarks.

use super::{Dice, Tree};

/// The text of a specification in a style that the dice choose.
pub(crate) fn write(tree: &Tree, dice: &mut Dice) -> String {
    let tree = &shuffled(tree, dice, 0);
    let mut out = String::new();
    match dice.below(4) {
        0 => flow(tree, &mut Style { dice, json: true }, &mut out),
        1 => flow(tree, &mut Style { dice, json: false }, &mut out),
        _ => {
            out.push_str(["", "---\n", "# a remark\n"][dice.below(3)]);
            block(tree, &mut Style { dice, json: false }, 0, &mut out);
        }
    }
    out
}

struct Style<'d> {
    dice: &'d mut Dice,
    json: bool,
}

/// The same in another order of keys, with other names of lists and other forms of secrets.
fn shuffled(tree: &Tree, dice: &mut Dice, depth: usize) -> Tree {
    match tree {
        Tree::List(items) => Tree::List(
            items
                .iter()
                .map(|item| shuffled(item, dice, depth + 1))
                .collect(),
        ),
        Tree::Map(fields) => {
            let mut fields: Vec<(&'static str, Tree)> = fields
                .iter()
                .map(|(key, value)| match short(key, value) {
                    Some(name) if dice.coin() => (*key, name),
                    _ => (renamed(key, dice, depth), shuffled(value, dice, depth + 1)),
                })
                .collect();
            for at in (1..fields.len()).rev() {
                fields.swap(at, dice.below(at + 1));
            }
            Tree::Map(fields)
        }
        other => other.clone(),
    }
}

/// The name of a secret that may stand in the place of its map.
fn short(key: &str, value: &Tree) -> Option<Tree> {
    match value {
        Tree::Map(source) if key == "snowflakeSecret" => match &source[..] {
            [("objectName", name)] => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn renamed(key: &'static str, dice: &mut Dice, depth: usize) -> &'static str {
    match key {
        "containers" if depth == 1 && dice.coin() => "container",
        "endpoints" if depth == 1 && dice.coin() => "endpoint",
        "volumes" if depth == 1 && dice.coin() => "volume",
        _ => key,
    }
}

fn block(tree: &Tree, style: &mut Style<'_>, indent: usize, out: &mut String) {
    let blanks = " ".repeat(indent);
    match tree {
        Tree::Map(fields) => {
            for (key, value) in fields {
                line(key, value, style, indent, out);
            }
        }
        Tree::Texts(fields) => {
            for (key, value) in fields {
                line(key, &Tree::Text(value.clone()), style, indent, out);
            }
        }
        Tree::List(items) => {
            for item in items {
                if style.dice.below(8) == 0 {
                    out.push_str("# a remark\n");
                }
                if is_leaf(item) || style.dice.below(3) == 0 {
                    out.push_str(&blanks);
                    out.push_str("- ");
                    flow(item, style, out);
                    out.push('\n');
                    continue;
                }
                // The first key of an item stands behind the dash.
                let mut inner = String::new();
                block(item, style, indent + 2, &mut inner);
                out.push_str(&blanks);
                out.push_str("- ");
                out.push_str(inner.get(indent + 2..).unwrap_or_default());
            }
        }
        leaf => flow(leaf, style, out),
    }
}

fn line(key: &str, value: &Tree, style: &mut Style<'_>, indent: usize, out: &mut String) {
    out.push_str(&" ".repeat(indent));
    scalar(key, style, out);
    out.push(':');
    if is_leaf(value) || style.dice.below(4) == 0 {
        out.push(' ');
        flow(value, style, out);
        out.push_str(["\n", "   # a remark\n"][usize::from(style.dice.below(8) == 0)]);
        return;
    }
    out.push('\n');
    // The dashes of a list may stand below the first letter of its key.
    let deeper = if matches!(value, Tree::List(_)) && style.dice.coin() {
        0
    } else {
        2
    };
    block(value, style, indent + deeper, out);
}

fn is_leaf(tree: &Tree) -> bool {
    match tree {
        Tree::List(items) => items.is_empty(),
        Tree::Map(fields) => fields.is_empty(),
        Tree::Texts(fields) => fields.is_empty(),
        _ => true,
    }
}

fn flow(tree: &Tree, style: &mut Style<'_>, out: &mut String) {
    match tree {
        Tree::Text(text) => scalar(text, style, out),
        Tree::Quoted(text) if style.json || style.dice.coin() => double(text, out),
        Tree::Quoted(text) => out.push_str(&format!("'{text}'")),
        Tree::Number(text) => out.push_str(text),
        Tree::Boolean(value) => out.push_str(&value.to_string()),
        Tree::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                flow(item, style, out);
            }
            out.push(']');
        }
        Tree::Map(fields) => {
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                scalar(key, style, out);
                out.push_str(": ");
                flow(value, style, out);
            }
            out.push('}');
        }
        Tree::Texts(fields) => {
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                scalar(key, style, out);
                out.push_str(": ");
                scalar(value, style, out);
            }
            out.push('}');
        }
    }
}

fn scalar(text: &str, style: &mut Style<'_>, out: &mut String) {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && text.chars().all(safe)
        && text != "null";
    let printable = text
        .chars()
        .all(|c| c == ' ' || c.is_ascii_graphic() || c.is_alphabetic());
    match style.dice.below(3) {
        _ if style.json => double(text, out),
        0 if printable => out.push_str(&format!("'{}'", text.replace('\'', "''"))),
        1 if plain => out.push_str(text),
        _ => double(text, out),
    }
}

/// In double quotes, as JSON has it.
fn double(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}
