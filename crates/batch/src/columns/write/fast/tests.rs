//! The fast way against value after value, over every instruction set of this machine.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array,
    StringArray,
};
use proptest::prelude::*;

use super::Cells;
use crate::isa::Level;
use crate::value;

/// What is written, which must be the same in all ways.
fn write(columns: &[ArrayRef], rows: Range<usize>) -> String {
    let cells: Vec<_> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| Cells::new(index, column.as_ref(), None, &rows).unwrap())
        .collect();
    let expected = one_by_one(&cells, rows.clone());
    for level in Level::all_here() {
        // Room that is there already must not make a difference.
        for capacity in [0, 100_000] {
            let mut out = Vec::with_capacity(capacity);
            out.push(b'>');
            super::body(level, &cells, rows.clone(), &mut out).unwrap();
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!(">{expected}"),
                "{level:?}"
            );
        }
    }
    expected
}

fn one_by_one(cells: &[Cells<'_>], rows: Range<usize>) -> String {
    let mut out = b"{\"data\":[".to_vec();
    for (number, at) in rows.enumerate() {
        out.extend_from_slice(if number == 0 { b"[" } else { b",[" });
        value::integer(number, &mut out);
        for column in cells {
            out.push(b',');
            assert!(column.write(at, &mut out).is_ok());
        }
        out.push(b']');
    }
    out.extend_from_slice(b"]}");
    String::from_utf8(out).unwrap()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z]{0,31}",
        2 => "[ -~]{0,100}",
        1 => "[\"\\\\\n\t\u{8}\u{c}\r\u{1}\u{1f}/é𝄞a]{0,70}",
        1 => any::<String>(),
    ]
}

fn columns() -> impl Strategy<Value = Vec<ArrayRef>> {
    (0..150_usize).prop_flat_map(|rows| {
        let nullable =
            |strategy| proptest::collection::vec(proptest::option::weighted(0.9, strategy), rows);
        let wide = prop_oneof![
            any::<i32>().prop_map(i128::from),
            any::<i64>().prop_map(i128::from),
            -(10_i128.pow(38) - 1)..10_i128.pow(38),
            Just(i128::from(i64::MIN)),
            Just(i128::from(i64::MAX) + 1),
            (0..19_u32).prop_map(|power| 10_i128.pow(power)),
            (0..19_u32).prop_map(|power| 10_i128.pow(power) - 1),
        ];
        (
            nullable(text().boxed()),
            proptest::collection::vec(proptest::option::of(wide), rows),
            proptest::collection::vec(any::<i64>(), rows),
            proptest::collection::vec(any::<i32>(), rows),
            proptest::collection::vec(proptest::option::of(any::<f64>()), rows),
            proptest::collection::vec(any::<Option<bool>>(), rows),
        )
            .prop_map(
                |(texts, wide, longs, ints, floats, booleans)| -> Vec<ArrayRef> {
                    let wide = Decimal128Array::from(wide);
                    vec![
                        Arc::new(StringArray::from(texts)),
                        Arc::new(wide.clone().with_precision_and_scale(38, 0).unwrap()),
                        Arc::new(wide.with_precision_and_scale(38, 3).unwrap()),
                        Arc::new(Int64Array::from(longs)),
                        Arc::new(Int32Array::from(ints)),
                        Arc::new(Float64Array::from(floats)),
                        Arc::new(BooleanArray::from(booleans)),
                    ]
                },
            )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 600 }))]

    #[test]
    fn rows_are_written_as_value_after_value_is(
        columns in columns(),
        order in Just(()).prop_perturb(|(), mut random| random.next_u32()),
        begin in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
    ) {
        let len = columns[0].len();
        let (begin, end) = (begin.index(len + 1), end.index(len + 1));
        let rows = begin.min(end)..begin.max(end);
        let some: Vec<ArrayRef> = columns
            .iter()
            .enumerate()
            .filter(|(index, _)| order >> index & 1 == 1)
            .map(|(_, column)| Arc::clone(column))
            .collect();
        let body = write(&some, rows);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok());
    }
}

#[test]
fn a_text_that_ends_where_its_memory_ends_is_written_whole() {
    for len in 0..100 {
        for special in ["", "\"", "\u{1}", "é"] {
            let text = format!("{}{special}", "x".repeat(len));
            let column: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
            let body = write(&[column], 0..1);
            let expected = serde_json::to_string(&text).unwrap();
            assert_eq!(body, format!("{{\"data\":[[0,{expected}]]}}"));
        }
    }
}

#[test]
fn texts_of_nothing_but_escapes_are_written_whole() {
    for letter in ["\"", "\n", "\u{1}"] {
        let column: ArrayRef = Arc::new(StringArray::from(vec![
            letter.repeat(5000),
            letter.repeat(33),
        ]));
        write(&[column], 0..2);
    }
}
