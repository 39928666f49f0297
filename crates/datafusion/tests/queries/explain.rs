//! What EXPLAIN shows.

use expect_test::{Expect, expect};

use crate::support::Fixture;

async fn check(sql: &str, expected: Expect) {
    let fixture = Fixture::start().await;
    let table = fixture.rows(&format!("EXPLAIN FORMAT INDENT {sql}")).await;
    let lines: Vec<_> = table
        .lines()
        .filter_map(|line| Some(line.strip_prefix('|')?.split_once('|')?.1))
        .map(|line| line.trim_end_matches('|').trim_end())
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
    assert!(fixture.service.log().is_empty());
}

#[tokio::test]
async fn the_node_shows_its_calls_and_prunes_columns() {
    check(
        "SELECT shout(name) FROM people WHERE id > 1",
        expect![[r#"
        plan
        Projection: __call_1 AS SHOUT(NAME)
          ServiceCall: SHOUT(people.name) AS __call_1
            Filter: people.id > Int64(1)
              TableScan: people projection=[id, name]
        ProjectionExec: expr=[__call_1@2 as SHOUT(NAME)]
          ServiceCallExec: SHOUT(name@1) AS __call_1; concurrency=8
            FilterExec: id@0 > 1
              DataSourceExec: partitions=1, partition_sizes=[2]

    "#]],
    )
    .await;
}

#[tokio::test]
async fn nested_calls_are_stacked_and_calls_of_one_level_share_a_node() {
    check("SELECT shout(join2(name, whisper(city))), shout('x') FROM people", expect![[r#"
        plan
        Projection: __call_3 AS SHOUT(JOIN2(NAME, WHISPER(CITY))), __call_4 AS SHOUT('X')
          ServiceCall: SHOUT(__call_2) AS __call_3
            ServiceCall: JOIN2(people.name, __call_1) AS __call_2
              ServiceCall: WHISPER(people.city) AS __call_1, SHOUT(Utf8("x")) AS __call_4
                TableScan: people projection=[name, city]
        ProjectionExec: expr=[__call_3@5 as SHOUT(JOIN2(NAME, WHISPER(CITY))), __call_4@3 as SHOUT('X')]
          ServiceCallExec: SHOUT(__call_2@4) AS __call_3; concurrency=8
            ServiceCallExec: JOIN2(name@0, __call_1@2) AS __call_2; concurrency=8
              ServiceCallExec: WHISPER(city@1) AS __call_1, SHOUT(x) AS __call_4; concurrency=8
                DataSourceExec: partitions=1, partition_sizes=[2]

    "#]]).await;
}

#[tokio::test]
async fn conditions_and_limits_move_below_calls_where_they_may() {
    check(
        "SELECT * FROM (SELECT id, shout(name) AS y FROM people) \
         WHERE y = 'ANN' AND id > 1 LIMIT 3",
        expect![[r#"
            plan
            Projection: people.id, __call_1 AS y
              Limit: skip=0, fetch=3
                Filter: __call_1 = Utf8("ANN")
                  Projection: people.id, __call_1
                    ServiceCall: SHOUT(people.name) AS __call_1
                      Filter: people.id > Int64(1)
                        TableScan: people projection=[id, name]
            ProjectionExec: expr=[id@0 as id, __call_1@1 as y]
              FilterExec: __call_1@1 = ANN, fetch=3
                ProjectionExec: expr=[id@0 as id, __call_1@2 as __call_1]
                  ServiceCallExec: SHOUT(name@1) AS __call_1; concurrency=8
                    FilterExec: id@0 > 1
                      DataSourceExec: partitions=1, partition_sizes=[2]

        "#]],
    )
    .await;
    check(
        "SELECT id, shout(name) AS y FROM people LIMIT 3",
        expect![[r#"
            plan
            Projection: people.id, __call_1 AS y
              Limit: skip=0, fetch=3
                ServiceCall: SHOUT(people.name) AS __call_1
                  Limit: skip=0, fetch=3
                    TableScan: people projection=[id, name], fetch=3
            ProjectionExec: expr=[id@0 as id, __call_1@2 as y]
              ServiceCallExec: SHOUT(name@1) AS __call_1; concurrency=8
                DataSourceExec: partitions=1, partition_sizes=[2], fetch=3

        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_condition_with_a_call_keeps_the_columns_of_its_input() {
    check(
        "SELECT * FROM people WHERE shout(name) = 'ANN'",
        expect![[r#"
        plan
        Projection: people.id, people.name, people.city
          Filter: __call_1 = Utf8("ANN")
            ServiceCall: SHOUT(people.name) AS __call_1
              TableScan: people projection=[id, name, city]
        FilterExec: __call_1@3 = ANN, projection=[id@0, name@1, city@2]
          ServiceCallExec: SHOUT(name@1) AS __call_1; concurrency=8
            DataSourceExec: partitions=1, partition_sizes=[2]

    "#]],
    )
    .await;
}

#[tokio::test]
async fn explain_analyze_counts_batches_and_rows() {
    let fixture = Fixture::start().await;
    let table = fixture
        .rows("EXPLAIN ANALYZE SELECT shout(name) FROM people")
        .await;
    let line = table
        .lines()
        .find(|line| line.contains("ServiceCallExec"))
        .unwrap();
    for metric in [
        "batches=1",
        "rows=5",
        "retries=0",
        "nulls_from_failures=0",
        "output_rows=5",
    ] {
        assert!(line.contains(metric), "{metric} in {line}");
    }
}

#[tokio::test]
async fn the_tree_that_explain_draws_by_itself_shows_the_calls() {
    let fixture = Fixture::start().await;
    expect![[r#"
        +---------------+-------------------------------------------------------------+
        | plan_type     | plan                                                        |
        +---------------+-------------------------------------------------------------+
        | logical_plan  | Projection: __call_1 AS SHOUT(NAME)                         |
        |               |   ServiceCall: SHOUT(people.name) AS __call_1               |
        |               |     TableScan: people projection=[name]                     |
        | physical_plan | ProjectionExec: expr=[__call_1@1 as SHOUT(NAME)]            |
        |               |   ServiceCallExec: SHOUT(name@0) AS __call_1; concurrency=8 |
        |               |     DataSourceExec: partitions=1, partition_sizes=[2]       |
        |               |                                                             |
        +---------------+-------------------------------------------------------------+
    "#]]
    .assert_eq(&fixture.rows("EXPLAIN SELECT shout(name) FROM people").await);
}
