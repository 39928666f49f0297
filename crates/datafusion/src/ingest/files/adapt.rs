//! Columns of a file as those of the stream: what is only wider or written in another way is
//! converted; what could lose something is refused.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;

/// Whether every value of a type is one of another.
pub(super) fn fits(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date32, Date64, Decimal128, Dictionary, FixedSizeBinary, Float16,
        Float32, Float64, Int8, Int16, Int32, Int64, LargeBinary, LargeUtf8, Null, Timestamp,
        UInt8, UInt16, UInt32, UInt64, Utf8, Utf8View,
    };
    if from == to || from.equals_datatype(to) {
        return true;
    }
    match (from, to) {
        (Null, _) => true,
        (Dictionary(_, value), to) => fits(value, to),
        (Int8, Int16 | Int32 | Int64 | Float16 | Float32 | Float64)
        | (Int16, Int32 | Int64 | Float32 | Float64)
        | (Int32, Int64 | Float64)
        | (UInt8, Int16 | Int32 | Int64 | UInt16 | UInt32 | UInt64 | Float32 | Float64)
        | (UInt16, Int32 | Int64 | UInt32 | UInt64 | Float32 | Float64)
        | (UInt32, Int64 | UInt64 | Float64)
        | (Float16, Float32 | Float64)
        | (Float32, Float64)
        | (Date32, Date64)
        | (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View)
        | (
            Binary | LargeBinary | BinaryView | FixedSizeBinary(_),
            Binary | LargeBinary | BinaryView,
        ) => true,
        (Decimal128(digits, scale), Decimal128(more_digits, more_scale)) => {
            let whole = |digits: u8, scale: i8| i16::from(digits) - i16::from(scale);
            more_scale >= scale && whole(*more_digits, *more_scale) >= whole(*digits, *scale)
        }
        // Units become finer only; what is too far away is told of by the conversion.
        (Timestamp(unit, zone), Timestamp(finer, other)) => zone == other && unit <= finer,
        _ => false,
    }
}

/// Converts what [`fits`]; a value that does not is an error.
pub(super) fn converted(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == to {
        return Ok(ArrayRef::clone(column));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(column, to, &options)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::TimeUnit::{Millisecond, Second};

    use super::*;

    #[test]
    fn only_what_loses_nothing_fits() {
        use DataType::*;
        for (from, to) in [
            (Int32, Int64),
            (Int32, Float64),
            (Utf8View, Utf8),
            (Decimal128(5, 2), Decimal128(6, 3)),
            (Timestamp(Second, None), Timestamp(Millisecond, None)),
            (Dictionary(Box::new(Int8), Box::new(Utf8)), Utf8),
        ] {
            assert!(fits(&from, &to), "{from} {to}");
        }
        for (from, to) in [
            (Int64, Int32),
            (Int64, Float64),
            (Float64, Int64),
            (Utf8, Int64),
            (Int64, Utf8),
            (Decimal128(5, 2), Decimal128(5, 3)),
            (Timestamp(Millisecond, None), Timestamp(Second, None)),
            (
                Timestamp(Second, None),
                Timestamp(Second, Some("UTC".into())),
            ),
            (Binary, Utf8),
        ] {
            assert!(!fits(&from, &to), "{from} {to}");
        }
    }
}
