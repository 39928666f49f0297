//! Answers that are proved, or refused.

use std::error::Error as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_batch::BatchError;
use floe_function::ClientOptions;
use md5::{Digest as _, Md5};

use crate::service::{Instances, Service, Step, function, options, over, spec, texts, two};

/// Calls with two rows and gets `body`; the error must name these.
async fn check(body: &str, code: &str, parts: &[&str]) {
    let service = Service::start([Step::Body(body.to_owned())]).await;
    let error = function(spec(), &service)
        .call("q", 3, &two())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0010", "{error}");
    let message = error.to_string();
    let begin = "function MY_ECHO_UDF, batch q:3:1:0:0 (2 rows) on ECHO_SERVICE/0: ";
    assert!(message.starts_with(begin), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
    assert!(message.ends_with(&format!(" ({code})")), "{message}");
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<BatchError>())
        .unwrap();
    assert_eq!(cause.code(), code, "{message}");
    assert_eq!(
        service.seen().len(),
        1,
        "a malformed answer is not asked for again"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_refused() {
    check("I am not JSON", "FLOE-BATCH-0011", &["byte 0", "found `I`"]).await;
    check("", "FLOE-BATCH-0011", &["byte 0", "the end of the body"]).await;
}

#[tokio::test]
async fn a_missing_row_is_refused() {
    check(
        r#"{"data":[[0,"x"]]}"#,
        "FLOE-BATCH-0020",
        &["row number 1 is missing"],
    )
    .await;
}

#[tokio::test]
async fn a_row_answered_twice_is_refused() {
    let body = r#"{"data":[[0,"x"],[0,"y"]]}"#;
    let parts = ["byte 18 (row 1)", "row number 0 was already answered"];
    check(body, "FLOE-BATCH-0021", &parts).await;
}

#[tokio::test]
async fn rows_in_another_order_are_refused() {
    let body = r#"{"data":[[1,"y"],[0,"x"]]}"#;
    check(
        body,
        "FLOE-BATCH-0022",
        &["byte 10 (row 0)", "row number 1 comes before row number 0"],
    )
    .await;
}

#[tokio::test]
async fn a_row_too_many_is_refused() {
    let body = r#"{"data":[[0,"x"],[1,"y"],[2,"z"]]}"#;
    check(
        body,
        "FLOE-BATCH-0024",
        &["2 rows, but another one follows"],
    )
    .await;
}

#[tokio::test]
async fn a_value_of_another_type_is_refused() {
    let body = r#"{"data":[[0,"x"],[1,{"y":1}]]}"#;
    let parts = ["byte 20 (row 1)", "VARCHAR takes", "an object"];
    check(body, "FLOE-BATCH-0030", &parts).await;
}

#[tokio::test]
async fn an_answer_without_data_is_refused() {
    check("{}", "FLOE-BATCH-0018", &["no key \"data\""]).await;
}

#[tokio::test]
async fn values_of_a_malformed_answer_are_in_no_message() {
    for body in [
        "s3cret",
        r#"{"s3cret":1}"#,
        r#"{"data":[["s3cret","x"],[1,"y"]]}"#,
        r#"{"data":[[0,"x"],[1,["s3cret"]]]}"#,
        r#"{"data":[[0,"x"],[1,"s3cret\q"]]}"#,
        r#"{"data":[[0,"s3cret"],[0,"s3cret"]]}"#,
        r#"{"data":[[0,"x"],[1,"y","s3cret"]]} "#,
        r#"{"data":[[0,"x"],[1,"y"]]} s3cret"#,
    ] {
        let service = Service::start([Step::Body(body.to_owned())]).await;
        let error = function(spec(), &service)
            .call("q", 0, &two())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "FLOE-FUNCTION-0010", "{error}");
        let all = format!("{error} {error:?}");
        assert!(!all.contains("s3cret"), "{all}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_is_refused_whether_it_says_so_or_not() {
    let small = ClientOptions {
        response_limit: 100_000,
        ..options()
    };
    for step in [Step::Body(" ".repeat(100_001)), Step::Flood(50_000_000)] {
        let service = Service::start([step]).await;
        let instances = Instances::new([service.address.clone()]);
        let (function, _) = over(spec(), small.clone(), instances);
        let error = function.call("q", 0, &two()).await.unwrap_err();
        assert_eq!(error.code(), "FLOE-FUNCTION-0011");
        assert!(
            error
                .to_string()
                .contains("larger than 100000 bytes; lower MAX_BATCH_ROWS")
        );
        assert_eq!(service.seen().len(), 1);
    }
}

#[tokio::test]
async fn an_answer_of_exactly_the_limit_is_read() {
    let body = format!(r#"{{"data":[[0,"x"],[1,"y"]]}}{}"#, " ".repeat(1000));
    let exact = ClientOptions {
        response_limit: body.len(),
        ..options()
    };
    let service = Service::start([Step::Body(body)]).await;
    let (function, _) = over(spec(), exact, Instances::new([service.address.clone()]));
    assert_eq!(
        texts(&function.call("q", 0, &two()).await.unwrap()),
        [Some("x"), Some("y")]
    );
}

#[tokio::test]
async fn a_content_md5_is_verified() {
    let body = r#"{"data":[[0,"x"],[1,"y"]]}"#.to_owned();
    let digest = STANDARD.encode(Md5::digest(&body));
    let service = Service::start([
        Step::With("content-md5", digest.clone(), body.clone()),
        Step::With("content-md5", digest.clone(), body.replace('x', "z")),
    ])
    .await;
    let function = function(spec(), &service);
    assert_eq!(
        texts(&function.call("q", 0, &two()).await.unwrap()),
        [Some("x"), Some("y")]
    );
    let error = function.call("q", 1, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0012");
    assert!(error.to_string().contains(&digest), "{error}");
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn a_null_from_a_function_that_returns_not_null_is_refused() {
    let body = r#"{"data":[[0,"x"],[1,null]]}"#;
    let service = Service::start(vec![Step::Body(body.to_owned()); 2]).await;
    let mut spec = spec();
    assert_eq!(
        texts(
            &function(spec.clone(), &service)
                .call("q", 0, &two())
                .await
                .unwrap()
        ),
        [Some("x"), None]
    );
    spec.returns_not_null = true;
    let error = function(spec, &service)
        .call("q", 1, &two())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0013");
    assert!(error.to_string().contains("row 1 is NULL"), "{error}");
}
