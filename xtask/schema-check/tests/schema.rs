//! Whatever `floe_spec` takes, the schema takes; what the schema can tell, it refuses.

use std::path::{Path, PathBuf};

use floe_schema_check::{complaints, validator};
use floe_spec::{ParseOptions, parse};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder of files from the wild, when it is there.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("FLOE_CORPUS")
        .map_or_else(|| root().join("../shared/corpus"), PathBuf::from);
    let required = std::env::var_os("FLOE_CORPUS_REQUIRED").is_some();
    assert!(
        folder.is_dir() || !required,
        "there is no corpus at {}",
        folder.display()
    );
    folder.is_dir().then_some(folder)
}

fn texts(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let bytes = std::fs::read(&path).expect("readable");
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            (name, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// Every text of a folder that is a specification passes; answers how many there are.
fn taken(folder: &Path) -> usize {
    let validator = validator();
    let mut taken = 0;
    for (name, text) in texts(folder) {
        if parse(&text, &ParseOptions::default()).spec.is_some() {
            assert_eq!(
                complaints(&validator, &text),
                Vec::<String>::new(),
                "{name}"
            );
            taken += 1;
        }
    }
    taken
}

#[test]
fn every_fixture_that_is_a_specification_passes() {
    assert!(taken(&root().join("crates/spec/tests/fixtures")) > 5);
}

#[test]
fn every_specification_from_the_wild_passes() {
    let Some(corpus) = corpus() else {
        println!("no corpus here: set FLOE_CORPUS to its folder to run this test");
        return;
    };
    let passed = taken(&corpus.join("specs"));
    println!("{passed} specifications from the wild pass");
    assert!(passed > 100, "{passed}");
}

#[test]
fn what_the_schema_can_tell_is_refused() {
    let validator = validator();
    let container = "{name: a, image: /d/s/r/i";
    for (what, text) in [
        ("not a map", "[]".to_owned()),
        ("no spec", "{}".to_owned()),
        ("no container", "spec: {containers: []}".to_owned()),
        (
            "both forms",
            format!("spec: {{containers: [{container}}}], container: [{container}}}]}}"),
        ),
        (
            "unknown key",
            format!("spec: {{containers: [{container}, envs: {{}}}}]}}"),
        ),
        (
            "bad name",
            "spec: {containers: [{name: A_b, image: i}]}".to_owned(),
        ),
        ("no image", "spec: {containers: [{name: a}]}".to_owned()),
        (
            "bad unit",
            format!(
                "spec: {{containers: [{container}, resources: {{limits: {{memory: 1GB}}}}}}]}}"
            ),
        ),
        (
            "port",
            format!("spec: {{containers: [{container}}}], endpoints: [{{name: e, port: 70000}}]}}"),
        ),
        (
            "port and range",
            format!(
                "spec: {{containers: [{container}}}], endpoints: [{{name: e, port: 1, portRange: 1-2}}]}}"
            ),
        ),
        (
            "neither",
            format!("spec: {{containers: [{container}}}], endpoints: [{{name: e}}]}}"),
        ),
        (
            "source",
            format!("spec: {{containers: [{container}}}], volumes: [{{name: v, source: disk}}]}}"),
        ),
        (
            "log level",
            format!(
                "spec: {{containers: [{container}}}], logExporters: {{eventTableConfig: {{logLevel: DEBUG}}}}}}"
            ),
        ),
    ] {
        assert!(!complaints(&validator, &text).is_empty(), "{what}: {text}");
        let parsed = parse(&text, &ParseOptions::default());
        assert!(parsed.spec.is_none(), "{what}: {text}");
    }
}

#[test]
fn every_spelling_that_is_understood_passes() {
    let validator = validator();
    for text in [
        "spec: {container: [{name: a, image: i, env: {A: ~, B: 1, C: true}, command: [1, x]}]}",
        "spec: {containers: [{name: a, image: i, env: []}], endpoints: ~}",
        "spec: {containers: [{name: a, image: i}], endpoints: [{name: e, port: '80', protocol: tcp}]}",
        "spec: {containers: [{name: a, image: i}], endpoints: [{name: e, port: 80, public: 'True'}]}",
        "spec: {containers: [{name: a, image: i, resources: {limits: {cpu: 0.5, memory: 1Gi}}}]}",
        "spec: {containers: [{name: a, image: i, mountSessionToken: 'false'}]}",
    ] {
        assert!(
            parse(text, &ParseOptions::default()).spec.is_some(),
            "{text}"
        );
        assert_eq!(complaints(&validator, text), Vec::<String>::new(), "{text}");
    }
}
