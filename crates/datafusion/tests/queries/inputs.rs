//! What the files of a batch are read as.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use expect_test::{Expect, expect};
use floe_datafusion::datafusion::arrow::array::{
    ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray,
};
use floe_datafusion::datafusion::parquet::arrow::ArrowWriter;
use floe_datafusion::ingest::OutputFormat;
use floe_ingest::{Batch, FileEntry, FileId, Sink, SourceError};

use crate::sinks::world::{CSV, TAG, World, batch, deliver, stream_id};

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
async fn content_that_was_overwritten_before_it_was_read_is_passed_over() {
    let world = World::new(&[("a", "id\n1\n"), ("b", "id\n2\n")]).await;
    let sink = world.sink("SELECT * FROM STREAM", "format => 'csv'", CSV);
    let file = |key: &str, tag: &str| FileEntry {
        id: FileId::new(format!("/{key}").as_bytes(), Some(tag)).unwrap(),
        ..batch(1, &[key]).files.remove(0)
    };
    // The store tells another tag of `a`, whose newer content is a file of its own.
    let batch = Batch {
        files: vec![file("a", "older"), file("b", TAG)],
        ..batch(1, &[])
    };
    sink.deliver(&stream_id(), &batch).await.unwrap();
    assert_eq!(sink.stats().superseded_files, 1);
    let ids = world.written("SELECT sum(id) FROM read_files('out')").await;
    assert!(ids.contains("| 2 "), "{ids}");
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
    let small: ArrayRef = Arc::new(Int32Array::from(vec![3]));
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
