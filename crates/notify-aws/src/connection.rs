//! Credentials, region and endpoint, as clients.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use floe_notify::Options;
use floe_notify::options::keys;

use crate::AwsError;

/// How often one request is sent, the first time included.
const MAX_ATTEMPTS: u32 = 4;
/// How long until a connection stands.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt takes: more than the longest long poll, 20 seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// What AWS calls sessions of roles when nobody names them.
const SESSION: &str = "floe";

/// The three services that a notification is made of.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) sns: aws_sdk_sns::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) region: String,
    /// The same for connections that reach the same buckets.
    pub(crate) world: String,
}

impl Connection {
    pub(crate) fn new(config: &SdkConfig) -> Result<Self, AwsError> {
        let region = config.region().ok_or(AwsError::NoRegion)?.to_string();
        let endpoint = config.endpoint_url();
        // Buckets are subdomains on AWS alone: other endpoints have them in the path.
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(endpoint.is_some());
        Ok(Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            region,
            world: endpoint.unwrap_or("aws").to_owned(),
        })
    }
}

/// The configuration that options ask for, on top of what was given or of the default chain.
pub(crate) async fn config(
    options: &Options,
    given: Option<SdkConfig>,
    endpoint: Option<String>,
) -> SdkConfig {
    let region = options.find(keys::REGION).map(Region::new);
    let base = match given {
        Some(given) => given,
        None => default_chain(region.clone()).await,
    };
    let mut builder = base.into_builder();
    if let Some(region) = region {
        builder.set_region(region);
    }
    if let Some(endpoint) = endpoint {
        builder.set_endpoint_url(Some(endpoint));
    }
    if let Some(keys) = access_keys(options) {
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(keys)));
    }
    let config = builder.build();
    match options.find(keys::ROLE_ARN) {
        Some(role) => as_role(config, role, options).await,
        None => config,
    }
}

async fn default_chain(region: Option<Region>) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
        .timeout_config(timeouts);
    if let Some(region) = region {
        // A region that is given is not asked for on the network.
        loader = loader.region(region);
    }
    loader.load().await
}

fn access_keys(options: &Options) -> Option<Credentials> {
    let access = options.find(keys::AWS_ACCESS_KEY)?;
    let secret = options.find(keys::AWS_SECRET_KEY)?;
    let (access, secret) = (access.reveal(), secret.reveal());
    Some(Credentials::new(access, secret, None, None, "options"))
}

/// A provider of roles has to know when what it was given expires, and ends the program when nobody
/// tells it the time; a configuration that was put together by hand may have no clock.
async fn with_clock(config: SdkConfig) -> SdkConfig {
    if config.time_source().is_some() {
        return config;
    }
    let region = config.region().cloned();
    let clock = default_chain(region.or(Some(Region::from_static("aws-global")))).await;
    let mut builder = config.into_builder();
    builder.set_time_source(clock.time_source());
    builder.build()
}

async fn as_role(config: SdkConfig, role: String, options: &Options) -> SdkConfig {
    let config = with_clock(config).await;
    let mut of_sts = config.clone().into_builder();
    if let Some(endpoint) = options.find(keys::STS_ENDPOINT) {
        of_sts.set_endpoint_url(Some(endpoint));
    }
    let session = options.find(keys::ROLE_SESSION_NAME);
    let mut assume = AssumeRoleProvider::builder(role)
        .configure(&of_sts.build())
        .session_name(session.unwrap_or_else(|| SESSION.to_owned()));
    if let Some(id) = options.find(keys::ROLE_EXTERNAL_ID) {
        assume = assume.external_id(id.reveal());
    }
    if let Some(region) = config.region() {
        assume = assume.region(region.clone());
    }
    let provider = SharedCredentialsProvider::new(assume.build().await);
    let mut builder = config.into_builder();
    builder.set_credentials_provider(Some(provider));
    builder.build()
}
