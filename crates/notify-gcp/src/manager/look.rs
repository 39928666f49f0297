//! Finding out what there is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use floe_notify::clock::Clock;
use floe_notify::{Cloud, ResourceError, StreamId, Tags, TearDown, has_prefix};
use google_cloud_pubsub::model::Subscription;

use super::set_up::{self, Target};
use super::view::{Policy, Queue, Topic, View, bucket_of, origin, owner, short};
use super::{CloudFilesGcpResourceManager, Request, bucket_name, tear_down};
use crate::GcpError;
use crate::failure::{Call, Failure, Kind};

const LIST_TOPICS: Call = Call::new("pubsub.topics.list", "list topics");
const GET_TOPIC: Call = Call::new("pubsub.topics.get", "look at a topic");
/// "Access control with IAM", Pub/Sub: the subscriptions of a topic come with the right to it.
const LIST_SUBSCRIBERS: Call = Call::new("pubsub.topics.get", "list the subscriptions of a topic");
const LIST_SUBSCRIPTIONS: Call = Call::new("pubsub.subscriptions.list", "list subscriptions");
const GET_SUBSCRIPTION: Call = Call::new("pubsub.subscriptions.get", "look at a subscription");
/// Most entries of one page ("Method: projects.topics.list", Pub/Sub).
const PAGE: i32 = 1_000;
/// Most pages of one list: a project has 10,000 topics and 10,000 subscriptions at most, a topic
/// 10,000 subscriptions ("Quotas and limits", Pub/Sub), and a page may be shorter than asked for.
const MAX_PAGES: usize = 1_000;

impl CloudFilesGcpResourceManager {
    /// What matters to one set-up.
    pub(super) async fn look_for(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
    ) -> Result<View, ResourceError> {
        let mut view = View::default();
        let bucket = request.bucket();
        let configs = self.configs(clock, bucket).await?;
        let configs = configs.map_err(|failure| failure.resource(&bucket_name(bucket)))?;
        let queue = self.subscription(&request.subscription).await?;
        let path = match set_up::target(&configs, queue.as_ref(), request) {
            Ok(Target::Told(topic, _)) => topic,
            // A conflict is told by the plan, with all others.
            Ok(Target::Ours) | Err(_) => request.topic.clone(),
        };
        if let Some(tags) = self.topic(&path).await? {
            let policy = self.policy_of(clock, &path).await?;
            let subscribers = Vec::new();
            view.topics.insert(
                path,
                Topic {
                    tags,
                    subscribers,
                    policy,
                },
            );
        }
        if let Some(queue) = queue {
            view.queues.insert(request.name.clone(), queue);
        }
        view.buckets.insert(bucket.to_owned(), Ok(configs));
        Ok(view)
    }

    /// Everything whose name begins as ours do, and the buckets that it is about.
    pub(super) async fn look_at_all(&self, clock: &dyn Clock) -> Result<View, ResourceError> {
        let mut view = View {
            queues: self.subscriptions().await?,
            topics: self.topics().await?,
            ..View::default()
        };
        for bucket in self.buckets(&view) {
            let configs = match self.configs(clock, &bucket).await? {
                // A bucket that is gone notifies nobody, and one of others is not asked.
                Err(failure) if failure.kind == Kind::Gone => continue,
                Err(failure) if failure.kind == Kind::Denied => Err(failure),
                Err(failure) => return Err(failure.resource(&bucket_name(&bucket))),
                Ok(configs) => Ok(configs),
            };
            view.buckets.insert(bucket, configs);
        }
        Ok(view)
    }

    /// The same, with all who listen to what would go.
    pub(super) async fn look_at_what_goes(
        &self,
        clock: &dyn Clock,
        stream: &StreamId,
        scope: TearDown,
    ) -> Result<View, ResourceError> {
        let mut view = self.look_at_all(clock).await?;
        let told = view
            .configs()
            .filter(|(_, one)| one.stream().as_ref() == Some(stream));
        let told: BTreeSet<String> = told.map(|(_, one)| one.existing.topic.clone()).collect();
        for (path, topic) in &mut view.topics {
            if told.contains(path) || tear_down::covers(owner(&topic.tags), stream, scope) {
                topic.subscribers = self.subscribers(path).await?;
            }
        }
        Ok(view)
    }

    /// The buckets that topics and subscriptions say they are for, and the one that is watched.
    fn buckets(&self, view: &View) -> BTreeSet<String> {
        let of_topics = view.topics.values().map(|topic| &topic.tags);
        let of_queues = view.queues.values().map(|queue| &queue.tags);
        let marked = of_topics
            .chain(of_queues)
            .filter(|tags| origin(tags).is_some());
        let own = self.location.as_ref();
        let own = own.map(|location| location.container().to_owned());
        marked.filter_map(bucket_of).chain(own).collect()
    }

    async fn subscriptions(&self) -> Result<BTreeMap<String, Queue>, ResourceError> {
        let mut queues = BTreeMap::new();
        let mut token = String::new();
        for _ in 0..MAX_PAGES {
            let list = self.connection.subscriptions.list_subscriptions();
            let list = list.set_project(self.project()).set_page_size(PAGE);
            let page = list.set_page_token(token).send().await;
            let page = page.map_err(|error| self.failed(LIST_SUBSCRIPTIONS, &error))?;
            for one in page.subscriptions {
                let name = short(&one.name).to_owned();
                if has_prefix(&name, &self.prefix) {
                    queues.insert(name, queue(one));
                }
            }
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(queues);
            }
        }
        Err(self.too_many(LIST_SUBSCRIPTIONS))
    }

    async fn topics(&self) -> Result<BTreeMap<String, Topic>, ResourceError> {
        let mut topics = BTreeMap::new();
        let mut token = String::new();
        for _ in 0..MAX_PAGES {
            let list = self.connection.topics.list_topics();
            let list = list.set_project(self.project()).set_page_size(PAGE);
            let page = list.set_page_token(token).send().await;
            let page = page.map_err(|error| self.failed(LIST_TOPICS, &error))?;
            for one in page.topics {
                if has_prefix(short(&one.name), &self.prefix) {
                    let topic = Topic {
                        tags: tags(one.labels),
                        subscribers: Vec::new(),
                        policy: Policy::Unknown(String::new()),
                    };
                    topics.insert(one.name, topic);
                }
            }
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(topics);
            }
        }
        Err(self.too_many(LIST_TOPICS))
    }

    async fn subscribers(&self, topic: &str) -> Result<Vec<String>, ResourceError> {
        let mut names = Vec::new();
        let mut token = String::new();
        for _ in 0..MAX_PAGES {
            let list = self.connection.topics.list_topic_subscriptions();
            let list = list.set_topic(topic).set_page_size(PAGE);
            let page = match list.set_page_token(token).send().await {
                Ok(page) => page,
                Err(error) => {
                    let failure = Failure::of_rpc(LIST_SUBSCRIBERS, &error);
                    return none_when_gone(failure, topic).map(Option::unwrap_or_default);
                }
            };
            names.extend(page.subscriptions);
            token = page.next_page_token;
            if token.is_empty() {
                return Ok(names);
            }
        }
        Err(self.too_many(LIST_SUBSCRIBERS))
    }

    /// The labels of a topic; none when it is not there.
    async fn topic(&self, path: &str) -> Result<Option<Tags>, ResourceError> {
        match self
            .connection
            .topics
            .get_topic()
            .set_topic(path)
            .send()
            .await
        {
            Ok(topic) => Ok(Some(tags(topic.labels))),
            Err(error) => none_when_gone(Failure::of_rpc(GET_TOPIC, &error), path),
        }
    }

    async fn subscription(&self, path: &str) -> Result<Option<Queue>, ResourceError> {
        let get = self.connection.subscriptions.get_subscription();
        match get.set_subscription(path).send().await {
            Ok(subscription) => Ok(Some(queue(subscription))),
            Err(error) => none_when_gone(Failure::of_rpc(GET_SUBSCRIPTION, &error), path),
        }
    }

    /// The full name of the project.
    pub(super) fn project(&self) -> String {
        format!("projects/{}", self.connection.project)
    }

    fn failed(&self, call: Call, error: &google_cloud_pubsub::Error) -> ResourceError {
        Failure::of_rpc(call, error).resource(&self.project())
    }

    fn too_many(&self, call: Call) -> ResourceError {
        let error = GcpError::TooMany {
            call: call.permission.to_owned(),
            pages: MAX_PAGES,
        };
        ResourceError::driver(self.project(), error)
    }
}

fn tags(labels: HashMap<String, String>) -> Tags {
    Tags::of_resource(Cloud::Gcp, labels)
}

fn queue(one: Subscription) -> Queue {
    let pushes = one
        .push_config
        .is_some_and(|push| !push.push_endpoint.is_empty());
    let exports = one.bigquery_config.is_some()
        || one.cloud_storage_config.is_some()
        || one.bigtable_config.is_some();
    let unusable = if pushes || exports {
        Some("it hands its messages on by itself, so none can be pulled; choose another suffix")
    } else if one.detached {
        Some("it was detached from its topic; delete it, or choose another suffix")
    } else {
        None
    };
    Queue {
        path: one.name,
        topic: one.topic,
        tags: tags(one.labels),
        unusable,
    }
}

fn none_when_gone<T>(failure: Failure, resource: &str) -> Result<Option<T>, ResourceError> {
    if failure.kind == Kind::Gone {
        Ok(None)
    } else {
        Err(failure.resource(resource))
    }
}
