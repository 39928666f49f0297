//! What goes wrong: sinks, ledgers, messages, and runs that end in the middle.

use std::sync::Arc;
use std::time::Duration;

use floe_ingest::memory::Fault;
use floe_ingest::{Ledger as _, QueueProvider, SourceError, StreamError, Trigger};
use floe_notify::clock::Clock;
use floe_notify::{BoxFuture, EventQueue, Message, QueueError, QueueId, StreamId};

use crate::support::{World, busy};

#[test]
fn a_batch_that_the_sink_does_not_take_comes_again_until_it_does() {
    let world = World::default();
    world.put("in/a.csv");
    world.sink.fail_with([busy(), busy(), busy()]);
    let stream = world
        .builder()
        .trigger(Trigger::AvailableNow)
        .build()
        .unwrap();
    world.clock.run(stream.run(&world.sink)).unwrap().unwrap();
    assert_eq!(world.sink.deliveries(), 4);
    assert_eq!(world.sink.keys(), ["/in/a.csv"]);
}

#[test]
fn an_error_that_does_not_pass_ends_the_stream_and_the_batch_comes_with_the_next_start() {
    let world = World::default();
    world.put("in/a.csv");
    world.sink.fail_with([SourceError::NotFound {
        key: "in/a.csv".to_owned(),
    }]);
    let start = || {
        world
            .builder()
            .trigger(Trigger::AvailableNow)
            .build()
            .unwrap()
    };
    let error = world
        .clock
        .run(start().run(&world.sink))
        .unwrap()
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0030");
    world.clock.run(start().run(&world.sink)).unwrap().unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv"]);
}

#[test]
fn what_the_ledger_cannot_write_is_not_acknowledged() {
    let world = World::default();
    world.tell("in/a.csv");
    let stream = world.notified().build().unwrap();
    // The start goes well; then the disk is full for a minute.
    let until = world.clock.now().after(Duration::from_secs(60));
    world
        .run_while(&stream, || {
            let is_full = world.clock.now() < until;
            world.ledger.fail_next(is_full.then_some(Fault::Before));
            let left = world
                .clock
                .run(world.queue.approximate_size())
                .unwrap()
                .unwrap();
            assert!(
                !is_full || world.sink.count() == 1 || left == Some(1),
                "{left:?}"
            );
            world.sink.count() < 1
        })
        .unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv"]);
}

#[test]
fn what_cannot_be_read_is_put_aside_when_it_has_come_often_enough() {
    let world = World::default();
    world
        .queue
        .send(&*world.clock, Message::new("{\"Records\": [{"));
    world.tell("in/a.csv");
    let stream = world.notified().build().unwrap();
    world
        .run_while(&stream, || {
            let metrics = world.clock.run(world.ledger.metrics()).unwrap();
            world.sink.count() < 1 || metrics.unwrap().quarantined < 1
        })
        .unwrap();
    let aside = world
        .clock
        .run(world.ledger.quarantined(None, 10))
        .unwrap()
        .unwrap();
    assert_eq!(aside[0].body, b"{\"Records\": [{");
    assert_eq!(aside[0].receive_count, Some(5));
    let left = world.clock.run(world.queue.approximate_size()).unwrap();
    assert_eq!(left.unwrap(), Some(0));
}

#[test]
fn runs_that_are_dropped_at_any_time_lose_nothing_and_repeat_nothing() {
    let world = World::default();
    for number in 0..40 {
        let key = format!("in/{number:02}");
        world.put(&key);
        if number % 3 == 0 {
            world.tell(&key);
        }
    }
    let mut turns = 0_u32;
    while world.sink.count() < 40 {
        turns += 1;
        assert!(
            turns < 2_000,
            "it gets nowhere: {} files",
            world.sink.count()
        );
        let stream = world
            .notified()
            .option("cloudFiles.maxFilesPerTrigger", "3");
        let stream = stream.build().unwrap();
        // So many polls, and then the process is gone.
        let mut run = Box::pin(stream.run(&world.sink));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..turns % 97 {
            if run.as_mut().poll(&mut context).is_ready() {
                break;
            }
        }
        drop(run);
        world.clock.advance(Duration::from_secs(7));
    }
    assert_eq!(world.sink.keys().len(), 40);
}

/// A queue that is not there until it is set up.
#[derive(Debug)]
struct Later {
    queue: Arc<dyn EventQueue>,
    is_there: std::sync::atomic::AtomicBool,
    refusals: std::sync::atomic::AtomicU32,
}

impl QueueProvider for Later {
    fn open<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        _stream: &'a StreamId,
        _known: Option<&'a QueueId>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn EventQueue>>, StreamError>> {
        let is_there = self.is_there.load(std::sync::atomic::Ordering::Relaxed);
        let queue = is_there.then(|| Arc::clone(&self.queue));
        Box::pin(std::future::ready(Ok(queue)))
    }

    fn set_up<'a>(
        &'a self,
        _clock: &'a dyn Clock,
        _stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<Arc<dyn EventQueue>, StreamError>> {
        let left = self.refusals.load(std::sync::atomic::Ordering::Relaxed);
        let answer = match left.checked_sub(1) {
            Some(left) => {
                self.refusals
                    .store(left, std::sync::atomic::Ordering::Relaxed);
                Err(StreamError::Queue(QueueError::Unavailable {
                    queue: self.queue.id().clone(),
                    reason: "not now".to_owned(),
                }))
            }
            None => Ok(Arc::clone(&self.queue)),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[test]
fn a_queue_that_is_missing_is_set_up_however_often_that_fails_first() {
    let world = World::default();
    world.put("in/a.csv");
    let later = Later {
        queue: Arc::new(world.queue.clone()),
        is_there: false.into(),
        refusals: 3.into(),
    };
    let stream = world
        .builder()
        .option("cloudFiles.useNotifications", "true")
        .provider(Arc::new(later))
        .build()
        .unwrap();
    world.run_until(&stream, 1).unwrap();
    world.tell("in/b.csv");
    let again = world.notified().build().unwrap();
    world.run_until(&again, 2).unwrap();
    assert_eq!(world.sink.keys(), ["/in/a.csv", "/in/b.csv"]);
}
