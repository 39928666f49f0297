//! Specifications from the wild: none panics, and what is refused is refused for a reason.

#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use floe_spec::{ParseOptions, codes, parse};

/// The folder of files from the wild, when it is there.
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
    root.is_dir().then_some(root)
}

fn files(folder: &str) -> Vec<(String, String)> {
    let Some(root) = corpus() else {
        println!("no corpus here: set FLOE_CORPUS to its folder to run this test");
        return Vec::new();
    };
    let entries = std::fs::read_dir(root.join(folder)).expect("the corpus has this folder");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .map(|path| {
            (
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned(),
                path,
            )
        })
        .map(|(name, path)| {
            (
                name,
                String::from_utf8_lossy(&std::fs::read(path).expect("readable")).into_owned(),
            )
        })
        .collect();
    files.sort();
    files
}

/// Codes that say the text itself is at fault, whoever reads it.
const FAULTS: [&str; 4] = [
    codes::SYNTAX,
    codes::SEVERAL_DOCUMENTS,
    codes::EMPTY,
    codes::DUPLICATE_KEY,
];

#[test]
fn most_specifications_from_the_wild_are_read() {
    let files = files("specs");
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut read = 0;
    for (name, text) in &files {
        let parsed = parse(text, &ParseOptions::default());
        read += usize::from(parsed.spec.is_some());
        for finding in parsed.findings.iter().filter(|finding| finding.is_error()) {
            reasons
                .entry(finding.code.to_owned())
                .or_default()
                .push(format!("{name}: {finding}"));
        }
        if let Some(spec) = parsed.spec {
            let canonical = spec.canonical_text(&|_| None);
            let again = parse(&canonical, &ParseOptions::default());
            let again = again.spec.map(|spec| spec.canonical_text(&|_| None));
            assert_eq!(again.as_deref(), Some(canonical.as_str()), "{name}");
        }
    }
    println!("{read} of {} are read", files.len());
    for (code, list) in &reasons {
        println!("{code}: {}\n  {}", list.len(), list.join("\n  "));
    }
    assert!(
        files.is_empty() || read * 100 >= files.len() * 75,
        "only {read} of {}",
        files.len()
    );
}

#[test]
fn templates_read_as_specifications_are_findings_and_no_panic() {
    let mut faults = 0;
    let files = files("templates");
    for (_, text) in &files {
        let findings = parse(text, &ParseOptions::default()).findings;
        faults += usize::from(
            findings
                .iter()
                .any(|finding| FAULTS.contains(&finding.code)),
        );
    }
    println!(
        "{faults} of {} are not YAML before they are expanded",
        files.len()
    );
    assert!(files.is_empty() || faults > 0);
}
