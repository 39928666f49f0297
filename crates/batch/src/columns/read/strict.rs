//! The strict reader of single values: it takes white space, escapes and numbers in every way that
//! JSON allows, and says what is wrong with the rest.

use super::{Column, Values};
use crate::error::{BatchError, JsonKind, Place, Res};
use crate::number::Misfit;
use crate::scan::Scanner;
use crate::sql_type::{FractionDigits, NumberType, SqlType};
use crate::temporal::{self, Loss, Stamp};
use crate::value;

impl Column {
    /// Reads the next value of the body into the column.
    #[inline]
    pub(crate) fn read(&mut self, scan: &mut Scanner<'_>) -> Res<()> {
        if scan.null()? {
            self.append_null();
            return Ok(());
        }
        let ty = self.ty;
        let text = &mut self.scratch;
        match &mut self.values {
            Values::Text(texts) => texts.read(scan, ty)?,
            Values::Json(texts) => texts.read_json(scan, ty)?,
            Values::Binary { bytes, offsets } => {
                let place = string(scan, ty, text)?;
                binary(place, ty, text, bytes)?;
                // A digit pair is written longer than the byte it stands for.
                offsets.push(bytes.len() as i32);
            }
            Values::Boolean(values) => match scan.boolean()? {
                Some(value) => values.push(value),
                None => return Err(wrong_type(scan, ty)),
            },
            Values::Float(values) => values.push(float(scan, ty)?),
            Values::Number { ty: number, values } => values.push(decimal(scan, ty, *number)?),
            Values::Date(values) => {
                let place = string(scan, ty, text)?;
                let days = temporal::parse_date(text);
                values.push(days.ok_or_else(|| Box::new(BatchError::NotADate { place }))?);
            }
            Values::Time(values) => {
                let place = string(scan, ty, text)?;
                let nanos = temporal::parse_time(text).ok_or_else(|| not_a_time(place, ty))?;
                values.push(exact_time(ty, nanos).ok_or_else(|| not_exact(place, ty))?);
            }
            Values::Timestamp(digits, values) => {
                let (place, stamp) = stamp(scan, ty, text)?;
                values.push(count(place, ty, *digits, wall_clock(ty, stamp))?);
            }
            Values::Zoned(digits, values, offsets) => {
                let (place, stamp) = stamp(scan, ty, text)?;
                values.push(count(place, ty, *digits, stamp)?);
                offsets.push(stamp.offset.unwrap_or(0));
            }
        }
        Ok(())
    }
}

/// Reads a string, which the next value must be; returns where it begins.
#[inline]
fn string(scan: &mut Scanner<'_>, ty: SqlType, text: &mut Vec<u8>) -> Res<Place> {
    if scan.peek() != Some(b'"') {
        return Err(wrong_type(scan, ty));
    }
    let place = scan.place();
    text.clear();
    scan.string_into(text)?;
    Ok(place)
}

#[inline]
fn float(scan: &mut Scanner<'_>, ty: SqlType) -> Res<f64> {
    match scan.peek() {
        Some(b'-' | b'0'..=b'9') => {
            let offset = scan.offset();
            scan.number()?
                .to_f64()
                .map_err(|misfit| misfit.into_error(scan, offset, ty))
        }
        Some(b'"') => special_float(scan, ty),
        Some(_) | None => Err(wrong_type(scan, ty)),
    }
}

fn special_float(scan: &mut Scanner<'_>, ty: SqlType) -> Res<f64> {
    let place = scan.place();
    let value = value::special_float(scan.string(&mut Vec::new())?.as_str());
    let found = JsonKind::String;
    value.ok_or_else(|| {
        Box::new(BatchError::WrongType {
            place,
            expected: ty,
            found,
        })
    })
}

#[inline]
fn decimal(scan: &mut Scanner<'_>, ty: SqlType, number: NumberType) -> Res<i128> {
    if !matches!(scan.peek(), Some(b'-' | b'0'..=b'9')) {
        return Err(wrong_type(scan, ty));
    }
    let offset = scan.offset();
    let value = scan.number()?.to_decimal(number);
    value.map_err(|misfit: Misfit| misfit.into_error(scan, offset, ty))
}

/// Appends the bytes that the hexadecimal digits of `text` write.
fn binary(place: Place, ty: SqlType, text: &[u8], bytes: &mut Vec<u8>) -> Res<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_chunks::<2>();
    let begin = bytes.len();
    let pair = |[high, low]: &[u8; 2]| {
        // Two digits are a byte.
        Some((digit(*high)? << 4 | digit(*low)?) as u8)
    };
    bytes.extend(pairs.iter().map_while(pair));
    let found = bytes.len() - begin;
    if found < pairs.len() || !rest.is_empty() {
        return Err(Box::new(BatchError::NotBinary { place }));
    }
    let SqlType::Binary(length) = ty else {
        return Ok(());
    };
    match length.max_bytes() {
        Some(limit) if found > limit as usize => Err(Box::new(BatchError::BinaryTooLong {
            place,
            expected: ty,
            found,
        })),
        Some(_) | None => Ok(()),
    }
}

fn stamp(scan: &mut Scanner<'_>, ty: SqlType, text: &mut Vec<u8>) -> Res<(Place, Stamp)> {
    let place = string(scan, ty, text)?;
    let stamp = temporal::parse_timestamp(text).ok_or_else(|| not_a_time(place, ty))?;
    Ok((place, stamp))
}

/// A timestamp without time zone is what the clock shows, wherever it hangs.
pub(in crate::columns) fn wall_clock(ty: SqlType, stamp: Stamp) -> Stamp {
    match ty {
        SqlType::TimestampNtz(_) => Stamp {
            offset: None,
            ..stamp
        },
        _ => stamp,
    }
}

fn count(place: Place, ty: SqlType, digits: FractionDigits, stamp: Stamp) -> Res<i64> {
    exact_count(digits, stamp).map_err(|loss| match loss {
        Loss::NotExact => not_exact(place, ty),
        Loss::OutOfRange => Box::new(BatchError::TimeOutOfRange {
            place,
            expected: ty,
        }),
    })
}

/// The count in the unit that the digits ask for; not exact when it has digits beyond these.
pub(in crate::columns) fn exact_count(digits: FractionDigits, stamp: Stamp) -> Result<i64, Loss> {
    if stamp.nanos % step(digits) != 0 {
        return Err(Loss::NotExact);
    }
    stamp.count(per_second(digits))
}

/// The nanoseconds, if they have no more digits than the type.
pub(in crate::columns) fn exact_time(ty: SqlType, nanos: i64) -> Option<i64> {
    match ty {
        SqlType::Time(digits) if nanos % step(digits) != 0 => None,
        _ => Some(nanos),
    }
}

/// Nanoseconds of the last digit.
fn step(digits: FractionDigits) -> i64 {
    10_i64.pow(9 - u32::from(digits.get()))
}

/// How often the unit of Arrow that has the digits counts in a second.
fn per_second(digits: FractionDigits) -> i64 {
    1000_i64.pow(u32::from(digits.get()).div_ceil(3))
}

#[cold]
fn not_a_time(place: Place, expected: SqlType) -> Box<BatchError> {
    Box::new(BatchError::NotATime { place, expected })
}

#[cold]
fn not_exact(place: Place, expected: SqlType) -> Box<BatchError> {
    Box::new(BatchError::TimeNotExact { place, expected })
}

#[cold]
pub(super) fn wrong_type(scan: &mut Scanner<'_>, expected: SqlType) -> Box<BatchError> {
    match scan.kind() {
        Ok(found) => Box::new(BatchError::WrongType {
            place: scan.place(),
            expected,
            found,
        }),
        Err(error) => error,
    }
}
