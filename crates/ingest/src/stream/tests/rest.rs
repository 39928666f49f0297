//! Consumers that take what is there and end.

use super::*;
use crate::{Listing, ListingId, Metrics};

fn settings() -> Settings {
    let mut settings = Settings::new("/in", b"in/");
    settings.available_now = true;
    settings
}

fn start(settings: Settings, marks: Marks) -> (Stream, Vec<Command>) {
    let queue = settings.notifications.then(queue);
    let mut stream = Stream::new(settings);
    let input = Input::Joined {
        marks: Box::new(marks),
        queue,
    };
    let commands = stream.decide(input, at(1));
    (stream, commands)
}

/// A consumer that has asked its queue.
fn asking(receivers: usize) -> Stream {
    let mut settings = settings();
    settings.receivers = receivers;
    let (mut stream, _) = start(settings, marks());
    let receive = Command::Receive {
        max: 10,
        wait: false,
    };
    let commands = stream.decide(Input::Marked, at(1));
    let asked = commands.iter().filter(|command| **command == receive);
    assert_eq!(asked.count(), receivers, "{commands:?}");
    stream.decide(Input::NextBatch(None), at(1));
    stream.decide(Input::NextListing(None), at(1));
    stream
}

fn empty() -> Input {
    let (asked, arrivals) = (at(1), Vec::new());
    Input::Received { asked, arrivals }
}

fn left(files_outstanding: u64, listings: u64) -> Input {
    Input::MetricsRead(Metrics {
        files_outstanding,
        listings,
        ..Metrics::default()
    })
}

fn asks(commands: &[Command]) -> bool {
    commands.contains(&Command::ReadMetrics)
}

#[test]
fn a_stream_without_notifications_lists_the_path_once_and_ends() {
    let mut settings = settings();
    settings.notifications = false;
    settings.list_every = Some(DAY);
    let (mut stream, commands) = start(settings, marks());
    assert_eq!(requested(&commands), Some(ListingReason::Backfill));
    // The ledger was asked before the listing was noted.
    assert!(commands.contains(&Command::NextListing));
    assert!(asks(&stream.decide(Input::ListingRequested, at(2))));
    let commands = stream.decide(Input::NextListing(None), at(2));
    assert!(
        commands.contains(&Command::NextListing),
        "it is asked again at once: {commands:?}"
    );
    let listing = Listing {
        id: ListingId(1),
        round: 1,
        reason: ListingReason::Backfill,
        prefix: b"in/".to_vec(),
        after: None,
    };
    let commands = stream.decide(Input::NextListing(Some(listing)), at(2));
    assert!(matches!(commands[0], Command::List { .. }), "{commands:?}");
    stream.decide(Input::NextBatch(None), at(2));
    let page = super::super::ListedPage {
        files: file("a").files,
        asks: Vec::new(),
        last: Some(b"in/a".to_vec()),
        is_last: true,
    };
    let commands = stream.decide(Input::Listed(page), at(2));
    let ids = vec![FileId::new(b"/in/a", None).unwrap()];
    assert_eq!(commands[0], Command::FindUnknown(ids));
    let commands = stream.decide(Input::UnknownFound(vec![true]), at(2));
    assert!(
        matches!(commands[0], Command::Record { .. }),
        "{commands:?}"
    );
    let commands = stream.decide(Input::Recorded, at(2));
    assert!(commands.contains(&Command::NextBatch), "{commands:?}");
    assert!(
        !asks(&stream.decide(left(0, 1), at(2))),
        "the listing is in hand"
    );
    stream.decide(Input::NextBatch(None), at(2));
    assert!(asks(&stream.decide(Input::ListingFinished(true), at(2))));
    assert!(!stream.is_at_rest());
    stream.decide(left(0, 0), at(2));
    assert!(stream.is_at_rest());
    assert_eq!(stream.next_wakeup(), None, "it has asked to leave");
    assert_eq!(stream.decide(Input::Left, at(2)), [Command::Stopped]);
}

#[test]
fn beside_the_first_listing_it_asks_for_no_second_one() {
    let mut settings = settings();
    settings.notifications = false;
    let founding = marks().founding;
    let (mut stream, commands) = start(settings, Marks::new(founding, at(0)));
    assert_eq!(requested(&commands), Some(ListingReason::Initial));
    assert_eq!(
        requested(&stream.decide(Input::ListingRequested, at(1))),
        None
    );
}

#[test]
fn the_interval_of_listings_counts_at_the_start_alone() {
    let mut settings = settings();
    settings.list_every = Some(Duration::from_secs(1));
    let (_, commands) = start(settings.clone(), marks());
    assert_eq!(requested(&commands), Some(ListingReason::Backfill));
    settings.list_every = Some(Duration::from_secs(2));
    let (mut stream, commands) = start(settings, marks());
    assert_eq!(requested(&commands), None, "it is not time yet");
    let commands = stream.decide(Input::Marked, at(5));
    assert!(!commands.contains(&Command::ReadMarks), "{commands:?}");
}

#[test]
fn every_receive_that_is_under_way_has_to_come_back_and_the_last_one_empty() {
    let mut stream = asking(2);
    let commands = stream.decide(empty(), at(2));
    let again = |command: &&Command| matches!(command, Command::Receive { .. });
    assert_eq!(
        commands.iter().find(again),
        None,
        "the other one may bring something"
    );
    let commands = receive(&mut stream, vec![arrival(1, file("a"))]);
    assert_eq!(
        commands.iter().filter(again).count(),
        2,
        "there may be more: {commands:?}"
    );
    stream.decide(Input::Recorded, at(3));
    stream.decide(Input::NextBatch(None), at(3));
    stream.decide(empty(), at(3));
    assert!(!asks(&stream.decide(Input::Acknowledged, at(3))));
    assert!(asks(&stream.decide(empty(), at(4))));
    assert_eq!(stream.decide(left(0, 0), at(4)), [Command::Leave]);
}

#[test]
fn a_receive_that_fails_says_nothing() {
    let mut stream = asking(2);
    stream.decide(empty(), at(2));
    let failed = Input::ReceiveFailed(ReceiveFailure::Later);
    assert!(!asks(&stream.decide(failed, at(2))));
    let commands = stream.decide(Input::Tick, at(9));
    assert!(
        commands
            .iter()
            .any(|command| matches!(command, Command::Receive { .. }))
    );
}

#[test]
fn a_queue_that_is_lost_is_asked_again_when_it_is_back() {
    let mut stream = asking(2);
    stream.decide(Input::ReceiveFailed(ReceiveFailure::Lost), at(2));
    for input in [
        Input::Marked,
        Input::QueueReady(queue()),
        Input::ListingRequested,
    ] {
        stream.decide(input, at(3));
    }
    stream.decide(Input::Marked, at(3));
    // The answer of the queue that was there before.
    stream.decide(empty(), at(3));
    let commands = stream.decide(Input::Marked, at(4));
    let receives = |command: &&Command| matches!(command, Command::Receive { .. });
    assert!(
        commands.iter().any(|command| receives(&command)),
        "{commands:?}"
    );
}

#[test]
fn what_others_have_in_hand_is_waited_for_and_taken_over() {
    let mut stream = asking(1);
    assert!(asks(&stream.decide(empty(), at(2))));
    let commands = stream.decide(left(1, 1), at(2));
    assert_eq!(commands, [Command::NextListing, Command::NextBatch]);
    stream.decide(Input::NextListing(None), at(2));
    assert!(stream.decide(Input::NextBatch(None), at(2)).is_empty());
    assert_eq!(
        stream.next_wakeup(),
        Some(at(3)),
        "soon, not when it would look again"
    );
    assert!(asks(&stream.decide(Input::Tick, at(3))));
    let commands = stream.decide(left(0, 0), at(3));
    assert_eq!(commands, [Command::Leave]);
}

#[test]
fn an_answer_from_before_something_was_done_says_nothing() {
    let mut stream = asking(1);
    assert!(asks(&stream.decide(empty(), at(2))));
    let batch = Arc::new(Batch {
        id: BatchId(1),
        files: Vec::new(),
        attempt: 1,
    });
    stream.decide(Input::Tick, at(12));
    stream.decide(Input::NextBatch(Some(batch)), at(12));
    stream.decide(Input::Delivered, at(12));
    stream.decide(Input::Committed, at(12));
    let commands = stream.decide(left(0, 0), at(13));
    assert!(!stream.is_at_rest() && asks(&commands), "{commands:?}");
}

#[test]
fn a_ledger_that_cannot_say_what_is_left_is_asked_again() {
    let mut stream = asking(1);
    stream.decide(empty(), at(2));
    assert!(stream.decide(Input::MetricsNotRead, at(2)).is_empty());
    assert_eq!(stream.next_wakeup(), Some(at(3)));
    assert!(asks(&stream.decide(Input::Tick, at(3))));
}

#[test]
fn a_stream_that_goes_on_is_at_rest_until_something_comes() {
    let mut stream = running();
    stream.decide(Input::NextBatch(None), at(1));
    stream.decide(Input::NextListing(None), at(1));
    let commands = stream.decide(empty(), at(2));
    assert!(
        asks(&commands) && commands.contains(&receive_ten()),
        "{commands:?}"
    );
    assert!(stream.decide(left(0, 0), at(2)).is_empty());
    assert!(stream.is_at_rest());
    receive(&mut stream, vec![arrival(1, file("a"))]);
    assert!(!stream.is_at_rest());
}

#[test]
fn what_is_being_recorded_at_the_end_is_tried_again() {
    let mut stream = running();
    receive(&mut stream, vec![arrival(1, file("a"))]);
    stream.decide(Input::Stop, at(2));
    stream.decide(empty(), at(2));
    stream.decide(Input::NotRecorded, at(2));
    assert_eq!(stream.next_wakeup(), Some(at(3)));
    let commands = stream.decide(Input::Tick, at(3));
    assert!(
        matches!(commands[0], Command::Record { .. }),
        "{commands:?}"
    );
    assert_eq!(stream.decide(Input::Recorded, at(3)), [Command::Leave]);
}

#[test]
fn a_stream_with_nothing_under_way_leaves_without_waiting() {
    let mut settings = Settings::new("/in", b"in/");
    settings.notifications = false;
    let (mut stream, _) = start(settings, marks());
    let batch = Arc::new(Batch {
        id: BatchId(1),
        files: Vec::new(),
        attempt: 1,
    });
    stream.decide(Input::NextBatch(Some(batch)), at(1));
    stream.decide(Input::NotDelivered, at(1));
    assert_eq!(
        stream.decide(Input::Stop, at(1)),
        [Command::ReleaseBatch(BatchId(1))]
    );
    assert_eq!(
        stream.next_wakeup(),
        Some(at(1)),
        "no other input may ever come"
    );
    assert_eq!(stream.decide(Input::Tick, at(1)), [Command::Leave]);
}
