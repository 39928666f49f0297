//! How a resource manager is made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use floe_notify::azure::StorageAccount;
use floe_notify::options::keys;
use floe_notify::{
    Cloud, Finding, Location, Options, QueueId, Secret, Store, StreamTags, Tags, codes,
    default_prefix,
};

use crate::cloud::AzureCloud;
use crate::connection::{Reach, parsed};
use crate::connection_string::{ConnectionString, account_of};
use crate::credential::Principal;
use crate::{AzureError, CloudFilesAzureResourceManager, StorageQueue};

mod check;

use check::{for_set_up, other_account, watched};

/// What a resource manager on Azure needs to know: options by the names of Auto Loader, or the
/// same by typed setters.
///
/// Event subscriptions are made with a token: of the service principal in the options
/// `cloudFiles.clientId`, `clientSecret` and `tenantId`, of [`credential`](Self::credential), or of
/// the default chain: the variables `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` and
/// `AZURE_TENANT_ID`, workload identity, managed identity, the tools of developers. Queues are
/// reached with `cloudFiles.connectionString` where it is given, else with the same token. Secrets
/// are never printed.
///
/// ```
/// use floe_notify::{ResourceManager, Secret};
/// use floe_notify_azure::CloudFilesAzureResourceManager;
/// let builder = CloudFilesAzureResourceManager::new_manager()
///     .option("cloudFiles.subscriptionId", "00000000-0000-0000-0000-000000000001")
///     .option("cloudFiles.resourceGroup", "landing")
///     .option("path", "abfss://landing@acme.dfs.core.windows.net/orders/")
///     .service_principal("client", Secret::new("hunter2"), "tenant");
/// assert!(!format!("{builder:?}").contains("hunter2"));
/// let manager = builder.create()?;
/// assert_eq!(manager.name(), "azure");
/// # Ok::<(), floe_notify_azure::AzureError>(())
/// ```
#[derive(Clone, Default)]
pub struct AzureManagerBuilder {
    pairs: Vec<(String, String)>,
    checkpoint: Option<String>,
    cloud: Option<AzureCloud>,
    management: Option<String>,
    authority: Option<String>,
    queues: Option<String>,
    client: Option<ClientOptions>,
    credential: Option<Arc<dyn TokenCredential>>,
}

impl fmt::Debug for AzureManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (options, _) = Options::parse(self.pairs.iter().map(|(k, v)| (k, v)));
        f.debug_struct("AzureManagerBuilder")
            .field("options", &options)
            .field("checkpoint", &self.checkpoint)
            .field("cloud", &self.cloud)
            .field("management", &self.management)
            .finish_non_exhaustive()
    }
}

impl AzureManagerBuilder {
    /// Adds an option, by the name it has in streams, for example `cloudFiles.resourceGroup`.
    ///
    /// ```
    /// use floe_notify_azure::CloudFilesAzureResourceManager;
    /// let builder = CloudFilesAzureResourceManager::new_manager()
    ///     .option("cloudFiles.resourceGroup", "landing");
    /// assert!(format!("{builder:?}").contains("landing"));
    /// ```
    #[must_use]
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((key.into(), value.into()));
        self
    }

    /// Adds many options.
    ///
    /// ```
    /// use floe_notify_azure::AzureManagerBuilder;
    /// let options = [("cloudFiles.resourceGroup", "landing"), ("cloudFiles.tenantId", "t")];
    /// let builder = AzureManagerBuilder::default().options(options);
    /// assert!(format!("{builder:?}").contains("landing"));
    /// ```
    #[must_use]
    pub fn options<K: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pairs = pairs.into_iter().map(|(k, v)| (k.into(), v.into()));
        self.pairs.extend(pairs);
        self
    }

    /// Sets the id of the Azure subscription: `cloudFiles.subscriptionId`.
    ///
    /// ```
    /// let builder = floe_notify_azure::AzureManagerBuilder::default().subscription("s-1");
    /// assert!(format!("{builder:?}").contains("cloudFiles.subscriptionId"));
    /// ```
    #[must_use]
    pub fn subscription(self, id: impl Into<String>) -> Self {
        self.option(keys::SUBSCRIPTION_ID.info().name, id)
    }

    /// Sets the resource group of the storage account: `cloudFiles.resourceGroup`.
    ///
    /// ```
    /// let builder = floe_notify_azure::AzureManagerBuilder::default().resource_group("g-1");
    /// assert!(format!("{builder:?}").contains("cloudFiles.resourceGroup"));
    /// ```
    #[must_use]
    pub fn resource_group(self, name: impl Into<String>) -> Self {
        self.option(keys::RESOURCE_GROUP.info().name, name)
    }

    /// Sets what is watched, for example `abfss://landing@acme.dfs.core.windows.net/orders/`;
    /// needed for set-up alone.
    ///
    /// ```
    /// let path = "abfss://landing@acme.dfs.core.windows.net/orders/";
    /// let builder = floe_notify_azure::AzureManagerBuilder::default().path(path);
    /// assert!(format!("{builder:?}").contains(path));
    /// ```
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.option(keys::PATH.info().name, path)
    }

    /// Sets the service principal: `cloudFiles.clientId`, `clientSecret` and `tenantId`.
    ///
    /// ```
    /// use floe_notify::Secret;
    /// let builder = floe_notify_azure::AzureManagerBuilder::default()
    ///     .service_principal("client", Secret::new("hunter2"), "tenant");
    /// assert!(!format!("{builder:?}").contains("hunter2"));
    /// ```
    #[must_use]
    pub fn service_principal(
        self,
        client: impl Into<String>,
        secret: Secret,
        tenant: impl Into<String>,
    ) -> Self {
        self.option(keys::CLIENT_ID.info().name, client)
            .option(keys::CLIENT_SECRET.info().name, secret.reveal())
            .option(keys::TENANT_ID.info().name, tenant)
    }

    /// Sets the connection string of the storage account: `cloudFiles.connectionString`.
    ///
    /// ```
    /// use floe_notify::Secret;
    /// let string = Secret::new("AccountName=acme;AccountKey=aHVudGVyMg==");
    /// let builder = floe_notify_azure::AzureManagerBuilder::default().connection_string(string);
    /// assert!(!format!("{builder:?}").contains("aHVudGVyMg"));
    /// ```
    #[must_use]
    pub fn connection_string(self, string: Secret) -> Self {
        self.option(keys::CONNECTION_STRING.info().name, string.reveal())
    }

    /// Adds a tag to everything that is created: `cloudFiles.resourceTag.<key>`.
    ///
    /// ```
    /// let builder =
    ///     floe_notify_azure::AzureManagerBuilder::default().resource_tag("team", "data");
    /// assert!(format!("{builder:?}").contains("cloudFiles.resourceTag.team"));
    /// ```
    #[must_use]
    pub fn resource_tag(self, key: &str, value: impl Into<String>) -> Self {
        self.option(format!("{}{key}", keys::TAG_START), value)
    }

    /// Says where the checkpoint of the stream is, for the tag `checkpointLocation`.
    ///
    /// ```
    /// let builder =
    ///     floe_notify_azure::AzureManagerBuilder::default().checkpoint_location("/cp/1");
    /// assert!(format!("{builder:?}").contains("/cp/1"));
    /// ```
    #[must_use]
    pub fn checkpoint_location(mut self, location: impl Into<String>) -> Self {
        self.checkpoint = Some(location.into());
        self
    }

    /// Says which of Azure's clouds it is, where the host of the path does not say so.
    ///
    /// ```
    /// use floe_notify_azure::{AzureCloud, AzureManagerBuilder};
    /// let builder = AzureManagerBuilder::default().cloud(AzureCloud::China);
    /// assert!(format!("{builder:?}").contains("China"));
    /// ```
    #[must_use]
    pub fn cloud(mut self, cloud: AzureCloud) -> Self {
        self.cloud = Some(cloud);
        self
    }

    /// Sends requests about event subscriptions to this URL; https only, as a token goes along.
    ///
    /// ```
    /// let builder = floe_notify_azure::AzureManagerBuilder::default()
    ///     .management_url("https://management.example.org");
    /// assert!(format!("{builder:?}").contains("management.example.org"));
    /// ```
    #[must_use]
    pub fn management_url(mut self, url: impl Into<String>) -> Self {
        self.management = Some(url.into());
        self
    }

    /// Asks for tokens at this URL; https only.
    ///
    /// ```
    /// let builder = floe_notify_azure::AzureManagerBuilder::default()
    ///     .authority_url("https://login.example.org");
    /// assert!(format!("{builder:?}").starts_with("AzureManagerBuilder"));
    /// ```
    #[must_use]
    pub fn authority_url(mut self, url: impl Into<String>) -> Self {
        self.authority = Some(url.into());
        self
    }

    /// Reaches the queues of the storage account at this URL, for example
    /// `https://acme.queue.core.windows.net`.
    ///
    /// ```
    /// use floe_notify::{EventQueue, QueueId};
    /// use std::time::Duration;
    /// let queue = floe_notify_azure::AzureManagerBuilder::default()
    ///     .queues_url("https://acme.queue.core.windows.net")
    ///     .open_queue(&QueueId::new("databricks-orders")?, Duration::from_secs(300))?;
    /// assert_eq!(queue.id().as_str(), "databricks-orders");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn queues_url(mut self, url: impl Into<String>) -> Self {
        self.queues = Some(url.into());
        self
    }

    /// Takes tokens from this credential instead of from the options or the default chain.
    ///
    /// ```
    /// use floe_notify_azure::{AzureManagerBuilder, azure_core::credentials::TokenCredential};
    /// use std::sync::Arc;
    /// fn with(credential: Arc<dyn TokenCredential>) -> AzureManagerBuilder {
    ///     AzureManagerBuilder::default().credential(credential)
    /// }
    /// assert_eq!(std::mem::size_of_val(&with), 0);
    /// ```
    #[must_use]
    pub fn credential(mut self, credential: Arc<dyn TokenCredential>) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Uses these options of the SDK (transport, retries, policies) for all requests.
    ///
    /// ```
    /// use floe_notify_azure::{AzureManagerBuilder, azure_core::http::ClientOptions};
    /// let builder = AzureManagerBuilder::default().client_options(ClientOptions::default());
    /// assert!(format!("{builder:?}").starts_with("AzureManagerBuilder"));
    /// ```
    #[must_use]
    pub fn client_options(mut self, options: ClientOptions) -> Self {
        self.client = Some(options);
        self
    }

    /// Makes the resource manager; no request is sent.
    ///
    /// # Errors
    /// [`AzureError::Options`] with all that is wrong with the options,
    /// [`AzureError::ConnectionString`], [`AzureError::Credentials`] when the service principal
    /// cannot be one, and [`AzureError::Refused`] for what is no URL.
    ///
    /// ```
    /// use floe_notify_azure::AzureManagerBuilder;
    /// let created = AzureManagerBuilder::default().path("s3://landing/in/").create();
    /// assert!(created.unwrap_err().to_string().contains("this resource manager is for Azure"));
    /// ```
    pub fn create(self) -> Result<CloudFilesAzureResourceManager, AzureError> {
        let (options, location) = self.checked(true)?;
        let reach = self.reach(&options, location.as_ref())?;
        let subscription = options.find(keys::SUBSCRIPTION_ID).unwrap_or_default();
        let resource_group = options.find(keys::RESOURCE_GROUP).unwrap_or_default();
        let account = self.account(&reach, location.as_ref());
        Ok(CloudFilesAzureResourceManager {
            arm: reach.management()?,
            data: reach.data()?,
            account: account.map(|(name, queues)| {
                let account = StorageAccount {
                    subscription: subscription.clone(),
                    resource_group: resource_group.clone(),
                    name,
                };
                (account, queues)
            }),
            subscription,
            resource_group,
            location,
            prefix: options
                .find(keys::RESOURCE_PREFIX)
                .unwrap_or_else(|| default_prefix(Cloud::Azure).to_owned()),
            tags: options.tags().clone(),
            checkpoint: self.checkpoint,
        })
    }

    /// Opens a queue for one more consumer, without a resource manager: with `cloudFiles.queueName`
    /// a stream needs nothing else. Nothing is sent.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`AzureError::NoAccount`].
    ///
    /// ```
    /// use floe_notify::{QueueId, Secret};
    /// use floe_notify_azure::AzureManagerBuilder;
    /// use std::time::Duration;
    /// let id = QueueId::new("databricks-orders")?;
    /// let visibility = Duration::from_secs(300);
    /// let string = Secret::new("AccountName=acme;AccountKey=aHVudGVyMg==");
    /// let builder = AzureManagerBuilder::default().connection_string(string);
    /// assert!(builder.open_queue(&id, visibility).is_ok());
    /// let nowhere = AzureManagerBuilder::default().open_queue(&id, visibility);
    /// assert_eq!(nowhere.unwrap_err().code(), "FLOE-AZURE-0009");
    /// # Ok::<(), floe_notify::IdError>(())
    /// ```
    pub fn open_queue(
        &self,
        id: &QueueId,
        visibility: Duration,
    ) -> Result<StorageQueue, AzureError> {
        let (options, location) = self.checked(false)?;
        let reach = self.reach(&options, location.as_ref())?;
        let account = self.account(&reach, location.as_ref());
        let (name, queues) = account.ok_or(AzureError::NoAccount)?;
        let client = reach.data()?.queue(&queues, id.as_str())?;
        let resource = format!("storage account {name}, queue {id}");
        Ok(StorageQueue::new(client, id.clone(), resource, visibility))
    }

    fn reach(&self, options: &Options, location: Option<&Location>) -> Result<Reach, AzureError> {
        let string = options.find(keys::CONNECTION_STRING);
        let string = string.map(|text| ConnectionString::parse(text.reveal()));
        let of_path = location.and_then(|location| match location.store() {
            Store::Azure { endpoint, .. } => AzureCloud::of_storage(endpoint),
            _ => None,
        });
        let url = |text: &Option<String>| text.as_deref().map(parsed).transpose();
        let client = options.find(keys::CLIENT_ID);
        let secret = options.find(keys::CLIENT_SECRET);
        let tenant = options.find(keys::TENANT_ID);
        let principal = match (client, secret, tenant) {
            (Some(client), Some(secret), Some(tenant)) => Some(Principal {
                tenant,
                client,
                secret,
            }),
            _ => None,
        };
        Ok(Reach {
            cloud: self.cloud.or(of_path).unwrap_or_default(),
            management: url(&self.management)?,
            authority: url(&self.authority)?,
            queues: url(&self.queues)?,
            client: self.client.clone(),
            credential: self.credential.clone(),
            principal,
            string: string.transpose()?,
        })
    }

    /// The storage account and where its queues are; none when nobody says so.
    fn account(&self, reach: &Reach, location: Option<&Location>) -> Option<(String, Url)> {
        let string = reach.string.as_ref();
        let of_path = location.and_then(|location| match location.store() {
            Store::Azure {
                account, endpoint, ..
            } => Some((account.clone(), endpoint)),
            _ => None,
        });
        let name = match (&of_path, string) {
            (Some((account, _)), _) => account.clone(),
            (None, Some(string)) => string.account.clone(),
            (None, None) => account_of(reach.queues.as_ref()?)?,
        };
        if let Some(queues) = &reach.queues {
            return Some((name, queues.clone()));
        }
        if let Some(string) = string {
            return Some((name, string.queues.clone()));
        }
        // The host of the files, with another service: `acme.dfs.…`, `acme.queue.…`.
        let (_, endpoint) = of_path?;
        let suffix = endpoint.split_once('.').map(|(_, suffix)| suffix)?;
        let url = Url::parse(&format!("https://{name}.queue.{suffix}")).ok()?;
        Some((name, url))
    }

    fn checked(&self, sets_up: bool) -> Result<(Options, Option<Location>), AzureError> {
        let mut pairs = self.pairs.clone();
        let mode = keys::USE_NOTIFICATIONS.key().info().name;
        // Whoever makes a resource manager wants notifications, and need not say so.
        if !pairs.iter().any(|(key, _)| key.eq_ignore_ascii_case(mode)) {
            pairs.push((mode.to_owned(), "true".to_owned()));
        }
        let (options, mut findings) = Options::parse(pairs.iter().map(|(k, v)| (k, v)));
        let location = match options.find(keys::PATH).map(|path| watched(&path)) {
            Some(Ok(location)) => Some(location),
            Some(Err(finding)) => {
                findings.push(finding);
                None
            }
            None => None,
        };
        if sets_up {
            findings.extend(for_set_up(&options, location.as_ref()));
        }
        findings.extend(other_account(&options, location.as_ref()));
        if options.find(keys::SERVICE_CREDENTIAL).is_some() {
            let message = "credentials that are kept by Databricks are not there here";
            let name = keys::SERVICE_CREDENTIAL.info().name;
            let finding = Finding::error(codes::BAD_VALUE, name, message);
            let hint = "give a service principal, or use the default chain";
            findings.push(finding.with_hint(hint));
        }
        let tags = options.tags().iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let (_, of_tags) = Tags::new(Cloud::Azure, StreamTags::default(), tags);
        findings.extend(of_tags);
        findings.retain(Finding::is_error);
        findings.dedup();
        if findings.is_empty() {
            Ok((options, location))
        } else {
            Err(AzureError::Options { findings })
        }
    }
}
