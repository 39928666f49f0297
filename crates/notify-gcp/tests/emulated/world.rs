//! A project of the emulators, with resources of others in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_notify::clock::Clock;
use floe_notify::contract::{QueueBench, QueueFactory, ResourceFactory, ResourceWorld};
use floe_notify::{BoxFuture, EventQueue, Message, QueueError, QueueId, ResourceManager, StreamId};
use floe_notify_gcp::{CloudFilesGcpResourceManager, GcpManagerBuilder, PubSubQueue};
use floe_peers::{Doors, GoogleCloud};
use reqwest::Method;
use serde_json::{Value, json};

use crate::peer::{Emulators, Now, call, fresh};

const PREFIX: &str = "databricks-auto-ingest";

pub(crate) struct World {
    emulators: Emulators,
    pub(crate) doors: Doors,
    /// Where nothing breaks.
    side: Doors,
    pub(crate) project: String,
    pub(crate) bucket: String,
    manager: Arc<CloudFilesGcpResourceManager>,
    lister: Arc<CloudFilesGcpResourceManager>,
}

impl World {
    pub(crate) async fn new(emulators: &Emulators, cloud: &GoogleCloud) -> Self {
        let project = fresh("p");
        let bucket = format!("landing.{project}");
        let doors = cloud.doors().await.unwrap();
        let builder = builder(&doors, &project);
        let lister = created(builder.clone()).await;
        let manager = created(builder.path(format!("gs://{bucket}/in/"))).await;
        let world = Self {
            emulators: emulators.clone(),
            side: cloud.doors().await.unwrap(),
            doors,
            project,
            bucket,
            manager: Arc::new(manager),
            lister: Arc::new(lister),
        };
        let buckets = format!("{}/storage/v1/b", world.emulators.storage);
        call(Method::POST, &buckets, Some(json!({"name": world.bucket}))).await;
        world.put_foreign().await;
        world
    }

    pub(crate) fn manager(&self) -> &CloudFilesGcpResourceManager {
        &self.manager
    }

    pub(crate) fn lister(&self) -> &CloudFilesGcpResourceManager {
        &self.lister
    }

    /// A manager of another path in this bucket.
    pub(crate) async fn manager_of(&self, prefix: &str) -> CloudFilesGcpResourceManager {
        let path = format!("gs://{}/{prefix}", self.bucket);
        created(builder(&self.doors, &self.project).path(path)).await
    }

    /// What others have: it looks similar, and the bucket tells it of other objects.
    async fn put_foreign(&self) {
        let name = format!("{PREFIX}-of-others");
        self.create_topic(&name, &json!({"team": "others"})).await;
        self.create_subscription(&name, &name, &json!({})).await;
        self.let_publish(&name).await;
        self.tell(&name, "elsewhere/", &json!({"k": "v"})).await;
    }

    pub(crate) async fn create_topic(&self, name: &str, labels: &Value) {
        let url = self.pubsub(&format!("topics/{name}"));
        call(Method::PUT, &url, Some(json!({"labels": labels}))).await;
    }

    pub(crate) async fn create_subscription(&self, name: &str, topic: &str, labels: &Value) {
        let url = self.pubsub(&format!("subscriptions/{name}"));
        let topic = format!("projects/{}/topics/{topic}", self.project);
        let body = json!({"topic": topic, "ackDeadlineSeconds": 10, "labels": labels});
        call(Method::PUT, &url, Some(body)).await;
    }

    pub(crate) async fn let_publish(&self, topic: &str) {
        let url = format!(
            "{}/storage/v1/projects/{}/serviceAccount",
            self.side.storage_url(),
            self.project
        );
        let agent = call(Method::GET, &url, None).await;
        let member = format!(
            "serviceAccount:{}",
            agent["email_address"].as_str().unwrap()
        );
        let bindings = json!([{"role": "roles/pubsub.publisher", "members": [member]}]);
        let body = json!({"policy": {"bindings": bindings}});
        let path = format!("topics/{topic}:setIamPolicy");
        call(Method::POST, &self.pubsub(&path), Some(body)).await;
    }

    /// Adds a configuration, and returns its id.
    pub(crate) async fn tell(&self, topic: &str, prefix: &str, attributes: &Value) -> String {
        let topic = format!("projects/{}/topics/{topic}", self.project);
        let body = json!({
            "topic": format!("//pubsub.googleapis.com/{topic}"),
            "event_types": ["OBJECT_FINALIZE"],
            "object_name_prefix": prefix,
            "payload_format": "JSON_API_V1",
            "custom_attributes": attributes,
        });
        let config = call(Method::POST, &self.configs_url(), Some(body)).await;
        config["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn pubsub(&self, path: &str) -> String {
        format!(
            "{}/v1/projects/{}/{path}",
            self.side.pubsub_url(),
            self.project
        )
    }

    fn configs_url(&self) -> String {
        let storage = self.side.storage_url();
        format!("{storage}/storage/v1/b/{}/notificationConfigs", self.bucket)
    }

    fn object_url(&self, verb: &str) -> String {
        format!("{}/{verb}", self.emulators.storage)
    }

    pub(crate) async fn put(&self, key: &str, body: &str) {
        let url = self.object_url(&format!("upload/storage/v1/b/{}/o", self.bucket));
        let url = reqwest::Url::parse_with_params(&url, [("uploadType", "media"), ("name", key)]);
        let post = reqwest::Client::new()
            .post(url.unwrap())
            .body(body.to_owned());
        let answer = post
            .header("content-type", "text/csv")
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    pub(crate) async fn copy(&self, from: &str, to: &str) {
        let (from, to) = (encoded(from), encoded(to));
        let bucket = &self.bucket;
        let path = format!("storage/v1/b/{bucket}/o/{from}/copyTo/b/{bucket}/o/{to}");
        call(Method::POST, &self.object_url(&path), Some(json!({}))).await;
    }

    pub(crate) async fn compose(&self, parts: &[&str], to: &str) {
        let parts: Vec<Value> = parts.iter().map(|name| json!({"name": name})).collect();
        let path = format!("storage/v1/b/{}/o/{}/compose", self.bucket, encoded(to));
        let body = json!({"sourceObjects": parts, "destination": {"contentType": "text/csv"}});
        call(Method::POST, &self.object_url(&path), Some(body)).await;
    }

    /// Uploads in two requests, the first of which only begins it.
    pub(crate) async fn upload_in_parts(&self, key: &str) {
        let url = self.object_url(&format!("upload/storage/v1/b/{}/o", self.bucket));
        let query = [("uploadType", "resumable"), ("name", key)];
        let url = reqwest::Url::parse_with_params(&url, query).unwrap();
        let client = reqwest::Client::new();
        let begun = client
            .post(url)
            .json(&json!({"name": key}))
            .send()
            .await
            .unwrap();
        let place = begun.headers()["location"].to_str().unwrap().to_owned();
        let ended = client.put(place).body("in parts").send().await.unwrap();
        assert!(ended.status().is_success(), "{ended:?}");
    }

    pub(crate) async fn configs(&self) -> BTreeMap<String, String> {
        let list = call(Method::GET, &self.configs_url(), None).await;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let items = items.iter();
        items
            .map(|one| (format!("config {}", one["id"]), one.to_string()))
            .collect()
    }

    async fn list(&self, kind: &str) -> Vec<Value> {
        let list = call(Method::GET, &self.pubsub(kind), None).await;
        list[kind].as_array().cloned().unwrap_or_default()
    }

    pub(crate) async fn all(&self) -> BTreeMap<String, String> {
        let mut all = self.configs().await;
        for one in self.list("topics").await {
            let name = one["name"].as_str().unwrap();
            let short = name.rsplit('/').next().unwrap();
            let url = self.pubsub(&format!("topics/{short}:getIamPolicy"));
            let policy = call(Method::GET, &url, None).await;
            all.insert(format!("topic {name}"), format!("{one} {policy}"));
        }
        for one in self.list("subscriptions").await {
            all.insert(format!("subscription {}", one["name"]), one.to_string());
        }
        all
    }
}

/// Makes a manager beside the test: the certificates that its clients read keep a thread busy for
/// longer than some cases may be held up.
async fn created(builder: GcpManagerBuilder) -> CloudFilesGcpResourceManager {
    tokio::spawn(builder.create()).await.unwrap().unwrap()
}

pub(crate) fn builder(doors: &Doors, project: &str) -> GcpManagerBuilder {
    CloudFilesGcpResourceManager::new_manager()
        .project(project)
        .pubsub_endpoint(doors.pubsub_url())
        .storage_endpoint(doors.storage_url())
        .max_attempts(1)
}

fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    key.bytes()
        .map(|byte| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

impl ResourceWorld for World {
    fn manager(&self) -> Arc<dyn ResourceManager> {
        self.manager.clone()
    }

    fn lister(&self) -> Arc<dyn ResourceManager> {
        self.lister.clone()
    }

    fn everything(&self) -> BoxFuture<'_, BTreeMap<String, String>> {
        Box::pin(self.all())
    }

    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let name = format!("{PREFIX}-{suffix}");
            let labels = json!({"vendor": "databricks", "streamid": stream.as_str()});
            self.create_topic(&name, &labels).await;
            self.let_publish(&name).await;
            self.create_subscription(&name, &name, &labels).await;
            self.tell(&name, "in/", &json!({"streamId": stream.as_str()}))
                .await;
            true
        })
    }

    fn open<'a>(
        &'a self,
        queue: &'a QueueId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, QueueError>> {
        Box::pin(async move {
            let opened = self.manager.open_queue(queue, Duration::from_secs(30))?;
            // That a subscription is gone is seen by who pulls from it.
            let held = opened.receive(&Now, 1, Duration::ZERO).await?;
            let receipts: Vec<_> = held.iter().map(|one| one.receipt().clone()).collect();
            opened.release(&receipts).await;
            let queue: Arc<dyn EventQueue> = Arc::new(opened);
            Ok(queue)
        })
    }

    fn land<'a>(&'a self, _clock: &'a dyn Clock, name: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.put(&format!("in/{name}"), "data").await })
    }

    fn fail_after(&self, calls: Option<u32>) -> bool {
        self.doors.break_after(calls);
        true
    }
}

/// Makes worlds, and queues that are in one.
pub(crate) struct Factory {
    pub(crate) emulators: Emulators,
    pub(crate) cloud: GoogleCloud,
}

impl Factory {
    pub(crate) async fn find() -> Option<Self> {
        let emulators = Emulators::find()?;
        let cloud = emulators.cloud().await;
        Some(Self { emulators, cloud })
    }

    pub(crate) async fn world(&self) -> World {
        World::new(&self.emulators, &self.cloud).await
    }

    pub(crate) async fn bench(&self) -> Bench {
        let project = fresh("q");
        let doors = self.cloud.doors().await.unwrap();
        let manager = created(builder(&doors, &project)).await;
        let at = format!("{}/v1/projects/{project}", self.emulators.pubsub);
        call(
            Method::PUT,
            &format!("{at}/topics/contract"),
            Some(json!({})),
        )
        .await;
        let topic = format!("projects/{project}/topics/contract");
        let body = json!({"topic": topic, "ackDeadlineSeconds": 10});
        call(
            Method::PUT,
            &format!("{at}/subscriptions/contract"),
            Some(body),
        )
        .await;
        Bench { doors, manager, at }
    }
}

impl ResourceFactory for Factory {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async move {
            let world: Box<dyn ResourceWorld> = Box::new(Factory::world(self).await);
            world
        })
    }
}

impl QueueFactory for Factory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async move {
            let bench: Box<dyn QueueBench> = Box::new(self.bench().await);
            bench
        })
    }
}

/// A subscription, and the topic that messages are sent to.
pub(crate) struct Bench {
    pub(crate) doors: Doors,
    manager: CloudFilesGcpResourceManager,
    at: String,
}

impl Bench {
    pub(crate) fn open(&self) -> PubSubQueue {
        let id = QueueId::new("contract").unwrap();
        self.manager
            .open_queue(&id, Duration::from_secs(10))
            .unwrap()
    }

    pub(crate) async fn publish(&self, message: &Message) {
        let message = json!({
            "data": STANDARD.encode(message.body()),
            "attributes": message.attributes(),
        });
        let body = json!({"messages": [message]});
        let url = format!("{}/topics/contract:publish", self.at);
        call(Method::POST, &url, Some(body)).await;
    }
}

impl QueueBench for Bench {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async move {
            let queue: Arc<dyn EventQueue> = Arc::new(self.open());
            queue
        })
    }

    fn send<'a>(&'a self, _clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.publish(&message).await })
    }

    fn refuses_old_receipts(&self) -> bool {
        // Pub/Sub says Ok to them ("Lease management", Pub/Sub).
        false
    }

    fn keeps_late_acknowledgements(&self) -> bool {
        false
    }
}
