//! Batches of a stream through its query into directories and tables.

pub(crate) mod world;

use std::fs;
use std::sync::Arc;

use expect_test::expect;
use floe_datafusion::datafusion::arrow::datatypes::{DataType, Field, Schema};
use floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use floe_datafusion::datafusion::datasource::MemTable;
use floe_datafusion::ingest::{DirectorySink, OutputFormat, TableSink, parse_stream};

use world::{CSV, World, deliver};

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
