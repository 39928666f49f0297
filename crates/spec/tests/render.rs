//! What findings look like: for people, as JSON, as workflow commands.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use floe_spec::render::{Source, github, json, text};
use floe_spec::{Finding, ParseOptions, Severity, Span, parse};
use proptest::prelude::*;

const SPEC: &str = "\
spec:
  containers:
  - name: echo
    image: /tutorial_db/data_schema/Tutorial_Repository/echo:latest
  endpoints:
  - {name: api, port: 80, protocol: TCP, public: true}
  contaners: []
";

fn source(text: &str) -> Source<'_> {
    Source {
        name: "spec.yaml",
        text,
    }
}

fn findings(text: &str) -> Vec<Finding> {
    parse(text, &ParseOptions::default()).findings
}

/// A finding about bytes that nothing has checked.
fn finding(message: &str, bytes: Option<(usize, usize)>) -> Finding {
    let mut finding = findings("").pop().expect("an empty text is an error");
    finding.message = message.to_owned();
    finding.hint = None;
    finding.span = bytes.map(|(start, end)| Span {
        start,
        end,
        line: 1,
        column: 1,
    });
    finding
}

#[track_caller]
fn draws(findings: &[Finding], of: &str, expected: &str) {
    assert_eq!(text(findings, &source(of), false), expected);
}

#[test]
fn findings_are_drawn_at_the_text_with_path_notes_and_hint_and_counted() {
    let mut findings = findings(SPEC);
    findings[1]
        .notes
        .push("browsers speak nothing else".to_owned());
    let mut last = finding("the text has no place for this", None);
    last.severity = Severity::Warning;
    findings.push(last);
    draws(
        &findings,
        SPEC,
        "\
warning[FLOE-SPEC-0057]: an image path is written in lower case
 --> spec.yaml:4:12
  |
4 |     image: /tutorial_db/data_schema/Tutorial_Repository/echo:latest
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = note: at `spec.containers[0].image`
  = help: write `/tutorial_db/data_schema/tutorial_repository/echo:latest`

error[FLOE-SPEC-0017]: a public endpoint needs `protocol: HTTP`
 --> spec.yaml:6:50
  |
6 |   - {name: api, port: 80, protocol: TCP, public: true}
  |                                                  ^^^^
  |
  = note: at `spec.endpoints[0].public`
  = note: browsers speak nothing else
  = help: remove `protocol: TCP`, or `public: true`

error[FLOE-SPEC-0010]: the key `contaners` is not known here
 --> spec.yaml:7:3
  |
7 |   contaners: []
  |   ^^^^^^^^^
  |
  = note: at `spec.contaners`
  = help: did you mean `containers`?

warning[FLOE-SPEC-0007]: the text has no place for this
--> spec.yaml

2 errors, 2 warnings
",
    );
}

#[test]
fn without_findings_there_is_nothing_to_say() {
    assert_eq!(text(&[], &source(SPEC), true), "");
    assert_eq!(github(&[], &source(SPEC)), "");
    assert_eq!(
        json(&[], &source(SPEC)),
        "{\n  \"file\": \"spec.yaml\",\n  \"errors\": 0,\n  \"warnings\": 0,\n  \
         \"findings\": []\n}\n"
    );
}

#[test]
fn of_a_place_of_several_lines_the_first_is_underlined_and_columns_are_left_out() {
    let all = [finding("all of it", Some((8, 29)))];
    let of = "spec:\n  containers:\n  - a\n  - b\n";
    draws(
        &all,
        of,
        "\
error[FLOE-SPEC-0007]: all of it
 --> spec.yaml:2:3
  |
2 |   containers:
  |   ^^^^^^^^^^^

1 error
",
    );
    assert_eq!(
        github(&all, &source(of)),
        "::error file=spec.yaml,line=2,endLine=4,title=FLOE-SPEC-0007::all of it\n"
    );
}

#[test]
fn of_a_long_line_only_what_is_around_the_place_is_drawn() {
    let of = format!("{}here{}", "a".repeat(500_000), "b".repeat(500_000));
    let all = [finding("long", Some((500_000, 500_004)))];
    let (left, right) = ("a".repeat(40), "b".repeat(76));
    let expected = format!(
        "\
error[FLOE-SPEC-0007]: long
 --> spec.yaml:1:500001
  |
1 | ...{left}here{right}...
  |    {}^^^^

1 error
",
        " ".repeat(40)
    );
    draws(&all, &of, &expected);
}

#[test]
fn every_kind_of_line_ending_and_character_keeps_the_underline_in_place() {
    for (of, bytes, expected) in [
        (
            "\u{feff}a: b\r\nc: d\r\n",
            (12, 13),
            "2:4\n  |\n2 | c: d\n  |    ^\n",
        ),
        ("\u{feff}a: b", (6, 7), "1:4\n  |\n1 | a: b\n  |    ^\n"),
        ("a: b\rc: d", (8, 9), "2:4\n  |\n2 | c: d\n  |    ^\n"),
        ("\ta: b", (4, 5), "1:5\n  |\n1 |     a: b\n  |        ^\n"),
        ("äöü: b", (8, 9), "1:6\n  |\n1 | äöü: b\n  |      ^\n"),
        ("好: b", (5, 6), "1:4\n  |\n1 | 好: b\n  |     ^\n"),
        (
            "\u{1b}[1m: b",
            (6, 7),
            "1:7\n  |\n1 | \u{fffd}[1m: b\n  |       ^\n",
        ),
        ("a: b\n", (4, 5), "1:5\n  |\n1 | a: b\n  |     ^\n"),
        ("", (0, 0), "1:1\n  |\n1 |\n  | ^\n"),
    ] {
        let expected = format!("error[FLOE-SPEC-0007]: x\n --> spec.yaml:{expected}\n1 error\n");
        draws(&[finding("x", Some(bytes))], of, &expected);
    }
}

#[test]
fn only_coloured_text_holds_escape_sequences() {
    let mut one = finding("a\u{1b}[31m\nb", Some((0, 4)));
    one.path = "spec.\u{202e}x".to_owned();
    let plain = text(&[one.clone()], &source(SPEC), false);
    assert!(plain.starts_with("error[FLOE-SPEC-0007]: a\u{fffd}[31m b\n"));
    assert!(plain.contains("= note: at `spec.\u{fffd}x`\n"));
    let coloured = text(&[one], &source(SPEC), true);
    assert!(
        coloured.contains("\u{1b}[1m\u{1b}[91merror"),
        "{coloured:?}"
    );
    assert!(!coloured.contains("\u{1b}[31m"), "{coloured:?}");
}

#[test]
fn json_has_every_field_in_a_fixed_order() {
    let mut all = vec![finding("é \"x\"", Some((0, 6))), finding("none", None)];
    all[0].hint = Some("do".to_owned());
    all[0].notes = vec!["n".to_owned()];
    all[1].severity = Severity::Warning;
    all[1].path = "spec".to_owned();
    assert_eq!(
        json(&all, &source("é: a\nb: c\n")),
        r#"{
  "file": "spec.yaml",
  "errors": 1,
  "warnings": 1,
  "findings": [
    {
      "code": "FLOE-SPEC-0007",
      "severity": "error",
      "path": "",
      "message": "é \"x\"",
      "hint": "do",
      "notes": [
        "n"
      ],
      "span": {
        "start": 0,
        "end": 6,
        "line": 1,
        "column": 1,
        "endLine": 1,
        "endColumn": 6
      }
    },
    {
      "code": "FLOE-SPEC-0007",
      "severity": "warning",
      "path": "spec",
      "message": "none",
      "hint": null,
      "notes": [],
      "span": null
    }
  ]
}
"#
    );
}

#[test]
fn workflow_commands_escape_what_would_end_them() {
    let mut all = vec![
        finding("100% of\r\nall: a, b", Some((0, 4))),
        finding("x", None),
    ];
    all[0].notes = vec!["a note".to_owned()];
    all[0].hint = Some("a: hint".to_owned());
    all[1].severity = Severity::Warning;
    let source = Source {
        name: "C:\\50%,a\nb.yaml",
        text: SPEC,
    };
    assert_eq!(
        github(&all, &source),
        "::error file=C%3A\\50%25%2Ca%0Ab.yaml,line=1,endLine=1,col=1,endColumn=5,\
         title=FLOE-SPEC-0007::100%25 of%0D%0Aall: a, b%0Aa note%0Aa: hint\n\
         ::warning file=C%3A\\50%25%2Ca%0Ab.yaml,title=FLOE-SPEC-0007::x\n"
    );
}

/// Characters that are drawn, counted or escaped in a way of their own.
const ODD: &str =
    "[ \t\r\n\u{feff}\u{0}\u{1b}\u{85}\u{200d}\u{2028}\u{202e}\u{301}aé好🦀%:,\"]{0,60}";

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ODD,
        ".*",
        ODD.prop_map(|text| text.repeat(9)),
        Just(String::new())
    ]
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let place = || prop_oneof![8 => 0..80_usize, 1 => 0..2_000_usize, 1 => any::<usize>()];
    let span = proptest::option::weighted(0.9, (place(), place(), any::<u32>(), any::<u32>()));
    let texts = (any_text(), any_text(), proptest::option::of(any_text()));
    (
        texts,
        proptest::collection::vec(any_text(), 0..3),
        span,
        any::<bool>(),
    )
        .prop_map(|((message, path, hint), notes, span, error)| Finding {
            code: floe_spec::codes::SYNTAX,
            severity: if error {
                Severity::Error
            } else {
                Severity::Warning
            },
            path,
            span: span.map(|(start, end, line, column)| Span {
                start,
                end,
                line,
                column,
            }),
            message,
            notes,
            hint,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_and_no_place_upsets_any_of_the_forms(
        of in any_text(),
        name in any_text(),
        all in proptest::collection::vec(any_finding(), 0..4),
    ) {
        let source = Source { name: &name, text: &of };
        let drawn = text(&all, &source, false);
        let control = |c: char| c.is_control() && c != '\n';
        prop_assert!(!drawn.contains(control), "{drawn:?}");
        prop_assert!(drawn.lines().all(|line| line.chars().count() < 600), "{drawn}");
        prop_assert_eq!(drawn.is_empty(), all.is_empty());
        prop_assert_eq!(text(&all, &source, true).is_empty(), all.is_empty());

        let report: serde_json::Value = serde_json::from_str(&json(&all, &source))
            .expect("it is JSON");
        let listed = report["findings"].as_array().expect("a list");
        prop_assert_eq!(listed.len(), all.len());
        for (listed, finding) in listed.iter().zip(&all) {
            prop_assert_eq!(&listed["message"], &finding.message);
            prop_assert_eq!(listed["span"].is_null(), finding.span.is_none());
            if let Some(end) = listed["span"]["end"].as_u64() {
                let start = listed["span"]["start"].as_u64().expect("a number");
                let small = |number: u64| usize::try_from(number).expect("it is in the text");
                prop_assert!(of.get(small(start)..small(end)).is_some());
            }
        }

        let commands = github(&all, &source);
        prop_assert_eq!(commands.matches('\n').count(), all.len());
        prop_assert!(!commands.contains('\r'));
        prop_assert!(commands.lines().all(|line| line.starts_with("::")));
    }
}
