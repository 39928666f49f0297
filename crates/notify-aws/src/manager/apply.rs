//! The calls that change something.

use std::time::Duration;

use aws_sdk_sns::types::Tag;
use aws_sdk_sqs::types::QueueAttributeName;
use floe_notify::aws::bucket::Entry;
use floe_notify::aws::{Arn, Place, policy};
use floe_notify::clock::Clock;
use floe_notify::{Action, ResourceError, ResourceKind, Step};

use super::set_up::SetUp;
use super::view::{TOPIC_MARK, View};
use super::{CloudFilesAwsResourceManager, Request};
use crate::failure::{Call, Failure};

/// The name of a deleted queue is free again after 60 seconds ("DeleteQueue", Amazon SQS API
/// reference); what is asked for sooner is asked for again after a pause.
const REUSE_PAUSE: Duration = Duration::from_secs(10);
const REUSE_TRIES: u32 = 8;
/// A queue can be used a second after it was created ("CreateQueue", Amazon SQS API reference);
/// until it is seen, it is said not to be there.
const FRESH_PAUSE: Duration = Duration::from_secs(1);
const FRESH_TRIES: u32 = 6;
/// What new queues get: a consumer may be away for two weeks, the most that SQS keeps messages …
const RETENTION_SECONDS: &str = "1209600";
/// … and a batch may take five minutes before it is extended.
const VISIBILITY_SECONDS: &str = "300";

struct Target {
    url: String,
    arn: String,
}

impl CloudFilesAwsResourceManager {
    /// Takes the steps and returns the URL of the queue; none when somebody else has created
    /// something in between, so that the plan no longer fits.
    pub(super) async fn apply(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        view: &View,
        plan: &SetUp,
    ) -> Result<Option<String>, ResourceError> {
        let name = &plan.topic_name;
        let topic = match view.topics.get(name) {
            Some(topic) => topic.arn.clone(),
            None => match self.create_topic(request, name).await? {
                Some(arn) => arn,
                None => return Ok(None),
            },
        };
        if plan.topic_policy.is_change() {
            self.allow_bucket(request, &topic).await?;
        }
        let queue = match view.queues.get(&request.name) {
            Some(queue) => Target {
                url: queue.url.clone(),
                arn: queue.arn.clone(),
            },
            None => match self.create_queue(clock, request, &topic).await? {
                Some(queue) => queue,
                None => return Ok(None),
            },
        };
        if plan.queue_policy.is_change() {
            self.allow_topic(clock, &queue, &topic).await?;
        }
        if plan.subscription == Action::Create {
            self.subscribe(&queue, &topic).await?;
        }
        if plan.notification == Action::Create {
            let entry = Entry::topic(&request.entry_id(), topic.as_str(), &request.key_prefix);
            self.add_entry(clock, request.bucket(), &entry).await?;
        }
        Ok(Some(queue.url))
    }

    /// The display name is the mark: it is set by the same call, and the documented rights allow
    /// to read it, which they do not for tags.
    async fn create_topic(
        &self,
        request: &Request<'_>,
        name: &str,
    ) -> Result<Option<Arn>, ResourceError> {
        let tags = self.tags_of(request);
        let tags = tags
            .pairs()
            .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok());
        let create = self.connection.sns.create_topic().name(name);
        let create = create.attributes("DisplayName", format!("{TOPIC_MARK}{}", request.stream));
        let create = create.set_tags(Some(tags.collect()));
        match create.send().await {
            Ok(output) => Ok(output.topic_arn.and_then(|arn| Arn::parse(&arn).ok())),
            Err(error) => {
                let failure = Failure::of(Call::sns("CreateTopic"), &error);
                // The topic was not there when we looked.
                if failure.reason.contains("already exists with different") {
                    return Ok(None);
                }
                Err(failure.resource(&self.place().topic(name)))
            }
        }
    }

    async fn allow_bucket(&self, request: &Request<'_>, topic: &Arn) -> Result<(), ResourceError> {
        let place = Place::new(topic.region(), topic.account());
        let owner = self.same_account.then(|| topic.account());
        let name = topic.resource();
        let document = policy::topic(&place, &self.prefix, name, request.bucket(), owner);
        let set = self.connection.sns.set_topic_attributes();
        let set = set.topic_arn(topic.as_str()).attribute_name("Policy");
        let set = set.attribute_value(document.to_line()).send().await;
        let call = Call::sns("SetTopicAttributes");
        set.map_err(|error| Failure::of(call, &error).resource(topic.as_str()))?;
        Ok(())
    }

    async fn create_queue(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        topic: &Arn,
    ) -> Result<Option<Target>, ResourceError> {
        let name = &request.name;
        let arn = Place::new(topic.region(), topic.account()).queue(name);
        let tags = self.tags_of(request);
        for attempt in 1..=REUSE_TRIES {
            let tags = tags.pairs().map(|(k, v)| (k.to_owned(), v.to_owned()));
            let create = self.connection.sqs.create_queue().queue_name(name);
            let create = create
                .attributes(
                    QueueAttributeName::MessageRetentionPeriod,
                    RETENTION_SECONDS,
                )
                .attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_SECONDS)
                .set_tags(Some(tags.collect()));
            let failure = match create.send().await {
                Ok(output) => {
                    let url = output.queue_url.unwrap_or_default();
                    return Ok(Some(Target { url, arn }));
                }
                Err(error) => Failure::of(Call::sqs("CreateQueue"), &error),
            };
            let is = |code: &str| failure.code.ends_with(code);
            // The queue was not there when we looked.
            if is("QueueAlreadyExists") || is("QueueNameExists") {
                return Ok(None);
            }
            if !is("QueueDeletedRecently") || attempt == REUSE_TRIES {
                return Err(failure.resource(&arn));
            }
            clock.sleep(REUSE_PAUSE).await;
        }
        Ok(None)
    }

    async fn allow_topic(
        &self,
        clock: &dyn Clock,
        queue: &Target,
        topic: &Arn,
    ) -> Result<(), ResourceError> {
        let place = Place::new(topic.region(), topic.account());
        let name = queue.arn.rsplit(':').next().unwrap_or_default();
        let document = policy::queue(&place, name, topic.resource()).to_line();
        for attempt in 1..=FRESH_TRIES {
            let set = self.connection.sqs.set_queue_attributes();
            let set = set.queue_url(&queue.url);
            let set = set.attributes(QueueAttributeName::Policy, &document);
            let Err(error) = set.send().await else {
                break;
            };
            let failure = Failure::of(Call::sqs("SetQueueAttributes"), &error);
            if !failure.is_gone() || attempt == FRESH_TRIES {
                return Err(failure.resource(&queue.arn));
            }
            clock.sleep(FRESH_PAUSE).await;
        }
        Ok(())
    }

    /// Without attributes: a subscription that is there with others would be refused.
    async fn subscribe(&self, queue: &Target, topic: &Arn) -> Result<(), ResourceError> {
        let subscribe = self.connection.sns.subscribe().topic_arn(topic.as_str());
        let subscribe = subscribe.protocol("sqs").endpoint(&queue.arn).send().await;
        let call = Call::sns("Subscribe");
        subscribe.map_err(|error| Failure::of(call, &error).resource(topic.as_str()))?;
        Ok(())
    }

    /// Takes one step of a tear-down; what is gone already is fine.
    pub(super) async fn delete(
        &self,
        clock: &dyn Clock,
        view: &View,
        step: &Step,
    ) -> Result<(), ResourceError> {
        let name = step.name();
        match step.kind() {
            ResourceKind::Notification => match name.split_once('/') {
                Some((bucket, id)) => self.remove_entry(clock, bucket, id).await,
                None => Ok(()),
            },
            ResourceKind::Subscription => self.unsubscribe(view, name).await,
            ResourceKind::Topic => match view.topics.get(name) {
                Some(topic) => self.delete_topic(topic.arn.as_str()).await,
                None => Ok(()),
            },
            ResourceKind::Queue => match view.queues.get(name) {
                Some(queue) => self.delete_queue(&queue.url, &queue.arn).await,
                None => Ok(()),
            },
            // Policies go with what they are of; nothing else is in these plans.
            _ => Ok(()),
        }
    }

    async fn unsubscribe(&self, view: &View, name: &str) -> Result<(), ResourceError> {
        // What waits for its confirmation has no ARN yet, and what is deleted none any more.
        let known = view.subscription(name);
        let Some(subscription) = known.filter(|one| one.arn.starts_with("arn:")) else {
            return Ok(());
        };
        let sns = &self.connection.sns;
        let request = sns.unsubscribe().subscription_arn(&subscription.arn);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let failure = Failure::of(Call::sns("Unsubscribe"), &error);
                fine_when_gone(failure, &subscription.arn)
            }
        }
    }

    async fn delete_topic(&self, arn: &str) -> Result<(), ResourceError> {
        match self
            .connection
            .sns
            .delete_topic()
            .topic_arn(arn)
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => fine_when_gone(Failure::of(Call::sns("DeleteTopic"), &error), arn),
        }
    }

    async fn delete_queue(&self, url: &str, arn: &str) -> Result<(), ResourceError> {
        match self
            .connection
            .sqs
            .delete_queue()
            .queue_url(url)
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => fine_when_gone(Failure::of(Call::sqs("DeleteQueue"), &error), arn),
        }
    }

    /// Where the account is not known yet.
    fn place(&self) -> Place {
        Place::new(&self.connection.region, "*")
    }
}

fn fine_when_gone(failure: Failure, resource: &str) -> Result<(), ResourceError> {
    if failure.is_gone() {
        Ok(())
    } else {
        Err(failure.resource(resource))
    }
}
