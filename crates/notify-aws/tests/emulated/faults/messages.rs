//! Messages that come twice, late, in another order, or with the records of others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::{EventKind, EventQueue, ObjectKey, ResourceManager, decode_message};
use floe_peers::s3::{Failure, Messages, Trouble};

use super::{Hasty, account, set_up};
use crate::peer::Now;
use crate::world::World;

const FILES: usize = 12;

/// How often each key came, until so many came and nothing more; and how many messages.
async fn keys_that_arrive(world: &World, queue: &dyn EventQueue) -> (BTreeMap<String, u32>, usize) {
    let (mut keys, mut messages) = (BTreeMap::new(), 0);
    let expected: BTreeSet<String> = (0..FILES).map(|n| format!("in/file {n}.csv")).collect();
    for key in &expected {
        world.put(key).await;
    }
    let end = Now.now().after(Duration::from_secs(60));
    let mut quiet = 0;
    while Now.now() < end && (quiet < 4 || keys.len() < FILES) {
        let received = queue.receive(&Now, 10, Duration::from_secs(1)).await;
        let received = received.unwrap();
        quiet = if received.is_empty() { quiet + 1 } else { 0 };
        for delivery in &received {
            let decoded = decode_message(None, delivery.message().body(), []);
            assert!(decoded.is_complete(), "{decoded:?}");
            messages += 1;
            for event in decoded.events {
                if event.kind == EventKind::Created {
                    let key = event.key.as_ref().and_then(ObjectKey::as_str).unwrap();
                    *keys.entry(key.to_owned()).or_default() += 1;
                }
            }
        }
        let receipts: Vec<_> = received.iter().map(|one| one.receipt().clone()).collect();
        for result in queue.acknowledge(&receipts).await {
            // Of a message that comes twice, the second receipt may be worth nothing.
            assert!(
                result.as_ref().err().is_none_or(|error| error.is_gone()),
                "{result:?}"
            );
        }
    }
    assert_eq!(queue.approximate_size().await.unwrap(), Some(0));
    assert_eq!(keys.keys().cloned().collect::<BTreeSet<_>>(), expected);
    (keys, messages)
}

#[tokio::test]
async fn nothing_is_lost_however_messages_come_and_nothing_doubled_but_what_comes_twice() {
    let none = Messages::default();
    let cases = [
        (none, 1..=1),
        (
            Messages {
                twice: true,
                ..none
            },
            2..=2,
        ),
        (
            Messages {
                reversed: true,
                delay: 2,
                ..none
            },
            1..=1,
        ),
        (
            Messages {
                packed: true,
                ..none
            },
            1..=1,
        ),
    ];
    for (faults, times) in cases {
        let Some((proxy, world)) = account().await else {
            return;
        };
        let id = set_up(&world, &Hasty::default()).await.unwrap();
        proxy.set(|all| all.messages = faults);
        let manager = world.manager();
        let queue = manager.open_queue(&id, Duration::from_secs(30)).unwrap();
        let (keys, messages) = keys_that_arrive(&world, &queue).await;
        for (key, count) in keys {
            assert!(times.contains(&count), "{faults:?}: {key} {count} times");
        }
        if faults.packed {
            assert!(messages < FILES, "{messages} messages of {FILES} records");
        }
    }
}

#[tokio::test]
async fn an_acknowledgement_without_an_answer_is_sent_again_or_the_message_comes_again() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let id = set_up(&world, &Hasty::default()).await.unwrap();
    let manager = world.manager();
    world.put("in/one.csv").await;
    let queue = manager.open_queue(&id, Duration::from_secs(1)).unwrap();
    let mut received = Vec::new();
    for trouble in [Trouble::Broken, Trouble::Internal, Trouble::Throttled] {
        for operation in ["ReceiveMessage", "DeleteMessageBatch"] {
            proxy.set(|faults| faults.failures = vec![Failure::once(operation, trouble)]);
            let wait = Duration::from_secs(2);
            let first = queue.receive(&Now, 10, wait).await;
            if operation == "ReceiveMessage" {
                assert!(first.unwrap_err().is_retryable(), "{trouble:?}");
                continue;
            }
            let first = first.unwrap();
            assert!(!first.is_empty(), "{trouble:?}: it comes again");
            let receipts: Vec<_> = first.iter().map(|one| one.receipt().clone()).collect();
            for result in queue.acknowledge(&receipts).await {
                let error = result.unwrap_err();
                assert!(error.is_retryable() && !error.is_gone(), "{error:?}");
            }
            received = receipts;
        }
    }
    assert!(!received.is_empty());
    proxy.set(|faults| {
        faults.failures = vec![Failure::once("DeleteMessageBatch", Trouble::AnswerLost)];
    });
    let last = queue
        .receive(&Now, 10, Duration::from_secs(3))
        .await
        .unwrap();
    let receipts: Vec<_> = last.iter().map(|one| one.receipt().clone()).collect();
    for result in queue.acknowledge(&receipts).await {
        assert!(
            result.unwrap_err().is_retryable(),
            "nobody knows that it is done"
        );
    }
    let wait = Duration::from_secs(2);
    assert!(
        queue.receive(&Now, 10, wait).await.unwrap().is_empty(),
        "it was done"
    );
    let _ = manager.name();
}
