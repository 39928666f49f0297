//! `floe plan`.

use std::path::Path;

use expect_test::expect;

use crate::support::{Floe, Ran};

const BEFORE: &str = "examples/upgrade/before.yaml";
const AFTER: &str = "examples/upgrade/after.yaml";

fn plan(floe: &Floe, before: &str, after: &str, options: &[&str]) -> Ran {
    floe.args(&[&["plan", before, after], options].concat())
}

fn text(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[test]
fn the_page_shows_what_the_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/upgrades.md")).unwrap();
    let (_, block) = page.split_once("```console\n$ floe ").unwrap();
    let (command, rest) = block.split_once('\n').unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let args: Vec<&str> = command.split_whitespace().collect();
    let ran = Floe::new().args(&args);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(shown, ran.stdout);
}

#[test]
fn a_plan_says_the_steps_and_what_callers_lose() {
    let options = [
        "--instances",
        "3",
        "--min-ready",
        "2",
        "--not-ready",
        "0",
        "--caller",
        "SCRAPE()=metrics",
    ];
    let ran = plan(&Floe::new(), BEFORE, AFTER, &options);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    expect![[r#"
        step  action     instance  available
           1  terminate         0          2
           2  terminate         2          1
           3  redeploy          0          2
           4  redeploy          2          3
           5  terminate         1          2
           6  redeploy          1          3
        available: 2 now, 1 at the lowest
        note: replaced at once, because not READY: 0
        note: the service will not be ready for a while: 1 available, but MIN_READY_INSTANCES is 2; requests are denied meanwhile
        note: endpoint metrics goes away: SCRAPE() finds fewer and fewer instances that have it, and fails once none has
    "#]]
    .assert_eq(&ran.stdout);
}

#[test]
fn a_plan_is_json_and_a_picture_too() {
    let floe = Floe::new();
    let picture = floe.file("plan.svg", "");
    let options = [
        "--format",
        "json",
        "--svg",
        text(&picture),
        "--to-instances",
        "2",
    ];
    let ran = plan(&floe, BEFORE, AFTER, &options);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(
        ran.stdout
            .contains(r#"{"code":"endpoint-removed","text":"endpoint metrics"#)
    );
    assert!(
        ran.stdout.starts_with(r#"{"revision":2,"count":2,"#),
        "{}",
        ran.stdout
    );
    let drawn = std::fs::read_to_string(&picture).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.contains("before.yaml to after.yaml"));
}

#[test]
fn nothing_is_planned_when_nothing_changes() {
    let ran = plan(&Floe::new(), AFTER, AFTER, &["--instances", "2"]);
    assert_eq!(ran.code, Some(0));
    expect![[r#"
        available: 2 now, 2 at the lowest
        note: nothing to do
    "#]]
    .assert_eq(&ran.stdout);
}

#[test]
fn a_refused_upgrade_says_why_and_ends_with_1() {
    let floe = Floe::new();
    let kept = plan(&floe, BEFORE, AFTER, &["--keep-ready"]);
    assert_eq!((kept.code, kept.stdout.as_str()), (Some(1), ""));
    assert!(
        kept.stderr.starts_with("error[FLOE-ROLLOUT-0001]"),
        "{}",
        kept.stderr
    );

    let spec = |size: &str| {
        format!(
            "spec:\n  containers:\n  - name: main\n    image: /d/s/r/i\n    \
             volumeMounts: [{{name: data, mountPath: /data}}]\n  \
             volumes: [{{name: data, source: block, size: {size}}}]\n"
        )
    };
    let (old, new) = (
        floe.file("old.yaml", &spec("10Gi")),
        floe.file("new.yaml", &spec("20Gi")),
    );
    let refused = plan(&floe, text(&old), text(&new), &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert_eq!(
        refused.stderr,
        "error[FLOE-ENGINE-0024]: the service cannot be upgraded so: size of block volume data \
         cannot be changed; create another service, or keep the volume as it is\n"
    );
}

#[test]
fn wrong_files_and_options_say_what_is_wrong() {
    let floe = Floe::new();
    let broken = floe.file("broken.yaml", "spec: {}\n");
    for (before, after, options, code, words) in [
        (text(&broken), AFTER, &[][..], 1, "containers"),
        ("no/such.yaml", AFTER, &[][..], 2, "no/such.yaml"),
        ("-", "-", &[][..], 2, "standard input"),
        (BEFORE, AFTER, &["--not-ready", "1"][..], 2, "--not-ready 1"),
        (BEFORE, AFTER, &["--min-ready", "2"][..], 2, "--min-ready 2"),
        (
            BEFORE,
            AFTER,
            &["--caller", "f"][..],
            2,
            "FUNCTION=ENDPOINT",
        ),
        (
            BEFORE,
            AFTER,
            &["--instances", "100001"][..],
            2,
            "FLOE-ROLLOUT-0002",
        ),
        (
            BEFORE,
            AFTER,
            &["--max-unavailable", "0"][..],
            2,
            "max-unavailable",
        ),
        (
            BEFORE,
            AFTER,
            &["--svg", "/no/such/dir/p.svg"][..],
            2,
            "cannot be written",
        ),
    ] {
        let ran = plan(&floe, before, after, options);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(code), ""),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains(words),
            "no '{words}' in:\n{}",
            ran.stderr
        );
    }
}
