//! The proxy before ministack, as the client of AWS's maker sees it: what the proxy makes up is
//! what that client takes for AWS.
//!
//! Run by `cargo xtask test`, which starts ministack and installs the client.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use floe_peers::s3::{Failure, Faults, Intrusion, Messages, Proxy, Trouble, When};

/// Runs a scenario of the script against a proxy with faults.
async fn see(scenario: &str, change: impl FnOnce(&mut Faults, &str)) -> Option<Proxy> {
    static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
    let upstream = floe_peers::peer("ministack", "FLOE_MINISTACK_URL")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor/s3.py");
    let mut python = floe_peers::vendor_client(&script)?;
    // Twelve digits as the access key are an account of its own for ministack; no other process
    // of this machine has this one's number.
    let number = ACCOUNTS.fetch_add(1, Ordering::Relaxed);
    let account = format!("7{:07}{number:04}", std::process::id() % 10_000_000);
    let proxy = Proxy::start(&upstream).await.unwrap();
    proxy.set(|faults| change(faults, &account));
    python
        .arg(scenario)
        .env("FLOE_PROXY_URL", proxy.url())
        .env("FLOE_ACCOUNT", account);
    let output = tokio::task::spawn_blocking(move || python.output());
    let output = output.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}: {text}");
    Some(proxy)
}

#[tokio::test(flavor = "multi_thread")]
async fn destinations_are_refused_until_their_policies_act() {
    see("policies", |faults, _| faults.policies_act_after = Some(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_entries_are_refused_and_disjoint_ones_are_not() {
    see("overlaps", |faults, _| faults.refuses_overlaps = true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_the_codes_that_the_client_knows() {
    let late = Trouble::Slow(Duration::from_millis(500));
    see("failures", |faults, _| {
        faults.failures = vec![
            Failure::once("GetBucketNotification", Trouble::SlowDown),
            Failure::once("GetBucketNotification", Trouble::LimitExceeded),
            Failure::once("CreateTopic", Trouble::Internal),
            Failure::once("CreateTopic", Trouble::Throttled),
            Failure::once("CreateQueue", Trouble::Throttled),
            Failure::once("CreateQueue", Trouble::Internal),
            Failure::once("ListTopics", Trouble::Broken),
            Failure::once("CreateQueue", Trouble::AnswerLost),
            Failure::once("ListTopics", late),
        ];
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_gets_over_failures_by_trying_again() {
    let proxy = see("retries", |faults, _| {
        faults.failures = vec![
            Failure::times("GetBucketNotification", Trouble::SlowDown, 2),
            Failure::times("CreateTopic", Trouble::Throttled, 2),
            Failure::times("CreateQueue", Trouble::Throttled, 2),
            Failure::times("ListTopics", Trouble::Broken, 2),
        ];
    })
    .await;
    let Some(proxy) = proxy else { return };
    for operation in ["GetBucketNotification", "CreateTopic", "CreateQueue"] {
        assert_eq!(proxy.count(operation), 3, "{operation}");
    }
    assert_eq!(proxy.count("ListTopics"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_come_twice_late_turned_and_packed_with_the_right_digest() {
    let on = |messages| move |faults: &mut Faults, _: &str| faults.messages = messages;
    let none = Messages::default();
    see(
        "twice",
        on(Messages {
            twice: true,
            ..none
        }),
    )
    .await;
    let reversed = true;
    see("turned", on(Messages { reversed, ..none })).await;
    see("delayed", on(Messages { delay: 2, ..none })).await;
    let packed = true;
    see("packed", on(Messages { packed, ..none })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_are_seen_late_and_their_names_free_later() {
    see("lag", |faults, _| {
        faults.lag = 3;
        faults.name_in_use = 2;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_write_between_a_read_and_a_write_and_after_it() {
    see("intruded", |faults, account| {
        let queue = format!("arn:aws:sqs:us-east-1:{account}:watched");
        let by = |when, skip, id: &str| Intrusion {
            when,
            skip,
            id: id.to_owned(),
            queue: queue.clone(),
            prefix: format!("{}/", id.replace(' ', "-")),
        };
        faults.intrusions = vec![
            by(When::AfterRead, 0, "after a read"),
            by(When::AfterWrite, 0, "after a write"),
            by(When::Overwriting, 1, "overwriting"),
        ];
    })
    .await;
}
