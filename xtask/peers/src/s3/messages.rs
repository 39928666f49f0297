//! Messages on their way to who receives them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hyper::{Request, Response};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::Shared;
use super::call::Call;

/// Most messages of one receive.
const MAX_RECEIVE: u64 = 10;

#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By the URL of the queue.
    queues: BTreeMap<String, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Goes out with the next receive.
    ready: Vec<Value>,
    /// Goes out after so many receives.
    held: Vec<(u32, Value)>,
    /// The ids of messages that were held back, or came twice, already.
    delayed: BTreeSet<String>,
    doubled: BTreeSet<String>,
    /// By id: the bodies of messages that took in the records of others.
    packed: BTreeMap<String, String>,
}

pub(super) async fn pass_on(
    shared: &Shared,
    call: &Call,
    mut request: Request<Bytes>,
) -> Response<Bytes> {
    let faults = shared.state().faults.messages;
    let mut asked: Value = serde_json::from_str(&call.body).unwrap_or_default();
    let url = text(&asked, "QueueUrl");
    if call.operation != "ReceiveMessage" || url.is_empty() {
        return shared.upstream.send(request).await;
    }
    let waits = {
        let mut state = shared.state();
        let queue = state.messages.queues.entry(url.clone()).or_default();
        queue.ready.is_empty() && queue.held.is_empty()
    };
    if !waits && let Some(fields) = asked.as_object_mut() {
        // There is something to hand out, whether the emulator has something or not.
        fields.insert("WaitTimeSeconds".to_owned(), json!(0));
        *request.body_mut() = Bytes::from(asked.to_string());
    }
    let template = request.clone();
    let answer = shared.upstream.send(request).await;
    if !answer.status().is_success() {
        return answer;
    }
    let mut read: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let fresh = read.get("Messages").and_then(Value::as_array);
    let fresh = fresh.cloned().unwrap_or_default();
    let most = asked.get("MaxNumberOfMessages").and_then(Value::as_u64);
    let most = usize::try_from(most.unwrap_or(1).min(MAX_RECEIVE)).unwrap_or(1);
    let (messages, absorbed) = {
        let mut state = shared.state();
        let queue = state.messages.queues.entry(url.clone()).or_default();
        queue.turn(fresh, faults, most)
    };
    for receipt in absorbed {
        delete(shared, &template, &url, &receipt).await;
    }
    if let Some(fields) = read.as_object_mut() {
        fields.insert("Messages".to_owned(), Value::Array(messages));
    }
    answer.map(|_| Bytes::from(read.to_string()))
}

impl Queue {
    /// What goes out now, and the receipts of messages whose records went into others.
    fn turn(
        &mut self,
        mut fresh: Vec<Value>,
        faults: super::Messages,
        most: usize,
    ) -> (Vec<Value>, Vec<String>) {
        for message in &mut fresh {
            if let Some(body) = self.packed.get(&text(message, "MessageId")) {
                set_body(message, body);
            }
        }
        let absorbed = if faults.packed {
            self.pack(&mut fresh)
        } else {
            Vec::new()
        };
        for (left, _) in &mut self.held {
            *left = left.saturating_sub(1);
        }
        let (due, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(left, _)| *left == 0);
        self.held = still;
        self.ready
            .extend(due.into_iter().map(|(_, message)| message));
        let mut again = Vec::new();
        for message in fresh {
            let id = text(&message, "MessageId");
            if faults.twice && self.doubled.insert(id.clone()) {
                again.push(message.clone());
            }
            if faults.delay > 0 && self.delayed.insert(id) {
                self.held.push((faults.delay, message));
            } else {
                self.ready.push(message);
            }
        }
        let rest = self.ready.split_off(most.min(self.ready.len()));
        let mut out = std::mem::replace(&mut self.ready, rest);
        self.ready.extend(again);
        if faults.reversed {
            out.reverse();
        }
        (out, absorbed)
    }

    fn pack(&mut self, messages: &mut Vec<Value>) -> Vec<String> {
        let mut first: Option<usize> = None;
        let mut absorbed = Vec::new();
        let mut kept: Vec<Value> = Vec::new();
        for message in std::mem::take(messages) {
            let Some(records) = records(&text(&message, "Body")) else {
                kept.push(message);
                continue;
            };
            match first.and_then(|at| kept.get_mut(at)) {
                None => {
                    first = Some(kept.len());
                    kept.push(message);
                }
                Some(into) => {
                    let body = with_records(&text(into, "Body"), records);
                    set_body(into, &body);
                    self.packed.insert(text(into, "MessageId"), body);
                    absorbed.push(text(&message, "ReceiptHandle"));
                }
            }
        }
        *messages = kept;
        absorbed
    }
}

fn text(value: &Value, field: &str) -> String {
    let text = value.get(field).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn set_body(message: &mut Value, body: &str) {
    if let Some(fields) = message.as_object_mut() {
        let digest = Md5::digest(body.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        fields.insert("Body".to_owned(), json!(body));
        fields.insert("MD5OfBody".to_owned(), json!(digest));
    }
}

/// The records of a body, in the envelope of SNS or in none.
fn records(body: &str) -> Option<Vec<Value>> {
    let body: Value = serde_json::from_str(body).ok()?;
    match body.get("Message").and_then(Value::as_str) {
        Some(inner) => records(inner),
        None => Some(body.get("Records")?.as_array()?.clone()),
    }
}

fn with_records(body: &str, more: Vec<Value>) -> String {
    let mut value: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(inner) = value.get("Message").and_then(Value::as_str) {
        let inner = with_records(inner, more);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("Message".to_owned(), json!(inner));
        }
    } else if let Some(records) = value.get_mut("Records").and_then(Value::as_array_mut) {
        records.extend(more);
    }
    value.to_string()
}

async fn delete(shared: &Shared, template: &Request<Bytes>, url: &str, receipt: &str) {
    let body = json!({"QueueUrl": url, "ReceiptHandle": receipt}).to_string();
    let mut request = template.clone().map(|_| Bytes::from(body));
    if let Ok(target) = "AmazonSQS.DeleteMessage".parse() {
        request.headers_mut().insert("x-amz-target", target);
    }
    shared.upstream.send(request).await;
}

#[cfg(test)]
mod tests {
    use super::{Queue, records, set_body, with_records};
    use serde_json::json;

    #[test]
    fn a_body_that_is_changed_gets_the_digest_of_what_it_is() {
        let mut message = json!({"Body": "x", "MD5OfBody": "y"});
        set_body(&mut message, "abc");
        assert_eq!(message["MD5OfBody"], "900150983cd24fb0d6963f7d28e17f72");
    }

    #[test]
    fn records_are_packed_within_their_envelope() {
        let one = json!({"Message": "{\"Records\":[1]}", "Type": "Notification"}).to_string();
        let two = records("{\"Records\":[2,3]}").unwrap();
        let packed = with_records(&one, two);
        assert_eq!(records(&packed).unwrap(), [json!(1), json!(2), json!(3)]);
        assert_eq!(records("{\"Event\":\"s3:TestEvent\"}"), None);
    }

    #[test]
    fn what_is_held_back_comes_later_and_what_came_comes_again() {
        let message = json!({"MessageId": "m", "Body": "b"});
        let faults = crate::s3::Messages {
            twice: true,
            delay: 2,
            ..Default::default()
        };
        let mut queue = Queue::default();
        let mut turn = |fresh| queue.turn(fresh, faults, 10).0.len();
        let counts = [
            turn(vec![message]),
            turn(vec![]),
            turn(vec![]),
            turn(vec![]),
        ];
        assert_eq!(counts, [0, 1, 1, 0], "once by the copy, once late");
    }
}
