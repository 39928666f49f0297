//! Batches, concurrency, retries, failures and cancellation.

use std::collections::HashSet;

use expect_test::expect;
use floe_datafusion::datafusion::arrow::array::RecordBatch;
use floe_datafusion::{QueryError, Volatility, query};
use floe_function::OnBatchFailure;
use futures::StreamExt;

use crate::support::{Fixture, eventually, max_rows, register_numbers};

/// A fixture whose function `UP` takes at most `rows` rows, over a table of the given batches.
async fn over_numbers(rows: u32) -> Fixture {
    let mut fixture = Fixture::start().await;
    fixture.add_with(
        "UP",
        &["VARCHAR"],
        "VARCHAR",
        "/up",
        Volatility::Volatile,
        max_rows(rows),
    );
    fixture.add_with(
        "WAIT",
        &["VARCHAR"],
        "VARCHAR",
        "/gate",
        Volatility::Volatile,
        max_rows(rows),
    );
    fixture
}

async fn numbers(fixture: &Fixture, sizes: &[usize], sql: &str) -> Vec<String> {
    let context = fixture.context();
    register_numbers(&context, sizes);
    let batches = query(&context, sql).await.unwrap().collect().await.unwrap();
    texts(&batches)
}

fn texts(batches: &[RecordBatch]) -> Vec<String> {
    use floe_datafusion::datafusion::arrow::array::AsArray;
    let columns = batches
        .iter()
        .map(|batch| batch.column(0).as_string::<i32>().clone());
    columns
        .flat_map(|column| {
            column
                .iter()
                .map(|v| v.unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn in_order(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn rows_are_cut_to_max_batch_rows_and_come_back_in_order() {
    let fixture = over_numbers(10).await;
    assert_eq!(
        numbers(&fixture, &[25], "SELECT up(n) FROM numbers").await,
        in_order(25)
    );
    let mut sizes = fixture.service.batch_sizes();
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 10, 10]);
}

#[tokio::test]
async fn small_batches_of_the_input_are_sent_together() {
    let fixture = over_numbers(100).await;
    let rows = numbers(&fixture, &[3, 0, 4, 2, 0, 1], "SELECT up(n) FROM numbers").await;
    assert_eq!(rows, in_order(10));
    assert_eq!(fixture.service.batch_sizes(), [10]);
}

#[tokio::test]
async fn many_rows_in_many_batches_come_once_each_and_in_order() {
    let fixture = over_numbers(7).await;
    let sql = "SELECT up(n) FROM numbers";
    assert_eq!(
        numbers(&fixture, &[1000, 1, 500, 999], sql).await,
        in_order(2500)
    );
    let mut sent = fixture.service.sent_to("/up");
    sent.sort_by_key(|text| text.parse::<usize>().unwrap());
    assert_eq!(sent, in_order(2500));
}

#[tokio::test]
async fn batch_numbers_are_unique_over_all_nodes_of_a_query() {
    let fixture = over_numbers(5).await;
    let sql = "SELECT up(up(n)) || shout(n) FROM numbers UNION ALL SELECT up(n) FROM numbers";
    numbers(&fixture, &[20], sql).await;
    let log = fixture.service.log();
    let ids: HashSet<_> = log.iter().map(|request| request.batch_id.clone()).collect();
    assert_eq!(ids.len(), log.len());
    assert_eq!(log.len(), 13);
    assert!(log.iter().all(|request| request.query_id == "q-1"));
    assert!(ids.iter().all(|id| id.starts_with("q-1:")));
}

#[tokio::test]
async fn batches_are_sent_concurrently_up_to_the_limit_of_the_query() {
    let mut fixture = over_numbers(1).await;
    fixture.info.concurrency = 4;
    let context = fixture.context();
    register_numbers(&context, &[12]);
    let sql = "SELECT wait(n) FROM numbers";
    let frame = query(&context, sql).await.unwrap();
    let rows = tokio::spawn(frame.collect());
    let service = &fixture.service;
    eventually("four requests in flight", || service.in_flight() == 4).await;
    fixture.open_gate();
    assert_eq!(texts(&rows.await.unwrap().unwrap()), in_order(12));
    assert_eq!(service.most_in_flight(), 4);
}

#[tokio::test]
async fn the_limit_holds_over_all_nodes_and_both_sides_of_a_union() {
    let mut fixture = over_numbers(2).await;
    fixture.info.concurrency = 3;
    fixture.info.target_partitions = 4;
    fixture.open_gate();
    let sql = "SELECT wait(wait(n)) || wait(n) FROM numbers UNION ALL SELECT wait(n) FROM numbers \
               UNION ALL SELECT wait(n) FROM numbers";
    assert_eq!(numbers(&fixture, &[30, 30], sql).await.len(), 180);
    assert!(
        fixture.service.most_in_flight() <= 3,
        "{}",
        fixture.service.most_in_flight()
    );
}

/// One side of a merge is polled while the other waits for permits that the first one holds: only
/// requests that run by themselves give them back.
#[tokio::test]
async fn nodes_that_wait_for_each_other_do_not_stop_the_query() {
    let mut fixture = over_numbers(1).await;
    fixture.info.concurrency = 1;
    fixture.info.target_partitions = 2;
    let sql = "SELECT a.y FROM (SELECT n, up(n) AS y FROM numbers) AS a \
               JOIN (SELECT n, up(up(n)) AS z FROM numbers) AS b ON a.y = b.z ORDER BY a.n";
    let rows = numbers(&fixture, &[10, 10], sql);
    let rows = tokio::time::timeout(std::time::Duration::from_secs(30), rows)
        .await
        .unwrap();
    assert_eq!(rows.len(), 20);
}

#[tokio::test]
async fn only_so_many_rows_are_taken_from_the_input_before_answers_come() {
    let mut fixture = over_numbers(10).await;
    fixture.info.concurrency = 2;
    let context = fixture.context();
    register_numbers(&context, &[10; 50]);
    let frame = query(&context, "SELECT wait(n) FROM numbers")
        .await
        .unwrap();
    let mut stream = frame.execute_stream().await.unwrap();
    let service = &fixture.service;
    let first = tokio::spawn(async move { (stream.next().await, stream) });
    eventually("two requests in flight", || service.in_flight() == 2).await;
    fixture.open_gate();
    let (first, rest) = first.await.unwrap();
    assert_eq!(first.unwrap().unwrap().num_rows(), 10);
    // Nobody asks for more: what was taken is answered, and no more is taken.
    eventually("answers", || service.in_flight() == 0).await;
    assert!(service.log().len() <= 4, "{}", service.log().len());
    assert_eq!(
        rest.map(|batch| batch.unwrap().num_rows())
            .collect::<Vec<_>>()
            .await,
        [10; 49]
    );
    assert_eq!(service.answered(), 50);
}

#[tokio::test]
async fn dropping_the_result_ends_the_requests_in_flight() {
    let mut fixture = over_numbers(1).await;
    fixture.info.concurrency = 4;
    let context = fixture.context();
    register_numbers(&context, &[100]);
    let frame = query(&context, "SELECT wait(n) FROM numbers")
        .await
        .unwrap();
    let running = tokio::spawn(frame.collect());
    let service = &fixture.service;
    eventually("four requests in flight", || service.in_flight() == 4).await;
    running.abort();
    eventually("no request in flight", || service.in_flight() == 0).await;
    assert_eq!(service.answered(), 0);
    assert_eq!(service.log().len(), 4);
}

#[tokio::test]
async fn a_retry_keeps_the_batch_id_and_is_counted() {
    let fixture = Fixture::start().await;
    let table = fixture
        .rows("EXPLAIN ANALYZE SELECT flaky(name) FROM people")
        .await;
    let line = table
        .lines()
        .find(|line| line.contains("ServiceCallExec"))
        .unwrap();
    assert!(line.contains("retries=1"), "{line}");
    let log = fixture.service.log();
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].batch_id, log[1].batch_id);
}

#[tokio::test]
async fn a_failed_call_ends_the_query_with_its_own_code() {
    let fixture = Fixture::start().await;
    let error = fixture
        .failed("SELECT refuse(name) || 'x' FROM people ORDER BY id")
        .await;
    assert_eq!(error.code(), "FLOE-FUNCTION-0006");
    assert!(error.call_error().is_some());
    let text = error.to_string();
    expect!["function REFUSE, batch q-N:N:N:N:N (N rows) on NNN.N.N.N:NNNNN: refused with status NNN: `no`"].assert_eq(&text.replace(char::is_numeric, "N"));
}

#[tokio::test]
async fn a_failed_batch_becomes_null_only_where_that_was_declared() {
    let mut fixture = Fixture::start().await;
    fixture.add_with(
        "TRY",
        &["VARCHAR"],
        "VARCHAR",
        "/refuse",
        Volatility::Volatile,
        |spec| {
            spec.on_batch_failure = OnBatchFailure::ReturnNull;
        },
    );
    assert_eq!(
        fixture.column("SELECT try(name) FROM people").await,
        [""; 5]
    );
}

#[tokio::test]
async fn strict_rows_are_not_sent() {
    let mut fixture = Fixture::start().await;
    fixture.add_with(
        "STRICT_UP",
        &["VARCHAR"],
        "VARCHAR",
        "/up",
        Volatility::Volatile,
        |spec| {
            spec.strict = true;
        },
    );
    let rows = fixture.column("SELECT strict_up(name) FROM people").await;
    assert_eq!(rows, ["ANN", "BOB", "", "DAN", "EVE"]);
    assert_eq!(fixture.service.sent_to("/up"), ["Ann", "Bob", "Dan", "Eve"]);
}

#[tokio::test]
async fn an_argument_that_cannot_be_converted_is_an_error_of_the_query() {
    let fixture = Fixture::start().await;
    let error = fixture.failed("SELECT double_it(name) FROM people").await;
    assert_eq!(error.code(), "FLOE-QUERY-0013", "{error}");
    assert!(fixture.service.log().is_empty());
}

#[tokio::test]
async fn the_error_survives_the_operators_above_the_call() {
    let mut fixture = Fixture::start().await;
    fixture.info.target_partitions = 4;
    for sql in [
        "SELECT y, count(*) FROM (SELECT refuse(name) AS y FROM people) GROUP BY y",
        "SELECT a.id FROM people a JOIN (SELECT id, refuse(name) AS y FROM people) b \
         ON a.id = b.id AND a.name = b.y",
        "SELECT id FROM people WHERE name IN (SELECT refuse(name) FROM people)",
        "SELECT (SELECT max(y) FROM (SELECT refuse(name) AS y FROM people))",
    ] {
        let error = match query(&fixture.context(), sql)
            .await
            .unwrap()
            .collect()
            .await
        {
            Ok(_) => panic!("{sql} did not fail"),
            Err(error) => QueryError::from(error),
        };
        assert_eq!(error.code(), "FLOE-FUNCTION-0006", "{sql}: {error}");
    }
}
