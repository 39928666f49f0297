//! Templates from the wild and the project's own: each has a verdict, in a table, with a reason
//! that a reader can look up in the file.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use floe_spec::ParseOptions;
use floe_template::{UsingValue, Variables, expand, variables};

/// The verdicts on the files from the wild.
const CORPUS: &str = include_str!("corpus.tsv");
/// The verdicts on the project's own files.
const FIXTURES: &str = include_str!("fixtures.tsv");

/// What is expected of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// `expands`, `refused`, or `plain` for a text without placeholders.
    verdict: String,
    /// Names in the order of their first use, those with a default as `name=default`.
    variables: String,
    /// Distinct codes: of the template when it is refused, of the specification that it becomes
    /// otherwise.
    codes: String,
}

/// A row, and the values that make a specification of the template: `name=value`, separated by
/// blanks.
type Table = BTreeMap<String, (Row, String)>;

fn table(text: &str) -> Table {
    let mut rows = Table::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, verdict, variables, values, codes, reason] = columns[..] else {
            unreachable!("six columns: {line}")
        };
        assert_eq!(
            reason.is_empty(),
            codes.is_empty(),
            "{file}: a fault has a reason"
        );
        let row = Row {
            verdict: verdict.to_owned(),
            variables: variables.to_owned(),
            codes: codes.to_owned(),
        };
        let known = rows.insert(file.to_owned(), (row, values.to_owned()));
        assert!(known.is_none(), "{file} stands twice");
    }
    rows
}

fn judge(text: &str, values: &str) -> Row {
    let listed = match variables(text) {
        Ok(listed) => listed,
        Err(errors) => {
            let codes: BTreeSet<&str> = errors.iter().map(|error| error.code()).collect();
            return Row {
                verdict: "refused".to_owned(),
                variables: String::new(),
                codes: codes.into_iter().collect::<Vec<_>>().join(","),
            };
        }
    };
    let names: Vec<String> = listed
        .iter()
        .map(|variable| {
            let default = variable
                .uses
                .iter()
                .find_map(|place| place.default.as_ref());
            default.map_or_else(
                || variable.name.clone(),
                |default| format!("{}={}", variable.name, default.text),
            )
        })
        .collect();
    let values: Variables = values
        .split(' ')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, UsingValue::Text(value.to_owned())))
        .collect();
    let expansion = expand(text, &values).expect("the table has a value for every variable");
    let findings = floe_spec::parse(&expansion.text, &ParseOptions::default()).findings;
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    Row {
        verdict: if listed.is_empty() {
            "plain"
        } else {
            "expands"
        }
        .to_owned(),
        variables: names.join(","),
        codes: codes.into_iter().collect::<Vec<_>>().join(","),
    }
}

/// The templates of a folder by name, without the USING clauses that lie beside some.
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
        .filter(|(name, _)| !name.ends_with(".using.txt"))
        .collect()
}

/// The folder of templates from the wild, when it is there.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("FLOE_CORPUS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpus"
            ))
        },
        PathBuf::from,
    );
    let folder = root.join("templates");
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

#[track_caller]
fn judged_alike(files: &BTreeMap<String, String>, expected: &Table) {
    let mut wrong = Vec::new();
    for (name, text) in files {
        let values = expected.get(name).map_or("", |(_, values)| values.as_str());
        let found = judge(text, values);
        let row = expected.get(name).map(|(row, _)| row);
        if row != Some(&found) {
            wrong.push(format!("{name}\n  found {found:?}\n  table {row:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let gone: Vec<_> = expected
        .keys()
        .filter(|name| !files.contains_key(*name))
        .collect();
    assert!(gone.is_empty(), "in the table only: {gone:?}");
}

#[test]
fn templates_of_our_own_get_the_verdicts_of_the_table() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"));
    judged_alike(&files(&folder), &table(FIXTURES));
}

#[test]
fn templates_from_the_wild_get_the_verdicts_of_the_table() {
    let expected = table(CORPUS);
    if let Some(folder) = corpus() {
        judged_alike(&files(&folder), &expected);
    }
}
