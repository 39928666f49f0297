//! Calls that do not succeed at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::Method;
use floe_function::{BoxFuture, Client, ClientOptions, Function, NoTarget, Target, Targets};
use tokio::io::AsyncReadExt as _;

use crate::service::{Instances, Service, Step, function, options, over, spec, texts, two};

const GOOD: [Option<&str>; 2] = [Some("said a"), Some("said b")];

fn status(status: u16) -> Step {
    Step::Status(status, "busy".to_owned())
}

#[tokio::test]
async fn transient_failures_are_retried_with_the_same_batch_id_and_body() {
    for step in [status(503), status(500), status(429), Step::Cut] {
        let service = Service::start([step.clone(), step]).await;
        let function = function(spec(), &service);
        let (answers, report) = function.call_with_report("q", 9, &two()).await.unwrap();
        assert_eq!(texts(&answers), GOOD);
        assert_eq!(
            (report.sends, report.retries, report.failed_batches),
            (3, 2, 0)
        );
        let seen = service.seen();
        assert_eq!(seen.len(), 3);
        assert!(seen.iter().all(|seen| seen.batch_id() == "q:9:1:0:0"));
        assert!(seen.iter().all(|seen| seen.method == Method::POST));
        assert!(seen.iter().all(|again| again.body == seen[0].body));
    }
}

#[tokio::test]
async fn every_retry_picks_a_new_target_and_no_lease_is_left() {
    let (one, two_) = (
        Service::start([status(503)]).await,
        Service::start([]).await,
    );
    let addresses = [one.address.clone(), two_.address.clone()];
    let (function, instances) = over(spec(), options(), Instances::new(addresses));
    let (_, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!((one.seen().len(), two_.seen().len()), (1, 1));
    assert_eq!(*instances.picks.lock().unwrap(), [0, 1]);
    assert_eq!(
        report.rows_per_target.into_iter().collect::<Vec<_>>(),
        [("ECHO_SERVICE/1".into(), 2)]
    );
    assert_eq!(instances.leased.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_went_away_is_left_for_another_within_milliseconds() {
    // Nobody listens on port 1.
    let nobody = "127.0.0.1:1".to_owned();
    let service = Service::start([]).await;
    // The delays of production: only the one after a lost connection is short.
    let instances = Instances::new([nobody, service.address.clone()]);
    let (function, _) = over(spec(), ClientOptions::default(), instances);
    let call = tokio::time::timeout(Duration::from_secs(5), function.call("q", 0, &two()));
    assert_eq!(texts(&call.await.unwrap().unwrap()), GOOD);
}

#[tokio::test]
async fn a_connection_closed_before_an_answer_is_retried() {
    let closing = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closing.local_addr().unwrap().to_string();
    let accepted = tokio::spawn(async move {
        let (mut stream, _) = closing.accept().await.unwrap();
        let mut some = [0; 16];
        stream.read_exact(&mut some).await.unwrap();
    });
    let service = Service::start([]).await;
    let (function, instances) = over(
        spec(),
        options(),
        Instances::new([address, service.address.clone()]),
    );
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    accepted.await.unwrap();
    assert_eq!((texts(&answers), report.retries), (GOOD.to_vec(), 1));
    assert_eq!(*instances.picks.lock().unwrap(), [0, 1]);
}

#[tokio::test]
async fn exhausted_retries_are_told_with_everything_that_was_tried() {
    let service = Service::start(vec![status(503); 10]).await;
    let mut spec = spec();
    spec.max_batch_retries = 2;
    let function = function(spec, &service);
    let error = function.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0007");
    let message = error.to_string();
    let begin = "function MY_ECHO_UDF, batch q:0:1:0:0 (2 rows) on ECHO_SERVICE/0: \
                 every try failed: sent 3 times in ";
    assert!(message.starts_with(begin), "{message}");
    let end = " s (MAX_BATCH_RETRIES = 2, BATCH_TIMEOUT_SECS = 3600); last: answered 503: `busy`";
    assert!(message.ends_with(end), "{message}");
    assert_eq!(service.seen().len(), 3);
    let totals = function.totals();
    assert_eq!(
        (
            totals.retries,
            totals.failed_batches,
            totals.nulls_from_failures
        ),
        (2, 1, 0)
    );
    assert_eq!(totals.first_failure, Some(message));
}

#[tokio::test]
async fn a_refusal_is_not_retried_and_told_with_300_bytes_of_the_answer() {
    for (code, hint) in [
        (400, ""),
        (404, "does the service serve the path"),
        (405, "take POST"),
        (302, ""),
    ] {
        let service = Service::start([Step::Status(code, "no ".repeat(200))]).await;
        let error = function(spec(), &service)
            .call("q", 0, &two())
            .await
            .unwrap_err();
        assert_eq!(error.code(), "FLOE-FUNCTION-0006");
        let message = error.to_string();
        assert!(
            message.contains(&format!("refused with status {code}: `no no ")),
            "{message}"
        );
        assert!(
            message.contains("no …`") && message.contains(hint),
            "{message}"
        );
        assert!(message.len() < 500, "{message}");
        assert_eq!(service.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_try_without_an_answer_is_retried_after_its_time() {
    let service = Service::start([Step::Hang]).await;
    let quick = ClientOptions {
        try_timeout: Some(Duration::from_millis(100)),
        ..options()
    };
    let (function, _) = over(spec(), quick, Instances::new([service.address.clone()]));
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!((texts(&answers), report.retries), (GOOD.to_vec(), 1));
}

#[tokio::test]
async fn a_service_that_always_hangs_ends_with_the_batch_timeout() {
    let service = Service::start(vec![Step::Hang; 100]).await;
    let quick = ClientOptions {
        try_timeout: Some(Duration::from_millis(50)),
        ..options()
    };
    let mut spec = spec();
    spec.max_batch_retries = 99;
    spec.batch_timeout = Duration::from_millis(300);
    let (function, instances) = over(spec, quick, Instances::new([service.address.clone()]));
    let error = function.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0008");
    assert!(
        error.to_string().contains("raise BATCH_TIMEOUT_SECS"),
        "{error}"
    );
    let context = error.context().unwrap();
    assert!(context.elapsed >= Duration::from_millis(300), "{context:?}");
    assert!((1..=7).contains(&context.sends), "{context:?}");
    assert_eq!(instances.leased.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_accepted_batch_is_polled_with_the_same_headers_and_no_body() {
    let service = Service::start([
        status(202),
        status(202),
        status(202),
        Step::Body(r#"{"data":[[0,"x"],[1,"y"]]}"#.to_owned()),
    ])
    .await;
    let function = function(spec(), &service);
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), [Some("x"), Some("y")]);
    assert_eq!((report.sends, report.retries, report.polls), (1, 0, 3));
    let seen = service.seen();
    let methods: Vec<_> = seen.iter().map(|seen| seen.method.as_str()).collect();
    assert_eq!(methods, ["POST", "GET", "GET", "GET"]);
    for poll in &seen[1..] {
        assert_eq!((poll.path.as_str(), poll.body.as_str()), ("/echo", ""));
        let mut expected = seen[0].headers.clone();
        expected.remove("content-length");
        assert_eq!(poll.headers, expected);
    }
}

#[tokio::test]
async fn polls_go_to_the_instance_that_accepted_and_a_failed_poll_starts_over() {
    let first = Service::start([status(202), status(202), status(500)]).await;
    let result = Step::Body(r#"{"data":[[0,"x"],[1,"y"]]}"#.to_owned());
    let second = Service::start([status(202), result]).await;
    let addresses = [first.address.clone(), second.address.clone()];
    let (function, instances) = over(spec(), options(), Instances::new(addresses));
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), [Some("x"), Some("y")]);
    assert_eq!((report.sends, report.retries, report.polls), (2, 1, 3));
    let methods = |service: &Service| {
        service
            .seen()
            .iter()
            .map(|seen| seen.method.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(methods(&first), ["POST", "GET", "GET"]);
    assert_eq!(methods(&second), ["POST", "GET"]);
    assert_eq!(*instances.picks.lock().unwrap(), [0, 1]);
}

#[tokio::test]
async fn a_service_that_is_not_ready_yet_is_waited_for() {
    let service = Service::start([]).await;
    let instances = Instances::new([service.address.clone()]);
    let none = NoTarget {
        message: "0 of 1 instances ready".to_owned(),
        retryable: true,
    };
    instances.first.lock().unwrap().extend(vec![none; 5]);
    let mut spec = spec();
    spec.max_batch_retries = 0;
    let (function, instances) = over(spec, options(), instances);
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(
        (texts(&answers), report.retries, report.target_waits),
        (GOOD.to_vec(), 0, 5)
    );
    assert_eq!(*instances.picks.lock().unwrap(), [0; 6]);
}

#[tokio::test]
async fn a_service_that_never_gets_ready_ends_with_the_batch_timeout() {
    let instances = Instances::default();
    let none = NoTarget {
        message: "0 of 1 instances ready".to_owned(),
        retryable: true,
    };
    instances.first.lock().unwrap().extend(vec![none; 10_000]);
    let mut spec = spec();
    spec.batch_timeout = Duration::from_millis(50);
    let (function, _) = over(spec, options(), instances);
    let error = function.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0008");
    assert!(
        error.to_string().contains("last: 0 of 1 instances ready"),
        "{error}"
    );
    assert_eq!(error.context().unwrap().sends, 0);
}

#[tokio::test]
async fn a_service_that_is_gone_fails_at_once() {
    let instances = Instances::default();
    let none = NoTarget {
        message: "service ECHO_SERVICE is suspended".to_owned(),
        retryable: false,
    };
    instances.first.lock().unwrap().push_back(none);
    let (function, _) = over(spec(), options(), instances);
    let error = function.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0009");
    assert!(
        error
            .to_string()
            .ends_with("no instance to call: service ECHO_SERVICE is suspended")
    );
}

#[derive(Debug)]
struct Never;

impl Targets for Never {
    fn pick(&self, _attempt: u32) -> BoxFuture<'_, Result<Target, NoTarget>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_search_for_a_target_that_never_ends_is_ended_by_the_batch_timeout() {
    let client = Client::new(ClientOptions::default());
    let mut spec = spec();
    spec.batch_timeout = Duration::from_millis(20);
    let function = Function::new(spec, std::sync::Arc::new(Never), client).unwrap();
    let error = function.call("q", 0, &two()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-FUNCTION-0008");
    assert!(
        error.to_string().contains("last: waiting for an instance"),
        "{error}"
    );
}

#[tokio::test]
async fn a_dropped_call_gives_its_lease_back() {
    let service = Service::start([Step::Hang]).await;
    let (function, instances) = over(spec(), options(), Instances::new([service.address.clone()]));
    let call = function.call("q", 0, &two());
    assert!(
        tokio::time::timeout(Duration::from_millis(50), call)
            .await
            .is_err()
    );
    assert_eq!(instances.leased.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_service_that_says_when_to_come_again_is_asked_then() {
    for status in [202, 429, 503] {
        let service = Service::start([Step::Later(status, 1)]).await;
        let (function, _) = over(spec(), options(), Instances::new([service.address.clone()]));
        let before = tokio::time::Instant::now();
        let answers = function.call("q", 0, &two()).await.unwrap();
        assert_eq!(texts(&answers), GOOD.to_vec());
        // The delays of these options are a few milliseconds.
        assert!(before.elapsed() >= Duration::from_secs(1), "{status}");
    }
}
