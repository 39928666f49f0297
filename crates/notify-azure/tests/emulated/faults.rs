//! What Azure does on bad days, and Azurite does not.

use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::contract::ResourceWorld as _;
use floe_notify::{
    Action, EventQueue, QueueError, QueueId, ResourceError, ResourceManager, TearDown,
};

use crate::chain::stream;
use crate::peer::{Login, Now, azurite};
use crate::world::World;

async fn world() -> Option<World> {
    let (blobs, queues) = azurite()?;
    Some(World::new(&blobs, &queues, Login::Key).await)
}

async fn set_up(world: &World) -> Result<QueueId, ResourceError> {
    let (manager, stream) = (world.manager(), stream());
    manager
        .set_up_notification_services(&Now, &stream, "faults")
        .await
}

async fn tear_down(world: &World) {
    let (manager, stream) = (world.manager(), stream());
    let done = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    done.await.unwrap();
}

async fn event_comes(world: &World, id: &QueueId, name: &str) {
    let queue = world
        .manager()
        .open_queue(id, Duration::from_secs(30))
        .unwrap();
    world.put(&format!("in/{name}")).await;
    let end = Now.now().after(Duration::from_secs(30));
    while Now.now() < end {
        let received = queue
            .receive(&Now, 10, Duration::from_secs(1))
            .await
            .unwrap();
        let told = |one: &floe_notify::Delivery| {
            String::from_utf8_lossy(one.message().body()).contains(name)
        };
        if received.iter().any(told) {
            return;
        }
    }
    panic!("the event of {name} never came");
}

#[tokio::test]
async fn a_management_plane_that_is_too_busy_is_asked_again_after_the_time_it_says() {
    let Some(world) = world().await else { return };
    world.grid.break_it(|faults| faults.throttled = 2);
    let begun = Now.now();
    let id = set_up(&world).await.unwrap();
    let took = Now.now().since(begun);
    assert!(
        took >= Duration::from_secs(2),
        "it waits a second twice: {took:?}"
    );
    event_comes(&world, &id, "after.csv").await;
}

#[tokio::test]
async fn queues_that_are_too_busy_say_so() {
    let Some(world) = world().await else { return };
    let id = set_up(&world).await.unwrap();
    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(30))
        .unwrap();
    world.grid.break_it(|faults| faults.busy_queues = 1);
    let error = queue.receive(&Now, 1, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, QueueError::Throttled { .. }), "{error:?}");
    assert!(error.is_retryable());
    assert!(queue.receive(&Now, 1, Duration::ZERO).await.is_ok());
}

#[tokio::test]
async fn a_name_that_is_not_free_yet_is_waited_for() {
    let Some(world) = world().await else { return };
    world.grid.break_it(|faults| faults.queue_being_deleted = 1);
    let id = set_up(&world).await.unwrap();
    event_comes(&world, &id, "after.csv").await;
}

#[tokio::test]
async fn an_operation_takes_its_time_with_links_and_without() {
    let Some(world) = world().await else { return };
    for no_links in [false, true] {
        world.grid.break_it(|faults| {
            faults.polls = 3;
            faults.no_links = no_links;
        });
        let id = set_up(&world).await.unwrap();
        event_comes(&world, &id, "slow.csv").await;
        tear_down(&world).await;
        assert!(
            world
                .grid
                .subscriptions()
                .iter()
                .all(|(name, _)| name != id.as_str())
        );
    }
}

#[tokio::test]
async fn an_operation_that_fails_is_told_and_the_next_set_up_repairs_it() {
    let Some(world) = world().await else { return };
    let before = world.everything().await;
    for no_links in [false, true] {
        world.grid.break_it(|faults| {
            faults.no_links = no_links;
            faults.failing = vec![("InternalError".to_owned(), "It did not work.".to_owned())];
        });
        let error = set_up(&world).await.unwrap_err();
        assert_eq!(error.code(), "FLOE-AZURE-0006", "{error}");
        assert!(error.is_retryable());
        let (manager, stream) = (world.manager(), stream());
        let listed = manager.list_notification_services(&Now).await.unwrap();
        assert_eq!(listed.len(), 1, "what is half made is listed: {listed:?}");
        let plan = manager.plan_set_up(&Now, &stream, "faults").await.unwrap();
        assert_eq!(plan.with(Action::Change).count(), 1, "{plan}");
        let id = set_up(&world).await.unwrap();
        event_comes(&world, &id, "repaired.csv").await;
        tear_down(&world).await;
        assert_eq!(world.everything().await, before);
    }
}

#[tokio::test]
async fn an_operation_that_fails_for_a_known_reason_has_its_code() {
    let Some(world) = world().await else { return };
    let words = "The client 'c' with object id 'o' does not have authorization to perform action \
                 'Microsoft.EventGrid/eventSubscriptions/write' over scope '/s' or the scope is \
                 invalid.";
    world.grid.break_it(|faults| {
        faults.failing = vec![("AuthorizationFailed".to_owned(), words.to_owned())];
    });
    assert_eq!(set_up(&world).await.unwrap_err().code(), "FLOE-NOTIFY-0031");
}

#[tokio::test]
async fn a_deletion_that_fails_can_be_repeated() {
    let Some(world) = world().await else { return };
    let before = world.everything().await;
    set_up(&world).await.unwrap();
    world.grid.break_it(|faults| {
        faults.failing = vec![("InternalError".to_owned(), "It did not work.".to_owned())];
    });
    let (manager, stream) = (world.manager(), stream());
    let failed = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    let error = failed.await.unwrap_err();
    assert!(error.to_string().contains("It did not work"), "{error}");
    tear_down(&world).await;
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn what_is_still_being_made_is_waited_for() {
    let Some(world) = world().await else { return };
    world.grid.break_it(|faults| faults.polls = 4);
    // The first set-up is dropped when Azure has taken the event subscription over.
    let is_there = async {
        let name = format!("{}-faults", world.prefix);
        let end = Now.now().after(Duration::from_secs(30));
        while !world
            .grid
            .subscriptions()
            .iter()
            .any(|(one, _)| *one == name)
        {
            assert!(Now.now() < end, "it is taken over");
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = is_there => {}
        done = set_up(&world) => panic!("it was not dropped: {done:?}"),
    }
    let id = set_up(&world).await.unwrap();
    event_comes(&world, &id, "taken-over.csv").await;
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let Some(world) = world().await else { return };
    world
        .grid
        .break_it(|faults| faults.links = Some("https://evil.example.org".to_owned()));
    let error = set_up(&world).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-AZURE-0008", "{error}");
    assert!(error.to_string().contains("evil.example.org"), "{error}");
}
