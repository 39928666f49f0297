//! Cloud Storage: what fake-gcs-server has, and what it has not.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};

use super::World;
use super::configs::topic_of;
use super::faults::{Fate, Faults};
use super::front::{Answer, Broken, Front, collect, whole};
use super::policies::agent;
use super::says::{ok, storage_error as error};

pub(super) async fn front(world: Arc<World>, faults: Arc<Faults>) -> std::io::Result<Front> {
    Front::start(Arc::new(move |request| {
        let (world, faults) = (Arc::clone(&world), Arc::clone(&faults));
        Box::pin(async move { serve(&world, &faults, collect(request).await?).await })
    }))
    .await
}

/// What is not in fake-gcs-server.
enum Ask {
    List(String),
    Insert(String),
    Get(String, String),
    Delete(String, String),
    Agent(String),
}

impl Ask {
    fn of(request: &Request<Bytes>) -> Option<Self> {
        let path: Vec<&str> = request.uri().path().split('/').skip(1).collect();
        let bucket = |text: &str| text.to_owned();
        Some(match (request.method(), &path[..]) {
            (&Method::GET, ["storage", "v1", "b", b, "notificationConfigs"]) => {
                Self::List(bucket(b))
            }
            (&Method::POST, ["storage", "v1", "b", b, "notificationConfigs"]) => {
                Self::Insert(bucket(b))
            }
            (&Method::GET, ["storage", "v1", "b", b, "notificationConfigs", id]) => {
                Self::Get(bucket(b), bucket(id))
            }
            (&Method::DELETE, ["storage", "v1", "b", b, "notificationConfigs", id]) => {
                Self::Delete(bucket(b), bucket(id))
            }
            (&Method::GET, ["storage", "v1", "projects", project, "serviceAccount"]) => {
                Self::Agent(bucket(project))
            }
            _ => return None,
        })
    }

    fn permission(&self) -> &'static str {
        match self {
            Self::List(_) | Self::Get(..) => "storage.buckets.get",
            Self::Insert(_) | Self::Delete(..) => "storage.buckets.update",
            Self::Agent(_) => "resourcemanager.projects.get",
        }
    }
}

async fn serve(world: &World, faults: &Faults, request: Request<Bytes>) -> Result<Answer, Broken> {
    let Some(ask) = Ask::of(&request) else {
        return Ok(whole(world.storage.send(request).await));
    };
    match faults.fate(&[ask.permission()]) {
        Fate::Broken => return Err(Broken),
        Fate::Refused(status) => return Ok(whole(error(status, "try again"))),
        Fate::Denied(permission) => {
            let message = format!(
                "loader@acme.iam.gserviceaccount.com does not have {permission} access to the \
                 Google Cloud Storage bucket. Permission '{permission}' denied on resource (or it \
                 may not exist)."
            );
            return Ok(whole(error(403, &message)));
        }
        Fate::Served => {}
    }
    Ok(whole(answer(world, &ask, request.body()).await))
}

async fn answer(world: &World, ask: &Ask, body: &Bytes) -> Response<Bytes> {
    let missing = "The specified notification does not exist.";
    match ask {
        Ask::List(bucket) if !is_bucket(world, bucket).await => {
            error(404, "The specified bucket does not exist.")
        }
        Ask::List(bucket) => ok(&world.configs().list(bucket)),
        Ask::Insert(bucket) => insert(world, bucket, body).await,
        Ask::Get(bucket, id) => match world.configs().get(bucket, id) {
            Some(config) => ok(&config),
            None => error(404, missing),
        },
        Ask::Delete(bucket, id) => {
            if world.configs().delete(bucket, id) {
                crate::answer(204, "application/json", "")
            } else {
                error(404, missing)
            }
        }
        Ask::Agent(project) => ok(&json!({
            "kind": "storage#serviceAccount",
            "email_address": agent(project),
        })),
    }
}

async fn insert(world: &World, bucket: &str, body: &Bytes) -> Response<Bytes> {
    if !is_bucket(world, bucket).await {
        return error(404, "The specified bucket does not exist.");
    }
    let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
    let topic = match topic_of(&wanted) {
        Ok(topic) => topic,
        Err(message) => return error(400, &message),
    };
    if !super::pubsub::is_topic(world, &topic).await {
        let message = format!("Cloud Pub/Sub topic '{topic}' not found");
        return error(404, &message);
    }
    if !world.policies().may_publish(&topic) {
        let project = topic.split('/').nth(1).unwrap_or_default();
        let message = format!(
            "The service account '{}' does not have permission to publish messages to the Cloud \
             Pub/Sub topic '//pubsub.googleapis.com/{topic}', or that topic does not exist.",
            agent(project)
        );
        return error(403, &message);
    }
    match world.configs().insert(bucket, &wanted) {
        Ok(config) => ok(&config),
        Err(message) => error(400, &message),
    }
}

async fn is_bucket(world: &World, bucket: &str) -> bool {
    let request = Request::get(format!("/storage/v1/b/{bucket}")).body(Bytes::new());
    match request {
        Ok(request) => world.storage.send(request).await.status().is_success(),
        Err(_) => false,
    }
}
