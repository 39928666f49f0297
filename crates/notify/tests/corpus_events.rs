//! Messages from the wild: what each of them says stands in a table.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floe_notify::{Decoded, FileEvent, decode};

/// What is expected: one line an event or a finding, in the order of the message.
///
/// Events: file, `event`, cloud, dialect, kind, bucket, key, size, version, time. Findings: file,
/// `error` or `warning`, code.
const TABLE: &str = include_str!("corpus_events.tsv");

fn table() -> BTreeMap<String, Vec<String>> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in TABLE.lines().skip(1) {
        let (file, row) = line.split_once('\t').expect("a file and what it says");
        rows.entry(file.to_owned())
            .or_default()
            .push(row.to_owned());
    }
    rows
}

fn rows(decoded: &Decoded<'_>) -> Vec<String> {
    let events = decoded.events.iter().map(row);
    let findings = decoded
        .findings
        .iter()
        .map(|finding| format!("{}\t{}", finding.severity, finding.code()));
    events.chain(findings).collect()
}

fn row(event: &FileEvent<'_>) -> String {
    let key = event.key.as_ref().map(ToString::to_string);
    let columns = [
        Some("event".to_owned()),
        Some(event.cloud.to_string()),
        Some(event.dialect.to_string()),
        Some(event.kind.to_string()),
        event.bucket.as_deref().map(str::to_owned),
        key,
        event.size.map(|size| size.to_string()),
        event.version.token().map(std::borrow::Cow::into_owned),
        event.time.map(|time| time.to_string()),
    ];
    columns
        .map(|column| column.unwrap_or_else(|| "-".to_owned()))
        .join("\t")
}

/// The folder of messages, when it is there.
fn corpus() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let root = std::env::var_os("FLOE_CORPUS").map_or_else(|| beside.into(), PathBuf::from);
    let folder = root.join("events");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("FLOE_CORPUS_REQUIRED").is_none(),
        "FLOE_CORPUS_REQUIRED is set, but {} is not there",
        folder.display()
    );
    println!(
        "{} is not there: set FLOE_CORPUS to the folder of files from the wild",
        folder.display()
    );
    None
}

/// All files below a folder, by their path in it.
fn files(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("below it")
                .display()
                .to_string();
            found.insert(name, std::fs::read(&path).expect("readable"));
        }
    }
}

#[test]
fn messages_from_the_wild_say_what_the_table_says() {
    let Some(folder) = corpus() else { return };
    let mut found = BTreeMap::new();
    files(&folder, &folder, &mut found);
    let expected = table();
    let mut wrong = Vec::new();
    for (name, body) in &found {
        let rows = rows(&decode(None, body));
        if expected.get(name) != Some(&rows) {
            wrong.extend(rows.iter().map(|row| format!("{name}\t{row}")));
        }
    }
    assert!(wrong.is_empty(), "not in the table:\n{}", wrong.join("\n"));
    let gone: Vec<_> = expected
        .keys()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert!(gone.is_empty(), "in the table only: {gone:?}");
}
