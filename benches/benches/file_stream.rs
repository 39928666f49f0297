//! Files from end to end: found, recorded durably, handed to a sink in batches, committed.
//!
//! `cargo bench --bench file_stream`; `FLOE_BENCH_FILES` names another number of files than
//! 100,000. Beside it, in the same run, is what bounds it: the ledger alone, and a plain table of
//! the same store. Without `--bench`, or with `--quick`, it only shows that everything runs.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use floe_benches::machine;
use floe_ingest::memory::MemorySource;
use floe_ingest::{
    Batch, BatchId, DirectorySource, Discovery, EmbeddedLedger, FileId, FileStream,
    FileStreamBuilder, Founding, Ledger, Role, Sighting, Sink, SinkError, Trigger, VersionRule,
};
use floe_notify::clock::{Clock as _, Timestamp};
use floe_notify::memory::MemoryQueue;
use floe_notify::options::BatchBounds;
use floe_notify::{BoxFuture, Message, QueueId, QueueProperties, StreamId};
use floe_notify_local::SystemClock;
use redb::{Database, Durability, TableDefinition};

type Failed = Box<dyn Error + Send + Sync>;

const PLAIN: TableDefinition<'static, &[u8], u64> = TableDefinition::new("plain");
/// Files of one batch: what the original takes unless it is told otherwise.
const BATCH: usize = 1_000;
/// Rounds; what is printed is the median.
const ROUNDS: usize = 3;

fn main() -> Result<(), Failed> {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    let quick = has("--quick") || !has("--bench");
    let files = match std::env::var("FLOE_BENCH_FILES") {
        Ok(text) => text.parse()?,
        Err(_) if quick => 2_000,
        Err(_) => 100_000,
    };
    let rounds = if quick { 1 } else { ROUNDS };
    println!("{}", machine::processor());
    println!("{files} files, {BATCH} a batch; files/s, median of {rounds}\n");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cases: [(&str, Make); 5] = [
        ("events of a queue in memory, durable", queue),
        ("files that lie in a directory, durable", directory),
        ("files that lie in memory, durable", listing),
        ("the ledger alone: recorded, batched, committed", ledger),
        ("a plain table of the same store: inserted", plain),
    ];
    for (name, make) in cases {
        let mut speeds = Vec::new();
        for _ in 0..rounds {
            let case = make(files)?;
            let before = SystemClock.now();
            let took = runtime.block_on(case.work)?.since(before).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "numbers of files are small")]
            speeds.push(files as f64 / took.max(0.001));
        }
        speeds.sort_by(f64::total_cmp);
        let median = speeds.get(rounds / 2).copied().unwrap_or_default();
        println!("{name:<48} {median:>10.0}");
    }
    Ok(())
}

/// Makes a case of so many files.
type Make = fn(usize) -> Result<Case, Failed>;

/// What is measured, with everything that has to be there before.
struct Case {
    /// Answers when it ended, without what is cleared away.
    work: BoxFuture<'static, Result<Timestamp, Failed>>,
}

/// Takes batches, throws them away, and keeps the time of the last commit: after it a stream asks
/// its queue once more, for a second.
#[derive(Debug, Default)]
struct Nowhere(AtomicU64);

impl Sink for Nowhere {
    fn deliver<'a>(
        &'a self,
        _: &'a StreamId,
        _: &'a Batch,
    ) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn committed(&self, _: &StreamId, _: BatchId) {
        self.0
            .store(SystemClock.now().as_millis(), Ordering::Relaxed);
    }
}

fn stream_id() -> Result<StreamId, Failed> {
    Ok(StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?)
}

/// The name of a file, below the path.
fn name(number: usize) -> String {
    format!(
        "day={:03}/part-{:05}-of-50000.json",
        number / 5_000,
        number % 5_000
    )
}

/// Runs a stream of so many files to its end.
fn run(builder: FileStreamBuilder, keep: tempfile::TempDir, files: usize) -> Result<Case, Failed> {
    let ledger = EmbeddedLedger::open(keep.path())?;
    let stream = builder
        .ledger(Arc::new(ledger))
        .clock(Arc::new(SystemClock))
        .stream(stream_id()?)
        .trigger(Trigger::AvailableNow)
        .build()?;
    let work = async move {
        let sink = Nowhere::default();
        let summary = stream.run(&sink).await?;
        drop(keep);
        match usize::try_from(summary.files)? == files {
            true => Ok(Timestamp::from_millis(sink.0.into_inner())),
            false => Err(format!("{} of {files} files came", summary.files).into()),
        }
    };
    Ok(Case {
        work: Box::pin(work),
    })
}

fn queue(files: usize) -> Result<Case, Failed> {
    let properties = QueueProperties::new(Duration::from_secs(600), 10);
    let queue = MemoryQueue::new(QueueId::new("events")?, properties);
    for number in 0..files {
        let key = format!("in/{}", name(number)).replace('=', "%3D");
        let body = format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-west-1",
            "eventTime":"2026-03-01T10:15:30.123Z","eventName":"ObjectCreated:Put","s3":{{
            "s3SchemaVersion":"1.0","bucket":{{"name":"landing","arn":"arn:aws:s3:::landing"}},
            "object":{{"key":"{key}","size":1024,"eTag":"0f3e8d1b4f7e9a632c5b1e7d9f10aaaa",
            "sequencer":"0055AED6DCD90281E5"}}}}}}]}}"#
        );
        queue.send(&SystemClock, Message::new(body));
    }
    let builder = FileStream::builder("s3://landing/in")
        .option("cloudFiles.useNotifications", "true")
        .option("cloudFiles.fetchParallelism", "4")
        .source(Arc::new(MemorySource::default()))
        .queue(Arc::new(queue));
    run(builder, tempfile::tempdir_in(".")?, files)
}

fn directory(files: usize) -> Result<Case, Failed> {
    let keep = tempfile::tempdir_in(".")?;
    let root = fs::canonicalize(keep.path())?.join("in");
    for number in 0..files {
        let path = root.join(name(number));
        if number % 5_000 == 0 {
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
        }
        fs::write(path, b"{}\n")?;
    }
    let source = DirectorySource::new(&root, Arc::new(SystemClock))?;
    let builder = FileStream::builder(root.to_string_lossy()).source(Arc::new(source));
    run(builder, keep, files)
}

fn listing(files: usize) -> Result<Case, Failed> {
    let source = MemorySource::default();
    for number in 0..files {
        source.put(
            format!("in/{}", name(number)).as_bytes(),
            "{}\n",
            &SystemClock,
        );
    }
    let builder = FileStream::builder("s3://landing/in").source(Arc::new(source));
    run(builder, tempfile::tempdir_in(".")?, files)
}

fn ledger(files: usize) -> Result<Case, Failed> {
    let keep = tempfile::tempdir_in(".")?;
    let ledger = EmbeddedLedger::open(keep.path())?;
    let founding = Founding {
        stream: stream_id()?,
        path: "s3://landing/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: Default::default(),
        defaults: Default::default(),
    };
    let bounds = BatchBounds {
        max_files: BATCH as u64,
        max_bytes: None,
    };
    let work = async move {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let lease = Duration::from_secs(300);
        ledger.found(&founding, now).await?;
        let claim = ledger.join(&Role::new("bench")?, now).await?;
        for page in (0..files).collect::<Vec<_>>().chunks(BATCH) {
            let found = page.iter().map(|number| {
                let id = FileId::new(format!("/in/{}", name(*number)).as_bytes(), None)?;
                Ok::<_, Failed>(Discovery {
                    id,
                    size: 3,
                    created: now,
                    sighting: Sighting::Event,
                })
            });
            let found = found.collect::<Result<Vec<_>, _>>()?;
            ledger.record(&claim, &found, None, now).await?;
            while let Some(batch) = ledger.next_batch(&claim, bounds, lease, now).await? {
                ledger.commit(&claim, batch.id, now).await?;
            }
        }
        let ended = SystemClock.now();
        drop((ledger, keep));
        Ok(ended)
    };
    Ok(Case {
        work: Box::pin(work),
    })
}

fn plain(files: usize) -> Result<Case, Failed> {
    let keep = tempfile::tempdir_in(".")?;
    let database = Database::create(keep.path().join("plain.redb"))?;
    let work = async move {
        for page in (0..files).collect::<Vec<_>>().chunks(BATCH) {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(Durability::Immediate)?;
            {
                let mut table = transaction.open_table(PLAIN)?;
                for number in page {
                    let key = format!("/in/{}", name(*number));
                    table.insert(key.as_bytes(), *number as u64)?;
                }
            }
            transaction.commit()?;
        }
        let ended = SystemClock.now();
        drop((database, keep));
        Ok(ended)
    };
    Ok(Case {
        work: Box::pin(work),
    })
}
