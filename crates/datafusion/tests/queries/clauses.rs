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
async fn the_clause_and_the_place_are_named() {
    check(
        "SELECT 1 FROM people a\nLEFT JOIN people b ON join2(a.name, b.city) = 'x'",
        expect!["FLOE-QUERY-0004: service function JOIN2 cannot be called in the condition of an outer join with arguments from both sides (line 2, column 23); use arguments of one side, or an inner join"],
    )
    .await;
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
async fn branches_that_are_chosen_at_random_are_refused() {
    check(
        "SELECT CASE WHEN random() < 0.5 THEN shout(name) END FROM people",
        expect!["FLOE-QUERY-0005: service function SHOUT cannot be called in a branch of CASE (line 1, column 38): which rows would be sent is decided by something that is another every time it is evaluated, or is not known; decide in a subquery first, SELECT CASE WHEN d … FROM (SELECT … AS d, … FROM …)"],
    )
    .await;
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
