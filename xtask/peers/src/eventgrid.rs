//! What Azurite lacks: Event Grid, its management plane, and who may do what.
//!
//! [`EventGrid`] is one storage account. It answers for the management plane at
//! [`management_url`](EventGrid::management_url), stands before Azurite's blobs and queues, and
//! turns what is done to blobs into events of Event Grid, which it puts into Azurite's queues as
//! Azure does: one event a message, in base64. Its faithfulness is proved with Microsoft's own
//! clients (`tests/eventgrid.rs`).
//!
//! Sources: "Azure Event Grid REST API, event subscriptions", "Track asynchronous Azure
//! operations", "Azure Blob Storage as an Event Grid source", "Authorize with Shared Key".

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::{Request, Response};

use crate::{Handler, Server, Upstream};

mod blobs;
mod date;
mod event;
mod management;
mod queues;
mod sign;
mod subscription;

pub use event::BlobEvent;
use management::Plane;
use sign::Signer;

/// The account of Azurite, and its key, which its documentation prints.
pub const ACCOUNT: &str = "devstoreaccount1";
/// See [`ACCOUNT`].
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The ids that the account is found under.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";
/// See [`SUBSCRIPTION`].
pub const GROUP: &str = "landing";
/// The secret that a token is given for.
pub const CLIENT_SECRET: &str = "the secret of the principal";
/// The token that is given.
pub const TOKEN: &str = "a-token-of-the-fake";

/// Milliseconds since 1970: whoever starts the fake brings the clock.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What goes wrong on demand; each is off at first.
///
/// ```
/// assert!(floe_peers::eventgrid::Faults::default().forbidden.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Actions that the caller has no role for; of queues, those that "Authorize with Microsoft
    /// Entra ID" asks for.
    pub forbidden: BTreeSet<String>,
    /// So many requests of the management plane are answered with 429 and `Retry-After`.
    pub throttled: u32,
    /// So many requests to queues are answered with 503 `ServerBusy`.
    pub busy_queues: u32,
    /// So many times a queue cannot be made, because its namesake is being deleted.
    pub queue_being_deleted: u32,
    /// `Microsoft.EventGrid` is no resource provider of the subscription.
    pub unregistered: bool,
    /// The next operations on event subscriptions end in this failure: code and message.
    pub failing: Vec<(String, String)>,
    /// How often an operation says that it is not done yet.
    pub polls: u32,
    /// Operations are told of by the state of the resource alone, without a link.
    pub no_links: bool,
    /// How many event subscriptions a page holds; 0 for all.
    pub page: usize,
    /// Links lead to this host.
    pub links: Option<String>,
    /// How often each event is delivered beyond the first time.
    pub duplicates: u32,
    /// So many events are held back, and then delivered in reverse.
    pub hold: usize,
}

/// A storage account with Event Grid, in front of Azurite.
#[derive(Debug)]
pub struct EventGrid {
    shared: Arc<Shared>,
    management: Server,
    blobs: Server,
    queues: Server,
}

/// What all parts have.
struct Shared {
    faults: Mutex<Faults>,
    plane: Mutex<Plane>,
    /// Events that are held back, with their queues.
    held: Mutex<Vec<event::Delivery>>,
    /// What was done, in the order in which it was.
    calls: Mutex<Vec<String>>,
    blobs: Upstream,
    queues: Upstream,
    signer: Signer,
    clock: Clock,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl EventGrid {
    /// Starts one in front of Azurite, whose URLs for blobs and queues are given without an
    /// account.
    ///
    /// # Errors
    ///
    /// When the machine has no port left.
    ///
    /// ```
    /// use floe_peers::eventgrid::EventGrid;
    /// use std::sync::Arc;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let nowhere = "http://127.0.0.1:9";
    /// let grid = EventGrid::start(nowhere, nowhere, Arc::new(|| 1_000)).await?;
    /// assert!(grid.management_url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn start(blobs: &str, queues: &str, clock: Clock) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            faults: Mutex::default(),
            plane: Mutex::default(),
            held: Mutex::default(),
            calls: Mutex::default(),
            blobs: Upstream::new(blobs),
            queues: Upstream::new(queues),
            signer: Signer::new(ACCOUNT, KEY),
            clock,
        });
        Ok(Self {
            management: Server::start(handler(&shared, management::answered)).await?,
            blobs: Server::start(handler(&shared, blobs::answered)).await?,
            queues: Server::start(handler(&shared, queues::answered)).await?,
            shared,
        })
    }

    /// Where the management plane is, and where tokens are given.
    ///
    /// See [`start`](Self::start) for an example.
    #[must_use]
    pub fn management_url(&self) -> String {
        self.management.url()
    }

    /// Where blobs are put so that there are events of them, with the account.
    ///
    /// See [`start`](Self::start) for an example.
    #[must_use]
    pub fn blobs_url(&self) -> String {
        format!("{}/{ACCOUNT}", self.blobs.url())
    }

    /// Where queues are that know tokens beside keys, with the account.
    ///
    /// See [`start`](Self::start) for an example.
    #[must_use]
    pub fn queues_url(&self) -> String {
        format!("{}/{ACCOUNT}", self.queues.url())
    }

    /// The resource id of the account.
    ///
    /// ```
    /// let id = floe_peers::eventgrid::EventGrid::account_id();
    /// assert!(id.ends_with("/providers/Microsoft.Storage/storageAccounts/devstoreaccount1"));
    /// ```
    #[must_use]
    pub fn account_id() -> String {
        format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/\
             Microsoft.Storage/storageAccounts/{ACCOUNT}"
        )
    }

    /// Changes what goes wrong.
    ///
    /// See [`Faults`].
    pub fn break_it(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.shared.faults());
    }

    /// What was asked of the management plane and of queues so far: method and path.
    ///
    /// See [`start`](Self::start) for an example.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        lock(&self.shared.calls).clone()
    }

    /// The event subscriptions by name, each as the management plane tells it.
    ///
    /// See [`start`](Self::start) for an example.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<(String, serde_json::Value)> {
        lock(&self.shared.plane).all()
    }

    /// Puts an event subscription there that works at once, whoever made it.
    ///
    /// See [`start`](Self::start) for an example.
    pub fn put_subscription(&self, name: &str, body: &serde_json::Value) {
        let scope = Self::account_id();
        lock(&self.shared.plane).put_at_once(&scope, name, body);
    }

    /// Sends a request to the blobs, signed with the key of the account; its path begins with the
    /// account.
    ///
    /// See [`start`](Self::start) for an example.
    pub async fn ask_blobs(&self, request: Request<Bytes>) -> Response<Bytes> {
        let server = Upstream::new(&self.blobs.url());
        server.send(self.signed(request)).await
    }

    /// The same to Azurite's queues, past what is broken here.
    ///
    /// See [`start`](Self::start) for an example.
    pub async fn ask_queues(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.shared.queues.send(self.signed(request)).await
    }

    fn signed(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        self.shared.signer.sign(&mut request, self.shared.now());
        request
    }

    /// Says that something happened to a blob that Azurite cannot do, such as a rename.
    ///
    /// See [`BlobEvent`].
    pub async fn happened(&self, event: BlobEvent) {
        self.shared.deliver(event).await;
    }
}

impl Shared {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    fn called(&self, request: &Request<Bytes>) {
        let call = format!("{} {}", request.method(), request.uri().path());
        lock(&self.calls).push(call);
    }

    fn now(&self) -> u64 {
        (self.clock)()
    }

    /// Counts one of so many down; false when none is left.
    fn spends(&self, of: impl FnOnce(&mut Faults) -> &mut u32) -> bool {
        let mut faults = self.faults();
        let left = of(&mut faults);
        let spent = *left > 0;
        *left = left.saturating_sub(1);
        spent
    }
}

/// Nothing panics while a lock is held, so a poisoned one still guards something whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn handler<F, R>(shared: &Arc<Shared>, answered: F) -> Handler
where
    F: Fn(Arc<Shared>, Request<Bytes>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Bytes>> + Send + 'static,
{
    let shared = Arc::clone(shared);
    Arc::new(move |request| Box::pin(answered(Arc::clone(&shared), request)))
}
