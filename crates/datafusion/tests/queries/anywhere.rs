//! Calls wherever SQL lets a scalar function stand.

use expect_test::{Expect, expect};
use floe_datafusion::Volatility;

use crate::support::Fixture;

/// The rows of a query, sorted when no ORDER BY says otherwise, and what was sent to `/shout`.
async fn check(sql: &str, expected: Expect) {
    let fixture = Fixture::start().await;
    let table = fixture.rows(sql).await;
    let mut rows: Vec<&str> = table.lines().skip(3).collect();
    rows.pop();
    if !sql.contains("ORDER BY") {
        rows.sort_unstable();
    }
    let sent = fixture.service.sent_to("/shout").join(" ");
    expected.assert_eq(&format!("{}\nsent: {sent}\n", rows.join("\n")));
}

#[tokio::test]
async fn order_by_a_call_that_is_not_selected() {
    check(
        "SELECT id FROM people ORDER BY shout(name) DESC NULLS LAST, id",
        expect![[r#"
            | 5  |
            | 4  |
            | 2  |
            | 1  |
            | 3  |
            sent: Ann Bob Dan Eve null
        "#]],
    )
    .await;
    check(
        "SELECT id FROM people ORDER BY shout(name) LIMIT 2",
        expect![[r#"
            | 1  |
            | 2  |
            sent: Ann Bob Dan Eve null
        "#]],
    )
    .await;
    check(
        "SELECT shout(city) AS c, id FROM people ORDER BY c, length(shout(name)), id",
        expect![[r#"
            | OSLO | 1  |
            | OSLO | 5  |
            | OSLO | 3  |
            | ROME | 2  |
            | ROME | 4  |
            sent: Ann Bob Dan Eve Oslo Oslo Oslo Rome Rome null
        "#]],
    )
    .await;
}

#[tokio::test]
async fn group_by_a_call_and_use_it_again() {
    check(
        "SELECT shout(city), count(*) FROM people GROUP BY shout(city)",
        expect![[r#"
            | OSLO        | 3        |
            | ROME        | 2        |
            sent: Oslo Oslo Oslo Rome Rome
        "#]],
    )
    .await;
    check(
        "SELECT lower(shout(city)) || '!', max(id) FROM people GROUP BY lower(shout(city)) \
         HAVING count(*) > 2",
        expect![[r#"
            | oslo!                     | 5       |
            sent: Oslo Oslo Oslo Rome Rome
        "#]],
    )
    .await;
    check(
        "SELECT shout(city), count(*) FROM people GROUP BY ROLLUP (shout(city))",
        expect![[r#"
            |             | 5        |
            | OSLO        | 3        |
            | ROME        | 2        |
            sent: Oslo Oslo Oslo Rome Rome
        "#]],
    )
    .await;
}

#[tokio::test]
async fn arguments_of_aggregates_and_conditions_on_them() {
    check(
        "SELECT max(shout(name)), count(shout(name)) FROM people",
        expect![[r#"
            | EVE              | 4                  |
            sent: Ann Ann Bob Bob Dan Dan Eve Eve null null
        "#]],
    )
    .await;
    check(
        "SELECT city, sum(double_it(id)) FROM people GROUP BY city HAVING double_it(sum(id)) > 12",
        expect![[r#"
            | Oslo | 18                 |
            sent: 
        "#]],
    )
    .await;
    check(
        "SELECT string_agg(shout(name), ',' ORDER BY shout(name)) FROM people",
        expect![[r#"
            | ANN,BOB,DAN,EVE                                   |
            sent: Ann Ann Bob Bob Dan Dan Eve Eve null null
        "#]],
    )
    .await;
}

#[tokio::test]
async fn join_conditions_of_one_side_and_of_both() {
    check(
        "SELECT a.id, b.id FROM people a JOIN people b ON shout(a.city) = upper(b.city) \
         WHERE a.id < b.id",
        expect![[r#"
            | 1  | 3  |
            | 1  | 5  |
            | 2  | 4  |
            | 3  | 5  |
            sent: Oslo Oslo Oslo Rome Rome
        "#]],
    )
    .await;
    check(
        "SELECT a.id, b.id FROM people a LEFT JOIN people b \
         ON a.id = b.id + 1 AND shout(b.name) < 'BZ' WHERE a.id < 4",
        expect![[r#"
            | 1  |    |
            | 2  | 1  |
            | 3  | 2  |
            sent: Ann Bob Dan Eve null
        "#]],
    )
    .await;
    check(
        "SELECT a.id, b.id FROM people a JOIN people b \
         ON a.id = b.id AND shout(a.name || b.city) LIKE '%OSLO'",
        expect![[r#"
            | 1  | 1  |
            | 5  | 5  |
            sent: AnnOslo BobRome DanRome EveOslo null
        "#]],
    )
    .await;
    check(
        "SELECT a.id FROM people a LEFT SEMI JOIN people b ON shout(a.city) = shout(b.name)",
        expect![[r#"

            sent: Ann Bob Dan Eve Oslo Oslo Oslo Rome Rome null
        "#]],
    )
    .await;
}

#[tokio::test]
async fn window_functions_over_calls() {
    check(
        "SELECT id, row_number() OVER (PARTITION BY shout(city) ORDER BY shout(name), id) AS r \
         FROM people",
        expect![[r#"
            | 1  | 1 |
            | 5  | 2 |
            | 3  | 3 |
            | 2  | 1 |
            | 4  | 2 |
            sent: Ann Bob Dan Eve Oslo Oslo Oslo Rome Rome null
        "#]],
    )
    .await;
}

#[tokio::test]
async fn case_sends_the_rows_of_the_branch_taken_and_no_others() {
    check(
        "SELECT id, CASE WHEN id < 3 THEN shout(name) WHEN city = 'Rome' THEN shout(city) \
         ELSE 'none' END FROM people",
        expect![[r#"
            | 1  | ANN                                                                                   |
            | 2  | BOB                                                                                   |
            | 3  | none                                                                                  |
            | 4  | ROME                                                                                  |
            | 5  | none                                                                                  |
            sent: Ann Bob Rome
        "#]],
    )
    .await;
    check(
        "SELECT id, CASE city WHEN 'Oslo' THEN shout(name) ELSE shout(city) END FROM people",
        expect![[r#"
            | 1  | ANN                                                         |
            | 2  | ROME                                                        |
            | 3  |                                                             |
            | 4  | ROME                                                        |
            | 5  | EVE                                                         |
            sent: Ann Eve Rome Rome null
        "#]],
    )
    .await;
    // A later condition is looked at only where the earlier ones do not hold.
    check(
        "SELECT id, CASE WHEN id = 1 THEN 'first' WHEN shout(name) = 'BOB' THEN 'bob' END \
         FROM people",
        expect![[r#"
            | 1  | first                                                                 |
            | 2  | bob                                                                   |
            | 3  |                                                                       |
            | 4  |                                                                       |
            | 5  |                                                                       |
            sent: Bob Dan Eve null
        "#]],
    )
    .await;
}

#[tokio::test]
async fn branches_divide_by_nothing_that_the_expression_would_not() {
    check(
        "SELECT CASE WHEN id = 2 THEN 'two' WHEN 10 / (id - 2) > 4 THEN shout(name) \
         ELSE shout(city) END FROM people",
        expect![[r#"
            |                                                                                          |
            | DAN                                                                                      |
            | OSLO                                                                                     |
            | OSLO                                                                                     |
            | two                                                                                      |
            sent: Dan Oslo Oslo null
        "#]],
    )
    .await;
    check(
        "SELECT CASE WHEN id <> 2 THEN shout(CAST(10 / (id - 2) AS VARCHAR)) END FROM people",
        expect![[r#"
            |                                                                  |
            | -10                                                              |
            | 10                                                               |
            | 3                                                                |
            | 5                                                                |
            sent: -10 10 3 5
        "#]],
    )
    .await;
}

#[tokio::test]
async fn branches_within_branches_and_calls_that_decide() {
    check(
        "SELECT id, CASE WHEN id < 4 THEN CASE WHEN shout(city) = 'OSLO' THEN shout(name) \
         ELSE 'south' END END FROM people",
        expect![[r#"
            | 1  | ANN                                                                                        |
            | 2  | south                                                                                      |
            | 3  |                                                                                            |
            | 4  |                                                                                            |
            | 5  |                                                                                            |
            sent: Ann Oslo Oslo Rome null
        "#]],
    )
    .await;
    check(
        "SELECT CASE WHEN id < 2 THEN shout(whisper(name)) ELSE name END FROM people",
        expect![[r#"
            |                                                          |
            | ANN                                                      |
            | Bob                                                      |
            | Dan                                                      |
            | Eve                                                      |
            sent: ANN
        "#]],
    )
    .await;
}

#[tokio::test]
async fn coalesce_sends_what_is_missing() {
    check(
        "SELECT id, coalesce(name, shout(city)) FROM people",
        expect![[r#"
            | 1  | Ann                         |
            | 2  | Bob                         |
            | 3  | OSLO                        |
            | 4  | Dan                         |
            | 5  | Eve                         |
            sent: Oslo
        "#]],
    )
    .await;
    check(
        "SELECT id, nvl(name, shout(city)) FROM people",
        expect![[r#"
            | 1  | Ann                    |
            | 2  | Bob                    |
            | 3  | OSLO                   |
            | 4  | Dan                    |
            | 5  | Eve                    |
            sent: Oslo
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_branch_that_no_row_takes_sends_nothing() {
    check(
        "SELECT CASE WHEN id > 9 THEN shout(name) END FROM people",
        expect![[r#"
            |                                       |
            |                                       |
            |                                       |
            |                                       |
            |                                       |
            sent: 
        "#]],
    )
    .await;
}

#[tokio::test]
async fn immutable_calls_are_shared_within_a_branch_and_not_across_branches() {
    let mut fixture = Fixture::start().await;
    fixture.add_with(
        "LOUD",
        &["VARCHAR"],
        "VARCHAR",
        "/shout",
        Volatility::Immutable,
        |_| {},
    );
    let sql = "SELECT CASE WHEN id < 3 THEN loud(name) || loud(name) ELSE loud(name) END \
               FROM people";
    let column = fixture.column(sql).await;
    assert_eq!(column, ["ANNANN", "BOBBOB", "", "DAN", "EVE"]);
    assert_eq!(fixture.service.sent_to("/shout").len(), 5);
}

#[tokio::test]
async fn a_million_rows_come_back_in_order() {
    const ROWS: usize = 1_000_000;
    let fixture = Fixture::start().await;
    let context = fixture.context();
    crate::support::register_numbers(&context, &[8192; ROWS / 8192 + 1]);
    let sql = format!(
        "SELECT count(*) AS all, sum(CASE WHEN shout(n) = n THEN 1 ELSE 0 END) AS same \
         FROM (SELECT n FROM numbers LIMIT {ROWS})"
    );
    let rows = floe_datafusion::query(&context, &sql).await.unwrap();
    let rows = rows.collect().await.unwrap();
    let text = floe_datafusion::datafusion::arrow::util::pretty::pretty_format_batches(&rows);
    assert!(text.unwrap().to_string().contains("| 1000000 | 1000000 |"));
}
