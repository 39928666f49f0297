//! Templates, values, and what comes of them.

use floe_template::{TemplateError, UsingValue, Variables, expand, limits};

fn text(value: &str) -> UsingValue {
    UsingValue::Text(value.to_owned())
}

fn number(value: &str) -> UsingValue {
    UsingValue::Number(value.to_owned())
}

fn using<const N: usize>(pairs: [(&str, UsingValue); N]) -> Variables {
    pairs.into_iter().collect()
}

#[track_caller]
fn check<const N: usize>(template: &str, pairs: [(&str, UsingValue); N], expected: &str) {
    match expand(template, &using(pairs)) {
        Ok(expansion) => assert_eq!(expansion.text, expected),
        Err(errors) => assert!(errors.is_empty(), "{template}: {errors:?}"),
    }
}

/// Errors to read: code, the part of the template, message, hint.
fn report(template: &str, variables: &Variables) -> Vec<String> {
    let show = |error: &TemplateError| {
        let part = template.get(error.span()).unwrap_or("(no place)");
        let hint = error
            .hint()
            .map_or(String::new(), |hint| format!("; {hint}"));
        format!("{} `{part}`: {error}{hint}", error.code())
    };
    expand(template, variables)
        .err()
        .unwrap_or_default()
        .iter()
        .map(show)
        .collect()
}

#[track_caller]
fn refuse<const N: usize>(template: &str, pairs: [(&str, UsingValue); N], code: u32) {
    let found = report(template, &using(pairs));
    let code = format!("FLOE-TEMPLATE-{code:04}");
    assert!(
        found.iter().any(|line| line.starts_with(&code)),
        "{template}: {found:?}"
    );
}

#[test]
fn the_documented_kinds_of_values_are_inserted_as_documented() {
    check("a: {{ v }}", [("v", text("blah123"))], "a: blah123");
    check("a: {{ v }}", [("v", number("111"))], "a: 111");
    check("a: {{ v }}", [("v", UsingValue::Bool(true))], "a: true");
    check("a: {{ v }}", [("v", number("-1.2"))], "a: -1.2");
    check(
        "a: {{ v }}",
        [("v", text(" \"/path/file.txt\" "))],
        "a: \"/path/file.txt\"",
    );
    check(
        "env: {{ v }}",
        [(
            "v",
            text(r#"{"SERVER_PORT": 8000, "CHARACTER_NAME": "Bob"}"#),
        )],
        r#"env: {"SERVER_PORT":8000,"CHARACTER_NAME":"Bob"}"#,
    );
    check(
        "args: {{v}}",
        [("v", text(r#"["-n", 2]"#))],
        r#"args: ["-n",2]"#,
    );
}

#[test]
fn the_documented_forms_of_placeholders_are_read() {
    check(
        "image: {{ image_url }}",
        [("image_url", text(" \"/db/s/r/img:latest\" "))],
        "image: \"/db/s/r/img:latest\"",
    );
    check(
        "port: {{SERVER_PORT}}",
        [("SERVER_PORT", number("8000"))],
        "port: 8000",
    );
    check(
        "image: host/db/s/r/img:{{ tag_name }}",
        [("tag_name", text("latest"))],
        "image: host/db/s/r/img:latest",
    );
    check(
        "name: template-example-{{ container_name }}",
        [("container_name", text("original"))],
        "name: template-example-original",
    );
    check("NAME: {{ c | default('Bob') }}", [], "NAME: Bob");
    check(
        "NAME: {{ c | default('Bob', false) }}",
        [("c", text(""))],
        "NAME: ",
    );
    check(
        "name: {{ e | default('echo-endpoint', true) }}",
        [("e", text(""))],
        "name: echo-endpoint",
    );
    refuse("port: {{ p }}", [], 1);
    refuse("port: {{ Port }}", [("port", number("1"))], 1);
    // Numbers and booleans given as strings are inserted bare, and YAML types them.
    check("public: {{ p }}", [("p", text("false"))], "public: false");
    check("port: {{ p }}", [("p", text("4242"))], "port: 4242");
}

#[test]
fn default_means_what_it_means_in_jinja() {
    for (expression, value, expected) in [
        ("v | default('d')", None, "d"),
        ("v|default('d')", Some(text("x")), "x"),
        ("v | default('d')", Some(text("")), ""),
        ("v | default('d', true)", Some(text("  ")), "d"),
        ("v | default('d', True)", Some(UsingValue::Bool(false)), "d"),
        ("v | default('d', true)", Some(number("0")), "d"),
        ("v | default('d', true)", Some(number("0.0")), "d"),
        ("v | default('d', true)", Some(text("[]")), "d"),
        ("v | default('d', true)", Some(number("5")), "5"),
        ("v | default('d', false)", Some(number("0")), "0"),
        ("v | default(8000)", None, "8000"),
        ("v | default(-1.50)", None, "-1.5"),
        ("v | default(True)", None, "true"),
        ("v | default(false)", None, "false"),
        ("v | default(other) | default('z')", None, "z"),
        (
            "v | default(['-n', 2, true, {'a': 'b c'}])",
            None,
            "[\"-n\",2,true,{\"a\":\"b c\"}]",
        ),
        (
            "v | default({'b': {}, \"a\": [[]]})",
            None,
            "{\"b\":{},\"a\":[[]]}",
        ),
        ("v | default('}} \\' \\n')", None, "}} ' \n"),
        ("v\n  |\n  default( 'd' )", None, "d"),
    ] {
        let variables: Variables = value.map(|value| ("v", value)).into_iter().collect();
        let expansion = expand(&format!("a: {{{{ {expression} }}}}"), &variables);
        assert_eq!(
            expansion.map(|e| e.text),
            Ok(format!("a: {expected}")),
            "{expression}"
        );
    }
}

#[test]
fn a_default_may_be_another_variable() {
    check(
        "a: {{ v | default(w) }}",
        [("w", text("\"x: y\""))],
        "a: \"x: y\"",
    );
    refuse("a: {{ v | default(w) }}", [], 1);
    refuse("a: {{ v | default(w) }}", [("w", text("/"))], 8);
}

#[test]
fn all_errors_are_reported_at_once_with_their_places() {
    let template = "# {{ fine }}
{% if x %}
a: {{ missing }}
b: {{ fine | upper }} {# why #}
c: {{ fine.part }}
d: {{ 'a' * 1000000 }}
e: {{ }}
f: {{ fine | default('a', true, 3) }}
g: {{ path }}
h: {{- fine -}}
i: {{ fine | default(none) }}
j: {{ fine | default('a
k: {{ Fine }}
l: {{ last
";
    let variables = using([("fine", number("1")), ("path", text("/a/b"))]);
    let report = report(template, &variables);
    let expected = [
        "FLOE-TEMPLATE-0002 `{% if x %}`: statements (`{% … %}`) are not part of specification \
         templates; write the specification out, or use `default` for what may be left out",
        "FLOE-TEMPLATE-0001 `missing`: the variable `missing` has no value and no default; \
         add `missing => …` to USING, or write `{{ missing | default('…') }}`",
        "FLOE-TEMPLATE-0006 `upper`: the filter `upper` is not known; there is only `default`; \
         write `{{ variable }}` or `{{ variable | default('…') }}`",
        "FLOE-TEMPLATE-0003 `{# why #}`: remarks in braces (`{# … #}`) are not part of \
         specification templates; write a YAML remark: `# …`",
        "FLOE-TEMPLATE-0005 `.part`: attribute access is not part of specification templates; \
         give each part a variable of its own, and its value in USING",
        "FLOE-TEMPLATE-0005 `'a'`: values without a variable are not part of specification \
         templates; write the value itself, without the braces",
        "FLOE-TEMPLATE-0005 `{{ }}`: a variable is missing between the braces; \
         write `{{ variable }}` or `{{ variable | default('…') }}`",
        "FLOE-TEMPLATE-0007 `3`: `default` takes a value and then `true` or `false`: \
         there are more than two; write `default('…')` or `default('…', true)`",
        "FLOE-TEMPLATE-0008 `path`: the value of `path` is neither letters and digits nor JSON; \
         write it as a JSON string: `path => '\"/a/b\"'`",
        "FLOE-TEMPLATE-0005 `{{-`: white-space control (`{{-`, `-}}`) is not part of \
         specification templates; write `{{ variable }}`; all white space stays as it is",
        "FLOE-TEMPLATE-0007 `none`: `default` takes a value and then `true` or `false`: \
         this is neither a value nor a variable; write `default('…')` or `default('…', true)`",
        "FLOE-TEMPLATE-0004 `'a`: a text in the placeholder is not closed",
        "FLOE-TEMPLATE-0001 `Fine`: the variable `Fine` has no value and no default; \
         did you mean `fine`? Names are case-sensitive",
        "FLOE-TEMPLATE-0004 `{{ last`: the placeholder is not closed",
    ];
    assert_eq!(report, expected);
}

#[test]
fn no_value_can_add_a_line_a_key_or_an_item() {
    let evil = "\"x\\nevil: true\"";
    check("a: {{ v }}", [("v", text(evil))], "a: \"x\\nevil: true\"");
    check(
        "a: \"{{ v }}\"",
        [("v", text(evil))],
        "a: \"x\\nevil: true\"",
    );
    for template in [
        "a: b{{ v }}",
        "a: 'b {{ v }}'",
        "a: |\n  {{ v }}",
        "a: 1 # {{ v }}",
    ] {
        refuse(template, [("v", text(evil))], 9);
    }
    for (template, value) in [
        ("a: b{{ v }}", "\": c\""),
        ("a: b{{ v }}", "\" #c\""),
        ("a: b {{ v }}", "\"# c\""),
        ("a: b{{ v }}", "\":\""),
        ("a: {{ v }}b", "\"[\""),
        ("a: {{ v }}b", "\"*\""),
        ("a: {{ v }} b", "\"-\""),
        ("a: {{ v }} b", "\" x\""),
        ("a: b{{ v }}", "\"x \""),
        ("[b{{ v }}]", "\"x, y\""),
        ("[b{{ v }}]", "\"x]\""),
        ("a: b:{{ v }}", ""),
        ("a: b {{ v }}#c", ""),
        ("a: {{ v }}#c", ""),
        ("a: b{{ v }}", "[1]"),
        ("a: b{{ v }}c", "{\"d\":1}"),
        ("a: 'b'{{ v }}c", "[1]"),
        ("a: b{{ v }}{{ w }}", "\":\""),
        ("a: b\n  {{ v }} c", "\"d: e\""),
        ("b\n{{ v }}", "\"#c\""),
        ("a: |\n  {{ v }}b", "\" c\""),
        ("a: \"\\{{ v }}\"", "x"),
        ("{{ v }} b", "\"---\""),
    ] {
        refuse(template, [("v", text(value)), ("w", text("x"))], 9);
    }
}

#[test]
fn values_inside_longer_texts_are_inserted_without_quotes() {
    check("a: b{{ v }}", [("v", text("\"/c d,[e]\""))], "a: b/c d,[e]");
    check("a: {{ v }}:1", [("v", text("\"/c\""))], "a: /c:1");
    check(
        "a: {{ v }}{{ w }}",
        [("v", text("")), ("w", text("\"/x\""))],
        "a: /x",
    );
    check(
        "a: \"{{ v }}\"",
        [("v", text("[\"\\\"\"]"))],
        "a: \"[\\\"\\\\\\\"\\\"]\"",
    );
    check(
        "a: '{{ v }}'",
        [("v", text("{\"b\": \"it's\"}"))],
        "a: '{\"b\":\"it''s\"}'",
    );
    check(
        "a: >\n  {{ v }} # x",
        [("v", text("\": #\""))],
        "a: >\n  : # # x",
    );
    check("\"{{ v }}\": 1", [("v", text("\"é\\t\""))], "\"é\\t\": 1");
    check(
        "[{{ v }}, {{ w }}]",
        [("v", text("\"x, y\"")), ("w", text("[1]"))],
        "[\"x, y\", [1]]",
    );
    check("{\"a\":{{ v }}}", [("v", number("1"))], "{\"a\":1}");
}

#[test]
fn every_missing_variable_is_named_once_however_often_it_is_used() {
    let template = format!(
        "{}{{{{ w }}}} {{{{ u | default(1) }}}} {{{{ u }}}}",
        "{{ v }} ".repeat(500)
    );
    let errors = expand(&template, &Variables::new()).expect_err("nothing has a value");
    let missing: Vec<_> = errors.iter().filter_map(TemplateError::variable).collect();
    assert_eq!(missing, ["v", "w", "u"]);
    assert_eq!(errors[0].span(), 3..4);
    assert_eq!(errors[2].span().end, template.len() - 3);
}

#[test]
fn a_variable_may_occur_often_and_one_that_does_not_is_named() {
    let variables = using([
        ("v", number("1")),
        ("w", text("bad value")),
        ("x", number("2")),
    ]);
    let expansion = expand("{{ v }} {{ v }} {{ y | default(x) }}", &variables).expect("it expands");
    assert_eq!(expansion.text, "1 1 2");
    assert_eq!(expansion.unused, ["w"]);
}

#[test]
fn line_endings_and_other_characters_of_the_template_stay() {
    check(
        "\u{feff}ä: {{ v }}\r\n\r\nb: {{v}}\n\n",
        [("v", text("\"ß\""))],
        "\u{feff}ä: \"ß\"\r\n\r\nb: \"ß\"\n\n",
    );
    check("a: } }} { {x}", [], "a: } }} { {x}");
}

#[test]
fn sizes_are_limited() {
    let long = "x".repeat(limits::MAX_TEMPLATE_BYTES + 1);
    refuse(&long, [], 10);
    refuse(
        "{{ v }}",
        [("v", text(&"1".repeat(limits::MAX_VALUE_BYTES + 1)))],
        12,
    );
    let value = text(&"1".repeat(limits::MAX_VALUE_BYTES));
    refuse(
        "{{ v }}{{ v }}{{ v }}{{ v }}{{ v }}",
        [("v", value.clone())],
        11,
    );
    check(
        "{{v}}",
        [("v", value)],
        &"1".repeat(limits::MAX_VALUE_BYTES),
    );
    refuse(
        &"{{v}}".repeat(limits::MAX_PLACEHOLDERS + 1),
        [("v", number("1"))],
        11,
    );
    let many: String = (0..5_000).map(|n| format!("{{{{v{n}}}}}\n")).collect();
    let found = report(&many, &Variables::new());
    assert_eq!(found.len(), limits::MAX_ERRORS);
    let found = report(&"{{\n".repeat(100_000), &Variables::new());
    assert_eq!(found.len(), limits::MAX_ERRORS);
    let deep = format!(
        "{{{{ v | default({}{}) }}}}",
        "[".repeat(100),
        "]".repeat(100)
    );
    refuse(&deep, [], 7);
    let long = " ".repeat(limits::MAX_PLACEHOLDER_BYTES);
    refuse(&format!("{{{{ v{long} }}}}"), [("v", number("1"))], 4);
}

#[test]
fn parts_of_the_outcome_lead_back_to_the_template() {
    let template = "ä: {{ a }}\nimage: repo/{{ b | default('x') }}:1\nc: {{ d }}";
    let variables = using([("a", text("\"äöü\"")), ("d", text(""))]);
    let expansion = expand(template, &variables).expect("it expands");
    assert_eq!(expansion.text, "ä: \"äöü\"\nimage: repo/x:1\nc: ");
    let back = |part: &str| {
        let at = expansion.text.find(part).expect("part of the outcome");
        let origin = expansion.origin(at..at + part.len());
        (&template[origin.span], origin.variable)
    };
    assert_eq!(back("äöü"), ("{{ a }}", Some("a".to_owned())));
    assert_eq!(back("image"), ("image", None));
    assert_eq!(
        back("repo/x:1"),
        ("repo/{{ b | default('x') }}:1", Some("b".to_owned()))
    );
    assert_eq!(back(":1"), (":1", None));
    assert_eq!(
        back("ä: \"äöü\"\nim"),
        ("ä: {{ a }}\nim", Some("a".to_owned()))
    );
    // An empty value has a place too: where it would stand.
    let end = expansion.text.len();
    assert_eq!(expansion.origin(end..end).variable.as_deref(), Some("d"));
    assert_eq!(&template[expansion.origin(end..end).span], "{{ d }}");
    // Ranges that cut characters or lie outside are moved.
    let all = expansion.origin(0..usize::MAX);
    assert_eq!(all.span, 0..template.len() - "{{ d }}".len());
    assert!(template.get(expansion.origin(1..6).span).is_some());
}
