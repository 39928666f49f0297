//! Bodies found in public repositories and documents. They are not part of the
//! project: the test reads them where `FLOE_CORPUS` says, or beside the
//! project, and passes with a note when they are not there.

use std::path::PathBuf;

use floe_batch::rows::read_request;
use serde_json::Value;

fn payloads() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("FLOE_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let payloads = corpus.join("payloads");
    if payloads.is_dir() {
        return Some(payloads);
    }
    eprintln!(
        "skipped: {} is not there; set FLOE_CORPUS",
        payloads.display()
    );
    None
}

/// The body as serde_json reads it, when it is shaped like a batch: a list of
/// rows, each with a row number first.
fn as_batch(body: &[u8]) -> Option<Vec<(u64, Vec<Value>)>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let rows = body.as_object()?.get("data")?.as_array()?.iter();
    let row = |row: &Value| {
        let (number, arguments) = row.as_array()?.split_first()?;
        Some((number.as_u64()?, arguments.to_vec()))
    };
    rows.map(row).collect()
}

#[test]
fn bodies_of_the_wild_are_read_exactly_when_they_are_batches() {
    let Some(payloads) = payloads() else { return };
    let mut batches = 0;
    for entry in std::fs::read_dir(payloads).unwrap() {
        let path = entry.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let read = read_request::<Vec<Value>>(&body);
        match as_batch(&body) {
            Some(rows) => {
                assert_eq!(read.unwrap(), rows, "{}", path.display());
                batches += 1;
            }
            None => assert!(read.is_err(), "{} was read", path.display()),
        }
    }
    assert!(batches > 0, "the corpus has no batch");
}
