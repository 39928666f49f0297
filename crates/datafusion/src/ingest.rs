//! The file stream in SQL: `COPY (SELECT … FROM STREAM read_files('path', …)) TO 'directory'`.
//!
//! [`parse_stream`] reads the statement.

mod options;
mod output;
mod schema;
mod statement;
mod tokens;

pub use options::{InputFormat, ReaderOptions, Trigger};
pub use output::{Compression, OutputFormat, StreamOutput};
pub(crate) use statement::refuse_stream;
pub use statement::{StreamStatement, parse_stream};
