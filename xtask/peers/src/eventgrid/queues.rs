//! What stands before Azurite's queues: who may do what, and what goes wrong.
//!
//! Requests with a key or a signature are passed on as they are. One with a token is checked, and
//! signed with the key of the account, because Azurite knows no roles.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Method, Request, Response};

use super::sign::query;
use super::{Shared, TOKEN};
use crate::answer;

const QUEUES: &str = "Microsoft.Storage/storageAccounts/queueServices/queues";

pub(super) async fn answered(shared: Arc<Shared>, mut request: Request<Bytes>) -> Response<Bytes> {
    shared.called(&request);
    if shared.spends(|faults| &mut faults.busy_queues) {
        return refused(503, "ServerBusy", "The server is busy.");
    }
    let action = action(&request);
    let makes = action.ends_with("queues/write") && request.method() == Method::PUT;
    if makes && shared.spends(|faults| &mut faults.queue_being_deleted) {
        return refused(
            409,
            "QueueBeingDeleted",
            "The specified queue is being deleted.",
        );
    }
    let bearer = request.headers().get(AUTHORIZATION);
    let bearer = bearer.and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    if let Some(token) = bearer {
        if token != TOKEN {
            let words = "Server failed to authenticate the request.";
            return refused(401, "InvalidAuthenticationInfo", words);
        }
        if shared.faults().forbidden.contains(&action) {
            return refused(
                403,
                "AuthorizationPermissionMismatch",
                "This request is not authorized to perform this operation using this permission.",
            );
        }
        shared.signer.sign(&mut request, shared.now());
    }
    shared.queues.send(request).await
}

/// The action that a request needs ("Authorize with Microsoft Entra ID").
fn action(request: &Request<Bytes>) -> String {
    let path = request.uri().path().trim_start_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let what = match (request.method(), parts.as_slice()) {
        (&Method::GET, [_, _, "messages"]) => {
            let peeks = query(request).iter().any(|(key, _)| key == "peekonly");
            if peeks {
                "messages/read"
            } else {
                "messages/process/action"
            }
        }
        (&Method::POST, [_, _, "messages"]) => "messages/write",
        (&Method::PUT, [_, _, "messages", ..]) => "messages/write",
        (&Method::DELETE, [_, _, "messages", ..]) => "messages/delete",
        (&Method::PUT, _) => "write",
        (&Method::DELETE, _) => "delete",
        _ => "read",
    };
    format!("{QUEUES}/{what}")
}

fn refused(status: u16, code: &str, message: &str) -> Response<Bytes> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code>\
         <Message>{message}\nRequestId:831e1650-001e-001b-66ab-eeb76e000000</Message></Error>"
    );
    let mut answer = answer(status, "application/xml", body);
    if let Ok(value) = HeaderValue::from_str(code) {
        answer.headers_mut().insert("x-ms-error-code", value);
    }
    answer
}
