//! What the original does not do, and calls that are dropped.

use std::io::{Read as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::post;
use floe_batch::rows::{ResponseWriter, read_request};
use floe_function::endpoint::{BreakerLimits, BudgetLimits, Endpoint, EndpointLimits, WhenOpen};
use floe_function::isolate::IsolationLimits;
use floe_function::{
    CallReport, Client, Extensions, FixedTarget, Function, FunctionSpec, OnBatchFailure,
};

use crate::service::{Instances, Service, Step, listen, options, over, rows, spec, texts, two};

fn extended(spec: FunctionSpec, address: &str, extensions: Extensions) -> Function {
    let targets = std::sync::Arc::new(FixedTarget::new(address));
    Function::with_extensions(spec, targets, Client::new(options()), extensions).unwrap()
}

fn isolating() -> Extensions {
    Extensions {
        isolation: Some(IsolationLimits::default()),
        ..Extensions::default()
    }
}

/// Answers 500 to every batch with `bad` in it.
async fn picky() -> String {
    let app = Router::new().route(
        "/echo",
        post(|body: String| async move {
            let mut answer = Vec::new();
            let mut writer = ResponseWriter::new(&mut answer);
            for (number, (text,)) in read_request::<(String,)>(body.as_bytes()).unwrap() {
                if text == "bad" {
                    return StatusCode::INTERNAL_SERVER_ERROR.into_response();
                }
                writer.row(number, &text).unwrap();
            }
            writer.finish();
            answer.into_response()
        }),
    );
    listen(app).await
}

#[tokio::test]
async fn a_bad_row_becomes_null_alone_and_the_others_get_their_answers() {
    let mut spec = spec();
    spec.on_batch_failure = OnBatchFailure::ReturnNull;
    let function = extended(spec, &picky().await, isolating());
    let args = rows(&[
        Some("a"),
        Some("b"),
        Some("bad"),
        Some("c"),
        None,
        Some("d"),
    ]);
    let args = args.slice(0, 4);
    let (answers, report) = function.call_with_report("q", 0, &args).await.unwrap();
    assert_eq!(texts(&answers), [Some("a"), Some("b"), None, Some("c")]);
    // The whole batch, two halves, two quarters; the whole and the bad row with three retries each.
    assert_eq!((report.parts, report.sends, report.retries), (4, 11, 6));
    assert_eq!((report.failed_batches, report.nulls_from_failures), (1, 1));
    let first = report.first_failure.unwrap();
    assert!(first.contains("batch q:0:1:0:0:2:3 (1 row)"), "{first}");
}

#[tokio::test]
async fn a_query_that_aborts_names_the_first_bad_row() {
    let function = extended(spec(), &picky().await, isolating());
    let args = rows(&[Some("a"), Some("bad"), Some("b"), Some("bad")]);
    let error = function.call("q", 0, &args).await.unwrap_err();
    assert_eq!(error.context().unwrap().batch_id, "q:0:1:0:0:1:2");
    assert_eq!(error.code(), "FLOE-FUNCTION-0007");
}

#[tokio::test]
async fn without_isolation_the_whole_batch_fails() {
    let function = extended(spec(), &picky().await, Extensions::default());
    let args = rows(&[Some("a"), Some("bad")]);
    let error = function.call("q", 0, &args).await.unwrap_err();
    assert_eq!(error.context().unwrap().batch_id, "q:0:1:0:0");
    assert_eq!(error.context().unwrap().rows, 2);
}

#[tokio::test]
async fn a_column_of_errors_says_for_every_row_what_went_wrong() {
    let mut spec = spec();
    spec.strict = true;
    spec.max_batch_retries = 0;
    let function = extended(spec, &picky().await, isolating());
    let args = rows(&[None, Some("a"), Some("bad"), None, Some("b")]);
    let answers = function.call_with_errors("q", 0, &args).await.unwrap();
    let values = [None, Some("a"), None, None, Some("b")];
    assert_eq!(texts(&answers.values), values);
    let errors = texts(&answers.errors);
    let coded = "FLOE-FUNCTION-0007: function MY_ECHO_UDF, batch q:0:1:0:0:1:2 (1 row)";
    assert!(errors[2].unwrap().starts_with(coded), "{errors:?}");
    for row in [0, 1, 3, 4] {
        assert_eq!(errors[row], None);
    }
    assert_eq!(answers.report.rows_held_back, 2);
}

#[tokio::test]
async fn a_spent_retry_budget_ends_batches_of_all_functions_over_the_endpoint() {
    let service = Service::start(vec![Step::Status(503, "busy".to_owned()); 10]).await;
    let endpoint = Endpoint::new(EndpointLimits {
        retry_budget: Some(BudgetLimits {
            percent: 0,
            per_second: 0,
            most: 3,
        }),
        ..EndpointLimits::default()
    });
    let extensions = || Extensions {
        endpoint: endpoint.clone(),
        ..Extensions::default()
    };
    let mut few = spec();
    few.max_batch_retries = 2;
    let one = extended(few, &service.address, extensions());
    let other = extended(spec(), &service.address, extensions());
    let error = one.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0007", "two of three retries");
    let error = other.call("q", 1, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0042");
    let message = error.to_string();
    assert!(message.contains("sent 2 times"), "{message}");
    assert!(message.ends_with("last: answered 503: `busy`"), "{message}");
    assert_eq!(service.seen().len(), 3 + 2);
}

#[tokio::test]
async fn an_open_circuit_fails_batches_at_once_where_that_is_wanted() {
    let service = Service::start(vec![Step::Status(500, String::new()); 4]).await;
    let endpoint = Endpoint::new(EndpointLimits {
        breaker: Some(BreakerLimits {
            least: 4,
            when_open: WhenOpen::Fail,
            ..BreakerLimits::default()
        }),
        ..EndpointLimits::default()
    });
    let extensions = Extensions {
        endpoint,
        ..Extensions::default()
    };
    let function = extended(spec(), &service.address, extensions);
    assert!(function.call("q", 0, &two()).await.is_err());
    let error = function.call("q", 1, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0043");
    assert!(error.is_batch_failure());
    assert_eq!(service.seen().len(), 4, "nothing is sent while it is open");
}

#[tokio::test]
async fn an_open_circuit_is_waited_for_until_a_probe_succeeds() {
    let service = Service::start(vec![Step::Status(500, String::new()); 2]).await;
    let endpoint = Endpoint::new(EndpointLimits {
        breaker: Some(BreakerLimits {
            least: 2,
            open: Duration::from_millis(50),
            ..BreakerLimits::default()
        }),
        ..EndpointLimits::default()
    });
    let extensions = Extensions {
        endpoint,
        ..Extensions::default()
    };
    let function = extended(spec(), &service.address, extensions);
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);
    assert_eq!(report.sends, 3);
    assert!(report.holds >= 1, "{report:?}");
}

/// The service sees the end of the connection: it may stop working for nobody.
#[tokio::test]
async fn a_dropped_call_closes_its_connection_and_is_counted_as_cancelled() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (posted, seen) = tokio::sync::oneshot::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).unwrap() > 0);
        // A beginning of an answer does not make it an answer.
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{")
            .unwrap();
        posted.send(()).unwrap();
        // The end of the connection ends the loop; a time-out is an error.
        while stream.read(&mut request).unwrap() > 0 {}
    });
    let (function, instances) = over(spec(), options(), Instances::new([address]));
    let call = tokio::spawn(function.call("q", 3, &two()));
    seen.await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    tokio::task::spawn_blocking(|| server.join())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(instances.leased.load(Ordering::SeqCst), 0);
    let expected = CallReport {
        batches: 1,
        rows: 2,
        sends: 1,
        cancelled_batches: 1,
        ..CallReport::default()
    };
    assert_eq!(function.totals(), expected, "and no row counts as answered");
}

#[tokio::test]
async fn a_call_that_is_never_polled_does_and_counts_nothing() {
    let service = Service::start([]).await;
    let (function, _) = over(spec(), options(), Instances::new([service.address.clone()]));
    drop(function.call("q", 0, &two()));
    assert_eq!(function.totals(), CallReport::default());
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn refusals_make_the_advice_on_calls_in_flight_smaller() {
    let service = Service::start([Step::Status(429, String::new())]).await;
    let (function, _) = over(spec(), options(), Instances::new([service.address.clone()]));
    assert_eq!(function.in_flight(), 4);
    function.call("q", 0, &two()).await.unwrap();
    assert_eq!(function.in_flight(), 2);
}

#[tokio::test]
async fn batches_grow_where_rows_cost_nothing_and_keep_a_declared_size() {
    let service = Service::start([]).await;
    let column: Vec<_> = (0..20_000).map(|_| Some("a")).collect();
    let column = rows(&column);
    for (declared, grows) in [(None, true), (std::num::NonZeroU32::new(1000), false)] {
        let mut spec = spec();
        spec.max_batch_rows = declared;
        let (function, _) = over(spec, options(), Instances::new([service.address.clone()]));
        let first = function.cut(&column).next().unwrap();
        assert_eq!(first, 0..1000);
        function.call("q", 0, &column.slice(0, 1000)).await.unwrap();
        let next = function.cut(&column).next().unwrap();
        assert_eq!(next.len() > 1000, grows, "{next:?}");
    }
}
