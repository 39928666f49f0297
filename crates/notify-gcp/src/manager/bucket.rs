//! The notification configurations of a bucket, and who publishes for it.

use std::collections::BTreeMap;

use floe_notify::ResourceError;
use floe_notify::clock::Clock;
use floe_notify::gcp::{Existing, GcpError as Unreadable, NotificationConfig};
use serde::Deserialize;
use serde_json::Value;

use super::view::Config;
use super::{CloudFilesGcpResourceManager, bucket_name};
use crate::GcpError;
use crate::failure::{Call, Failure, Kind};
use crate::rest::{Ask, segment};

const LIST: Call = Call::new("storage.buckets.get", "list notification configurations");
const INSERT: Call = Call::new("storage.buckets.update", "insert a configuration");
const DELETE: Call = Call::new("storage.buckets.update", "delete a configuration");
const AGENT: Call = Call::new("resourcemanager.projects.get", "find the service agent");

/// What [`Existing`] leaves out.
#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    custom_attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Agent {
    email_address: String,
}

impl CloudFilesGcpResourceManager {
    /// Reads the configurations of a bucket; the inner error is for whoever needs that bucket.
    pub(super) async fn configs(
        &self,
        clock: &dyn Clock,
        bucket: &str,
    ) -> Result<Result<Vec<Config>, Failure>, ResourceError> {
        let ask = Ask::get(LIST, configs_path(bucket));
        let text = match self.connection.storage.send(clock, ask).await {
            Ok(text) => text,
            Err(failure) => return Ok(Err(failure)),
        };
        let unreadable = |error: Unreadable| {
            ResourceError::driver(bucket_name(bucket), GcpError::Configuration(error))
        };
        let existing = Existing::parse_list(&text).map_err(unreadable)?;
        let list: List = serde_json::from_str(&text).map_err(|error| {
            let reason = error.to_string();
            unreadable(Unreadable::Unreadable { reason })
        })?;
        let items = list.items.into_iter();
        let mut attributes: BTreeMap<String, BTreeMap<String, String>> = items
            .map(|item| (item.id, item.custom_attributes))
            .collect();
        let configs = existing.into_iter().map(|existing| Config {
            attributes: attributes.remove(&existing.id).unwrap_or_default(),
            existing,
        });
        Ok(Ok(configs.collect()))
    }

    /// Adds a configuration; a second call would add a second one.
    pub(super) async fn insert(
        &self,
        clock: &dyn Clock,
        bucket: &str,
        config: &NotificationConfig,
    ) -> Result<(), Failure> {
        let body: Value = serde_json::from_str(&config.to_json()).unwrap_or_default();
        let ask = Ask::post(INSERT, configs_path(bucket), &body);
        self.connection.storage.send(clock, ask).await.map(drop)
    }

    /// What is gone already is fine.
    pub(super) async fn delete_config(
        &self,
        clock: &dyn Clock,
        bucket: &str,
        id: &str,
    ) -> Result<(), ResourceError> {
        let path = format!("{}/{}", configs_path(bucket), segment(id));
        match self
            .connection
            .storage
            .send(clock, Ask::delete(DELETE, path))
            .await
        {
            Ok(_) => Ok(()),
            Err(failure) if failure.kind == Kind::Gone => Ok(()),
            Err(failure) => Err(failure.resource(&bucket_name(bucket))),
        }
    }

    /// The account that publishes for the buckets of the project.
    pub(super) async fn service_agent(&self, clock: &dyn Clock) -> Result<String, Failure> {
        let project = segment(&self.connection.project);
        let path = format!("/storage/v1/projects/{project}/serviceAccount");
        let text = self
            .connection
            .storage
            .send(clock, Ask::get(AGENT, path))
            .await?;
        let agent: Agent = serde_json::from_str(&text)
            .map_err(|error| Failure::new(AGENT, Kind::Unreadable, "", &error.to_string()))?;
        Ok(agent.email_address)
    }
}

fn configs_path(bucket: &str) -> String {
    format!("/storage/v1/b/{}/notificationConfigs", segment(bucket))
}
