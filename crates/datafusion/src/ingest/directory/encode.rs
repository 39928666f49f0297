//! Rows as the bytes of a file, with a bounded part of them in memory.

use std::io::{self, Write};

use datafusion::arrow::csv;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;

use super::super::error::cause;
use super::super::output::{Compression, OutputFormat};

/// The most bytes of a row group of Parquet, which is as much as is kept in memory.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// The most rows of a row group of Parquet.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// Why rows were not written.
#[derive(Debug)]
pub(super) enum EncodeError {
    /// The format has no such value.
    Format(String),
    /// The file did not take it.
    Io(io::Error),
}

/// Writes rows to a file.
#[derive(Debug)]
pub(super) enum Encoder<W: Write + Send> {
    Parquet(Box<ArrowWriter<W>>),
    Text {
        out: W,
        format: TextFormat,
        schema: SchemaRef,
        is_first: bool,
        buffer: Vec<u8>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum TextFormat {
    Csv { header: bool, delimiter: u8 },
    Json,
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(
        format: OutputFormat,
        schema: SchemaRef,
        out: W,
    ) -> Result<Self, EncodeError> {
        let format = match format {
            OutputFormat::Parquet { compression } => {
                let writer = ArrowWriter::try_new(out, schema, Some(properties(compression)))?;
                return Ok(Self::Parquet(Box::new(writer)));
            }
            OutputFormat::Csv { header, delimiter } => TextFormat::Csv { header, delimiter },
            OutputFormat::Json => TextFormat::Json,
        };
        Ok(Self::Text {
            out,
            format,
            schema,
            is_first: true,
            buffer: Vec::new(),
        })
    }

    pub(super) fn write(&mut self, rows: &RecordBatch) -> Result<(), EncodeError> {
        match self {
            Self::Parquet(writer) => Ok(writer.write(rows)?),
            Self::Text {
                out,
                format,
                is_first,
                buffer,
                ..
            } => {
                buffer.clear();
                format.encode(rows, std::mem::take(is_first), buffer)?;
                out.write_all(buffer).map_err(EncodeError::Io)
            }
        }
    }

    /// Writes what is left. No rows at all are a file, too.
    pub(super) fn finish(mut self) -> Result<(), EncodeError> {
        if let Self::Text {
            is_first: true,
            schema,
            ..
        } = &self
        {
            let none = RecordBatch::new_empty(schema.clone());
            self.write(&none)?;
        }
        match self {
            Self::Parquet(writer) => writer.close().map(|_| ()).map_err(EncodeError::from),
            Self::Text { mut out, .. } => out.flush().map_err(EncodeError::Io),
        }
    }
}

impl TextFormat {
    fn encode(
        self,
        rows: &RecordBatch,
        is_first: bool,
        buffer: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Csv { header, delimiter } => {
                let mut writer = csv::WriterBuilder::new()
                    .with_header(header && is_first)
                    .with_delimiter(delimiter)
                    .build(buffer);
                Ok(writer.write(rows)?)
            }
            Self::Json => {
                let mut writer = LineDelimitedWriter::new(buffer);
                writer.write(rows)?;
                Ok(writer.finish()?)
            }
        }
    }
}

fn properties(compression: Compression) -> WriterProperties {
    let compression = match compression {
        Compression::None => basic::Compression::UNCOMPRESSED,
        Compression::Snappy => basic::Compression::SNAPPY,
        Compression::Zstd => basic::Compression::ZSTD(basic::ZstdLevel::default()),
    };
    WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .build()
}

impl From<ParquetError> for EncodeError {
    fn from(error: ParquetError) -> Self {
        match cause::<io::Error>(&error) {
            Some(io) => Self::Io(io::Error::new(io.kind(), io.to_string())),
            None => Self::Format(error.to_string()),
        }
    }
}

impl From<ArrowError> for EncodeError {
    fn from(error: ArrowError) -> Self {
        Self::Format(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array};

    use super::*;

    /// A disk with room for so many bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes.len() > self.0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0 -= bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn numbers(count: i64) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    fn encode(
        format: OutputFormat,
        room: usize,
        batches: &[RecordBatch],
    ) -> Result<(), EncodeError> {
        let mut encoder = Encoder::new(format, numbers(0).schema(), Disk(room))?;
        for rows in batches {
            encoder.write(rows)?;
        }
        encoder.finish()
    }

    const FORMATS: [OutputFormat; 3] = [
        OutputFormat::Parquet {
            compression: Compression::Snappy,
        },
        OutputFormat::Csv {
            header: true,
            delimiter: b',',
        },
        OutputFormat::Json,
    ];

    #[test]
    fn a_full_disk_is_told_from_other_errors_wherever_it_fills() {
        let rows = [numbers(100), numbers(100)];
        for format in FORMATS {
            let needed = (0..10_000)
                .find(|room| encode(format, *room, &rows).is_ok())
                .unwrap();
            assert!(needed > 0);
            for room in 0..needed {
                match encode(format, room, &rows) {
                    Err(EncodeError::Io(error)) => {
                        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{format} {room}");
                    }
                    other => panic!("{format} {room}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn no_rows_are_a_header_or_nothing() {
        for (format, expected) in [(FORMATS[1], "n\n"), (FORMATS[2], "")] {
            let mut out = Vec::new();
            let encoder = Encoder::new(format, numbers(0).schema(), &mut out).unwrap();
            encoder.finish().unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
