//! Statements from the wild, kept outside of the project.
//!
//! The folder is `FLOE_CORPUS`, or `shared/corpus` beside the workspace; the
//! test says so and passes when there is none.

use std::path::PathBuf;

use floe_sql::{SqlErrorKind, parse_script};

/// Files whose names say that they hold a statement that is parsed.
const PARSED: &[&str] = &[
    "create-service",
    "alter-service",
    "drop-service",
    "describe-service",
    "show-services",
    "show-service-x",
    "show-endpoints",
    "create-compute-pool",
    "alter-compute-pool",
    "drop-compute-pool",
    "describe-compute-pool",
    "show-compute-pools",
    "create-function",
    "alter-function",
    "system-function",
];

/// Of the whole statements so many in a hundred must parse. The rest are cut
/// out of shell scripts and prose, or slips of their authors: a missing `;`, a
/// missing clause.
const PARSED_PERCENT: usize = 90;

#[test]
fn statements_from_the_wild_are_understood_or_refused_with_a_reason() {
    let Some(files) = corpus() else {
        println!("note: there is no corpus; FLOE_CORPUS names its folder");
        return;
    };
    let (mut understood, mut refused) = (0_usize, 0_usize);
    for (name, text) in &files {
        let errors = parse_script(text).err().unwrap_or_default();
        for error in &errors {
            assert!(text.get(error.span()).is_some(), "{name}: {error:?}");
        }
        let wanted = PARSED
            .iter()
            .any(|kind| name.contains(&format!("__{kind}__")));
        if !wanted || !is_whole(&errors) {
            continue;
        }
        match errors.first() {
            None => understood += 1,
            Some(error) => {
                refused += 1;
                println!("{name}: {} {error}", error.code());
            }
        }
    }
    println!(
        "{} files: {understood} understood, {refused} refused",
        files.len()
    );
    assert!(understood * 100 >= (understood + refused) * PARSED_PERCENT);
}

/// False for a text with placeholders of another tool, which is not a
/// statement yet, and for what the dialect has and this crate refuses by name.
fn is_whole(errors: &[floe_sql::SqlError]) -> bool {
    errors.iter().all(|error| match error.kind() {
        SqlErrorKind::UnexpectedCharacter | SqlErrorKind::NotSupported => false,
        SqlErrorKind::InvalidName => !error
            .hint
            .as_ref()
            .is_some_and(|hint| hint.contains("placeholder")),
        _ => true,
    })
}

fn corpus() -> Option<Vec<(String, String)>> {
    let folder = std::env::var_os("FLOE_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus"),
        PathBuf::from,
    );
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join("sql")).ok()?.flatten() {
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
    }
    files.sort();
    Some(files)
}
