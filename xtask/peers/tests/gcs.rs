//! Google's own clients against what this crate adds to the emulators of Google Cloud.
#![expect(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use floe_peers::{GoogleCloud, peer, vendor_client};

/// Runs one part of the script, in a project and with a bucket of its own.
async fn run(part: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor/gcs.py");
    let (Some(pubsub), Some(storage), Some(mut python)) = (
        peer("the emulator of Pub/Sub", "FLOE_PUBSUB_URL"),
        peer("fake-gcs-server", "FLOE_FAKE_GCS_URL"),
        vendor_client(&script),
    ) else {
        return;
    };
    let cloud = GoogleCloud::start(&pubsub, &storage)
        .await
        .expect("it starts");
    let doors = cloud.doors().await.expect("a port is free");
    let name = format!("vendor-{part}-{}", std::process::id());
    python
        .args([part, &name])
        .env("STORAGE_EMULATOR_HOST", doors.storage_url())
        .env("FLOE_PUBSUB_REST", doors.pubsub_url())
        .env(
            "PUBSUB_EMULATOR_HOST",
            doors.pubsub_url().replace("http://", ""),
        );
    match part {
        "granted" => cloud.let_publish(&name),
        "denied" => doors.deny(Some("pubsub.topics.create")),
        "busy" => doors.refuse_next(2, 503),
        _ => {}
    }
    let done = tokio::task::spawn_blocking(move || finished(python)).await;
    done.expect("the script runs to its end");
}

fn finished(mut python: Command) {
    let output = python.output().expect("python starts");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_makes_lists_and_deletes_notifications() {
    run("configs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_is_refused_what_google_refuses() {
    run("limits").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_gets_the_events_of_its_objects() {
    run("events").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_of_the_project_lets_the_service_agent_publish() {
    run("granted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_is_denied_by_grpc_what_is_denied() {
    run("denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn googles_client_asks_a_busy_service_again() {
    run("busy").await;
}
