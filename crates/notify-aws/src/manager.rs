//! The resource manager of AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::{
    Action, BoxFuture, Cloud, Location, NotificationService, Plan, QueueError, QueueId,
    ResourceError, ResourceManager, ResourceName, StreamId, StreamTags, Tags, TearDown,
};

use crate::connection::Connection;
use crate::{AwsError, AwsManagerBuilder, SqsQueue};

mod apply;
mod bucket;
mod list;
mod look;
mod set_up;
mod tear_down;
mod view;

/// How long S3 usually takes until a changed notification configuration acts ("Enabling and
/// configuring event notifications using the Amazon S3 console", Amazon S3 user guide).
///
/// Files that land in that time may have no event: list the directory once more when it has
/// passed.
///
/// ```
/// assert_eq!(floe_notify_aws::SETTLING.as_secs(), 300);
/// ```
pub const SETTLING: Duration = Duration::from_secs(300);

/// How often set-up looks again, when somebody else creates what it was about to create.
const MAX_LOOKS: u32 = 4;
/// How long it waits before each further look: what was created may take a moment to be seen.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// Sets up, lists and tears down what brings events of an S3 bucket into a queue of SQS: an entry
/// of the bucket's notification configuration, a topic of SNS, a subscription and the queue.
///
/// # Expected flow
/// As [`ResourceManager`] says. After set-up list the directory, and once more when [`SETTLING`]
/// has passed.
///
/// # Guarantees
/// - What is created carries its mark in the very call that creates it: a queue as a tag, a topic
///   as its display name, and an entry of a bucket as its id. The rights are those of the
///   documented set-up policy; reading tags of topics, which is not among them, is not needed.
/// - Entries of others in the bucket's configuration are written back as they were read.
///
/// # Caveats
/// S3 has no conditional change of a configuration. Set-ups in this process take turns; what was
/// read is written within one round trip, and read again before every further attempt; what was
/// written is looked at twice, a second apart, and written again when somebody has overwritten it.
/// Two windows stay: an entry that a program elsewhere adds within that round trip is overwritten
/// and nobody can see it but that program, which has to look again as this one does; and a program
/// that writes what it read more than a second ago overwrites ours.
///
/// ```no_run
/// use floe_notify::{ResourceManager, StreamId, clock::Clock};
/// use floe_notify_aws::CloudFilesAwsResourceManager;
/// # async fn example(clock: &dyn Clock) -> Result<(), Box<dyn std::error::Error>> {
/// let manager = CloudFilesAwsResourceManager::new_manager()
///     .option("cloudFiles.region", "eu-west-1")
///     .option("path", "s3://landing/orders/")
///     .create()
///     .await?;
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// let queue = manager.set_up_notification_services(clock, &stream, "orders").await?;
/// assert!(queue.as_str().ends_with("/databricks-auto-ingest-orders"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CloudFilesAwsResourceManager {
    pub(crate) connection: Connection,
    pub(crate) location: Option<Location>,
    pub(crate) prefix: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) same_account: bool,
}

impl fmt::Debug for CloudFilesAwsResourceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudFilesAwsResourceManager")
            .field("region", &self.connection.region)
            .field("location", &self.location)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl CloudFilesAwsResourceManager {
    /// Begins to make a resource manager.
    ///
    /// ```
    /// let builder = floe_notify_aws::CloudFilesAwsResourceManager::new_manager();
    /// assert!(format!("{builder:?}").starts_with("AwsManagerBuilder"));
    /// ```
    #[must_use]
    pub fn new_manager() -> AwsManagerBuilder {
        AwsManagerBuilder::default()
    }

    /// Opens a queue that set-up returned, with the credentials of this manager.
    ///
    /// # Errors
    /// [`QueueError::Driver`] when the id is not the URL of a queue.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueId};
    /// use floe_notify_aws::CloudFilesAwsResourceManager;
    /// use std::time::Duration;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let manager =
    ///     CloudFilesAwsResourceManager::new_manager().region("eu-west-1").create().await?;
    /// let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/orders";
    /// let queue = manager.open_queue(&QueueId::new(url)?, Duration::from_secs(300))?;
    /// assert_eq!(queue.id().as_str(), url);
    /// assert!(manager.open_queue(&QueueId::new("orders")?, Duration::from_secs(300)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_queue(&self, id: &QueueId, visibility: Duration) -> Result<SqsQueue, QueueError> {
        let (client, region) = (self.connection.sqs.clone(), &self.connection.region);
        SqsQueue::with_client(client, region, id.clone(), visibility)
            .map_err(|error| QueueError::driver(id.clone(), error))
    }

    fn request<'a>(
        &'a self,
        stream: &'a StreamId,
        suffix: &str,
    ) -> Result<Request<'a>, ResourceError> {
        let name = ResourceName::new(Cloud::Aws, Some(&self.prefix), suffix).map_err(|error| {
            ResourceError::UnsuitableSuffix {
                suffix: suffix.to_owned(),
                manager: "AWS".to_owned(),
                rule: error.to_string(),
            }
        })?;
        let location = self.location.as_ref().ok_or(ResourceError::NoPath)?;
        Ok(Request {
            name: name.as_str().to_owned(),
            suffix: suffix.to_owned(),
            stream,
            location,
            key_prefix: location.key_prefix(),
            prefix: &self.prefix,
        })
    }

    fn tags_of(&self, request: &Request<'_>) -> Tags {
        let path = request.location.to_string();
        let stream = StreamTags {
            path: Some(&path),
            checkpoint_location: self.checkpoint.as_deref(),
            id: Some(request.stream),
        };
        let user = self.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        // What does not fit as a tag is left out; the user's were checked when this was made.
        Tags::new(Cloud::Aws, stream, user).0.marked_as_ours()
    }
}

/// What one set-up is about.
pub(crate) struct Request<'a> {
    /// The name of the queue, and of the topic unless one is shared.
    name: String,
    suffix: String,
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

    /// The id of the entry in the bucket's configuration: it says whose it is.
    fn entry_id(&self) -> String {
        format!("{}{}-{}", view::ENTRY_MARK, self.stream, self.suffix)
    }
}

impl ResourceManager for CloudFilesAwsResourceManager {
    fn name(&self) -> &str {
        "aws"
    }

    fn plan_set_up<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let request = self.request(stream, suffix)?;
            let view = self.look_for(&request).await?;
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
            let _turn = self.turn(request.bucket()).await;
            for _ in 0..MAX_LOOKS {
                let view = self.look_for(&request).await?;
                let plan = set_up::plan(&view, &request)?;
                if let Some(url) = self.apply(clock, &request, &view, &plan).await? {
                    return Ok(QueueId::new(url)?);
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
        _clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>> {
        Box::pin(async move { Ok(list::services(&self.look_at_all().await?)) })
    }

    fn plan_tear_down<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let view = self.look_at_all().await?;
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
            let view = self.look_at_all().await?;
            let plan = tear_down::steps(&view, stream, scope).map(Plan::new)?;
            for step in plan.with(Action::Delete) {
                self.delete(clock, &view, step).await?;
            }
            Ok(plan)
        })
    }
}

/// An error that no cloud is to blame for.
fn refused(resource: &str, error: AwsError) -> ResourceError {
    ResourceError::driver(resource, error)
}
