//! What can be wrong with a batch, in the words of the one who has to fix it.

use std::fmt;

use crate::sql_type::SqlType;

/// The result of the inner readers: the error is boxed so that the good path
/// carries one pointer and not a hundred bytes.
pub(crate) type Res<T> = Result<T, Box<BatchError>>;

/// Why a batch body was refused, or could not be written.
///
/// Values of the body never appear in a message: bodies carry users' data and
/// messages end up in logs. The offset finds the value.
///
/// ```
/// use floe_batch::rows::read_response;
///
/// let error = read_response::<String>(br#"{"data":[[0,"a"],[0,"b"]]}"#, 2).unwrap_err();
/// assert_eq!(error.code(), "FLOE-BATCH-0021");
/// assert_eq!(error.place().map(|place| place.offset), Some(18));
/// assert_eq!(
///     error.to_string(),
///     "at byte 18 (row 1): row number 0 was already answered; answer every row number once",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The body is longer than one batch may be.
    #[error(
        "the body has {bytes} bytes, more than the {limit} one batch may have; \
         send fewer rows in a batch (MAX_BATCH_ROWS)"
    )]
    BodyTooLarge {
        /// Length of the body in bytes.
        bytes: usize,
        /// The most that is read, in bytes.
        limit: usize,
    },

    /// The body is not JSON.
    #[error("{place}: the body is not JSON: expected {expected}, found {found}")]
    NotJson {
        /// Where reading stopped.
        place: Place,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: Found,
    },

    /// The body goes on after its closing brace.
    #[error("{place}: the body is complete, but {found} follows; send one JSON object and no more")]
    TrailingBytes {
        /// The first byte too many.
        place: Place,
        /// What stands there.
        found: Found,
    },

    /// A string is not UTF-8.
    #[error("{place}: the string is not UTF-8; encode the body as UTF-8")]
    NotUtf8 {
        /// The first byte that is wrong.
        place: Place,
    },

    /// A string holds something that JSON does not allow in one.
    #[error("{place}: the string is not JSON: {problem}")]
    BadString {
        /// Where in the string.
        place: Place,
        /// What is wrong there.
        problem: &'static str,
    },

    /// Arrays and objects are nested too deeply.
    #[error("{place}: arrays and objects are nested more than {limit} deep; flatten the value")]
    TooDeep {
        /// The bracket that opens one level too many.
        place: Place,
        /// The deepest level allowed.
        limit: usize,
    },

    /// A number is written with too many characters.
    #[error("{place}: the number has more than {limit} characters; write it shorter")]
    NumberTooLong {
        /// The first character of the number.
        place: Place,
        /// The most characters allowed.
        limit: usize,
    },

    /// The JSON is well-formed but not shaped like a batch.
    #[error(
        "{place}: expected {expected}, found {found}; a batch is {{\"data\":[[0,value],[1,value]]}}"
    )]
    WrongShape {
        /// Where the wrong value begins.
        place: Place,
        /// What belongs there.
        expected: &'static str,
        /// What kind of value stands there.
        found: JsonKind,
    },

    /// The top-level object has no key `data`.
    #[error("{place}: the object has no key \"data\"; answer {{\"data\":[[0,value],[1,value]]}}")]
    DataMissing {
        /// The end of the object.
        place: Place,
    },

    /// The top-level object has the key `data` more than once.
    #[error("{place}: the key \"data\" appears twice; write all rows into one array")]
    DataDuplicated {
        /// The second key.
        place: Place,
    },

    /// A row number never comes.
    #[error(
        "{place}: row number {row} is missing; answer every row number from 0 once and in order"
    )]
    RowMissing {
        /// Where the row belongs.
        place: Place,
        /// The number that is missing.
        row: u64,
    },

    /// A row number comes a second time.
    #[error("{place}: row number {row} was already answered; answer every row number once")]
    RowDuplicated {
        /// The second one.
        place: Place,
        /// The number that comes twice.
        row: u64,
    },

    /// The rows are not in the order of their numbers.
    #[error(
        "{place}: row number {found} comes before row number {expected}; \
         answer the rows in the order they were sent"
    )]
    RowOutOfOrder {
        /// The row number that comes too early.
        place: Place,
        /// The number that belongs there.
        expected: u64,
        /// The number that stands there.
        found: u64,
    },

    /// A row number is beyond the rows that were sent.
    #[error("{place}: row number {found} was never sent; the batch has the rows 0 to {last}")]
    RowOutOfRange {
        /// The row number.
        place: Place,
        /// The number that stands there.
        found: u64,
        /// The last number that was sent.
        last: u64,
    },

    /// There are more rows than were sent.
    #[error("{place}: the batch has {rows} rows, but another one follows; answer each row once")]
    TooManyRows {
        /// The first row too many.
        place: Place,
        /// How many rows were sent.
        rows: u64,
    },

    /// The first element of a row is not a row number.
    #[error(
        "{place}: expected a row number (a whole number from 0, without fraction or exponent), \
         found {found}; put the number of the row first, as it was sent"
    )]
    NotARowNumber {
        /// The element.
        place: Place,
        /// What it is instead.
        found: &'static str,
    },

    /// A row has too few or too many elements.
    #[error("{place}: the row has {found} elements, expected {expected} (the row number counts)")]
    WrongArity {
        /// Where the row ends, or its first element too many.
        place: Place,
        /// How many elements the row must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },

    /// A value is of another JSON type than the declared SQL type needs.
    #[error("{place}: {expected} takes {}, found {found}", expected.takes())]
    WrongType {
        /// The value.
        place: Place,
        /// The declared type.
        expected: SqlType,
        /// What the value is.
        found: JsonKind,
    },

    /// A number is too large for the declared type.
    #[error("{place}: the number does not fit {expected}; declare a wider type or send less")]
    NumberOutOfRange {
        /// The number.
        place: Place,
        /// The declared type.
        expected: SqlType,
    },

    /// A number has more fractional digits than the declared type keeps.
    #[error(
        "{place}: the number has more fractional digits than {expected} keeps; \
         round it in the service or declare a larger scale"
    )]
    NumberNotExact {
        /// The number.
        place: Place,
        /// The declared type.
        expected: SqlType,
    },

    /// A string is not a date.
    #[error(
        "{place}: the string is not a date; write YYYY-MM-DD (or DD-MON-YYYY, MM/DD/YYYY), years \
         0001 to 9999"
    )]
    NotADate {
        /// The string.
        place: Place,
    },

    /// A string is not a time or timestamp.
    #[error("{place}: the string is not a {}; write {}", expected.name(), expected.takes())]
    NotATime {
        /// The string.
        place: Place,
        /// The declared type.
        expected: SqlType,
    },

    /// The seconds of a time have more digits than the declared type keeps.
    #[error(
        "{place}: the seconds have more digits behind the point than {expected} keeps; \
         round them in the service or declare more digits"
    )]
    TimeNotExact {
        /// The string.
        place: Place,
        /// The declared type.
        expected: SqlType,
    },

    /// A timestamp is too far from 1970 to be counted in the unit of the declared type.
    #[error(
        "{place}: the timestamp does not fit {expected}, which counts nanoseconds from 1677 to \
         2262; declare six digits, {}(6)", expected.name()
    )]
    TimeOutOfRange {
        /// The string.
        place: Place,
        /// The declared type.
        expected: SqlType,
    },

    /// A string is not written in hexadecimal digits.
    #[error("{place}: the string is not BINARY; write two hexadecimal digits for each byte")]
    NotBinary {
        /// The string.
        place: Place,
    },

    /// A BINARY has more bytes than the declared type allows.
    #[error("{place}: the value has {found} bytes, more than {expected} allows")]
    BinaryTooLong {
        /// The string.
        place: Place,
        /// The declared type.
        expected: SqlType,
        /// Bytes found.
        found: usize,
    },

    /// A string has more characters than the declared type allows.
    #[error("{place}: the string has {found} characters, {expected} allows {limit}")]
    TextTooLong {
        /// The string.
        place: Place,
        /// The declared type.
        expected: SqlType,
        /// Characters allowed.
        limit: u32,
        /// Characters found.
        found: usize,
    },

    /// A value does not fit the Rust type it is read into.
    #[error("{place}: {message}")]
    ValueRefused {
        /// The value that was refused.
        place: Place,
        /// What the Rust type says about it.
        message: String,
    },

    /// An Arrow column has a type that the format cannot carry.
    #[error(
        "column {column} is {data_type}, which cannot be sent; \
         cast it to VARCHAR, NUMBER, FLOAT, BOOLEAN, DATE, TIME, TIMESTAMP or BINARY"
    )]
    ColumnNotSupported {
        /// Index of the column, from 0.
        column: usize,
        /// Its Arrow type.
        data_type: String,
    },

    /// An Arrow column cannot hold values of the declared type.
    #[error("column {column} is {data_type}, declared is {expected}; cast it")]
    ColumnNotOfType {
        /// Index of the column, from 0.
        column: usize,
        /// Its Arrow type.
        data_type: String,
        /// The declared type.
        expected: SqlType,
    },

    /// There are more or fewer columns than declared types.
    #[error("{columns} columns for {types} declared types; give one column for each type")]
    ColumnsMissing {
        /// How many columns there are.
        columns: usize,
        /// How many types are declared.
        types: usize,
    },

    /// The rows asked for are not in a column.
    #[error("column {column} has {len} rows; rows {start} to {end} cannot be taken from it")]
    RowsOutOfBounds {
        /// Index of the column, from 0.
        column: usize,
        /// Its length in rows.
        len: usize,
        /// First row asked for.
        start: usize,
        /// One past the last row asked for.
        end: usize,
    },

    /// A date lies outside the years that the format can write.
    #[error("row {row}: the date {days} days from 1970-01-01 is not in the years 0001 to 9999")]
    DateOutOfRange {
        /// Row number in the batch.
        row: u64,
        /// Days since 1970-01-01.
        days: i32,
    },

    /// A time or timestamp lies outside of what the format can write.
    #[error(
        "row {row}: the time is not one of a day, or the timestamp not in the years 0001 to 9999 \
         or more than 14 hours from UTC"
    )]
    TimeNotWritable {
        /// Row number in the batch.
        row: u64,
    },

    /// A text that is declared as JSON is none.
    #[error(
        "row {row}: the text of column {column} is not the {expected} it is declared as; \
         make it with PARSE_JSON or declare VARCHAR"
    )]
    JsonNotWritable {
        /// Row number in the batch.
        row: u64,
        /// Index of the column, from 0.
        column: usize,
        /// The declared type.
        expected: SqlType,
    },

    /// A Rust value cannot be written as JSON.
    #[error("row {row}: the value cannot be written: {message}")]
    ValueNotWritable {
        /// Row number in the batch.
        row: u64,
        /// What the value's `Serialize` says.
        message: String,
    },
}

impl BatchError {
    /// Returns the stable code, which names the page in `docs/errors/`.
    ///
    /// ```
    /// use floe_batch::rows::read_request;
    ///
    /// let error = read_request::<(String,)>(b"[]").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-BATCH-0017");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::BodyTooLarge { .. } => "FLOE-BATCH-0010",
            Self::NotJson { .. } => "FLOE-BATCH-0011",
            Self::TrailingBytes { .. } => "FLOE-BATCH-0012",
            Self::NotUtf8 { .. } => "FLOE-BATCH-0013",
            Self::BadString { .. } => "FLOE-BATCH-0014",
            Self::TooDeep { .. } => "FLOE-BATCH-0015",
            Self::NumberTooLong { .. } => "FLOE-BATCH-0016",
            Self::WrongShape { .. } => "FLOE-BATCH-0017",
            Self::DataMissing { .. } => "FLOE-BATCH-0018",
            Self::DataDuplicated { .. } => "FLOE-BATCH-0019",
            Self::RowMissing { .. } => "FLOE-BATCH-0020",
            Self::RowDuplicated { .. } => "FLOE-BATCH-0021",
            Self::RowOutOfOrder { .. } => "FLOE-BATCH-0022",
            Self::RowOutOfRange { .. } => "FLOE-BATCH-0023",
            Self::TooManyRows { .. } => "FLOE-BATCH-0024",
            Self::NotARowNumber { .. } => "FLOE-BATCH-0025",
            Self::WrongArity { .. } => "FLOE-BATCH-0026",
            Self::WrongType { .. } => "FLOE-BATCH-0030",
            Self::NumberOutOfRange { .. } => "FLOE-BATCH-0031",
            Self::NumberNotExact { .. } => "FLOE-BATCH-0032",
            Self::NotADate { .. } => "FLOE-BATCH-0033",
            Self::TextTooLong { .. } => "FLOE-BATCH-0034",
            Self::ValueRefused { .. } => "FLOE-BATCH-0035",
            Self::NotATime { .. } => "FLOE-BATCH-0036",
            Self::TimeNotExact { .. } => "FLOE-BATCH-0037",
            Self::TimeOutOfRange { .. } => "FLOE-BATCH-0038",
            Self::NotBinary { .. } => "FLOE-BATCH-0039",
            Self::BinaryTooLong { .. } => "FLOE-BATCH-0029",
            Self::ColumnNotSupported { .. } => "FLOE-BATCH-0040",
            Self::RowsOutOfBounds { .. } => "FLOE-BATCH-0041",
            Self::DateOutOfRange { .. } => "FLOE-BATCH-0042",
            Self::ValueNotWritable { .. } => "FLOE-BATCH-0043",
            Self::ColumnNotOfType { .. } => "FLOE-BATCH-0044",
            Self::ColumnsMissing { .. } => "FLOE-BATCH-0045",
            Self::TimeNotWritable { .. } => "FLOE-BATCH-0046",
            Self::JsonNotWritable { .. } => "FLOE-BATCH-0047",
        }
    }

    /// Returns where in the body the error lies; `None` for errors of writing
    /// and for a body that was refused as a whole.
    ///
    /// ```
    /// use floe_batch::rows::read_request;
    ///
    /// let error = read_request::<(String,)>(br#"{"data":[[0,"a"],[1,7]]}"#).unwrap_err();
    /// let place = error.place().unwrap();
    /// assert_eq!((place.offset, place.row), (20, Some(1)));
    /// ```
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::NotJson { place, .. }
            | Self::TrailingBytes { place, .. }
            | Self::NotUtf8 { place }
            | Self::BadString { place, .. }
            | Self::TooDeep { place, .. }
            | Self::NumberTooLong { place, .. }
            | Self::WrongShape { place, .. }
            | Self::DataMissing { place }
            | Self::DataDuplicated { place }
            | Self::RowMissing { place, .. }
            | Self::RowDuplicated { place, .. }
            | Self::RowOutOfOrder { place, .. }
            | Self::RowOutOfRange { place, .. }
            | Self::TooManyRows { place, .. }
            | Self::NotARowNumber { place, .. }
            | Self::WrongArity { place, .. }
            | Self::WrongType { place, .. }
            | Self::NumberOutOfRange { place, .. }
            | Self::NumberNotExact { place, .. }
            | Self::NotADate { place }
            | Self::NotATime { place, .. }
            | Self::TimeNotExact { place, .. }
            | Self::TimeOutOfRange { place, .. }
            | Self::NotBinary { place }
            | Self::BinaryTooLong { place, .. }
            | Self::TextTooLong { place, .. }
            | Self::ValueRefused { place, .. } => Some(*place),
            Self::BodyTooLarge { .. }
            | Self::ColumnNotSupported { .. }
            | Self::RowsOutOfBounds { .. }
            | Self::ColumnNotOfType { .. }
            | Self::ColumnsMissing { .. }
            | Self::DateOutOfRange { .. }
            | Self::TimeNotWritable { .. }
            | Self::JsonNotWritable { .. }
            | Self::ValueNotWritable { .. } => None,
        }
    }
}

/// A place in a batch body.
///
/// ```
/// use floe_batch::Place;
///
/// assert_eq!(Place { offset: 17, row: Some(3) }.to_string(), "at byte 17 (row 3)");
/// assert_eq!(Place { offset: 0, row: None }.to_string(), "at byte 0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Bytes from the start of the body.
    pub offset: usize,
    /// Rows before this one in the body; `None` outside of the rows.
    pub row: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}", self.offset)?;
        match self.row {
            Some(row) => write!(f, " (row {row})"),
            None => Ok(()),
        }
    }
}

/// What stands at a place where JSON does not allow it.
///
/// ```
/// use floe_batch::Found;
///
/// assert_eq!(Found::Byte(b']').to_string(), "`]`");
/// assert_eq!(Found::Byte(0xff).to_string(), "the byte 0xff");
/// assert_eq!(Found::End.to_string(), "the end of the body");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// This byte.
    Byte(u8),
    /// Nothing: the body ends there.
    End,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) if byte.is_ascii_graphic() => write!(f, "`{}`", char::from(*byte)),
            Self::Byte(byte) => write!(f, "the byte 0x{byte:02x}"),
            Self::End => f.write_str("the end of the body"),
        }
    }
}

/// The six kinds of JSON values.
///
/// ```
/// assert_eq!(floe_batch::JsonKind::Object.to_string(), "an object");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

impl JsonKind {
    /// Returns the words that messages use.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl fmt::Display for JsonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
