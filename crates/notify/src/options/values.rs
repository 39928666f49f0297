//! Values of options: their types, and how they are read and written.

use std::fmt;

use super::key::{Kind, OptionType, sealed::Sealed};
use super::rewrites::PathRewrites;
use super::time::{Interval, Moment};
use crate::secret::Secret;

/// A number of bytes, written as Spark writes them: a whole number and one of `b`, `k`, `m`, `g`,
/// `t`, `p`, each 1024 times the one before, with or without a `b` behind it ("Spark properties").
///
/// ```
/// use floe_notify::options::ByteSize;
///
/// assert_eq!(ByteSize::parse("10g"), Some(ByteSize::new(10 * 1024 * 1024 * 1024)));
/// assert_eq!(ByteSize::new(1536).to_string(), "1536");
/// assert_eq!(ByteSize::new(2048).to_string(), "2k");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(u64);

impl ByteSize {
    /// So many bytes.
    ///
    /// ```
    /// assert_eq!(floe_notify::options::ByteSize::new(5).bytes(), 5);
    /// ```
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        ByteSize(bytes)
    }

    /// The bytes.
    ///
    /// ```
    /// use floe_notify::options::ByteSize;
    ///
    /// assert_eq!(ByteSize::parse("1KB").map(ByteSize::bytes), Some(1024));
    /// ```
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Reads a size; without a unit it is bytes. Fractions and sizes past 64 bits are none.
    ///
    /// ```
    /// use floe_notify::options::ByteSize;
    ///
    /// assert_eq!(ByteSize::parse("1.5g"), None);
    /// assert_eq!(ByteSize::parse("10 apples"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let power = match unit.trim() {
            "" | "b" => 0,
            "k" | "kb" => 1,
            "m" | "mb" => 2,
            "g" | "gb" => 3,
            "t" | "tb" => 4,
            "p" | "pb" => 5,
            _ => return None,
        };
        let bytes = number
            .parse::<u64>()
            .ok()?
            .checked_mul(1024_u64.checked_pow(power)?)?;
        Some(ByteSize(bytes))
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = self.0;
        let mut units = ["", "k", "m", "g", "t", "p"].iter();
        let mut unit = units.next().copied().unwrap_or_default();
        while number > 0 && number.is_multiple_of(1024) {
            let Some(next) = units.next() else { break };
            number /= 1024;
            unit = next;
        }
        write!(f, "{number}{unit}")
    }
}

/// What the files of a stream hold.
///
/// ```
/// use floe_notify::options::FileFormat;
///
/// assert_eq!(FileFormat::BinaryFile.to_string(), "binaryFile");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileFormat {
    /// `avro`.
    Avro,
    /// `binaryFile`: each file one row.
    BinaryFile,
    /// `csv`.
    Csv,
    /// `json`.
    Json,
    /// `orc`.
    Orc,
    /// `parquet`.
    Parquet,
    /// `text`.
    Text,
    /// `xml`.
    Xml,
}

/// What becomes of files that were processed.
///
/// ```
/// assert_eq!(floe_notify::options::CleanSource::Move.to_string(), "MOVE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CleanSource {
    /// `OFF`: they stay.
    Off,
    /// `DELETE`: they are deleted after the retention.
    Delete,
    /// `MOVE`: they are moved after the retention.
    Move,
}

/// Whether a directory is listed from where the last listing ended.
///
/// ```
/// assert_eq!(floe_notify::options::IncrementalListing::Auto.to_string(), "auto");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncrementalListing {
    /// `auto`: when the names of the files grow.
    Auto,
    /// `true`: always; files whose names do not grow are never found.
    Always,
    /// `false`: never.
    Never,
}

/// Hive-style columns to take from paths; no names mean none.
///
/// ```
/// use floe_notify::options::PartitionColumns;
///
/// let columns = PartitionColumns::parse("year, month");
/// assert_eq!(columns.names(), ["year", "month"]);
/// assert!(PartitionColumns::parse("").names().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionColumns(Vec<String>);

impl PartitionColumns {
    /// Reads names with commas between.
    ///
    /// ```
    /// assert_eq!(floe_notify::options::PartitionColumns::parse("day").names(), ["day"]);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        PartitionColumns(names.map(str::to_owned).collect())
    }

    /// The names, in order.
    ///
    /// ```
    /// let columns = floe_notify::options::PartitionColumns::parse("b,a");
    /// assert_eq!(columns.names(), ["b", "a"]);
    /// ```
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for PartitionColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// Enums whose variants are words.
macro_rules! words {
    ($($type:ident { $($variant:ident = $word:literal),* })*) => {$(
        impl $type {
            fn of_word(text: &str) -> Option<Self> {
                let text = text.trim();
                [$(($word, Self::$variant)),*]
                    .into_iter()
                    .find(|(word, _)| word.eq_ignore_ascii_case(text))
                    .map(|(_, value)| value)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),* })
            }
        }
    )*};
}

words! {
    FileFormat {
        Avro = "avro", BinaryFile = "binaryFile", Csv = "csv", Json = "json", Orc = "orc",
        Parquet = "parquet", Text = "text", Xml = "xml"
    }
    CleanSource { Off = "OFF", Delete = "DELETE", Move = "MOVE" }
    IncrementalListing { Auto = "auto", Always = "true", Never = "false" }
}

/// The value of any option, by the type that its key names.
macro_rules! value_types {
    ($($kind:ident($type:ty)),* $(,)?) => {
        /// The value of an option.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Value {
            $(
                #[doc = concat!("Of [`Kind::", stringify!($kind), "`].")]
                $kind($type),
            )*
        }

        $(
            impl Sealed for $type {}

            impl OptionType for $type {
                const KIND: Kind = Kind::$kind;

                fn of_value(value: &Value) -> Option<Self> {
                    match value {
                        Value::$kind(value) => Some(value.clone()),
                        _ => None,
                    }
                }

                fn into_value(self) -> Value {
                    Value::$kind(self)
                }
            }
        )*

        impl fmt::Display for Value {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Value::$kind(value) => value.fmt(f)),* }
            }
        }
    };
}

value_types! {
    Boolean(bool),
    Whole(u64),
    Bytes(ByteSize),
    Interval(Interval),
    Moment(Moment),
    Text(String),
    Secret(Secret),
    Format(FileFormat),
    Clean(CleanSource),
    Incremental(IncrementalListing),
    Rewrites(PathRewrites),
    Columns(PartitionColumns),
}

impl Value {
    /// Reads a value; the error says what is wrong, and never repeats the text.
    pub(super) fn read(kind: Kind, text: &str) -> Result<Self, String> {
        let wanted = || format!("the value is none of {kind}");
        let not = |what: &str| format!("the value is no {what}");
        match kind {
            Kind::Boolean => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(Value::Boolean(true)),
                "false" => Ok(Value::Boolean(false)),
                _ => Err("the value is neither true nor false".to_owned()),
            },
            Kind::Whole => whole(text).map(Value::Whole),
            Kind::Bytes => ByteSize::parse(text)
                .map(Value::Bytes)
                .ok_or_else(|| not("size: a whole number and b, k, m, g, t or p, such as 10g")),
            Kind::Interval => Interval::parse(text).map(Value::Interval),
            Kind::Moment => Moment::parse(text)
                .map(Value::Moment)
                .ok_or_else(|| not("time, such as 2026-01-31 00:00:00.000000 UTC+0")),
            Kind::Text => Ok(Value::Text(text.to_owned())),
            Kind::Secret => Ok(Value::Secret(Secret::new(text))),
            Kind::Format => FileFormat::of_word(text)
                .map(Value::Format)
                .ok_or_else(wanted),
            Kind::Clean => CleanSource::of_word(text)
                .map(Value::Clean)
                .ok_or_else(wanted),
            Kind::Incremental => IncrementalListing::of_word(text)
                .map(Value::Incremental)
                .ok_or_else(wanted),
            Kind::Rewrites => PathRewrites::parse(text).map(Value::Rewrites),
            Kind::Columns => Ok(Value::Columns(PartitionColumns::parse(text))),
        }
    }
}

fn whole(text: &str) -> Result<u64, String> {
    let text = text.trim();
    text.parse().map_err(|_| {
        let negative = text
            .strip_prefix('-')
            .is_some_and(|rest| rest.parse::<u64>().is_ok());
        let what = if negative {
            "is negative"
        } else {
            "is no whole number"
        };
        format!("the value {what}")
    })
}
