//! The management plane: Azure Resource Manager by REST, through the pipeline of the SDK.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{
    ClientOptions, Context, Method, Pipeline, PipelineOptions, PipelineSendOptions, Request,
    StatusCode, Url,
};
use floe_notify::ResourceError;
use floe_notify::clock::Clock;
use serde_json::Value;

use crate::AzureError;
use crate::failure::{Call, Failure, Kind, retry_after};

mod operation;
pub(crate) mod wire;

/// The version of Event Grid's interface: the newest that all clouds have.
const EVENT_GRID: &str = "2022-06-15";
/// The version of Storage's interface.
const STORAGE: &str = "2023-01-01";
/// Most pages of one list: a storage account has 500 event subscriptions ("Azure Event Grid quotas
/// and limits"), and a page as few as one.
const MAX_PAGES: usize = 500;
/// How often a request is sent that Azure is too busy for, the first time included …
const MAX_TRIES: u32 = 5;
/// … how long until the next time, unless Azure says how long, doubled each time …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … and how long at most.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A connection to the management plane.
#[derive(Clone)]
pub(crate) struct Arm {
    pipeline: Pipeline,
    base: Url,
}

impl fmt::Debug for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Arm").field(&self.base.as_str()).finish()
    }
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// Where to ask how the change is going.
    operation: Option<String>,
    location: Option<String>,
    wait: Option<Duration>,
    body: Value,
}

impl Arm {
    pub(crate) fn new(
        base: Url,
        scope: &str,
        credential: Arc<dyn TokenCredential>,
        options: ClientOptions,
    ) -> Self {
        let bearer = BearerTokenAuthorizationPolicy::new(credential, [scope]);
        let bearer: Arc<dyn Policy> = Arc::new(bearer);
        // When Azure is busy, it is the caller's clock that waits.
        let retried = PipelineOptions {
            retry_status_codes: vec![
                StatusCode::RequestTimeout,
                StatusCode::InternalServerError,
                StatusCode::BadGateway,
                StatusCode::GatewayTimeout,
            ],
            ..PipelineOptions::default()
        };
        let pipeline = Pipeline::new(
            option_env!("CARGO_PKG_NAME"),
            option_env!("CARGO_PKG_VERSION"),
            options,
            Vec::new(),
            vec![bearer],
            Some(retried),
        );
        Self { pipeline, base }
    }

    /// The names of the storage accounts of a resource group, and where their queues are; without
    /// those that have no queues.
    pub(crate) async fn accounts(
        &self,
        clock: &dyn Clock,
        group: &str,
    ) -> Result<Vec<(String, Url)>, ResourceError> {
        let path = format!("{group}/providers/Microsoft.Storage/storageAccounts");
        let call = Call::READ_ACCOUNTS;
        let items = self.list(clock, call, &path, STORAGE, group).await?;
        Ok(items.iter().filter_map(wire::account).collect())
    }

    /// The event subscriptions of a storage account.
    pub(crate) async fn subscriptions(
        &self,
        clock: &dyn Clock,
        account: &str,
    ) -> Result<Vec<wire::Subscription>, ResourceError> {
        let path = format!("{account}/providers/Microsoft.EventGrid/eventSubscriptions");
        let call = Call::READ_EVENTS;
        let items = self.list(clock, call, &path, EVENT_GRID, account).await?;
        Ok(items.iter().filter_map(wire::subscription).collect())
    }

    /// Makes an event subscription, or makes it anew, and waits until it works; false when Azure is
    /// still busy with another change of it.
    pub(crate) async fn put_subscription(
        &self,
        clock: &dyn Clock,
        id: &str,
        body: String,
    ) -> Result<bool, ResourceError> {
        self.change(clock, Call::WRITE_EVENTS, Method::Put, id, Some(body))
            .await
    }

    /// Deletes an event subscription, and waits until it is gone; one that is not there is fine.
    /// False when Azure is still busy with another change of it.
    pub(crate) async fn delete_subscription(
        &self,
        clock: &dyn Clock,
        id: &str,
    ) -> Result<bool, ResourceError> {
        self.change(clock, Call::DELETE_EVENTS, Method::Delete, id, None)
            .await
    }

    async fn change(
        &self,
        clock: &dyn Clock,
        call: Call,
        method: Method,
        id: &str,
        body: Option<String>,
    ) -> Result<bool, ResourceError> {
        let url = self.url(id, EVENT_GRID);
        let is_delete = method == Method::Delete;
        match self.send(clock, call, method, &url, body).await {
            Ok(answer) => {
                self.settle(clock, call, id, &url, answer).await?;
                Ok(true)
            }
            Err(failure) if is_delete && failure.is_gone() => Ok(true),
            Err(failure) if failure.is_busy() => Ok(false),
            Err(failure) => Err(failure.resource(id)),
        }
    }

    fn url(&self, path: &str, version: &str) -> Url {
        let mut url = self.base.clone();
        let before = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{before}{path}"));
        url.query_pairs_mut().append_pair("api-version", version);
        url
    }

    async fn list(
        &self,
        clock: &dyn Clock,
        call: Call,
        path: &str,
        version: &str,
        resource: &str,
    ) -> Result<Vec<Value>, ResourceError> {
        let mut url = self.url(path, version);
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = self.send(clock, call, Method::Get, &url, None).await;
            let page = page.map_err(|failure| failure.resource(resource))?;
            let mut body = page.body;
            if let Some(Value::Array(some)) = body.get_mut("value").map(Value::take) {
                items.extend(some);
            }
            let next = body.get("nextLink").and_then(Value::as_str);
            match next.filter(|next| !next.is_empty()) {
                None => return Ok(items),
                Some(next) => url = self.follow(call, resource, next)?,
            }
        }
        let error = AzureError::TooMany {
            call: call.action.to_owned(),
            pages: MAX_PAGES,
        };
        Err(ResourceError::driver(resource, error))
    }

    /// A link out of an answer: the token goes along with it, so it has to lead to the same host.
    fn follow(&self, call: Call, resource: &str, link: &str) -> Result<Url, ResourceError> {
        let joined = self.base.join(link).ok();
        if let Some(url) = joined.filter(|url| url.origin() == self.base.origin()) {
            return Ok(url);
        }
        let url = link.split('?').next().unwrap_or_default().to_owned();
        let call = call.action.to_owned();
        Err(ResourceError::driver(
            resource,
            AzureError::Elsewhere { call, url },
        ))
    }

    /// Sends a request, again when Azure is too busy for it.
    async fn send(
        &self,
        clock: &dyn Clock,
        call: Call,
        method: Method,
        url: &Url,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..MAX_TRIES {
            match self.send_once(call, method, url, body.clone()).await {
                Err(failure) if failure.kind == Kind::Throttled => {
                    clock
                        .sleep(failure.wait.unwrap_or(pause).min(MAX_PAUSE))
                        .await;
                    pause *= 2;
                }
                other => return other,
            }
        }
        self.send_once(call, method, url, body).await
    }

    async fn send_once(
        &self,
        call: Call,
        method: Method,
        url: &Url,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        let mut request = Request::new(url.clone(), method);
        request.insert_header("accept", "application/json");
        if let Some(body) = body {
            request.insert_header("content-type", "application/json");
            request.set_body(body);
        }
        let unchecked = PipelineSendOptions {
            skip_checks: true,
            ..PipelineSendOptions::default()
        };
        let context = Context::default();
        let sent = self.pipeline.send(&context, &mut request, Some(unchecked));
        let answer = sent.await.map_err(|error| Failure::of(call, &error))?;
        let (status, headers, body) = answer.deconstruct();
        let status = u16::from(status);
        let body: &[u8] = body.as_ref();
        let body: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(_) if body.is_empty() || status >= 400 => Value::Null,
            Err(error) => {
                let mut failure = Failure::of_answer(call, status, "", &error.to_string());
                failure.kind = Kind::Unavailable;
                return Err(failure);
            }
        };
        let wait = retry_after(&headers);
        if status >= 400 {
            let (code, message) = wire::error(&body);
            let mut failure = Failure::of_answer(call, status, &code, &message);
            failure.wait = wait;
            return Err(failure);
        }
        Ok(Answer {
            status,
            operation: text(&headers, &HeaderName::from_static("azure-asyncoperation")),
            location: text(&headers, &HeaderName::from_static("location")),
            wait,
            body,
        })
    }
}

fn text(headers: &Headers, name: &HeaderName) -> Option<String> {
    headers.get_optional_str(name).map(str::to_owned)
}
