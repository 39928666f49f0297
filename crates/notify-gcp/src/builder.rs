//! How a resource manager is made.

use std::fmt;

use floe_notify::options::keys;
use floe_notify::{
    Cloud, Finding, Location, LocationError, Options, Secret, StreamTags, Tags, codes,
    default_prefix,
};
use google_cloud_auth::credentials::Credentials;

use crate::connection::{self, Connection, Endpoints};
use crate::manager::BUCKET_LABEL;
use crate::{CloudFilesGcpResourceManager, GcpError};

/// What a resource manager on Google Cloud needs to know: options by the names of Auto Loader, or
/// the same by typed setters.
///
/// Credentials are those of the options `cloudFiles.client`, `clientEmail`, `privateKey` and
/// `privateKeyId`, or those of Google's default chain: `GOOGLE_APPLICATION_CREDENTIALS`, what
/// `gcloud` left, the metadata server. They are never printed, and never sent to an endpoint that
/// begins with `http://`: that is an emulator.
///
/// ```
/// use floe_notify::ResourceManager;
/// use floe_notify_gcp::CloudFilesGcpResourceManager;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let manager = CloudFilesGcpResourceManager::new_manager()
///     .option("cloudFiles.projectId", "acme")
///     .option("path", "gs://landing/orders/")
///     .pubsub_endpoint("http://127.0.0.1:8085")
///     .storage_endpoint("http://127.0.0.1:4443")
///     .create()
///     .await?;
/// assert_eq!(manager.name(), "gcp");
/// # Ok::<(), floe_notify_gcp::GcpError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct GcpManagerBuilder {
    pairs: Vec<(String, String)>,
    endpoints: Endpoints,
    credentials: Option<Credentials>,
    attempts: Option<u32>,
}

impl fmt::Debug for GcpManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (options, _) = Options::parse(self.pairs.iter().map(|(k, v)| (k, v)));
        f.debug_struct("GcpManagerBuilder")
            .field("options", &options)
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl GcpManagerBuilder {
    /// Adds an option, by the name it has in streams, for example `cloudFiles.projectId`.
    ///
    /// ```
    /// use floe_notify_gcp::{CloudFilesGcpResourceManager, GcpManagerBuilder};
    /// let builder: GcpManagerBuilder =
    ///     CloudFilesGcpResourceManager::new_manager().option("path", "gs://landing/orders/");
    /// assert!(format!("{builder:?}").contains("gs://landing/orders/"));
    /// ```
    #[must_use]
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((key.into(), value.into()));
        self
    }

    /// Adds many options.
    ///
    /// ```
    /// use floe_notify_gcp::GcpManagerBuilder;
    /// let options = [("cloudFiles.projectId", "acme"), ("path", "gs://landing/")];
    /// let builder = GcpManagerBuilder::default().options(options);
    /// assert!(format!("{builder:?}").contains("acme"));
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

    /// Sets the project of the bucket, the topics and the subscriptions: `cloudFiles.projectId`.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().project("acme");
    /// assert!(format!("{builder:?}").contains("cloudFiles.projectId"));
    /// ```
    #[must_use]
    pub fn project(self, id: impl Into<String>) -> Self {
        self.option(keys::PROJECT_ID.info().name, id)
    }

    /// Sets what is watched, for example `gs://landing/orders/`; needed for set-up alone.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().path("gs://landing/orders/");
    /// assert!(format!("{builder:?}").contains("gs://landing/orders/"));
    /// ```
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.option(keys::PATH.info().name, path)
    }

    /// Sets the id of the service account's client: `cloudFiles.client`.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().client("1234567890");
    /// assert!(format!("{builder:?}").contains("cloudFiles.client"));
    /// ```
    #[must_use]
    pub fn client(self, id: impl Into<String>) -> Self {
        self.option(keys::CLIENT.info().name, id)
    }

    /// Sets the e-mail address of the service account: `cloudFiles.clientEmail`.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default()
    ///     .client_email("ingest@acme.iam.gserviceaccount.com");
    /// assert!(format!("{builder:?}").contains("ingest@acme"));
    /// ```
    #[must_use]
    pub fn client_email(self, email: impl Into<String>) -> Self {
        self.option(keys::CLIENT_EMAIL.info().name, email)
    }

    /// Sets the private key of the service account, as PEM: `cloudFiles.privateKey`.
    ///
    /// ```
    /// use floe_notify::Secret;
    /// let builder =
    ///     floe_notify_gcp::GcpManagerBuilder::default().private_key(Secret::new("hunter2"));
    /// assert!(!format!("{builder:?}").contains("hunter2"));
    /// ```
    #[must_use]
    pub fn private_key(self, key: Secret) -> Self {
        self.option(keys::PRIVATE_KEY.info().name, key.reveal())
    }

    /// Sets the id of the private key: `cloudFiles.privateKeyId`.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().private_key_id("a1b2");
    /// assert!(format!("{builder:?}").contains("cloudFiles.privateKeyId"));
    /// ```
    #[must_use]
    pub fn private_key_id(self, id: impl Into<String>) -> Self {
        self.option(keys::PRIVATE_KEY_ID.info().name, id)
    }

    /// Adds a label to everything that is created: `cloudFiles.resourceTag.<key>`.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().resource_tag("team", "data");
    /// assert!(format!("{builder:?}").contains("cloudFiles.resourceTag.team"));
    /// ```
    #[must_use]
    pub fn resource_tag(self, key: &str, value: impl Into<String>) -> Self {
        self.option(format!("{}{key}", keys::TAG_START), value)
    }

    /// Reaches Pub/Sub at this URL, for example of an emulator.
    ///
    /// The environment variable `PUBSUB_EMULATOR_HOST` does the same without this call.
    ///
    /// ```
    /// let builder =
    ///     floe_notify_gcp::GcpManagerBuilder::default().pubsub_endpoint("http://127.0.0.1:8085");
    /// assert!(format!("{builder:?}").contains("8085"));
    /// ```
    #[must_use]
    pub fn pubsub_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.pubsub = Some(url.into());
        self
    }

    /// Reaches Cloud Storage at this URL, for example of an emulator.
    ///
    /// The environment variable `STORAGE_EMULATOR_HOST` does the same without this call.
    ///
    /// ```
    /// let builder =
    ///     floe_notify_gcp::GcpManagerBuilder::default().storage_endpoint("http://127.0.0.1:4443");
    /// assert!(format!("{builder:?}").contains("4443"));
    /// ```
    #[must_use]
    pub fn storage_endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoints.storage = Some(url.into());
        self
    }

    /// Uses these credentials instead of options and default chain.
    ///
    /// ```
    /// use google_cloud_auth::credentials::anonymous;
    /// let nobody = anonymous::Builder::new().build();
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().credentials(nobody);
    /// assert!(format!("{builder:?}").starts_with("GcpManagerBuilder"));
    /// ```
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sends each request so often at most, the first time included; 4 unless something is said.
    ///
    /// ```
    /// let builder = floe_notify_gcp::GcpManagerBuilder::default().max_attempts(1);
    /// assert!(format!("{builder:?}").starts_with("GcpManagerBuilder"));
    /// ```
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts.max(1));
        self
    }

    /// Makes the resource manager; no request is sent.
    ///
    /// # Errors
    /// [`GcpError::Options`] with all that is wrong with the options, [`GcpError::NoProject`], and
    /// [`GcpError::Credentials`] when the private key is none.
    ///
    /// ```
    /// use floe_notify_gcp::GcpManagerBuilder;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let created = GcpManagerBuilder::default().path("s3://landing/in/").create().await;
    /// assert!(created.unwrap_err().to_string().contains("is for Cloud Storage"));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn create(self) -> Result<CloudFilesGcpResourceManager, GcpError> {
        let (options, location) = self.checked()?;
        let project = options
            .find(keys::PROJECT_ID)
            .or_else(|| connection::variable("GOOGLE_CLOUD_PROJECT"))
            .ok_or(GcpError::NoProject)?;
        let endpoints = self.endpoints.or_environment();
        let attempts = self.attempts.unwrap_or(connection::ATTEMPTS);
        let connection =
            Connection::new(&options, project, endpoints, self.credentials, attempts).await?;
        Ok(CloudFilesGcpResourceManager {
            connection,
            location,
            prefix: options
                .find(keys::RESOURCE_PREFIX)
                .unwrap_or_else(|| default_prefix(Cloud::Gcp).to_owned()),
            tags: options.tags().clone(),
        })
    }

    fn checked(&self) -> Result<(Options, Option<Location>), GcpError> {
        let mut pairs = self.pairs.clone();
        let mode = keys::USE_NOTIFICATIONS.key().info().name;
        // Whoever makes a resource manager wants notifications, and need not say so.
        if !pairs.iter().any(|(key, _)| key.eq_ignore_ascii_case(mode)) {
            pairs.push((mode.to_owned(), "true".to_owned()));
        }
        let (options, mut findings) = Options::parse(pairs.iter().map(|(k, v)| (k, v)));
        let location = match options.find(keys::PATH).map(|path| watched(&path)) {
            Some(Ok(location)) => {
                findings.extend(options.check_setup(&location));
                Some(location)
            }
            Some(Err(finding)) => {
                findings.push(finding);
                None
            }
            None => None,
        };
        if options.find(keys::SERVICE_CREDENTIAL).is_some() {
            let message = "credentials that are kept by Databricks are not there here";
            let name = keys::SERVICE_CREDENTIAL.info().name;
            let finding = Finding::error(codes::BAD_VALUE, name, message);
            findings.push(finding.with_hint("give a service account's key, or the default chain"));
        }
        findings.extend(labels(&options));
        findings.retain(Finding::is_error);
        findings.dedup();
        if findings.is_empty() {
            Ok((options, location))
        } else {
            Err(GcpError::Options { findings })
        }
    }
}

/// What is wrong with the user's labels.
fn labels(options: &Options) -> Vec<Finding> {
    let tags = options.tags().iter().map(|(k, v)| (k.as_str(), v.as_str()));
    let (_, mut findings) = Tags::new(Cloud::Gcp, StreamTags::default(), tags);
    let ours = options
        .tags()
        .keys()
        .filter(|key| key.starts_with(BUCKET_LABEL));
    findings.extend(ours.map(|key| {
        let message = format!("labels that begin with `{BUCKET_LABEL}` say which bucket it is");
        let finding = Finding::error(codes::RESERVED_TAG, key, message);
        finding.with_hint("choose another key")
    }));
    findings
}

fn watched(path: &str) -> Result<Location, Finding> {
    let name = keys::PATH.info().name;
    let refused = |error: LocationError| Finding::error(error.code(), name, error.to_string());
    let location = Location::parse(path).map_err(refused)?;
    if location.cloud() == Cloud::Gcp {
        return Ok(location);
    }
    let message = format!(
        "{path} is on {}, and this resource manager is for Cloud Storage",
        location.cloud()
    );
    Err(Finding::error(codes::BAD_LOCATION, name, message)
        .with_hint("give a path like gs://bucket/in/"))
}
