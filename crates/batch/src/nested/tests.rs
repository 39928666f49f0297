//! Arrays and objects against the strict reader and serde_json.

use proptest::prelude::*;

use crate::isa::{Avx2, Avx512, Isa, Level};
use crate::scan::{MAX_DEPTH, Scanner};

/// The length that the strict reader finds; none when it refuses the value.
fn strict(text: &[u8]) -> Option<usize> {
    let mut scan = Scanner::new(text);
    scan.skip_value(0).ok().map(|()| scan.offset())
}

/// The length that all instruction sets of this machine find; none when one gives the value back.
fn all(text: &[u8]) -> Option<usize> {
    let levels = Level::all_here();
    let found = levels.iter().filter_map(|level| match level {
        Level::Swar => None,
        Level::Avx2 => Some(Avx2::nested(text)),
        Level::Avx512 => Some(Avx512::nested(text)),
    });
    let found: Vec<_> = found.collect();
    assert!(
        found.windows(2).all(|two| two[0] == two[1]),
        "{found:?}: {}",
        String::from_utf8_lossy(text)
    );
    *found.first().unwrap_or(&None)
}

fn has_blocks() -> bool {
    Level::best() != Level::Swar
}

/// What is accepted is what the strict reader accepts; what it accepts is not given back, unless a
/// scalar in it is longer than a block.
fn check(text: &[u8]) {
    let (found, expected) = (all(text), strict(text));
    let shown = String::from_utf8_lossy(text);
    match (found, expected) {
        // The bytes of strings are checked with those of all others, later.
        (Some(found), None) => {
            let utf8 = std::str::from_utf8(text.get(..found).unwrap());
            assert!(utf8.is_err(), "took what is not JSON: {shown}");
        }
        (Some(found), Some(expected)) => assert_eq!(found, expected, "{shown}"),
        (None, _) => {}
    }
}

fn accepted(text: &str) {
    assert_eq!(strict(text.as_bytes()), Some(text.len()), "{text}");
    if has_blocks() {
        for behind in ["", "]", ",{", "]}", "\"", "\\", "   ", "],[1,{\"a\":2"] {
            let text_behind = format!("{text}{behind}");
            assert_eq!(
                all(text_behind.as_bytes()),
                Some(text.len()),
                "{text_behind}"
            );
        }
    }
}

fn refused(text: &str) {
    assert_eq!(strict(text.as_bytes()), None, "{text}");
    assert_eq!(all(text.as_bytes()), None, "{text}");
}

/// The text at every offset from the borders of blocks: inside an array, behind a string.
fn shifted(text: &str, judge: fn(&str)) {
    for length in (0..70).chain([120, 121, 122, 123, 124, 125, 126]) {
        let before = "x".repeat(length);
        judge(&format!("[\"{before}\",{text}]"));
        judge(&format!("[{}{text}]", " ".repeat(length)));
    }
}

const SOUND: &[&str] = &[
    "1",
    "-0",
    "0",
    "10",
    "-12.5e+3",
    "0.001",
    "1E5",
    "2e-07",
    "123456789.125",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\"",
    "\"\\\"\"",
    "\"\\\\\"",
    "\"\\\\\\\"x\"",
    "\"é𝄞\"",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "{\"\":{}}",
    "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"d\":{\"e\":\"f\"}}",
    "\"{[:,]}\"",
    "\"\\u0041\"",
    "\"\\ud834\\udd1e\"",
    "\"\\ud834\\udd1e\\u00e9x\\\\u\"",
    "\"\\\\ud834\"",
    "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4]",
    "{ \"a\" : [ 1 , true ] , \"b\" : { } }",
    "[\n\t1,\r\n\t2\n]",
    "[\"a\",\"b\",[\"c\"],\"d\"]",
    "1.0e0,1.0e0,-1,true,false,null,0.5",
    "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
];

#[test]
fn sound_values_are_accepted_wherever_they_stand() {
    for text in SOUND {
        shifted(text, accepted);
    }
}

const BROKEN: &[&str] = &[
    "01",
    "-",
    "-01",
    "1.",
    ".5",
    "1.e5",
    "1e",
    "1e+",
    "1.5.5",
    "1e5.5",
    "1e5e5",
    "+1",
    "--1",
    "1-",
    "1+1",
    "0x1",
    "1 2",
    "tru",
    "truex",
    "true1",
    "nul",
    "nulll",
    "falsé",
    "fals",
    "falsee",
    "True",
    "NaN",
    "1true",
    "'a'",
    "a",
    "é",
    "\\",
    "\"a\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\ud834\"",
    "\"\\udd1e\"",
    "\"\\ud834\\ud834\"",
    "\"\\ud834x\"",
    "\"\\ud834\\n\"",
    "\"a\tb\"",
    "\"a\nb\"",
    "\"a\u{1}b\"",
    "\"a\"\"b\"",
    "\"a\"1",
    "1\"a\"",
    "[1,]",
    "[,1]",
    "[1,,2]",
    "[1 2]",
    "[1:2]",
    "[\"a\":1]",
    "[1,\"a\":2]",
    "[\"b\",\"a\":2]",
    "{\"a\"}",
    "{\"a\",\"b\":1}",
    "{\"a\":1,}",
    "{,\"a\":1}",
    "{\"a\":1,\"b\"}",
    "{\"a\":1,\"b\",\"c\":2}",
    "{\"a\":1,2}",
    "{\"a\":1,2:3}",
    "{\"a\":1,[]}",
    "{1:2}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1:2}",
    "{\"a\":\"b\":2}",
    "{\"a\"::1}",
    "{:1}",
    "{\"a\":1]",
    "[1}",
    "[{]}",
    "{[]}",
    "{{}}",
    "{\"a\":1 \"b\":2}",
    "[] []",
    "{}{}",
    "[]1",
    "1[]",
    "\"a\"[]",
    "[\u{b}1]",
    "[1\u{c}]",
    "[1\u{a0}]",
    "[\u{0}]",
];

#[test]
fn broken_values_are_refused_wherever_they_stand() {
    for text in BROKEN {
        shifted(text, refused);
    }
}

#[test]
fn levels_are_counted_as_the_strict_reader_counts_them() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    accepted(&nested(MAX_DEPTH));
    refused(&nested(MAX_DEPTH + 1));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    accepted(&objects(MAX_DEPTH));
    refused(&objects(MAX_DEPTH + 1));
    accepted(&format!("[{}]", vec![nested(MAX_DEPTH - 1); 50].join(",")));
}

#[test]
fn a_value_that_does_not_end_is_given_back() {
    let text = "{\"a\":[1,true,{\"b\":\"c\\n\\ud834\\udd1e\"}],\"dd\":\"e\",\"f\":-1.25e+7}";
    accepted(text);
    for end in 0..text.len() {
        assert_eq!(all(&text.as_bytes()[..end]), None);
    }
}

#[test]
fn scalars_longer_than_a_block_are_given_back_or_read_rightly() {
    for length in 50..140 {
        check(format!("[{}]", "1".repeat(length)).as_bytes());
        check(format!("[0.{}]", "1".repeat(length)).as_bytes());
        check(format!("[0.{}x]", "1".repeat(length)).as_bytes());
        check(format!("[1,2,3,{}]", "1".repeat(length)).as_bytes());
        check(format!("[true{}]", "e".repeat(length)).as_bytes());
    }
}

const PIECES: &[&str] = &[
    "{", "}", "[", "]", ":", ",", "\"", "\"a\"", "\"key\":", "1", "-", ".5", "e", "E+3", "0",
    "true", "null", "false", " ", "\n", "\\", "\\\\", "\\\"", "\\u00e9", "\\ud834", "\\udd1e", "é",
    "\u{1}", "tr", "nu", "x", "{\"a\":", "[1,", "],", "},", "\"b\",", "1,2,3",
];

/// Pieces of JSON in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(PIECES);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Cases of each property.
const CASES: u32 = if cfg!(debug_assertions) {
    2_000
} else {
    50_000
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn pieces_in_any_order_are_judged_as_the_strict_reader_judges(
        soup in soup(),
        object in any::<bool>(),
    ) {
        let text = format!("{}{soup}", if object { "{\"" } else { "[" });
        check(text.as_bytes());
        if has_blocks() && std::str::from_utf8(text.as_bytes()).is_ok() {
            // No scalar here is as long as a block.
            prop_assert_eq!(all(text.as_bytes()), strict(text.as_bytes()), "{}", text);
        }
    }

    #[test]
    fn sound_values_with_a_changed_byte_are_judged_alike(
        value in value(),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"{}[]:,\"\\ 0123456789-+.eEtfnu\n\x01a\xc3\x80".as_slice()),
        change in 0..3,
    ) {
        let mut text = format!("[{value}]").into_bytes();
        accepted(std::str::from_utf8(&text).unwrap());
        let at = at.index(text.len());
        match change {
            0 => text[at] = byte,
            1 => text.insert(at, byte),
            _ => { text.remove(at); }
        }
        check(&text);
    }
}

/// Any value, written by serde_json or with white space.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9_f64).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[a-z ]{0,90}".prop_map(Into::into),
    ];
    let tree = leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            proptest::collection::vec(("[a-z\"\\\\é]{0,12}", inner), 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    (tree, any::<bool>()).prop_map(|(tree, pretty)| {
        if pretty {
            serde_json::to_string_pretty(&tree).unwrap()
        } else {
            tree.to_string()
        }
    })
}
