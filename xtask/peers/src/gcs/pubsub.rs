//! Pub/Sub: what Google's emulator has, and the policies that it has not.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use super::World;
use super::faults::{Fate, Faults};
use super::front::{Answer, Broken, Front, collect, whole};
use super::grpc::{self, Channel};
use super::says::{error, ok};

/// What Pub/Sub says, whatever is missing.
pub(super) const NOT_ALLOWED: &str = "User not authorized to perform this action.";

pub(super) async fn front(world: Arc<World>, faults: Arc<Faults>) -> std::io::Result<Front> {
    let channel = Channel::new(&world.pubsub_url);
    Front::start(Arc::new(move |request: Request<Incoming>| {
        let (world, faults) = (Arc::clone(&world), Arc::clone(&faults));
        let channel = channel.clone();
        Box::pin(async move {
            if grpc::is_call(&request) {
                grpc::serve(&world, &faults, &channel, request).await
            } else {
                serve(&world, &faults, collect(request).await?).await
            }
        })
    }))
    .await
}

/// The permissions that a call needs ("Access control with IAM", Pub/Sub).
fn permissions(request: &Request<Bytes>) -> &'static [&'static str] {
    let path = request.uri().path();
    if let Some((_, verb)) = path.rsplit_once(':') {
        return match verb {
            "pull" | "acknowledge" | "modifyAckDeadline" => &["pubsub.subscriptions.consume"],
            "getIamPolicy" => &["pubsub.topics.getIamPolicy"],
            "setIamPolicy" => &["pubsub.topics.setIamPolicy"],
            _ => &[],
        };
    }
    let parts: Vec<&str> = path.split('/').skip(4).collect();
    match (request.method().as_str(), &parts[..]) {
        ("GET", ["topics"]) => &["pubsub.topics.list"],
        ("GET", ["topics", ..]) => &["pubsub.topics.get"],
        ("PUT", ["topics", ..]) => &["pubsub.topics.create"],
        ("DELETE", ["topics", ..]) => &["pubsub.topics.delete"],
        ("GET", ["subscriptions"]) => &["pubsub.subscriptions.list"],
        ("GET", ["subscriptions", ..]) => &["pubsub.subscriptions.get"],
        ("PUT", ["subscriptions", ..]) => &[
            "pubsub.subscriptions.create",
            "pubsub.topics.attachSubscription",
        ],
        ("DELETE", ["subscriptions", ..]) => &["pubsub.subscriptions.delete"],
        _ => &[],
    }
}

async fn serve(world: &World, faults: &Faults, request: Request<Bytes>) -> Result<Answer, Broken> {
    match faults.fate(permissions(&request)) {
        Fate::Broken => return Err(Broken),
        Fate::Refused(status) => return Ok(whole(error(status, "try again"))),
        Fate::Denied(_) => return Ok(whole(error(403, NOT_ALLOWED))),
        Fate::Served => {}
    }
    let path = decoded(request.uri().path());
    let path = path.strip_prefix("/v1/").unwrap_or_default();
    let own = match path.rsplit_once(':') {
        Some((topic, verb)) => of_policies(world, faults, topic, verb, request.body()).await,
        None => None,
    };
    if request.method() == Method::DELETE {
        // A topic of the same name that is made later starts without a policy.
        world.policies().forget(path);
    }
    match own {
        Some(answer) => Ok(whole(answer)),
        None => Ok(whole(world.pubsub.send(request).await)),
    }
}

/// A path without its escapes (RFC 3986, section 2.1).
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn of_policies(
    world: &World,
    faults: &Faults,
    topic: &str,
    verb: &str,
    body: &Bytes,
) -> Option<Response<Bytes>> {
    if !["getIamPolicy", "setIamPolicy", "testIamPermissions"].contains(&verb) {
        return None;
    }
    if !is_topic(world, topic).await {
        return Some(error(
            404,
            &format!("Resource not found (resource={topic})."),
        ));
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    Some(match verb {
        "getIamPolicy" => ok(&world.policies().read(topic)),
        "setIamPolicy" => match world.policies().write(topic, &body["policy"]) {
            Some(policy) => ok(&policy),
            None => error(409, "There were concurrent policy changes."),
        },
        _ => {
            let asked = body["permissions"].as_array().into_iter().flatten();
            let granted = asked.filter(|one| {
                let permission = one.as_str().unwrap_or_default();
                !faults.is_denied(permission)
            });
            ok(&json!({"permissions": granted.collect::<Vec<_>>()}))
        }
    })
}

pub(super) async fn is_topic(world: &World, topic: &str) -> bool {
    let topic = topic.replace('%', "%25");
    match Request::get(format!("/v1/{topic}")).body(Bytes::new()) {
        Ok(request) => world.pubsub.send(request).await.status().is_success(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_and_what_only_looks_like_one_is_kept() {
        assert_eq!(decoded("/v1/a%2Bb~c%25"), "/v1/a+b~c%");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz"), "%zz");
    }
}
