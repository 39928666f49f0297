//! Authors of services, and callers that compress.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use floe_batch::SqlType;
use floe_batch::arrow::array::AsArray as _;
use floe_function::Compression;
use floe_function::server::{
    self, Answers, Batch, Book, BookOptions, RawBatch, RequestLimit, ServeError,
};
use md5::{Digest as _, Md5};

use super::{compressing, large, packed};
use crate::http::Http;
use crate::service::{Instances, listen, options, over, spec, texts, unpacked};

type Rows = Batch<(String,)>;

async fn echo(batch: Rows) -> Result<Answers, ServeError> {
    batch.map(|(text,)| text).map(Answers::with_gzip)
}

async fn echo_columns(raw: RawBatch) -> Result<Answers, ServeError> {
    let text = SqlType::parse("VARCHAR").map_err(ServeError::failed)?;
    let columns = raw.columns(&[text])?;
    let texts = Arc::clone(&columns.columns()[0]);
    Ok(columns.answer(texts.as_string::<i32>())?.with_gzip())
}

async fn echo_parts(batch: Rows) -> Result<Answers, ServeError> {
    let (rows, unanswered) = batch.into_parts();
    let texts = rows.into_iter().map(|(text,)| text).collect();
    Ok(unanswered.answer::<String>(texts)?.with_gzip())
}

/// A batch whose answer from [`echo`] has the same bytes.
fn batch() -> String {
    format!(r#"{{"data":[[0,"{}"]]}}"#, "a".repeat(2000))
}

/// What is answered to `batch()`, sent with these headers.
async fn posted(http: &Http, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, HeaderMap, Bytes) {
    http.send_bytes("POST", "/f", headers, body.into()).await
}

fn text(body: &Bytes) -> &str {
    std::str::from_utf8(body).unwrap()
}

#[tokio::test]
async fn batches_and_answers_go_compressed_between_a_client_and_a_service_that_are_told_to() {
    for (compression, coding) in [(Compression::Gzip, Some("gzip")), (Compression::None, None)] {
        let codings = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&codings);
        let look = move |request: Request, next: Next| {
            let seen = Arc::clone(&seen);
            let coding = |headers: &HeaderMap| {
                let coding = headers.get("content-encoding")?;
                Some(coding.to_str().unwrap().to_owned())
            };
            async move {
                let sent = coding(request.headers());
                let response: Response = next.run(request).await;
                seen.lock()
                    .unwrap()
                    .push((sent, coding(response.headers())));
                response
            }
        };
        let app = Router::new()
            .route("/echo", post(echo))
            .layer(from_fn(look));
        let options = floe_function::ClientOptions {
            compression,
            ..options()
        };
        let (function, _) = over(spec(), options, Instances::new([listen(app).await]));
        let answers = function.call("q", 0, &large()).await.unwrap();
        assert_eq!(texts(&answers)[0], Some("a".repeat(1000).as_str()));
        let coding = coding.map(str::to_owned);
        assert_eq!(*codings.lock().unwrap(), [(coding.clone(), coding)]);
    }
}

#[tokio::test]
async fn every_way_to_answer_is_compressed_only_for_callers_that_take_it() {
    for handler in [post(echo), post(echo_columns), post(echo_parts)] {
        let http = Http::to(Router::new().route("/f", handler)).await;
        for (accepted, compressed) in [
            (None, false),
            (Some("gzip"), true),
            (Some("br, X-GZIP;q=0.1"), true),
            (Some("*"), true),
            (Some("br, deflate"), false),
            (Some("gzip;q=0, *"), false),
        ] {
            let headers: Vec<_> = accepted
                .map(|value| ("accept-encoding", value))
                .into_iter()
                .collect();
            let (status, headers, body) = posted(&http, &headers, batch().into()).await;
            assert_eq!(
                (status, &headers["content-type"]),
                (200, &"application/json".parse().unwrap())
            );
            assert_eq!(headers["content-length"], body.len().to_string());
            if compressed {
                assert_eq!(headers["content-encoding"], "gzip", "{accepted:?}");
                assert!(body.len() < 100);
                assert_eq!(unpacked(&body), batch());
            } else {
                assert!(!headers.contains_key("content-encoding"), "{accepted:?}");
                assert_eq!(text(&body), batch());
            }
        }
    }
}

#[tokio::test]
async fn answers_are_as_they_are_where_they_are_small_or_nobody_asked_the_service_to_compress() {
    let accepts = [("accept-encoding", "gzip")];
    let http = Http::to(Router::new().route("/f", post(echo))).await;
    let small = r#"{"data":[[0,"a"]]}"#;
    let (_, headers, body) = posted(&http, &accepts, small.into()).await;
    assert_eq!(text(&body), small);
    assert!(!headers.contains_key("content-encoding"));

    let plain = server::handler(|(text,): (String,)| text);
    let http = Http::to(Router::new().route("/f", plain)).await;
    let (_, headers, body) = posted(&http, &accepts, batch().into()).await;
    assert_eq!(text(&body), batch());
    assert!(!headers.contains_key("content-encoding"));
}

#[tokio::test]
async fn a_content_md5_is_one_of_the_compressed_answer() {
    let digested = |batch: Rows| async {
        let answers = batch.map(|(text,)| text)?;
        Ok::<_, ServeError>(answers.with_content_md5().with_gzip())
    };
    let app = Router::new().route("/{*path}", post(digested));
    let address = listen(app).await;
    let accepts = [("accept-encoding", "gzip")];
    let (_, headers, body) = posted(&Http::at(&address), &accepts, batch().into()).await;
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["content-md5"], STANDARD.encode(Md5::digest(&body)));
    let (function, _) = over(spec(), compressing(), Instances::new([address]));
    assert_eq!(function.call("q", 0, &large()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_compressed_request_is_read_up_to_the_limit_of_what_it_becomes() {
    let gzip = [("content-encoding", "gzip")];
    let app = Router::new().route("/f", post(echo));
    let http = Http::to(app.clone()).await;
    for coding in ["gzip", "X-Gzip", "identity, gzip"] {
        let headers = [("content-encoding", coding)];
        let (status, _, body) = posted(&http, &headers, packed(batch())).await;
        assert_eq!((status, text(&body)), (200, batch().as_str()));
    }

    let exact = RequestLimit(batch().len());
    let http = Http::to(app.clone().layer(Extension(exact))).await;
    let (status, _, _) = posted(&http, &gzip, packed(batch())).await;
    assert_eq!(status, 200);
    for body in [format!("{} ", batch()), " ".repeat(50_000_000)] {
        let body = packed(body);
        let (status, _, body) = posted(&http, &gzip, body).await;
        assert_eq!(status, 413);
        assert!(text(&body).starts_with("FLOE-FUNCTION-0024: "), "{body:?}");
    }
}

#[tokio::test]
async fn a_compressed_request_that_is_broken_or_strange_does_not_reach_the_handler() {
    let http = Http::to(Router::new().route("/f", post(echo))).await;
    let whole = packed(batch());
    for (coding, body, status, begin) in [
        (
            "gzip",
            whole[..30].to_vec(),
            400,
            "FLOE-FUNCTION-0032: the compressed request cannot be read: its gzip stream is broken: ",
        ),
        (
            "gzip",
            [&whole[..], b"x"].concat(),
            400,
            "FLOE-FUNCTION-0032: ",
        ),
        ("gzip", batch().into(), 400, "FLOE-FUNCTION-0032: "),
        (
            "br",
            batch().into(),
            415,
            "FLOE-FUNCTION-0033: the Content-Encoding of the request is `br`; ",
        ),
        ("gzip, gzip", whole.clone(), 415, "FLOE-FUNCTION-0033: "),
    ] {
        let headers = [("content-encoding", coding)];
        let (found, headers, body) = posted(&http, &headers, body).await;
        assert_eq!(found, status, "{body:?}");
        assert!(text(&body).starts_with(begin), "{body:?}");
        let accepted = headers.get("accept-encoding");
        assert_eq!(accepted.is_some_and(|value| value == "gzip"), status == 415);
    }
}

#[tokio::test]
async fn a_book_knows_a_batch_again_however_it_was_sent_and_answers_with_the_same_bytes() {
    let book = Book::new(BookOptions::default());
    let works = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&works);
    let work = move |headers: HeaderMap, batch: Rows| {
        *counted.lock().unwrap() += 1;
        // The head that the handler sees is one of a body that is not compressed.
        assert!(!headers.contains_key("content-encoding"));
        async { Ok::<_, ServeError>(echo(batch).await?.with_content_md5()) }
    };
    let http = Http::to(Router::new().route("/f", book.route(post(work)))).await;
    let id = ("sf-external-function-query-batch-id", "q:0:1:0:0");
    let accepts = ("accept-encoding", "gzip");
    let coding = ("content-encoding", "gzip");
    let first = posted(&http, &[id, accepts, coding], packed(batch())).await;
    assert_eq!((first.0, unpacked(&first.2)), (200, batch()));
    assert_eq!(
        first.1["content-md5"],
        STANDARD.encode(Md5::digest(&first.2))
    );

    let again = [
        posted(&http, &[id, accepts, coding], packed(batch())).await,
        posted(&http, &[id, accepts], batch().into()).await,
        http.send_bytes("GET", "/f", &[id, accepts], Bytes::new())
            .await,
    ];
    for again in again {
        assert_eq!((again.0, &again.2), (200, &first.2));
        for name in ["content-encoding", "content-md5", "content-length"] {
            assert_eq!(again.1[name], first.1[name], "{name}");
        }
    }
    assert_eq!(*works.lock().unwrap(), 1);

    let other = packed(batch().replace("aaa", "bbb"));
    let (status, _, _) = posted(&http, &[id, coding], other).await;
    assert_eq!(status, 409);
    let id = ("sf-external-function-query-batch-id", "q:1:1:0:0");
    let (status, _, body) = posted(&http, &[id, coding], batch().into()).await;
    assert_eq!(status, 400);
    assert!(text(&body).starts_with("FLOE-FUNCTION-0032: "), "{body:?}");
}
