//! The service as a plain HTTP client sees it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking"
)]

use std::net::SocketAddr;
use std::time::Duration;

use floe_sample_echo::{EchoError, Fault, Log, Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Running {
    address: SocketAddr,
    log: Log,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), EchoError>>,
}

async fn start(options: Options) -> Running {
    let log = Log::memory();
    let host = "127.0.0.1".parse().unwrap();
    let server = Server::bind(
        Options {
            host,
            port: 0,
            ..options
        },
        log.clone(),
    )
    .await
    .unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let address = server.address();
    let served = tokio::spawn(server.run(async move {
        let _told = stopped.await;
        "SIGTERM"
    }));
    Running {
        address,
        log,
        stop,
        served,
    }
}

async fn request(address: SocketAddr, text: String) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head.split(' ').nth(1).unwrap().parse().unwrap(),
        body.to_owned(),
    )
}

fn batch(body: &str) -> String {
    format!(
        "POST /echo HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\
         sf-external-function-query-batch-id: q 1:0\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: echo\r\nConnection: close\r\n\r\n")
}

/// Waits until `condition` holds, for 20 s at most.
async fn eventually(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let held = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), held).await;
    assert!(waited.is_ok(), "{what}");
}

#[tokio::test]
async fn it_says_what_it_is_told_and_logs_start_and_end() {
    let running = start(Options::default()).await;
    let body = r#"{"data":[[0, "Hello friend"], [1, "Hello World"], [2, null]]}"#;
    let (status, answer) = request(running.address, batch(body)).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        r#"{"data":[[0,"I said Hello friend"],[1,"I said Hello World"],[2,null]]}"#
    );
    let expected = [
        format!("echo v1 listening on {}", running.address),
        "batch start id=q_1:0 rows=3".to_owned(),
        "batch done id=q_1:0 rows=3".to_owned(),
    ];
    assert_eq!(running.log.lines(), expected);
}

#[tokio::test]
async fn the_answers_do_not_depend_on_the_version() {
    let mut answers = Vec::new();
    for version in ["v1", "v2"] {
        let options = Options {
            version: version.to_owned(),
            ..Options::default()
        };
        let running = start(options).await;
        answers.push(request(running.address, batch(r#"{"data":[[0,"Hello"]]}"#)).await);
        assert!(running.log.lines()[0].starts_with(&format!("echo {version} listening on ")));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn the_healthcheck_says_that_it_is_ready_unless_it_is_told_not_to_be() {
    let healthy = start(Options::default()).await;
    let answer = request(healthy.address, get("/healthcheck")).await;
    assert_eq!(answer, (200, "I'm ready!".to_owned()));
    let unhealthy = start(Options {
        fault: Some(Fault::Unhealthy),
        ..Options::default()
    })
    .await;
    assert_eq!(request(unhealthy.address, get("/healthcheck")).await.0, 503);
}

#[tokio::test]
async fn what_is_not_a_batch_of_texts_is_refused_with_the_place() {
    let running = start(Options::default()).await;
    let (status, answer) = request(running.address, batch(r#"{"data":[[0,"a"],[1,7]]}"#)).await;
    assert_eq!(status, 400);
    assert!(
        answer.starts_with("FLOE-BATCH-") && answer.contains("(row 1)"),
        "{answer}"
    );
    let lines = running.log.lines();
    assert!(
        lines[1].starts_with("batch refused id=q_1:0 code=FLOE-BATCH-"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn other_paths_and_methods_are_not_served() {
    let running = start(Options::default()).await;
    assert_eq!(request(running.address, get("/")).await.0, 404);
    assert_eq!(request(running.address, get("/echo")).await.0, 405);
}

#[tokio::test]
async fn stopping_finishes_what_was_begun_and_accepts_nothing_more() {
    let delay = Duration::from_millis(300);
    let running = start(Options {
        delay,
        ..Options::default()
    })
    .await;
    let address = running.address;
    let begun = tokio::spawn(request(address, batch(r#"{"data":[[0,"Hello"]]}"#)));
    eventually("the batch is begun", async || {
        running
            .log
            .lines()
            .contains(&"batch start id=q_1:0 rows=1".to_owned())
    })
    .await;
    running.stop.send(()).unwrap();
    eventually("no more connections", async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    assert_eq!(
        begun.await.unwrap(),
        (200, r#"{"data":[[0,"I said Hello"]]}"#.to_owned())
    );
    running.served.await.unwrap().unwrap();
    let expected = [
        "batch start id=q_1:0 rows=1",
        "SIGTERM received, in flight: 1",
        "batch done id=q_1:0 rows=1",
        "stopped",
    ];
    assert_eq!(running.log.lines()[1..], expected);
}

#[tokio::test]
async fn a_batch_whose_caller_hangs_up_is_abandoned_and_does_not_hold_the_stop() {
    let running = start(Options {
        fault: Some(Fault::Hang),
        ..Options::default()
    })
    .await;
    let mut caller = TcpStream::connect(running.address).await.unwrap();
    caller
        .write_all(batch(r#"{"data":[[0,"Hello"]]}"#).as_bytes())
        .await
        .unwrap();
    let said = |line: &'static str| {
        let log = running.log.clone();
        async move || log.lines().contains(&line.to_owned())
    };
    eventually("begun", said("batch start id=q_1:0 rows=1")).await;
    drop(caller);
    eventually("abandoned", said("batch abandoned id=q_1:0 rows=1")).await;
    running.stop.send(()).unwrap();
    running.served.await.unwrap().unwrap();
    assert_eq!(
        running.log.lines()[3..],
        ["SIGTERM received, in flight: 0", "stopped"]
    );
}

#[tokio::test]
async fn a_port_that_is_taken_is_reported_with_the_address() {
    let running = start(Options::default()).await;
    let (host, port) = (running.address.ip(), running.address.port());
    let options = Options {
        host,
        port,
        ..Options::default()
    };
    let error = Server::bind(options, Log::memory()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-ECHO-0002");
    assert!(
        error.to_string().contains(&running.address.to_string()),
        "{error}"
    );
}
