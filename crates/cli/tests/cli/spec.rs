//! `floe spec` and `floe template`.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Floe, Ran};

const GOOD: &str = "\
spec:
  containers:
  - name: echo
    image: /tutorial_db/data_schema/tutorial_repository/echo:1
    env:
      SERVER_PORT: 8000
  endpoints:
  - name: echoendpoint
    port: 8000
";
const BAD: &str = "\
spec:
  containers:
  - name: Echo
    image: /tutorial_db/data_schema/tutorial_repository/echo:1
    readynessProbe: {port: 8000, path: /healthcheck}
  endpoints:
  - name: echoendpoint
    port: 80000
";
const TEMPLATE: &str = "\
spec:
  containers:
  - name: {{ name }}
    image: /db/schema/repo/echo:{{ tag | default('latest') }}
  endpoints:
  - name: echoendpoint
    port: {{ port }}
";

/// Runs a command with a text on standard input.
fn piped(floe: &Floe, args: &[&str], text: &str) -> Ran {
    let mut child = floe.command(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    Ran::of(child.wait_with_output().unwrap())
}

fn path(file: &std::path::Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn a_good_file_is_clean_and_a_bad_one_shows_all_its_faults_at_their_places() {
    let floe = Floe::new();
    let (good, bad) = (floe.file("good.yaml", GOOD), floe.file("bad.yaml", BAD));
    let ran = floe.args(&["spec", "check", path(&good)]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", "")
    );

    let ran = floe.args(&["spec", "check", path(&good), path(&bad)]);
    assert_eq!(ran.code, Some(1));
    for part in [
        "error[FLOE-SPEC-0012]",
        "bad.yaml:3:11",
        "did you mean `echo`?",
        "error[FLOE-SPEC-0010]",
        "bad.yaml:5:5",
        "did you mean `readinessProbe`?",
        "error[FLOE-SPEC-0014]",
        "bad.yaml:8:11",
        "^^^^^",
        "3 errors",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}

#[test]
fn findings_come_as_json_and_as_annotations() {
    let floe = Floe::new();
    let (good, bad) = (floe.file("good.yaml", GOOD), floe.file("bad.yaml", BAD));
    let ran = floe.args(&["spec", "check", "--format", "json", path(&good), path(&bad)]);
    assert_eq!(ran.code, Some(1));
    let files: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(files[0]["findings"], serde_json::json!([]));
    assert_eq!(files[1]["errors"], 3);
    assert_eq!(files[1]["findings"][0]["code"], "FLOE-SPEC-0012");
    assert_eq!(files[1]["findings"][2]["span"]["line"], 8);

    let ran = floe.args(&["spec", "check", "--format", "github", path(&bad)]);
    assert_eq!(ran.stdout.lines().count(), 3);
    let first = ran.stdout.lines().next().unwrap();
    assert!(
        first.starts_with("::error file=") && first.contains(",line=3,"),
        "{first}"
    );
}

#[test]
fn unknown_keys_are_warnings_when_asked_and_jobs_have_rules_of_their_own() {
    let floe = Floe::new();
    let odd = floe.file(
        "odd.yaml",
        &GOOD.replace("    env:", "    owner: me\n    env:"),
    );
    assert_eq!(floe.args(&["spec", "check", path(&odd)]).code, Some(1));
    let ran = floe.args(&["spec", "check", "--lenient", path(&odd)]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.contains("warning[FLOE-SPEC-0010]"),
        "{}",
        ran.stdout
    );

    let scaled = "  resourceManagement:
    autoScalingPolicies:
      scaleUp:
        anyConditions:
        - metricCondition:
            metricName: container.cpu.usage
            aggregationType: avg
            stabilizationPeriodSecs: 60
            targetScaling: {targetValue: 0.8}
";
    let scaled = floe.file("scaled.yaml", &format!("{GOOD}{scaled}"));
    assert_eq!(floe.args(&["spec", "check", path(&scaled)]).code, Some(0));
    let ran = floe.args(&["spec", "check", "--job", path(&scaled)]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("FLOE-SPEC-0035"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_read_is_said_and_the_other_files_are_checked_all_the_same() {
    let floe = Floe::new();
    let bad = floe.file("bad.yaml", BAD);
    let missing = floe.data_dir().join("missing.yaml");
    let ran = floe.args(&["spec", "check", path(&missing), path(&bad)]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("missing.yaml cannot be read"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("FLOE-SPEC-0012"), "{}", ran.stdout);

    let odd = floe.file("odd.yaml", "");
    std::fs::write(&odd, b"spec: \xff").unwrap();
    let ran = floe.args(&["spec", "check", path(&odd)]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("not UTF-8 from byte 6"),
        "{}",
        ran.stderr
    );
    assert_eq!(floe.args(&["spec", "check", "/"]).code, Some(2));
}

#[test]
fn standard_input_is_read_canonical_text_is_stable_and_has_a_digest() {
    let floe = Floe::new();
    let canonical = piped(&floe, &["spec", "canonical", "-"], GOOD);
    assert_eq!(canonical.code, Some(0));
    assert!(
        canonical
            .stdout
            .starts_with("---\nspec:\n  containers:\n  - name: \"echo\"\n")
    );
    let again = piped(&floe, &["spec", "canonical", "-"], &canonical.stdout);
    assert_eq!(again.stdout, canonical.stdout);

    let digest = piped(&floe, &["spec", "digest", "-"], GOOD);
    assert_eq!(digest.stdout.trim().len(), 64);
    assert_eq!(
        piped(&floe, &["spec", "digest", "-"], &canonical.stdout).stdout,
        digest.stdout
    );

    let ran = piped(&floe, &["spec", "digest", "-"], BAD);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("<stdin>:3:11"), "{}", ran.stderr);
}

#[test]
fn a_difference_is_told_with_what_it_breaks() {
    let floe = Floe::new();
    let before = floe.file("before.yaml", GOOD);
    let after = floe.file(
        "after.yaml",
        &GOOD
            .replace("echo:1", "echo:2")
            .replace("echoendpoint", "api"),
    );
    assert_eq!(
        floe.args(&["spec", "diff", path(&before), path(&before)])
            .code,
        Some(0)
    );
    let ran = floe.args(&["spec", "diff", path(&before), path(&after)]);
    assert_eq!(ran.code, Some(1));
    for part in [
        "spec.containers[echo].image",
        "echo:2",
        "spec.endpoints[echoendpoint]",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    let ran = floe.args(&[
        "spec",
        "diff",
        "--format",
        "json",
        path(&before),
        path(&after),
    ]);
    let diff: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(diff["needsRestart"], true);
    assert_eq!(diff["breaksCallers"], true);
    let bad = floe.file("bad.yaml", BAD);
    assert_eq!(
        floe.args(&["spec", "diff", path(&before), path(&bad)]).code,
        Some(2)
    );
}

#[test]
fn the_schema_is_printed() {
    let ran = Floe::new().args(&["spec", "schema"]);
    assert_eq!(ran.code, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(schema["title"], "Service specification");
}

#[test]
fn variables_of_a_template_are_listed_with_defaults_and_places() {
    let floe = Floe::new();
    let file = floe.file("echo.yaml", TEMPLATE);
    let ran = floe.args(&["template", "variables", path(&file), "--format", "csv"]);
    assert_eq!(
        ran.stdout.replace("\r\n", "\n"),
        "name,required,default,line,column\n\
         name,true,,3,11\n\
         tag,false,latest,4,33\n\
         port,true,,7,11\n"
    );
    let odd = floe.file("odd.yaml", "a: {{ b | upper }}\n");
    let ran = floe.args(&["template", "variables", path(&odd)]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("odd.yaml:1:11"), "{}", ran.stderr);
}

#[test]
fn a_template_is_expanded_with_values_of_the_using_clause() {
    let floe = Floe::new();
    let file = floe.file("echo.yaml", TEMPLATE);
    let expand = ["template", "expand", path(&file)];
    let given = [
        &expand[..],
        &["--using", "name=echo", "--using", "port=8000"],
    ]
    .concat();
    let ran = floe.args(&given);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("- name: echo\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("echo:latest\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("port: 8000\n"), "{}", ran.stdout);

    let using = floe.file(
        "using.sql",
        "USING (name => 'main', \"tag\" = $$v2$$, port => 80, x => 1);",
    );
    let ran = floe.args(
        &[
            &expand[..],
            &["--using-file", path(&using), "--using", "port=81"],
        ]
        .concat(),
    );
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("- name: main\n") && ran.stdout.ends_with("port: 81\n"));
    assert!(ran.stderr.contains("`x`"), "{}", ran.stderr);

    let ran = floe.args(&expand);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        ran.stderr.matches("FLOE-TEMPLATE-0001").count(),
        2,
        "{}",
        ran.stderr
    );
    assert_eq!(
        floe.args(&[&expand[..], &["--using", "name"]].concat())
            .code,
        Some(2)
    );
    let broken = floe.file("broken.sql", "(name => main)");
    let ran = floe.args(&[&expand[..], &["--using-file", path(&broken)]].concat());
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("broken.sql:1:10"), "{}", ran.stderr);
}

#[test]
fn a_finding_in_an_expanded_template_points_at_the_template_and_names_the_variable() {
    let floe = Floe::new();
    let file = floe.file("echo.yaml", TEMPLATE);
    let ran = floe.args(&[
        "spec",
        "check",
        path(&file),
        "--using",
        "name=echo",
        "--using",
        "port=0",
    ]);
    assert_eq!(ran.code, Some(1));
    for part in ["FLOE-SPEC-0014", "echo.yaml:7:11", "variable `port`"] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
}
