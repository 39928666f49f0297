//! The same expressions and values, here and in a whole Jinja engine: the same comes of them.
//!
//! Only the language of specification templates is made here, and within it nothing is left out.
//! What the engine takes beyond it is refused here, which the last test asserts; `tests/refused.rs`
//! names all of it.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_template::{UsingValue, Variables, expand};
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, UndefinedBehavior};
use proptest::prelude::*;
use serde_json::Value as Json;

/// What stands between quotes, in either kind of them.
const TEXT: [&str; 24] = [
    "a", "Z9", " ", "}}", "{{", "%}", "{%", "#}", "é", "😀", ":", "- ", "[", ",", "|", "\n", "\\n",
    "\\t", "\\\\", "\\'", "\\\"", "\\u00e9", "0", "false",
];

const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "8000",
    "-5",
    "0.0",
    "-0.0",
    "1.50",
    "-1.2",
    "1e3",
    "1.5E-3",
    "2e+2",
    "0x1f",
    "1_000",
    "9223372036854775807",
    "00",
    "1e-7",
];

const NAMES: [&str; 6] = ["v", "w", "V", "_x1", "default", "in"];

fn text() -> impl Strategy<Value = String> {
    let inside = |other: &'static str| {
        proptest::collection::vec(
            prop_oneof![5 => proptest::sample::select(&TEXT[..]), 1 =>
            Just(other)],
            0..5,
        )
        .prop_map(|parts| parts.concat())
    };
    prop_oneof![
        inside("\"").prop_map(|text| format!("'{text}'")),
        inside("'").prop_map(|text| format!("\"{text}\"")),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    let words = vec!["true", "false", "True", "False"];
    prop_oneof![
        3 => text(),
        2 => proptest::sample::select(&NUMBERS[..]).prop_map(str::to_owned),
        1 => proptest::sample::select(words).prop_map(str::to_owned),
    ]
}

fn literal() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..3)
            .prop_map(|items| format!("[{}]", items.join(", ")));
        let map = proptest::collection::btree_map("'[a-z }]{0,2}'", inner, 0..3).prop_map(|map| {
            let entry = |(key, value): (String, String)| format!("{key}: {value}");
            format!(
                "{{{}}}",
                map.into_iter().map(entry).collect::<Vec<_>>().join(",")
            )
        });
        prop_oneof![list, map]
    })
}

fn filter() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let argument = prop_oneof![3 => literal(), 1 => name];
    let flag = proptest::sample::select(vec!["", ", true", ",True", ", false", " , False"]);
    (argument, flag).prop_map(|(argument, flag)| format!(" | default({argument}{flag})"))
}

fn expression() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(&NAMES[..]);
    (name, proptest::collection::vec(filter(), 0..3))
        .prop_map(|(name, filters)| format!("{name}{}", filters.concat()))
}

fn using() -> impl Strategy<Value = UsingValue> {
    let texts = [
        "",
        "  ",
        "a1",
        "_",
        "False",
        "0",
        "0.0",
        "00",
        "-1.50",
        "false",
        "true",
        "null",
        "\"\"",
        "\" \"",
        "\"x: y\\n}}\"",
        "[]",
        "{}",
        "[0]",
        "[[], {\"a\": null}]",
        "{\"k\": [1.5, \"é\"]}",
        "\"\\ud83d\\ude00\"",
    ];
    let text = |text: &str| UsingValue::Text(text.into());
    prop_oneof![
        4 => proptest::sample::select(texts.to_vec()).prop_map(text),
        1 => any::<bool>().prop_map(UsingValue::Bool),
        2 => proptest::sample::select(vec!["0", "-0", "0.00", "5", "-1.20", "1e3", "0e9"])
            .prop_map(|text| UsingValue::Number(text.into())),
    ]
}

/// The value as the engine knows it: what is JSON, as JSON; any other string as it is.
fn engine_value(value: &UsingValue) -> Value {
    match value {
        UsingValue::Bool(value) => Value::from(*value),
        UsingValue::Number(text) => text
            .parse::<i64>()
            .map(Value::from)
            .unwrap_or_else(|_| Value::from(text.parse::<f64>().expect("only numbers are made"))),
        UsingValue::Text(text) => {
            let text = text.trim();
            // SQL's `00` is a number; JSON has no such form.
            let json = if text == "00" { "0" } else { text };
            serde_json::from_str(json).map_or_else(|_| Value::from(text), |json| from_json(&json))
        }
    }
}

fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => number.as_i64().map_or_else(
            || Value::from(number.as_f64().unwrap_or(f64::NAN)),
            Value::from,
        ),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(from_json).collect(),
        Json::Object(map) => Value::from_pairs(
            map.iter()
                .map(|(key, value)| (key.as_str(), from_json(value))),
        ),
    }
}

/// Whether our text stands for the engine's value.
fn same(ours: &str, value: &Value) -> bool {
    match value.kind() {
        ValueKind::None => ours == "null",
        ValueKind::Bool => ours == if value.is_true() { "true" } else { "false" },
        ValueKind::Number => {
            let theirs = f64::try_from(value.clone()).ok();
            theirs.is_some() && ours.parse().ok() == theirs
        }
        // A text from USING is quoted as the whole of a field, one from the template is not.
        ValueKind::String => {
            let text = value.as_str().unwrap_or("");
            ours == text || serde_json::from_str::<String>(ours).is_ok_and(|ours| ours == text)
        }
        _ => serde_json::from_str::<Json>(ours).is_ok_and(|json| same_tree(&json, value)),
    }
}

fn same_tree(json: &Json, value: &Value) -> bool {
    match json {
        Json::Array(items) => {
            value.kind() == ValueKind::Seq
                && value.len() == Some(items.len())
                && value
                    .try_iter()
                    .is_ok_and(|theirs| items.iter().zip(theirs).all(|(a, b)| same_tree(a, &b)))
        }
        Json::Object(map) => {
            value.kind() == ValueKind::Map
                && value.len() == Some(map.len())
                && map.iter().all(|(key, item)| {
                    value
                        .get_item(&Value::from(key.as_str()))
                        .is_ok_and(|it| same_tree(item, &it))
                })
        }
        Json::String(text) => value.as_str() == Some(text),
        _ => value.kind() != ValueKind::String && same(&json.to_string(), value),
    }
}

fn engine() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine
}

proptest! {
    // Failures are kept as tests of their own, not as files of seeds.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_expression_comes_to_what_the_engine_makes_of_it(
        expression in expression(),
        values in proptest::collection::btree_map(
            proptest::sample::select(&NAMES[..]), using(), 0..5
        ),
    ) {
        let variables: Variables =
            values.iter().map(|(name, value)| (*name, value.clone())).collect();
        let pairs = values.iter().map(|(name, value)| (*name, engine_value(value)));
        let context = Value::from_pairs(pairs);
        let engine = engine();
        let theirs = engine
            .compile_expression(&expression)
            .and_then(|compiled| compiled.eval(&context));
        let ours = expand(&format!("v: {{{{ {expression} }}}}"), &variables).map(|done| done.text);
        let theirs = match theirs {
            Ok(theirs) => theirs,
            Err(error) => return Err(TestCaseError::fail(format!("{expression}: {error}"))),
        };
        // The placeholder ends in the same place for the engine that scans a whole template.
        let rendered = engine.render_str(&format!("<{{{{ {expression} }}}}>"), &context);
        if theirs.is_undefined() {
            let errors = ours.expect_err("there is no value");
            let codes: Vec<_> = errors.iter().map(|error| error.code()).collect();
            prop_assert_eq!(codes, ["FLOE-TEMPLATE-0001"], "{}", expression);
            prop_assert!(rendered.is_err(), "{}", expression);
            return Ok(());
        }
        let ours = ours.map_err(|errors| TestCaseError::fail(format!("{expression}: {errors:?}")))?;
        let inserted = ours.strip_prefix("v: ").unwrap_or("");
        prop_assert!(same(inserted, &theirs), "{}: {} and {:?}", expression, inserted, theirs);
        prop_assert_eq!(rendered.ok(), Some(format!("<{theirs}>")), "{}", expression);
    }
}

#[test]
fn what_the_engine_takes_on_top_of_the_language_is_refused() {
    let values = [("v", "1"), ("f", "true")];
    let variables: Variables = values
        .map(|(name, value)| (name, UsingValue::Text(value.into())))
        .into_iter()
        .collect();
    let context = Value::from_pairs([("v", Value::from(1)), ("f", Value::from(true))]);
    for expression in [
        "v | d('x')",
        "v | default",
        "v | default()",
        "v | default('x', f)",
        "v | default('x', 1)",
        "v | default('x',)",
        "v | default(none)",
        "v | default([f])",
        "v | default('x' ~ 'y')",
        "v | string",
        "v + 1",
        "(v)",
        "'x'",
    ] {
        let theirs = engine()
            .compile_expression(expression)
            .and_then(|it| it.eval(&context));
        assert!(theirs.is_ok(), "{expression}: {theirs:?}");
        let ours = expand(&format!("v: {{{{ {expression} }}}}"), &variables);
        assert!(ours.is_err(), "{expression}");
    }
}
