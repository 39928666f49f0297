//! What a service sees of a call.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::routing::post;
use floe_batch::SqlType;
use floe_batch::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    LargeStringArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use floe_batch::arrow::datatypes::{Decimal128Type, Schema};
use floe_function::{Client, FixedTarget, Function, FunctionSpec, server};
use tokio::sync::Barrier;

use crate::service::{
    Instances, Service, Step, function, listen, options, over, rows, spec, texts, two,
};

#[tokio::test]
async fn a_batch_is_posted_to_the_path_with_all_headers_of_the_format() {
    let service = Service::start([]).await;
    let mut spec = spec();
    spec.path = "/echo/v1?lang=en".to_owned();
    let answers = function(spec, &service)
        .call("01b02bdf-0001", 4, &two())
        .await
        .unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);

    let [seen] = &service.seen()[..] else {
        panic!("not one request")
    };
    assert_eq!(
        (&seen.method, seen.path.as_str()),
        (&Method::POST, "/echo/v1?lang=en")
    );
    assert_eq!(seen.body, r#"{"data":[[0,"a"],[1,"b"]]}"#);
    for (name, value) in [
        ("content-type", "application/json"),
        ("accept", "*/*"),
        ("user-agent", concat!("floe/", env!("CARGO_PKG_VERSION"))),
        ("sf-external-function-format", "json"),
        ("sf-external-function-format-version", "1.0"),
        ("sf-external-function-current-query-id", "01b02bdf-0001"),
        (
            "sf-external-function-query-batch-id",
            "01b02bdf-0001:4:1:0:0",
        ),
        ("sf-external-function-name", "MY_ECHO_UDF"),
        ("sf-external-function-name-base64", "TVlfRUNIT19VREY="),
        ("sf-external-function-signature", "(TEXT VARCHAR)"),
        (
            "sf-external-function-signature-base64",
            "KFRFWFQgVkFSQ0hBUik=",
        ),
        ("sf-external-function-return-type", "VARCHAR"),
        ("sf-external-function-return-type-base64", "VkFSQ0hBUg=="),
        ("host", &service.address),
        ("content-length", "26"),
    ] {
        assert_eq!(seen.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn no_rows_mean_no_request() {
    let service = Service::start([]).await;
    let function = function(spec(), &service);
    assert_eq!(function.cut(&rows(&[])).count(), 0);
    let (answers, report) = function.call_with_report("q", 0, &rows(&[])).await.unwrap();
    assert_eq!((answers.len(), report.sends), (0, 0));
    assert_eq!(answers.data_type(), &function.spec().returns.arrow_type());
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn every_type_goes_there_and_comes_back() {
    let app = Router::new().route(
        "/all",
        server::handler(|(t, b, f, n, d): (String, bool, f64, i64, String)| {
            format!("{t} {b} {f} {n} {d}")
        }),
    );
    let instances = Instances::new([listen(app).await]);
    let ty = |text| SqlType::parse(text).unwrap();
    let args = [
        ("T", ty("VARCHAR")),
        ("B", ty("BOOLEAN")),
        ("F", ty("FLOAT")),
        ("N", ty("NUMBER(10,0)")),
        ("D", ty("DATE")),
    ];
    let (function, _) = over(
        FunctionSpec::new("ALL_TYPES", args, ty("VARCHAR"), "/all"),
        options(),
        instances,
    );
    let number = Decimal128Array::from(vec![-7])
        .with_precision_and_scale(10, 0)
        .unwrap();
    let rows = RecordBatch::try_from_iter([
        (
            "T",
            Arc::new(StringViewArray::from(vec!["ä\"\n"])) as ArrayRef,
        ),
        ("B", Arc::new(BooleanArray::from(vec![true]))),
        ("F", Arc::new(Float64Array::from(vec![0.5]))),
        ("N", Arc::new(number)),
        ("D", Arc::new(Date32Array::from(vec![1]))),
    ]);
    let answers = function.call("q", 0, &rows.unwrap()).await.unwrap();
    assert_eq!(texts(&answers), [Some("ä\"\n true 0.5 -7 1970-01-02")]);
}

#[tokio::test]
async fn a_number_comes_back_exact() {
    let app = Router::new().route("/double", server::handler(|(n,): (i64,)| n * 2));
    let instances = Instances::new([listen(app).await]);
    let int = SqlType::parse("INT").unwrap();
    let (function, _) = over(
        FunctionSpec::new("DOUBLE", [("N", int)], int, "/double"),
        options(),
        instances,
    );
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 4_503_599_627_370_497]));
    let rows = RecordBatch::try_from_iter([("N", column)]).unwrap();
    let answers = function.call("q", 0, &rows).await.unwrap();
    assert_eq!(
        answers.as_primitive::<Decimal128Type>().values(),
        &[2, 9_007_199_254_740_994]
    );
}

#[tokio::test]
async fn a_function_without_arguments_is_called_once_per_row() {
    let app = Router::new().route("/constant", server::handler(|(): ()| 42));
    let instances = Instances::new([listen(app).await]);
    let no_args: [(&str, SqlType); 0] = [];
    let int = SqlType::parse("INT").unwrap();
    let (function, _) = over(
        FunctionSpec::new("ANSWER", no_args, int, "/constant"),
        options(),
        instances,
    );
    let three = RecordBatchOptions::new().with_row_count(Some(3));
    let rows =
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &three).unwrap();
    let answers = function.call("q", 0, &rows).await.unwrap();
    assert_eq!(
        answers.as_primitive::<Decimal128Type>().values(),
        &[42, 42, 42]
    );
}

#[tokio::test]
async fn two_calls_are_in_flight_at_the_same_time() {
    // Neither is answered before both are there.
    let both = Arc::new(Barrier::new(2));
    let meet = move |batch: server::Batch<(String,)>| async move {
        both.wait().await;
        batch.map(|(text,)| text)
    };
    let app = Router::new().route("/echo", post(meet));
    let (function, instances) = over(spec(), options(), Instances::new([listen(app).await]));
    let (one, two) = (rows(&[Some("1")]), rows(&[Some("2")]));
    let (one, two) = tokio::join!(function.call("q", 0, &one), function.call("q", 1, &two));
    assert_eq!(texts(&one.unwrap()), [Some("1")]);
    assert_eq!(texts(&two.unwrap()), [Some("2")]);
    assert_eq!(function.totals().batches, 2);
    assert_eq!(
        instances.leased.load(std::sync::atomic::Ordering::SeqCst),
        0
    );
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let connections = Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
    let seen = Arc::clone(&connections);
    let echo = post(
        move |axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<
            std::net::SocketAddr,
        >| async move {
            seen.lock().unwrap().insert(peer);
            r#"{"data":[[0,"x"]]}"#
        },
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let app = Router::new().route("/echo", echo);
    let app = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let (function, _) = over(spec(), options(), Instances::new([address]));
    for batch in 0..20 {
        function
            .call("q", batch, &rows(&[Some("a")]))
            .await
            .unwrap();
    }
    assert_eq!(connections.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_column_that_is_not_the_argument_is_refused_before_anything_is_sent() {
    let service = Service::start([]).await;
    let function = function(spec(), &service);
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let wrong_type = RecordBatch::try_from_iter([("TEXT", Arc::clone(&numbers))]).unwrap();
    let text: ArrayRef = Arc::new(LargeStringArray::from(vec!["a"]));
    let too_many = RecordBatch::try_from_iter([("TEXT", text), ("N", numbers)]).unwrap();
    for args in [wrong_type, too_many] {
        let error = function.call("q", 0, &args).await.unwrap_err();
        assert_eq!(error.code(), "FLOE-FUNCTION-0003");
        assert!(
            error.to_string().contains("takes (TEXT VARCHAR), not ("),
            "{error}"
        );
    }
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn more_rows_than_max_batch_rows_are_refused_and_cut_makes_them_fit() {
    let service = Service::start([]).await;
    let mut spec = spec();
    spec.max_batch_rows = NonZeroU32::new(2);
    let function = function(spec, &service);
    let five = rows(&[Some("a"), Some("b"), Some("c"), Some("d"), Some("e")]);
    assert_eq!(
        function.call("q", 0, &five).await.unwrap_err().code(),
        "FLOE-FUNCTION-0004"
    );
    for (batch, range) in (0..).zip(function.cut(&five)) {
        function
            .call("q", batch, &five.slice(range.start, range.len()))
            .await
            .unwrap();
    }
    let bodies: Vec<_> = service.seen().into_iter().map(|seen| seen.body).collect();
    let expected = [
        r#"{"data":[[0,"a"],[1,"b"]]}"#,
        r#"{"data":[[0,"c"],[1,"d"]]}"#,
        r#"{"data":[[0,"e"]]}"#,
    ];
    assert_eq!(bodies, expected);
    let totals = function.totals();
    assert_eq!(
        (totals.batches, totals.rows, totals.sends, totals.retries),
        (3, 5, 3, 0)
    );
    assert_eq!(totals.rows_per_target["ECHO_SERVICE/0"], 5);
}

#[tokio::test]
async fn context_headers_are_on_every_send_and_poll_of_every_batch() {
    let again = Step::Status(503, "busy".to_owned());
    let later = Step::Status(202, String::new());
    let result = Step::Body(r#"{"data":[[0,"x"],[1,"y"]]}"#.to_owned());
    let service = Service::start([again, later, result]).await;
    let mut spec = spec();
    spec.context_headers = vec!["CURRENT_USER".to_owned(), "CURRENT_STATEMENT".to_owned()];
    let function = function(spec, &service);
    let asks = function.with_context([
        ("CURRENT_USER", "ALEX"),
        ("CURRENT_STATEMENT", "SELECT\n'ß'"),
    ]);
    for batch in 0..2 {
        asks.call("q", batch, &two()).await.unwrap();
    }
    let seen = service.seen();
    assert_eq!(seen.len(), 4, "a send, a retry, a poll, and another batch");
    for seen in seen {
        assert_eq!(seen.header("sf-context-current-user"), "ALEX");
        assert_eq!(seen.header("sf-context-current-user-base64"), "QUxFWA==");
        assert_eq!(seen.header("sf-context-current-statement"), "SELECT ' '");
        let exact = seen.header("sf-context-current-statement-base64");
        assert_eq!(exact, "U0VMRUNUCifDnyc=");
    }
    let error = function.call("q", 2, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0041");
    assert!(!error.is_batch_failure());
    assert_eq!(
        service.seen().len(),
        4,
        "nothing is sent without the values"
    );
}

#[test]
fn only_context_functions_can_be_context_headers() {
    let mut spec = spec();
    spec.context_headers = vec!["current_role".to_owned(), "PASSWORD".to_owned()];
    let targets = std::sync::Arc::new(FixedTarget::new("127.0.0.1:1"));
    let error = Function::new(spec, targets, Client::new(options())).unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0040");
    assert!(
        error
            .to_string()
            .contains("`PASSWORD`; it takes CURRENT_ACCOUNT"),
        "{error}"
    );
}

#[tokio::test]
async fn rows_that_cannot_be_written_are_an_error_of_the_caller_with_the_code_of_the_cause() {
    let service = Service::start([]).await;
    let days: ArrayRef = Arc::new(Date32Array::from(vec![0, i32::MAX]));
    let args = RecordBatch::try_from_iter([("DAY", days)]).unwrap();
    let mut spec = spec();
    spec.args = vec![("DAY".to_owned(), SqlType::Date)];
    let error = function(spec, &service)
        .call("q", 0, &args)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0005", "{error}");
    assert!(!error.is_batch_failure());
    let message = error.to_string();
    assert!(
        message.contains("written as a request: row 1: the date"),
        "{message}"
    );
    assert!(message.ends_with(" (FLOE-BATCH-0042)"), "{message}");
    assert!(service.seen().is_empty());
}
