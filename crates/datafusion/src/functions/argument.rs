//! The conversion of an argument to what the function declares.
//!
//! Booleans, texts and most numbers are cast as DataFusion casts. Doubles and decimals become each
//! other by way of their digits. Times are not cast either: digits behind the point
//! that the declared type has not are cut off, as the original does it, also before 1970, and text
//! that becomes a date, a time or binary is read exactly as in the answers of services.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray, StructArray};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, TimeUnit};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, cast,
};
use floe_function::floe_batch::{
    BinaryLength, FractionDigits, SqlType, decode_response, encode_request,
};

use super::coercion::{is_decimal, is_moment, is_text};
use super::{Mark, to_variant};

/// How many characters of a text that cannot be read a message repeats.
const EXCERPT: usize = 60;

/// Conversions that fail say so; they do not make NULL of it.
const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: datafusion::arrow::util::display::FormatOptions::new(),
};

/// `value` as the function that it is given to declares it; `field` says what it is.
pub(crate) fn as_declared(value: Expr, field: &Field, ty: SqlType) -> Expr {
    let given = field.data_type();
    match ty {
        SqlType::Variant if Mark::of(field) == Some(Mark::Json) || given.is_null() => value,
        SqlType::Variant => to_variant().call(vec![value]),
        SqlType::TimestampTz(_) if given.is_null() => value,
        ty if !given.is_null() && is_ours(given, ty) => ArgumentUdf::of(ty).call(vec![value]),
        ty if *given == ty.arrow_type() => value,
        // By way of its digits: the nearest double, which a division by a power of ten may miss.
        SqlType::Float if is_decimal(given) => cast(cast(value, DataType::Utf8), DataType::Float64),
        ty => cast(value, ty.arrow_type()),
    }
}

/// Whether DataFusion would convert in another way than the original.
fn is_ours(given: &DataType, ty: SqlType) -> bool {
    match ty {
        SqlType::Date | SqlType::Binary(_) => is_text(given),
        SqlType::Number(_) => given.is_floating(),
        SqlType::Time(digits) => *given != ty.arrow_type() || digits != FractionDigits::NINE,
        // Units have digits by three.
        SqlType::TimestampNtz(digits)
        | SqlType::TimestampLtz(digits)
        | SqlType::TimestampTz(digits) => *given != ty.arrow_type() || digits.get() % 3 != 0,
        _ => false,
    }
}

/// A conversion as a function, since it is not one of DataFusion's casts.
#[derive(Debug, PartialEq, Eq, Hash)]
struct ArgumentUdf {
    ty: SqlType,
    name: String,
    signature: Signature,
}

impl ArgumentUdf {
    fn of(ty: SqlType) -> ScalarUDF {
        ScalarUDF::from(Self {
            ty,
            name: format!("as_{}", ty.name().to_lowercase()),
            signature: Signature::any(1, Volatility::Immutable),
        })
    }
}

impl ScalarUDFImpl for ArgumentUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match (self.ty, types) {
            // A moment without an offset of its own is one in UTC.
            (SqlType::TimestampTz(digits), [given]) if !is_text(given) && !is_moment(given) => {
                SqlType::TimestampLtz(digits).arrow_type()
            }
            (ty, _) => ty.arrow_type(),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(value) = args.args.into_iter().next() else {
            return exec_err!("{} of nothing", self.name);
        };
        let to = args.return_field.data_type();
        Ok(match value {
            ColumnarValue::Array(values) => ColumnarValue::Array(convert(&values, self.ty, to)?),
            ColumnarValue::Scalar(value) => {
                let converted = convert(&value.to_array()?, self.ty, to)?;
                ColumnarValue::Scalar(ScalarValue::try_from_array(&converted, 0)?)
            }
        })
    }
}

fn convert(values: &ArrayRef, ty: SqlType, to: &DataType) -> Result<ArrayRef> {
    if is_text(values.data_type()) {
        return read(values, ty);
    }
    match ty {
        SqlType::Time(digits) => times(values, digits, to),
        SqlType::TimestampNtz(digits)
        | SqlType::TimestampLtz(digits)
        | SqlType::TimestampTz(digits) => match values.data_type() {
            DataType::Struct(_) => moments(values.as_struct(), digits, to),
            _ => timestamps(values, digits, to),
        },
        _ => digits(values, to),
    }
}

/// Doubles as decimals, by way of the fewest digits that tell them apart: 0.285, which is a little
/// less as a double, is rounded to 0.29.
fn digits(values: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let doubles = cast_with_options(values, &DataType::Float64, &STRICT)?;
    let doubles = doubles.as_primitive::<Float64Type>().iter();
    // Without exponents.
    let texts: StringArray = doubles
        .map(|value| value.map(|value| value.to_string()))
        .collect();
    Ok(cast_with_options(&texts, to, &STRICT)?)
}

/// Reads texts as the answer of a service is read, without digits that the type has not.
fn read(values: &ArrayRef, ty: SqlType) -> Result<ArrayRef> {
    let texts = cast_with_options(values, &DataType::Utf8, &STRICT)?;
    let texts = texts.as_string::<i32>();
    // Lengths bind the answer only.
    let (texts, ty) = match ty {
        SqlType::Binary(_) => (texts.clone(), SqlType::Binary(BinaryLength::UNLIMITED)),
        SqlType::Time(digits)
        | SqlType::TimestampNtz(digits)
        | SqlType::TimestampLtz(digits)
        | SqlType::TimestampTz(digits) => {
            let cut = |text| cut(text, usize::from(digits.get()));
            let cut: StringArray = texts.iter().map(|text| text.map(cut)).collect();
            (cut, ty)
        }
        ty => (texts.clone(), ty),
    };
    answer(&texts, ty).ok_or_else(|| {
        let is_wrong = |text: &&str| answer(&StringArray::from(vec![*text]), ty).is_none();
        let wrong = texts.iter().flatten().find(is_wrong).unwrap_or_default();
        let excerpt: String = wrong.chars().take(EXCERPT).collect();
        DataFusionError::Execution(format!("'{excerpt}' cannot be read as {ty}"))
    })
}

/// The values of an answer of these texts, unless it is refused.
fn answer(texts: &StringArray, ty: SqlType) -> Option<ArrayRef> {
    let rows = texts.len();
    let mut body = Vec::new();
    let columns: [ArrayRef; 1] = [Arc::new(texts.clone())];
    // A request of one argument and an answer are written alike.
    encode_request(&columns, 0..rows, &mut body).ok()?;
    decode_response(&body, rows, &ty).ok()
}

/// `text` with at most so many digits behind the point.
fn cut(text: &str, digits: usize) -> Cow<'_, str> {
    let Some((before, behind)) = text.split_once('.') else {
        return Cow::Borrowed(text);
    };
    let end = behind.find(|c: char| !c.is_ascii_digit());
    let (fraction, rest) = behind.split_at(end.unwrap_or(behind.len()));
    match fraction.get(..digits) {
        Some("") if !fraction.is_empty() => Cow::Owned(format!("{before}{rest}")),
        Some(kept) if kept.len() < fraction.len() => Cow::Owned(format!("{before}.{kept}{rest}")),
        Some(_) | None => Cow::Borrowed(text),
    }
}

fn times(values: &ArrayRef, digits: FractionDigits, to: &DataType) -> Result<ArrayRef> {
    let nanos = cast_with_options(values, to, &STRICT)?;
    let nanos = cast_with_options(&nanos, &DataType::Int64, &STRICT)?;
    let cut = floored(&nanos, TimeUnit::Nanosecond, TimeUnit::Nanosecond, digits)?;
    Ok(cast_with_options(&cut, to, &STRICT)?)
}

fn timestamps(values: &ArrayRef, digits: FractionDigits, to: &DataType) -> Result<ArrayRef> {
    let (DataType::Timestamp(from, _), DataType::Timestamp(unit, _)) = (values.data_type(), to)
    else {
        return Ok(cast_with_options(values, to, &STRICT)?);
    };
    let counts = cast_with_options(values, &DataType::Int64, &STRICT)?;
    let counts = floored(&counts, *from, *unit, digits)?;
    Ok(cast_with_options(&counts, to, &STRICT)?)
}

/// Moments with their offsets: whole minutes, which no digit behind the point depends on.
fn moments(values: &StructArray, digits: FractionDigits, to: &DataType) -> Result<ArrayRef> {
    let (DataType::Struct(fields), [moments, offsets]) = (to, values.columns()) else {
        return exec_err!("a moment and its offset are two columns");
    };
    let Some(moment) = fields.first() else {
        return exec_err!("a moment and its offset are two columns");
    };
    let moments = timestamps(moments, digits, moment.data_type())?;
    let columns = vec![moments, Arc::clone(offsets)];
    let nulls = values.nulls().cloned();
    Ok(Arc::new(StructArray::try_new(
        fields.clone(),
        columns,
        nulls,
    )?))
}

/// Counts of one unit in another, without digits beyond those wanted: what a clock shows that has
/// so many digits, before 1970 too.
fn floored(
    counts: &ArrayRef,
    from: TimeUnit,
    to: TimeUnit,
    digits: FractionDigits,
) -> Result<Int64Array> {
    let (from, to) = (per_second(from), per_second(to));
    let step = (to / 10_i64.pow(u32::from(digits.get()))).max(1);
    let floor = |count: i64| {
        let count = if from > to {
            count.div_euclid(from / to)
        } else {
            count.checked_mul(to / from)?
        };
        count.checked_sub(count.rem_euclid(step))
    };
    let counts = counts.as_primitive::<Int64Type>();
    counts.try_unary(|count| {
        floor(count).ok_or_else(|| {
            let message = "a timestamp with seven to nine digits lies outside of 1677 to 2262";
            DataFusionError::Execution(message.to_owned())
        })
    })
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_cut_from_the_text_and_nothing_else() {
        for (text, digits, shorter) in [
            ("12:30:01.123456", 3, "12:30:01.123"),
            ("12:30:01.123456 PM", 0, "12:30:01 PM"),
            (
                "2024-11-29T12:12:47.310999999-08:00",
                4,
                "2024-11-29T12:12:47.3109-08:00",
            ),
            ("12:30:01.1", 3, "12:30:01.1"),
            ("12:30:01.", 0, "12:30:01."),
            ("12:30", 0, "12:30"),
        ] {
            assert_eq!(cut(text, digits), shorter);
        }
    }

    #[test]
    fn times_before_1970_lose_digits_as_a_clock_does() {
        let three = FractionDigits::new(3).unwrap();
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![-1, -1_000_000, 1_999_999]));
        let (nanos, millis) = (TimeUnit::Nanosecond, TimeUnit::Millisecond);
        let floors = floored(&counts, nanos, millis, three).unwrap();
        assert_eq!(floors.values(), &[-1, -1, 1]);
        let one = FractionDigits::new(1).unwrap();
        let floors = floored(&counts, nanos, millis, one).unwrap();
        assert_eq!(floors.values(), &[-100, -100, 0]);
        let far: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX / 1000]));
        assert!(floored(&far, millis, nanos, three).is_err());
    }
}
