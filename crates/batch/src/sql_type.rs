//! The SQL types that a batch can carry.

mod parameters;

use std::fmt;
use std::str::FromStr;

pub use parameters::{BinaryLength, FractionDigits, NumberType, TextLength};

/// Declared type of an argument or of the result of a service function.
///
/// ```
/// use floe_batch::SqlType;
///
/// assert_eq!(SqlType::parse("decimal(10, 2)")?.to_string(), "NUMBER(10,2)");
/// assert_eq!(SqlType::parse("int")?, SqlType::parse("NUMBER(38,0)")?);
/// assert_eq!(SqlType::parse("double precision")?, SqlType::Float);
/// assert_eq!(SqlType::parse("GEOGRAPHY").unwrap_err().code(), "FLOE-BATCH-0001");
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlType {
    /// `VARCHAR`, `STRING`, `TEXT`, `CHAR`: a JSON string.
    Varchar(TextLength),
    /// `BOOLEAN`: `true` or `false`.
    Boolean,
    /// `FLOAT`, `DOUBLE`, `REAL`: a JSON number as an IEEE 754 double, or one
    /// of the strings `"NaN"`, `"inf"`, `"-inf"`.
    Float,
    /// `NUMBER`, `DECIMAL`, `NUMERIC` and the integer types: a JSON number,
    /// exact.
    Number(NumberType),
    /// `DATE`: a JSON string `YYYY-MM-DD`; read are `DD-MON-YYYY` and `MM/DD/YYYY` as well.
    Date,
    /// `TIME`: a JSON string `HH24:MI:SS.FF`; read are `HH24:MI` and hours with AM or PM as well.
    Time(FractionDigits),
    /// `TIMESTAMP_NTZ`, `TIMESTAMP`, `DATETIME`: a JSON string `YYYY-MM-DD HH24:MI:SS.FF`, what a
    /// clock on the wall shows.
    TimestampNtz(FractionDigits),
    /// `TIMESTAMP_LTZ`: a moment, as a JSON string with an offset from UTC.
    TimestampLtz(FractionDigits),
    /// `TIMESTAMP_TZ`: a moment and the offset from UTC it was given with, as a JSON string.
    TimestampTz(FractionDigits),
    /// `BINARY`, `VARBINARY`: a JSON string of hexadecimal digits.
    Binary(BinaryLength),
    /// `VARIANT`: any JSON value, kept as it is written.
    Variant,
    /// `OBJECT`: a JSON object, kept as it is written.
    Object,
    /// `ARRAY`: a JSON array, kept as it is written.
    Array,
}

impl SqlType {
    /// Reads a type as SQL writes it; case and white space do not matter.
    ///
    /// # Errors
    ///
    /// [`TypeError`] for types that a batch cannot carry and for parameters
    /// that the type does not take.
    ///
    /// ```
    /// use floe_batch::SqlType;
    ///
    /// assert_eq!(SqlType::parse("varchar ( 16 )")?.to_string(), "VARCHAR(16)");
    /// assert_eq!(SqlType::parse("NUMBER(39,0)").unwrap_err().code(), "FLOE-BATCH-0002");
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, TypeError> {
        let (name, parameters) = split(text)?;
        let none = |ty: Self| match parameters.as_slice() {
            [] => Ok(ty),
            _ => Err(bad_parameters(text, "the type takes no parameters")),
        };
        match name.as_str() {
            "VARCHAR"
            | "STRING"
            | "TEXT"
            | "NVARCHAR"
            | "NVARCHAR2"
            | "CHAR VARYING"
            | "CHARACTER VARYING"
            | "NCHAR VARYING"
            | "NATIONAL CHAR VARYING"
            | "NATIONAL CHARACTER VARYING" => text_type(text, &parameters, TextLength::UNLIMITED),
            "CHAR" | "CHARACTER" | "NCHAR" | "NATIONAL CHAR" | "NATIONAL CHARACTER" => {
                text_type(text, &parameters, TextLength::ONE)
            }
            "BOOLEAN" => none(Self::Boolean),
            "FLOAT" | "FLOAT4" | "FLOAT8" | "DOUBLE" | "DOUBLE PRECISION" | "REAL" => {
                none(Self::Float)
            }
            "NUMBER" | "DECIMAL" | "DEC" | "NUMERIC" => number_type(text, &parameters),
            "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT" => {
                none(Self::Number(NumberType::INTEGER))
            }
            "DATE" => none(Self::Date),
            "TIME" => fraction_digits(text, &parameters).map(Self::Time),
            "TIMESTAMP"
            | "DATETIME"
            | "TIMESTAMP_NTZ"
            | "TIMESTAMPNTZ"
            | "TIMESTAMP WITHOUT TIME ZONE" => {
                fraction_digits(text, &parameters).map(Self::TimestampNtz)
            }
            "TIMESTAMP_LTZ" | "TIMESTAMPLTZ" | "TIMESTAMP WITH LOCAL TIME ZONE" => {
                fraction_digits(text, &parameters).map(Self::TimestampLtz)
            }
            "TIMESTAMP_TZ" | "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => {
                fraction_digits(text, &parameters).map(Self::TimestampTz)
            }
            "BINARY" | "VARBINARY" => binary_type(text, &parameters),
            "VARIANT" => none(Self::Variant),
            "OBJECT" => none(Self::Object),
            "ARRAY" => none(Self::Array),
            _ => Err(TypeError::NotSupported { name }),
        }
    }

    /// Returns the name of the type without parameters, as the header
    /// `sf-external-function-signature` writes it.
    ///
    /// ```
    /// use floe_batch::SqlType;
    ///
    /// assert_eq!(SqlType::parse("NUMBER(10,2)")?.name(), "NUMBER");
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    pub fn name(&self) -> &'static str {
        match self {
            Self::Varchar(_) => "VARCHAR",
            Self::Boolean => "BOOLEAN",
            Self::Float => "FLOAT",
            Self::Number(_) => "NUMBER",
            Self::Date => "DATE",
            Self::Time(_) => "TIME",
            Self::TimestampNtz(_) => "TIMESTAMP_NTZ",
            Self::TimestampLtz(_) => "TIMESTAMP_LTZ",
            Self::TimestampTz(_) => "TIMESTAMP_TZ",
            Self::Binary(_) => "BINARY",
            Self::Variant => "VARIANT",
            Self::Object => "OBJECT",
            Self::Array => "ARRAY",
        }
    }

    /// Returns the Arrow type of a column of this SQL type.
    ///
    /// Times are `Time64(ns)`. Timestamps count in the coarsest unit that has the declared digits:
    /// seconds for none, milli-, micro- or nanoseconds for up to three, six or nine; so that
    /// nanoseconds only reach from 1677 to 2262, and the others over all years. `TIMESTAMP_LTZ` has
    /// the time zone `+00:00`. `TIMESTAMP_TZ` is a struct of such a timestamp and the offset in
    /// minutes, as the canonical extension type `arrow.timestamp_with_offset` stores it. `VARIANT`,
    /// `OBJECT` and `ARRAY` are the text of the JSON value.
    ///
    /// ```
    /// use floe_batch::{SqlType, arrow::datatypes::DataType};
    ///
    /// assert_eq!(SqlType::parse("NUMBER(10,2)")?.arrow_type(), DataType::Decimal128(10, 2));
    /// assert_eq!(SqlType::parse("TEXT")?.arrow_type(), DataType::Utf8);
    /// assert_eq!(SqlType::Date.arrow_type(), DataType::Date32);
    /// assert_eq!(SqlType::Variant.arrow_type(), DataType::Utf8);
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    #[cfg(feature = "arrow")]
    pub fn arrow_type(&self) -> arrow::datatypes::DataType {
        use arrow::datatypes::{DataType, Field, TimeUnit};
        let moment = |digits: FractionDigits| DataType::Timestamp(digits.unit(), Some(UTC.into()));
        match self {
            Self::Varchar(_) => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Float => DataType::Float64,
            Self::Number(number) => number.arrow_type(),
            Self::Date => DataType::Date32,
            Self::Time(_) => DataType::Time64(TimeUnit::Nanosecond),
            Self::TimestampNtz(digits) => DataType::Timestamp(digits.unit(), None),
            Self::TimestampLtz(digits) => moment(*digits),
            Self::TimestampTz(digits) => DataType::Struct(
                vec![
                    Field::new("timestamp", moment(*digits), false),
                    Field::new("offset_minutes", DataType::Int16, false),
                ]
                .into(),
            ),
            Self::Binary(_) => DataType::Binary,
            Self::Variant | Self::Object | Self::Array => DataType::Utf8,
        }
    }

    /// Says which JSON value the type takes, for messages.
    pub(crate) fn takes(&self) -> &'static str {
        match self {
            Self::Varchar(_) => "a string or null",
            Self::Boolean => "true, false or null",
            Self::Float => "a number, null, or one of the strings \"NaN\", \"inf\", \"-inf\"",
            Self::Number(_) => "a number or null",
            Self::Date => "a string YYYY-MM-DD or null",
            Self::Time(_) => "a string HH24:MI:SS or null",
            Self::TimestampNtz(_) => "a string YYYY-MM-DD HH24:MI:SS or null",
            Self::TimestampLtz(_) | Self::TimestampTz(_) => {
                "a string YYYY-MM-DD HH24:MI:SS +HHMM or null"
            }
            Self::Binary(_) => "a string of hexadecimal digits or null",
            Self::Variant => "any JSON value",
            Self::Object => "an object or null",
            Self::Array => "an array or null",
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Varchar(length) => match length.max_chars() {
                None => f.write_str("VARCHAR"),
                Some(max) => write!(f, "VARCHAR({max})"),
            },
            Self::Number(number) => {
                write!(f, "NUMBER({},{})", number.precision(), number.scale())
            }
            Self::Time(digits)
            | Self::TimestampNtz(digits)
            | Self::TimestampLtz(digits)
            | Self::TimestampTz(digits) => write!(f, "{}({})", self.name(), digits.get()),
            Self::Binary(length) => match length.max_bytes() {
                None => f.write_str("BINARY"),
                Some(max) => write!(f, "BINARY({max})"),
            },
            Self::Boolean
            | Self::Float
            | Self::Date
            | Self::Variant
            | Self::Object
            | Self::Array => f.write_str(self.name()),
        }
    }
}

impl FromStr for SqlType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        Self::parse(text)
    }
}

/// The time zone of a column of moments.
#[cfg(feature = "arrow")]
pub(crate) const UTC: &str = "+00:00";

/// Why a type cannot be used in a service function.
///
/// ```
/// use floe_batch::SqlType;
///
/// let error = SqlType::parse("NUMBER(10,2,1)").unwrap_err();
/// assert_eq!(error.code(), "FLOE-BATCH-0002");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypeError {
    /// A batch cannot carry the type.
    #[error(
        "the type {name} cannot be sent to a service function; \
         use VARCHAR, NUMBER, FLOAT, BOOLEAN, DATE, TIME, a TIMESTAMP, BINARY, VARIANT, \
         OBJECT or ARRAY"
    )]
    NotSupported {
        /// The type's name as written, in upper case.
        name: String,
    },

    /// The type does not take these parameters.
    #[error("{text} is not a type: {problem}")]
    BadParameters {
        /// The type as written.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl TypeError {
    /// Returns the stable code, which names the page in `docs/errors/`.
    ///
    /// ```
    /// let error = floe_batch::SqlType::parse("GEOGRAPHY").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-BATCH-0001");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSupported { .. } => "FLOE-BATCH-0001",
            Self::BadParameters { .. } => "FLOE-BATCH-0002",
        }
    }
}

/// Takes `name (a, b)` apart; the name comes back in upper case with single
/// spaces. Words behind the parentheses belong to it: `TIMESTAMP(3) WITH TIME ZONE`.
fn split(text: &str) -> Result<(String, Vec<u32>), TypeError> {
    let trimmed = text.trim();
    let (name, rest, parameters) = match trimmed.split_once('(') {
        None => (trimmed, "", Vec::new()),
        Some((name, rest)) => {
            let Some((inner, rest)) = rest.split_once(')') else {
                return Err(bad_parameters(text, "the closing parenthesis is missing"));
            };
            if !rest.trim().is_empty() && !name.trim().eq_ignore_ascii_case("TIMESTAMP") {
                return Err(bad_parameters(text, "nothing follows the parentheses"));
            }
            let numbers = inner.split(',').map(|number| number.trim().parse::<u32>());
            match numbers.collect::<Result<Vec<_>, _>>() {
                Ok(numbers) => (name, rest, numbers),
                Err(_) => return Err(bad_parameters(text, "parameters are whole numbers")),
            }
        }
    };
    let words = name.split_whitespace().chain(rest.split_whitespace());
    let words = words.map(str::to_ascii_uppercase);
    Ok((words.collect::<Vec<_>>().join(" "), parameters))
}

fn text_type(text: &str, parameters: &[u32], default: TextLength) -> Result<SqlType, TypeError> {
    match parameters {
        [] => Ok(SqlType::Varchar(default)),
        [max] => TextLength::new(*max).map(SqlType::Varchar),
        _ => Err(bad_parameters(
            text,
            "the type takes one parameter, its length",
        )),
    }
}

fn binary_type(text: &str, parameters: &[u32]) -> Result<SqlType, TypeError> {
    match parameters {
        [] => Ok(SqlType::Binary(BinaryLength::UNLIMITED)),
        [max] => BinaryLength::new(*max).map(SqlType::Binary),
        _ => Err(bad_parameters(
            text,
            "the type takes one parameter, its length",
        )),
    }
}

fn fraction_digits(text: &str, parameters: &[u32]) -> Result<FractionDigits, TypeError> {
    const PROBLEM: &str = "the type takes one parameter, 0 to 9 digits of its seconds";
    let digits = match parameters {
        [] => return Ok(FractionDigits::NINE),
        [digits] => u8::try_from(*digits).ok(),
        _ => None,
    };
    digits
        .and_then(|digits| FractionDigits::new(digits).ok())
        .ok_or_else(|| bad_parameters(text, PROBLEM))
}

fn number_type(text: &str, parameters: &[u32]) -> Result<SqlType, TypeError> {
    let (precision, scale) = match parameters {
        [] => (u32::from(NumberType::MAX_PRECISION), 0),
        [precision] => (*precision, 0),
        [precision, scale] => (*precision, *scale),
        _ => {
            return Err(bad_parameters(
                text,
                "the type takes a precision and a scale",
            ));
        }
    };
    let byte = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    match NumberType::new(byte(precision), byte(scale)) {
        Ok(number) => Ok(SqlType::Number(number)),
        Err(TypeError::BadParameters { problem, .. }) => Err(bad_parameters(text, problem)),
        Err(error @ TypeError::NotSupported { .. }) => Err(error),
    }
}

fn bad_parameters(text: &str, problem: &'static str) -> TypeError {
    TypeError::BadParameters {
        text: text.trim().to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_of_the_original_is_read() {
        for (written, ty) in [
            ("character varying(7)", "VARCHAR(7)"),
            ("NATIONAL CHAR VARYING", "VARCHAR"),
            ("NATIONAL CHARACTER VARYING(3)", "VARCHAR(3)"),
            ("NATIONAL CHAR", "VARCHAR(1)"),
            ("NATIONAL CHARACTER(9)", "VARCHAR(9)"),
            ("TIMESTAMP(3) WITH TIME ZONE", "TIMESTAMP_TZ(3)"),
            ("TIMESTAMP WITH LOCAL TIME ZONE(6)", "TIMESTAMP_LTZ(6)"),
            ("timestamp ( 0 ) without time zone", "TIMESTAMP_NTZ(0)"),
        ] {
            assert_eq!(
                SqlType::parse(written).unwrap().to_string(),
                ty,
                "{written}"
            );
        }
    }

    #[test]
    fn what_follows_parentheses_is_refused_elsewhere() {
        for written in [
            "CHAR(3) VARYING",
            "VARCHAR(3)(4)",
            "VARCHAR(3",
            "NUMBER(3) x",
        ] {
            let error = SqlType::parse(written).unwrap_err();
            assert_eq!(error.code(), "FLOE-BATCH-0002", "{written}");
        }
    }
}
