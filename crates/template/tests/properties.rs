//! What holds for every template and every value.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_template::{UsingValue, Variables, expand};
use proptest::prelude::*;

/// Fragments that templates are made of, to put together at random.
const PIECES: [&str; 40] = [
    "{{ a }}",
    "{{ b | default('x') }}",
    "{{c}}",
    "{{ d }}",
    "{{",
    "}}",
    "{%",
    "%}",
    "{# x #}",
    "a",
    ": ",
    ":",
    "\n",
    "\n  ",
    "- ",
    "\"",
    "'",
    "\\",
    "|\n  ",
    ">",
    " ",
    "#",
    " # ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "é",
    "\t",
    "\r\n",
    "|",
    "default",
    "(",
    ")",
    "\u{feff}",
    "&x ",
    "!!str ",
    "? ",
    "---\n",
];

/// Characters that mean something in YAML, and some that do not.
const ODD: &str = ": #-[]{},\"'\\\n\t&*!|>%@`?ab1é.";

fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(&PIECES[..])
}

fn any_value() -> impl Strategy<Value = UsingValue> {
    let json = proptest::collection::vec(any::<char>(), 0..8)
        .prop_map(|chars| serde_json::to_string(&chars.into_iter().collect::<String>()))
        .prop_map(|text| UsingValue::Text(text.expect("a text is JSON")));
    let odd = proptest::sample::select(vec![
        "",
        " ",
        "\"\"",
        "\": \"",
        "\"#\"",
        "\" #\"",
        "\"- \"",
        "\"\\n\"",
        "[1, \"a: b\"]",
        "{}",
        "{\"a\": {\"b\": null}}",
        "/x",
        "\"]\"",
        "\"\\\"\"",
        "\"'\"",
        "abc",
        "-1.5",
    ]);
    prop_oneof![
        json,
        odd.prop_map(|text| UsingValue::Text(text.to_owned())),
        any::<bool>().prop_map(UsingValue::Bool),
        "-?[0-9]{1,4}(\\.[0-9])?".prop_map(UsingValue::Number),
    ]
}

proptest! {
    // Failures are kept as tests of their own, not as files of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_template_panics_and_every_place_lies_in_it(
        pieces in proptest::collection::vec(piece(), 0..40),
        values in proptest::collection::vec(any_value(), 4),
        from in 0_usize..200,
        to in 0_usize..200,
    ) {
        let template = pieces.concat();
        let variables: Variables = ["a", "c", "d", "e"].into_iter().zip(values).collect();
        match expand(&template, &variables) {
            Ok(expansion) => {
                for (at, c) in expansion.text.char_indices() {
                    let origin = expansion.origin(at..at + c.len_utf8());
                    let part = template.get(origin.span.clone());
                    prop_assert!(part.is_some_and(|part| !part.is_empty()), "{:?}", origin);
                }
                let again = expand(&template, &variables);
                prop_assert_eq!(again.as_ref(), Ok(&expansion));
                let origin = expansion.origin(from..to);
                prop_assert!(template.get(origin.span.clone()).is_some(), "{:?}", origin);
                let whole = expansion.origin(0..expansion.text.len());
                prop_assert!(template.get(whole.span).is_some());
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(template.get(error.span()).is_some(), "{:?}", error);
                }
            }
        }
    }

    #[test]
    fn a_text_without_placeholders_stays_as_it_is(text in "[^{]{0,60}") {
        let expansion = expand(&text, &Variables::new()).expect("there is nothing to expand");
        prop_assert_eq!(&expansion.text, &text);
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        prop_assert_eq!(expansion.origin(middle..text.len()).span, middle..text.len());
    }

    /// The shape of the YAML is that of the template with a harmless word in each placeholder.
    #[test]
    fn a_text_value_never_changes_the_shape_of_the_specification(
        value in proptest::collection::vec(
            proptest::sample::select(ODD.chars().collect::<Vec<_>>()),
            1..6,
        ),
        slot in proptest::sample::select(vec![
            "a: @", "a: x@", "a: @x", "a: x@y", "a: x @ y", "- @", "- x: @", "a: [@, x@]",
            "a: {x: @}", "a: \"@\"", "a: 'x@'", "a: |\n  x@y", "a: |\n  @", "a: x # @", "@: 1",
            "x@: 1", "a: x@@", "a: @@", "a:\n  x\n  @", "a: >-\n  @\n  x", "a: [x, '@']",
        ]),
    ) {
        let value: String = value.into_iter().collect();
        let template = format!("{}\nlast: 1\n", slot.replace('@', "{{ v }}"));
        let list = slot.starts_with('-');
        let template = if list { template.replace("last: 1\n", "- 1\n") } else { template };
        let json = serde_json::to_string(&value).expect("a text is JSON");
        let with = |text: &str| {
            let variables: Variables =
                [("v", UsingValue::Text(text.to_owned()))].into_iter().collect();
            expand(&template, &variables)
        };
        let Ok(expansion) = with(&json) else { return Ok(()) };
        let harmless = with("z").expect("a word fits anywhere").text;
        let shape = |text: &str| serde_yaml::from_str::<serde_yaml::Value>(text).map(|v| shape(&v));
        let before = shape(&harmless).expect("the template is YAML");
        let after = shape(&expansion.text)
            .map_err(|error| TestCaseError::fail(format!("{error}: {}", expansion.text)))?;
        prop_assert_eq!(before, after, "{}", expansion.text);
    }
}

/// A YAML value without its texts: kinds, and the number and order of items.
fn shape(value: &serde_yaml::Value) -> String {
    match value {
        serde_yaml::Value::Sequence(items) => {
            format!(
                "[{}]",
                items.iter().map(shape).collect::<Vec<_>>().join(",")
            )
        }
        serde_yaml::Value::Mapping(map) => {
            let entry = |(key, value): (&serde_yaml::Value, &serde_yaml::Value)| {
                format!("{}:{}", shape(key), shape(value))
            };
            format!(
                "{{{}}}",
                map.iter().map(entry).collect::<Vec<_>>().join(",")
            )
        }
        _ => "scalar".to_owned(),
    }
}
