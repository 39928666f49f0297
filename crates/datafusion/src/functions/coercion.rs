//! Which of several functions a call means.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use floe_function::floe_batch::SqlType;

use super::{Mark, ServiceFunction};

/// The function whose argument types are reached from `given` with the least conversion; among
/// equals, the one inserted first.
pub(super) fn best_overload<'a>(
    overloads: &'a [Arc<ServiceFunction>],
    given: &[FieldRef],
) -> Option<&'a Arc<ServiceFunction>> {
    overloads
        .iter()
        .filter_map(|function| {
            let declared = &function.function.spec().args;
            Some((cost(given, declared)?, function))
        })
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, function)| function)
}

fn cost(given: &[FieldRef], declared: &[(String, SqlType)]) -> Option<u32> {
    if given.len() != declared.len() {
        return None;
    }
    given
        .iter()
        .zip(declared)
        .map(|(given, (_, declared))| conversion(given, *declared))
        .sum()
}

const SAME: u32 = 0;
const SAME_FAMILY: u32 = 1;
const FAR: u32 = 2;
const TO_VARIANT: u32 = 5;
const TO_TEXT: u32 = 10;
const FROM_TEXT: u32 = 20;

/// What converting one argument costs; `None` when SQL does not convert implicitly.
///
/// As in the original, numbers, booleans, dates and times become text, text becomes any of them
/// (and fails at run time where it is not one), and numbers become each other. A `VARIANT` takes
/// every value that JSON can write, and loses nothing by it.
fn conversion(given: &Field, declared: SqlType) -> Option<u32> {
    let ty = given.data_type();
    if ty.is_null() {
        return Some(SAME);
    }
    match declared {
        // What may be JSON is not sent as text because there is a function for text, too.
        _ if Mark::of(given).is_some() && is_text(ty) => Some(from_json(declared)),
        _ if is_text(ty) => Some(from_text(declared)),
        _ if *ty == declared.arrow_type() => Some(SAME),
        SqlType::Varchar(_) if ty.is_primitive() || *ty == DataType::Boolean => Some(TO_TEXT),
        SqlType::Variant if is_writable(ty) => Some(TO_VARIANT),
        SqlType::Number(_) if ty.is_integer() || is_decimal(ty) => Some(SAME_FAMILY),
        SqlType::Float if ty.is_floating() => Some(SAME_FAMILY),
        SqlType::Number(_) | SqlType::Float if ty.is_numeric() => Some(FAR),
        SqlType::Binary(_) if is_binary(ty) => Some(SAME_FAMILY),
        _ => from_time(ty, declared),
    }
}

fn from_json(declared: SqlType) -> u32 {
    match declared {
        SqlType::Variant => SAME,
        SqlType::Object | SqlType::Array => SAME_FAMILY,
        SqlType::Varchar(_) => TO_TEXT,
        _ => FROM_TEXT,
    }
}

fn from_text(declared: SqlType) -> u32 {
    match declared {
        SqlType::Varchar(_) => SAME,
        SqlType::Variant => TO_VARIANT,
        _ => FROM_TEXT,
    }
}

fn from_time(given: &DataType, declared: SqlType) -> Option<u32> {
    use DataType::{Date32, Date64, Time32, Time64, Timestamp};
    match (declared, given) {
        (SqlType::Date, Date64) | (SqlType::Time(_), Time32(_) | Time64(_)) => Some(SAME_FAMILY),
        (SqlType::TimestampNtz(_), Timestamp(_, None))
        | (SqlType::TimestampLtz(_), Timestamp(_, Some(_))) => Some(SAME_FAMILY),
        (SqlType::TimestampTz(_), given) if is_moment(given) => Some(SAME_FAMILY),
        (SqlType::Date, Timestamp(..))
        | (
            SqlType::TimestampNtz(_) | SqlType::TimestampLtz(_) | SqlType::TimestampTz(_),
            Timestamp(..) | Date32 | Date64,
        ) => Some(FAR),
        _ => None,
    }
}

pub(super) fn is_text(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

pub(super) fn is_decimal(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    )
}

fn is_binary(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_)
    )
}

/// Whether values of the type have a form in JSON. Text has one, and is looked at before.
fn is_writable(ty: &DataType) -> bool {
    match ty {
        DataType::Boolean
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..) => true,
        // Moments with their offsets are the only structs that are sent.
        DataType::Struct(_) => is_moment(ty),
        ty => ty.is_integer() || is_binary(ty),
    }
}

/// Whether this is what a `TIMESTAMP_TZ` is to Arrow, of any number of digits.
pub(super) fn is_moment(ty: &DataType) -> bool {
    let DataType::Struct(fields) = ty else {
        return false;
    };
    matches!(
        fields.as_ref(),
        [moment, offset]
            if matches!(moment.data_type(), DataType::Timestamp(_, Some(_)))
                && *offset.data_type() == DataType::Int16
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ty(text: &str) -> SqlType {
        SqlType::parse(text).unwrap()
    }

    fn cost_of(given: DataType, declared: &str) -> Option<u32> {
        conversion(&Field::new("a", given, true), ty(declared))
    }

    #[test]
    fn the_nearest_type_costs_least() {
        let cost = |declared| cost_of(DataType::Int64, declared);
        assert!(cost("NUMBER") < cost("FLOAT"));
        assert!(cost("FLOAT") < cost("VARIANT"));
        assert!(cost("VARIANT") < cost("VARCHAR"));
        assert_eq!(cost("DATE"), None);
        assert_eq!(cost("BOOLEAN"), None);
    }

    #[test]
    fn null_and_equal_types_cost_nothing_and_another_count_never_fits() {
        assert_eq!(cost_of(DataType::Null, "DATE"), Some(SAME));
        assert_eq!(cost_of(DataType::Utf8, "VARCHAR"), Some(SAME));
        assert_eq!(cost(&[], &[("A".to_owned(), ty("VARCHAR"))]), None);
        assert_eq!(cost(&[], &[]), Some(SAME));
    }

    #[test]
    fn what_json_cannot_write_is_no_variant() {
        assert_eq!(cost_of(DataType::Binary, "VARIANT"), Some(TO_VARIANT));
        let moment = ty("TIMESTAMP_TZ(3)").arrow_type();
        assert_eq!(cost_of(moment, "VARIANT"), Some(TO_VARIANT));
        let pair = vec![Field::new("a", DataType::Utf8, true)];
        assert_eq!(cost_of(DataType::Struct(pair.into()), "VARIANT"), None);
    }
}
