//! An account of an emulator, with resources of others in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter,
    QueueConfiguration, S3KeyFilter, TopicConfiguration,
};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use floe_notify::aws::{Arn, Place, policy};
use floe_notify::clock::Clock;
use floe_notify::contract::{QueueBench, QueueFactory, ResourceFactory, ResourceWorld};
use floe_notify::{BoxFuture, EventQueue, Message, QueueError, QueueId, ResourceManager, StreamId};
use floe_notify_aws::{AwsManagerBuilder, CloudFilesAwsResourceManager, SqsQueue};

use crate::peer::{Peer, Switch};

const PREFIX: &str = "databricks-auto-ingest";

pub(crate) struct World {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) bucket: String,
    config: SdkConfig,
    switch: Switch,
    manager: Arc<CloudFilesAwsResourceManager>,
    lister: Arc<CloudFilesAwsResourceManager>,
}

impl World {
    pub(crate) async fn new(peer: Peer, url: &str) -> Self {
        let (config, switch) = peer.account(url);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        let access = config.credentials_provider().unwrap();
        let access = aws_sdk_s3::config::ProvideCredentials::provide_credentials(&access);
        let bucket = format!("landing-{}", access.await.unwrap().access_key_id());
        let builder = CloudFilesAwsResourceManager::new_manager().sdk_config(config.clone());
        let lister = builder.clone().create().await.unwrap();
        let manager = builder
            .path(format!("s3://{bucket}/in/"))
            .create()
            .await
            .unwrap();
        let world = Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sns: aws_sdk_sns::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            bucket,
            config,
            switch,
            manager: Arc::new(manager),
            lister: Arc::new(lister),
        };
        world
            .s3
            .create_bucket()
            .bucket(&world.bucket)
            .send()
            .await
            .unwrap();
        world.put_foreign().await;
        world
    }

    pub(crate) fn manager(&self) -> &CloudFilesAwsResourceManager {
        &self.manager
    }

    /// Begins to make another manager of this account, at any endpoint.
    pub(crate) fn builder(&self, url: &str) -> AwsManagerBuilder {
        let config = self.config.clone();
        CloudFilesAwsResourceManager::new_manager()
            .sdk_config(config)
            .endpoint_url(url)
    }

    /// A manager whose client tries again by itself, as that of the default chain does, but soon.
    pub(crate) async fn patient(&self, url: &str) -> CloudFilesAwsResourceManager {
        let retries = RetryConfig::standard()
            .with_max_attempts(4)
            .with_initial_backoff(Duration::from_millis(1));
        let config = self.config.clone().into_builder().retry_config(retries);
        let builder = self.builder(url).sdk_config(config.build());
        let path = format!("s3://{}/in/", self.bucket);
        builder.path(path).create().await.unwrap()
    }

    /// What others have: it looks similar, and one of their queues has an entry of the bucket.
    async fn put_foreign(&self) {
        let queue = self
            .create_queue(&format!("{PREFIX}-of-others"), None)
            .await;
        self.create_topic(&format!("{PREFIX}-of-others")).await;
        let entry = QueueConfiguration::builder()
            .id("of others")
            .queue_arn(queue)
            .events(Event::from("s3:ObjectCreated:Put"))
            .events(Event::from("s3:ObjectRemoved:*"))
            .filter(filter(&[("prefix", "elsewhere/"), ("suffix", ".csv")]))
            .build()
            .unwrap();
        let wanted = NotificationConfiguration::builder().queue_configurations(entry);
        self.put_configuration(wanted.build()).await;
    }

    async fn put_configuration(&self, wanted: NotificationConfiguration) {
        let put = self
            .s3
            .put_bucket_notification_configuration()
            .bucket(&self.bucket);
        put.notification_configuration(wanted).send().await.unwrap();
    }

    async fn create_topic(&self, name: &str) -> String {
        let topic = self.sns.create_topic().name(name).send().await.unwrap();
        topic.topic_arn.unwrap()
    }

    /// Returns the ARN.
    async fn create_queue(&self, name: &str, tags: Option<&[(&str, &str)]>) -> String {
        let tags = tags.unwrap_or_default().iter();
        let tags = tags
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let create = self
            .sqs
            .create_queue()
            .queue_name(name)
            .set_tags(Some(tags));
        let url = create.send().await.unwrap().queue_url.unwrap();
        self.attributes(&url).await["QueueArn"].clone()
    }

    async fn attributes(&self, url: &str) -> BTreeMap<String, String> {
        let get = self.sqs.get_queue_attributes().queue_url(url);
        let get = get.attribute_names(QueueAttributeName::QueueArn);
        let get = get
            .attribute_names(QueueAttributeName::Policy)
            .send()
            .await
            .unwrap();
        let all = get.attributes.unwrap_or_default().into_iter();
        all.map(|(name, value)| (name.as_str().to_owned(), value))
            .collect()
    }

    pub(crate) async fn put(&self, key: &str) {
        let put = self.s3.put_object().bucket(&self.bucket).key(key);
        put.body(ByteStream::from_static(b"data"))
            .send()
            .await
            .unwrap();
    }

    async fn queues(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let list = self.sqs.list_queues().send().await.unwrap();
        for url in list.queue_urls.unwrap_or_default() {
            let tags = self
                .sqs
                .list_queue_tags()
                .queue_url(&url)
                .send()
                .await
                .unwrap();
            let tags: BTreeMap<_, _> = tags.tags.unwrap_or_default().into_iter().collect();
            let text = format!("{tags:?} {:?}", self.attributes(&url).await);
            found.insert(format!("queue {url}"), text);
        }
        found
    }

    async fn topics(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let list = self.sns.list_topics().send().await.unwrap();
        for topic in list.topics.unwrap_or_default() {
            let arn = topic.topic_arn.unwrap();
            let get = self
                .sns
                .get_topic_attributes()
                .topic_arn(&arn)
                .send()
                .await
                .unwrap();
            let all = get.attributes.unwrap_or_default();
            let text = format!("{:?} {:?}", all.get("DisplayName"), all.get("Policy"));
            found.insert(format!("topic {arn}"), text);
            let list = self.sns.list_subscriptions_by_topic().topic_arn(&arn);
            for one in list.send().await.unwrap().subscriptions.unwrap_or_default() {
                let name = format!("subscription {arn} {:?}", one.endpoint);
                found.insert(name, one.protocol.unwrap_or_default());
            }
        }
        found
    }

    pub(crate) async fn configuration(&self) -> BTreeMap<String, String> {
        let get = self
            .s3
            .get_bucket_notification_configuration()
            .bucket(&self.bucket);
        let now = get.send().await.unwrap();
        let topics = now.topic_configurations.unwrap_or_default().into_iter();
        let topics = topics.map(|one| (format!("entry {:?}", one.id), format!("{one:?}")));
        let queues = now.queue_configurations.unwrap_or_default().into_iter();
        let queues = queues.map(|one| (format!("entry {:?}", one.id), format!("{one:?}")));
        topics.chain(queues).collect()
    }
}

fn filter(rules: &[(&str, &str)]) -> NotificationConfigurationFilter {
    let rules = rules.iter().map(|(name, value)| {
        let name = FilterRuleName::from(*name);
        FilterRule::builder().name(name).value(*value).build()
    });
    let key = S3KeyFilter::builder().set_filter_rules(Some(rules.collect()));
    NotificationConfigurationFilter::builder()
        .key(key.build())
        .build()
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
            all.extend(self.topics().await);
            all.extend(self.configuration().await);
            all
        })
    }

    fn put_original<'a>(&'a self, suffix: &'a str, stream: &'a StreamId) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let name = format!("{PREFIX}-{suffix}");
            let path = format!("s3://{}/in", self.bucket);
            let tags = [
                ("vendor", "Databricks"),
                ("streamId", stream.as_str()),
                ("path", &path),
            ];
            let queue = self.create_queue(&name, Some(&tags)).await;
            let topic = self.create_topic(&name).await;
            let arn = Arn::parse(&topic).unwrap();
            let place = Place::new(arn.region(), arn.account());
            let document = policy::topic(&place, PREFIX, &name, &self.bucket, None).to_line();
            let set = self.sns.set_topic_attributes().topic_arn(&topic);
            let set = set.attribute_name("Policy").attribute_value(document);
            set.send().await.unwrap();
            let url = self
                .sqs
                .get_queue_url()
                .queue_name(&name)
                .send()
                .await
                .unwrap();
            let set = self.sqs.set_queue_attributes().set_queue_url(url.queue_url);
            let document = policy::queue(&place, &name, &name).to_line();
            let set = set.attributes(QueueAttributeName::Policy, document);
            set.send().await.unwrap();
            let subscribe = self.sns.subscribe().topic_arn(&topic).protocol("sqs");
            subscribe.endpoint(queue).send().await.unwrap();
            let entry = TopicConfiguration::builder()
                .id(&name)
                .topic_arn(topic)
                .events(Event::from("s3:ObjectCreated:*"))
                .filter(filter(&[("prefix", "in/")]))
                .build()
                .unwrap();
            let get = self
                .s3
                .get_bucket_notification_configuration()
                .bucket(&self.bucket);
            let now = get.send().await.unwrap();
            let wanted = NotificationConfiguration::builder()
                .set_queue_configurations(now.queue_configurations)
                .topic_configurations(entry);
            self.put_configuration(wanted.build()).await;
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
    pub(crate) peer: Peer,
    pub(crate) url: String,
}

impl ResourceFactory for Factory {
    fn world(&self) -> BoxFuture<'_, Box<dyn ResourceWorld>> {
        Box::pin(async move {
            let world: Box<dyn ResourceWorld> = Box::new(World::new(self.peer, &self.url).await);
            world
        })
    }
}

impl QueueFactory for Factory {
    fn queue(&self) -> BoxFuture<'_, Box<dyn QueueBench>> {
        Box::pin(async move {
            let (config, _) = self.peer.account(&self.url);
            let client = aws_sdk_sqs::Client::new(&config);
            let created = client.create_queue().queue_name("contract").send().await;
            let url = created.unwrap().queue_url.unwrap();
            let refuses = self.peer == Peer::Ministack;
            let bench: Box<dyn QueueBench> = Box::new(Bench {
                config,
                client,
                url,
                refuses,
            });
            bench
        })
    }
}

struct Bench {
    config: SdkConfig,
    client: aws_sdk_sqs::Client,
    url: String,
    refuses: bool,
}

impl QueueBench for Bench {
    fn consumer(&self) -> BoxFuture<'_, Arc<dyn EventQueue>> {
        Box::pin(async move {
            let id = QueueId::new(&self.url).unwrap();
            let queue = SqsQueue::open(&self.config, id, Duration::from_secs(2)).unwrap();
            let queue: Arc<dyn EventQueue> = Arc::new(queue);
            queue
        })
    }

    fn send<'a>(&'a self, _clock: &'a dyn Clock, message: Message) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let body = String::from_utf8(message.body().to_vec()).unwrap();
            let mut send = self
                .client
                .send_message()
                .queue_url(&self.url)
                .message_body(body);
            for (name, value) in message.attributes() {
                let value = MessageAttributeValue::builder()
                    .data_type("String")
                    .string_value(value)
                    .build()
                    .unwrap();
                send = send.message_attributes(name, value);
            }
            send.send().await.unwrap();
        })
    }

    fn refuses_old_receipts(&self) -> bool {
        self.refuses
    }
}
