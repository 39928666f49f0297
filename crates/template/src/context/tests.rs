//! Places of placeholders, written as `<…>` in small documents.

use super::{Place, Plain, places};

/// The places of all `<…>` in the text, in short words.
fn check(text: &str, expected: &[&str]) {
    // Each hole is one letter between its marks.
    let holes: Vec<_> = text.match_indices('<').map(|(at, _)| at..at + 3).collect();
    let found: Vec<String> = places(text, &holes).into_iter().map(word).collect();
    assert_eq!(found, expected, "{text}");
}

fn word(place: Place) -> String {
    match place {
        Place::Plain(Plain {
            starts,
            ends,
            whole,
            flow,
        }) => {
            let parts = [
                (flow, "flow "),
                (whole, "whole"),
                (!whole && starts, "start"),
                (!whole && ends, "end"),
            ];
            let text: String = parts
                .iter()
                .filter(|(yes, _)| *yes)
                .map(|(_, word)| *word)
                .collect();
            if text.trim().is_empty() || text == "flow " {
                format!("{text}inside")
            } else {
                text
            }
        }
        Place::Double { escaped: false } => "double".to_owned(),
        Place::Double { escaped: true } => "escaped".to_owned(),
        Place::Single => "single".to_owned(),
        Place::Block { first: true } => "block first".to_owned(),
        Place::Block { first: false } => "block".to_owned(),
        Place::Remark => "remark".to_owned(),
    }
}

#[test]
fn values_of_keys_and_items_are_whole_or_parts() {
    check("a: <x>", &["whole"]);
    check("a: <x>  # <y>\nb: <z>\n", &["whole", "remark", "whole"]);
    check("a:\n- <x>\n-  <y>\nb: 1", &["whole", "whole"]);
    check("- a: <x>\n  b: <y>", &["whole", "whole"]);
    check("a: b<x>", &["end"]);
    check("a: <x>b", &["start"]);
    check("a: b<x>c", &["inside"]);
    check("a: b <x> c", &["inside"]);
    check("a: <x><y>", &["start", "startend"]);
    check("<x>: 1\n<y>b: 2", &["whole", "start"]);
    check("a: <x>:<y>", &["start", "end"]);
    check("a: !!str <x>\nb: &<y> <z>", &["whole", "inside", "whole"]);
    check("a: b#<x>", &["end"]);
    check("<x>", &["whole"]);
    check("--- <x>\n", &["end"]);
}

#[test]
fn a_value_on_lines_of_its_own_is_one_text() {
    check("a:\n  <x>\nb: <y>", &["whole", "whole"]);
    check("a:\n  <x>\n  more\nb: <y>", &["start", "whole"]);
    check("a: <x>\n  more\nb: 1", &["start"]);
    check("a: more\n  <x>\nb: <y>", &["end", "whole"]);
    check("a:\n- <x>\n  more\n- <y>\nb: 1", &["start", "whole"]);
    check("a: <x>\n\n\nb: <y>", &["whole", "whole"]);
    check("a: <x>\n# remark <y>\n  b\n", &["whole", "remark"]);
    check("<x>\na: 1\n", &["whole"]);
}

#[test]
fn quotes_and_what_follows_them() {
    check("a: \"<x> b\" # <y>", &["double", "remark"]);
    check("a: 'it''s <x>'\nb: <y>", &["single", "whole"]);
    check(
        "\"<x>\": <y>\n'<z>': <w>",
        &["double", "whole", "single", "whole"],
    );
    check(
        "a: \"\\<x>\\\\<y>\\\"<z>\"\nb: <w>",
        &["escaped", "double", "double", "whole"],
    );
    check("a: b\"<x>\"", &["inside"]);
    check("a: \"two\n  lines <x>\"\nb: <y>", &["double", "whole"]);
}

#[test]
fn brackets() {
    check(
        "a: [<x>, <y>b, {c: <z>}]",
        &["flow whole", "flow start", "flow whole"],
    );
    check(
        "a: [\n  <x>,\n  b\n  <y>\n]\nc: <z>",
        &["flow whole", "flow end", "whole"],
    );
    check(
        "a: {<x>: <y>, \"<z>\": b} # <w>",
        &["flow whole", "flow whole", "double", "remark"],
    );
    check("a: [b, # <x>\n <y>]\n", &["remark", "flow whole"]);
    check("a: [b:<x>, ':<y>']", &["flow end", "single"]);
}

#[test]
fn blocks() {
    check(
        "a: |\n  <x> b <y>\n\n  # <z>\nb: <w>",
        &["block first", "block", "block", "whole"],
    );
    check("- >-\n  <x>\n- <y>", &["block first", "whole"]);
    check(
        "- a: |2 # <x>\n    <y>\n  b: <z>",
        &["remark", "block first", "whole"],
    );
    check("a: |<x>\nb: 1", &["end"]);
    check("a:\n  - |\n   <x>\n  - <y>", &["block first", "whole"]);
    check("a: |\n<x>\n", &["whole"]);
}

#[test]
fn every_hole_gets_a_place_in_any_text() {
    for text in [
        "<x>\"<y>",
        "[<x>",
        "{<x>",
        "'<x>",
        "a: [<x>\nb: <y>",
        "\t<x>\r\n<y>",
        "- - - <x>",
        ": <x>",
        "? <x>",
        "*<x>",
        "a: -<x>",
    ] {
        let holes = text.matches('<').count();
        let starts = text.match_indices('<').map(|(at, _)| at..at + 3);
        assert_eq!(
            places(text, &starts.collect::<Vec<_>>()).len(),
            holes,
            "{text}"
        );
    }
}
