//! The whole chain: blobs, event subscription, queue, and the events that arrive.

use std::collections::BTreeSet;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::contract::ResourceWorld;
use floe_notify::{
    Action, Delivery, EventKind, EventQueue, Origin, QueueId, ResourceManager, StreamId, TearDown,
    decode,
};
use floe_peers::eventgrid::BlobEvent;

use crate::peer::{Login, Now, azurite};
use crate::world::World;

/// Keys that are changed on their way: by encodings, escapes, or what looks like one.
const ODD_KEYS: [&str; 7] = [
    "in/with space+plus.csv",
    "in/100%25 & more=yes?#.csv",
    "in/größe/файл 文件.csv",
    "in/quote\"and'apostrophe.csv",
    "in/a/b/c/deep.csv",
    "in/e\u{301} apart.csv",
    "in/plain.csv",
];

pub(crate) fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

async fn world(login: Login) -> Option<World> {
    let (blobs, queues) = azurite()?;
    Some(World::new(&blobs, &queues, login).await)
}

async fn set_up(world: &World, suffix: &str) -> QueueId {
    let (manager, stream) = (world.manager(), stream());
    let set_up = manager.set_up_notification_services(&Now, &stream, suffix);
    set_up.await.unwrap()
}

#[tokio::test]
async fn every_way_to_make_a_blob_brings_its_key_with_the_key_of_the_account() {
    every_way_to_make_a_blob(Login::Key).await;
}

#[tokio::test]
async fn every_way_to_make_a_blob_brings_its_key_with_a_token() {
    every_way_to_make_a_blob(Login::Token).await;
}

async fn every_way_to_make_a_blob(login: Login) {
    let Some(world) = world(login).await else {
        return;
    };
    let before = world.everything().await;
    let id = set_up(&world, "chain").await;
    let after = world.everything().await;
    assert_eq!(set_up(&world, "chain").await, id, "the queue is reused");
    assert_eq!(world.everything().await, after, "nothing is made twice");
    assert_eq!(after.len(), before.len() + 2, "a queue and a subscription");

    let mut expected: BTreeSet<String> = ODD_KEYS.iter().map(|key| (*key).to_owned()).collect();
    for key in ODD_KEYS {
        world.put(key).await;
    }
    world.copy("in/plain.csv", "in/the copy.csv").await;
    world.upload_in_blocks("in/in blocks.csv").await;
    expected.extend(["in/the copy.csv".to_owned(), "in/in blocks.csv".to_owned()]);
    // Neither of these is below the path, and what is removed is no new file.
    world.put("other.csv").await;
    world.put("elsewhere/a.csv").await;
    world.remove("in/plain.csv").await;

    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(30))
        .unwrap();
    assert_eq!(keys_that_arrive(&queue, expected.len()).await, expected);

    let (manager, stream) = (world.manager(), stream());
    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    assert!(torn_down.await.unwrap().changes_something());
    assert_eq!(
        world.everything().await,
        before,
        "only what is ours is gone"
    );
}

#[tokio::test]
async fn what_data_lake_storage_does_to_files_arrives_as_well() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    let id = set_up(&world, "lake").await;
    let event = |kind: &str, api, path| {
        let kind = format!("Microsoft.Storage.{kind}");
        BlobEvent::new(&kind, api, &world.container, path).of_data_lake()
    };
    let happened = [
        event("BlobCreated", "CreateFile", "in/a.csv").with_length(0),
        event("BlobCreated", "FlushWithClose", "in/a.csv").with_length(9),
        event("BlobRenamed", "RenameFile", "in/b.csv").renamed_from("_temporary/b.csv"),
        event("DirectoryRenamed", "RenameDirectory", "in").renamed_from("staging"),
        event("BlobDeleted", "DeleteFile", "in/c.csv"),
    ];
    for one in happened {
        world.grid.happened(one).await;
    }
    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(30))
        .unwrap();
    let mut told = Vec::new();
    for delivery in all_that_comes(&queue, 3).await {
        let decoded = decode(None, delivery.message().body());
        assert!(decoded.is_complete(), "{decoded:?}");
        for event in decoded.events {
            let key = event
                .key
                .as_ref()
                .and_then(|key| key.as_str())
                .unwrap()
                .to_owned();
            told.push((event.kind, key, event.size));
        }
    }
    told.sort_by(|a, b| a.1.cmp(&b.1));
    let expected = [
        (EventKind::DirectoryRenamed, "in".to_owned(), None),
        (EventKind::Created, "in/a.csv".to_owned(), Some(9)),
        (EventKind::Renamed, "in/b.csv".to_owned(), None),
    ];
    assert_eq!(
        told, expected,
        "the begun file and the deleted one are filtered out"
    );
}

#[tokio::test]
async fn events_that_come_twice_and_in_disorder_are_all_there() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    let id = set_up(&world, "disorder").await;
    world.grid.break_it(|faults| {
        faults.duplicates = 1;
        faults.hold = 6;
    });
    let keys = ["in/1.csv", "in/2.csv", "in/3.csv"];
    for key in keys {
        world.put(key).await;
    }
    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(30))
        .unwrap();
    let came: Vec<String> = all_that_comes(&queue, 6)
        .await
        .iter()
        .flat_map(keys_of)
        .collect();
    assert_eq!(came.len(), 6, "each comes twice: {came:?}");
    let distinct: BTreeSet<&str> = came.iter().map(String::as_str).collect();
    assert_eq!(distinct, BTreeSet::from(keys));
}

#[tokio::test]
async fn two_consumers_share_what_arrives_and_one_that_is_killed_loses_nothing() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    let id = set_up(&world, "shared").await;
    let sent: BTreeSet<String> = (0..40)
        .map(|number| format!("in/{number:02}.csv"))
        .collect();
    for key in &sent {
        world.put(key).await;
    }
    let victim = world
        .manager()
        .open_queue(&id, Duration::from_secs(3))
        .unwrap();
    let other = world
        .manager()
        .open_queue(&id, Duration::from_secs(3))
        .unwrap();
    let held = victim.receive(&Now, 15, Duration::ZERO).await.unwrap();
    assert_eq!(held.len(), 15);
    let (done, lost) = held.split_at(5);
    let receipts: Vec<_> = done.iter().map(|one| one.receipt().clone()).collect();
    assert!(
        victim
            .acknowledge(&receipts)
            .await
            .iter()
            .all(Result::is_ok)
    );
    drop(victim);
    let done: BTreeSet<String> = done.iter().flat_map(keys_of).collect();
    let came = keys_that_arrive(&other, 35).await;
    let expected: BTreeSet<String> = sent.difference(&done).cloned().collect();
    assert_eq!(came, expected);
    let lost: BTreeSet<String> = lost.iter().flat_map(keys_of).collect();
    assert!(lost.is_subset(&came), "what the dead one held came again");
}

#[tokio::test]
async fn more_messages_than_one_request_carries_come_in_one_receive() {
    let Some(world) = world(Login::Token).await else {
        return;
    };
    let id = set_up(&world, "many").await;
    for number in 0..70 {
        world.put(&format!("in/{number}.csv")).await;
    }
    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(60))
        .unwrap();
    let before = world.grid.calls().len();
    let received = queue.receive(&Now, 65, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 65);
    assert_eq!(world.grid.calls().len(), before + 3, "32, 32 and 1");
    assert_eq!(queue.approximate_size().await.unwrap(), Some(70));
}

#[tokio::test]
async fn without_an_account_all_accounts_of_the_group_are_listed() {
    let Some(world) = world(Login::Token).await else {
        return;
    };
    set_up(&world, "found").await;
    let calls = world.grid.calls().len();
    let list = world
        .lister()
        .list_notification_services(&Now)
        .await
        .unwrap();
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!(list[0].origin(), Origin::Floe);
    let asked = world.grid.calls().split_off(calls);
    let asks = |end: &str| asked.iter().any(|call| call.ends_with(end));
    assert!(
        asks("/storageAccounts"),
        "accounts are looked for: {asked:?}"
    );
}

#[tokio::test]
async fn lists_of_many_pages_are_read_to_their_end() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    for number in 0..7 {
        let name = format!("aaa-{number}");
        let body = crate::world::subscription("elsewhere", "/", &[]);
        world.grid.put_subscription(&name, &body);
    }
    world.grid.break_it(|faults| faults.page = 2);
    set_up(&world, "zz").await;
    let (manager, stream) = (world.manager(), stream());
    let plan = manager.plan_set_up(&Now, &stream, "zz").await.unwrap();
    assert!(
        !plan.changes_something(),
        "it is found on the last page: {plan}"
    );
}

#[tokio::test]
async fn what_was_made_by_hand_is_filled_and_only_the_subscription_goes() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    let name = format!("{}-by-hand", world.prefix);
    world.make_queue(&name, &[("team", "data")]).await;
    let before = world.everything().await;
    let (manager, stream) = (world.manager(), stream());
    let plan = manager.plan_set_up(&Now, &stream, "by-hand").await.unwrap();
    assert_eq!(
        plan.to_string(),
        format!("reuse queue {name}\ncreate subscription {name}\n")
    );
    let id = set_up(&world, "by-hand").await;
    world.put("in/hand.csv").await;
    let queue = world
        .manager()
        .open_queue(&id, Duration::from_secs(30))
        .unwrap();
    let came = keys_that_arrive(&queue, 1).await;
    assert_eq!(came, BTreeSet::from(["in/hand.csv".to_owned()]));
    let listed = manager.list_notification_services(&Now).await.unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0].stream(), Some(&stream));
    assert_eq!(listed[0].queue(), Some(&id));
    let done = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    assert_eq!(
        done.await.unwrap().to_string(),
        format!("delete subscription {name}\n")
    );
    assert_eq!(world.everything().await, before);
}

#[tokio::test]
async fn a_queue_that_others_fill_stays_until_they_are_gone() {
    let Some(world) = world(Login::Key).await else {
        return;
    };
    let id = set_up(&world, "filled").await;
    let body = crate::world::subscription(id.as_str(), "/blobServices/other", &[]);
    world.grid.put_subscription("of-others", &body);
    let (manager, stream) = (world.manager(), stream());
    let done = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    let done = done.await.unwrap();
    let left: Vec<_> = done.with(Action::Leave).collect();
    assert_eq!(left.len(), 1, "{done}");
    assert!(left[0].reason().contains("of-others"), "{done}");
    assert_eq!(done.with(Action::Delete).count(), 1, "{done}");
    assert!(
        manager
            .open_queue(&id, Duration::from_secs(1))
            .unwrap()
            .approximate_size()
            .await
            .is_ok()
    );
}

/// Receives until so many keys came and then nothing more.
async fn keys_that_arrive(queue: &dyn EventQueue, count: usize) -> BTreeSet<String> {
    all_that_comes(queue, count)
        .await
        .iter()
        .flat_map(keys_of)
        .collect()
}

/// Receives and acknowledges until so many messages came and then nothing more.
async fn all_that_comes(queue: &dyn EventQueue, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    let end = Now.now().after(Duration::from_secs(60));
    while Now.now() < end {
        let received = queue
            .receive(&Now, 10, Duration::from_secs(2))
            .await
            .unwrap();
        if received.is_empty() && all.len() >= count {
            break;
        }
        let receipts: Vec<_> = received.iter().map(|one| one.receipt().clone()).collect();
        let acknowledged = queue.acknowledge(&receipts).await;
        assert!(acknowledged.iter().all(Result::is_ok), "{acknowledged:?}");
        all.extend(received);
    }
    all
}

/// The keys in a message, as the decoder of events reads them.
fn keys_of(delivery: &Delivery) -> Vec<String> {
    let decoded = decode(None, delivery.message().body());
    assert!(decoded.is_complete(), "{decoded:?}");
    let keys = decoded.events.iter().map(|event| {
        assert_eq!(event.kind, EventKind::Created);
        assert!(event.size.is_some(), "{event:?}");
        event
            .key
            .as_ref()
            .and_then(|key| key.as_str())
            .unwrap()
            .to_owned()
    });
    keys.collect()
}
