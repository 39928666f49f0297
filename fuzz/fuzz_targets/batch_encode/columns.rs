//! Columns made of the fuzzer's bytes, and beside each the plain values that are in it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array,
    FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, LargeBinaryArray, LargeStringArray, NullArray, PrimitiveArray, StringArray,
    StringViewArray, StructArray, Time32MillisecondArray, Time32SecondArray,
    Time64MicrosecondArray, Time64NanosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array, make_array, new_null_array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, Field, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use floe_batch::{FractionDigits, NumberType, SqlType, check_json};
use serde::{Serialize, Serializer};

use super::bytes::Bytes;

/// Bytes of every value of the column with a fixed size.
const FIXED: usize = 5;
/// Days from 1970-01-01 to the first and the last one of the years 0001 to 9999.
const DAYS: std::ops::RangeInclusive<i128> = -719_162..=2_932_896;
const DAY_SECONDS: i128 = 86_400;

/// The zones of columns of moments, and what is written for them in minutes.
const ZONES: [(&str, i16); 6] = [
    ("+00:00", 0),
    ("+05:30", 330),
    ("-08:00", -480),
    ("+14:00", 840),
    ("UTC", 0),
    ("Europe/Paris", 0),
];

/// What a column is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text(u8),
    Json(SqlType),
    Boolean,
    Double,
    Single,
    Whole(u8),
    Decimal(NumberType),
    Date,
    Time(TimeUnit),
    /// With a zone of `ZONES`, or none.
    Moment(TimeUnit, Option<usize>),
    /// With an offset for each value.
    Zoned(TimeUnit),
    Binary(u8),
    Null,
}

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(String),
    Json(String, SqlType),
    Boolean(bool),
    Double(f64),
    Single(f32),
    Whole(i128),
    /// Times ten to the scale.
    Decimal(i128, u8),
    Date(i32),
    Time(i64, i64),
    Moment {
        count: i64,
        per_second: i64,
        offset: Option<i16>,
    },
    Binary(Vec<u8>),
    Null,
}

/// A column, and what is in it.
pub(crate) struct Column {
    pub(crate) kind: Kind,
    pub(crate) ty: SqlType,
    /// A slice out of a longer array.
    pub(crate) array: ArrayRef,
    /// The values, those that NULL hides replaced by `Cell::Null`.
    pub(crate) cells: Vec<Cell>,
}

impl Column {
    pub(crate) fn new(bytes: &mut Bytes<'_>, rows: usize) -> Self {
        let kind = Kind::new(bytes);
        let (before, behind) = (bytes.below(9), bytes.below(3));
        let nulls = bytes.byte();
        let all = before + rows + behind;
        let cells: Vec<Cell> = (0..all).map(|_| Cell::new(kind, bytes)).collect();
        // No NULL, only NULL, some.
        let valid: Vec<bool> = match nulls {
            0..64 => vec![true; all],
            64..72 => vec![false; all],
            _ => (0..all).map(|_| bytes.byte() % 4 > 0).collect(),
        };
        let mut array = kind.array(&cells);
        if !matches!(kind, Kind::Null) {
            // What stands under a NULL stays there: nobody may look at it.
            let data = array.to_data().into_builder();
            let data = data.nulls(Some(NullBuffer::from(valid.clone())));
            array = make_array(data.build().expect("a sound array"));
        }
        let shown = cells.into_iter().zip(valid);
        let shown = shown.map(|(cell, valid)| if valid { cell } else { Cell::Null });
        Self {
            kind,
            ty: kind.ty(),
            array: array.slice(before, rows),
            cells: shown.skip(before).take(rows).collect(),
        }
    }

    /// The first so many rows as they must be read: of the Arrow type of the declared type. `None`
    /// for singles, which are read as doubles.
    pub(crate) fn as_read(&self, rows: usize) -> Option<ArrayRef> {
        let kind = match self.kind {
            Kind::Text(_) => Kind::Text(0),
            Kind::Binary(_) => Kind::Binary(0),
            Kind::Whole(_) => Kind::Decimal(NumberType::INTEGER),
            Kind::Time(_) => Kind::Time(TimeUnit::Nanosecond),
            Kind::Moment(unit, Some(_)) => Kind::Moment(unit, Some(0)),
            Kind::Null => return Some(new_null_array(&self.ty.arrow_type(), rows)),
            Kind::Single => return None,
            kind => kind,
        };
        let cells: Vec<Cell> = self.cells[..rows].iter().map(Cell::as_read).collect();
        let valid: Vec<bool> = cells.iter().map(|cell| !cell.is_null()).collect();
        let data = kind.array(&cells).to_data().into_builder();
        let data = data.nulls(Some(NullBuffer::from(valid)));
        Some(make_array(data.build().expect("a sound array")))
    }

    /// Whether typed rows can hold such values.
    pub(crate) fn in_rows(&self) -> bool {
        match self.kind {
            Kind::Text(_) | Kind::Boolean | Kind::Double | Kind::Single | Kind::Whole(_) => true,
            Kind::Decimal(ty) => ty.scale() == 0,
            Kind::Null => true,
            _ => false,
        }
    }
}

impl Kind {
    fn new(bytes: &mut Bytes<'_>) -> Self {
        let unit = |bytes: &mut Bytes<'_>| {
            use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
            [Second, Millisecond, Microsecond, Nanosecond][bytes.below(4)]
        };
        match bytes.below(16) {
            0 | 1 => Self::Text(bytes.byte() % 3),
            2 | 3 => {
                Self::Json([SqlType::Variant, SqlType::Object, SqlType::Array][bytes.below(3)])
            }
            4 => Self::Boolean,
            5 | 6 => Self::Double,
            7 => Self::Single,
            8 => Self::Whole(bytes.byte() % 8),
            9 => {
                let precision = bytes.byte() % NumberType::MAX_PRECISION + 1;
                let scale = bytes.byte() % (precision.min(NumberType::MAX_SCALE) + 1);
                Self::Decimal(NumberType::new(precision, scale).expect("a scale that fits"))
            }
            10 => Self::Date,
            11 => Self::Time(unit(bytes)),
            12 => Self::Moment(unit(bytes), None),
            13 => Self::Moment(unit(bytes), Some(bytes.below(ZONES.len()))),
            14 => Self::Zoned(unit(bytes)),
            _ => match bytes.byte() % 5 {
                4 => Self::Null,
                layout => Self::Binary(layout),
            },
        }
    }

    fn ty(self) -> SqlType {
        match self {
            Self::Text(_) | Self::Null => SqlType::parse("VARCHAR").expect("a type"),
            Self::Json(ty) => ty,
            Self::Boolean => SqlType::Boolean,
            Self::Double | Self::Single => SqlType::Float,
            Self::Whole(_) => SqlType::Number(NumberType::INTEGER),
            Self::Decimal(ty) => SqlType::Number(ty),
            Self::Date => SqlType::Date,
            Self::Time(_) => SqlType::Time(FractionDigits::NINE),
            Self::Moment(unit, None) => SqlType::TimestampNtz(digits(unit)),
            Self::Moment(unit, Some(_)) => SqlType::TimestampLtz(digits(unit)),
            Self::Zoned(unit) => SqlType::TimestampTz(digits(unit)),
            Self::Binary(_) => SqlType::parse("BINARY").expect("a type"),
        }
    }

    fn array(self, cells: &[Cell]) -> ArrayRef {
        let texts = || cells.iter().map(|cell| Some(cell.text()));
        let blobs = || cells.iter().map(|cell| Some(cell.bytes()));
        macro_rules! integers {
            ($array:ty) => {
                Arc::new(
                    cells
                        .iter()
                        .map(|cell| Some(cell.integer() as _))
                        .collect::<$array>(),
                )
            };
        }
        match self {
            Self::Text(0) | Self::Json(_) => Arc::new(texts().collect::<StringArray>()),
            Self::Text(1) => Arc::new(texts().collect::<LargeStringArray>()),
            Self::Text(_) => Arc::new(texts().collect::<StringViewArray>()),
            Self::Boolean => {
                let values = cells.iter().map(|cell| matches!(cell, Cell::Boolean(true)));
                Arc::new(values.map(Some).collect::<BooleanArray>())
            }
            Self::Double => Arc::new(Float64Array::from_iter_values(
                cells.iter().map(Cell::double),
            )),
            Self::Single => Arc::new(Float32Array::from_iter_values(
                cells.iter().map(Cell::single),
            )),
            Self::Whole(0) => integers!(Int8Array),
            Self::Whole(1) => integers!(Int16Array),
            Self::Whole(2) => integers!(Int32Array),
            Self::Whole(3) => integers!(Int64Array),
            Self::Whole(4) => integers!(UInt8Array),
            Self::Whole(5) => integers!(UInt16Array),
            Self::Whole(6) => integers!(UInt32Array),
            Self::Whole(_) => integers!(UInt64Array),
            Self::Decimal(ty) => {
                let values = cells.iter().map(Cell::integer);
                let array = Decimal128Array::from_iter_values(values);
                Arc::new(array.with_data_type(SqlType::Number(ty).arrow_type()))
            }
            Self::Date => integers!(Date32Array),
            Self::Time(TimeUnit::Second) => integers!(Time32SecondArray),
            Self::Time(TimeUnit::Millisecond) => integers!(Time32MillisecondArray),
            Self::Time(TimeUnit::Microsecond) => integers!(Time64MicrosecondArray),
            Self::Time(TimeUnit::Nanosecond) => {
                let values = cells.iter().map(Cell::nanos);
                Arc::new(Time64NanosecondArray::from_iter_values(values))
            }
            Self::Moment(unit, zone) => moments(unit, zone.map(|zone| ZONES[zone].0), cells),
            Self::Zoned(unit) => zoned(unit, cells),
            Self::Binary(0) => Arc::new(blobs().collect::<BinaryArray>()),
            Self::Binary(1) => Arc::new(blobs().collect::<LargeBinaryArray>()),
            Self::Binary(2) => Arc::new(blobs().collect::<BinaryViewArray>()),
            Self::Binary(_) => {
                let width = FIXED as i32;
                let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(blobs(), width);
                Arc::new(fixed.expect("values of one size"))
            }
            Self::Null => Arc::new(NullArray::new(cells.len())),
        }
    }
}

fn moments(unit: TimeUnit, zone: Option<&'static str>, cells: &[Cell]) -> ArrayRef {
    fn of<T>(zone: Option<&str>, cells: &[Cell]) -> ArrayRef
    where
        T: arrow::datatypes::ArrowTimestampType + ArrowPrimitiveType<Native = i64>,
    {
        let counts = cells.iter().map(|cell| cell.integer() as i64);
        let array = PrimitiveArray::<T>::from_iter_values(counts);
        Arc::new(array.with_timezone_opt(zone))
    }
    match unit {
        TimeUnit::Second => of::<TimestampSecondType>(zone, cells),
        TimeUnit::Millisecond => of::<TimestampMillisecondType>(zone, cells),
        TimeUnit::Microsecond => of::<TimestampMicrosecondType>(zone, cells),
        TimeUnit::Nanosecond => of::<TimestampNanosecondType>(zone, cells),
    }
}

fn zoned(unit: TimeUnit, cells: &[Cell]) -> ArrayRef {
    let offsets = cells.iter().map(|cell| match cell {
        Cell::Moment { offset, .. } => offset.unwrap_or(0),
        _ => 0,
    });
    let moments = moments(unit, Some("+00:00"), cells);
    let offsets: ArrayRef = Arc::new(Int16Array::from_iter_values(offsets));
    let field = |name, array: &ArrayRef| Field::new(name, array.data_type().clone(), false);
    let fields = vec![
        field("timestamp", &moments),
        field("offset_minutes", &offsets),
    ];
    Arc::new(StructArray::new(
        fields.into(),
        vec![moments, offsets],
        None,
    ))
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn digits(unit: TimeUnit) -> FractionDigits {
    let digits = per_second(unit).ilog10() as u8;
    FractionDigits::new(digits).expect("nine at most")
}

impl Cell {
    fn new(kind: Kind, bytes: &mut Bytes<'_>) -> Self {
        match kind {
            Kind::Text(_) => Self::Text(bytes.text()),
            Kind::Json(ty) => Self::Json(bytes.json(), ty),
            Kind::Boolean => Self::Boolean(bytes.byte() % 2 == 1),
            Kind::Double => Self::Double(bytes.double()),
            Kind::Single => Self::Single(bytes.single()),
            Kind::Whole(width) => Self::Whole(narrow(bytes.integer(), width)),
            Kind::Decimal(ty) => {
                let limit = 10_i128.pow(u32::from(ty.precision()));
                Self::Decimal(bytes.integer() % limit, ty.scale())
            }
            Kind::Date => Self::Date(bytes.mostly(*DAYS.start(), *DAYS.end()) as i32),
            Kind::Time(unit) => {
                let end = DAY_SECONDS * i128::from(per_second(unit));
                let count = bytes.mostly(0, end - 1) as i64;
                let short = matches!(unit, TimeUnit::Second | TimeUnit::Millisecond);
                let count = if short {
                    i64::from(count as i32)
                } else {
                    count
                };
                Self::Time(count, per_second(unit))
            }
            Kind::Moment(unit, zone) => {
                let offset = zone.map(|zone| ZONES[zone].1);
                Self::moment(bytes, unit, offset)
            }
            Kind::Zoned(unit) => {
                let offset = bytes.mostly(-841, 841) as i16;
                Self::moment(bytes, unit, Some(offset))
            }
            Kind::Binary(3) => Self::Binary((0..FIXED).map(|_| bytes.byte()).collect()),
            Kind::Binary(_) => {
                let length = bytes.below(40);
                Self::Binary((0..length).map(|_| bytes.byte()).collect())
            }
            Kind::Null => Self::Null,
        }
    }

    fn moment(bytes: &mut Bytes<'_>, unit: TimeUnit, offset: Option<i16>) -> Self {
        let per_second = per_second(unit);
        let per_day = DAY_SECONDS * i128::from(per_second);
        let [first, end] = [*DAYS.start(), *DAYS.end() + 1].map(|days| days * per_day);
        let count = bytes.mostly(first - per_day, end + per_day);
        Self::Moment {
            // Nanoseconds do not reach that far.
            count: i64::try_from(count).unwrap_or(count as i64 >> 1),
            per_second,
            offset,
        }
    }

    /// True when the format has a text for the value.
    pub(crate) fn is_writable(&self) -> bool {
        match self {
            Self::Date(days) => DAYS.contains(&i128::from(*days)),
            Self::Time(count, per_second) => (0..86_400 * per_second).contains(count),
            Self::Moment {
                count,
                per_second,
                offset,
            } => {
                let offset = offset.unwrap_or(0);
                let seconds = i128::from(count.div_euclid(*per_second)) + i128::from(offset) * 60;
                let days = seconds.div_euclid(DAY_SECONDS);
                DAYS.contains(&days) && (-840..=840).contains(&offset)
            }
            Self::Json(text, ty) => {
                let begin = match ty {
                    SqlType::Object => "{",
                    SqlType::Array => "[",
                    _ => "",
                };
                text.trim_start().starts_with(begin) && check_json(text).is_ok()
            }
            _ => true,
        }
    }

    /// The value as it comes back: the white space around JSON and the bits of a NaN are not sent,
    /// and the `null` of JSON is NULL.
    fn as_read(&self) -> Self {
        match self {
            Self::Json(text, _) if text.trim() == "null" => Self::Null,
            Self::Json(text, ty) => Self::Json(text.trim().to_owned(), *ty),
            Self::Double(value) if value.is_nan() => Self::Double(f64::NAN),
            cell => cell.clone(),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Json(text, _) => text,
            _ => "",
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Binary(bytes) => bytes,
            _ => &[0; FIXED],
        }
    }

    fn integer(&self) -> i128 {
        match self {
            Self::Whole(value) | Self::Decimal(value, _) => *value,
            Self::Date(days) => i128::from(*days),
            Self::Time(count, _) | Self::Moment { count, .. } => i128::from(*count),
            _ => 0,
        }
    }

    fn nanos(&self) -> i64 {
        match self {
            Self::Time(count, per_second) => count.wrapping_mul(1_000_000_000 / per_second),
            _ => 0,
        }
    }

    fn double(&self) -> f64 {
        match self {
            Self::Double(value) => *value,
            _ => 0.0,
        }
    }

    fn single(&self) -> f32 {
        match self {
            Self::Single(value) => *value,
            _ => 0.0,
        }
    }
}

/// The value cut to the width of a column.
fn narrow(value: i128, width: u8) -> i128 {
    match width {
        0 => i128::from(value as i8),
        1 => i128::from(value as i16),
        2 => i128::from(value as i32),
        3 => i128::from(value as i64),
        4 => i128::from(value as u8),
        5 => i128::from(value as u16),
        6 => i128::from(value as u32),
        _ => i128::from(value as u64),
    }
}

/// As a typed row of a service holds the value.
impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Single(value) => serializer.serialize_f32(*value),
            Self::Whole(value) | Self::Decimal(value, _) => serializer.serialize_i128(*value),
            _ => serializer.serialize_none(),
        }
    }
}
