//! The fast way against the strict one, over every instruction set of this machine.

use arrow::array::ArrayRef;
use proptest::prelude::*;

use crate::columns::{decode_at, decode_strictly};
use crate::envelope::RowNumbers;
use crate::error::Res;
use crate::isa::Level;
use crate::sql_type::SqlType;

/// Reads the body in all ways, which must agree to the error.
fn read(body: &[u8], types: &[SqlType]) -> Res<Vec<ArrayRef>> {
    let strict = decode_strictly(body, RowNumbers::Counted, types);
    for level in Level::all_here() {
        let fast = decode_at(level, body, RowNumbers::Counted, types);
        match (&fast, &strict) {
            (Ok(fast), Ok(strict)) => assert_same(fast, strict),
            (fast, strict) => assert_eq!(
                fast.as_ref().err(),
                strict.as_ref().err(),
                "{level:?}: {}",
                String::from_utf8_lossy(body)
            ),
        }
    }
    strict
}

fn assert_same(fast: &[ArrayRef], strict: &[ArrayRef]) {
    assert_eq!(fast.len(), strict.len());
    for (fast, strict) in fast.iter().zip(strict) {
        fast.to_data().validate_full().unwrap();
        // Data is compared byte by byte.
        assert_eq!(fast.to_data(), strict.to_data());
    }
}

fn ty(text: &str) -> SqlType {
    SqlType::parse(text).unwrap()
}

/// Any JSON value, as deep as a few levels.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no other", |float| float.is_finite())
            .prop_map(|value| format!("{value:?}")),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        "[a-z]{0,30}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let comma = prop::sample::select(vec![",", ", ", " ,\n\t"]);
        prop_oneof![
            (
                proptest::collection::vec(inner.clone(), 0..6),
                comma.clone()
            )
                .prop_map(|(items, comma)| format!("[{}]", items.join(comma))),
            (
                proptest::collection::vec(("[a-z\"\\\\é]{0,8}", inner), 0..6),
                comma
            )
                .prop_map(|(members, comma)| {
                    let member = |(key, value): &(String, String)| {
                        format!("{}: {value}", serde_json::to_string(key).unwrap())
                    };
                    let members: Vec<_> = members.iter().map(member).collect();
                    format!("{{{}}}", members.join(comma))
                }),
        ]
    })
}

/// A cell of the type, as some writer might write it, or something else.
fn cell(ty: &'static str) -> BoxedStrategy<String> {
    let text = prop_oneof![
        4 => "[a-z ]{0,12}",
        2 => "[ -~]{0,80}",
        2 => any::<String>(),
        1 => Just("2024-02-29".to_owned()),
    ];
    let quoted = text.prop_map(|text: String| serde_json::to_string(&text).unwrap());
    let escaped = "(\\\\u[0-9a-f]{4}|\\\\[\"nrt/bf\\\\]|[a-zé€𝄞]){0,40}"
        .prop_map(|text| format!("\"{text}\""));
    let float = prop_oneof![
        any::<f64>()
            .prop_filter("JSON has no other", |float| float.is_finite())
            .prop_map(|float| format!("{float:?}")),
        any::<f64>()
            .prop_filter("JSON has no other", |float| float.is_finite())
            .prop_map(|float| format!("{float}")),
        (-1e6..1e6_f64).prop_map(|float| format!("{float}")),
        "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,26})?([eE][+-]?[0-9]{1,3})?",
    ];
    let integer = prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        "-?[0-9]{1,20}",
    ];
    let own = match ty {
        "VARCHAR" | "VARCHAR(5)" => prop_oneof![3 => quoted, 1 => escaped].boxed(),
        "FLOAT" => prop_oneof![9 => float, 1 => Just("\"NaN\"".to_owned())].boxed(),
        "NUMBER(38,0)" | "NUMBER(9,0)" => integer.boxed(),
        "NUMBER(20,4)" => prop_oneof!["-?[0-9]{1,3}(\\.[0-9]{1,5})?", float].boxed(),
        "TIME(3)" => "\"[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,4})?)?\"".boxed(),
        "TIMESTAMP_NTZ(6)" | "TIMESTAMP_TZ" => {
            "\"[12][0-9]{3}-0[1-9]-[0-2][0-9]( |T)[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?( ?[+-]0[0-9](:?[0-5]0)?|Z)?\"".boxed()
        }
        "BINARY(8)" => "\"([0-9a-fA-F]{2}){0,9}\"".boxed(),
        "VARIANT" | "OBJECT" => json().boxed(),
        "BOOLEAN" => prop_oneof![Just("true".to_owned()), Just("false".to_owned())].boxed(),
        _ => "\"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]\"".boxed(),
    };
    prop_oneof![
        20 => own,
        3 => Just("null".to_owned()),
        1 => prop_oneof![Just("1"), Just("[]"), Just("\"\""), Just("nul"), Just("-"), Just("tru")].prop_map(str::to_owned),
    ]
    .boxed()
}

const TYPES: [&str; 14] = [
    "VARCHAR",
    "VARCHAR(5)",
    "FLOAT",
    "NUMBER(38,0)",
    "NUMBER(9,0)",
    "NUMBER(20,4)",
    "BOOLEAN",
    "DATE",
    "TIME(3)",
    "TIMESTAMP_NTZ(6)",
    "TIMESTAMP_TZ",
    "BINARY(8)",
    "VARIANT",
    "OBJECT",
];

/// How a writer separates things.
const STYLES: [(&str, &str, &str); 6] = [
    ("],[", ",", ""),
    ("], [", ", ", ""),
    ("],\n[", ",", "\n"),
    ("] , [ ", " , ", " "),
    ("],\n  [", ",  ", "\n\n"),
    ("    ]   ,   [     ", ",       \t       ", "\r\n"),
];

#[derive(Debug, Clone)]
struct Case {
    types: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    style: usize,
}

impl Case {
    fn body(&self) -> String {
        let (gap, separator, end) = STYLES[self.style];
        let row = |(number, cells): (usize, &Vec<String>)| {
            let cells: String = cells
                .iter()
                .map(|cell| format!("{separator}{cell}"))
                .collect();
            format!("{number}{cells}")
        };
        let rows: Vec<_> = self.rows.iter().enumerate().map(row).collect();
        if rows.is_empty() {
            return format!("{{\"data\":[]}}{end}");
        }
        format!("{{\"data\":[[{}]]}}{end}", rows.join(gap))
    }

    fn types(&self) -> Vec<SqlType> {
        self.types.iter().map(|name| ty(name)).collect()
    }
}

/// Rows most of which are as declared; a bad cell ends the reading, so they are rare.
fn case() -> impl Strategy<Value = Case> {
    (
        proptest::collection::vec(0..TYPES.len(), 1..4),
        0..STYLES.len(),
    )
        .prop_flat_map(|(types, style)| {
            let types: Vec<_> = types.iter().map(|index| TYPES[*index]).collect();
            let row: Vec<_> = types.iter().map(|ty| cell(ty)).collect();
            let rows = proptest::collection::vec(row, 0..40);
            (Just(types), rows, Just(style)).prop_map(|(types, rows, style)| Case {
                types,
                rows,
                style,
            })
        })
}

/// Leaves out the rows that cannot be read, so that the rest is read to its end.
fn readable(mut case: Case) -> Case {
    let types = case.types();
    case.rows.retain(|row| {
        let body = format!("{{\"data\":[[0,{}]]}}", row.join(","));
        decode_strictly(body.as_bytes(), RowNumbers::Counted, &types).is_ok()
    });
    case
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 400 } else { 4000 }))]

    #[test]
    fn bodies_that_can_be_read_are_read_alike(case in case().prop_map(readable)) {
        let columns = read(case.body().as_bytes(), &case.types()).unwrap();
        prop_assert_eq!(columns[0].len(), case.rows.len());
    }

    #[test]
    fn bodies_with_bad_cells_are_refused_alike(case in case()) {
        let _ = read(case.body().as_bytes(), &case.types());
    }

    #[test]
    fn bodies_with_a_changed_byte_are_read_alike(
        case in case().prop_map(readable),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"\"\\,[]{}0123456789-.e ntf\n\0\x80\xff".as_slice())],
        cut in any::<bool>(),
    ) {
        let mut body = case.body().into_bytes();
        let at = at.index(body.len());
        if cut { body.remove(at); } else { body[at] = byte; }
        let _ = read(&body, &case.types());
    }
}

#[test]
fn row_numbers_are_counted_over_every_carry() {
    let rows: Vec<_> = (0..12_345).map(|row| format!("[{row},{row}]")).collect();
    for separator in [",", " , ", ",\n"] {
        let body = format!("{{\"data\":[{}]}}", rows.join(separator));
        let columns = read(body.as_bytes(), &[ty("NUMBER(38,0)")]).unwrap();
        assert_eq!(columns[0].len(), 12_345);
    }
}

#[test]
fn a_row_number_that_is_not_the_next_is_refused_wherever_it_stands() {
    for wrong in [1, 63, 64, 65, 99, 100, 127, 128, 1000] {
        for instead in [0, wrong - 1, wrong + 1, wrong * 10] {
            let number = |row: u64| if row == wrong { instead } else { row };
            let rows: Vec<_> = (0..1100)
                .map(|row| format!("[{},\"x\"]", number(row)))
                .collect();
            let body = format!("{{\"data\":[{}]}}", rows.join(","));
            assert!(
                read(body.as_bytes(), &[ty("VARCHAR")]).is_err(),
                "{instead} for {wrong}"
            );
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_wherever_it_stands() {
    for bad in [
        &b"\xff"[..],
        b"\xc3",
        b"\xe2\x82",
        b"\x80",
        b"\xf0\x9d\x84",
        b"\xed\xa0\x80",
    ] {
        for at in [0, 1, 62, 63, 64, 65, 150, 199] {
            let mut body = b"{\"data\":[".to_vec();
            for row in 0..200 {
                body.extend(format!("{}[{row},\"é", if row > 0 { "," } else { "" }).bytes());
                if row == at {
                    body.extend(bad);
                }
                body.extend(b"\"]");
            }
            body.extend(b"]}");
            let error = read(&body, &[ty("VARCHAR")]).unwrap_err();
            assert_eq!(error.code(), "FLOE-BATCH-0013", "{bad:?} in {at}");
            assert_eq!(error.place().and_then(|place| place.row), Some(at));
        }
    }
}

#[test]
fn doubles_are_those_of_the_standard_library() {
    let mut dice = 1_u64;
    let mut next = || {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        dice ^ dice >> 29
    };
    for round in 0..if cfg!(debug_assertions) {
        100_000
    } else {
        3_000_000
    } {
        let digits = next() >> (round % 64);
        let fraction = (next() % 25) as usize;
        let text = format!("{digits:0width$}", width = fraction + 1);
        let text = format!(
            "{}.{}",
            &text[..text.len() - fraction],
            &text[text.len() - fraction..]
        );
        let text = text.trim_end_matches('.');
        let expected: f64 = text.parse().unwrap();
        let found = super::float::nearest(digits, fraction);
        assert_eq!(found, expected.to_bits(), "{text}");
    }
    // Half way between two doubles, exactly.
    for (digits, fraction) in [
        (9_007_199_254_740_993, 0),
        (9_007_199_254_740_995, 0),
        (90_071_992_547_409_930, 1),
        (45_035_996_273_704_965, 1),
        (45_035_996_273_704_965, 1),
        (18_014_398_509_481_986, 0),
        (2_251_799_813_685_248_250, 3),
        (1_125_899_906_842_624_125, 3),
        (u64::MAX, 0),
        (1, 24),
        (0, 5),
    ] {
        let expected = format!("{digits}e-{fraction}").parse::<f64>().unwrap();
        assert_eq!(super::float::nearest(digits, fraction), expected.to_bits());
    }
}
