//! What a YAML parser makes of inserted values: the value itself, and nothing else changes.

use floe_template::{Expansion, TemplateError, UsingValue, Variables, expand};
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use serde_yaml::Value as Yaml;

/// Texts that mean something in YAML or JSON, or that neither prints.
const NASTY: [&str; 44] = [
    "", " ", ": ", ":", " #", "#", "- ", "-", "? ", "[", "]", "{", "}", ",", "\"", "'", "\\",
    "\\n", "\n", "\r\n", "\t", "&a", "*a", "!t", "|", ">", "%", "@", "`", "---", "...", "null",
    "~", "true", "1.5", "{{", "}}", "{% x %}", "\u{85}", "\u{2028}", "\u{feff}", "\u{7f}", "\0",
    "😀",
];

fn nasty() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => proptest::sample::select(&NASTY[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-z0-9]{1,4}",
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

/// Any JSON, but a number has few digits: how many a reader keeps is not the point here.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        1 => Just(Json::Null),
        1 => any::<bool>().prop_map(Json::from),
        2 => any::<i64>().prop_map(Json::from),
        2 => (-9_999_i32..9_999).prop_map(|n| json!(f64::from(n) / 8.0)),
        6 => nasty().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(nasty(), inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn with(template: &str, value: &str) -> Result<Expansion, Vec<TemplateError>> {
    let value = UsingValue::Text(value.to_owned());
    expand(template, &[("v", value)].into_iter().collect::<Variables>())
}

/// What the expanded text is to a YAML parser, as JSON.
fn parsed(text: &str) -> Result<Json, TestCaseError> {
    let fail = |error: &dyn std::fmt::Display| TestCaseError::fail(format!("{error}: {text}"));
    let yaml: Yaml = serde_yaml::from_str(text).map_err(|error| fail(&error))?;
    serde_json::to_value(yaml).map_err(|error| fail(&error))
}

/// The same JSON; `1.0` and `1` are one number, as they are to who reads a specification.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => {
            left == right || left.as_f64() == right.as_f64() && !(left.is_i64() && right.is_i64())
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(a, b)| same(a, b))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|it| same(value, it)))
        }
        _ => left == right,
    }
}

/// A document with one slot, and how to find what is in the slot.
const SLOTS: [(&str, &str); 12] = [
    ("a: {{ v }}\nz: [1, {b: c}]\n", "/a"),
    ("a:   {{v}}   # remark\nz: 1\n", "/a"),
    ("a:\n  {{ v }}\nz: 1\n", "/a"),
    ("a:\n  b:\n    c: {{ v }}\n  d: 1\n", "/a/b/c"),
    ("- {{ v }}\n- z\n", "/0"),
    ("a:\n- {{ v }}\n- z\n", "/a/0"),
    ("a:\n  - b: {{ v }}\n    c: 1\n", "/a/0/b"),
    ("a: [x, {{ v }}, z]\n", "/a/1"),
    ("a: [{{ v }}]\nz: 1\n", "/a/0"),
    ("a: {b: {{ v }}, c: 1}\nz: 1\n", "/a/b"),
    ("a: [x, {b: [ {{ v }} ]}]\n", "/a/1/b/0"),
    ("{\"a\": {{ v }},\n \"z\": 1}\n", "/a"),
];

fn slot() -> impl Strategy<Value = (&'static str, &'static str)> {
    proptest::sample::select(&SLOTS[..])
}

/// Puts `null` into the slot and returns what was there.
fn taken(document: &mut Json, slot: &str) -> Option<Json> {
    document.pointer_mut(slot).map(Json::take)
}

proptest! {
    // Failures are kept as tests of their own, not as files of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_as_a_whole_value_comes_back_as_the_same_json(
        value in any_json(),
        (template, slot) in slot(),
        pretty in any::<bool>(),
    ) {
        let source = if pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        };
        let source = source.expect("JSON has a text");
        let expansion = with(template, &source)
            .map_err(|errors| TestCaseError::fail(format!("{errors:?}: {source}")))?;
        let mut document = parsed(&expansion.text)?;
        let found = taken(&mut document, slot);
        prop_assert!(
            found.as_ref().is_some_and(|found| same(&value, found)),
            "{:?} of {}", found, expansion.text
        );
        // All else is what it is with a harmless word in the slot.
        let mut harmless = parsed(&with(template, "word").expect("a word fits").text)?;
        prop_assert_eq!(taken(&mut harmless, slot), Some(json!("word")));
        prop_assert_eq!(document, harmless);
    }

    #[test]
    fn letters_and_digits_stay_a_scalar_with_the_same_text(
        value in prop_oneof![
            "[A-Za-z0-9_]{1,20}",
            "0[xob][0-9a-f]{1,4}",
            "[0-9]{1,4}(e[0-9]{1,2})?",
            proptest::sample::select(vec!["null", "yes", "NaN", "True", "_", "__", "0_1", "08"])
                .prop_map(str::to_owned),
        ],
        (template, slot) in slot(),
    ) {
        let expansion = with(template, &value).expect("letters and digits fit anywhere");
        let source = template.replace("{{ v }}", &value).replace("{{v}}", &value);
        prop_assert_eq!(&expansion.text, &source);
        let mut document = parsed(&expansion.text)?;
        match taken(&mut document, slot) {
            Some(Json::String(text)) => prop_assert_eq!(text, value),
            Some(Json::Array(_) | Json::Object(_)) | None => {
                return Err(TestCaseError::fail(expansion.text));
            }
            // What kind of number or word it is, is for YAML to say.
            Some(_) => {}
        }
        let mut harmless = parsed(&with(template, "word").expect("a word fits").text)?;
        taken(&mut harmless, slot);
        prop_assert_eq!(document, harmless);
    }

    #[test]
    fn a_text_within_quotes_comes_back_as_the_same_text(value in nasty(), tail in "[a-z]{0,3}") {
        let source = serde_json::to_string(&value).expect("a text is JSON");
        let template = format!("a: \"<{{{{ v }}}}>{tail}\"\nz: [\"{{{{ v }}}}\"]\n");
        let expansion = with(&template, &source).expect("double quotes take any text");
        let wanted = json!({"a": format!("<{value}>{tail}"), "z": [value.clone()]});
        prop_assert_eq!(parsed(&expansion.text)?, wanted);
        // Where a text cannot be escaped it is refused, or comes back the same.
        for (template, around) in [
            (format!("a: '<{{{{ v }}}}>{tail}'\nz: 1\n"), true),
            (format!("a: x{{{{ v }}}}{tail}x\nz: 1\n"), false),
        ] {
            let Ok(expansion) = with(&template, &source) else { continue };
            let wanted = if around { format!("<{value}>{tail}") } else { format!("x{value}{tail}x") };
            let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = parsed(&expansion.text)?;
            let text = found.get("a").and_then(Json::as_str).map(fold);
            prop_assert_eq!(text, Some(fold(&wanted)), "{}", expansion.text);
            prop_assert_eq!(found.as_object().map(serde_json::Map::len), Some(2));
        }
    }

    #[test]
    fn every_byte_has_an_origin_and_the_outcome_is_always_the_same(
        value in any_json(),
        (template, _) in slot(),
    ) {
        let source = value.to_string();
        let expansion = with(template, &source).expect("JSON is a whole value anywhere");
        let again = with(template, &source);
        prop_assert_eq!(again.as_ref(), Ok(&expansion));
        let hole = template.find("{{").expect("a slot")..template.find("}}").expect("a slot") + 2;
        for (at, c) in expansion.text.char_indices() {
            let origin = expansion.origin(at..at + c.len_utf8());
            let part = template.get(origin.span.clone()).expect("it lies in the template");
            match origin.variable {
                Some(name) => prop_assert_eq!((name.as_str(), origin.span), ("v", hole.clone())),
                None => prop_assert_eq!(part, c.to_string()),
            }
        }
    }
}
