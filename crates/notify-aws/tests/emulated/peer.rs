//! Where the emulators are, the clock, and connections that break on demand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{
    Credentials, HttpClient, RuntimeComponents, SharedCredentialsProvider, SharedHttpClient,
};
use aws_sdk_s3::error::ConnectorError;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use floe_notify::BoxFuture;
use floe_notify::clock::{Clock, Timestamp};
use floe_runtime::clock::{Clock as _, SystemClock};

pub(crate) const REGION: &str = "us-east-1";

/// An emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Ministack,
    /// ministack that checks permissions.
    Guarded,
    Moto,
}

impl Peer {
    /// Its URL; none when it is not there, which is said, or is a failure where it is required.
    pub(crate) fn url(self) -> Option<String> {
        let (name, variable) = match self {
            Self::Ministack => ("ministack", "FLOE_MINISTACK_URL"),
            Self::Guarded => ("ministack with permissions", "FLOE_MINISTACK_AUTH_URL"),
            Self::Moto => ("moto", "FLOE_MOTO_URL"),
        };
        let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
        if url.is_none() {
            let required = std::env::var("FLOE_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(
                !required,
                "{name} is required, but {variable} does not say where it is"
            );
            println!("skipped: {name} is not there; {variable} says where it is");
        }
        url
    }

    /// A fresh account, behind a connection that can be broken.
    pub(crate) fn account(self, url: &str) -> (SdkConfig, Switch) {
        static ACCOUNTS: AtomicU64 = AtomicU64::new(0);
        let number = ACCOUNTS.fetch_add(1, Ordering::Relaxed);
        let account = format!(
            "{:012}",
            (Now.now().as_millis() * 1_000 + number) % 1_000_000_000_000
        );
        let switch = Switch {
            calls_left: Arc::new(Mutex::new(None)),
            account: (self == Self::Moto).then(|| account.clone()),
        };
        let client = Breakable {
            inner: aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
                .build_https(),
            switch: switch.clone(),
        };
        // Twelve digits as the access key are an account of its own for ministack.
        let keys = Credentials::new(account, "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .endpoint_url(url)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .retry_config(RetryConfig::disabled())
            .http_client(SharedHttpClient::new(client))
            .build();
        (config, switch)
    }
}

/// Breaks connections after so many requests.
#[derive(Clone, Debug)]
pub(crate) struct Switch {
    calls_left: Arc<Mutex<Option<u32>>>,
    /// moto takes the account from a header.
    account: Option<String>,
}

impl Switch {
    pub(crate) fn set(&self, calls: Option<u32>) {
        *self.calls_left.lock().unwrap() = calls;
    }

    fn is_broken(&self) -> bool {
        match self.calls_left.lock().unwrap().as_mut() {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }
}

#[derive(Debug)]
struct Breakable {
    inner: SharedHttpClient,
    switch: Switch,
}

impl HttpClient for Breakable {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            switch: self.switch.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    switch: Switch,
}

impl HttpConnector for Connector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if self.switch.is_broken() {
            let error = ConnectorError::io("a simulated failure".into());
            return HttpConnectorFuture::ready(Err(error));
        }
        if let Some(account) = &self.switch.account {
            request
                .headers_mut()
                .insert("x-moto-account-id", account.clone());
        }
        self.inner.call(request)
    }
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

/// A clock that does not wait, and knows how long it would have.
#[derive(Debug, Default)]
pub(crate) struct Hasty(Mutex<Duration>);

impl Hasty {
    pub(crate) fn slept(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl Clock for Hasty {
    fn now(&self) -> Timestamp {
        Now.now()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += time;
        Box::pin(std::future::ready(()))
    }
}
