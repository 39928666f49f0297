//! Typed rows, without Arrow.

use std::borrow::Cow;
use std::collections::BTreeMap;

use floe_batch::rows::{RequestWriter, ResponseWriter, read_request, read_response};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// Reads one value of a one-row response.
fn value<'de, T: Deserialize<'de>>(body: &'de str) -> Result<T, floe_batch::BatchError> {
    read_response(body.as_bytes(), 1).map(|mut values: Vec<T>| values.remove(0))
}

fn written<T: Serialize>(value: &T) -> String {
    let mut out = Vec::new();
    let mut writer = ResponseWriter::new(&mut out);
    writer.row(0, value).unwrap();
    writer.finish();
    let body = String::from_utf8(out).unwrap();
    body.strip_prefix("{\"data\":[[0,")
        .unwrap()
        .strip_suffix("]]}")
        .unwrap()
        .to_owned()
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    amount: f64,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Celsius(f64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    name: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Box(f64, f64),
    Named { name: String },
}

#[test]
fn rows_become_tuples_and_structs_in_the_order_of_the_arguments() {
    let body = br#"{"data":[[0,"Alex",1.5,null],[1,"St\u0065ve",2,"x"]]}"#;
    let rows = read_request::<Order>(body).unwrap();
    assert!(matches!(&rows[0].1.name, Cow::Borrowed("Alex")));
    assert!(matches!(&rows[1].1.name, Cow::Owned(name) if name == "Steve"));
    assert_eq!(
        (rows[1].1.amount, rows[1].1.note.as_deref()),
        (2.0, Some("x"))
    );
    let tuples = read_request::<(&str, f64, Option<&str>)>(
        br#"{"data":[[0,"Alex",1.5,null],[1,"Steve",2,"x"]]}"#,
    );
    assert_eq!(
        tuples.unwrap(),
        [(0, ("Alex", 1.5, None)), (1, ("Steve", 2.0, Some("x")))]
    );
}

#[test]
fn row_numbers_come_as_they_were_sent() {
    let rows = read_request::<(f64, f64)>(br#"{"data": [[4, 50.0, 0.6], [2, 1, 1]]}"#).unwrap();
    assert_eq!(rows, [(4, (50.0, 0.6)), (2, (1.0, 1.0))]);
}

#[test]
fn a_function_of_any_number_of_arguments_can_be_read() {
    assert_eq!(
        read_request::<()>(br#"{"data":[[0],[1]]}"#).unwrap(),
        [(0, ()), (1, ())]
    );
    assert_eq!(
        read_request::<Nothing>(br#"{"data":[[0]]}"#).unwrap(),
        [(0, Nothing)]
    );
    let rows = read_request::<Vec<i64>>(br#"{"data":[[0,1,2],[1]]}"#).unwrap();
    assert_eq!(rows, [(0, vec![1, 2]), (1, vec![])]);
}

#[test]
fn a_row_of_another_length_is_refused_with_both_lengths() {
    for (body, offset, found) in [
        (r#"{"data":[[0,1]]}"#, 13, "2 elements, expected 3"),
        (r#"{"data":[[0,1,2,3]]}"#, 15, "4 elements, expected 3"),
        (r#"{"data":[[0]]}"#, 11, "1 elements, expected 3"),
    ] {
        let error = read_request::<(i64, i64)>(body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0026", "{body}");
        assert_eq!(error.place().unwrap().offset, offset, "{body}");
        assert!(error.to_string().contains(found), "{error}");
    }
    let error = read_request::<()>(br#"{"data":[[0,1]]}"#).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0026");
}

#[test]
fn a_value_of_another_type_is_refused_at_its_first_byte_without_being_quoted() {
    let body = r#"{"data":[[0,1,"x"],[1, 2, "s3cret"]]}"#;
    let error = read_request::<(i64, Option<char>)>(body.as_bytes()).unwrap_err();
    assert_eq!(
        (error.code(), error.place().unwrap().offset),
        ("FLOE-BATCH-0035", 26)
    );
    assert_eq!(error.place().unwrap().row, Some(1));
    for error in [
        value::<i64>(r#"{"data":[[0,"s3cret"]]}"#).unwrap_err(),
        value::<f64>(r#"{"data":[[0,"s3cret"]]}"#).unwrap_err(),
        value::<bool>(r#"{"data":[[0,"s3cret"]]}"#).unwrap_err(),
        value::<Shape>(r#"{"data":[[0,"s3cret"]]}"#).unwrap_err(),
        value::<u8>(r#"{"data":[[0,s3cret]]}"#).unwrap_err(),
        value::<Strict>(r#"{"data":[[0,{"s3cret":1}]]}"#).unwrap_err(),
        value::<BTreeMap<u8, u8>>(r#"{"data":[[0,{"s3cret":1}]]}"#).unwrap_err(),
    ] {
        assert!(
            !format!("{error:?} {error}").contains("s3cret"),
            "{error:?}"
        );
    }
}

#[test]
fn numbers_follow_the_rules_of_columns() {
    assert_eq!(value::<i64>(r#"{"data":[[0,20.0]]}"#).unwrap(), 20);
    assert_eq!(value::<u8>(r#"{"data":[[0,2e1]]}"#).unwrap(), 20);
    assert_eq!(
        value::<i128>(r#"{"data":[[0,-99999999999999999999]]}"#).unwrap(),
        -(10_i128.pow(20) - 1)
    );
    assert_eq!(
        value::<i64>(r#"{"data":[[0,2.5]]}"#).unwrap_err().code(),
        "FLOE-BATCH-0032"
    );
    assert_eq!(
        value::<u8>(r#"{"data":[[0,256]]}"#).unwrap_err().code(),
        "FLOE-BATCH-0035"
    );
    assert_eq!(
        value::<u8>(r#"{"data":[[0,-1]]}"#).unwrap_err().code(),
        "FLOE-BATCH-0035"
    );
    assert_eq!(
        value::<f64>(r#"{"data":[[0,1e309]]}"#).unwrap_err().code(),
        "FLOE-BATCH-0031"
    );
    assert_eq!(
        value::<f64>(r#"{"data":[[0,-0]]}"#).unwrap().to_bits(),
        (-0.0_f64).to_bits()
    );
    assert!(value::<f64>(r#"{"data":[[0,"NaN"]]}"#).unwrap().is_nan());
    assert_eq!(
        value::<f32>(r#"{"data":[[0,"-inf"]]}"#).unwrap(),
        f32::NEG_INFINITY
    );
}

#[test]
fn a_type_that_takes_any_value_gets_whole_numbers_exactly_or_not_at_all() {
    use serde_json::{Value, json};
    let read = |number: &str| value::<Value>(&format!(r#"{{"data":[[0,[{number}]]]}}"#));
    for (number, expected) in [
        ("18446744073709551615", json!([u64::MAX])),
        ("-9223372036854775808", json!([i64::MIN])),
        ("-0", json!([-0.0])),
        ("1e20", json!([1e20])),
        ("100000000000000000000.0", json!([1e20])),
    ] {
        assert_eq!(read(number).unwrap(), expected, "{number}");
    }
    for number in ["18446744073709551616", "-9223372036854775809"] {
        let error = read(number).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0035", "{number}");
        assert!(error.to_string().contains("read an i128"), "{error}");
    }
    let long = "9".repeat(39);
    assert_eq!(read(&long).unwrap_err().code(), "FLOE-BATCH-0031");
    let not_taken = value::<BTreeMap<u8, u8>>(r#"{"data":[[0,99999999999999999999]]}"#);
    assert_eq!(not_taken.unwrap_err().code(), "FLOE-BATCH-0035");

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wide {
        id: i128,
    }
    let wide = r#"{"data":[[0,{"id":99999999999999999999}]]}"#;
    let expected = Wide {
        id: 10_i128.pow(20) - 1,
    };
    assert_eq!(value::<Wide>(wide).unwrap(), expected);
    assert!(value::<IgnoredAny>(wide).is_ok());
}

#[test]
fn a_single_is_rounded_once_and_never_infinite() {
    let read = |number: &str| value::<Option<f32>>(&format!(r#"{{"data":[[0,{number}]]}}"#));
    // Halfway between two singles, and a bit above: by way of a double it would be rounded twice.
    for number in [
        "1.000000059604644775390625",
        "1.00000005960464477539062501",
        "3.4028234663852886e38",
        "-3.4028235677973366e38",
        "1e-45",
        "-0",
        "1e-999",
        "16777217",
    ] {
        let expected: f32 = number.parse().unwrap();
        let found = read(number).unwrap().unwrap();
        assert_eq!(found.to_bits(), expected.to_bits(), "{number}");
    }
    for (number, code) in [
        ("3.4028235677973367e38", "FLOE-BATCH-0035"),
        ("1e300", "FLOE-BATCH-0035"),
        ("-1e39", "FLOE-BATCH-0035"),
        ("1e309", "FLOE-BATCH-0031"),
    ] {
        let error = read(number).unwrap_err();
        assert_eq!(error.code(), code, "{number}: {error}");
        assert_eq!(error.place().unwrap().offset, 12, "{number}");
    }
    let error = read("1e300").unwrap_err().to_string();
    assert!(error.contains("beyond the range of f32"), "{error}");
    assert_eq!(read("\"inf\"").unwrap(), Some(f32::INFINITY));
}

#[test]
fn nested_values_are_read_and_written() {
    let body = r#"{"data":[[0,{"City":"Warsaw","at":[52.23,21.01],"x":{"\u0031":null}}]]}"#;
    #[derive(Debug, PartialEq, Deserialize)]
    struct Place {
        #[serde(rename = "City")]
        city: String,
        at: (f64, f64),
        x: BTreeMap<u8, Option<bool>>,
    }
    let place = value::<Place>(body).unwrap();
    assert_eq!((place.city.as_str(), place.at), ("Warsaw", (52.23, 21.01)));
    assert_eq!(place.x, BTreeMap::from([(1, None)]));
    let json = value::<serde_json::Value>(body).unwrap();
    assert_eq!(
        written(&json),
        r#"{"City":"Warsaw","at":[52.23,21.01],"x":{"1":null}}"#
    );
}

#[test]
fn a_list_longer_than_its_type_is_refused() {
    let error = value::<(i64,)>(r#"{"data":[[0,[1,2]]]}"#).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0035");
    let error = value::<Vec<i64>>(r#"{"data":[[0,[1,]]]}"#).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0011");
    let error = value::<Vec<i64>>(r#"{"data":[[0,[1 2]]]}"#).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0011");
}

#[test]
fn enums_are_read_and_written_as_serde_names_them() {
    for shape in [
        Shape::Point,
        Shape::Circle(1.5),
        Shape::Box(1.0, 2.0),
        Shape::Named {
            name: "x".to_owned(),
        },
    ] {
        let json = written(&shape);
        assert_eq!(json, serde_json::to_string(&shape).unwrap());
        assert_eq!(
            value::<Shape>(&format!(r#"{{"data":[[0,{json}]]}}"#)).unwrap(),
            shape
        );
    }
}

#[test]
fn values_are_written_as_serde_json_writes_them() {
    let map = BTreeMap::from([("a\n", vec![Some(1), None]), ("b", vec![])]);
    assert_eq!(written(&map), serde_json::to_string(&map).unwrap());
    let keys = BTreeMap::from([(-1, 'x'), (2, '"')]);
    assert_eq!(written(&keys), serde_json::to_string(&keys).unwrap());
    let mixed = (
        true,
        "é",
        1.5_f32,
        u64::MAX,
        i128::MIN,
        (),
        Celsius(0.1),
        Nothing,
    );
    assert_eq!(written(&mixed), serde_json::to_string(&mixed).unwrap());
}

#[test]
fn no_float_silently_becomes_null() {
    assert_eq!(written(&[f64::NAN, f64::INFINITY]), r#"["NaN","inf"]"#);
    assert_eq!(written(&Some(Celsius(f64::NEG_INFINITY))), r#""-inf""#);
}

#[test]
fn a_value_without_a_json_form_leaves_no_trace() {
    let mut out = Vec::new();
    let mut writer = ResponseWriter::new(&mut out);
    writer.row(0, &1).unwrap();
    let error = writer.row(1, &BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!((error.code(), error.place()), ("FLOE-BATCH-0043", None));
    writer.row(1, &2).unwrap();
    writer.finish();
    assert_eq!(out, br#"{"data":[[0,1],[1,2]]}"#);
}

#[test]
fn requests_are_written_from_tuples_structs_and_lists() {
    let mut out = Vec::new();
    let mut writer = RequestWriter::new(&mut out);
    writer
        .row(&Order {
            name: "a".into(),
            amount: 1.5,
            note: None,
        })
        .unwrap();
    writer.row(&("b", f64::NAN, "c")).unwrap();
    writer.row(&[1, 2]).unwrap();
    writer.row(&Nothing).unwrap();
    assert_eq!(writer.row(&5).unwrap_err().code(), "FLOE-BATCH-0043");
    assert!(writer.row(&Some(("last",))).is_ok());
    writer.finish();
    let body = br#"{"data":[[0,"a",1.5,null],[1,"b","NaN","c"],[2,1,2],[3],[4,"last"]]}"#;
    assert_eq!(out, body);
}

#[test]
fn typed_responses_are_proved_like_columns() {
    for (body, code) in [
        (r#"{"data":[[0,"a"]]}"#, "FLOE-BATCH-0020"),
        (r#"{"data":[[0,"a"],[0,"a"]]}"#, "FLOE-BATCH-0021"),
        (r#"{"data":[[1,"a"],[0,"a"]]}"#, "FLOE-BATCH-0022"),
        (r#"{"data":[[0,"a"],[2,"a"]]}"#, "FLOE-BATCH-0023"),
        (r#"{"data":[[0,"a"],[1,"a"],[2,"a"]]}"#, "FLOE-BATCH-0024"),
        (r#"{"data":[["0","a"]]}"#, "FLOE-BATCH-0025"),
        (r#"{"data":[[0,"a","b"]]}"#, "FLOE-BATCH-0026"),
        (r#"{"data":[[0]]}"#, "FLOE-BATCH-0026"),
        (r#"{"data":[[0,"\ud834"]]}"#, "FLOE-BATCH-0014"),
    ] {
        let error = read_response::<String>(body.as_bytes(), 2).unwrap_err();
        assert_eq!(error.code(), code, "{body}: {error}");
    }
}

#[test]
fn values_that_a_type_ignores_are_still_held_to_json() {
    #[derive(Debug, Deserialize)]
    struct Known {
        a: i64,
    }
    let good = r#"{"data":[[0,{"b":[{"c":"\n"}],"a":1}]]}"#;
    assert_eq!(value::<Known>(good).unwrap().a, 1);
    for bad in [
        r#"{"b":[1,],"a":1}"#,
        r#"{"b":"\x","a":1}"#,
        r#"{"b":01,"a":1}"#,
    ] {
        let body = format!(r#"{{"data":[[0,{bad}]]}}"#);
        assert!(value::<Known>(&body).is_err(), "{bad}");
    }
    let deep = format!(r#"{{"data":[[0,{{"b":{},"a":1}}]]}}"#, "[".repeat(100));
    assert_eq!(value::<Known>(&deep).unwrap_err().code(), "FLOE-BATCH-0015");
    let deep = format!(r#"{{"data":[[0,{}]]}}"#, "[".repeat(100_000));
    assert_eq!(
        value::<serde_json::Value>(&deep).unwrap_err().code(),
        "FLOE-BATCH-0015"
    );
}
