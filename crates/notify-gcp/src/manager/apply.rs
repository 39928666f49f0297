//! The calls that change something.

use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::gcp::{PUBLISHER_ROLE, topic_path};
use floe_notify::{Action, ResourceError, ResourceKind, Step};
use google_cloud_pubsub::model::ExpirationPolicy;
use serde::Deserialize;
use serde_json::json;

use super::policy::Allowed;
use super::set_up::{self, SetUp};
use super::{CloudFilesGcpResourceManager, Request, bucket_name};
use crate::failure::{Call, Failure, Kind, PUBLISH};
use crate::rest::{Ask, path};

const CREATE_TOPIC: Call = Call::new("pubsub.topics.create", "create a topic");
const DELETE_TOPIC: Call = Call::new("pubsub.topics.delete", "delete a topic");
const CREATE_QUEUE: Call = Call::new("pubsub.subscriptions.create", "create a subscription");
const ATTACH: Call = Call::new("pubsub.topics.attachSubscription", "attach a subscription");
const DELETE_QUEUE: Call = Call::new("pubsub.subscriptions.delete", "delete a subscription");
/// What new subscriptions get: a consumer may be away for 31 days, the most that Pub/Sub keeps
/// messages …
const RETENTION_SECONDS: i64 = 31 * 86_400;
/// … and has a minute, before it says by itself how long it takes.
const ACK_DEADLINE: i32 = 60;
/// How often Cloud Storage is asked to take a topic that it may publish to since just now: "policy
/// changes take effect within 2 minutes" as a rule ("Access change propagation", IAM). The pauses
/// double: 1, 2, 4, 8, 16, 32 and 64 seconds.
const MAX_VALIDATIONS: u32 = 8;
const PAUSE: Duration = Duration::from_secs(1);

impl CloudFilesGcpResourceManager {
    /// Takes the steps; false when somebody else has created something in between, so that the
    /// plan no longer fits.
    pub(super) async fn apply(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        plan: &SetUp,
    ) -> Result<bool, ResourceError> {
        let topic = &plan.topic_path;
        if plan.topic == Action::Create && !self.create_topic(request, topic).await? {
            return Ok(false);
        }
        let allowed = match plan.policy {
            Action::Create | Action::Change => self.allow_publishing(clock, topic).await?,
            Action::Leave => Allowed::Not(plan.policy_reason.clone()),
            _ => Allowed::Already,
        };
        if plan.queue == Action::Create && !self.create_queue(clock, request, topic).await? {
            return Ok(false);
        }
        let bucket = request.bucket();
        if plan.notification == Action::Create {
            self.tell(clock, request, plan, &allowed).await?;
            self.remove_duplicates(clock, request, plan).await?;
        }
        for id in &plan.duplicates {
            self.delete_config(clock, bucket, id).await?;
        }
        Ok(true)
    }

    async fn create_topic(
        &self,
        request: &Request<'_>,
        topic: &str,
    ) -> Result<bool, ResourceError> {
        let create = self.connection.topics.create_topic().set_name(topic);
        match create.set_labels(self.labels(request)).send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let failure = Failure::of_rpc(CREATE_TOPIC, &error);
                // The topic was not there when we looked.
                if failure.kind == Kind::Exists {
                    return Ok(false);
                }
                Err(failure.resource(&self.project()))
            }
        }
    }

    async fn create_queue(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        topic: &str,
    ) -> Result<bool, ResourceError> {
        let create = self.connection.subscriptions.create_subscription();
        let create = create.set_name(&request.subscription).set_topic(topic);
        let create = create.set_labels(self.labels(request));
        let create = create.set_ack_deadline_seconds(ACK_DEADLINE);
        // Google's emulator keeps messages for 7 days at most, which is what is not asked for, too.
        let retention = google_cloud_wkt::Duration::clamp(RETENTION_SECONDS, 0);
        let retention = (!self.connection.is_emulated).then_some(retention);
        let create = create.set_or_clear_message_retention_duration(retention);
        // Without a time to live it never expires.
        let create = create.set_expiration_policy(ExpirationPolicy::new());
        let failure = match create.send().await {
            Ok(_) => return Ok(true),
            Err(error) => Failure::of_rpc(CREATE_QUEUE, &error),
        };
        // The subscription was not there when we looked.
        if failure.kind == Kind::Exists {
            return Ok(false);
        }
        if failure.kind == Kind::Denied && !self.may_attach(clock, topic).await {
            let failure = Failure {
                call: ATTACH,
                ..failure
            };
            return Err(failure.resource(topic));
        }
        Err(failure.resource(&self.project()))
    }

    /// Creating a subscription needs a right in the project and one on the topic, and the refusal
    /// does not say which is missing. Asking that needs no right.
    async fn may_attach(&self, clock: &dyn Clock, topic: &str) -> bool {
        #[derive(Default, Deserialize)]
        struct Permissions {
            #[serde(default)]
            permissions: Vec<String>,
        }
        let body = json!({ "permissions": [ATTACH.permission] });
        let ask = Ask::post(ATTACH, format!("{}:testIamPermissions", path(topic)), &body);
        let Ok(text) = self.connection.pubsub.send(clock, ask).await else {
            return true;
        };
        let granted: Permissions = serde_json::from_str(&text).unwrap_or_default();
        granted
            .permissions
            .iter()
            .any(|one| one == ATTACH.permission)
    }

    /// Makes the bucket tell the topic.
    async fn tell(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        plan: &SetUp,
        allowed: &Allowed,
    ) -> Result<(), ResourceError> {
        let bucket = request.bucket();
        let mut pause = PAUSE;
        for attempt in 1..=MAX_VALIDATIONS {
            let Err(failure) = self.insert(clock, bucket, &plan.config).await else {
                return Ok(());
            };
            if !failure.is_about_publishing() {
                return Err(failure.resource(&bucket_name(bucket)));
            }
            let is_new = matches!(allowed, Allowed::JustNow);
            if !is_new || attempt == MAX_VALIDATIONS {
                return Err(self
                    .may_not_publish(clock, failure, &plan.topic_path, allowed)
                    .await);
            }
            clock.sleep(pause).await;
            pause *= 2;
        }
        Ok(())
    }

    async fn may_not_publish(
        &self,
        clock: &dyn Clock,
        failure: Failure,
        topic: &str,
        allowed: &Allowed,
    ) -> ResourceError {
        let agent = self.service_agent(clock).await;
        let agent = agent.unwrap_or_else(|_| {
            format!("the service agent of Cloud Storage in {}", self.project())
        });
        let why = match allowed {
            Allowed::Not(why) => format!(" ({why})"),
            Allowed::Already | Allowed::JustNow => String::new(),
        };
        let words = failure.reason.trim_end_matches('.');
        ResourceError::Denied {
            action: PUBLISH.to_owned(),
            resource: topic.to_owned(),
            reason: format!(
                "{words}{why}; grant {agent} the role {PUBLISHER_ROLE} on the topic or in the \
                 project, and run the same again"
            ),
        }
    }

    /// Looks again at what was inserted: somebody elsewhere may have done the same.
    async fn remove_duplicates(
        &self,
        clock: &dyn Clock,
        request: &Request<'_>,
        plan: &SetUp,
    ) -> Result<(), ResourceError> {
        let bucket = request.bucket();
        let configs = self.configs(clock, bucket).await?;
        let configs = configs.map_err(|failure| failure.resource(&bucket_name(bucket)))?;
        for id in set_up::duplicates(&configs, &plan.config, request) {
            self.delete_config(clock, bucket, &id).await?;
        }
        Ok(())
    }

    /// Takes one step of a tear-down; what is gone already is fine.
    pub(super) async fn delete(&self, clock: &dyn Clock, step: &Step) -> Result<(), ResourceError> {
        let name = step.name();
        let project = &self.connection.project;
        match step.kind() {
            ResourceKind::Notification => match name.split_once('/') {
                Some((bucket, id)) => self.delete_config(clock, bucket, id).await,
                None => Ok(()),
            },
            ResourceKind::Queue => {
                let path = floe_notify::gcp::subscription_path(project, name);
                let delete = self.connection.subscriptions.delete_subscription();
                let deleted = delete.set_subscription(&path).send().await;
                fine_when_gone(DELETE_QUEUE, deleted, &path)
            }
            ResourceKind::Topic => {
                let path = topic_path(project, name);
                let delete = self.connection.topics.delete_topic().set_topic(&path);
                fine_when_gone(DELETE_TOPIC, delete.send().await, &path)
            }
            // Policies go with what they are of; nothing else is in these plans.
            _ => Ok(()),
        }
    }
}

fn fine_when_gone(
    call: Call,
    deleted: google_cloud_pubsub::Result<()>,
    resource: &str,
) -> Result<(), ResourceError> {
    let Err(error) = deleted else {
        return Ok(());
    };
    let failure = Failure::of_rpc(call, &error);
    if failure.kind == Kind::Gone {
        return Ok(());
    }
    Err(failure.resource(resource))
}
