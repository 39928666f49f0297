//! A queue of SQS as a consumer sees it.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry,
    DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
};
use floe_notify::aws::{Place, QueueUrl};
use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, Delivery, EventQueue, QueueError, QueueId, QueueProperties, Receipt};

use crate::AwsError;
use crate::failure::{Call, Failure, Kind};

mod message;
mod sink;

/// Most messages that one receive, one deletion or one change of visibility carries
/// ("Amazon SQS batch actions", Amazon SQS Developer Guide).
const MAX_BATCH: usize = 10;
/// Longest long poll in seconds ("Amazon SQS short and long polling").
const MAX_WAIT: u64 = 20;
/// Longest visibility time-out: 12 hours in seconds ("Amazon SQS visibility timeout").
const MAX_VISIBILITY: u64 = 43_200;
/// How often entries of a batch are sent when SQS, not the caller, is to blame that they failed.
const MAX_TRIES: usize = 3;

/// A queue of SQS, opened by one consumer.
///
/// It needs `sqs:ReceiveMessage`, `sqs:DeleteMessage`, `sqs:ChangeMessageVisibility` and
/// `sqs:GetQueueAttributes` on the queue, and nothing else.
///
/// # Caveats
/// SQS may say Ok to an old receipt of a message that was handed out again, and either deletes the
/// message or does nothing. A message is held for 12 hours at most, counted from its receive.
///
/// ```
/// use aws_config::SdkConfig;
/// use floe_notify::{EventQueue, QueueId};
/// use floe_notify_aws::SqsQueue;
/// use std::time::Duration;
/// # use aws_config::{BehaviorVersion, Region};
/// # let config = SdkConfig::builder().behavior_version(BehaviorVersion::v2026_01_12())
/// #     .region(Region::new("eu-west-1")).build();
/// let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/databricks-auto-ingest-orders";
/// let queue = SqsQueue::open(&config, QueueId::new(url)?, Duration::from_secs(300))?;
/// assert_eq!(queue.properties().visibility().as_secs(), 300);
/// assert_eq!(queue.properties().largest_receive(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqsQueue {
    client: Client,
    id: QueueId,
    arn: String,
    visibility: u64,
}

impl fmt::Debug for SqsQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqsQueue")
            .field("id", &self.id)
            .field("visibility", &self.visibility)
            .finish_non_exhaustive()
    }
}

impl SqsQueue {
    /// Opens the queue of this URL for one more consumer; nothing is sent.
    ///
    /// Each receive asks for the visibility time-out by itself, in whole seconds from 1 to 43,200,
    /// so it holds whatever the queue's own one is.
    ///
    /// # Errors
    /// [`AwsError::Refused`] when the id is not the URL of a queue.
    ///
    /// ```
    /// use aws_config::{BehaviorVersion, SdkConfig};
    /// use floe_notify::QueueId;
    /// use floe_notify_aws::SqsQueue;
    /// use std::time::Duration;
    /// let config = SdkConfig::builder().behavior_version(BehaviorVersion::v2026_01_12());
    /// let config = config.build();
    /// let refused = SqsQueue::open(&config, QueueId::new("orders")?, Duration::from_secs(300));
    /// assert_eq!(refused.unwrap_err().code(), "FLOE-AWS-0004");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    pub fn open(config: &SdkConfig, id: QueueId, visibility: Duration) -> Result<Self, AwsError> {
        let region = config.region().map(AsRef::as_ref).unwrap_or_default();
        Self::with_client(Client::new(config), region, id, visibility)
    }

    pub(crate) fn with_client(
        client: Client,
        region: &str,
        id: QueueId,
        visibility: Duration,
    ) -> Result<Self, AwsError> {
        let url = QueueUrl::parse(id.as_str()).map_err(|error| AwsError::Refused {
            call: "sqs:ReceiveMessage".to_owned(),
            answer: error.code().to_owned(),
            reason: error.to_string(),
        })?;
        let region = url.region().unwrap_or(region);
        Ok(Self {
            client,
            arn: Place::new(region, url.account()).queue(url.queue()),
            id,
            visibility: visibility.as_secs().clamp(1, MAX_VISIBILITY),
        })
    }

    fn error(&self, failure: Failure) -> QueueError {
        failure.queue(&self.id, &self.arn)
    }

    /// What became of one receipt.
    fn of_receipt(&self, failure: Failure, receipt: &Receipt) -> QueueError {
        if failure.is_receipt_gone() {
            let message = receipt.message().clone();
            return QueueError::ReceiptGone { message };
        }
        self.error(failure)
    }

    async fn poll(
        &self,
        clock: &dyn Clock,
        max: usize,
        wait: u64,
    ) -> Result<Vec<Delivery>, QueueError> {
        let asked = clock.now();
        let names = [
            MessageSystemAttributeName::ApproximateReceiveCount,
            MessageSystemAttributeName::SentTimestamp,
        ];
        let receiving = self
            .client
            .receive_message()
            .queue_url(self.id.as_str())
            .max_number_of_messages(small(max))
            .wait_time_seconds(small(wait))
            .visibility_timeout(small(self.visibility))
            .message_attribute_names("All")
            .set_message_system_attribute_names(Some(names.to_vec()))
            .send()
            .await;
        let output = receiving
            .map_err(|error| self.error(Failure::of(Call::sqs("ReceiveMessage"), &error)))?;
        let deadline = self.properties().deadline(asked);
        let messages = output.messages.unwrap_or_default();
        Ok(messages
            .into_iter()
            .filter_map(|message| message::delivery(message, deadline))
            .collect())
    }

    /// Sends one batch, again with what failed through no fault of ours.
    async fn batch(&self, kind: Batch, receipts: &[Receipt]) -> Vec<Result<(), QueueError>> {
        let mut failures: Vec<Option<Failure>> = receipts.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..receipts.len()).collect();
        for _ in 0..MAX_TRIES {
            let sent = self.send(kind, receipts, &open).await;
            let answer = match sent {
                Ok(answer) => answer,
                Err(failure) => {
                    for at in open {
                        set(&mut failures, at, Some(failure.clone()));
                    }
                    break;
                }
            };
            let mut again = Vec::new();
            for at in open {
                let failure = answer.failure(kind.call(), at);
                if failure
                    .as_ref()
                    .is_some_and(|f| f.kind == Kind::Unavailable)
                {
                    again.push(at);
                }
                set(&mut failures, at, failure);
            }
            open = again;
            if open.is_empty() {
                break;
            }
        }
        let results = failures.into_iter().zip(receipts);
        let results = results.map(|(failure, receipt)| match failure {
            None => Ok(()),
            Some(failure) => Err(self.of_receipt(failure, receipt)),
        });
        results.collect()
    }

    async fn send(
        &self,
        kind: Batch,
        receipts: &[Receipt],
        open: &[usize],
    ) -> Result<Answer, Failure> {
        let url = self.id.as_str();
        let entries = open.iter().filter_map(|at| {
            receipts
                .get(*at)
                .map(|receipt| (at.to_string(), receipt.token()))
        });
        let call = kind.call();
        match kind {
            Batch::Delete => {
                let entry = |(id, token)| {
                    let entry = DeleteMessageBatchRequestEntry::builder().id(id);
                    entry.receipt_handle(token).build().ok()
                };
                let request = self.client.delete_message_batch().queue_url(url);
                let request = request.set_entries(Some(entries.filter_map(entry).collect()));
                let sent = request.send().await;
                let output = sent.map_err(|error| Failure::of(call, &error))?;
                let done = output.successful.into_iter().map(|entry| entry.id);
                Ok(Answer::new(done, output.failed))
            }
            Batch::Release => {
                let entry = |(id, token)| {
                    let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id);
                    let entry = entry.receipt_handle(token).visibility_timeout(0);
                    entry.build().ok()
                };
                let request = self.client.change_message_visibility_batch().queue_url(url);
                let request = request.set_entries(Some(entries.filter_map(entry).collect()));
                let sent = request.send().await;
                let output = sent.map_err(|error| Failure::of(call, &error))?;
                let done = output.successful.into_iter().map(|entry| entry.id);
                Ok(Answer::new(done, output.failed))
            }
        }
    }

    async fn batches(&self, kind: Batch, receipts: &[Receipt]) -> Vec<Result<(), QueueError>> {
        let mut results = Vec::with_capacity(receipts.len());
        for chunk in receipts.chunks(MAX_BATCH) {
            results.extend(self.batch(kind, chunk).await);
        }
        results
    }
}

impl EventQueue for SqsQueue {
    fn id(&self) -> &QueueId {
        &self.id
    }

    fn properties(&self) -> QueueProperties {
        QueueProperties::new(Duration::from_secs(self.visibility), MAX_BATCH)
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
            let max = max.min(MAX_BATCH);
            let seconds = wait.as_secs().min(MAX_WAIT);
            let deliveries = self.poll(clock, max, seconds).await?;
            if !deliveries.is_empty() || seconds > 0 || wait.is_zero() {
                return Ok(deliveries);
            }
            // SQS waits in whole seconds: shorter waits are made here.
            clock.sleep(wait).await;
            self.poll(clock, max, 0).await
        })
    }

    fn acknowledge<'a>(
        &'a self,
        batch: &'a [Receipt],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.batches(Batch::Delete, batch))
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
            let token = delivery.receipt().token().to_owned();
            let changing = self
                .client
                .change_message_visibility()
                .queue_url(self.id.as_str())
                .receipt_handle(&token)
                .visibility_timeout(small(seconds))
                .send()
                .await;
            changing.map_err(|error| {
                let failure = Failure::of(Call::sqs("ChangeMessageVisibility"), &error);
                self.of_receipt(failure, delivery.receipt())
            })?;
            delivery.renew(token, asked.after(Duration::from_secs(seconds)));
            Ok(())
        })
    }

    fn release<'a>(&'a self, batch: &'a [Receipt]) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(self.batches(Batch::Release, batch))
    }

    fn approximate_size(&self) -> BoxFuture<'_, Result<Option<u64>, QueueError>> {
        Box::pin(async move {
            let names = [
                QueueAttributeName::ApproximateNumberOfMessages,
                QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
                QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            ];
            let asking = self
                .client
                .get_queue_attributes()
                .queue_url(self.id.as_str())
                .set_attribute_names(Some(names.to_vec()))
                .send()
                .await;
            let output = asking.map_err(|error| {
                self.error(Failure::of(Call::sqs("GetQueueAttributes"), &error))
            })?;
            let counts = output.attributes.unwrap_or_default();
            let counts = names
                .iter()
                .filter_map(|name| counts.get(name)?.parse().ok());
            Ok(counts.reduce(|sum: u64, count: u64| sum.saturating_add(count)))
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Batch {
    Delete,
    Release,
}

impl Batch {
    const fn call(self) -> Call {
        match self {
            Self::Delete => Call::sqs("DeleteMessageBatch"),
            Self::Release => Call::sqs("ChangeMessageVisibilityBatch"),
        }
    }
}

/// What SQS says of the entries of a batch; their ids are places in the batch.
struct Answer {
    done: Vec<String>,
    failed: Vec<BatchResultErrorEntry>,
}

impl Answer {
    fn new(done: impl Iterator<Item = String>, failed: Vec<BatchResultErrorEntry>) -> Self {
        Self {
            done: done.collect(),
            failed,
        }
    }

    fn failure(&self, call: Call, at: usize) -> Option<Failure> {
        let id = at.to_string();
        if let Some(entry) = self.failed.iter().find(|entry| entry.id == id) {
            let message = entry.message.as_deref();
            let failure = Failure::of_entry(call, &entry.code, message, entry.sender_fault);
            return Some(failure);
        }
        if self.done.contains(&id) {
            return None;
        }
        let message = "the answer says nothing about it";
        Some(Failure::of_entry(
            call,
            "InternalError",
            Some(message),
            false,
        ))
    }
}

fn set(failures: &mut [Option<Failure>], at: usize, failure: Option<Failure>) {
    if let Some(place) = failures.get_mut(at) {
        *place = failure;
    }
}

/// Numbers of requests are 32 bits wide; all that come here are far smaller.
fn small<N: TryInto<i32>>(number: N) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}
