//! The reference of [`ResourceManager`], over a cloud in memory.

use std::collections::BTreeMap;

use super::cloud::tags::Tags;
use super::cloud::{Entry, MemoryCloud, PREFIX, Subscription, World, new_queue};
use crate::clock::Clock;
use crate::{
    Action, BoxFuture, NotificationService, Plan, QueueId, ResourceError, ResourceKind,
    ResourceManager, Step, StreamId, TearDown,
};

mod list;
mod set_up;
mod tear_down;

use set_up::Request;

/// Most characters of a suffix: what is left of the 80 of an SQS queue's name.
const MAX_SUFFIX_CHARS: usize = 80 - PREFIX.len() - 1;

/// How often a configuration is written before somebody else's writes are given way to.
const MAX_WRITES: u32 = 5;

/// A resource manager over a [`MemoryCloud`], which makes it.
///
/// ```
/// use floe_notify::{ResourceError, ResourceManager, StreamId};
/// use floe_notify::{clock::ManualClock, memory::MemoryCloud};
/// let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
/// cloud.put_foreign_entry("bucket", "thumbnails", "in/images/", "lambda:resize");
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
/// let manager = cloud.manager("bucket", "in/");
/// let plan = clock.run(manager.plan_set_up(&clock, &stream, "orders")).unwrap();
/// assert!(matches!(plan, Err(ResourceError::Conflicts { conflicts }) if conflicts.len() == 1));
/// ```
#[derive(Clone, Debug)]
pub struct MemoryResourceManager {
    cloud: MemoryCloud,
    path: Option<(String, String)>,
}

/// What a manager sees of the cloud when it looks.
struct View {
    /// With their buckets.
    entries: Vec<(String, Entry)>,
    topics: BTreeMap<String, Tags>,
    subscriptions: BTreeMap<String, Subscription>,
    queues: BTreeMap<String, Tags>,
}

impl MemoryResourceManager {
    pub(super) fn new(cloud: MemoryCloud, path: Option<(String, String)>) -> Self {
        Self { cloud, path }
    }

    fn request<'a>(
        &'a self,
        stream: &'a StreamId,
        suffix: &str,
    ) -> Result<Request<'a>, ResourceError> {
        let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if suffix.is_empty() || suffix.len() > MAX_SUFFIX_CHARS || !suffix.bytes().all(is_taken) {
            return Err(ResourceError::UnsuitableSuffix {
                suffix: suffix.to_owned(),
                manager: self.name().to_owned(),
                rule: format!("use 1 to {MAX_SUFFIX_CHARS} letters, digits, '-' or '_'"),
            });
        }
        let (bucket, prefix) = self.path.as_ref().ok_or(ResourceError::NoPath)?;
        Ok(Request {
            bucket,
            prefix,
            stream,
            suffix: suffix.to_owned(),
        })
    }

    /// Four calls, as a real cloud needs; others may come in between.
    async fn look(&self) -> Result<View, ResourceError> {
        let buckets = self.cloud.call(|world| world.buckets.clone()).await?;
        let with_bucket = |(bucket, entries): (String, Vec<Entry>)| {
            let add_bucket = move |entry| (bucket.clone(), entry);
            entries.into_iter().map(add_bucket)
        };
        let queue_tags = |world: &mut World| {
            let queues = world.queues.iter();
            let queues = queues.map(|(name, one)| (name.clone(), one.tags.clone()));
            queues.collect()
        };
        Ok(View {
            entries: buckets.into_iter().flat_map(with_bucket).collect(),
            topics: self.cloud.call(|world| world.topics.clone()).await?,
            subscriptions: self.cloud.call(|world| world.subscriptions.clone()).await?,
            queues: self.cloud.call(queue_tags).await?,
        })
    }

    async fn create(
        &self,
        request: &Request<'_>,
        topic: &str,
        step: &Step,
    ) -> Result<(), ResourceError> {
        let tags = Tags::of_floe(request.stream, &request.path());
        let name = step.name();
        match step.kind() {
            ResourceKind::Topic => {
                let create = |world: &mut World| {
                    world.topics.entry(name.to_owned()).or_insert(tags);
                };
                self.cloud.call(create).await
            }
            ResourceKind::Queue => {
                let create = |world: &mut World| {
                    let queue = || new_queue(name, tags);
                    world.queues.entry(name.to_owned()).or_insert_with(queue);
                };
                self.cloud.call(create).await
            }
            ResourceKind::Subscription => {
                let queue = request.name();
                let subscribe = |world: &mut World| world.subscribe(topic, &queue, tags);
                self.cloud.call(subscribe).await
            }
            ResourceKind::Notification => {
                let entry = request.entry(topic);
                let add = |entries: &mut Vec<Entry>| entries.push(entry.clone());
                self.reconfigure(request.bucket, add).await
            }
            ResourceKind::Policy => Ok(()),
        }
    }

    async fn delete(&self, step: &Step) -> Result<(), ResourceError> {
        let name = step.name();
        match step.kind() {
            ResourceKind::Notification => {
                let Some((bucket, id)) = name.split_once('/') else {
                    return Ok(());
                };
                let _locked = self.cloud.lock_bucket(bucket).await;
                let remove = |entries: &mut Vec<Entry>| entries.retain(|entry| entry.id != id);
                self.reconfigure(bucket, remove).await
            }
            kind => {
                let delete = |world: &mut World| world.delete(kind, name);
                self.cloud.call(delete).await
            }
        }
    }

    /// Reads the configuration of a bucket, changes it, replaces the whole of it and looks again.
    async fn reconfigure(
        &self,
        bucket: &str,
        change: impl Fn(&mut Vec<Entry>),
    ) -> Result<(), ResourceError> {
        for _ in 0..MAX_WRITES {
            let read = |world: &mut World| world.buckets.get(bucket).cloned().unwrap_or_default();
            let mut wanted = self.cloud.call(read).await?;
            change(&mut wanted);
            let put = |world: &mut World| world.put_configuration(bucket, wanted.clone());
            self.cloud.call(put).await?;
            if self.cloud.call(read).await? == wanted {
                return Ok(());
            }
        }
        Err(ResourceError::LostRace {
            resource: format!("the notification configuration of bucket {bucket}"),
            attempts: MAX_WRITES,
        })
    }
}

impl ResourceManager for MemoryResourceManager {
    fn name(&self) -> &str {
        "memory"
    }

    fn plan_set_up<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let request = self.request(stream, suffix)?;
            let (_, steps) = set_up::steps(&self.look().await?, &request)?;
            Ok(Plan::new(steps))
        })
    }

    fn set_up_notification_services<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<QueueId, ResourceError>> {
        Box::pin(async move {
            let request = self.request(stream, suffix)?;
            // Looking and changing are one thing, or two set-ups would both see nothing.
            let _locked = self.cloud.lock_bucket(request.bucket).await;
            let (topic, steps) = set_up::steps(&self.look().await?, &request)?;
            for step in steps.iter().filter(|step| step.action() == Action::Create) {
                self.create(&request, &topic, step).await?;
            }
            Ok(QueueId::from_valid(request.name()))
        })
    }

    fn list_notification_services<'a>(
        &'a self,
        _clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>> {
        Box::pin(async move { Ok(list::services(&self.look().await?)) })
    }

    fn plan_tear_down<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let steps = tear_down::steps(&self.look().await?, stream, scope);
            Ok(Plan::new(steps))
        })
    }

    fn tear_down_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let plan = self.plan_tear_down(clock, stream, scope).await?;
            for step in plan.with(Action::Delete) {
                self.delete(step).await?;
            }
            Ok(plan)
        })
    }
}

impl World {
    fn put_configuration(&mut self, bucket: &str, entries: Vec<Entry>) {
        if self.rivals > 0 {
            // The rival read before and writes after: what is put here is gone at once.
            self.rivals -= 1;
            return;
        }
        self.buckets.insert(bucket.to_owned(), entries);
        self.buckets.retain(|_, entries| !entries.is_empty());
    }

    fn delete(&mut self, kind: ResourceKind, name: &str) {
        match kind {
            ResourceKind::Topic => {
                self.topics.remove(name);
            }
            ResourceKind::Subscription => {
                self.subscriptions.remove(name);
            }
            ResourceKind::Queue => {
                if let Some(queue) = self.queues.remove(name) {
                    queue.queue.delete();
                }
            }
            ResourceKind::Notification | ResourceKind::Policy => {}
        }
    }
}
