//! Notifications, listings, and both.

use std::time::Duration;

use floe_ingest::{FileSource as _, Trigger};
use floe_notify::clock::Clock as _;
use floe_notify::{EventQueue as _, Message};

use crate::support::World;

#[test]
fn a_file_that_an_event_and_a_listing_tell_of_comes_once() {
    let world = World::default();
    world.put("in/a.csv");
    world.put("in/b.csv");
    world.tell("in/b.csv");
    world.tell("in/b.csv");
    let stream = world.notified().build().unwrap();
    let summary = world.run_until(&stream, 2).unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv", "/in/b.csv"]);
    assert_eq!(summary.files, 2);
    let left = world.clock.run(world.queue.approximate_size()).unwrap();
    assert_eq!(left.unwrap(), Some(0), "what is durable is acknowledged");
}

#[test]
fn without_notifications_the_path_is_listed_again_and_again() {
    let world = World::default();
    world.put("in/a.csv");
    let stream = world
        .builder()
        .list_every(Duration::from_secs(30))
        .build()
        .unwrap();
    let later = world.clone();
    let put = std::cell::Cell::new(false);
    world
        .run_while(&stream, || {
            if later.sink.count() == 1 && !put.replace(true) {
                later.put("in/c/b.csv");
            }
            later.sink.count() < 2
        })
        .unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv", "/in/c/b.csv"]);
}

#[test]
fn a_stream_may_change_its_mode_at_every_restart() {
    let world = World::default();
    let now = |notified: bool| {
        let builder = match notified {
            true => world.notified(),
            false => world.builder(),
        };
        builder.trigger(Trigger::AvailableNow).build().unwrap()
    };
    for (turn, notified) in [false, true, true, false, true, false, false]
        .into_iter()
        .enumerate()
    {
        let key = format!("in/{turn}.csv");
        world.put(&key);
        if notified {
            world.tell(&key);
            world.tell(&key);
        }
        world
            .clock
            .run(now(notified).run(&world.sink))
            .unwrap()
            .unwrap();
        assert_eq!(world.sink.count(), turn + 1, "turn {turn}");
    }
    assert_eq!(world.sink.keys().len(), 7);
}

#[test]
fn what_is_available_now_is_all_that_such_a_stream_takes() {
    let world = World::default();
    for number in 0..2_500 {
        world.put(&format!("in/{number:04}"));
    }
    let stream = world
        .builder()
        .trigger(Trigger::AvailableNow)
        .build()
        .unwrap();
    let summary = world.clock.run(stream.run(&world.sink)).unwrap().unwrap();
    assert_eq!((summary.files, summary.batches), (2_500, 3));
    let again = world
        .builder()
        .trigger(Trigger::AvailableNow)
        .build()
        .unwrap();
    let summary = world.clock.run(again.run(&world.sink)).unwrap().unwrap();
    assert_eq!(summary.batches, 0, "nothing is left");
}

#[test]
fn files_that_were_there_before_are_left_out_and_later_ones_are_not() {
    let world = World::default();
    world.put("in/old.csv");
    let build = || {
        let option = ("cloudFiles.includeExistingFiles", "false");
        world
            .notified()
            .option(option.0, option.1)
            .trigger(Trigger::AvailableNow)
            .build()
            .unwrap()
    };
    world.clock.run(build().run(&world.sink)).unwrap().unwrap();
    assert_eq!(world.sink.count(), 0);
    world.put("in/new.csv");
    world.tell("in/new.csv");
    world.clock.run(build().run(&world.sink)).unwrap().unwrap();
    assert_eq!(world.sink.keys(), ["/in/new.csv"]);
}

#[test]
fn a_message_of_another_bucket_is_done_with_and_one_that_is_rewritten_is_read_elsewhere() {
    let world = World::default();
    world.put("in/2017/a.csv");
    let rewrites = r#"{"mounted/path": "s3://landing/in"}"#;
    let stream = world
        .notified()
        .option("cloudFiles.pathRewrites", rewrites)
        .option("cloudFiles.includeExistingFiles", "false")
        .build()
        .unwrap();
    let event = |bucket: &str, key: &str| {
        let body = format!(
            r#"{{"Records": [{{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3",
            "s3": {{"bucket": {{"name": "{bucket}"}}, "object": {{"key": "{key}", "size": 1}}}}}}]}}"#
        );
        world.queue.send(&*world.clock, Message::new(body));
    };
    event("other", "path/2017/a.csv");
    event("mounted", "path/2017/a.csv");
    world.run_until(&stream, 1).unwrap();
    assert_eq!(world.sink.keys(), ["/in/2017/a.csv"]);
}

#[test]
fn committed_files_are_deleted_when_their_time_has_come_and_not_before() {
    let world = World::default();
    world.put("in/a.csv");
    let stream = world
        .builder()
        .option("cloudFiles.cleanSource", "DELETE")
        .option("cloudFiles.cleanSource.retentionDuration", "8 days")
        .list_every(Duration::from_secs(3_600))
        .build()
        .unwrap();
    let is_there = async || world.source.head(b"in/a.csv").await.unwrap().is_some();
    let days = async {
        for day in 1..=9 {
            world.clock.sleep(Duration::from_secs(86_400)).await;
            if day == 4 {
                // The same key again, which is known: it must not be taken for the one that is due.
                world.put("in/a.csv");
            }
            assert!(
                is_there().await,
                "it was written again after it was discovered"
            );
        }
        world.put("in/b.csv");
        for _ in 0..9 {
            world.clock.sleep(Duration::from_secs(86_400)).await;
        }
        stream.stopper().stop();
    };
    let both = futures::future::join(stream.run(&world.sink), days);
    world.clock.run(both).unwrap().0.unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv", "/in/b.csv"]);
    let left = world
        .clock
        .run(world.source.list(b"in/", None, 10))
        .unwrap();
    let left: Vec<_> = left
        .unwrap()
        .objects
        .into_iter()
        .map(|left| left.key)
        .collect();
    assert_eq!(left, [b"in/a.csv"], "what was not written again is gone");
}
