//! First starts, restarts, and what does not go together.

use std::sync::Arc;

use floe_ingest::{FileStream, Role, StreamError, Trigger};
use floe_notify::StreamId;

use crate::support::{ID, World};

#[test]
fn what_a_stream_needs_is_asked_for_by_name() {
    let world = World::default();
    let error = FileStream::builder("s3://landing/in").build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a stream needs a ledger: call `ledger` of the builder"
    );
    let error = world
        .builder()
        .option("cloudFiles.useNotifications", "true");
    let error = error.build().unwrap_err();
    assert!(error.to_string().contains("a queue with"), "{error}");
}

#[test]
fn options_that_cannot_be_are_all_told_at_once() {
    let error = World::default()
        .builder()
        .option("cloudFiles.useNotification", "true")
        .option("cloudFiles.maxFilesPerTrigger", "many")
        .build()
        .unwrap_err();
    let StreamError::Options { findings } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(findings.len(), 2, "{error}");
    assert!(error.to_string().contains("useNotifications"), "{error}");
}

#[test]
fn what_the_first_start_fixed_cannot_be_changed() {
    let world = World::default();
    let first = world
        .builder()
        .trigger(Trigger::AvailableNow)
        .build()
        .unwrap();
    world.clock.run(first.run(&world.sink)).unwrap().unwrap();
    let second = world
        .builder()
        .option("cloudFiles.allowOverwrites", "true")
        .build()
        .unwrap();
    let error = world
        .clock
        .run(second.run(&world.sink))
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0040");
    assert!(error.to_string().contains("cannot be changed"), "{error}");
}

#[test]
fn another_path_is_refused_unless_it_is_allowed_and_then_it_is_listed() {
    let world = World::default();
    world.put("in/a.csv");
    world.put("new/b.csv");
    let first = world
        .builder()
        .trigger(Trigger::AvailableNow)
        .build()
        .unwrap();
    world.clock.run(first.run(&world.sink)).unwrap().unwrap();
    let moved = |path: &str| {
        FileStream::builder(path)
            .ledger(Arc::new(world.ledger.clone()))
            .source(Arc::new(world.source.clone()))
            .clock(world.clock.clone())
            .stream(StreamId::parse(ID).unwrap())
            .trigger(Trigger::AvailableNow)
    };
    let refused = moved("s3://landing/new").build().unwrap();
    let error = world
        .clock
        .run(refused.run(&world.sink))
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0042");
    let elsewhere = moved("s3://other/in").allow_path_change().build().unwrap();
    let error = world
        .clock
        .run(elsewhere.run(&world.sink))
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(error, StreamError::PathChanged { .. }),
        "another bucket: {error}"
    );
    let allowed = moved("s3://landing/new")
        .allow_path_change()
        .build()
        .unwrap();
    world.clock.run(allowed.run(&world.sink)).unwrap().unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv", "/new/b.csv"]);
    // A slash at the end is the same path.
    let same = moved("s3://landing/new/").build().unwrap();
    world.clock.run(same.run(&world.sink)).unwrap().unwrap();
}

#[test]
fn a_second_consumer_with_the_role_of_the_first_fences_it() {
    let world = World::default();
    world.put("in/a.csv");
    let first = world
        .builder()
        .role(Role::new("one").unwrap())
        .build()
        .unwrap();
    let second = world.builder().role(Role::new("one").unwrap());
    let second = second.trigger(Trigger::AvailableNow).build().unwrap();
    let both = futures::future::join(first.run(&world.sink), second.run(&world.sink));
    let (first, second) = world.clock.run(both).unwrap();
    let error = first.unwrap_err();
    assert!(error.is_fenced(), "{error}");
    assert!(second.is_ok());
    assert_eq!(world.sink.keys(), ["/in/a.csv"]);
}

#[test]
fn several_consumers_share_the_work() {
    let world = World::default();
    for number in 0..300 {
        world.put(&format!("in/{number:03}"));
    }
    let consumer = |name: &str| {
        world
            .builder()
            .role(Role::new(name).unwrap())
            .option("cloudFiles.maxFilesPerTrigger", "10")
            .trigger(Trigger::AvailableNow)
            .build()
            .unwrap()
    };
    let (one, two) = (consumer("one"), consumer("two"));
    let both = futures::future::join(one.run(&world.sink), two.run(&world.sink));
    let (one, two) = world.clock.run(both).unwrap();
    assert_eq!(one.unwrap().files + two.unwrap().files, 300);
    assert_eq!(world.sink.keys().len(), 300);
}
