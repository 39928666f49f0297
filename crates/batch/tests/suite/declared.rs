//! Times, timestamps, binary and semi-structured values, by their declared types.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Int16Array, StringArray, StringViewArray, StructArray,
    Time32SecondArray, Time64MicrosecondArray, TimestampMicrosecondArray, TimestampSecondArray,
};
use arrow::datatypes::{
    DataType, Field, Int16Type, Time64NanosecondType, TimestampMicrosecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use floe_batch::{Encoder, SqlType, decode_request, decode_response, encode_response};

use crate::model::ty;

fn one(value: &str, name: &str) -> ArrayRef {
    let body = format!("{{\"data\":[[0,{value}]]}}");
    let array = decode_response(body.as_bytes(), 1, &ty(name)).unwrap();
    assert_eq!(array.data_type(), &ty(name).arrow_type());
    array
}

fn refused(value: &str, name: &str) -> String {
    let body = format!("{{\"data\":[[0,{value}]]}}");
    let error = decode_response(body.as_bytes(), 1, &ty(name)).unwrap_err();
    assert_eq!(
        error.place().map(|place| (place.offset, place.row)),
        Some((12, Some(0)))
    );
    error.code().to_owned()
}

fn written(values: &dyn Array, name: &str) -> String {
    let mut out = Vec::new();
    Encoder::new(&[ty(name)])
        .response(values, &mut out)
        .unwrap();
    let text = String::from_utf8(out).unwrap();
    let value = text.strip_prefix("{\"data\":[[0,").unwrap();
    value.strip_suffix("]]}").unwrap().to_owned()
}

/// Read, and written again.
fn echo(value: &str, name: &str) -> String {
    written(one(value, name).as_ref(), name)
}

#[test]
fn times_count_from_midnight_and_lose_nothing() {
    let nanos = one("\"01:02:03.000000004\"", "TIME");
    let nanos = nanos.as_primitive::<Time64NanosecondType>().value(0);
    assert_eq!(nanos, 3_723_000_000_004);
    assert_eq!(
        echo("\"01:02:03.000000004\"", "TIME"),
        "\"01:02:03.000000004\""
    );
    assert_eq!(echo("\"13:00\"", "TIME"), "\"13:00:00\"");
    assert_eq!(echo("\"1\\u0033:00\"", "TIME"), "\"13:00:00\"");
    assert_eq!(echo("\"01:00 PM\"", "TIME(0)"), "\"13:00:00\"");
    assert_eq!(
        written(&Time32SecondArray::from(vec![61]), "TIME"),
        "\"00:01:01\""
    );
    assert_eq!(
        written(&Time64MicrosecondArray::from(vec![1]), "TIME"),
        "\"00:00:00.000001\""
    );
}

#[test]
fn timestamps_count_in_the_coarsest_unit_that_has_the_digits() {
    let text = "\"2024-11-29 12:12:47\"";
    let seconds = one(text, "TIMESTAMP_NTZ(0)");
    assert_eq!(
        seconds.as_primitive::<TimestampSecondType>().value(0),
        1_732_882_367
    );
    let micros = one("\"0001-01-01 00:00:00.000001\"", "TIMESTAMP_NTZ(6)");
    let micros = micros.as_primitive::<TimestampMicrosecondType>().value(0);
    assert_eq!(micros, -62_135_596_800_000_000 + 1);
    let nanos = one("\"1969-12-31T23:59:59.999999999Z\"", "TIMESTAMP_LTZ");
    assert_eq!(nanos.as_primitive::<TimestampNanosecondType>().value(0), -1);
    assert_eq!(
        echo("\"9999-12-31 23:59:59.999999\"", "TIMESTAMP_NTZ(6)"),
        "\"9999-12-31 23:59:59.999999\""
    );
    assert_eq!(
        echo(text, "TIMESTAMP_NTZ(9)"),
        "\"2024-11-29 12:12:47.000\""
    );
}

#[test]
fn a_timestamp_without_zone_is_what_the_clock_shows_and_one_with_zone_a_moment() {
    let text = "\"2024-11-29 12:12:47.310 -0800\"";
    assert_eq!(
        echo(text, "TIMESTAMP_NTZ(3)"),
        "\"2024-11-29 12:12:47.310\""
    );
    assert_eq!(
        echo(text, "TIMESTAMP_LTZ(3)"),
        "\"2024-11-29 20:12:47.310 +0000\""
    );
    assert_eq!(echo(text, "TIMESTAMP_TZ(3)"), text);
    let zoned = one(text, "TIMESTAMP_TZ(3)");
    let minutes = zoned
        .as_struct()
        .column(1)
        .as_primitive::<Int16Type>()
        .value(0);
    assert_eq!(minutes, -480);
    assert_eq!(echo("null", "TIMESTAMP_TZ(3)"), "null");
}

#[test]
fn columns_of_moments_are_shown_in_their_zone() {
    let at = TimestampSecondArray::from(vec![0]);
    assert_eq!(written(&at, "TIMESTAMP_NTZ"), "\"1970-01-01 00:00:00.000\"");
    let west = at.clone().with_timezone("-08:00");
    assert_eq!(
        written(&west, "TIMESTAMP_TZ"),
        "\"1969-12-31 16:00:00.000 -0800\""
    );
    let named = at.clone().with_timezone("Europe/Paris");
    assert_eq!(
        written(&named, "TIMESTAMP_LTZ"),
        "\"1970-01-01 00:00:00.000 +0000\""
    );
    let mut out = Vec::new();
    let error = Encoder::new(&[ty("TIMESTAMP_LTZ")])
        .response(&at, &mut out)
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0044");
}

#[test]
fn times_that_are_none_are_refused() {
    for (value, name) in [
        ("\"24:00:00\"", "TIME"),
        ("\"\"", "TIME"),
        ("\"2024-11-29\"", "TIME"),
        ("\"2024-02-30 00:00:00\"", "TIMESTAMP_NTZ"),
        ("\"2024-11-29 12:12:47 CET\"", "TIMESTAMP_TZ"),
        ("\"yesterday\"", "TIMESTAMP_LTZ"),
    ] {
        assert_eq!(refused(value, name), "FLOE-BATCH-0036", "{value}");
    }
    assert_eq!(refused("\"00:00:00.5\"", "TIME(0)"), "FLOE-BATCH-0037");
    assert_eq!(
        refused("\"2024-11-29 00:00:00.1234\"", "TIMESTAMP_NTZ(3)"),
        "FLOE-BATCH-0037"
    );
    // The unit has the digits, the declaration has not.
    assert_eq!(
        refused("\"2024-11-29 00:00:00.12345\"", "TIMESTAMP_NTZ(4)"),
        "FLOE-BATCH-0037"
    );
    assert_eq!(
        refused("\"2263-01-01 00:00:00\"", "TIMESTAMP_NTZ"),
        "FLOE-BATCH-0038"
    );
    assert_eq!(refused("1700000000", "TIMESTAMP_NTZ"), "FLOE-BATCH-0030");
}

/// Moments at the start of 1970, on clocks that are so many minutes ahead of UTC.
fn on_clocks(minutes: Vec<i16>) -> StructArray {
    let moments = TimestampSecondArray::from(vec![0; minutes.len()]).with_timezone("+00:00");
    let field = |name, ty: &DataType| Arc::new(Field::new(name, ty.clone(), false));
    StructArray::from(vec![
        (
            field("timestamp", moments.data_type()),
            Arc::new(moments.clone()) as ArrayRef,
        ),
        (
            field("offset_minutes", &DataType::Int16),
            Arc::new(Int16Array::from(minutes)),
        ),
    ])
}

#[test]
fn a_clock_is_at_most_14_hours_from_utc() {
    let mut out = Vec::new();
    encode_response(&on_clocks(vec![840, -840]), &mut out).unwrap();
    let body = concat!(
        r#"{"data":[[0,"1970-01-01 14:00:00.000 +1400"],"#,
        r#"[1,"1969-12-31 10:00:00.000 -1400"]]}"#
    );
    assert_eq!(out, body.as_bytes());
    for minutes in [841, -841, i16::MAX, i16::MIN] {
        let mut out = b"before".to_vec();
        let error = encode_response(&on_clocks(vec![0, minutes]), &mut out).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0046");
        assert!(error.to_string().starts_with("row 1: "), "{error}");
        assert_eq!(out, b"before");
    }
}

#[test]
fn times_that_cannot_be_written_are_refused() {
    let mut out = b"before".to_vec();
    for (column, row) in [
        (
            Arc::new(Time32SecondArray::from(vec![0, 86_400])) as ArrayRef,
            1,
        ),
        (Arc::new(Time32SecondArray::from(vec![-1])), 0),
        (Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX])), 0),
        (
            Arc::new(TimestampSecondArray::from(vec![i64::MIN]).with_timezone("+14:00")),
            0,
        ),
    ] {
        let error = encode_response(&column, &mut out).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0046");
        assert!(
            error.to_string().starts_with(&format!("row {row}: ")),
            "{error}"
        );
        assert_eq!(out, b"before");
    }
}

#[test]
fn binary_is_hexadecimal() {
    assert_eq!(
        one("\"00fF10\"", "BINARY").as_binary::<i32>().value(0),
        [0, 255, 16]
    );
    assert_eq!(echo("\"00fF10\"", "BINARY(3)"), "\"00FF10\"");
    assert_eq!(echo("\"\"", "BINARY"), "\"\"");
    assert_eq!(refused("\"0\"", "BINARY"), "FLOE-BATCH-0039");
    assert_eq!(refused("\"0g\"", "BINARY"), "FLOE-BATCH-0039");
    assert_eq!(refused("\"000000\"", "BINARY(2)"), "FLOE-BATCH-0029");
    let view = BinaryArray::from(vec![&b"\xab"[..]]);
    let view = arrow::array::BinaryViewArray::from_iter_values(view.iter().flatten());
    assert_eq!(written(&view, "BINARY"), "\"AB\"");
}

#[test]
fn json_is_kept_as_it_is_written() {
    for value in [
        "{ \"b\" : 1.50 , \"a\":[ ] }",
        "\"te\\u0078t\"",
        "12345678901234567890123456789012345678901234567890.10",
        "-0",
        "true",
        "[[[]]]",
    ] {
        assert_eq!(one(value, "VARIANT").as_string::<i32>().value(0), value);
        assert_eq!(echo(value, "VARIANT"), value);
    }
    assert!(one("null", "VARIANT").is_null(0));
    assert_eq!(echo("{\"a\":1}", "OBJECT"), "{\"a\":1}");
    assert_eq!(echo("[1, 2]", "ARRAY"), "[1, 2]");
    assert_eq!(refused("[1]", "OBJECT"), "FLOE-BATCH-0030");
    assert_eq!(refused("{}", "ARRAY"), "FLOE-BATCH-0030");
}

#[test]
fn text_that_is_not_json_never_gets_into_a_body() {
    for (text, name) in [
        ("1],[1,2", "VARIANT"),
        ("", "VARIANT"),
        ("{", "VARIANT"),
        ("1 2", "VARIANT"),
        ("NaN", "VARIANT"),
        ("'a'", "VARIANT"),
        ("\"\u{1}\"", "VARIANT"),
        ("[1]", "OBJECT"),
        ("{}", "ARRAY"),
    ] {
        let mut out = Vec::new();
        let column = StringArray::from(vec!["{}", text].split_off(1));
        let error = Encoder::new(&[ty(name)])
            .response(&column, &mut out)
            .unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0047", "{text}");
        assert!(out.is_empty());
    }
    let column = StringViewArray::from(vec![" [1]\n"]);
    assert_eq!(written(&column, "ARRAY"), " [1]\n");
}

#[test]
fn json_that_is_broken_is_refused_where_it_breaks() {
    let body = br#"{"data":[[0,{"a":[1,2}]]}"#;
    let error = decode_response(body, 1, &SqlType::Variant).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0011");
    assert_eq!(error.place().map(|place| place.offset), Some(21));
}

#[test]
fn many_rows_of_all_types_come_back() {
    let types: Vec<_> = [
        "TIME(3)",
        "TIMESTAMP_NTZ(6)",
        "TIMESTAMP_LTZ(3)",
        "TIMESTAMP_TZ",
        "BINARY",
        "VARIANT",
    ]
    .map(ty)
    .to_vec();
    let mut body = String::from("{\"data\":[");
    for row in 0..500 {
        let comma = if row > 0 { "," } else { "" };
        let seconds = row % 60;
        body += &format!(
            "{comma}[{row},\"12:00:{seconds:02}.250\",\"2024-01-01 00:00:{seconds:02}.000\",\
             \"2024-01-01 00:00:{seconds:02}.000 +0000\",\"2024-01-01 00:00:{seconds:02}.000 +0530\",\
             \"{row:04X}\",{{\"row\":[{row},null]}}]"
        );
    }
    body += "]}";
    let columns = decode_request(body.as_bytes(), &types).unwrap();
    let mut out = Vec::new();
    Encoder::new(&types)
        .request(&columns, 0..500, &mut out)
        .unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), body);
}
