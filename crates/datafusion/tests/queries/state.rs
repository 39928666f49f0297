//! The memory of a stream in SQL.

use std::sync::Arc;

use expect_test::expect;
use floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use floe_datafusion::ingest::{EmbeddedLedgers, Ledgers, StreamError, register_state_tables};
use floe_datafusion::{QueryError, QueryInfo, ServiceFunctions, query, session};
use floe_ingest::floe_notify::clock::Timestamp;
use floe_ingest::floe_notify::options::BatchBounds;
use floe_ingest::floe_notify::{BoxFuture, Message, MessageId, Options, StreamId};
use floe_ingest::memory::MemoryLedger;
use floe_ingest::{
    Claim, Discovery, EmbeddedLedger, FileId, Founding, Ledger, ListingReason, ListingRequest,
    Poison, Role, Sighting, VersionRule,
};
use std::time::Duration;

/// The ledger of the one stream that runs.
#[derive(Debug)]
struct Running(MemoryLedger);

impl Ledgers for Running {
    fn open<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, StreamError>> {
        let ledger: Result<Arc<dyn Ledger>, _> = match checkpoint {
            "orders" => Ok(Arc::new(self.0.clone())),
            other => Err(StreamError::NoStream {
                checkpoint: other.to_owned(),
            }),
        };
        Box::pin(std::future::ready(ledger))
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

fn founding() -> Founding {
    Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "s3://landing/in".to_owned(),
        rule: VersionRule::EntityTag,
        options: Default::default(),
        defaults: Default::default(),
    }
}

fn file(path: &str, sighting: Sighting) -> Discovery {
    Discovery {
        id: FileId::new(path.as_bytes(), Some("v1")).unwrap(),
        size: 7,
        created: at(0),
        sighting,
    }
}

async fn begin(ledger: &dyn Ledger) -> Claim {
    ledger.found(&founding(), at(0)).await.unwrap();
    ledger
        .join(&Role::new("consumer-0").unwrap(), at(0))
        .await
        .unwrap()
}

/// A stream with a file in each state, a listing and a message that cannot be read.
async fn stream() -> MemoryLedger {
    let ledger = MemoryLedger::default();
    let claim = begin(&ledger).await;
    let request = ListingRequest {
        reason: ListingReason::Existing,
        prefix: b"in/".to_vec(),
    };
    ledger
        .request_listing(&claim, &request, at(5))
        .await
        .unwrap();
    let files = [
        file("/in/a", Sighting::Event),
        file("/in/b", Sighting::Event),
        file("/in/c", Sighting::Event),
        file("/in/old", Sighting::Existing),
        file("s3://other/x", Sighting::Event),
    ];
    ledger.record(&claim, &files, None, at(10)).await.unwrap();
    let mut options = Options::default();
    options.set(
        floe_ingest::floe_notify::options::keys::MAX_FILES_PER_TRIGGER,
        1,
    );
    let bounds: BatchBounds = options.batch_bounds();
    let lease = Duration::from_secs(60);
    let batch = ledger
        .next_batch(&claim, bounds, lease, at(20))
        .await
        .unwrap()
        .unwrap();
    ledger.commit(&claim, batch.id, at(30)).await.unwrap();
    ledger
        .next_batch(&claim, bounds, lease, at(40))
        .await
        .unwrap()
        .unwrap();
    let message = Message::new("no JSON").with_attribute("kind", "odd");
    let id = MessageId::new("m-1");
    let poison = Poison::new(id, &message, "it cannot be read".into(), Some(5), at(50));
    ledger.quarantine(&claim, &poison).await.unwrap();
    ledger
}

async fn rows_of(ledgers: Arc<dyn Ledgers>, sql: &str) -> Result<String, QueryError> {
    let context = session(&ServiceFunctions::new(), QueryInfo::new("q", 0));
    register_state_tables(&context, ledgers);
    let rows = query(&context, sql).await?.collect().await?;
    Ok(pretty_format_batches(&rows).unwrap().to_string() + "\n")
}

async fn rows(sql: &str) -> String {
    rows_of(Arc::new(Running(stream().await)), sql)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_known_file_is_shown_with_what_became_of_it() {
    let sql = "SELECT path, size, state, seq_num AS seq, batch_id AS batch, version AS v, \
               discovery_time, processed_time, commit_time FROM cloud_files_state('orders')";
    expect![[r#"
        +---------------------+------+-----------+-----+-------+----+----------------------+----------------------+----------------------+
        | path                | size | state     | seq | batch | v  | discovery_time       | processed_time       | commit_time          |
        +---------------------+------+-----------+-----+-------+----+----------------------+----------------------+----------------------+
        | s3://landing/in/a   | 7    | COMMITTED | 1   | 1     | v1 | 2023-11-14T22:13:30Z | 2023-11-14T22:13:40Z | 2023-11-14T22:13:50Z |
        | s3://landing/in/b   | 7    | OPEN      | 2   | 2     | v1 | 2023-11-14T22:13:30Z | 2023-11-14T22:14:00Z |                      |
        | s3://landing/in/c   | 7    | WAITING   | 3   |       | v1 | 2023-11-14T22:13:30Z |                      |                      |
        | s3://landing/in/old | 7    | SEEN      |     |       | v1 | 2023-11-14T22:13:30Z |                      |                      |
        | s3://other/x        | 7    | WAITING   | 4   |       | v1 | 2023-11-14T22:13:30Z |                      |                      |
        +---------------------+------+-----------+-----+-------+----+----------------------+----------------------+----------------------+
    "#]].assert_eq(&rows(sql).await);
    let sql = "SELECT archive_time, archive_mode, move_location, source_id, create_time \
               FROM cloud_files_state('orders') LIMIT 1";
    expect![[r#"
        +--------------+--------------+---------------+-----------+----------------------+
        | archive_time | archive_mode | move_location | source_id | create_time          |
        +--------------+--------------+---------------+-----------+----------------------+
        |              |              |               | 0         | 2023-11-14T22:13:20Z |
        +--------------+--------------+---------------+-----------+----------------------+
    "#]]
    .assert_eq(&rows(sql).await);
}

#[tokio::test]
async fn the_progress_of_a_stream_is_one_row() {
    expect![[r#"
        +---------------------+---------------------+----------------------+--------+---------------+-------------------------+--------------------------+-----------------+----------------+-------------+----------------+
        | numFilesOutstanding | numBytesOutstanding | approximateQueueSize | seqNum | sourceVersion | lastBackfillStartTimeMs | lastBackfillFinishTimeMs | lastInputPath   | numOpenBatches | numListings | numQuarantined |
        +---------------------+---------------------+----------------------+--------+---------------+-------------------------+--------------------------+-----------------+----------------+-------------+----------------+
        | 3                   | 21                  |                      | 4      | 1             | 1700000005000           |                          | s3://landing/in | 1              | 1           | 1              |
        +---------------------+---------------------+----------------------+--------+---------------+-------------------------+--------------------------+-----------------+----------------+-------------+----------------+
    "#]].assert_eq(&rows("SELECT * FROM stream_progress('orders')").await);
    let sql = "SELECT \"numFilesOutstanding\" AS n FROM stream_progress('orders')";
    assert!(rows(sql).await.contains("| 3 |"));
}

#[tokio::test]
async fn the_tables_may_be_written_as_the_original_writes_them() {
    let sql = "SELECT count(*) AS n FROM TABLE(cloud_files_state('orders')) AS files \
               JOIN TABLE(stream_progress('orders')) ON path <> \"lastInputPath\"";
    assert!(rows(sql).await.contains("| 5 |"));
}

#[tokio::test]
async fn messages_that_could_not_be_read_are_shown() {
    expect![[r#"
        +------------+-------------------+---------------+----------------------+---------+--------+-----------------+
        | message_id | reason            | receive_count | quarantine_time      | body    | length | attributes      |
        +------------+-------------------+---------------+----------------------+---------+--------+-----------------+
        | m-1        | it cannot be read | 5             | 2023-11-14T22:14:10Z | no JSON | 7      | {"kind": "odd"} |
        +------------+-------------------+---------------+----------------------+---------+--------+-----------------+
    "#]].assert_eq(&rows("SELECT * FROM stream_quarantine('orders')").await);
}

#[tokio::test]
async fn many_files_come_page_by_page() {
    let ledger = MemoryLedger::default();
    let claim = begin(&ledger).await;
    for start in [0, 10_000] {
        let files: Vec<_> = (start..start + 10_000)
            .map(|n| file(&format!("/in/{n:05}"), Sighting::Event))
            .collect();
        ledger.record(&claim, &files, None, at(1)).await.unwrap();
    }
    let sql = "SELECT count(DISTINCT path) AS n, max(path) AS m FROM cloud_files_state('orders') \
               WHERE state = 'WAITING'";
    let shown = rows_of(Arc::new(Running(ledger)), sql).await.unwrap();
    assert!(
        shown.contains("| 20000 | s3://landing/in/19999 |"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_checkpoint_without_a_stream_is_an_error_and_stays_empty() {
    let dir = tempfile::tempdir().unwrap();
    let ledgers = Arc::new(EmbeddedLedgers::new(dir.path()));
    let sql = "SELECT * FROM cloud_files_state('state')";
    let error = rows_of(ledgers.clone(), sql).await.unwrap_err();
    assert!(
        error.to_string().contains("there is no stream in 'state'"),
        "{error}"
    );
    assert_eq!(error.code(), "FLOE-QUERY-0026");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    std::fs::create_dir(dir.path().join("state")).unwrap();
    let ledger = EmbeddedLedger::open(&dir.path().join("state")).unwrap();
    let claim = begin(&ledger).await;
    let files = [file("/in/a", Sighting::Event)];
    ledger.record(&claim, &files, None, at(1)).await.unwrap();
    let error = rows_of(ledgers.clone(), sql).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0020", "{error}");
    drop(ledger);
    let shown = rows_of(ledgers, sql).await.unwrap();
    assert!(shown.contains("s3://landing/in/a"), "{shown}");
}

#[tokio::test]
async fn arguments_that_are_no_checkpoint_are_refused() {
    for arguments in ["", "1", "'a', 'b'", "''"] {
        let sql = format!("SELECT * FROM stream_progress({arguments})");
        let refused = rows_of(Arc::new(Running(stream().await)), &sql).await;
        let error = refused.unwrap_err().to_string();
        assert!(
            error.contains("stream_progress takes the checkpoint"),
            "{error}"
        );
    }
}
