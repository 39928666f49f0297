//! The whole chain: bucket, topic, subscription, and the events that arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::{
    EventCloud, EventKind, EventQueue, ResourceManager, StreamId, TearDown, decode_message,
};

use crate::peer::Now;
use crate::world::Factory;

/// Keys that are changed on their way: by encodings, escapes, or what looks like one.
const ODD_KEYS: [&str; 6] = [
    "in/with space+plus.csv",
    "in/100%25 & more=yes?.csv",
    "in/größe/файл 文件.csv",
    "in/quote\"and\\back.csv",
    "in/a/b/c/deep.csv",
    "in/plain.csv",
];

pub(crate) fn stream(digit: char) -> StreamId {
    let text = "0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f1x".replace('x', &digit.to_string());
    StreamId::parse(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_make_an_object_brings_its_key() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let foreign = world.configs().await;
    let before = world.all().await;
    let (manager, stream) = (world.manager(), stream('0'));
    let set_up = manager.set_up_notification_services(&Now, &stream, "chain+~.x");
    let id = set_up.await.unwrap();
    assert_eq!(id.as_str(), "databricks-auto-ingest-chain+~.x");
    let again = manager.set_up_notification_services(&Now, &stream, "chain+~.x");
    assert_eq!(again.await.unwrap(), id, "the queue is reused");
    let configs = world.configs().await;
    assert_eq!(
        configs.len(),
        foreign.len() + 1,
        "one configuration is added"
    );
    for (name, text) in &foreign {
        assert_eq!(configs.get(name), Some(text), "{name} of others is kept");
    }

    let mut expected = BTreeMap::new();
    for key in ODD_KEYS {
        world.put(key, "first").await;
        expected.insert(key.to_owned(), 1);
    }
    world.put("in/plain.csv", "second").await;
    expected.insert("in/plain.csv".to_owned(), 2);
    world.copy("in/plain.csv", "in/the copy.csv").await;
    world
        .compose(&["in/plain.csv", "in/the copy.csv"], "in/composed.csv")
        .await;
    world.upload_in_parts("in/in parts.csv").await;
    for key in ["in/the copy.csv", "in/composed.csv", "in/in parts.csv"] {
        expected.insert(key.to_owned(), 1);
    }
    // Neither of these is below the path.
    world.put("input/other.csv", "x").await;
    world.put("other.csv", "x").await;

    let queue = manager.open_queue(&id, Duration::from_secs(30)).unwrap();
    let events = events_that_arrive(&queue, 10).await;
    let mut keys = BTreeMap::new();
    for event in &events {
        assert_eq!(event.kind, EventKind::Created, "{event:?}");
        *keys.entry(event.key.clone()).or_insert(0) += 1;
    }
    assert_eq!(keys, expected);
    let sizes: Vec<_> = events
        .iter()
        .filter(|one| one.key == "in/composed.csv")
        .collect();
    assert_eq!(sizes[0].size, Some(12), "both parts of it");

    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    assert!(torn_down.await.unwrap().changes_something());
    assert_eq!(world.all().await, before, "only what is ours is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_twice_and_in_the_wrong_order_all_arrive() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let (manager, stream) = (world.manager(), stream('0'));
    let set_up = manager.set_up_notification_services(&Now, &stream, "twice");
    let id = set_up.await.unwrap();
    factory.cloud.misdeliver(true, true);
    for number in 0..5 {
        world.put(&format!("in/{number}.csv"), "x").await;
    }
    let queue = manager.open_queue(&id, Duration::from_secs(30)).unwrap();
    let events = events_that_arrive(&queue, 10).await;
    let mut keys: Vec<String> = events.into_iter().map(|one| one.key).collect();
    keys.sort();
    let expected: Vec<String> = (0..10).map(|n| format!("in/{}.csv", n / 2)).collect();
    assert_eq!(keys, expected);
}

/// What an event says.
#[derive(Debug)]
pub(crate) struct Arrived {
    kind: EventKind,
    key: String,
    size: Option<u64>,
}

/// Receives until so many events came and then nothing more.
pub(crate) async fn events_that_arrive(queue: &dyn EventQueue, count: usize) -> Vec<Arrived> {
    let mut events: Vec<Arrived> = Vec::new();
    let end = Now.now().after(Duration::from_secs(60));
    while Now.now() < end {
        let received = queue
            .receive(&Now, 100, Duration::from_secs(2))
            .await
            .unwrap();
        if received.is_empty() && events.len() >= count {
            break;
        }
        let receipts: Vec<_> = received.iter().map(|one| one.receipt().clone()).collect();
        for delivery in &received {
            let message = delivery.message();
            let attributes = message.attributes().iter();
            let attributes = attributes.map(|(k, v)| (k.as_str(), v.as_str()));
            let decoded = decode_message(Some(EventCloud::Gcp), message.body(), attributes);
            assert!(decoded.is_complete(), "{decoded:?}");
            events.extend(decoded.events.iter().map(|event| {
                Arrived {
                    kind: event.kind,
                    key: event
                        .key
                        .as_ref()
                        .and_then(|key| key.as_str())
                        .unwrap()
                        .to_owned(),
                    size: event.size,
                }
            }));
        }
        let acknowledged = queue.acknowledge(&receipts).await;
        assert!(acknowledged.iter().all(Result::is_ok), "{acknowledged:?}");
    }
    events
}
