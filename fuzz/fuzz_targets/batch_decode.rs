//! Any bytes as a batch: nothing panics; what is accepted is what serde_json and the standard
//! library read in the same bytes, and comes back the same when it is written and read again; and
//! a right answer is never refused.
//!
//! The first byte of the input says how many rows were sent (its lowest three bits, so that `2`
//! means two) and how often the rows of the body are repeated, so that the vectorised reader gets
//! its work as well; the rest is the body.

#![no_main]

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use floe_batch::rows::{read_request, read_response, read_response_in_any_order};
use floe_batch::{Encoder, SqlType, decode_request, decode_response, decode_response_in_any_order};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;

const TYPES: [&str; 16] = [
    "VARCHAR",
    "VARCHAR(3)",
    "BOOLEAN",
    "FLOAT",
    "NUMBER(38,0)",
    "NUMBER(10,2)",
    "NUMBER(38,37)",
    "DATE",
    "TIME(3)",
    "TIMESTAMP_NTZ(6)",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_TZ(3)",
    "BINARY(4)",
    "VARIANT",
    "OBJECT",
    "ARRAY",
];

const SIGNATURES: [&[&str]; 6] = [
    &[],
    &["VARCHAR"],
    &["FLOAT"],
    &["VARCHAR", "NUMBER(10,2)", "DATE"],
    &["BOOLEAN", "FLOAT", "VARCHAR(3)", "NUMBER(38,0)"],
    &["VARIANT", "TIMESTAMP_NTZ", "BINARY"],
];

/// The body as serde_json takes it apart; keys beside `data` are ignored, as they are here.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Vec<Vec<&'a RawValue>>,
}

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else {
        return;
    };
    let rows = usize::from(first & 7);
    read_all(body, rows);
    let times = usize::from(first >> 4);
    if times > 0
        && let Some((body, rows)) = repeated(body, times * 16)
    {
        read_all(&body, rows);
    }
});

/// A compact body with the first row of this one many times over.
fn repeated(body: &[u8], times: usize) -> Option<(Vec<u8>, usize)> {
    let parsed: Body<'_> = serde_json::from_slice(body).ok()?;
    let (_, cells) = parsed.data.first()?.split_first()?;
    let cells: String = cells.iter().map(|cell| format!(",{cell}")).collect();
    let rows: Vec<_> = (0..times).map(|row| format!("[{row}{cells}]")).collect();
    Some((
        format!("{{\"data\":[{}]}}", rows.join(",")).into_bytes(),
        times,
    ))
}

fn read_all(body: &[u8], rows: usize) {
    let json = serde_json_accepts(body);
    let parsed: Option<Body<'_>> = serde_json::from_slice(body).ok();
    for name in TYPES {
        response(body, rows, &ty(name), json, parsed.as_ref());
    }
    for signature in SIGNATURES {
        let signature: Vec<_> = signature.iter().map(|name| ty(name)).collect();
        request(body, &signature, json);
    }
    if let Ok(read) = read_request::<Vec<serde_json::Value>>(body) {
        assert!(
            json,
            "typed rows took {} rows of what is not JSON",
            read.len()
        );
    }
    agree(body, rows);
    singles(body, rows);
    if let Some(parsed) = &parsed {
        never_refused(body, rows, parsed);
    }
}

fn response(body: &[u8], rows: usize, ty: &SqlType, json: bool, parsed: Option<&Body<'_>>) {
    let Ok(column) = decode_response(body, rows, ty) else {
        return;
    };
    assert!(json, "a column of {ty} was made of what is not JSON");
    assert_eq!(column.len(), rows);
    assert_eq!(column.data_type(), &ty.arrow_type());
    column.to_data().validate_full().expect("a sound column");
    if let Some(parsed) = parsed {
        for (row, cells) in parsed.data.iter().enumerate() {
            same_value(&column, row, ty, cells[1].get());
        }
    }
    let any_order = decode_response_in_any_order(body, rows, ty).expect("in order is any order");
    assert_eq!(column.as_ref(), any_order.as_ref());
    let mut written = Vec::new();
    let encoder = [*ty];
    let encoder = Encoder::new(&encoder);
    encoder
        .response(&column, &mut written)
        .expect("what was read can be written");
    let again = decode_response(&written, rows, ty).expect("what was written can be read");
    assert_eq!(column.as_ref(), again.as_ref());
}

/// The value of the column is that of the text, as others read it.
fn same_value(column: &ArrayRef, row: usize, ty: &SqlType, text: &str) {
    if text == "null" {
        assert!(column.is_null(row));
        return;
    }
    assert!(!column.is_null(row));
    match ty.name() {
        "VARCHAR" => {
            let expected: String = serde_json::from_str(text).expect("a string");
            assert_eq!(column.as_string::<i32>().value(row), expected);
        }
        "VARIANT" | "OBJECT" | "ARRAY" => assert_eq!(column.as_string::<i32>().value(row), text),
        "BOOLEAN" => assert_eq!(column.as_boolean().value(row).to_string(), text),
        "FLOAT" if !text.starts_with('"') => {
            let expected: f64 = text.parse().expect("a number");
            let found = column.as_primitive::<Float64Type>().value(row);
            assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
        }
        "NUMBER" if text.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9')) => {
            let found = column.as_primitive::<Decimal128Type>();
            let scale = u32::try_from(found.scale()).expect("a scale from 0");
            let expected: i128 = text.parse().expect("a number");
            assert_eq!(found.value(row), expected * 10_i128.pow(scale), "{text}");
        }
        _ => {}
    }
}

/// Rows of strings without a flaw are taken, whoever wrote them.
fn never_refused(body: &[u8], rows: usize, parsed: &Body<'_>) {
    let right = |(row, cells): (usize, &Vec<&RawValue>)| {
        matches!(cells.as_slice(), [number, value]
            if number.get() == row.to_string()
                && serde_json::from_str::<Option<String>>(value.get()).is_ok())
    };
    let plain = std::str::from_utf8(body).is_ok_and(|body| body.matches(':').count() == 1);
    if plain && parsed.data.len() == rows && parsed.data.iter().enumerate().all(right) {
        let read = decode_response(body, rows, &ty("VARCHAR"));
        assert!(read.is_ok(), "{read:?}");
    }
}

fn request(body: &[u8], signature: &[SqlType], json: bool) {
    let Ok(columns) = decode_request(body, signature) else {
        return;
    };
    assert!(json, "columns were made of what is not JSON");
    assert_eq!(columns.len(), signature.len());
    let Some(rows) = columns.first().map(Array::len) else {
        return;
    };
    let mut written = Vec::new();
    Encoder::new(signature)
        .request(&columns, 0..rows, &mut written)
        .expect("what was read can be written");
    let again = decode_request(&written, signature).expect("what was written can be read");
    for (column, again) in columns.iter().zip(&again) {
        assert_eq!(column.as_ref(), again.as_ref());
    }
}

/// Typed rows and columns read the same values, or both refuse.
fn agree(body: &[u8], rows: usize) {
    let column = |name: &str| decode_response(body, rows, &ty(name)).ok();
    let texts: Option<Vec<Option<String>>> = read_response(body, rows).ok();
    let of_column = column("VARCHAR").map(|column: ArrayRef| {
        column
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect()
    });
    assert_eq!(texts, of_column);
    let booleans: Option<Vec<Option<bool>>> = read_response(body, rows).ok();
    let of_column = column("BOOLEAN").map(|column| column.as_boolean().iter().collect());
    assert_eq!(booleans, of_column);
    let numbers: Option<Vec<Option<i128>>> = read_response(body, rows).ok();
    let of_column = column("NUMBER(38,0)")
        .map(|column| column.as_primitive::<Decimal128Type>().iter().collect());
    assert_eq!(numbers, of_column);
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let floats: Option<Vec<Option<f64>>> = read_response(body, rows).ok();
    let floats: Option<Vec<_>> = floats.map(|values| values.into_iter().map(bits).collect());
    let of_column = column("FLOAT").map(|column| {
        column
            .as_primitive::<Float64Type>()
            .iter()
            .map(bits)
            .collect()
    });
    assert_eq!(floats, of_column);
    let any_order: Option<Vec<Option<String>>> = read_response_in_any_order(body, rows).ok();
    let of_column = decode_response_in_any_order(body, rows, &ty("VARCHAR")).ok();
    let of_column = of_column.map(|column: ArrayRef| {
        column
            .as_string::<i32>()
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect()
    });
    assert_eq!(any_order, of_column);
}

/// An `f32` is the nearest there is, and infinite only where the body says so.
fn singles(body: &[u8], rows: usize) {
    let Ok(read) = read_response::<Option<f32>>(body, rows) else {
        return;
    };
    let doubles: Vec<Option<f64>> = read_response(body, rows).expect("what fits f32 fits f64");
    let Ok(parsed) = serde_json::from_slice::<Body<'_>>(body) else {
        return;
    };
    for ((single, double), cells) in read.into_iter().zip(doubles).zip(parsed.data) {
        let (Some(single), Some(double)) = (single, double) else {
            assert_eq!(single.is_none(), double.is_none());
            continue;
        };
        assert_eq!(single.is_finite(), double.is_finite());
        if let Ok(expected) = cells[1].get().parse::<f32>() {
            assert_eq!(single.to_bits(), expected.to_bits(), "{}", cells[1]);
        }
    }
}

fn ty(name: &str) -> SqlType {
    SqlType::parse(name).expect("the types above are written correctly")
}

/// True when serde_json reads the body. A number beyond the doubles, which it
/// cannot represent but which is JSON, counts as read.
fn serde_json_accepts(body: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(_) => true,
        Err(error) => error.to_string().starts_with("number out of range"),
    }
}
