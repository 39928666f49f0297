//! Where Azurite is, the clock, and connections that lead there and break on demand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, RetryOptions, Transport, Url,
};
use floe_notify::clock::{Clock, Timestamp};
use floe_notify::{BoxFuture, Secret};
use floe_notify_azure::azure_core;
use floe_notify_azure::{AzureManagerBuilder, CloudFilesAzureResourceManager};
use floe_peers::eventgrid::{ACCOUNT, CLIENT_SECRET, EventGrid, GROUP, KEY, SUBSCRIPTION};
use floe_runtime::clock::{Clock as _, SystemClock};

/// Where the public cloud manages resources, gives tokens and has queues.
const MANAGEMENT: &str = "management.azure.com";
const AUTHORITY: &str = "login.microsoftonline.com";

/// How queues are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// With the key of the account, in a connection string.
    Key,
    /// With a token of a service principal, as the management plane is.
    Token,
}

/// The URLs of Azurite for blobs and queues; none when it is not there.
pub(crate) fn azurite() -> Option<(String, String)> {
    let blobs = floe_peers::peer("Azurite", "FLOE_AZURITE_BLOB_URL")?;
    let queues = floe_peers::peer("Azurite", "FLOE_AZURITE_QUEUE_URL")?;
    Some((blobs, queues))
}

/// A fake of Event Grid of its own, in front of the one Azurite.
pub(crate) async fn grid(blobs: &str, queues: &str) -> Arc<EventGrid> {
    let clock = Arc::new(|| Now.now().as_millis());
    let grid = EventGrid::start(blobs, queues, clock).await.unwrap();
    grid.break_it(|faults| faults.links = Some(format!("https://{MANAGEMENT}")));
    Arc::new(grid)
}

/// A number that no other test has.
pub(crate) fn number() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    format!("{}{last:04}", Now.now().as_millis() % 100_000_000)
}

/// What makes managers of this account, over a connection that can be broken.
pub(crate) fn builder(grid: &Arc<EventGrid>, login: Login) -> (AzureManagerBuilder, Switch) {
    let (builder, switch) = connected(grid);
    let builder = builder.service_principal("client", Secret::new(CLIENT_SECRET), "tenant");
    let builder = match login {
        Login::Token => builder,
        Login::Key => builder.connection_string(Secret::new(format!(
            "AccountName={ACCOUNT};AccountKey={KEY};QueueEndpoint={}",
            grid.queues_url()
        ))),
    };
    (builder, switch)
}

/// The same without credentials.
pub(crate) fn anonymous(grid: &Arc<EventGrid>) -> AzureManagerBuilder {
    connected(grid).0
}

fn connected(grid: &Arc<EventGrid>) -> (AzureManagerBuilder, Switch) {
    let switch = Switch::default();
    let wire = Wire {
        inner: azure_core::http::new_http_client(None),
        management: grid.management_url(),
        queues: grid.queues_url(),
        switch: switch.clone(),
    };
    let options = ClientOptions {
        transport: Some(Transport::new(Arc::new(wire))),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    };
    let builder = CloudFilesAzureResourceManager::new_manager()
        .subscription(SUBSCRIPTION)
        .resource_group(GROUP)
        .client_options(options);
    (builder, switch)
}

/// Breaks connections after so many requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch {
    calls_left: Arc<Mutex<Option<u32>>>,
}

impl Switch {
    pub(crate) fn set(&self, calls: Option<u32>) {
        *self.calls_left.lock().unwrap() = calls;
    }

    fn is_broken(&self) -> bool {
        match &mut *self.calls_left.lock().unwrap() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

/// A network in which the hosts of Azure are the fakes. The tokens that the SDK sends over https
/// alone stay on this machine.
#[derive(Debug)]
struct Wire {
    inner: Arc<dyn HttpClient>,
    management: String,
    queues: String,
    switch: Switch,
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if self.switch.is_broken() {
            let words = "a simulated failure";
            return Err(azure_core::Error::with_message(ErrorKind::Io, words));
        }
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let base = match host.as_str() {
            MANAGEMENT | AUTHORITY => &self.management,
            host if host == format!("{ACCOUNT}.queue.core.windows.net") => &self.queues,
            _ => return self.inner.execute_request(request).await,
        };
        let mut request = request.clone();
        let url = format!("{base}{}", request.path_and_query());
        *request.url_mut() = Url::parse(&url).unwrap();
        self.inner.execute_request(&request).await
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
