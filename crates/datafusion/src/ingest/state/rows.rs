//! What ledgers say, as rows.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray, new_null_array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use floe_ingest::floe_notify::clock::Timestamp;
use floe_ingest::floe_notify::{Location, Store};
use floe_ingest::{LogState, Marks, Metrics, Poison, StateRow};

use crate::ingest::error::StreamError;

/// The version of what the memory of a stream says.
const SOURCE_VERSION: i64 = 1;

const TEXT: DataType = DataType::Utf8;
const NUMBER: DataType = DataType::Int64;

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

fn schema(fields: impl IntoIterator<Item = (&'static str, DataType, bool)>) -> SchemaRef {
    let fields = fields.into_iter();
    let fields = fields.map(|(name, ty, nullable)| Field::new(name, ty, nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

pub(super) fn files_schema() -> SchemaRef {
    schema([
        ("path", TEXT, false),
        ("size", NUMBER, false),
        ("create_time", time(), false),
        ("discovery_time", time(), false),
        ("processed_time", time(), true),
        ("commit_time", time(), true),
        ("archive_time", time(), true),
        ("archive_mode", TEXT, true),
        ("move_location", TEXT, true),
        ("source_id", TEXT, false),
        ("version", TEXT, true),
        ("seq_num", NUMBER, true),
        ("batch_id", NUMBER, true),
        ("state", TEXT, false),
    ])
}

pub(super) fn progress_schema() -> SchemaRef {
    schema([
        ("numFilesOutstanding", NUMBER, false),
        ("numBytesOutstanding", NUMBER, false),
        ("approximateQueueSize", NUMBER, true),
        ("seqNum", NUMBER, true),
        ("sourceVersion", NUMBER, false),
        ("lastBackfillStartTimeMs", NUMBER, true),
        ("lastBackfillFinishTimeMs", NUMBER, true),
        ("lastInputPath", TEXT, false),
        ("numOpenBatches", NUMBER, false),
        ("numListings", NUMBER, false),
        ("numQuarantined", NUMBER, false),
    ])
}

pub(super) fn quarantine_schema() -> SchemaRef {
    schema([
        ("message_id", TEXT, false),
        ("reason", TEXT, false),
        ("receive_count", NUMBER, true),
        ("quarantine_time", time(), false),
        ("body", TEXT, false),
        ("length", NUMBER, false),
        ("attributes", TEXT, false),
    ])
}

/// What stands before the paths of the stream's own container, so that they are whole.
pub(super) fn container_of(marks: &Marks) -> String {
    let location = Location::parse(&marks.path).or_else(|_| Location::parse(&marks.founding.path));
    match location.as_ref().map(Location::store) {
        Ok(Store::S3 { bucket }) => format!("s3://{bucket}"),
        Ok(Store::Gcs { bucket }) => format!("gs://{bucket}"),
        Ok(Store::Azure {
            account,
            container,
            endpoint,
        }) => format!("abfss://{container}@{account}.{endpoint}"),
        _ => String::new(),
    }
}

pub(super) fn files(container: &str, rows: &[StateRow]) -> Result<RecordBatch, StreamError> {
    let path = |row: &StateRow| {
        let path = row.id.path();
        let text = String::from_utf8_lossy(&path);
        match text.starts_with('/') {
            true => format!("{container}{text}"),
            false => text.into_owned(),
        }
    };
    let nothing = |ty: &DataType| new_null_array(ty, rows.len());
    let columns: Vec<ArrayRef> = vec![
        texts(rows.iter().map(path)),
        numbers(rows.iter().map(|row| Some(row.size))),
        times(rows.iter().map(|row| Some(row.created))),
        times(rows.iter().map(|row| Some(row.discovered))),
        times(rows.iter().map(|row| row.processed)),
        times(rows.iter().map(|row| row.committed)),
        times(rows.iter().map(|row| row.archived.map(|(at, _)| at))),
        Arc::new(
            rows.iter()
                .map(|row| row.archived.map(|(_, mode)| mode.as_str()))
                .collect::<StringArray>(),
        ),
        nothing(&TEXT),
        texts(rows.iter().map(|_| "0")),
        Arc::new(
            rows.iter()
                .map(|row| row.id.token())
                .collect::<StringArray>(),
        ),
        numbers(rows.iter().map(|row| row.seq.map(|seq| seq.0))),
        numbers(
            rows.iter()
                .map(|row| row.state.batch().map(|batch| batch.0)),
        ),
        texts(rows.iter().map(|row| match row.state {
            LogState::Seen => "SEEN",
            LogState::Waiting => "WAITING",
            LogState::Open(_) => "OPEN",
            LogState::Committed(_) => "COMMITTED",
        })),
    ];
    batch(files_schema(), columns)
}

pub(super) fn progress(marks: &Marks, metrics: &Metrics) -> Result<RecordBatch, StreamError> {
    let one = |number: u64| numbers([Some(number)]);
    let millis = |time: Option<Timestamp>| numbers([time.map(Timestamp::as_millis)]);
    let columns: Vec<ArrayRef> = vec![
        one(metrics.files_outstanding),
        one(metrics.bytes_outstanding),
        new_null_array(&NUMBER, 1),
        numbers([metrics.seq_num.map(|seq| seq.0)]),
        Arc::new(Int64Array::from(vec![SOURCE_VERSION])),
        millis(marks.backfill_started),
        millis(marks.backfill_finished),
        texts([&marks.path]),
        one(metrics.open_batches),
        one(metrics.listings),
        one(metrics.quarantined),
    ];
    batch(progress_schema(), columns)
}

pub(super) fn quarantine(rows: &[Poison]) -> Result<RecordBatch, StreamError> {
    let columns: Vec<ArrayRef> = vec![
        texts(rows.iter().map(|row| row.message.as_str())),
        texts(rows.iter().map(|row| &row.reason)),
        numbers(rows.iter().map(|row| row.receive_count.map(u64::from))),
        times(rows.iter().map(|row| Some(row.at))),
        texts(rows.iter().map(|row| String::from_utf8_lossy(&row.body))),
        numbers(rows.iter().map(|row| Some(row.length))),
        texts(rows.iter().map(|row| format!("{:?}", row.attributes))),
    ];
    batch(quarantine_schema(), columns)
}

fn texts(values: impl IntoIterator<Item = impl AsRef<str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Numbers beyond what SQL's have are the largest of these.
fn numbers(values: impl IntoIterator<Item = Option<u64>>) -> ArrayRef {
    let values = values.into_iter();
    let values = values.map(|value| value.map(signed));
    Arc::new(values.collect::<Int64Array>())
}

fn times(values: impl IntoIterator<Item = Option<Timestamp>>) -> ArrayRef {
    let values = values.into_iter();
    let values = values.map(|time| time.map(|time| signed(time.as_millis())));
    let times: TimestampMillisecondArray = values.collect();
    Arc::new(times.with_timezone("UTC"))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, StreamError> {
    let rows = RecordBatch::try_new(schema, columns);
    rows.map_err(|error| datafusion::common::DataFusionError::from(error).into())
}
