//! The conversion of an argument to what the function declares.

use datafusion::arrow::datatypes::Field;
use datafusion::logical_expr::{Expr, cast};
use floe_function::floe_batch::SqlType;

use super::{is_json, to_variant};

/// `value` as the function that it is given to declares it; `field` says what it is.
pub(crate) fn as_declared(value: Expr, field: &Field, ty: SqlType) -> Expr {
    let given = field.data_type();
    match ty {
        SqlType::Variant if is_json(field) || given.is_null() => value,
        SqlType::Variant => to_variant().call(vec![value]),
        SqlType::TimestampTz(_) if given.is_null() || *given == ty.arrow_type() => value,
        // A moment without an offset of its own is one in UTC.
        SqlType::TimestampTz(digits) => cast(value, SqlType::TimestampLtz(digits).arrow_type()),
        ty if *given == ty.arrow_type() => value,
        ty => cast(value, ty.arrow_type()),
    }
}
