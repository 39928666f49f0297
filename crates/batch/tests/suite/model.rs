//! Columns as plain values, for tests to make, write by hand and compare.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, StringArray,
};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type};
use floe_batch::SqlType;

/// A value that is not NULL. Floats compare by their bits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Boolean(bool),
    Float(u64),
    /// Times ten to the scale.
    Number(i128),
    /// Days since 1970-01-01.
    Date(i32),
}

/// A column of values; `None` is NULL.
pub(crate) type Values = Vec<Option<Value>>;

pub(crate) fn ty(text: &str) -> SqlType {
    SqlType::parse(text).unwrap()
}

pub(crate) fn to_array(ty: SqlType, values: &Values) -> ArrayRef {
    macro_rules! array {
        ($array:ident, $variant:ident, $convert:expr) => {
            values
                .iter()
                .map(|value| {
                    value.clone().map(|value| match value {
                        Value::$variant(inner) => $convert(inner),
                        other => panic!("{other:?} in a column of {ty}"),
                    })
                })
                .collect::<$array>()
        };
    }
    match ty {
        SqlType::Varchar(_) => Arc::new(array!(StringArray, Text, |text: String| text)),
        SqlType::Boolean => Arc::new(array!(BooleanArray, Boolean, |value: bool| value)),
        SqlType::Float => Arc::new(array!(Float64Array, Float, f64::from_bits)),
        SqlType::Number(_) => {
            let array = array!(Decimal128Array, Number, |value: i128| value);
            Arc::new(array.with_data_type(ty.arrow_type()))
        }
        SqlType::Date => Arc::new(array!(Date32Array, Date, |days: i32| days)),
        other => panic!("no model for {other}"),
    }
}

pub(crate) fn from_array(ty: SqlType, array: &dyn Array) -> Values {
    assert_eq!(array.data_type(), &ty.arrow_type());
    let value = |at: usize| match ty {
        SqlType::Varchar(_) => Value::Text(array.as_string::<i32>().value(at).to_owned()),
        SqlType::Boolean => Value::Boolean(array.as_boolean().value(at)),
        SqlType::Float => Value::Float(array.as_primitive::<Float64Type>().value(at).to_bits()),
        SqlType::Number(_) => Value::Number(array.as_primitive::<Decimal128Type>().value(at)),
        SqlType::Date => Value::Date(array.as_primitive::<Date32Type>().value(at)),
        other => panic!("no model for {other}"),
    };
    (0..array.len())
        .map(|at| array.is_valid(at).then(|| value(at)))
        .collect()
}

/// Decodes a response and returns its values.
pub(crate) fn response(body: &str, rows: usize, name: &str) -> Values {
    let ty = ty(name);
    let array = floe_batch::decode_response(body.as_bytes(), rows, &ty);
    from_array(ty, &array.unwrap_or_else(|error| panic!("{body}: {error}")))
}

pub(crate) fn text(text: &str) -> Option<Value> {
    Some(Value::Text(text.to_owned()))
}

pub(crate) fn float(value: f64) -> Option<Value> {
    Some(Value::Float(value.to_bits()))
}

/// True when serde_json reads the body. A number beyond the doubles, which it
/// cannot represent but which is JSON, counts as read.
pub(crate) fn serde_json_accepts(body: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(_) => true,
        Err(error) => error.to_string().starts_with("number out of range"),
    }
}
