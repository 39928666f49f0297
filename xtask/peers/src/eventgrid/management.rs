//! The management plane of one storage account.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use super::sign::{decoded, query};
use super::{
    ACCOUNT, CLIENT_SECRET, EventGrid, GROUP, SUBSCRIPTION, Shared, TOKEN, lock, subscription,
};
use crate::answer;

/// Versions that are known of the two interfaces.
const VERSIONS: [&str; 4] = ["2021-12-01", "2022-06-15", "2023-01-01", "2025-02-15"];
const KIND: &str = "/providers/Microsoft.EventGrid/eventSubscriptions";
const OPERATIONS: &str = "/providers/Microsoft.EventGrid/locations/westeurope/operationsStatus/";
const RESULTS: &str = "/providers/Microsoft.EventGrid/locations/westeurope/operationResults/";
/// What the caller is called in refusals.
const CALLER: &str = "11111111-2222-3333-4444-555555555555";

/// What the plane knows.
#[derive(Debug, Default)]
pub(super) struct Plane {
    /// By name.
    subscriptions: BTreeMap<String, Value>,
    /// By number.
    operations: BTreeMap<u64, Operation>,
    last: u64,
}

/// A change that was taken over.
#[derive(Clone, Debug)]
struct Operation {
    name: String,
    is_delete: bool,
    /// How often it will still say that it is not done.
    left: u32,
    failure: Option<(String, String)>,
}

impl Plane {
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    pub(super) fn all(&self) -> Vec<(String, Value)> {
        let all = self.subscriptions.iter();
        all.map(|(name, one)| (name.clone(), one.clone())).collect()
    }

    pub(super) fn put_at_once(&mut self, scope: &str, name: &str, body: &Value) {
        let made = subscription::made(scope, name, body, "Succeeded");
        self.subscriptions.insert(name.to_owned(), made);
    }

    fn begin(
        &mut self,
        name: &str,
        is_delete: bool,
        left: u32,
        failure: Option<(String, String)>,
    ) -> u64 {
        let number = self.number();
        let operation = Operation {
            name: name.to_owned(),
            is_delete,
            left,
            failure,
        };
        self.operations.insert(number, operation);
        number
    }

    /// Lets an operation come one step on; true when it is done.
    fn step(&mut self, number: u64) -> Option<(bool, Operation)> {
        let operation = self.operations.get_mut(&number)?;
        if operation.left > 0 {
            operation.left -= 1;
            return Some((false, operation.clone()));
        }
        let operation = operation.clone();
        let is_latest = self.latest(&operation.name) == Some(number);
        if is_latest && operation.is_delete && operation.failure.is_none() {
            self.subscriptions.remove(&operation.name);
        } else if is_latest && let Some(one) = self.subscriptions.get_mut(&operation.name) {
            let state = if operation.failure.is_some() {
                "Failed"
            } else {
                "Succeeded"
            };
            one["properties"]["provisioningState"] = json!(state);
        }
        Some((true, operation))
    }

    fn latest(&self, name: &str) -> Option<u64> {
        let mut all = self.operations.iter().rev();
        all.find(|(_, one)| one.name == name)
            .map(|(number, _)| *number)
    }

    /// Time passes for a resource that is looked at.
    fn look(&mut self, name: &str) {
        let busy = self.subscriptions.get(name).is_some_and(is_busy);
        if busy && let Some(number) = self.latest(name) {
            self.step(number);
        }
    }
}

fn is_busy(resource: &Value) -> bool {
    let state = &resource["properties"]["provisioningState"];
    ["Creating", "Updating", "Deleting"]
        .iter()
        .any(|one| state == one)
}

pub(super) async fn answered(shared: Arc<Shared>, request: Request<Bytes>) -> Response<Bytes> {
    shared.called(&request);
    let path = decoded(request.uri().path());
    if path.ends_with("/oauth2/v2.0/token") {
        return token(&request);
    }
    if let Some(refusal) = refusal(&shared, &request) {
        return refusal;
    }
    let scope = EventGrid::account_id();
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}");
    // Azure compares ids without regard to case.
    let rest = |start: &str| {
        let head = path.get(..start.len())?;
        head.eq_ignore_ascii_case(start)
            .then(|| path.get(start.len()..).unwrap_or_default())
    };
    if let Some(number) = rest(&format!("/subscriptions/{SUBSCRIPTION}{OPERATIONS}")) {
        return operation(&shared, number);
    }
    if let Some(number) = rest(&format!("/subscriptions/{SUBSCRIPTION}{RESULTS}")) {
        return result(&shared, number, &request);
    }
    if let Some(name) = rest(&format!("{scope}{KIND}")) {
        return match name.strip_prefix('/') {
            Some(name) if !name.is_empty() => one(&shared, &request, name),
            _ => list(&shared, &request),
        };
    }
    if rest(&format!(
        "{group}/providers/Microsoft.Storage/storageAccounts"
    )) == Some("")
    {
        return accounts();
    }
    let words = format!("The Resource '{path}' was not found.");
    error(404, "ResourceNotFound", &words)
}

/// What keeps a request from being looked at.
fn refusal(shared: &Shared, request: &Request<Bytes>) -> Option<Response<Bytes>> {
    let bearer = request.headers().get(AUTHORIZATION);
    let bearer = bearer.and_then(|value| value.to_str().ok());
    match bearer.and_then(|value| value.strip_prefix("Bearer ")) {
        None => {
            let words = "Authentication failed. The 'Authorization' header is missing.";
            return Some(error(401, "AuthenticationFailed", words));
        }
        Some(token) if token != TOKEN => {
            let words = "The access token is invalid.";
            return Some(error(401, "InvalidAuthenticationToken", words));
        }
        Some(_) => {}
    }
    if shared.spends(|faults| &mut faults.throttled) {
        let words = "Number of requests exceeded the limit. Please try again after '1' seconds.";
        let mut answer = error(429, "TooManyRequests", words);
        set(&mut answer, "retry-after", "1");
        return Some(answer);
    }
    let versions: Vec<_> = query(request)
        .into_iter()
        .filter(|(key, _)| key == "api-version")
        .collect();
    match versions.first() {
        None => {
            let words = "The api-version query parameter (?api-version=) is required for all \
                         requests.";
            return Some(error(400, "MissingApiVersionParameter", words));
        }
        Some((_, version)) if !VERSIONS.contains(&version.as_str()) => {
            let words = format!(
                "The api-version '{version}' is invalid. The supported versions are '{}'.",
                VERSIONS.join(",")
            );
            return Some(error(400, "InvalidApiVersionParameter", &words));
        }
        Some(_) => {}
    }
    let action = action(request);
    if shared.faults().forbidden.contains(&action) {
        let scope = decoded(request.uri().path());
        let words = format!(
            "The client '{CALLER}' with object id '{CALLER}' does not have authorization to \
             perform action '{action}' over scope '{scope}' or the scope is invalid. If access \
             was recently granted, please refresh your credentials."
        );
        return Some(error(403, "AuthorizationFailed", &words));
    }
    let is_write = request.method() != Method::GET;
    (is_write && shared.faults().unregistered).then(|| {
        let words = format!(
            "The subscription is not registered to use namespace 'Microsoft.EventGrid'. See \
             https://aka.ms/rps-not-found for how to register subscriptions. Subscription: \
             {SUBSCRIPTION}"
        );
        error(409, "MissingSubscriptionRegistration", &words)
    })
}

fn action(request: &Request<Bytes>) -> String {
    let is_grid = request
        .uri()
        .path()
        .to_lowercase()
        .contains("/microsoft.eventgrid/");
    let verb = match *request.method() {
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => "read",
    };
    if is_grid {
        format!("Microsoft.EventGrid/eventSubscriptions/{verb}")
    } else {
        format!("Microsoft.Storage/storageAccounts/{verb}")
    }
}

fn one(shared: &Shared, request: &Request<Bytes>, name: &str) -> Response<Bytes> {
    match *request.method() {
        Method::GET => {
            let mut plane = lock(&shared.plane);
            plane.look(name);
            match plane.subscriptions.get(name) {
                Some(one) => json_answer(200, one),
                None => missing(name),
            }
        }
        Method::PUT | Method::PATCH => write(shared, request, name),
        Method::DELETE => delete(shared, request, name),
        _ => error(405, "MethodNotAllowed", "The method is not allowed."),
    }
}

fn write(shared: &Shared, request: &Request<Bytes>, name: &str) -> Response<Bytes> {
    let Ok(body) = serde_json::from_slice::<Value>(request.body()) else {
        return error(
            400,
            "InvalidRequestContent",
            "The request content was not valid JSON.",
        );
    };
    let faults = shared.faults().clone();
    let mut plane = lock(&shared.plane);
    let known = plane.subscriptions.get(name).cloned();
    if known.as_ref().is_some_and(is_busy) {
        return busy(name);
    }
    let body = match (&known, request.method()) {
        (Some(known), &Method::PATCH) => subscription::patched(known, &body),
        (None, &Method::PATCH) => return missing(name),
        _ => body,
    };
    if let Some((code, words)) = subscription::refused(name, &body) {
        return error(400, code, &words);
    }
    let state = if known.is_some() {
        "Updating"
    } else {
        "Creating"
    };
    let scope = EventGrid::account_id();
    let made = subscription::made(&scope, name, &body, state);
    plane.subscriptions.insert(name.to_owned(), made.clone());
    let failure = next_failure(shared);
    let number = plane.begin(name, false, faults.polls, failure);
    let mut answer = json_answer(201, &made);
    if !faults.no_links {
        link(
            shared,
            &mut answer,
            request,
            "azure-asyncoperation",
            OPERATIONS,
            number,
        );
    }
    set(&mut answer, "retry-after", "0");
    answer
}

fn delete(shared: &Shared, request: &Request<Bytes>, name: &str) -> Response<Bytes> {
    let faults = shared.faults().clone();
    let mut plane = lock(&shared.plane);
    let Some(one) = plane.subscriptions.get_mut(name) else {
        return answer(204, "application/json", "");
    };
    if one["properties"]["provisioningState"] == "Deleting" {
        return busy(name);
    }
    one["properties"]["provisioningState"] = json!("Deleting");
    let failure = next_failure(shared);
    let number = plane.begin(name, true, faults.polls, failure);
    let mut answer = answer(202, "application/json", "");
    if !faults.no_links {
        link(shared, &mut answer, request, "location", RESULTS, number);
    }
    set(&mut answer, "retry-after", "0");
    answer
}

fn next_failure(shared: &Shared) -> Option<(String, String)> {
    let mut faults = shared.faults();
    let is_there = !faults.failing.is_empty();
    is_there.then(|| faults.failing.remove(0))
}

/// What an `Azure-AsyncOperation` leads to.
fn operation(shared: &Shared, number: &str) -> Response<Bytes> {
    let step = number.parse().ok();
    let step = step.and_then(|number| lock(&shared.plane).step(number));
    let Some((is_done, operation)) = step else {
        return error(404, "ResourceNotFound", "There is no such operation.");
    };
    let status = match (is_done, &operation.failure) {
        (false, _) => "InProgress",
        (true, None) => "Succeeded",
        (true, Some(_)) => "Failed",
    };
    let mut body = json!({"id": number, "name": number, "status": status});
    if let Some((code, message)) = operation.failure.filter(|_| is_done) {
        body["error"] = json!({"code": code, "message": message});
    }
    let mut answer = json_answer(200, &body);
    set(&mut answer, "retry-after", "0");
    answer
}

/// What a `Location` leads to.
fn result(shared: &Shared, number: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let step = number.parse().ok();
    let step = step.and_then(|parsed| Some((parsed, lock(&shared.plane).step(parsed)?)));
    match step {
        None => error(404, "ResourceNotFound", "There is no such operation."),
        Some((number, (false, _))) => {
            let mut answer = answer(202, "application/json", "");
            link(shared, &mut answer, request, "location", RESULTS, number);
            set(&mut answer, "retry-after", "0");
            answer
        }
        Some((_, (true, operation))) => match operation.failure {
            Some((code, message)) => error(400, &code, &message),
            None => answer(200, "application/json", ""),
        },
    }
}

fn list(shared: &Shared, request: &Request<Bytes>) -> Response<Bytes> {
    let number = |name: &str| {
        let query = query(request);
        let found = query.iter().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let (names, all) = {
        let mut plane = lock(&shared.plane);
        let names: Vec<String> = plane.subscriptions.keys().cloned().collect();
        for name in &names {
            plane.look(name);
        }
        (names.len(), plane.all())
    };
    let page = number("$top").unwrap_or(shared.faults().page);
    let page = if page == 0 { names.max(1) } else { page };
    let from = number("$skiptoken").unwrap_or(0);
    let value: Vec<Value> = all
        .into_iter()
        .map(|(_, one)| one)
        .skip(from)
        .take(page)
        .collect();
    let mut body = json!({"value": value});
    if from + page < names {
        let base = base(shared, request);
        let path = request.uri().path();
        let version = version(request);
        let next = from + page;
        let top = number("$top")
            .map(|top| format!("&$top={top}"))
            .unwrap_or_default();
        body["nextLink"] = json!(format!(
            "{base}{path}?api-version={version}&$skiptoken={next}{top}"
        ));
    }
    json_answer(200, &body)
}

fn accounts() -> Response<Bytes> {
    // What is reached under the host of Azure is the door to Azurite's queues.
    let queues = format!("https://{ACCOUNT}.queue.core.windows.net/");
    let account = json!({
        "id": EventGrid::account_id(),
        "name": ACCOUNT,
        "kind": "StorageV2",
        "properties": {"provisioningState": "Succeeded", "primaryEndpoints": {"queue": queues}},
    });
    let premium = json!({
        "name": "premium",
        "kind": "BlockBlobStorage",
        "properties": {"provisioningState": "Succeeded", "primaryEndpoints": {}},
    });
    json_answer(200, &json!({"value": [account, premium]}))
}

/// What the token service answers; the secret is checked, the rest is not.
fn token(request: &Request<Bytes>) -> Response<Bytes> {
    let form = String::from_utf8_lossy(request.body()).into_owned();
    let fields = form.split('&').filter_map(|pair| pair.split_once('='));
    let mut fields = fields.map(|(key, value)| (key, decoded(&value.replace('+', " "))));
    let is_right = fields.any(|(key, value)| key == "client_secret" && value == CLIENT_SECRET);
    if !is_right {
        let words = "AADSTS7000215: Invalid client secret provided.";
        let body = json!({"error": "invalid_client", "error_description": words,
            "error_codes": [7_000_215]});
        return json_answer(401, &body);
    }
    let body = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN});
    json_answer(200, &body)
}

fn version(request: &Request<Bytes>) -> String {
    let query = query(request).into_iter();
    let mut versions = query.filter(|(key, _)| key == "api-version");
    versions.next().map(|(_, value)| value).unwrap_or_default()
}

/// Where the client believes this to be.
fn base(shared: &Shared, request: &Request<Bytes>) -> String {
    if let Some(links) = shared.faults().links.clone() {
        return links;
    }
    let host = request
        .headers()
        .get(HOST)
        .and_then(|value| value.to_str().ok());
    format!("http://{}", host.unwrap_or_default())
}

fn link(
    shared: &Shared,
    answer: &mut Response<Bytes>,
    request: &Request<Bytes>,
    header: &'static str,
    kind: &str,
    number: u64,
) {
    let (base, version) = (base(shared, request), version(request));
    let url = format!("{base}/subscriptions/{SUBSCRIPTION}{kind}{number}?api-version={version}");
    set(answer, header, &url);
}

fn missing(name: &str) -> Response<Bytes> {
    let words = format!("The event subscription '{name}' was not found.");
    error(404, "ResourceNotFound", &words)
}

fn busy(name: &str) -> Response<Bytes> {
    let words = format!("Another operation on the event subscription '{name}' is in progress.");
    error(409, "Conflict", &words)
}

fn error(status: u16, code: &str, message: &str) -> Response<Bytes> {
    json_answer(
        status,
        &json!({"error": {"code": code, "message": message}}),
    )
}

fn json_answer(status: u16, body: &Value) -> Response<Bytes> {
    answer(status, "application/json; charset=utf-8", body.to_string())
}

fn set(answer: &mut Response<Bytes>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}
