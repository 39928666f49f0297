//! The resource manager of Google Cloud.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::gcp::{self, NotificationConfig};
use floe_notify::{
    Action, BoxFuture, Cloud, Location, MARK, MARK_VALUE, NotificationService, Plan, QueueError,
    QueueId, ResourceError, ResourceManager, ResourceName, STREAM_ID, StreamId, StreamTags, Tags,
    TearDown,
};

use crate::connection::Connection;
use crate::{GcpError, GcpManagerBuilder, PubSubQueue};

mod apply;
mod bucket;
mod list;
mod look;
mod policy;
mod set_up;
mod tear_down;
mod turns;
mod view;

pub(crate) use view::BUCKET_LABEL;

/// How often set-up looks again, when somebody else creates what it was about to create.
const MAX_LOOKS: u32 = 4;
/// How long it waits before each further look: what was created may take a moment to be seen.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// Sets up, lists and tears down what brings events of a bucket into a subscription of Pub/Sub: a
/// notification configuration of the bucket, a topic that Cloud Storage may publish to, and the
/// subscription.
///
/// # Expected flow
/// As [`ResourceManager`] says. The queue is the subscription, named without its project.
///
/// # Guarantees
/// - What is created carries its mark in the very call that creates it: a topic and a subscription
///   as labels, a configuration of the bucket as attributes of its messages, `floe` and `streamId`.
/// - Up to ten topics of one bucket each have a configuration; beyond, where Cloud Storage takes
///   no more for one event, the subscription is made on a topic that is told of the files already.
/// - A policy is read, changed and written back with its `etag`, everything else in it untouched,
///   and only that of a topic that this system created.
/// - Subscriptions are created so that they never expire, and keep messages for 31 days.
///
/// # Caveats
/// - The documented permissions do not include `pubsub.topics.getIamPolicy` and `setIamPolicy`.
///   Without them, or where a policy of the project lets the service agent of Cloud Storage
///   publish, topics are left as they are; when Cloud Storage then refuses, the error says what is
///   missing.
/// - A subscription that others made may expire after 31 days without a consumer, which is the
///   default of Pub/Sub; its messages are gone then.
/// - Names with `%`, which Pub/Sub takes, are refused: Google's client for Rust cannot send them.
/// - A shared topic tells of more than one stream watches; whoever reads the queue leaves out what
///   is not below its path.
///
/// ```no_run
/// use floe_notify::{ResourceManager, StreamId, clock::Clock};
/// use floe_notify_gcp::CloudFilesGcpResourceManager;
/// # async fn example(clock: &dyn Clock) -> Result<(), Box<dyn std::error::Error>> {
/// let manager = CloudFilesGcpResourceManager::new_manager()
///     .option("cloudFiles.projectId", "acme")
///     .option("path", "gs://landing/orders/")
///     .create()
///     .await?;
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// let queue = manager.set_up_notification_services(clock, &stream, "orders").await?;
/// assert_eq!(queue.as_str(), "databricks-auto-ingest-orders");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CloudFilesGcpResourceManager {
    pub(crate) connection: Connection,
    pub(crate) location: Option<Location>,
    pub(crate) prefix: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl fmt::Debug for CloudFilesGcpResourceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudFilesGcpResourceManager")
            .field("project", &self.connection.project)
            .field("location", &self.location)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl CloudFilesGcpResourceManager {
    /// Begins to make a resource manager.
    ///
    /// ```
    /// let builder = floe_notify_gcp::CloudFilesGcpResourceManager::new_manager();
    /// assert!(format!("{builder:?}").starts_with("GcpManagerBuilder"));
    /// ```
    #[must_use]
    pub fn new_manager() -> GcpManagerBuilder {
        GcpManagerBuilder::default()
    }

    /// Opens a queue that set-up returned, or a subscription of any project by its full name, with
    /// the credentials of this manager; nothing is sent.
    ///
    /// A consumer needs `pubsub.subscriptions.consume` and no more; it makes a manager without a
    /// path of its own credentials. The visibility time-out is set by a call of its own after each
    /// receive, in whole seconds from 10 to 600.
    ///
    /// # Errors
    /// [`QueueError::Driver`] when the id cannot be the name of a subscription.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueId};
    /// use floe_notify_gcp::CloudFilesGcpResourceManager;
    /// use std::time::Duration;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let manager = CloudFilesGcpResourceManager::new_manager()
    ///     .project("acme")
    ///     .pubsub_endpoint("http://127.0.0.1:8085")
    ///     .storage_endpoint("http://127.0.0.1:4443")
    ///     .create()
    ///     .await?;
    /// let id = QueueId::new("databricks-auto-ingest-orders")?;
    /// let queue = manager.open_queue(&id, Duration::from_secs(300))?;
    /// assert_eq!(queue.properties().visibility().as_secs(), 300);
    /// assert!(manager.open_queue(&QueueId::new("a/b")?, Duration::from_secs(300)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_queue(
        &self,
        id: &QueueId,
        visibility: Duration,
    ) -> Result<PubSubQueue, QueueError> {
        let project = &self.connection.project;
        let parts: Vec<&str> = id.as_str().split('/').collect();
        let name = match parts[..] {
            [name] => gcp::subscription_path(project, name),
            ["projects", project, "subscriptions", name] => gcp::subscription_path(project, name),
            _ => {
                let error = GcpError::Refused {
                    call: "pubsub.subscriptions.consume".to_owned(),
                    answer: "INVALID_ARGUMENT".to_owned(),
                    reason: "write the name of a subscription, or \
                             projects/<project>/subscriptions/<name>"
                        .to_owned(),
                };
                return Err(QueueError::driver(id.clone(), error));
            }
        };
        let rest = self.connection.pubsub.clone();
        Ok(PubSubQueue::new(rest, id.clone(), name, visibility))
    }

    fn request<'a>(
        &'a self,
        stream: &'a StreamId,
        suffix: &str,
    ) -> Result<Request<'a>, ResourceError> {
        let unsuitable = |rule: String| ResourceError::UnsuitableSuffix {
            suffix: suffix.to_owned(),
            manager: "Google Cloud".to_owned(),
            rule,
        };
        let name = ResourceName::new(Cloud::Gcp, Some(&self.prefix), suffix)
            .map_err(|error| unsuitable(error.to_string()))?;
        if name.as_str().contains('%') {
            // It puts names into URLs as they are, and asks for another resource.
            let rule = "Pub/Sub takes '%' in names, but Google's client for Rust cannot send it";
            return Err(unsuitable(rule.to_owned()));
        }
        let location = self.location.as_ref().ok_or(ResourceError::NoPath)?;
        Ok(Request {
            name: name.as_str().to_owned(),
            topic: gcp::topic_path(&self.connection.project, name.as_str()),
            subscription: gcp::subscription_path(&self.connection.project, name.as_str()),
            stream,
            location,
            key_prefix: location.key_prefix(),
            prefix: &self.prefix,
        })
    }

    /// The labels of what is created.
    fn labels(&self, request: &Request<'_>) -> Vec<(String, String)> {
        let stream = StreamTags {
            id: Some(request.stream),
            ..StreamTags::default()
        };
        let user = self.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        // What does not fit as a label is left out; the user's were checked when this was made.
        let tags = Tags::new(Cloud::Gcp, stream, user).0.marked_as_ours();
        let pairs = tags.pairs().map(|(k, v)| (k.to_owned(), v.to_owned()));
        let mut labels: Vec<(String, String)> = pairs.collect();
        let of_bucket = view::bucket_labels(request.bucket());
        // Half of the name of a bucket would be another bucket.
        if labels.len() + of_bucket.len() <= MAX_LABELS {
            labels.extend(of_bucket);
        }
        labels
    }
}

/// Labels of one resource ("Requirements for labels", Resource Manager).
const MAX_LABELS: usize = 64;

/// What one set-up is about.
pub(crate) struct Request<'a> {
    /// The name of the subscription, and of the topic unless one is shared.
    name: String,
    /// The full name of the topic, unless one is shared.
    topic: String,
    /// The full name of the subscription.
    subscription: String,
    stream: &'a StreamId,
    location: &'a Location,
    key_prefix: String,
    /// What the names of topics that may be shared begin with.
    prefix: &'a str,
}

impl Request<'_> {
    fn bucket(&self) -> &str {
        self.location.container()
    }

    /// What tells our topic; its attributes say whose it is.
    fn config(&self) -> NotificationConfig {
        NotificationConfig {
            topic: self.topic.clone(),
            prefix: self.key_prefix.clone(),
            payload: gcp::PayloadFormat::Json,
            custom_attributes: [(MARK, MARK_VALUE), (STREAM_ID, self.stream.as_str())]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        }
    }
}

impl ResourceManager for CloudFilesGcpResourceManager {
    fn name(&self) -> &str {
        "gcp"
    }

    fn plan_set_up<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let request = self.request(stream, suffix)?;
            let view = self.look_for(clock, &request).await?;
            Ok(Plan::new(set_up::plan(&view, &request)?.steps(&request)))
        })
    }

    fn set_up_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<QueueId, ResourceError>> {
        Box::pin(async move {
            let request = self.request(stream, suffix)?;
            // Looking and changing are one thing, or two set-ups would both see nothing.
            let _turn = turns::turn(&self.connection.world, request.bucket()).await;
            for _ in 0..MAX_LOOKS {
                let view = self.look_for(clock, &request).await?;
                let plan = set_up::plan(&view, &request)?;
                if self.apply(clock, &request, &plan).await? {
                    return Ok(QueueId::new(request.name)?);
                }
                clock.sleep(LOOK_PAUSE).await;
            }
            Err(ResourceError::LostRace {
                resource: request.name,
                attempts: MAX_LOOKS,
            })
        })
    }

    fn list_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>> {
        Box::pin(async move { Ok(list::services(&self.look_at_all(clock).await?)) })
    }

    fn plan_tear_down<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let view = self.look_at_what_goes(clock, stream, scope).await?;
            tear_down::steps(&view, stream, scope).map(Plan::new)
        })
    }

    fn tear_down_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let view = self.look_at_what_goes(clock, stream, scope).await?;
            let plan = tear_down::steps(&view, stream, scope).map(Plan::new)?;
            for step in plan.with(Action::Delete) {
                self.delete(clock, step).await?;
            }
            Ok(plan)
        })
    }
}

/// How buckets are named in errors.
fn bucket_name(bucket: &str) -> String {
    format!("projects/_/buckets/{bucket}")
}
