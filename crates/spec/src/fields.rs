//! Every field of the format as data, for pages and tools.

use crate::keys::{Key, Kind, Map, Shape, TOP};

/// One field of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Path from the top, with `[]` behind lists: `spec.containers[].image`.
    pub path: String,
    /// The singular form of the key, where there is one.
    pub alias: Option<&'static str>,
    /// What a value looks like, in words.
    pub shape: String,
    /// Whether it must be given where its map is.
    pub required: bool,
    /// What holds when it is not written; empty when there is nothing to say.
    pub default: &'static str,
    /// What a value must fulfil beyond its shape; may be empty.
    pub rule: &'static str,
    /// Whether the key is read at all; only the system writes the others.
    pub read: bool,
}

/// All fields of the format, each behind the one that holds it.
///
/// ```
/// let fields = floe_spec::fields();
/// let image = fields.iter().find(|field| field.path == "spec.containers[].image").unwrap();
/// assert!(image.required && image.default.is_empty());
/// let period = fields
///     .iter()
///     .find(|field| field.path == "spec.containers[].readinessProbe.periodSeconds")
///     .unwrap();
/// assert_eq!((period.default, period.shape.as_str()), ("5", "whole number, 1 and more"));
/// ```
#[must_use]
pub fn fields() -> Vec<Field> {
    let mut fields = Vec::new();
    collect("", &TOP, &mut fields);
    fields
}

// As deep as the tables of keys, which hold no circle.
fn collect(path: &str, map: &'static Map, fields: &mut Vec<Field>) {
    for key in map.keys {
        let point = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{point}{}", key.name);
        fields.push(Field {
            path: path.clone(),
            alias: key.alias,
            shape: words(key),
            required: key.required,
            default: key.default,
            rule: key.rule,
            read: key.kind != Kind::OutputOnly,
        });
        let list = matches!(key.shape, Shape::List(..));
        if let Some(below) = key.map() {
            collect(
                &format!("{path}{}", if list { "[]" } else { "" }),
                below,
                fields,
            );
        }
    }
}

fn words(key: &Key) -> String {
    let quoted = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        words.join(", ")
    };
    match key.shape {
        Shape::Text => "text".to_owned(),
        Shape::Pattern(pattern) => format!("text, `{pattern}`"),
        Shape::Words(words) => quoted(words),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Whole(from, u32::MAX) => format!("whole number, {from} and more"),
        Shape::Whole(from, to) => format!("whole number, {from} to {to}"),
        Shape::Number => "number".to_owned(),
        Shape::Cpu => "processors: `2`, `0.5`, `500m`".to_owned(),
        Shape::Memory => "memory: a number with `M`, `Mi`, `G` or `Gi`".to_owned(),
        Shape::Texts => "list of texts".to_owned(),
        Shape::WordList(words) => format!("list of {}", quoted(words)),
        Shape::TextMap => "map of texts".to_owned(),
        Shape::Map(_) => "map".to_owned(),
        Shape::List(_, most) => format!("list of maps, at most {most}"),
        Shape::TextOr(_) => "text or map".to_owned(),
    }
}
