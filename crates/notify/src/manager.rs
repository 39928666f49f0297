//! What sets up, lists and tears down the plumbing that brings file events into a queue.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::clock::Clock;
use crate::{BoxFuture, QueueId, StreamId};

mod error;
mod plan;

pub use error::{Conflict, ResourceError};
pub use plan::{Action, Plan, ResourceKind, Step};

/// Sets up, lists and tears down notification services, by the names of Auto Loader's resource
/// managers ("Manage file notification resources", in the Databricks documentation).
///
/// What is watched, the credentials, the prefix of all names and additional tags are given when a
/// manager is made. One manager serves many streams.
///
/// # Expected flow
/// [`plan_set_up`](Self::plan_set_up) and show it,
/// [`set_up_notification_services`](Self::set_up_notification_services), open the queue that it
/// returns, list the directory once. When the stream is given up for good, list the services and
/// [`tear_down_notification_services`](Self::tear_down_notification_services).
///
/// # Guarantees
/// - Set-up looks before it creates. What is there under the name already is reused, including
///   what Auto Loader itself made; it is neither re-created nor marked.
/// - Only what set-up created carries the mark of the stream, and it carries it from the moment it
///   exists: a set-up that is killed at any point leaves nothing that cannot be listed.
/// - Tear-down deletes only what carries the mark of the stream, and takes from what was reused
///   only what the stream added. Everything else stays as it is, byte for byte.
/// - Both may be repeated, after success as after any failure, and then finish what is left.
///
/// # Assumptions
/// A stream id belongs to one stream. Whoever reuses the id of another stream shares its mark.
///
/// # Caveats
/// Some configurations can only be replaced as a whole. A manager changes them one set-up after
/// another within its process and reads again what it wrote; against a program elsewhere that
/// does the same at the same moment there is no protection, so
/// [`plan_set_up`](Self::plan_set_up) again when several machines set up at once: it must say
/// that everything is there.
///
/// ```
/// use floe_notify::clock::ManualClock;
/// use floe_notify::memory::MemoryCloud;
/// use floe_notify::{ResourceManager, StreamId, TearDown};
///
/// let clock = ManualClock::default();
/// let cloud = MemoryCloud::default();
/// let manager = cloud.manager("bucket", "in/");
/// let manager: &dyn ResourceManager = &manager;
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// clock.run(async {
///     let plan = manager.plan_set_up(&clock, &stream, "orders").await?;
///     assert!(plan.to_string().contains("create queue databricks-auto-ingest-orders\n"));
///     manager.set_up_notification_services(&clock, &stream, "orders").await?;
///     assert_eq!(manager.list_notification_services(&clock).await?.len(), 1);
///     manager.tear_down_notification_services(&clock, &stream, TearDown::Created).await?;
///     assert_eq!(manager.list_notification_services(&clock).await?.len(), 0);
///     Ok::<(), floe_notify::ResourceError>(())
/// }).unwrap().unwrap();
/// # Ok::<(), floe_notify::IdError>(())
/// ```
pub trait ResourceManager: Send + Sync + Debug {
    /// Returns the name that messages use, for example `aws`.
    fn name(&self) -> &str;

    /// Says what [`set_up_notification_services`](Self::set_up_notification_services) would do
    /// now, and changes nothing.
    ///
    /// # Guarantees
    /// When nothing else happens in between, set-up takes the changing steps of the plan and no
    /// others. After a set-up the plan [changes nothing](Plan::changes_something).
    ///
    /// # Errors
    /// Those of set-up that can be known beforehand: [`ResourceError::NoPath`],
    /// [`ResourceError::UnsuitableSuffix`], [`ResourceError::Conflicts`] with all conflicts there
    /// are, [`ResourceError::Denied`], [`ResourceError::Unavailable`] and
    /// [`ResourceError::Driver`].
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    fn plan_set_up<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>>;

    /// Makes all events of files below the path arrive in a queue, and returns the queue's name.
    ///
    /// # Guarantees
    /// - After Ok every file that lands leads to an event in that queue, once the cloud has taken
    ///   over the change (S3 says "about five minutes"), so the directory is listed after this
    ///   call and once more later.
    /// - The same stream and suffix give the same queue again, and change nothing.
    /// - Two streams on one path each have a queue of their own when their suffixes differ, and
    ///   every event reaches both.
    ///
    /// # Errors
    /// Those of [`plan_set_up`](Self::plan_set_up), and [`ResourceError::LostRace`]. After
    /// [`ResourceError::Conflicts`] nothing was changed. After others, what was created is listed.
    ///
    /// # Cancel safety
    /// A set-up that is dropped half-way leaves what it created so far, marked and listed; run it
    /// again to finish, or tear the stream down to undo it.
    fn set_up_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        suffix: &'a str,
    ) -> BoxFuture<'a, Result<QueueId, ResourceError>>;

    /// Returns the notification services that Floe or Auto Loader created, by queue name, whether
    /// they are whole or not; it needs no path.
    ///
    /// # Caveats
    /// What others set up by hand under names of their own is not listed.
    ///
    /// # Errors
    /// [`ResourceError::Denied`], [`ResourceError::Unavailable`] and [`ResourceError::Driver`].
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    fn list_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
    ) -> BoxFuture<'a, Result<Vec<NotificationService>, ResourceError>>;

    /// Says what
    /// [`tear_down_notification_services`](Self::tear_down_notification_services) would do now,
    /// and changes nothing.
    ///
    /// # Errors
    /// [`ResourceError::Denied`], [`ResourceError::Unavailable`] and [`ResourceError::Driver`].
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    fn plan_tear_down<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>>;

    /// Removes what was set up for one stream, and returns what was done.
    ///
    /// Messages that are still in the queue are lost. A stream that nothing was set up for, or not
    /// any more, is fine: the plan is empty.
    ///
    /// # Guarantees
    /// - Deletes what the scope covers, in an order in which a tear-down that is killed half-way
    ///   can be repeated: nothing loses its mark before it is gone.
    /// - What others still use stays, even when this stream created it, and the plan says so
    ///   ([`Action::Leave`]); the same call finishes it once they are gone.
    ///
    /// # Errors
    /// [`ResourceError::Denied`], [`ResourceError::LostRace`], [`ResourceError::Unavailable`] and
    /// [`ResourceError::Driver`]; what is left is still listed.
    ///
    /// # Cancel safety
    /// A tear-down that is dropped half-way may be repeated.
    fn tear_down_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>>;
}

/// How far a tear-down may go.
///
/// ```
/// assert_eq!(floe_notify::TearDown::default(), floe_notify::TearDown::Created);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TearDown {
    /// Delete only what Floe created for the stream.
    #[default]
    Created,
    /// Delete what Auto Loader created for the stream with this id, too.
    Adopt,
}

/// Who made a notification service.
///
/// ```
/// assert_ne!(floe_notify::Origin::Floe, floe_notify::Origin::AutoLoader);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// Floe: a tear-down deletes it.
    Floe,
    /// Auto Loader: a tear-down deletes it only with [`TearDown::Adopt`].
    AutoLoader,
}

/// One row of the list of notification services.
///
/// ```
/// use floe_notify::{NotificationService, Origin, QueueId, ResourceKind};
/// let service = NotificationService::new(Origin::Floe)
///     .with_queue(QueueId::new("q")?)
///     .with_resource(ResourceKind::Topic, "t");
/// assert_eq!(service.queue().map(QueueId::as_str), Some("q"));
/// assert_eq!(service.resources(), [(ResourceKind::Topic, "t".to_owned())]);
/// # Ok::<(), floe_notify::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationService {
    origin: Origin,
    stream: Option<StreamId>,
    path: Option<String>,
    queue: Option<QueueId>,
    resources: Vec<(ResourceKind, String)>,
    tags: BTreeMap<String, String>,
}

impl NotificationService {
    /// Makes a service that nothing but its origin is known of.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// let service = NotificationService::new(Origin::AutoLoader);
    /// assert_eq!((service.stream(), service.queue()), (None, None));
    /// ```
    #[must_use]
    pub const fn new(origin: Origin) -> Self {
        Self {
            origin,
            stream: None,
            path: None,
            queue: None,
            resources: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    /// Says which stream it is for.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin, StreamId};
    /// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
    /// let service = NotificationService::new(Origin::Floe).with_stream(stream.clone());
    /// assert_eq!(service.stream(), Some(&stream));
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn with_stream(mut self, stream: StreamId) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Says which path is watched.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// let service = NotificationService::new(Origin::Floe).with_path("s3://bucket/in/");
    /// assert_eq!(service.path(), Some("s3://bucket/in/"));
    /// ```
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says which queue the events arrive in.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin, QueueId};
    /// let service = NotificationService::new(Origin::Floe).with_queue(QueueId::new("q")?);
    /// assert!(service.queue().is_some());
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    #[must_use]
    pub fn with_queue(mut self, queue: QueueId) -> Self {
        self.queue = Some(queue);
        self
    }

    /// Adds something that the service is made of.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin, ResourceKind};
    /// let service =
    ///     NotificationService::new(Origin::Floe).with_resource(ResourceKind::Queue, "q");
    /// assert_eq!(service.resources().len(), 1);
    /// ```
    #[must_use]
    pub fn with_resource(mut self, kind: ResourceKind, name: impl Into<String>) -> Self {
        self.resources.push((kind, name.into()));
        self
    }

    /// Adds tags that its resources carry.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// let tags = [("team".to_owned(), "data".to_owned())];
    /// let service = NotificationService::new(Origin::Floe).with_tags(tags);
    /// assert_eq!(service.tags()["team"], "data");
    /// ```
    #[must_use]
    pub fn with_tags(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// Returns who made it.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert_eq!(NotificationService::new(Origin::Floe).origin(), Origin::Floe);
    /// ```
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the stream it is for, where its tags say so.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert_eq!(NotificationService::new(Origin::Floe).stream(), None);
    /// ```
    #[must_use]
    pub const fn stream(&self) -> Option<&StreamId> {
        self.stream.as_ref()
    }

    /// Returns the path that is watched, where that is known.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert_eq!(NotificationService::new(Origin::Floe).path(), None);
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Returns the queue that the events arrive in; none when only other parts are left.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert_eq!(NotificationService::new(Origin::Floe).queue(), None);
    /// ```
    #[must_use]
    pub const fn queue(&self) -> Option<&QueueId> {
        self.queue.as_ref()
    }

    /// Returns what it is made of, as kind and name.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert!(NotificationService::new(Origin::Floe).resources().is_empty());
    /// ```
    #[must_use]
    pub fn resources(&self) -> &[(ResourceKind, String)] {
        &self.resources
    }

    /// Returns the tags that its resources carry.
    ///
    /// ```
    /// use floe_notify::{NotificationService, Origin};
    /// assert!(NotificationService::new(Origin::Floe).tags().is_empty());
    /// ```
    #[must_use]
    pub const fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }
}
