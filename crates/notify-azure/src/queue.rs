//! A queue of Azure Queue Storage, as one consumer sees it.

use std::fmt;
use std::time::Duration;

use azure_core::http::headers::HeaderName;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{
    QueueClientGetPropertiesResultHeaders as _, QueueClientReceiveMessagesOptions,
};
use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, Delivery, EventQueue, QueueError, QueueId, QueueProperties, Receipt};
use futures::{StreamExt as _, stream};

use crate::failure::{Call, Failure};

mod message;

/// Most messages of one request ("Get Messages").
const MAX_REQUEST: usize = 32;
/// Most messages of one receive, which sends as many requests as it takes.
const MAX_RECEIVE: usize = 256;
/// Longest time that a message can be hidden, in seconds: seven days (the same page).
const MAX_VISIBILITY: u64 = 604_800;
/// How many messages are deleted or released at the same time: there are no batches.
const MAX_CONCURRENT: usize = 16;
/// How long between two requests while a receive waits: at first …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … and at most; doubled each time. There is no long poll, and every request costs.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// How often a receive asks while it waits, at most: a wait of more than an hour ends early.
const MAX_POLLS: u32 = 2_000;

/// A queue of Azure Queue Storage, opened by one consumer.
///
/// It needs the data actions `messages/process/action`, `messages/delete` and `messages/write` on
/// the queue, and the action `queues/read` for its size; the role Storage Queue Data Contributor
/// has them all.
///
/// # Guarantees
/// Bodies that are the base64 form of JSON, as Event Grid writes them, are handed out decoded;
/// all others as they are.
///
/// # Caveats
/// - Azure has no long poll: a receive that waits asks again and again, more and more seldom, at
///   most every two seconds.
/// - Azure has no batches: an acknowledgement is one request a message, 16 at a time.
/// - Each extension gives out a new receipt; the delivery has it.
///
/// ```
/// use floe_notify::{EventQueue, QueueId, Secret};
/// use floe_notify_azure::AzureManagerBuilder;
/// use std::time::Duration;
/// let queue = AzureManagerBuilder::default()
///     .connection_string(Secret::new("UseDevelopmentStorage=true"))
///     .open_queue(&QueueId::new("databricks-orders")?, Duration::from_secs(300))?;
/// assert_eq!(queue.properties().visibility().as_secs(), 300);
/// assert_eq!(queue.properties().largest_receive(), 256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StorageQueue {
    client: QueueClient,
    id: QueueId,
    /// What messages about permissions name.
    resource: String,
    visibility: u64,
}

impl fmt::Debug for StorageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageQueue")
            .field("id", &self.id)
            .field("visibility", &self.visibility)
            .finish_non_exhaustive()
    }
}

impl StorageQueue {
    /// Visibility is in whole seconds from 1 to 604,800.
    pub(crate) fn new(
        client: QueueClient,
        id: QueueId,
        resource: String,
        visibility: Duration,
    ) -> Self {
        Self {
            client,
            id,
            resource,
            visibility: visibility.as_secs().clamp(1, MAX_VISIBILITY),
        }
    }

    fn error(&self, failure: Failure) -> QueueError {
        failure.queue(&self.id, &self.resource)
    }

    /// What became of one receipt.
    fn of_receipt(&self, call: Call, error: &azure_core::Error, receipt: &Receipt) -> QueueError {
        let failure = Failure::of(call, error);
        if failure.is_receipt_gone() {
            let message = receipt.message().clone();
            return QueueError::ReceiptGone { message };
        }
        self.error(failure)
    }

    /// One request for up to 32 messages.
    async fn request(&self, clock: &dyn Clock, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let asked = clock.now();
        let failed = |error| self.error(Failure::of(Call::RECEIVE, &error));
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(small(max.min(MAX_REQUEST))),
            visibility_timeout: Some(small(self.visibility)),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let answer = self.client.receive_messages(Some(options)).await;
        let messages = answer.map_err(failed)?.into_model().map_err(failed)?;
        let deadline = self.properties().deadline(asked);
        let messages = messages.items.unwrap_or_default().into_iter();
        Ok(messages
            .filter_map(|message| message::delivery(message, deadline))
            .collect())
    }

    /// As many requests as it takes, as long as they come back full.
    async fn take(&self, clock: &dyn Clock, max: usize) -> Result<Vec<Delivery>, QueueError> {
        let mut deliveries = self.request(clock, max).await?;
        let mut is_full = deliveries.len() == max.min(MAX_REQUEST);
        while is_full && deliveries.len() < max {
            let left = max - deliveries.len();
            // What is in hand is handed out, whatever becomes of the next request.
            let Ok(more) = self.request(clock, left).await else {
                break;
            };
            is_full = more.len() == left.min(MAX_REQUEST);
            deliveries.extend(more);
        }
        Ok(deliveries)
    }

    async fn delete(&self, receipt: &Receipt) -> Result<(), QueueError> {
        let (id, token) = (receipt.message().as_str(), receipt.token());
        let deleted = self.client.delete_message(id, token, None).await;
        let failed = |error| self.of_receipt(Call::ACKNOWLEDGE, &error, receipt);
        deleted.map(drop).map_err(failed)
    }

    /// Hides a message for so many seconds from now on, and returns the new receipt.
    async fn update(&self, receipt: &Receipt, seconds: u64) -> Result<Option<String>, QueueError> {
        const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");
        let (id, token) = (receipt.message().as_str(), receipt.token());
        let updated = self
            .client
            .update_message(id, token, small(seconds), None)
            .await;
        let updated = updated.map_err(|error| self.of_receipt(Call::UPDATE, &error, receipt))?;
        let new = updated.headers().get_optional_str(&POP_RECEIPT);
        Ok(new.map(str::to_owned))
    }
}

impl EventQueue for StorageQueue {
    fn id(&self) -> &QueueId {
        &self.id
    }

    fn properties(&self) -> QueueProperties {
        QueueProperties::new(Duration::from_secs(self.visibility), MAX_RECEIVE)
    }

    fn receive<'a>(
        &'a self,
        clock: &'a dyn Clock,
        max: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Delivery>, QueueError>> {
        Box::pin(async move {
            if max == 0 {
                return Ok(Vec::new());
            }
            let max = max.min(MAX_RECEIVE);
            let end = clock.now().after(wait);
            let mut pause = FIRST_PAUSE;
            for _ in 0..MAX_POLLS {
                let deliveries = self.take(clock, max).await?;
                let left = end.since(clock.now());
                if !deliveries.is_empty() || left.is_zero() {
                    return Ok(deliveries);
                }
                clock.sleep(pause.min(left)).await;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            Ok(Vec::new())
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        let deleting = stream::iter(batch).map(|receipt| self.delete(receipt));
        Box::pin(deleting.buffered(MAX_CONCURRENT).collect())
    }

    fn extend<'a>(
        &'a self,
        clock: &'a dyn Clock,
        delivery: &'a mut Delivery,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let seconds = time.as_secs().clamp(1, MAX_VISIBILITY);
            let asked = clock.now();
            let old = delivery.receipt();
            let new = self.update(old, seconds).await?;
            let token = new.unwrap_or_else(|| old.token().to_owned());
            delivery.renew(token, asked.after(Duration::from_secs(seconds)));
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        let releasing =
            stream::iter(batch).map(|receipt| async { self.update(receipt, 0).await.map(drop) });
        Box::pin(releasing.buffered(MAX_CONCURRENT).collect())
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async move {
            let failed = |error| self.error(Failure::of(Call::READ_QUEUE, &error));
            let found = self.client.get_properties(None).await.map_err(failed)?;
            let count = found.approximate_messages_count().map_err(failed)?;
            Ok(count.and_then(|count| u64::try_from(count).ok()))
        })
    }
}

/// Numbers of requests are 32 bits wide; all that come here are far smaller.
fn small<N: TryInto<i32>>(number: N) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
