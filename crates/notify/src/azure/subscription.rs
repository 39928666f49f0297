//! The event subscription of a storage account: what it is called, what passes its filter.

mod wire;

use super::AzureError;
use crate::location::{Location, Store};
use crate::names::ResourceName;
use crate::tags::Tags;

/// The events that tell of a file: made, renamed, or come with a renamed directory ("Azure Blob
/// Storage as an Event Grid source").
pub const EVENT_TYPES: [&str; 3] = [
    "Microsoft.Storage.BlobCreated",
    "Microsoft.Storage.BlobRenamed",
    "Microsoft.Storage.DirectoryRenamed",
];
/// The operations after which a file is whole; `CreateFile`, which comes before its content, is
/// none of them.
pub const APIS: [&str; 8] = [
    "CopyBlob",
    "PutBlob",
    "PutBlockList",
    "FlushWithClose",
    "RenameFile",
    "RenameDirectory",
    "SftpCommit",
    "SftpRename",
];
/// How long a queue keeps a message by default: seven days, in seconds ("Put Message").
pub const QUEUE_TTL_SECS: i64 = 604_800;
/// How long Event Grid tries to deliver at most: a day, in minutes ("Event Grid message delivery
/// and retry").
pub const MAX_TTL_MINUTES: u32 = 1440;
/// How often it tries at most (the same page).
const MAX_ATTEMPTS: u32 = 30;
/// The lifetime that means never.
const NEVER: i64 = -1;

/// A storage account by what its resource id is made of.
///
/// ```
/// use floe_notify::azure::StorageAccount;
///
/// let account = StorageAccount {
///     subscription: "00000000-0000-0000-0000-000000000001".to_owned(),
///     resource_group: "landing".to_owned(),
///     name: "acme".to_owned(),
/// };
/// assert!(account.id().ends_with("/providers/Microsoft.Storage/storageAccounts/acme"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StorageAccount {
    /// The id of the Azure subscription.
    pub subscription: String,
    /// The resource group.
    pub resource_group: String,
    /// The name of the account.
    pub name: String,
}

impl StorageAccount {
    /// The resource id, which is the scope of the event subscription and the place of the queue.
    ///
    /// ```
    /// # use floe_notify::azure::StorageAccount;
    /// let account = StorageAccount {
    ///     subscription: "s".to_owned(),
    ///     resource_group: "g".to_owned(),
    ///     name: "a".to_owned(),
    /// };
    /// assert_eq!(
    ///     account.id(),
    ///     "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a",
    /// );
    /// ```
    #[must_use]
    pub fn id(&self) -> String {
        let StorageAccount {
            subscription,
            resource_group,
            name,
        } = self;
        format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/\
             Microsoft.Storage/storageAccounts/{name}"
        )
    }
}

/// An event subscription of a storage account that fills a queue of the same account.
///
/// The filter of the service is loose and the client's is exact ([`Location::watches`]): with a
/// slash behind the directory, the event of a rename *to* the directory would not pass; without
/// it, the events of `orders2` pass beside those of `orders`. No filter lets the event of a rename
/// of a *parent* of the directory pass: such files are found by a listing only.
///
/// ```
/// use floe_notify::azure::{EventSubscription, StorageAccount};
/// use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
///
/// let account = StorageAccount {
///     subscription: "s".to_owned(),
///     resource_group: "g".to_owned(),
///     name: "acme".to_owned(),
/// };
/// let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/orders/")?;
/// let name = ResourceName::new(Cloud::Azure, None, "orders")?;
/// let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
/// let subscription = EventSubscription::new(account, &location, name, tags)?;
/// assert_eq!(
///     subscription.subject_begins_with(),
///     "/blobServices/default/containers/landing/blobs/orders",
/// );
/// assert!(subscription.to_json().contains("\"queueName\": \"databricks-orders\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSubscription {
    account: StorageAccount,
    name: ResourceName,
    subject: String,
    tags: Tags,
    queue_ttl_secs: i64,
}

impl EventSubscription {
    /// A subscription to what happens below a directory; subscription and queue share a name.
    ///
    /// # Errors
    ///
    /// [`AzureError::OtherAccount`], when the directory is not in the account.
    ///
    /// ```
    /// # use floe_notify::azure::{EventSubscription, StorageAccount};
    /// # use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
    /// let account = StorageAccount {
    ///     subscription: "s".to_owned(),
    ///     resource_group: "g".to_owned(),
    ///     name: "other".to_owned(),
    /// };
    /// let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// let name = ResourceName::new(Cloud::Azure, None, "orders")?;
    /// let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// let error = EventSubscription::new(account, &location, name, tags).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0038");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        account: StorageAccount,
        location: &Location,
        name: ResourceName,
        tags: Tags,
    ) -> Result<Self, AzureError> {
        let Store::Azure {
            account: of,
            container,
            ..
        } = location.store()
        else {
            return Err(AzureError::OtherAccount {
                path: location.to_string(),
                account: account.name,
            });
        };
        if *of != account.name {
            return Err(AzureError::OtherAccount {
                path: location.to_string(),
                account: account.name,
            });
        }
        let prefix = location.key_prefix();
        let directory = prefix.trim_end_matches('/');
        let subject = format!("/blobServices/default/containers/{container}/blobs/{directory}");
        Ok(EventSubscription {
            account,
            name,
            subject,
            tags,
            queue_ttl_secs: QUEUE_TTL_SECS,
        })
    }

    /// The same subscription with another lifetime of messages in seconds; `-1` is for ever. The
    /// default is [`QUEUE_TTL_SECS`].
    ///
    /// # Errors
    ///
    /// [`AzureError::BadTtl`] for zero and other negative numbers, which the service refuses.
    ///
    /// ```
    /// # use floe_notify::azure::{EventSubscription, StorageAccount};
    /// # use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
    /// # let account = StorageAccount {
    /// #     subscription: "s".to_owned(),
    /// #     resource_group: "g".to_owned(),
    /// #     name: "acme".to_owned(),
    /// # };
    /// # let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// # let name = ResourceName::new(Cloud::Azure, None, "orders")?;
    /// # let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// let subscription = EventSubscription::new(account, &location, name, tags)?;
    /// assert!(subscription.clone().with_queue_ttl_secs(0).is_err());
    /// let json = subscription.with_queue_ttl_secs(-1)?.to_json();
    /// assert!(json.contains("\"queueMessageTimeToLiveInSeconds\": -1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_queue_ttl_secs(mut self, secs: i64) -> Result<Self, AzureError> {
        if secs < 1 && secs != NEVER {
            return Err(AzureError::BadTtl { secs });
        }
        self.queue_ttl_secs = secs;
        Ok(self)
    }

    /// What the subjects of its events begin with.
    ///
    /// ```
    /// # use floe_notify::azure::{EventSubscription, StorageAccount};
    /// # use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
    /// # let account = StorageAccount {
    /// #     subscription: "s".to_owned(),
    /// #     resource_group: "g".to_owned(),
    /// #     name: "acme".to_owned(),
    /// # };
    /// # let name = ResourceName::new(Cloud::Azure, None, "orders")?;
    /// # let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// let whole = EventSubscription::new(account, &location, name, tags)?;
    /// assert_eq!(
    ///     whole.subject_begins_with(),
    ///     "/blobServices/default/containers/landing/blobs/",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn subject_begins_with(&self) -> &str {
        &self.subject
    }

    /// The resource id of the event subscription.
    ///
    /// ```
    /// # use floe_notify::azure::{EventSubscription, StorageAccount};
    /// # use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
    /// # let account = StorageAccount {
    /// #     subscription: "s".to_owned(),
    /// #     resource_group: "g".to_owned(),
    /// #     name: "acme".to_owned(),
    /// # };
    /// # let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// # let name = ResourceName::new(Cloud::Azure, None, "orders")?;
    /// # let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// let subscription = EventSubscription::new(account, &location, name, tags)?;
    /// let id = subscription.id();
    /// assert!(id.ends_with("/Microsoft.EventGrid/eventSubscriptions/databricks-orders"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> String {
        let scope = self.account.id();
        format!(
            "{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{}",
            self.name
        )
    }

    /// The body that makes or updates the subscription, two spaces deep.
    ///
    /// ```
    /// # use floe_notify::azure::{EventSubscription, StorageAccount};
    /// # use floe_notify::{Cloud, Location, ResourceName, StreamTags, Tags};
    /// # let account = StorageAccount {
    /// #     subscription: "s".to_owned(),
    /// #     resource_group: "g".to_owned(),
    /// #     name: "acme".to_owned(),
    /// # };
    /// # let location = Location::parse("abfss://landing@acme.dfs.core.windows.net/")?;
    /// # let name = ResourceName::new(Cloud::Azure, None, "orders")?;
    /// # let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    /// let text = EventSubscription::new(account, &location, name, tags)?.to_json();
    /// let body: serde_json::Value = serde_json::from_str(&text)?;
    /// assert_eq!(body["properties"]["eventDeliverySchema"], "EventGridSchema");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        wire::body(self)
    }
}
