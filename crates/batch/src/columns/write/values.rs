//! The values of a column, looked at once and not per row.

#![expect(unsafe_code, reason = "texts are found without a bounds check per row")]

use arrow::array::{
    Array, AsArray, BinaryArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray,
    LargeBinaryArray, LargeStringArray, StringArray, StringViewArray, StructArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};

use crate::sql_type::SqlType;
use crate::temporal;

pub(super) enum Values<'a> {
    Null,
    Text(Texts<'a>),
    Json(Texts<'a>, SqlType),
    Binary(Bytes<'a>),
    Boolean(&'a BooleanArray),
    Float64(&'a [f64]),
    Float32(&'a [f32]),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    UInt8(&'a [u8]),
    UInt16(&'a [u16]),
    UInt32(&'a [u32]),
    UInt64(&'a [u64]),
    Number { values: &'a [i128], scale: usize },
    Date(&'a [i32]),
    Time(Counts<'a>),
    Timestamp(Counts<'a>, Offset<'a>),
}

/// Texts in any of Arrow's layouts.
#[derive(Clone, Copy)]
pub(super) enum Texts<'a> {
    Plain(Plain<'a>),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

/// The texts of the usual layout: one behind the other.
#[derive(Clone, Copy)]
pub(super) struct Plain<'a> {
    /// Where each begins, and where the last ends.
    offsets: &'a [i32],
    bytes: &'a [u8],
    array: &'a StringArray,
}

impl<'a> Plain<'a> {
    fn new(array: &'a StringArray) -> Self {
        Self {
            offsets: array.value_offsets(),
            bytes: array.value_data(),
            array,
        }
    }

    pub(super) fn value(&self, at: usize) -> &'a str {
        self.array.value(at)
    }

    /// Where the text of a row begins, how long it is, and how many bytes can be read from there.
    ///
    /// # Safety
    ///
    /// `row` is one of the column's.
    #[inline(always)]
    pub(super) unsafe fn place(&self, row: usize) -> (*const u8, usize, usize) {
        // SAFETY: the caller promises the row; the offsets rise up to the length of the bytes.
        unsafe {
            let begin = *self.offsets.get_unchecked(row) as usize;
            let end = *self.offsets.get_unchecked(row + 1) as usize;
            (
                self.bytes.as_ptr().add(begin),
                end - begin,
                self.bytes.len() - begin,
            )
        }
    }
}

impl<'a> Texts<'a> {
    pub(super) fn value(&self, at: usize) -> &'a str {
        match self {
            Self::Plain(array) => array.value(at),
            Self::Large(array) => array.value(at),
            Self::View(array) => array.value(at),
        }
    }

    /// Bytes of a text, on average.
    pub(super) fn width(&self) -> usize {
        let (bytes, texts) = match self {
            Self::Plain(Plain { array, .. }) => (array.values().len(), array.len()),
            Self::Large(array) => (array.values().len(), array.len()),
            Self::View(array) => (array.total_bytes_len(), array.len()),
        };
        bytes / texts.max(1)
    }
}

/// Binary values in any of Arrow's layouts.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    Plain(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    View(&'a BinaryViewArray),
    Fixed(&'a FixedSizeBinaryArray),
}

impl<'a> Bytes<'a> {
    pub(super) fn value(&self, at: usize) -> &'a [u8] {
        match self {
            Self::Plain(array) => array.value(at),
            Self::Large(array) => array.value(at),
            Self::View(array) => array.value(at),
            Self::Fixed(array) => array.value(at),
        }
    }
}

/// Counts of a unit of time.
#[derive(Clone, Copy)]
pub(super) struct Counts<'a> {
    counts: Integers<'a>,
    pub(super) per_second: i64,
}

#[derive(Clone, Copy)]
enum Integers<'a> {
    Short(&'a [i32]),
    Long(&'a [i64]),
}

impl Counts<'_> {
    pub(super) fn value(&self, at: usize) -> i64 {
        match self.counts {
            Integers::Short(counts) => i64::from(counts[at]),
            Integers::Long(counts) => counts[at],
        }
    }
}

/// How far the clock is ahead of UTC that a timestamp is shown on.
#[derive(Clone, Copy)]
pub(super) enum Offset<'a> {
    /// Nobody says.
    Unknown,
    /// So many minutes, all values.
    Fixed(i16),
    /// A value of its own for each.
    Each(&'a [i16]),
}

impl Offset<'_> {
    pub(super) fn value(&self, at: usize) -> Option<i16> {
        match self {
            Self::Unknown => None,
            Self::Fixed(minutes) => Some(*minutes),
            Self::Each(minutes) => Some(minutes[at]),
        }
    }
}

impl<'a> Values<'a> {
    /// The values as the Arrow type says; `None` when the format has nothing like it.
    pub(super) fn new(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8 => Self::Text(Texts::Plain(Plain::new(array.as_string()))),
            DataType::LargeUtf8 => Self::Text(Texts::Large(array.as_string())),
            DataType::Utf8View => Self::Text(Texts::View(array.as_string_view())),
            DataType::Binary => Self::Binary(Bytes::Plain(array.as_binary())),
            DataType::LargeBinary => Self::Binary(Bytes::Large(array.as_binary())),
            DataType::BinaryView => Self::Binary(Bytes::View(array.as_binary_view())),
            DataType::FixedSizeBinary(_) => {
                Self::Binary(Bytes::Fixed(array.as_fixed_size_binary()))
            }
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Float64 => Self::Float64(natives::<Float64Type>(array)),
            DataType::Float32 => Self::Float32(natives::<Float32Type>(array)),
            DataType::Int8 => Self::Int8(natives::<Int8Type>(array)),
            DataType::Int16 => Self::Int16(natives::<Int16Type>(array)),
            DataType::Int32 => Self::Int32(natives::<Int32Type>(array)),
            DataType::Int64 => Self::Int64(natives::<Int64Type>(array)),
            DataType::UInt8 => Self::UInt8(natives::<UInt8Type>(array)),
            DataType::UInt16 => Self::UInt16(natives::<UInt16Type>(array)),
            DataType::UInt32 => Self::UInt32(natives::<UInt32Type>(array)),
            DataType::UInt64 => Self::UInt64(natives::<UInt64Type>(array)),
            DataType::Date32 => Self::Date(natives::<Date32Type>(array)),
            DataType::Decimal128(_, scale) => Self::Number {
                values: natives::<Decimal128Type>(array),
                scale: usize::try_from(*scale).ok()?,
            },
            DataType::Time32(unit) => Self::Time(Counts {
                counts: Integers::Short(match unit {
                    TimeUnit::Second => natives::<Time32SecondType>(array),
                    TimeUnit::Millisecond => natives::<Time32MillisecondType>(array),
                    TimeUnit::Microsecond | TimeUnit::Nanosecond => return None,
                }),
                per_second: per_second(*unit),
            }),
            DataType::Time64(unit) => Self::Time(Counts {
                counts: Integers::Long(match unit {
                    TimeUnit::Microsecond => natives::<Time64MicrosecondType>(array),
                    TimeUnit::Nanosecond => natives::<Time64NanosecondType>(array),
                    TimeUnit::Second | TimeUnit::Millisecond => return None,
                }),
                per_second: per_second(*unit),
            }),
            DataType::Timestamp(..) => {
                let (counts, offset) = moments(array)?;
                Self::Timestamp(counts, offset)
            }
            DataType::Struct(_) => zoned(array.as_struct())?,
            _ => return None,
        })
    }

    /// The same values as those of a declared type; `None` when they are of another.
    pub(super) fn declared(self, ty: SqlType) -> Option<Self> {
        let fits = match (&self, ty) {
            (Self::Null, _) => true,
            (Self::Text(texts), SqlType::Variant | SqlType::Object | SqlType::Array) => {
                return Some(Self::Json(*texts, ty));
            }
            (Self::Text(_), ty) => matches!(ty, SqlType::Varchar(_)),
            (Self::Json(..), _) => false,
            (Self::Binary(_), ty) => matches!(ty, SqlType::Binary(_)),
            (Self::Boolean(_), ty) => ty == SqlType::Boolean,
            (Self::Float64(_) | Self::Float32(_), ty) => ty == SqlType::Float,
            (
                Self::Int8(_)
                | Self::Int16(_)
                | Self::Int32(_)
                | Self::Int64(_)
                | Self::UInt8(_)
                | Self::UInt16(_)
                | Self::UInt32(_)
                | Self::UInt64(_)
                | Self::Number { .. },
                ty,
            ) => matches!(ty, SqlType::Number(_) | SqlType::Float),
            (Self::Date(_), ty) => ty == SqlType::Date,
            (Self::Time(_), ty) => matches!(ty, SqlType::Time(_)),
            (Self::Timestamp(_, Offset::Unknown), ty) => matches!(ty, SqlType::TimestampNtz(_)),
            (Self::Timestamp(_, Offset::Fixed(_)), ty) => {
                matches!(ty, SqlType::TimestampLtz(_) | SqlType::TimestampTz(_))
            }
            (Self::Timestamp(_, Offset::Each(_)), ty) => matches!(ty, SqlType::TimestampTz(_)),
        };
        fits.then_some(self)
    }
}

fn natives<T: ArrowPrimitiveType>(array: &dyn Array) -> &[T::Native] {
    array.as_primitive::<T>().values()
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn moments(array: &dyn Array) -> Option<(Counts<'_>, Offset<'_>)> {
    let DataType::Timestamp(unit, zone) = array.data_type() else {
        return None;
    };
    let counts = Integers::Long(match unit {
        TimeUnit::Second => natives::<TimestampSecondType>(array),
        TimeUnit::Millisecond => natives::<TimestampMillisecondType>(array),
        TimeUnit::Microsecond => natives::<TimestampMicrosecondType>(array),
        TimeUnit::Nanosecond => natives::<TimestampNanosecondType>(array),
    });
    let offset = match zone {
        None => Offset::Unknown,
        // A moment is the same in every zone; zones with a name are shown as UTC.
        Some(zone) => Offset::Fixed(temporal::parse_offset(zone.as_bytes()).unwrap_or(0)),
    };
    let per_second = per_second(*unit);
    Some((Counts { counts, per_second }, offset))
}

/// The struct that a `TIMESTAMP_TZ` is read into.
fn zoned(array: &StructArray) -> Option<Values<'_>> {
    let [moment, minutes] = array.columns() else {
        return None;
    };
    let (counts, Offset::Fixed(_)) = moments(moment.as_ref())? else {
        return None;
    };
    let minutes = minutes.as_primitive_opt::<Int16Type>()?;
    if moment.null_count() + minutes.null_count() > 0 {
        return None;
    }
    Some(Values::Timestamp(counts, Offset::Each(minutes.values())))
}
