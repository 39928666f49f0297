//! Calls wherever they may stand.

use expect_test::expect;

use crate::support::Fixture;

#[tokio::test]
async fn every_row_is_sent_once_and_its_result_stands_in_its_row() {
    let fixture = Fixture::start().await;
    expect![[r#"
        +----+------+------+
        | id | name | loud |
        +----+------+------+
        | 1  | Ann  | ANN! |
        | 2  | Bob  | BOB! |
        | 3  |      |      |
        | 4  | Dan  | DAN! |
        | 5  | Eve  | EVE! |
        +----+------+------+
    "#]]
    .assert_eq(
        &fixture
            .rows("SELECT id, name, shout(name) || '!' AS loud FROM people")
            .await,
    );
    assert_eq!(
        fixture.service.sent_to("/shout"),
        ["Ann", "Bob", "Dan", "Eve", "null"]
    );
}

#[tokio::test]
async fn a_literal_without_a_table_is_one_row() {
    let fixture = Fixture::start().await;
    expect![[r#"
        +-----------------+
        | SHOUT('HELLO!') |
        +-----------------+
        | HELLO!          |
        +-----------------+
    "#]]
    .assert_eq(&fixture.rows("SELECT shout('hello!')").await);
    assert_eq!(fixture.service.sent_to("/shout"), ["hello!"]);
}

#[tokio::test]
async fn a_literal_over_a_table_is_sent_for_every_row() {
    let fixture = Fixture::start().await;
    let rows = fixture.column("SELECT shout('x') FROM people").await;
    assert_eq!(rows, ["X"; 5]);
    assert_eq!(fixture.service.sent_to("/shout"), ["x"; 5]);
}

#[tokio::test]
async fn a_function_without_arguments_is_called_for_every_row() {
    let fixture = Fixture::start().await;
    assert_eq!(
        fixture
            .column("SELECT constant() FROM people WHERE id < 3")
            .await,
        ["constant"; 2]
    );
    assert_eq!(fixture.column("SELECT constant()").await, ["constant"]);
}

#[tokio::test]
async fn nested_calls_run_from_the_inside_out() {
    let fixture = Fixture::start().await;
    let sql = "SELECT shout(join2(name, whisper(city))) FROM people WHERE id IN (1, 4)";
    assert_eq!(fixture.column(sql).await, ["ANN+OSLO", "DAN+ROME"]);
    assert_eq!(fixture.service.sent_to("/whisper"), ["Oslo", "Rome"]);
    assert_eq!(fixture.service.sent_to("/join"), ["Ann", "Dan"]);
    assert_eq!(fixture.service.sent_to("/shout"), ["Ann+OSLO", "Dan+ROME"]);
}

#[tokio::test]
async fn a_function_of_its_own_result_works() {
    let fixture = Fixture::start().await;
    assert_eq!(
        fixture
            .column("SELECT double_it(double_it(id)) FROM people")
            .await,
        ["4", "8", "12", "16", "20"]
    );
}

#[tokio::test]
async fn calls_stand_inside_functions_operators_and_casts() {
    let fixture = Fixture::start().await;
    let sql = "SELECT lower(shout(name)) || CAST(double_it(id) AS VARCHAR) \
               FROM people WHERE id = 1 AND NOT shout(city) LIKE '%X%'";
    assert_eq!(fixture.column(sql).await, ["ann2"]);
}

#[tokio::test]
async fn a_condition_calls_only_for_rows_that_the_other_conditions_leave() {
    let fixture = Fixture::start().await;
    let sql = "SELECT id FROM people WHERE shout(name) <> 'DAN' AND id >= 4";
    assert_eq!(fixture.column(sql).await, ["5"]);
    assert_eq!(fixture.service.sent_to("/shout"), ["Dan", "Eve"]);
}

#[tokio::test]
async fn where_and_select_each_make_their_call() {
    let fixture = Fixture::start().await;
    let sql = "SELECT shout(name) FROM people WHERE shout(name) = 'EVE'";
    assert_eq!(fixture.column(sql).await, ["EVE"]);
    assert_eq!(
        fixture.service.sent_to("/shout"),
        ["Ann", "Bob", "Dan", "Eve", "Eve", "null"]
    );
}

#[tokio::test]
async fn volatile_calls_that_are_written_alike_are_all_made() {
    let fixture = Fixture::start().await;
    let sql = "SELECT counter('x') AS a, counter('x') AS b, counter('x') + counter('x') AS c";
    fixture.rows(sql).await;
    assert_eq!(fixture.service.sent_to("/count").len(), 4);
}

#[tokio::test]
async fn immutable_calls_that_are_written_alike_are_made_once() {
    let fixture = Fixture::start().await;
    let sql = "SELECT counter_same(shout_same(name)) - counter_same(shout_same(name)), \
               shout_same(name) FROM people";
    assert_eq!(fixture.column(sql).await, ["0"; 5]);
    assert_eq!(fixture.service.sent_to("/same").len(), 5);
    assert_eq!(fixture.service.sent_to("/count").len(), 5);
}

#[tokio::test]
async fn immutable_calls_of_volatile_arguments_are_not_merged() {
    let fixture = Fixture::start().await;
    let sql = "SELECT counter_same(shout('a')), counter_same(shout('a')), \
               shout_same(CAST(random() AS VARCHAR)), shout_same(CAST(random() AS VARCHAR))";
    fixture.rows(sql).await;
    assert_eq!(fixture.service.sent_to("/count").len(), 2);
    assert_eq!(fixture.service.sent_to("/same").len(), 2);
}

#[tokio::test]
async fn order_by_the_alias_or_the_text_of_a_selected_call_sorts_its_results() {
    let fixture = Fixture::start().await;
    for order in ["y", "shout(city)", "1"] {
        let sql = format!("SELECT shout(city) AS y FROM people ORDER BY {order}, id");
        let rows = fixture.column(&sql).await;
        assert_eq!(
            rows,
            ["OSLO", "OSLO", "OSLO", "ROME", "ROME"],
            "ORDER BY {order}"
        );
    }
    let sql = "SELECT shout(city) FROM people ORDER BY shout(city) DESC LIMIT 2";
    assert_eq!(fixture.column(sql).await, ["ROME", "ROME"]);
    assert_eq!(fixture.service.sent_to("/shout").len(), 20);
}

#[tokio::test]
async fn a_limit_spares_calls() {
    let fixture = Fixture::start().await;
    assert_eq!(
        fixture
            .column("SELECT shout(name) FROM people LIMIT 2")
            .await,
        ["ANN", "BOB"]
    );
    let skip = fixture
        .column("SELECT shout(name) FROM people LIMIT 1 OFFSET 3")
        .await;
    assert_eq!(skip, ["DAN"]);
    let inner = "SELECT shout(name) FROM (SELECT name FROM people LIMIT 4) LIMIT 1";
    assert_eq!(fixture.column(inner).await, ["ANN"]);
    assert_eq!(
        fixture.service.sent_to("/shout").len(),
        2 + 1 + 1,
        "{:?}",
        fixture.service.log()
    );
}

#[tokio::test]
async fn a_limit_counts_the_rows_that_a_condition_on_results_leaves() {
    let fixture = Fixture::start().await;
    let sql = "SELECT id FROM people WHERE shout(city) = 'ROME' LIMIT 2";
    assert_eq!(fixture.column(sql).await, ["2", "4"]);
}

#[tokio::test]
async fn the_results_of_a_subquery_can_be_grouped_and_aggregated() {
    let fixture = Fixture::start().await;
    let sql = "SELECT y, count(*) AS n, max(x) AS x FROM (SELECT shout(city) AS y, \
               shout(name) AS x FROM people) GROUP BY y ORDER BY y";
    expect![[r#"
        +------+---+-----+
        | y    | n | x   |
        +------+---+-----+
        | OSLO | 3 | EVE |
        | ROME | 2 | DAN |
        +------+---+-----+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
    let count = "SELECT count(*) FROM (SELECT shout(name) AS x FROM people)";
    assert_eq!(fixture.column(count).await, ["5"]);
    assert_eq!(fixture.service.sent_to("/shout").len(), 15);
}

#[tokio::test]
async fn distinct_works_on_results() {
    let fixture = Fixture::start().await;
    let rows = fixture
        .column("SELECT DISTINCT shout(city) FROM people ORDER BY 1")
        .await;
    assert_eq!(rows, ["OSLO", "ROME"]);
    let sql = "SELECT DISTINCT shout(city) FROM people ORDER BY shout(city)";
    assert_eq!(fixture.column(sql).await, ["OSLO", "ROME"]);
}

#[tokio::test]
async fn a_call_of_an_aggregate_is_made_once_per_group() {
    let fixture = Fixture::start().await;
    let sql = "SELECT city, shout(max(name)) FROM people GROUP BY city \
               HAVING length_of(max(name)) = 3 ORDER BY city";
    expect![[r#"
        +------+------------------+
        | city | SHOUT(MAX(NAME)) |
        +------+------------------+
        | Oslo | EVE              |
        | Rome | DAN              |
        +------+------------------+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
    assert_eq!(fixture.service.sent_to("/shout"), ["Dan", "Eve"]);
}

#[tokio::test]
async fn common_table_expressions_and_joins_over_calls_work() {
    let fixture = Fixture::start().await;
    let sql = "WITH loud AS (SELECT id, shout(name) AS y FROM people) \
               SELECT a.y, b.c FROM loud AS a \
               JOIN (SELECT id, whisper(city) AS c FROM people WHERE id > 1) AS b \
               ON a.id = b.id WHERE a.y IS NOT NULL ORDER BY a.id";
    expect![[r#"
        +-----+------+
        | y   | c    |
        +-----+------+
        | BOB | ROME |
        | DAN | ROME |
        | EVE | OSLO |
        +-----+------+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
}

#[tokio::test]
async fn a_join_on_results_works_when_they_are_columns() {
    let fixture = Fixture::start().await;
    let sql = "SELECT a.id, b.id FROM (SELECT id, shout(city) AS y FROM people) AS a \
               JOIN (SELECT id, shout(city) AS y FROM people) AS b ON a.y = b.y \
               WHERE a.id < b.id ORDER BY a.id, b.id";
    assert_eq!(fixture.column(sql).await, ["1", "1", "2", "3"]);
}

#[tokio::test]
async fn a_condition_above_a_join_and_a_select_of_both_sides_work() {
    let fixture = Fixture::start().await;
    let sql = "SELECT shout(a.name), shout(b.name) FROM people AS a \
               JOIN people AS b ON a.id + 1 = b.id WHERE join2(a.city, b.city) = 'Oslo+Rome'";
    expect![[r#"
        +---------------+---------------+
        | SHOUT(A.NAME) | SHOUT(B.NAME) |
        +---------------+---------------+
        | ANN           | BOB           |
        |               | DAN           |
        +---------------+---------------+
    "#]]
    .assert_eq(&fixture.rows(sql).await);
}

#[tokio::test]
async fn union_all_keeps_the_calls_of_both_sides() {
    let fixture = Fixture::start().await;
    let sql = "SELECT shout(name) AS y FROM people WHERE id = 1 UNION ALL \
               SELECT whisper(city) FROM people WHERE id = 1 UNION ALL SELECT 'plain' ORDER BY y";
    assert_eq!(fixture.column(sql).await, ["ANN", "OSLO", "plain"]);
}

#[tokio::test]
async fn uncorrelated_subqueries_may_call() {
    let fixture = Fixture::start().await;
    let scalar = "SELECT id FROM people WHERE shout(name) = (SELECT max(y) FROM \
                  (SELECT shout(name) AS y FROM people))";
    assert_eq!(fixture.column(scalar).await, ["5"]);
    let member = "SELECT id FROM people WHERE upper(city) IN \
                  (SELECT shout(city) FROM people WHERE id = 2) ORDER BY id";
    assert_eq!(fixture.column(member).await, ["2", "4"]);
    let argument = "SELECT shout((SELECT max(name) FROM people)), id FROM people LIMIT 1";
    assert_eq!(fixture.column(argument).await, ["EVE"]);
}

#[tokio::test]
async fn arguments_are_converted_to_the_declared_types() {
    let fixture = Fixture::start().await;
    expect![[r#"
        +-----------+-------------+-----------------+----------------+-------------+
        | SHOUT(12) | SHOUT(TRUE) | DOUBLE_IT('21') | DOUBLE_IT(2.6) | SHOUT(NULL) |
        +-----------+-------------+-----------------+----------------+-------------+
        | 12        | TRUE        | 42              | 6              |             |
        +-----------+-------------+-----------------+----------------+-------------+
    "#]]
    .assert_eq(
        &fixture
            .rows("SELECT shout(12), shout(true), double_it('21'), double_it(2.6), shout(NULL)")
            .await,
    );
}

#[tokio::test]
async fn the_first_argument_of_coalesce_and_the_operand_of_case_may_call() {
    let fixture = Fixture::start().await;
    let sql = "SELECT coalesce(shout(name), 'nobody') FROM people WHERE id IN (3, 4)";
    assert_eq!(fixture.column(sql).await, ["nobody", "DAN"]);
    let sql = "SELECT CASE shout(city) WHEN 'OSLO' THEN 1 ELSE 2 END FROM people";
    assert_eq!(fixture.column(sql).await, ["1", "2", "1", "2", "1"]);
    let sql = "SELECT CASE WHEN shout(city) = 'OSLO' THEN 1 ELSE 2 END FROM people";
    assert_eq!(fixture.column(sql).await, ["1", "2", "1", "2", "1"]);
    let sql = "SELECT nullif(shout(city), 'OSLO') FROM people WHERE id < 3";
    assert_eq!(fixture.column(sql).await, ["", "ROME"]);
}

#[tokio::test]
async fn no_rows_make_no_call() {
    let fixture = Fixture::start().await;
    assert!(
        fixture
            .column("SELECT shout(name) FROM nobody")
            .await
            .is_empty()
    );
    assert!(
        fixture
            .column("SELECT shout(name) FROM people WHERE id > 9")
            .await
            .is_empty()
    );
    assert!(
        fixture
            .column("SELECT shout(name) FROM people WHERE false")
            .await
            .is_empty()
    );
    assert!(fixture.service.log().is_empty());
}

#[tokio::test]
async fn calls_whose_results_nobody_uses_are_still_made() {
    let fixture = Fixture::start().await;
    let sql = "SELECT id FROM (SELECT id, shout(name) AS y FROM people) WHERE id < 3";
    assert_eq!(fixture.column(sql).await, ["1", "2"]);
    assert_eq!(fixture.service.sent_to("/shout"), ["Ann", "Bob"]);
}

#[tokio::test]
async fn window_functions_and_qualify_work_over_results() {
    let fixture = Fixture::start().await;
    let sql = "SELECT y, row_number() OVER (PARTITION BY y ORDER BY id) AS n \
               FROM (SELECT id, shout(city) AS y FROM people) \
               QUALIFY shout(y) = 'ROME' AND n > 0 ORDER BY n";
    assert_eq!(fixture.column(sql).await, ["ROME", "ROME"]);
}

#[tokio::test]
async fn a_recursive_query_may_call_in_its_steps() {
    let fixture = Fixture::start().await;
    let sql = "WITH RECURSIVE steps(n) AS (SELECT 1 AS n UNION ALL \
               SELECT CAST(double_it(n) AS BIGINT) FROM steps WHERE n < 10) SELECT n FROM steps";
    assert_eq!(fixture.column(sql).await, ["1", "2", "4", "8", "16"]);
}

#[tokio::test]
async fn a_name_may_be_written_with_the_schema_it_is_in_and_with_no_other() {
    let fixture = Fixture::start().await;
    for name in [
        "shout",
        "public.shout",
        "floe.public.shout",
        "Floe.\"PUBLIC\".\"SHOUT\"",
    ] {
        let sql = format!("SELECT x FROM (SELECT {name}('a') AS x)");
        assert_eq!(fixture.column(&sql).await, ["A"], "{name}");
    }
    for name in [
        "other.shout",
        "other.public.shout",
        "floe.other.shout",
        "floe.shout",
        "x.floe.public.shout",
        "\"public\".shout",
        "\"PUBLIC.SHOUT\"",
    ] {
        let error = fixture.refused(&format!("SELECT {name}('a')")).await;
        assert_eq!(error.code(), "FLOE-QUERY-0012", "{name}");
    }
}
