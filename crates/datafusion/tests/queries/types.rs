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
        ("FLT", "FLOAT"),
        ("NUM", "NUMBER(38,0)"),
        ("DEC", "NUMBER(38,20)"),
        ("CENTS", "NUMBER(10,2)"),
        ("DAY", "DATE"),
        ("AT3", "TIME(3)"),
        ("NTZ3", "TIMESTAMP_NTZ(3)"),
        ("NTZ1", "TIMESTAMP_NTZ(1)"),
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

impl Fixture {
    /// The JSON that the service got for each of the expressions.
    async fn sent(sqls: &[(&str, &str)]) {
        let fixture = fixture().await;
        for (sql, sent) in sqls {
            fixture.rows(&format!("SELECT {sql} AS x")).await;
            let log = fixture.service.log();
            let last = log.last().unwrap().rows[0][1].clone();
            assert_eq!(last.to_string(), *sent, "{sql}");
        }
    }
}

#[tokio::test]
async fn numbers_in_a_query_are_exact() {
    Fixture::sent(&[
        (
            "any(CAST(12345678901234567890123456789012345678 AS VARCHAR))",
            "\"12345678901234567890123456789012345678\"",
        ),
        (
            "any(CAST(1234567890123456789012345678901234567.8 AS VARCHAR))",
            "\"1234567890123456789012345678901234567.8\"",
        ),
        (
            "any(CAST(-18446744073709551616 AS VARCHAR))",
            "\"-18446744073709551616\"",
        ),
        (
            "any(CAST(-9223372036854775809 AS VARCHAR))",
            "\"-9223372036854775809\"",
        ),
        ("any(0.1)", "0.1"),
        (
            "any(CAST(dec(0.1) AS VARCHAR))",
            "\"0.10000000000000000000\"",
        ),
        (
            "any(CAST(dec(-0.30000000000000004) AS VARCHAR))",
            "\"-0.30000000000000004000\"",
        ),
        ("any(CAST(cents(0.285) AS VARCHAR))", "\"0.29\""),
        (
            "any(CAST(num(1e20) AS VARCHAR))",
            "\"100000000000000000000\"",
        ),
        ("any(CAST(1e3 AS VARCHAR))", "\"1000.0\""),
        ("flt(0.30000000000000004)", "0.30000000000000004"),
        ("flt(0.5)", "0.5"),
        ("flt(length('a') * 0.5)", "0.5"),
        ("flt(power(2, 0.5))", "1.4142135623730951"),
        ("num(1e3)", "1000"),
        ("dec(1.1)", "1.1"),
    ])
    .await;
}

#[tokio::test]
async fn numbers_in_a_query_meet_doubles() {
    let fixture = fixture().await;
    for (sql, result) in [
        ("SELECT count(*) FROM people WHERE random() < 1.5", "5"),
        ("SELECT count(*) FROM people WHERE id > 2.5", "3"),
        ("SELECT sum(id * 0.5) FROM people", "7.5"),
        ("SELECT approx_percentile_cont(id, 0.5) FROM people", "3.0"),
        (
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) FROM people",
            "3.0",
        ),
        (
            "SELECT CASE WHEN id = 1 THEN 0.5 ELSE 1e300 END FROM people LIMIT 1",
            "0.5",
        ),
        ("SELECT count(*) FROM people WHERE id * 1e300 > 2.5", "5"),
        ("SELECT round(avg(id) * 1.1, 2) FROM people", "3.3"),
        ("SELECT sqrt(2.25)", "1.5"),
    ] {
        assert_eq!(fixture.column(sql).await, [result], "{sql}");
    }
}

#[tokio::test]
async fn digits_that_a_time_has_not_are_cut_off() {
    Fixture::sent(&[
        ("at3('12:30:01.1239')", "\"12:30:01.123\""),
        ("at3(CAST('12:30:01.1239' AS TIME))", "\"12:30:01.123\""),
        (
            "ntz3('2024-11-29 12:12:47.310999')",
            "\"2024-11-29 12:12:47.310\"",
        ),
        (
            "ntz3(TIMESTAMP '2024-11-29 12:12:47.310999')",
            "\"2024-11-29 12:12:47.310\"",
        ),
        (
            "ntz1(TIMESTAMP '2024-11-29 12:12:47.399')",
            "\"2024-11-29 12:12:47.300\"",
        ),
        (
            "ntz3(TIMESTAMP '1969-12-31 23:59:59.9999')",
            "\"1969-12-31 23:59:59.999\"",
        ),
        ("ntz3(DATE '2024-11-29')", "\"2024-11-29 00:00:00.000\""),
    ])
    .await;
}

#[tokio::test]
async fn text_with_an_offset_keeps_its_clock_as_timestamp_ntz() {
    Fixture::sent(&[
        (
            "ntz('2024-11-29 12:12:47.310 -0800')",
            "\"2024-11-29 12:12:47.310\"",
        ),
        (
            "ntz('2024-11-29T12:12:47.31+02:00')",
            "\"2024-11-29 12:12:47.310\"",
        ),
        (
            "ltz('2024-11-29 12:12:47.310 -0800')",
            "\"2024-11-29 20:12:47.310 +0000\"",
        ),
    ])
    .await;
}

#[tokio::test]
async fn text_becomes_every_type_and_every_type_but_structs_a_variant() {
    Fixture::sent(&[
        ("bin('00fF')", "\"00FF\""),
        (
            "tz('2024-11-29 12:12:47.3109 -0800')",
            "\"2024-11-29 12:12:47.310 -0800\"",
        ),
        ("day('29-NOV-2024')", "\"2024-11-29\""),
        ("any(X'00ff')", "\"00FF\""),
        ("any(CAST('12:30' AS TIME))", "\"12:30:00\""),
        (
            "any(tz('2024-11-29 12:12:47.310 -0800'))",
            "\"2024-11-29 12:12:47.310 -0800\"",
        ),
    ])
    .await;
    let fixture = fixture().await;
    for sql in [
        "any(named_struct('a', 1))",
        "any(array_agg(1))",
        "any(INTERVAL '1' DAY)",
    ] {
        let error = fixture.refused(&format!("SELECT {sql}")).await;
        assert_eq!(error.code(), "FLOE-QUERY-0007", "{sql}");
    }
    let error = fixture.failed("SELECT bin('0g')").await;
    assert_eq!(error.code(), "FLOE-QUERY-0013");
    assert!(
        error.to_string().contains("'0g' cannot be read as BINARY"),
        "{error}"
    );
}

#[tokio::test]
async fn of_functions_that_take_text_and_json_each_gets_its_own() {
    let mut fixture = fixture().await;
    for (ty, path) in [
        ("VARCHAR", "/text"),
        ("VARIANT", "/json"),
        ("NUMBER", "/number"),
    ] {
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
        +----------+----------------------------+--------------------------+
        | t        | n                          | l                        |
        +----------+----------------------------+--------------------------+
        | 12:30:00 | 2024-11-29T12:12:47.310001 | 2024-11-29T20:12:47.310Z |
        +----------+----------------------------+--------------------------+
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
        .column("SELECT get_field(tz(TIMESTAMP '2024-11-29 12:12:47'), 'offset_minutes') AS o")
        .await;
    assert_eq!(zoned, ["0"]);
    let bytes = fixture.column("SELECT bin(X'00ff') AS b").await;
    assert_eq!(bytes, ["00ff"]);
}

const PARSED: &str = "WITH parsed AS (SELECT id, name, parse_json('{\"id\":' || \
    CAST(id AS VARCHAR) || '}') AS j FROM people WHERE id < 3)";

#[tokio::test]
async fn json_stays_json_through_what_yields_one_of_its_values() {
    for sql in [
        "SELECT any(coalesce(j, parse_json('0'))) FROM parsed",
        "SELECT any(coalesce(NULL, j)) FROM parsed",
        "SELECT any(nvl(j, j)) FROM parsed",
        "SELECT any(nullif(j, 'x')) FROM parsed",
        "SELECT any(CASE WHEN id = 1 THEN j ELSE j END) FROM parsed",
        "SELECT any(CASE WHEN id > 0 THEN j END) FROM parsed",
        "SELECT any(c) FROM (SELECT CASE WHEN id > 0 THEN j END AS c FROM parsed) ORDER BY c",
        "SELECT any(max(j)) FROM parsed GROUP BY id",
        "SELECT any(m) FROM (SELECT id, min(j) AS m FROM parsed GROUP BY id)",
        "SELECT any(coalesce(j, j)) FROM parsed GROUP BY coalesce(j, j)",
        "SELECT any(first_value(j) OVER (PARTITION BY id)) FROM parsed",
        "SELECT any(x) FROM (SELECT lag(j, 0) OVER (ORDER BY id) AS x FROM parsed)",
        "SELECT any(to_variant(coalesce(j, j))) FROM parsed",
        "SELECT any(x) FROM (SELECT coalesce(j, j) AS x FROM parsed UNION ALL SELECT NULL) \
         WHERE x IS NOT NULL",
        "SELECT any(parse_json(j || '')) FROM parsed",
        "SELECT any(any(coalesce(j, j))) FROM parsed",
    ] {
        let fixture = fixture().await;
        fixture.rows(&format!("{PARSED} {sql}")).await;
        let mut got = fixture.got();
        got.dedup();
        assert_eq!(got, ["{\"id\":1}", "{\"id\":2}"], "{sql}");
    }
}

#[tokio::test]
async fn text_that_may_be_json_is_not_sent_as_a_variant() {
    let mut fixture = fixture().await;
    for ty in ["VARCHAR", "VARIANT"] {
        fixture.add_with("KIND", &[ty], "VARCHAR", "/", Volatility::Volatile, |_| {});
    }
    for sql in [
        "SELECT any(coalesce(j, 'none')) FROM parsed",
        "SELECT any(CASE WHEN id = 1 THEN j ELSE name END) FROM parsed",
        "SELECT any(j || 'x') FROM parsed",
        "SELECT any(upper(j)) FROM parsed",
        "SELECT kind(upper(j)) FROM parsed",
        "SELECT any(to_variant(upper(j))) FROM parsed",
        "SELECT any(c) FROM (SELECT CASE WHEN id = 1 THEN j ELSE name END AS c FROM parsed)",
        "SELECT any(string_agg(j, ',')) FROM parsed",
        "SELECT any(x) FROM (SELECT unnest(array_agg(j)) AS x FROM parsed)",
        "SELECT any(x) FROM (SELECT j AS x FROM parsed UNION ALL SELECT name FROM people)",
        "SELECT any(lead(j, 1, 'none') OVER (ORDER BY id)) FROM parsed",
        "SELECT any(get_field(named_struct('a', j), 'a')) FROM parsed",
        "SELECT id FROM parsed WHERE any(coalesce(j, name)) IS NULL",
    ] {
        let error = fixture.refused(&format!("{PARSED} {sql}")).await;
        assert_eq!(error.code(), "FLOE-QUERY-0016", "{sql}: {error}");
    }
    let error = fixture.refused("SELECT any(upper(parse_json('[]')))").await;
    assert_eq!(
        error.location().map(|at| (at.line, at.column)),
        Some((1, 8))
    );
    for (sql, sent) in [
        (
            "any(CAST(coalesce(j, name) AS VARCHAR))",
            "\"{\\\"id\\\":1}\"",
        ),
        ("any(CASE WHEN j = 'x' THEN 'a' ELSE 'b' END)", "\"b\""),
        ("obj(coalesce(j, name))", "{\"id\":1}"),
        ("any(name)", "\"Ann\""),
        ("any(length(j))", "8"),
    ] {
        fixture
            .rows(&format!("{PARSED} SELECT {sql} FROM parsed WHERE id = 1"))
            .await;
        let log = fixture.service.log();
        let last = &log.last().unwrap().rows[0][1];
        assert_eq!(last.to_string(), sent, "{sql}");
    }
}

#[tokio::test]
async fn a_table_of_values_keeps_the_mark_of_json() {
    let fixture = fixture().await;
    let sql = "SELECT any(column1) FROM (VALUES (parse_json('[1]')), (parse_json('2')))";
    fixture.rows(sql).await;
    assert_eq!(fixture.got(), ["2", "[1]"]);
    let sql = "SELECT any(column1) FROM (VALUES (coalesce(parse_json('[1]'), NULL)), ('a'))";
    assert_eq!(fixture.refused(sql).await.code(), "FLOE-QUERY-0016");
    let sql = "WITH RECURSIVE r AS (SELECT 1 AS n, coalesce(parse_json('[1]'), NULL) AS j \
               UNION ALL SELECT n + 1, j FROM r WHERE n < 2) SELECT any(j) FROM r";
    assert_eq!(fixture.refused(sql).await.code(), "FLOE-QUERY-0016");
}
