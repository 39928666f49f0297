//! For every action, what to add.

use crate::aws::policy::{Items, LIST, OBJECTS, READ_BUCKET, SETUP, Statement, TEARDOWN};
use crate::azure::role::{ACTIONS, BUILT_IN, DATA_ACTIONS};
use crate::gcp::{BUCKET_PERMISSIONS, PERMISSIONS};

/// GCP's roles by the permissions that they are the least ones for; the first that fits counts.
const GCP_ROLES: [(&str, &str); 8] = [
    ("pubsub.subscriptions.consume", "roles/pubsub.subscriber"),
    ("pubsub.topics.publish", "roles/pubsub.publisher"),
    ("pubsub.", "roles/pubsub.editor"),
    ("storage.buckets.get", "roles/storage.legacyBucketReader"),
    ("storage.buckets.", "roles/storage.legacyBucketOwner"),
    ("storage.objects.delete", "roles/storage.objectUser"),
    ("storage.objects.create", "roles/storage.objectUser"),
    ("storage.objects.", "roles/storage.objectViewer"),
];

/// An action as the policies of the documentation spell it, when they have it.
pub(super) fn aws_spelling(action: &str) -> String {
    [SETUP.as_slice(), &LIST, &TEARDOWN, &READ_BUCKET, &OBJECTS]
        .into_iter()
        .flatten()
        .find(|known| known.eq_ignore_ascii_case(action))
        .map_or_else(|| action.to_owned(), |known| (*known).to_owned())
}

pub(super) fn aws(action: &str, resource: &str) -> (String, Option<&'static str>) {
    let documented_in = [
        (SETUP.as_slice(), "DatabricksAutoLoaderSetup"),
        (LIST.as_slice(), "DatabricksAutoLoaderList"),
        (TEARDOWN.as_slice(), "DatabricksAutoLoaderTeardown"),
    ]
    .into_iter()
    .find(|(actions, _)| actions.contains(&action))
    .map(|(_, sid)| sid);
    // Lists of all queues or topics are of no single one.
    let resource = if LIST.contains(&action) && action != "sqs:ListQueueTags" {
        "*"
    } else {
        resource
    };
    let statement = Statement {
        sid: None,
        principal: None,
        actions: Items::Many(vec![action.to_owned()]),
        resources: Items::Many(vec![resource.to_owned()]),
        conditions: Vec::new(),
    };
    (statement.to_json(), documented_in)
}

pub(super) fn azure(action: &str) -> (String, Option<&'static str>) {
    let is_data = DATA_ACTIONS.contains(&action) || action.contains("/messages/");
    let list = if is_data { "dataActions" } else { "actions" };
    let [account, queue, events] = BUILT_IN;
    let role = match action {
        _ if is_data => queue,
        _ if action.starts_with("Microsoft.EventGrid/") => events,
        _ => account,
    };
    let quoted = crate::json::line(&action);
    let statement = format!(
        "\"{list}\": [{quoted}]\nor the built-in role {} ({}) on {}",
        role.name, role.id, role.scope
    );
    let documented = ACTIONS.contains(&action) || DATA_ACTIONS.contains(&action);
    (statement, documented.then_some("the custom role"))
}

pub(super) fn gcp(permission: &str) -> (String, Option<&'static str>) {
    let role = GCP_ROLES
        .iter()
        .find(|(start, _)| permission.starts_with(start));
    let statement = match role {
        Some((_, role)) => format!("{permission}\nin a custom role, or the role {role}"),
        None => format!("{permission}\nin a custom role"),
    };
    let documented = PERMISSIONS.contains(&permission) || BUCKET_PERMISSIONS.contains(&permission);
    (statement, documented.then_some("the permission list"))
}
