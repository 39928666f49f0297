//! What stands before Azurite's blobs, and turns what is done to them into events.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, Method, Request, Response};

use super::sign::{decoded, query};
use super::{BlobEvent, Shared};

const CREATED: &str = "Microsoft.Storage.BlobCreated";
/// Containers that have no events.
const SILENT: [&str; 2] = ["$logs", "$blobchangefeed"];

pub(super) async fn answered(shared: Arc<Shared>, request: Request<Bytes>) -> Response<Bytes> {
    let event = of_request(&request);
    let uri = request.uri().path().to_owned();
    let client = text(request.headers(), "x-ms-client-request-id");
    let answer = shared.blobs.send(request).await;
    let Some(mut event) = event.filter(|_| answer.status().is_success()) else {
        return answer;
    };
    event.requests = (client, text(answer.headers(), "x-ms-request-id"));
    if event.kind == CREATED {
        describe(&shared, &mut event, &uri).await;
    }
    shared.deliver(event).await;
    answer
}

/// The event that a request brings about when it succeeds.
fn of_request(request: &Request<Bytes>) -> Option<BlobEvent> {
    let mut parts = request.uri().path().trim_start_matches('/').splitn(3, '/');
    let (_account, container, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (container, path) = (decoded(container), decoded(path));
    if path.is_empty() || SILENT.contains(&container.as_str()) {
        return None;
    }
    let query = query(request);
    let parameter = |name: &str| {
        let found = query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    let has = |name: &str| request.headers().contains_key(name);
    let (kind, api) = match (request.method(), parameter("comp")) {
        (&Method::PUT, Some("blocklist")) => (CREATED, "PutBlockList"),
        (&Method::PUT, Some("tier")) => ("Microsoft.Storage.BlobTierChanged", "SetBlobTier"),
        (&Method::PUT, None) if has("x-ms-copy-source") && !has("x-ms-blob-type") => {
            (CREATED, "CopyBlob")
        }
        (&Method::PUT, None) => (CREATED, "PutBlob"),
        (&Method::DELETE, None) if parameter("snapshot").is_none() => {
            ("Microsoft.Storage.BlobDeleted", "DeleteBlob")
        }
        _ => return None,
    };
    Some(BlobEvent::new(kind, api, &container, &path))
}

/// Asks Azurite what the blob is now. A length without a body does not get through a proxy that
/// frames bodies anew, so the content is asked for.
async fn describe(shared: &Shared, event: &mut BlobEvent, uri: &str) {
    let Ok(mut request) = Request::get(uri).body(Bytes::new()) else {
        return;
    };
    shared.signer.sign(&mut request, shared.now());
    let answer = shared.blobs.send(request).await;
    if !answer.status().is_success() {
        return;
    }
    event.etag = text(answer.headers(), "etag").trim_matches('"').to_owned();
    event.content_type = text(answer.headers(), "content-type");
    event.length = u64::try_from(answer.body().len()).ok();
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
