//! The handlers for authors of services.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Extension, Router};
use floe_batch::SqlType;
use floe_function::arrow::array::{Array, AsArray, DurationSecondArray, Int64Array, StringArray};
use floe_function::server::{
    self, Answers, Batch, CallInfo, RawBatch, RequestLimit, ServeError, Unanswered,
};

use crate::http::Http;
use crate::service::{Instances, listen, options, over, spec, texts, two};

/// What a service with this one handler under `/f` answers to this body.
async fn answered(handler: axum::routing::MethodRouter, body: &str) -> (u16, String) {
    let http = Http::to(Router::new().route("/f", handler)).await;
    let answer = http.post("/f", None, body).await;
    (answer.status, answer.body)
}

fn ok(body: &str) -> (u16, String) {
    (200, body.to_owned())
}

#[tokio::test]
async fn rows_are_answered_under_the_numbers_they_came_with() {
    let sent = r#"{"data":[[7,2,3],[8,4,5]]}"#;
    let expected = ok(r#"{"data":[[7,6],[8,20]]}"#);
    let row = server::handler(|(a, b): (i64, i64)| a * b);
    assert_eq!(answered(row, sent).await, expected);
    let map = |batch: Batch<(i64, i64)>| async { batch.map(|(a, b)| a * b) };
    assert_eq!(answered(post(map), sent).await, expected);
    let all = |batch: Batch<(i64, i64)>| async {
        let products = batch.rows().iter().map(|(a, b)| a * b).collect();
        batch.answer::<i64>(products)
    };
    assert_eq!(answered(post(all), sent).await, expected);
    let try_map = |batch: Batch<(i64, i64)>| async {
        batch.try_map(|(a, b)| a.checked_mul(b).ok_or("too large"))
    };
    assert_eq!(answered(post(try_map), sent).await, expected);
    let none = ok(r#"{"data":[]}"#);
    assert_eq!(answered(post(map), r#"{"data":[]}"#).await, none);
}

#[tokio::test]
async fn every_kind_of_broken_body_gets_400_with_code_place_and_what_was_expected() {
    let handlers = || {
        [
            server::handler(|(text,): (String,)| text),
            post(|raw: RawBatch| async move {
                let text = SqlType::parse("VARCHAR NOT NULL").or(SqlType::parse("VARCHAR"));
                let columns = raw.columns(&[text.map_err(ServeError::failed)?])?;
                let column = Arc::clone(&columns.columns()[0]);
                columns.answer(&column)
            }),
        ]
    };
    for (body, code, parts) in [
        ("", "FLOE-BATCH-0011", ["at byte 0", "the end of the body"]),
        ("rubbish", "FLOE-BATCH-0011", ["at byte 0", "`r`"]),
        ("[]", "FLOE-BATCH-0017", ["at byte 0", "expected an object"]),
        ("{}", "FLOE-BATCH-0018", ["at byte 2", "no key \"data\""]),
        (
            r#"{"data":[[0,"a"]]} x"#,
            "FLOE-BATCH-0012",
            ["at byte 19", "`x` follows"],
        ),
        (
            r#"{"data":[],"data":[]}"#,
            "FLOE-BATCH-0019",
            ["at byte 11", "twice"],
        ),
        (
            r#"{"data":[["a"]]}"#,
            "FLOE-BATCH-0025",
            ["(row 0)", "expected a row number"],
        ),
        (
            r#"{"data":[[0,"a"],[1,"b","c"]]}"#,
            "FLOE-BATCH-0026",
            ["at byte 23 (row 1)", "expected 2"],
        ),
        (
            r#"{"data":[[0]]}"#,
            "FLOE-BATCH-0026",
            ["(row 0)", "expected 2"],
        ),
        (
            "{\"data\":[[0,\"a\\q\"]]}",
            "FLOE-BATCH-0014",
            ["(row 0)", "not JSON"],
        ),
    ] {
        for handler in handlers() {
            let (status, message) = answered(handler, body).await;
            assert_eq!(status, 400, "{message}");
            let begin =
                "FLOE-FUNCTION-0020: the request is not a batch of rows for this function: at byte";
            let end = format!("({code})\n");
            assert!(
                message.starts_with(begin) && message.ends_with(&end),
                "{message}"
            );
            for part in parts {
                assert!(message.contains(part), "{part}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn a_value_of_another_type_gets_400_with_the_row_and_what_was_expected() {
    for (body, parts) in [
        (
            r#"{"data":[[0,"a",1],[1,2,1]]}"#,
            ["(row 1)", "expected a string"],
        ),
        (r#"{"data":[[0,null,1]]}"#, ["(row 0)", "expected a string"]),
        (r#"{"data":[[0,"a",300]]}"#, ["(row 0)", "expected u8"]),
        (
            r#"{"data":[[0,"a",0.5]]}"#,
            ["at byte 16 (row 0)", "fractional digits"],
        ),
    ] {
        let handler = server::handler(|(text, n): (String, u8)| format!("{text}{n}"));
        let (status, message) = answered(handler, body).await;
        assert_eq!(status, 400, "{message}");
        for part in parts {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[tokio::test]
async fn a_missing_or_strange_content_type_is_no_reason_to_refuse() {
    let http = Http::to(Router::new().route("/f", server::handler(|(n,): (i64,)| n))).await;
    for content_type in [None, Some("text/plain"), Some("application/json")] {
        let headers: Vec<_> = content_type
            .map(|value| ("content-type", value))
            .into_iter()
            .collect();
        let answer = http
            .send("POST", "/f", &headers, r#"{"data":[[0,1]]}"#)
            .await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, r#"{"data":[[0,1]]}"#)
        );
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_gets_413_and_one_beyond_axums_default_is_read() {
    let app = Router::new().route("/f", server::handler(|(text,): (String,)| text.len()));
    let large = format!(r#"{{"data":[[0,"{}"]]}}"#, "x".repeat(3 * 1024 * 1024));
    let answer = Http::to(app.clone()).await.post("/f", None, &large).await;
    assert_eq!(answer.body, r#"{"data":[[0,3145728]]}"#);

    let limited = Http::to(app.layer(Extension(RequestLimit(20)))).await;
    let fits = r#"{"data":[[0,"1234"]]}"#;
    assert_eq!(fits.len(), 21);
    let answer = limited.post("/f", None, fits).await;
    assert_eq!(answer.status, 413);
    assert!(
        answer.body.starts_with(
            "FLOE-FUNCTION-0024: the request is larger than 20 bytes; lower MAX_BATCH"
        ),
        "{}",
        answer.body
    );
    assert_eq!(
        limited
            .post("/f", None, r#"{"data":[[0,"123"]]}"#)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn what_the_headers_say_is_there_beside_state_and_rows() {
    async fn describe(
        State(greeting): State<&'static str>,
        headers: HeaderMap,
        call: CallInfo,
        batch: Batch<(i64,)>,
    ) -> Result<Answers, ServeError> {
        assert_eq!(&call, batch.call());
        let CallInfo {
            batch_id,
            query_id,
            function,
            signature,
            return_type,
            ..
        } = call;
        let host = headers.contains_key("host");
        batch.map(|(n,)| {
            format!(
                "{greeting} {n} {host} {batch_id:?} {query_id:?} {function:?} {signature:?} \
                 {return_type:?}"
            )
        })
    }
    let app = Router::new().route("/f", post(describe)).with_state("Hi");
    let address = listen(app).await;
    let int = SqlType::parse("INT").unwrap();
    let text = SqlType::parse("VARCHAR").unwrap();
    let spec = floe_function::FunctionSpec::new("prüfe", [("ß", int)], text, "/f");
    let (function, _) = over(spec, options(), Instances::new([address]));
    let column: floe_function::arrow::array::ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let rows = floe_function::arrow::array::RecordBatch::try_from_iter([("ß", column)]).unwrap();
    let answers = function.call("q", 3, &rows).await.unwrap();
    let expected = concat!(
        r#"Hi 7 true Some("q:3:1:0:0") Some("q") Some("prüfe") Some("(ß NUMBER)") "#,
        r#"Some("VARCHAR")"#
    );
    assert_eq!(texts(&answers), [Some(expected)]);
}

#[tokio::test]
async fn a_handler_that_loses_or_invents_rows_answers_500() {
    for (answers, count) in [(vec![1], 1), (vec![1, 2, 3], 3), (vec![], 0)] {
        let loses = move |batch: Batch<(String,)>| async move { batch.answer(answers) };
        let (status, message) = answered(post(loses), r#"{"data":[[0,"a"],[1,"b"]]}"#).await;
        assert_eq!(status, 500);
        let begin =
            format!("FLOE-FUNCTION-0021: the service answered {count} rows of a batch of 2");
        assert!(message.starts_with(&begin), "{message}");
    }
}

#[tokio::test]
async fn the_errors_of_the_author_are_told_with_a_status_that_says_whether_to_try_again() {
    let sent = r#"{"data":[[0,"7"],[1,"x"]]}"#;
    let refuses = |batch: Batch<(String,)>| async { batch.try_map(|(text,)| text.parse::<i64>()) };
    let (status, message) = answered(post(refuses), sent).await;
    let expected = "FLOE-FUNCTION-0026: row 1 was refused: invalid digit found in string\n";
    assert_eq!((status, message.as_str()), (422, expected));

    let fails =
        |_: Batch<(String,)>| async { Err::<Answers, _>(ServeError::failed("no model loaded")) };
    let (status, message) = answered(post(fails), sent).await;
    let expected = "FLOE-FUNCTION-0023: the batch failed: no model loaded\n";
    assert_eq!((status, message.as_str()), (500, expected));
}

#[tokio::test]
async fn an_answer_that_json_cannot_carry_gets_500() {
    let keys = |(n,): (i64,)| std::collections::BTreeMap::from([(vec![n], n)]);
    let column = |raw: RawBatch| async move {
        let columns = raw.columns(&[SqlType::parse("INT").map_err(ServeError::failed)?])?;
        columns.answer(&DurationSecondArray::from(vec![1]))
    };
    for handler in [server::handler(keys), post(column)] {
        let (status, message) = answered(handler, r#"{"data":[[0,1]]}"#).await;
        assert_eq!(status, 500);
        let begin = "FLOE-FUNCTION-0022: an answer cannot be written";
        assert!(message.starts_with(begin), "{message}");
    }
}

#[tokio::test]
async fn columns_are_answered_with_a_column_of_as_many_rows() {
    async fn lengths(raw: RawBatch) -> Result<Answers, ServeError> {
        let columns = raw.columns(&[SqlType::parse("VARCHAR").map_err(ServeError::failed)?])?;
        let texts = columns.columns()[0].as_string::<i32>();
        let lengths = texts.iter().map(|text| text.map(|text| text.len() as i64));
        let lengths: Int64Array = lengths.collect();
        columns.answer(&lengths)
    }
    let sent = r#"{"data":[[0,"abc"],[1,null]]}"#;
    assert_eq!(
        answered(post(lengths), sent).await,
        ok(r#"{"data":[[0,3],[1,null]]}"#)
    );

    let loses = |raw: RawBatch| async move {
        let columns = raw.columns(&[SqlType::parse("VARCHAR").map_err(ServeError::failed)?])?;
        let first = columns.columns()[0].slice(0, 1);
        columns.answer(&first)
    };
    let (status, message) = answered(post(loses), sent).await;
    assert!(
        status == 500 && message.starts_with("FLOE-FUNCTION-0021"),
        "{message}"
    );

    let no_arguments = |raw: RawBatch| async move {
        let columns = raw.columns(&[])?;
        let values = StringArray::from(vec!["x"; columns.rows()]);
        columns.answer(&values)
    };
    assert_eq!(
        answered(post(no_arguments), r#"{"data":[[0],[1]]}"#).await,
        ok(r#"{"data":[[0,"x"],[1,"x"]]}"#)
    );
}

#[tokio::test]
async fn rows_that_were_given_away_are_answered_by_what_was_left() {
    let slow = |batch: Batch<(String,)>| async {
        let (rows, unanswered): (Vec<(String,)>, Unanswered) = batch.into_parts();
        let work = move || rows.into_iter().map(|(text,)| text.len()).collect();
        let lengths: Vec<usize> = tokio::task::spawn_blocking(work)
            .await
            .map_err(ServeError::failed)?;
        unanswered.answer(lengths)
    };
    assert_eq!(
        answered(post(slow), r#"{"data":[[4,"a"],[2,"bc"]]}"#).await,
        ok(r#"{"data":[[4,1],[2,2]]}"#)
    );
}

#[tokio::test]
async fn the_digest_of_an_answer_is_what_the_caller_checks() {
    let echo = |batch: Batch<(String,)>| async {
        batch.map(|(text,)| text).map(Answers::with_content_md5)
    };
    let address = listen(Router::new().route("/echo", post(echo))).await;
    let http = Http::at(&address);
    let answer = http.post("/echo", None, r#"{"data":[[0,"a"]]}"#).await;
    assert_eq!(
        answer.header("content-md5"),
        Some("qTb3gUP0Sfdw5Kwvww+hNA==")
    );
    let (function, _) = over(spec(), options(), Instances::new([address]));
    let answers = function.call("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), [Some("a"), Some("b")]);
}

#[tokio::test]
async fn a_handler_sees_the_same_batch_id_when_the_batch_is_sent_again() {
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ids);
    let once_more = move |batch: Batch<(String,)>| {
        let mut ids = seen.lock().unwrap();
        ids.push(batch.call().batch_id.clone());
        let again = ids.len() > 1;
        async move {
            if again {
                batch.map(|(text,)| text)
            } else {
                Err(ServeError::failed("not yet"))
            }
        }
    };
    let app = Router::new().route("/echo", post(once_more));
    let (function, _) = over(spec(), options(), Instances::new([listen(app).await]));
    assert_eq!(
        texts(&function.call("q", 5, &two()).await.unwrap()),
        [Some("a"), Some("b")]
    );
    let id = Some("q:5:1:0:0".to_owned());
    assert_eq!(*ids.lock().unwrap(), [id.clone(), id]);
}

#[tokio::test]
async fn a_panic_in_the_service_is_a_lost_connection_and_retried() {
    let calls = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&calls);
    let panics_once = move |(text,): (String,)| {
        let call = {
            let mut calls = seen.lock().unwrap();
            *calls += 1;
            *calls
        };
        assert!(call > 1, "the first row of the first call");
        text
    };
    let app = Router::new().route("/echo", server::handler(panics_once));
    let (function, _) = over(spec(), options(), Instances::new([listen(app).await]));
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(
        (texts(&answers), report.retries),
        (vec![Some("a"), Some("b")], 1)
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_does_not_reach_the_handler() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = listen(Router::new().route("/f", server::handler(|(n,): (i64,)| n))).await;
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = "POST /f HTTP/1.1\r\nHost: f\r\nContent-Length: 99\r\n\r\n{\"data\":[[0,1]]}";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("FLOE-FUNCTION-0025: the request broke off"),
        "{answer}"
    );
}
