//! Where the emulators are, the clock, and calls to them that go past the driver.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};
use floe_peers::{GoogleCloud, peer};
use floe_runtime::clock::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::Value;

/// Both emulators.
#[derive(Clone, Debug)]
pub(crate) struct Emulators {
    pub(crate) pubsub: String,
    pub(crate) storage: String,
}

impl Emulators {
    /// None when one is not there, which is said, or is a failure where it is required.
    pub(crate) fn find() -> Option<Self> {
        Some(Self {
            pubsub: peer("the emulator of Pub/Sub", "FLOE_PUBSUB_URL")?,
            storage: peer("fake-gcs-server", "FLOE_FAKE_GCS_URL")?,
        })
    }

    pub(crate) async fn cloud(&self) -> GoogleCloud {
        GoogleCloud::start(&self.pubsub, &self.storage)
            .await
            .unwrap()
    }
}

/// A name that no other test and no other run has.
pub(crate) fn fresh(start: &str) -> String {
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let number = NAMES.fetch_add(1, Ordering::Relaxed);
    format!("{start}-{}-{number}", Now.now().as_millis())
}

/// Calls an emulator, which has to answer with success.
pub(crate) async fn call(method: Method, url: &str, body: Option<Value>) -> Value {
    let client = reqwest::Client::new();
    let mut request = client.request(method, url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

/// The clock of this machine: emulators have no other.
#[derive(Debug)]
pub(crate) struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis())
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}
