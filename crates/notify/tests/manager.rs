//! What the resource manager in memory says and does beyond the contract.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use expect_test::expect;
use floe_notify::clock::ManualClock;
use floe_notify::memory::MemoryCloud;
use floe_notify::{EventQueue, ResourceError, ResourceManager, StreamId, TearDown};

fn stream(digit: char) -> StreamId {
    let digits = |count: usize| digit.to_string().repeat(count);
    StreamId::parse(&format!("{}-0000-4000-8000-{}", digits(8), digits(12))).unwrap()
}

fn plan(cloud: &MemoryCloud, prefix: &str, digit: char, suffix: &str) -> String {
    let (clock, manager) = (ManualClock::default(), cloud.manager("landing", prefix));
    let plan = clock
        .run(manager.plan_set_up(&clock, &stream(digit), suffix))
        .unwrap();
    plan.map_or_else(|error| error.to_string(), |plan| plan.to_string())
}

fn set_up(cloud: &MemoryCloud, prefix: &str, digit: char, suffix: &str) {
    let (clock, manager) = (ManualClock::default(), cloud.manager("landing", prefix));
    let stream = stream(digit);
    let set_up = manager.set_up_notification_services(&clock, &stream, suffix);
    clock.run(set_up).unwrap().unwrap();
}

fn tear_down(cloud: &MemoryCloud, digit: char) -> String {
    let (clock, manager) = (ManualClock::default(), cloud.lister());
    let stream = stream(digit);
    let scope = TearDown::Created;
    let done = manager.tear_down_notification_services(&clock, &stream, scope);
    clock.run(done).unwrap().unwrap().to_string()
}

#[test]
fn a_plan_reads_as_what_will_happen() {
    let cloud = MemoryCloud::default();
    expect![[r#"
        create topic databricks-auto-ingest-orders
        create queue databricks-auto-ingest-orders
        create subscription databricks-auto-ingest-orders>databricks-auto-ingest-orders
        create notification landing/floe-aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa-orders
    "#]]
    .assert_eq(&plan(&cloud, "in/", 'a', "orders"));
    set_up(&cloud, "in/", 'a', "orders");
    expect![[r#"
        reuse topic databricks-auto-ingest-orders
        create queue databricks-auto-ingest-orders-2
        create subscription databricks-auto-ingest-orders>databricks-auto-ingest-orders-2
        reuse notification landing/floe-aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa-orders
    "#]]
    .assert_eq(&plan(&cloud, "in/", 'b', "orders-2"));
}

#[test]
fn all_that_is_in_the_way_is_named_at_once() {
    let cloud = MemoryCloud::default();
    set_up(&cloud, "in/2026/", 'a', "orders");
    cloud.put_foreign_entry("landing", "thumbnails", "in/images/", "lambda:resize");
    expect![[r#"
        set-up cannot go on beside what is there already; nothing was changed:
          landing/floe-aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa-orders: it sends events of 'in/2026/' to databricks-auto-ingest-orders, and two entries of a bucket must not overlap; watch the same directory, or one apart from it
          landing/thumbnails: it sends events of 'in/images/' to lambda:resize, and two entries of a bucket must not overlap; watch the same directory, or one apart from it
          topic databricks-auto-ingest-orders: it serves landing/in/2026/; choose another suffix
          queue databricks-auto-ingest-orders: it gets the events of landing/in/2026/; choose another suffix"#]]
    .assert_eq(&plan(&cloud, "in/", 'b', "orders"));
}

#[test]
fn a_tear_down_says_what_stays_and_why() {
    let cloud = MemoryCloud::default();
    set_up(&cloud, "in/", 'a', "orders");
    set_up(&cloud, "in/", 'b', "orders-2");
    expect![[r#"
        leave notification landing/floe-aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa-orders: queue databricks-auto-ingest-orders-2 still gets its events; tear down again when that is gone
        delete subscription databricks-auto-ingest-orders>databricks-auto-ingest-orders
        leave topic databricks-auto-ingest-orders: queue databricks-auto-ingest-orders-2 still gets its events; tear down again when that is gone
        delete queue databricks-auto-ingest-orders
    "#]]
    .assert_eq(&tear_down(&cloud, 'a'));
    expect![[r#"
        delete subscription databricks-auto-ingest-orders>databricks-auto-ingest-orders-2
        delete queue databricks-auto-ingest-orders-2
    "#]]
    .assert_eq(&tear_down(&cloud, 'b'));
    expect![[r#"
        delete notification landing/floe-aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa-orders
        delete topic databricks-auto-ingest-orders
    "#]]
    .assert_eq(&tear_down(&cloud, 'a'));
    assert!(cloud.everything().is_empty());
}

#[test]
fn a_rival_that_stops_is_outlasted_and_one_that_does_not_is_told_of() {
    let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    cloud.set_rivals(4);
    set_up(&cloud, "in/", 'a', "orders");
    assert_eq!(cloud.put_object(&clock, "landing", "in/a.csv", 1), 1);

    cloud.set_rivals(u32::MAX);
    let (manager, stream) = (cloud.manager("landing", "out/"), stream('b'));
    let set_up = manager.set_up_notification_services(&clock, &stream, "out");
    let error = clock.run(set_up).unwrap().unwrap_err();
    assert!(error.is_retryable());
    expect![[r#"
        the notification configuration of bucket landing was changed by somebody else each time, 5 times; run the same again when they have finished"#]]
    .assert_eq(&error.to_string());
}

#[test]
fn what_somebody_else_points_at_a_topic_is_not_left_dangling() {
    let cloud = MemoryCloud::default();
    set_up(&cloud, "in/", 'a', "orders");
    cloud.put_foreign_entry("archive", "by-hand", "x/", "databricks-auto-ingest-orders");
    let done = tear_down(&cloud, 'a');
    assert!(
        done.contains("leave topic databricks-auto-ingest-orders: the entry archive/by-hand"),
        "{done}"
    );
}

#[test]
fn only_keys_below_the_prefix_lead_to_events() {
    let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    set_up(&cloud, "in/", 'a', "orders");
    for (key, reached) in [("in/a", 1), ("in", 0), ("inbox/a", 0), ("out/in/a", 0)] {
        assert_eq!(
            cloud.put_object(&clock, "landing", key, 1),
            reached,
            "{key}"
        );
    }
    assert_eq!(cloud.put_object(&clock, "elsewhere", "in/a", 1), 0);
}

#[test]
fn the_queue_of_a_stream_keeps_messages_for_fourteen_days() {
    let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    let (manager, stream) = (cloud.manager("landing", "in/"), stream('a'));
    let set_up = manager.set_up_notification_services(&clock, &stream, "orders");
    let queue = cloud.queue(&clock.run(set_up).unwrap().unwrap()).unwrap();
    let retention = queue.properties().retention().unwrap();
    assert_eq!(retention.as_secs(), 14 * 86_400);
}

#[test]
fn a_suffix_that_is_too_long_says_how_long_it_may_be() {
    let (clock, cloud) = (ManualClock::default(), MemoryCloud::default());
    let manager = cloud.manager("landing", "in/");
    // 80 characters of an SQS queue's name, without the prefix and its hyphen.
    let (fits, stream) = ("x".repeat(57), stream('a'));
    assert!(
        clock
            .run(manager.plan_set_up(&clock, &stream, &fits))
            .unwrap()
            .is_ok()
    );
    let long = format!("{fits}x");
    let error = clock
        .run(manager.plan_set_up(&clock, &stream, &long))
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, ResourceError::UnsuitableSuffix { .. }));
    assert!(
        error
            .to_string()
            .ends_with("on memory: use 1 to 57 letters, digits, '-' or '_'")
    );
}
