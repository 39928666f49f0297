//! What a service principal must be allowed.
//!
//! The custom role is that of "What is Auto Loader file notification mode?" in the documentation of
//! Databricks, in its order.

use serde::Serialize;

use crate::codes;
use crate::finding::Finding;

/// What the custom role allows on resources, in the order of the documentation.
pub const ACTIONS: [&str; 11] = [
    "Microsoft.EventGrid/eventSubscriptions/write",
    "Microsoft.EventGrid/eventSubscriptions/read",
    "Microsoft.EventGrid/eventSubscriptions/delete",
    "Microsoft.EventGrid/locations/eventSubscriptions/read",
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Storage/storageAccounts/write",
    "Microsoft.Storage/storageAccounts/queueServices/read",
    "Microsoft.Storage/storageAccounts/queueServices/write",
    "Microsoft.Storage/storageAccounts/queueServices/queues/write",
    "Microsoft.Storage/storageAccounts/queueServices/queues/read",
    "Microsoft.Storage/storageAccounts/queueServices/queues/delete",
];
/// What the custom role allows on messages, in the order of the documentation.
pub const DATA_ACTIONS: [&str; 4] = [
    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/read",
    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write",
    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action",
];

/// A role that Azure has built in, and what it is assigned for.
///
/// ```
/// use floe_notify::azure::role::BUILT_IN;
///
/// assert_eq!(BUILT_IN[2].name, "EventGrid EventSubscription Contributor");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuiltInRole {
    /// Its name.
    pub name: &'static str,
    /// Its id ("Azure built-in roles").
    pub id: &'static str,
    /// What it is assigned on.
    pub scope: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
}

/// The built-in roles that together do what the custom role does.
pub const BUILT_IN: [BuiltInRole; 3] = [
    BuiltInRole {
        name: "Contributor",
        id: "b24988ac-6180-42a0-ab88-20f7382dd24c",
        scope: "the storage account of the input path",
        purpose: "to set up queues and event subscriptions",
    },
    BuiltInRole {
        name: "Storage Queue Data Contributor",
        id: "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        scope: "the storage account of the input path",
        purpose: "to take and delete messages, when no connection string is given",
    },
    BuiltInRole {
        name: "EventGrid EventSubscription Contributor",
        id: "428e0ff0-5e57-4d9c-a221-2c70d0e0a443",
        scope: "the resource group",
        purpose: "to make and list event subscriptions",
    },
];

/// The custom role as JSON, and what it does not allow though one may expect it to.
///
/// The documentation prints the member `permissions` alone; here it stands in an object, as a role
/// definition holds it.
///
/// ```
/// let (text, findings) = floe_notify::azure::role::custom();
/// assert!(text.contains("\"Microsoft.EventGrid/eventSubscriptions/write\""));
/// assert_eq!(findings.len(), 2);
/// ```
#[must_use]
pub fn custom() -> (String, Vec<Finding>) {
    let permission = WirePermission {
        actions: &ACTIONS,
        not_actions: [],
        data_actions: &DATA_ACTIONS,
        not_data_actions: [],
    };
    let text = crate::json::pretty(&WireRole {
        permissions: [permission],
    });
    let unreadable = "the role does not let files be read: it has no data action on blobs";
    let unregistered = "the role cannot register Microsoft.EventGrid as a resource provider, \
                        without which no event subscription can be made";
    let findings = vec![
        Finding::warning(codes::POLICY_QUIRK, "dataActions", unreadable)
            .with_hint("assign Storage Blob Data Reader, too"),
        Finding::warning(codes::POLICY_QUIRK, "actions", unregistered).with_hint(
            "an owner of the Azure subscription registers it once: az provider register \
             --namespace Microsoft.EventGrid",
        ),
    ];
    (text, findings)
}

#[derive(Serialize)]
struct WireRole<'a> {
    permissions: [WirePermission<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WirePermission<'a> {
    actions: &'a [&'a str],
    not_actions: [&'a str; 0],
    data_actions: &'a [&'a str],
    not_data_actions: [&'a str; 0],
}
