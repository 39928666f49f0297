//! Which of several functions a call means, and which conversions it implies.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use floe_function::floe_batch::SqlType;

use super::ServiceFunction;

/// The function whose argument types are reached from `given` with the least conversion; among
/// equals, the one inserted first.
pub(super) fn best_overload<'a>(
    overloads: &'a [Arc<ServiceFunction>],
    given: &[DataType],
) -> Option<&'a Arc<ServiceFunction>> {
    overloads
        .iter()
        .filter_map(|function| Some((cost(given, &function.arg_types)?, function)))
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, function)| function)
}

/// The type that an argument is converted to before the call. `VARIANT` takes what it is given,
/// since what becomes of it depends on that; a moment with an offset takes any moment.
pub(super) fn converted(given: &DataType, ty: SqlType) -> DataType {
    match (ty, given) {
        (SqlType::Variant, given) => given.clone(),
        (SqlType::TimestampTz(_), DataType::Timestamp(_, Some(_)) | DataType::Null) => {
            given.clone()
        }
        (SqlType::TimestampTz(digits), given) if *given != ty.arrow_type() => {
            SqlType::TimestampLtz(digits).arrow_type()
        }
        (ty, _) => ty.arrow_type(),
    }
}

fn cost(given: &[DataType], declared: &[DataType]) -> Option<u32> {
    if given.len() != declared.len() {
        return None;
    }
    given
        .iter()
        .zip(declared)
        .map(|(given, declared)| conversion(given, declared))
        .sum()
}

/// What converting one argument costs; `None` when SQL does not convert implicitly.
///
/// As in the original, numbers, booleans, dates and times become text, text becomes any of them
/// (and fails at run time where it is not one), and numbers become each other.
fn conversion(given: &DataType, declared: &DataType) -> Option<u32> {
    const SAME: u32 = 0;
    const SAME_FAMILY: u32 = 1;
    const TO_FLOAT: u32 = 2;
    const TO_TEXT: u32 = 10;
    const FROM_TEXT: u32 = 20;
    if given == declared || given.is_null() {
        return Some(SAME);
    }
    match declared {
        DataType::Utf8 if is_text(given) => Some(SAME_FAMILY),
        DataType::Utf8 if given.is_primitive() || *given == DataType::Boolean => Some(TO_TEXT),
        DataType::Decimal128(..) if given.is_integer() || is_decimal(given) => Some(SAME_FAMILY),
        DataType::Float64 if given.is_floating() => Some(SAME_FAMILY),
        DataType::Decimal128(..) | DataType::Float64 if given.is_numeric() => Some(TO_FLOAT),
        DataType::Date32 if matches!(given, DataType::Date64) => Some(SAME_FAMILY),
        DataType::Date32 if matches!(given, DataType::Timestamp(..)) => Some(TO_FLOAT),
        DataType::Time64(_) if matches!(given, DataType::Time32(_) | DataType::Time64(_)) => {
            Some(SAME_FAMILY)
        }
        DataType::Timestamp(..) if given.is_temporal() => match (given, declared) {
            (DataType::Timestamp(_, a), DataType::Timestamp(_, b))
                if a.is_some() == b.is_some() =>
            {
                Some(SAME_FAMILY)
            }
            (DataType::Timestamp(..) | DataType::Date32 | DataType::Date64, _) => Some(TO_FLOAT),
            _ => None,
        },
        // The struct of a moment and its offset.
        DataType::Struct(_) if matches!(given, DataType::Timestamp(_, Some(_))) => {
            Some(SAME_FAMILY)
        }
        DataType::Struct(_) if matches!(given, DataType::Timestamp(..) | DataType::Date32) => {
            Some(TO_FLOAT)
        }
        DataType::Binary
            if matches!(
                given,
                DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
            ) =>
        {
            Some(SAME_FAMILY)
        }
        DataType::Boolean
        | DataType::Decimal128(..)
        | DataType::Float64
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::Timestamp(..)
            if is_text(given) =>
        {
            Some(FROM_TEXT)
        }
        _ => None,
    }
}

fn is_text(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn is_decimal(ty: &DataType) -> bool {
    matches!(
        ty,
        DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_type_costs_least() {
        let number = DataType::Decimal128(38, 0);
        let cost = |declared: &DataType| conversion(&DataType::Int64, declared);
        assert!(cost(&number) < cost(&DataType::Float64));
        assert!(cost(&DataType::Float64) < cost(&DataType::Utf8));
        assert_eq!(cost(&DataType::Date32), None);
        assert_eq!(cost(&DataType::Boolean), None);
    }

    #[test]
    fn null_and_equal_types_cost_nothing_and_another_count_never_fits() {
        assert_eq!(conversion(&DataType::Null, &DataType::Date32), Some(0));
        assert_eq!(conversion(&DataType::Utf8, &DataType::Utf8), Some(0));
        assert_eq!(cost(&[], &[DataType::Utf8]), None);
        assert_eq!(cost(&[], &[]), Some(0));
    }
}
