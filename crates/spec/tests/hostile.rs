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
            format!("a: [{}]", "1,".repeat(100_000)),
            codes::TOO_COMPLEX,
        ),
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
fn the_deepest_allowed_value_is_read_and_written_back() {
    // `spec`, the list, the container and `secrets` take four levels.
    let deep = limits::MAX_DEPTH - 4;
    let text = format!(
        "spec: {{containers: [{{name: a, image: i, secrets: {}1{}}}]}}",
        "[".repeat(deep),
        "]".repeat(deep)
    );
    let spec = parse(&text, &ParseOptions::default())
        .spec
        .expect("within the limit");
    let canonical = spec.canonical_text(&|_| None);
    let again = parse(&canonical, &ParseOptions::default())
        .spec
        .expect("canonical");
    assert_eq!(again.canonical_text(&|_| None), canonical);
}

#[test]
fn an_enormous_unknown_key_is_shortened() {
    let text = format!("? {}\n: 1\n", "k".repeat(500_000));
    let findings = parse(&text, &ParseOptions::default()).findings;
    assert!(
        findings
            .iter()
            .all(|finding| finding.to_string().len() < 1000)
    );
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
