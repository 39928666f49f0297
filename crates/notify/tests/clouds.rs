//! What is set up on Azure and GCP, what goes wrong there, and what to allow.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use expect_test::{Expect, expect};
use floe_notify::azure::{AzureError, EventSubscription, StorageAccount};
use floe_notify::gcp::{Existing, GcpError, NotificationConfig, Plan, plan};
use floe_notify::{Cloud, Location, MissingPermission, ResourceName, StreamTags, Tags};

// === Azure ===

fn subscription(path: &str) -> EventSubscription {
    let account = StorageAccount {
        subscription: "00000000-0000-0000-0000-000000000001".to_owned(),
        resource_group: "landing".to_owned(),
        name: "acme".to_owned(),
    };
    let name = ResourceName::new(Cloud::Azure, None, "orders").unwrap();
    let tags = Tags::new(Cloud::Azure, StreamTags::default(), []).0;
    EventSubscription::new(account, &Location::parse(path).unwrap(), name, tags).unwrap()
}

#[test]
fn an_event_subscription_fills_a_queue_of_the_same_account() {
    let subscription = subscription("abfss://landing@acme.dfs.core.windows.net/orders/");
    expect![[r#"
        {
          "properties": {
            "destination": {
              "endpointType": "StorageQueue",
              "properties": {
                "resourceId": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/landing/providers/Microsoft.Storage/storageAccounts/acme",
                "queueName": "databricks-orders",
                "queueMessageTimeToLiveInSeconds": 604800
              }
            },
            "eventDeliverySchema": "EventGridSchema",
            "filter": {
              "includedEventTypes": [
                "Microsoft.Storage.BlobCreated",
                "Microsoft.Storage.BlobRenamed",
                "Microsoft.Storage.DirectoryRenamed"
              ],
              "subjectBeginsWith": "/blobServices/default/containers/landing/blobs/orders",
              "isSubjectCaseSensitive": true,
              "advancedFilters": [
                {
                  "operatorType": "StringIn",
                  "key": "data.api",
                  "values": [
                    "CopyBlob",
                    "PutBlob",
                    "PutBlockList",
                    "FlushWithClose",
                    "RenameFile",
                    "RenameDirectory",
                    "SftpCommit",
                    "SftpRename"
                  ]
                }
              ]
            },
            "labels": [
              "{\"vendor\":\"Databricks\"}"
            ],
            "retryPolicy": {
              "maxDeliveryAttempts": 30,
              "eventTimeToLiveInMinutes": 1440
            }
          }
        }"#]]
    .assert_eq(&subscription.to_json());
}

#[test]
fn the_filter_of_the_service_is_loose_so_that_a_rename_to_the_directory_passes() {
    let it = subscription("abfss://landing@acme.dfs.core.windows.net/a/b/");
    let subject = it.subject_begins_with();
    assert!("/blobServices/default/containers/landing/blobs/a/b".starts_with(subject));
    assert!("/blobServices/default/containers/landing/blobs/a/b/c".starts_with(subject));
    let root = subscription("wasbs://landing@acme.blob.core.windows.net");
    let other = "/blobServices/default/containers/landing2/blobs/x";
    assert!(!other.starts_with(root.subject_begins_with()));
}

#[test]
fn lifetimes_that_queues_refuse_are_refused() {
    for (secs, fits) in [
        (1, true),
        (-1, true),
        (604_800, true),
        (0, false),
        (-2, false),
    ] {
        let it = subscription("abfss://landing@acme.dfs.core.windows.net/");
        assert_eq!(it.with_queue_ttl_secs(secs).is_ok(), fits, "{secs}");
    }
}

#[test]
fn the_two_failures_of_a_first_start_are_recognised_and_nothing_else_is() {
    let not_registered = AzureError::of_answer(
        409,
        "MissingSubscriptionRegistration",
        "The subscription is not registered to use namespace 'Microsoft.EventGrid'. See \
         https://aka.ms/rps-not-found for how to register subscriptions.",
    );
    assert_eq!(not_registered, Some(AzureError::NotRegistered));
    let refused = |action: &str| {
        format!(
            "The client 'c' with object id 'o' does not have authorization to perform action \
             '{action}' over scope '/subscriptions/s/resourceGroups/g' or the scope is invalid."
        )
    };
    for verb in ["read", "write"] {
        let action = format!("Microsoft.EventGrid/eventSubscriptions/{verb}");
        let error = AzureError::of_answer(403, "AuthorizationFailed", &refused(&action)).unwrap();
        assert_eq!(error.code(), "FLOE-NOTIFY-0031");
        assert!(error.to_string().contains(&action));
    }
    let queue = "Microsoft.Storage/storageAccounts/queueServices/queues/write";
    for (status, code, message) in [
        (403, "AuthorizationFailed", refused(queue)),
        (
            404,
            "ResourceNotFound",
            refused("Microsoft.EventGrid/eventSubscriptions/read"),
        ),
        (
            409,
            "MissingSubscriptionRegistration",
            "namespace 'Microsoft.Storage'".to_owned(),
        ),
        (500, "InternalServerError", String::new()),
    ] {
        assert_eq!(
            AzureError::of_answer(status, code, &message),
            None,
            "{message}"
        );
    }
}

// === GCP ===

const PREFIX: &str = "databricks-auto-ingest";

fn ours(prefix: &str) -> NotificationConfig {
    NotificationConfig::new("acme", "databricks-auto-ingest-orders", prefix)
}

fn existing(id: usize, topic: &str, events: &[&str], prefix: &str) -> Existing {
    Existing {
        id: id.to_string(),
        topic: format!("projects/acme/topics/{topic}"),
        event_types: events.iter().map(|event| (*event).to_owned()).collect(),
        prefix: prefix.to_owned(),
    }
}

#[test]
fn a_notification_configuration_is_written_as_the_service_reads_it() {
    let mut config = ours("orders/");
    config
        .custom_attributes
        .insert("streamId".to_owned(), "x".to_owned());
    expect![[r#"
        {
          "kind": "storage#notification",
          "topic": "//pubsub.googleapis.com/projects/acme/topics/databricks-auto-ingest-orders",
          "event_types": [
            "OBJECT_FINALIZE"
          ],
          "object_name_prefix": "orders/",
          "payload_format": "JSON_API_V1",
          "custom_attributes": {
            "streamId": "x"
          }
        }"#]]
    .assert_eq(&config.to_json());
}

#[test]
fn the_list_of_the_service_is_read_and_what_is_written_is_found_in_it() {
    let text = format!(
        r#"{{"kind": "storage#notifications", "items": [{}]}}"#,
        ours("orders/")
            .to_json()
            .replacen('{', "{\"id\": \"8\", \"etag\": \"8\",", 1)
    );
    let list = Existing::parse_list(&text).unwrap();
    assert_eq!(
        list,
        [existing(
            8,
            "databricks-auto-ingest-orders",
            &["OBJECT_FINALIZE"],
            "orders/"
        )]
    );
    let found = plan(&list, &ours("orders/"), PREFIX).unwrap();
    assert_eq!(found, Plan::Reuse { id: "8".to_owned() });
    for text in [
        "",
        "[]",
        "null",
        r#"{"items": 1}"#,
        r#"{"items": [{"id": 8}]}"#,
    ] {
        let error = Existing::parse_list(text).unwrap_err();
        assert_eq!(error.code(), "FLOE-NOTIFY-0034", "{text}");
    }
}

#[test]
fn a_topic_that_is_told_of_another_prefix_is_refused() {
    let list = [existing(1, "databricks-auto-ingest-orders", &[], "other/")];
    let error = plan(&list, &ours("orders/"), PREFIX).unwrap_err();
    assert_eq!(error.code(), "FLOE-NOTIFY-0037");
    // A configuration for other events of the same topic does not matter.
    let list = [existing(
        1,
        "databricks-auto-ingest-orders",
        &["OBJECT_DELETE"],
        "other/",
    )];
    assert_eq!(
        plan(&list, &ours("orders/"), PREFIX).unwrap(),
        Plan::Insert(ours("orders/"))
    );
}

#[test]
fn the_eleventh_stream_shares_the_narrowest_topic_of_ours_that_covers_its_files() {
    let mut list: Vec<Existing> = (0..7)
        .map(|n| {
            existing(
                n,
                &format!("{PREFIX}-{n}"),
                &["OBJECT_FINALIZE"],
                &format!("d{n}/"),
            )
        })
        .collect();
    list.push(existing(
        7,
        "somebody-else",
        &["OBJECT_FINALIZE"],
        "orders/",
    ));
    list.push(existing(
        8,
        "databricks-auto-ingest-all",
        &["OBJECT_FINALIZE"],
        "",
    ));
    assert!(matches!(
        plan(&list, &ours("orders/"), PREFIX),
        Ok(Plan::Insert(_))
    ));
    list.push(existing(9, "databricks-auto-ingest-or", &[], "or"));
    let shared = plan(&list, &ours("orders/"), PREFIX).unwrap();
    let topic = "projects/acme/topics/databricks-auto-ingest-or".to_owned();
    assert_eq!(
        shared,
        Plan::Share {
            topic,
            prefix: "or".to_owned()
        }
    );
}

#[test]
fn configurations_for_other_events_do_not_count_towards_the_ten() {
    let other = |n| existing(n, &format!("t{n}"), &["OBJECT_DELETE"], "");
    let list: Vec<Existing> = (0..50).map(other).collect();
    assert!(matches!(
        plan(&list, &ours("orders/"), PREFIX),
        Ok(Plan::Insert(_))
    ));
    let list: Vec<Existing> = (0..100).map(other).collect();
    assert!(matches!(
        plan(&list, &ours("orders/"), PREFIX),
        Err(GcpError::TooMany { .. })
    ));
}

#[test]
fn when_nothing_can_be_shared_the_error_says_what_to_do() {
    let list: Vec<Existing> = (0..10)
        .map(|n| existing(n, &format!("{PREFIX}-{n}"), &[], &format!("d{n}/")))
        .collect();
    let error = plan(&list, &ours("orders/"), PREFIX).unwrap_err();
    expect![[r#"the bucket has 10 notification configurations, 10 of them for new objects, and takes 100 and 10; none of ours covers 'orders/'. Set up one topic for the whole bucket in place of several and give each stream a subscription of it"#]]
        .assert_eq(&error.to_string());
}

// === Missing permissions ===

#[track_caller]
fn missing(cloud: Cloud, message: &str, expected: Expect) {
    let shown = MissingPermission::of_message(cloud, message).map_or_else(
        || "nothing is named".to_owned(),
        |missing| missing.to_string(),
    );
    expected.assert_eq(&shown);
}

#[test]
fn the_refusals_of_aws_name_the_action_the_resource_and_what_to_add() {
    missing(
        Cloud::Aws,
        "User: arn:aws:sts::111122223333:assumed-role/loader/i-0 is not authorized to perform: \
         sns:CreateTopic on resource: arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-x \
         because no identity-based policy allows the sns:CreateTopic action",
        expect![[r#"
            AWS does not allow sns:CreateTopic on arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-x; add this:
            {
              "Effect": "Allow",
              "Action": [
                "sns:CreateTopic"
              ],
              "Resource": [
                "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-x"
              ]
            }
            (it is part of DatabricksAutoLoaderSetup in the documented policies)"#]],
    );
    missing(
        Cloud::Aws,
        "User: arn:aws:iam::1:user/u is not authorized to perform: s3:PutBucketNotification on \
         resource: \"arn:aws:s3:::acme\" because no identity-based policy allows it",
        expect![[r#"
            AWS does not allow s3:PutBucketNotification on arn:aws:s3:::acme; add this:
            {
              "Effect": "Allow",
              "Action": [
                "s3:PutBucketNotification"
              ],
              "Resource": [
                "arn:aws:s3:::acme"
              ]
            }
            (it is part of DatabricksAutoLoaderSetup in the documented policies)"#]],
    );
    missing(
        Cloud::Aws,
        "Access Denied",
        expect![[r#"nothing is named"#]],
    );
    missing(
        Cloud::Aws,
        "not authorized to perform: nonsense on resource: x",
        expect![[r#"nothing is named"#]],
    );
}

#[test]
fn the_refusals_of_azure_name_the_role() {
    let refused = |action: &str| {
        format!(
            "The client 'c' does not have authorization to perform action '{action}' over scope \
             '/subscriptions/s' or the scope is invalid."
        )
    };
    missing(
        Cloud::Azure,
        &refused("Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete"),
        expect![[r#"
            Azure does not allow Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete on /subscriptions/s; add this:
            "dataActions": ["Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete"]
            or the built-in role Storage Queue Data Contributor (974c5e8b-45b9-4653-ba55-5f855dd0fb88) on the storage account of the input path
            (it is part of the custom role in the documented policies)"#]],
    );
    missing(
        Cloud::Azure,
        &refused("Microsoft.EventGrid/eventSubscriptions/write"),
        expect![[r#"
            Azure does not allow Microsoft.EventGrid/eventSubscriptions/write on /subscriptions/s; add this:
            "actions": ["Microsoft.EventGrid/eventSubscriptions/write"]
            or the built-in role EventGrid EventSubscription Contributor (428e0ff0-5e57-4d9c-a221-2c70d0e0a443) on the resource group
            (it is part of the custom role in the documented policies)"#]],
    );
}

#[test]
fn the_refusals_of_gcp_name_the_role() {
    missing(
        Cloud::Gcp,
        "Permission 'pubsub.topics.create' denied on resource 'projects/acme' (or it may not exist).",
        expect![[r#"
            GCP does not allow pubsub.topics.create on projects/acme; add this:
            pubsub.topics.create
            in a custom role, or the role roles/pubsub.editor
            (it is part of the permission list in the documented policies)"#]],
    );
    missing(
        Cloud::Gcp,
        "loader@acme.iam.gserviceaccount.com does not have storage.buckets.update access to the \
         Google Cloud Storage bucket.",
        expect![[r#"
            GCP does not allow storage.buckets.update on the resource of the call; add this:
            storage.buckets.update
            in a custom role, or the role roles/storage.legacyBucketOwner"#]],
    );
    missing(
        Cloud::Gcp,
        "The service account 'service-1@gs-project-accounts.iam.gserviceaccount.com' does not \
         have permission to publish messages to the Cloud Pub/Sub topic \
         '//pubsub.googleapis.com/projects/p/topics/t', or that topic does not exist.",
        expect![[r#"
            GCP does not allow pubsub.topics.publish on //pubsub.googleapis.com/projects/p/topics/t; add this:
            pubsub.topics.publish
            in a custom role, or the role roles/pubsub.publisher"#]],
    );
    missing(
        Cloud::Gcp,
        "The caller does not have permission",
        expect![[r#"nothing is named"#]],
    );
}

#[test]
fn every_documented_action_of_every_cloud_has_something_to_add() {
    for action in floe_notify::azure::role::ACTIONS {
        let missing = MissingPermission::azure(action, "/subscriptions/s");
        assert!(missing.statement.starts_with("\"actions\""), "{action}");
        assert!(missing.documented_in.is_some(), "{action}");
    }
    for action in floe_notify::azure::role::DATA_ACTIONS {
        let missing = MissingPermission::azure(action, "/subscriptions/s");
        assert!(missing.statement.starts_with("\"dataActions\""), "{action}");
    }
    for permission in floe_notify::gcp::PERMISSIONS {
        let missing = MissingPermission::gcp(permission, "projects/acme");
        assert!(missing.statement.contains("roles/pubsub."), "{permission}");
        assert!(missing.documented_in.is_some(), "{permission}");
    }
}
