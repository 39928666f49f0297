//! What Jinja knows and specification templates do not: each is refused by its name, at its place.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

use floe_template::{UsingValue, Variables, expand, variables};

const GENERAL: &str = "write `{{ variable }}` or `{{ variable | default('…') }}`";
const FORMS: &str = "write `default('…')` or `default('…', true)`";
const BY_PLACE: &str = "give both by place: `default('x', true)`";
const EMPTY: &str = "write `default('')` for an empty text";
const PARTS: &str = "give each part a variable of its own, and its value in USING";
const LETTERS: &str = "the name of a variable has letters, digits and `_` only";
const ALONE: &str = "write the value itself, without the braces";
const NO_CONTROL: &str = "write `{{ variable }}`; all white space stays as it is";

/// The placeholder is refused with this code, at this part of it, for this reason; and the
/// placeholders around it are read.
#[track_caller]
fn refused(placeholder: &str, code: u32, part: &str, reason: &str, hint: &str) {
    let template = format!("x: {{{{ before }}}}\ny: {placeholder} {{{{ after }}}}\n");
    let pairs = ["a", "b", "c", "f", "my", "before"];
    let values: Variables = pairs
        .map(|name| (name, UsingValue::Bool(true)))
        .into_iter()
        .collect();
    let errors = expand(&template, &values).expect_err("it is not part of templates");
    let [error, missing] = errors.as_slice() else {
        panic!("{placeholder}: {errors:#?}");
    };
    assert_eq!(missing.variable(), Some("after"), "{placeholder}");
    assert_eq!(
        error.code(),
        format!("FLOE-TEMPLATE-{code:04}"),
        "{placeholder}"
    );
    assert_eq!(&template[error.span()], part, "{placeholder}");
    let message = error.to_string();
    assert!(message.contains(reason), "{placeholder}: {message}");
    assert_eq!(error.hint().as_deref(), Some(hint), "{placeholder}");
    // The listing says the same without any values.
    assert_eq!(variables(&template), Err(vec![error.clone()]));
}

#[test]
fn attributes_subscripts_and_calls_are_named() {
    let attribute = "attribute access is not part of specification templates";
    refused("{{ a.b }}", 5, ".b", attribute, PARTS);
    refused("{{a.b.c}}", 5, ".b", attribute, PARTS);
    refused("{{ a . b }}", 5, ".", attribute, PARTS);
    refused("{{ a.items() }}", 5, ".items", attribute, PARTS);
    refused("{{ a | default('x').b }}", 5, ".b", attribute, PARTS);
    refused("{{ a | default(b.c) }}", 5, ".c", attribute, PARTS);
    refused("{{ a | default('x'.b) }}", 5, ".b", attribute, PARTS);
    let subscript = "subscripts are not part of specification templates";
    refused("{{ a['b'] }}", 5, "['b']", subscript, PARTS);
    refused("{{ a[[0][0]] }}", 5, "[[0][0]]", subscript, PARTS);
    refused("{{ a[0:1] }}", 5, "[0:1]", subscript, PARTS);
    refused("{{ a | default(b[0]) }}", 5, "[0]", subscript, PARTS);
    let call = "calls are not part of specification templates";
    refused("{{ f() }}", 5, "f()", call, GENERAL);
    refused(
        "{{ f (a, (b)) | default('x') }}",
        5,
        "f (a, (b))",
        call,
        GENERAL,
    );
    refused("{{ a | default(f(1)) }}", 5, "f(1)", call, GENERAL);
    refused("{{ a | default('x')() }}", 5, "()", call, GENERAL);
}

#[test]
fn operators_conditions_and_tests_are_named() {
    for (placeholder, operator) in [
        ("{{ a + b }}", "+"),
        ("{{ a - b }}", "-"),
        ("{{ a ~ b }}", "~"),
        ("{{ a * 10 }}", "*"),
        ("{{ a ** 10 }}", "**"),
        ("{{ a / b }}", "/"),
        ("{{ a // b }}", "//"),
        ("{{ a % b }}", "%"),
        ("{{ a == b }}", "=="),
        ("{{ a != b }}", "!="),
        ("{{ a <= b }}", "<="),
        ("{{ a > b }}", ">"),
        ("{{ a and b }}", "and"),
        ("{{ a or b }}", "or"),
        ("{{ a in b }}", "in"),
        ("{{ a not in b }}", "not"),
        ("{{ not a }}", "not"),
        ("{{ -a }}", "-"),
        ("{{ a | default('x') + 'y' }}", "+"),
        ("{{ a | default('x' ~ b) }}", "~"),
        ("{{ a | default(b or c) }}", "or"),
        ("{{ a | default(not b) }}", "not"),
        ("{{ a | default(-b) }}", "-"),
        ("{{ a | default(b == c) }}", "=="),
    ] {
        let reason = format!("operators (here `{operator}`) are not part of");
        refused(placeholder, 5, operator, &reason, GENERAL);
    }
    refused("{{ my-var }}", 5, "-", "operators (here `-`)", LETTERS);
    let condition = "conditions (`… if … else …`) are not part of specification templates";
    refused("{{ a if b else c }}", 5, "if b else c", condition, GENERAL);
    refused("{{ a | default(b if c) }}", 5, "if c", condition, GENERAL);
    let test = "tests (`… is …`) are not part of specification templates";
    refused("{{ a is defined }}", 5, "is defined", test, GENERAL);
}

#[test]
fn values_and_parentheses_are_named() {
    let lone = "values without a variable are not part of specification templates";
    for (placeholder, part) in [
        ("{{ 'x' }}", "'x'"),
        ("{{ '}}' }}", "'}}'"),
        ("{{ '{{' }}", "'{{'"),
        ("{{ 8000 }}", "8000"),
        ("{{ true }}", "true"),
        ("{{ None }}", "None"),
        ("{{ ['a', b] }}", "['a', b]"),
        ("{{ {'a': 1} | default('x') }}", "{'a': 1}"),
        ("{{ 'x' | default('y') }}", "'x'"),
    ] {
        refused(placeholder, 5, part, lone, ALONE);
    }
    refused(
        "{{ (a) }}",
        5,
        "(a)",
        "parentheses around an expression",
        GENERAL,
    );
    refused(
        "{{ a | default(('x')) }}",
        5,
        "('x')",
        "parentheses around",
        GENERAL,
    );
}

#[test]
fn white_space_control_inner_braces_and_what_is_no_name_are_named() {
    let control = "white-space control (`{{-`, `-}}`) is not part of specification templates";
    refused("{{- a -}}", 5, "{{-", control, NO_CONTROL);
    refused("{{ a -}}", 5, "-}}", control, NO_CONTROL);
    refused("{{+ a }}", 5, "{{+", control, NO_CONTROL);
    let inner = "placeholders inside placeholders";
    let doubled = "write `{{ variable }}`; braces are doubled in Python's f-strings only";
    refused("{{{{a}}}}", 5, "{{a}}", inner, doubled);
    refused("{{{{a.b}}}}", 5, "{{a.b}}", inner, doubled);
    refused("{{ }}", 5, "{{ }}", "a variable is missing", GENERAL);
    refused("{{}}", 5, "{{}}", "a variable is missing", GENERAL);
    refused(
        "{{ a b }}",
        5,
        "b",
        "only filters may follow a variable",
        GENERAL,
    );
    refused(
        "{{ a, b }}",
        5,
        ",",
        "only filters may follow a variable",
        GENERAL,
    );
    refused(
        "{{ a ) }}",
        5,
        ")",
        "only filters may follow a variable",
        GENERAL,
    );
    refused(
        "{{ $a }}",
        5,
        "$",
        "not part of the name of a variable",
        LETTERS,
    );
    refused(
        "{{ aé }}",
        5,
        "é",
        "not part of the name of a variable",
        LETTERS,
    );
}

#[test]
fn other_filters_and_other_names_of_default_are_refused() {
    for (placeholder, filter) in [
        ("{{ a | upper }}", "upper"),
        ("{{ a|tojson|default('x') }}", "tojson"),
        ("{{ a | default('x') | lower }}", "lower"),
        ("{{ a | replace('x', 'y') }}", "replace"),
    ] {
        let reason = format!("the filter `{filter}` is not known; there is only `default`");
        refused(placeholder, 6, filter, &reason, GENERAL);
    }
    refused(
        "{{ a | d('x') }}",
        6,
        "d",
        "the filter `d` is not known",
        "write `default`",
    );
    refused(
        "{{ a | Default('x') }}",
        6,
        "Default",
        "is not known",
        "write `default`",
    );
    refused(
        "{{ a | }}",
        5,
        "{{ a | }}",
        "the name of a filter is missing",
        GENERAL,
    );
    refused(
        "{{ a | 5 }}",
        5,
        "5",
        "the name of a filter is missing",
        GENERAL,
    );
    refused(
        "{{ a || b }}",
        5,
        "|",
        "the name of a filter is missing",
        GENERAL,
    );
    let nested = "filters inside of arguments are not part of specification templates";
    refused(
        "{{ a | default(b | upper) }}",
        5,
        "| upper",
        nested,
        GENERAL,
    );
}

#[test]
fn default_takes_a_value_and_a_boolean_by_place_and_nothing_else() {
    let by_name = "arguments are not given by name";
    for (placeholder, part) in [
        ("{{ a | default('x', boolean=true) }}", "boolean=true"),
        ("{{ a | default(default_value='x') }}", "default_value='x'"),
        (
            "{{ a | default(boolean = true, default_value='x') }}",
            "boolean = true",
        ),
    ] {
        refused(placeholder, 7, part, by_name, BY_PLACE);
    }
    for (placeholder, part) in [
        ("{{ a | default }}", "default"),
        ("{{ a | default | default('x') }}", "default"),
        ("{{ a | default 'x' }}", "default"),
        ("{{ a | default() }}", "default()"),
        ("{{ a | default( ) }}", "default( )"),
    ] {
        refused(placeholder, 7, part, "the value is missing", EMPTY);
    }
}

#[test]
fn what_default_cannot_take_is_named() {
    for (placeholder, part, reason) in [
        (
            "{{ a | default('x', true, 3) }}",
            "3",
            "there are more than two",
        ),
        (
            "{{ a | default('x', true,) }}",
            ")",
            "there are more than two",
        ),
        ("{{ a | default('x',) }}", ")", "one is missing behind `,`"),
        ("{{ a | default(b c) }}", "c", "`,` or `)` is missing"),
        ("{{ a | default('x' 'y') }}", "'y'", "`,` or `)` is missing"),
        (
            "{{ a | default(,) }}",
            ",",
            "neither a value nor a variable",
        ),
        (
            "{{ a | default(none) }}",
            "none",
            "neither a value nor a variable",
        ),
        (
            "{{ a | default({1: 2}) }}",
            "{1: 2}",
            "neither a value nor a variable",
        ),
        (
            "{{ a | default([b]) }}",
            "[b]",
            "neither a value nor a variable",
        ),
        (
            "{{ a | default('x', 1) }}",
            "1",
            "the second is neither `true` nor `false`",
        ),
        (
            "{{ a | default('x', 'true') }}",
            "'true'",
            "neither `true` nor `false`",
        ),
        (
            "{{ a | default('x', b) }}",
            "b",
            "the second is neither `true` nor `false`",
        ),
        (
            "{{ a | default('x', TRUE) }}",
            "TRUE",
            "neither `true` nor `false`",
        ),
        (
            "{{ a | default('x', not true) }}",
            "not true",
            "neither `true` nor `false`",
        ),
        (
            "{{ a | default('x', [true]) }}",
            "[true]",
            "neither `true` nor `false`",
        ),
    ] {
        refused(placeholder, 7, part, reason, FORMS);
    }
}

#[test]
fn statements_and_remarks_are_named_wherever_they_stand() {
    let out = "write the specification out, or use `default` for what may be left out";
    let statement = "statements (`{% … %}`) are not part of specification templates";
    for placeholder in [
        "{% if a %}",
        "{%- endif -%}",
        "{% raw %}",
        "{% set a\n = 1 %}",
    ] {
        refused(placeholder, 2, placeholder, statement, out);
    }
    let remark = "remarks in braces (`{# … #}`) are not part of specification templates";
    refused(
        "{# {{ a }} #}",
        3,
        "{# {{ a }} #}",
        remark,
        "write a YAML remark: `# …`",
    );
}

#[test]
fn what_is_not_closed_does_not_hide_what_follows() {
    for (template, codes, last) in [
        ("a: {{ a\nb: {{ b.c }}", vec![4, 5], ".c"),
        ("a: {{ x | default('y }}\nb: {{ b.c }}", vec![4, 5], ".c"),
        // The quote that is missing in one line is found in another.
        (
            "a: {{ x | default('y }}\nb: {{ b.c }} 'z'",
            vec![4, 5],
            ".c",
        ),
        (
            "a: {{ x | default('y }}\nb: {{ z | default('w') }}\nc: {{ b.c }}",
            vec![4, 5],
            ".c",
        ),
        (
            "a: {{ x | default({'y': 1) }}\nb: {{ b.c }}",
            vec![4, 5],
            ".c",
        ),
        ("a: {% if x\nb: {{ b.c }}", vec![2, 5], ".c"),
        ("a: {# x\nb: {{ b.c }}", vec![3, 5], ".c"),
    ] {
        let errors = variables(template).expect_err("both are wrong");
        let found: Vec<_> = errors.iter().map(|error| error.code()).collect();
        let wanted: Vec<_> = codes
            .iter()
            .map(|code| format!("FLOE-TEMPLATE-{code:04}"))
            .collect();
        assert_eq!(found, wanted, "{template}");
        assert_eq!(
            errors.last().map(|error| &template[error.span()]),
            Some(last),
            "{template}"
        );
    }
}

#[test]
fn braces_inside_a_text_of_an_expression_do_not_close_the_placeholder() {
    for (template, expected) in [
        ("a: {{ v | default('}}') }} b", "a: }} b"),
        ("a: {{ v | default(\"}} '}}' \") }} b", "a: }} '}}'  b"),
        ("a: {{ v | default('\\'}}') }} b", "a: '}} b"),
        ("a: {{ v | default('{{ w }}') }} b", "a: {{ w }} b"),
        (
            "a: {{ v | default('{% x %}{# y #}') }} b",
            "a: {% x %}{# y #} b",
        ),
        (
            "a: {{ v | default({'}}': {'x': '{{'}}) }}",
            "a: {\"}}\":{\"x\":\"{{\"}}",
        ),
    ] {
        let expansion = expand(template, &Variables::new());
        assert_eq!(
            expansion.map(|done| done.text).as_deref(),
            Ok(expected),
            "{template}"
        );
        let found = variables(template).expect("it is a template");
        assert_eq!(found.len(), 1, "{template}");
        assert_eq!(found[0].name, "v");
    }
}
