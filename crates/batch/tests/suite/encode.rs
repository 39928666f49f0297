//! Bodies that are written.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Date64Array, Decimal128Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeStringArray, NullArray,
    StringArray, StringViewArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use floe_batch::{encode_request, encode_response};

fn response(array: impl Array) -> String {
    let mut out = Vec::new();
    encode_response(&array, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The values of a body that has one value a row.
fn values(array: impl Array) -> Vec<String> {
    let body = response(array);
    let rows: serde_json::Value = serde_json::from_str(&body).unwrap();
    let rows = rows["data"].as_array().unwrap();
    rows.iter().map(|row| row[1].to_string()).collect()
}

#[test]
fn the_layout_is_compact_json() {
    let columns: [ArrayRef; 2] = [
        Arc::new(StringArray::from(vec!["Alex", "Steve"])),
        Arc::new(Int64Array::from(vec![Some(3), None])),
    ];
    let mut out = b"before ".to_vec();
    encode_request(&columns, 0..2, &mut out).unwrap();
    assert_eq!(out, br#"before {"data":[[0,"Alex",3],[1,"Steve",null]]}"#);
}

#[test]
fn a_range_of_rows_is_numbered_from_zero() {
    let columns: [ArrayRef; 1] = [Arc::new(Int32Array::from(vec![10, 11, 12, 13]))];
    let mut out = Vec::new();
    encode_request(&columns, 2..4, &mut out).unwrap();
    assert_eq!(out, br#"{"data":[[0,12],[1,13]]}"#);
    out.clear();
    encode_request(&columns, 4..4, &mut out).unwrap();
    assert_eq!(out, br#"{"data":[]}"#);
}

#[test]
fn a_sliced_array_is_written_from_its_own_start() {
    let array = StringArray::from(vec![None, Some("b"), None, Some("d")]);
    assert_eq!(
        response(array.slice(1, 2)),
        r#"{"data":[[0,"b"],[1,null]]}"#
    );
    let array = BooleanArray::from(vec![true, false, true]);
    assert_eq!(
        response(array.slice(1, 2)),
        r#"{"data":[[0,false],[1,true]]}"#
    );
    let array = Float64Array::from(vec![1.0, 2.0, 3.0]);
    assert_eq!(response(array.slice(2, 1)), r#"{"data":[[0,3.0]]}"#);
}

#[test]
fn a_function_without_arguments_gets_bare_row_numbers() {
    let mut out = Vec::new();
    encode_request(&[], 0..2, &mut out).unwrap();
    assert_eq!(out, br#"{"data":[[0],[1]]}"#);
}

#[test]
fn texts_of_every_arrow_kind_are_written_alike() {
    let texts = [
        "a \"quoted\" \\ \n\u{1} é 𝄞",
        "",
        "longer than twelve bytes",
    ];
    let expected = response(StringArray::from(texts.to_vec()));
    assert_eq!(
        expected,
        "{\"data\":[[0,\"a \\\"quoted\\\" \\\\ \\n\\u0001 é 𝄞\"],[1,\"\"],\
         [2,\"longer than twelve bytes\"]]}"
    );
    assert_eq!(response(LargeStringArray::from(texts.to_vec())), expected);
    assert_eq!(response(StringViewArray::from(texts.to_vec())), expected);
}

#[test]
fn integers_of_every_width_are_written_in_full() {
    assert_eq!(
        values(Int8Array::from(vec![i8::MIN, i8::MAX])),
        ["-128", "127"]
    );
    assert_eq!(values(Int16Array::from(vec![i16::MIN])), ["-32768"]);
    assert_eq!(values(Int32Array::from(vec![i32::MIN])), ["-2147483648"]);
    assert_eq!(
        values(Int64Array::from(vec![i64::MIN])),
        ["-9223372036854775808"]
    );
    assert_eq!(values(UInt8Array::from(vec![u8::MAX])), ["255"]);
    assert_eq!(values(UInt16Array::from(vec![u16::MAX])), ["65535"]);
    assert_eq!(values(UInt32Array::from(vec![u32::MAX])), ["4294967295"]);
    assert_eq!(
        values(UInt64Array::from(vec![u64::MAX])),
        ["18446744073709551615"]
    );
}

#[test]
fn decimals_are_written_with_all_digits_of_their_scale() {
    let decimals = |scale: i8, values: &[i128]| {
        let array = Decimal128Array::from(values.to_vec());
        response(array.with_precision_and_scale(38, scale).unwrap())
    };
    assert_eq!(
        decimals(2, &[150, -150, 5, -5, 0, 100]),
        r#"{"data":[[0,1.50],[1,-1.50],[2,0.05],[3,-0.05],[4,0.00],[5,1.00]]}"#
    );
    assert_eq!(
        decimals(0, &[10_i128.pow(38) - 1, -7]),
        r#"{"data":[[0,99999999999999999999999999999999999999],[1,-7]]}"#
    );
    assert_eq!(
        decimals(37, &[1, 10_i128.pow(38) - 1]),
        "{\"data\":[[0,0.0000000000000000000000000000000000001],\
         [1,9.9999999999999999999999999999999999999]]}"
    );
}

#[test]
fn floats_are_the_shortest_that_read_back() {
    let floats = Float64Array::from(vec![0.1, -0.0, 1e300, 5e-324, f64::MAX]);
    assert_eq!(response(floats), {
        r#"{"data":[[0,0.1],[1,-0.0],[2,1e+300],[3,5e-324],[4,1.7976931348623157e+308]]}"#
    });
    let special = Float64Array::from(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
    assert_eq!(
        response(special),
        r#"{"data":[[0,"NaN"],[1,"inf"],[2,"-inf"]]}"#
    );
    let single = Float32Array::from(vec![0.1, f32::NAN]);
    assert_eq!(response(single), r#"{"data":[[0,0.1],[1,"NaN"]]}"#);
}

#[test]
fn booleans_dates_and_nulls_are_written() {
    let booleans = BooleanArray::from(vec![Some(true), Some(false), None]);
    assert_eq!(
        response(booleans),
        r#"{"data":[[0,true],[1,false],[2,null]]}"#
    );
    let dates = Date32Array::from(vec![Some(0), Some(-719_162), Some(2_932_896), None]);
    assert_eq!(
        response(dates),
        r#"{"data":[[0,"1970-01-01"],[1,"0001-01-01"],[2,"9999-12-31"],[3,null]]}"#
    );
    assert_eq!(
        response(NullArray::new(2)),
        r#"{"data":[[0,null],[1,null]]}"#
    );
}

#[test]
fn what_cannot_be_written_is_refused_and_the_buffer_is_as_it_was() {
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
    let cases: [(ArrayRef, std::ops::Range<usize>, &str); 4] = [
        (
            Arc::new(Date64Array::from(vec![0, 0])),
            0..2,
            "FLOE-BATCH-0040",
        ),
        (
            Arc::new(
                Decimal128Array::from(vec![1, 1])
                    .with_precision_and_scale(5, -2)
                    .unwrap(),
            ),
            0..2,
            "FLOE-BATCH-0040",
        ),
        (Arc::new(Int8Array::from(vec![1])), 0..2, "FLOE-BATCH-0041"),
        (
            Arc::new(Date32Array::from(vec![0, 2_932_897])),
            0..2,
            "FLOE-BATCH-0042",
        ),
    ];
    for (column, rows, code) in cases {
        let mut out = b"before".to_vec();
        let error = encode_request(&[text.clone(), column], rows, &mut out).unwrap_err();
        assert_eq!((error.code(), error.place()), (code, None), "{error}");
        assert_eq!(out, b"before");
    }
}

#[test]
fn an_error_names_the_column_or_the_row() {
    let mut out = Vec::new();
    let error = encode_response(&Date64Array::from(vec![0]), &mut out).unwrap_err();
    assert!(
        error.to_string().starts_with("column 0 is Date64"),
        "{error}"
    );
    let error = encode_response(&Date32Array::from(vec![0, i32::MIN]), &mut out).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("row 1: the date -2147483648 days"),
        "{error}"
    );
}
