//! Specifications from the wild and the project's own: each has a verdict, in a table, with a
//! reason that a reader can look up in the file.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use floe_spec::{ParseOptions, codes, parse};

/// The verdicts on the files from the wild.
const CORPUS: &str = include_str!("corpus.tsv");
/// The verdicts on the project's own files.
const FIXTURES: &str = include_str!("fixtures.tsv");

/// What is expected of a file.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    /// `valid`, `warned` or `invalid`.
    word: String,
    /// The distinct codes of all findings, in order.
    codes: String,
}

/// The rows of a table: file, verdict, codes, reason.
fn table(text: &str) -> BTreeMap<String, Verdict> {
    let mut rows = BTreeMap::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, word, codes, reason] = columns[..] else {
            unreachable!("four columns: {line}")
        };
        assert_eq!(
            reason.is_empty(),
            word == "valid",
            "{file}: a fault has a reason"
        );
        let verdict = Verdict {
            word: word.to_owned(),
            codes: codes.to_owned(),
        };
        assert!(
            rows.insert(file.to_owned(), verdict).is_none(),
            "{file} stands twice"
        );
    }
    rows
}

fn judge(text: &str) -> Verdict {
    let parsed = parse(text, &ParseOptions::default());
    let word = match (&parsed.spec, parsed.findings.is_empty()) {
        (None, _) => "invalid",
        (Some(_), true) => "valid",
        (Some(_), false) => "warned",
    };
    let codes: BTreeSet<&str> = parsed.findings.iter().map(|finding| finding.code).collect();
    Verdict {
        word: word.to_owned(),
        codes: codes.into_iter().collect::<Vec<_>>().join(","),
    }
}

/// The files of a folder by name; bytes that are no UTF-8 become marks of replacement.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    entries
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let bytes = std::fs::read(&path).expect("readable");
            (name, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// A folder of files from the wild, when it is there.
fn corpus(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FLOE_CORPUS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpus"
            ))
        },
        PathBuf::from,
    );
    let folder = root.join(folder);
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

fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

#[track_caller]
fn judged_alike(files: &BTreeMap<String, String>, expected: &BTreeMap<String, Verdict>) {
    let wrong: Vec<String> = files
        .iter()
        .map(|(name, text)| (name, judge(text), expected.get(name)))
        .filter(|(_, found, expected)| Some(found) != *expected)
        .map(|(name, found, expected)| format!("{name}\n  found {found:?}\n  table {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let gone: Vec<_> = expected
        .keys()
        .filter(|name| !files.contains_key(*name))
        .collect();
    assert!(gone.is_empty(), "in the table only: {gone:?}");
}

#[test]
fn files_of_our_own_get_the_verdicts_of_the_table() {
    judged_alike(&files(&fixtures()), &table(FIXTURES));
}

#[test]
fn files_from_the_wild_get_the_verdicts_of_the_table() {
    let expected = table(CORPUS);
    if let Some(folder) = corpus("specs") {
        judged_alike(&files(&folder), &expected);
    }
}

/// Codes that no file of our own can show: limits on size, which tests of their own are for, and
/// what only comes about in other places.
const ELSEWHERE: [&str; 8] = [
    codes::TEXT_TOO_LARGE,
    codes::TOO_COMPLEX,
    codes::TOO_MANY,
    codes::BAD_TEXT,
    codes::NOT_FOR_JOBS,
    codes::BAD_KEY,
    "FLOE-SPEC-0040",
    codes::TOO_MANY_FINDINGS,
];

#[test]
fn files_of_our_own_show_every_code() {
    let shown: BTreeSet<String> = table(FIXTURES)
        .into_values()
        .flat_map(|verdict| {
            verdict
                .codes
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<String> = (1..=60)
        .map(|number| format!("FLOE-SPEC-{number:04}"))
        .filter(|code| !shown.contains(code) && !ELSEWHERE.contains(&code.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_canonical_text_of_every_file_that_is_read_is_stable() {
    let mut all = files(&fixtures());
    all.extend(
        corpus("specs")
            .map(|folder| files(&folder))
            .unwrap_or_default(),
    );
    for (name, text) in &all {
        let Some(spec) = parse(text, &ParseOptions::default()).spec else {
            continue;
        };
        let canonical = spec.canonical_text(&|_| None);
        let again = parse(&canonical, &ParseOptions::default());
        let again = again.spec.map(|spec| spec.canonical_text(&|_| None));
        assert_eq!(again.as_deref(), Some(canonical.as_str()), "{name}");
        let oracle: Result<serde_yaml::Value, _> = serde_yaml::from_str(&canonical);
        assert!(
            oracle.is_ok(),
            "{name}: another reader refuses\n{canonical}"
        );
    }
}

/// Codes that say the text itself is at fault, whoever reads it.
const FAULTS: [&str; 4] = [
    codes::SYNTAX,
    codes::SEVERAL_DOCUMENTS,
    codes::EMPTY,
    codes::DUPLICATE_KEY,
];

#[test]
fn templates_read_as_specifications_are_findings_and_no_panic() {
    let Some(folder) = corpus("templates") else {
        return;
    };
    let faulty = |text: &String| {
        let findings = parse(text, &ParseOptions::default()).findings;
        findings
            .iter()
            .any(|finding| FAULTS.contains(&finding.code))
    };
    let files = files(&folder);
    let faults = files.values().filter(|text| faulty(text)).count();
    println!(
        "{faults} of {} are not YAML before they are expanded",
        files.len()
    );
    assert!(faults > 0);
}
