//! The notification configuration of a bucket: read, changed, written, and read again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use aws_config::retry::RetryConfig;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    EventBridgeConfiguration, FilterRule as S3Rule, FilterRuleName, LambdaFunctionConfiguration,
    NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter,
    TopicConfiguration,
};
use floe_notify::ResourceError;
use floe_notify::aws::bucket::{
    BucketConfiguration, BucketError, Change, DestinationKind, Entry, Held,
};
use floe_notify::aws::{FilterRule, FilterSide, Place};
use floe_notify::clock::Clock;
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use super::{CloudFilesAwsResourceManager, refused};
use crate::AwsError;
use crate::failure::{Call, Failure};
use patience::{MAX_READS, MAX_WRITES, Patience};

mod patience;

/// A configuration, with what it was read from.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) entries: BucketConfiguration<Payload>,
    event_bridge: Option<EventBridgeConfiguration>,
}

/// One entry as the SDK hands it out.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Topic(TopicConfiguration),
    Queue(QueueConfiguration),
    Lambda(LambdaFunctionConfiguration),
}

impl Configuration {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.entries().iter().map(|held| &held.entry)
    }

    fn with(&self, entries: BucketConfiguration<Payload>) -> Self {
        Self {
            entries,
            event_bridge: self.event_bridge.clone(),
        }
    }

    /// With this entry added; none when it is there.
    fn adding(&self, ours: &Entry) -> Result<Option<Self>, BucketError> {
        Ok(match self.entries.merge(ours)? {
            Change::Unchanged => None,
            Change::Write(entries) => Some(self.with(entries)),
        })
    }

    /// Without the entry of this id; none when it is not there.
    fn removing(&self, id: &str) -> Option<Self> {
        let mut entries = self.entries.entries().to_vec();
        let before = entries.len();
        entries.retain(|held| held.entry.name() != id);
        (entries.len() < before).then(|| self.with(BucketConfiguration::new(entries)))
    }

    fn to_sdk(&self) -> Result<NotificationConfiguration, BuildError> {
        let mut builder = NotificationConfiguration::builder();
        for held in self.entries.entries() {
            builder = match &held.payload {
                Some(Payload::Topic(topic)) => builder.topic_configurations(topic.clone()),
                Some(Payload::Queue(queue)) => builder.queue_configurations(queue.clone()),
                Some(Payload::Lambda(one)) => builder.lambda_function_configurations(one.clone()),
                None => builder.topic_configurations(topic_of(&held.entry)?),
            };
        }
        Ok(builder
            .set_event_bridge_configuration(self.event_bridge.clone())
            .build())
    }
}

/// An entry of ours; those are about topics.
fn topic_of(entry: &Entry) -> Result<TopicConfiguration, BuildError> {
    let rules = entry.rules.iter().map(|rule| {
        let name = match rule.side() {
            FilterSide::Prefix => FilterRuleName::Prefix,
            FilterSide::Suffix => FilterRuleName::Suffix,
        };
        S3Rule::builder().name(name).value(rule.value()).build()
    });
    let rules: Vec<S3Rule> = rules.collect();
    let filter = (!rules.is_empty()).then(|| {
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        NotificationConfigurationFilter::builder().key(key).build()
    });
    let events = entry.events.iter().map(|event| event.as_str().into());
    TopicConfiguration::builder()
        .set_id(entry.id.clone())
        .topic_arn(&entry.arn)
        .set_events(Some(events.collect()))
        .set_filter(filter)
        .build()
}

fn held(
    kind: DestinationKind,
    (id, arn): (Option<String>, &str),
    events: &[aws_sdk_s3::types::Event],
    filter: Option<&NotificationConfigurationFilter>,
    payload: Payload,
) -> Result<Held<Payload>, BucketError> {
    let key = filter.and_then(NotificationConfigurationFilter::key);
    let rules = key.map(S3KeyFilter::filter_rules).unwrap_or_default();
    let rules = rules.iter().map(|rule| {
        let name = rule.name().map(FilterRuleName::as_str).unwrap_or_default();
        let side = FilterSide::parse(name).ok_or_else(|| BucketError::Unreadable {
            reason: format!("it has a filter on the '{name}' of a key"),
        })?;
        let value = rule.value().unwrap_or_default();
        Ok(FilterRule::of_configuration(side, value))
    });
    let entry = Entry {
        id,
        kind,
        arn: arn.to_owned(),
        events: events
            .iter()
            .map(|event| event.as_str().to_owned())
            .collect(),
        rules: rules.collect::<Result<_, BucketError>>()?,
    };
    Ok(Held {
        entry,
        payload: Some(payload),
    })
}

type Locks = Mutex<BTreeMap<String, Weak<Turns<()>>>>;

impl CloudFilesAwsResourceManager {
    /// Waits until nobody else in this process changes the bucket.
    pub(super) async fn turn(&self, bucket: &str) -> OwnedMutexGuard<()> {
        static LOCKS: OnceLock<Locks> = OnceLock::new();
        let key = format!("{} {bucket}", self.connection.world);
        let turns = {
            let locks = LOCKS.get_or_init(Locks::default);
            // Nothing panics while the lock is held, so a poisoned map is still a whole one.
            let mut locks = locks.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, turns| turns.strong_count() > 0);
            let known = locks.get(&key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turns = Arc::new(Turns::new(()));
                locks.insert(key, Arc::downgrade(&turns));
                turns
            })
        };
        turns.lock_owned().await
    }

    /// Reads the configuration of a bucket.
    pub(super) async fn configuration(
        &self,
        bucket: &str,
    ) -> Result<Result<Configuration, Failure>, ResourceError> {
        let call = Call::s3("GetBucketNotificationConfiguration");
        let s3 = &self.connection.s3;
        let request = s3.get_bucket_notification_configuration().bucket(bucket);
        let read = match request.send().await {
            Ok(read) => read,
            Err(error) => return Ok(Err(Failure::of(call, &error))),
        };
        let unreadable = |error: BucketError| refused(&self.bucket_arn(bucket), error.into());
        let mut entries = Vec::new();
        for one in read.topic_configurations.unwrap_or_default() {
            let (name, payload) = (
                (one.id.clone(), &*one.topic_arn),
                Payload::Topic(one.clone()),
            );
            let kind = DestinationKind::Topic;
            let held = held(kind, name, one.events(), one.filter(), payload);
            entries.push(held.map_err(unreadable)?);
        }
        for one in read.queue_configurations.unwrap_or_default() {
            let (name, payload) = (
                (one.id.clone(), &*one.queue_arn),
                Payload::Queue(one.clone()),
            );
            let kind = DestinationKind::Queue;
            let held = held(kind, name, one.events(), one.filter(), payload);
            entries.push(held.map_err(unreadable)?);
        }
        for one in read.lambda_function_configurations.unwrap_or_default() {
            let name = (one.id.clone(), &*one.lambda_function_arn);
            let (kind, payload) = (DestinationKind::Lambda, Payload::Lambda(one.clone()));
            let held = held(kind, name, one.events(), one.filter(), payload);
            entries.push(held.map_err(unreadable)?);
        }
        Ok(Ok(Configuration {
            entries: BucketConfiguration::new(entries),
            event_bridge: read.event_bridge_configuration,
        }))
    }

    pub(super) async fn add_entry(
        &self,
        clock: &dyn Clock,
        bucket: &str,
        entry: &Entry,
    ) -> Result<(), ResourceError> {
        let arn = self.bucket_arn(bucket);
        self.reconfigure(clock, bucket, |now| {
            now.adding(entry)
                .map_err(|error| refused(&arn, error.into()))
        })
        .await
    }

    pub(super) async fn remove_entry(
        &self,
        clock: &dyn Clock,
        bucket: &str,
        id: &str,
    ) -> Result<(), ResourceError> {
        let _turn = self.turn(bucket).await;
        self.reconfigure(clock, bucket, |now| Ok(now.removing(id)))
            .await
    }

    /// Until the change is seen to be there, twice.
    ///
    /// What is written is always what was read a moment ago: after each refusal and each pause the
    /// configuration is read again, because S3 would take an old one and forget what others have
    /// added since.
    async fn reconfigure(
        &self,
        clock: &dyn Clock,
        bucket: &str,
        change: impl Fn(&Configuration) -> Result<Option<Configuration>, ResourceError>,
    ) -> Result<(), ResourceError> {
        let arn = self.bucket_arn(bucket);
        let mut patience = Patience::default();
        for _ in 0..MAX_READS {
            let now = self.configuration(bucket).await?;
            let now = now.map_err(|failure| failure.resource(&arn))?;
            let Some(wanted) = change(&now)? else {
                match patience.seen() {
                    None => return Ok(()),
                    Some(pause) => clock.sleep(pause).await,
                }
                continue;
            };
            if !patience.may_write() {
                break;
            }
            if let Err(failure) = self.write(bucket, &wanted).await? {
                match patience.pause(&failure) {
                    None => return Err(failure.resource(&arn)),
                    Some(pause) => clock.sleep(pause).await,
                }
            }
        }
        Err(ResourceError::LostRace {
            resource: format!("the notification configuration of bucket {bucket}"),
            attempts: MAX_WRITES,
        })
    }

    /// Writes once: the client's own repetitions would send what was read before their pauses.
    async fn write(
        &self,
        bucket: &str,
        wanted: &Configuration,
    ) -> Result<Result<(), Failure>, ResourceError> {
        let configuration = wanted.to_sdk().map_err(|error| {
            let reason = error.to_string();
            let error = AwsError::Bucket(BucketError::Unreadable { reason });
            refused(&self.bucket_arn(bucket), error)
        })?;
        let once = aws_sdk_s3::config::Builder::new().retry_config(RetryConfig::disabled());
        let put = self.connection.s3.put_bucket_notification_configuration();
        let put = put.bucket(bucket).notification_configuration(configuration);
        let sent = put.customize().config_override(once).send().await;
        let call = Call::s3("PutBucketNotificationConfiguration");
        Ok(sent.map(|_| ()).map_err(|error| Failure::of(call, &error)))
    }

    pub(super) fn bucket_arn(&self, bucket: &str) -> String {
        Place::new(&self.connection.region, "").bucket(bucket)
    }
}
