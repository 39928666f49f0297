//! The decider by itself: the failures that others had, each by name.

mod listings;
mod rest;
mod settling;

use std::sync::Arc;
use std::time::Duration;

use floe_notify::clock::Timestamp;
use floe_notify::{MessageId, QueueId, StreamId};

use super::{
    Arrival, Command, Extension, HeldId, Input, QueueStart, ReceiveFailure, Settings, Stream,
};
use crate::{
    Batch, BatchId, Discovery, FileId, Founding, ListingReason, Mark, Marks, News, Sighting,
    VersionRule,
};

const DAY: Duration = Duration::from_secs(86_400);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_735_689_600_000 + seconds * 1_000)
}

fn queue() -> QueueStart {
    let id = QueueId::new("q").unwrap();
    QueueStart {
        id,
        largest_receive: 10,
        retention: Some(DAY),
    }
}

/// The marks of a stream that has run until 0.
fn marks() -> Marks {
    let founding = Founding {
        stream: StreamId::parse("0f4c3a52-8d1b-4f7e-9a63-2c5b1e7d9f10").unwrap(),
        path: "/in".to_owned(),
        rule: VersionRule::KeyAlone,
        options: Default::default(),
        defaults: Default::default(),
    };
    Marks {
        backfill_started: Some(at(0)),
        backfill_finished: Some(at(0)),
        last_poll: Some(at(0)),
        queue: Some(queue().id),
        ..Marks::new(founding, at(0))
    }
}

fn join(marks: Marks, queue: Option<QueueStart>, now: u64) -> (Stream, Vec<Command>) {
    let mut stream = Stream::new(Settings::new("/in", b"in/"));
    let input = Input::Joined {
        marks: Box::new(marks),
        queue,
    };
    let commands = stream.decide(input, at(now));
    (stream, commands)
}

/// A consumer that has asked for messages at 1.
fn running() -> Stream {
    let (mut stream, commands) = join(marks(), Some(queue()), 1);
    assert!(
        matches!(commands[0], Command::Mark(Mark::Polled { .. })),
        "{commands:?}"
    );
    let commands = stream.decide(Input::Marked, at(1));
    assert!(commands.contains(&receive_ten()), "{commands:?}");
    stream
}

fn receive_ten() -> Command {
    Command::Receive {
        max: 10,
        wait: true,
    }
}

fn arrival(held: u64, news: News) -> Arrival {
    Arrival {
        held: HeldId(held),
        message: MessageId::new(held.to_string()),
        deadline: at(31),
        receive_count: Some(1),
        news,
    }
}

fn file(name: &str) -> News {
    let id = FileId::new(format!("/in/{name}").as_bytes(), None).unwrap();
    let file = Discovery {
        id,
        size: 1,
        created: at(0),
        sighting: Sighting::Event,
    };
    News {
        files: vec![file],
        ..News::default()
    }
}

fn receive(stream: &mut Stream, arrivals: Vec<Arrival>) -> Vec<Command> {
    stream.decide(
        Input::Received {
            asked: at(1),
            arrivals,
        },
        at(1),
    )
}

fn is_acknowledged(commands: &[Command]) -> bool {
    commands
        .iter()
        .any(|command| matches!(command, Command::Acknowledge(_)))
}

fn requested(commands: &[Command]) -> Option<ListingReason> {
    commands.iter().find_map(|command| match command {
        Command::RequestListing(request) => Some(request.reason),
        _ => None,
    })
}

#[test]
fn catalogue_1_nothing_is_acknowledged_before_it_is_recorded() {
    let mut stream = running();
    let commands = receive(
        &mut stream,
        vec![arrival(1, file("a")), arrival(2, file("b"))],
    );
    assert!(!is_acknowledged(&commands), "{commands:?}");
    assert!(!is_acknowledged(&stream.decide(Input::NotRecorded, at(2))));
    let again = stream.decide(Input::Tick, at(9));
    assert!(
        again
            .iter()
            .any(|command| matches!(command, Command::Record { .. })),
        "{again:?}"
    );
    let commands = stream.decide(Input::Recorded, at(10));
    assert!(
        commands.contains(&Command::Acknowledge(vec![HeldId(1), HeldId(2)])),
        "{commands:?}"
    );
}

#[test]
fn catalogue_3_a_failure_of_the_sink_is_no_success() {
    let mut stream = running();
    let batch = Arc::new(Batch {
        id: BatchId(1),
        files: Vec::new(),
        attempt: 1,
    });
    let commands = stream.decide(Input::NextBatch(Some(Arc::clone(&batch))), at(2));
    assert!(commands.contains(&Command::Deliver(Arc::clone(&batch))));
    let commands = stream.decide(Input::NotDelivered, at(3));
    assert!(
        !commands.contains(&Command::Commit(BatchId(1))),
        "{commands:?}"
    );
    let commands = stream.decide(Input::Tick, at(9));
    assert!(
        commands.contains(&Command::Deliver(batch)),
        "it is delivered again: {commands:?}"
    );
    let commands = stream.decide(Input::Delivered, at(10));
    assert!(
        commands.contains(&Command::Commit(BatchId(1))),
        "{commands:?}"
    );
}

#[test]
fn catalogue_6_a_message_that_is_done_leaves_no_count() {
    let mut stream = running();
    let bad = || News {
        poison: Some("no JSON".to_owned()),
        ..News::default()
    };
    let mut tries = 0;
    let mut next = |stream: &mut Stream, held: u64| {
        tries += 1;
        let one = Arrival {
            receive_count: None,
            message: MessageId::new("m"),
            ..arrival(held, bad())
        };
        let commands = receive(stream, vec![one]);
        commands
            .iter()
            .any(|command| matches!(command, Command::Quarantine { .. }))
    };
    for held in 1..5 {
        assert!(!next(&mut stream, held), "below the cap it comes again");
    }
    assert!(next(&mut stream, 5), "at the cap it is put aside");
    let commands = stream.decide(Input::Quarantined { held: HeldId(5) }, at(2));
    assert!(
        is_acknowledged(&commands),
        "only then it is acknowledged: {commands:?}"
    );
    stream.decide(Input::Acknowledged, at(2));
    for held in 6..10 {
        assert!(!next(&mut stream, held), "the next life has all its tries");
    }
}

#[test]
fn catalogue_9_every_message_is_held_at_half_of_its_own_time() {
    let mut stream = running();
    let late = Arrival {
        deadline: at(61),
        ..arrival(2, file("b"))
    };
    receive(&mut stream, vec![arrival(1, file("a")), late]);
    assert!(stream.next_wakeup().is_some_and(|next| next <= at(16)));
    let beats = |commands: Vec<Command>| -> Vec<HeldId> {
        let held = commands.into_iter().filter_map(|command| match command {
            Command::Extend(held) => Some(held),
            _ => None,
        });
        held.collect()
    };
    assert_eq!(beats(stream.decide(Input::Tick, at(16))), [HeldId(1)]);
    assert_eq!(beats(stream.decide(Input::Tick, at(31))), [HeldId(2)]);
    let extension = Extension::Until(at(76));
    stream.decide(
        Input::Extended {
            held: HeldId(1),
            extension,
        },
        at(32),
    );
    assert_eq!(
        beats(stream.decide(Input::Tick, at(54))),
        [HeldId(1)],
        "half of the new time"
    );
    let gone = Input::Extended {
        held: HeldId(2),
        extension: Extension::Gone,
    };
    let commands = stream.decide(gone, at(54));
    assert!(
        commands.contains(&Command::Drop(vec![HeldId(2)])),
        "somebody else has it"
    );
    let commands = stream.decide(Input::Recorded, at(55));
    assert!(
        commands.contains(&Command::Acknowledge(vec![HeldId(1)])),
        "{commands:?}"
    );
}

#[test]
fn catalogue_10_the_first_deadline_is_the_one_that_the_queue_gave() {
    let mut stream = running();
    let short = Arrival {
        deadline: at(3),
        ..arrival(1, file("a"))
    };
    receive(&mut stream, vec![short]);
    assert_eq!(stream.next_wakeup(), Some(at(2)));
}

#[test]
fn catalogue_13_a_long_stop_is_listed_before_anything_is_received() {
    // Half of it, for messages that were late before the stop.
    let half = DAY.as_secs() / 2;
    let (_, commands) = join(marks(), Some(queue()), half - 1);
    assert_eq!(requested(&commands), None, "the queue has kept everything");
    let (mut stream, commands) = join(marks(), Some(queue()), half);
    assert_eq!(requested(&commands), Some(ListingReason::Fallback));
    assert!(!commands.contains(&receive_ten()));
    let commands = stream.decide(Input::ListingRequested, at(half));
    assert!(!commands.contains(&receive_ten()));
    let commands = stream.decide(Input::Marked, at(half));
    assert!(commands.contains(&receive_ten()), "{commands:?}");
}

#[test]
fn a_lost_queue_is_noted_then_set_up_then_listed() {
    let mut stream = running();
    let mut now = 2;
    let mut next = |input| {
        now += 1;
        stream.decide(input, at(now))
    };
    let commands = next(Input::ReceiveFailed(ReceiveFailure::Lost));
    assert_eq!(commands, [Command::Mark(Mark::QueueLost)]);
    assert!(next(Input::Marked).contains(&Command::SetUpQueue));
    let commands = next(Input::QueueReady(queue()));
    assert_eq!(requested(&commands), Some(ListingReason::Fallback));
    assert!(next(Input::ListingRequested).contains(&Command::Mark(Mark::QueueBack)));
    let commands = next(Input::Marked);
    assert!(
        matches!(commands[0], Command::Mark(Mark::Polled { .. })),
        "{commands:?}"
    );
    assert!(next(Input::Marked).contains(&receive_ten()));
}

#[test]
fn nothing_is_received_without_room_to_hold_it() {
    let mut settings = Settings::new("/in", b"in/");
    (settings.max_held, settings.receivers) = (25, 4);
    let mut stream = Stream::new(settings);
    let joined = Input::Joined {
        marks: Box::new(marks()),
        queue: Some(queue()),
    };
    stream.decide(joined, at(1));
    let receives = |commands: &[Command]| {
        commands
            .iter()
            .filter(|command| matches!(command, Command::Receive { .. }))
            .count()
    };
    assert_eq!(
        receives(&stream.decide(Input::Marked, at(1))),
        2,
        "for 25 there is room for 20"
    );
    let ten = (1..=10)
        .map(|held| arrival(held, file(&held.to_string())))
        .collect();
    assert_eq!(receives(&receive(&mut stream, ten)), 0);
    assert_eq!(receives(&stream.decide(Input::Recorded, at(2))), 0);
    assert_eq!(
        receives(&stream.decide(Input::Acknowledged, at(2))),
        1,
        "there is room again"
    );
}

#[test]
fn what_is_not_durable_is_given_back_at_the_end() {
    let mut stream = running();
    receive(&mut stream, vec![arrival(1, file("a"))]);
    let commands = stream.decide(Input::Stop, at(2));
    assert!(
        commands.contains(&Command::Release(vec![HeldId(1)])),
        "{commands:?}"
    );
}

#[test]
fn who_is_fenced_stops_at_once() {
    let mut stream = running();
    receive(&mut stream, vec![arrival(1, file("a"))]);
    assert_eq!(stream.decide(Input::Fenced, at(2)), [Command::Stopped]);
    assert!(stream.decide(Input::Recorded, at(3)).is_empty());
}
