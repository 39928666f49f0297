//! What holds for any body, found by trying thousands.

use arrow::array::{Array, ArrayRef};
use floe_batch::rows::{read_request, read_response};
use floe_batch::{SqlType, decode_request, decode_response, encode_request, encode_response};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::model::{Value, Values, from_array, serde_json_accepts, to_array, ty};

// === What is generated ===

fn types() -> impl Strategy<Value = SqlType> {
    prop_oneof![
        Just(ty("VARCHAR")),
        Just(ty("BOOLEAN")),
        Just(ty("FLOAT")),
        (1..=38_u8, 0..=37_u8).prop_map(|(precision, scale)| {
            ty(&format!("NUMBER({precision},{})", scale.min(precision)))
        }),
        Just(ty("DATE")),
    ]
}

fn values(ty: SqlType) -> BoxedStrategy<Value> {
    match ty {
        SqlType::Varchar(_) => texts().prop_map(Value::Text).boxed(),
        SqlType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        SqlType::Float => floats().prop_map(Value::Float).boxed(),
        SqlType::Number(number) => {
            let limit = 10_i128.pow(u32::from(number.precision()));
            let any_size = any::<i128>().prop_map(move |value| value % limit);
            let small = (-1000..1000_i128).prop_map(move |value| value % limit);
            prop_oneof![any_size, small].prop_map(Value::Number).boxed()
        }
        SqlType::Date => (-719_162..=2_932_896).prop_map(Value::Date).boxed(),
        other => panic!("no values of {other}"),
    }
}

fn texts() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        8 => proptest::char::range(' ', '~'),
        1 => Just('"'),
        1 => Just('\\'),
        1 => proptest::char::range('\0', '\u{1f}'),
        1 => any::<char>(),
    ];
    vec(letters, 0..24).prop_map(String::from_iter)
}

fn floats() -> impl Strategy<Value = u64> {
    let any_bits = any::<u64>().prop_map(f64::from_bits);
    let cents = any::<i32>().prop_map(|cents| f64::from(cents) / 100.0);
    let special = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0)];
    // One NaN stands for all of them: their payloads are not sent.
    let one_nan = |value: f64| if value.is_nan() { f64::NAN } else { value };
    prop_oneof![any_bits, cents, special].prop_map(move |value| one_nan(value).to_bits())
}

/// Up to four columns of one length.
fn batches() -> impl Strategy<Value = Vec<(SqlType, Values)>> {
    (vec(types(), 1..5), 0..12_usize).prop_flat_map(|(types, rows)| {
        let column = move |ty| {
            let value = proptest::option::weighted(0.8, values(ty));
            (Just(ty), vec(value, rows))
        };
        types.into_iter().map(column).collect::<Vec<_>>()
    })
}

/// One column, as a response has it.
fn responses() -> impl Strategy<Value = (SqlType, Values)> {
    batches().prop_map(|mut columns| columns.remove(0))
}

fn request(batch: &[(SqlType, Values)]) -> Vec<u8> {
    let columns: Vec<ArrayRef> = batch
        .iter()
        .map(|(ty, values)| to_array(*ty, values))
        .collect();
    let mut out = Vec::new();
    encode_request(&columns, 0..columns[0].len(), &mut out).unwrap();
    out
}

// === A second way to write bodies: anything JSON allows ===

/// Writes the same body with white space and escapes as `dice` falls.
fn messy(batch: &[(SqlType, Values)], dice: &[u8]) -> String {
    let mut dice = dice.iter().copied().cycle();
    let mut out = String::new();
    let space = |out: &mut String, roll: u8| {
        out.push_str(["", "", "", " ", "\n", "\t", "\r\n", "  "][usize::from(roll % 8)]);
    };
    let mut token = |out: &mut String, text: &str| {
        space(out, dice.next().unwrap());
        out.push_str(text);
        space(out, dice.next().unwrap());
        dice.next().unwrap()
    };
    token(&mut out, "{");
    token(&mut out, "\"data\"");
    token(&mut out, ":");
    token(&mut out, "[");
    for row in 0..batch[0].1.len() {
        if row > 0 {
            token(&mut out, ",");
        }
        token(&mut out, "[");
        let mut roll = token(&mut out, &row.to_string());
        for (ty, values) in batch {
            token(&mut out, ",");
            let cell = cell(*ty, values[row].as_ref(), roll);
            roll = token(&mut out, &cell);
        }
        token(&mut out, "]");
    }
    token(&mut out, "]");
    token(&mut out, "}");
    out
}

fn cell(ty: SqlType, value: Option<&Value>, roll: u8) -> String {
    match value {
        None => "null".to_owned(),
        Some(Value::Text(text)) => messy_string(text, roll),
        Some(Value::Boolean(value)) => value.to_string(),
        Some(Value::Float(bits)) => messy_float(f64::from_bits(*bits), roll),
        Some(Value::Number(value)) => {
            let SqlType::Number(number) = ty else {
                panic!("a number in a column of {ty}")
            };
            match roll % 3 {
                // `0000` is not JSON.
                _ if *value == 0 => plain_decimal(0, usize::from(number.scale())),
                0 => plain_decimal(*value, usize::from(number.scale())),
                1 => format!("{value}e-{}", number.scale()),
                _ => format!("{value}000.0E-{}", number.scale() + 3),
            }
        }
        Some(Value::Date(days)) => messy_string(&date(*days), roll),
    }
}

fn messy_string(text: &str, roll: u8) -> String {
    if roll.is_multiple_of(2) {
        return serde_json::to_string(text).unwrap();
    }
    let units = text.encode_utf16().map(|unit| match roll % 4 {
        1 => format!("\\u{unit:04x}"),
        _ => format!("\\u{unit:04X}"),
    });
    format!("\"{}\"", String::from_iter(units))
}

fn messy_float(value: f64, roll: u8) -> String {
    if value.is_nan() {
        return "\"NaN\"".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "\"inf\"" } else { "\"-inf\"" }.to_owned();
    }
    match roll % 4 {
        0 => format!("{value}"),
        1 => format!("{value:e}"),
        2 => format!("{value:E}"),
        _ => format!("{value:?}"),
    }
}

/// The decimal as a person writes it, made independently of the crate.
fn plain_decimal(value: i128, scale: usize) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (before, behind) = digits.split_at(digits.len() - scale);
    let sign = if value < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{before}{point}{behind}")
}

/// The date as Arrow prints it.
fn date(days: i32) -> String {
    let date = arrow::temporal_conversions::date32_to_datetime(days).unwrap();
    date.format("%Y-%m-%d").to_string()
}

/// One change to a body: where, what, how.
fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    let bytes = prop_oneof![
        4 => prop::sample::select(b"{}[]\",:\\ntf0123456789-+.eEu \n\x00\x1f\x7f\x80\xc3\xff".to_vec()),
        1 => any::<u8>(),
    ];
    vec((any::<prop::sample::Index>(), bytes, 0..5_u8), 1..4)
}

fn mutate(body: &mut Vec<u8>, mutations: &[(prop::sample::Index, u8, u8)]) {
    for (index, byte, how) in mutations {
        if body.is_empty() {
            return;
        }
        let at = index.index(body.len());
        match how {
            0 => body[at] = *byte,
            1 => body.insert(at, *byte),
            2 => drop(body.remove(at)),
            3 => body.truncate(at),
            _ => body.extend_from_within(at..body.len().min(at + usize::from(*byte))),
        }
    }
}

// === What must hold ===

/// A failing case prints itself in full; nothing is saved beside the sources.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_request_comes_back_as_the_columns_it_was_made_of(batch in batches()) {
        let body = request(&batch);
        let types: Vec<_> = batch.iter().map(|(ty, _)| *ty).collect();
        let columns = decode_request(&body, &types).unwrap();
        for ((ty, values), column) in batch.iter().zip(&columns) {
            prop_assert_eq!(&from_array(*ty, column), values);
        }
    }

    #[test]
    fn a_response_comes_back_as_the_column_it_was_made_of((ty, values) in responses()) {
        let array = to_array(ty, &values);
        let mut body = Vec::new();
        encode_response(&array, &mut body).unwrap();
        let column = decode_response(&body, values.len(), &ty).unwrap();
        prop_assert_eq!(column.as_ref(), array.as_ref());
    }

    #[test]
    fn serde_json_reads_a_request_as_the_same_values(batch in batches()) {
        #[derive(serde::Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            data: Vec<Vec<&'a RawValue>>,
        }
        let body = request(&batch);
        let body: Body = serde_json::from_slice(&body).unwrap();
        prop_assert_eq!(body.data.len(), batch[0].1.len());
        for (number, row) in body.data.iter().enumerate() {
            prop_assert_eq!(row.len(), batch.len() + 1);
            prop_assert_eq!(row[0].get(), number.to_string());
            for ((ty, values), cell) in batch.iter().zip(&row[1..]) {
                prop_assert!(
                    reads_as(*ty, cell.get(), values[number].as_ref()),
                    "{} is not {:?} of {}", cell, values[number], ty
                );
            }
        }
    }

    #[test]
    fn a_body_may_be_written_in_any_way_json_allows(
        batch in batches(),
        dice in vec(any::<u8>(), 1..64),
    ) {
        let body = messy(&batch, &dice);
        prop_assert!(serde_json_accepts(body.as_bytes()), "{body}");
        let types: Vec<_> = batch.iter().map(|(ty, _)| *ty).collect();
        let columns = decode_request(body.as_bytes(), &types);
        let columns = columns.map_err(|error| TestCaseError::fail(format!("{body}: {error}")))?;
        for ((ty, values), column) in batch.iter().zip(&columns) {
            prop_assert_eq!(&from_array(*ty, column), values, "{}", &body);
        }
    }

    #[test]
    fn a_response_that_serde_json_wrote_is_read(
        texts in vec(proptest::option::of(texts()), 0..12),
        floats in vec(any::<i64>(), 0..12),
    ) {
        let rows: Vec<_> = texts.iter().enumerate().collect();
        let body = serde_json::json!({ "data": rows, "elapsed": 1.5 }).to_string();
        let expected: Values = texts.into_iter().map(|text| text.map(Value::Text)).collect();
        let read = decode_response(body.as_bytes(), expected.len(), &ty("TEXT")).unwrap();
        prop_assert_eq!(from_array(ty("TEXT"), &read), expected);

        let rows: Vec<_> = floats.iter().enumerate().collect();
        let body = serde_json::json!({ "data": rows }).to_string();
        let read = decode_response(body.as_bytes(), rows.len(), &ty("INT")).unwrap();
        let expected: Values =
            floats.iter().map(|value| Some(Value::Number(i128::from(*value)))).collect();
        prop_assert_eq!(from_array(ty("INT"), &read), expected);
    }

    #[test]
    fn any_way_to_write_a_double_rounds_as_the_standard_library_does(
        text in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?",
    ) {
        let expected: f64 = text.parse().unwrap();
        let body = format!("{{\"data\":[[0,{text}]]}}");
        match decode_response(body.as_bytes(), 1, &SqlType::Float) {
            Ok(column) => {
                let read = from_array(SqlType::Float, &column);
                prop_assert_eq!(read, [Some(Value::Float(expected.to_bits()))]);
            }
            Err(error) => {
                prop_assert!(expected.is_infinite(), "{}: {}", text, error);
                prop_assert_eq!(error.code(), "FLOE-BATCH-0031");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn what_is_accepted_serde_json_accepts_too(
        batch in batches(),
        dice in vec(any::<u8>(), 1..16),
        mutations in mutations(),
    ) {
        let mut body = messy(&batch, &dice).into_bytes();
        mutate(&mut body, &mutations);
        let types: Vec<_> = batch.iter().map(|(ty, _)| *ty).collect();
        let as_rows = read_request::<Vec<serde_json::Value>>(&body);
        if decode_request(&body, &types).is_ok() || as_rows.is_ok() {
            prop_assert!(serde_json_accepts(&body), "{}", String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn an_accepted_response_answers_every_row_once_and_in_order(
        (ty, values) in responses(),
        dice in vec(any::<u8>(), 1..16),
        mutations in mutations(),
    ) {
        let rows = values.len();
        let mut body = messy(&[(ty, values)], &dice).into_bytes();
        mutate(&mut body, &mutations);
        if let Ok(column) = decode_response(&body, rows, &ty) {
            prop_assert_eq!(column.len(), rows);
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let empty = Vec::new();
            let data = json.get("data").map_or(&empty, |data| data.as_array().unwrap());
            prop_assert_eq!(data.len(), rows);
            for (number, row) in data.iter().enumerate() {
                prop_assert_eq!(row.as_array().unwrap().len(), 2);
                prop_assert_eq!(row[0].as_u64(), Some(number as u64));
                prop_assert_eq!(row[1].is_null(), column.is_null(number));
            }
        }
    }

    #[test]
    fn typed_rows_and_columns_accept_the_same_responses(
        (ty, values) in responses(),
        dice in vec(any::<u8>(), 1..16),
        mutations in mutations(),
    ) {
        let rows = values.len();
        let mut body = messy(&[(ty, values)], &dice).into_bytes();
        mutate(&mut body, &mutations);
        let columns = |name: &str| {
            let ty = crate::model::ty(name);
            decode_response(&body, rows, &ty).ok().map(|column| from_array(ty, &column))
        };
        let texts = typed(&body, rows, Value::Text);
        prop_assert_eq!(columns("VARCHAR"), texts);
        let booleans = typed(&body, rows, Value::Boolean);
        prop_assert_eq!(columns("BOOLEAN"), booleans);
        let floats = typed(&body, rows, |value: f64| Value::Float(value.to_bits()));
        prop_assert_eq!(columns("FLOAT"), floats);
        let numbers = typed(&body, rows, Value::Number);
        prop_assert_eq!(columns("NUMBER"), numbers);
    }
}

/// Reads the response as typed rows; `None` when it is refused.
fn typed<'de, T: serde::Deserialize<'de>>(
    body: &'de [u8],
    rows: usize,
    value: impl Fn(T) -> Value,
) -> Option<Values> {
    let values: Vec<Option<T>> = read_response(body, rows).ok()?;
    Some(values.into_iter().map(|inner| inner.map(&value)).collect())
}

/// True when serde_json reads `cell` as this value.
fn reads_as(ty: SqlType, cell: &str, value: Option<&Value>) -> bool {
    match value {
        None => cell == "null",
        Some(Value::Text(text)) => {
            serde_json::from_str(cell).is_ok_and(|read: String| read == *text)
        }
        Some(Value::Boolean(value)) => {
            serde_json::from_str(cell).is_ok_and(|read: bool| read == *value)
        }
        Some(Value::Float(bits)) => {
            let value = f64::from_bits(*bits);
            match serde_json::from_str::<String>(cell) {
                Ok(text) => text == format!("{value}"),
                // serde_json itself rounds doubles only nearly right.
                Err(_) => cell.parse().is_ok_and(|read: f64| read.to_bits() == *bits),
            }
        }
        Some(Value::Number(value)) => {
            let SqlType::Number(number) = ty else {
                return false;
            };
            cell == plain_decimal(*value, usize::from(number.scale()))
        }
        Some(Value::Date(days)) => cell == format!("\"{}\"", date(*days)),
    }
}
