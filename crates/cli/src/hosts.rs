//! What streams reach: this machine, and the clouds that this program was built with.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use floe_engine::Diagnostic;
use floe_engine::streams::{LocalHost, StreamHost, StreamPlace, StreamRequest};
use floe_ingest::{Ledger, Observer, StreamEvent};
use floe_notify::BoxFuture;
use floe_notify::clock::Clock;

/// Hands each stream to whom it belongs to.
#[derive(Debug, Default)]
pub(crate) struct Hosts(LocalHost);

impl StreamHost for Hosts {
    fn ledger<'a>(
        &'a self,
        checkpoint: &'a str,
    ) -> BoxFuture<'a, Result<Arc<dyn Ledger>, Diagnostic>> {
        #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
        if checkpoint.contains("://") {
            let ledger = clouds::ledger(checkpoint, self.clock());
            return Box::pin(async move { ledger.await.map_err(|refusal| *refusal) });
        }
        self.0.ledger(checkpoint)
    }

    fn place<'a>(
        &'a self,
        request: StreamRequest<'a>,
    ) -> BoxFuture<'a, Result<StreamPlace, Diagnostic>> {
        use floe_notify::Cloud;
        match request.location.cloud() {
            #[cfg(feature = "aws")]
            Cloud::Aws => {
                let place = clouds::aws(request, self.clock());
                Box::pin(async move { place.await.map_err(|refusal| *refusal) })
            }
            #[cfg(feature = "azure")]
            Cloud::Azure => {
                let place = clouds::azure(request, self.clock()).map_err(|refusal| *refusal);
                Box::pin(std::future::ready(place))
            }
            #[cfg(feature = "gcp")]
            Cloud::Gcp => {
                let place = clouds::gcp(request, self.clock());
                Box::pin(async move { place.await.map_err(|refusal| *refusal) })
            }
            _ => self.0.place(request),
        }
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock()
    }

    fn observer(&self, _checkpoint: &str) -> Option<Arc<dyn Observer>> {
        Some(Arc::new(Teller))
    }
}

/// Tells on standard error what becomes of batches, and what does not work.
#[derive(Debug)]
struct Teller;

impl Observer for Teller {
    fn saw(&self, event: &StreamEvent) {
        let is_told = matches!(
            event,
            StreamEvent::QueueReady { .. }
                | StreamEvent::QueueLost
                | StreamEvent::Quarantined { .. }
                | StreamEvent::Committed { .. }
                | StreamEvent::Retrying { .. }
        );
        if !is_told {
            return;
        }
        let (on, off) = match std::io::stderr().is_terminal() {
            true => ("\u{1b}[2m", "\u{1b}[0m"),
            false => ("", ""),
        };
        // One write a line, so that lines of several tasks do not mix.
        let line = format!("{on}  · {event}{off}\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
mod clouds {
    //! Stores, queues and shared ledgers of clouds.

    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::Duration;

    use floe_engine::Diagnostic;
    use floe_engine::streams::{StreamPlace, StreamRequest};
    use floe_ingest::{
        FileSource, GivenQueue, Ledger, ManagedQueue, QueueProvider, SharedLedger, StoreSource,
        open_store,
    };
    use floe_notify::clock::Clock;
    use floe_notify::options::keys;
    use floe_notify::{EventQueue, Location, QueueError, QueueId, ResourceManager};

    /// How long a message is a consumer's alone; it is held on for as long as it takes.
    const VISIBILITY: Duration = Duration::from_secs(60);

    /// Boxed on its way only: it is large beside what it refuses.
    pub(super) type Refusal = Box<Diagnostic>;

    pub(super) async fn ledger(
        checkpoint: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn Ledger>, Refusal> {
        let location = Location::parse(checkpoint);
        let location = location.map_err(|error| told(error.code(), &error))?;
        // Logins are those of the machine: a checkpoint has no options.
        let store = open_store(&location, &endpoint());
        let store = store.map_err(|error| told(error.code(), &error))?;
        let ledger = SharedLedger::open(store, &location.key_prefix(), clock).await;
        let ledger = ledger.map_err(|error| told(error.code(), &error))?;
        Ok(Arc::new(ledger))
    }

    /// Where stores are reached instead of where their clouds have them.
    fn endpoint() -> BTreeMap<String, String> {
        let given = std::env::var("FLOE_STORE_ENDPOINT").ok();
        let given = given.map(|url| (keys::STORE_ENDPOINT.info().name.to_owned(), url));
        given.into_iter().collect()
    }

    fn source(
        request: StreamRequest<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<dyn FileSource>, Refusal> {
        let mut options = endpoint();
        options.extend(request.pairs.iter().cloned());
        let source = StoreSource::open(request.location, &options, clock);
        let source = source.map_err(|error| told(error.code(), &error))?;
        Ok(Arc::new(source))
    }

    /// Where the events come, once it is known who sets the queue up and opens it.
    fn place<M, Q>(
        request: StreamRequest<'_>,
        source: Arc<dyn FileSource>,
        manager: M,
        open: fn(&M, &QueueId, Duration) -> Result<Q, QueueError>,
        settling: Duration,
    ) -> Result<StreamPlace, Refusal>
    where
        M: ResourceManager + 'static,
        Q: EventQueue + 'static,
    {
        let manager = Arc::new(manager);
        let queues = Arc::clone(&manager);
        let open = move |id: &QueueId| {
            let queue = open(&queues, id, VISIBILITY)?;
            Ok::<_, QueueError>(Arc::new(queue) as Arc<dyn EventQueue>)
        };
        let provider: Arc<dyn QueueProvider> = match request.options.own_queue() {
            Some(own) => {
                let id = QueueId::new(own).map_err(|error| told(error.code(), &error))?;
                let queue = open(&id).map_err(|error| told(error.code(), &error))?;
                Arc::new(GivenQueue::new(queue))
            }
            None => {
                let managed = ManagedQueue::new(manager, request.suffix(), move |id| {
                    Box::pin(std::future::ready(open(&id)))
                });
                Arc::new(managed.with_settling(settling))
            }
        };
        Ok(StreamPlace {
            source,
            provider: Some(provider),
        })
    }

    /// A stream that lists.
    fn without_queue(source: Arc<dyn FileSource>) -> StreamPlace {
        StreamPlace {
            source,
            provider: None,
        }
    }

    fn told(code: &str, error: &dyn std::fmt::Display) -> Refusal {
        Box::new(Diagnostic::error(code, error.to_string()))
    }

    fn notifies(request: &StreamRequest<'_>) -> bool {
        request.options.get(keys::USE_NOTIFICATIONS)
    }

    #[cfg(feature = "aws")]
    pub(super) async fn aws(
        request: StreamRequest<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<StreamPlace, Refusal> {
        use floe_notify_aws::{CloudFilesAwsResourceManager as Manager, SETTLING};
        let source = source(request, clock)?;
        if !notifies(&request) {
            return Ok(without_queue(source));
        }
        let builder = Manager::new_manager()
            .options(request.pairs.iter().cloned())
            .path(request.location.to_string())
            .checkpoint_location(request.checkpoint);
        let manager = builder.create().await;
        let manager = manager.map_err(|error| told(error.code(), &error))?;
        place(request, source, manager, Manager::open_queue, SETTLING)
    }

    #[cfg(feature = "azure")]
    pub(super) fn azure(
        request: StreamRequest<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<StreamPlace, Refusal> {
        use floe_notify_azure::CloudFilesAzureResourceManager as Manager;
        let source = source(request, clock)?;
        if !notifies(&request) {
            return Ok(without_queue(source));
        }
        let builder = Manager::new_manager()
            .options(request.pairs.iter().cloned())
            .path(request.location.to_string())
            .checkpoint_location(request.checkpoint);
        let manager = builder.create();
        let manager = manager.map_err(|error| told(error.code(), &error))?;
        place(
            request,
            source,
            manager,
            Manager::open_queue,
            Duration::ZERO,
        )
    }

    #[cfg(feature = "gcp")]
    pub(super) async fn gcp(
        request: StreamRequest<'_>,
        clock: Arc<dyn Clock>,
    ) -> Result<StreamPlace, Refusal> {
        use floe_notify_gcp::CloudFilesGcpResourceManager as Manager;
        let source = source(request, clock)?;
        if !notifies(&request) {
            return Ok(without_queue(source));
        }
        let builder = Manager::new_manager()
            .options(request.pairs.iter().cloned())
            .path(request.location.to_string());
        let manager = builder.create().await;
        let manager = manager.map_err(|error| told(error.code(), &error))?;
        place(
            request,
            source,
            manager,
            Manager::open_queue,
            Duration::ZERO,
        )
    }
}
