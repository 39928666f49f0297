//! The format as a JSON Schema, for editors.

use serde_json::{Map as Object, Value, json};

use crate::keys::{self, Key, Map, Shape, TOP};

/// The schema's own name; it needs no server to be looked up at.
const ID: &str = "urn:floe:service-spec";

/// The JSON Schema (draft 2020-12) of specifications, pretty printed.
///
/// It takes every text that [`crate::parse`] takes, and refuses what can be told from one field
/// and its neighbours: unknown keys, missing fields, shapes, patterns, ranges, lengths of lists,
/// one of two fields. What needs more is left to `parse`: names that must be unique or must exist
/// elsewhere, quantities that are compared, sums over containers, duplicate keys, reserved
/// directories, and the rules between protocol, publicity and ports.
///
/// ```
/// let schema: serde_json::Value = serde_json::from_str(&floe_spec::json_schema()).unwrap();
/// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
/// assert_eq!(schema["required"], serde_json::json!(["spec"]));
/// let container = &schema["properties"]["spec"]["properties"]["containers"]["items"];
/// let image = &container["properties"]["image"]["description"];
/// assert!(image.as_str().unwrap().contains("repository"));
/// ```
#[must_use]
pub fn json_schema() -> String {
    let mut schema = map(&TOP, "#");
    if let Value::Object(object) = &mut schema {
        object.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        object.insert("$id".to_owned(), json!(ID));
        object.insert("title".to_owned(), json!("Service specification"));
        let about = "Specification of a container service, as Snowpark Container Services takes it";
        object.insert("description".to_owned(), json!(about));
    }
    format!("{schema:#}\n")
}

/// The schema of a map that stands at `place`, a JSON pointer.
fn map(map: &'static Map, place: &str) -> Value {
    let mut properties = Object::new();
    for key in map.keys {
        let place = format!("{place}/properties/{}", key.name);
        if let Some(alias) = key.alias {
            properties.insert(alias.to_owned(), json!({"$ref": place}));
        }
        properties.insert(key.name.to_owned(), field(key, &place));
    }
    let mut all: Vec<Value> = Vec::new();
    let mut required = Vec::new();
    for key in map.keys {
        match key.alias {
            None if key.required => required.push(json!(key.name)),
            None => {}
            Some(alias) => {
                all.push(json!({"not": {"required": [key.name, alias]}}));
                if key.required {
                    all.push(json!({"anyOf": [{"required": [key.name]}, {"required": [alias]}]}));
                }
            }
        }
    }
    all.extend(exactly_one(map));
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let Value::Object(object) = &mut schema {
        if !required.is_empty() {
            object.insert("required".to_owned(), Value::Array(required));
        }
        if !all.is_empty() {
            object.insert("allOf".to_owned(), Value::Array(all));
        }
    }
    schema
}

/// Maps that need exactly one of two fields.
fn exactly_one(map: &'static Map) -> Option<Value> {
    let pairs: [(&'static Map, &str, &str); 3] = [
        (&keys::ENDPOINT, "port", "portRange"),
        (&keys::METRIC, "targetScaling", "stepScaling"),
        (&keys::SECRET_NAME, "objectName", "objectReference"),
    ];
    let (_, one, other) = pairs
        .into_iter()
        .find(|(known, _, _)| std::ptr::eq(*known, map))?;
    // A key with nothing behind it counts as not written.
    let written =
        |name: &str| json!({"required": [name], "properties": {name: {"not": {"type": "null"}}}});
    Some(json!({"oneOf": [written(one), written(other)]}))
}

fn field(key: &Key, place: &str) -> Value {
    let mut schema = shape(key, place);
    if !key.required {
        schema = or_null(schema);
    }
    let Value::Object(object) = &mut schema else {
        return schema;
    };
    let about = match (key.rule, key.default) {
        ("", "") => return schema,
        (rule, "") => rule.to_owned(),
        ("", default) => format!("Default: {default}"),
        (rule, default) => format!("{rule}. Default: {default}"),
    };
    object.insert("description".to_owned(), Value::String(about));
    schema
}

fn or_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        kinds.push(json!({"type": "null"}));
        return schema;
    }
    match schema.get_mut("type") {
        Some(Value::Array(kinds)) => kinds.push(json!("null")),
        Some(kind) => *kind = json!([kind.clone(), "null"]),
        None => {}
    }
    schema
}

fn shape(key: &Key, place: &str) -> Value {
    match key.shape {
        Shape::Text => scalar(),
        Shape::Pattern(pattern) => {
            json!({"type": ["string", "number", "boolean"], "pattern": pattern})
        }
        Shape::Words(words) => word(words),
        Shape::Boolean => json!({"anyOf": [
            {"type": "boolean"},
            {"type": "string", "pattern": any_case("true", "false")},
        ]}),
        Shape::Whole(from, to) => json!({"anyOf": [
            {"type": "integer", "minimum": from, "maximum": to},
            {"type": "string", "pattern": "^[0-9]+$"},
        ]}),
        Shape::Number => json!({"anyOf": [
            {"type": "number"},
            {"type": "string", "pattern": r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"},
        ]}),
        Shape::Cpu => json!({"anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?m?$"},
        ]}),
        Shape::Memory => json!({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(M|Mi|G|Gi)$"}),
        Shape::Texts => json!({"type": "array", "items": scalar()}),
        Shape::WordList(words) => json!({"type": "array", "items": word(words)}),
        Shape::TextMap => json!({"anyOf": [
            {"type": "object", "additionalProperties": or_null(scalar())},
            {"type": "array", "maxItems": 0},
        ]}),
        Shape::Map(below) => map(below, place),
        Shape::List(below, most) => {
            let least = u32::from(key.required);
            let items = map(below, &format!("{place}/items"));
            json!({"type": "array", "items": items, "minItems": least, "maxItems": most})
        }
        Shape::TextOr(below) => {
            json!({"anyOf": [scalar(), map(below, &format!("{place}/anyOf/1"))]})
        }
    }
}

fn scalar() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// The words as editors offer them; other letter case is understood, too.
fn word(words: &[&str]) -> Value {
    let pattern: Vec<String> = words.iter().map(|word| letters(word)).collect();
    json!({"anyOf": [
        {"enum": words},
        {"type": "string", "pattern": format!("^({})$", pattern.join("|"))},
    ]})
}

fn any_case(one: &str, other: &str) -> String {
    format!("^({}|{})$", letters(one), letters(other))
}

/// A word in any letter case as a regular expression; JSON Schema knows no flags.
fn letters(word: &str) -> String {
    let mut pattern = String::new();
    for c in word.chars() {
        if c.is_ascii_alphabetic() {
            let (upper, lower) = (c.to_ascii_uppercase(), c.to_ascii_lowercase());
            pattern.extend(['[', upper, lower, ']']);
        } else {
            pattern.push(c);
        }
    }
    pattern
}
