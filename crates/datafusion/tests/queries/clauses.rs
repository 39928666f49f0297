//! Where calls may not stand, and what the errors say.

use expect_test::{Expect, expect};

use crate::support::Fixture;

async fn check(sql: &str, expected: Expect) {
    let fixture = Fixture::start().await;
    let error = fixture.refused(sql).await;
    expected.assert_eq(&format!("{}: {error}", error.code()));
    assert!(fixture.service.log().is_empty());
}

#[tokio::test]
async fn group_by_names_function_clause_and_place() {
    check("SELECT count(*) FROM people\nGROUP BY shout(city)", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in GROUP BY (line 2, column 10); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in GROUP BY"]).await;
}

#[tokio::test]
async fn a_function_that_is_called_twice_has_no_place() {
    check("SELECT shout(city), count(*) FROM people GROUP BY shout(city)", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in GROUP BY; select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in GROUP BY"]).await;
}

#[tokio::test]
async fn the_argument_of_an_aggregate_is_refused() {
    check("SELECT max(shout(name)) FROM people", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in the arguments of an aggregate function (line 1, column 12); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in the arguments of an aggregate function"]).await;
}

#[tokio::test]
async fn order_by_is_refused_unless_the_call_is_selected() {
    check("SELECT id FROM people ORDER BY shout(name)", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in ORDER BY (line 1, column 32); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in ORDER BY"]).await;
}

#[tokio::test]
async fn join_conditions_are_refused() {
    check("SELECT 1 FROM people a JOIN people b ON shout(a.name) = b.name", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in a join condition (line 1, column 41); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in a join condition"]).await;
    check("SELECT 1 FROM people a LEFT JOIN people b ON shout(a.name) < b.name", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in a join condition (line 1, column 46); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in a join condition"])
        .await;
}

#[tokio::test]
async fn window_functions_are_refused() {
    check("SELECT row_number() OVER (ORDER BY shout(name)) FROM people", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in a window function (line 1, column 36); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in a window function"]).await;
}

#[tokio::test]
async fn values_limit_and_distinct_on_are_refused() {
    check("SELECT * FROM (VALUES (shout('a'))) AS t", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in VALUES (line 1, column 24); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in VALUES"]).await;
    check(
        "SELECT id FROM people LIMIT 1 OFFSET double_it(1)",
        expect!["FLOE-QUERY-0004: service function DOUBLE_IT cannot be called in LIMIT (line 1, column 38); write the number instead"],
    )
    .await;
    check("SELECT DISTINCT ON (shout(city)) id FROM people", expect!["FLOE-QUERY-0004: service function SHOUT cannot be called in DISTINCT ON (line 1, column 21); select the call in a subquery first, SELECT … FROM (SELECT SHOUT(…) AS y, … FROM …), and use its column y in DISTINCT ON"]).await;
}

#[tokio::test]
async fn branches_are_refused() {
    check("SELECT CASE WHEN id < 2 THEN shout(name) ELSE 'x' END FROM people", expect!["FLOE-QUERY-0005: service function SHOUT cannot be called in a branch of CASE (line 1, column 30): which rows would be sent depends on values that are not known when batches are formed; select the call in a subquery first, SELECT CASE … FROM (SELECT SHOUT(…) AS y, … FROM …), with a WHERE that leaves the rows to be sent"]).await;
    check("SELECT coalesce(city, shout(name)) FROM people", expect!["FLOE-QUERY-0005: service function SHOUT cannot be called in a branch of COALESCE (line 1, column 23): which rows would be sent depends on values that are not known when batches are formed; select the call in a subquery first, SELECT COALESCE … FROM (SELECT SHOUT(…) AS y, … FROM …), with a WHERE that leaves the rows to be sent"]).await;
    check("SELECT CASE WHEN id = 1 THEN 1 WHEN shout(name) = 'X' THEN 2 END FROM people", expect!["FLOE-QUERY-0005: service function SHOUT cannot be called in a branch of CASE (line 1, column 37): which rows would be sent depends on values that are not known when batches are formed; select the call in a subquery first, SELECT CASE … FROM (SELECT SHOUT(…) AS y, … FROM …), with a WHERE that leaves the rows to be sent"])
        .await;
    check("SELECT shout(CASE WHEN id < 2 THEN whisper(name) END) FROM people", expect!["FLOE-QUERY-0005: service function WHISPER cannot be called in a branch of CASE (line 1, column 36): which rows would be sent depends on values that are not known when batches are formed; select the call in a subquery first, SELECT CASE … FROM (SELECT WHISPER(…) AS y, … FROM …), with a WHERE that leaves the rows to be sent"]).await;
}

#[tokio::test]
async fn correlated_subqueries_are_refused() {
    check(
        "SELECT id FROM people a WHERE EXISTS \
         (SELECT 1 FROM people b WHERE b.id = a.id AND shout(b.name) = 'ANN')",
        expect!["FLOE-QUERY-0006: service function SHOUT cannot be called in a subquery that refers to columns of the query around it (line 1, column 84); write the subquery as a JOIN with (SELECT SHOUT(…) AS y, … FROM …)"],
    )
    .await;
    check(
        "SELECT (SELECT max(y) FROM (SELECT shout(a.name) AS y)) FROM people a",
        expect!["FLOE-QUERY-0006: service function SHOUT cannot be called in a subquery that refers to columns of the query around it (line 1, column 36); write the subquery as a JOIN with (SELECT SHOUT(…) AS y, … FROM …)"],
    )
    .await;
}

#[tokio::test]
async fn wrong_arguments_name_the_signature() {
    check(
        "SELECT shout(name, city) FROM people",
        expect![
            "FLOE-QUERY-0007: service function SHOUT takes (A VARCHAR), not (VARCHAR, VARCHAR)"
        ],
    )
    .await;
    check(
        "SELECT shout() FROM people",
        expect!["FLOE-QUERY-0007: service function SHOUT takes (A VARCHAR), not ()"],
    )
    .await;
    check(
        "SELECT double_it(CAST('2024-01-01' AS DATE))",
        expect!["FLOE-QUERY-0007: service function DOUBLE_IT takes (A NUMBER), not (DATE)"],
    )
    .await;
}

#[tokio::test]
async fn words_of_aggregates_are_refused() {
    check("SELECT shout(name) OVER () FROM people", expect!["FLOE-QUERY-0008: service function SHOUT is called for every row; it takes no OVER (line 1, column 8)"]).await;
    check("SELECT shout(DISTINCT name) FROM people", expect!["FLOE-QUERY-0008: service function SHOUT is called for every row; it takes no DISTINCT or ALL (line 1, column 8)"]).await;
    check(
        "SELECT shout(name) WITHIN GROUP (ORDER BY id) FROM people",
        expect!["FLOE-QUERY-0008: service function SHOUT is called for every row; it takes no WITHIN GROUP (line 1, column 8)"],
    )
    .await;
    check("SELECT shout(name) IGNORE NULLS FROM people", expect!["FLOE-QUERY-0008: service function SHOUT is called for every row; it takes no IGNORE NULLS or RESPECT NULLS (line 1, column 8)"]).await;
}
