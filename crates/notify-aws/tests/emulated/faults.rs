//! What AWS does on a bad day, and the emulator never: through a proxy that makes it up.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use floe_notify::contract::ResourceWorld;
use floe_notify::{QueueId, ResourceError, ResourceManager, StreamId, TearDown};
use floe_peers::s3::{Failure, Proxy, Trouble};

use crate::peer::{Hasty, Peer};
use crate::world::World;

mod messages;
mod writers;

/// The proxy, and a fresh account behind it.
pub(crate) async fn account() -> Option<(Proxy, World)> {
    let proxy = Proxy::start(&Peer::Ministack.url()?).await.unwrap();
    let world = World::new(Peer::Ministack, &proxy.url()).await;
    Some((proxy, world))
}

pub(crate) fn stream() -> StreamId {
    StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap()
}

pub(crate) async fn set_up(world: &World, clock: &Hasty) -> Result<QueueId, ResourceError> {
    let manager = world.manager();
    manager
        .set_up_notification_services(clock, &stream(), "faulty")
        .await
}

/// Lets S3 send to the queue that others have in the bucket's configuration: S3 asks every
/// destination at every write.
async fn allow_others(world: &World) {
    let name = "databricks-auto-ingest-of-others";
    let url = world.sqs.get_queue_url().queue_name(name).send().await;
    let policy = r#"{"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
        "Principal": {"Service": "s3.amazonaws.com"}}]}"#;
    let set = world.sqs.set_queue_attributes();
    let set = set.set_queue_url(url.unwrap().queue_url);
    let set = set.attributes(QueueAttributeName::Policy, policy);
    set.send().await.unwrap();
}

async fn everything(world: &World) -> BTreeMap<String, String> {
    world.everything().await
}

#[tokio::test]
async fn the_policies_that_are_written_are_those_that_s3_asks_for() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    allow_others(&world).await;
    proxy.set(|faults| faults.policies_act_after = Some(0));
    let before = proxy.count("PutBucketNotification");
    let clock = Hasty::default();
    set_up(&world, &clock).await.unwrap();
    assert_eq!(proxy.count("PutBucketNotification"), before + 1);
}

#[tokio::test]
async fn a_policy_that_has_to_spread_is_waited_for() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    allow_others(&world).await;
    proxy.set(|faults| faults.policies_act_after = Some(3));
    let before = proxy.count("PutBucketNotification");
    let clock = Hasty::default();
    set_up(&world, &clock).await.unwrap();
    assert_eq!(proxy.count("PutBucketNotification"), before + 4);
    let settled = 1;
    assert_eq!(clock.slept(), Duration::from_secs(1 + 2 + 4 + settled));
}

#[tokio::test]
async fn a_policy_that_never_acts_is_given_up_with_the_reason_of_s3_and_set_up_goes_on_later() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    allow_others(&world).await;
    let foreign = world.configuration().await;
    proxy.set(|faults| faults.policies_act_after = Some(u32::MAX));
    let before = proxy.count("PutBucketNotification");
    let clock = Hasty::default();
    let error = set_up(&world, &clock).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-AWS-0004");
    let text = error.to_string();
    let reason = "Permissions on the destination topic do not allow S3 to publish";
    assert!(
        text.contains(reason) && text.contains("-faulty"),
        "the topic and why: {text}"
    );
    assert_eq!(proxy.count("PutBucketNotification"), before + 6, "bounded");
    assert_eq!(world.configuration().await, foreign);
    proxy.set(|faults| faults.policies_act_after = None);
    set_up(&world, &clock).await.unwrap();
    assert_eq!(world.configuration().await.len(), foreign.len() + 1);
}

#[tokio::test]
async fn a_destination_of_others_that_s3_refuses_is_named() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    proxy.set(|faults| faults.policies_act_after = Some(0));
    let error = set_up(&world, &Hasty::default()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(":databricks-auto-ingest-of-others"), "{text}");
}

#[tokio::test]
async fn every_call_of_a_set_up_may_fail_twice_and_all_is_as_without_failures() {
    const CALLS: [&str; 9] = [
        "GetBucketNotification",
        "ListTopics",
        "GetQueueUrl",
        "CreateTopic",
        "SetTopicAttributes",
        "CreateQueue",
        "SetQueueAttributes",
        "Subscribe",
        "PutBucketNotification",
    ];
    let troubles = [
        Trouble::Throttled,
        Trouble::LimitExceeded,
        Trouble::SlowDown,
        Trouble::Internal,
        Trouble::Broken,
        Trouble::AnswerLost,
    ];
    let Some((proxy, world)) = account().await else {
        return;
    };
    let patient = world.patient(&proxy.url()).await;
    let (clock, stream) = (Hasty::default(), stream());
    let before = everything(&world).await;
    let mut expected = None;
    for trouble in troubles {
        proxy.set(|faults| {
            let calls = CALLS.iter();
            faults.failures = calls.map(|call| Failure::times(call, trouble, 2)).collect();
        });
        let set_up = patient.set_up_notification_services(&clock, &stream, "faulty");
        let id = set_up
            .await
            .unwrap_or_else(|error| panic!("{trouble:?}: {error}"));
        proxy.set(|faults| {
            let mut left = faults.failures.iter().filter(|one| one.left > 0);
            // What is read after a write without an answer shows that it is done.
            let left = left.find(|one| one.operation != "PutBucketNotification");
            assert!(left.is_none(), "{trouble:?}: {left:?}");
        });
        let now = everything(&world).await;
        assert_eq!(
            expected.get_or_insert(now.clone()),
            &now,
            "{trouble:?} {id}"
        );
        let torn_down = patient.tear_down_notification_services(&clock, &stream, TearDown::Created);
        torn_down.await.unwrap();
        assert_eq!(everything(&world).await, before, "{trouble:?}");
    }
}

#[tokio::test]
async fn failures_that_do_not_end_are_told_as_what_they_are_and_may_be_tried_again() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let before = everything(&world).await;
    for (call, trouble) in [
        ("ListTopics", Trouble::Throttled),
        ("GetQueueUrl", Trouble::Internal),
        ("CreateQueue", Trouble::Broken),
        ("PutBucketNotification", Trouble::SlowDown),
    ] {
        proxy.set(|faults| faults.failures = vec![Failure::times(call, trouble, 100)]);
        let error = set_up(&world, &Hasty::default()).await.unwrap_err();
        assert!(
            matches!(error, ResourceError::Unavailable { .. }),
            "{call}: {error:?}"
        );
        assert!(error.is_retryable(), "{call}");
    }
    proxy.set(|faults| faults.failures.clear());
    set_up(&world, &Hasty::default()).await.unwrap();
    assert_eq!(everything(&world).await.len(), before.len() + 4);
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let late = Trouble::Slow(Duration::from_millis(300));
    proxy.set(|faults| faults.failures = vec![Failure::once("CreateTopic", late)]);
    set_up(&world, &Hasty::default()).await.unwrap();
}

#[tokio::test]
async fn a_queue_that_is_not_seen_yet_is_used_all_the_same() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    proxy.set(|faults| faults.lag = 3);
    let clock = Hasty::default();
    let id = set_up(&world, &clock).await.unwrap();
    let (pauses, settled) = (3, 1);
    assert_eq!(clock.slept(), Duration::from_secs(pauses + settled));
    let known = everything(&world).await;
    assert_eq!(set_up(&world, &clock).await.unwrap(), id, "it is reused");
    assert_eq!(everything(&world).await, known);
}

#[tokio::test]
async fn a_queue_that_is_still_seen_is_made_anew_when_its_name_is_free() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let clock = Hasty::default();
    let id = set_up(&world, &clock).await.unwrap();
    proxy.set(|faults| {
        faults.lag = 2;
        faults.name_in_use = 4;
    });
    let (manager, stream) = (world.manager(), stream());
    let torn_down = manager.tear_down_notification_services(&clock, &stream, TearDown::Created);
    torn_down.await.unwrap();
    let before = clock.slept();
    assert_eq!(set_up(&world, &clock).await.unwrap(), id);
    assert!(clock.slept() - before >= Duration::from_secs(4 * 10));
}

#[tokio::test]
async fn what_a_late_list_hides_from_a_tear_down_the_next_one_takes() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let before = everything(&world).await;
    // Three pauses until the queue can be used, two more until it is listed.
    proxy.set(|faults| faults.lag = 5);
    let clock = Hasty::default();
    set_up(&world, &clock).await.unwrap();
    let (manager, stream) = (world.manager(), stream());
    for _ in 0..4 {
        let torn_down = manager.tear_down_notification_services(&clock, &stream, TearDown::Created);
        torn_down.await.unwrap();
    }
    proxy.set(|faults| faults.lag = 0);
    assert_eq!(everything(&world).await, before);
}
