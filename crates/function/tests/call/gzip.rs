//! Bodies that are compressed for their way.

mod server;

use std::io::Write as _;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::GzEncoder;
use floe_batch::arrow::array::RecordBatch;
use floe_function::isolate::IsolationLimits;
use floe_function::{
    CallError, Client, ClientOptions, Compression, Extensions, FixedTarget, Function,
};
use md5::{Digest as _, Md5};

use crate::service::{Instances, Service, Step, function, options, over, rows, spec, texts, two};

const ANSWER: &str = r#"{"data":[[0,"x"],[1,"y"]]}"#;
const ANSWERED: [Option<&str>; 2] = [Some("x"), Some("y")];

fn compressing() -> ClientOptions {
    ClientOptions {
        compression: Compression::Gzip,
        ..options()
    }
}

fn calling(service: &Service, options: ClientOptions) -> Function {
    over(spec(), options, Instances::new([service.address.clone()])).0
}

/// Two rows whose batch is worth compressing.
fn large() -> RecordBatch {
    rows(&[Some(&"a".repeat(1000)), Some(&"b".repeat(1000))])
}

fn packed(plain: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// An answer with this `Content-Encoding`.
fn coded(status: u16, coding: &str, body: Vec<u8>) -> Step {
    Step::Raw(status, vec![("content-encoding", coding.to_owned())], body)
}

/// Calls with two rows, is answered like this, and not asked again.
async fn refused(step: Step, options: ClientOptions) -> CallError {
    let service = Service::start([step]).await;
    let error = calling(&service, options).call("q", 0, &two()).await;
    assert_eq!(service.seen().len(), 1);
    error.unwrap_err()
}

#[tokio::test]
async fn without_the_option_nothing_is_compressed_or_said_about_it() {
    let service = Service::start([]).await;
    let answers = function(spec(), &service).call("q", 0, &large()).await;
    assert_eq!(answers.unwrap().len(), 2);
    let [seen] = &service.seen()[..] else {
        panic!("not one request")
    };
    assert!(seen.sent.len() > 2000);
    for name in ["accept-encoding", "content-encoding", "te"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
}

#[tokio::test]
async fn a_batch_is_sent_compressed_and_its_answer_may_be() {
    let service = Service::start([]).await;
    let function = calling(&service, compressing());
    let answers = function.call("q", 0, &large()).await.unwrap();
    let said = texts(&answers)[1].unwrap();
    assert_eq!(said, format!("said {}", "b".repeat(1000)));
    let [seen] = &service.seen()[..] else {
        panic!("not one request")
    };
    assert_eq!(seen.header("content-encoding"), "gzip");
    assert_eq!(seen.header("accept-encoding"), "gzip");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(
        seen.header("content-length"),
        seen.sent.len().to_string().as_str()
    );
    assert!(seen.sent.len() < 100 && seen.body.len() > 2000);
}

#[tokio::test]
async fn a_small_batch_is_sent_as_it_is() {
    let service = Service::start([]).await;
    let function = calling(&service, compressing());
    function.call("q", 0, &two()).await.unwrap();
    let [seen] = &service.seen()[..] else {
        panic!("not one request")
    };
    assert_eq!(&seen.sent[..], br#"{"data":[[0,"a"],[1,"b"]]}"#);
    assert!(!seen.headers.contains_key("content-encoding"));
    assert_eq!(seen.header("accept-encoding"), "gzip");
}

#[tokio::test]
async fn retries_send_the_same_compressed_bytes_and_polls_send_none() {
    let service = Service::start([
        Step::Status(503, "busy".to_owned()),
        Step::Cut,
        Step::Status(202, String::new()),
        coded(200, "gzip", packed(ANSWER)),
    ])
    .await;
    let function = calling(&service, compressing());
    let (answers, report) = function.call_with_report("q", 0, &large()).await.unwrap();
    assert_eq!(texts(&answers), ANSWERED);
    assert_eq!((report.sends, report.polls), (3, 1));
    let seen = service.seen();
    let (poll, sends) = seen.split_last().unwrap();
    for send in sends {
        assert_eq!(send.header("content-encoding"), "gzip");
        assert_eq!(send.sent, sends[0].sent);
    }
    assert_eq!((&poll.method, &poll.sent[..]), (&Method::GET, &b""[..]));
    assert!(!poll.headers.contains_key("content-encoding"));
    assert_eq!(poll.header("accept-encoding"), "gzip");
}

#[tokio::test]
async fn a_compressed_answer_is_read_whether_it_was_asked_for_or_not() {
    let members = [packed(&ANSWER[..10]), packed(""), packed(&ANSWER[10..])].concat();
    for options in [options(), compressing()] {
        let steps = [
            coded(200, "gzip", packed(ANSWER)),
            coded(200, "x-gzip", packed(ANSWER)),
            coded(200, "GZIP", members.clone()),
            coded(200, "identity", ANSWER.into()),
        ];
        let count = steps.len() as u64;
        let service = Service::start(steps).await;
        let function = calling(&service, options);
        for batch in 0..count {
            let answers = function.call("q", batch, &two()).await.unwrap();
            assert_eq!(texts(&answers), ANSWERED, "{batch}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_becomes_larger_than_the_limit_is_refused() {
    let small = ClientOptions {
        response_limit: 100_000,
        ..options()
    };
    let bomb = packed(vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    let members = packed(vec![b' '; 60_000]).repeat(2);
    // Nothing comes of these, but there are too many of them.
    let nothing = packed("").repeat(6_000);
    for body in [bomb, members, nothing] {
        let error = refused(coded(200, "gzip", body), small.clone()).await;
        assert_eq!(error.code(), "FLOE-FUNCTION-0011", "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_becomes_exactly_as_large_as_the_limit_is_read() {
    let body = format!("{ANSWER}{}", " ".repeat(200_000));
    let exact = ClientOptions {
        response_limit: body.len(),
        ..options()
    };
    let service = Service::start([coded(200, "gzip", packed(body))]).await;
    let answers = calling(&service, exact).call("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), ANSWERED);
}

#[tokio::test]
async fn a_compressed_answer_that_is_broken_is_refused_and_not_asked_for_again() {
    let whole = packed(ANSWER);
    let mut turned = whole.clone();
    turned[whole.len() - 8] ^= 1;
    for (body, reason) in [
        (whole[..whole.len() - 1].to_vec(), "unexpected end of file"),
        (whole[..20].to_vec(), "incomplete deflate stream"),
        (Vec::new(), "unexpected end of file"),
        ([&whole[..], b"garbage!!!"].concat(), "invalid gzip header"),
        ([&whole[..], &[0; 512]].concat(), "invalid gzip header"),
        (ANSWER.into(), "invalid gzip header"),
        (turned, "checksum"),
    ] {
        let error = refused(coded(200, "gzip", body), compressing()).await;
        assert_eq!(error.code(), "FLOE-FUNCTION-0014", "{error}");
        assert!(error.is_batch_failure());
        let message = error.to_string();
        let begin = "function MY_ECHO_UDF, batch q:0:1:0:0 (2 rows) on ECHO_SERVICE/0: \
                     the compressed answer cannot be read: its gzip stream is broken: ";
        assert!(
            message.starts_with(begin) && message.contains(reason),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_answer_in_another_coding_is_refused() {
    for coding in ["br", "deflate", "zstd", "gzip, gzip"] {
        let error = refused(coded(200, coding, ANSWER.into()), compressing()).await;
        assert_eq!(error.code(), "FLOE-FUNCTION-0014", "{error}");
        let end = format!("its Content-Encoding is `{coding}`, and only gzip is read");
        assert!(error.to_string().ends_with(&end), "{error}");
    }
}

#[tokio::test]
async fn a_malformed_answer_that_was_compressed_is_told_by_its_place_before() {
    let body = packed(r#"{"data":[[0,"x"],[1,{"y":1}]]}"#);
    let error = refused(coded(200, "gzip", body), compressing()).await;
    assert_eq!(error.code(), "FLOE-FUNCTION-0010");
    let message = error.to_string();
    assert!(
        message.contains("at byte 20 (row 1): VARCHAR takes a string"),
        "{message}"
    );
}

#[tokio::test]
async fn a_content_md5_is_one_of_the_bytes_as_they_are_transferred() {
    let body = packed(ANSWER);
    let digested = |digest: &[u8]| {
        let headers = vec![
            ("content-encoding", "gzip".to_owned()),
            ("content-md5", STANDARD.encode(digest)),
        ];
        Step::Raw(200, headers, body.clone())
    };
    let service = Service::start([digested(&Md5::digest(&body))]).await;
    let answers = calling(&service, options()).call("q", 0, &two()).await;
    assert_eq!(texts(&answers.unwrap()), ANSWERED);
    let error = refused(digested(&Md5::digest(ANSWER)), options()).await;
    assert_eq!(error.code(), "FLOE-FUNCTION-0012");
}

#[tokio::test]
async fn a_compressed_refusal_is_shown_as_it_was_before() {
    let text = "no such currency: XYZ";
    let long = "no such currency. ".repeat(1_000_000);
    let whole = packed(text);
    let cut = whole[..whole.len() - 3].to_vec();
    for (coding, body, shown) in [
        ("gzip", whole, format!("`{text}`")),
        ("gzip", cut, format!("`{text}`")),
        ("gzip", packed(long), "currency. no such curr…`".to_owned()),
        // What cannot be decompressed is shown as it is.
        ("gzip", text.into(), format!("`{text}`")),
        ("br", text.into(), format!("`{text}`")),
    ] {
        let error = refused(coded(422, coding, body), options()).await;
        assert_eq!(error.code(), "FLOE-FUNCTION-0006");
        let message = error.to_string();
        assert!(message.contains(&shown), "{shown}: {message}");
    }
    let service = Service::start(vec![coded(500, "gzip", packed(text)); 4]).await;
    let error = calling(&service, options()).call("q", 0, &two()).await;
    let message = error.unwrap_err().to_string();
    let end = format!("last: answered 500: `{text}`");
    assert!(message.ends_with(&end), "{message}");
}

#[tokio::test]
async fn a_service_that_reads_no_compressed_batches_is_told_of_and_no_row_is_blamed() {
    let service = Service::start(vec![Step::Status(415, "plain, please".to_owned()); 9]).await;
    let extensions = Extensions {
        isolation: Some(IsolationLimits::default()),
        ..Extensions::default()
    };
    let targets = std::sync::Arc::new(FixedTarget::new(service.address.clone()));
    let client = Client::new(compressing());
    let function = Function::with_extensions(spec(), targets, client, extensions).unwrap();
    let error = function.call("q", 0, &large()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0006");
    let message = error.to_string();
    let end = "set ClientOptions::compression to None";
    assert!(
        message.contains("415") && message.ends_with(end),
        "{message}"
    );
    assert_eq!(service.seen().len(), 1);
}
