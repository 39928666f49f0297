//! Policy documents, written out letter by letter, and compared with the documented ones.

use expect_test::{Expect, expect};
use floe_notify::aws::policy::{self, ReadAccess, Setup, Use};
use floe_notify::aws::{Place, action_of_operation};
use floe_notify::{Finding, azure, gcp};

fn place() -> Place {
    Place::new("<region>", "<account-number>")
}

fn told(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        let hint = finding.hint.as_deref().unwrap_or("no hint");
        format!("{finding}\n  = {hint}\n")
    });
    lines.collect()
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&format!("{text}\n"));
}

#[test]
fn the_setup_policy_is_the_documented_one_in_the_order_of_its_actions() {
    let (document, findings) = policy::setup(&Setup::new(place(), "<bucket-name>"));
    assert_eq!(findings, []);
    check(
        &document.to_json(),
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Sid": "DatabricksAutoLoaderSetup",
                  "Effect": "Allow",
                  "Action": [
                    "s3:GetBucketNotification",
                    "s3:PutBucketNotification",
                    "sns:ListSubscriptionsByTopic",
                    "sns:GetTopicAttributes",
                    "sns:SetTopicAttributes",
                    "sns:CreateTopic",
                    "sns:TagResource",
                    "sns:Publish",
                    "sns:Subscribe",
                    "sqs:CreateQueue",
                    "sqs:DeleteMessage",
                    "sqs:ReceiveMessage",
                    "sqs:SendMessage",
                    "sqs:GetQueueUrl",
                    "sqs:GetQueueAttributes",
                    "sqs:SetQueueAttributes",
                    "sqs:TagQueue",
                    "sqs:ChangeMessageVisibility"
                  ],
                  "Resource": [
                    "arn:aws:s3:::<bucket-name>",
                    "arn:aws:sqs:<region>:<account-number>:databricks-auto-ingest-*",
                    "arn:aws:sns:<region>:<account-number>:databricks-auto-ingest-*"
                  ]
                },
                {
                  "Sid": "DatabricksAutoLoaderList",
                  "Effect": "Allow",
                  "Action": [
                    "sqs:ListQueues",
                    "sqs:ListQueueTags",
                    "sns:ListTopics"
                  ],
                  "Resource": "*"
                },
                {
                  "Sid": "DatabricksAutoLoaderTeardown",
                  "Effect": "Allow",
                  "Action": [
                    "sns:Unsubscribe",
                    "sns:DeleteTopic",
                    "sqs:DeleteQueue"
                  ],
                  "Resource": [
                    "arn:aws:sqs:<region>:<account-number>:databricks-auto-ingest-*",
                    "arn:aws:sns:<region>:<account-number>:databricks-auto-ingest-*"
                  ]
                }
              ]
            }
        "#]],
    );
}

#[test]
fn the_reduced_policy_is_the_documented_one_and_its_quirks_are_warned_of() {
    let (document, findings) = policy::reduced(&Use {
        place: place(),
        bucket: "<bucket-name>".to_owned(),
        queue: "<queue-name>".to_owned(),
        topic: "<topic-name>".to_owned(),
    });
    check(
        &document.to_json(),
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Sid": "DatabricksAutoLoaderUse",
                  "Effect": "Allow",
                  "Action": [
                    "s3:GetBucketNotification",
                    "sns:ListSubscriptionsByTopic",
                    "sns:GetTopicAttributes",
                    "sns:TagResource",
                    "sns:Publish",
                    "sqs:DeleteMessage",
                    "sqs:ReceiveMessage",
                    "sqs:SendMessage",
                    "sqs:GetQueueUrl",
                    "sqs:GetQueueAttributes",
                    "sqs:TagQueue",
                    "sqs:ChangeMessageVisibility"
                  ],
                  "Resource": [
                    "arn:aws:sqs:<region>:<account-number>:<queue-name>",
                    "arn:aws:sns:<region>:<account-number>:<topic-name>",
                    "arn:aws:s3:::<bucket-name>"
                  ]
                },
                {
                  "Effect": "Allow",
                  "Action": [
                    "s3:GetBucketLocation",
                    "s3:ListBucket"
                  ],
                  "Resource": [
                    "arn:aws:s3:::<bucket-name>"
                  ]
                },
                {
                  "Effect": "Allow",
                  "Action": [
                    "s3:PutObject",
                    "s3:PutObjectAcl",
                    "s3:GetObject",
                    "s3:DeleteObject"
                  ],
                  "Resource": [
                    "arn:aws:s3:::<bucket-name>/*"
                  ]
                },
                {
                  "Sid": "DatabricksAutoLoaderListTopics",
                  "Effect": "Allow",
                  "Action": [
                    "sqs:ListQueues",
                    "sqs:ListQueueTags",
                    "sns:ListTopics"
                  ],
                  "Resource": "arn:aws:sns:<region>:<account-number>:*"
                }
              ]
            }
        "#]],
    );
    expect![[r#"
        warning[FLOE-NOTIFY-0039] DatabricksAutoLoaderListTopics: sqs:ListQueues and sqs:ListQueueTags have no effect in this statement: they are actions on queues, and the statement names topics only
          = a stream runs without them; listing services needs the setup policy
        warning[FLOE-NOTIFY-0039] the statement with s3:PutObject: the statement also allows to write and to delete on arn:aws:s3:::<bucket-name>/*, which reading does not need
          = keep s3:GetObject alone, unless cloudFiles.cleanSource deletes or moves files
    "#]]
    .assert_eq(&told(&findings));
}

#[test]
fn what_the_reduced_policy_lacks_is_what_only_a_setup_does() {
    let (setup, _) = policy::setup(&Setup::new(place(), "b"));
    let (reduced, _) = policy::reduced(&Use {
        place: place(),
        bucket: "b".to_owned(),
        queue: "q".to_owned(),
        topic: "t".to_owned(),
    });
    let kept: Vec<&str> = reduced.statements()[0].actions.iter().collect();
    let lacking: Vec<&str> = setup.statements()[0]
        .actions
        .iter()
        .filter(|action| !kept.contains(action))
        .collect();
    assert_eq!(
        lacking,
        [
            "s3:PutBucketNotification",
            "sns:SetTopicAttributes",
            "sns:CreateTopic",
            "sns:Subscribe",
            "sqs:CreateQueue",
            "sqs:SetQueueAttributes",
        ]
    );
}

#[test]
fn read_access_is_appended_as_documented_with_a_warning_or_given_a_statement_that_works() {
    let mut setup = Setup::new(Place::new("*", "*"), "acme");
    setup.read = ReadAccess::AsDocumented;
    let (document, findings) = policy::setup(&setup);
    let actions: Vec<&str> = document.statements()[0].actions.iter().collect();
    assert_eq!(
        actions[actions.len() - 2..],
        ["s3:ListBucket", "s3:GetObject"]
    );
    assert_eq!(document.statements().len(), 3);
    expect![[r#"
        warning[FLOE-NOTIFY-0039] DatabricksAutoLoaderSetup: s3:GetObject has no effect in this statement: it is an action on objects, and the statement names arn:aws:s3:::acme only
          = allow s3:GetObject on arn:aws:s3:::acme/* in a statement of its own
    "#]]
    .assert_eq(&told(&findings));

    setup.read = ReadAccess::Effective;
    let (document, findings) = policy::setup(&setup);
    assert_eq!(findings, []);
    let last = document.statements().last().unwrap();
    let resources: Vec<&str> = last.resources.iter().collect();
    assert_eq!(resources, ["arn:aws:s3:::acme", "arn:aws:s3:::acme/*"]);
}

#[test]
fn the_prefix_of_the_resources_is_an_option() {
    let mut setup = Setup::new(Place::new("*", "*"), "acme");
    setup.prefix = "acme-ingest".to_owned();
    let text = policy::setup(&setup).0.to_json();
    assert!(text.contains("arn:aws:sqs:*:*:acme-ingest-*"));
    assert!(!text.contains("databricks"));
}

#[test]
fn a_topic_lets_a_bucket_publish_and_only_of_its_account_when_restricted() {
    let place = Place::new("us-east-2", "111122223333");
    let topic = |owner| {
        let prefix = "databricks-auto-ingest";
        policy::topic(
            &place,
            prefix,
            "databricks-auto-ingest-orders",
            "acme-landing",
            owner,
        )
    };
    check(
        &topic(Some("444455556666")).to_json(),
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Id": "databricks-auto-ingest-topic-policy",
              "Statement": [
                {
                  "Sid": "AllowS3Publish",
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "s3.amazonaws.com"
                  },
                  "Action": [
                    "SNS:Publish"
                  ],
                  "Resource": "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-orders",
                  "Condition": {
                    "ArnLike": {
                      "aws:SourceArn": "arn:aws:s3:*:*:acme-landing"
                    },
                    "StringEquals": {
                      "aws:SourceAccount": "444455556666"
                    }
                  }
                }
              ]
            }
        "#]],
    );
    let open: serde_json::Value = serde_json::from_str(&topic(None).to_line()).unwrap();
    let conditions = open["Statement"][0]["Condition"].as_object().unwrap();
    assert_eq!(conditions.keys().collect::<Vec<_>>(), ["ArnLike"]);
}

#[test]
fn a_queue_lets_its_topic_send_or_a_bucket_without_a_topic_between() {
    let place = Place::new("us-east-2", "111122223333");
    check(
        &policy::queue(
            &place,
            "databricks-auto-ingest-q",
            "databricks-auto-ingest-t",
        )
        .to_json(),
        expect![[r#"
            {
              "Version": "2012-10-17",
              "Statement": [
                {
                  "Sid": "AllowTopicSend",
                  "Effect": "Allow",
                  "Principal": {
                    "Service": "sns.amazonaws.com"
                  },
                  "Action": "sqs:SendMessage",
                  "Resource": "arn:aws:sqs:us-east-2:111122223333:databricks-auto-ingest-q",
                  "Condition": {
                    "ArnEquals": {
                      "aws:SourceArn": "arn:aws:sns:us-east-2:111122223333:databricks-auto-ingest-t"
                    }
                  }
                }
              ]
            }
        "#]],
    );
    let direct = policy::queue_of_bucket(&place, "q", "acme", Some("111122223333"));
    expect![[
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"AllowS3Send","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":["SQS:SendMessage"],"Resource":"arn:aws:sqs:us-east-2:111122223333:q","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:acme"},"StringEquals":{"aws:SourceAccount":"111122223333"}}}]}"#
    ]]
    .assert_eq(&direct.to_line());
}

#[test]
fn arns_in_china_are_of_its_partition() {
    let place = Place::new("cn-north-1", "1");
    let text = policy::topic(&place, "p", "t", "acme", None).to_json();
    assert!(text.contains("arn:aws-cn:sns:cn-north-1:1:t"));
    assert!(text.contains("arn:aws-cn:s3:*:*:acme"));
}

#[test]
fn the_custom_role_of_azure_is_the_documented_one() {
    let (text, findings) = azure::role::custom();
    check(
        &text,
        expect![[r#"
            {
              "permissions": [
                {
                  "actions": [
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
                    "Microsoft.Storage/storageAccounts/queueServices/queues/delete"
                  ],
                  "notActions": [],
                  "dataActions": [
                    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete",
                    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/read",
                    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/write",
                    "Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action"
                  ],
                  "notDataActions": []
                }
              ]
            }
        "#]],
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.code == "FLOE-NOTIFY-0039")
    );
}

#[test]
fn the_permissions_of_gcp_are_the_documented_ones() {
    let (text, findings) = gcp::permissions();
    expect![[r#"
        pubsub.subscriptions.consume
        pubsub.subscriptions.create
        pubsub.subscriptions.delete
        pubsub.subscriptions.get
        pubsub.subscriptions.list
        pubsub.subscriptions.update
        pubsub.topics.attachSubscription
        pubsub.topics.create
        pubsub.topics.delete
        pubsub.topics.get
        pubsub.topics.list
        pubsub.topics.update
    "#]]
    .assert_eq(&text);
    expect![[r#"
        warning[FLOE-NOTIFY-0039] storage.buckets.update: the list lacks storage.buckets.update, without which the bucket cannot be told to notify the topic
          = whoever sets up the notification needs it on the bucket; a stream does not
        warning[FLOE-NOTIFY-0039] pubsub.topics.detachSubscription: newer pages of the documentation also list pubsub.topics.detachSubscription
          = nothing here detaches a subscription; it is safe to leave out
    "#]]
    .assert_eq(&told(&findings));
}

#[test]
fn operations_are_told_from_the_actions_that_they_need() {
    for (service, operation, action) in [
        (
            "s3",
            "GetBucketNotificationConfiguration",
            "s3:GetBucketNotification",
        ),
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
        (
            "sqs",
            "ChangeMessageVisibilityBatch",
            "sqs:ChangeMessageVisibility",
        ),
        ("sns", "Subscribe", "sns:Subscribe"),
    ] {
        assert_eq!(action_of_operation(service, operation), action);
    }
}
