//! How a resource manager is made.

use std::fmt;

use aws_config::SdkConfig;
use floe_notify::options::keys;
use floe_notify::{
    Cloud, Finding, Location, LocationError, Options, Secret, StreamTags, Tags, codes,
    default_prefix,
};

use crate::connection::{self, Connection};
use crate::{AwsError, CloudFilesAwsResourceManager};

/// What a resource manager on AWS needs to know: options by the names of Auto Loader, or the same
/// by typed setters.
///
/// Credentials are those of the options `cloudFiles.awsAccessKey` and `awsSecretKey`, of
/// `cloudFiles.roleArn`, or of the default chain of the AWS SDK: environment, profile, container,
/// instance. They are never printed.
///
/// ```
/// use floe_notify::{ResourceManager, Secret};
/// use floe_notify_aws::CloudFilesAwsResourceManager;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let builder = CloudFilesAwsResourceManager::new_manager()
///     .option("cloudFiles.region", "eu-west-1")
///     .option("path", "s3://landing/orders/")
///     .access_key(Secret::new("AKIDEXAMPLE"), Secret::new("hunter2"));
/// assert!(!format!("{builder:?}").contains("hunter2"));
/// let manager = builder.create().await?;
/// assert_eq!(manager.name(), "aws");
/// # Ok::<(), floe_notify_aws::AwsError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct AwsManagerBuilder {
    pairs: Vec<(String, String)>,
    checkpoint: Option<String>,
    endpoint: Option<String>,
    config: Option<SdkConfig>,
}

impl fmt::Debug for AwsManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (options, _) = Options::parse(self.pairs.iter().map(|(k, v)| (k, v)));
        f.debug_struct("AwsManagerBuilder")
            .field("options", &options)
            .field("checkpoint", &self.checkpoint)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl AwsManagerBuilder {
    /// Adds an option, by the name it has in streams, for example `cloudFiles.region`.
    ///
    /// ```
    /// use floe_notify_aws::{AwsManagerBuilder, CloudFilesAwsResourceManager};
    /// let builder: AwsManagerBuilder =
    ///     CloudFilesAwsResourceManager::new_manager().option("path", "s3://landing/orders/");
    /// assert!(format!("{builder:?}").contains("s3://landing/orders/"));
    /// ```
    #[must_use]
    pub fn option(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((key.into(), value.into()));
        self
    }

    /// Adds many options.
    ///
    /// ```
    /// use floe_notify_aws::AwsManagerBuilder;
    /// let options = [("cloudFiles.region", "eu-west-1"), ("path", "s3://landing/")];
    /// let builder = AwsManagerBuilder::default().options(options);
    /// assert!(format!("{builder:?}").contains("eu-west-1"));
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

    /// Sets the region of the bucket, the topics and the queues: `cloudFiles.region`.
    ///
    /// ```
    /// let builder = floe_notify_aws::AwsManagerBuilder::default().region("eu-west-1");
    /// assert!(format!("{builder:?}").contains("cloudFiles.region"));
    /// ```
    #[must_use]
    pub fn region(self, region: impl Into<String>) -> Self {
        self.option(keys::REGION.info().name, region)
    }

    /// Sets what is watched, for example `s3://landing/orders/`; needed for set-up alone.
    ///
    /// ```
    /// let builder = floe_notify_aws::AwsManagerBuilder::default().path("s3://landing/orders/");
    /// assert!(format!("{builder:?}").contains("s3://landing/orders/"));
    /// ```
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.option(keys::PATH.info().name, path)
    }

    /// Sets an access key and its secret: `cloudFiles.awsAccessKey` and `cloudFiles.awsSecretKey`.
    ///
    /// ```
    /// use floe_notify::Secret;
    /// let builder = floe_notify_aws::AwsManagerBuilder::default()
    ///     .access_key(Secret::new("AKIDEXAMPLE"), Secret::new("hunter2"));
    /// assert!(!format!("{builder:?}").contains("hunter2"));
    /// ```
    #[must_use]
    pub fn access_key(self, access: Secret, secret: Secret) -> Self {
        self.option(keys::AWS_ACCESS_KEY.info().name, access.reveal())
            .option(keys::AWS_SECRET_KEY.info().name, secret.reveal())
    }

    /// Sets a role to assume: `cloudFiles.roleArn`.
    ///
    /// ```
    /// let builder = floe_notify_aws::AwsManagerBuilder::default()
    ///     .role("arn:aws:iam::111122223333:role/ingest");
    /// assert!(format!("{builder:?}").contains("role/ingest"));
    /// ```
    #[must_use]
    pub fn role(self, arn: impl Into<String>) -> Self {
        self.option(keys::ROLE_ARN.info().name, arn)
    }

    /// Adds a tag to everything that is created: `cloudFiles.resourceTag.<key>`.
    ///
    /// ```
    /// let builder = floe_notify_aws::AwsManagerBuilder::default().resource_tag("team", "data");
    /// assert!(format!("{builder:?}").contains("cloudFiles.resourceTag.team"));
    /// ```
    #[must_use]
    pub fn resource_tag(self, key: &str, value: impl Into<String>) -> Self {
        self.option(format!("{}{key}", keys::TAG_START), value)
    }

    /// Says where the checkpoint of the stream is, for the tag `checkpointLocation`.
    ///
    /// ```
    /// let builder = floe_notify_aws::AwsManagerBuilder::default().checkpoint_location("/cp/1");
    /// assert!(format!("{builder:?}").contains("/cp/1"));
    /// ```
    #[must_use]
    pub fn checkpoint_location(mut self, location: impl Into<String>) -> Self {
        self.checkpoint = Some(location.into());
        self
    }

    /// Sends all requests to this URL, for example of an emulator, instead of to AWS.
    ///
    /// The environment variable `AWS_ENDPOINT_URL` does the same without this call.
    ///
    /// ```
    /// let builder =
    ///     floe_notify_aws::AwsManagerBuilder::default().endpoint_url("http://127.0.0.1:4566");
    /// assert!(format!("{builder:?}").contains("4566"));
    /// ```
    #[must_use]
    pub fn endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Uses this configuration of the SDK instead of the default chain; options go on top of it.
    ///
    /// ```
    /// use aws_config::{BehaviorVersion, SdkConfig};
    /// let version = BehaviorVersion::v2026_01_12();
    /// let config = SdkConfig::builder().behavior_version(version).build();
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let created = floe_notify_aws::AwsManagerBuilder::default().sdk_config(config).create();
    /// assert_eq!(created.await.unwrap_err().code(), "FLOE-AWS-0002", "it has no region");
    /// # });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sdk_config(mut self, config: SdkConfig) -> Self {
        self.config = Some(config);
        self
    }

    /// Makes the resource manager; no request is sent, unless the region has to be found out.
    ///
    /// # Errors
    /// [`AwsError::Options`] with all that is wrong with the options, [`AwsError::NoRegion`].
    ///
    /// ```
    /// use floe_notify_aws::AwsManagerBuilder;
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let created = AwsManagerBuilder::default().path("gs://landing/in/").create().await;
    /// assert!(created.unwrap_err().to_string().contains("this resource manager is for S3"));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn create(self) -> Result<CloudFilesAwsResourceManager, AwsError> {
        let (options, location) = self.checked()?;
        let config = connection::config(&options, self.config, self.endpoint).await;
        Ok(CloudFilesAwsResourceManager {
            connection: Connection::new(&config)?,
            location,
            prefix: options
                .find(keys::RESOURCE_PREFIX)
                .unwrap_or_else(|| default_prefix(Cloud::Aws).to_owned()),
            tags: options.tags().clone(),
            checkpoint: self.checkpoint,
            same_account: options.get(keys::RESTRICT_TO_SAME_ACCOUNT),
        })
    }

    fn checked(&self) -> Result<(Options, Option<Location>), AwsError> {
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
            findings.push(finding.with_hint("give a role, an access key, or the default chain"));
        }
        let tags = options.tags().iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let (_, of_tags) = Tags::new(Cloud::Aws, StreamTags::default(), tags);
        findings.extend(of_tags);
        findings.retain(Finding::is_error);
        findings.dedup();
        if findings.is_empty() {
            Ok((options, location))
        } else {
            Err(AwsError::Options { findings })
        }
    }
}

fn watched(path: &str) -> Result<Location, Finding> {
    let name = keys::PATH.info().name;
    let refused = |error: LocationError| Finding::error(error.code(), name, error.to_string());
    let location = Location::parse(path).map_err(refused)?;
    if location.cloud() == Cloud::Aws {
        return Ok(location);
    }
    let message = format!(
        "{path} is on {}, and this resource manager is for S3",
        location.cloud()
    );
    Err(Finding::error(codes::BAD_LOCATION, name, message)
        .with_hint("give a path like s3://bucket/in/"))
}
