//! `floe notify`.

use std::path::Path;

use crate::support::{Floe, Ran};

const STREAM: &str = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";
const OTHER: &str = "1a4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";

/// What a cloud says that is not there, or that is there and told nothing.
#[cfg(all(feature = "azure", feature = "gcp"))]
const CLOUD: &str = "error[FLOE-";
#[cfg(not(all(feature = "azure", feature = "gcp")))]
const CLOUD: &str = "--features ";

fn notify(floe: &Floe, args: &[&str]) -> Ran {
    floe.args(&[&["notify"], args].concat())
}

fn ok(floe: &Floe, args: &[&str]) -> String {
    let ran = notify(floe, args);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ran.stdout
    );
    ran.stdout
}

#[test]
fn a_queue_of_a_directory_is_planned_set_up_listed_and_torn_down() {
    let floe = Floe::new();
    let landing = tempfile::tempdir().unwrap();
    let path = landing.path().to_str().unwrap();
    let local = ["--cloud", "local", "--format", "csv"];
    let set_up = |verb, suffix| {
        let words = [verb, "--stream", STREAM, "--suffix", suffix, "--path", path];
        ok(&floe, &[&words[..], &local].concat())
    };
    let planned = set_up("plan", "orders");
    assert!(planned.contains("create,queue,"), "{planned}");
    assert_eq!(
        ok(&floe, &[&["list"], &local[..]].concat()).lines().count(),
        1
    );

    let queue = set_up("set-up", "orders");
    let directory = queue.lines().last().unwrap();
    assert!(
        directory.ends_with("/queues/databricks-auto-ingest-orders"),
        "{queue}"
    );
    assert!(Path::new(directory).is_dir());
    assert_eq!(
        set_up("set-up", "orders"),
        queue,
        "what is there is used again"
    );
    let listed = ok(&floe, &[&["list"], &local[..]].concat());
    assert!(
        listed.contains(STREAM) && listed.contains(",floe,"),
        "{listed}"
    );

    let tear_down = |stream, more: &[&str]| {
        let words = ["tear-down", "--stream", stream];
        ok(&floe, &[&words[..], more, &local].concat())
    };
    assert!(
        !tear_down(OTHER, &[]).contains("delete"),
        "it is not that stream's"
    );
    assert!(tear_down(STREAM, &["--dry-run"]).contains("delete,queue,"));
    assert!(Path::new(directory).is_dir(), "that was said, not done");
    assert!(tear_down(STREAM, &[]).contains("delete,queue,"));
    assert!(!Path::new(directory).exists());
}

#[test]
fn permissions_are_printed_and_what_they_do_beside_their_words_is_told() {
    let floe = Floe::new();
    let aws = notify(&floe, &["policy", "--cloud", "aws", "--bucket", "landing"]);
    assert_eq!((aws.code, aws.stderr.as_str()), (Some(0), ""));
    assert!(
        aws.stdout.contains("\"DatabricksAutoLoaderSetup\""),
        "{}",
        aws.stdout
    );
    assert!(
        aws.stdout.contains("arn:aws:s3:::landing"),
        "{}",
        aws.stdout
    );
    let run = [
        "policy",
        "--cloud",
        "aws",
        "--bucket",
        "landing",
        "--for",
        "run",
        "--suffix",
        "orders",
        "--region",
        "eu-west-1",
        "--account",
        "111122223333",
    ];
    let run = notify(&floe, &run);
    let queue = "arn:aws:sqs:eu-west-1:111122223333:databricks-auto-ingest-orders";
    assert!(run.stdout.contains(queue), "{}", run.stdout);
    assert!(run.stderr.contains("FLOE-NOTIFY-0039"), "{}", run.stderr);
    for cloud in ["azure", "gcp"] {
        let ran = notify(&floe, &["policy", "--cloud", cloud]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.stderr.contains("FLOE-NOTIFY-0039"), "{}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_done_says_why() {
    let floe = Floe::new();
    for (args, code, words) in [
        (&["list", "--cloud", "azure"][..], 2, CLOUD),
        (&["list", "--cloud", "gcp"][..], 2, CLOUD),
        (&["policy", "--cloud", "local"][..], 2, "needs no policy"),
        (&["policy", "--cloud", "aws"][..], 2, "--bucket is missing"),
        (
            &[
                "policy", "--cloud", "aws", "--bucket", "b", "--for", "consume",
            ][..],
            2,
            "--suffix is missing",
        ),
        (
            &["tear-down", "--cloud", "local", "--stream", "orders"][..],
            2,
            "FLOE-NOTIFY-0061",
        ),
        (
            &[
                "set-up", "--cloud", "local", "--stream", STREAM, "--suffix", "orders",
            ][..],
            1,
            "FLOE-NOTIFY-0063",
        ),
        (
            &[
                "list",
                "--cloud",
                "local",
                "--option",
                "cloudFiles.region=x",
            ][..],
            2,
            "has no options",
        ),
    ] {
        let ran = notify(&floe, args);
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
