//! A subscription of Pub/Sub as a consumer sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, Delivery, EventQueue, QueueError, QueueId, QueueProperties, Receipt};

use crate::failure::{Failure, Kind};
use crate::rest::Rest;

mod batch;
mod message;
mod pulls;

use batch::{Batch, EXTEND};
use message::Pulled;
use pulls::Pulls;

/// Most messages that one receive returns ("Method: projects.subscriptions.pull": the service may
/// return fewer); as many acknowledgement ids stay far below the 524,288 bytes of a request.
const MAX_BATCH: usize = 1_000;
/// The shortest and the longest time that a message is held, in seconds ("Lease management",
/// Pub/Sub).
const VISIBILITY: (u64, u64) = (10, 600);
/// How long Pub/Sub keeps messages unless a subscription says otherwise, which none can learn with
/// the right to consume alone; those that this crate creates keep them longer.
const RETENTION: Duration = Duration::from_secs(7 * 86_400);

/// A subscription of Pub/Sub, opened by one consumer with
/// [`CloudFilesGcpResourceManager::open_queue`](crate::CloudFilesGcpResourceManager::open_queue).
///
/// It needs `pubsub.subscriptions.consume` on the subscription, and nothing else.
///
/// # Guarantees
/// - The visibility time-out that was asked for holds from the first receive on, whatever the
///   subscription's own one is: what is pulled is held by a second call before it is handed out.
/// - Pub/Sub decides by itself how long an empty pull takes, and what it hands to a pull that
///   nobody waits for any more is hidden from all. So a receive whose time is over leaves its pull
///   alone, and the next one takes what it brings; what comes when nobody waits is given back.
///
/// # Caveats
/// - Pub/Sub says Ok to acknowledgement ids whose time is over, and hands the message out again
///   all the same ("Lease management"), so an extension that comes after the deadline is refused
///   without a call.
/// - A message is held for 600 seconds at most from each extension on, and counted only where the
///   subscription has a dead-letter policy.
/// - The size is not known: it is a metric of Cloud Monitoring,
///   `subscription/num_undelivered_messages`, minutes old, which takes other rights and another
///   service to read.
///
/// ```
/// use floe_notify::{EventQueue, QueueId};
/// use floe_notify_gcp::CloudFilesGcpResourceManager;
/// use std::time::Duration;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let manager = CloudFilesGcpResourceManager::new_manager()
/// #     .project("acme")
/// #     .pubsub_endpoint("http://127.0.0.1:8085")
/// #     .storage_endpoint("http://127.0.0.1:4443")
/// #     .create()
/// #     .await?;
/// let id = QueueId::new("projects/acme/subscriptions/databricks-auto-ingest-orders")?;
/// let queue = manager.open_queue(&id, Duration::from_secs(1))?;
/// assert_eq!(queue.properties().visibility().as_secs(), 10, "the least there is");
/// assert_eq!(queue.properties().largest_receive(), 1_000);
/// assert_eq!(queue.approximate_size().await?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PubSubQueue {
    shared: Arc<Shared>,
}

/// What one consumer has of a subscription, also while a pull of it goes on.
struct Shared {
    subscription: Subscription,
    id: QueueId,
    visibility: u64,
    pulls: Pulls,
}

/// A subscription and the way to it.
#[derive(Clone)]
struct Subscription {
    rest: Rest,
    /// The full name.
    name: String,
}

impl fmt::Debug for PubSubQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PubSubQueue")
            .field("id", &self.shared.id)
            .field("visibility", &self.shared.visibility)
            .finish_non_exhaustive()
    }
}

impl PubSubQueue {
    pub(crate) fn new(rest: Rest, id: QueueId, name: String, visibility: Duration) -> Self {
        let subscription = Subscription { rest, name };
        Self {
            shared: Arc::new(Shared {
                pulls: Pulls::new(subscription.clone()),
                subscription,
                id,
                visibility: seconds(visibility),
            }),
        }
    }

    fn error(&self, failure: Failure) -> QueueError {
        failure.queue(&self.shared.id, &self.shared.subscription.name)
    }

    /// What became of one receipt.
    fn of_receipt(&self, failure: Failure, receipt: &Receipt) -> QueueError {
        // An id that Pub/Sub did not give out, or one whose time is over where that counts.
        if failure.kind == Kind::Invalid {
            let message = receipt.message().clone();
            return QueueError::ReceiptGone { message };
        }
        self.error(failure)
    }

    /// Holds what was pulled for the time-out that was asked for.
    async fn hold(
        &self,
        clock: &dyn Clock,
        mut pulled: Vec<Pulled>,
        max: usize,
    ) -> Result<Vec<Delivery>, QueueError> {
        let subscription = &self.shared.subscription;
        // A pull that was begun for more than are asked for now.
        let surplus: Vec<Pulled> = pulled.drain(max.min(pulled.len())..).collect();
        subscription.give_back(&surplus).await;
        let receipts: Vec<Receipt> = pulled.iter().map(Pulled::receipt).collect();
        let asked = clock.now();
        let held = Batch::Hold(self.shared.visibility);
        let results = subscription.all(held, &receipts).await;
        let deadline = self.properties().deadline(asked);
        let mut deliveries = Vec::with_capacity(pulled.len());
        let mut failed = None;
        for (pulled, failure) in pulled.into_iter().zip(results) {
            match failure {
                None => deliveries.push(pulled.into_delivery(deadline)),
                // Its time was over before it was held; it comes again.
                Some(failure) if failure.kind == Kind::Invalid => {}
                Some(failure) => failed = Some(failure),
            }
        }
        match failed {
            // What is held already comes again, too, when its time is over.
            Some(failure) if deliveries.is_empty() => Err(self.error(failure)),
            _ => Ok(deliveries),
        }
    }

    async fn batches(&self, batch: Batch, receipts: &[Receipt]) -> Vec<Result<(), QueueError>> {
        let failures = self.shared.subscription.all(batch, receipts).await;
        let results = failures.into_iter().zip(receipts);
        let results = results.map(|(failure, receipt)| match failure {
            None => Ok(()),
            Some(failure) => Err(self.of_receipt(failure, receipt)),
        });
        results.collect()
    }
}

impl EventQueue for PubSubQueue {
    fn id(&self) -> &QueueId {
        &self.shared.id
    }

    fn properties(&self) -> QueueProperties {
        let visibility = Duration::from_secs(self.shared.visibility);
        QueueProperties::new(visibility, MAX_BATCH).with_retention(RETENTION)
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        Box::pin(async move {
            let max = max.min(MAX_BATCH);
            if max == 0 {
                return Ok(Vec::new());
            }
            match self.shared.pulls.next(clock, max, wait).await {
                Some(Ok(pulled)) if !pulled.is_empty() => self.hold(clock, pulled, max).await,
                Some(Err(failure)) => Err(self.error(failure)),
                Some(Ok(_)) | None => Ok(Vec::new()),
            }
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.batches(Batch::Acknowledge, batch))
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let seconds = seconds(time);
            let asked = clock.now();
            let receipt = delivery.receipt().clone();
            if delivery.remaining(asked).is_zero() {
                let reason = "its time is over";
                let failure = Failure::new(EXTEND, Kind::Invalid, "", reason);
                return Err(self.of_receipt(failure, &receipt));
            }
            let results = self.batches(Batch::Hold(seconds), &[receipt]).await;
            results
                .into_iter()
                .collect::<Result<Vec<()>, QueueError>>()?;
            let token = delivery.receipt().token().to_owned();
            delivery.renew(token, asked.after(Duration::from_secs(seconds)));
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.batches(Batch::Release, batch))
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async { Ok(None) })
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_secs().clamp(VISIBILITY.0, VISIBILITY.1)
}
