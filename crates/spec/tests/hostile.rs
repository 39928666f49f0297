//! Texts that mean harm: findings in reasonable time, never a panic.

use floe_spec::{ParseOptions, codes, limits, parse};
use proptest::prelude::*;

fn first_code(text: &str) -> &'static str {
    parse(text, &ParseOptions::default()).findings[0].code
}

#[test]
fn limits_on_size_nesting_and_aliases_are_findings() {
    let wrapped =
        |inner: &str| format!("spec: {{containers: [{{name: a, image: i, secrets: {inner}}}]}}");
    let mut bomb = String::from("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    let mut chain = format!("a0: &a0 {}1{}\n", "[".repeat(27), "]".repeat(27));
    for level in 1..40 {
        let below = level - 1;
        let nine = vec![format!("*a{below}"); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{nine}]\n"));
        let (open, close) = ("[".repeat(27), "]".repeat(27));
        chain.push_str(&format!("a{level}: &a{level} {open}*a{below}{close}\n"));
    }
    let many: Vec<String> = (0..=limits::MAX_KEYS)
        .map(|at| format!("a{at}: 1"))
        .collect();
    let many = format!("spec: {{{}}}", many.join(","));
    let text = "x".repeat(200_000);
    let copies = format!("a: &a {text}\nb: [{}]", vec!["*a"; 90].join(", "));
    for (what, text, code) in [
        (
            "too long",
            "x".repeat(limits::MAX_SPEC_BYTES + 1),
            codes::TEXT_TOO_LARGE,
        ),
        (
            "deep flow",
            wrapped(&"[".repeat(100_000)),
            codes::TOO_COMPLEX,
        ),
        (
            "deep maps",
            wrapped(&"{a: ".repeat(100_000)),
            codes::TOO_COMPLEX,
        ),
        ("deep block", "- ".repeat(300_000), codes::TOO_COMPLEX),
        ("deep keys", "? ".repeat(300_000), codes::TOO_COMPLEX),
        (
            "indented",
            (0..1000)
                .map(|i| format!("{}a:\n", " ".repeat(i)))
                .collect(),
            codes::TOO_COMPLEX,
        ),
        (
            "many values",
            format!("a: [{}]", "1,".repeat(limits::MAX_NODES)),
            codes::TOO_COMPLEX,
        ),
        ("many keys", many, codes::TOO_COMPLEX),
        ("alias bomb", bomb, codes::TOO_COMPLEX),
        ("alias chain", chain, codes::TOO_COMPLEX),
        ("copied text", copies, codes::TOO_COMPLEX),
        ("own alias", "a: &a [*a]".to_owned(), codes::TOO_COMPLEX),
        ("unknown alias", "a: *b".to_owned(), codes::SYNTAX),
        ("unknown tag", "a: !foo 1".to_owned(), codes::SYNTAX),
        ("not closed", "a: 'x".to_owned(), codes::SYNTAX),
        ("control character", "a\u{0}: 1".to_owned(), codes::SYNTAX),
        (
            "documents",
            "---\n".repeat(100_000),
            codes::SEVERAL_DOCUMENTS,
        ),
        ("empty lines", "\n".repeat(1_000_000), codes::EMPTY),
    ] {
        assert_eq!(first_code(&text), code, "{what}");
    }
}

#[test]
fn the_deepest_allowed_value_has_its_own_finding() {
    // `spec`, the list, the container and `secrets` take four levels.
    let text = |deep: usize| {
        let (open, close) = ("[".repeat(deep), "]".repeat(deep));
        format!("spec: {{containers: [{{name: a, image: i, secrets: {open}1{close}}}]}}")
    };
    let deep = limits::MAX_DEPTH - 4;
    assert_eq!(first_code(&text(deep)), codes::WRONG_TYPE);
    assert_eq!(first_code(&text(deep + 1)), codes::TOO_COMPLEX);
}

#[test]
fn as_many_variables_as_a_map_may_have_are_read() {
    let env: Vec<String> = (0..limits::MAX_KEYS).map(|at| format!("a{at}: ")).collect();
    let text = format!(
        "spec: {{containers: [{{name: a, image: i, env: {{{}}}}}]}}",
        env.join(",")
    );
    let spec = parse(&text, &ParseOptions::default()).spec;
    let read = spec.map(|spec| spec.containers()[0].env.len());
    assert_eq!(read, Some(limits::MAX_KEYS));
}

#[test]
fn an_enormous_key_is_one_finding_and_shortened() {
    let key = "k".repeat(500_000);
    for text in [
        format!("? {key}\n: 1\n"),
        format!("spec: {{containers: [{{name: a, image: i, env: {{? {key} : [1]}}}}]}}"),
    ] {
        let findings = parse(&text, &ParseOptions::default()).findings;
        let about: Vec<_> = findings
            .iter()
            .filter(|f| f.code != codes::MISSING_FIELD)
            .collect();
        assert_eq!(about.len(), 1, "{about:?}");
        assert!(
            findings
                .iter()
                .all(|finding| finding.to_string().len() < 1000)
        );
    }
}

/// What each text is of: its name, beginning, repeated part and end. The texts of one line are
/// JSON as clients send it, where all columns are far from the beginning.
const LONG: [(&str, &str, &str, &str); 9] = [
    (
        "one line",
        "spec: {containers: [{name: a, image: i, env: {",
        "v#: 1, ",
        "}}]}",
    ),
    (
        "wrong values",
        "spec: {containers: [{name: a, image: i, env: {",
        "v#: [], ",
        "}}]}",
    ),
    ("unknown keys", "spec: {", "contaners#: 1, ", "}"),
    (
        "same keys",
        "spec: {containers: [{name: a, image: i, env: {",
        "v: 1, ",
        "}}]}",
    ),
    (
        "containers",
        "spec: {containers: [",
        "{name: a#, image: i}, ",
        "]}",
    ),
    (
        "mounts",
        "spec: {containers: [{name: a, image: i, volumeMounts: [",
        "{name: v, mountPath: /a#}, ",
        "]}], volumes: [{name: v, source: local}]}",
    ),
    (
        "volumes that mounts do not find",
        "spec: {containers: [{name: a, image: i, volumeMounts: [",
        "{name: w#, mountPath: /a}, ",
        "]}], volumes: [{name: v, source: local}]}",
    ),
    (
        "conditions",
        "spec: {containers: [{name: a, image: i}], resourceManagement: {autoScalingPolicies: \
             {scaleUp: {anyConditions: [",
        "{metricCondition: {containerName: b#}}, ",
        "]}}}}",
    ),
    (
        "roles",
        "serviceRoles: [",
        "{name: r#, endpoints: [e#]}, ",
        "]",
    ),
];

/// So many bytes, or a few more, of a part in which `#` is a number.
fn repeated(part: &str, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 64);
    let mut at = 0;
    while text.len() < bytes {
        text.push_str(&part.replace('#', &at.to_string()));
        at += 1;
    }
    text
}

/// Time is for the benchmark; that nothing is told without end is for this test.
#[test]
fn long_lists_of_faults_end_after_a_thousand_findings() {
    for (what, begin, part, end) in LONG {
        let text = format!("{begin}{}{end}", repeated(part, 240_000));
        let parsed = parse(&text, &ParseOptions::default());
        assert!(parsed.findings.len() <= limits::MAX_FINDINGS + 1, "{what}");
    }
}

/// Fragments that specifications are made of, to put together at random.
const PIECES: [&str; 44] = [
    "spec:",
    "containers:",
    "container:",
    "endpoints:",
    "volumes:",
    "- ",
    "name: ",
    "image: ",
    "a",
    "\n",
    "\n  ",
    "\n    ",
    "  ",
    " ",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "<<: ",
    "? ",
    "# c",
    "!!str ",
    "8000",
    "0.5Gi",
    "true",
    "~",
    "é",
    "\t",
    "\r\n",
    "---\n",
    "...\n",
    "\u{feff}",
    "port: ",
    "env: ",
    "resources: {limits: {cpu: ",
    "secrets: ",
];

proptest! {
    // Failures are kept as tests of their own, not as files of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_all_spans_lie_in_it(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60),
        lenient in any::<bool>(),
    ) {
        let text = pieces.concat();
        let parsed = parse(&text, &ParseOptions { lenient, ..ParseOptions::default() });
        for finding in &parsed.findings {
            let span = finding.span.expect("the text is short, so each finding has a place");
            prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", finding);
            prop_assert!(span.line >= 1 && span.column >= 1);
            prop_assert!(!finding.to_string().contains('\n'));
        }
        prop_assert_eq!(parsed.spec.is_none(), parsed.findings.iter().any(|f| f.is_error()));
    }

    #[test]
    fn a_valid_text_with_one_byte_changed_is_read_or_explained(
        at in 0_usize..400,
        with in proptest::sample::select("\0\t\n :-{}[]\"'é#&*|>@,x1".chars().collect::<Vec<_>>()),
    ) {
        let text = include_str!("fixtures/echo.yaml");
        let at = text.char_indices().nth(at % text.chars().count()).map_or(0, |(at, _)| at);
        let changed: String =
            text.char_indices().map(|(i, c)| if i == at { with } else { c }).collect();
        let parsed = parse(&changed, &ParseOptions::default());
        if let Some(spec) = parsed.spec {
            let canonical = spec.canonical_text(&|_| None);
            let again = parse(&canonical, &ParseOptions::default());
            prop_assert!(again.findings.is_empty(), "{:?}\n{}", again.findings, canonical);
            prop_assert_eq!(again.spec.map(|spec| spec.canonical_text(&|_| None)), Some(canonical));
        }
    }
}
