//! What is said when a permission is missing, on the emulator that checks every one of them.

use std::time::Duration;

use floe_notify::aws::{Place, policy};
use floe_notify::clock::Clock;
use floe_notify::{
    EventQueue, Message, MissingPermission, QueueError, QueueId, ResourceError, ResourceManager,
    StreamId, TearDown,
};
use floe_notify_aws::{CloudFilesAwsResourceManager, SqsQueue};

use crate::iam::{ACCOUNT, User, config};
use crate::peer::{Now, Peer, REGION};

const BUCKET: &str = "guarded";

/// The permissions that the calls of a manager need, in the order of those calls.
const ACTIONS: [&str; 16] = [
    "s3:GetBucketNotification",
    "sns:ListTopics",
    "sqs:GetQueueUrl",
    "sns:CreateTopic",
    "sns:SetTopicAttributes",
    "sqs:CreateQueue",
    "sqs:SetQueueAttributes",
    "sns:Subscribe",
    "s3:PutBucketNotification",
    "sqs:ListQueues",
    "sqs:ListQueueTags",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Unsubscribe",
    "sns:DeleteTopic",
    "sqs:DeleteQueue",
];

fn place() -> Place {
    Place::new(REGION, ACCOUNT)
}

/// The documented policy. The emulator knows of no topic when a subscription is ended, and asks for
/// that permission on everything.
fn documented() -> String {
    let (document, _) = policy::setup(&policy::Setup::new(place(), BUCKET));
    let unsubscribe = r#"{"Effect": "Allow", "Action": "sns:Unsubscribe", "Resource": "*"}"#;
    let start = "\"Statement\": [";
    document
        .to_json()
        .replace(start, &format!("{start}{unsubscribe},"))
}

fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

async fn make_bucket(url: &str) {
    let root = config(url, "test", "test");
    let s3 = aws_sdk_s3::config::Builder::from(&root).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(s3.build());
    s3.create_bucket().bucket(BUCKET).send().await.unwrap();
}

async fn whole_life(manager: &CloudFilesAwsResourceManager) -> Result<(), ResourceError> {
    let stream = stream();
    manager
        .set_up_notification_services(&Now, &stream, "guarded")
        .await?;
    let listed = manager.list_notification_services(&Now).await?;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    torn_down.await.map(drop)
}

#[tokio::test]
async fn each_missing_permission_of_a_manager_names_itself() {
    let Some(url) = Peer::Guarded.url() else {
        return;
    };
    make_bucket(&url).await;
    let user = User::create(&url, "manager");
    let manager = CloudFilesAwsResourceManager::new_manager()
        .sdk_config(user.config.clone())
        .path(format!("s3://{BUCKET}/in/"))
        .create()
        .await
        .unwrap();
    user.may(&documented());
    whole_life(&manager)
        .await
        .expect("the documented policy is enough");
    for action in ACTIONS {
        let without = documented().replace(&format!("\"{action}\""), "\"sqs:Nothing\"");
        user.may(&without);
        let refused = whole_life(&manager).await;
        let Err(ResourceError::Denied {
            action: named,
            resource,
            reason,
        }) = &refused
        else {
            panic!("without {action}: {refused:?}");
        };
        assert_eq!(named, action, "{reason}");
        assert!(
            resource == "*" || resource.starts_with("arn:aws:"),
            "{action}: {resource}"
        );
        let missing = MissingPermission::aws(action, resource);
        assert!(reason.contains(&missing.statement), "{action}: {reason}");
        user.may(&documented());
        let stream = stream();
        let again = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        again.await.expect("what was left is torn down");
    }
}

#[tokio::test]
async fn each_missing_permission_of_a_queue_names_itself() {
    let Some(url) = Peer::Guarded.url() else {
        return;
    };
    let root = aws_sdk_sqs::Client::new(&config(&url, "test", "test"));
    let created = root.create_queue().queue_name("guarded-queue").send().await;
    let id = QueueId::new(created.unwrap().queue_url.unwrap()).unwrap();
    let user = User::create(&url, "consumer");
    let queue = SqsQueue::open(&user.config, id.clone(), Duration::from_secs(30)).unwrap();
    // The emulator has permissions of their own for batches; on AWS there are none.
    let batches = [
        ("sqs:DeleteMessage", "sqs:DeleteMessageBatch"),
        (
            "sqs:ChangeMessageVisibility",
            "sqs:ChangeMessageVisibilityBatch",
        ),
    ];
    let mut all = policy::consume(&place(), BUCKET, "guarded-queue").to_json();
    for (action, batch) in batches {
        let both = format!("\"{action}\", \"{batch}\"");
        all = all.replace(&format!("\"{action}\""), &both);
    }
    let without = |action: &str| all.replace(&format!("\"{action}\""), "\"sqs:Nothing\"");
    for body in ["one", "two"] {
        let message = Message::new(body);
        let body = String::from_utf8(message.body().to_vec()).unwrap();
        root.send_message()
            .queue_url(id.as_str())
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    user.may(&without("sqs:ReceiveMessage"));
    let refused = queue.receive(&Now, 10, Duration::ZERO).await.err();
    is_denied(refused, "sqs:ReceiveMessage");
    user.may(&without("sqs:GetQueueAttributes"));
    let refused = queue.approximate_size().await.err();
    is_denied(refused, "sqs:GetQueueAttributes");
    let mut held = queue.receive(&Now, 1, Duration::ZERO).await.unwrap();
    let mut delivery = held.remove(0);
    user.may(&without("sqs:DeleteMessageBatch"));
    let refused = queue
        .acknowledge(&[delivery.receipt().clone()])
        .await
        .remove(0)
        .err();
    is_denied(refused, "sqs:DeleteMessage");
    user.may(&without("sqs:ChangeMessageVisibility"));
    let extended = queue
        .extend(&Now, &mut delivery, Duration::from_secs(60))
        .await;
    is_denied(extended.err(), "sqs:ChangeMessageVisibility");
    user.may(&all);
    let done = queue.acknowledge(&[delivery.receipt().clone()]).await;
    assert!(matches!(done[..], [Ok(())]), "{done:?}");
}

fn is_denied(error: Option<QueueError>, action: &str) {
    let Some(QueueError::Denied { reason, .. }) = &error else {
        panic!("without {action}: {error:?}");
    };
    assert!(
        reason.starts_with(&format!("{action} on arn:aws:sqs:")),
        "{reason}"
    );
    assert!(reason.contains("\"Effect\": \"Allow\""), "{reason}");
}

/// This emulator delivers only what the policies of topics and queues allow.
#[tokio::test]
async fn the_policies_that_are_set_let_events_through() {
    let Some(url) = Peer::Guarded.url() else {
        return;
    };
    let root = config(&url, "test", "test");
    let s3 = aws_sdk_s3::config::Builder::from(&root).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(s3.build());
    for restricted in ["false", "true"] {
        let bucket = format!("{}-{restricted}", Now.now().as_millis());
        s3.create_bucket().bucket(&bucket).send().await.unwrap();
        let manager = CloudFilesAwsResourceManager::new_manager()
            .sdk_config(root.clone())
            .option(
                "cloudFiles.restrictNotificationSetupToSameAWSAccountId",
                restricted,
            )
            // Other tests list what is in the same account.
            .option("floe.resourcePrefix", "policies")
            .path(format!("s3://{bucket}/in/"));
        let (manager, stream) = (manager.create().await.unwrap(), stream());
        let set_up = manager.set_up_notification_services(&Now, &stream, &bucket);
        let id = set_up.await.unwrap();
        let put = s3.put_object().bucket(&bucket).key("in/allowed.csv");
        put.send().await.unwrap();
        let queue = manager.open_queue(&id, Duration::from_secs(30)).unwrap();
        let mut came = String::new();
        let end = Now.now().after(Duration::from_secs(30));
        while !came.contains("allowed.csv") && Now.now() < end {
            let wait = Duration::from_secs(1);
            for delivery in queue.receive(&Now, 10, wait).await.unwrap() {
                came.push_str(&String::from_utf8_lossy(delivery.message().body()));
            }
        }
        assert!(came.contains("in/allowed.csv"), "{restricted}: {came}");
        let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        torn_down.await.unwrap();
    }
}

#[tokio::test]
async fn unknown_credentials_are_told_apart_and_not_shown() {
    let Some(url) = Peer::Guarded.url() else {
        return;
    };
    let stranger = config(&url, "AKIDSTRANGER00000000", "hunter2-hunter2");
    let manager = CloudFilesAwsResourceManager::new_manager().sdk_config(stranger);
    let manager = manager.create().await.unwrap();
    let error = manager.list_notification_services(&Now).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-AWS-0003", "{error:?}");
    for text in [error.to_string(), format!("{error:?} {manager:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
