//! Types beyond text and numbers: JSON, times, binary.

use expect_test::expect;
use floe_datafusion::Volatility;

use crate::support::Fixture;

async fn fixture() -> Fixture {
    let mut fixture = Fixture::start().await;
    for (name, ty) in [
        ("ANY", "VARIANT"),
        ("OBJ", "OBJECT"),
        ("ARR", "ARRAY"),
        ("AT", "TIME"),
        ("NTZ", "TIMESTAMP_NTZ(6)"),
        ("LTZ", "TIMESTAMP_LTZ(3)"),
        ("TZ", "TIMESTAMP_TZ(3)"),
        ("BIN", "BINARY"),
    ] {
        fixture.add_with(name, &[ty], ty, "/echo", Volatility::Volatile, |_| {});
    }
    fixture
}

impl Fixture {
    /// The JSON that the service got, sorted.
    fn got(&self) -> Vec<String> {
        let log = self.service.log();
        let rows = log.iter().flat_map(|request| &request.rows);
        let mut got: Vec<_> = rows.map(|row| row[1].to_string()).collect();
        got.sort();
        got
    }
}

#[tokio::test]
async fn values_become_json_as_the_original_converts_them() {
    for (sql, sent) in [
        ("any('text')", "\"text\""),
        ("any('{\"a\":1}')", "\"{\\\"a\\\":1}\""),
        ("any(12)", "12"),
        ("any(1.50)", "1.50"),
        ("any(true)", "true"),
        ("any(NULL)", "null"),
        ("any(DATE '2024-02-29')", "\"2024-02-29\""),
        ("any(parse_json('{\"a\": [1, null]}'))", "{\"a\":[1,null]}"),
        ("any(any(parse_json('[1]')))", "[1]"),
        ("any(to_variant('a'))", "\"a\""),
        ("any(to_variant(parse_json('[2]')))", "[2]"),
        ("any(try_parse_json('{'))", "null"),
        ("obj('{\"a\": 1}')", "{\"a\":1}"),
        ("arr(parse_json('[1]'))", "[1]"),
    ] {
        let fixture = fixture().await;
        fixture.rows(&format!("SELECT {sql} AS x")).await;
        let sent: serde_json::Value = serde_json::from_str(sent).unwrap();
        assert_eq!(fixture.got().last(), Some(&sent.to_string()), "{sql}");
    }
}

#[tokio::test]
async fn json_keeps_its_mark_through_tables_subqueries_and_calls() {
    let fixture = fixture().await;
    expect![[r#"
        +---------+---------+
        | x       | y       |
        +---------+---------+
        | [1]     | [1]     |
        | {"b":2} | {"b":2} |
        |         |         |
        +---------+---------+
    "#]]
    .assert_eq(
        &fixture
            .rows(
                "WITH texts AS (SELECT column1 AS t FROM (VALUES ('[1]'), ('{\"b\":2}'), (NULL))), \
                 parsed AS (SELECT parse_json(t) AS x FROM texts) \
                 SELECT x, any(x) AS y FROM parsed",
            )
            .await,
    );
    assert_eq!(fixture.got(), ["[1]", "null", "{\"b\":2}"]);
}

#[tokio::test]
async fn of_functions_that_take_text_and_json_each_gets_its_own() {
    let mut fixture = fixture().await;
    for (ty, path) in [("VARCHAR", "/text"), ("VARIANT", "/json"), ("NUMBER", "/number")] {
        let volatile = Volatility::Volatile;
        fixture.add_with("KIND", &[ty], "VARCHAR", path, volatile, |_| {});
    }
    for (sql, path) in [
        ("kind('[1]')", "/text"),
        ("kind(parse_json('[1]'))", "/json"),
        ("kind(any('a'))", "/json"),
        ("kind(12)", "/number"),
        ("kind(true)", "/json"),
        ("kind(CAST(parse_json('[1]') AS VARCHAR))", "/text"),
    ] {
        let before = fixture.service.log().len();
        fixture.rows(&format!("SELECT {sql} AS x")).await;
        let log = fixture.service.log();
        assert_eq!(log.last().unwrap().path, path, "{sql}");
        assert!(log.len() > before, "{sql}");
    }
}

#[tokio::test]
async fn parameters_of_types_tell_no_functions_apart() {
    let mut fixture = fixture().await;
    for (ty, path) in [("VARCHAR(10)", "/short"), ("VARCHAR", "/long")] {
        let volatile = Volatility::Volatile;
        fixture.add_with("KIND", &[ty], "VARCHAR", path, volatile, |_| {});
    }
    fixture.rows("SELECT kind('a') AS x").await;
    assert_eq!(fixture.service.log().last().unwrap().path, "/long");
}

#[tokio::test]
async fn text_that_is_not_json_is_refused_where_it_is_parsed_or_sent() {
    let fixture = fixture().await;
    let error = fixture
        .failed("SELECT any(parse_json(name)) FROM people")
        .await;
    assert_eq!(error.code(), "FLOE-QUERY-0015");
    let error = fixture.failed("SELECT obj(name) FROM people").await;
    assert_eq!(error.code(), "FLOE-FUNCTION-0005", "{error}");
    assert!(fixture.service.log().is_empty());
}

#[tokio::test]
async fn times_and_binary_make_the_way_there_and_back() {
    let fixture = fixture().await;
    expect![[r#"
        +----------+----------------------------+-------------------------+
        | t        | n                          | l                       |
        +----------+----------------------------+-------------------------+
        | 12:30:00 | 2024-11-29T12:12:47.310001 | 2024-11-29T20:12:47.310Z |
        +----------+----------------------------+-------------------------+
    "#]]
    .assert_eq(
        &fixture
            .rows(
                "SELECT at('12:30') AS t, ntz('2024-11-29 12:12:47.310001') AS n, \
                 ltz('2024-11-29 12:12:47.310-08:00') AS l",
            )
            .await,
    );
    assert_eq!(
        fixture.got(),
        [
            "\"12:30:00\"",
            "\"2024-11-29 12:12:47.310001\"",
            "\"2024-11-29 20:12:47.310 +0000\"",
        ]
    );
    let zoned = fixture
        .column("SELECT tz(TIMESTAMP '2024-11-29 12:12:47')['offset_minutes'] AS o")
        .await;
    assert_eq!(zoned, ["0"]);
    let bytes = fixture.column("SELECT bin(X'00ff') AS b").await;
    assert_eq!(bytes, ["00ff"]);
}
