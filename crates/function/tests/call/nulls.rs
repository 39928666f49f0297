//! Where NULLs come from: STRICT rows, failed batches, and nowhere else.

use std::sync::Arc;

use floe_batch::arrow::array::{Array as _, ArrayRef, Int64Array, RecordBatch};
use floe_function::OnBatchFailure;

use crate::service::{Service, Step, function, rows, spec, texts, two};

#[tokio::test]
async fn a_strict_function_does_not_send_nulls_and_numbers_the_others_without_a_gap() {
    let service = Service::start([]).await;
    let mut spec = spec();
    spec.strict = true;
    let function = function(spec, &service);
    let args = rows(&[None, Some("a"), None, Some("b"), None]);
    let (answers, report) = function.call_with_report("q", 0, &args).await.unwrap();
    assert_eq!(
        texts(&answers),
        [None, Some("said a"), None, Some("said b"), None]
    );
    assert_eq!(service.seen()[0].body, r#"{"data":[[0,"a"],[1,"b"]]}"#);
    assert_eq!(
        (
            report.rows,
            report.rows_held_back,
            report.nulls_from_failures
        ),
        (5, 3, 0)
    );
    assert_eq!(report.rows_per_target["ECHO_SERVICE/0"], 2);
}

#[tokio::test]
async fn a_strict_function_with_only_nulls_sends_nothing() {
    let service = Service::start([]).await;
    let mut spec = spec();
    spec.strict = true;
    let function = function(spec, &service);
    let answers = function.call("q", 0, &rows(&[None, None])).await.unwrap();
    assert_eq!(texts(&answers), [None, None]);
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn a_function_called_on_null_input_gets_the_nulls() {
    let service = Service::start([]).await;
    let args = rows(&[None, Some("a")]);
    let answers = function(spec(), &service)
        .call("q", 0, &args)
        .await
        .unwrap();
    assert_eq!(texts(&answers), [None, Some("said a")]);
    assert_eq!(service.seen()[0].body, r#"{"data":[[0,null],[1,"a"]]}"#);
}

#[tokio::test]
async fn return_null_makes_null_of_a_failed_batch_and_reports_every_row_and_the_reason() {
    let malformed = Step::Body("rubbish".to_owned());
    let busy = Step::Status(503, "busy".to_owned());
    let wrong = Step::Status(400, "wrong".to_owned());
    for (steps, retries, reason) in [
        (vec![malformed], 0, "the answer is not a valid batch"),
        (vec![busy; 4], 3, "answered 503: `busy`"),
        (vec![wrong], 0, "refused with status 400"),
    ] {
        let service = Service::start(steps).await;
        let mut spec = spec();
        spec.on_batch_failure = OnBatchFailure::ReturnNull;
        let function = function(spec, &service);
        let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
        assert_eq!(texts(&answers), [None, None]);
        assert_eq!((report.failed_batches, report.nulls_from_failures), (1, 2));
        assert_eq!((report.retries, report.rows_per_target.len()), (retries, 0));
        assert!(
            report.first_failure.as_ref().unwrap().contains(reason),
            "{report:?}"
        );
        // The next batch of the same query goes on.
        assert_eq!(
            texts(&function.call("q", 1, &two()).await.unwrap()),
            [Some("said a"), Some("said b")]
        );
        let totals = function.totals();
        assert_eq!((totals.batches, totals.nulls_from_failures), (2, 2));
    }
}

#[tokio::test]
async fn return_null_counts_strict_rows_apart_from_failed_ones() {
    let service = Service::start([Step::Body("rubbish".to_owned())]).await;
    let mut spec = spec();
    spec.strict = true;
    spec.on_batch_failure = OnBatchFailure::ReturnNull;
    let args = rows(&[Some("a"), None, Some("b")]);
    let function = function(spec, &service);
    let (answers, report) = function.call_with_report("q", 0, &args).await.unwrap();
    assert_eq!((answers.len(), answers.null_count()), (3, 3));
    assert_eq!((report.rows_held_back, report.nulls_from_failures), (1, 2));
}

#[tokio::test]
async fn return_null_does_not_hide_errors_of_the_caller() {
    let service = Service::start([]).await;
    let mut spec = spec();
    spec.on_batch_failure = OnBatchFailure::ReturnNull;
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let args = RecordBatch::try_from_iter([("TEXT", numbers)]).unwrap();
    let error = function(spec, &service)
        .call("q", 0, &args)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0003");
}
