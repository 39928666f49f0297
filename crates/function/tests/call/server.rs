//! The handlers for authors of services.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use floe_function::server::{self, Batch};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::service::{Instances, listen, options, over, spec, texts, two};

async fn post(app: Router, body: &str) -> (u16, String) {
    let request = Request::post("/f")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = TowerToHyperService::new(app).call(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn rows_are_answered_under_the_numbers_they_came_with() {
    let app = Router::new().route("/f", server::handler(|(a, b): (i64, i64)| a * b));
    let answer = post(app, r#"{"data":[[7,2,3],[8,4,5]]}"#).await;
    assert_eq!(answer, (200, r#"{"data":[[7,6],[8,20]]}"#.to_owned()));
}

#[tokio::test]
async fn a_request_that_is_not_a_batch_of_these_arguments_gets_400_with_the_place() {
    let app = Router::new().route("/f", server::handler(|(text,): (String,)| text));
    for (body, part) in [
        ("", "byte 0"),
        ("rubbish", "byte 0"),
        (r#"{"data":[[0,"a"],[1,"b","c"]]}"#, "(row 1)"),
        (r#"{"data":[[0,1]]}"#, "(row 0)"),
        (r#"{"data":[[0,null]]}"#, "(row 0)"),
    ] {
        let (status, message) = post(app.clone(), body).await;
        assert_eq!(status, 400, "{message}");
        let begin = "FLOE-FUNCTION-0020: the request is not a batch of rows for this function: ";
        assert!(
            message.starts_with(begin) && message.contains(part),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_batch_function_that_loses_rows_or_fails_answers_500() {
    let loses = |_: Batch<(String,)>| async { Ok::<_, std::io::Error>(vec![1]) };
    let app = Router::new().route("/f", server::batch_handler(loses));
    let (status, message) = post(app, r#"{"data":[[0,"a"],[1,"b"]]}"#).await;
    assert_eq!(status, 500);
    assert!(message.starts_with("FLOE-FUNCTION-0021: the service answered 1 rows of a batch of 2"));

    let fails = |_: Batch<(String,)>| async { Err::<Vec<i64>, _>("no model loaded") };
    let app = Router::new().route("/f", server::batch_handler(fails));
    let answer = post(app, r#"{"data":[]}"#).await;
    assert_eq!(
        answer,
        (
            500,
            "FLOE-FUNCTION-0023: the batch failed: no model loaded\n".to_owned()
        )
    );
}

#[tokio::test]
async fn an_answer_that_json_cannot_carry_gets_500() {
    let keys = |(n,): (i64,)| std::collections::BTreeMap::from([(vec![n], n)]);
    let app = Router::new().route("/f", server::handler(keys));
    let (status, message) = post(app, r#"{"data":[[0,1]]}"#).await;
    assert_eq!(status, 500);
    assert!(
        message.starts_with("FLOE-FUNCTION-0022: an answer cannot be written"),
        "{message}"
    );
}

#[tokio::test]
async fn a_batch_function_sees_the_same_batch_id_when_the_batch_is_sent_again() {
    let ids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ids);
    let once_more = move |batch: Batch<(String,)>| {
        let mut ids = seen.lock().unwrap();
        ids.push(batch.id.clone());
        let again = ids.len() > 1;
        async move {
            if again {
                Ok(batch
                    .rows
                    .into_iter()
                    .map(|(text,)| text)
                    .collect::<Vec<_>>())
            } else {
                Err("not yet")
            }
        }
    };
    let app = Router::new().route("/echo", server::batch_handler(once_more));
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
