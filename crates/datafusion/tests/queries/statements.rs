//! What counts as a query.

use expect_test::{Expect, expect};
use floe_datafusion::{QueryError, query};

use crate::support::Fixture;

async fn check(sql: &str, expected: Expect) {
    let error = Fixture::start().await.refused(sql).await;
    expected.assert_eq(&format!("{}: {error}", error.code()));
}

#[tokio::test]
async fn text_that_is_not_sql_is_refused_with_its_place() {
    check("SELECT id FORM people", expect!["FLOE-QUERY-0001: the query cannot be read: sql parser error: Expected: end of statement, found: people at Line: 1, Column: 16"]).await;
    check("SELECT\n  id,, name FROM people", expect!["FLOE-QUERY-0001: the query cannot be read: sql parser error: Expected: an expression, found: , at Line: 2, Column: 6"]).await;
    check("SELECT 'open", expect!["FLOE-QUERY-0001: the query cannot be read: sql parser error: Unterminated string literal at Line: 1, Column: 8"]).await;
}

#[tokio::test]
async fn one_statement_at_a_time() {
    check(
        "SELECT 1; SELECT 2",
        expect!["FLOE-QUERY-0002: expected one query, found 2 statements; run them one at a time"],
    )
    .await;
    check(
        "  -- nothing\n",
        expect!["FLOE-QUERY-0002: expected one query, found 0 statements; run them one at a time"],
    )
    .await;
    assert_eq!(Fixture::start().await.column("SELECT 1;").await, ["1"]);
}

#[tokio::test]
async fn statements_that_change_something_are_refused() {
    check("CREATE TABLE t AS SELECT * FROM people", expect!["FLOE-QUERY-0003: `CREATE TABLE t AS SELECT * FROM people` is not a query; only SELECT, WITH, VALUES and EXPLAIN of these read data"]).await;
    for sql in [
        "INSERT INTO people VALUES (9, 'x', 'y')",
        "DELETE FROM people",
        "UPDATE people SET id = 1",
        "DROP TABLE people",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/tmp/x.csv'",
        "COPY people TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "SHOW TABLES",
        "SELECT * INTO copy FROM people",
        "EXPLAIN DROP TABLE people",
        "RESET datafusion.execution.batch_size",
    ] {
        let error = Fixture::start().await.refused(sql).await;
        assert_eq!(error.code(), "FLOE-QUERY-0003", "{sql}: {error}");
    }
}

#[tokio::test]
async fn values_with_and_explain_are_queries() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.column("VALUES (1), (2)").await, ["1", "2"]);
    assert_eq!(
        fixture
            .column("WITH t AS (SELECT 1 AS a) SELECT a FROM t")
            .await,
        ["1"]
    );
    assert!(!fixture.column("EXPLAIN SELECT 1").await.is_empty());
}

#[tokio::test]
async fn names_that_do_not_exist_are_errors_of_planning() {
    check("SELECT nme FROM people", expect![[r#"
        FLOE-QUERY-0012: the query cannot be planned: Schema error: No field named nme. Did you mean 'people.name'?
        Valid fields are people.id, people.name, people.city."#]]).await;
    check("SELECT * FROM persons", expect!["FLOE-QUERY-0012: the query cannot be planned: Error during planning: table 'datafusion.public.persons' not found"]).await;
    check("SELECT shuot(name) FROM people", expect![[r#"
        FLOE-QUERY-0012: the query cannot be planned: Error during planning: Invalid function 'shuot'.
        Did you mean 'SHOUT'?"#]]).await;
}

#[tokio::test]
async fn an_error_of_a_row_is_an_error_of_running() {
    let error = Fixture::start()
        .await
        .failed("SELECT 1 / (id - id) FROM people")
        .await;
    expect!["FLOE-QUERY-0013: the query failed: Arrow error: Divide by zero error"]
        .assert_eq(&format!("{}: {error}", error.code()));
}

#[tokio::test]
async fn now_is_the_time_of_the_query() {
    let rows = Fixture::start()
        .await
        .column("SELECT CAST(now() AS VARCHAR)")
        .await;
    assert_eq!(rows, ["2023-11-14T22:13:20"]);
}

#[tokio::test]
async fn a_foreign_session_is_refused() {
    let context = floe_datafusion::datafusion::prelude::SessionContext::new();
    let error = query(&context, "SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), "FLOE-QUERY-0012");
}

#[tokio::test]
async fn a_plan_that_bypasses_the_rule_is_refused_when_it_runs() {
    use floe_datafusion::datafusion::common::DFSchema;
    use floe_datafusion::datafusion::execution::FunctionRegistry;
    use floe_datafusion::datafusion::logical_expr::lit;
    let fixture = Fixture::start().await;
    let context = fixture.context();
    let call = context.udf("SHOUT").unwrap().call(vec![lit("a")]);
    let evaluated = context.create_physical_expr(call, &DFSchema::empty());
    let row = fixture
        .context()
        .sql("SELECT 1")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let error = match evaluated {
        Ok(expr) => QueryError::from(expr.evaluate(&row[0]).unwrap_err()),
        Err(error) => QueryError::from(error),
    };
    assert_eq!(error.code(), "FLOE-QUERY-0014");
}
