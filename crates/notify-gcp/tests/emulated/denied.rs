//! What is said when a permission is missing.

use std::time::Duration;

use floe_notify::contract::QueueBench;
use floe_notify::{
    EventQueue, Message, MissingPermission, QueueError, ResourceError, ResourceManager, StreamId,
    TearDown,
};
use floe_notify_gcp::CloudFilesGcpResourceManager;

use crate::chain::stream;
use crate::peer::Now;
use crate::world::Factory;

/// The permissions that the calls of a manager need, in the order of those calls; those for the
/// policies of topics are not among them.
const PERMISSIONS: [&str; 11] = [
    "storage.buckets.get",
    "pubsub.subscriptions.get",
    "pubsub.topics.get",
    "pubsub.topics.create",
    "pubsub.subscriptions.create",
    "pubsub.topics.attachSubscription",
    "storage.buckets.update",
    "pubsub.subscriptions.list",
    "pubsub.topics.list",
    "pubsub.subscriptions.delete",
    "pubsub.topics.delete",
];

async fn whole_life(
    manager: &CloudFilesGcpResourceManager,
    stream: &StreamId,
) -> Result<(), ResourceError> {
    manager
        .set_up_notification_services(&Now, stream, "guarded")
        .await?;
    let listed = manager.list_notification_services(&Now).await?;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let torn_down = manager.tear_down_notification_services(&Now, stream, TearDown::Created);
    torn_down.await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_missing_permission_of_a_manager_names_itself() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let (manager, stream) = (world.manager(), stream('1'));
    whole_life(manager, &stream).await.expect("all is allowed");
    for permission in PERMISSIONS {
        world.doors.deny(Some(permission));
        let refused = whole_life(manager, &stream).await;
        let Err(ResourceError::Denied {
            action,
            resource,
            reason,
        }) = &refused
        else {
            panic!("without {permission}: {refused:?}");
        };
        assert_eq!(action, permission, "{reason}");
        let project = format!("projects/{}", world.project);
        let bucket = format!("projects/_/buckets/{}", world.bucket);
        assert!(
            resource.starts_with(&project) || *resource == bucket,
            "{permission}: {resource}"
        );
        let missing = MissingPermission::gcp(permission, resource);
        assert!(
            reason.contains(&missing.statement),
            "{permission}: {reason}"
        );
        world.doors.deny(None);
        let again = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        again.await.expect("what was left is torn down");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_rights_to_policies_the_operator_is_told_what_to_grant() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let (manager, stream) = (world.manager(), stream('1'));
    let rights = [
        "pubsub.topics.getIamPolicy",
        "pubsub.topics.setIamPolicy",
        "resourcemanager.projects.get",
    ];
    for permission in rights {
        world.doors.deny(Some(permission));
        let refused = whole_life(manager, &stream).await;
        let Err(ResourceError::Denied {
            action,
            resource,
            reason,
        }) = &refused
        else {
            panic!("without {permission}: {refused:?}");
        };
        assert_eq!(action, "pubsub.topics.publish", "{reason}");
        assert!(
            resource.ends_with("/topics/databricks-auto-ingest-guarded"),
            "{resource}"
        );
        assert!(reason.contains(permission), "{reason}");
        assert!(reason.contains("roles/pubsub.publisher"), "{reason}");
        let again = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        again.await.expect("what was left is torn down");
    }
    // The documented way: the service agent may publish in the whole project.
    factory.cloud.let_publish(&world.project);
    for permission in rights {
        world.doors.deny(Some(permission));
        whole_life(manager, &stream)
            .await
            .expect("the documented permissions are enough");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_permission_of_a_queue_names_itself() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let bench = factory.bench().await;
    let queue = bench.open();
    bench.send(&Now, Message::new("one")).await;
    let mut held = queue
        .receive(&Now, 1, Duration::from_secs(20))
        .await
        .unwrap();
    let mut delivery = held.remove(0);
    let receipt = [delivery.receipt().clone()];
    bench.doors.deny(Some("pubsub.subscriptions.consume"));
    is_denied(queue.receive(&Now, 1, Duration::ZERO).await.err());
    is_denied(queue.acknowledge(&receipt).await.remove(0).err());
    is_denied(queue.release(&receipt).await.remove(0).err());
    let extended = queue
        .extend(&Now, &mut delivery, Duration::from_secs(60))
        .await;
    is_denied(extended.err());
    bench.doors.deny(None);
    let done = queue.acknowledge(&receipt).await;
    assert!(matches!(done[..], [Ok(())]), "{done:?}");
}

fn is_denied(error: Option<QueueError>) {
    let Some(QueueError::Denied { reason, .. }) = &error else {
        panic!("{error:?}");
    };
    let start = "pubsub.subscriptions.consume on projects/";
    assert!(reason.starts_with(start), "{reason}");
    assert!(reason.contains("roles/pubsub.subscriber"), "{reason}");
}
