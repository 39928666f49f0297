//! A storage account of the emulator, with resources of others in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use floe_notify::clock::Clock;
use floe_notify::contract::{QueueBench, QueueFactory, ResourceFactory, ResourceWorld};
use floe_notify::{BoxFuture, EventQueue, Message, QueueError, QueueId, ResourceManager, StreamId};
use floe_notify_azure::CloudFilesAzureResourceManager;
use floe_peers::eventgrid::{ACCOUNT, EventGrid};
use hyper::{Method, Request};
use serde_json::json;

use crate::peer::{Login, Switch, builder, grid, number};

pub(crate) struct World {
    pub(crate) grid: Arc<EventGrid>,
    pub(crate) prefix: String,
    pub(crate) container: String,
    switch: Switch,
    manager: Arc<CloudFilesAzureResourceManager>,
    lister: Arc<CloudFilesAzureResourceManager>,
}

impl World {
    /// All worlds are in one account, so each has names of its own.
    pub(crate) async fn new(blobs: &str, queues: &str, login: Login) -> Self {
        let grid = grid(blobs, queues).await;
        let number = number();
        let (prefix, container) = (format!("w{number}"), format!("landing{number}"));
        let (builder, switch) = builder(&grid, login);
        let builder = builder.option("floe.resourcePrefix", &prefix);
        let lister = builder.clone().create().unwrap();
        let path = format!("abfss://{container}@{ACCOUNT}.dfs.core.windows.net/in/");
        let builder = builder.path(path);
        let manager = builder.create().unwrap();
        let world = Self {
            grid,
            prefix,
            container,
            switch,
            manager: Arc::new(manager),
            lister: Arc::new(lister),
        };
        let container = format!("/{ACCOUNT}/{}?restype=container", world.container);
        world.blobs(Method::PUT, &container, &[], "").await;
        world.put_foreign().await;
        world
    }

    pub(crate) fn manager(&self) -> &CloudFilesAzureResourceManager {
        &self.manager
    }

    /// What others have: it looks similar, and tells of files in the same container.
    async fn put_foreign(&self) {
        let name = format!("{}-of-others", self.prefix);
        self.make_queue(&name, &[("team", "others")]).await;
        let subject = format!(
            "/blobServices/default/containers/{}/blobs/elsewhere",
            self.container
        );
        self.grid
            .put_subscription(&name, &subscription(&name, &subject, &[]));
    }

    pub(crate) async fn make_queue(&self, name: &str, metadata: &[(&str, &str)]) {
        let mut request = Request::put(format!("/{ACCOUNT}/{name}"));
        for (key, value) in metadata {
            request = request.header(format!("x-ms-meta-{key}"), *value);
        }
        let answer = self
            .grid
            .ask_queues(request.body(Bytes::new()).unwrap())
            .await;
        assert_eq!(answer.status(), 201, "queue {name}");
    }

    /// The status, when it is a good one, and the body of an answer about blobs.
    async fn blobs(&self, method: Method, uri: &str, headers: &[(&str, &str)], body: &str) {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from(body.to_owned())).unwrap();
        let answer = self.grid.ask_blobs(request).await;
        assert!(answer.status().is_success(), "{uri}: {answer:?}");
    }

    fn uri(&self, key: &str) -> String {
        let mut text = String::new();
        for byte in key.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
                text.push(char::from(byte));
            } else {
                text.push_str(&format!("%{byte:02X}"));
            }
        }
        format!("/{ACCOUNT}/{}/{text}", self.container)
    }

    pub(crate) async fn put(&self, key: &str) {
        let headers = [
            ("x-ms-blob-type", "BlockBlob"),
            ("content-type", "text/csv"),
        ];
        self.blobs(Method::PUT, &self.uri(key), &headers, "data")
            .await;
    }

    pub(crate) async fn copy(&self, from: &str, to: &str) {
        let source = format!(
            "{}{}",
            self.grid.blobs_url().trim_end_matches(ACCOUNT),
            &self.uri(from)[1..]
        );
        let headers = [("x-ms-copy-source", source.as_str())];
        self.blobs(Method::PUT, &self.uri(to), &headers, "").await;
    }

    pub(crate) async fn upload_in_blocks(&self, key: &str) {
        let uri = self.uri(key);
        let block = format!("{uri}?comp=block&blockid=MDE%3D");
        self.blobs(Method::PUT, &block, &[], "a block").await;
        let list = "<BlockList><Latest>MDE=</Latest></BlockList>";
        let whole = format!("{uri}?comp=blocklist");
        let headers = [("content-type", "application/xml")];
        self.blobs(Method::PUT, &whole, &headers, list).await;
    }

    pub(crate) async fn remove(&self, key: &str) {
        self.blobs(Method::DELETE, &self.uri(key), &[], "").await;
    }

    /// Queues of this world, with all that the list says of them.
    async fn queues(&self) -> BTreeMap<String, String> {
        let uri = format!(
            "/{ACCOUNT}?comp=list&include=metadata&prefix={}",
            self.prefix
        );
        let request = Request::get(uri).body(Bytes::new()).unwrap();
        let answer = self.grid.ask_queues(request).await;
        let text = String::from_utf8(answer.into_body().to_vec()).unwrap();
        let queues = text.split("<Queue>").skip(1).map(|queue| {
            let (name, rest) = queue.split_once("</Name>").unwrap();
            let rest = rest.split("</Queue>").next().unwrap();
            (
                format!("queue {}", name.trim_start_matches("<Name>")),
                rest.to_owned(),
            )
        });
        queues.collect()
    }
}

/// The body of an event subscription that fills a queue.
pub(crate) fn subscription(queue: &str, subject: &str, labels: &[String]) -> serde_json::Value {
    json!({"properties": {
        "destination": {"endpointType": "StorageQueue", "properties": {
            "resourceId": EventGrid::account_id(), "queueName": queue}},
        "filter": {"subjectBeginsWith": subject},
        "labels": labels,
    }})
}

impl ResourceWorld for World {
    fn manager(&self) -> Arc<dyn ResourceManager> {
        self.manager.clone()
    }

    fn lister(&self) -> Arc<dyn ResourceManager> {
        self.lister.clone()
    }

    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>> {
        Box::pin(async move {
            let mut all = self.queues().await;
            for (name, one) in self.grid.subscriptions() {
                all.insert(format!("subscription {name}"), one.to_string());
            }
            all
        })
    }

    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let name = format!("{}-{suffix}", self.prefix);
            let path = format!(
                "abfss://{}@{ACCOUNT}.dfs.core.windows.net/in",
                self.container
            );
            let tags = [
                ("vendor", "Databricks"),
                ("streamId", stream.as_str()),
                ("path", &path),
            ];
            self.make_queue(&name, &tags).await;
            let label = json!(BTreeMap::from(tags)).to_string();
            let subject = format!(
                "/blobServices/default/containers/{}/blobs/in/",
                self.container
            );
            let body = subscription(&name, &subject, &[label]);
            self.grid.put_subscription(&name, &body);
            true
        })
    }

    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>> {
        Box::pin(async move {
            let queue = self.manager.open_queue(queue, Duration::from_secs(30))?;
            let queue: Arc<dyn EventQueue> = Arc::new(queue);
            Ok(queue)
        })
    }

    fn land<'a>(&'a self, _clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.put(&format!("in/{name}")).await })
    }

    fn fail_after(&self, calls: Option<u32>) -> bool {
        self.switch.set(calls);
        true
    }
}

/// Makes worlds, and queues that are in one.
pub(crate) struct Factory {
    pub(crate) blobs: String,
    pub(crate) queues: String,
    pub(crate) login: Login,
}

impl ResourceFactory for Factory {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async move {
            let world = World::new(&self.blobs, &self.queues, self.login).await;
            let world: Box<dyn ResourceWorld> = Box::new(world);
            world
        })
    }
}

impl QueueFactory for Factory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async move {
            let world = World::new(&self.blobs, &self.queues, self.login).await;
            let name = format!("{}-queue", world.prefix);
            world.make_queue(&name, &[]).await;
            let bench: Box<dyn QueueBench> = Box::new(Bench { world, name });
            bench
        })
    }
}

struct Bench {
    world: World,
    name: String,
}

impl QueueBench for Bench {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async move {
            let id = QueueId::new(&self.name).unwrap();
            let queue = self.world.manager.open_queue(&id, Duration::from_secs(2));
            let queue: Arc<dyn EventQueue> = Arc::new(queue.unwrap());
            queue
        })
    }

    /// JSON in base64, as Event Grid sends it, and other texts as they are.
    fn send<'a>(&'a self, _clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let body = String::from_utf8(message.body().to_vec()).unwrap();
            let text = if body.starts_with('{') {
                STANDARD.encode(body)
            } else {
                body
            };
            let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
            let request = Request::post(format!("/{ACCOUNT}/{}/messages", self.name));
            let request = request.header("content-type", "application/xml");
            let request = request.body(Bytes::from(body)).unwrap();
            let answer = self.world.grid.ask_queues(request).await;
            assert_eq!(answer.status(), 201, "{answer:?}");
        })
    }

    fn has_attributes(&self) -> bool {
        false
    }
}
