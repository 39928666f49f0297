//! The resource manager of Azure.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use azure_core::http::Url;
use floe_notify::azure::{EventSubscription, StorageAccount};
use floe_notify::clock::Clock;
use floe_notify::{
    Action, BoxFuture, Cloud, Location, NotificationService, Plan, QueueError, QueueId,
    ResourceError, ResourceManager, ResourceName, StreamId, StreamTags, Tags, TearDown,
};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use crate::arm::Arm;
use crate::connection::Data;
use crate::{AzureError, AzureManagerBuilder, StorageQueue};

mod apply;
mod list;
mod look;
mod set_up;
mod tear_down;
mod view;

/// How often set-up looks again, when somebody else creates what it was about to create, or Azure
/// is still at work on it.
const MAX_LOOKS: u32 = 60;
/// How long it waits before each further look.
const LOOK_PAUSE: Duration = Duration::from_secs(2);

/// Sets up, lists and tears down what brings events of a storage account into a queue of the same
/// account: the queue, and an event subscription of Event Grid.
///
/// # Expected flow
/// As [`ResourceManager`] says.
///
/// # Guarantees
/// - What is created carries its mark in the very call that creates it: a queue in its metadata,
///   an event subscription in its labels.
/// - Set-up returns when Azure says that the event subscription works, not when it has taken it
///   over.
///
/// # Caveats
/// - Without a `path` and without a connection string, listing goes through all storage accounts
///   of the resource group, and needs `Microsoft.Storage/storageAccounts/read`. With either, only
///   that account is looked at.
/// - Event subscriptions cannot be made only if they are not there: two programs that set up the
///   same suffix for different streams at the same moment both succeed, and the labels of the
///   later one stay. Set-ups in this process take turns.
/// - A queue that was deleted cannot be made again for about 30 seconds; set-up waits for that.
///
/// ```no_run
/// use floe_notify::{ResourceManager, StreamId, clock::Clock};
/// use floe_notify_azure::CloudFilesAzureResourceManager;
/// # async fn example(clock: &dyn Clock) -> Result<(), Box<dyn std::error::Error>> {
/// let manager = CloudFilesAzureResourceManager::new_manager()
///     .option("cloudFiles.subscriptionId", "00000000-0000-0000-0000-000000000001")
///     .option("cloudFiles.resourceGroup", "landing")
///     .option("path", "abfss://landing@acme.dfs.core.windows.net/orders/")
///     .create()?;
/// let stream = StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10")?;
/// let queue = manager.set_up_notification_services(clock, &stream, "orders").await?;
/// assert_eq!(queue.as_str(), "databricks-orders");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CloudFilesAzureResourceManager {
    pub(crate) arm: Arm,
    pub(crate) data: Data,
    /// The account that is looked at, and where its queues are; none for all of the group.
    pub(crate) account: Option<(StorageAccount, Url)>,
    pub(crate) subscription: String,
    pub(crate) resource_group: String,
    pub(crate) location: Option<Location>,
    pub(crate) prefix: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) checkpoint: Option<String>,
}

impl fmt::Debug for CloudFilesAzureResourceManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudFilesAzureResourceManager")
            .field("arm", &self.arm)
            .field("data", &self.data)
            .field("location", &self.location)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl CloudFilesAzureResourceManager {
    /// Begins to make a resource manager.
    ///
    /// ```
    /// let builder = floe_notify_azure::CloudFilesAzureResourceManager::new_manager();
    /// assert!(format!("{builder:?}").starts_with("AzureManagerBuilder"));
    /// ```
    #[must_use]
    pub fn new_manager() -> AzureManagerBuilder {
        AzureManagerBuilder::default()
    }

    /// Opens a queue that set-up returned, with the credentials of this manager.
    ///
    /// # Errors
    /// [`QueueError::Driver`] when neither the path nor a connection string says which account it
    /// is in.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueId};
    /// use floe_notify_azure::CloudFilesAzureResourceManager;
    /// use std::time::Duration;
    /// let manager = CloudFilesAzureResourceManager::new_manager()
    ///     .subscription("s")
    ///     .resource_group("g")
    ///     .path("abfss://landing@acme.dfs.core.windows.net/orders/")
    ///     .create()?;
    /// let id = QueueId::new("databricks-orders")?;
    /// let queue = manager.open_queue(&id, Duration::from_secs(300))?;
    /// assert_eq!(queue.id(), &id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_queue(
        &self,
        id: &QueueId,
        visibility: Duration,
    ) -> Result<StorageQueue, QueueError> {
        let refused = |error| QueueError::driver(id.clone(), error);
        let account = self.account.as_ref().ok_or(AzureError::NoAccount);
        let (account, queues) = account.map_err(refused)?;
        let client = self.data.queue(queues, id.as_str()).map_err(refused)?;
        let resource = queue_id(account, id.as_str());
        Ok(StorageQueue::new(client, id.clone(), resource, visibility))
    }

    fn request(&self, stream: &StreamId, suffix: &str) -> Result<Request<'_>, ResourceError> {
        let name =
            ResourceName::new(Cloud::Azure, Some(&self.prefix), suffix).map_err(|error| {
                ResourceError::UnsuitableSuffix {
                    suffix: suffix.to_owned(),
                    manager: "Azure".to_owned(),
                    rule: error.to_string(),
                }
            })?;
        let location = self.location.as_ref().ok_or(ResourceError::NoPath)?;
        let (account, queues) = self.account.as_ref().ok_or(ResourceError::NoPath)?;
        let tags = self.tags_of(location, stream);
        let wanted = EventSubscription::new(account.clone(), location, name.clone(), tags.clone());
        let wanted = wanted.map_err(|error| {
            let advice = String::new();
            ResourceError::driver(name.as_str(), AzureError::Known { error, advice })
        })?;
        Ok(Request {
            name: name.as_str().to_owned(),
            location,
            account,
            queues,
            tags,
            wanted,
        })
    }

    fn tags_of(&self, location: &Location, stream: &StreamId) -> Tags {
        let path = location.to_string();
        let of_stream = StreamTags {
            path: Some(&path),
            checkpoint_location: self.checkpoint.as_deref(),
            id: Some(stream),
        };
        let user = self.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        // What does not fit as a tag is left out; the user's were checked when this was made.
        Tags::new(Cloud::Azure, of_stream, user).0.marked_as_ours()
    }

    /// Waits until nobody else in this process sets up in the account.
    async fn turn(&self, request: &Request<'_>) -> OwnedMutexGuard<()> {
        type Locks = Mutex<BTreeMap<String, Weak<Turns<()>>>>;
        static LOCKS: OnceLock<Locks> = OnceLock::new();
        let key = format!("{} {}", request.queues, request.name);
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
}

/// What one set-up is about.
pub(crate) struct Request<'a> {
    /// The name of the queue and of the event subscription.
    name: String,
    location: &'a Location,
    account: &'a StorageAccount,
    queues: &'a Url,
    tags: Tags,
    wanted: EventSubscription,
}

impl ResourceManager for CloudFilesAzureResourceManager {
    fn name(&self) -> &str {
        "azure"
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
            // Looking and creating are one thing, or two set-ups would both see nothing.
            let _turn = self.turn(&request).await;
            for _ in 0..MAX_LOOKS {
                let view = self.look_for(clock, &request).await?;
                let plan = set_up::plan(&view, &request)?;
                if !plan.is_busy && self.apply(clock, &request, &plan).await? {
                    return Ok(QueueId::new(&request.name)?);
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
            let views = self.look_at_all(clock).await?;
            let removals = tear_down::removals(&views, stream, scope);
            Ok(Plan::new(
                removals.into_iter().map(|one| one.step).collect(),
            ))
        })
    }

    fn tear_down_notification_services<'a>(
        &'a self,
        clock: &'a dyn Clock,
        stream: &'a StreamId,
        scope: TearDown,
    ) -> BoxFuture<'a, Result<Plan, ResourceError>> {
        Box::pin(async move {
            let views = self.look_at_all(clock).await?;
            let removals = tear_down::removals(&views, stream, scope);
            let mut steps = Vec::with_capacity(removals.len());
            for one in removals {
                if one.step.action() == Action::Delete {
                    self.delete(clock, &one).await?;
                }
                steps.push(one.step);
            }
            Ok(Plan::new(steps))
        })
    }
}

/// The resource id of a queue.
fn queue_id(account: &StorageAccount, name: &str) -> String {
    format!("{}/queueServices/default/queues/{name}", account.id())
}
