//! The listing of a template's variables.

#![expect(clippy::panic, reason = "a helper of a test fails by panicking")]

use floe_template::{TemplateVariable, UsingValue, Variables, expand, limits, variables};

#[track_caller]
fn list(template: &str) -> Vec<TemplateVariable> {
    variables(template).unwrap_or_else(|errors| panic!("{template}: {errors:?}"))
}

/// Each variable as name, its uses' lines and columns, and its defaults.
fn summary(template: &str) -> Vec<String> {
    let show = |variable: TemplateVariable| {
        let uses: Vec<_> = variable
            .uses
            .iter()
            .map(|place| {
                assert!(template[place.span.clone()].starts_with("{{"));
                assert!(template[place.span.clone()].ends_with("}}"));
                assert_eq!(template[place.name_span.clone()], variable.name);
                let default = place.default.as_ref().map_or(String::new(), |default| {
                    let also = if default.boolean { "?" } else { "" };
                    format!(" {} = {}{also}", default.source, default.text)
                });
                let role = if place.is_argument { " argument" } else { "" };
                format!("{}:{}{role}{default}", place.line, place.column)
            })
            .collect();
        let required = if variable.is_required() { "!" } else { "" };
        format!("{}{required} [{}]", variable.name, uses.join(", "))
    };
    list(template).into_iter().map(show).collect()
}

#[test]
fn variables_are_listed_in_order_of_appearance_with_every_use() {
    let template = "name: {{ z }}-{{a}}\r\nä: ö{{ z | default('Bob') }} # {{ b }}\n\n  {{\n a }}";
    assert_eq!(
        summary(template),
        ["z! [1:7, 2:5 'Bob' = Bob]", "a! [1:15, 4:3]", "b! [2:32]"]
    );
    assert!(list("").is_empty());
    assert!(list("a: } }} ${x} {y}").is_empty());
}

#[test]
fn defaults_are_shown_as_they_are_inserted_and_as_they_are_written() {
    for (expression, expected) in [
        ("v | default('Bob')", "v [1:1 'Bob' = Bob]"),
        (
            "v | default(\"it\\'s\", true)",
            "v [1:1 \"it\\'s\" = it's?]",
        ),
        ("v | default('', false)", "v [1:1 '' = ]"),
        ("v | default(-1.50)", "v [1:1 -1.50 = -1.5]"),
        ("v | default(True, True)", "v [1:1 True = true?]"),
        (
            "v | default( ['-n', {'a': 2}] )",
            "v [1:1 ['-n', {'a': 2}] = [\"-n\",{\"a\":2}]]",
        ),
        // Of several defaults the first that has a say.
        ("v | default('a') | default('b')", "v [1:1 'a' = a]"),
        ("v | default('') | default('b', true)", "v [1:1 'b' = b?]"),
        (
            "v | default('a', true) | default('b', true)",
            "v [1:1 'a' = a?]",
        ),
    ] {
        assert_eq!(
            summary(&format!("{{{{ {expression} }}}}")),
            [expected],
            "{expression}"
        );
    }
}

#[test]
fn an_argument_of_default_is_a_variable_but_never_required() {
    assert_eq!(
        summary("{{ a | default(b) }}"),
        ["a! [1:1]", "b [1:1 argument]"]
    );
    assert_eq!(
        summary("{{ a | default(b) | default('c', true) }} {{ b }}"),
        ["a [1:1 'c' = c?]", "b! [1:1 argument, 1:43]"]
    );
    assert_eq!(
        summary("{{ a | default('') | default(b, true) }}"),
        ["a! [1:1]", "b [1:1 argument]"]
    );
    assert_eq!(summary("{{ a | default(a) }}"), ["a! [1:1, 1:1 argument]"]);
}

#[test]
fn values_for_all_required_variables_are_enough_to_expand() {
    for template in [
        "{{ a }} {{ b | default(1) }}",
        "{{ a | default(b) }}",
        "{{ a | default('') | default(b, true) }}",
        "{{ a | default(b) | default('c') }} {{ b | default(c) }}",
        "{{ a | default('') | default(b, true) | default('x') }}",
    ] {
        let required = list(template)
            .into_iter()
            .filter(TemplateVariable::is_required);
        let values: Variables = required
            .map(|variable| (variable.name, UsingValue::Text("x".to_owned())))
            .collect();
        assert!(expand(template, &values).is_ok(), "{template}");
        for name in values.names() {
            let others: Variables = values
                .names()
                .filter(|other| *other != name)
                .map(|other| (other, UsingValue::Bool(true)))
                .collect();
            assert!(
                expand(template, &others).is_err(),
                "{template} without {name}"
            );
        }
    }
}

#[test]
fn the_limits_of_expansion_hold_for_the_listing_too() {
    let codes = |template: &str| -> Vec<&'static str> {
        let errors = variables(template).err().unwrap_or_default();
        errors.iter().map(|error| error.code()).collect()
    };
    assert_eq!(
        codes(&"x".repeat(limits::MAX_TEMPLATE_BYTES + 1)),
        ["FLOE-TEMPLATE-0010"]
    );
    assert!(codes(&"x".repeat(limits::MAX_TEMPLATE_BYTES)).is_empty());
    assert_eq!(
        codes(&"{{v}}".repeat(limits::MAX_PLACEHOLDERS + 1)),
        ["FLOE-TEMPLATE-0011"]
    );
    assert_eq!(
        list(&"{{v}}".repeat(limits::MAX_PLACEHOLDERS))[0]
            .uses
            .len(),
        10_000
    );
    assert_eq!(codes(&"{% x %}".repeat(1_000)).len(), limits::MAX_ERRORS);
    let blanks = " ".repeat(limits::MAX_PLACEHOLDER_BYTES);
    assert_eq!(
        codes(&format!("{{{{ v{blanks} }}}}")),
        ["FLOE-TEMPLATE-0004"]
    );
}
