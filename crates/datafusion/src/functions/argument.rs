//! The conversion of an argument to what the function declares.

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::{Expr, cast};
use floe_function::floe_batch::SqlType;

use super::coercion::is_decimal;
use super::{Mark, to_variant};

/// `value` as the function that it is given to declares it; `field` says what it is.
pub(crate) fn as_declared(value: Expr, field: &Field, ty: SqlType) -> Expr {
    let given = field.data_type();
    match ty {
        SqlType::Variant if Mark::of(field) == Some(Mark::Json) || given.is_null() => value,
        SqlType::Variant => to_variant().call(vec![value]),
        SqlType::TimestampTz(_) if given.is_null() || *given == ty.arrow_type() => value,
        // A moment without an offset of its own is one in UTC.
        SqlType::TimestampTz(digits) => cast(value, SqlType::TimestampLtz(digits).arrow_type()),
        ty if *given == ty.arrow_type() => value,
        // By way of its digits: the nearest double, which a division by a power of ten may miss.
        SqlType::Float if is_decimal(given) => {
            cast(cast(value, DataType::Utf8), DataType::Float64)
        }
        ty => cast(value, ty.arrow_type()),
    }
}
