//! Others who write the notification configuration of the bucket at the same time.

use std::time::Duration;

use floe_notify::aws::bucket::MAX_ENTRIES;
use floe_notify::{ResourceError, ResourceManager, StreamId};
use floe_notify_aws::CloudFilesAwsResourceManager;
use floe_peers::s3::{Failure, Intrusion, Proxy, Trouble, When};

use super::{Hasty, account, set_up, stream};
use crate::peer::Now;
use crate::world::World;

/// Another entry, which sends to the queue that others have.
async fn intrusion(world: &World, when: When, skip: u32, prefix: &str) -> Intrusion {
    let configuration = world.configuration().await;
    let of_others = &configuration[r#"entry Some("of others")"#];
    let (_, arn) = of_others.split_once("queue_arn: \"").unwrap();
    Intrusion {
        when,
        skip,
        id: "of a racer".to_owned(),
        queue: arn.split_once('"').unwrap().0.to_owned(),
        prefix: prefix.to_owned(),
    }
}

fn ours() -> String {
    format!("entry Some(\"floe-{}-faulty\")", stream())
}

const RACER: &str = r#"entry Some("of a racer")"#;
const OTHERS: &str = r#"entry Some("of others")"#;

async fn assert_all_are_there(world: &World) {
    let now = world.configuration().await;
    let names: Vec<&str> = now.keys().map(String::as_str).collect();
    for name in [ours().as_str(), RACER, OTHERS] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}

/// Set-up reads twice before it writes: once to plan, once to merge.
const AFTER_THE_PLAN: u32 = 0;
const AFTER_THE_MERGE: u32 = 1;

#[tokio::test]
async fn an_entry_that_comes_between_plan_and_merge_survives() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let racer = intrusion(&world, When::AfterRead, AFTER_THE_PLAN, "racer/").await;
    proxy.set(|faults| faults.intrusions = vec![racer]);
    set_up(&world, &Hasty::default()).await.unwrap();
    assert_all_are_there(&world).await;
}

#[tokio::test]
async fn an_entry_that_comes_before_a_write_that_s3_refuses_survives() {
    for refusal in [Trouble::SlowDown, Trouble::Internal, Trouble::Broken] {
        let Some((proxy, world)) = account().await else {
            return;
        };
        // The client would send the same again by itself, as it is set for all other calls.
        let patient = world.patient(&proxy.url()).await;
        let racer = intrusion(&world, When::AfterRead, AFTER_THE_MERGE, "racer/").await;
        proxy.set(|faults| {
            faults.intrusions = vec![racer];
            faults.failures = vec![Failure::times("PutBucketNotification", refusal, 2)];
        });
        let (clock, stream) = (Hasty::default(), stream());
        let set_up = patient.set_up_notification_services(&clock, &stream, "faulty");
        set_up.await.unwrap();
        assert_all_are_there(&world).await;
    }
}

#[tokio::test]
async fn an_entry_that_comes_while_a_policy_spreads_survives() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    super::allow_others(&world).await;
    let racer = intrusion(&world, When::AfterRead, AFTER_THE_MERGE, "racer/").await;
    proxy.set(|faults| {
        faults.intrusions = vec![racer];
        faults.policies_act_after = Some(2);
    });
    set_up(&world, &Hasty::default()).await.unwrap();
    assert_all_are_there(&world).await;
}

#[tokio::test]
async fn who_overwrites_ours_keeps_theirs_and_ours_comes_back() {
    for when in [When::AfterWrite, When::Overwriting, When::OverwritingLate] {
        let Some((proxy, world)) = account().await else {
            return;
        };
        let racer = intrusion(&world, when, 0, "racer/").await;
        proxy.set(|faults| faults.intrusions = vec![racer]);
        set_up(&world, &Hasty::default()).await.unwrap();
        assert_all_are_there(&world).await;
        proxy.set(|faults| assert!(faults.intrusions.is_empty(), "{when:?}"));
    }
}

#[tokio::test]
async fn who_overwrites_a_removal_does_not_bring_ours_back() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let clock = Hasty::default();
    set_up(&world, &clock).await.unwrap();
    let racer = intrusion(&world, When::OverwritingLate, 0, "racer/").await;
    proxy.set(|faults| faults.intrusions = vec![racer]);
    let (manager, stream) = (world.manager(), stream());
    let scope = floe_notify::TearDown::Created;
    let torn_down = manager.tear_down_notification_services(&clock, &stream, scope);
    torn_down.await.unwrap();
    let now = world.configuration().await;
    assert!(
        now.contains_key(RACER) && !now.contains_key(&ours()),
        "{now:?}"
    );
}

#[tokio::test]
async fn an_entry_that_overlaps_and_comes_after_the_plan_is_named() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    let racer = intrusion(&world, When::AfterRead, AFTER_THE_PLAN, "in/sub/").await;
    proxy.set(|faults| {
        faults.intrusions = vec![racer];
        faults.refuses_overlaps = true;
    });
    let error = set_up(&world, &Hasty::default()).await.unwrap_err();
    assert_eq!(error.code(), "FLOE-NOTIFY-0032");
    assert!(error.to_string().contains("of a racer"), "{error}");
    let now = world.configuration().await;
    assert!(now.contains_key(RACER) && now.contains_key(OTHERS));
}

#[tokio::test]
async fn a_second_directory_within_the_first_is_refused_before_anything_is_written() {
    let Some((proxy, world)) = account().await else {
        return;
    };
    proxy.set(|faults| faults.refuses_overlaps = true);
    let clock = Hasty::default();
    set_up(&world, &clock).await.unwrap();
    let within = manager(&proxy, &world, "in/sub/").await;
    let writes = proxy.count("PutBucketNotification");
    let other = StreamId::parse("9d3b8a11-5f20-4f0e-8a77-6a1de2c4b5f6").unwrap();
    let error = within
        .set_up_notification_services(&clock, &other, "within")
        .await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, ResourceError::Conflicts { .. }),
        "{error:?}"
    );
    assert_eq!(proxy.count("PutBucketNotification"), writes);
}

async fn manager(proxy: &Proxy, world: &World, prefix: &str) -> CloudFilesAwsResourceManager {
    world
        .builder(&proxy.url())
        .path(format!("s3://{}/{prefix}", world.bucket))
        .create()
        .await
        .unwrap()
}

/// Managers of one process take turns for each endpoint; behind two proxies they are as in two
/// processes.
#[tokio::test(flavor = "multi_thread")]
async fn set_ups_of_two_processes_that_write_at_once_all_stay() {
    const EACH: u32 = 4;
    let Some((left, world)) = account().await else {
        return;
    };
    let right = Proxy::start(&crate::peer::Peer::Ministack.url().unwrap()).await;
    let right = right.unwrap();
    let mut tasks = Vec::new();
    for (side, proxy) in [&left, &right].into_iter().enumerate() {
        let slow = Trouble::Slow(Duration::from_millis(100));
        proxy.set(|faults| {
            faults.failures = vec![Failure::times("PutBucketNotification", slow, 100)];
        });
        for number in 0..EACH {
            let manager = manager(proxy, &world, &format!("side-{side}/{number}/")).await;
            tasks.push(tokio::spawn(async move {
                let id = format!("9d3b8a11-5f20-4f0e-8a77-00000000{side:02}{number:02}");
                let stream = StreamId::parse(&id).unwrap();
                let suffix = format!("s{side}-{number}");
                manager
                    .set_up_notification_services(&Now, &stream, &suffix)
                    .await
            }));
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let now = world.configuration().await;
    let ours = now
        .keys()
        .filter(|name| name.contains("floe-9d3b8a11"))
        .count();
    assert_eq!(ours, 2 * EACH as usize, "{:?}", now.keys());
    assert!(now.contains_key(OTHERS) && now.len() <= MAX_ENTRIES);
}
