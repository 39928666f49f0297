//! A queue of SQS as somebody sees it who sends.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use floe_notify::clock::Clock;
use floe_notify::router::EventSink;
use floe_notify::{BoxFuture, Message, QueueError};

use super::{Answer, MAX_BATCH, MAX_TRIES, SqsQueue};
use crate::failure::{Call, Failure, Kind};

/// Most bytes of one batch: what SQS took for the whole of it before messages could be larger
/// ("Amazon SQS message quotas"). A message that is larger is sent alone.
const MAX_BATCH_BYTES: usize = 256 << 10;
const CALL: Call = Call::sqs("SendMessageBatch");

/// Needs `sqs:SendMessage` on the queue.
impl EventSink for SqsQueue {
    fn send_all<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        messages: &'a [Message],
    ) -> BoxFuture<'a, Vec<Result<(), QueueError>>> {
        Box::pin(async move {
            let mut results = Vec::with_capacity(messages.len());
            let mut rest = messages;
            while !rest.is_empty() {
                let (batch, later) = rest.split_at(fitting(rest));
                results.extend(self.send_batch(batch).await);
                rest = later;
            }
            results
        })
    }
}

/// How many of these go into one batch; at least one.
fn fitting(messages: &[Message]) -> usize {
    let mut bytes = 0;
    let fit = messages.iter().take(MAX_BATCH).take_while(|message| {
        bytes += size(message);
        bytes <= MAX_BATCH_BYTES
    });
    fit.count().max(1)
}

fn size(message: &Message) -> usize {
    let attributes = message.attributes().iter();
    let attributes = attributes.map(|(name, value)| name.len() + "String".len() + value.len());
    message.body().len() + attributes.sum::<usize>()
}

impl SqsQueue {
    /// Sends one batch, again with what failed through no fault of ours.
    async fn send_batch(&self, messages: &[Message]) -> Vec<Result<(), QueueError>> {
        let mut failures: BTreeMap<usize, Failure> = BTreeMap::new();
        let mut open = Vec::new();
        for (at, message) in messages.iter().enumerate() {
            match entry(at, message) {
                Ok(entry) => open.push((at, entry)),
                Err(reason) => drop(failures.insert(at, unsendable(reason))),
            }
        }
        for _ in 0..MAX_TRIES {
            if open.is_empty() {
                break;
            }
            let entries = open.iter().map(|(_, entry)| entry.clone()).collect();
            let send = self.client.send_message_batch().queue_url(self.id.as_str());
            let answer = match send.set_entries(Some(entries)).send().await {
                Ok(output) => {
                    let done = output.successful.into_iter().map(|entry| entry.id);
                    Answer::new(done, output.failed)
                }
                Err(error) => {
                    let failure = Failure::of(CALL, &error);
                    failures.extend(open.iter().map(|(at, _)| (*at, failure.clone())));
                    break;
                }
            };
            open.retain(|(at, _)| match answer.failure(CALL, *at) {
                None => {
                    failures.remove(at);
                    false
                }
                Some(failure) => {
                    let again = failure.kind == Kind::Unavailable;
                    failures.insert(*at, failure);
                    again
                }
            });
        }
        let results = (0..messages.len()).map(|at| match failures.remove(&at) {
            Some(failure) => Err(self.error(failure)),
            None => Ok(()),
        });
        results.collect()
    }
}

fn entry(at: usize, message: &Message) -> Result<SendMessageBatchRequestEntry, String> {
    let body = std::str::from_utf8(message.body()).map_err(|error| error.to_string())?;
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(body);
    for (name, value) in message.attributes() {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value);
        let value = value.build().map_err(|error| error.to_string())?;
        entry = entry.message_attributes(name, value);
    }
    entry.build().map_err(|error| error.to_string())
}

/// SQS carries text alone.
fn unsendable(reason: String) -> Failure {
    Failure {
        call: CALL,
        kind: Kind::Refused,
        code: "InvalidMessageContents".to_owned(),
        reason,
    }
}
