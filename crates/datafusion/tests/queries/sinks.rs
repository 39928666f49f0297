//! Batches of a stream through its query into directories and tables.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use floe_datafusion::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use floe_datafusion::datafusion::arrow::datatypes::{DataType, Field, Schema};
use floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use floe_datafusion::datafusion::datasource::MemTable;
use floe_datafusion::datafusion::parquet::arrow::ArrowWriter;
use floe_datafusion::ingest::{
    BatchFiles, BatchOutput, DirectorySink, FileSchemaStore, OutputFormat, QuerySink, TableSink,
    parse_stream,
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

/// A bucket in memory.
#[derive(Debug, Default)]
struct Bucket {
    files: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What every read is answered with instead.
    fails: Mutex<Option<SourceError>>,
    reads: Mutex<usize>,
}

impl Bucket {
    fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let mut files = self.files.lock().unwrap();
        files.insert(key.as_bytes().to_vec(), content.into());
    }

    fn remove(&self, key: &str) {
        self.files.lock().unwrap().remove(key.as_bytes());
    }

    fn get(&self, key: &[u8]) -> Result<Vec<u8>, SourceError> {
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

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
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
            Object::new(key, content.len() as u64, Timestamp::from_millis(1_000))
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

fn stream_id() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

/// The batch of these keys; their sizes are what an event said, and old.
fn batch(id: u64, keys: &[&str]) -> Batch {
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
struct World {
    bucket: Arc<Bucket>,
    dir: TempDir,
    fixture: Fixture,
}

impl World {
    async fn new(files: &[(&str, &str)]) -> Self {
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

    fn out(&self) -> std::path::PathBuf {
        self.dir.path().join("out")
    }

    fn sink_into(&self, select: &str, options: &str, output: Arc<dyn BatchOutput>) -> QuerySink {
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

    fn sink(&self, select: &str, options: &str, format: OutputFormat) -> QuerySink {
        let output = DirectorySink::new(self.out(), format);
        self.sink_into(select, options, Arc::new(output))
    }

    /// Everything that was written, by `read_files`.
    async fn written(&self, sql: &str) -> String {
        self.fixture.rows(sql).await
    }

    fn names(&self) -> Vec<String> {
        names(&self.out())
    }
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn deliver(sink: &QuerySink, id: u64, keys: &[&str]) -> Result<(), SinkError> {
    sink.deliver(&stream_id(), &batch(id, keys)).await
}

const CSV: OutputFormat = OutputFormat::Csv {
    header: true,
    delimiter: b',',
};

fn formats() -> [OutputFormat; 3] {
    let parquet =
        "COPY (SELECT a FROM STREAM read_files('/in', format => 'csv', checkpoint => 's'))
        TO 'out'";
    let parquet = parse_stream(parquet).unwrap().unwrap().output.format;
    [parquet, CSV, OutputFormat::Json]
}

const PEOPLE: &str = "{\"id\": 1, \"name\": \"Ann\"}\n{\"id\": 2}\n{\"name\": \"Eve\", \"id\": 3}";

#[tokio::test]
async fn rows_of_a_batch_pass_through_functions_into_a_file_of_any_format() {
    for format in formats() {
        let world = World::new(&[
            ("in/a.json", PEOPLE),
            ("in/b.json", "{\"id\": 4, \"name\": \"Dan\"}\n"),
        ])
        .await;
        let select = "SELECT id, shout(name) AS loud FROM STREAM WHERE id <> 2";
        let sink = world.sink(select, "format => 'json'", format);
        deliver(&sink, 7, &["in/a.json", "in/b.json"])
            .await
            .unwrap();
        let name = format!(
            "part-0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000007.{}",
            format.extension()
        );
        assert_eq!(world.names(), [name]);
        expect![[r#"
            +----+------+
            | id | loud |
            +----+------+
            | 1  | ANN  |
            | 3  | EVE  |
            | 4  | DAN  |
            +----+------+
        "#]]
        .assert_eq(
            &world
                .written("SELECT id, loud FROM read_files('out')")
                .await,
        );
        assert_eq!(
            world.fixture.service.sent_to("/shout"),
            ["Ann", "Dan", "Eve"]
        );
        let log = world.fixture.service.log();
        assert!(
            log.iter()
                .all(|request| request.query_id.ends_with("2c5b1e7d9f10-7"))
        );
    }
}

#[tokio::test]
async fn no_rows_are_a_file_too() {
    for format in formats() {
        let world = World::new(&[("a", PEOPLE)]).await;
        let sink = world.sink(
            "SELECT id FROM STREAM WHERE id > 9",
            "format => 'json'",
            format,
        );
        deliver(&sink, 1, &["a"]).await.unwrap();
        assert_eq!(world.names().len(), 1);
        if format != OutputFormat::Json {
            let rows = world
                .written("SELECT count(*) AS n, max(id) FROM read_files('out')")
                .await;
            assert!(rows.contains("| 0 |"), "{rows}");
        }
    }
}

#[tokio::test]
async fn a_batch_that_comes_again_changes_nothing() {
    let world = World::new(&[("a", PEOPLE), ("b", PEOPLE)]).await;
    let sink = world.sink(
        "SELECT id, shout(name) AS n FROM STREAM",
        "format => 'json'",
        CSV,
    );
    deliver(&sink, 1, &["a"]).await.unwrap();
    let file = world.out().join(&world.names()[0]);
    let before = fs::read(&file).unwrap();
    world
        .bucket
        .put("a", "{\"id\": 9, \"name\": \"changed\"}\n");
    deliver(&sink, 1, &["a"]).await.unwrap();
    let again = world.sink(
        "SELECT id, shout(name) AS n FROM STREAM",
        "format => 'json'",
        CSV,
    );
    deliver(&again, 1, &["a"]).await.unwrap();
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(world.fixture.service.sent_to("/shout").len(), 3);
    assert_eq!((sink.stats().batches, sink.stats().repeated), (1, 1));
    deliver(&again, 2, &["b"]).await.unwrap();
    assert_eq!(world.names().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_consumers_with_one_batch_make_one_file() {
    let world = World::new(&[("a", PEOPLE)]).await;
    let select = "SELECT id, gate(name) AS n FROM STREAM";
    let [first, second] = [(); 2].map(|()| world.sink(select, "format => 'json'", CSV));
    let both = async { tokio::join!(deliver(&first, 1, &["a"]), deliver(&second, 1, &["a"])) };
    let open = async {
        crate::support::eventually("both have asked", || world.fixture.service.in_flight() >= 2)
            .await;
        world.fixture.open_gate();
    };
    let ((one, two), ()) = tokio::join!(both, open);
    one.unwrap();
    two.unwrap();
    assert_eq!(world.names().len(), 1);
    assert!(
        world
            .written("SELECT * FROM read_files('out')")
            .await
            .contains("ANN")
    );
}

#[tokio::test]
async fn what_a_crash_left_is_removed_and_nothing_else() {
    let world = World::new(&[("a", PEOPLE)]).await;
    fs::create_dir(world.out()).unwrap();
    let own = ".part-0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000001.csv.1-0.tmp";
    let others = [
        ".part-99999999-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000001.csv.1-0.tmp",
        "part-99999999-8d1b-4f7e-9a63-2c5b1e7d9f10-000000000001.csv",
        "notes.tmp",
    ];
    for name in others.iter().chain([&own]) {
        fs::write(world.out().join(name), "half").unwrap();
    }
    let sink = world.sink("SELECT id FROM STREAM", "format => 'json'", CSV);
    deliver(&sink, 1, &["a"]).await.unwrap();
    let names = world.names();
    assert!(!names.contains(&own.to_owned()), "{names:?}");
    assert!(
        others
            .iter()
            .all(|name| names.contains(&(*name).to_owned())),
        "{names:?}"
    );
    assert_eq!(names.len(), 4);
}

#[tokio::test]
async fn a_delivery_that_is_given_up_leaves_nothing() {
    let world = World::new(&[("a", PEOPLE)]).await;
    let sink = world.sink(
        "SELECT id, gate(name) AS n FROM STREAM",
        "format => 'json'",
        CSV,
    );
    {
        let pending = deliver(&sink, 1, &["a"]);
        let asked =
            crate::support::eventually("it has asked", || world.fixture.service.in_flight() > 0);
        tokio::select! {
            done = pending => panic!("{done:?}"),
            () = asked => {}
        }
    }
    crate::support::eventually("the draft is gone", || world.names().is_empty()).await;
    world.fixture.open_gate();
    deliver(&sink, 1, &["a"]).await.unwrap();
    assert_eq!(world.names().len(), 1);
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing_and_keeps_its_code() {
    let world = World::new(&[("a", PEOPLE)]).await;
    let sink = world.sink(
        "SELECT refuse(name) AS n FROM STREAM",
        "format => 'json'",
        CSV,
    );
    let error = deliver(&sink, 1, &["a"]).await.unwrap_err();
    assert!(error.code().starts_with("FLOE-FUNCTION-"), "{error}");
    assert!(world.names().is_empty());
}

#[tokio::test]
async fn an_output_that_cannot_be_written_says_so() {
    let world = World::new(&[("a", PEOPLE)]).await;
    fs::write(world.out(), "a file").unwrap();
    let sink = world.sink("SELECT id FROM STREAM", "format => 'json'", CSV);
    let error = deliver(&sink, 1, &["a"]).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-QUERY-0023", "{error}");
    let lists = world.sink_into(
        "SELECT array FROM STREAM",
        "format => 'json', schema => 'array ARRAY<INT>'",
        Arc::new(DirectorySink::new(world.dir.path().join("csv"), CSV)),
    );
    let error = deliver(&lists, 1, &["a"]).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-QUERY-0025", "{error}");
}

#[tokio::test]
async fn the_columns_of_the_first_batch_are_those_of_all_others() {
    let world = World::new(&[
        ("1", "id,name\n1,Ann\n"),
        ("2", "name,new,id\nBob,x,2\n"),
        ("3", "id\n3\n"),
    ])
    .await;
    let select = "SELECT * FROM STREAM";
    let sink = world.sink(select, "format => 'csv'", OutputFormat::Json);
    deliver(&sink, 1, &["1"]).await.unwrap();
    let kept = fs::read_to_string(world.dir.path().join("state/schema.json")).unwrap();
    expect![[r#"
        [{"depth":0,"name":"id","type":"Int64","nullable":true},{"depth":0,"name":"name","type":"Utf8","nullable":true}]
    "#]]
    .assert_eq(&kept);
    let restarted = world.sink(select, "format => 'csv'", OutputFormat::Json);
    deliver(&restarted, 2, &["2", "3"]).await.unwrap();
    assert_eq!(
        restarted.stats().new_columns,
        BTreeMap::from([("new".to_owned(), 1)])
    );
    expect![[r#"
        +----+------+
        | id | name |
        +----+------+
        | 1  | Ann  |
        | 2  | Bob  |
        | 3  |      |
        +----+------+
    "#]]
    .assert_eq(
        &world
            .written("SELECT * FROM read_files('out') ORDER BY id")
            .await,
    );
    assert_eq!(
        fs::read_to_string(world.dir.path().join("state/schema.json")).unwrap(),
        kept
    );
}

#[tokio::test]
async fn a_damaged_file_of_columns_is_no_first_start() {
    let world = World::new(&[("1", "id\n1\n")]).await;
    fs::create_dir(world.dir.path().join("state")).unwrap();
    fs::write(world.dir.path().join("state/schema.json"), "[{\"name\":").unwrap();
    let sink = world.sink("SELECT * FROM STREAM", "format => 'csv'", CSV);
    let error = deliver(&sink, 1, &["1"]).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-QUERY-0022", "{error}");
    assert!(world.names().is_empty());
}

#[tokio::test]
async fn a_batch_without_rows_does_not_fix_the_columns() {
    let world = World::new(&[("0", ""), ("1", "id\n"), ("2", "id\n7\n")]).await;
    let sink = world.sink("SELECT id + 1 AS n FROM STREAM", "format => 'csv'", CSV);
    deliver(&sink, 1, &["0", "1"]).await.unwrap();
    assert!(world.names().is_empty());
    deliver(&sink, 2, &["2", "0"]).await.unwrap();
    assert!(
        world
            .written("SELECT * FROM read_files('out')")
            .await
            .contains("| 8 |")
    );
}

async fn fails(files: &[(&str, &str)], options: &str, expected: Expect) {
    let world = World::new(files).await;
    let sink = world.sink("SELECT * FROM STREAM", options, CSV);
    let keys: Vec<_> = files.iter().map(|(key, _)| *key).collect();
    let error = deliver(&sink, 1, &keys).await.unwrap_err();
    assert!(world.names().is_empty());
    expected.assert_eq(&format!("{}: {error}", error.code()));
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_named_with_its_line() {
    let good = ("in/good", "id,name\n1,x\n");
    fails(
        &[good, ("in/bad", "id,name\n1,x\n2,y\nthree,z\n")],
        "format => 'csv', schema => 'id INT, name STRING'",
        expect!["FLOE-QUERY-0020: /in/bad, line 3, cannot be read as CSV: Error while parsing value 'three' as type 'Int32' for column 0 at line 3; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"],
    )
    .await;
    fails(
        &[good, ("in/short", "id,name\n1,x\n2\n")],
        "format => 'csv', schema => 'id INT, name STRING'",
        expect!["FLOE-QUERY-0020: /in/short, line 3, cannot be read as CSV: incorrect number of fields for line 3, expected 2 got 1; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"],
    )
    .await;
    fails(
        &[(
            "in/bad.json",
            "{\"id\": 1}\n{\"id\": 2}\n{\"id\": \"x\"}\n{\"id\": 4}\n",
        )],
        "format => 'json', schema => 'id INT'",
        expect![[r#"FLOE-QUERY-0020: /in/bad.json, line 3, cannot be read as JSON: whilst decoding field 'id': failed to parse "x" as Int32; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"#]],
    )
    .await;
    fails(
        &[("in/cut.json", "{\"id\": 1}\n{\"id\": ")],
        "format => 'json', schema => 'id INT'",
        expect!["FLOE-QUERY-0020: /in/cut.json, line 2, cannot be read as JSON: Truncated record whilst reading value; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"],
    )
    .await;
    fails(
        &[("in/x.parquet", "no parquet at all")],
        "format => 'parquet', schema => 'id INT'",
        expect!["FLOE-QUERY-0020: /in/x.parquet cannot be read as Parquet: Invalid Parquet file. Corrupt footer; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"],
    )
    .await;
    fails(&[("in/x.json", "[1]")], "format => 'json'", expect!["FLOE-QUERY-0020: /in/x.json cannot be read as JSON: Expected JSON record to be an object, found Array [Number(1)]; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"]).await;
}

#[tokio::test]
async fn a_row_that_is_refused_is_not_repeated_in_the_message() {
    let world = World::new(&[("a", "id,secret\nx,hush\n")]).await;
    let sink = world.sink(
        "SELECT * FROM STREAM",
        "format => 'csv', schema => 'id INT, secret STRING'",
        CSV,
    );
    let error = deliver(&sink, 1, &["a"]).await.unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn files_that_are_gone_are_an_error_or_passed_over() {
    let world = World::new(&[("a", "id\n1\n"), ("b", "id\n2\n")]).await;
    let strict = world.sink("SELECT * FROM STREAM", "format => 'csv'", CSV);
    world.bucket.remove("b");
    let error = deliver(&strict, 1, &["a", "b"]).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0030", "{error}");
    let options = "format => 'csv', ignoreMissingFiles => true";
    let lenient = world.sink("SELECT * FROM STREAM", options, CSV);
    deliver(&lenient, 1, &["a", "b"]).await.unwrap();
    assert_eq!(lenient.stats().missing_files, 1);
    assert!(
        world
            .written("SELECT count(*) FROM read_files('out')")
            .await
            .contains("| 1 ")
    );
    deliver(&lenient, 2, &["b"]).await.unwrap();
    assert_eq!(world.names().len(), 2);
}

#[tokio::test]
async fn files_that_cannot_be_read_are_passed_over_as_a_whole() {
    let files = [
        ("a", "{\"id\": 1}\n"),
        ("b", "{\"id\": 2}\n{\"id\": \"x\"}\n{"),
        ("c", "{\"id\": 3}\n"),
    ];
    let world = World::new(&files).await;
    let options = "format => 'json', ignoreCorruptFiles => true, schema => 'id INT'";
    let sink = world.sink("SELECT * FROM STREAM", options, CSV);
    deliver(&sink, 1, &["a", "b", "c"]).await.unwrap();
    assert_eq!(sink.stats().corrupt_files, 1);
    let rows = world.written("SELECT * FROM read_files('out')").await;
    assert!(
        rows.contains("| 1 ") && rows.contains("| 3 ") && !rows.contains("| 2 "),
        "{rows}"
    );
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_no_corrupt_file() {
    for format in ["csv", "json", "parquet"] {
        let world = World::new(&[("a", "id\n1\n2\n3\n4\n")]).await;
        let options =
            format!("format => '{format}', ignoreCorruptFiles => true, schema => 'id INT'");
        let sink = world.sink("SELECT * FROM STREAM", &options, CSV);
        let (what, reason) = ("a read".to_owned(), "503".to_owned());
        *world.bucket.fails.lock().unwrap() = Some(SourceError::Unavailable { what, reason });
        let error = deliver(&sink, 1, &["a"]).await.unwrap_err();
        assert_eq!(
            (error.code(), error.is_retryable()),
            ("FLOE-INGEST-0032", true),
            "{format}: {error}"
        );
        assert_eq!(sink.stats().corrupt_files, 0);
    }
}

#[tokio::test]
async fn a_file_of_another_container_is_refused() {
    let world = World::new(&[]).await;
    let sink = world.sink("SELECT * FROM STREAM", "format => 'csv'", CSV);
    let mut other = batch(1, &["a"]);
    other.files[0].id = FileId::new(b"s3://other/a", None).unwrap();
    let error = sink.deliver(&stream_id(), &other).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-QUERY-0021");
}

#[tokio::test]
async fn the_file_of_a_row_is_told_when_it_is_asked_for() {
    let world = World::new(&[("in//a b.csv", "id\n1\n2\n"), ("in/ü", "id\n3\n")]).await;
    let select = "SELECT id, _file AS f FROM STREAM ORDER BY id";
    let sink = world.sink(select, "format => 'csv'", CSV);
    deliver(&sink, 1, &["in//a b.csv", "in/ü"]).await.unwrap();
    expect![[r#"
        +----+--------------+
        | id | f            |
        +----+--------------+
        | 1  | /in//a b.csv |
        | 2  | /in//a b.csv |
        | 3  | /in/ü        |
        +----+--------------+
    "#]]
    .assert_eq(&world.written("SELECT * FROM read_files('out')").await);
}

#[tokio::test]
async fn aggregates_are_of_a_batch_and_other_files_may_be_joined() {
    let world = World::new(&[("a", "id\n1\n2\n2\n"), ("b", "id\n2\n")]).await;
    fs::write(
        world.dir.path().join("names.csv"),
        "id,name\n1,one\n2,two\n",
    )
    .unwrap();
    let select = "SELECT n.name, count(*) AS times FROM STREAM AS s JOIN read_files('names.csv') n \
                  ON n.id = s.id GROUP BY n.name";
    let sink = world.sink(select, "format => 'csv'", CSV);
    deliver(&sink, 1, &["a"]).await.unwrap();
    deliver(&sink, 2, &["b"]).await.unwrap();
    expect![[r#"
        +------+-------+
        | name | times |
        +------+-------+
        | one  | 1     |
        | two  | 1     |
        | two  | 2     |
        +------+-------+
    "#]]
    .assert_eq(
        &world
            .written("SELECT * FROM read_files('out') ORDER BY name, times")
            .await,
    );
}

#[tokio::test]
async fn rows_are_counted_without_columns() {
    for (format, text) in [("csv", "id\n1\n2\n"), ("json", "{\"id\": 1}\n{}\n")] {
        let world = World::new(&[("a", text)]).await;
        let sink = world.sink(
            "SELECT count(*) AS n FROM STREAM",
            &format!("format => '{format}'"),
            CSV,
        );
        deliver(&sink, 1, &["a"]).await.unwrap();
        assert!(
            world
                .written("SELECT n FROM read_files('out')")
                .await
                .contains("| 2 |"),
            "{format}"
        );
    }
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    file
}

#[tokio::test]
async fn parquet_is_read_by_name_and_widened() {
    let world = World::new(&[]).await;
    let names = |text: &[&str]| Arc::new(StringArray::from(text.to_vec())) as ArrayRef;
    let small: ArrayRef = Arc::new(floe_datafusion::datafusion::arrow::array::Int32Array::from(
        vec![3],
    ));
    world.bucket.put(
        "1",
        parquet(vec![
            ("id", Arc::new(Int64Array::from(vec![1, 2]))),
            ("name", names(&["a", "b"])),
        ]),
    );
    world.bucket.put(
        "2",
        parquet(vec![
            ("more", names(&["x"])),
            ("name", names(&["c"])),
            ("id", small),
        ]),
    );
    world
        .bucket
        .put("3", parquet(vec![("id", names(&["four"]))]));
    let sink = world.sink("SELECT name, id FROM STREAM", "format => 'parquet'", CSV);
    deliver(&sink, 1, &["1"]).await.unwrap();
    deliver(&sink, 2, &["2"]).await.unwrap();
    assert!(sink.stats().new_columns.contains_key("more"));
    expect![[r#"
        +------+----+
        | name | id |
        +------+----+
        | a    | 1  |
        | b    | 2  |
        | c    | 3  |
        +------+----+
    "#]]
    .assert_eq(&world.written("SELECT * FROM read_files('out')").await);
    let error = deliver(&sink, 3, &["3"]).await.unwrap_err();
    expect!["/3 cannot be read as Parquet: column `id` is Utf8 and not Int64, as the stream has it; correct the file, or give the columns with schema => '…', or set ignoreCorruptFiles to true"].assert_eq(&error.to_string());
}

#[tokio::test]
async fn large_files_come_piece_by_piece_and_whole() {
    const LINES: usize = 600_000;
    let text: String = (0..LINES)
        .map(|n| format!("{{\"n\": {n}, \"pad\": \"ü\"}}\n"))
        .collect();
    assert!(text.len() > 3 * (4 << 20));
    let csv: String = std::iter::once("n,pad\n".to_owned())
        .chain((0..LINES).map(|n| format!("{n},\"x,\nü\"\n")))
        .collect();
    for (format, text) in [("json", text), ("csv", csv)] {
        let world = World::new(&[("a", &text)]).await;
        let select = "SELECT count(*) AS c, sum(n) AS s, count(DISTINCT pad) AS p FROM STREAM";
        let sink = world.sink(select, &format!("format => '{format}'"), CSV);
        deliver(&sink, 1, &["a"]).await.unwrap();
        let rows = world.written("SELECT * FROM read_files('out')").await;
        assert!(
            rows.contains("| 600000 | 179999700000 | 1 |"),
            "{format}: {rows}"
        );
    }
}

#[tokio::test]
async fn a_table_takes_each_batch_once() {
    let world = World::new(&[("a", PEOPLE), ("b", PEOPLE)]).await;
    let columns = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int32, true),
        Field::new("loud", DataType::Utf8, true),
    ]));
    let table = Arc::new(MemTable::try_new(columns, vec![vec![]]).unwrap());
    let output = Arc::new(TableSink::new(table.clone()));
    let select = "SELECT id, shout(name) FROM STREAM";
    let [one, two] = [(); 2].map(|()| world.sink_into(select, "format => 'json'", output.clone()));
    let (first, second) = tokio::join!(deliver(&one, 1, &["a"]), deliver(&two, 1, &["a"]));
    first.unwrap();
    second.unwrap();
    deliver(&one, 2, &["b"]).await.unwrap();
    deliver(&two, 2, &["b"]).await.unwrap();
    let context = world.fixture.context();
    context.register_table("t", table).unwrap();
    let rows = context
        .sql("SELECT count(*), max(loud) FROM t")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let shown = pretty_format_batches(&rows).unwrap().to_string();
    assert!(shown.contains("| 6        | EVE"), "{shown}");
}

#[tokio::test]
async fn a_table_of_other_columns_is_refused() {
    let world = World::new(&[("a", PEOPLE)]).await;
    let columns = Arc::new(Schema::new(vec![Field::new("id", DataType::Int32, true)]));
    let table = Arc::new(MemTable::try_new(columns, vec![vec![]]).unwrap());
    let sink = world.sink_into(
        "SELECT id, name FROM STREAM",
        "format => 'json'",
        Arc::new(TableSink::new(table)),
    );
    let error = deliver(&sink, 1, &["a"]).await.unwrap_err();
    assert!(
        error.to_string().contains("2 columns and the table 1"),
        "{error}"
    );
}
