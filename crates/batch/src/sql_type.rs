//! The SQL types that a batch can carry.

use std::fmt;
use std::str::FromStr;

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
    /// `DATE`: a JSON string `YYYY-MM-DD`.
    Date,
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
            "VARCHAR" | "STRING" | "TEXT" | "NVARCHAR" | "NVARCHAR2" | "CHAR VARYING"
            | "NCHAR VARYING" => text_type(text, &parameters, TextLength::UNLIMITED),
            "CHAR" | "CHARACTER" | "NCHAR" => text_type(text, &parameters, TextLength::ONE),
            "BOOLEAN" => none(Self::Boolean),
            "FLOAT" | "FLOAT4" | "FLOAT8" | "DOUBLE" | "DOUBLE PRECISION" | "REAL" => {
                none(Self::Float)
            }
            "NUMBER" | "DECIMAL" | "DEC" | "NUMERIC" => number_type(text, &parameters),
            "INT" | "INTEGER" | "BIGINT" | "SMALLINT" | "TINYINT" | "BYTEINT" => {
                none(Self::Number(NumberType::INTEGER))
            }
            "DATE" => none(Self::Date),
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
        }
    }

    /// Returns the Arrow type of a column of this SQL type.
    ///
    /// ```
    /// use floe_batch::{SqlType, arrow::datatypes::DataType};
    ///
    /// assert_eq!(SqlType::parse("NUMBER(10,2)")?.arrow_type(), DataType::Decimal128(10, 2));
    /// assert_eq!(SqlType::parse("TEXT")?.arrow_type(), DataType::Utf8);
    /// assert_eq!(SqlType::Date.arrow_type(), DataType::Date32);
    /// # Ok::<(), floe_batch::TypeError>(())
    /// ```
    #[cfg(feature = "arrow")]
    pub fn arrow_type(&self) -> arrow::datatypes::DataType {
        use arrow::datatypes::DataType;
        match self {
            Self::Varchar(_) => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Float => DataType::Float64,
            Self::Number(number) => number.arrow_type(),
            Self::Date => DataType::Date32,
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
            Self::Boolean | Self::Float | Self::Date => f.write_str(self.name()),
        }
    }
}

impl FromStr for SqlType {
    type Err = TypeError;

    fn from_str(text: &str) -> Result<Self, TypeError> {
        Self::parse(text)
    }
}

/// Precision and scale of a `NUMBER`.
///
/// ```
/// use floe_batch::NumberType;
///
/// let price = NumberType::new(10, 2)?;
/// assert_eq!((price.precision(), price.scale()), (10, 2));
/// assert!(NumberType::new(2, 3).is_err());
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberType {
    precision: u8,
    scale: u8,
}

impl NumberType {
    /// The most decimal digits a `NUMBER` can have.
    pub const MAX_PRECISION: u8 = 38;

    /// The most digits behind the point; the scale 38 of other systems is not
    /// declarable in the dialect.
    pub const MAX_SCALE: u8 = 37;

    /// `NUMBER(38,0)`, which the integer types stand for.
    pub const INTEGER: Self = Self {
        precision: 38,
        scale: 0,
    };

    /// Makes a `NUMBER(precision, scale)`.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] unless the precision is 1 to 38 and the
    /// scale 0 to 37 and not above the precision.
    ///
    /// ```
    /// assert!(floe_batch::NumberType::new(38, 37).is_ok());
    /// assert!(floe_batch::NumberType::new(0, 0).is_err());
    /// ```
    pub fn new(precision: u8, scale: u8) -> Result<Self, TypeError> {
        let text = || format!("NUMBER({precision},{scale})");
        if precision == 0 || precision > Self::MAX_PRECISION {
            return Err(bad_parameters(&text(), "the precision is 1 to 38"));
        }
        if scale > Self::MAX_SCALE || scale > precision {
            let problem = "the scale is 0 to 37 and at most the precision";
            return Err(bad_parameters(&text(), problem));
        }
        Ok(Self { precision, scale })
    }

    /// Returns how many decimal digits there are in all.
    ///
    /// ```
    /// assert_eq!(floe_batch::NumberType::INTEGER.precision(), 38);
    /// ```
    pub fn precision(self) -> u8 {
        self.precision
    }

    /// Returns how many of the digits are behind the point.
    ///
    /// ```
    /// assert_eq!(floe_batch::NumberType::INTEGER.scale(), 0);
    /// ```
    pub fn scale(self) -> u8 {
        self.scale
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn arrow_type(self) -> arrow::datatypes::DataType {
        // The scale is at most 37, so it always fits.
        let scale = i8::try_from(self.scale).unwrap_or(i8::MAX);
        arrow::datatypes::DataType::Decimal128(self.precision, scale)
    }
}

/// Longest text of a `VARCHAR`, in characters.
///
/// ```
/// use floe_batch::TextLength;
///
/// assert_eq!(TextLength::new(16)?.max_chars(), Some(16));
/// assert_eq!(TextLength::UNLIMITED.max_chars(), None);
/// assert!(TextLength::new(0).is_err());
/// # Ok::<(), floe_batch::TypeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextLength(Option<u32>);

impl TextLength {
    /// No limit was declared.
    pub const UNLIMITED: Self = Self(None);

    /// One character, which `CHAR` without a length stands for.
    pub const ONE: Self = Self(Some(1));

    /// The most characters that can be declared.
    pub const MAX: u32 = 134_217_728;

    /// Makes a length of `max_chars` characters.
    ///
    /// # Errors
    ///
    /// [`TypeError::BadParameters`] unless it is 1 to [`TextLength::MAX`].
    ///
    /// ```
    /// assert!(floe_batch::TextLength::new(134_217_728).is_ok());
    /// ```
    pub fn new(max_chars: u32) -> Result<Self, TypeError> {
        if max_chars == 0 || max_chars > Self::MAX {
            let text = format!("VARCHAR({max_chars})");
            return Err(bad_parameters(
                &text,
                "the length is 1 to 134217728 characters",
            ));
        }
        Ok(Self(Some(max_chars)))
    }

    /// Returns the most characters a text may have; `None` without a limit.
    ///
    /// ```
    /// assert_eq!(floe_batch::TextLength::ONE.max_chars(), Some(1));
    /// ```
    pub fn max_chars(self) -> Option<u32> {
        self.0
    }
}

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
         use VARCHAR, BOOLEAN, FLOAT, NUMBER or DATE"
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
    /// let error = floe_batch::SqlType::parse("VARIANT").unwrap_err();
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
/// spaces.
fn split(text: &str) -> Result<(String, Vec<u32>), TypeError> {
    let trimmed = text.trim();
    let (name, parameters) = match trimmed.split_once('(') {
        None => (trimmed, Vec::new()),
        Some((name, rest)) => {
            let Some(inner) = rest.strip_suffix(')') else {
                return Err(bad_parameters(text, "the closing parenthesis is missing"));
            };
            let numbers = inner.split(',').map(|number| number.trim().parse::<u32>());
            match numbers.collect::<Result<Vec<_>, _>>() {
                Ok(numbers) => (name, numbers),
                Err(_) => return Err(bad_parameters(text, "parameters are whole numbers")),
            }
        }
    };
    let words = name.split_whitespace().map(str::to_ascii_uppercase);
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
