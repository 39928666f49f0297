//! What a stream writes, and where.

use std::fmt;

use datafusion::sql::parser::CopyToStatement;
use datafusion::sql::sqlparser::ast::Value;

use crate::error::QueryError;

/// Where the rows of a stream go: `TO 'directory' [STORED AS format] [OPTIONS (…)]`.
///
/// ```
/// use floe_datafusion::ingest::{Compression, OutputFormat, parse_stream};
///
/// let sql = "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint => '/s'))
///     TO '/out' OPTIONS (compression zstd)";
/// let output = parse_stream(sql)?.expect("a stream").output;
/// assert_eq!(output.path, "/out");
/// assert_eq!(output.format, OutputFormat::Parquet { compression: Compression::Zstd });
/// # Ok::<(), floe_datafusion::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOutput {
    /// The directory, as it is written.
    pub path: String,
    /// What is written into it.
    pub format: OutputFormat,
}

/// What files a stream writes.
///
/// ```
/// use floe_datafusion::ingest::OutputFormat;
/// assert_eq!(OutputFormat::Json.extension(), "json");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputFormat {
    /// Parquet.
    Parquet {
        /// How its pages are compressed.
        compression: Compression,
    },
    /// Separated values.
    Csv {
        /// The first row names the columns.
        header: bool,
        /// What stands between fields.
        delimiter: u8,
    },
    /// One JSON object per line.
    Json,
}

impl OutputFormat {
    /// What names of files end in.
    ///
    /// ```
    /// use floe_datafusion::ingest::OutputFormat;
    /// assert_eq!(OutputFormat::Csv { header: true, delimiter: b',' }.extension(), "csv");
    /// ```
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet { .. } => "parquet",
            Self::Csv { .. } => "csv",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet { .. } => "Parquet",
            Self::Csv { .. } => "CSV",
            Self::Json => "JSON",
        })
    }
}

/// How Parquet is compressed.
///
/// ```
/// assert_ne!(
///     floe_datafusion::ingest::Compression::Snappy,
///     floe_datafusion::ingest::Compression::Zstd,
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// Snappy: fast.
    Snappy,
    /// Zstandard: small.
    Zstd,
}

impl StreamOutput {
    pub(super) fn of(copy: &CopyToStatement) -> Result<Self, QueryError> {
        if !copy.partitioned_by.is_empty() {
            return Err(refused(
                "PARTITIONED BY is not there for streams: every batch is one file",
            ));
        }
        let path = match copy.target.strip_prefix("file://").unwrap_or(&copy.target) {
            "" => return Err(refused("TO takes the path of a directory")),
            path if path.contains("://") => {
                return Err(refused(format!(
                    "`{path}` is not on this machine; give a path of its file system"
                )));
            }
            path => path.to_owned(),
        };
        let mut format = match copy.stored_as.as_deref().map(str::to_ascii_uppercase) {
            None => by_ending(&path),
            Some(name) => by_name(&name).ok_or_else(|| {
                refused(format!(
                    "STORED AS {name} is not there; write PARQUET, CSV or JSON"
                ))
            })?,
        };
        for (name, value) in &copy.options {
            format = format.with(name, &text(value))?;
        }
        Ok(Self { path, format })
    }
}

const PARQUET: OutputFormat = OutputFormat::Parquet {
    compression: Compression::Snappy,
};
const CSV: OutputFormat = OutputFormat::Csv {
    header: true,
    delimiter: b',',
};

fn by_ending(path: &str) -> OutputFormat {
    let ending = path.trim_end_matches('/').rsplit_once('.');
    let known = ending.and_then(|(_, ending)| by_name(&ending.to_ascii_uppercase()));
    known.unwrap_or(PARQUET)
}

fn by_name(name: &str) -> Option<OutputFormat> {
    match name {
        "PARQUET" => Some(PARQUET),
        "CSV" => Some(CSV),
        "JSON" | "NDJSON" | "JSONL" => Some(OutputFormat::Json),
        _ => None,
    }
}

impl OutputFormat {
    fn with(self, name: &str, value: &str) -> Result<Self, QueryError> {
        let lower = name.to_ascii_lowercase();
        let known = lower.strip_prefix("format.").unwrap_or(&lower);
        match (self, known) {
            (Self::Parquet { .. }, "compression") => Ok(Self::Parquet {
                compression: compression(value)?,
            }),
            (Self::Csv { delimiter, .. }, "header" | "has_header") => Ok(Self::Csv {
                header: header(value)?,
                delimiter,
            }),
            (Self::Csv { header, .. }, "delimiter" | "sep") => match value.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'"') => {
                    Ok(Self::Csv {
                        header,
                        delimiter: *byte,
                    })
                }
                _ => Err(refused("delimiter is one ASCII character")),
            },
            _ => Err(refused(format!(
                "there is no option `{name}` of {self} files; Parquet has compression (snappy, \
                 zstd or none), CSV has header and delimiter"
            ))),
        }
    }
}

fn compression(value: &str) -> Result<Compression, QueryError> {
    match value.to_ascii_lowercase().as_str() {
        "snappy" => Ok(Compression::Snappy),
        "zstd" => Ok(Compression::Zstd),
        "none" | "uncompressed" => Ok(Compression::None),
        _ => Err(refused(format!(
            "compression is snappy, zstd or none, not `{value}`"
        ))),
    }
}

fn header(value: &str) -> Result<bool, QueryError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(refused(format!("header is true or false, not `{value}`"))),
    }
}

fn text(value: &Value) -> String {
    value
        .clone()
        .into_string()
        .unwrap_or_else(|| value.to_string())
}

fn refused(message: impl Into<String>) -> QueryError {
    QueryError::StreamOutput {
        message: message.into(),
    }
}
