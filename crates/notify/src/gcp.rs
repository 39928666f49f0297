//! GCP: permissions, and the notification configuration of a bucket.

mod error;
mod notification;
mod plan;

pub use error::GcpError;
pub use notification::{Existing, NotificationConfig, OBJECT_FINALIZE, PayloadFormat};
pub use plan::{MAX_CONFIGS, MAX_CONFIGS_FOR_EVENT, Plan, plan};

use crate::codes;
use crate::finding::Finding;

/// What the account that handles Pub/Sub resources needs, in the order of "What is Auto Loader file
/// notification mode?" in the documentation of Databricks.
pub const PERMISSIONS: [&str; 12] = [
    "pubsub.subscriptions.consume",
    "pubsub.subscriptions.create",
    "pubsub.subscriptions.delete",
    "pubsub.subscriptions.get",
    "pubsub.subscriptions.list",
    "pubsub.subscriptions.update",
    "pubsub.topics.attachSubscription",
    "pubsub.topics.create",
    "pubsub.topics.delete",
    "pubsub.topics.get",
    "pubsub.topics.list",
    "pubsub.topics.update",
];
/// What reading the bucket needs.
pub const BUCKET_PERMISSIONS: [&str; 3] = [
    "storage.buckets.get",
    "storage.objects.get",
    "storage.objects.list",
];
/// The role that the service agent of Cloud Storage needs on the topic.
pub const PUBLISHER_ROLE: &str = "roles/pubsub.publisher";

/// What the list of permissions leaves out.
const UPDATE_BUCKET: &str = "storage.buckets.update";
const DETACH: &str = "pubsub.topics.detachSubscription";

/// The documented permissions, one a line, and what they leave out.
///
/// ```
/// let (text, findings) = floe_notify::gcp::permissions();
/// assert!(text.starts_with("pubsub.subscriptions.consume\n"));
/// assert_eq!(text.lines().count(), 12);
/// assert!(findings[0].message.contains("storage.buckets.update"));
/// ```
#[must_use]
pub fn permissions() -> (String, Vec<Finding>) {
    let lines = PERMISSIONS.map(|permission| format!("{permission}\n"));
    let update = format!(
        "the list lacks {UPDATE_BUCKET}, without which the bucket cannot be told to notify the \
         topic"
    );
    let detach = format!("newer pages of the documentation also list {DETACH}");
    let findings = vec![
        Finding::warning(codes::POLICY_QUIRK, UPDATE_BUCKET, update).with_hint(
            "whoever sets up the notification needs it on the bucket; a stream does not",
        ),
        Finding::warning(codes::POLICY_QUIRK, DETACH, detach)
            .with_hint("nothing here detaches a subscription; it is safe to leave out"),
    ];
    (lines.concat(), findings)
}

/// The service account that publishes for the buckets of a project ("Cloud Storage service
/// agents").
///
/// ```
/// assert_eq!(
///     floe_notify::gcp::service_agent("123456789"),
///     "service-123456789@gs-project-accounts.iam.gserviceaccount.com",
/// );
/// ```
#[must_use]
pub fn service_agent(project_number: &str) -> String {
    format!("service-{project_number}@gs-project-accounts.iam.gserviceaccount.com")
}

/// The full name of a topic or a subscription's topic.
///
/// ```
/// assert_eq!(floe_notify::gcp::topic_path("acme", "orders"), "projects/acme/topics/orders");
/// ```
#[must_use]
pub fn topic_path(project: &str, topic: &str) -> String {
    format!("projects/{project}/topics/{topic}")
}

/// The full name of a subscription.
///
/// ```
/// assert_eq!(
///     floe_notify::gcp::subscription_path("acme", "orders"),
///     "projects/acme/subscriptions/orders",
/// );
/// ```
#[must_use]
pub fn subscription_path(project: &str, subscription: &str) -> String {
    format!("projects/{project}/subscriptions/{subscription}")
}
