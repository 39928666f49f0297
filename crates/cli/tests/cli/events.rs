//! `floe events decode`.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::support::{Floe, Ran};

/// Two records, of which one names no bucket.
const RECORDS: &str = r#"{"Records":[
  {"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-03-01T10:15:30.123Z",
   "eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"acme-landing"},
   "object":{"key":"orders/red+flower.json","size":10,"eTag":"c8e3","sequencer":"0055AED6"}}},
  {"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put",
   "s3":{"object":{"key":"b"}}}
]}"#;
const EVENT: &str = r#"{"cloud":"aws","dialect":"s3","kind":"created","name":"ObjectCreated:Put","bucket":"acme-landing","key":"orders/red flower.json","size":10,"etag":"c8e3","sequencer":"0055AED6","time":"2026-03-01T10:15:30.123Z"}"#;
const TEST: &str = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"acme-landing"}"#;
const TESTED: &str = r#"{"cloud":"aws","dialect":"s3-test","kind":"test","name":"s3:TestEvent","bucket":"acme-landing"}"#;

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

/// Asserts everything that a run printed, with the name of the file as `FILE`.
fn printed(ran: &Ran, file: &Path, code: i32, stdout: &str, stderr: &str) {
    let shown = ran.stderr.replace(path(file), "FILE");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), shown.as_str()),
        (Some(code), stdout, stderr)
    );
}

#[test]
fn events_are_lines_of_json_and_what_is_wrong_stands_beside_them() {
    let floe = Floe::new();
    let (test, records) = (
        floe.file("test.json", TEST),
        floe.file("records.json", RECORDS),
    );
    let ran = floe.args(&["events", "decode", path(&test)]);
    printed(&ran, &test, 0, &format!("{TESTED}\n"), "");
    let ran = floe.args(&["events", "decode", path(&test), path(&records)]);
    printed(
        &ran,
        &records,
        1,
        &format!("{TESTED}\n{EVENT}\n"),
        "error[FLOE-NOTIFY-0006]: FILE: in Records[1]: the event has no s3.bucket.name\n",
    );
}

#[test]
fn a_message_of_another_cloud_is_an_error_when_one_is_named() {
    let floe = Floe::new();
    let test = floe.file("test.json", TEST);
    let ran = floe.args(&["events", "decode", "--cloud", "aws", path(&test)]);
    printed(&ran, &test, 0, &format!("{TESTED}\n"), "");
    let ran = floe.args(&["events", "decode", "--cloud", "gcp", path(&test)]);
    printed(
        &ran,
        &test,
        1,
        "",
        "error[FLOE-NOTIFY-0017]: FILE: the event is one of aws, and one of gcp was expected\n",
    );
}

#[test]
fn a_message_of_a_local_directory_is_known_by_itself() {
    let floe = Floe::new();
    let landed = r#"{"type":"landed","uri":"file:///in/a%20b.csv","how":"movedIn","size":7,
        "modifiedMs":1000,"inode":42,"seenMs":1500}"#;
    let file = floe.file("landed.json", landed);
    for cloud in ["auto", "local"] {
        let ran = floe.args(&["events", "decode", "--cloud", cloud, path(&file)]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        for part in [
            r#""cloud":"local""#,
            r#""key":"/in/a b.csv""#,
            r#""inode":42"#,
        ] {
            assert!(ran.stdout.contains(part), "no {part} in {}", ran.stdout);
        }
    }
}

#[test]
fn standard_input_is_read_and_a_file_that_is_not_there_is_told() {
    let floe = Floe::new();
    let mut command = floe.command(&["events", "decode", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(TEST.as_bytes()).unwrap();
    drop(input);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stdout), (Some(0), format!("{TESTED}\n")));

    let ran = floe.args(&["events", "decode", "no/such/file.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("no/such/file.json cannot be read"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_documented_codes_are_explained() {
    let ran = Floe::new().args(&["explain", "FLOE-NOTIFY-0003"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.starts_with("# FLOE-NOTIFY-0003: "),
        "{}",
        ran.stdout
    );
}
