//! The client of this crate against services with a book.

use std::sync::atomic::Ordering;
use std::time::Duration;

use floe_function::ClientOptions;
use floe_function::server::BookOptions;

use super::{HELLO, SAID, Service, accepting, eventually, waiting};
use crate::service::{Instances, options as client_options, over, spec, texts, two};

#[tokio::test]
async fn the_client_polls_long_work_to_its_end() {
    let service = Service::start(accepting(), 0).await;
    let instances = Instances::new([service.address.clone()]);
    let (function, _) = over(spec(), client_options(), instances);
    let release = async {
        service.until_begun(1).await;
        service.work.gate.add_permits(1);
    };
    let rows = two();
    let (called, ()) = tokio::join!(function.call_with_report("q", 0, &rows), release);
    let (answers, report) = called.unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);
    assert!(report.polls >= 1, "{report:?}");
    assert_eq!((report.sends, service.begun()), (1, 1));
}

#[tokio::test]
async fn the_client_tries_failed_long_work_again() {
    let service = Service::start(accepting(), 2).await;
    service.work.panics.store(true, Ordering::SeqCst);
    let instances = Instances::new([service.address.clone()]);
    let (function, _) = over(spec(), client_options(), instances);
    let (answers, report) = function.call_with_report("q", 0, &two()).await.unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);
    assert_eq!((report.sends, service.begun()), (2, 2));
}

#[tokio::test]
async fn a_client_that_lost_patience_gets_the_work_of_its_first_try() {
    let service = Service::start(waiting(), 0).await;
    let impatient = ClientOptions {
        try_timeout: Some(Duration::from_millis(100)),
        ..client_options()
    };
    let mut spec = spec();
    spec.max_batch_retries = 1_000;
    let (function, _) = over(spec, impatient, Instances::new([service.address.clone()]));
    let rows = two();
    let called = tokio::spawn(async move { function.call_with_report("q", 0, &rows).await });
    service.until_begun(1).await;
    eventually("it is sent again", || {
        service.work.arrived.load(Ordering::SeqCst) > 1
    })
    .await;
    service.work.gate.add_permits(1);
    let (answers, report) = called.await.unwrap().unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);
    assert!(report.retries >= 1, "{report:?}");
    assert_eq!(service.begun(), 1);
}

#[tokio::test]
async fn the_client_comes_again_after_429() {
    let one = BookOptions {
        most_running: 1,
        retry_after: Duration::ZERO,
        ..waiting()
    };
    let service = Service::start(one, 0).await;
    let first = service.posting("first", HELLO);
    service.until_begun(1).await;
    let mut spec = spec();
    spec.max_batch_retries = 1_000;
    let (function, _) = over(
        spec,
        client_options(),
        Instances::new([service.address.clone()]),
    );
    let rows = two();
    let called = tokio::spawn(async move { function.call_with_report("q", 0, &rows).await });
    let refused = service.post("other", HELLO).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (429, Some("0"))
    );
    service.work.gate.add_permits(2);
    let (answers, _) = called.await.unwrap().unwrap();
    assert_eq!(texts(&answers), [Some("said a"), Some("said b")]);
    assert_eq!(first.await.unwrap().body, SAID);
    assert_eq!(service.begun(), 2);
}
