//! Parquet.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, new_null_array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::object_store::{OBJECT_STORE_COALESCE_DEFAULT, PutPayload, coalesce_ranges};
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use floe_ingest::floe_notify::BoxFuture;
use floe_ingest::{FileSource, SourceError};
use futures::StreamExt;

use super::adapt::{converted, fits};
use super::{BatchFile, InputFormat, ROWS, Reader, Rows, StreamError, Wanted, with_rows};
use crate::ingest::error::cause;

/// How much of the end of a file is asked for at first: all that most files say of themselves.
const END: usize = 64 << 10;

type Builder = ParquetRecordBatchStreamBuilder<Parts>;

/// What the reader wants bytes to be: those of the crate `bytes`.
type Bytes = <PutPayload as IntoIterator>::Item;

impl Reader {
    pub(super) async fn open_parquet(
        &self,
        wanted: &Wanted,
        file: &BatchFile,
    ) -> Result<Rows, StreamError> {
        let builder = self.parquet(file).await?;
        let columns = Arc::clone(builder.schema());
        let names = columns.fields().iter().map(|field| field.name().as_str());
        self.count_new(&wanted.all, names);
        let mut places = Vec::with_capacity(wanted.places.len());
        for field in wanted.schema.fields() {
            let found = columns.column_with_name(field.name());
            if let Some((_, has)) = found
                && !fits(has.data_type(), field.data_type())
            {
                let reason = format!(
                    "column `{}` is {} and not {}, as the stream has it",
                    field.name(),
                    has.data_type(),
                    field.data_type()
                );
                return Err(file.unreadable(InputFormat::Parquet, reason));
            }
            places.push(found.map(|(place, _)| place));
        }
        let mut read: Vec<usize> = places.iter().copied().flatten().collect();
        read.sort_unstable();
        let mask = ProjectionMask::roots(builder.parquet_schema(), read.iter().copied());
        let rows = builder
            .with_projection(mask)
            .with_batch_size(ROWS)
            .build()
            .map_err(|error| failed(file, &error))?;
        // What is read comes in the order of the file.
        let places = places
            .into_iter()
            .map(|place| place.and_then(|place| read.binary_search(&place).ok()));
        let (places, file) = (places.collect::<Vec<_>>(), file.clone());
        let schema = Arc::clone(&wanted.schema);
        let shaped = rows.map(move |rows| {
            let rows = rows.map_err(|error| failed(&file, &error))?;
            shape(&rows, &places, &schema)
                .map_err(|reason| file.unreadable(InputFormat::Parquet, reason))
        });
        Ok(shaped.boxed())
    }

    /// Reads the end of a file, which says what is in it.
    pub(super) async fn parquet(&self, file: &BatchFile) -> Result<Builder, StreamError> {
        let found = self.source.head(&file.key).await?;
        let object = found.ok_or_else(|| SourceError::NotFound {
            key: file.name.clone(),
        })?;
        let parts = Parts {
            source: Arc::clone(&self.source),
            key: file.key.clone(),
            length: object.size,
        };
        let builder = Builder::new(parts).await;
        builder.map_err(|error| failed(file, &error))
    }
}

/// The parts of one file. What the source says is kept in the errors, so that a store that does
/// not answer is never taken for a file that cannot be read.
#[derive(Debug)]
pub(super) struct Parts {
    source: Arc<dyn FileSource>,
    key: Vec<u8>,
    length: u64,
}

impl Parts {
    async fn read(&self, range: Range<u64>) -> Result<Bytes, ParquetError> {
        let wanted = range.end.saturating_sub(range.start);
        let bytes = self.source.read(&self.key, Some(range)).await;
        let bytes = bytes.map_err(|error| ParquetError::External(Box::new(error)))?;
        match bytes.len() as u64 == wanted {
            true => Ok(bytes),
            false => Err(ParquetError::EOF("the file ends too early".to_owned())),
        }
    }
}

impl AsyncFileReader for Parts {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        Box::pin(self.read(range))
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        let this = &*self;
        // Columns lie side by side: what is near is asked for at once.
        Box::pin(async move {
            let read = |range| this.read(range);
            coalesce_ranges(&ranges, read, OBJECT_STORE_COALESCE_DEFAULT).await
        })
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let length = self.length;
        let reader = ParquetMetaDataReader::new()
            .with_arrow_reader_options(options)
            .with_prefetch_hint(Some(END));
        Box::pin(async move { Ok(Arc::new(reader.load_and_finish(self, length).await?)) })
    }
}

fn shape(
    rows: &RecordBatch,
    places: &[Option<usize>],
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let columns = schema.fields().iter().zip(places).map(|(field, place)| {
        let column = place.and_then(|place| rows.columns().get(place));
        match column {
            Some(column) => converted(column, field.data_type())
                .map_err(|error| format!("column `{}`: {error}", field.name())),
            None => Ok(new_null_array(field.data_type(), rows.num_rows())),
        }
    });
    let columns = columns.collect::<Result<Vec<_>, String>>()?;
    with_rows(schema, columns, rows.num_rows()).map_err(|error| error.to_string())
}

fn failed(file: &BatchFile, error: &ParquetError) -> StreamError {
    match cause::<SourceError>(error) {
        Some(source) => StreamError::Source(source.clone()),
        None => {
            let words = error.to_string();
            let words = words.strip_prefix("Parquet error: ").unwrap_or(&words);
            file.unreadable(InputFormat::Parquet, words)
        }
    }
}
