//! A bucket in memory, and sinks that read from it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use floe_datafusion::ingest::{
    BatchFiles, BatchOutput, DirectorySink, FileSchemaStore, OutputFormat, QuerySink, parse_stream,
};
use floe_datafusion::{QueryInfo, session};
use floe_ingest::floe_notify::clock::Timestamp;
use floe_ingest::floe_notify::{BoxFuture, Location, StreamId};
use floe_ingest::{
    Batch, BatchId, FileEntry, FileId, FileSource, Home, ListedObjects, Object, Seq, Sink,
    SinkError, SourceError,
};
use tempfile::TempDir;

use crate::support::Fixture;

/// The tag of everything in a bucket.
pub(crate) const TAG: &str = "0f3e";

pub(crate) const CSV: OutputFormat = OutputFormat::Csv {
    header: true,
    delimiter: b',',
};

/// A bucket in memory.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    files: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What every read is answered with instead.
    pub(crate) fails: Mutex<Option<SourceError>>,
    reads: Mutex<usize>,
}

impl Bucket {
    pub(crate) fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let mut files = self.files.lock().unwrap();
        files.insert(key.as_bytes().to_vec(), content.into());
    }

    pub(crate) fn remove(&self, key: &str) {
        self.files.lock().unwrap().remove(key.as_bytes());
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Vec<u8>, SourceError> {
        *self.reads.lock().unwrap() += 1;
        if let Some(error) = self.fails.lock().unwrap().clone() {
            return Err(error);
        }
        let key_text = String::from_utf8_lossy(key).into_owned();
        let files = self.files.lock().unwrap();
        let content = files.get(key).cloned();
        content.ok_or(SourceError::NotFound { key: key_text })
    }
}

pub(crate) fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl FileSource for Bucket {
    fn list<'a>(
        &'a self,
        _: &'a [u8],
        _: Option<&'a [u8]>,
        _: usize,
    ) -> BoxFuture<'a, Result<ListedObjects, SourceError>> {
        ready(Ok(ListedObjects::default()))
    }

    fn head<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Object>, SourceError>> {
        let files = self.files.lock().unwrap();
        let found = files.get(key);
        ready(Ok(found.map(|content| {
            let mut object = Object::new(key, content.len() as u64, Timestamp::from_millis(1_000));
            object.etag = Some(TAG.to_owned());
            object
        })))
    }

    fn read<'a>(
        &'a self,
        key: &'a [u8],
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<axum::body::Bytes, SourceError>> {
        ready(self.get(key).and_then(|content| {
            let Some(range) = range else {
                return Ok(content.into());
            };
            let length = content.len() as u64;
            if range.start >= length {
                // As S3 does.
                return Err(SourceError::Unavailable {
                    what: format!("reading {range:?} of {length} bytes"),
                    reason: "416 Range Not Satisfiable".to_owned(),
                });
            }
            let [start, end] = [range.start, range.end.min(length)];
            let [start, end] = [start, end].map(|at| usize::try_from(at).unwrap());
            Ok(content[start..end].to_vec().into())
        }))
    }

    fn remove<'a>(&'a self, _: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
        ready(Ok(false))
    }

    fn rename<'a>(&'a self, _: &'a [u8], _: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
        ready(Ok(false))
    }
}

pub(crate) fn stream_id() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

/// The batch of these keys; their sizes are what an event said, and old.
pub(crate) fn batch(id: u64, keys: &[&str]) -> Batch {
    let files = keys.iter().zip(1..).map(|(key, number)| FileEntry {
        seq: Seq(number),
        id: FileId::new(format!("/{key}").as_bytes(), None).unwrap(),
        size: 1,
        created: Timestamp::from_millis(1),
        discovered: Timestamp::from_millis(2),
    });
    Batch {
        id: BatchId(id),
        files: files.collect(),
        attempt: 1,
    }
}

/// A bucket, a place for outputs, and functions.
pub(crate) struct World {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) dir: TempDir,
    pub(crate) fixture: Fixture,
}

impl World {
    pub(crate) async fn new(files: &[(&str, &str)]) -> Self {
        let bucket = Arc::new(Bucket::default());
        for (key, text) in files {
            bucket.put(key, *text);
        }
        let dir = tempfile::tempdir().unwrap();
        let mut fixture = Fixture::start().await;
        fixture.info.base_dir = dir.path().to_owned();
        Self {
            bucket,
            dir,
            fixture,
        }
    }

    pub(crate) fn out(&self) -> std::path::PathBuf {
        self.dir.path().join("out")
    }

    pub(crate) fn sink_into(
        &self,
        select: &str,
        options: &str,
        output: Arc<dyn BatchOutput>,
    ) -> QuerySink {
        let sql = format!(
            "COPY ({}) TO 'out'",
            select.replace(
                "STREAM",
                &format!("STREAM read_files('s3://landing/in', checkpoint => 's', {options})")
            )
        );
        let statement = parse_stream(&sql).unwrap().unwrap();
        let home = Home::new(&Location::parse(&statement.path).unwrap());
        let (functions, base) = (self.fixture.functions.clone(), self.dir.path().to_owned());
        let sessions = move |stream: &StreamId, batch: &Batch| {
            let mut info = QueryInfo::new(format!("{stream}-{}", batch.id), 1_700_000_000_000);
            info.base_dir = base.clone();
            session(&functions, info)
        };
        let files = BatchFiles::new(self.bucket.clone(), home);
        let schemas = FileSchemaStore::new(self.dir.path().join("state"));
        QuerySink::new(statement, sessions, files, Arc::new(schemas), output)
    }

    pub(crate) fn sink(&self, select: &str, options: &str, format: OutputFormat) -> QuerySink {
        let output = DirectorySink::new(self.out(), format);
        self.sink_into(select, options, Arc::new(output))
    }

    /// Everything that was written, by `read_files`.
    pub(crate) async fn written(&self, sql: &str) -> String {
        self.fixture.rows(sql).await
    }

    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.out())
    }
}

pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) async fn deliver(sink: &QuerySink, id: u64, keys: &[&str]) -> Result<(), SinkError> {
    sink.deliver(&stream_id(), &batch(id, keys)).await
}
