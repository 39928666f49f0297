//! What is said when a permission is missing.

use std::time::Duration;

use floe_notify::contract::ResourceWorld as _;
use floe_notify::{
    EventQueue, MissingPermission, QueueError, ResourceError, ResourceManager, TearDown,
};
use floe_peers::eventgrid::EventGrid;

use crate::chain::stream;
use crate::peer::{Login, Now, azurite};
use crate::world::World;

const QUEUES: &str = "Microsoft.Storage/storageAccounts/queueServices/queues";

async fn world() -> Option<World> {
    let (blobs, queues) = azurite()?;
    Some(World::new(&blobs, &queues, Login::Token).await)
}

async fn whole_life(world: &World) -> Result<(), ResourceError> {
    let (manager, stream) = (world.manager(), stream());
    manager
        .set_up_notification_services(&Now, &stream, "guarded")
        .await?;
    let listed = world.lister().list_notification_services(&Now).await?;
    assert_eq!(listed.len(), 1, "{listed:?}");
    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    torn_down.await.map(drop)
}

/// The actions of the documented role that the calls of a manager need.
#[tokio::test]
async fn each_missing_permission_of_a_manager_names_itself() {
    let Some(world) = world().await else { return };
    whole_life(&world)
        .await
        .expect("with all permissions it works");
    let actions = [
        "Microsoft.EventGrid/eventSubscriptions/read".to_owned(),
        "Microsoft.EventGrid/eventSubscriptions/write".to_owned(),
        "Microsoft.EventGrid/eventSubscriptions/delete".to_owned(),
        "Microsoft.Storage/storageAccounts/read".to_owned(),
        format!("{QUEUES}/read"),
        format!("{QUEUES}/write"),
        format!("{QUEUES}/delete"),
    ];
    for action in actions {
        world.grid.break_it(|faults| {
            faults.forbidden.insert(action.clone());
        });
        let error = whole_life(&world).await.unwrap_err();
        let statement = MissingPermission::azure(&action, "").statement;
        let words = error.to_string();
        assert!(
            words.contains(&action) && words.contains(&statement),
            "{words}"
        );
        assert!(
            words.contains("/resourceGroups/landing"),
            "{action}: {words}"
        );
        assert!(!error.is_retryable(), "{error:?}");
        if action.starts_with("Microsoft.EventGrid") {
            assert_eq!(error.code(), "FLOE-NOTIFY-0031", "{words}");
        } else {
            let ResourceError::Denied { action: named, .. } = &error else {
                panic!("without {action}: {error:?}");
            };
            assert_eq!(named, &action, "{words}");
        }
        world.grid.break_it(|faults| faults.forbidden.clear());
        let (manager, stream) = (world.manager(), stream());
        let again = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
        again.await.expect("what was left is torn down");
    }
}

#[tokio::test]
async fn each_missing_permission_of_a_queue_names_itself() {
    let Some(world) = world().await else { return };
    let (manager, stream) = (world.manager(), stream());
    let id = manager
        .set_up_notification_services(&Now, &stream, "consumed")
        .await
        .unwrap();
    world.put("in/a.csv").await;
    let queue = manager.open_queue(&id, Duration::from_secs(60)).unwrap();
    let forbid = |what: &str| {
        world.grid.break_it(|faults| {
            faults.forbidden.clear();
            faults.forbidden.insert(format!("{QUEUES}/{what}"));
        });
    };
    let is_denied = |error: Option<QueueError>, what: &str| {
        let Some(QueueError::Denied { reason, .. }) = &error else {
            panic!("without {what}: {error:?}");
        };
        let scope = EventGrid::account_id();
        let start = format!("{QUEUES}/{what} on {scope}/queueServices/default/queues/{id}");
        assert!(reason.starts_with(&start), "{reason}");
        assert!(
            reason.contains(&format!("[\"{QUEUES}/{what}\"]")),
            "{reason}"
        );
    };
    forbid("messages/process/action");
    let refused = queue.receive(&Now, 1, Duration::ZERO).await.err();
    is_denied(refused, "messages/process/action");
    forbid("read");
    is_denied(queue.approximate_size().await.err(), "read");
    forbid("messages/delete");
    let mut held = queue.receive(&Now, 1, Duration::ZERO).await.unwrap();
    let mut delivery = held.remove(0);
    let receipt = [delivery.receipt().clone()];
    is_denied(
        queue.acknowledge(&receipt).await.remove(0).err(),
        "messages/delete",
    );
    forbid("messages/write");
    let before = delivery.clone();
    let extended = queue
        .extend(&Now, &mut delivery, Duration::from_secs(60))
        .await;
    is_denied(extended.err(), "messages/write");
    assert_eq!(delivery, before, "after an error the delivery is as it was");
    is_denied(
        queue.release(&receipt).await.remove(0).err(),
        "messages/write",
    );
    world.grid.break_it(|faults| faults.forbidden.clear());
    assert!(matches!(queue.acknowledge(&receipt).await[..], [Ok(())]));
}

#[tokio::test]
async fn a_subscription_that_never_used_event_grid_is_told_as_such() {
    let Some(world) = world().await else { return };
    world.grid.break_it(|faults| faults.unregistered = true);
    let error = whole_life(&world).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-NOTIFY-0030");
    assert!(
        error.to_string().contains("az provider register"),
        "{error}"
    );
    world.grid.break_it(|faults| faults.unregistered = false);
    whole_life(&world)
        .await
        .expect("once it is registered, the same works");
}

#[tokio::test]
async fn credentials_that_azure_does_not_know_are_told_without_the_secret() {
    let Some(world) = world().await else { return };
    let wrong = floe_notify::Secret::new("hunter2");
    let manager = crate::peer::anonymous(&world.grid)
        .service_principal("client", wrong, "tenant")
        .create()
        .unwrap();
    let error = manager.list_notification_services(&Now).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-AZURE-0003", "{error}");
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_wrong_key_of_the_account_is_told_without_the_key() {
    let Some(world) = world().await else { return };
    let key = "aHVudGVyMg==";
    let queues = world.grid.queues_url();
    let string = format!("AccountName=devstoreaccount1;AccountKey={key};QueueEndpoint={queues}");
    let queue = crate::peer::anonymous(&world.grid)
        .connection_string(floe_notify::Secret::new(string))
        .open_queue(
            &floe_notify::QueueId::new("some-queue").unwrap(),
            Duration::from_secs(30),
        )
        .unwrap();
    let error = queue.approximate_size().await.unwrap_err();
    assert_eq!(error.code(), "FLOE-AZURE-0003", "{error}");
    assert!(
        !format!("{error} {error:?} {queue:?}").contains("aHVudGVyMg"),
        "{error:?}"
    );
}
