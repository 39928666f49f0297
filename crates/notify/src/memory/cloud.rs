//! A cloud in memory: buckets that notify, topics, subscriptions and queues.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use super::{MemoryQueue, MemoryResourceManager};
use crate::clock::Clock;
use crate::{Bell, Message, QueueId, QueueProperties, ResourceError, StreamId};

pub(super) mod tags;

use tags::Tags;

/// The prefix of all names, as on AWS and GCP ("Auto Loader file notification mode").
pub(super) const PREFIX: &str = "databricks-auto-ingest";

/// A cloud in memory, with everything that a file event passes through.
///
/// A clone is the same cloud. Every call of a resource manager yields once, so that several that
/// run at the same time interleave, and a set-up can be dropped between any two calls.
///
/// ```
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryCloud;
/// use floe_notify::{EventQueue, ResourceManager, StreamId};
/// let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
/// let manager = cloud.manager("bucket", "in/");
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
/// let set_up = manager.set_up_notification_services(&clock, &stream, "orders");
/// let id = clock.run(set_up).unwrap().unwrap();
///
/// cloud.put_object(&clock, "bucket", "in/2026/a b.csv", 7);
/// let queue = cloud.queue(&id).unwrap();
/// let got = clock.run(queue.receive(&clock, 10, Default::default())).unwrap().unwrap();
/// let body = String::from_utf8_lossy(got[0].message().body());
/// assert!(body.contains(r#""key":"in/2026/a+b.csv""#), "{body}");
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryCloud {
    pub(super) world: Arc<Mutex<World>>,
    /// Rings when a bucket is unlocked.
    bell: Bell,
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) buckets: BTreeMap<String, Vec<Entry>>,
    pub(super) topics: BTreeMap<String, Tags>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    pub(super) queues: BTreeMap<String, Queue>,
    locked: BTreeSet<String>,
    calls_left: Option<u32>,
    pub(super) rivals: u32,
    objects: u64,
}

/// One entry of the notification configuration of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) prefix: String,
    /// A topic, or for foreign entries anything.
    pub(super) destination: String,
}

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) topic: String,
    pub(super) queue: String,
    pub(super) tags: Tags,
}

#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) queue: MemoryQueue,
    pub(super) tags: Tags,
}

impl MemoryCloud {
    /// Makes a resource manager for the files of `bucket` whose keys begin with `prefix`.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, memory::MemoryCloud};
    /// assert_eq!(MemoryCloud::default().manager("bucket", "in/").name(), "memory");
    /// ```
    #[must_use]
    pub fn manager(&self, bucket: &str, prefix: &str) -> MemoryResourceManager {
        MemoryResourceManager::new(self.clone(), Some((bucket.to_owned(), prefix.to_owned())))
    }

    /// Makes a resource manager that was given no path: it lists and tears down.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, clock::ManualClock, memory::MemoryCloud};
    /// let (clock, manager) = (ManualClock::default(), MemoryCloud::default().lister());
    /// let list = clock.run(manager.list_notification_services(&clock)).unwrap();
    /// assert_eq!(list.unwrap(), []);
    /// ```
    #[must_use]
    pub fn lister(&self) -> MemoryResourceManager {
        MemoryResourceManager::new(self.clone(), None)
    }

    /// Lets a file land: everybody who watches its key gets an event in the form that S3 sends.
    ///
    /// ```
    /// use floe_notify::{clock::ManualClock, memory::MemoryCloud};
    /// let reached = MemoryCloud::default().put_object(&ManualClock::default(), "b", "k", 0);
    /// assert_eq!(reached, 0, "nobody watches");
    /// ```
    pub fn put_object(&self, clock: &dyn Clock, bucket: &str, key: &str, size: u64) -> usize {
        let (queues, body) = {
            let mut world = self.lock();
            world.objects += 1;
            let body = event(clock, bucket, key, size, world.objects);
            (world.queues_of(bucket, key), body)
        };
        for queue in &queues {
            queue.send(clock, Message::new(body.clone()));
        }
        queues.len()
    }

    /// Opens a queue of this cloud.
    ///
    /// ```
    /// use floe_notify::{QueueId, memory::MemoryCloud};
    /// assert!(MemoryCloud::default().queue(&QueueId::new("q")?).is_none());
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn queue(&self, id: &QueueId) -> Option<MemoryQueue> {
        let world = self.lock();
        Some(world.queues.get(id.as_str())?.queue.clone())
    }

    /// Adds an entry to a bucket's configuration that has nothing to do with file ingestion.
    ///
    /// ```
    /// use floe_notify::memory::MemoryCloud;
    /// let cloud = MemoryCloud::default();
    /// cloud.put_foreign_entry("bucket", "thumbnails", "images/", "lambda:resize");
    /// let all = cloud.everything();
    /// assert_eq!(all["bucket/thumbnails"], "images/ -> lambda:resize");
    /// ```
    pub fn put_foreign_entry(&self, bucket: &str, id: &str, prefix: &str, destination: &str) {
        let entry = Entry {
            id: id.to_owned(),
            prefix: prefix.to_owned(),
            destination: destination.to_owned(),
        };
        let mut world = self.lock();
        world
            .buckets
            .entry(bucket.to_owned())
            .or_default()
            .push(entry);
    }

    /// Makes what Auto Loader leaves behind for one of its own streams.
    ///
    /// ```
    /// use floe_notify::{StreamId, memory::MemoryCloud};
    /// let cloud = MemoryCloud::default();
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
    /// cloud.put_original("bucket", "in/", "trades", &stream);
    /// assert!(cloud.everything().contains_key("queue databricks-auto-ingest-trades"));
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    pub fn put_original(&self, bucket: &str, prefix: &str, suffix: &str, stream: &StreamId) {
        let name = format!("{PREFIX}-{suffix}");
        self.put_foreign_entry(bucket, &name, prefix, &name);
        let tags = Tags::of_original(stream, &format!("{bucket}/{prefix}"));
        let mut world = self.lock();
        world.topics.insert(name.clone(), tags.clone());
        world.subscribe(&name, &name, tags.clone());
        world.queues.insert(name.clone(), new_queue(&name, tags));
    }

    /// Returns everything there is, as name and description, to compare before and after.
    ///
    /// ```
    /// assert!(floe_notify::memory::MemoryCloud::default().everything().is_empty());
    /// ```
    #[must_use]
    pub fn everything(&self) -> BTreeMap<String, String> {
        let world = self.lock();
        let entries = world.buckets.iter().flat_map(|(bucket, entries)| {
            let describe = move |entry: &Entry| {
                let description = format!("{} -> {}", entry.prefix, entry.destination);
                (format!("{bucket}/{}", entry.id), description)
            };
            entries.iter().map(describe)
        });
        let topics = world.topics.iter();
        let topics = topics.map(|(name, tags)| (format!("topic {name}"), tags.to_string()));
        let subscriptions = world.subscriptions.iter();
        let subscriptions =
            subscriptions.map(|(name, one)| (format!("subscription {name}"), one.tags.to_string()));
        let queues = world.queues.iter();
        let queues = queues.map(|(name, one)| (format!("queue {name}"), one.tags.to_string()));
        entries
            .chain(topics)
            .chain(subscriptions)
            .chain(queues)
            .collect()
    }

    /// Lets the cloud answer so many calls of resource managers more, and then fail all of them;
    /// `None` lets it answer for ever.
    ///
    /// ```
    /// use floe_notify::{ResourceManager, clock::ManualClock, memory::MemoryCloud};
    /// let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    /// let manager = cloud.lister();
    /// cloud.fail_after(Some(0));
    /// let list = clock.run(manager.list_notification_services(&clock)).unwrap();
    /// assert!(list.unwrap_err().is_retryable());
    /// cloud.fail_after(None);
    /// assert!(clock.run(manager.list_notification_services(&clock)).unwrap().is_ok());
    /// ```
    pub fn fail_after(&self, calls: Option<u32>) {
        self.lock().calls_left = calls;
    }

    /// Lets another program, somewhere else, put back the configuration that it read before, the
    /// next so many times that a resource manager has replaced it.
    ///
    /// ```
    /// use floe_notify::{ResourceError, ResourceManager, StreamId};
    /// use floe_notify::{clock::ManualClock, memory::MemoryCloud};
    /// let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    /// cloud.set_rivals(u32::MAX);
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap();
    /// let manager = cloud.manager("bucket", "in/");
    /// let set_up = manager.set_up_notification_services(&clock, &stream, "orders");
    /// let error = clock.run(set_up).unwrap().unwrap_err();
    /// assert!(matches!(error, ResourceError::LostRace { .. }));
    /// ```
    pub fn set_rivals(&self, times: u32) {
        self.lock().rivals = times;
    }

    /// One call: others get their turn first, then it is done, unless the cloud fails.
    pub(super) async fn call<T>(
        &self,
        call: impl FnOnce(&mut World) -> T,
    ) -> Result<T, ResourceError> {
        let mut others_ran = false;
        poll_fn(|context| {
            if std::mem::replace(&mut others_ran, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        let mut world = self.lock();
        match world.calls_left.as_mut() {
            Some(0) => Err(ResourceError::Unavailable {
                service: "the cloud in memory".to_owned(),
                reason: "a simulated failure".to_owned(),
            }),
            Some(left) => {
                *left -= 1;
                Ok(call(&mut world))
            }
            None => Ok(call(&mut world)),
        }
    }

    /// Waits until nobody else changes the configuration of this bucket.
    pub(super) async fn lock_bucket(&self, bucket: &str) -> Locked<'_> {
        loop {
            let seen = self.bell.rung();
            if self.lock().locked.insert(bucket.to_owned()) {
                let bucket = bucket.to_owned();
                return Locked {
                    cloud: self,
                    bucket,
                };
            }
            self.bell.wait(seen, Box::pin(std::future::pending())).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        // Nothing panics while the lock is held, so a poisoned state is still a whole one.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to change the configuration of a bucket, among the managers of one process.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    cloud: &'a MemoryCloud,
    bucket: String,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.cloud.lock().locked.remove(&self.bucket);
        self.cloud.bell.ring();
    }
}

impl World {
    pub(super) fn subscribe(&mut self, topic: &str, queue: &str, tags: Tags) {
        let subscription = Subscription {
            topic: topic.to_owned(),
            queue: queue.to_owned(),
            tags,
        };
        self.subscriptions
            .insert(format!("{topic}>{queue}"), subscription);
    }

    fn queues_of(&self, bucket: &str, key: &str) -> Vec<MemoryQueue> {
        let entries = self.buckets.get(bucket).map_or(&[][..], Vec::as_slice);
        let watching = entries
            .iter()
            .filter(|entry| key.starts_with(&entry.prefix));
        let topics = watching.filter(|entry| self.topics.contains_key(&entry.destination));
        let subscriptions = topics.flat_map(|entry| {
            let all = self.subscriptions.values();
            all.filter(|one| one.topic == entry.destination)
        });
        let queues = subscriptions.filter_map(|one| self.queues.get(&one.queue));
        queues.map(|one| one.queue.clone()).collect()
    }
}

/// A queue with the limits that are recommended for file events: five minutes and 14 days.
pub(super) fn new_queue(name: &str, tags: Tags) -> Queue {
    const VISIBILITY: Duration = Duration::from_secs(300);
    const RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);
    let properties = QueueProperties::new(VISIBILITY, 10).with_retention(RETENTION);
    Queue {
        queue: MemoryQueue::new(QueueId::from_valid(name), properties),
        tags,
    }
}

/// An event as S3 sends it ("Event message structure", Amazon S3 User Guide).
fn event(clock: &dyn Clock, bucket: &str, key: &str, size: u64, number: u64) -> String {
    let object = serde_json::json!({
        "key": form_encoded(key),
        "size": size,
        "sequencer": format!("{number:018X}"),
    });
    let record = serde_json::json!({
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": clock.now().to_string(),
        "eventName": "ObjectCreated:Put",
        "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": bucket }, "object": object },
    });
    serde_json::json!({ "Records": [record] }).to_string()
}

/// Keys in events are encoded as forms are, but for the slashes.
fn form_encoded(key: &str) -> String {
    let encode = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    key.bytes().map(encode).collect()
}
