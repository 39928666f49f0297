//! What a valid text becomes.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::{Container, Finding, ParseOptions, ValidSpec, codes, parse};

fn valid(text: &str) -> ValidSpec {
    let parsed = parse(text, &ParseOptions::default());
    assert!(parsed.spec.is_some(), "{text}\n{:#?}", parsed.findings);
    parsed.spec.expect("just asserted")
}

fn container(fields: &str) -> Container {
    valid(&format!(
        "spec:\n  containers:\n  - name: main\n    image: /d/s/r/i\n{fields}"
    ))
    .containers()[0]
        .clone()
}

#[test]
fn a_probe_has_the_documented_defaults() {
    let probe = container("    readinessProbe: {port: 1, path: /}\n")
        .readiness_probe
        .expect("it");
    assert_eq!((probe.period_seconds, probe.failure_threshold), (5, 3));
}

#[test]
fn variables_keep_the_text_they_are_written_with() {
    let env = container(
        "    env:
      A: 8000
      B: 1.10
      C: YES
      D: False
      E: 0755
      F: 1_000
      G: \"quoted \\u00e9\"
      H: |
        two
        lines
      I: folded
        plain
      J: 0x1F
      K: 123456789012345678901234567890
      L: .inf
      M: 1e400
      N:
      O: !!str 5
      P: &p 7
      Q: *p
      8080: key
      null: n
      S: -0
      T: 2024-01-01
      U: !!int \"9\"
",
    )
    .env;
    let expected = [
        ("A", "8000"),
        ("B", "1.10"),
        ("C", "YES"),
        ("D", "False"),
        ("E", "0755"),
        ("F", "1_000"),
        ("G", "quoted é"),
        ("H", "two\nlines\n"),
        ("I", "folded plain"),
        ("J", "0x1F"),
        ("K", "123456789012345678901234567890"),
        ("L", ".inf"),
        ("M", "1e400"),
        ("N", ""),
        ("O", "5"),
        ("P", "7"),
        ("Q", "7"),
        ("8080", "key"),
        ("null", "n"),
        ("S", "-0"),
        ("T", "2024-01-01"),
        ("U", "9"),
    ];
    let expected: Vec<_> = expected
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    assert_eq!(env, expected);
}

#[test]
fn a_variable_that_is_written_as_null_is_empty_and_warned_about() {
    let text = "spec: {containers: [{name: a, image: i, env: {A: ~, B: null, C: }}]}";
    let parsed = parse(text, &ParseOptions::default());
    let codes: Vec<_> = parsed.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [codes::NULL_ENV, codes::NULL_ENV]);
    let spec = parsed.spec.expect("warnings only");
    assert!(
        spec.containers()[0]
            .env
            .iter()
            .all(|(_, value)| value.is_empty())
    );
}

#[test]
fn numbers_and_booleans_in_commands_are_texts() {
    let command = container("    command: [run, 9000, 1.50, true, '', \"a b\"]\n").command;
    let expected = ["run", "9000", "1.50", "true", "", "a b"].map(str::to_owned);
    assert_eq!(command.as_deref(), Some(&expected[..]));
}

#[test]
fn optional_fields_that_are_null_count_as_not_written() {
    let container = container(
        "    command:\n    env:\n    resources:\n    readinessProbe:\n    \
         volumeMounts:\n    secrets: []\n  endpoints:\n  volumes: ~\n",
    );
    assert!(container.command.is_none() && container.readiness_probe.is_none());
    assert!(container.resources.requests.is_empty() && container.env.is_empty());
}

#[test]
fn json_is_read_like_yaml_and_escapes_are_decoded() {
    let spec = valid(
        r#"{"spec":{"containers":[{"name":"a","image":"/d/s/r/i",
            "args":["\u0024\u0024","\ud83d\ude00","\/"],"env":{"P":8000}}],
            "endpoints":[{"name":"e","port":8000,"public":true}]}}"#,
    );
    let expected = ["$$", "😀", "/"].map(str::to_owned);
    assert_eq!(spec.containers()[0].args.as_deref(), Some(&expected[..]));
    assert!(spec.endpoints()[0].public);
}

#[test]
fn spans_slice_the_text_also_behind_other_alphabets_and_in_block_scalars() {
    let text = "\u{feff}# Überschrift ☃\r\nspec:\r\n  containers:\r\n  - name: a\r\n    \
        image: 'i'\r\n    env:\r\n      GRÜẞE: \"日本\"\r\n      ZWEI: |\r\n        \
        Zeile ä\r\n        zwei\r\n      DREI: x # é\r\n";
    let spec = valid(text);
    let at = |path: &str| spec.span_of(path).expect("the path was read");
    let slice = |path: &str| &text[at(path).start..at(path).end];
    assert_eq!(slice("spec.containers[0].image"), "'i'");
    assert_eq!(slice("spec.containers[0].env[\"GRÜẞE\"]"), "\"日本\"");
    assert_eq!(
        (
            at("spec.containers[0].env[\"GRÜẞE\"]").line,
            at("spec.containers[0].env[\"GRÜẞE\"]").column
        ),
        (7, 14)
    );
    assert!(slice("spec.containers[0].env.ZWEI").starts_with("Zeile ä\r\n"));
    assert_eq!(
        (
            at("spec.containers[0].env.ZWEI").line,
            at("spec.containers[0].env.ZWEI").column
        ),
        (9, 9)
    );
    assert_eq!(slice("spec.containers[0].env.DREI"), "x");
    assert_eq!(spec.containers()[0].env[1].1, "Zeile ä\nzwei\n");
}

#[test]
fn an_alias_is_reported_where_it_stands() {
    let text = "spec:\n  containers:\n  - {name: &n Bad, image: i}\n  - {name: *n, image: i}\n";
    let findings = parse(text, &ParseOptions::default()).findings;
    let places: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code == codes::BAD_NAME)
        .filter_map(|finding: &Finding| finding.span)
        .map(|span| &text[span.start..span.end])
        .collect();
    assert_eq!(places, ["Bad", "*n"]);
}
