//! Every code has a page, and every page a code.

use std::collections::BTreeSet;
use std::path::Path;

const SOURCES: [&str; 2] = [
    include_str!("../../src/error.rs"),
    include_str!("../../src/sql_type.rs"),
];

fn codes_of_the_source() -> BTreeSet<String> {
    let literals = SOURCES
        .iter()
        .flat_map(|source| source.split("=> \"FLOE-BATCH-").skip(1));
    literals
        .map(|rest| format!("FLOE-BATCH-{}", &rest[..4]))
        .collect()
}

#[test]
fn every_code_has_a_page_that_says_what_happened_and_what_to_do() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let codes = codes_of_the_source();
    assert!(codes.len() >= 29, "{codes:?}");
    for code in &codes {
        let page = std::fs::read_to_string(pages.join(format!("{code}.md")));
        let page = page.unwrap_or_else(|error| panic!("{code}: {error}"));
        assert!(page.starts_with(&format!("# {code}: ")), "{code}");
        for heading in ["\n## What happened\n", "\n## What to do\n"] {
            assert!(page.contains(heading), "{code} has no {heading}");
        }
    }
    for entry in std::fs::read_dir(&pages).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(code) = name
            .strip_suffix(".md")
            .filter(|code| code.starts_with("FLOE-BATCH-"))
        {
            assert!(
                codes.contains(code),
                "{name} explains a code that nothing returns"
            );
        }
    }
}
