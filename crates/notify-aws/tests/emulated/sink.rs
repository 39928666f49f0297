//! Sending: what a router does with a queue of SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use floe_notify::clock::Clock;
use floe_notify::router::EventSink;
use floe_notify::{EventQueue, Message, QueueId};
use floe_notify_aws::SqsQueue;
use floe_peers::s3::{Failure, Trouble};

use crate::faults::account;
use crate::peer::Now;
use crate::world::World;

async fn queue(world: &World, name: &str) -> SqsQueue {
    let created = world.sqs.create_queue().queue_name(name).send().await;
    let id = QueueId::new(created.unwrap().queue_url.unwrap()).unwrap();
    let manager = world.manager();
    manager.open_queue(&id, Duration::from_secs(30)).unwrap()
}

/// Receives until so many messages came; by their bodies.
async fn received(queue: &SqsQueue, count: usize) -> BTreeMap<Vec<u8>, Message> {
    let mut found = BTreeMap::new();
    let end = Now.now().after(Duration::from_secs(60));
    while found.len() < count && Now.now() < end {
        let received = queue.receive(&Now, 10, Duration::from_secs(2)).await;
        let messages = received.unwrap().into_iter();
        found.extend(messages.map(|one| {
            let message = one.message().clone();
            (message.body().to_vec(), message)
        }));
    }
    found
}

#[tokio::test]
async fn more_than_a_batch_is_sent_and_what_cannot_be_sent_keeps_nothing_back() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let queue = queue(&world, "sink").await;
    let large = |n: u8| Message::new(vec![b'a' + n; 100 << 10]);
    let mut messages: Vec<Message> = (0..3).map(large).collect();
    messages.push(Message::new(b"\xFF".as_slice()));
    messages.extend((0..12).map(|n| Message::new(n.to_string()).with_attribute("form", "x")));
    let results = queue.send_all(&Now, &messages).await;
    assert_eq!(results.len(), messages.len());
    for (at, result) in results.iter().enumerate() {
        assert_eq!(result.is_err(), at == 3, "{at}: {result:?}");
    }
    assert_eq!(results[3].as_ref().unwrap_err().code(), "FLOE-AWS-0004");
    // Two large ones, the third with what fits beside it, and the rest.
    assert_eq!(proxy.count("SendMessageBatch"), 3);
    let found = received(&queue, messages.len() - 1).await;
    for (at, message) in messages.iter().enumerate().filter(|(at, _)| *at != 3) {
        assert_eq!(found.get(message.body()), Some(message), "{at}");
    }
}

#[tokio::test]
async fn a_send_that_fails_or_has_no_answer_is_told_for_each_message() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let queue = queue(&world, "sink").await;
    for trouble in [Trouble::Throttled, Trouble::Internal, Trouble::AnswerLost] {
        proxy.set(|faults| faults.failures = vec![Failure::once("SendMessageBatch", trouble)]);
        let results = queue
            .send_all(&Now, &[Message::new("a"), Message::new("b")])
            .await;
        assert_eq!(results.len(), 2);
        for result in results {
            assert!(result.unwrap_err().is_retryable(), "{trouble:?}");
        }
    }
    assert_eq!(
        received(&queue, 2).await.len(),
        2,
        "of the last one all was done"
    );
}
