//! A small world for a stream: everything in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use floe_ingest::memory::{MemoryLedger, MemorySource};
use floe_ingest::{
    Batch, BatchId, FileStream, FileStreamBuilder, Sink, SinkError, SourceError, StreamError,
    Summary,
};
use floe_notify::clock::{Clock, ManualClock};
use floe_notify::memory::MemoryQueue;
use floe_notify::{BoxFuture, Message, StreamId};

pub(crate) const ID: &str = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10";

#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) ledger: MemoryLedger,
    pub(crate) source: MemorySource,
    pub(crate) queue: MemoryQueue,
    pub(crate) sink: Kept,
}

impl World {
    pub(crate) fn builder(&self) -> FileStreamBuilder {
        FileStream::builder("s3://landing/in")
            .ledger(Arc::new(self.ledger.clone()))
            .source(Arc::new(self.source.clone()))
            .clock(self.clock.clone())
            .stream(StreamId::parse(ID).unwrap())
    }

    /// With notifications.
    pub(crate) fn notified(&self) -> FileStreamBuilder {
        self.builder()
            .option("cloudFiles.useNotifications", "true")
            .option(
                "cloudFiles.queueUrl",
                "https://sqs.eu-west-1.amazonaws.com/1/q",
            )
            .queue(Arc::new(self.queue.clone()))
    }

    pub(crate) fn put(&self, key: &str) {
        self.source
            .put(key.as_bytes(), key.to_owned(), &*self.clock);
    }

    /// Sends the event of a file.
    pub(crate) fn tell(&self, key: &str) {
        let body = format!(
            r#"{{"Records": [{{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
                "eventVersion": "2.1", "eventTime": "2026-03-01T10:15:30.123Z",
                "s3": {{"bucket": {{"name": "landing"}},
                "object": {{"key": "{key}", "size": {}, "eTag": "0f3e"}}}}}}]}}"#,
            key.len()
        );
        self.queue.send(&*self.clock, Message::new(body));
    }

    /// Runs a stream until the sink has so many files, and then stops it.
    pub(crate) fn run_until(
        &self,
        stream: &FileStream,
        files: usize,
    ) -> Result<Summary, StreamError> {
        self.run_while(stream, || self.sink.count() < files)
    }

    /// Runs a stream as long as that holds, for a day at most.
    pub(crate) fn run_while(
        &self,
        stream: &FileStream,
        goes_on: impl Fn() -> bool,
    ) -> Result<Summary, StreamError> {
        let watch = async {
            for _ in 0..86_400 {
                if !goes_on() {
                    break;
                }
                self.clock.sleep(Duration::from_secs(1)).await;
            }
            stream.stopper().stop();
        };
        let both = futures::future::join(stream.run(&self.sink), watch);
        self.clock.run(both).unwrap().0
    }
}

/// A sink that keeps the keys of files, and fails when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    batches: BTreeMap<BatchId, Vec<String>>,
    deliveries: u64,
    failures: Vec<SinkError>,
}

impl Kept {
    pub(crate) fn fail_with(&self, failures: impl IntoIterator<Item = SourceError>) {
        let failures = failures.into_iter().map(SinkError::from);
        self.0.lock().unwrap().failures.extend(failures);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().batches.values().map(Vec::len).sum()
    }

    pub(crate) fn deliveries(&self) -> u64 {
        self.0.lock().unwrap().deliveries
    }

    /// All keys; every one came once.
    pub(crate) fn keys(&self) -> Vec<String> {
        let inside = self.0.lock().unwrap();
        let all: Vec<_> = inside.batches.values().flatten().cloned().collect();
        let set: BTreeSet<_> = all.iter().cloned().collect();
        assert_eq!(all.len(), set.len(), "a file came twice: {all:?}");
        set.into_iter().collect()
    }
}

impl Sink for Kept {
    fn deliver<'a>(
        &'a self,
        stream: &'a StreamId,
        batch: &'a Batch,
    ) -> BoxFuture<'a, Result<(), SinkError>> {
        assert_eq!(stream.as_str(), ID);
        let mut inside = self.0.lock().unwrap();
        inside.deliveries += 1;
        if let Some(error) = inside.failures.pop() {
            return Box::pin(std::future::ready(Err(error)));
        }
        let key = |file: &floe_ingest::FileEntry| String::from_utf8(file.id.path()).unwrap();
        let keys: Vec<_> = batch.files.iter().map(key).collect();
        let before = inside.batches.insert(batch.id, keys.clone());
        assert!(
            before.is_none_or(|before| before == keys),
            "a batch changed"
        );
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(crate) fn busy() -> SourceError {
    SourceError::Unavailable {
        what: "writing".to_owned(),
        reason: "503".to_owned(),
    }
}
