//! Any bytes as a batch: nothing panics, nothing is accepted that another JSON
//! reader refuses, and what is accepted comes back the same when it is written
//! and read again.
//!
//! The first byte of the input says how many rows were sent (its lowest three
//! bits, so that `2` means two); the rest is the body.

#![no_main]

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use floe_batch::rows::{read_request, read_response};
use floe_batch::{SqlType, decode_request, decode_response, encode_request, encode_response};
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 8] = [
    "VARCHAR",
    "VARCHAR(3)",
    "BOOLEAN",
    "FLOAT",
    "NUMBER(38,0)",
    "NUMBER(10,2)",
    "NUMBER(38,37)",
    "DATE",
];

const SIGNATURES: [&[&str]; 5] = [
    &[],
    &["VARCHAR"],
    &["FLOAT"],
    &["VARCHAR", "NUMBER(10,2)", "DATE"],
    &["BOOLEAN", "FLOAT", "VARCHAR(3)", "NUMBER(38,0)"],
];

fuzz_target!(|input: &[u8]| {
    let Some((rows, body)) = input.split_first() else {
        return;
    };
    let rows = usize::from(rows & 7);
    let json = serde_json_accepts(body);
    for name in TYPES {
        response(body, rows, &ty(name), json);
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
});

fn response(body: &[u8], rows: usize, ty: &SqlType, json: bool) {
    let Ok(column) = decode_response(body, rows, ty) else {
        return;
    };
    assert!(json, "a column of {ty} was made of what is not JSON");
    assert_eq!(column.len(), rows);
    assert_eq!(column.data_type(), &ty.arrow_type());
    let mut written = Vec::new();
    encode_response(&column, &mut written).expect("what was read can be written");
    let again = decode_response(&written, rows, ty).expect("what was written can be read");
    assert_eq!(column.as_ref(), again.as_ref());
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
    encode_request(&columns, 0..rows, &mut written).expect("what was read can be written");
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
