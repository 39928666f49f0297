//! Numbers in the text of a query.
//!
//! DataFusion reads whole numbers that fit 64 bits as integers and all others as doubles. A double
//! gives back up to 15 digits as they were written; longer numbers lose some, while the original
//! has them exact, as `NUMBER`. So they are written as decimals. (All numbers could be decimals to
//! DataFusion, but where it brings decimals and doubles together, as in `price > 0.5`, it makes of
//! both a decimal that large doubles do not fit.)

use datafusion::sql::sqlparser::ast::{CastKind, DataType, ExactNumberInfo, Expr, Value};

/// The most digits that every double keeps.
const DIGITS_OF_A_DOUBLE: usize = 15;

/// The most digits of a `NUMBER`.
const MOST_DIGITS: usize = 38;

/// Makes a decimal of a number that would lose digits as a double.
pub(super) fn exact(expr: &mut Expr) {
    let Expr::Value(value) = &*expr else {
        return;
    };
    let Value::Number(number, _) = &value.value else {
        return;
    };
    let number = number.replace('_', "");
    let Some((precision, scale)) = decimal(&number) else {
        return;
    };
    let mut text = value.clone();
    text.value = Value::SingleQuotedString(number);
    *expr = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::Value(text)),
        data_type: DataType::Decimal(ExactNumberInfo::PrecisionAndScale(precision, scale)),
        array: false,
        format: None,
    };
}

/// Precision and scale of a number that neither an integer nor a double keeps, and a `NUMBER` does.
fn decimal(number: &str) -> Option<(u64, i64)> {
    // With an exponent, it is a FLOAT in the original, too.
    if number.contains(['e', 'E']) || number.parse::<i64>().is_ok() {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0');
    let significant = match whole {
        "" => fraction.trim_start_matches('0').len(),
        whole => whole.len() + fraction.len(),
    };
    let precision = whole.len() + fraction.len();
    if significant <= DIGITS_OF_A_DOUBLE || precision > MOST_DIGITS {
        return None;
    }
    Some((
        u64::try_from(precision).ok()?,
        i64::try_from(fraction.len()).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_a_double_would_change_are_decimals() {
        let nines = "9".repeat(MOST_DIGITS);
        for (number, expected) in [
            (nines.as_str(), Some((38, 0))),
            (&format!("000{nines}"), Some((38, 0))),
            ("9223372036854775808", Some((19, 0))),
            ("1234567890.123456", Some((16, 6))),
            (".0001234567890123456", Some((19, 19))),
            ("9223372036854775807", None),
            ("1.50", None),
            ("0.00000000000000000001", None),
            ("123456789012345.", None),
            ("1234567890123456e-3", None),
            (&format!("{nines}.0"), None),
        ] {
            assert_eq!(decimal(number), expected, "{number}");
        }
    }
}
