//! Finding out what there is.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::QueueAttributeName;
use floe_notify::aws::{Arn, Place, QueueUrl};
use floe_notify::{Cloud, Location, PATH, ResourceError, Tags, has_prefix};

use super::view::{Queue, Subscription, Topic, View};
use super::{CloudFilesAwsResourceManager, Request, refused, set_up};
use crate::AwsError;
use crate::failure::{Call, Failure, Kind};
use crate::policy;

/// Most pages of one list: of topics a page holds 100, which makes 100,000, the most topics of an
/// account ("Amazon SNS endpoints and quotas").
const MAX_PAGES: usize = 1_000;
/// Most queues on one page ("ListQueues", Amazon SQS API reference).
const QUEUES_PER_PAGE: i32 = 1_000;
/// What stands in place of the ARN of a subscription that is gone but still listed.
const DELETED: &str = "Deleted";

impl CloudFilesAwsResourceManager {
    /// What matters to one set-up.
    pub(super) async fn look_for(&self, request: &Request<'_>) -> Result<View, ResourceError> {
        let mut view = View::default();
        let bucket = request.bucket();
        let configuration = self.configuration(bucket).await?;
        let configuration =
            configuration.map_err(|failure| failure.resource(&self.bucket_arn(bucket)))?;
        let watched = set_up::candidate(&configuration, request);
        let topic = match watched.and_then(|entry| Arn::parse(&entry.arn).ok()) {
            Some(arn) => Some(arn),
            None => {
                let topics = self.topics().await?;
                topics
                    .into_iter()
                    .find(|arn| arn.resource() == request.name)
            }
        };
        if let Some(arn) = topic
            && let Some(topic) = self.topic(arn).await?
        {
            view.topics.insert(topic.arn.resource().to_owned(), topic);
        }
        if let Some(queue) = self.queue(&request.name).await? {
            view.queues.insert(request.name.clone(), queue);
        }
        view.buckets.insert(bucket.to_owned(), Ok(configuration));
        Ok(view)
    }

    /// Everything whose name begins as ours do, and the buckets that it is about.
    pub(super) async fn look_at_all(&self) -> Result<View, ResourceError> {
        let mut view = View::default();
        for url in self.queue_urls().await? {
            let Ok(parsed) = QueueUrl::parse(&url) else {
                continue;
            };
            let arn = self.queue_arn(&parsed);
            if let Some(tags) = self.queue_tags(&url, &arn).await? {
                let queue = Queue {
                    url,
                    arn,
                    policy: String::new(),
                    tags,
                };
                view.queues.insert(parsed.queue().to_owned(), queue);
            }
        }
        for arn in self.topics().await? {
            if has_prefix(arn.resource(), &self.prefix)
                && let Some(topic) = self.topic(arn).await?
            {
                view.topics.insert(topic.arn.resource().to_owned(), topic);
            }
        }
        for bucket in self.buckets(&view) {
            let configuration = self.configuration(&bucket).await?;
            let configuration = match configuration {
                // A bucket that is gone notifies nobody, and one of others is not asked.
                Err(failure) if failure.kind == Kind::Gone => continue,
                Err(failure) if failure.kind == Kind::Denied => Err(failure),
                Err(failure) => return Err(failure.resource(&self.bucket_arn(&bucket))),
                Ok(configuration) => Ok(configuration),
            };
            view.buckets.insert(bucket, configuration);
        }
        Ok(view)
    }

    /// The buckets that topics and queues say they are for, and the one that is watched.
    fn buckets(&self, view: &View) -> BTreeSet<String> {
        let policies = view
            .topics
            .values()
            .map(|topic| policy::sources(&topic.policy));
        let of_topics = policies.flatten().filter_map(|source| {
            let arn = Arn::parse(&source).ok()?;
            let bucket = arn.resource().to_owned();
            (arn.service() == "s3" && !bucket.contains(['*', '?', '/'])).then_some(bucket)
        });
        let paths = view
            .queues
            .values()
            .filter(|queue| queue.origin().is_some());
        let of_queues = paths.filter_map(|queue| bucket_of(queue.tags.get(PATH)?));
        let own = self
            .location
            .as_ref()
            .map(|location| location.container().to_owned());
        of_topics.chain(of_queues).chain(own).collect()
    }

    async fn queue_urls(&self) -> Result<Vec<String>, ResourceError> {
        let call = Call::sqs("ListQueues");
        let mut urls = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let list = self.connection.sqs.list_queues();
            let list = list.queue_name_prefix(format!("{}-", self.prefix));
            let list = list.max_results(QUEUES_PER_PAGE).set_next_token(token);
            let page = list.send().await;
            let page = page.map_err(|error| Failure::of(call, &error).resource("*"))?;
            urls.extend(page.queue_urls.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(urls);
            }
        }
        Err(too_many(call))
    }

    async fn topics(&self) -> Result<Vec<Arn>, ResourceError> {
        let call = Call::sns("ListTopics");
        let mut arns = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let list = self.connection.sns.list_topics().set_next_token(token);
            let page = list.send().await;
            let page = page.map_err(|error| Failure::of(call, &error).resource("*"))?;
            let topics = page.topics.unwrap_or_default().into_iter();
            arns.extend(topics.filter_map(|topic| Arn::parse(&topic.topic_arn?).ok()));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(arns);
            }
        }
        Err(too_many(call))
    }

    /// None when it is gone.
    async fn topic(&self, arn: Arn) -> Result<Option<Topic>, ResourceError> {
        let get = self
            .connection
            .sns
            .get_topic_attributes()
            .topic_arn(arn.as_str());
        let attributes = match get.send().await {
            Ok(output) => output.attributes.unwrap_or_default(),
            Err(error) => {
                let failure = Failure::of(Call::sns("GetTopicAttributes"), &error);
                return none_when_gone(failure, arn.as_str());
            }
        };
        let Some(subscriptions) = self.subscriptions(arn.as_str()).await? else {
            return Ok(None);
        };
        let text = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        Ok(Some(Topic {
            display_name: text("DisplayName"),
            policy: text("Policy"),
            subscriptions,
            arn,
        }))
    }

    async fn subscriptions(&self, topic: &str) -> Result<Option<Vec<Subscription>>, ResourceError> {
        let call = Call::sns("ListSubscriptionsByTopic");
        let mut subscriptions = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let list = self.connection.sns.list_subscriptions_by_topic();
            let page = match list.topic_arn(topic).set_next_token(token).send().await {
                Ok(page) => page,
                Err(error) => return none_when_gone(Failure::of(call, &error), topic),
            };
            for one in page.subscriptions.unwrap_or_default() {
                let arn = one.subscription_arn.unwrap_or_default();
                if arn == DELETED {
                    continue;
                }
                subscriptions.push(Subscription {
                    arn,
                    protocol: one.protocol.unwrap_or_default(),
                    endpoint: one.endpoint.unwrap_or_default(),
                });
            }
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(Some(subscriptions));
            }
        }
        Err(too_many(call))
    }

    /// The queue of this name with its policy; none when there is none.
    async fn queue(&self, name: &str) -> Result<Option<Queue>, ResourceError> {
        let unknown = Place::new(&self.connection.region, "*").queue(name);
        let get = self.connection.sqs.get_queue_url().queue_name(name);
        let url = match get.send().await {
            Ok(output) => output.queue_url.unwrap_or_default(),
            Err(error) => {
                let failure = Failure::of(Call::sqs("GetQueueUrl"), &error);
                return none_when_gone(failure, &unknown);
            }
        };
        let arn = QueueUrl::parse(&url).map_or(unknown, |url| self.queue_arn(&url));
        let Some(attributes) = self.queue_attributes(&url, &arn).await? else {
            return Ok(None);
        };
        let Some(tags) = self.queue_tags(&url, &arn).await? else {
            return Ok(None);
        };
        let (arn, policy) = attributes;
        Ok(Some(Queue {
            url,
            arn,
            policy,
            tags,
        }))
    }

    /// The ARN and the policy of a queue.
    pub(super) async fn queue_attributes(
        &self,
        url: &str,
        arn: &str,
    ) -> Result<Option<(String, String)>, ResourceError> {
        let names = vec![QueueAttributeName::QueueArn, QueueAttributeName::Policy];
        let get = self.connection.sqs.get_queue_attributes().queue_url(url);
        match get.set_attribute_names(Some(names)).send().await {
            Ok(output) => {
                let attributes = output.attributes.unwrap_or_default();
                let text = |name| attributes.get(&name).cloned();
                Ok(Some((
                    text(QueueAttributeName::QueueArn).unwrap_or_else(|| arn.to_owned()),
                    text(QueueAttributeName::Policy).unwrap_or_default(),
                )))
            }
            Err(error) => none_when_gone(Failure::of(Call::sqs("GetQueueAttributes"), &error), arn),
        }
    }

    async fn queue_tags(&self, url: &str, arn: &str) -> Result<Option<Tags>, ResourceError> {
        let list = self.connection.sqs.list_queue_tags().queue_url(url);
        match list.send().await {
            Ok(output) => {
                let pairs = output.tags.unwrap_or_default();
                Ok(Some(Tags::of_resource(Cloud::Aws, pairs)))
            }
            Err(error) => none_when_gone(Failure::of(Call::sqs("ListQueueTags"), &error), arn),
        }
    }

    fn queue_arn(&self, url: &QueueUrl) -> String {
        let region = url.region().unwrap_or(&self.connection.region);
        Place::new(region, url.account()).queue(url.queue())
    }
}

/// The bucket of a path that stands in a tag.
fn bucket_of(path: &str) -> Option<String> {
    let location = Location::parse(path).ok()?;
    (location.cloud() == Cloud::Aws).then(|| location.container().to_owned())
}

fn none_when_gone<T>(failure: Failure, resource: &str) -> Result<Option<T>, ResourceError> {
    if failure.is_gone() {
        Ok(None)
    } else {
        Err(failure.resource(resource))
    }
}

fn too_many(call: Call) -> ResourceError {
    let call = call.action();
    let pages = MAX_PAGES;
    refused("the account", AwsError::TooMany { call, pages })
}
