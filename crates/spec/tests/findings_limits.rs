//! What is said about too much of something.

#[path = "support/report.rs"]
mod report;

use floe_spec::{ParseOptions, parse};
use report::{check, container, count, report};

fn many(count: usize, item: &str) -> String {
    let items = (0..count).map(|at| item.replace('#', &at.to_string()));
    items.collect::<Vec<_>>().join(", ")
}

#[test]
fn there_are_limits_on_how_much_a_service_may_have() {
    for (what, list, limit) in [
        ("containers", "{name: c#, image: i}", 20),
        ("endpoints", "{name: e#, port: 1}", 100),
        ("volumes", "{name: v#, source: local}", 20),
        ("block volumes", "{name: v#, source: block, size: 1Gi}", 3),
        (
            "stage volumes",
            "{name: v#, source: stage, stageConfig: {name: '@s'}}",
            20,
        ),
        ("volumes of the form", "{name: v#, source: '@s'}", 5),
    ] {
        let key = what
            .split(' ')
            .find(|word| *word != "block" && *word != "stage");
        let key = key.unwrap_or(what);
        let text = |count| match key {
            "containers" => format!("spec: {{containers: [{}]}}", many(count, list)),
            _ => container(&format!("  {key}: [{}]\n", many(count, list))),
        };
        let options = ParseOptions::default();
        assert!(
            !report(&text(limit), &options).contains("FLOE-SPEC-0027"),
            "{what}"
        );
        let found = report(&text(limit + 1), &options);
        assert_eq!(
            found.matches("error[FLOE-SPEC-0027]").count(),
            1,
            "{what}: {found}"
        );
        let warned = found.matches("warning[FLOE-SPEC-0058]").count();
        assert_eq!(count(&found), 1 + warned, "{what}: {found}");
    }
    check(
        &container(&format!(
            "  endpoints: [{}]\n",
            many(101, "{name: e#, port: 1}")
        )),
        "error[FLOE-SPEC-0027] at line 5, column 14 (spec.endpoints)
  there may be 100 endpoints here, these are 101",
    );
    let volumes = many(4, "{name: v#, source: block, size: 1Gi}");
    check(
        &container(&format!("  volumes: [{volumes}]\n")),
        "error[FLOE-SPEC-0027] at line 5, column 12 (spec.volumes)
  a service may have 3 block volumes, these are 4",
    );
}

#[test]
fn secrets_are_counted_over_all_containers() {
    let secrets = |count| many(count, "{snowflakeSecret: s, directoryPath: /s#}");
    let text = |first, second| {
        let (first, second) = (secrets(first), secrets(second));
        format!(
            "spec:\n  containers:\n  - {{name: a, image: i, secrets: [{first}]}}\n  \
             - {{name: b, image: i, secrets: [{second}]}}\n  \
             - {{name: c, image: i, secrets: [{{snowflakeSecret: s, directoryPath: /s}}]}}\n"
        )
    };
    check(&text(25, 24), "");
    check(
        &text(25, 26),
        "error[FLOE-SPEC-0027] at line 4, column 34 (spec.containers[1].secrets)
  a service may have 50 secrets in all its containers",
    );
}

#[test]
fn what_is_told_ends_after_a_thousand_findings() {
    let unknown = |count: usize| -> String {
        let keys: Vec<String> = (0..count)
            .map(|at| format!("    unknown{at}: 1\n"))
            .collect();
        container(&keys.concat())
    };
    let told = |text: &str, lenient| {
        let options = ParseOptions {
            lenient,
            ..ParseOptions::default()
        };
        parse(text, &options)
    };
    let thousand = told(&unknown(1_000), false).findings;
    assert_eq!(thousand.len(), 1_000);
    assert!(
        thousand
            .iter()
            .all(|finding| finding.code == "FLOE-SPEC-0010")
    );
    let more = told(&unknown(1_001), false).findings;
    let last = more.last().map(ToString::to_string).unwrap_or_default();
    assert_eq!(more.len(), 1_001);
    assert_eq!(
        last,
        "error[FLOE-SPEC-0059] at line 1005, column 5: there are more than 1000 findings; the \
         others are not told"
    );
    // Warnings alone forbid nothing, however many; an error among the untold does.
    let parsed = told(&unknown(2_000), true);
    assert!(parsed.spec.is_some() && !parsed.findings.iter().any(|finding| finding.is_error()));
    let text = format!("{}    command: x\n", unknown(2_000));
    let parsed = told(&text, true);
    assert!(parsed.spec.is_none());
    assert!(
        parsed
            .findings
            .last()
            .is_some_and(|finding| finding.is_error())
    );
}
