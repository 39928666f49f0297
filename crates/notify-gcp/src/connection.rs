//! Credentials, project and endpoints, as clients.

use std::time::Duration;

use floe_notify::Options;
use floe_notify::options::keys;
use google_cloud_auth::credentials::{Builder, Credentials, anonymous, service_account};
use google_cloud_gax::exponential_backoff::ExponentialBackoffBuilder;
use google_cloud_gax::retry_policy::RetryPolicyExt as _;
use google_cloud_pubsub::client::{SubscriptionAdmin, TopicAdmin};
use google_cloud_pubsub::retry_policy::RetryableErrors;

use crate::GcpError;
use crate::rest::{Rest, TIMEOUT};

/// How often one request is sent, the first time included, unless something else is asked for.
pub(crate) const ATTEMPTS: u32 = 4;
/// How long until a connection stands.
const CONNECT: Duration = Duration::from_secs(5);
/// The first and the longest pause between attempts of Google's client.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
const PUBSUB: &str = "https://pubsub.googleapis.com";
const STORAGE: &str = "https://storage.googleapis.com";
/// What the credentials are for; what they may do is for IAM to say.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// The two services that a notification is made of.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) topics: TopicAdmin,
    pub(crate) subscriptions: SubscriptionAdmin,
    pub(crate) pubsub: Rest,
    pub(crate) storage: Rest,
    pub(crate) project: String,
    /// Whether Pub/Sub is an emulator, which keeps no policies.
    pub(crate) is_emulated: bool,
    /// The same for connections that reach the same buckets.
    pub(crate) world: String,
}

/// Where the services are, when they are not Google's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) pubsub: Option<String>,
    pub(crate) storage: Option<String>,
}

impl Endpoints {
    /// What was set, or what the variables of Google's own clients say.
    pub(crate) fn or_environment(self) -> Self {
        Self {
            pubsub: self.pubsub.or_else(|| variable("PUBSUB_EMULATOR_HOST")),
            storage: self.storage.or_else(|| variable("STORAGE_EMULATOR_HOST")),
        }
    }
}

impl Connection {
    pub(crate) async fn new(
        options: &Options,
        project: String,
        endpoints: Endpoints,
        given: Option<Credentials>,
        attempts: u32,
    ) -> Result<Self, GcpError> {
        let pubsub = endpoints.pubsub.map(|url| with_scheme(&url));
        let storage = endpoints.storage.map(|url| with_scheme(&url));
        let pubsub = pubsub.unwrap_or_else(|| PUBSUB.to_owned());
        let storage = storage.unwrap_or_else(|| STORAGE.to_owned());
        let is_emulated = is_plain(&pubsub);
        let real = match given {
            _ if is_emulated && is_plain(&storage) => None,
            Some(given) => Some(given),
            None => Some(credentials(options)?),
        };
        // A token must not travel in the clear, and an emulator asks for none.
        let of = |url: &str| match &real {
            Some(real) if !is_plain(url) => real.clone(),
            _ => anonymous::Builder::new().build(),
        };
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            // Nor must it follow wherever an answer leads.
            .redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(unusable)?;
        Ok(Self {
            topics: topics(&pubsub, of(&pubsub), attempts).await?,
            subscriptions: subscriptions(&pubsub, of(&pubsub), attempts).await?,
            pubsub: Rest::new(client.clone(), &pubsub, of(&pubsub), attempts),
            storage: Rest::new(client, &storage, of(&storage), attempts),
            project,
            is_emulated,
            world: storage,
        })
    }
}

async fn topics(url: &str, who: Credentials, attempts: u32) -> Result<TopicAdmin, GcpError> {
    let builder = TopicAdmin::builder()
        .with_endpoint(url)
        .with_credentials(who);
    let builder = builder.with_retry_policy(RetryableErrors.with_attempt_limit(attempts));
    let builder = builder
        .with_backoff_policy(backoff())
        .with_attempt_timeout(TIMEOUT);
    builder.build().await.map_err(unusable)
}

async fn subscriptions(
    url: &str,
    who: Credentials,
    attempts: u32,
) -> Result<SubscriptionAdmin, GcpError> {
    let builder = SubscriptionAdmin::builder()
        .with_endpoint(url)
        .with_credentials(who);
    let builder = builder.with_retry_policy(RetryableErrors.with_attempt_limit(attempts));
    let builder = builder
        .with_backoff_policy(backoff())
        .with_attempt_timeout(TIMEOUT);
    builder.build().await.map_err(unusable)
}

fn backoff() -> google_cloud_gax::exponential_backoff::ExponentialBackoff {
    let builder = ExponentialBackoffBuilder::new().with_initial_delay(PAUSE.0);
    builder.with_maximum_delay(PAUSE.1).clamp()
}

/// The key that the options give, or what Google's default chain finds.
fn credentials(options: &Options) -> Result<Credentials, GcpError> {
    let parts = (
        options.find(keys::CLIENT),
        options.find(keys::CLIENT_EMAIL),
        options.find(keys::PRIVATE_KEY),
        options.find(keys::PRIVATE_KEY_ID),
    );
    let (Some(client), Some(email), Some(key), Some(id)) = parts else {
        let chain = Builder::default().with_scopes([SCOPE]);
        return chain.build().map_err(unusable);
    };
    let key = serde_json::json!({
        "type": "service_account",
        "client_id": client,
        "client_email": email,
        // Keys that are copied out of JSON have their line breaks written out.
        "private_key": key.reveal().replace("\\n", "\n"),
        "private_key_id": id,
        "token_uri": TOKEN_URI,
    });
    let scopes = service_account::AccessSpecifier::from_scopes([SCOPE]);
    let builder = service_account::Builder::new(key).with_access_specifier(scopes);
    builder.build().map_err(unusable)
}

fn unusable(error: impl std::error::Error + 'static) -> GcpError {
    GcpError::Credentials {
        call: "any call".to_owned(),
        reason: floe_notify::words_of(&error),
    }
}

pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Some write `127.0.0.1:8085`, others the whole URL.
fn with_scheme(host: &str) -> String {
    if host.contains("://") {
        host.to_owned()
    } else {
        format!("http://{host}")
    }
}

/// Whether nothing is encrypted on the way: that is an emulator.
fn is_plain(url: &str) -> bool {
    url.starts_with("http://")
}
