//! Queues that are not seen yet, or still seen, and names that are not free yet.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hyper::{Request, Response};
use serde_json::{Value, json};

use super::Shared;
use super::call::Call;
use crate::answer;

/// The access key and the name of a queue.
type Name = (String, String);

#[derive(Debug, Default)]
pub(super) struct Memory {
    known: BTreeSet<Name>,
    /// So many calls do not see it yet.
    unseen: BTreeMap<Name, u32>,
    /// So many calls still see it, at this URL.
    ghosts: BTreeMap<Name, (u32, String)>,
    /// So many creations are still refused.
    in_use: BTreeMap<Name, u32>,
}

impl Memory {
    fn is_unseen(&mut self, name: &Name) -> bool {
        self.unseen.get_mut(name).is_some_and(count_down)
    }

    fn ghost(&mut self, name: &Name) -> Option<String> {
        let (left, url) = self.ghosts.get_mut(name)?;
        count_down(left).then(|| url.clone())
    }
}

fn count_down(left: &mut u32) -> bool {
    let is_left = *left > 0;
    *left = left.saturating_sub(1);
    is_left
}

pub(super) async fn pass_on(
    shared: &Shared,
    call: &Call,
    request: Request<Bytes>,
) -> Response<Bytes> {
    let asked: Value = serde_json::from_str(&call.body).unwrap_or_default();
    let text = |field: &str| asked.get(field).and_then(Value::as_str).unwrap_or_default();
    let url = text("QueueUrl");
    let name = match text("QueueName") {
        "" => url.rsplit('/').next().unwrap_or_default(),
        name => name,
    };
    let name = (call.access_key.clone(), name.to_owned());
    if let Some(answer) = early(shared, call, &name) {
        return answer;
    }
    let answer = shared.upstream.send(request).await;
    if !answer.status().is_success() {
        return answer;
    }
    let mut state = shared.state();
    let (lag, name_in_use) = (state.faults.lag, state.faults.name_in_use);
    let names = &mut state.names;
    match call.operation.as_str() {
        "CreateQueue" if names.known.insert(name.clone()) => {
            names.ghosts.remove(&name);
            names.unseen.insert(name, lag);
        }
        "DeleteQueue" => {
            names.known.remove(&name);
            names.unseen.remove(&name);
            names.ghosts.insert(name.clone(), (lag, url.to_owned()));
            names.in_use.insert(name, name_in_use);
        }
        "ListQueues" => return list(names, call, text("QueueNamePrefix"), answer),
        _ => {}
    }
    answer
}

/// What is answered without asking the emulator.
fn early(shared: &Shared, call: &Call, name: &Name) -> Option<Response<Bytes>> {
    let mut state = shared.state();
    let is_prompt = state.faults.lag == 0;
    let names = &mut state.names;
    if is_prompt {
        names.unseen.clear();
        names.ghosts.clear();
    }
    match call.operation.as_str() {
        "CreateQueue" if names.in_use.get_mut(name).is_some_and(count_down) => {
            let message = "You must wait 60 seconds after deleting a queue before you can create \
                           another with the same name.";
            let older = "AWS.SimpleQueueService.QueueDeletedRecently";
            Some(call.refuse_json(400, "QueueDeletedRecently", (older, message)))
        }
        "GetQueueUrl" | "GetQueueAttributes" | "SetQueueAttributes" if names.is_unseen(name) => {
            let message = "The specified queue does not exist.";
            let older = "AWS.SimpleQueueService.NonExistentQueue";
            Some(call.refuse_json(400, "QueueDoesNotExist", (older, message)))
        }
        "GetQueueUrl" => {
            let url = names.ghost(name)?;
            let body = json!({"QueueUrl": url}).to_string();
            Some(answer(200, "application/x-amz-json-1.0", body))
        }
        _ => None,
    }
}

fn list(names: &mut Memory, call: &Call, prefix: &str, answer: Response<Bytes>) -> Response<Bytes> {
    let mut read: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let urls = read.get("QueueUrls").and_then(Value::as_array);
    let urls = urls.cloned().unwrap_or_default();
    let mut urls: Vec<String> = urls
        .iter()
        .filter_map(Value::as_str)
        .filter(|url| {
            let name = url.rsplit('/').next().unwrap_or_default().to_owned();
            !names.is_unseen(&(call.access_key.clone(), name))
        })
        .map(str::to_owned)
        .collect();
    let ghosts: Vec<Name> = names.ghosts.keys().cloned().collect();
    for name in ghosts {
        if name.0 == call.access_key && name.1.starts_with(prefix) {
            urls.extend(names.ghost(&name));
        }
    }
    if let Some(fields) = read.as_object_mut() {
        fields.insert("QueueUrls".to_owned(), json!(urls));
    }
    answer.map(|_| Bytes::from(read.to_string()))
}
