//! Events of blobs, and their way into queues.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::{ACCOUNT, EventGrid, Shared, date, lock, subscription};

/// Something that happened to a blob or to a directory.
///
/// ```
/// use floe_peers::eventgrid::BlobEvent;
/// let event = BlobEvent::new("Microsoft.Storage.BlobCreated", "FlushWithClose", "landing", "a");
/// assert_eq!(event.with_length(7).of_data_lake().api, "FlushWithClose");
/// ```
#[derive(Clone, Debug)]
pub struct BlobEvent {
    /// The type of the event.
    pub kind: String,
    /// The operation.
    pub api: String,
    /// The container.
    pub container: String,
    /// The name of the blob or directory, not encoded.
    pub path: String,
    /// Where it was before a rename.
    pub renamed_from: Option<String>,
    /// The length of its content in bytes; of a file that was written.
    pub length: Option<u64>,
    /// The type of its content.
    pub content_type: String,
    /// Its version.
    pub etag: String,
    /// The ids that the client and the service gave the request.
    pub requests: (String, String),
    /// Whether a client of Data Lake Storage did it: then URLs have another host.
    pub is_of_data_lake: bool,
}

impl BlobEvent {
    /// An event of a type and an operation.
    ///
    /// See [`BlobEvent`] for an example.
    #[must_use]
    pub fn new(kind: &str, api: &str, container: &str, path: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            api: api.to_owned(),
            container: container.to_owned(),
            path: path.to_owned(),
            renamed_from: None,
            length: None,
            content_type: "application/octet-stream".to_owned(),
            etag: "0x8D4BCC2E4835CD0".to_owned(),
            requests: (
                String::new(),
                "831e1650-001e-001b-66ab-eeb76e000000".to_owned(),
            ),
            is_of_data_lake: false,
        }
    }

    /// The same for a content of so many bytes.
    ///
    /// See [`BlobEvent`] for an example.
    #[must_use]
    pub fn with_length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// The same, done through Data Lake Storage.
    ///
    /// See [`BlobEvent`] for an example.
    #[must_use]
    pub fn of_data_lake(mut self) -> Self {
        self.is_of_data_lake = true;
        self
    }

    /// The same, as the end of a rename.
    ///
    /// ```
    /// use floe_peers::eventgrid::BlobEvent;
    /// let event = BlobEvent::new("Microsoft.Storage.BlobRenamed", "RenameFile", "landing", "b");
    /// assert_eq!(event.renamed_from("a").renamed_from.as_deref(), Some("a"));
    /// ```
    #[must_use]
    pub fn renamed_from(mut self, path: &str) -> Self {
        self.renamed_from = Some(path.to_owned());
        self
    }

    fn url(&self, path: &str) -> String {
        let service = if self.is_of_data_lake { "dfs" } else { "blob" };
        format!(
            "https://{ACCOUNT}.{service}.core.windows.net/{}/{}",
            self.container,
            encoded(path)
        )
    }

    /// In the schema of Event Grid.
    fn json(&self, number: u64, now: u64) -> Value {
        let mut data = json!({
            "api": self.api,
            "requestId": self.requests.1,
            "sequencer": format!("{:032x}", 0x0442_0000_0000_0000_u64 + number),
            "storageDiagnostics": {"batchId": format!("b68529f3-68cd-4744-baa4-{number:012x}")},
        });
        if !self.requests.0.is_empty() {
            data["clientRequestId"] = json!(self.requests.0);
        }
        match &self.renamed_from {
            Some(from) => {
                data["destinationUrl"] = json!(self.url(&self.path));
                data["sourceUrl"] = json!(self.url(from));
            }
            None => {
                data["url"] = json!(self.url(&self.path));
                data["eTag"] = json!(self.etag);
                data["contentType"] = json!(self.content_type);
                data["blobType"] = json!("BlockBlob");
            }
        }
        if let Some(length) = self.length {
            data["contentLength"] = json!(length);
        }
        if self.is_of_data_lake && self.length.is_some() {
            data["contentOffset"] = json!(0);
        }
        let version = match (self.is_of_data_lake, &self.renamed_from) {
            (false, _) => "",
            (true, Some(_)) => "1",
            (true, None) => "2",
        };
        json!({
            "topic": EventGrid::account_id(),
            "subject": format!(
                "/blobServices/default/containers/{}/blobs/{}", self.container, self.path),
            "eventType": self.kind,
            "eventTime": date::of_event(now),
            "id": format!("831e1650-001e-001b-66ab-{number:012x}"),
            "data": data,
            "dataVersion": version,
            "metadataVersion": "1",
        })
    }
}

/// An event on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    queue: String,
    /// How long it lives in the queue, in seconds.
    life: i64,
    event: Value,
}

impl Shared {
    /// Brings an event to all queues whose subscriptions it passes.
    pub(super) async fn deliver(&self, event: BlobEvent) {
        let deliveries = {
            let mut plane = lock(&self.plane);
            let event = event.json(plane.number(), self.now());
            let all = plane.all().into_iter();
            let passing = all.filter(|(_, resource)| subscription::passes(resource, &event));
            let queues = passing.filter_map(|(_, resource)| subscription::queue(&resource));
            let deliveries = queues.map(|(queue, life)| Delivery {
                queue,
                life,
                event: event.clone(),
            });
            deliveries.collect::<Vec<_>>()
        };
        for one in self.in_disorder(deliveries) {
            self.put(&one).await;
        }
    }

    /// Duplicates and reverses, as far as that is asked.
    fn in_disorder(&self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let (hold, duplicates) = {
            let faults = self.faults();
            (faults.hold, faults.duplicates)
        };
        let mut held = lock(&self.held);
        for one in deliveries {
            held.extend(std::iter::repeat_n(one.clone(), duplicates as usize));
            held.push(one);
        }
        if held.len() < hold {
            return Vec::new();
        }
        let mut ready = std::mem::take(&mut *held);
        if hold > 0 {
            ready.reverse();
        }
        ready
    }

    /// One event a message, in base64; what cannot be delivered is dropped, as in the end it is.
    async fn put(&self, one: &Delivery) {
        let text = STANDARD.encode(one.event.to_string());
        let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        let uri = format!("/{ACCOUNT}/{}/messages?messagettl={}", one.queue, one.life);
        let request = Request::post(uri).header("content-type", "application/xml");
        let Ok(mut request) = request.body(Bytes::from(body)) else {
            return;
        };
        self.signer.sign(&mut request, self.now());
        let answer = self.queues.send(request).await;
        if !answer.status().is_success() {
            println!(
                "an event for queue {} is dropped: {}",
                one.queue,
                answer.status()
            );
        }
    }
}

/// A path as it stands in a URL.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/=".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
