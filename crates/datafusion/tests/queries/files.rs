//! `read_files`.

use std::fs;

use expect_test::{Expect, expect};
use floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use floe_datafusion::datafusion::parquet::arrow::ArrowWriter;
use floe_datafusion::query;
use tempfile::TempDir;

use crate::support::Fixture;

const PEOPLE: &str = "id,name\n1,Ann\n2,\n3,\"Eve, the first\"\n";

async fn with_files(files: &[(&str, &str)]) -> (TempDir, Fixture) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let mut fixture = Fixture::start().await;
    fixture.info.base_dir = dir.path().to_owned();
    (dir, fixture)
}

#[tokio::test]
async fn a_csv_file_has_the_columns_of_its_header_and_inferred_types() {
    let (_dir, fixture) = with_files(&[("people.csv", PEOPLE)]).await;
    let sql = "SELECT id + 10 AS id, name, shout(name) FROM read_files('people.csv')";
    expect![[r#"
        +----+----------------+----------------+
        | id | name           | SHOUT(NAME)    |
        +----+----------------+----------------+
        | 11 | Ann            | ANN            |
        | 12 |                |                |
        | 13 | Eve, the first | EVE, THE FIRST |
        +----+----------------+----------------+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
}

#[tokio::test]
async fn options_say_what_the_name_does_not() {
    let (_dir, fixture) = with_files(&[("a.txt", "1;x\n2;y\n"), ("b.tsv", "k\tv\n1\t2\n")]).await;
    let sql = "SELECT column_2, column_1 FROM \
               read_files('a.txt', format => 'csv', header => false, sep => ';')";
    assert_eq!(fixture.column(sql).await, ["x", "y"]);
    let sql = "SELECT * FROM read_files('a.txt', FORMAT => 'CSV', Header => 'false', \
               delimiter => ';') AS t (n, letter) WHERE t.letter = 'y'";
    assert_eq!(fixture.column(sql).await, ["2"]);
    assert_eq!(
        fixture.column("SELECT v FROM read_files('b.tsv')").await,
        ["2"]
    );
    let sql = "SELECT v FROM TABLE(read_files('b.tsv', sep => '\\t'))";
    assert_eq!(fixture.column(sql).await, ["2"]);
}

#[tokio::test]
async fn json_files_have_one_object_per_line() {
    let lines = "{\"id\": 1, \"name\": \"Ann\"}\n{\"id\": 2, \"tags\": [\"x\"]}\n";
    let (_dir, fixture) = with_files(&[("people.jsonl", lines), ("data", lines)]).await;
    expect![[r#"
        +----+------+------+
        | id | name | tags |
        +----+------+------+
        | 1  | Ann  |      |
        | 2  |      | [x]  |
        +----+------+------+
    "#]]
    .assert_eq(
        &fixture
            .rows("SELECT * FROM read_files('people.jsonl')")
            .await,
    );
    let sql = "SELECT id FROM read_files('data', format => 'json')";
    assert_eq!(fixture.column(sql).await, ["1", "2"]);
}

#[tokio::test]
async fn parquet_files_are_known_by_their_ending_or_an_option() {
    let (dir, fixture) = with_files(&[]).await;
    fs::create_dir(dir.path().join("in")).unwrap();
    let context = fixture.context();
    let people = query(&context, "SELECT id, name, city FROM people");
    let people = people.await.unwrap().collect().await.unwrap();
    for name in ["in/people.parquet", "data"] {
        let file = fs::File::create(dir.path().join(name)).unwrap();
        let mut writer = ArrowWriter::try_new(file, people[0].schema(), None).unwrap();
        people.iter().for_each(|rows| writer.write(rows).unwrap());
        writer.close().unwrap();
    }
    let sql = "SELECT id, shout(name), city FROM read_files('in') ORDER BY id";
    expect![[r#"
        +----+-------------+------+
        | id | SHOUT(NAME) | city |
        +----+-------------+------+
        | 1  | ANN         | Oslo |
        | 2  | BOB         | Rome |
        | 3  |             | Oslo |
        | 4  | DAN         | Rome |
        | 5  | EVE         | Oslo |
        +----+-------------+------+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
    let sql = "SELECT count(*) FROM read_files('data', format => 'Parquet') WHERE city = 'Rome'";
    assert_eq!(fixture.column(sql).await, ["2"]);
    let sql = "SELECT count(*) FROM read_files('in/*.parquet')";
    assert_eq!(fixture.column(sql).await, ["5"]);
}

#[tokio::test]
async fn directories_and_patterns_stand_for_their_files_in_the_order_of_their_names() {
    let files = [
        ("in/2.csv", "n\n3\n4\n"),
        ("in/1.csv", "n\n1\n2\n"),
        ("in/x.json", "{\"n\": 9}\n"),
        ("in/deep/3.csv", "n\n5\n"),
    ];
    let (_dir, fixture) = with_files(&files).await;
    let sql = "SELECT n FROM read_files('in/*.csv')";
    assert_eq!(fixture.column(sql).await, ["1", "2", "3", "4"]);
    let (dir, fixture) = with_files(&files[..2]).await;
    for path in ["in", "in/", "./in", "in/?.csv", "in/[12].csv"] {
        let sql = format!("SELECT n FROM read_files('{path}')");
        assert_eq!(fixture.column(&sql).await, ["1", "2", "3", "4"], "{path}");
    }
    let absolute = dir.path().join("in/1.csv");
    for path in [
        format!("{}", absolute.display()),
        format!("file://{}", absolute.display()),
    ] {
        let sql = format!("SELECT n FROM read_files('{path}')");
        assert_eq!(fixture.column(&sql).await, ["1", "2"], "{path}");
    }
}

#[tokio::test]
async fn rows_of_a_large_file_come_in_the_order_of_the_file() {
    let mut text = String::from("n\n");
    (0..50_000).for_each(|n| text.push_str(&format!("{n}\n")));
    let (_dir, mut fixture) = with_files(&[("numbers.csv", &text)]).await;
    fixture.info.target_partitions = 4;
    let sql = "SELECT CAST(shout(n) AS BIGINT) + 1 - 1 FROM read_files('numbers.csv') WHERE n >= 0";
    let rows = fixture.column(sql).await;
    let expected: Vec<_> = (0..50_000).map(|n| n.to_string()).collect();
    assert_eq!(rows, expected);
    assert_eq!(fixture.service.batch_sizes().iter().sum::<usize>(), 50_000);
}

#[tokio::test]
async fn one_file_may_be_read_twice_and_joined() {
    let (_dir, fixture) = with_files(&[("p.csv", PEOPLE), ("q.csv", "id,k\n3,z\n")]).await;
    let sql = "SELECT a.name FROM read_files('p.csv') a JOIN read_files('p.csv') b \
               ON a.id = b.id JOIN read_files('q.csv') c ON c.id = a.id";
    assert_eq!(fixture.column(sql).await, ["Eve, the first"]);
    let sql = "WITH f AS (SELECT * FROM read_files('p.csv')) SELECT count(*) FROM f \
               WHERE id IN (SELECT id FROM read_files('q.csv'))";
    assert_eq!(fixture.column(sql).await, ["1"]);
}

#[tokio::test]
async fn a_second_query_of_the_session_sees_the_file_as_it_is_now() {
    let (dir, fixture) = with_files(&[("p.csv", "n\n1\n")]).await;
    let context = fixture.context();
    let sql = "SELECT count(*) FROM read_files('p.csv')";
    for text in ["n\n1\n", "n\n1\n2\n", "other\n3\n"] {
        fs::write(dir.path().join("p.csv"), text).unwrap();
        let rows = query(&context, sql).await.unwrap().collect().await.unwrap();
        let shown = pretty_format_batches(&rows).unwrap().to_string();
        let expected = format!("| {}        |", text.lines().count() - 1);
        assert!(shown.contains(&expected), "{shown}");
    }
}

#[tokio::test]
async fn quoted_fields_may_hold_line_breaks() {
    let (_dir, fixture) = with_files(&[("p.csv", "id,text\n1,\"a\nb\"\n2,c\n")]).await;
    assert_eq!(
        fixture.column("SELECT id FROM read_files('p.csv')").await,
        ["1", "2"]
    );
}

#[tokio::test]
async fn a_file_with_nothing_but_a_header_has_no_rows() {
    let (_dir, fixture) = with_files(&[("p.csv", "id,name\n")]).await;
    assert!(
        fixture
            .column("SELECT shout(name) FROM read_files('p.csv')")
            .await
            .is_empty()
    );
}

async fn check(sql: &str, expected: Expect) {
    let files = [("p.csv", PEOPLE), ("a.txt", "x"), ("empty/.keep", "")];
    let (dir, fixture) = with_files(&files).await;
    let error = fixture.refused(sql).await;
    let text = format!("{}: {error}", error.code());
    expected.assert_eq(&text.replace(&dir.path().display().to_string(), "DIR"));
}

#[tokio::test]
async fn a_missing_file_says_where_it_was_looked_for() {
    check("SELECT *\nFROM read_files('none.csv')", expect!["FLOE-QUERY-0010: read_files: there is no file at `none.csv` (looked at DIR/none.csv) (line 2, column 6)"]).await;
    check("SELECT * FROM read_files('none/*.csv')", expect!["FLOE-QUERY-0010: read_files: there is no file at `none/*.csv` (looked at DIR/none/*.csv) (line 1, column 15)"]).await;
}

#[tokio::test]
async fn wrong_options_name_the_allowed_ones() {
    check("SELECT * FROM read_files('p.csv', encoding => 'latin1')", expect!["FLOE-QUERY-0009: read_files: there is no option `encoding`; the options are format => 'csv', 'json' or 'parquet', header => true or false, and delimiter (or sep) => one character (line 1, column 35)"]).await;
    check("SELECT * FROM read_files('p.csv', format => 'avro')", expect!["FLOE-QUERY-0009: read_files: format is 'csv', 'json' or 'parquet', not 'avro' (line 1, column 35)"]).await;
    check("SELECT * FROM read_files('p.csv', header => 'perhaps')", expect!["FLOE-QUERY-0009: read_files: header is true or false, not 'perhaps' (line 1, column 35)"]).await;
    check("SELECT * FROM read_files('p.csv', sep => '||')", expect![[r#"FLOE-QUERY-0009: read_files: delimiter is one ASCII character other than a quote or a line break, or '\t', not '||' (line 1, column 35)"#]]).await;
    check(
        "SELECT * FROM read_files('p.csv', sep => ',', delimiter => ';')",
        expect!["FLOE-QUERY-0009: read_files: `delimiter` is given twice (line 1, column 47)"],
    )
    .await;
    check("SELECT * FROM read_files('p.csv', 'csv')", expect!["FLOE-QUERY-0009: read_files: `'csv'` must be written as name => value; the options are format => 'csv', 'json' or 'parquet', header => true or false, and delimiter (or sep) => one character (line 1, column 15)"]).await;
    check("SELECT * FROM read_files('p.csv', header => 1 + 1)", expect!["FLOE-QUERY-0009: read_files: header => 1 + 1 is not a literal; the options are format => 'csv', 'json' or 'parquet', header => true or false, and delimiter (or sep) => one character (line 1, column 35)"]).await;
    check("SELECT * FROM read_files('p.csv', format => 'json', header => true)", expect!["FLOE-QUERY-0009: read_files: header and delimiter are options of CSV files (line 1, column 15)"])
        .await;
    check("SELECT * FROM read_files('p.csv', format => 'parquet', sep => ';')", expect!["FLOE-QUERY-0009: read_files: header and delimiter are options of CSV files (line 1, column 15)"])
        .await;
}

#[tokio::test]
async fn the_path_is_needed_in_quotes_and_on_this_machine() {
    check("SELECT * FROM read_files()", expect!["FLOE-QUERY-0009: read_files: the first argument is the path in quotes: read_files('data/*.csv') (line 1, column 15)"]).await;
    check("SELECT * FROM read_files(p)", expect!["FLOE-QUERY-0009: read_files: the first argument is the path in quotes: read_files('data/*.csv') (line 1, column 15)"]).await;
    check(
        "SELECT * FROM read_files('')",
        expect!["FLOE-QUERY-0009: read_files: the path is empty (line 1, column 15)"],
    )
    .await;
    check("SELECT * FROM read_files('s3://bucket/p.csv')", expect!["FLOE-QUERY-0009: read_files: `s3://` is not on this machine; give a path of its file system (line 1, column 15)"]).await;
}

#[tokio::test]
async fn a_name_that_does_not_tell_the_format_needs_the_option() {
    check("SELECT * FROM read_files('a.txt')", expect!["FLOE-QUERY-0009: read_files: the name of `a.txt` does not tell its format; add format => 'csv', format => 'json' or format => 'parquet' (known endings: .csv, .tsv, .json, .jsonl, .ndjson, .parquet) (line 1, column 15)"]).await;
}

#[tokio::test]
async fn a_file_that_is_not_what_it_says_is_an_error() {
    check(
        "SELECT * FROM read_files('a.txt', format => 'parquet')",
        expect!["FLOE-QUERY-0011: read_files: `a.txt` cannot be read as Parquet (line 1, column 15): Parquet error: Parquet error: Parquet files are at least 8 bytes long, but file length is 1"],
    )
    .await;
    check("SELECT * FROM read_files('a.txt', format => 'json')", expect!["FLOE-QUERY-0011: read_files: `a.txt` cannot be read as JSON (one object per line) (line 1, column 15): Arrow error: Json error: Not valid JSON: expected value at line 1 column 1"]).await;
}
