//! Buckets that take no more configurations, and topics and policies of others.

use std::time::Duration;

use floe_notify::{
    Action, MARK, MARK_VALUE, ResourceError, ResourceKind, ResourceManager, STREAM_ID, TearDown,
};
use serde_json::json;

use crate::chain::{events_that_arrive, stream};
use crate::peer::Now;
use crate::world::{Factory, builder};

#[tokio::test(flavor = "multi_thread")]
async fn beyond_ten_configurations_for_an_event_a_topic_is_shared() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    // The world has one of others already.
    for number in 0..8 {
        world
            .tell(
                "databricks-auto-ingest-of-others",
                &format!("{number}/"),
                &json!({}),
            )
            .await;
    }
    let before = world.all().await;
    let (one, other) = (stream('1'), stream('2'));
    let manager = world.manager();
    let first = manager
        .set_up_notification_services(&Now, &one, "one")
        .await
        .unwrap();
    let nested = world.manager_of("in/deep/").await;
    let plan = nested.plan_set_up(&Now, &other, "two").await.unwrap();
    let reused = plan
        .with(Action::Reuse)
        .map(|step| (step.kind(), step.name()));
    let reused: Vec<_> = reused.collect();
    assert!(
        reused.contains(&(ResourceKind::Topic, "databricks-auto-ingest-one")),
        "{plan}"
    );
    let second = nested
        .set_up_notification_services(&Now, &other, "two")
        .await
        .unwrap();
    let plan = nested.plan_set_up(&Now, &other, "two").await.unwrap();
    assert!(!plan.changes_something(), "{plan}");
    let elsewhere = world.manager_of("nowhere/").await;
    let refused = elsewhere.plan_set_up(&Now, &stream('3'), "three").await;
    assert!(
        matches!(refused, Err(ResourceError::Conflicts { .. })),
        "{refused:?}"
    );

    let torn_down = manager.tear_down_notification_services(&Now, &one, TearDown::Created);
    let left = torn_down.await.unwrap();
    let left: Vec<_> = left.with(Action::Leave).map(|step| step.kind()).collect();
    assert_eq!(left, [ResourceKind::Notification, ResourceKind::Topic]);
    world.put("in/deep/a.csv", "x").await;
    let queue = nested.open_queue(&second, Duration::from_secs(30)).unwrap();
    assert_eq!(
        events_that_arrive(&queue, 1).await.len(),
        1,
        "the other one still gets events"
    );
    let gone = manager.open_queue(&first, Duration::from_secs(30)).unwrap();
    let gone = floe_notify::EventQueue::receive(&gone, &Now, 1, Duration::ZERO).await;
    assert!(gone.is_err(), "{gone:?}");

    for stream in [&other, &one] {
        let torn_down = manager.tear_down_notification_services(&Now, stream, TearDown::Created);
        torn_down.await.unwrap();
    }
    assert_eq!(world.all().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_configurations_that_do_the_same_the_later_one_of_ours_is_deleted() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let (manager, stream) = (world.manager(), stream('1'));
    manager
        .set_up_notification_services(&Now, &stream, "double")
        .await
        .unwrap();
    let once = world.configs().await;
    let ours = json!({MARK: MARK_VALUE, STREAM_ID: stream.as_str()});
    let name = "databricks-auto-ingest-double";
    world.tell(name, "in/", &ours).await;
    let of_others = world.tell(name, "in/", &json!({"k": "v"})).await;
    let plan = manager.plan_set_up(&Now, &stream, "double").await.unwrap();
    assert_eq!(plan.with(Action::Delete).count(), 1, "{plan}");
    manager
        .set_up_notification_services(&Now, &stream, "double")
        .await
        .unwrap();
    let mut left = world.configs().await;
    assert!(
        left.remove(&format!("config \"{of_others}\"")).is_some(),
        "{left:?}"
    );
    assert_eq!(left, once);
    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    let plan = torn_down.await.unwrap();
    let mut left = plan.with(Action::Leave);
    let topic = left.next().unwrap();
    assert!(topic.reason().contains("of others sends to it"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_of_a_topic_of_others_is_not_changed() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    world
        .create_topic("databricks-auto-ingest-theirs", &json!({}))
        .await;
    let before = world.all().await;
    let (manager, stream) = (world.manager(), stream('1'));
    let plan = manager.plan_set_up(&Now, &stream, "theirs").await.unwrap();
    let left: Vec<_> = plan.with(Action::Leave).map(|step| step.kind()).collect();
    assert_eq!(left, [ResourceKind::Policy], "{plan}");
    let refused = manager
        .set_up_notification_services(&Now, &stream, "theirs")
        .await;
    let error = refused.unwrap_err();
    assert_eq!(error.code(), "FLOE-NOTIFY-0067", "{error}");
    let text = error.to_string();
    for part in [
        "pubsub.topics.publish",
        "roles/pubsub.publisher",
        "gs-project-accounts",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let listed = manager.list_notification_services(&Now).await.unwrap();
    assert_eq!(listed.len(), 1, "{listed:?}");
    // The operator does what the message says, and the same call goes on from there.
    world.let_publish("databricks-auto-ingest-theirs").await;
    let with_policy = world.all().await;
    manager
        .set_up_notification_services(&Now, &stream, "theirs")
        .await
        .unwrap();
    let torn_down = manager.tear_down_notification_services(&Now, &stream, TearDown::Created);
    torn_down.await.unwrap();
    let after = world.all().await;
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    let topic = format!(
        "topic projects/{}/topics/databricks-auto-ingest-theirs",
        world.project
    );
    let bindings = |all: &std::collections::BTreeMap<String, String>| {
        all[&topic]
            .split("bindings")
            .nth(1)
            .unwrap()
            .split("etag")
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(bindings(&after), bindings(&with_policy));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_others_change_at_the_same_moment_is_written_again() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let (manager, stream) = (world.manager(), stream('1'));
    let topic = format!(
        "projects/{}/topics/databricks-auto-ingest-raced",
        world.project
    );
    factory.cloud.race(&topic, 2);
    let set_up = manager.set_up_notification_services(&Now, &stream, "raced");
    set_up.await.unwrap();
    let plan = manager.plan_set_up(&Now, &stream, "raced").await.unwrap();
    assert!(!plan.changes_something(), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emulator_without_policies_is_taken_as_one() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    factory.cloud.let_publish(&world.project);
    let path = format!("gs://{}/in/", world.bucket);
    let straight = builder(&world.doors, &world.project).pubsub_endpoint(&factory.emulators.pubsub);
    let (manager, stream) = (straight.path(path).create().await.unwrap(), stream('1'));
    manager
        .set_up_notification_services(&Now, &stream, "straight")
        .await
        .unwrap();
    let plan = manager
        .plan_set_up(&Now, &stream, "straight")
        .await
        .unwrap();
    assert!(!plan.changes_something(), "{plan}");
    assert!(
        plan.to_string().contains("the emulator has no policies"),
        "{plan}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_of_auto_loader_is_not_deleted_by_who_does_not_know_its_bucket() {
    let Some(factory) = Factory::find().await else {
        return;
    };
    let world = factory.world().await;
    let stream = stream('1');
    floe_notify::contract::ResourceWorld::put_original(&world, "theirs", &stream).await;
    let before = world.all().await;
    let torn_down = world
        .lister()
        .tear_down_notification_services(&Now, &stream, TearDown::Adopt);
    let error = torn_down.await.unwrap_err();
    assert_eq!(error.code(), "FLOE-GCP-0006", "{error}");
    assert_eq!(world.all().await, before);
}
