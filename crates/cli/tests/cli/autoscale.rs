//! `floe autoscale replay`.

use std::path::Path;

use crate::support::{Floe, Ran};

const TRACE: &str = "examples/autoscale/trace.csv";
const SPEC: &str = "examples/autoscale/spec.yaml";
/// Follows the CPU rule.
const CPU: &str = "\
spec:
  containers:
  - name: main
    image: /db/schema/repo/main:1
    resources: {requests: {cpu: 500m}}
";
/// Has no rule at all.
const PLAIN: &str = "\
spec:
  containers:
  - name: main
    image: /db/schema/repo/main:1
  endpoints:
  - name: api
    port: 8000
    public: true
";

fn replay(floe: &Floe, trace: &str, spec: &str, options: &[&str]) -> Ran {
    let command = ["autoscale", "replay", trace, "--spec", spec];
    floe.args(&[&command[..], options].concat())
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

/// Asserts the exit code, that nothing was played, and each of these texts.
fn refused(ran: &Ran, code: i32, texts: &[&str]) {
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(code), ""),
        "{}",
        ran.stderr
    );
    for text in texts {
        assert!(ran.stderr.contains(text), "no '{text}' in:\n{}", ran.stderr);
    }
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/autoscaling.md")).unwrap();
    let (_, block) = page.split_once("```console\n$ floe ").unwrap();
    let (command, rest) = block.split_once('\n').unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let args: Vec<&str> = command.split_whitespace().collect();
    let ran = Floe::new().args(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout, shown);
}

#[test]
fn every_change_is_told_with_its_reason_and_the_data_directory_is_left_alone() {
    let floe = Floe::new();
    let ran = replay(&floe, TRACE, SPEC, &["--max", "4"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for part in [
        "scale up    1 → 3",
        "at least 20 throughout 60 s",
        "scale down  3 → 1",
        "suspend     1 → 0",
        "resume      0 → 1",
    ] {
        assert!(ran.stdout.contains(part), "{part}\n{}", ran.stdout);
    }
    assert!(!floe.data_dir().exists());
}

#[test]
fn decisions_come_as_one_json_object_a_line_and_notes_go_elsewhere() {
    let floe = Floe::new();
    let cpu = floe.file("cpu.yaml", CPU);
    let ran = replay(&floe, TRACE, SPEC, &["--max", "4", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let decisions: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let change = decisions
        .iter()
        .find(|d| d["before"] != d["after"])
        .unwrap();
    assert_eq!(change["seconds"], 270);
    assert_eq!(change["decision"], "scale_up");
    assert_eq!(change["rule"], "scaleUp");
    assert_eq!(change["after"], 3);

    let ran = replay(
        &floe,
        TRACE,
        path(&cpu),
        &["--format", "json", "--max", "2"],
    );
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.lines().all(|line| line.starts_with('{')));
    assert!(
        ran.stderr.contains("note: no rule looks at column"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_picture_is_written_beside_the_log() {
    let floe = Floe::new();
    let picture = floe.file("picture.svg", "");
    let options = ["--max", "4", "--svg", path(&picture)];
    let ran = replay(&floe, TRACE, SPEC, &options);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("scale up"), "{}", ran.stdout);
    let drawn = std::fs::read_to_string(&picture).unwrap();
    assert!(drawn.starts_with("<svg"), "{drawn}");
    assert!(drawn.contains("<title>trace.csv by the rules of spec.yaml</title>"));

    let nowhere = floe.data_dir().join("missing/picture.svg");
    let ran = replay(&floe, TRACE, SPEC, &["--svg", path(&nowhere)]);
    refused(&ran, 2, &["picture.svg cannot be written"]);
}

#[test]
fn the_cpu_rule_follows_the_request_and_idle_time_the_option() {
    let floe = Floe::new();
    let cpu = floe.file("cpu.yaml", CPU);
    let rows: String = (0..12)
        .map(|minute| format!("{},0.45,\n", minute * 60))
        .collect();
    let busy = format!("seconds,sum(container.cpu.usage),queries\n{rows}");
    let busy = floe.file("busy.csv", &busy);
    let ran = replay(&floe, path(&busy), path(&cpu), &["--max", "2"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let at_90 = "CPU is at 90 % of the request";
    assert!(ran.stdout.contains(at_90), "{}", ran.stdout);
    assert!(ran.stdout.contains("scale up  1 → 2"), "{}", ran.stdout);

    // Without --max there is no choice, as without MAX_INSTANCES.
    let ran = replay(&floe, path(&busy), path(&cpu), &["--min", "2"]);
    let both = "MIN_INSTANCES and MAX_INSTANCES are both 2";
    assert!(ran.stdout.contains(both), "{}", ran.stdout);

    let private = floe.file("private.yaml", &PLAIN.replace("true", "false"));
    let options = ["--auto-suspend-secs", "300"];
    let ran = replay(&floe, path(&busy), path(&private), &options);
    assert!(ran.stdout.contains("suspend   1 → 0"), "{}", ran.stdout);
}

#[test]
fn a_bad_trace_is_shown_at_its_cell_or_line() {
    let floe = Floe::new();
    for (text, code, place) in [
        (
            "seconds,a\n0,1\n60,many\n",
            "FLOE-SCALE-0015",
            "bad.csv:3:4",
        ),
        ("seconds,a\n# no\n0,1,2\n", "FLOE-SCALE-0014", "bad.csv:3:1"),
        (
            "seconds,min_instances\n0,5\n",
            "FLOE-SCALE-0018",
            "bad.csv:2:1",
        ),
        (
            "seconds,command\n0,stop\n",
            "FLOE-SCALE-0017",
            "bad.csv:2:3",
        ),
        ("", "FLOE-SCALE-0010", "bad.csv"),
    ] {
        let bad = floe.file("bad.csv", text);
        let ran = replay(&floe, path(&bad), SPEC, &[]);
        refused(&ran, 1, &[&format!("error[{code}]"), place]);
        let page = floe.args(&["explain", code]);
        assert!(page.stdout.starts_with(&format!("# {code}: ")), "{code}");
    }
}

#[test]
fn what_is_wrong_with_both_texts_is_told_at_once() {
    let floe = Floe::new();
    let bad = floe.file("bad.yaml", &CPU.replace("requests", "request"));
    let trace = floe.file("bad.csv", "time\n0\n");
    let ran = replay(&floe, path(&trace), path(&bad), &[]);
    let texts = [
        "error[FLOE-SPEC-0010]",
        "bad.yaml:5:17",
        "did you mean `requests`?",
        "error[FLOE-SCALE-0011]",
        "bad.csv:1:1",
    ];
    refused(&ran, 1, &texts);

    let odd = floe.file(
        "odd.yaml",
        &CPU.replace("    image", "    owner: me\n    image"),
    );
    assert_eq!(replay(&floe, TRACE, path(&odd), &[]).code, Some(1));
    let ran = replay(&floe, TRACE, path(&odd), &["--lenient"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stderr.contains("warning[FLOE-SPEC-0010]"));
}

#[test]
fn a_specification_without_rules_is_told_what_would_be_one() {
    let floe = Floe::new();
    let plain = floe.file("plain.yaml", PLAIN);
    let ran = replay(&floe, TRACE, path(&plain), &["--max", "4"]);
    let texts = [
        "error[FLOE-ENGINE-0022]",
        "plain.yaml",
        "resources.requests.cpu",
        "--auto-suspend-secs",
    ];
    refused(&ran, 1, &texts);

    let ran = replay(&floe, TRACE, path(&plain), &["--auto-suspend-secs", "300"]);
    refused(&ran, 1, &["error[FLOE-SCALE-0005]", "plain.yaml:8:13"]);
}

#[test]
fn files_that_are_missing_and_options_that_are_wrong_are_said() {
    let floe = Floe::new();
    let missing = floe.data_dir().join("missing");
    let ran = replay(&floe, path(&missing), path(&missing), &[]);
    refused(&ran, 2, &["missing cannot be read"]);
    assert_eq!(ran.stderr.matches("cannot be read").count(), 2);
    let ran = replay(&floe, "-", "-", &[]);
    refused(&ran, 2, &["standard input"]);
    for (options, text) in [
        (&["--min", "0"][..], "error[FLOE-SCALE-0001]"),
        (&["--min", "3", "--max", "2"], "error[FLOE-SCALE-0001]"),
        (&["--max", "10001"], "error[FLOE-SCALE-0002]"),
        (&["--auto-suspend-secs", "299"], "error[FLOE-SCALE-0003]"),
        (&["--max", "many"], "'many'"),
    ] {
        refused(&replay(&floe, TRACE, SPEC, options), 2, &[text]);
    }
}
